/* Corrects a polygon by hand: blocks in and out, figures at once, a table that the engine judges. */
(function (targeting) {
  "use strict";

  const { build } = targeting;
  const say = (key, values) => targeting.words.say(key, values);
  const number = (value, digits) => targeting.words.number(value, digits);
  const IN = { color: "#005a9c", weight: 4, interactive: false };
  const OUT = { color: "#a02020", weight: 4, dashArray: "5 5", interactive: false };

  class Edit {
    constructor(page) {
      this.page = page;
      this.marks = L.layerGroup();
      this.reset();
    }

    reset() {
      this.before = Int32Array.from(this.page.membership);
      this.now = Int32Array.from(this.before);
      this.done = [];
      this.marks.clearLayers();
    }

    get near() {
      const reach = this.page.scene.editing.street_max_m * targeting.perMeter(this.page);
      this._near = this._near || new targeting.Near(this.page.city, reach);
      return this._near;
    }

    get changed() {
      return [...this.now.keys()].filter((i) => this.now[i] !== this.before[i]);
    }

    members(of, n) {
      return [...of.keys()].filter((i) => of[i] === n);
    }

    /* Puts a block into polygon n, or takes it out; says what it did. */
    toggle(i, n) {
      this.done.push([i, this.now[i]]);
      const was = this.now[i];
      this.now[i] = was === n ? 0 : n;
      this.draw();
      const values = { block: this.page.blockIds[i], number: n, other: was };
      return say(was === n ? "edit.said_out" : was > 0 ? "edit.said_moved" : "edit.said_in", values);
    }

    undo() {
      const last = this.done.pop();
      if (last) {
        this.now[last[0]] = last[1];
        this.draw();
      }
    }

    draw() {
      const { page } = this;
      this.marks.clearLayers();
      for (const i of this.changed) {
        const rings = targeting.latlngs(page.city, page.city.blocks, i);
        this.marks.addLayer(L.polyline(rings, { color: "#ffffff", weight: 7, interactive: false }));
        this.marks.addLayer(L.polyline(rings, this.now[i] > 0 ? IN : OUT));
      }
    }

    /* Before and now. Blocks carry rounded and withheld figures, the polygon's own are nearer the
       truth: what changed is added to those, unless the weights were moved since. */
    figures(n) {
      const [before, now] = [this.sums(this.before, n), this.sums(this.now, n)];
      const record = this.page.polygons.find((one) => one.number === n);
      const own = this.page.column("score") === this.page.data.column("score");
      if (own && record && record.score !== null && record.population > 0) {
        const sum = record.score * 100 * record.population;
        const weight = record.population;
        Object.assign(now, {
          people: record.population + now.people - before.people,
          sum: sum + now.sum - before.sum,
          weight: weight + now.weight - before.weight,
        });
        Object.assign(before, { people: record.population, sum, weight });
      }
      return [before, now].map((one) => ({ ...one, score: one.weight > 0 ? one.sum / one.weight : null }));
    }

    /* Blocks, people, score by people, parts. What is missing or withheld is not counted. */
    sums(of, n) {
      const people = this.page.data.column("population");
      const score = this.page.column("score");
      const blocks = this.members(of, n);
      const out = { blocks: blocks.length, people: 0, withheld: 0, weight: 0, sum: 0 };
      for (const i of blocks) {
        if (!people.has(i)) {
          out.withheld += 1;
          continue;
        }
        out.people += people.value(i);
        if (score.has(i)) {
          out.weight += people.value(i);
          out.sum += people.value(i) * score.value(i) * 100;
        }
      }
      return { ...out, parts: this.near.parts(blocks).length };
    }

    /* The plan as `targeting judge` reads it: one row a block that is in a polygon. */
    table() {
      const ids = this.page.blockIds;
      const quoted = (text) => (/[",\r\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text);
      const rows = [...this.now.keys()]
        .filter((i) => this.now[i] > 0)
        .map((i) => quoted(ids[i]) + "," + this.now[i])
        .sort();
      return ["block_id,polygon", ...rows].join("\r\n") + "\r\n";
    }

    save() {
      const file = new Blob([this.table()], { type: "text/csv" });
      const link = build("a", { href: URL.createObjectURL(file), download: say("edit.file") + ".csv" });
      document.body.append(link);
      link.click();
      link.remove();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    }
  }

  function row(label, before, now) {
    return build(
      "tr",
      {},
      build("th", { scope: "row" }, label),
      build("td", {}, before),
      build("td", {}, build("strong", {}, now)),
    );
  }

  function figuresTable(edit, n) {
    const [before, now] = edit.figures(n);
    const people = (one) => "≈ " + number(one.people, 0);
    const joined = (one) => (one.parts === 1 ? say("edit.joined") : say("edit.parts", { count: one.parts }));
    return [
      build(
        "table",
        { class: "facts", id: "edit-figures" },
        build("caption", {}, say("edit.caption")),
        build(
          "thead",
          {},
          build(
            "tr",
            {},
            build("th", { scope: "col" }, build("span", { class: "unseen" }, say("edit.figure"))),
            build("th", { scope: "col" }, say("edit.before")),
            build("th", { scope: "col" }, say("edit.now")),
          ),
        ),
        build(
          "tbody",
          {},
          row(say("edit.blocks"), number(before.blocks, 0), number(now.blocks, 0)),
          row(say("word.population"), people(before), people(now)),
          row(say("word.score"), number(before.score, 0), number(now.score, 0)),
          row(say("edit.street"), joined(before), joined(now)),
        ),
      ),
      now.withheld ? build("p", { class: "fine" }, say("edit.withheld", { count: now.withheld })) : null,
    ];
  }

  function blockRow(page, edit, i, n, refresh) {
    const people = page.data.column("population");
    const score = page.column("score");
    const box = build("input", {
      type: "checkbox",
      "data-block": i,
      checked: edit.now[i] === n,
      onchange: () => refresh(edit.toggle(i, n)),
    });
    box.checked = edit.now[i] === n;
    const about = say("edit.about", {
      people: people.has(i) ? number(people.value(i), 0) : "–",
      score: score.has(i) ? number(score.value(i) * 100, 0) : "–",
    });
    const other = edit.now[i] > 0 && edit.now[i] !== n ? say("edit.of_other", { number: edit.now[i] }) : null;
    return build(
      "li",
      {},
      build("label", { class: "check" }, box, build("bdi", { class: "key" }, page.blockIds[i]),
        build("span", { class: "fine" }, about, other ? " · " + other : null)),
    );
  }

  function list(key, blocks, make, open) {
    const part = build(
      "details",
      { class: "kind", "data-list": key },
      build("summary", {}, say("edit." + key, { count: blocks.length })),
      build("ul", { class: "cards" }, blocks.map(make)),
    );
    part.open = open;
    return part;
  }

  function view(page, { number: n }) {
    const edit = page.edit;
    const body = build("div", {});
    const said = build("p", { class: "unseen", role: "status" });
    const opened = new Set(["around"]);
    const refresh = (sentence) => {
      const focused = document.activeElement && document.activeElement.dataset.block;
      fill();
      said.textContent = sentence || "";
      const again = focused && body.querySelector(`[data-block="${focused}"]`);
      if (again) {
        again.focus({ preventScroll: true });
      }
    };
    const button = (key, onclick, off) => build("button", { type: "button", disabled: off, onclick, "data-edit": key }, say("edit." + key));
    function fill() {
      for (const one of body.querySelectorAll("[data-list]")) {
        opened[one.open ? "add" : "delete"](one.dataset.list);
      }
      const members = edit.members(edit.now, n);
      // What was changed stays in the list: the keyboard is still on it.
      const touched = edit.changed.filter((i) => edit.before[i] === n || edit.now[i] === n);
      const around = [...new Set([...edit.near.around(members), ...touched])].sort((one, two) => one - two);
      const make = (i) => blockRow(page, edit, i, n, refresh);
      body.replaceChildren(
        ...figuresTable(edit, n).filter(Boolean),
        build("p", { class: "notice" }, say("edit.checked")),
        build(
          "p",
          { class: "edit-buttons" },
          button("undo", () => { edit.undo(); refresh(say("edit.said_undone")); }, !edit.done.length),
          button("reset", () => { edit.reset(); refresh(say("edit.said_reset")); }, !edit.changed.length),
          button("save", () => edit.save(), !edit.now.some((one) => one > 0)),
        ),
        build("p", { class: "fine" }, say("edit.how_to")),
        list("around", around, make, opened.has("around")),
        list("inside", members, make, opened.has("inside")),
      );
    }
    edit.refresh = refresh;
    fill();
    return [
      build("button", { type: "button", class: "back", onclick: () => page.choosePolygon(n) }, say("edit.back")),
      build("h2", {}, say("edit.title", { number: n })),
      build("p", { class: "lead" }, say("edit.lead")),
      said,
      body,
    ];
  }

  function open(page, n) {
    page.show({ name: "edit", number: n, polygon: page.polygons.find((one) => one.number === n) });
    document.getElementById("panel-body").focus({ preventScroll: true });
  }

  function start(page) {
    if (!page.scene.editing) {
      return;
    }
    page.edit = new Edit(page);
    const click = page.click;
    page.click = function (latlng) {
      if (page.view.name !== "edit" || page.tab !== "polygons") {
        click.call(page, latlng);
        return;
      }
      const block = page.layers.blocks.hit(latlng);
      if (block >= 0) {
        page.edit.refresh(page.edit.toggle(block, page.view.number));
      }
    };
    page.on("plan", () => {
      page.edit.reset();
      if (page.view.name === "edit") {
        page.view = { name: "home" };
        page.edit.marks.removeFrom(page.map);
      }
    });
    page.on("view", () => {
      page.edit.marks[page.view.name === "edit" ? "addTo" : "removeFrom"](page.map);
    });
  }

  targeting.rooms.add({
    start,
    views: { edit: view },
    sections: {
      polygon: (page, { number: n }) =>
        page.edit
          ? build(
              "p",
              {},
              build("button", { type: "button", id: "edit-polygon", onclick: () => open(page, n) }, say("edit.open")),
            )
          : null,
    },
  });
})((window.targeting = window.targeting || {}));
