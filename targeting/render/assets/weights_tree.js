/* Weights as whole percent, moved one at a time, and scores as columns with classes. Knows no page. */
(function (targeting) {
  "use strict";

  /* Shares as whole percent that sum to 100: rounded down, the rest to the largest remainders. */
  function wholePercent(shares) {
    const total = shares.reduce((sum, share) => sum + share, 0);
    const exact = shares.map((share) => (100 * share) / total);
    const out = exact.map((value) => Math.floor(value + 1e-9));
    const left = exact.map((value, i) => Math.round((value - out[i]) * 1e9));
    const order = left.map((_, i) => i).sort((a, b) => left[b] - left[a] || a - b);
    const rest = 100 - out.reduce((sum, value) => sum + value, 0);
    order.slice(0, rest).forEach((i) => (out[i] += 1));
    return out;
  }

  /* Sets one of several weights (they sum to 100) and shares the rest among those not locked, as
     they stand to each other; `before` says how where all of them are 0. Returns floats. */
  function moved(weights, at, value, locked, before) {
    const free = weights.map((_, i) => i !== at && !locked[i]);
    const held = weights.reduce((sum, one, i) => (i !== at && locked[i] ? sum + one : sum), 0);
    if (!free.some(Boolean)) {
      return weights;
    }
    const own = Math.max(0, Math.min(100 - held, value));
    const sum = (list) => list.reduce((all, one, i) => (free[i] ? all + one : all), 0);
    const ratios = [weights, before, weights.map(() => 1)].find((list) => sum(list) > 0);
    const rest = 100 - held - own;
    return weights.map((one, i) => {
      if (i === at) {
        return own;
      }
      return free[i] ? (rest * ratios[i]) / sum(ratios) : one;
    });
  }

  /* Keys of the indicators below a node. */
  function leaves(node) {
    return node.children ? node.children.flatMap(leaves) : [node.key];
  }

  /* What each indicator weighs below a node, of 1. */
  function shares(node, share) {
    if (!node.children) {
      return { [node.key]: share };
    }
    const total = node.children.reduce((sum, child) => sum + child.weight, 0);
    return Object.assign(
      {},
      ...node.children.map((child) => shares(child, total ? (share * child.weight) / total : 0)),
    );
  }

  function same(one, two) {
    return one.every((value, at) => value === two[at]);
  }

  /* Wishes as whole percent; what is locked keeps its own, what was moved is what was asked for. */
  function settled(wish, at, locked, before) {
    const fixed = wish.map((value, i) => (i === at ? Math.round(value) : locked[i] ? before[i] : null));
    const rest = 100 - fixed.reduce((sum, value) => sum + (value || 0), 0);
    const free = wish.map((value, i) => (fixed[i] === null ? value : 0));
    if (!fixed.includes(null)) {
      return before;
    }
    const total = free.reduce((sum, value) => sum + value, 0);
    const spread = free.map((value) => (total > 0 ? (rest * value) / total : 0));
    const whole = spread.map((value) => Math.floor(value + 1e-9));
    const order = spread.map((_, i) => i).filter((i) => fixed[i] === null);
    order.sort((a, b) => Math.round((spread[b] - whole[b] - spread[a] + whole[a]) * 1e9) || a - b);
    let left = rest - order.reduce((sum, i) => sum + whole[i], 0);
    for (const i of order) {
      whole[i] += left > 0 ? 1 : 0;
      left -= 1;
    }
    return whole.map((value, i) => (fixed[i] === null ? value : fixed[i]));
  }

  /* Values from 0 to 1 as a column of whole hundredths, halves up as in public.Grain. */
  function column(value) {
    const whole = new Int32Array(value.length);
    for (let i = 0; i < value.length; i += 1) {
      const one = value[i];
      whole[i] = one === one ? Math.floor(one * 100 + 0.5 + 1e-9) : targeting.MISSING;
    }
    return targeting.liveColumn(whole);
  }

  targeting.liveColumn = (whole) => ({
    decimals: 2,
    step: 1,
    whole,
    has: (i) => whole[i] !== targeting.MISSING,
    number: (steps) => steps / 100,
    value: (i) => (whole[i] === targeting.MISSING ? null : whole[i] / 100),
  });

  const CLASS_SHARES = [0.2, 0.4, 0.6, 0.8, 0.9];

  /* How many blocks lie at each hundredth. */
  function histogram(held) {
    const counts = new Uint32Array(101);
    for (let i = 0; i < held.whole.length; i += 1) {
      if (held.whole[i] !== targeting.MISSING) {
        counts[held.whole[i]] += 1;
      }
    }
    return counts;
  }

  /* Whole steps at which the next color begins, as class_breaks in scene.py. */
  function breaks(counts) {
    const known = counts.reduce((sum, count) => sum + count, 0);
    const at = (place) => {
      let sum = 0;
      return counts.findIndex((count) => (sum += count) > place);
    };
    if (!known) {
      return [];
    }
    const first = at(0);
    const cuts = new Set(
      CLASS_SHARES.map((share) => at(Math.min(Math.ceil(share * known), known - 1))).filter((cut) => cut > first),
    );
    const next = counts.findIndex((count, step) => step > first && count > 0);
    if (!cuts.size && next > 0) {
      cuts.add(next);
    }
    return [...cuts].sort((a, b) => a - b);
  }

  /* Place of the nearest of several weightings and how far it is: half the sum of the differences
     of the dimensions; of equals the first. */
  function nearest(percent, plans) {
    let best = { place: 0, far: Infinity };
    plans.forEach((plan, place) => {
      let far = 0;
      for (const key of Object.keys(percent)) {
        far += Math.abs(percent[key] - (plan[key] || 0)) / 2;
      }
      if (far < best.far) {
        best = { place, far };
      }
    });
    return best;
  }

  targeting.weightsTree = {
    wholePercent,
    moved,
    settled,
    leaves,
    shares,
    same,
    column,
    histogram,
    breaks,
    nearest,
  };
})((window.targeting = window.targeting || {}));
