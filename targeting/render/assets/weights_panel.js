/* The tab of weights: a slider for each dimension and indicator, the plan shown, and the link. */
(function (targeting) {
  "use strict";

  const { build } = targeting;
  const say = (key, values) => targeting.words.say(key, values);
  const number = (value, digits) => targeting.words.number(value, digits);
  const percent = (value) =>
    number(value, Math.abs(value - Math.round(value)) < 0.05 ? 0 : 1) + "\u00a0%";

  function nameOf(page, key) {
    const indicator = page.indicators.get(key);
    return indicator ? targeting.words.pick(indicator.names) : say("dimension." + key);
  }

  /* One weight: its name, its share of the whole, slider, lock, and the way back. `of` says what to
     read and write: {key, value(), percent(), move(value), reset()}. */
  function control(page, of, alone) {
    const { weights } = page;
    const id = "weight-" + of.key;
    const out = build("output", { for: id });
    const slider = build("input", {
      id,
      type: "range",
      min: 0,
      max: 100,
      step: 1,
      "data-weight": of.key,
      oninput: (event) => {
        of.move(Number(event.target.value));
        if (page.layer.group !== "score" && page.layer.group !== "dimension") {
          page.chooseLayer("score");
        }
      },
    });
    const name = nameOf(page, of.key);
    const button = (kind, word, sign, onclick) => {
      const about = { type: "button", class: kind, "aria-label": say(word, { name }), title: say(word, { name }) };
      return build("button", { ...about, onclick }, build("span", { "aria-hidden": "true" }, sign));
    };
    const lock = button("lock", "weights.lock", null, () => weights.lock(of.key, !weights.locks.has(of.key)));
    const back = button("undo", "weights.reset_one", "\u21BA", () => of.reset());
    const fill = () => {
      const locked = weights.locks.has(of.key);
      const shown = percent(of.percent());
      out.textContent = shown;
      slider.value = of.value();
      slider.disabled = locked || alone;
      slider.setAttribute("aria-valuetext", say("weights.of_whole", { share: shown }));
      lock.setAttribute("aria-pressed", String(locked));
      back.disabled = of.atOwn();
    };
    const row = build(
      "div",
      { class: "weight", "data-key": of.key },
      build("label", { for: id }, name),
      out,
      alone ? null : slider,
      alone ? null : lock,
      alone ? null : back,
    );
    return { row, fill };
  }

  function tree(page, fills) {
    const { weights } = page;
    return weights.keys.map((key, at) => {
      const group = weights.groups[at];
      const own = control(
        page,
        {
          key,
          value: () => weights.percent[at],
          percent: () => weights.dimension(at),
          move: (value) => weights.moveDimension(at, value),
          reset: () => weights.resetOne(at),
          atOwn: () => weights.percent[at] === weights.own[at],
        },
        weights.keys.length === 1,
      );
      fills.push(own.fill);
      const below = group.keys.map((indicator, place) => {
        const one = control(
          page,
          {
            key: indicator,
            value: () => group.percent[place],
            percent: () => weights.final(at, place),
            move: (value) => weights.moveIndicator(at, place, value),
            reset: () => weights.resetOne(at, place),
            atOwn: () => group.percent[place] === group.own[place],
          },
          group.keys.length === 1,
        );
        fills.push(one.fill);
        return one.row;
      });
      return build(
        "section",
        { class: "weights-group" },
        own.row,
        build(
          "details",
          { open: weights.opened.has(key), ontoggle: (event) => weights.opened[event.target.open ? "add" : "delete"](key) },
          build("summary", {}, say("weights.within", { count: group.keys.length })),
          below,
        ),
      );
    });
  }

  /* ----------------------------------------------------------------------------- what is shown */

  function planName(page, place) {
    if (place === 0) {
      return say("weights.plan.own");
    }
    const plan = page.scene.weights.plans[place - 1];
    return say("weights.plan." + plan.kind, {
      dimension: plan.dimension ? say("dimension." + plan.dimension) : "",
    });
  }

  function listed(page, held) {
    return page.weights.keys
      .map((key) => say("dimension." + key) + " " + number(held[key] || 0, 0) + "\u00a0%")
      .join(", ");
  }

  /* At least how many percent of the best a plan is worth; null where nothing is proven. */
  function proven(page, place) {
    const { gap } = page.scene.plan;
    if (place > 0) {
      return page.scene.weights.plans[place - 1].proven;
    }
    return gap === null ? null : Math.max(0, Math.floor((1 - gap) * 100 + 1e-9));
  }

  /* What the polygons on the map are: made for these weights, or for the nearest ones. */
  function standing(page) {
    const { weights } = page;
    const { plans } = page.scene.weights;
    if (weights.atOwn) {
      return [say("weights.at_own")];
    }
    const place = weights.plan;
    const held = place === 0 ? page.scene.weights.percent : plans[place - 1].percent;
    const values = { name: planName(page, place), weights: listed(page, held) };
    const share = proven(page, place);
    if (weights.certain) {
      return [say(share === null ? "weights.certain_unproven" : "weights.certain", { ...values, share })];
    }
    if (!plans.length) {
      return [say("weights.no_plans")];
    }
    return [
      say("weights.approximate", { ...values, count: plans.length + 1, far: number(weights.nearest.far, 0) }),
    ];
  }

  function list(page) {
    const rows = [...page.polygons].sort((a, b) => (b.score ?? -1) - (a.score ?? -1) || a.number - b.number);
    const { panel } = targeting;
    return build(
      "table",
      { class: "weights-polygons" },
      build("caption", {}, say("weights.polygons")),
      panel.head(
        panel.column(say("ranking.number"), { "aria-label": say("ranking.number_long") }),
        panel.column(say("word.score")),
        panel.column(say("word.population")),
      ),
      build(
        "tbody",
        {},
        rows.map((one) =>
          build(
            "tr",
            { "data-stored": one.stored ? "" : null },
            build(
              "th",
              { scope: "row" },
              build(
                "button",
                {
                  type: "button",
                  class: "polygon-number" + (one.stored ? " approximate" : ""),
                  "aria-label": say("polygon.open", { number: one.number }),
                  onclick: () => page.choosePolygon(one.number),
                },
                String(one.number),
              ),
            ),
            build("td", {}, panel.points(one.score)),
            build("td", {}, number(one.population, 0)),
          ),
        ),
      ),
    );
  }

  function link(page) {
    const field = build("input", {
      type: "text",
      readonly: true,
      class: "link",
      "aria-label": say("weights.link_field"),
      value: window.location.href,
    });
    return [
      build(
        "button",
        {
          type: "button",
          onclick: () => {
            page.weights.settle();
            field.value = window.location.href;
            field.hidden = false;
            field.focus();
            field.select();
          },
        },
        say("weights.link"),
      ),
      field,
    ];
  }

  /* The tab is built once for a language and then filled in place, so that a slider keeps its hand. */
  function render(page) {
    if (!page.weights) {
      const { other } = page.scene.weights || {};
      const why = other
        ? say("weights.cannot", { method: targeting.words.has("method." + other) ? say("method." + other) : other })
        : say("weights.unknown");
      return [build("h2", {}, say("weights.title")), build("p", { class: "notice" }, why)];
    }
    const fills = [];
    const status = build("p", { class: "notice standing", role: "status" });
    const table = build("div", {});
    const field = link(page);
    field[1].hidden = true;
    const all = build("button", { type: "button", onclick: () => page.weights.reset() }, say("weights.reset"));
    page.weights.fill = () => {
      fills.forEach((fill) => fill());
      all.disabled = page.weights.atOwn && !page.weights.locks.size;
    };
    page.weights.tell = () => {
      status.textContent = standing(page).join(" ");
      table.replaceChildren(list(page));
    };
    const parts = [
      build("h2", {}, say("weights.title")),
      build("p", { class: "lead" }, say("weights.lead")),
      status,
      tree(page, fills),
      build("p", { class: "weights-buttons" }, all, field[0]),
      field[1],
      table,
      build("p", { class: "fine" }, say("weights.note")),
    ];
    page.weights.fill();
    page.weights.tell();
    return parts;
  }

  /* Above the tabs while the weights are not the study's: whoever reads a table must know. */
  function banner(page) {
    const box = document.getElementById("weights-banner");
    box.hidden = page.weights.atOwn || page.tab === "weights";
    box.replaceChildren(
      ...(box.hidden
        ? []
        : [
          build(
            "span",
            {},
            page.weights.certain
              ? say("weights.moved")
              : say("weights.banner", { weights: listed(page, page.weights.record) }),
            " ",
            standing(page),
          ),
          build("button", { type: "button", onclick: () => page.weights.reset() }, say("weights.back")),
        ]),
    );
  }

  targeting.rooms.add({
    tab: {
      key: "weights",
      word: "weights.tab",
      order: 2,
      hidden: (page) => page.scene.light,
      render,
      refresh: (page) => page.weights && page.weights.tell && page.weights.tell(),
    },
    start(page) {
      if (page.scene.weights && page.scene.weights.tree) {
        page.weights = new targeting.Weights(page);
        page.weights.opened = new Set();
        page.on("weights", () => page.tab === "weights" && page.weights.fill && page.weights.fill());
        for (const name of ["weights", "words", "tab", "view", "plan"]) {
          page.on(name, () => banner(page));
        }
      }
    },
    address: {
      w: {
        read: (page) => (page.weights ? page.weights.text : null),
        write(page, text) {
          const { weights } = page;
          if (!weights || (text || null) === weights.text) {
            return;
          }
          if (!weights.read(text)) {
            weights.reset();
          }
          weights.settle();
          // What a link shows may be a polygon that only this plan has.
          const held = targeting.address.parse(window.location.hash);
          for (const key of ["view", "tab"]) {
            const one = targeting.rooms.addresses.find((address) => address.key === key);
            one.write(page, held.get(key) || null);
          }
        },
      },
    },
  });
})((window.targeting = window.targeting || {}));
