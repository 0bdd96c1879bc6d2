/* Measures on the map: distance along a line, and the area it encloses. By pointer or by keys. */
(function (targeting) {
  "use strict";

  const { build } = targeting;
  const say = (key, values) => targeting.words.say(key, values);
  const LINE = { color: "#1c1f26", weight: 3, interactive: false };
  const CASING = { color: "#ffffff", weight: 6, interactive: false };
  const AREA = { stroke: false, fillColor: "#005a9c", fillOpacity: 0.15, interactive: false };
  const RADIUS_M = 6371008.8;

  /* Meters along a line of places, on a sphere. */
  function lengthOf(places) {
    let sum = 0;
    for (let i = 1; i < places.length; i += 1) {
      sum += L.CRS.Earth.distance(places[i - 1], places[i]);
    }
    return sum;
  }

  /* Square meters inside a line of places, closed: the sphere laid flat around its middle, which
     in a city is within a thousandth. */
  function areaOf(places) {
    const turn = Math.PI / 180;
    const middle = places.reduce((sum, one) => sum + one.lat, 0) / places.length;
    const at = places.map((one) => [
      (one.lng - places[0].lng) * turn * RADIUS_M * Math.cos(middle * turn),
      (one.lat - places[0].lat) * turn * RADIUS_M,
    ]);
    let twice = 0;
    at.forEach(([x, y], i) => {
      const [u, v] = at[(i + 1) % at.length];
      twice += x * v - u * y;
    });
    return Math.abs(twice) / 2;
  }

  function lengthText(meters) {
    return meters < 1000
      ? targeting.words.number(meters, 0) + "\u00a0m"
      : targeting.words.number(meters / 1000, 2) + "\u00a0km";
  }

  function areaText(square) {
    return square < 100000
      ? targeting.words.number(square, 0) + "\u00a0m²"
      : targeting.words.number(square / 1e6, 3) + "\u00a0km²";
  }

  class Measure {
    constructor(page) {
      this.page = page;
      this.layer = L.layerGroup();
      this.places = [];
      this.on = false;
      this.button = build("button", { type: "button", id: "measure", onclick: () => (this.on ? this.close() : this.open()) });
      this.box = build("div", { id: "measure-box", class: "card-small", role: "group", hidden: true });
      this.cross = build("div", { class: "measure-cross", "aria-hidden": "true", hidden: true });
      page.map.getContainer().append(this.cross);
      page.map.on("dblclick", () => this.active() && this.end(true));
      page.map.on("mousemove", (event) => this.active() && this.draw(event.latlng));
      document.addEventListener("keydown", (event) => this.key(event), true);
    }

    active() {
      return this.on && !this.ended;
    }

    open() {
      this.on = true;
      this.restart();
      this.page.map.doubleClickZoom.disable();
      this.layer.addTo(this.page.map);
      this.page.map.getContainer().focus({ preventScroll: true });
    }

    restart() {
      this.places = [];
      this.ended = false;
      this.say();
    }

    close() {
      this.on = false;
      this.places = [];
      this.layer.clearLayers().remove();
      this.page.map.doubleClickZoom.enable();
      this.say();
      this.button.focus({ preventScroll: true });
    }

    add(latlng) {
      const last = this.places[this.places.length - 1];
      if (!last || !last.equals(latlng)) {
        this.places.push(latlng);
      }
      this.say();
    }

    undo() {
      this.places.pop();
      this.say();
    }

    /* A double click is two clicks: where the hand moved a little, the second is none. */
    end(twice) {
      const pixel = (place) => this.page.map.latLngToContainerPoint(place);
      const [one, two] = this.places.slice(-2);
      if (twice && two && pixel(one).distanceTo(pixel(two)) < 6) {
        this.places.pop();
      }
      this.ended = true;
      this.say();
    }

    /* Space adds the middle of the map, Enter ends, Escape leaves; arrows move the map as always. */
    key(event) {
      if (!this.on || event.defaultPrevented) {
        return;
      }
      const inMap = event.target === this.page.map.getContainer();
      if (event.key === "Escape") {
        event.stopImmediatePropagation();
        this.close();
      } else if (inMap && this.active() && event.key === "Enter") {
        event.preventDefault();
        this.end();
      } else if (inMap && this.active() && event.key === " ") {
        event.preventDefault();
        this.add(this.page.map.getCenter());
      }
    }

    draw(pointer) {
      const places = pointer && this.places.length ? [...this.places, pointer] : this.places;
      this.layer.clearLayers();
      if (places.length > 2) {
        this.layer.addLayer(L.polygon(places, AREA));
      }
      this.layer.addLayer(L.polyline(places, CASING)).addLayer(L.polyline(places, LINE));
      for (const place of this.places) {
        const dot = { radius: 4, color: "#1c1f26", weight: 2, fillColor: "#ffffff", fillOpacity: 1, interactive: false };
        this.layer.addLayer(L.circleMarker(place, dot));
      }
    }

    result() {
      if (!this.places.length) {
        return say("measure.start");
      }
      if (this.places.length === 1) {
        return say("measure.next");
      }
      const along = say("measure.length", { text: lengthText(lengthOf(this.places)) });
      return this.places.length < 3
        ? along
        : along + " · " + say("measure.area", { text: areaText(areaOf(this.places)) });
    }

    say() {
      this.button.textContent = say("measure.title");
      this.button.setAttribute("aria-pressed", String(this.on));
      this.box.hidden = !this.on;
      this.box.setAttribute("aria-label", say("measure.title"));
      this.cross.hidden = !this.active();
      this.page.map.getContainer().classList.toggle("measuring", this.active());
      this.draw();
      if (!this.on) {
        return;
      }
      const button = (key, onclick, off) =>
        build("button", { type: "button", "data-measure": key, disabled: off, onclick }, say("measure." + key));
      const focused = document.activeElement && document.activeElement.dataset.measure;
      this.line = this.line || build("p", { role: "status" });
      this.line.textContent = this.result();
      const buttons = this.ended
        ? [button("again", () => this.restart()), button("close", () => this.close())]
        : [
            button("center", () => this.add(this.page.map.getCenter())),
            button("undo", () => this.undo(), !this.places.length),
            button("end", () => this.end(), this.places.length < 2),
            button("close", () => this.close()),
          ];
      this.box.replaceChildren(
        this.line,
        this.ended ? "" : build("p", { class: "fine" }, say("measure.keys")),
        build("div", { class: "measure-buttons" }, buttons),
      );
      const again = focused && this.box.querySelector(`[data-measure="${focused}"]:not([disabled])`);
      if (again) {
        again.focus({ preventScroll: true });
      }
    }
  }

  function start(page) {
    const measure = new Measure(page);
    page.measure = measure;
    document.getElementById("tools").append(measure.button, measure.box);
    const click = page.click;
    page.click = function (latlng) {
      if (measure.active()) {
        measure.add(latlng);
      } else {
        click.call(page, latlng);
      }
    };
    page.on("words", () => measure.say());
  }

  targeting.measuring = { lengthOf, areaOf };
  targeting.rooms.add({ start });
})((window.targeting = window.targeting || {}));
