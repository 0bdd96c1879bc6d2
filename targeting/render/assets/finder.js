/* One box that finds polygons, colonias, facilities and blocks, and what it opens. */
(function (targeting) {
  "use strict";

  const { build } = targeting;
  const { points, backButton } = targeting.panel;
  const say = (key, values) => targeting.words.say(key, values);
  const pick = (names) => targeting.words.pick(names);
  const number = (value, digits) => targeting.words.number(value, digits);
  const byId = (id) => document.getElementById(id);
  const MOST = 20;
  const OUTLINED_AT_MOST = 600;

  /* ----------------------------------------------------------------------------- the words */

  function levelWord(level, form) {
    const key = "finder." + form + "." + level;
    return say(targeting.words.has(key) ? key : "finder." + form + ".other");
  }

  function groupTitle(group) {
    return group.key === "place" ? levelWord(group.level, "places") : say("finder.groups." + group.key);
  }

  /* What an option says: its main text (bdi: from outside) and a note. */
  function told(page, group, i) {
    if (group.key === "polygon") {
      const polygon = page.polygons[i];
      return [say("polygon.title", { number: polygon.number }), polygon.name ? pick(polygon.name) : ""];
    }
    if (group.key === "facility") {
      const kind = page.scene.kinds[page.facilities.kind.whole[i]];
      const polygon = page.facilities.polygon.whole[i];
      const where = polygon > 0 ? " · " + say("polygon.title", { number: polygon }) : "";
      return [group.names[i] || pick(kind.unnamed), pick(kind.names) + where];
    }
    const inside = group.key === "block" ? page.membership[i] : 0;
    return [group.names[i], inside > 0 ? say("polygon.title", { number: inside }) : ""];
  }

  /* ------------------------------------------------------------------------------- the box */

  class Finder {
    constructor(page) {
      this.page = page;
      this.groups = null;
      this.options = [];
      this.active = -1;
      page.on("words", () => this.fill());
      page.on("plan", () => (this.groups = null));
    }

    fill() {
      const text = this.input ? this.input.value : "";
      this.input = build("input", {
        id: "finder-text",
        type: "search",
        role: "combobox",
        autocomplete: "off",
        autocapitalize: "none",
        spellcheck: "false",
        enterkeyhint: "search",
        "aria-autocomplete": "list",
        "aria-expanded": "false",
        "aria-controls": "finder-list",
        placeholder: say("finder.placeholder"),
        onfocus: () => setTimeout(() => this.index(), 0),
        oninput: () => this.look(),
        onkeydown: (event) => this.key(event),
        onblur: () => this.close(),
      });
      this.input.value = text;
      this.list = build("div", {
        id: "finder-list",
        role: "listbox",
        "aria-label": say("finder.results"),
        // A press on the list must not take the focus from the box.
        onmousedown: (event) => event.preventDefault(),
        hidden: true,
      });
      this.status = build("p", { class: "fine", role: "status" });
      byId("finder").replaceChildren(
        build("label", { for: "finder-text" }, say("finder.label")),
        build("div", { class: "finder-box" }, this.input, this.list),
        this.status,
      );
    }

    /* Made at first use: most who open the page never search. */
    index() {
      this.groups = this.groups || targeting.search.groups(this.page);
      return this.groups;
    }

    look() {
      const text = this.input.value;
      const found = targeting.search.search(this.index(), text, MOST);
      this.options = [];
      this.list.replaceChildren(...found.groups.map((one, at) => this.group(one, at)));
      this.list.hidden = found.shown === 0;
      this.list.scrollTop = 0;
      this.input.setAttribute("aria-expanded", String(found.shown > 0));
      this.mark(-1);
      this.status.replaceChildren(...this.count(text, found));
    }

    count(text, found) {
      if (!text.trim()) {
        return [];
      }
      if (!found.count) {
        return [say("finder.none")];
      }
      return found.count > found.shown
        ? [say("finder.more", { shown: found.shown, rest: found.count - found.shown })]
        : [say("finder.found", { count: found.count })];
    }

    group({ group, hits, count }, at) {
      const title = "finder-group-" + at;
      const rest = count - hits.length;
      return build(
        "div",
        { role: "group", "aria-labelledby": title },
        build(
          "div",
          { id: title, role: "presentation", class: "finder-title" },
          groupTitle(group) + (rest > 0 ? " · " + say("finder.rest", { count: rest }) : ""),
        ),
        hits.map((i) => this.option(group, i)),
      );
    }

    option(group, i) {
      const place = this.options.length;
      const [main, note] = told(this.page, group, i);
      const kind = group.key === "facility" && this.page.scene.kinds[this.page.facilities.kind.whole[i]];
      const element = build(
        "div",
        {
          id: "finder-option-" + place,
          role: "option",
          "aria-selected": "false",
          onclick: () => this.choose(place),
        },
        kind ? targeting.symbol(kind, 18, true) : null,
        build("span", {}, build("bdi", {}, main), note ? build("bdi", { class: "fine" }, note) : null),
      );
      this.options.push({ element, group, i });
      return element;
    }

    mark(place) {
      this.options.forEach(({ element }, at) =>
        element.setAttribute("aria-selected", String(at === place)),
      );
      this.active = place;
      if (place < 0) {
        this.input.removeAttribute("aria-activedescendant");
        return;
      }
      const { element } = this.options[place];
      this.input.setAttribute("aria-activedescendant", element.id);
      element.scrollIntoView({ block: "nearest" });
    }

    close() {
      this.list.hidden = true;
      this.input.setAttribute("aria-expanded", "false");
      this.mark(-1);
    }

    key(event) {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) {
        event.preventDefault();
        if (this.list.hidden) {
          this.look();
        }
        const count = this.options.length;
        if (count) {
          const from = this.active < 0 && step < 0 ? 0 : this.active;
          this.mark((from + step + count) % count);
        }
      } else if (event.key === "Enter" && !this.list.hidden && this.options.length) {
        event.preventDefault();
        this.choose(Math.max(0, this.active));
      } else if (event.key === "Escape" && (this.input.value || !this.list.hidden)) {
        event.preventDefault();
        event.stopPropagation(); // the page itself would go home
        if (this.list.hidden) {
          this.input.value = "";
          this.look();
        }
        this.close();
      }
    }

    choose(place) {
      const { group, i } = this.options[place];
      this.close();
      this.status.replaceChildren();
      open(this.page, group, i);
    }
  }

  /* ---------------------------------------------------------------------- what is opened */

  function open(page, group, i) {
    if (group.key === "polygon") {
      page.choosePolygon(page.polygons[i].number);
    } else if (group.key === "facility") {
      openFacility(page, i);
    } else if (group.key === "place") {
      openPlace(page, group.level, i);
    } else {
      page.fit(page.layers.blocks.bounds(i), { maxZoom: 17 });
      page.chooseBlock(i);
    }
  }

  function openFacility(page, i) {
    const kind = page.scene.kinds[page.facilities.kind.whole[i]];
    const at = page.map.unproject(
      L.point(page.facilities.xs[i], page.facilities.ys[i]).add(L.point(page.city.origin)),
      page.city.zoom,
    );
    const face = build("span", { class: "found-facility" }, targeting.symbol(kind, 22, true));
    page.show({ name: "facility", facility: i });
    page.mark(0, -1);
    const icon = L.divIcon({ html: face, className: "", iconSize: [34, 34] });
    page.outline = L.marker(at, { icon, interactive: false, keyboard: false }).addTo(page.map);
    page.fit(L.latLngBounds(at, at), { maxZoom: 16.5 });
    byId("panel-body").focus({ preventScroll: true });
  }

  function blocksOf(page, level, place) {
    const held = page.data.column("place." + level).whole;
    const out = [];
    held.forEach((one, i) => one === place && out.push(i));
    return out;
  }

  function openPlace(page, level, place) {
    const blocks = blocksOf(page, level, place);
    page.show({ name: "place", level, place, blocks });
    page.mark(0, -1);
    const whole = L.latLngBounds([]);
    blocks.forEach((i) => whole.extend(page.layers.blocks.bounds(i)));
    if (blocks.length <= OUTLINED_AT_MOST) {
      const rings = blocks.flatMap((i) => targeting.latlngs(page.city, page.city.blocks, i));
      page.outline = L.polyline(rings, { color: "#c05a00", weight: 2, interactive: false });
      page.outline.addTo(page.map);
    }
    page.fit(whole, { maxZoom: 16.5 });
    byId("panel-body").focus({ preventScroll: true });
  }

  function polygonButton(page, polygon) {
    return build(
      "button",
      { type: "button", class: "plain", onclick: () => page.choosePolygon(polygon) },
      say("polygon.open", { number: polygon }),
    );
  }

  function facilityView(page, { facility }) {
    const kind = page.scene.kinds[page.facilities.kind.whole[facility]];
    const polygon = page.facilities.polygon.whole[facility];
    const source = page.scene.facilities.sources[page.facilities.source.whole[facility]];
    return [
      backButton(page),
      build("h2", {}, build("bdi", {}, page.facilities.names[facility] || pick(kind.unnamed))),
      build("p", { class: "kind-title" }, targeting.symbol(kind, 20, true), pick(kind.names)),
      polygon > 0
        ? build("p", {}, say("finder.inside", { number: polygon }), " ", polygonButton(page, polygon))
        : build("p", {}, say("finder.outside")),
      source
        ? build("p", { class: "fine" }, say("layers.source") + ": ", build("bdi", {}, source))
        : null,
      build("p", { class: "fine" }, say("facility.note")),
    ];
  }

  /* A colonia: its blocks, its people (as far as they may be told) and the polygons it lies in. */
  function placeView(page, { level, place, blocks }) {
    const score = page.column("score");
    const people = page.data.column("population");
    const inside = new Map();
    let [told, sum, weight] = [0, 0, 0];
    for (const i of blocks) {
      const here = people.has(i) ? people.whole[i] : 0;
      told += here;
      if (score.has(i) && here > 0) {
        sum += here * score.value(i);
        weight += here;
      }
      if (page.membership[i] > 0) {
        inside.set(page.membership[i], (inside.get(page.membership[i]) || 0) + 1);
      }
    }
    const held = [...inside].sort((a, b) => a[0] - b[0]);
    return [
      backButton(page),
      build("h2", {}, build("bdi", {}, page.data.texts("place." + level + ".name")[place])),
      build("p", { class: "fine" }, levelWord(level, "place")),
      build("p", { class: "lead" },
        say("finder.place_lead", { count: blocks.length, population: number(Math.round(told / 10) * 10, 0) })),
      weight > 0
        ? build("p", {},
          say("finder.place_score", { score: points(sum / weight), city: points(page.scene.city.score) }))
        : null,
      held.length
        ? build("ul", { class: "cards" }, held.map(([polygon, count]) =>
          build("li", {}, polygonButton(page, polygon), " ", say("finder.place_blocks", { count }))))
        : build("p", {}, say("finder.place_outside")),
      build("p", { class: "fine" }, say("finder.place_note")),
    ];
  }

  function write(page, text) {
    const [start, first, second] = (text || "").split("~");
    const i = Number(start === "f" ? first : second);
    const level = (page.scene.places || []).find((one) => start === "n" && one.level === first);
    const count = start === "f" ? page.facilities.count : level ? level.count : 0;
    if (text && Number.isInteger(i) && i >= 0 && i < count) {
      start === "f" ? openFacility(page, i) : openPlace(page, first, i);
    }
  }

  targeting.rooms.add({
    start: (page) => (page.finder = new Finder(page)),
    views: { facility: facilityView, place: placeView },
    address: {
      found: {
        read: ({ view }) =>
          ({ facility: "f~" + view.facility, place: "n~" + view.level + "~" + view.place })[view.name],
        write,
      },
    },
  });
  targeting.finder = { blocksOf, openFacility, openPlace, levelWord };
})((window.targeting = window.targeting || {}));
