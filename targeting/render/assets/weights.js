/* Moved weights: their state, what follows from them, and how they stand in the address. The tab is
   weights_panel.js. */
(function (targeting) {
  "use strict";

  const { reweigh, plans } = targeting;
  const { wholePercent, moved, settled, leaves, shares, same } = targeting.weightsTree;
  const { column, histogram, breaks, nearest } = targeting.weightsTree;
  const CALM_MS = 150;

  class Weights {
    constructor(page) {
      this.page = page;
      const { scene } = page;
      this.tree = scene.weights.tree;
      this.keys = this.tree.children.map((child) => child.key);
      this.exact = this.tree.children.map((child) => child.weight * 100);
      this.own = this.keys.map((key) => scene.weights.percent[key]);
      this.wish = this.exact.slice();
      this.percent = this.own.slice();
      this.groups = this.tree.children.map((child) => {
        const held = shares(child, 1);
        const keys = leaves(child);
        const exact = keys.map((key) => held[key] * 100);
        const own = wholePercent(exact);
        return { key: child.key, keys, exact, own, wish: exact.slice(), percent: own.slice() };
      });
      this.locks = new Set();
      this.plan = 0;
      this.scene = { city: scene.city, dimensions: scene.dimensions.map((one) => one.city) };
      page.own = { polygons: page.polygons, membership: page.membership };
      page.own.facilities = page.facilities.polygon;
    }

    /* The first time takes a moment: the parts of every block are unpacked. */
    get scorer() {
      this._scorer =
        this._scorer ||
        new reweigh.Scorer(this.tree, (key) => this.page.data.column("part." + key), this.page.city.blocks.count);
      return this._scorer;
    }

    get ownWithin() {
      return this.groups.every((group) => same(group.percent, group.own));
    }

    get atOwn() {
      return same(this.percent, this.own) && this.ownWithin;
    }

    /* Weights of the dimensions as {key: percent}. */
    get record() {
      return Object.fromEntries(this.keys.map((key, at) => [key, this.percent[at]]));
    }

    /* What an indicator weighs in the whole, in percent; as stated at the study's own weights. */
    final(at, place) {
      const group = this.groups[at];
      const stated = same(group.percent, group.own);
      return (this.dimension(at) * (stated ? group.exact : group.percent)[place]) / 100;
    }

    dimension(at) {
      return same(this.percent, this.own) ? this.exact[at] : this.percent[at];
    }

    moveDimension(at, value) {
      const locked = this.keys.map((key) => this.locks.has(key));
      this.wish = moved(this.wish, at, value, locked, this.exact);
      this.percent = settled(this.wish, at, locked, this.percent);
      this.changed();
    }

    moveIndicator(at, place, value) {
      const group = this.groups[at];
      const locked = group.keys.map((key) => this.locks.has(key));
      group.wish = moved(group.wish, place, value, locked, group.exact);
      group.percent = settled(group.wish, place, locked, group.percent);
      this.changed();
    }

    lock(key, on) {
      this.locks[on ? "add" : "delete"](key);
      this.page.fire("weights");
    }

    /* Back to the study's weight of one dimension, or of one indicator within its dimension. */
    resetOne(at, place) {
      if (place === undefined) {
        this.moveDimension(at, this.own[at]);
      } else {
        this.moveIndicator(at, place, this.groups[at].own[place]);
      }
    }

    reset() {
      this.locks.clear();
      this.set(this.own, this.groups.map((group) => group.own));
    }

    set(percent, within) {
      this.percent = percent.slice();
      this.wish = same(percent, this.own) ? this.exact.slice() : percent.slice();
      this.groups.forEach((group, at) => {
        group.percent = within[at].slice();
        group.wish = same(group.percent, group.own) ? group.exact.slice() : group.percent.slice();
      });
      this.changed();
    }

    /* --------------------------------------------------------------------------- what follows */

    /* Numbers at once, colors and polygons with the next picture, tables when it is calm. */
    changed() {
      const { page } = this;
      page.fire("weights");
      if (!this._frame) {
        this._frame = requestAnimationFrame(() => {
          this._frame = 0;
          this.apply();
        });
      }
      clearTimeout(this._calm);
      this._calm = setTimeout(() => this.settle(), CALM_MS);
    }

    /* Colors the blocks by the scores under these weights, and puts the nearest plan on the map. */
    apply() {
      const { page } = this;
      for (const id of ["score", ...this.keys.map((key) => "dimension." + key)]) {
        page.columns.delete(id);
      }
      if (!this.atOwn) {
        this.found = this.scorer.score(this.weighed());
        this.put("score", this.found);
        this.groups.forEach((group, at) => {
          const held = this.found.groups.get(group.key);
          if (held && !same(group.percent, group.own)) {
            const own = column(held.value);
            this.put("dimension." + this.keys[at], { column: own, counts: histogram(own) });
          }
        });
      }
      page.repaint();
      // Outlines take longer than colors: they follow the picture.
      clearTimeout(this._next);
      this._next = setTimeout(() => this.choosePlan(), 0);
    }

    weighed() {
      const dimensions = Object.fromEntries(this.keys.map((key, at) => [key, this.dimension(at)]));
      const within = {};
      for (const group of this.groups.filter((one) => !same(one.percent, one.own))) {
        within[group.key] = Object.fromEntries(group.keys.map((key, at) => [key, group.percent[at]]));
      }
      return this.scorer.weighed(dimensions, within);
    }

    put(id, held) {
      this.page.columns.set(id, { column: held.column, breaks: breaks(held.counts), counts: held.counts });
    }

    /* Place of the plan shown: 0 the study's own, else one made in advance. */
    get nearest() {
      const { scene } = this.page;
      return nearest(this.record, [scene.weights.percent, ...scene.weights.plans.map((one) => one.percent)]);
    }

    /* Whether the plan shown was made for these very weights. */
    get certain() {
      return this.nearest.far === 0 && this.ownWithin;
    }

    choosePlan() {
      clearTimeout(this._next);
      const { place } = this.nearest;
      if (place === this.plan) {
        return;
      }
      const { page } = this;
      this.plan = place;
      if (place === 0) {
        page.facilities.polygon = page.own.facilities;
        page.layers.polygons.use();
        page.usePlan(page.own.polygons, page.own.membership);
      } else {
        const membership = page.data.column("plan." + (place - 1)).whole;
        page.facilities.polygon = plans.facilityColumn(page, membership);
        const list = plans.records(page, membership, page.facilities.polygon).sort((a, b) => a.number - b.number);
        const { canvas, entries } = plans.outlines(page, list);
        page.layers.polygons.use(canvas, entries);
        page.usePlan(list, membership);
      }
      page.layers.facilities.redraw();
    }

    /* Tables, means and the address, when the slider rests. */
    settle() {
      clearTimeout(this._calm);
      if (this._frame) {
        cancelAnimationFrame(this._frame);
        this._frame = 0;
        this.apply();
      }
      const { page } = this;
      this.choosePlan();
      this.means();
      page.refresh();
      page.fire("weights");
      page.remember();
    }

    /* Whole points each indicator adds to a block's score; they sum to the score shown. */
    points(i) {
      const told = this.scorer.account(this.weighed(), i);
      const score = this.page.column("score");
      if (!told || !score.has(i)) {
        return {};
      }
      const keys = Object.keys(told);
      const exact = keys.map((key) => told[key] * 100);
      const whole = exact.map((value) => Math.floor(value + 1e-9));
      const order = keys.map((_, at) => at);
      order.sort((a, b) => Math.round((exact[b] - whole[b] - exact[a] + whole[a]) * 1e9) || a - b);
      const short = score.whole[i] - whole.reduce((sum, value) => sum + value, 0);
      order.slice(0, Math.max(0, short)).forEach((at) => (whole[at] += 1));
      return Object.fromEntries(keys.map((key, at) => [key, whole[at]]));
    }

    /* Share of the blocks with a score that lie below a block, in whole percent. */
    percentile(i) {
      const { column, counts } = this.page.columns.get("score");
      const below = counts.subarray(0, column.whole[i]).reduce((sum, count) => sum + count, 0);
      const all = counts.reduce((sum, count) => sum + count, 0);
      return Math.floor((below * 100) / all + 1e-9);
    }

    /* Means of the city and of each polygon, over their people. */
    means() {
      const { page, scene } = this;
      const people = page.data.column("population");
      const { atOwn } = this;
      const every = this._every || (this._every = Array.from({ length: page.city.blocks.count }, (_, i) => i));
      const value = atOwn ? null : this.found.value;
      const levels = this.groups.map((group) => this.level(group));
      page.scene.city = atOwn ? scene.city : { ...scene.city, score: plans.mean(value, every, people) };
      page.scene.dimensions.forEach((one, at) => {
        const group = this.groups.find((held) => held.key === one.key);
        const other = group && !same(group.percent, group.own);
        one.city = other ? plans.mean(levels[this.groups.indexOf(group)], every, people) : scene.dimensions[at];
      });
      const blocks = plans.groups(page.membership);
      const list = (this.plan ? page.polygons : page.own.polygons).map((polygon) => {
        const mine = blocks.get(polygon.number) || [];
        const dimensions = { ...polygon.dimensions };
        this.groups.forEach((group, at) => {
          if (this.plan || !same(group.percent, group.own)) {
            dimensions[group.key] = plans.mean(levels[at], mine, people);
          }
        });
        const score = value ? plans.mean(value, mine, people) : polygon.score;
        return atOwn ? polygon : { ...polygon, score, dimensions, profile: this.profile(polygon, score, dimensions) };
      });
      page.polygons = list;
      if (page.view.name === "polygon") {
        page.view.polygon = list.find((one) => one.number === page.view.number) || page.view.polygon;
      }
    }

    /* Score and dimensions of a profile under these weights; the rest stays as measured. */
    profile(polygon, score, dimensions) {
      const city = this.page.scene;
      return polygon.profile.map((row) => {
        if (row.key === "score") {
          return { ...row, value: score, city: city.city.score };
        }
        const at = this.keys.indexOf(row.key);
        return at < 0 ? row : { ...row, value: dimensions[row.key], city: city.dimensions.find((one) => one.key === row.key).city };
      });
    }

    /* Values of one dimension in every block: those of the moved weights, or what is shipped. */
    level(group) {
      const held = this.found && this.found.groups.get(group.key);
      if (held) {
        return held.value;
      }
      const id = "dimension." + group.key;
      if (!this.page.data.has(id)) {
        return [];
      }
      const { whole } = this.page.data.column(id);
      return Float64Array.from(whole, (one) => (one === targeting.MISSING ? NaN : one / 100));
    }

    /* -------------------------------------------------------------------------------- address */

    get text() {
      const parts = this.groups.map((group, at) =>
        this.percent[at] + (same(group.percent, group.own) ? "" : "(" + group.percent.join(".") + ")"),
      );
      return this.atOwn ? null : parts.join("-");
    }

    /* Weights written as 50-30(20.80)-20; whatever is not that is left out. */
    read(text) {
      const parts = (text || "").split("-").map((part) => /^(\d{1,3})(?:\(([\d.]+)\))?$/.exec(part));
      if (parts.length !== this.keys.length || !parts.every(Boolean)) {
        return false;
      }
      const percent = parts.map((part) => Number(part[1]));
      const within = parts.map((part, at) =>
        part[2] === undefined ? this.groups[at].own : part[2].split(".").map(Number),
      );
      const whole = (list, count) => list.length === count && list.reduce((sum, one) => sum + one, 0) === 100;
      if (!whole(percent, this.keys.length) || !within.every((list, at) => whole(list, this.groups[at].keys.length))) {
        return false;
      }
      this.set(percent, within);
      return true;
    }
  }

  targeting.Weights = Weights;
})((window.targeting = window.targeting || {}));
