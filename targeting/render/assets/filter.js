/* Which blocks are shown: by the range of any layer, in or out of polygons, by how much is known. */
(function (targeting) {
  "use strict";

  const SMALL = 1e-9;

  class Filter {
    constructor(page) {
      this.page = page;
      this.reset();
      page.on("paint", () => this.applying || this.apply());
      page.on("plan", () => {
        const known = page.polygons.some((one) => String(one.number) === this.where);
        this.where = known || ["in", "out"].includes(this.where) ? this.where : "all";
        this.apply();
      });
    }

    /* where: all, in, out or a polygon's number. known: all, full or some.
       ranges: layer id -> {low, high, missing} or, where it has classes, {classes: Set, missing}. */
    reset() {
      this.where = "all";
      this.known = "all";
      this.ranges = new Map();
    }

    get on() {
      return this.where !== "all" || this.known !== "all" || this.ranges.size > 0;
    }

    /* Every layer, and the people of a block. */
    layers() {
      return [...this.page.scene.layers, { id: "population", group: "people" }];
    }

    layer(id) {
      return this.layers().find((one) => one.id === id);
    }

    add(id) {
      const { classes } = this.layer(id);
      this.ranges.set(
        id,
        classes
          ? { classes: new Set(classes.keys()), missing: false }
          : { low: null, high: null, missing: false },
      );
    }

    /* Hides what does not answer, once for every change. */
    apply() {
      const { page } = this;
      const before = page.hidden;
      if (!this.on && !before) {
        return;
      }
      const now = this.on ? this.mask() : null;
      if (now && before && now.every((one, i) => one === before[i])) {
        return;
      }
      page.hidden = now;
      this.applying = true;
      page.repaint();
      this.applying = false;
      page.fire("filter");
      page.remember();
    }

    mask() {
      const { page } = this;
      const hidden = new Uint8Array(page.city.blocks.count);
      const keep = (test) => {
        for (let i = 0; i < hidden.length; i += 1) {
          if (!test(i)) {
            hidden[i] = 1;
          }
        }
      };
      const { membership } = page;
      if (this.where !== "all") {
        const number = Number(this.where);
        keep(
          { in: (i) => membership[i] > 0, out: (i) => membership[i] === 0 }[this.where] ||
            ((i) => membership[i] === number),
        );
      }
      if (this.known !== "all") {
        const covered = page.data.column("coverage");
        const full = Math.round(1 / covered.number(1));
        const whole = (i) => covered.has(i) && covered.whole[i] >= full;
        keep(this.known === "full" ? whole : (i) => !whole(i));
      }
      for (const [id, range] of this.ranges) {
        keep(this.test(this.layer(id), range));
      }
      return hidden;
    }

    test(layer, range) {
      const { page } = this;
      const column = page.column(layer.id);
      if (range.classes) {
        return (i) => (column.has(i) ? range.classes.has(column.whole[i]) : range.missing);
      }
      const step = column.number(1);
      const low = range.low === null ? -Infinity : Math.ceil(range.low / step - SMALL);
      const high = range.high === null ? Infinity : Math.floor(range.high / step + SMALL);
      const own = column === page.data.column(layer.id);
      if (!layer.masked || !own) {
        return (i) => (column.has(i) ? column.whole[i] >= low && column.whole[i] <= high : range.missing);
      }
      // Of a number that is withheld only its interval is known: it answers where it may answer.
      const least = page.data.column("low." + layer.key);
      const most = page.data.column("high." + layer.key);
      return (i) =>
        column.has(i)
          ? column.whole[i] >= low && column.whole[i] <= high
          : least.has(i)
            ? most.whole[i] >= low && least.whole[i] <= high
            : range.missing;
    }

    /* How many blocks and people remain: people of blocks that may tell them. */
    left() {
      const { hidden, data, city } = this.page;
      const people = data.column("population");
      let [blocks, sum] = [0, 0];
      for (let i = 0; i < city.blocks.count; i += 1) {
        if (!hidden || !hidden[i]) {
          blocks += 1;
          sum += people.has(i) ? people.value(i) : 0;
        }
      }
      return { blocks, people: Math.round(sum / 10) * 10 };
    }

    /* Numbers of the remaining blocks of the highest score, the best first. */
    highest(most) {
      const { hidden, city } = this.page;
      const score = this.page.column("score");
      const held = [];
      let line = -Infinity;
      for (let i = 0; i < city.blocks.count; i += 1) {
        if ((!hidden || !hidden[i]) && score.has(i) && score.whole[i] > line) {
          held.push(i);
          if (held.length > 50 * most) {
            held.sort((a, b) => score.whole[b] - score.whole[a] || a - b).length = most;
            line = score.whole[held[most - 1]];
          }
        }
      }
      return held.sort((a, b) => score.whole[b] - score.whole[a] || a - b).slice(0, most);
    }

    /* ------------------------------------------------------------------------- the address */

    /* w~in;d~full;r~score~0.2~0.8;c~hotspots.x~0,2~m (m: with those that have no value) */
    text() {
      const parts = [];
      if (this.where !== "all") {
        parts.push("w~" + this.where);
      }
      if (this.known !== "all") {
        parts.push("d~" + this.known);
      }
      const end = (value) => (value === null ? "" : String(Number(value.toFixed(6))));
      for (const [id, range] of this.ranges) {
        const told = range.classes
          ? ["c", id, [...range.classes].sort((a, b) => a - b).join(",")]
          : ["r", id, end(range.low), end(range.high)];
        parts.push([...told, ...(range.missing ? ["m"] : [])].join("~"));
      }
      return parts.join(";");
    }

    read(text) {
      this.reset();
      for (const part of (text || "").split(";")) {
        this.readPart(...part.split("~"));
      }
      this.apply();
    }

    readPart(what, id, ...rest) {
      const { polygons } = this.page;
      const layer = this.layer(id);
      const missing = rest[rest.length - 1] === "m";
      if (what === "w" && (["in", "out"].includes(id) || polygons.some((one) => String(one.number) === id))) {
        this.where = id;
      } else if (what === "d" && ["full", "some"].includes(id)) {
        this.known = id;
      } else if (what === "r" && layer && !layer.classes) {
        const [low, high] = [rest[0], rest[1]].map((one) =>
          one && one !== "m" && Number.isFinite(Number(one)) ? Number(one) : null,
        );
        this.ranges.set(id, { low, high, missing });
      } else if (what === "c" && layer && layer.classes) {
        const chosen = (rest[0] || "").split(",").filter((one) => /^\d+$/.test(one)).map(Number);
        const classes = new Set(chosen.filter((one) => one < layer.classes.length));
        this.ranges.set(id, { classes, missing });
      }
    }
  }

  targeting.rooms.add({
    start: (page) => (page.filter = new Filter(page)),
    address: {
      f: {
        read: (page) => page.filter.text(),
        write: (page, text) => {
          // A link to a part of the page, such as the one that skips to the list, is no state.
          if (text !== null || window.location.hash.includes("=")) {
            page.filter.read(text);
          }
        },
      },
    },
  });
})((window.targeting = window.targeting || {}));
