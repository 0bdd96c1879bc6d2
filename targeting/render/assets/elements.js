/* Layers on anyone's map: each unpacks its own data, draws on a canvas and says what is under the
   pointer. Needs no page of ours around it. */
(function (targeting) {
  "use strict";

  const { build } = targeting;
  const LOCALES = { es: "es-MX", en: "en-US" };

  function number(about, value, digits) {
    return new Intl.NumberFormat(LOCALES[about.language], {
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    }).format(value);
  }

  /* Off our page the words of shared scripts are those of the first layer. */
  function speak(about) {
    const { state } = targeting.words;
    if (!document.getElementById("targeting-scene") && !targeting.elements.spoken) {
      targeting.elements.spoken = true;
      state.language = about.language;
    }
  }

  function unpack(about, id) {
    speak(about);
    return targeting.unpack(document.getElementById(id).textContent, about.data);
  }

  function cityOf(about, more) {
    return { zoom: about.zoom, origin: about.origin, ...more };
  }

  function textsOf(data, stream) {
    data.said = data.said || new Map();
    if (!data.said.has(stream)) {
      data.said.set(stream, data.texts(stream));
    }
    return data.said.get(stream);
  }

  /* What a tooltip shows of shape i: one line a column. */
  function tipLines(about, data, i) {
    return about.tips
      .map(({ stream, label, text }) => {
        if (text) {
          return [label, textsOf(data, stream)[i]];
        }
        const column = data.column(stream);
        const value = column.has(i) ? number(about, column.value(i), column.decimals) : about.words.missing;
        return [label, value];
      })
      .filter(([, value]) => value)
      .map(([label, value]) => label + ": " + value);
  }

  /* One tooltip for all layers of a map: the layer added last speaks first. */
  class Pointer {
    constructor(map) {
      this.map = map;
      this.layers = [];
      this.tip = L.tooltip({ className: "targeting-tip", direction: "top", offset: [0, -6] });
      map.on("mousemove", (event) => this.move(event));
      map.on("mouseout", () => this.tip.remove());
      map.on("click", (event) => this.click(event));
    }

    under(latlng) {
      for (let at = this.layers.length - 1; at >= 0; at -= 1) {
        const layer = this.layers[at];
        const index = layer.loaded ? layer.hit(latlng) : -1;
        if (index >= 0) {
          return { layer, index };
        }
      }
      return null;
    }

    move(event) {
      if (this.waiting) {
        return;
      }
      this.waiting = requestAnimationFrame(() => {
        this.waiting = 0;
        const found = this.under(event.latlng);
        const lines = found ? found.layer.lines(found.index) : [];
        if (!lines.length) {
          this.tip.remove();
          return;
        }
        this.tip.setLatLng(event.latlng).setContent(build("div", {}, lines.map((one) => build("div", {}, one))));
        this.map.openTooltip(this.tip);
      });
    }

    click(event) {
      const found = this.under(event.latlng);
      if (found) {
        const { layer, index } = found;
        layer.fire("click", { latlng: event.latlng, index, lines: layer.lines(index) });
      }
    }
  }

  function pointer(map) {
    map._targetingPointer = map._targetingPointer || new Pointer(map);
    return map._targetingPointer;
  }

  /* What blocks and facilities share: a canvas whose pointer events the map gives. */
  function onMap(Base) {
    return {
      onAdd(map) {
        Base.prototype.onAdd.call(this, map);
        this._container.classList.add("targeting-canvas");
        this._container.style.opacity = this.about.opacity === undefined ? 1 : this.about.opacity;
        pointer(map).layers.push(this);
        if (this.legend) {
          this.legend.addTo(map);
        }
      },

      onRemove(map) {
        const held = pointer(map);
        held.layers = held.layers.filter((one) => one !== this);
        held.tip.remove();
        if (this.legend) {
          this.legend.remove();
        }
        Base.prototype.onRemove.call(this, map);
      },
    };
  }

  const Legend = L.Control.extend({
    options: { position: "bottomleft" },

    initialize(about, painted) {
      L.Control.prototype.initialize.call(this);
      this.about = about;
      this.painted = painted;
    },

    onAdd() {
      const { about, painted } = this;
      const swatch = (color) => {
        const box = build("span", { class: "targeting-swatch" });
        box.style.backgroundColor = color;
        return box;
      };
      const rows = painted.layer.classes
        ? painted.layer.classes.map((one) => [one.color, one.text[about.language]])
        : targeting.scale.ranges(painted).map((range, at) => [painted.colors[at], between(about, painted, range)]);
      const missing = painted.counts[targeting.scale.MISSING_CLASS];
      return build(
        "div",
        { class: "targeting-legend", role: "group", "aria-label": about.name },
        build("strong", {}, about.caption),
        rows.map(([color, text]) => build("div", {}, swatch(color), text)),
        missing ? build("div", {}, swatch("#dcdcd8"), about.words.missing) : null,
      );
    },
  });

  function shown(about, column, whole) {
    const { factor, digits } = about.format;
    return number(about, column.number(whole) * factor, digits);
  }

  function between(about, painted, [first, last]) {
    if (!Number.isFinite(first) || !Number.isFinite(last)) {
      return about.words.missing;
    }
    const ends = [shown(about, painted.column, first), shown(about, painted.column, last)];
    const sign = about.format.sign ? " " + about.format.sign : "";
    return (ends[0] === ends[1] ? ends[0] : ends.join(" – ")) + sign;
  }

  const BlocksLayer = targeting.BlocksLayer.extend({
    ...onMap(targeting.BlocksLayer),

    initialize(about, id) {
      targeting.BlocksLayer.prototype.initialize.call(this);
      this.about = about;
      this.ready = this.load(id);
    },

    async load(id) {
      const { about } = this;
      this.data = await unpack(about, id);
      const blocks = this.data.shapes("blocks");
      this.setCity(cityOf(about, { blocks }));
      const painted = targeting.scale.paint(about.layer, this.data, blocks.count, { column: null, hidden: null });
      painted.colors = about.colors || painted.colors;
      this.painted = painted;
      this.setPaint(painted);
      this.loaded = true;
      if (about.legend) {
        this.legend = new Legend(about, painted);
        if (this._map) {
          this.legend.addTo(this._map);
        }
      }
      return this;
    },

    lines(i) {
      const { about, painted } = this;
      if (about.tips.length || !about.caption) {
        return tipLines(about, this.data, i);
      }
      const whole = painted.column.whole[i];
      if (painted.layer.classes) {
        const one = whole === targeting.MISSING ? null : painted.layer.classes[whole];
        return [about.caption + ": " + (one ? one.text[about.language] : about.words.missing)];
      }
      const has = whole !== targeting.MISSING;
      return [about.caption + ": " + (has ? between(about, painted, [whole, whole]) : about.words.missing)];
    },
  });

  const FacilitiesLayer = targeting.FacilitiesLayer.extend({
    ...onMap(targeting.FacilitiesLayer),

    initialize(about, id) {
      targeting.FacilitiesLayer.prototype.initialize.call(this);
      this.about = about;
      this.ready = this.load(id);
    },

    async load(id) {
      const { about } = this;
      const data = await unpack(about, id);
      this.names = data.texts("facilities.name");
      const held = {
        ...data.spots("facilities"),
        kind: data.column("facilities.kind"),
        polygon: data.column("facilities.polygon"),
      };
      this.setCity(cityOf(about), held, about.kinds);
      about.kinds.forEach((kind) => this.shown.add(kind.key));
      this.loaded = true;
      this.redraw();
      return this;
    },

    lines(i) {
      const { about } = this;
      const kind = about.kinds[this.held.kind.whole[i]];
      const name = this.names[i] || kind.unnamed[about.language];
      const names = kind.names[about.language];
      return name === names ? [name] : [name, names];
    },
  });

  const PolygonsLayer = L.FeatureGroup.extend({
    initialize(about, id) {
      L.FeatureGroup.prototype.initialize.call(this, []);
      this.about = about;
      this.ready = this.load(id);
    },

    async load(id) {
      const { about } = this;
      const data = await unpack(about, id);
      const shapes = data.shapes("polygons");
      const city = cityOf(about);
      for (let i = 0; i < shapes.count; i += 1) {
        const rings = targeting.latlngs(city, shapes, i);
        const lines = tipLines(about, data, i);
        this.addLayer(L.polyline(rings, { color: "#ffffff", weight: 5, opacity: 0.9, interactive: false }));
        const line = L.polyline(rings, { color: about.color, weight: 2.2, interactive: lines.length > 0 });
        if (lines.length) {
          line.bindTooltip(() => build("div", {}, lines.map((one) => build("div", {}, one))), { sticky: true });
        }
        this.addLayer(line);
        if (about.labels[i]) {
          const face = build("span", { class: "targeting-number" }, about.labels[i]);
          const icon = L.divIcon({ html: face, className: "targeting-label", iconSize: null });
          this.addLayer(L.marker(targeting.middle(rings[0]), { icon, keyboard: false, interactive: false }));
        }
      }
      this.loaded = true;
      return this;
    },
  });

  targeting.elements = { BlocksLayer, PolygonsLayer, FacilitiesLayer };
})((window.targeting = window.targeting || {}));
