/* Two polygons beside each other and beside the city. */
(function (targeting) {
  "use strict";

  const { build } = targeting;
  const { points, head, column, backButton, nameOf } = targeting.panel;
  const say = (key, values) => targeting.words.say(key, values);
  const pick = (names) => targeting.words.pick(names);
  const number = (value, digits) => targeting.words.number(value, digits);

  function polygonOf(page, number_) {
    return page.polygons.find((one) => one.number === number_);
  }

  function show(page, first, second) {
    page.show({ name: "compare", first, second });
    page.mark(first, -1);
    const { polygons } = page.layers;
    const rings = polygons.rings(second) || targeting.services.blockRings(page, second);
    const look = { color: "#c05a00", weight: 4, dashArray: "8 6", interactive: false };
    page.outline = L.polyline(rings, look);
    page.outline.addTo(page.map);
    const whole = L.latLngBounds(polygons.bounds(first)).extend(polygons.bounds(second));
    page.fit(whole, { maxZoom: 16 });
  }

  function options(page, chosen, other) {
    return page.polygons
      .filter((one) => one.number !== other)
      .map((one) =>
        build(
          "option",
          { value: one.number, selected: one.number === chosen },
          say("polygon.title", { number: one.number }) + (one.name ? " · " + pick(one.name) : ""),
        ),
      );
  }

  /* A choice of the polygon to stand in one of the two columns. */
  function choice(page, view, which, word) {
    const other = which === "first" ? view.second : view.first;
    const id = "compare-" + which;
    const act = (event) => {
      const chosen = Number(event.target.value);
      show(page, which === "first" ? chosen : view.first, which === "first" ? view.second : chosen);
      document.getElementById(id).focus();
    };
    return build(
      "label",
      { class: "choice", for: id },
      build("span", {}, say(word)),
      build("select", { id, onchange: act }, options(page, view[which], other)),
    );
  }

  /* ------------------------------------------------------------------------------- the table */

  function shown(page, row, value) {
    const indicator = page.indicators.get(row.key);
    if (value === null || value === undefined) {
      return "–";
    }
    if (!indicator && row.unit === "index") {
      return points(value);
    }
    return row.unit.startsWith("per_")
      ? number(value, row.digits)
      : targeting.words.quantity(value, row.unit, row.digits);
  }

  /* A row of the profile; of a plan made for other weights, what its record holds. */
  function rowOf(page, polygon, key) {
    const row = (polygon.profile || []).find((one) => one.key === key);
    if (row) {
      return row;
    }
    const index = { key, unit: "index", digits: 0, compared: true };
    const dimension = page.scene.dimensions.find((one) => one.key === key);
    if (key === "score" || dimension) {
      const value = dimension ? polygon.dimensions[key] : polygon.score;
      return { ...index, value, city: dimension ? dimension.city : page.scene.city.score };
    }
    const people = key === "population";
    return people || key === "block_count"
      ? { key, unit: people ? "people" : "count", digits: 0, value: polygon[key],
        city: people ? page.scene.city.population : null }
      : null;
  }

  function cell(page, row) {
    return build("td", {}, !row ? "–" : row.withheld ? say("compare.withheld") : shown(page, row, row.value));
  }

  function measureRow(page, key, pair, dimension) {
    const rows = pair.map((polygon) => rowOf(page, polygon, key));
    const one = rows.find(Boolean);
    if (!one) {
      return null;
    }
    const indicator = page.indicators.get(key);
    const notes = [];
    if (one.unit.startsWith("per_")) {
      notes.push(say("unit." + one.unit));
    }
    if (indicator && indicator.worse === "lower") {
      notes.push(say("profile.less_is_worse"));
    }
    return build(
      "tr",
      { class: dimension ? "dimension" : null, "data-key": key },
      build("th", { scope: "row" }, nameOf(page, key), notes.map((note) => build("span", { class: "fine" }, note))),
      rows.map((row) => cell(page, row)),
      build("td", {}, one.compared || key === "population" ? shown(page, one, one.city) : "–"),
    );
  }

  /* Of one plan both have profiles; where they have none, what their records hold. */
  function measures(page, pair) {
    const bodies = [
      build("tbody", {}, measureRow(page, "score", pair, true)),
      ...page.scene.dimensions.map(({ key }) =>
        build(
          "tbody",
          {},
          measureRow(page, key, pair, true),
          page.scene.indicators
            .filter((indicator) => indicator.dimension === key)
            .map((indicator) => measureRow(page, indicator.key, pair)),
        ),
      ),
      build("tbody", { class: "sizes" }, ["population", "area_km2", "block_count"].map((key) => measureRow(page, key, pair))),
    ];
    return bodies.filter((body) => body.rows.length);
  }

  function headings(page, pair) {
    return head(
      column(say("profile.measure")),
      pair.map((polygon) =>
        column([
          build("span", { class: "polygon-number", "aria-hidden": "true" }, String(polygon.number)),
          build("span", { class: "unseen" }, say("polygon.title", { number: polygon.number })),
        ]),
      ),
      column(say("word.city")),
    );
  }

  function kindRows(page, pair) {
    const counts = page.scene.kinds.map((kind, at) =>
      pair.map((polygon) => {
        const held = (polygon.kinds || [])[at];
        return !held ? "–" : held.count === null ? say("facility.few") : number(held.count, 0);
      }),
    );
    return page.scene.kinds.map((kind, at) =>
      build(
        "tr",
        { "data-kind-row": kind.key },
        build("th", { scope: "row" }, targeting.symbol(kind, 16, true), " ", pick(kind.names)),
        counts[at].map((text) => build("td", {}, text)),
        build("td", {}, kind.city === null ? "–" : number(kind.city, 0)),
      ),
    );
  }

  function view(page, held) {
    const pair = [polygonOf(page, held.first), polygonOf(page, held.second)];
    return [
      backButton(page),
      build("h2", {}, say("compare.title", { first: held.first, second: held.second })),
      choice(page, held, "first", "compare.first"),
      choice(page, held, "second", "compare.second"),
      build("p", { class: "compare-open" }, pair.map((polygon) =>
        build(
          "button",
          { type: "button", onclick: () => page.choosePolygon(polygon.number) },
          say("polygon.open", { number: polygon.number }),
        ))),
      build(
        "table",
        { class: "compare" },
        build("caption", {}, say("compare.caption")),
        headings(page, pair),
        measures(page, pair),
      ),
      page.scene.kinds.length
        ? build(
          "table",
          { class: "compare" },
          build("caption", {}, say("compare.kinds")),
          headings(page, pair),
          build("tbody", {}, kindRows(page, pair)),
        )
        : null,
      build("p", { class: "fine" }, say("compare.note")),
    ];
  }

  /* In a polygon's own view: the one to put beside it. */
  function section(page, { number: own }) {
    if (page.polygons.length < 2) {
      return null;
    }
    const act = (event) => {
      if (event.target.value) {
        show(page, own, Number(event.target.value));
        document.getElementById("panel-body").focus({ preventScroll: true });
      }
    };
    return build(
      "section",
      { class: "screen-only" },
      build("h3", {}, say("compare.heading")),
      build(
        "label",
        { class: "choice", for: "compare-with" },
        build("span", {}, say("compare.with")),
        build(
          "select",
          { id: "compare-with", onchange: act },
          build("option", { value: "" }, say("compare.choose")),
          options(page, null, own),
        ),
      ),
    );
  }

  targeting.rooms.add({
    start: (page) =>
      page.on("plan", () => {
        const { view: now } = page;
        if (now.name === "compare" && !(polygonOf(page, now.first) && polygonOf(page, now.second))) {
          page.view = { name: "home" };
        }
      }),
    views: { compare: view },
    sections: { polygon: section },
    address: {
      compare: {
        read: ({ view: now }) => (now.name === "compare" ? now.first + "," + now.second : null),
        write: (page, text) => {
          const [first, second] = (text || "").split(",").map(Number);
          if (first !== second && polygonOf(page, first) && polygonOf(page, second)) {
            show(page, first, second);
          }
        },
      },
    },
  });
  targeting.compare = { show };
})((window.targeting = window.targeting || {}));
