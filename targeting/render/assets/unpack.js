/* Reads what targeting/render/encode.py packed: columns of whole numbers, keys, texts, shapes;
   finds the shape that holds a point. */
(function (targeting) {
  "use strict";

  const OUTLINES = /^blocks\.(rings|points|(first\.)?[xy])$/; // the first streams of a file
  const MISSING = -2147483648;
  const SMALL_RING = 12;

  /* The letters of targeting/render/packed_text.py, each at its code its place among them. */
  const UNUSED = new Set([34, 38, 39, 60, 62, 92, 96, 123, 125]); // quotes, brackets, braces …
  const PLACES = new Uint8Array(128).fill(255);
  for (let code = 33, place = 0; code < 127; code += 1) {
    if (!UNUSED.has(code)) {
      PLACES[code] = place++;
    }
  }

  /* Five letters are four bytes, high one first; two, three or four at the end one byte fewer. */
  function bytes(text) {
    const out = new Uint8Array(4 * Math.floor(text.length / 5) + Math.max(0, (text.length % 5) - 1));
    const last = text.length - (text.length % 5);
    for (let i = 0, at = 0; i < last; i += 5, at += 4) {
      const high =
        7225 * PLACES[text.charCodeAt(i)] +
        85 * PLACES[text.charCodeAt(i + 1)] +
        PLACES[text.charCodeAt(i + 2)];
      const low = 85 * PLACES[text.charCodeAt(i + 3)] + PLACES[text.charCodeAt(i + 4)];
      const word = high * 7225 + low;
      out[at] = word >>> 24;
      out[at + 1] = word >>> 16;
      out[at + 2] = word >>> 8;
      out[at + 3] = word;
    }
    if (last < text.length) {
      out.set(bytes(text.slice(last).padEnd(5, "~")).subarray(0, out.length % 4), out.length & ~3);
    }
    return out;
  }

  async function inflate(data) {
    if (typeof DecompressionStream === "undefined") {
      return targeting.inflate(data);
    }
    const stream = new Blob([data]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  /* Inflates into arrays of these sizes, one after the other: no copy of a copy. */
  async function inflateInto(data, sizes) {
    const out = sizes.map((size) => new Uint8Array(size));
    let [part, at] = [0, 0];
    const take = (held) => {
      for (let from = 0; from < held.length; ) {
        if (at === sizes[part]) {
          [part, at] = [part + 1, 0];
        } else {
          const more = held.subarray(from, from + sizes[part] - at);
          out[part].set(more, at);
          [from, at] = [from + more.length, at + more.length];
        }
      }
    };
    if (typeof DecompressionStream === "undefined") {
      take(targeting.inflate(data, sizes.reduce((a, b) => a + b, 0)));
      return out;
    }
    const stream = new DecompressionStream("deflate-raw");
    const writer = stream.writable.getWriter();
    const written = writer.write(data).then(() => writer.close());
    const reader = stream.readable.getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      take(next.value);
    }
    await written;
    return out;
  }

  /* Unsigned numbers of seven bits a byte. Sums and shifts stay below 2^31 in our data. */
  function varints(data, count) {
    const out = new Uint32Array(count);
    let at = 0;
    for (let i = 0; i < count; i += 1) {
      let byte = data[at++];
      let value = byte & 127;
      for (let shift = 7; byte > 127; shift += 7) {
        byte = data[at++];
        value |= (byte & 127) << shift;
      }
      out[i] = value >>> 0;
    }
    return out;
  }

  /* All lowest bytes, then all the next ones. */
  function planes(data, { count, width }) {
    const out = width === 1 ? data : new (width === 2 ? Uint16Array : Uint32Array)(count);
    for (let plane = 0; width > 1 && plane < width; plane += 1) {
      const from = plane * count;
      const shift = 8 * plane;
      for (let i = 0; i < count; i += 1) {
        out[i] |= data[from + i] << shift;
      }
    }
    return out;
  }

  /* Numbers of either sign, the first of the file at `place[0]` … or, without places, in order. */
  function signed(data, { count, width }, into, place) {
    const out = into || new Int32Array(count);
    for (let i = 0; i < count; i += 1) {
      let held = data[i];
      for (let plane = 1; plane < width; plane += 1) {
        held |= data[i + plane * count] << (8 * plane);
      }
      out[place ? place[i] : i] = (held >>> 1) ^ -(held & 1);
    }
    return out;
  }

  function ends(counts) {
    const out = new Uint32Array(counts.length + 1);
    for (let i = 0; i < counts.length; i += 1) {
      out[i + 1] = out[i] + counts[i];
    }
    return out;
  }

  /* Whole numbers from 1; 0 where there is none. */
  function stored(data, about) {
    return about.type === "steps" ? sums(signed(data, about)) : planes(data, about);
  }

  function sums(steps) {
    for (let i = 1; i < steps.length; i += 1) {
      steps[i] += steps[i - 1];
    }
    return steps;
  }

  /* Where the steps of the file belong: rings of 2 to 12 vertices by size, all their second
     vertices, all their third ones …; then the larger rings one after another. */
  function sideBySide(sizes, ringEnds) {
    const first = new Uint32Array(SMALL_RING + 3); // of each size, in `alike`
    for (let ring = 0; ring < sizes.length; ring += 1) {
      first[Math.min(sizes[ring], SMALL_RING + 1) + 1] += 1;
    }
    for (let size = 1; size < first.length; size += 1) {
      first[size] += first[size - 1];
    }
    const next = first.slice();
    const alike = new Uint32Array(sizes.length);
    for (let ring = 0; ring < sizes.length; ring += 1) {
      alike[next[Math.min(sizes[ring], SMALL_RING + 1)]++] = ring;
    }
    const out = new Uint32Array(ringEnds[sizes.length]);
    let at = 0;
    for (let size = 2; size <= SMALL_RING; size += 1) {
      for (let place = 1; place < size; place += 1) {
        for (let one = first[size]; one < first[size + 1]; one += 1) {
          out[at++] = ringEnds[alike[one]] + place;
        }
      }
    }
    for (let one = first[SMALL_RING + 1]; one < alike.length; one += 1) {
      const ring = alike[one];
      for (let place = ringEnds[ring] + 1; place < ringEnds[ring + 1]; place += 1) {
        out[at++] = place;
      }
    }
    return out;
  }

  /* One column: `whole[i]` in steps (MISSING where there is none), `value(i)` as the number. */
  class Column {
    constructor(about, data) {
      const held = stored(data, about);
      this.decimals = about.decimals;
      this.step = about.step;
      this.whole = new Int32Array(about.count);
      for (let i = 0; i < about.count; i += 1) {
        this.whole[i] = held[i] ? held[i] - 1 + about.base : MISSING;
      }
    }

    has(i) {
      return this.whole[i] !== MISSING;
    }

    number(whole) {
      return (whole * this.step) / 10 ** this.decimals;
    }

    value(i) {
      return this.whole[i] === MISSING ? null : this.number(this.whole[i]);
    }
  }

  class Data {
    constructor(outlines, columns, directory) {
      this.parts = [outlines, columns];
      this.cut = outlines.length;
      this.directory = directory;
      this.columns = new Map();
    }

    slice(name) {
      const about = this.directory[name];
      const first = about.at + about.size <= this.cut;
      const from = first ? about.at : about.at - this.cut;
      return this.parts[first ? 0 : 1].subarray(from, from + about.size);
    }

    /* Lets go of the blocks' outlines as packed, half of the bytes, once they are unpacked. */
    release() {
      this.parts[0] = null;
    }

    has(name) {
      return Object.prototype.hasOwnProperty.call(this.directory, name);
    }

    column(name) {
      if (!this.columns.has(name)) {
        this.columns.set(name, new Column(this.directory[name], this.slice(name)));
      }
      return this.columns.get(name);
    }

    keys(name) {
      const about = this.directory[name];
      if (about.type !== "numbered") {
        return this._frontKeys(name);
      }
      const heads = this.texts(name + ".heads");
      const head = sums(this.signed(name + ".head"));
      const tail = planes(this.slice(name), about);
      return Array.from(
        tail,
        (number, i) => heads[head[i]] + String(number).padStart(about.digits, "0"),
      );
    }

    signed(name) {
      return signed(this.slice(name), this.directory[name]);
    }

    _frontKeys(name) {
      const letters = this.slice(name);
      const count = this.directory[name].count;
      const sizes = varints(this.slice(name + ".sizes"), 2 * count);
      const reader = new TextDecoder();
      const out = new Array(count);
      let before = new Uint8Array(0);
      let at = 0;
      for (let i = 0; i < count; i += 1) {
        const shared = sizes[2 * i];
        const own = sizes[2 * i + 1];
        const word = new Uint8Array(shared + own);
        word.set(before.subarray(0, shared));
        word.set(letters.subarray(at, at + own), shared);
        out[i] = reader.decode(word);
        before = word;
        at += own;
      }
      return out;
    }

    texts(name) {
      return this.directory[name].count
        ? new TextDecoder().decode(this.slice(name)).split("\0")
        : [];
    }

    spots(name) {
      const [xs, ys] = [sums(this.signed(name + ".x")), sums(this.signed(name + ".y"))];
      return { count: xs.length, xs, ys };
    }

    /* Rings of shape i: ringEnds[shapeRings[i]] …; vertices in pixels from the origin. */
    shapes(name) {
      const about = this.directory[name + ".rings"];
      const shapeRings = ends(varints(this.slice(name + ".rings"), about.count));
      const sizes = varints(this.slice(name + ".points"), this.directory[name + ".points"].count);
      const ringEnds = ends(sizes);
      const order = sideBySide(sizes, ringEnds);
      const [xs, ys] = ["x", "y"].map((axis) => {
        const first = sums(this.signed(name + ".first." + axis));
        const rest = name + "." + axis;
        const out = new Int32Array(first.length + this.directory[rest].count);
        signed(this.slice(rest), this.directory[rest], out, order);
        for (let ring = 0, at = 0; ring < sizes.length; ring += 1) {
          if (sizes[ring]) {
            out[ringEnds[ring]] = first[at++];
          }
          for (let i = ringEnds[ring] + 1; i < ringEnds[ring + 1]; i += 1) {
            out[i] += out[i - 1];
          }
        }
        return out;
      });
      return { count: about.count, shapeRings, ringEnds, xs, ys };
    }

    /* Lines as shapes: part after part, no part closed. */
    lines(name) {
      return this.shapes(name);
    }
  }

  /* Box of every shape, four numbers each: left, top, right, bottom. */
  function boxes(shapes) {
    const { xs, ys } = shapes;
    const out = new Int32Array(4 * shapes.count);
    for (let i = 0; i < shapes.count; i += 1) {
      const last = shapes.ringEnds[shapes.shapeRings[i + 1]];
      let left = 2147483647;
      let top = 2147483647;
      let right = -2147483648;
      let bottom = -2147483648;
      for (let at = shapes.ringEnds[shapes.shapeRings[i]]; at < last; at += 1) {
        const x = xs[at];
        const y = ys[at];
        left = x < left ? x : left;
        right = x > right ? x : right;
        top = y < top ? y : top;
        bottom = y > bottom ? y : bottom;
      }
      out[4 * i] = left;
      out[4 * i + 1] = top;
      out[4 * i + 2] = right;
      out[4 * i + 3] = bottom;
    }
    return out;
  }

  function inside(shapes, i, x, y) {
    let within = false;
    for (let ring = shapes.shapeRings[i]; ring < shapes.shapeRings[i + 1]; ring += 1) {
      const first = shapes.ringEnds[ring];
      const last = shapes.ringEnds[ring + 1];
      for (let at = first, before = last - 1; at < last; before = at, at += 1) {
        const [ya, yb] = [shapes.ys[at], shapes.ys[before]];
        if (ya > y !== yb > y) {
          const cross = shapes.xs[at] + ((y - ya) * (shapes.xs[before] - shapes.xs[at])) / (yb - ya);
          within = within !== x < cross;
        }
      }
    }
    return within;
  }

  /* Which shapes a cell of a uniform grid may touch. */
  class Grid {
    constructor(shapes, box) {
      this.shapes = shapes;
      this.box = box;
      let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
      for (let i = 0; i < shapes.count; i += 1) {
        left = Math.min(left, box[4 * i]);
        top = Math.min(top, box[4 * i + 1]);
        right = Math.max(right, box[4 * i + 2]);
        bottom = Math.max(bottom, box[4 * i + 3]);
      }
      this.left = left;
      this.top = top;
      this.side = Math.max(1, Math.ceil(Math.sqrt(shapes.count)));
      this.width = Math.max(1, (right - left + 1) / this.side);
      this.height = Math.max(1, (bottom - top + 1) / this.side);
      const counts = new Uint32Array(this.side * this.side + 1);
      this.each((cell) => (counts[cell + 1] += 1));
      for (let cell = 0; cell < this.side * this.side; cell += 1) {
        counts[cell + 1] += counts[cell];
      }
      this.ends = counts;
      this.held = new Uint32Array(counts[counts.length - 1]);
      const next = counts.slice();
      this.each((cell, i) => (this.held[next[cell]++] = i));
    }

    column(x) {
      return Math.min(this.side - 1, Math.max(0, Math.floor((x - this.left) / this.width)));
    }

    row(y) {
      return Math.min(this.side - 1, Math.max(0, Math.floor((y - this.top) / this.height)));
    }

    each(visit) {
      for (let i = 0; i < this.shapes.count; i += 1) {
        const lastColumn = this.column(this.box[4 * i + 2]);
        const lastRow = this.row(this.box[4 * i + 3]);
        for (let row = this.row(this.box[4 * i + 1]); row <= lastRow; row += 1) {
          for (let column = this.column(this.box[4 * i]); column <= lastColumn; column += 1) {
            visit(row * this.side + column, i);
          }
        }
      }
    }

    /* The shape that holds a point, or −1. */
    at(x, y) {
      const cell = this.row(y) * this.side + this.column(x);
      for (let at = this.ends[cell]; at < this.ends[cell + 1]; at += 1) {
        if (inside(this.shapes, this.held[at], x, y)) {
          return this.held[at];
        }
      }
      return -1;
    }
  }

  targeting.MISSING = MISSING;
  targeting.Data = Data;
  targeting.boxes = boxes;
  targeting.inside = inside;
  targeting.Grid = Grid;
  /* What a page is told of itself: JSON. */
  targeting.unpackRecord = async function (text) {
    return JSON.parse(new TextDecoder().decode(await inflate(bytes(text))));
  };
  targeting.unpack = async function (text, directory) {
    let [cut, size] = [0, 0];
    for (const [name, about] of Object.entries(directory)) {
      size = Math.max(size, about.at + about.size);
      cut = OUTLINES.test(name) ? Math.max(cut, about.at + about.size) : cut;
    }
    const [outlines, columns] = await inflateInto(bytes(text), [cut, size - cut]);
    return new Data(outlines, columns, directory);
  };
})((window.targeting = window.targeting || {}));
