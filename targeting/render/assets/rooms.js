/* Where each part of the page hangs what it adds: tabs, views, sections of a view, state to share. */
(function (targeting) {
  "use strict";

  const starts = [];
  const tabs = [];
  const views = {};
  const sections = {};
  const addresses = [];

  /* One room. All are optional:
     start(page)       once, when the data are unpacked and before the first words are said
     tab               {key, word, order, render(page) -> parts, hidden(page) -> whether to leave it out}
     views             {name: (page, view) -> parts}: what page.show({name: …}) renders
     sections          {view name or tab key: (page, view) -> parts}: added at the end of that view
     address           {key: {read(page) -> text or null, write(page, text or null)}}: in the address */
  function add(room) {
    if (room.start) {
      starts.push(room.start);
    }
    if (room.tab) {
      tabs.push(room.tab);
      tabs.sort((a, b) => a.order - b.order);
    }
    Object.assign(views, room.views);
    for (const [name, section] of Object.entries(room.sections || {})) {
      (sections[name] = sections[name] || []).push(section);
    }
    for (const [key, one] of Object.entries(room.address || {})) {
      addresses.push({ key, ...one });
    }
  }

  /* A polygon of a plan made in advance (plans.js) says itself what is known of it. */
  function sectionsOf(name, page, view) {
    if (name === "polygon" && view.polygon.stored) {
      return [];
    }
    return (sections[name] || []).map((section) => section(page, view));
  }

  /* What happens on the page: on(name, answer) and fire(name, detail). */
  class Events {
    constructor() {
      this._answers = new Map();
    }

    on(name, answer) {
      this._answers.set(name, [...(this._answers.get(name) || []), answer]);
      return this;
    }

    fire(name, detail) {
      for (const answer of this._answers.get(name) || []) {
        answer(detail);
      }
      return this;
    }
  }

  targeting.rooms = { add, starts, tabs, views, addresses, sectionsOf };
  targeting.Events = Events;
})((window.targeting = window.targeting || {}));
