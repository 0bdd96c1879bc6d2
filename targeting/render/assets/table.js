/* The ranked polygons as a table sorted by any column, and the place of one among them. */
(function (targeting) {
  "use strict";

  const { build } = targeting;
  const { points, bar } = targeting.panel;
  const say = (key, values) => targeting.words.say(key, values);
  const pick = (names) => targeting.words.pick(names);
  const number = (value, digits) => targeting.words.number(value, digits);

  /* The columns: what they sort by, and whether the most comes first. */
  function columns(page) {
    const { scene } = page;
    return [
      { key: "number", word: say("ranking.number"), long: say("ranking.number_long"), of: (one) => one.number },
      { key: "score", word: say("word.score"), of: (one) => one.score, down: true },
      ...scene.dimensions.map(({ key }) => ({
        key,
        word: say("dimension.short." + key),
        long: say("dimension." + key),
        of: (one) => one.dimensions[key],
        down: true,
      })),
      { key: "population", word: say("word.population"), of: (one) => one.population, down: true },
    ];
  }

  /* Polygons in the order asked for; those without a value last, ties by number. */
  function sorted(page) {
    const { key, down } = page.sorting;
    const { of } = columns(page).find((column) => column.key === key);
    const last = (value) => value === null || value === undefined;
    return [...page.polygons].sort((a, b) => {
      const [x, y] = [of(a), of(b)];
      if (last(x) || last(y)) {
        return last(x) - last(y) || a.number - b.number;
      }
      return (down ? y - x : x - y) || a.number - b.number;
    });
  }

  function sortBy(page, column) {
    const same = page.sorting.key === column.key;
    page.sorting = { key: column.key, down: same ? !page.sorting.down : Boolean(column.down) };
    page.render();
    page.remember();
    document.querySelector(`[data-sort="${CSS.escape(column.key)}"]`).focus();
  }

  function head(page) {
    const { key, down } = page.sorting;
    const cells = columns(page).map((column) => {
      const on = column.key === key;
      return build(
        "th",
        { scope: "col", "aria-sort": on ? (down ? "descending" : "ascending") : null },
        build(
          "button",
          {
            type: "button",
            class: "sort",
            "data-sort": column.key,
            title: say("ranking.sort", { column: column.long || column.word }),
            "aria-label": column.long || null,
            onclick: () => sortBy(page, column),
          },
          column.word,
          build("span", { "aria-hidden": "true", class: "arrow" }, on ? (down ? "▼" : "▲") : ""),
        ),
      );
    });
    return build("thead", {}, build("tr", {}, cells));
  }

  function row(page, polygon) {
    const { scene } = page;
    const open = (event) => {
      event.stopPropagation();
      page.choosePolygon(polygon.number);
    };
    return build(
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
            onclick: open,
          },
          String(polygon.number),
        ),
        polygon.name ? build("bdi", { class: "fine name" }, pick(polygon.name)) : null,
      ),
      build("td", {}, build("strong", {}, points(polygon.score)), bar(polygon.score, scene.city.score)),
      scene.dimensions.map(({ key }) => build("td", {}, points(polygon.dimensions[key]))),
      build("td", {}, number(polygon.population, 0)),
    );
  }

  function cityRow({ city, dimensions }) {
    return build(
      "tr",
      { class: "city" },
      build("th", { scope: "row" }, say("word.city")),
      build("td", {}, points(city.score), bar(city.score, null, "plain")),
      dimensions.map((dimension) => build("td", {}, points(dimension.city))),
      build("td", {}, number(city.population, 0)),
    );
  }

  function ranking(page) {
    return build(
      "table",
      { class: "ranking" },
      build("caption", {}, say("ranking.caption")),
      head(page),
      build("tbody", {}, sorted(page).map((polygon) => row(page, polygon)), cityRow(page.scene)),
    );
  }

  /* ------------------------------------------------------------------------ place among them */

  function ordinal(place) {
    if (targeting.words.state.language !== "en") {
      return say("rank.place", { number: String(place) });
    }
    const rule = new Intl.PluralRules("en", { type: "ordinal" }).select(place);
    return place + { one: "st", two: "nd", few: "rd", other: "th" }[rule];
  }

  /* Place by the numbers as they are shown: equal numbers share it. */
  function place(page, polygon, of) {
    const shown = (one) => Math.round(of(one) * 100);
    const held = page.polygons.filter((one) => of(one) !== null && of(one) !== undefined);
    const own = held.find((one) => one.number === polygon.number);
    if (!own) {
      return null;
    }
    const mine = shown(own);
    return {
      place: 1 + held.filter((one) => shown(one) > mine).length,
      tied: held.filter((one) => shown(one) === mine).length > 1,
      of: held.length,
    };
  }

  /* "Among the 10 polygons: 1st in score, 3rd in violence …": null where there is one only. */
  function standing(page, polygon) {
    if (page.polygons.length < 2) {
      return null;
    }
    const measures = [
      ["measure.score", (one) => one.score],
      ...page.scene.dimensions.map(({ key }) => ["dimension." + key, (one) => one.dimensions[key]]),
    ];
    const told = measures
      .map(([word, of]) => [word, place(page, polygon, of)])
      .filter(([, held]) => held)
      .map(([word, held]) =>
        say(held.tied ? "rank.tied" : "rank.one", {
          place: ordinal(held.place),
          measure: say(word).toLowerCase(),
        }),
      );
    const list = new Intl.ListFormat(targeting.words.state.language, { type: "conjunction" });
    return say("rank.sentence", { of: page.polygons.length, list: list.format(told) });
  }

  targeting.rooms.add({
    start: (page) => (page.sorting = { key: "number", down: false }),
    address: {
      sort: {
        read: ({ sorting: { key, down } }) =>
          key === "number" && !down ? null : key + (down ? "-" : "+"),
        write: (page, text) => {
          const key = (text || "").slice(0, -1);
          if (columns(page).some((column) => column.key === key)) {
            page.sorting = { key, down: text.endsWith("-") };
            page.render();
          }
        },
      },
    },
  });
  targeting.table = { ranking, sorted, standing, place, ordinal };
})((window.targeting = window.targeting || {}));
