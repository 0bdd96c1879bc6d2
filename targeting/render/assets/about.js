/* About the data: how the map can mislead, weights, indicators, method, inputs and their losses. */
(function (targeting) {
  "use strict";

  const { build } = targeting;
  const say = (key, values) => targeting.words.say(key, values);
  const pick = (names) => targeting.words.pick(names);
  const number = (value, digits) => targeting.words.number(value, digits);
  const percent = (share) => number(share * 100, share < 0.1 ? 1 : 0) + "\u00a0%";

  function list(items) {
    return build("ul", {}, items.map((text) => build("li", {}, text)));
  }

  function table(caption, titles, rows) {
    return build(
      "table",
      { class: "facts" },
      build("caption", {}, caption),
      build("thead", {}, build("tr", {}, titles.map((text) => build("th", { scope: "col" }, text)))),
      build("tbody", {}, rows),
    );
  }

  function row(title, ...cells) {
    return build(
      "tr",
      {},
      build("th", { scope: "row" }, title),
      cells.map((cell) => build("td", {}, cell)),
    );
  }

  function weights(scene) {
    const rows = scene.dimensions.flatMap((dimension) => [
      build(
        "tr",
        { class: "dimension" },
        build("th", { scope: "row" }, say("dimension." + dimension.key)),
        build("td", {}, percent(dimension.weight)),
      ),
      ...scene.indicators
        .filter((indicator) => indicator.dimension === dimension.key)
        .map((indicator) => row(pick(indicator.names), percent(indicator.weight))),
    ]);
    return table(say("about.weights_caption"), [say("account.indicator"), say("about.weight")], rows);
  }

  function indicators(scene) {
    const entries = scene.indicators.map((one) =>
      build(
        "li",
        {},
        build("strong", {}, pick(one.names)),
        build(
          "span",
          { class: "block" },
          [say("unit." + one.unit), one.year].filter(Boolean).join(" · "),
          one.source ? [" · ", build("bdi", {}, one.source)] : null,
        ),
        build(
          "span",
          { class: "fine block" },
          say("quality." + one.origin) + ". ",
          say(one.worse === "lower" ? "about.worse_lower" : "about.worse_higher") + ".",
        ),
      ),
    );
    return [
      build("p", { class: "fine" }, say("about.indicators_caption")),
      build("ul", { class: "cards" }, entries),
    ];
  }

  function settings(held) {
    const parts = Object.entries(held).map(
      ([key, value]) => key + " = " + (typeof value === "object" ? JSON.stringify(value) : value),
    );
    return parts.length ? " (" + parts.join(", ") + ")" : "";
  }

  function methods(scene) {
    const { about } = scene;
    const rows = Object.entries(about.methods).map(([step, method]) => {
      const key = "method." + method.use;
      const known = targeting.words.has(key) ? say(key) : null;
      const name = build("code", {}, method.use + settings(method.settings));
      return row(say("step." + step), known ? [known, build("br"), name] : name);
    });
    rows.push(row(say("about.line"), number(scene.threshold * 100, 0)));
    rows.push(row(say("about.crs"), build("bdi", {}, about.crs)));
    return table(say("about.methods_caption"), [say("about.step"), say("about.choice")], rows);
  }

  function losses(held) {
    return list(
      held
        .filter((loss) => loss.count > 0)
        .map((loss) =>
          say("about.loss", {
            count: number(loss.count, 0),
            of: number(loss.of, 0),
            text: pick(loss.text),
          }),
        ),
    );
  }

  function pairs(held) {
    return build(
      "dl",
      { class: "pairs" },
      held.map((one) => [
        build("dt", {}, pick(one.label)),
        build("dd", {}, build("bdi", {}, pick(one.text))),
      ]),
    );
  }

  function aside(held) {
    return list(
      held.map((one) =>
        say("about.aside", { count: number(one.count, 0), text: pick(one.text) }),
      ),
    );
  }

  function input(layer) {
    const key = "layer." + layer.layer.replace(/\[.*$/, "");
    return build(
      "section",
      { class: "input" },
      build("h4", {}, targeting.words.has(key) ? say(key) : layer.layer),
      build(
        "p",
        {},
        build("bdi", {}, [layer.source, layer.year].filter(Boolean).join(", ") || "–"),
        ". ",
        say("about.rows", {
          kept: number(layer.rows_kept, 0),
          read: number(layer.rows_read, 0),
        }),
        " ",
        build("code", {}, layer.file),
        layer.crs_in
          ? build("span", { class: "fine block" }, say("about.crs_in", { crs: layer.crs_in }))
          : null,
      ),
      layer.aside.length ? aside(layer.aside) : null,
      layer.losses.some((loss) => loss.count > 0) ? losses(layer.losses) : null,
      layer.figures.length
        ? build(
            "details",
            {},
            build("summary", {}, say("about.figures", { count: number(layer.figures.length, 0) })),
            pairs(layer.figures),
          )
        : null,
    );
  }

  /* How far from the best the plan can be, proven, and how often reruns agree with it. */
  function plan(scene) {
    const held = scene.plan;
    const texts = [];
    if (held.proven) {
      texts.push(say("plan.proven"));
    } else if (held.gap !== null) {
      texts.push(say("plan.gap", { share: number(Math.floor((1 - held.gap) * 1000) / 10, 1) }));
    } else {
      texts.push(say("plan.no_gap"));
    }
    if (held.reruns) {
      texts.push(
        say("plan.reruns", {
          count: number(held.reruns, 0),
          same: number(held.same_share * 100, 0),
          core: number(held.core_share * 100, 0),
        }),
      );
      if (held.regret !== null) {
        texts.push(
          say("plan.regret", {
            own: number(held.regret * 100, 0),
            least: number(held.least_regret * 100, 0),
          }),
        );
      }
    }
    return [
      list([...texts, ...heldOut(held.hold_out)]),
      build("p", { class: "fine" }, say("plan.note")),
      held.hold_out
        ? build(
            "p",
            { class: "fine" },
            say("plan.hold_out_note", { lost: number(held.hold_out.lost, 0) }),
          )
        : null,
    ];
  }

  /* Whether plans made without the latest incidents hold them, beside chance. */
  function heldOut(held) {
    if (!held) {
      return [];
    }
    const days = {
      start: held.start,
      last: held.last,
      incidents: number(held.incidents, 0),
    };
    const figures = (plan) => ({
      plan: pick(plan.names),
      hits: number(plan.hit_share * 100, 0),
      people: number(plan.people_share * 100, 0),
      accuracy: number(plan.accuracy, 1),
      low: number(plan.chance_low, 1),
      high: number(plan.chance_high, 1),
    });
    const [own, ...others] = held.plans;
    if (own.accuracy === null) {
      return [say("plan.hold_out_none", days)];
    }
    return [
      say("plan.hold_out", { ...days, ...figures(own) }),
      ...others.map((plan) =>
        say(plan.accuracy === null ? "plan.hold_out_other_none" : "plan.hold_out_other", figures(plan)),
      ),
    ];
  }

  targeting.about = function (page) {
    const { scene } = page;
    const warnings = [];
    for (let i = 1; targeting.words.has("mislead." + i); i += 1) {
      warnings.push(say("mislead." + i));
    }
    return [
      build("h2", {}, say("about.title")),
      scene.made ? build("p", { class: "notice" }, say("about.made")) : null,
      build("p", { class: "lead" }, say("about.lead")),
      build("h3", {}, say("about.mislead")),
      list(warnings),
      build("h3", {}, say("plan.title")),
      plan(scene),
      build("h3", {}, say("about.weights")),
      weights(scene),
      build("h3", {}, say("about.indicators")),
      indicators(scene),
      build("h3", {}, say("about.methods")),
      methods(scene),
      build("h3", {}, say("about.inputs")),
      scene.about.city.length
        ? [build("h4", {}, say("about.city")), pairs(scene.about.city)]
        : null,
      scene.about.layers.map(input),
      scene.about.losses.length
        ? [build("h4", {}, say("about.measuring")), losses(scene.about.losses)]
        : null,
      build("p", { class: "fine" }, say("about.whole")),
      build("h3", {}, say("about.privacy")),
      build("p", {}, scene.mode === "internal" ? say("internal.privacy_text") : say("about.privacy_text", {
        people: scene.publish.people_min,
        incidents: scene.publish.incidents_min,
      })),
      build(
        "details",
        {},
        build("summary", {}, say("about.study")),
        build("pre", {}, JSON.stringify(scene.about.study, null, 1)),
      ),
      build("p", { class: "fine" }, say("about.credit")),
    ];
  };

  targeting.rooms.add({
    tab: { key: "about", word: "panel.about", order: 9, render: (page) => targeting.about(page) },
  });
})((window.targeting = window.targeting || {}));
