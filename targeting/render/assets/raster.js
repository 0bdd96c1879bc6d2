/* Shapes scan-converted into numbers, one a pixel: what painting and pointing look up. */
(function (targeting) {
  "use strict";

  const TINY = 1.5; // pixels: a shape this small takes every pixel of its box

  /* Numbers of the shapes by pixel, from 1; 0 where there is none. */
  class Raster {
    constructor(width, height) {
      this.width = width;
      this.height = height;
      this.ids = new Uint32Array(width * height);
      this._heads = new Int32Array(height); // by row: its first crossing, from 1
      this._cross = new Float64Array(1024);
      this._next = new Int32Array(1024);
    }

    /* Draws shapes first … last − 1, their vertices at x * scale + left, y * scale + top: even-odd
       at the middle of each pixel; where `touch`, also every free pixel an edge goes through. */
    draw(shapes, boxes, first, last, { scale, left, top, touch }) {
      const { ids, width, height } = this;
      for (let i = first; i < last; i += 1) {
        const west = boxes[4 * i] * scale + left;
        const north = boxes[4 * i + 1] * scale + top;
        const east = boxes[4 * i + 2] * scale + left;
        const south = boxes[4 * i + 3] * scale + top;
        if (east < 0 || south < 0 || west >= width || north >= height) {
          continue;
        }
        if (touch && east - west < TINY && south - north < TINY) {
          const [from, to] = [Math.max(0, west | 0), Math.min(width - 1, east | 0)];
          const lowest = Math.min(height - 1, south | 0);
          for (let row = Math.max(0, north | 0); row <= lowest; row += 1) {
            for (let pixel = row * width + from; pixel <= row * width + to; pixel += 1) {
              if (ids[pixel] === 0) {
                ids[pixel] = i + 1;
              }
            }
          }
          continue;
        }
        this._fill(shapes, i, scale, left, top);
        if (touch) {
          this._edges(shapes, i, scale, left, top);
        }
      }
    }

    _fill(shapes, i, scale, left, top) {
      const { ids, width, height, _heads: heads } = this;
      const { xs, ys, ringEnds } = shapes;
      const lastRing = shapes.shapeRings[i + 1];
      let cross = this._cross;
      let next = this._next;
      let used = 0;
      let low = height;
      let high = -1;
      for (let ring = shapes.shapeRings[i]; ring < lastRing; ring += 1) {
        const end = ringEnds[ring + 1];
        let xb = xs[end - 1] * scale + left;
        let yb = ys[end - 1] * scale + top;
        for (let at = ringEnds[ring]; at < end; at += 1) {
          const xa = xb;
          const ya = yb;
          xb = xs[at] * scale + left;
          yb = ys[at] * scale + top;
          let from = Math.ceil((ya < yb ? ya : yb) - 0.5);
          let to = Math.ceil((ya < yb ? yb : ya) - 0.5);
          from = from < 0 ? 0 : from;
          to = to > height ? height : to;
          if (from >= to) {
            continue;
          }
          low = from < low ? from : low;
          high = to > high ? to : high;
          const slope = (xb - xa) / (yb - ya);
          for (let row = from; row < to; row += 1) {
            const x = xa + (row + 0.5 - ya) * slope;
            let before = 0;
            let after = heads[row];
            while (after !== 0 && cross[after] < x) {
              before = after;
              after = next[after];
            }
            used += 1;
            if (used >= next.length) {
              this._more();
              cross = this._cross;
              next = this._next;
            }
            cross[used] = x;
            next[used] = after;
            if (before !== 0) {
              next[before] = used;
            } else {
              heads[row] = used;
            }
          }
        }
      }
      for (let row = low; row < high; row += 1) {
        for (let at = heads[row]; at !== 0; at = next[next[at]]) {
          const from = Math.max(0, Math.ceil(cross[at] - 0.5));
          const to = Math.min(width, Math.ceil(cross[next[at]] - 0.5));
          for (let pixel = row * width + from; pixel < row * width + to; pixel += 1) {
            ids[pixel] = i + 1;
          }
        }
        heads[row] = 0;
      }
    }

    _edges(shapes, i, scale, left, top) {
      const { ids, width, height } = this;
      const { xs, ys, ringEnds } = shapes;
      const lastRing = shapes.shapeRings[i + 1];
      for (let ring = shapes.shapeRings[i]; ring < lastRing; ring += 1) {
        const end = ringEnds[ring + 1];
        let xb = xs[end - 1] * scale + left;
        let yb = ys[end - 1] * scale + top;
        for (let at = ringEnds[ring]; at < end; at += 1) {
          const xa = xb;
          const ya = yb;
          xb = xs[at] * scale + left;
          yb = ys[at] * scale + top;
          const low = ya < yb ? ya : yb;
          const high = ya < yb ? yb : ya;
          const slope = high > low ? (xb - xa) / (yb - ya) : 0;
          const to = high >= height ? height - 1 : Math.floor(high);
          for (let row = low < 0 ? 0 : Math.floor(low); row <= to; row += 1) {
            // The edge between the upper and the lower side of this row of pixels.
            const x0 = low > row ? (ya < yb ? xa : xb) : xa + (row - ya) * slope;
            const x1 = high < row + 1 ? (ya < yb ? xb : xa) : xa + (row + 1 - ya) * slope;
            const from = Math.max(0, Math.floor(x0 < x1 ? x0 : x1));
            const last = Math.min(width - 1, Math.floor(x0 < x1 ? x1 : x0));
            for (let pixel = row * width + from; pixel <= row * width + last; pixel += 1) {
              if (ids[pixel] === 0) {
                ids[pixel] = i + 1;
              }
            }
          }
        }
      }
    }

    /* Fills gaps of up to `most` pixels between shapes, along rows and then along columns. */
    close(most) {
      if (most > 0) {
        this._closeRows(most);
        this._closeColumns(most);
      }
    }

    _closeRows(most) {
      const { ids, width, height } = this;
      for (let row = 0; row < height; row += 1) {
        const end = (row + 1) * width;
        for (let pixel = row * width, last = pixel - most - 2; pixel < end; pixel += 1) {
          if (ids[pixel] !== 0) {
            if (pixel - last > 1 && pixel - last <= most + 1) {
              ids.fill(ids[last], last + 1, pixel);
            }
            last = pixel;
          }
        }
      }
    }

    _closeColumns(most) {
      const { ids, width, height } = this;
      const last = new Int32Array(width).fill(-most - 2);
      for (let row = 0; row < height; row += 1) {
        for (let column = 0; column < width; column += 1) {
          if (ids[row * width + column] === 0) {
            continue;
          }
          const gap = row - last[column];
          if (gap > 1 && gap <= most + 1) {
            const id = ids[last[column] * width + column];
            for (let between = last[column] + 1; between < row; between += 1) {
              ids[between * width + column] = id;
            }
          }
          last[column] = row;
        }
      }
    }

    _more() {
      const [cross, next] = [this._cross, this._next];
      this._cross = new Float64Array(2 * cross.length);
      this._next = new Int32Array(2 * next.length);
      this._cross.set(cross);
      this._next.set(next);
    }
  }

  targeting.Raster = Raster;
})((window.targeting = window.targeting || {}));
