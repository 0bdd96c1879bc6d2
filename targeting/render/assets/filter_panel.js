/* The tab where blocks are filtered, and the line in the layer card that says a filter is on. */
(function (targeting) {
  "use strict";

  const { build } = targeting;
  const say = (key, values) => targeting.words.say(key, values);
  const number = (value, digits) => targeting.words.number(value, digits);
  const pick = (names) => targeting.words.pick(names);
  const MOST = 10;

  function layerName(page, layer) {
    return layer.group === "people" ? say("filter.people") : targeting.legend.layerName(page, layer);
  }

  /* How the numbers of a layer are read: their factor, digits and sign. */
  function reading(page, layer) {
    const column = page.column(layer.id);
    if (layer.group === "people" || layer.level) {
      return { column, factor: 1, digits: 0, sign: "" };
    }
    if (layer.group !== "indicator") {
      return { column, factor: 100, digits: 0, sign: "" };
    }
    const indicator = page.indicators.get(layer.key);
    const { factor, sign } = targeting.words.state.units[indicator.unit];
    return { column, factor, digits: page.digits(indicator, column), sign };
  }

  /* First and last number of a layer, in the unit people read. */
  function ends({ column, factor, digits }) {
    let [low, high] = [Infinity, -Infinity];
    for (const whole of column.whole) {
      if (whole !== targeting.MISSING) {
        low = Math.min(low, whole);
        high = Math.max(high, whole);
      }
    }
    const told = (whole) => Number((column.number(whole) * factor).toFixed(digits));
    return low > high ? null : [told(low), told(high)];
  }

  function check(text, checked, act, face) {
    const box = build("input", {
      type: "checkbox",
      checked,
      onchange: (event) => act(event.target.checked),
    });
    return build("label", { class: "check" }, box, face || null, build("span", {}, text));
  }

  function withoutData(page, range) {
    return check(say("filter.missing"), range.missing, (on) => {
      range.missing = on;
      page.filter.apply();
    });
  }

  function classRows(page, layer, range) {
    return layer.classes.map((one, at) => {
      const face = build("span", { class: "swatch " + (one.dotted ? "dotted" : ""), "aria-hidden": "true" });
      face.style.backgroundColor = one.color;
      const act = (on) => {
        range.classes[on ? "add" : "delete"](at);
        page.filter.apply();
      };
      return check(pick(one.text), range.classes.has(at), act, face);
    });
  }

  /* A slider and a number for one end of a range; both say the same. */
  function endRow(page, layer, range, end, read, [low, high]) {
    const step = Number((read.column.number(1) * read.factor).toFixed(read.digits)) || 1;
    const held = range[end] === null ? (end === "low" ? low : high) : range[end] * read.factor;
    const value = Number(held.toFixed(read.digits));
    const name = layerName(page, layer) + ": " + say("filter." + end);
    const about = { min: low, max: high, step, value, "aria-label": name };
    const slider = build("input", { type: "range", ...about });
    const box = build("input", { type: "number", inputmode: "decimal", ...about });
    const act = (from, to) => () => {
      const given = from.value === "" ? NaN : Number(from.value);
      const open = !Number.isFinite(given) || (end === "low" ? given <= low : given >= high);
      to.value = String(open ? (end === "low" ? low : high) : given);
      range[end] = open ? null : given / read.factor;
      page.filter.apply();
    };
    slider.addEventListener("input", act(slider, box));
    box.addEventListener("change", act(box, slider));
    return build("div", { class: "filter-end" }, build("span", {}, say("filter." + end)), slider, box);
  }

  function rangeRows(page, layer, range) {
    const read = reading(page, layer);
    const both = ends(read);
    if (!both) {
      return build("p", { class: "fine" }, say("filter.no_values"));
    }
    return [
      read.sign ? build("p", { class: "fine" }, say("filter.unit", { unit: read.sign })) : null,
      ["low", "high"].map((end) => endRow(page, layer, range, end, read, both)),
      layer.masked ? build("p", { class: "fine" }, say("filter.masked")) : null,
    ];
  }

  function condition(page, id, range) {
    const layer = page.filter.layer(id);
    const drop = () => {
      page.filter.ranges.delete(id);
      page.filter.apply();
      page.render();
      document.getElementById("filter-add").focus();
    };
    return build(
      "fieldset",
      { class: "filter-range", "data-layer": id },
      build("legend", {}, layerName(page, layer)),
      range.classes ? classRows(page, layer, range) : rangeRows(page, layer, range),
      withoutData(page, range),
      build(
        "button",
        { type: "button", class: "plain", onclick: drop },
        say("filter.drop"),
        build("span", { class: "unseen" }, " " + layerName(page, layer)),
      ),
    );
  }

  function choice(id, word, value, options, act) {
    const list = build(
      "select",
      { id, onchange: (event) => act(event.target.value) },
      options.map(([key, text]) => build("option", { value: key, selected: key === value }, text)),
    );
    return build("label", { class: "choice", for: id }, build("span", {}, say(word)), list);
  }

  function whereChoice(page) {
    const { filter } = page;
    const options = ["all", "in", "out"].map((key) => [key, say("filter.where_" + key)]);
    for (const { number: at } of page.polygons) {
      options.push([String(at), say("polygon.title", { number: at })]);
    }
    return choice("filter-where", "filter.where", filter.where, options, (value) => {
      filter.where = value;
      filter.apply();
    });
  }

  function knownChoice(page) {
    const options = ["all", "full", "some"].map((key) => [key, say("filter.known_" + key)]);
    return choice("filter-known", "filter.known", page.filter.known, options, (value) => {
      page.filter.known = value;
      page.filter.apply();
    });
  }

  function addChoice(page) {
    const { filter } = page;
    const groups = targeting.legend.options(page);
    const people = build("option", { value: "population" }, say("filter.people"));
    const list = build(
      "select",
      {
        id: "filter-add",
        onchange: (event) => {
          const id = event.target.value;
          filter.add(id);
          filter.apply();
          page.render();
          document.querySelector(`[data-layer="${CSS.escape(id)}"] input`).focus();
        },
      },
      build("option", { value: "" }, say("filter.add_one")),
      groups,
      people,
    );
    for (const option of list.querySelectorAll("option")) {
      option.disabled = filter.ranges.has(option.value);
    }
    return build("label", { class: "choice", for: "filter-add" }, build("span", {}, say("filter.add")), list);
  }

  function leftText(page) {
    const { blocks, people } = page.filter.left();
    return say("filter.left", {
      count: blocks,
      of: number(page.city.blocks.count, 0),
      population: number(people, 0),
    });
  }

  function resetButton(page) {
    const act = () => {
      page.filter.reset();
      page.filter.apply();
      if (page.tab === "filter") {
        page.render();
        document.getElementById("filter-where").focus();
      }
    };
    return build("button", { type: "button", class: "filter-reset", onclick: act }, say("filter.reset"));
  }

  /* The blocks that remain, the highest score first: every one opens its account. */
  function list(page) {
    const score = page.column("score");
    const held = page.filter.highest(MOST);
    const open = (i) => {
      page.fit(page.layers.blocks.bounds(i), { maxZoom: 17 });
      page.chooseBlock(i);
    };
    return held.map((i) =>
      build(
        "li",
        {},
        build(
          "button",
          { type: "button", class: "place", onclick: () => open(i) },
          build("bdi", { class: "key" }, page.blockIds[i]),
        ),
        build("span", { class: "share" }, number(score.number(score.whole[i]) * 100, 0)),
      ),
    );
  }

  function view(page) {
    const { filter } = page;
    return [
      build("h2", {}, say("filter.title")),
      build("p", { class: "lead" }, say("filter.lead")),
      build("p", { id: "filter-left", role: "status", class: "notice" }, leftText(page)),
      whereChoice(page),
      knownChoice(page),
      [...filter.ranges].map(([id, range]) => condition(page, id, range)),
      addChoice(page),
      build("p", {}, resetButton(page)),
      build("h3", {}, say("filter.list", { count: MOST })),
      build("ul", { id: "filter-list", class: "classes" }, list(page)),
      build("p", { class: "fine" }, say("filter.note")),
    ];
  }

  /* What changes while a slider moves: the count, the list and the line in the layer card. */
  function follow(page) {
    const left = document.getElementById("filter-left");
    if (left) {
      left.textContent = leftText(page);
      document.getElementById("filter-list").replaceChildren(...list(page));
    }
    const { filter } = page;
    page.filterLine.hidden = !filter.on;
    if (filter.on) {
      page.filterLine.replaceChildren(
        build("span", {}, say("filter.on") + " " + leftText(page) + " " + say("filter.shares")),
        build("span", { class: "filter-acts" },
          build("button", { type: "button", onclick: () => page.showTab("filter") }, say("filter.change")),
          resetButton(page)),
      );
    }
  }

  targeting.rooms.add({
    start: (page) => {
      page.filterLine = build("div", { class: "filter-line", hidden: true });
      document.getElementById("more-layers").append(page.filterLine);
      for (const event of ["filter", "words", "plan"]) {
        page.on(event, () => follow(page));
      }
    },
    tab: { key: "filter", word: "filter.tab", order: 6, render: view },
  });
})((window.targeting = window.targeting || {}));
