/* The side panel: ranked polygons, one polygon. Everything from outside is set as text. */
(function (targeting) {
  "use strict";

  const { build } = targeting;
  const say = (key, values) => targeting.words.say(key, values);
  const pick = (names) => targeting.words.pick(names);
  const number = (value, digits) => targeting.words.number(value, digits);
  const quantity = (value, unit) => targeting.words.quantity(value, unit);
  const points = (share) => (share === null || share === undefined ? "–" : number(share * 100, 0));

  /* A bar from 0 to 1, with a tick where the city stands. */
  function bar(share, tick, kind) {
    const fill = build("span", { class: "bar-fill " + (kind || "") });
    fill.style.width = 100 * Math.max(0, Math.min(1, share || 0)) + "%";
    const out = build("span", { class: "bar", "aria-hidden": "true" }, fill);
    if (tick !== null && tick !== undefined) {
      const mark = build("span", { class: "bar-tick" });
      mark.style.left = 100 * Math.max(0, Math.min(1, tick)) + "%";
      out.append(mark);
    }
    return out;
  }

  function head(...cells) {
    return build("thead", {}, build("tr", {}, cells));
  }

  function column(text, about) {
    return build("th", { scope: "col", ...about }, text);
  }

  function backButton(page) {
    return build(
      "button",
      { type: "button", class: "back", onclick: () => page.home() },
      "‹ " + say("panel.back"),
    );
  }

  /* ----------------------------------------------------------------------------- ranked table */

  function ranking(page) {
    const { scene } = page;
    const rows = page.polygons.map((polygon) =>
      build(
        "tr",
        { "data-number": polygon.number, onclick: () => page.choosePolygon(polygon.number) },
        build(
          "th",
          { scope: "row" },
          build(
            "button",
            {
              type: "button",
              class: "polygon-number",
              "aria-label": say("polygon.open", { number: polygon.number }),
              onclick: (event) => {
                event.stopPropagation();
                page.choosePolygon(polygon.number);
              },
            },
            String(polygon.number),
          ),
          polygon.name ? build("bdi", { class: "fine name" }, pick(polygon.name)) : null,
        ),
        build("td", {}, build("strong", {}, points(polygon.score)), bar(polygon.score, scene.city.score)),
        scene.dimensions.map((dimension) =>
          build("td", {}, points(polygon.dimensions[dimension.key])),
        ),
        build("td", {}, number(polygon.population, 0)),
      ),
    );
    const city = build(
      "tr",
      { class: "city" },
      build("th", { scope: "row" }, say("word.city")),
      build("td", {}, points(scene.city.score), bar(scene.city.score, null, "plain")),
      scene.dimensions.map((dimension) => build("td", {}, points(dimension.city))),
      build("td", {}, number(scene.city.population, 0)),
    );
    return build(
      "table",
      { class: "ranking" },
      build("caption", {}, say("ranking.caption")),
      head(
        column(say("ranking.number"), { "aria-label": say("ranking.number_long") }),
        column(say("word.score")),
        scene.dimensions.map((dimension) =>
          column(say("dimension.short." + dimension.key), {
            title: say("dimension." + dimension.key),
          }),
        ),
        column(say("word.population")),
      ),
      build("tbody", {}, rows, city),
    );
  }

  function home(page) {
    return [
      build("h2", {}, say("home.title", { count: page.polygons.length })),
      build("p", { class: "lead" }, say("home.lead")),
      page.polygons.length ? ranking(page) : build("p", {}, say("home.none")),
      build("p", { class: "fine" }, say("ranking.note")),
    ];
  }

  /* ------------------------------------------------------------------------------ one polygon */

  function nameOf(page, key) {
    const indicator = page.indicators.get(key);
    if (indicator) {
      return pick(indicator.names);
    }
    for (const start of ["measure.", "dimension."]) {
      if (targeting.words.has(start + key)) {
        return say(start + key);
      }
    }
    return key;
  }

  /* How a value stands beside the city's, in words. */
  function beside(value, city) {
    if (value === null || city === null) {
      return say("beside.missing");
    }
    const gap = Math.abs(value - city);
    if (gap <= 0.05 * Math.max(Math.abs(value), Math.abs(city))) {
      return say("beside.same");
    }
    return say(value > city ? "beside.higher" : "beside.lower");
  }

  function profileRows(page, polygon, rows) {
    return rows.map((row) => {
      const indicator = page.indicators.get(row.key);
      const scored = !indicator && row.unit === "index";
      const most = scored ? 1 : page.most.get(row.key) || 1;
      // A unit such as "/ 1,000" is said once, under the name.
      const per = row.unit.startsWith("per_");
      const show = (value) =>
        scored ? points(value) : per ? number(value, row.digits) : quantity(value, row.unit, row.digits);
      const notes = per ? [say("unit." + row.unit)] : [];
      if (indicator && indicator.worse === "lower") {
        notes.push(say("profile.less_is_worse"));
      }
      if (row.covered !== null && row.covered < 0.9) {
        notes.push(say("profile.covered", { share: number(row.covered * 100, 0) }));
      }
      return build(
        "tr",
        {},
        build(
          "th",
          { scope: "row" },
          nameOf(page, row.key),
          notes.map((note) => build("span", { class: "fine" }, note)),
        ),
        build("td", {}, row.withheld ? say("profile.withheld") : show(row.value)),
        build("td", {}, show(row.city)),
        build(
          "td",
          { class: "beside" },
          row.compared
            ? [
              build("span", {}, beside(row.value, row.city)),
              row.value === null ? null : bar(row.value / most, row.city / most),
            ]
            : null,
        ),
      );
    });
  }

  function profileTable(page, polygon) {
    const rows = new Map(polygon.profile.map((row) => [row.key, row]));
    const bodies = page.scene.dimensions.map((dimension) => {
      const keys = page.scene.indicators
        .filter((indicator) => indicator.dimension === dimension.key)
        .map((indicator) => indicator.key);
      const held = [dimension.key, ...keys].map((key) => rows.get(key)).filter(Boolean);
      const body = build("tbody", {}, profileRows(page, polygon, held));
      if (held.length && held[0].key === dimension.key) {
        body.firstChild.className = "dimension";
      }
      return body;
    });
    const score = rows.get("score");
    const sizes = polygon.profile.filter((row) => !row.compared);
    return build(
      "table",
      { class: "profile" },
      build("caption", {}, say("profile.caption")),
      head(
        column(say("profile.measure")),
        column(say("profile.here")),
        column(say("word.city")),
        column(say("profile.beside")),
      ),
      score ? build("tbody", {}, profileRows(page, polygon, [score])) : null,
      bodies,
      build("tbody", { class: "sizes" }, profileRows(page, polygon, sizes)),
    );
  }

  function facilityEntry(page, i) {
    const { facilities } = page;
    const name = facilities.names[i];
    const kind = page.scene.kinds[facilities.kind.whole[i]];
    return build(
      "li",
      { "data-facility": i },
      build(
        "button",
        { type: "button", class: "place", onclick: () => page.showFacility(i) },
        name ? build("bdi", {}, name) : build("em", {}, pick(kind.unnamed)),
      ),
    );
  }

  function kindEntry(page, polygon, kind, at) {
    const held = polygon.kinds[at];
    const title = [
      targeting.symbol(kind, 20, true),
      build("span", { class: "kind-name" }, pick(kind.names)),
      build("span", { class: "kind-count" }, 
        held.count === null ? say("facility.few") : number(held.count, 0)),
    ];
    const about = { "data-kind": kind.key };
    if (kind.sensitive) {
      return build(
        "div",
        { class: "kind flat", ...about },
        build("div", { class: "kind-title" }, title),
        build("p", { class: "fine" }, say("facility.sensitive")),
      );
    }
    if (!held.count) {
      const far =
        held.nearest_m === null
          ? null
          : build("p", { class: "fine" }, say("facility.nearest", {
            distance: quantity(held.nearest_m, "m"),
          }));
      return build(
        "div",
        { class: "kind flat none", ...about },
        build("div", { class: "kind-title" }, title),
        far,
      );
    }
    const entries = [];
    for (let i = 0; i < page.facilities.count; i += 1) {
      const here = page.facilities.polygon.whole[i] === polygon.number;
      if (here && page.facilities.kind.whole[i] === at) {
        entries.push(facilityEntry(page, i));
      }
    }
    return build(
      "details",
      { class: "kind", ...about },
      build("summary", { class: "kind-title" }, title),
      build("ul", {}, entries),
    );
  }

  function polygonView(page, polygon) {
    const listed = polygon.kinds.reduce((sum, kind) => sum + (kind.count || 0), 0);
    const kinds = page.scene.kinds;
    const services = (role) =>
      kinds.map((kind, at) => (kind.role === role ? kindEntry(page, polygon, kind, at) : null));
    const has = (role) => kinds.some((kind) => kind.role === role);
    return [
      backButton(page),
      build("h2", {}, say("polygon.title", { number: polygon.number })),
      polygon.name ? build("p", { class: "name" }, build("bdi", {}, pick(polygon.name))) : null,
      build(
        "p",
        { class: "lead" },
        say("polygon.lead", {
          number: polygon.number,
          of: page.polygons.length,
          population: number(polygon.population, 0),
          area: quantity(polygon.area_km2, "km2"),
          blocks: number(polygon.block_count, 0),
        }),
      ),
      polygon.name_basis ? build("p", { class: "fine" }, build("bdi", {}, pick(polygon.name_basis))) : null,
      polygon.sure
        ? build(
          "p",
          {},
          say("polygon.sure", {
            found: number(polygon.sure.found_share * 100, 0),
            core: number(polygon.sure.core_share * 100, 0),
          }),
        )
        : null,
      build("h3", {}, say("profile.title")),
      profileTable(page, polygon),
      build("p", { class: "fine" }, say("profile.note")),
      build("h3", {}, say("facility.title", { count: listed })),
      kinds.length ? null : build("p", {}, say("facility.none")),
      has("service") ? build("h4", {}, say("facility.services")) : null,
      services("service"),
      has("risk") ? build("h4", {}, say("facility.risks")) : null,
      services("risk"),
      has("context") ? build("h4", {}, say("facility.context")) : null,
      services("context"),
      build("p", { class: "fine" }, say("facility.note")),
    ];
  }

  targeting.rooms.add({
    tab: { key: "polygons", word: "panel.polygons", order: 0 },
    views: { home, polygon: (page, view) => polygonView(page, view.polygon) },
  });
  targeting.panel = { home, polygonView, points, bar, head, column, backButton };
})((window.targeting = window.targeting || {}));
