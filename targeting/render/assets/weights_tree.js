/* Weights as whole percent: moved one at a time, the others making room. Knows no page. */
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

  targeting.weightsTree = { wholePercent, moved, settled, leaves, shares, same };
})((window.targeting = window.targeting || {}));
