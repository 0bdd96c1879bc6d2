/* Tables and outlines of what is looked at, as files: only what the page itself shows. */
(function (targeting) {
  "use strict";

  const { build } = targeting;
  const say = (key, values) => targeting.words.say(key, values);
  const pick = (names) => targeting.words.pick(names);
  const PLACES = 7; // decimals of a degree: one centimeter

  /* ------------------------------------------------------------------------------- formats */

  /* One cell: nothing a spreadsheet would run; numbers with a point, whatever the language. */
  function cell(value) {
    if (value === null || value === undefined) {
      return "";
    }
    if (typeof value === "number") {
      return String(value);
    }
    const text = /^[=+\-@\t\r]/.test(value) ? "'" + value : value;
    return /["\n\r,;]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
  }

  /* A byte order mark first: without one Excel takes accents for another alphabet. */
  function csv(titles, rows, notes) {
    const lines = [titles, ...rows, ...notes.map((note) => [note])];
    return "\ufeff" + lines.map((line) => line.map(cell).join(",")).join("\r\n") + "\r\n";
  }

  function around(ring) {
    let sum = 0;
    for (let i = 0; i + 1 < ring.length; i += 1) {
      sum += ring[i][0] * ring[i + 1][1] - ring[i + 1][0] * ring[i][1];
    }
    return sum;
  }

  function holds(ring, [x, y]) {
    let odd = false;
    for (let i = 0; i + 1 < ring.length; i += 1) {
      const [[ax, ay], [bx, by]] = [ring[i], ring[i + 1]];
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) {
        odd = !odd;
      }
    }
    return odd;
  }

  const round = (value) => Number(value.toFixed(PLACES));

  /* Rings as GeoJSON: outer ones turn against the clock, holes follow the ring they lie in. */
  function geometry(latlngs) {
    const all = latlngs.map((ring) => ring.map(({ lat, lng }) => [round(lng), round(lat)]));
    const rings = all.filter((ring, i) => i === 0 || around(ring) !== 0);
    // The page's rings come part by part, the outer one first and turning as the first does.
    const outer = Math.sign(around(rings[0]));
    const parts = [];
    for (const ring of rings) {
      if (Math.sign(around(ring)) === outer) {
        parts.push([ring]);
      } else {
        const part = parts.find((one) => holds(one[0], ring[0])) || parts[parts.length - 1];
        part.push(ring);
      }
    }
    for (const part of parts) {
      part.forEach((ring, i) => {
        if (around(ring) > 0 !== (i === 0)) {
          ring.reverse();
        }
      });
    }
    return parts.length === 1
      ? { type: "Polygon", coordinates: parts[0] }
      : { type: "MultiPolygon", coordinates: parts };
  }

  function geojson(name, features, notes) {
    return JSON.stringify({ type: "FeatureCollection", name, notes, features });
  }

  function save(name, type, text) {
    const address = URL.createObjectURL(new Blob([text], { type: type + ";charset=utf-8" }));
    const link = build("a", { href: address, download: name });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  }

  /* --------------------------------------------------------------------------------- parts */

  function notes(page) {
    const { scene } = page;
    const sources = new Set(scene.indicators.flatMap((one) => one.source.split("; ")));
    scene.facilities.sources.forEach((one) => sources.add(one));
    const held = [
      say("download.title", { title: pick(scene.title) }),
      say("download.source", { sources: [...sources].filter(Boolean).join("; ") || "–" }),
      say("download.public"),
    ];
    if (scene.made) {
      held.unshift(say("about.made"));
    }
    if (page.columns.size) {
      held.push(say("download.weights"));
    }
    return held;
  }

  /* A number in the unit people read, as a number. */
  function told(column, i, factor, digits) {
    return column.has(i) ? Number((column.value(i) * factor).toFixed(digits)) : null;
  }

  function unitText(indicator) {
    const { sign } = targeting.words.state.units[indicator.unit] || { sign: "" };
    return sign || say("unit." + indicator.unit);
  }

  /* Columns of a table of blocks: key for GeoJSON, title for people, value of a block (of), and
     what a table says in place of one that is known but not told (word). */
  function blockColumns(page) {
    const { scene, data } = page;
    const score = (id) => (i) => told(page.column(id), i, 100, 0);
    const [people, few] = [data.column("population"), data.column("few")];
    const count = (i) => (people.has(i) && few.whole[i] !== 1 ? people.whole[i] : null);
    const veryFew = (i) => (few.whole[i] === 1 ? say("download.few") : null);
    const out = [
      { key: "block", title: say("block.title"), of: (i) => page.blockIds[i] },
      { key: "polygon", title: say("download.polygon"), of: (i) => page.membership[i] || null },
      { key: "score", title: say("download.points", { name: say("word.score") }), of: score("score") },
      ...scene.dimensions.map(({ key }) => ({
        key,
        title: say("download.points", { name: say("dimension." + key) }),
        of: score("dimension." + key),
      })),
      { key: "population", title: say("word.population"), of: count, word: veryFew },
    ];
    for (const indicator of scene.indicators) {
      const name = pick(indicator.names);
      const hidden = data.has("hidden." + indicator.key) ? data.column("hidden." + indicator.key) : null;
      const withheld = (i) => (hidden && hidden.whole[i] === 1 ? say("publish.suppressed") : null);
      if (indicator.level && data.has("value." + indicator.key)) {
        const column = data.column("value." + indicator.key);
        const of = (i) => told(column, i, 1, 0);
        out.push({ key: indicator.key, title: say("download.level", { name }), of, word: withheld });
        continue;
      }
      const { factor } = targeting.words.state.units[indicator.unit] || { factor: 1 };
      const title = (word) => say(word, { name, unit: unitText(indicator) });
      for (const [id, word] of [["value", "download.value"], ["low", "download.low"], ["high", "download.high"]]) {
        if (data.has(id + "." + indicator.key)) {
          const column = data.column(id + "." + indicator.key);
          const digits = page.digits(indicator, column);
          const end = id === "value" ? "" : "_" + id;
          out.push({
            key: indicator.key + end,
            title: title(word),
            of: (i) => told(column, i, factor, digits),
            word: id === "value" ? withheld : null,
          });
        }
      }
    }
    return out;
  }

  function polygonColumns(page) {
    const { scene } = page;
    const points = (value) => (value === null || value === undefined ? null : Math.round(value * 100));
    const row = (polygon, key) => (polygon.profile || []).find((one) => one.key === key);
    return [
      { key: "polygon", title: say("ranking.number_long"), of: (one) => one.number },
      { key: "name", title: say("download.name"), of: (one) => (one.name ? pick(one.name) : null) },
      { key: "score", title: say("download.points", { name: say("word.score") }), of: (one) => points(one.score) },
      ...scene.dimensions.map(({ key }) => ({
        key,
        title: say("download.points", { name: say("dimension." + key) }),
        of: (one) => points(one.dimensions[key]),
      })),
      { key: "population", title: say("word.population"), of: (one) => one.population },
      { key: "area_km2", title: say("plain.area"), of: (one) => one.area_km2 },
      { key: "block_count", title: say("measure.block_count"), of: (one) => one.block_count },
      ...scene.indicators.map((indicator) => ({
        key: indicator.key,
        title: say("download.value", { name: pick(indicator.names), unit: unitText(indicator) }),
        of: (one) => {
          const held = row(one, indicator.key);
          const { factor } = targeting.words.state.units[indicator.unit] || { factor: 1 };
          return !held || held.value === null ? null : Number((held.value * factor).toFixed(held.digits));
        },
      })),
      ...scene.kinds.map((kind, at) => ({
        key: "inside_" + kind.key,
        title: say("download.kind", { name: pick(kind.names) }),
        of: (one) => {
          const held = (one.kinds || [])[at];
          return held ? held.count : null;
        },
        word: (one) => ((one.kinds || [])[at] ? say("facility.few") : null),
      })),
    ];
  }

  function facilityColumns(page) {
    const { facilities, scene } = page;
    const at = (i) =>
      page.map.unproject(L.point(facilities.xs[i], facilities.ys[i]).add(L.point(page.city.origin)), page.city.zoom);
    const kind = (i) => scene.kinds[facilities.kind.whole[i]];
    return [
      { key: "name", title: say("download.name"), of: (i) => facilities.names[i] || pick(kind(i).unnamed) },
      { key: "kind", title: say("download.kind_of"), of: (i) => pick(kind(i).names) },
      { key: "source", title: say("layers.source"), of: (i) => scene.facilities.sources[facilities.source.whole[i]] },
      { key: "longitude", title: say("download.longitude"), of: (i) => Number(at(i).lng.toFixed(6)) },
      { key: "latitude", title: say("download.latitude"), of: (i) => Number(at(i).lat.toFixed(6)) },
    ];
  }

  /* ------------------------------------------------------------------------------ the files */

  function table(page, name, columns, items) {
    const value = ({ of, word }, item) => {
      const held = of(item);
      return held === null && word ? word(item) : held;
    };
    const rows = items.map((item) => columns.map((column) => value(column, item)));
    save(name + ".csv", "text/csv", csv(columns.map((column) => column.title), rows, notes(page)));
  }

  function outlines(page, name, columns, items, shape) {
    const features = items.map((item) => ({
      type: "Feature",
      properties: Object.fromEntries(columns.map((column) => [column.key, column.of(item)])),
      geometry: shape(item),
    }));
    save(name + ".geojson", "application/geo+json", geojson(name, features, notes(page)));
  }

  const blockShape = (page) => (i) => geometry(targeting.latlngs(page.city, page.city.blocks, i));
  /* Of a plan without outlines, its blocks one by one. */
  function polygonShape(page) {
    return ({ number }) => {
      const rings = page.layers.polygons.rings(number);
      if (rings) {
        return geometry(rings);
      }
      const parts = blocksWhere(page, (i) => page.membership[i] === number).map(blockShape(page));
      const coordinates = parts.flatMap((one) => (one.type === "Polygon" ? [one.coordinates] : one.coordinates));
      return { type: "MultiPolygon", coordinates };
    };
  }

  function blocksWhere(page, test) {
    const out = [];
    for (let i = 0; i < page.city.blocks.count; i += 1) {
      if (test(i)) {
        out.push(i);
      }
    }
    return out;
  }

  function button(word, act) {
    return build("button", { type: "button", onclick: act }, say(word));
  }

  function section(title, buttons) {
    return build(
      "section",
      { class: "screen-only" },
      build("h3", {}, say(title)),
      build("p", { class: "downloads" }, buttons),
      build("p", { class: "fine" }, say("download.note")),
    );
  }

  function ofPolygon(page, { number, polygon }) {
    const name = say("download.file_polygon", { number: String(number) });
    const inside = () => blocksWhere(page, (i) => page.membership[i] === number);
    const places = () => targeting.services.around(page, number).kinds.flatMap((one) => one.inside);
    return section("download.heading", [
      button("download.blocks_csv", () => table(page, name, blockColumns(page), inside())),
      button("download.blocks_geojson", () => outlines(page, name, blockColumns(page), inside(), blockShape(page))),
      page.scene.kinds.length
        ? button("download.places_csv", () =>
          table(page, say("download.file_places", { number: String(number) }), facilityColumns(page), places()))
        : null,
      button("download.outline", () =>
        outlines(page, say("download.file_outline", { number: String(number) }), polygonColumns(page), [polygon],
          polygonShape(page))),
    ]);
  }

  function ofCity(page) {
    const { polygons } = page;
    const name = say("download.file_polygons");
    return polygons.length
      ? section("download.heading", [
        button("download.polygons_csv", () => table(page, name, polygonColumns(page), targeting.table.sorted(page))),
        button("download.polygons_geojson", () =>
          outlines(page, name, polygonColumns(page), polygons, polygonShape(page))),
      ])
      : null;
  }

  function ofFilter(page) {
    const left = () => blocksWhere(page, (i) => !page.hidden || !page.hidden[i]);
    const name = say("download.file_blocks");
    return section("download.heading_filter", [
      button("download.blocks_csv", () => table(page, name, blockColumns(page), left())),
      button("download.blocks_geojson", () => outlines(page, name, blockColumns(page), left(), blockShape(page))),
    ]);
  }

  targeting.rooms.add({ sections: { home: ofCity, polygon: ofPolygon, filter: ofFilter } });
  targeting.downloads = { cell, csv, geometry };
})((window.targeting = window.targeting || {}));
