/* What stands below the ranked table while nothing is chosen: how to use the page, what to know. */
(function (targeting) {
  "use strict";

  const { build } = targeting;
  const say = (key) => targeting.words.say(key);

  function list(start) {
    const entries = [];
    for (let i = 1; targeting.words.has(start + i); i += 1) {
      entries.push(build("li", {}, say(start + i)));
    }
    return build("ul", {}, entries);
  }

  /* The years the indicators are of, told where there are any. */
  function years(page) {
    const held = page.scene.indicators.flatMap((one) => String(one.year || "").match(/\d{4}/g) || []);
    const told = [...new Set(held)].sort();
    return told.length ? build("p", { "data-years": "" }, targeting.words.say("guide.years", { years: told.join(", ") })) : null;
  }

  function section(page) {
    const about = build(
      "button",
      { type: "button", class: "plain", onclick: () => page.showTab("about") },
      say("guide.more"),
    );
    return [
      build("section", { class: "screen-only" }, build("h3", {}, say("guide.use")), list("guide.use_")),
      build("h3", {}, say("guide.know")),
      list("guide.know_"),
      years(page),
      build("p", { class: "screen-only" }, about),
    ];
  }

  targeting.rooms.add({ sections: { home: section } });
})((window.targeting = window.targeting || {}));
