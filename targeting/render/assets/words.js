/* Words and numbers in the reader's language; every sentence comes from the scene's word list. */
(function (targeting) {
  "use strict";

  const LOCALES = { es: "es-MX", en: "en-US" };
  const held = { language: "es", lists: { es: {}, en: {} }, units: {}, missing: new Set() };

  function say(key, values) {
    const list = held.lists[held.language];
    let template = list[key];
    if (values && typeof values.count === "number" && list[key + ".one"] !== undefined) {
      const one = new Intl.PluralRules(LOCALES[held.language]).select(values.count) === "one";
      template = list[one ? key + ".one" : key + ".other"];
    }
    if (template === undefined) {
      held.missing.add(held.language + ":" + key);
      return "⟦" + key + "⟧";
    }
    return fill(template, values);
  }

  function fill(template, values) {
    return template.replace(/\{(\w+)\}/g, function (whole, name) {
      if (!values || values[name] === undefined) {
        return whole;
      }
      const value = values[name];
      return typeof value === "number" ? number(value, Number.isInteger(value) ? 0 : 1) : value;
    });
  }

  function has(key) {
    return held.lists[held.language][key] !== undefined;
  }

  /* Making a formatter takes a hundred times as long as using it. */
  const formatters = new Map();

  function formatter(places) {
    const key = held.language + places;
    if (!formatters.has(key)) {
      const digits = { minimumFractionDigits: places, maximumFractionDigits: places };
      formatters.set(key, new Intl.NumberFormat(LOCALES[held.language], digits));
    }
    return formatters.get(key);
  }

  function number(value, digits) {
    if (value === null || value === undefined || Number.isNaN(value)) {
      return "–";
    }
    const places = Math.max(0, digits || 0);
    const shown = formatter(places).format(value);
    return /^-[0.,]*$/.test(shown) ? shown.slice(1) : shown;
  }

  /* A quantity of `units.py` as people read it: factor, digits and sign. */
  function quantity(value, unit, digits) {
    if (value === null || value === undefined) {
      return "–";
    }
    const about = held.units[unit] || { factor: 1, digits: 2, sign: "" };
    const shown = number(value * about.factor, digits === undefined ? about.digits : digits);
    return about.sign ? shown + "\u00a0" + about.sign.replace(/ /g, "\u00a0") : shown;
  }

  /* Fills in every element that names a word: data-word its text, data-word-label its label. */
  function apply(root) {
    for (const element of root.querySelectorAll("[data-word]")) {
      element.textContent = say(element.dataset.word);
    }
    for (const element of root.querySelectorAll("[data-word-label]")) {
      element.setAttribute("aria-label", say(element.dataset.wordLabel));
    }
  }

  targeting.words = {
    state: held,
    say,
    fill,
    has,
    number,
    quantity,
    apply,
    load(lists, units, language) {
      held.lists = lists;
      held.units = units;
      held.language = language;
    },
    use(language) {
      held.language = language;
      document.documentElement.lang = language;
    },
    pick(names) {
      return names[held.language];
    },
  };

  /* Builds an element; texts become text, never markup. */
  targeting.build = function (tag, about, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(about || {})) {
      if (value === null || value === undefined || value === false) {
        continue;
      }
      if (name === "class") {
        element.className = value;
      } else if (name.startsWith("on")) {
        element.addEventListener(name.slice(2), value);
      } else {
        element.setAttribute(name, value === true ? "" : String(value));
      }
    }
    for (const child of children.flat(Infinity)) {
      if (child !== null && child !== undefined) {
        element.append(child);
      }
    }
    return element;
  };
})((window.targeting = window.targeting || {}));
