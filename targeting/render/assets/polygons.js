/* Candidate polygons: an outline that shows on every color, and a number that can be pressed. */
(function (targeting) {
  "use strict";

  const CASING = { color: "#ffffff", weight: 5, opacity: 0.9, interactive: false };
  const LINE = { color: "#1c1f26", weight: 2.2, opacity: 1, interactive: false };
  const CHOSEN = { color: "#c05a00", weight: 4 };

  targeting.PolygonsLayer = L.LayerGroup.extend({
    initialize(options) {
      L.LayerGroup.prototype.initialize.call(this, [], options);
      this._held = new Map();
      this._own = null;
    },

    /* city: {zoom, origin}; shapes: rings in city pixels; polygons: the scene's records. */
    setCity(city, shapes, polygons) {
      polygons.forEach((polygon, i) => {
        const rings = targeting.latlngs(city, shapes, i);
        const casing = L.polyline(rings, CASING);
        const line = L.polyline(rings, LINE);
        const label = this.label(polygon.number, targeting.middle(rings[0]));
        this._held.set(polygon.number, { casing, line, label, bounds: casing.getBounds() });
        [casing, line, label].forEach((layer) => this.addLayer(layer));
      });
      return this.name();
    },

    /* A number on the map that opens its polygon. */
    label(number, place, about) {
      const options = { icon: this._icon(number, about), keyboard: true, riseOnHover: true };
      return L.marker(place, options).on("click keypress", (event) => {
        if (event.type === "click" || event.originalEvent.key === "Enter") {
          this.fire("choose", { number });
        }
      });
    },

    /* Puts other outlines in place of its own: a layer that draws them and has choose(number), and
       Map(number -> {label, bounds}). Without them its own come back. */
    use(canvas, held) {
      this._own = this._own || this._held;
      this.clearLayers();
      this._canvas = canvas || null;
      this._held = held || this._own;
      if (canvas) {
        this.addLayer(canvas);
      }
      for (const { casing, line, label } of this._held.values()) {
        [casing, line, label].forEach((layer) => layer && this.addLayer(layer));
      }
      return this.name();
    },

    _icon(number, about) {
      const face = targeting.build("span", { class: "polygon-number " + (about || "") }, String(number));
      return L.divIcon({ html: face, className: "polygon-label", iconSize: [28, 28] });
    },

    /* Says each label's name in the reader's language. */
    name() {
      for (const [number, { label }] of this._held) {
        const element = label.getElement();
        if (element) {
          const text = targeting.words.say("polygon.title", { number });
          element.setAttribute("aria-label", text);
          element.title = text;
        }
      }
      return this;
    },

    onAdd(map) {
      L.LayerGroup.prototype.onAdd.call(this, map);
      this.name();
    },

    choose(number) {
      if (this._canvas) {
        this._canvas.choose(number);
      }
      for (const [held, { line, label }] of this._held) {
        const chosen = held === number;
        if (line) {
          line.setStyle(chosen ? CHOSEN : LINE);
        }
        const element = label.getElement();
        if (element) {
          element.classList.toggle("chosen", chosen);
        }
        if (chosen && line) {
          line.bringToFront();
        }
      }
      return this;
    },

    bounds(number) {
      return this._held.get(number).bounds;
    },

    /* Closed rings of one polygon as places; null where its plan has no outlines of its own. */
    rings(number) {
      const { casing } = this._held.get(number);
      return casing ? casing.getLatLngs() : null;
    },
  });

  /* Closed rings of shape i as places. */
  targeting.latlngs = function (city, shapes, i) {
    const crs = L.CRS.EPSG3857;
    const origin = L.point(city.origin);
    const out = [];
    for (let ring = shapes.shapeRings[i]; ring < shapes.shapeRings[i + 1]; ring += 1) {
      const places = [];
      for (let at = shapes.ringEnds[ring]; at < shapes.ringEnds[ring + 1]; at += 1) {
        const point = L.point(shapes.xs[at], shapes.ys[at]).add(origin);
        places.push(crs.pointToLatLng(point, city.zoom));
      }
      places.push(places[0]);
      out.push(places);
    }
    return out;
  };

  /* Middle of a ring (of its area; of its corners when it has none). */
  targeting.middle = function (ring) {
    let [area, lat, lng] = [0, 0, 0];
    const first = ring[0];
    for (let i = 0; i + 1 < ring.length; i += 1) {
      const [a, b] = [ring[i], ring[i + 1]];
      const [ax, ay] = [a.lng - first.lng, a.lat - first.lat];
      const [bx, by] = [b.lng - first.lng, b.lat - first.lat];
      const cross = ax * by - bx * ay;
      area += cross;
      lng += (ax + bx) * cross;
      lat += (ay + by) * cross;
    }
    return Math.abs(area) < 1e-16
      ? first
      : L.latLng(first.lat + lat / (3 * area), first.lng + lng / (3 * area));
  };
})((window.targeting = window.targeting || {}));
