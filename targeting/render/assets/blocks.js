/* Blocks on a canvas: paths by chunk and color, drawn with one transform; hits by a grid. */
(function (targeting) {
  "use strict";

  const CHUNK = 256;
  const OUTLINE_ZOOM = 16;
  const PAPER_LINE = "rgba(40, 44, 52, 0.35)";

  /* Box of every shape, four numbers each: left, top, right, bottom. */
  function boxes(shapes) {
    const out = new Int32Array(4 * shapes.count);
    for (let i = 0; i < shapes.count; i += 1) {
      const first = shapes.ringEnds[shapes.shapeRings[i]];
      const last = shapes.ringEnds[shapes.shapeRings[i + 1]];
      let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
      for (let at = first; at < last; at += 1) {
        left = Math.min(left, shapes.xs[at]);
        right = Math.max(right, shapes.xs[at]);
        top = Math.min(top, shapes.ys[at]);
        bottom = Math.max(bottom, shapes.ys[at]);
      }
      out.set([left, top, right, bottom], 4 * i);
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

  /* A canvas that Leaflet moves and scales; `this.frame()` readies it for city pixels. */
  const CityCanvas = L.Renderer.extend({
    initialize(options) {
      L.Renderer.prototype.initialize.call(this, { padding: 0.2, ...options });
      this.city = null;
    },

    _initContainer() {
      this._container = document.createElement("canvas");
      this._container.className = "city-canvas";
      this._container.setAttribute("aria-hidden", "true");
      this._ctx = this._container.getContext("2d");
    },

    _destroyContainer() {
      this._container.remove();
      delete this._container;
      delete this._ctx;
    },

    _update() {
      if (this._map._animatingZoom && this._bounds) {
        return;
      }
      L.Renderer.prototype._update.call(this);
      const size = this._bounds.getSize();
      const dense = window.devicePixelRatio || 1;
      const canvas = this._container;
      L.DomUtil.setPosition(canvas, this._bounds.min);
      canvas.width = Math.max(1, Math.round(size.x * dense));
      canvas.height = Math.max(1, Math.round(size.y * dense));
      canvas.style.width = size.x + "px";
      canvas.style.height = size.y + "px";
      this.draw();
    },

    /* City pixels to canvas pixels: scale and shift. */
    frame() {
      const map = this._map;
      const scale = map.getZoomScale(this._zoom, this.city.zoom);
      const corner = map._getNewPixelOrigin(this._center, this._zoom).add(this._bounds.min);
      const shift = L.point(this.city.origin).multiplyBy(scale).subtract(corner);
      return { scale, x: shift.x, y: shift.y, dense: window.devicePixelRatio || 1 };
    },

    clear() {
      this._container.width = Math.max(1, this._container.width);
    },

    getContainer() {
      return this._container;
    },

    draw() {},
  });

  const BlocksLayer = CityCanvas.extend({
    /* city: {zoom, origin, blocks: shapes} */
    setCity(city) {
      this.city = city;
      this._boxes = boxes(city.blocks);
      this.grid = new Grid(city.blocks, this._boxes);
      this._chunks = [];
      for (let first = 0; first < city.blocks.count; first += CHUNK) {
        const last = Math.min(first + CHUNK, city.blocks.count);
        let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
        for (let i = 4 * first; i < 4 * last; i += 4) {
          left = Math.min(left, this._boxes[i]);
          top = Math.min(top, this._boxes[i + 1]);
          right = Math.max(right, this._boxes[i + 2]);
          bottom = Math.max(bottom, this._boxes[i + 3]);
        }
        this._chunks.push({ first, last, left, top, right, bottom, paths: null });
      }
      return this;
    },

    /* painted: what targeting.scale.paint made of a layer. */
    setPaint(painted) {
      this.painted = painted;
      for (const chunk of this._chunks) {
        chunk.paths = null;
      }
      return this.redraw();
    },

    redraw() {
      if (this._map && this.city && this.painted) {
        this.draw();
      }
      return this;
    },

    /* Index of the block at a place, or −1. */
    hit(latlng) {
      const point = this._map.project(latlng, this.city.zoom).subtract(L.point(this.city.origin));
      return this.grid.at(point.x, point.y);
    },

    bounds(i) {
      const box = this._boxes.subarray(4 * i, 4 * i + 4);
      const at = (x, y) =>
        this._map.unproject(L.point(x, y).add(L.point(this.city.origin)), this.city.zoom);
      return L.latLngBounds(at(box[0], box[1]), at(box[2], box[3]));
    },

    _paths(chunk) {
      if (chunk.paths) {
        return chunk.paths;
      }
      const { xs, ys, shapeRings, ringEnds } = this.city.blocks;
      const paths = new Map();
      for (let i = chunk.first; i < chunk.last; i += 1) {
        const color = this.painted.classes[i];
        let path = paths.get(color);
        if (!path) {
          paths.set(color, (path = new Path2D()));
        }
        for (let ring = shapeRings[i]; ring < shapeRings[i + 1]; ring += 1) {
          const first = ringEnds[ring];
          path.moveTo(xs[first], ys[first]);
          for (let at = first + 1; at < ringEnds[ring + 1]; at += 1) {
            path.lineTo(xs[at], ys[at]);
          }
          path.closePath();
        }
      }
      chunk.paths = paths;
      return paths;
    },

    draw() {
      if (!this._ctx || !this.city || !this.painted) {
        return;
      }
      this.clear();
      const ctx = this._ctx;
      const { scale, x, y, dense } = this.frame();
      const size = this._bounds.getSize();
      const fills = this._fills(scale, dense);
      ctx.setTransform(dense * scale, 0, 0, dense * scale, dense * x, dense * y);
      const outlined = this._zoom >= OUTLINE_ZOOM;
      ctx.lineWidth = 0.8 / scale;
      ctx.strokeStyle = PAPER_LINE;
      for (const chunk of this._chunks) {
        const [left, right] = [chunk.left * scale + x, chunk.right * scale + x];
        const [top, bottom] = [chunk.top * scale + y, chunk.bottom * scale + y];
        if (right < 0 || bottom < 0 || left > size.x || top > size.y) {
          continue;
        }
        for (const [color, path] of this._paths(chunk)) {
          ctx.fillStyle = fills(color);
          ctx.fill(path);
          if (outlined) {
            ctx.stroke(path);
          }
        }
      }
      if (this.over) {
        this.over.paint(ctx, this.frame());
      }
    },

    /* On paper a canvas blanks what lies below it: the layer above is drawn on this one instead. */
    takeOver(layer) {
      if (this.over) {
        this.over.getContainer().hidden = false;
      }
      if (layer) {
        layer.getContainer().hidden = true;
      }
      this.over = layer;
    },

    /* Fill of a class: its color, or a pattern for blocks without a value. */
    _fills(scale, dense) {
      const patterns = new Map();
      return (color) => {
        const own = this.painted.colors[color];
        if (own && !this.painted.dotted[color]) {
          return own;
        }
        if (!patterns.has(color)) {
          const dotted = Boolean(own) || color === targeting.scale.MASKED_CLASS;
          const pattern = this._ctx.createPattern(targeting.pattern(dotted, dense, own), "repeat");
          pattern.setTransform(new DOMMatrix().scale(1 / (scale * dense)));
          patterns.set(color, pattern);
        }
        return patterns.get(color);
      };
    },
  });

  /* Gray stripes for no data, gray dots for a masked number, white ones on a color of low values:
     told apart without color. */
  targeting.pattern = function (dotted, dense, color) {
    const side = Math.round(6 * dense);
    const canvas = document.createElement("canvas");
    canvas.width = side;
    canvas.height = side;
    const ctx = canvas.getContext("2d");
    ctx.fillStyle = color || (dotted ? "#f1efe9" : "#dcdcd8");
    ctx.fillRect(0, 0, side, side);
    ctx.fillStyle = color ? "#ffffff" : "#8b8b86";
    ctx.strokeStyle = "#a3a39e";
    ctx.lineWidth = dense;
    if (dotted) {
      ctx.fillRect(side / 3, side / 3, 1.4 * dense, 1.4 * dense);
    } else {
      ctx.beginPath();
      for (const shift of [-side, 0, side]) {
        ctx.moveTo(shift, side);
        ctx.lineTo(shift + side, 0);
      }
      ctx.stroke();
    }
    return canvas;
  };

  targeting.Grid = Grid;
  targeting.boxes = boxes;
  targeting.inside = inside;
  targeting.CityCanvas = CityCanvas;
  targeting.BlocksLayer = BlocksLayer;
})((window.targeting = window.targeting || {}));
