/* The layer card: what the blocks are colored by, its classes, polygons and facilities on or off. */
(function (targeting) {
  "use strict";

  const { build } = targeting;
  const say = (key, values) => targeting.words.say(key, values);
  const pick = (names) => targeting.words.pick(names);
  const number = (value, digits) => targeting.words.number(value, digits);

  function layerName(page, layer) {
    if (layer.group === "indicator") {
      return pick(page.indicators.get(layer.key).names);
    }
    if (layer.names) {
      return pick(layer.names);
    }
    return say(layer.group === "dimension" ? "dimension." + layer.key : "layer." + layer.group);
  }

  /* Options of the choice, in groups. */
  function options(page) {
    const groups = [];
    for (const group of ["score", "dimension", "sure", "weightings", "hotspots", "indicator"]) {
      const held = page.scene.layers.filter((layer) => layer.group === group);
      if (!held.length) {
        continue;
      }
      groups.push(
        build(
          "optgroup",
          { label: say("layers." + group) },
          held.map((layer) => build("option", { value: layer.id }, layerName(page, layer))),
        ),
      );
    }
    return groups;
  }

  function unique(values) {
    return [...new Set(values.filter(Boolean))];
  }

  /* Unit, year and source of a layer. */
  function facts(page, layer) {
    if (layer.about) {
      return {
        unit: say(layer.group === "weightings" ? "layers.plans" : "layers.classes"),
        years: unique(layer.about.years).sort().join(", ") || "–",
        sources: unique(layer.about.sources.flatMap((one) => one.split("; "))).join("; ") || "–",
      };
    }
    const own =
      layer.group === "indicator"
        ? [page.indicators.get(layer.key)]
        : page.scene.indicators.filter((one) => layer.group !== "dimension" || one.dimension === layer.key);
    const unit =
      layer.group !== "indicator"
        ? say(layer.group === "sure" ? "layers.reruns" : "layers.points")
        : layer.level
          ? say("layers.level")
          : say("unit." + own[0].unit);
    return {
      unit,
      years: unique(own.map((one) => one.year)).sort().join(", ") || "–",
      sources: unique(own.flatMap((one) => one.source.split("; "))).join("; ") || "–",
    };
  }

  /* One end of a class as people read it. */
  function shown(page, painted, whole) {
    const { layer, column } = painted;
    if (layer.level) {
      return number(whole, 0);
    }
    if (layer.group !== "indicator") {
      return number(column.number(whole) * 100, 0);
    }
    const indicator = page.indicators.get(layer.key);
    const unit = targeting.words.state.units[indicator.unit];
    return number(column.number(whole) * unit.factor, page.digits(indicator, column));
  }

  function classText(page, painted, range) {
    const [first, last] = range.map((whole) => shown(page, painted, whole));
    const sign =
      painted.layer.group === "indicator" && !painted.layer.level
        ? targeting.words.state.units[page.indicators.get(painted.layer.key).unit].sign
        : "";
    const text = first === last ? first : first + " – " + last;
    return sign ? text + "\u00a0" + sign : text;
  }

  function swatch(color, about) {
    const out = build("span", { class: "swatch " + (about || ""), "aria-hidden": "true" });
    if (color) {
      out.style.backgroundColor = color;
    }
    return out;
  }

  /* Classes that are no numbers, in their own words and order. */
  function named(page, painted) {
    return painted.layer.classes.map((one, at) =>
      build(
        "li",
        {},
        swatch(one.color, one.dotted ? "dotted" : ""),
        build("span", {}, pick(one.text)),
        build("span", { class: "share" }, share(page, painted.counts[at])),
      ),
    );
  }

  function share(page, count) {
    const part = (100 * count) / Math.max(1, page.scene.city.blocks);
    return part > 0 && part < 1 ? "<1\u00a0%" : number(part, 0) + "\u00a0%";
  }

  /* Classes from most to least urgent, then the blocks without a value. */
  function classes(page, painted) {
    const entries = painted.layer.classes ? named(page, painted).reverse() : [];
    if (!painted.layer.classes && painted.ends[0] <= painted.ends[1]) {
      targeting.scale.ranges(painted).forEach((range, at) =>
        entries.push(
          build(
            "li",
            {},
            swatch(painted.colors[at]),
            build("span", {}, classText(page, painted, range)),
            build("span", { class: "share" }, share(page, painted.counts[at])),
          ),
        ),
      );
    }
    if (!painted.layer.reversed) {
      entries.reverse();
    }
    for (const [at, key] of [
      [targeting.scale.MASKED_CLASS, "masked"],
      [targeting.scale.SUPPRESSED_CLASS, "suppressed"],
      [targeting.scale.MISSING_CLASS, "missing"],
    ]) {
      if (painted.counts[at] > 0) {
        entries.push(
          build(
            "li",
            {},
            swatch(null, key),
            build("span", {}, say("legend." + key)),
            build("span", { class: "share" }, share(page, painted.counts[at])),
          ),
        );
      }
    }
    return build("ul", { class: "classes" }, entries);
  }

  function title(layer) {
    if (layer.group === "hotspots" || layer.group === "weightings") {
      return "legend." + layer.group;
    }
    return layer.group === "sure" ? "legend.darker_sure" : layer.reversed ? "legend.darker_lower" : "legend.darker";
  }

  function legend(page, painted) {
    const { layer } = painted;
    const about = facts(page, layer);
    const fact = (key, text) => [build("dt", {}, say("layers." + key)), build("dd", {}, text)];
    return [
      build(
        "p",
        { class: "legend-title" },
        say(title(layer)),
        build("span", { class: "share" }, say("legend.blocks")),
      ),
      classes(page, painted),
      build(
        "dl",
        { class: "source" },
        fact("unit", about.unit),
        fact("year", about.years),
        fact("source", build("bdi", {}, about.sources)),
      ),
    ];
  }

  /* The thin strip of colors shown while the card is closed. */
  function strip(painted) {
    return painted.colors
      .slice()
      .sort((a, b) => targeting.scale.RAMP.indexOf(a) - targeting.scale.RAMP.indexOf(b))
      .map((color) => swatch(color));
  }

  function kindToggles(page) {
    return page.scene.kinds
      .filter((kind) => !kind.sensitive && kind.city > 0)
      .map((kind) => {
        const box = build("input", {
          type: "checkbox",
          value: kind.key,
          checked: page.layers.facilities.shown.has(kind.key),
          onchange: (event) => page.layers.facilities.show(kind.key, event.target.checked),
        });
        return build(
          "li",
          {},
          build(
            "label",
            {},
            box,
            targeting.symbol(kind, 20, true),
            build("span", { class: "kind-name" }, pick(kind.names)),
            build("span", { class: "share" }, number(kind.city, 0)),
          ),
        );
      });
  }

  targeting.legend = { layerName, options, facts, legend, strip, kindToggles, classText };
})((window.targeting = window.targeting || {}));
