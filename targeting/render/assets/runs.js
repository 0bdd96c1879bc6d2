/* Numbers by pixel as runs: rows of shapes repeat one number many times. A raster of a whole screen
   is made band after band in one small buffer, and only its runs are kept. */
(function (targeting) {
  "use strict";

  const BAND = 96; // rows of the buffer that are kept; a few more on either side close gaps

  class Runs {
    constructor(width, height) {
      this.width = width;
      this.height = height;
      this.starts = new Uint32Array(height + 1); // by row: its first run
      this.ends = new Uint16Array(1 << 16); // columns, each one past its run
      this.ids = new Uint32Array(1 << 16);
    }

    /* How many runs there are. */
    get count() {
      return this.starts[this.height];
    }

    /* The number of a pixel. */
    at(row, column) {
      let [low, high] = [this.starts[row], this.starts[row + 1] - 1];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (this.ends[middle] <= column) {
          low = middle + 1;
        } else {
          high = middle;
        }
      }
      return this.ids[low];
    }

    /* Writes look[number] of every pixel of a row; what is below 256 and not 0 by `pattern`, if
       there is one: pattern(first, last + 1, what). */
    line(row, look, out, from, pattern) {
      const last = this.starts[row + 1];
      let at = from;
      for (let run = this.starts[row]; run < last; run += 1) {
        const color = look[this.ids[run]];
        const end = from + this.ends[run];
        if (pattern && color < 256 && color > 0) {
          pattern(at, end, color);
          at = end;
        }
        while (at < end) {
          out[at++] = color;
        }
      }
    }

    /* Takes rows of a raster that has as many columns. */
    _take(raster, first, count, into) {
      const { width } = this;
      let at = this.starts[into];
      for (let row = 0; row < count; row += 1) {
        if (at + width > this.ids.length) {
          this._more(at + width);
        }
        const { ends, ids } = this;
        const from = (first + row) * width;
        let id = raster.ids[from];
        for (let column = 1; column < width; column += 1) {
          const next = raster.ids[from + column];
          if (next !== id) {
            ends[at] = column;
            ids[at++] = id;
            id = next;
          }
        }
        ends[at] = width;
        ids[at++] = id;
        this.starts[into + row + 1] = at;
      }
    }

    _more(least) {
      const size = Math.max(least, Math.ceil(1.5 * this.ids.length));
      const [ends, ids] = [this.ends, this.ids];
      this.ends = new Uint16Array(size);
      this.ids = new Uint32Array(size);
      this.ends.set(ends);
      this.ids.set(ids);
    }
  }

  let buffer = null; // kept from one move of the map to the next

  /* Runs of what `draw(raster, top, bottom)` draws of rows top … bottom − 1, gaps up to `most`
     pixels between shapes closed. */
  targeting.runs = function (width, height, most, draw) {
    const out = new Runs(width, height);
    const edge = most > 0 ? most + 1 : 0;
    const rows = BAND + 2 * edge;
    if (!buffer || buffer.width !== width || buffer.height !== rows) {
      buffer = new targeting.Raster(width, rows);
    }
    for (let top = 0; top < height; top += BAND) {
      buffer.ids.fill(0);
      draw(buffer, top - edge, top + BAND + edge);
      buffer.close(most);
      out._take(buffer, edge, Math.min(BAND, height - top), top);
    }
    out.ends = out.ends.slice(0, out.count);
    out.ids = out.ids.slice(0, out.count);
    return out;
  };
})((window.targeting = window.targeting || {}));
