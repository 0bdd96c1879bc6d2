/* Colors and classes of a layer. Darker is always more urgent, on every reader's screen alike. */
(function (targeting) {
  "use strict";

  const RAMP = []; // filled from the scene: the same colors go to the QGIS style
  const SUPPRESSED_CLASS = 252; // known, but of too few people to be told
  const HIDDEN_CLASS = 253; // by a filter
  const MISSING_CLASS = 254;
  const MASKED_CLASS = 255;
  const HIDDEN_COLOR = "rgba(128, 128, 120, 0.16)";
  const TABLE = 1 << 16;

  /* `count` colors of the ramp, its two ends always among them. */
  function colors(count, reversed) {
    const out = [];
    for (let i = 0; i < count; i += 1) {
      out.push(RAMP[count === 1 ? RAMP.length >> 1 : Math.round((i * (RAMP.length - 1)) / (count - 1))]);
    }
    return reversed ? out.reverse() : out;
  }

  /* Classes are few: the first break above the value, found by halving. */
  function classOf(whole, breaks) {
    let [low, high] = [0, breaks.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (whole >= breaks[middle]) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  function endsOf(whole) {
    let [least, most] = [Infinity, -Infinity];
    for (let i = 0; i < whole.length; i += 1) {
      const value = whole[i];
      if (value !== targeting.MISSING) {
        least = value < least ? value : least;
        most = value > most ? value : most;
      }
    }
    return [least, most];
  }

  /* The class of every value from `least` to `most`. */
  function tableOf(least, most, breaks) {
    const table = new Uint8Array(most - least + 1);
    for (let at = 0, one = 0; at < table.length; at += 1) {
      while (one < breaks.length && at + least >= breaks[one]) {
        one += 1;
      }
      table[at] = one;
    }
    return table;
  }

  function classesOf(layer, whole, ends) {
    const classes = new Uint8Array(whole.length).fill(MISSING_CLASS);
    const [least, most] = ends;
    const near = least <= most && most - least < TABLE;
    const table = near && !layer.classes ? tableOf(least, most, layer.breaks) : null;
    for (let i = 0; i < whole.length; i += 1) {
      const value = whole[i];
      if (value !== targeting.MISSING) {
        classes[i] = layer.classes ? value : table ? table[value - least] : classOf(value, layer.breaks);
      }
    }
    return classes;
  }

  /* Where a number is masked, its class if both its ends share it. */
  function unmask(layer, whole, classes, low, high) {
    for (let i = 0; i < whole.length; i += 1) {
      if (whole[i] === targeting.MISSING && low.has(i)) {
        const under = classOf(low.whole[i], layer.breaks);
        classes[i] = under === classOf(high.whole[i], layer.breaks) ? under : MASKED_CLASS;
      }
    }
  }

  /* The layer of the scene with its columns, colors and the class of every block.
     other.column: shown in place of the layer's own; other.hidden: 1 for blocks a filter hides. */
  function paint(layer, data, count, other) {
    const { column: own, hidden } = other || {};
    const column = own || data.column(layer.id);
    const masked = layer.masked && !own;
    const low = masked ? data.column("low." + layer.key) : null;
    const high = masked ? data.column("high." + layer.key) : null;
    const whole = column.whole.subarray(0, count);
    const ends = endsOf(whole);
    const classes = classesOf(layer, whole, ends);
    if (masked) {
      unmask(layer, whole, classes, low, high);
    }
    const untold = layer.hidden && !own ? data.column("hidden." + layer.key).whole : null;
    for (let i = 0; untold && i < count; i += 1) {
      if (untold[i] === 1) {
        classes[i] = SUPPRESSED_CLASS;
      }
    }
    const counts = new Uint32Array(256);
    for (let i = 0; i < count; i += 1) {
      if (hidden && hidden[i]) {
        classes[i] = HIDDEN_CLASS;
      }
      counts[classes[i]] += 1;
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

  /* How a class is filled: {color}, or {pattern: [dotted, color]}. */
  function fill(painted, one) {
    if (one === HIDDEN_CLASS) {
      return { color: HIDDEN_COLOR };
    }
    if (one === SUPPRESSED_CLASS) {
      return { pattern: ["crossed", null] };
    }
    const color = painted.colors[one];
    return color && !painted.dotted[one]
      ? { color }
      : { pattern: [Boolean(color) || one === MASKED_CLASS, color] };
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

  /* Pixels of a pattern's side. */
  targeting.patternSide = (dense) => Math.round(6 * dense);

  /* Gray stripes for no data, gray dots for a masked number, a grid for one not told, white dots on
     a color of low values: told apart without color. */
  targeting.pattern = function (kind, dense, color) {
    const crossed = kind === "crossed";
    const dotted = kind && !crossed;
    const side = targeting.patternSide(dense);
    const canvas = document.createElement("canvas");
    canvas.width = side;
    canvas.height = side;
    const ctx = canvas.getContext("2d");
    ctx.fillStyle = color || (dotted ? "#f1efe9" : "#dcdcd8");
    ctx.fillRect(0, 0, side, side);
    ctx.fillStyle = color ? "#ffffff" : "#8b8b86";
    ctx.strokeStyle = "#a3a39e";
    ctx.lineWidth = dense;
    if (dotted) {
      ctx.fillRect(side / 3, side / 3, 1.4 * dense, 1.4 * dense);
    } else {
      ctx.beginPath();
      for (const shift of [-side, 0, side]) {
        ctx.moveTo(shift, side);
        ctx.lineTo(shift + side, 0);
        if (crossed) {
          ctx.moveTo(shift, 0);
          ctx.lineTo(shift + side, side);
        }
      }
      ctx.stroke();
    }
    return canvas;
  };

  /* The pixels of a canvas, or the one of a color, as the numbers image data hold. */
  targeting.pixels = function (held) {
    let canvas = held;
    if (typeof held === "string") {
      canvas = document.createElement("canvas");
      canvas.width = canvas.height = 1;
      const ctx = canvas.getContext("2d");
      ctx.fillStyle = held;
      ctx.fillRect(0, 0, 1, 1);
    }
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return new Uint32Array(data.buffer);
  };

  targeting.scale = {
    RAMP,
    useRamp,
    HIDDEN_CLASS,
    SUPPRESSED_CLASS,
    MISSING_CLASS,
    MASKED_CLASS,
    colors,
    classOf,
    paint,
    fill,
    ranges,
  };
})((window.targeting = window.targeting || {}));
