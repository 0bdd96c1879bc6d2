/* How recorded incidents have changed in a polygon: an index as a line, and the same in words. */
(function (targeting) {
  "use strict";

  const { build } = targeting;
  const say = (key, values) => targeting.words.say(key, values);
  const number = (value) => targeting.words.number(value, 0);
  const [WIDTH, HEIGHT, EDGE] = [320, 120, 22];
  const SVG = "http://www.w3.org/2000/svg";

  function drawn(tag, about, ...children) {
    const element = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(about)) {
      element.setAttribute(name, String(value));
    }
    element.append(...children);
    return element;
  }

  function periodText({ year, half }) {
    return half ? say("trend.half", { half: String(half), year: String(year) }) : String(year);
  }

  function line(values, kind, place) {
    const points = values.map((value, i) => place(i, value).join(",")).join(" ");
    return drawn("polyline", { points, class: "trend-line " + kind });
  }

  /* Both lines from zero up, with a mark at 100 and every value of the polygon as a dot. */
  function picture(periods, own, city) {
    const most = 1.08 * Math.max(120, ...own, ...city);
    const place = (i, value) => [
      Number((EDGE + (i * (WIDTH - 2 * EDGE)) / (periods.length - 1)).toFixed(1)),
      Number((HEIGHT - EDGE - (value / most) * (HEIGHT - EDGE - 6)).toFixed(1)),
    ];
    const [, even] = place(0, 100);
    const text = (i, anchor) =>
      drawn("text", { x: place(i, 0)[0], y: HEIGHT - 5, "text-anchor": anchor }, periodText(periods[i]));
    return drawn(
      "svg",
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "trend", "aria-hidden": "true", focusable: "false" },
      drawn("line", { x1: EDGE, x2: WIDTH - EDGE, y1: even, y2: even, class: "trend-even" }),
      drawn("text", { x: EDGE - 3, y: even + 4, "text-anchor": "end" }, "100"),
      line(city, "of-city", place),
      line(own, "of-polygon", place),
      ...own.map((value, i) => {
        const [cx, cy] = place(i, value);
        return drawn("circle", { cx, cy, r: 3.2, class: "trend-dot" });
      }),
      text(0, "start"),
      text(periods.length - 1, "end"),
    );
  }

  function table(periods, own, city) {
    const head = ["trend.period", "trend.here", "word.city"].map((word) =>
      build("th", { scope: "col" }, say(word)),
    );
    const rows = periods.map((period, i) =>
      build(
        "tr",
        {},
        build("th", { scope: "row" }, periodText(period)),
        build("td", {}, number(own[i])),
        build("td", {}, number(city[i])),
      ),
    );
    return build(
      "details",
      {},
      build("summary", {}, say("trend.table")),
      build("table", { class: "trend-table" }, build("thead", {}, build("tr", {}, head)), build("tbody", {}, rows)),
    );
  }

  /* "2023: 120 …": the last period beside the mean and the city. */
  function sentence(periods, own, city) {
    const last = periods.length - 1;
    return say("trend.sentence", {
      first: periodText(periods[0]),
      last: periodText(periods[last]),
      here: number(own[last]),
      city: number(city[last]),
    });
  }

  function section(page, { polygon }) {
    const { trend } = page.scene;
    if (!trend) {
      return null;
    }
    const title = build("h3", { id: "trend-title" }, say("trend.title"));
    if (polygon.stored) {
      return [title, build("p", {}, say("trend.other_plan"))];
    }
    const own = trend.polygons[polygon.number];
    if (!own) {
      return [title, build("p", { "data-trend": "withheld" }, say("trend.withheld"))];
    }
    const { periods, city } = trend;
    return [
      title,
      build("p", { "data-trend": "told" }, sentence(periods, own, city)),
      picture(periods, own, city),
      build(
        "p",
        { class: "fine trend-key", "aria-hidden": "true" },
        build("span", { class: "trend-mark of-polygon" }),
        say("trend.here") + " · ",
        build("span", { class: "trend-mark of-city" }),
        say("word.city"),
      ),
      table(periods, own, city),
      build("p", { class: "fine" }, say("trend.note")),
    ];
  }

  targeting.trend = { section };
})((window.targeting = window.targeting || {}));
