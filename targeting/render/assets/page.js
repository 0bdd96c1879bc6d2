/* Wires the page: unpacks the data, fills the words, answers to clicks and keys. */
(function (targeting) {
  "use strict";

  const { build } = targeting;
  const say = (key, values) => targeting.words.say(key, values);
  const byId = (id) => document.getElementById(id);

  class Page extends targeting.Events {
    /* Fires "words" (language or words changed), "view", "layer", "paint", "plan" and "tab". */
    constructor(scene, layers) {
      super();
      this.scene = scene;
      this.layers = layers;
      this.map = layers.map;
      this.indicators = new Map(scene.indicators.map((one) => [one.key, one]));
      this.view = { name: "home" };
      this.tab = "polygons";
      this.layer = scene.layers[0];
      this.polygons = scene.polygons;
      this.columns = new Map();
      this.hidden = null;
      this.most = new Map();
      for (const polygon of scene.polygons) {
        for (const row of polygon.profile) {
          const most = Math.max(this.most.get(row.key) || 0, row.value || 0, row.city || 0);
          this.most.set(row.key, most);
        }
      }
      for (const layer of scene.layers) {
        const indicator = this.indicators.get(layer.key);
        layer.reversed = layer.group === "indicator" && !layer.level && indicator.worse === "lower";
      }
    }

    /* Digits an indicator shows: what its packed column holds, in the unit people read. */
    digits(indicator, column) {
      const unit = targeting.words.state.units[indicator.unit] || { factor: 1 };
      return Math.max(0, column.decimals - Math.round(Math.log10(unit.factor)));
    }

    async load(text) {
      this.data = await targeting.unpack(text, this.scene.data);
      const { zoom, origin } = this.scene;
      const city = { zoom, origin, blocks: this.data.shapes("blocks") };
      this.data.release();
      this.city = city;
      this.facilities = {
        ...this.data.spots("facilities"),
        kind: this.data.column("facilities.kind"),
        polygon: this.data.column("facilities.polygon"),
        source: this.data.column("facilities.source"),
        names: this.data.texts("facilities.name"),
      };
      const [low, high] = this.scene.bounds;
      const place = (point) => this.map.unproject(L.point(point).add(L.point(origin)), zoom);
      this.whole = L.latLngBounds(place(low), place(high));
      this.fit(this.whole, { animate: false });
      this.layers.blocks.setCity(city);
      this.layers.polygons.setCity(city, this.data.shapes("polygons"), this.scene.polygons);
      this.layers.facilities.setCity(city, this.facilities, this.scene.kinds);
      this.membership = this.data.column("polygon").whole;
    }

    /* The column blocks are colored by: the layer's own, or the one that took its place. */
    column(id) {
      const held = this.columns.get(id);
      return held ? held.column : this.data.column(id);
    }

    get blockIds() {
      this._blockIds = this._blockIds || this.data.keys("blocks.id");
      return this._blockIds;
    }

    start() {
      this.restoring = true; // what stands in the address is read before it is written
      targeting.rooms.starts.forEach((start) => start(this));
      this.chooseLayer(this.layer.id);
      this.say();
      this.far();
      this.layers.polygons.on("choose", (event) => this.choosePolygon(event.number));
      this.map.on("click", (event) => this.click(event.latlng));
      this.map.on("mousemove", (event) => this.hover(event));
      this.map.on("mouseout", () => this.tip(null));
      this.map.on("zoomend", () => this.far());
      this.map.on("dragend zoomend", () => {
        this.moved = true;
        this.remember();
      });
      byId("layer-choice").addEventListener("change", (event) => this.chooseLayer(event.target.value));
      byId("show-polygons").addEventListener("change", (event) =>
        this.map[event.target.checked ? "addLayer" : "removeLayer"](this.layers.polygons),
      );
      byId("whole-city").addEventListener("click", () => this.fit(this.whole));
      for (const button of document.querySelectorAll("[data-language]")) {
        button.addEventListener("click", () => this.speak(button.dataset.language));
      }
      document.addEventListener("keydown", (event) => {
        if (event.key === "Escape" && this.view.name !== "home") {
          this.home();
        }
      });
      window.addEventListener("beforeprint", () => this.forPrint(true));
      window.addEventListener("afterprint", () => this.forPrint(false));
      targeting.address.restore(this);
      window.addEventListener("hashchange", () => targeting.address.restore(this));
      document.body.classList.add("ready");
    }

    /* Writes what is looked at into the address. */
    remember() {
      targeting.address.remember(this);
    }

    /* -------------------------------------------------------------------------------- words */

    speak(language) {
      targeting.words.use(language);
      this.say();
    }

    say() {
      const { scene } = this;
      const language = targeting.words.state.language;
      targeting.words.use(language);
      targeting.words.apply(document);
      document.title = scene.title[language] + " – " + say("page.subtitle");
      byId("title").textContent = scene.title[language];
      byId("made").hidden = !scene.made;
      for (const button of document.querySelectorAll("[data-language]")) {
        button.setAttribute("aria-pressed", String(button.dataset.language === language));
      }
      const choice = byId("layer-choice");
      choice.replaceChildren(...targeting.legend.options(this));
      choice.value = this.layer.id;
      byId("kind-toggles").replaceChildren(...targeting.legend.kindToggles(this));
      byId("kinds").hidden = this.scene.kinds.length === 0;
      for (const [selector, key] of [
        [".leaflet-control-zoom-in", "map.zoom_in"],
        [".leaflet-control-zoom-out", "map.zoom_out"],
      ]) {
        const button = document.querySelector(selector);
        if (button) {
          button.title = say(key);
          button.setAttribute("aria-label", say(key));
        }
      }
      byId("tabs").replaceChildren(
        ...targeting.rooms.tabs.filter((tab) => !tab.hidden || !tab.hidden(this)).map((tab) =>
          build(
            "button",
            { type: "button", "data-tab": tab.key, onclick: () => this.showTab(tab.key) },
            say(tab.word),
          ),
        ),
      );
      this.layers.polygons.name();
      this.layers.facilities.redraw();
      this.fire("words");
      this.legend();
      this.render();
      this.tip(null);
      this.remember();
    }

    legend() {
      byId("layer-name").textContent = targeting.legend.layerName(this, this.layer);
      byId("layer-strip").replaceChildren(...targeting.legend.strip(this.painted));
      byId("legend").replaceChildren(...targeting.legend.legend(this, this.painted));
    }

    /* -------------------------------------------------------------------------------- views */

    chooseLayer(id) {
      this.layer = this.scene.layers.find((layer) => layer.id === id);
      byId("layer-choice").value = id;
      this.repaint();
      this.fire("layer");
      this.remember();
    }

    /* Colors the blocks afresh: another layer, moved weights or a filter. */
    repaint() {
      const held = this.columns.get(this.layer.id);
      const layer = held && held.breaks ? { ...this.layer, breaks: held.breaks } : this.layer;
      this.painted = targeting.scale.paint(layer, this.data, this.city.blocks.count, {
        column: held ? held.column : null,
        hidden: this.hidden,
      });
      this.layers.blocks.setPaint(this.painted);
      this.legend();
      this.fire("paint");
    }

    home() {
      const before = this.view;
      this.show({ name: "home" });
      this.mark(0, -1);
      const row = before.number && document.querySelector(`tr[data-number="${before.number}"] button`);
      (row || byId("panel-body")).focus({ preventScroll: true });
    }

    choosePolygon(number) {
      const polygon = this.polygons.find((one) => one.number === number);
      this.show({ name: "polygon", number, polygon });
      this.mark(number, -1);
      this.fit(this.layers.polygons.bounds(number), { maxZoom: 16 });
      byId("panel-body").focus({ preventScroll: true });
    }

    chooseBlock(i) {
      this.show({ name: "block", block: i });
      this.mark(this.membership[i], i);
      byId("panel-body").focus({ preventScroll: true });
    }

    /* Shows a place in the part of the map that the layer card leaves free. */
    fit(bounds, options) {
      const card = byId("layer-card");
      const wide = this.map.getSize().x > 640 && card.open;
      this.map.fitBounds(bounds, {
        paddingTopLeft: [wide ? card.offsetWidth + 20 : 16, wide ? 16 : 56],
        paddingBottomRight: [16, 30],
        animate: !this.still(),
        ...options,
      });
    }

    /* Marks the chosen polygon and block on the map. */
    mark(number, block) {
      this.layers.polygons.choose(number);
      this.layers.facilities.choose(number);
      if (this.outline) {
        this.outline.remove();
        this.outline = null;
      }
      if (block >= 0) {
        const rings = targeting.latlngs(this.city, this.city.blocks, block);
        this.outline = L.layerGroup([
          L.polyline(rings, { color: "#ffffff", weight: 6, interactive: false }),
          L.polyline(rings, { color: "#c05a00", weight: 3, interactive: false }),
        ]).addTo(this.map);
      }
    }

    /* Shows a view (see rooms.js) in the first tab. */
    show(view) {
      this.view = view;
      this.tab = "polygons";
      this.render();
      byId("panel").scrollTop = 0;
      this.fire("view");
      this.remember();
    }

    showTab(tab) {
      this.tab = tab;
      this.render();
      byId("panel").scrollTop = 0;
      this.fire("tab");
      this.remember();
    }

    /* Puts another plan in place of the scene's: its polygons and the polygon of every block. */
    usePlan(polygons, membership) {
      this.polygons = polygons;
      this.membership = membership;
      if (this.view.name === "polygon") {
        this.view = { name: "home" };
        this.mark(0, -1);
      }
      this.fire("plan");
      this.refresh();
    }

    /* Renders anew what the plan or the weights changed; a tab may do so in place. */
    refresh() {
      const tab = targeting.rooms.tabs.find((one) => one.key === this.tab);
      if (tab.refresh) {
        tab.refresh(this);
      } else {
        this.render();
      }
    }

    render() {
      const { rooms } = targeting;
      const tab = rooms.tabs.find((one) => one.key === this.tab);
      const name = tab.render ? this.tab : this.view.name;
      const own = tab.render ? tab.render(this) : rooms.views[name](this, this.view);
      const parts = [own, rooms.sectionsOf(name, this, this.view)];
      byId("panel-body").replaceChildren(...parts.flat(Infinity).filter(Boolean));
      for (const tab of document.querySelectorAll("[data-tab]")) {
        const on = tab.dataset.tab === this.tab;
        tab.setAttribute("aria-current", on ? "page" : "false");
      }
      this.hint();
    }

    far() {
      this.map.getContainer().classList.toggle("far", this.map.getZoom() < 13.5);
    }

    /* What to do next, under the map. */
    hint() {
      byId("hint").textContent = say(this.view.name === "polygon" ? "map.hint_inside" : "map.hint");
    }

    still() {
      return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    }

    /* ------------------------------------------------------------------------------- pointer */

    /* A facility speaks; a first click in a polygon opens it, the next one its block. */
    click(latlng) {
      const facility = this.layers.facilities.hit(latlng);
      if (facility >= 0) {
        this.showFacility(facility);
        return;
      }
      const block = this.layers.blocks.hit(latlng);
      if (block < 0) {
        return;
      }
      const number = this.map.hasLayer(this.layers.polygons)
        ? this.membership[block]
        : 0;
      const open =
        this.view.name === "block"
          ? this.membership[this.view.block]
          : this.view.number;
      if (number > 0 && number !== open) {
        this.choosePolygon(number);
      } else {
        this.chooseBlock(block);
      }
    }

    hover(event) {
      if (this._waiting) {
        return;
      }
      this._waiting = requestAnimationFrame(() => {
        this._waiting = 0;
        const facility = this.layers.facilities.hit(event.latlng);
        const block = facility < 0 ? this.layers.blocks.hit(event.latlng) : -1;
        this.map.getContainer().style.cursor = facility < 0 && block < 0 ? "" : "pointer";
        if (facility >= 0) {
          this.tip(event.containerPoint, this.facilityText(facility));
        } else if (block >= 0) {
          this.tip(event.containerPoint, this.blockText(block));
        } else {
          this.tip(null);
        }
      });
    }

    facilityText(i) {
      const kind = this.scene.kinds[this.facilities.kind.whole[i]];
      const name = this.facilities.names[i] || targeting.words.pick(kind.unnamed);
      return [build("bdi", {}, name), targeting.words.pick(kind.names)];
    }

    blockText(i) {
      const { layer } = this;
      const name = targeting.legend.layerName(this, layer);
      if (layer.group === "indicator") {
        return [name, targeting.account.valueText(this, this.indicators.get(layer.key), i)];
      }
      const column = this.column(layer.id);
      if (layer.classes) {
        const one = column.has(i) ? layer.classes[column.whole[i]] : null;
        return [name, one ? targeting.words.pick(one.text) : say("value.missing")];
      }
      const value = column.has(i)
        ? say("score.of", { score: targeting.words.number(column.number(column.whole[i]) * 100, 0) })
        : say("value.missing");
      return [name, value];
    }

    tip(point, lines) {
      const box = byId("tip");
      box.hidden = !point;
      if (point) {
        box.replaceChildren(...lines.map((line) => build("span", {}, line)));
        const size = this.map.getSize();
        const left = Math.max(4, Math.min(point.x + 14, size.x - box.offsetWidth - 4));
        const top = point.y + 18 + box.offsetHeight > size.y ? point.y - box.offsetHeight - 8 : point.y + 18;
        box.style.left = left + "px";
        box.style.top = top + "px";
      }
    }

    /* Shows where a facility is. */
    showFacility(i) {
      const origin = L.point(this.city.origin);
      const place = this.map.unproject(
        L.point(this.facilities.xs[i], this.facilities.ys[i]).add(origin),
        this.city.zoom,
      );
      if (!this.map.getBounds().pad(-0.1).contains(place)) {
        this.map.panTo(place, { animate: false });
      }
      this.tip(this.map.latLngToContainerPoint(place), this.facilityText(i));
    }

    /* On paper the map gets a fixed size and shows what the panel speaks of. */
    forPrint(on) {
      if (on) {
        this._screen = [this.map.getCenter(), this.map.getZoom()];
      }
      document.body.classList.toggle("printing", on);
      this.layers.blocks.takeOver(on ? this.layers.facilities : null);
      this.open(on);
      this.map.invalidateSize({ animate: false });
      if (on) {
        const polygon = this.view.name === "polygon";
        this.fit(polygon ? this.layers.polygons.bounds(this.view.number) : this.whole, {
          maxZoom: 16,
          animate: false,
        });
      } else if (this._screen) {
        this.map.setView(...this._screen, { animate: false });
      }
    }

    /* Paper cannot be opened: every list is shown. */
    open(on) {
      if (on) {
        this._closed = [...document.querySelectorAll("#panel-body details:not([open]), #layer-card:not([open])")];
      }
      for (const element of this._closed || []) {
        element.open = on;
      }
    }
  }

  /* layers: {map, blocks, polygons, facilities}, made by the map's own script. */
  targeting.start = function (layers) {
    const ready = (async function () {
      const scene = await targeting.unpackRecord(byId("targeting-scene").textContent);
      targeting.words.load(scene.words, scene.units, scene.language);
      targeting.scale.useRamp(scene.ramp);
      byId("layer-card").open = !window.matchMedia("(max-width: 760px)").matches;
      const page = new Page(scene, layers);
      targeting.page = page;
      await page.load(byId("targeting-data").textContent);
      page.start();
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      return page;
    })();
    targeting.ready = ready;
    ready.catch((error) => {
      const box = byId("failure");
      box.hidden = false;
      box.append(" " + error.message);
      throw error;
    });
  };
})((window.targeting = window.targeting || {}));
