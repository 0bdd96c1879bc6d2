/* Facilities on a canvas: a shape, a letter and a color for each kind, never color alone. */
(function (targeting) {
  "use strict";

  const LETTER_ZOOM = 14;
  const REACH = 12;
  const LOOKS = {
    learning: { shape: "square", color: "#1f5a9e" },
    health: { shape: "cross", color: "#0b6b62" },
    care: { shape: "diamond", color: "#6a3d9a" },
    green: { shape: "hexagon", color: "#3d6b1f" },
    other: { shape: "circle", color: "#5b5048" },
  };
  const FAMILY = {
    preschool: "learning",
    primary_school: "learning",
    secondary_school: "learning",
    high_school: "learning",
    school: "learning",
    higher_education: "learning",
    health_center: "health",
    hospital: "health",
    day_care: "care",
    library: "care",
    community_center: "care",
    sports_facility: "green",
    park: "green",
    plaza: "green",
  };

  function look(kind) {
    return LOOKS[FAMILY[kind.key] || "other"];
  }

  function letter(kind) {
    const key = "symbol_" + kind.key;
    return targeting.words.has(key)
      ? targeting.words.say(key)
      : targeting.words.pick(kind.names).slice(0, 1).toUpperCase();
  }

  function outline(ctx, shape, r) {
    const corners = {
      square: [[-0.85, -0.85], [0.85, -0.85], [0.85, 0.85], [-0.85, 0.85]],
      diamond: [[0, -1.1], [1.1, 0], [0, 1.1], [-1.1, 0]],
      hexagon: [[-0.55, -0.95], [0.55, -0.95], [1.1, 0], [0.55, 0.95], [-0.55, 0.95], [-1.1, 0]],
      cross: [[-0.55, -1], [0.55, -1], [0.55, -0.55], [1, -0.55], [1, 0.55], [0.55, 0.55],
        [0.55, 1], [-0.55, 1], [-0.55, 0.55], [-1, 0.55], [-1, -0.55], [-0.55, -0.55]],
    }[shape];
    ctx.beginPath();
    if (corners) {
      corners.forEach(([x, y], i) => (i ? ctx.lineTo(x * r, y * r) : ctx.moveTo(x * r, y * r)));
      ctx.closePath();
    } else {
      ctx.arc(0, 0, r, 0, 2 * Math.PI);
    }
  }

  /* A small canvas with the symbol of a kind, `side` CSS pixels wide. */
  targeting.symbol = function (kind, side, lettered) {
    const dense = window.devicePixelRatio || 1;
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = Math.ceil(side * dense);
    canvas.style.width = canvas.style.height = side + "px";
    canvas.className = "symbol";
    canvas.setAttribute("aria-hidden", "true");
    const ctx = canvas.getContext("2d");
    ctx.setTransform(dense, 0, 0, dense, (side * dense) / 2, (side * dense) / 2);
    const { shape, color } = look(kind);
    outline(ctx, shape, side / 2 - side * 0.12);
    ctx.fillStyle = color;
    ctx.strokeStyle = "#ffffff";
    ctx.lineWidth = side > 10 ? 1.6 : 1;
    ctx.stroke();
    ctx.fill();
    if (lettered) {
      ctx.fillStyle = "#ffffff";
      ctx.font = "bold " + Math.round(side * 0.5) + "px system-ui, sans-serif";
      ctx.textAlign = "center";
      ctx.textBaseline = "middle";
      ctx.fillText(letter(kind), 0, side * 0.03);
    }
    return canvas;
  };

  targeting.FacilitiesLayer = targeting.CityCanvas.extend({
    options: { pane: "shadowPane" }, // above the outlines, below the numbers

    /* held: {xs, ys, kind: Column, polygon: Column, names, source}; kinds: the scene's records. */
    setCity(city, held, kinds) {
      this.city = city;
      this.held = held;
      this.kinds = kinds;
      this.shown = new Set();
      this.chosen = 0;
      return this;
    },

    /* Shows one kind across the city, or hides it. */
    show(key, on) {
      this.shown[on ? "add" : "delete"](key);
      return this.redraw();
    },

    /* Shows every facility of one polygon (0 for none). */
    choose(number) {
      this.chosen = number;
      return this.redraw();
    },

    visible(i) {
      return (
        this.shown.has(this.kinds[this.held.kind.whole[i]].key) ||
        (this.chosen > 0 && this.held.polygon.whole[i] === this.chosen)
      );
    },

    redraw() {
      if (this._map && this.city) {
        this.draw();
      }
      return this;
    },

    draw() {
      if (!this._ctx || !this.city) {
        return;
      }
      this.clear();
      this.paint(this._ctx, this.frame());
    },

    paint(ctx, { scale, x, y, dense }) {
      if (!this.shown.size && !this.chosen) {
        return;
      }
      const size = this._bounds.getSize();
      const lettered = this._zoom >= LETTER_ZOOM;
      const side = lettered ? 20 : 9;
      const symbols = this.kinds.map((kind) => targeting.symbol(kind, side, lettered));
      ctx.setTransform(1, 0, 0, 1, 0, 0);
      for (let i = 0; i < this.held.count; i += 1) {
        if (!this.visible(i)) {
          continue;
        }
        const left = this.held.xs[i] * scale + x;
        const top = this.held.ys[i] * scale + y;
        if (left < -side || top < -side || left > size.x + side || top > size.y + side) {
          continue;
        }
        ctx.drawImage(
          symbols[this.held.kind.whole[i]],
          Math.round((left - side / 2) * dense),
          Math.round((top - side / 2) * dense),
        );
      }
    },

    /* Index of the visible facility nearest to a place, within a finger's reach, or −1. */
    hit(latlng) {
      const map = this._map;
      if (!map || !this.city || (!this.shown.size && !this.chosen)) {
        return -1;
      }
      const point = map.project(latlng, this.city.zoom).subtract(L.point(this.city.origin));
      let best = REACH * map.getZoomScale(this.city.zoom, map.getZoom());
      best *= best;
      let found = -1;
      for (let i = 0; i < this.held.count; i += 1) {
        const far = (this.held.xs[i] - point.x) ** 2 + (this.held.ys[i] - point.y) ** 2;
        if (far < best && this.visible(i)) {
          best = far;
          found = i;
        }
      }
      return found;
    },
  });
})((window.targeting = window.targeting || {}));
