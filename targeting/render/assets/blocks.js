/* Blocks on a canvas. Many are a raster of block numbers, made when the map moves and painted by
   one look-up a pixel; few are outlined paths with smooth edges. */
(function (targeting) {
  "use strict";

  const CHUNK = 256;
  const BAND = 64; // rows of pixels painted at once
  const FEW = 3500;
  const COARSE_M = 3; // a pixel this wide hides streets: blocks then take every pixel they touch
  const DASHED_M = 5; // from here on a street is a pixel here and none there: it is closed
  const STREET_M = 15;
  const TOGETHER = 128; // blocks in one path: longer paths take longer than their parts
  const MIXED_M = 10;
  const MOST_PIXELS = 4e6;
  const EQUATOR_M = 40075016.686;
  const LINE = "rgba(40, 44, 52, 0.35)";

  /* The mean of four colors, each as much as it covers. */
  function mixed(a, b, c, d) {
    const whole = (a >>> 24) + (b >>> 24) + (c >>> 24) + (d >>> 24);
    if (whole === 0) {
      return 0;
    }
    let out = Math.round(whole / 4) << 24;
    for (let shift = 0; shift < 24; shift += 8) {
      const sum =
        ((a >>> shift) & 255) * (a >>> 24) +
        ((b >>> shift) & 255) * (b >>> 24) +
        ((c >>> shift) & 255) * (c >>> 24) +
        ((d >>> shift) & 255) * (d >>> 24);
      out |= Math.round(sum / whole) << shift;
    }
    return out >>> 0;
  }

  /* A row of pixels from two rows twice as fine. Numbers below 256 are places of patterns. */
  function mixedRow(fine, width, out, from, { tiles, side }, row) {
    const line = (row % side) * side;
    const shown = (color, column) =>
      color > 0 && color < 256 ? tiles[color - 1][line + (column % side)] : color;
    for (let column = 0; column < width; column += 1) {
      const a = fine[2 * column];
      const b = fine[2 * column + 1];
      const c = fine[2 * (width + column)];
      const d = fine[2 * (width + column) + 1];
      if (a === b && a === c && a === d) {
        out[from + column] = a > 0 && a < 256 ? shown(a, column) : a;
      } else {
        const [e, f, g, h] = [shown(a, column), shown(b, column), shown(c, column), shown(d, column)];
        out[from + column] = mixed(e, f, g, h);
      }
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
      this._dense = this.density(size);
      const dense = this._dense;
      const canvas = this._container;
      L.DomUtil.setPosition(canvas, this._bounds.min);
      canvas.width = Math.max(1, Math.round(size.x * dense));
      canvas.height = Math.max(1, Math.round(size.y * dense));
      canvas.style.width = size.x + "px";
      canvas.style.height = size.y + "px";
      this.draw();
    },

    /* Canvas pixels in one pixel of the page. */
    density() {
      return window.devicePixelRatio || 1;
    },

    /* City pixels to pixels of the page: scale and shift. */
    frame() {
      const map = this._map;
      const scale = map.getZoomScale(this._zoom, this.city.zoom);
      const corner = map._getNewPixelOrigin(this._center, this._zoom).add(this._bounds.min);
      const shift = L.point(this.city.origin).multiplyBy(scale).subtract(corner);
      return { scale, x: shift.x, y: shift.y, dense: this._dense };
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
      this._boxes = targeting.boxes(city.blocks);
      this._grid = null;
      this._raster = null;
      const latitude = L.CRS.EPSG3857.pointToLatLng(L.point(city.origin), city.zoom).lat;
      this._meters =
        (Math.cos((latitude * Math.PI) / 180) * EQUATOR_M) / L.CRS.EPSG3857.scale(city.zoom);
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
        this._chunks.push({ first, last, left, top, right, bottom });
      }
      if (this._map) {
        this._update();
      }
      return this;
    },

    /* painted: what targeting.scale.paint made of a layer. The raster stays as it is. */
    setPaint(painted) {
      this.painted = painted;
      return this.redraw();
    },

    redraw() {
      if (this._map && this._ctx && this.city && this.painted && this._bounds) {
        if (this._raster || this._near) {
          this._show();
        } else {
          this.draw();
        }
      }
      return this;
    },

    /* Index of the block at a place, or −1; of the block seen there, where streets are too thin. */
    hit(latlng) {
      const point = this._map.project(latlng, this.city.zoom).subtract(L.point(this.city.origin));
      const exact = this.grid.at(point.x, point.y);
      if (exact >= 0 || !this._raster || !this._raster.touch) {
        return exact;
      }
      const { scale, x, y, dense } = this.frame();
      const { width, height, fine } = this._raster;
      const column = Math.floor((point.x * scale + x) * dense * fine);
      const row = Math.floor((point.y * scale + y) * dense * fine);
      return column < 0 || row < 0 || column >= width || row >= height
        ? -1
        : this._raster.at(row, column) - 1;
    },

    bounds(i) {
      const box = this._boxes.subarray(4 * i, 4 * i + 4);
      const at = (x, y) =>
        this._map.unproject(L.point(x, y).add(L.point(this.city.origin)), this.city.zoom);
      return L.latLngBounds(at(box[0], box[1]), at(box[2], box[3]));
    },

    /* Runs of blocks that may be seen. */
    _seen() {
      const { scale, x, y } = this.frame();
      const size = this._bounds.getSize();
      return this._chunks.filter(
        ({ left, top, right, bottom }) =>
          right * scale + x >= 0 &&
          bottom * scale + y >= 0 &&
          left * scale + x <= size.x &&
          top * scale + y <= size.y,
      );
    },

    /* The blocks that may be seen, or null when they are too many for paths. */
    _few() {
      const { scale, x, y } = this.frame();
      const size = this._bounds.getSize();
      const found = [];
      for (const { first, last } of this._seen()) {
        for (let i = first; i < last && found.length <= FEW; i += 1) {
          if (
            this._boxes[4 * i + 2] * scale + x >= 0 &&
            this._boxes[4 * i + 3] * scale + y >= 0 &&
            this._boxes[4 * i] * scale + x <= size.x &&
            this._boxes[4 * i + 1] * scale + y <= size.y
          ) {
            found.push(i);
          }
        }
      }
      return found.length > FEW ? null : found;
    },

    /* Few blocks, and paper, get every pixel of the screen; a raster as many as are soon painted. */
    density(size) {
      const dense = window.devicePixelRatio || 1;
      this._near = this.city ? this._few() : null;
      if (this._near || this.over) {
        return dense;
      }
      return Math.min(dense, Math.max(1, Math.min(2, Math.sqrt(MOST_PIXELS / (size.x * size.y)))));
    },

    draw() {
      if (!this._ctx || !this.city || !this.painted) {
        return;
      }
      this._raster = null;
      if (!this._near) {
        this._rasterize();
      }
      this._show();
    },

    /* Where a street is a pixel or two, the raster has four numbers a pixel, mixed when painted. */
    _rasterize() {
      const { scale, x, y, dense } = this.frame();
      const { width, height } = this._container;
      const pixel = this._meters / (scale * dense);
      const fine = dense < 1.5 && pixel > COARSE_M && pixel < MIXED_M && !this.over ? 2 : 1;
      const wide = pixel / fine;
      const most = wide > DASHED_M ? Math.min(2, Math.round(STREET_M / wide)) : 0;
      const [step, north] = [scale * dense * fine, y * dense * fine];
      const how = { scale: step, left: x * dense * fine, touch: wide > COARSE_M };
      const seen = this._seen();
      const draw = (raster, low, high) => {
        for (const { first, last, top, bottom } of seen) {
          if (bottom * step + north >= low && top * step + north < high) {
            const band = { ...how, top: north - low };
            raster.draw(this.city.blocks, this._boxes, first, last, band);
          }
        }
      };
      this._raster = targeting.runs(width * fine, height * fine, most, draw);
      Object.assign(this._raster, { fine, touch: how.touch });
    },

    _show() {
      if (this._near) {
        this._paths();
      } else {
        this._paint();
      }
      if (this.over) {
        this.over.paint(this._ctx, this.frame());
      }
    },

    /* The raster in the colors of its classes, a band of rows after the other. */
    _paint() {
      const { width, height } = this._container;
      const raster = this._raster;
      const table = this._table();
      const classes = this.painted.classes;
      const look = new Uint32Array(classes.length + 1);
      for (let i = 0; i < classes.length; i += 1) {
        look[i + 1] = table.colors[classes[i]];
      }
      const image = this._ctx.createImageData(width, Math.min(BAND, height));
      const out = new Uint32Array(image.data.buffer);
      const fine = raster.fine === 2 ? new Uint32Array(4 * width) : null;
      for (let top = 0; top < height; top += BAND) {
        const rows = Math.min(BAND, height - top);
        for (let row = 0; row < rows; row += 1) {
          if (fine) {
            raster.line(2 * (top + row), look, fine, 0);
            raster.line(2 * (top + row) + 1, look, fine, 2 * width);
            mixedRow(fine, width, out, row * width, table, top + row);
          } else {
            const [from, line] = [row * width, ((top + row) % table.side) * table.side];
            raster.line(top + row, look, out, from, (first, end, color) => {
              const tile = table.tiles[color - 1];
              for (let at = first; at < end; at += 1) {
                out[at] = tile[line + ((at - from) % table.side)];
              }
            });
          }
        }
        this._ctx.putImageData(image, 0, top, 0, 0, width, rows);
      }
    },

    /* The color of each class as one number; 1 to 255 is the place of a pattern. */
    _table() {
      const colors = new Uint32Array(256);
      const tiles = [];
      const side = targeting.patternSide(this._dense);
      this.painted.counts.forEach((count, one) => {
        const { color, pattern } = targeting.scale.fill(this.painted, one);
        if (count && pattern) {
          tiles.push(targeting.pixels(targeting.pattern(pattern[0], this._dense, pattern[1])));
          colors[one] = tiles.length;
        } else if (count) {
          colors[one] = targeting.pixels(color)[0];
        }
      });
      return { colors, tiles, side };
    },

    _paths() {
      this.clear();
      const ctx = this._ctx;
      const { scale, x, y, dense } = this.frame();
      ctx.setTransform(dense * scale, 0, 0, dense * scale, dense * x, dense * y);
      ctx.lineWidth = 0.8 / scale;
      ctx.strokeStyle = LINE;
      const outlined = this._meters / scale < COARSE_M;
      const fills = this._fills(scale * dense, dense);
      for (let first = 0; first < this._near.length; first += TOGETHER) {
        for (const [one, path] of this._traced(this._near.slice(first, first + TOGETHER))) {
          ctx.fillStyle = fills(one);
          ctx.fill(path);
          if (outlined && one !== targeting.scale.HIDDEN_CLASS) {
            ctx.stroke(path);
          }
        }
      }
    },

    /* Blocks as one path for each class. */
    _traced(blocks) {
      const { xs, ys, shapeRings, ringEnds } = this.city.blocks;
      const paths = new Map();
      for (const i of blocks) {
        const one = this.painted.classes[i];
        let path = paths.get(one);
        if (!path) {
          paths.set(one, (path = new Path2D()));
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
      return paths;
    },

    /* The fill of a class, its pattern as large as on the screen at any scale. */
    _fills(scale, dense) {
      const patterns = new Map();
      return (one) => {
        const { color, pattern } = targeting.scale.fill(this.painted, one);
        if (color) {
          return color;
        }
        if (!patterns.has(one)) {
          const tile = targeting.pattern(pattern[0], dense, pattern[1]);
          patterns.set(one, this._ctx.createPattern(tile, "repeat"));
          patterns.get(one).setTransform(new DOMMatrix().scale(1 / scale));
        }
        return patterns.get(one);
      };
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
  });

  /* Made when first asked for: a map that is only looked at does not need it. */
  Object.defineProperty(BlocksLayer.prototype, "grid", {
    get() {
      this._grid ||= new targeting.Grid(this.city.blocks, this._boxes);
      return this._grid;
    },
  });

  targeting.mixed = mixed;
  targeting.CityCanvas = CityCanvas;
  targeting.BlocksLayer = BlocksLayer;
})((window.targeting = window.targeting || {}));
