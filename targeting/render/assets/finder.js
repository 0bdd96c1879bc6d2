/* One box that finds polygons, colonias, facilities and blocks. */
(function (targeting) {
  "use strict";

  const { build } = targeting;
  const say = (key, values) => targeting.words.say(key, values);
  const pick = (names) => targeting.words.pick(names);
  const byId = (id) => document.getElementById(id);
  const MOST = 20;

  /* ----------------------------------------------------------------------------- the words */

  function groupTitle(group) {
    return group.key === "place" ? targeting.found.levelWord(group.level, "places") : say("finder.groups." + group.key);
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
      targeting.found.open(this.page, group, i);
    }
  }

  targeting.rooms.add({ start: (page) => (page.finder = new Finder(page)) });
})((window.targeting = window.targeting || {}));
