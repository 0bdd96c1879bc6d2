/* What the search opens: a facility on the map, a colonia with its blocks, and their addresses. */
(function (targeting) {
  "use strict";

  const { build } = targeting;
  const { points, backButton } = targeting.panel;
  const say = (key, values) => targeting.words.say(key, values);
  const pick = (names) => targeting.words.pick(names);
  const number = (value, digits) => targeting.words.number(value, digits);
  const byId = (id) => document.getElementById(id);
  const OUTLINED_AT_MOST = 600;

  /* The word of a level of places: its plural as a title ("places"), or its own ("place"). */
  function levelWord(level, form) {
    const key = "finder." + form + "." + level;
    return say(targeting.words.has(key) ? key : "finder." + form + ".other");
  }

  function open(page, group, i) {
    if (group.key === "polygon") {
      page.choosePolygon(page.polygons[i].number);
    } else if (group.key === "facility") {
      openFacility(page, i);
    } else if (group.key === "place") {
      openPlace(page, group.level, i);
    } else {
      page.fit(page.layers.blocks.bounds(i), { maxZoom: 17 });
      page.chooseBlock(i);
    }
  }

  function openFacility(page, i) {
    const kind = page.scene.kinds[page.facilities.kind.whole[i]];
    const at = page.map.unproject(
      L.point(page.facilities.xs[i], page.facilities.ys[i]).add(L.point(page.city.origin)),
      page.city.zoom,
    );
    const face = build("span", { class: "found-facility" }, targeting.symbol(kind, 22, true));
    page.show({ name: "facility", facility: i });
    page.mark(0, -1);
    const icon = L.divIcon({ html: face, className: "", iconSize: [34, 34] });
    page.outline = L.marker(at, { icon, interactive: false, keyboard: false }).addTo(page.map);
    page.fit(L.latLngBounds(at, at), { maxZoom: 16.5 });
    byId("panel-body").focus({ preventScroll: true });
  }

  function blocksOf(page, level, place) {
    const held = page.data.column("place." + level).whole;
    const out = [];
    held.forEach((one, i) => one === place && out.push(i));
    return out;
  }

  function openPlace(page, level, place) {
    const blocks = blocksOf(page, level, place);
    page.show({ name: "place", level, place, blocks });
    page.mark(0, -1);
    const whole = L.latLngBounds([]);
    blocks.forEach((i) => whole.extend(page.layers.blocks.bounds(i)));
    if (blocks.length <= OUTLINED_AT_MOST) {
      const rings = blocks.flatMap((i) => targeting.latlngs(page.city, page.city.blocks, i));
      page.outline = L.polyline(rings, { color: "#c05a00", weight: 2, interactive: false });
      page.outline.addTo(page.map);
    }
    page.fit(whole, { maxZoom: 16.5 });
    byId("panel-body").focus({ preventScroll: true });
  }

  function polygonButton(page, polygon) {
    return build(
      "button",
      { type: "button", class: "plain", onclick: () => page.choosePolygon(polygon) },
      say("polygon.open", { number: polygon }),
    );
  }

  function facilityView(page, { facility }) {
    const kind = page.scene.kinds[page.facilities.kind.whole[facility]];
    const polygon = page.facilities.polygon.whole[facility];
    const source = page.scene.facilities.sources[page.facilities.source.whole[facility]];
    return [
      backButton(page),
      build("h2", {}, build("bdi", {}, page.facilities.names[facility] || pick(kind.unnamed))),
      build("p", { class: "kind-title" }, targeting.symbol(kind, 20, true), pick(kind.names)),
      polygon > 0
        ? build("p", {}, say("finder.inside", { number: polygon }), " ", polygonButton(page, polygon))
        : build("p", {}, say("finder.outside")),
      source
        ? build("p", { class: "fine" }, say("layers.source") + ": ", build("bdi", {}, source))
        : null,
      build("p", { class: "fine" }, say("facility.note")),
    ];
  }

  /* A colonia: its blocks, its people (as far as they may be told) and the polygons it lies in. */
  function placeView(page, { level, place, blocks }) {
    const score = page.column("score");
    const people = page.data.column("population");
    const inside = new Map();
    let [told, sum, weight] = [0, 0, 0];
    for (const i of blocks) {
      const here = people.has(i) ? people.whole[i] : 0;
      told += here;
      if (score.has(i) && here > 0) {
        sum += here * score.value(i);
        weight += here;
      }
      if (page.membership[i] > 0) {
        inside.set(page.membership[i], (inside.get(page.membership[i]) || 0) + 1);
      }
    }
    const held = [...inside].sort((a, b) => a[0] - b[0]);
    return [
      backButton(page),
      build("h2", {}, build("bdi", {}, page.data.texts("place." + level + ".name")[place])),
      build("p", { class: "fine" }, levelWord(level, "place")),
      build("p", { class: "lead" },
        say("finder.place_lead", { count: blocks.length, population: number(Math.round(told / 10) * 10, 0) })),
      weight > 0
        ? build("p", {},
          say("finder.place_score", { score: points(sum / weight), city: points(page.scene.city.score) }))
        : null,
      held.length
        ? build("ul", { class: "cards" }, held.map(([polygon, count]) =>
          build("li", {}, polygonButton(page, polygon), " ", say("finder.place_blocks", { count }))))
        : build("p", {}, say("finder.place_outside")),
      build("p", { class: "fine" }, say("finder.place_note")),
    ];
  }

  function write(page, text) {
    const [start, first, second] = (text || "").split("~");
    const i = Number(start === "f" ? first : second);
    const level = (page.scene.places || []).find((one) => start === "n" && one.level === first);
    const count = start === "f" ? page.facilities.count : level ? level.count : 0;
    if (text && Number.isInteger(i) && i >= 0 && i < count) {
      if (start === "f") {
        openFacility(page, i);
      } else {
        openPlace(page, first, i);
      }
    }
  }

  targeting.rooms.add({
    views: { facility: facilityView, place: placeView },
    address: {
      found: {
        read: ({ view }) =>
          ({ facility: "f~" + view.facility, place: "n~" + view.level + "~" + view.place })[view.name],
        write,
      },
    },
  });
  targeting.found = { open, openFacility, openPlace, blocksOf, levelWord };
})((window.targeting = window.targeting || {}));
