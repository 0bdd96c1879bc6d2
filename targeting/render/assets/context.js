/* Streets, water, rails, parks and names of colonias, drawn from the user's own layers. */
(function (targeting) {
  "use strict";

  const { build } = targeting;
  const say = (key, values) => targeting.words.say(key, values);

  const NEAR_ZOOM = 15;
  const NAMES_ZOOM = 13;
  const MOST_NAMES = 160;
  const FONT = "600 11.5px system-ui, -apple-system, 'Segoe UI', Roboto, Arial, sans-serif";
  const STYLES = {
    "street.main": { color: "#b9b4a8", width: 2.6, over: "rgba(255, 255, 255, 0.72)", overWidth: 1.3 },
    "street.minor": { color: "#d5d1c6", width: 1.1, from: 14.5 },
    water: { color: "#8db3c7", width: 2.4, over: "rgba(120, 165, 190, 0.95)", overWidth: 1.6, always: true },
    rail: { color: "#9a948c", width: 1.6, dash: [6, 4], over: "rgba(110, 104, 96, 0.9)", overWidth: 1.2, always: true },
    line: { color: "#b0a99c", width: 1.4, dash: [2, 3] },
    "ground.park": { fill: "#d6e3c8" },
    "ground.water": { fill: "#c9dde8" },
  };
  const FURTHER = ["#7b3f8c", "#00695c", "#8c5a00", "#37507a"];
  /* What one switch turns on and off. */
  const SWITCHES = [
    { key: "streets", has: (id) => id.startsWith("street.") },
    { key: "water", has: (id) => id === "water" || id === "ground.water" },
    { key: "lines", has: (id) => id === "rail" || id === "line" },
    { key: "parks", has: (id) => id === "ground.park" },
  ];

  function pathOf(shapes, closed) {
    const path = new Path2D();
    const { xs, ys, ringEnds } = shapes;
    for (let ring = 0; ring + 1 < ringEnds.length; ring += 1) {
      const [first, last] = [ringEnds[ring], ringEnds[ring + 1]];
      if (first === last) {
        continue;
      }
      path.moveTo(xs[first], ys[first]);
      for (let at = first + 1; at < last; at += 1) {
        path.lineTo(xs[at], ys[at]);
      }
      if (closed) {
        path.closePath();
      }
    }
    return path;
  }

  /* One canvas below the blocks (`over` false) or above them (true). */
  const ContextLayer = targeting.CityCanvas.extend({
    initialize(pane, over) {
      targeting.CityCanvas.prototype.initialize.call(this, { pane });
      this.over = over;
    },

    onAdd(map) {
      targeting.CityCanvas.prototype.onAdd.call(this, map);
      this._container.classList.add("context-canvas");
    },

    setCity(city, held) {
      this.city = city;
      this.held = held;
      return this;
    },

    redraw() {
      if (this._map && this.held) {
        this.draw();
      }
      return this;
    },

    draw() {
      if (!this._ctx || !this.held) {
        return;
      }
      this.clear();
      const frame = this.frame();
      const { scale, x, y, dense } = frame;
      this._ctx.setTransform(dense * scale, 0, 0, dense * scale, dense * x, dense * y);
      for (const group of this.held.groups) {
        if (this.held.shown(group.id)) {
          this._group(group, scale);
        }
      }
      if (this.over && this.held.shown("names")) {
        this._names(frame);
      }
    },

    _group({ path, style }, scale) {
      const ctx = this._ctx;
      const near = this._zoom >= NEAR_ZOOM;
      const above = style.outline || (style.over && (style.always || !near));
      if (this._zoom < (style.from || 0) || (this.over && !above)) {
        return;
      }
      if (style.fill) {
        if (!this.over) {
          ctx.fillStyle = style.fill;
          ctx.fill(path, "evenodd");
        }
        return;
      }
      if (style.outline && !this.over) {
        return;
      }
      const wide = near ? 1 + (this._zoom - NEAR_ZOOM) * 0.6 : 1;
      ctx.lineJoin = ctx.lineCap = "round";
      ctx.setLineDash((style.dash || []).map((one) => one / scale));
      ctx.strokeStyle = this.over ? style.over || style.color : style.color;
      ctx.lineWidth = ((this.over ? style.overWidth || style.width : style.width) * wide) / scale;
      ctx.stroke(path);
      ctx.setLineDash([]);
    },

    /* The largest first; a name that would touch another is left for a closer look. */
    _names({ scale, x, y, dense }) {
      const { names } = this.held;
      if (!names || this._zoom < NAMES_ZOOM) {
        return;
      }
      const ctx = this._ctx;
      const size = this._bounds.getSize();
      ctx.setTransform(dense, 0, 0, dense, 0, 0);
      ctx.font = FONT;
      ctx.textAlign = "center";
      ctx.textBaseline = "middle";
      ctx.lineJoin = "round";
      const placed = [];
      this.written = [];
      for (let i = 0; i < names.count && placed.length < MOST_NAMES; i += 1) {
        const [left, top] = [names.xs[i] * scale + x, names.ys[i] * scale + y];
        if (left < 0 || top < 0 || left > size.x || top > size.y) {
          continue;
        }
        const text = names.texts[i];
        const half = ctx.measureText(text).width / 2 + 3;
        const side = names.sides.whole[i] * names.perMeter * scale;
        if (side < half || left < half || left > size.x - half) {
          continue;
        }
        const box = [left - half, top - 9, left + half, top + 9];
        if (placed.some((one) => one[0] < box[2] && box[0] < one[2] && one[1] < box[3] && box[1] < one[3])) {
          continue;
        }
        placed.push(box);
        this.written.push({ text, box });
        ctx.strokeStyle = "rgba(255, 255, 255, 0.9)";
        ctx.lineWidth = 3.5;
        ctx.strokeText(text, left, top);
        ctx.fillStyle = "#33373f";
        ctx.fillText(text, left, top);
      }
    },
  });

  function groupsOf(page) {
    let further = 0;
    return page.scene.context.groups.map((group) => {
      const own = group.id.startsWith("further.")
        ? { outline: true, width: 2.4, dash: [7, 4], color: FURTHER[further++ % FURTHER.length] }
        : STYLES[group.id];
      const stream = "context." + group.id;
      const shapes = group.area ? page.data.shapes(stream) : page.data.lines(stream);
      return { ...group, style: own, path: pathOf(shapes, group.area) };
    });
  }

  function namesOf(page) {
    const { labels } = page.scene.context;
    if (!labels) {
      return null;
    }
    const middle = page.whole.getCenter().lat;
    const meters = 40075016.686 * Math.cos((middle * Math.PI) / 180);
    return {
      ...page.data.spots("label"),
      texts: page.data.texts("label.name"),
      sides: page.data.column("label.side"),
      perMeter: (256 * 2 ** page.scene.zoom) / meters,
    };
  }

  /* The switches there is something for: [key, what it shows, its name]. */
  function switchesOf(context, groups, tiles) {
    const out = SWITCHES.map(({ key, has }) => ({
      key,
      ids: groups.filter(({ id }) => has(id)).map(({ id }) => id),
      name: () => say("context." + key),
    }));
    for (const group of groups.filter(({ id }) => id.startsWith("further."))) {
      out.push({ key: group.id, ids: [group.id], name: () => targeting.words.pick(group.names), group });
    }
    if (tiles) {
      const host = new URL(tiles._url.replace("{s}.", "")).host;
      out.push({ key: "tiles", ids: ["tiles"], name: () => say("context.tiles"), note: () => say("context.tiles_note", { host }) });
    }
    if (context.labels) {
      out.push({ key: "names", ids: ["names"], name: () => say("context.names") });
    }
    return out.filter(({ ids }) => ids.length);
  }

  /* What a group had to leave out for the size of the page, as a sentence. */
  function cutOf(context, ids) {
    const groups = context.groups.filter(({ id }) => ids.includes(id));
    const [kept, of] = ["kept", "of"].map((key) => groups.reduce((sum, group) => sum + group[key], 0));
    return kept < of ? say("context.cut", { kept, of }) : null;
  }

  function line({ group }) {
    if (!group) {
      return null;
    }
    const mark = build("span", { class: "context-mark", "aria-hidden": "true" });
    mark.style.borderColor = group.style.color;
    return mark;
  }

  function start(page) {
    const { context } = page.scene;
    const { tiles } = page.layers;
    if (!context || (!context.groups.length && !context.labels && !tiles)) {
      return;
    }
    const groups = groupsOf(page);
    const hidden = new Set();
    const switches = switchesOf(context, groups, tiles);
    const keyOf = new Map(switches.flatMap(({ key, ids }) => ids.map((id) => [id, key])));
    const held = { groups, names: namesOf(page), shown: (id) => !hidden.has(keyOf.get(id)) };
    const layers = [
      ["targeting-under", 350, false],
      ["targeting-over", 450, true],
    ].map(([pane, height, over]) => {
      page.map.createPane(pane).style.zIndex = height;
      page.map.getPane(pane).style.pointerEvents = "none";
      return new ContextLayer(pane, over).setCity(page.city, held).addTo(page.map);
    });
    page.context = { hidden, switches, layers, held };

    page.context.show = (key, on) => {
      hidden[on ? "delete" : "add"](key);
      layers.forEach((layer) => layer.redraw());
      if (key === "tiles") {
        page.map[on ? "addLayer" : "removeLayer"](tiles);
      }
      fill();
      page.remember();
    };

    function fill() {
      const rows = switches.map((one) => {
        const box = build("input", {
          type: "checkbox",
          "data-context": one.key,
          checked: !hidden.has(one.key),
          onchange: (event) => page.context.show(one.key, event.target.checked),
        });
        const cut = one.note ? one.note() : cutOf(context, one.ids);
        return build("li", {}, build("label", { class: "check" }, box, line(one), build("bdi", {}, one.name())),
          cut ? build("p", { class: "fine" }, cut) : null);
      });
      const focused = document.activeElement && document.activeElement.dataset.context;
      place.replaceChildren(
        build("details", { id: "context" }, build("summary", {}, say("context.title")), build("ul", { class: "classes" }, rows)),
      );
      place.firstChild.open = open;
      place.firstChild.addEventListener("toggle", (event) => (open = event.target.open));
      const again = focused && place.querySelector(`[data-context="${CSS.escape(focused)}"]`);
      if (again) {
        again.focus();
      }
    }

    let open = false;
    const place = document.getElementById("more-layers").appendChild(build("div", {}));
    page.on("words", fill);
  }

  targeting.rooms.add({
    start,
    address: {
      context: {
        read: (page) => (page.context ? [...page.context.hidden].sort().join(",") : null),
        write: (page, text) => {
          for (const { key } of page.context ? page.context.switches : []) {
            const on = !(text || "").split(",").includes(key);
            if (on === page.context.hidden.has(key)) {
              page.context.show(key, on);
            }
          }
        },
      },
    },
  });
})((window.targeting = window.targeting || {}));
