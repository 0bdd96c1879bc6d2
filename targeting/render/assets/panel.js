/* The side panel: ranked polygons, one polygon. Everything from outside is set as text. */
(function (targeting) {
  "use strict";

  const { build } = targeting;
  const say = (key, values) => targeting.words.say(key, values);
  const pick = (names) => targeting.words.pick(names);
  const number = (value, digits) => targeting.words.number(value, digits);
  const quantity = (value, unit, digits) => targeting.words.quantity(value, unit, digits);
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

  /* ------------------------------------------------------------------------------ all of them */

  function home(page) {
    return [
      build("h2", {}, say("home.title", { count: page.polygons.length })),
      build("p", { class: "lead" }, say("home.lead")),
      page.polygons.length ? targeting.table.ranking(page) : build("p", {}, say("home.none")),
      build("p", { class: "fine" }, say("ranking.note")),
      page.scene.mode === "public" ? build("p", { class: "fine" }, say("ranking.protected")) : null,
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

  /* Buttons to the parts of a long view: the address cannot hold them, it holds the page's state. */
  function jumpBar() {
    const go = (event) => {
      const titles = document.getElementById("panel-body").querySelectorAll("h3");
      const title = titles[event.currentTarget.value];
      title.tabIndex = -1;
      title.focus({ preventScroll: true });
      title.scrollIntoView({ block: "start" });
    };
    const group = build("div", { class: "jumps", role: "group", "aria-label": say("polygon.jumps") });
    // The parts other rooms add are there once the view is.
    queueMicrotask(() => {
      const titles = group.isConnected ? group.parentElement.querySelectorAll("h3") : [];
      titles.forEach((title, at) =>
        group.append(build("button", { type: "button", value: at, onclick: go }, title.textContent)),
      );
    });
    return group;
  }

  function polygonView(page, polygon) {
    const standing = targeting.table.standing(page, polygon);
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
      standing ? build("p", { "data-standing": "" }, standing) : null,
      jumpBar(),
      build("h3", {}, say("profile.title")),
      polygon.profile ? profileTable(page, polygon) : build("p", {}, say("profile.none")),
      build("p", { class: "fine" }, say("profile.note")),
      targeting.trend.section(page, { polygon }),
      targeting.services.section(page, polygon),
    ];
  }

  targeting.rooms.add({
    tab: { key: "polygons", word: "panel.polygons", order: 0 },
    views: { home, polygon: (page, view) => polygonView(page, view.polygon) },
  });
  targeting.panel = { home, polygonView, points, bar, head, column, backButton, nameOf, profileTable };
})((window.targeting = window.targeting || {}));
