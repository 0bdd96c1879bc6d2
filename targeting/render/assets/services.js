/* Facilities of a polygon, kind by kind: inside it, near its edge, and missing. */
(function (targeting) {
  "use strict";

  const { build } = targeting;
  const say = (key, values) => targeting.words.say(key, values);
  const pick = (names) => targeting.words.pick(names);
  const number = (value, digits) => targeting.words.number(value, digits);
  const MOST_NEAR = 30;

  /* A place of the packed grid in the city's own meters. */
  function ground({ scene }, x, y) {
    const [[a, b], [c, d]] = scene.meters;
    return [a * x + b * y, c * x + d * y];
  }

  /* Rings of all blocks of a polygon, for plans without outlines. */
  function blockRings(page, polygon) {
    const out = [];
    page.membership.forEach((one, i) => {
      if (one === polygon) {
        out.push(...targeting.latlngs(page.city, page.city.blocks, i));
      }
    });
    return out;
  }

  /* Edges of a polygon in meters, as x, y, x, y after one another. */
  function edges(page, polygon) {
    const origin = L.point(page.city.origin);
    const out = [];
    for (const ring of page.layers.polygons.rings(polygon) || blockRings(page, polygon)) {
      const points = ring.map((at) => {
        const { x, y } = page.map.project(at, page.city.zoom).subtract(origin);
        return ground(page, x, y);
      });
      for (let i = 0; i + 1 < points.length; i += 1) {
        out.push([...points[i], ...points[i + 1]]);
      }
    }
    return out;
  }

  function squared(x, y, [ax, ay, bx, by]) {
    const [dx, dy] = [bx - ax, by - ay];
    const size = dx * dx + dy * dy;
    const along = size ? Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / size)) : 0;
    return (ax + along * dx - x) ** 2 + (ay + along * dy - y) ** 2;
  }

  /* Distance in meters from the polygon's edge to every facility outside it: −1 inside, Infinity
     where it is neither within its kind's norm nor the nearest of its kind. */
  function distances(page, polygon) {
    const { facilities, scene } = page;
    const held = edgesOnce(page, polygon);
    const box = [0, 1, 2, 3].map((at) =>
      held.reduce(
        (best, edge) => Math[at < 2 ? "min" : "max"](best, edge[at % 2], edge[2 + (at % 2)]),
        at < 2 ? Infinity : -Infinity,
      ),
    );
    const nearest = scene.kinds.map(() => Infinity);
    const out = new Float64Array(facilities.count).fill(-1);
    for (let i = 0; i < facilities.count; i += 1) {
      if (facilities.polygon.whole[i] === polygon) {
        continue;
      }
      const kind = facilities.kind.whole[i];
      const [x, y] = ground(page, facilities.xs[i], facilities.ys[i]);
      const least = Math.hypot(Math.max(box[0] - x, 0, x - box[2]), Math.max(box[1] - y, 0, y - box[3]));
      if (least > Math.max(scene.kinds[kind].norm_m || 0, nearest[kind])) {
        out[i] = Infinity;
        continue;
      }
      let best = Infinity;
      for (const edge of held) {
        best = Math.min(best, squared(x, y, edge));
      }
      out[i] = Math.sqrt(best);
      nearest[kind] = Math.min(nearest[kind], out[i]);
    }
    return out;
  }

  function edgesOnce(page, polygon) {
    const held = page.edgesHeld;
    if (!held || held.polygons !== page.polygons || held.polygon !== polygon) {
      page.edgesHeld = { polygons: page.polygons, polygon, edges: edges(page, polygon) };
    }
    return page.edgesHeld.edges;
  }

  /* For every kind that may be listed: those inside, those near by distance, and the nearest. */
  function around(page, polygon) {
    const { facilities, scene } = page;
    const far = distances(page, polygon);
    const out = scene.kinds.map(() => ({ inside: [], near: [], nearest: null }));
    for (let i = 0; i < facilities.count; i += 1) {
      const at = facilities.kind.whole[i];
      const norm = scene.kinds[at].norm_m;
      if (far[i] < 0) {
        out[at].inside.push(i);
        continue;
      }
      if (norm !== null && far[i] <= norm) {
        out[at].near.push(i);
      }
      if (out[at].nearest === null || far[i] < far[out[at].nearest]) {
        out[at].nearest = i;
      }
    }
    out.forEach(({ near }) => near.sort((a, b) => far[a] - far[b] || a - b));
    return { kinds: out, far };
  }

  /* --------------------------------------------------------------------------- one entry */

  function meters(value) {
    return targeting.words.quantity(Math.round(value / 10) * 10, "m");
  }

  function entry(page, i, note) {
    const name = page.facilities.names[i];
    const kind = page.scene.kinds[page.facilities.kind.whole[i]];
    return build(
      "li",
      { "data-facility": i },
      build(
        "button",
        { type: "button", class: "place", onclick: () => page.showFacility(i) },
        name ? build("bdi", {}, name) : build("em", {}, pick(kind.unnamed)),
      ),
      note ? build("span", { class: "fine" }, " " + note) : null,
    );
  }

  function title(kind, text) {
    return [
      targeting.symbol(kind, 20, true),
      build("span", { class: "kind-name" }, pick(kind.names)),
      build("span", { class: "kind-count" }, text),
    ];
  }

  function flat(kind, about, text, ...notes) {
    return build(
      "div",
      { class: "kind flat", ...about },
      build("div", { class: "kind-title" }, title(kind, text)),
      notes.map((note) => build("p", { class: "fine" }, note)),
    );
  }

  function lists(kind, about, text, entries) {
    return build(
      "details",
      { class: "kind", ...about },
      build("summary", { class: "kind-title" }, title(kind, text)),
      build("ul", {}, entries),
    );
  }

  function insideEntry(page, kind, held, count) {
    const about = { "data-kind": kind.key };
    if (kind.sensitive) {
      const text = count === null ? say("facility.few") : number(count, 0);
      return flat(kind, about, text, say("facility.sensitive"));
    }
    return lists(kind, about, number(held.inside.length, 0), held.inside.map((i) => entry(page, i)));
  }

  function nearEntry(page, kind, { near }, far) {
    const more = near.length - MOST_NEAR;
    const entries = near.slice(0, MOST_NEAR).map((i) => entry(page, i, say("near.at", { distance: meters(far[i]) })));
    if (more > 0) {
      entries.push(build("li", { class: "fine" }, say("near.more", { count: more })));
    }
    const text = say("near.count", { count: near.length, distance: meters(kind.norm_m) });
    return lists(kind, { "data-near": kind.key }, text, entries);
  }

  function missingEntry(page, kind, held, far, broader) {
    const notes = [];
    if (held.near.length) {
      notes.push(say("missing.near", { distance: meters(far[held.near[0]]) }));
    } else if (held.nearest !== null) {
      const words = kind.norm_m === null ? "missing.nearest" : "missing.beyond";
      notes.push(say(words, { distance: meters(far[held.nearest]), norm: meters(kind.norm_m || 0) }));
    } else {
      notes.push(say("missing.nowhere"));
    }
    if (broader) {
      notes.push(say("missing.broader", { kind: pick(broader.names) }));
    }
    return flat(kind, { "data-missing": kind.key, "data-within": String(held.near.length > 0) }, "0", ...notes);
  }

  /* ------------------------------------------------------------------------- the section */

  function part(word, entries, none, note) {
    const held = entries.filter(Boolean);
    return [
      build("h4", {}, say(word)),
      note ? build("p", { class: "fine" }, say(note)) : null,
      held.length ? held : build("p", {}, say(none)),
    ];
  }

  function section(page, polygon) {
    const { kinds } = page.scene;
    if (!kinds.length) {
      return [build("h3", {}, say("services.title")), build("p", {}, say("facility.none"))];
    }
    const { kinds: held, far } = around(page, polygon.number);
    const told = polygon.kinds || [];
    const counted = (at) => (kinds[at].sensitive ? (told[at] || { count: 0 }).count : held[at].inside.length);
    const here = (role) =>
      kinds.map((kind, at) =>
        kind.role === role && counted(at) !== 0 ? insideEntry(page, kind, held[at], counted(at)) : null,
      );
    const broader = (kind) =>
      kinds.find((one, at) => one.key === kind.broader && held[at].inside.length > 0);
    const roles = [["service", "facility.services"], ["risk", "facility.risks"], ["context", "facility.context"]];
    const absent = kinds.filter((kind, at) => kind.role !== "service" && counted(at) === 0);
    const listed = held.reduce((sum, one) => sum + one.inside.length, 0);
    return [
      build("h3", {}, say("services.title")),
      build("h4", { class: "apart" }, say("services.inside", { count: listed })),
      roles.map(([role, word]) => {
        const entries = here(role).filter(Boolean);
        return entries.length ? [build("h5", {}, say(word)), entries] : null;
      }),
      listed ? null : build("p", {}, say("services.none_inside")),
      absent.length
        ? build("p", { class: "fine", "data-absent": absent.map((kind) => kind.key).join(" ") },
          say("services.absent", { kinds: absent.map((kind) => pick(kind.names)).join(", ") }))
        : null,
      part(
        "services.near",
        kinds.map((kind, at) =>
          kind.role === "service" && !kind.sensitive && held[at].near.length
            ? nearEntry(page, kind, held[at], far)
            : null,
        ),
        "services.none_near",
        "services.near_note",
      ),
      part(
        "services.missing",
        kinds.map((kind, at) =>
          kind.role === "service" && !kind.sensitive && !held[at].inside.length
            ? missingEntry(page, kind, held[at], far, broader(kind))
            : null,
        ),
        "services.none_missing",
        "services.missing_note",
      ),
      build("p", { class: "fine" }, say("facility.note")),
    ];
  }

  targeting.services = { section, around, distances, blockRings };
})((window.targeting = window.targeting || {}));
