/* Which blocks look at each other across a street, as far as the page can tell: by distance alone. */
(function (targeting) {
  "use strict";

  /* Squared distance from a point to the side between two others. */
  function toSide(px, py, ax, ay, bx, by) {
    const [dx, dy] = [bx - ax, by - ay];
    const long = dx * dx + dy * dy;
    const along = long ? Math.max(0, Math.min(1, ((px - ax) * dx + (py - ay) * dy) / long)) : 0;
    const [x, y] = [px - ax - along * dx, py - ay - along * dy];
    return x * x + y * y;
  }

  class Near {
    /* city: the page's, reach: pixels of the packing zoom. */
    constructor(city, reach) {
      this.shapes = city.blocks;
      this.reach = reach;
      this.box = targeting.boxes(city.blocks);
      this.held = new Map();
      this.cells = new Map();
      this.side = Math.max(reach, 200);
      for (let i = 0; i < this.shapes.count; i += 1) {
        this.each(i, 0, (cell) => {
          const there = this.cells.get(cell);
          if (there) {
            there.push(i);
          } else {
            this.cells.set(cell, [i]);
          }
        });
      }
    }

    /* Visits the cells a box touches, `more` pixels wider on every side. */
    each(i, more, visit) {
      const [left, top, right, bottom] = this.box.subarray(4 * i, 4 * i + 4);
      const at = (value) => Math.floor(value / this.side);
      for (let row = at(top - more); row <= at(bottom + more); row += 1) {
        for (let column = at(left - more); column <= at(right + more); column += 1) {
          visit(row * 1e6 + column);
        }
      }
    }

    sides(i, visit) {
      const { xs, ys, shapeRings, ringEnds } = this.shapes;
      for (let ring = shapeRings[i]; ring < shapeRings[i + 1]; ring += 1) {
        const [first, last] = [ringEnds[ring], ringEnds[ring + 1]];
        for (let at = first, before = last - 1; at < last; before = at, at += 1) {
          if (visit(xs[before], ys[before], xs[at], ys[at])) {
            return true;
          }
        }
      }
      return false;
    }

    /* Whether a corner of one block is within reach of a side of the other. */
    corner(i, j) {
      const most = this.reach * this.reach;
      return this.sides(i, (ax, ay, bx, by) =>
        this.sides(j, (px, py) => toSide(px, py, ax, ay, bx, by) <= most),
      );
    }

    apart(i, j) {
      const { box, reach } = this;
      const [a, b] = [4 * i, 4 * j];
      return (
        box[a] > box[b + 2] + reach ||
        box[b] > box[a + 2] + reach ||
        box[a + 1] > box[b + 3] + reach ||
        box[b + 1] > box[a + 3] + reach
      );
    }

    /* Neighbors of a block, in the page's order. */
    of(i) {
      if (!this.held.has(i)) {
        const tried = new Set([i]);
        const out = [];
        this.each(i, this.reach, (cell) => {
          for (const j of this.cells.get(cell) || []) {
            if (!tried.has(j)) {
              tried.add(j);
              if (!this.apart(i, j) && (this.corner(i, j) || this.corner(j, i))) {
                out.push(j);
              }
            }
          }
        });
        this.held.set(i, out.sort((one, two) => one - two));
      }
      return this.held.get(i);
    }

    /* Connected parts of a set of blocks, the largest first. */
    parts(blocks) {
      const left = new Set(blocks);
      const parts = [];
      while (left.size) {
        const [first] = left;
        left.delete(first);
        const part = [first];
        for (let at = 0; at < part.length; at += 1) {
          for (const j of this.of(part[at])) {
            if (left.delete(j)) {
              part.push(j);
            }
          }
        }
        parts.push(part);
      }
      return parts.sort((one, two) => two.length - one.length);
    }

    /* Blocks next to a set and not in it. */
    around(blocks) {
      const inside = new Set(blocks);
      return [...new Set([...inside].flatMap((i) => this.of(i)))]
        .filter((j) => !inside.has(j))
        .sort((one, two) => one - two);
    }
  }

  /* Pixels of the packing zoom in one meter, in the middle of the city. */
  targeting.perMeter = function (page) {
    const around = 40075016.686 * Math.cos((page.whole.getCenter().lat * Math.PI) / 180);
    return (256 * 2 ** page.scene.zoom) / around;
  };

  targeting.Near = Near;
})((window.targeting = window.targeting || {}));
