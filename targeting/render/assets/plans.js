/* The plans made in advance: which one is nearest to moved weights, its polygons as records, and its
   outlines, drawn around the blocks because their ground was never drawn. */
(function (targeting) {
  "use strict";

  const { build } = targeting;
  const say = (key, values) => targeting.words.say(key, values);
  const number = (value, digits) => targeting.words.number(value, digits);
  const CASING_PX = 5;
  const LINE_PX = 2.5;
  const TURNS = 12;

  /* Blocks of each polygon: Map(number -> positions). */
  function groups(membership) {
    const out = new Map();
    for (let i = 0; i < membership.length; i += 1) {
      if (membership[i] > 0) {
        if (!out.has(membership[i])) {
          out.set(membership[i], []);
        }
        out.get(membership[i]).push(i);
      }
    }
    return out;
  }

  /* Mean over the people of some blocks; null where none of them is known. People of blocks with
     fewer than are told do not count. */
  function mean(values, blocks, people) {
    let [sum, weight] = [0, 0];
    for (const i of blocks) {
      if (values[i] === values[i] && people.whole[i] > 0) {
        sum += values[i] * people.whole[i];
        weight += people.whole[i];
      }
    }
    return weight > 0 ? sum / weight : null;
  }

  function total(blocks, people) {
    return blocks.reduce((sum, i) => sum + Math.max(0, people.whole[i]), 0);
  }

  function tens(value) {
    return Math.round(value / 10) * 10;
  }

  /* Facilities of each kind in each polygon of a membership: what page.facilities.polygon says. */
  function facilityColumn(page, membership) {
    const block = page.data.column("facilities.block").whole;
    const whole = Int32Array.from({ length: page.facilities.count }, (_, i) => membership[block[i]]);
    return { ...page.facilities.polygon, whole, has: () => true, value: (i) => whole[i] };
  }

  /* Records of a stored plan's polygons, in the form of the scene's; what is not known is null. */
  function records(page, membership, column) {
    const people = page.data.column("population");
    const held = new Map(page.scene.polygons.map((one) => [one.number, one]));
    return [...groups(membership)].map(([polygon, blocks]) => {
      const before = held.get(polygon);
      const counts = page.scene.kinds.map(() => 0);
      for (let i = 0; i < page.facilities.count; i += 1) {
        counts[page.facilities.kind.whole[i]] += column.whole[i] === polygon ? 1 : 0;
      }
      return {
        number: polygon,
        stored: true,
        blocks,
        ...(before && before.name ? { name: before.name } : {}),
        population: tens(total(blocks, people)),
        block_count: blocks.length,
        shared: before ? blocks.filter((i) => page.own.membership[i] === polygon).length : 0,
        area_km2: null,
        score: null,
        dimensions: {},
        sure: null,
        profile: [],
        kinds: page.scene.kinds.map((kind, at) => ({
          count: kind.sensitive ? null : counts[at],
          nearest_m: null,
        })),
      };
    });
  }

  /* ------------------------------------------------------------------------------ approximate */

  function sheet([width, height]) {
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    return canvas.getContext("2d");
  }

  /* What lies within `reach` of a mask and not in it, in one color. */
  function ring(mask, size, reach, color) {
    const out = sheet(size);
    for (let turn = 0; turn < TURNS; turn += 1) {
      const angle = (2 * Math.PI * turn) / TURNS;
      out.drawImage(mask.canvas, reach * Math.cos(angle), reach * Math.sin(angle));
    }
    out.globalCompositeOperation = "source-in";
    out.fillStyle = color;
    out.fillRect(0, 0, ...size);
    out.globalCompositeOperation = "destination-out";
    out.drawImage(mask.canvas, 0, 0);
    return out;
  }

  /* Outlines around groups of blocks: each block widened by half a street, in city pixels. */
  const Approximate = targeting.CityCanvas.extend({
    setPlan(city, boxes, held, street) {
      this.city = city;
      this.boxes = boxes;
      this.groups = held;
      this.street = street;
      this.chosen = 0;
      return this;
    },

    choose(polygon) {
      this.chosen = polygon;
      if (this._map) {
        this.draw();
      }
    },

    /* Each group apart, so that two that touch keep the line between them: a mask of its blocks,
       the mask shifted around itself as the line, and the mask itself cut out of that. */
    draw() {
      if (!this._ctx || !this.city) {
        return;
      }
      this.clear();
      const { width, height } = this._container;
      const { scale, x, y, dense } = this.frame();
      const rim = Math.ceil((CASING_PX + 1) * dense);
      for (const [polygon, blocks] of this.groups) {
        const [left, top, right, bottom] = this.box(blocks).map((side, at) =>
          Math.round((side * scale + (at % 2 ? y : x)) * dense) + (at < 2 ? -rim : rim),
        );
        const from = [Math.max(0, left), Math.max(0, top)];
        const size = [Math.min(width, right) - from[0], Math.min(height, bottom) - from[1]];
        if (size[0] <= 0 || size[1] <= 0) {
          continue;
        }
        const mask = sheet(size);
        mask.setTransform(scale * dense, 0, 0, scale * dense, x * dense - from[0], y * dense - from[1]);
        mask.lineWidth = this.street;
        const path = this.path(blocks);
        mask.stroke(path);
        mask.fill(path);
        const color = polygon === this.chosen ? "#c05a00" : "#4a2545";
        this._ctx.setTransform(1, 0, 0, 1, 0, 0);
        this._ctx.drawImage(ring(mask, size, CASING_PX * dense, "#ffffff").canvas, ...from);
        this._ctx.drawImage(ring(mask, size, (LINE_PX + 0.5) * dense, color).canvas, ...from);
      }
    },

    /* Left, top, right and bottom of blocks and the streets around them, in city pixels. */
    box(blocks) {
      const out = [Infinity, Infinity, -Infinity, -Infinity];
      for (const i of blocks) {
        for (let at = 0; at < 4; at += 1) {
          out[at] = (at < 2 ? Math.min : Math.max)(out[at], this.boxes[4 * i + at]);
        }
      }
      return out.map((side, at) => side + (at < 2 ? -this.street : this.street));
    },

    path(blocks) {
      const { shapeRings, ringEnds, xs, ys } = this.city.blocks;
      const out = new Path2D();
      for (const i of blocks) {
        for (let ring = shapeRings[i]; ring < shapeRings[i + 1]; ring += 1) {
          for (let at = ringEnds[ring]; at < ringEnds[ring + 1]; at += 1) {
            out[at === ringEnds[ring] ? "moveTo" : "lineTo"](xs[at], ys[at]);
          }
          out.closePath();
        }
      }
      return out;
    },
  });

  /* The middle of a group (of its blocks' boxes), and the box around all. */
  function place(page, blocks) {
    const boxes = page.layers.blocks._boxes;
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
    let [x, y] = [0, 0];
    for (const i of blocks) {
      const [a, b, c, d] = boxes.subarray(4 * i, 4 * i + 4);
      [left, top] = [Math.min(left, a), Math.min(top, b)];
      [right, bottom] = [Math.max(right, c), Math.max(bottom, d)];
      x += (a + c) / 2 / blocks.length;
      y += (b + d) / 2 / blocks.length;
    }
    const latlng = (px, py) =>
      page.map.unproject(L.point(px, py).add(L.point(page.city.origin)), page.city.zoom);
    return {
      middle: latlng(x, y),
      bounds: L.latLngBounds(latlng(left, top), latlng(right, bottom)),
    };
  }

  /* What targeting.PolygonsLayer.use takes: layers, and for each number its label and bounds. */
  function outlines(page, list) {
    const held = new Map(list.map((one) => [one.number, one.blocks]));
    const canvas = new Approximate().setPlan(
      page.city,
      page.layers.blocks._boxes,
      held,
      page.scene.weights.street,
    );
    const entries = new Map();
    for (const one of list) {
      const { middle, bounds } = place(page, one.blocks);
      entries.set(one.number, { label: page.layers.polygons.label(one.number, middle, "approximate"), bounds });
    }
    return { canvas, entries };
  }

  /* ------------------------------------------------------------------------------------ views */

  function kindRow(page, polygon, kind, at) {
    const { count } = polygon.kinds[at];
    return build(
      "li",
      { "data-kind": kind.key },
      build("span", { class: "kind-name" }, targeting.words.pick(kind.names)),
      build("span", { class: "share" }, count === null ? say("weights.not_told") : number(count, 0)),
    );
  }

  function facilityNames(page, polygon) {
    const entries = [];
    for (let i = 0; i < page.facilities.count; i += 1) {
      if (page.facilities.polygon.whole[i] === polygon.number) {
        const kind = page.scene.kinds[page.facilities.kind.whole[i]];
        const name = page.facilities.names[i];
        entries.push(
          build(
            "li",
            {},
            build(
              "button",
              { type: "button", class: "place", onclick: () => page.showFacility(i) },
              name ? build("bdi", {}, name) : build("em", {}, targeting.words.pick(kind.unnamed)),
            ),
          ),
        );
      }
    }
    return entries;
  }

  /* A polygon of a plan made in advance: what is known of it, and what is not. */
  function view(page, polygon) {
    const before = page.scene.polygons.some((one) => one.number === polygon.number);
    const names = facilityNames(page, polygon);
    return [
      targeting.panel.backButton(page),
      build("h2", {}, say("polygon.title", { number: polygon.number })),
      polygon.name
        ? build("p", { class: "name" }, build("bdi", {}, targeting.words.pick(polygon.name)))
        : null,
      build("p", { class: "notice" }, say("weights.stored_polygon")),
      build(
        "p",
        { class: "lead" },
        say("weights.polygon_lead", {
          population: number(polygon.population, 0),
          blocks: number(polygon.block_count, 0),
        }),
      ),
      build(
        "p",
        {},
        before
          ? say("weights.polygon_same", {
            number: polygon.number,
            share: number((100 * polygon.shared) / polygon.block_count, 0),
          })
          : say("weights.polygon_new"),
      ),
      build("h3", {}, say("profile.title")),
      build(
        "ul",
        { class: "weights-figures" },
        [["score", say("word.score"), polygon.score]]
          .concat(
            page.scene.dimensions.map((one) => [
              one.key,
              say("dimension." + one.key),
              polygon.dimensions[one.key],
            ]),
          )
          .map(([key, name, value]) =>
            build("li", { "data-figure": key }, build("span", {}, name), targeting.panel.points(value)),
          ),
      ),
      build("p", { class: "fine" }, say("weights.polygon_lacks")),
      build("h3", {}, say("weights.facilities")),
      build("p", { class: "fine" }, say("weights.facilities_note")),
      build("ul", { class: "weights-kinds" }, page.scene.kinds.map((kind, at) => kindRow(page, polygon, kind, at))),
      names.length
        ? build(
          "details",
          {},
          build("summary", {}, say("weights.facility_names", { count: names.length })),
          build("ul", {}, names),
        )
        : null,
    ];
  }

  targeting.rooms.add({
    views: {
      polygon: (page, held) =>
        held.polygon.stored ? view(page, held.polygon) : targeting.panel.polygonView(page, held.polygon),
    },
  });
  targeting.plans = { groups, mean, total, records, facilityColumn, outlines, view };
})((window.targeting = window.targeting || {}));
