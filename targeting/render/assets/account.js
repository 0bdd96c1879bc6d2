/* One block: its score, its reason, and the account of every indicator. */
(function (targeting) {
  "use strict";

  const { build } = targeting;
  const { points, bar, head, column, backButton } = targeting.panel;
  const say = (key, values) => targeting.words.say(key, values);
  const pick = (names) => targeting.words.pick(names);
  const number = (value, digits) => targeting.words.number(value, digits);

  /* Value of an indicator in a block, in words: a number, a level, an interval, or why not. */
  function valueText(page, indicator, i) {
    const name = "value." + indicator.key;
    if (!page.data.has(name)) {
      return "–";
    }
    const column = page.data.column(name);
    if (column.has(i)) {
      return indicator.level
        ? say("level.of", { level: column.whole[i] })
        : targeting.words.quantity(column.value(i), indicator.unit, page.digits(indicator, column));
    }
    const low = page.data.has("low." + indicator.key) && page.data.column("low." + indicator.key);
    if (low && low.has(i)) {
      const high = page.data.column("high." + indicator.key);
      const digits = page.digits(indicator, low);
      return say("value.between", {
        low: targeting.words.number(
          low.value(i) * (targeting.words.state.units[indicator.unit] || { factor: 1 }).factor,
          digits,
        ),
        high: targeting.words.quantity(high.value(i), indicator.unit, digits),
      });
    }
    const hidden = "hidden." + indicator.key;
    if (page.data.has(hidden) && page.data.column(hidden).whole[i] === 1) {
      return say("publish.suppressed");
    }
    return say("value.missing");
  }

  function qualityText(page, indicator, i) {
    const name = "value." + indicator.key;
    const masked = page.data.has("low." + indicator.key) && page.data.column("low." + indicator.key).has(i);
    if (masked) {
      return say("quality.masked");
    }
    const hidden = "hidden." + indicator.key;
    if (page.data.has(hidden) && page.data.column(hidden).whole[i] === 1) {
      return say("quality.suppressed");
    }
    if (page.data.has(name) && !page.data.column(name).has(i)) {
      return say("quality.missing");
    }
    const told = say("quality." + indicator.origin);
    return indicator.level && indicator.dimension === "violence" ? told + ". " + say("publish.group") : told;
  }

  /* Whether the weights are not the study's: then its reasons and intervals say nothing. */
  function moved(page) {
    return Boolean(page.weights) && !page.weights.atOwn;
  }

  /* Whole points of each indicator: those shipped, or those of the moved weights. */
  function pointsOf(page, i) {
    if (moved(page)) {
      return page.weights.points(i);
    }
    const held = page.scene.indicators.map(({ key }) => {
      const column = page.data.has("points." + key) ? page.data.column("points." + key) : null;
      return [key, column && column.has(i) ? column.whole[i] : undefined];
    });
    return Object.fromEntries(held);
  }

  function weightOf(page, dimension) {
    const at = moved(page) ? page.weights.keys.indexOf(dimension.key) : -1;
    return at < 0 ? dimension.weight * 100 : page.weights.dimension(at);
  }

  function account(page, i) {
    const told = pointsOf(page, i);
    const bodies = page.scene.dimensions.map((dimension) => {
      const own = page.scene.indicators.filter((one) => one.dimension === dimension.key);
      let sum = null;
      const rows = own.map((indicator) => {
        const held = told[indicator.key] ?? null;
        sum = held === null ? sum : (sum || 0) + held;
        return build(
          "tr",
          { "data-indicator": indicator.key },
          build(
            "th",
            { scope: "row" },
            pick(indicator.names),
            build("span", { class: "fine" }, qualityText(page, indicator, i)),
          ),
          build("td", {}, valueText(page, indicator, i)),
          build("td", { class: "points" }, held === null ? "–" : number(held, 0), bar((held || 0) / 100)),
        );
      });
      const title = build(
        "tr",
        { class: "dimension", "data-dimension": dimension.key },
        build("th", { scope: "row" }, say("dimension." + dimension.key)),
        build("td", {}, say("account.weight", { share: number(weightOf(page, dimension), 0) })),
        build("td", { class: "points" }, sum === null ? "–" : number(sum, 0)),
      );
      return build("tbody", {}, title, rows);
    });
    const total = page.column("score");
    return build(
      "table",
      { class: "account" },
      build("caption", {}, say("account.caption")),
      head(column(say("account.indicator")), column(say("account.value")), column(say("account.points"))),
      bodies,
      build(
        "tfoot",
        {},
        build(
          "tr",
          {},
          build("th", { scope: "row" }, say("account.total")),
          build("td", {}),
          build("td", { class: "points", "data-total": "" }, total.has(i) ? number(total.whole[i], 0) : "–"),
        ),
      ),
    );
  }

  function scoreText(page, i) {
    const score = page.column("score");
    if (!score.has(i)) {
      const covered = page.data.column("coverage").value(i);
      return say("block.no_score", { share: number((covered || 0) * 100, 0) });
    }
    return say("block.score", {
      score: number(score.whole[i], 0),
      share: number(moved(page) ? page.weights.percentile(i) : page.data.column("percentile").whole[i], 0),
    });
  }

  function spreadText(page, i) {
    if (!page.data.has("score.low") || !page.data.column("score.low").has(i)) {
      return null;
    }
    return say("block.spread", {
      low: number(page.data.column("score.low").whole[i], 0),
      high: number(page.data.column("score.high").whole[i], 0),
    });
  }

  function people(page, i) {
    const population = page.data.column("population");
    if (page.data.column("few").whole[i] === 1) {
      return say("block.few", { least: page.scene.publish.people_min });
    }
    return population.has(i)
      ? say("block.people", { count: population.whole[i] })
      : say("block.people_missing");
  }

  function reason(page, i) {
    const held = page.scene.reasons[page.data.column("reason").whole[i]];
    return targeting.words.fill(pick(held.text), {
      code: held.code,
      polygon: page.data.column("reason.polygon").whole[i],
    });
  }

  /* How far the score lies from the line. */
  function marginText(page, i) {
    const column = page.data.column("reason.margin");
    if (!column.has(i)) {
      return null;
    }
    const margin = column.whole[i];
    return say(margin > 0 ? "block.above" : margin < 0 ? "block.below" : "block.at", {
      count: Math.abs(margin),
      line: points(page.scene.threshold),
    });
  }

  /* What having the block the other way would cost the plan, and the score at which it would be so. */
  function priceTexts(page, i) {
    const code = page.scene.reasons[page.data.column("reason").whole[i]].code;
    if (code === "locked" || code === "no_people" || code === "no_score") {
      return [];
    }
    const price = page.data.column("reason.price");
    const flip = page.data.column("reason.flip");
    const texts = [];
    if (!price.has(i)) {
      texts.push(say("block.price_none"));
    } else if (price.whole[i] < 1) {
      texts.push(say("block.price_small"));
    } else {
      texts.push(say("block.price", { share: number(price.whole[i] / 10, 1) }));
    }
    if (flip.has(i)) {
      const inside = page.membership[i] > 0;
      texts.push(say(inside ? "block.flip_out" : "block.flip_in", { score: number(flip.whole[i], 0) }));
    }
    return texts;
  }

  /* Why in or out, how near the line and at what price: told of the study's own plan alone. */
  function reasons(page, i) {
    const code = page.scene.reasons[page.data.column("reason").whole[i]].code;
    if (moved(page)) {
      return build("p", { class: "fine" }, say("weights.block_note"));
    }
    const [spread, margin] = [spreadText(page, i), marginText(page, i)];
    return [
      spread ? build("p", {}, spread) : null,
      build("p", { "data-reason": code }, reason(page, i)),
      margin ? build("p", {}, margin) : null,
      priceTexts(page, i).map((text) => build("p", { class: "fine" }, text)),
    ];
  }

  function blockView(page, i) {
    const polygon = page.membership[i];
    const covered = page.data.column("coverage").value(i);
    return [
      backButton(page),
      build("h2", {}, say("block.title"), " ", build("bdi", { class: "key" }, page.blockIds[i])),
      build("p", { class: "lead" }, scoreText(page, i)),
      reasons(page, i),
      polygon > 0
        ? build(
          "p",
          {},
          build(
            "button",
            { type: "button", class: "plain", onclick: () => page.choosePolygon(polygon) },
            say("polygon.open", { number: polygon }),
          ),
        )
        : null,
      build("p", {}, people(page, i)),
      build("h3", {}, say("account.title")),
      account(page, i),
      covered !== null && covered < 1 && !moved(page)
        ? build("p", { class: "fine" }, say("account.coverage", { share: number(covered * 100, 0) }))
        : null,
      page.scene.light ? build("p", { class: "fine" }, say("account.light")) : null,
      build("p", { class: "fine" }, say("account.note")),
    ];
  }

  targeting.rooms.add({ views: { block: (page, view) => blockView(page, view.block) } });
  targeting.account = { blockView, valueText };
})((window.targeting = window.targeting || {}));
