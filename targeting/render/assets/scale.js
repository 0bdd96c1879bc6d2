/* Colors and classes of a layer. Darker is always more urgent, on every reader's screen alike. */
(function (targeting) {
  "use strict";

  const RAMP = []; // filled from the scene: the same colors go to the QGIS style
  const MISSING_CLASS = 254;
  const MASKED_CLASS = 255;

  /* `count` colors of the ramp, its two ends always among them. */
  function colors(count, reversed) {
    const out = [];
    for (let i = 0; i < count; i += 1) {
      out.push(RAMP[count === 1 ? RAMP.length >> 1 : Math.round((i * (RAMP.length - 1)) / (count - 1))]);
    }
    return reversed ? out.reverse() : out;
  }

  function classOf(whole, breaks) {
    let at = 0;
    while (at < breaks.length && whole >= breaks[at]) {
      at += 1;
    }
    return at;
  }

  /* The layer of the scene with its columns, colors and the class of every block. */
  function paint(layer, data, count) {
    const column = data.column(layer.id);
    const low = layer.masked ? data.column("low." + layer.key) : null;
    const high = layer.masked ? data.column("high." + layer.key) : null;
    const classes = new Uint8Array(count);
    const counts = new Uint32Array(256);
    const ends = [Infinity, -Infinity];
    for (let i = 0; i < count; i += 1) {
      const whole = column.whole[i];
      let at = MISSING_CLASS;
      if (whole !== targeting.MISSING) {
        at = layer.classes ? whole : classOf(whole, layer.breaks);
        ends[0] = Math.min(ends[0], whole);
        ends[1] = Math.max(ends[1], whole);
      } else if (low && low.has(i)) {
        const under = classOf(low.whole[i], layer.breaks);
        at = under === classOf(high.whole[i], layer.breaks) ? under : MASKED_CLASS;
      }
      classes[i] = at;
      counts[at] += 1;
    }
    return {
      layer,
      column,
      low,
      high,
      classes,
      counts,
      ends,
      colors: layer.classes
        ? layer.classes.map((one) => one.color)
        : colors(layer.breaks.length + 1, layer.reversed),
      dotted: (layer.classes || []).map((one) => one.dotted),
    };
  }

  /* First and last whole step of each class, for the legend. */
  function ranges(painted) {
    const breaks = painted.layer.breaks;
    const out = [];
    for (let at = 0; at <= breaks.length; at += 1) {
      const first = at === 0 ? Math.min(painted.ends[0], breaks[0] - 1) : breaks[at - 1];
      const last = at === breaks.length ? Math.max(painted.ends[1], first) : breaks[at] - 1;
      out.push([breaks.length ? first : painted.ends[0], breaks.length ? last : painted.ends[1]]);
    }
    return out;
  }

  function useRamp(colors) {
    RAMP.splice(0, RAMP.length, ...colors);
  }

  targeting.scale = { RAMP, useRamp, MISSING_CLASS, MASKED_CLASS, colors, classOf, paint, ranges };
})((window.targeting = window.targeting || {}));
