/* Weighs the blocks anew from the rounded parts: the same means, by the same rule for what is
   missing, as targeting/render/weighting.py. Knows no page. */
(function (targeting) {
  "use strict";

  const NOTHING = 255;
  const DUST = 1e-12;

  /* A mean as a sum of f(part) and what becomes of it. */
  function mean(node) {
    const { exponent } = node;
    if (node.mean === "power_mean" && exponent !== 1) {
      return exponent === 2
        ? { into: (x) => x * x, back: Math.sqrt }
        : { into: (x) => x ** exponent, back: (x) => x ** (1 / exponent) };
    }
    if (node.mean === "geometric") {
      return { into: (x) => (x >= 1 ? Infinity : -Math.log1p(-x)), back: (x) => -Math.expm1(-x) };
    }
    if (node.mean === "harmonic") {
      return {
        into: (x) => (x >= 1 ? Infinity : x / (1 - x)),
        back: (x) => (x === Infinity ? 1 : x / (1 + x)),
      };
    }
    return { into: (x) => x, back: (x) => x };
  }

  /* Parts in hundredths, NOTHING where there is none, and whether some are missing. */
  function compact(column, count) {
    const parts = new Uint8Array(count);
    let gaps = false;
    for (let i = 0; i < count; i += 1) {
      const known = column.whole[i] !== targeting.MISSING;
      parts[i] = known ? Math.round(column.number(column.whole[i]) * 100) : NOTHING;
      gaps = gaps || !known;
    }
    return { parts, gaps };
  }

  class Scorer {
    /* tree: the scene's; part(key): the packed column of an indicator's parts. */
    constructor(tree, part, count) {
      this.tree = tree;
      this.count = count;
      this.leaves = new Map();
      this.kept = new Map();
      const walk = (node) => {
        if (!node.children) {
          this.leaves.set(node.key, compact(part(node.key), count));
        }
        (node.children || []).forEach(walk);
      };
      walk(tree);
    }

    /* The tree with other weights: shares of the dimensions, and within some of them of their
       indicators ({key: {indicator: weight}}); groups weigh what their indicators do. */
    weighed(shares, within) {
      const below = (node, weights) => {
        if (!node.children) {
          return { ...node, weight: weights[node.key] || 0 };
        }
        const children = node.children.map((child) => below(child, weights));
        return { ...node, children, weight: children.reduce((sum, one) => sum + one.weight, 0) };
      };
      const children = this.tree.children.map((child) => ({
        ...(within && within[child.key] ? below(child, within[child.key]) : child),
        weight: shares[child.key] || 0,
      }));
      return { ...this.tree, children };
    }

    /* {value, coverage} of every block; NaN where too little weight has data. What lies below the
       whole is kept as long as its weights are the same. */
    score(tree) {
      const found = { groups: new Map() };
      const children = tree.children.filter((child) => child.weight > 0);
      for (const child of children.filter((one) => one.children)) {
        const signature = JSON.stringify({ ...child, weight: 1 });
        const held = this.kept.get(child.key);
        if (!held || held.signature !== signature) {
          const room = held ? held.room : this.room();
          this.kept.set(child.key, { signature, room, ...this.group(child, room) });
        }
        found.groups.set(child.key, this.kept.get(child.key));
      }
      return Object.assign(found, this.whole({ ...tree, children }, found.groups));
    }

    /* The whole out of its groups: one pass over the blocks, which also counts them by hundredth. */
    whole(node, groups) {
      const { back } = mean(node);
      const total = node.children.reduce((sum, child) => sum + child.weight, 0);
      const parts = node.children.map((child) => this.turned(node, child, groups.get(child.key)));
      const weights = node.children.map((child) => child.weight / total);
      const least = node.coverage_min - DUST;
      const value = (this.top = this.top || new Float64Array(this.count));
      const whole = new Int32Array(this.count);
      const counts = new Uint32Array(101);
      const many = parts.length;
      for (let i = 0; i < this.count; i += 1) {
        let sum = 0;
        let share = 0;
        let known = 0;
        for (let at = 0; at < many; at += 1) {
          const one = parts[at].turned[i];
          if (one === one) {
            sum += weights[at] * one;
            share += weights[at];
            known += weights[at] * parts[at].coverage[i];
          }
        }
        if (share > 0 && known >= least) {
          const score = Math.max(0, Math.min(1, back(sum / share)));
          const step = Math.floor(score * 100 + 0.5 + 1e-9);
          value[i] = score;
          whole[i] = step;
          counts[step] += 1;
        } else {
          value[i] = NaN;
          whole[i] = targeting.MISSING;
        }
      }
      return { value, column: targeting.liveColumn(whole), counts };
    }

    /* A group's values as the mean above takes them; made once for as long as they stay. */
    turned(node, child, held) {
      const group = held || this.alone(child.key);
      if (!group.turned) {
        const { into } = mean(node);
        const { value, room } = group;
        const out = (room && room.turned) || new Float64Array(this.count);
        for (let i = 0; i < out.length; i += 1) {
          out[i] = into(value[i]);
        }
        group.turned = out;
        if (room) {
          room.turned = out;
        }
      }
      return group;
    }

    /* An indicator that stands beside the dimensions, as a group of one. */
    alone(key) {
      const { parts } = this.leaves.get(key);
      const value = Float64Array.from(parts, (part) => (part === NOTHING ? NaN : part / 100));
      return { value, coverage: Float64Array.from(value, (one) => (one === one ? 1 : 0)) };
    }

    /* One group by itself, whatever lies below it. */
    group(node, room = this.room()) {
      const children = node.children.filter((child) => child.weight > 0 || !child.children);
      const groups = new Map();
      for (const child of children.filter((one) => one.children)) {
        groups.set(child.key, this.group(child));
      }
      return this.combined({ ...node, children }, groups, room);
    }

    /* What each indicator adds to the score of one block, {key: share}, as the aggregators tell it:
       in proportion to its piece of the mean; nothing where the block has no score. */
    account(tree, i) {
      const below = (node) => {
        const leaf = this.leaves.get(node.key);
        if (leaf) {
          const known = leaf.parts[i] !== NOTHING;
          return { value: known ? leaf.parts[i] / 100 : NaN, coverage: known ? 1 : 0, told: { [node.key]: 1 } };
        }
        const { into, back } = mean(node);
        const children = node.children.filter((child) => child.weight > 0);
        const total = children.reduce((sum, child) => sum + child.weight, 0);
        const held = children.map((child) => ({ weight: child.weight / total, ...below(child) }));
        const known = held.filter((one) => one.value === one.value);
        const coverage = known.reduce((sum, one) => sum + one.weight * one.coverage, 0);
        const share = known.reduce((sum, one) => sum + one.weight, 0);
        const whole = known.map((one) => into(one.value));
        const lost = whole.includes(Infinity);
        const pieces = known.map((one, at) => one.weight * (lost ? Number(whole[at] === Infinity) : whole[at]));
        const sum = pieces.reduce((all, one) => all + one, 0);
        const enough = share > 0 && coverage >= node.coverage_min - DUST;
        const value = enough ? Math.min(1, back(lost ? Infinity : sum / share)) : NaN;
        const told = {};
        known.forEach((one, at) => {
          for (const [key, part] of Object.entries(one.told)) {
            told[key] = sum > 0 ? (part * pieces[at]) / sum : 0;
          }
        });
        return { value, coverage, told };
      };
      const { value, told } = below(tree);
      return value === value
        ? Object.fromEntries(Object.entries(told).map(([key, part]) => [key, part * value]))
        : null;
    }

    room() {
      const { count } = this;
      return {
        value: new Float64Array(count),
        known: new Float64Array(count),
        coverage: new Float64Array(count),
      };
    }

    combined(node, groups, { value, known, coverage }) {
      const { into, back } = mean(node);
      const total = node.children.reduce((sum, child) => sum + child.weight, 0);
      const least = node.coverage_min - DUST;
      value.fill(0);
      coverage.fill(0);
      let everywhere = 0;
      let gaps = false;
      known.fill(0);
      for (const child of node.children) {
        const weight = child.weight / total;
        const leaf = this.leaves.get(child.key);
        if (!(weight > 0)) {
          continue;
        }
        if (leaf && !leaf.gaps) {
          everywhere += weight;
          addAll(leaf.parts, weight, into, value);
        } else if (leaf) {
          gaps = true;
          addKnown(leaf.parts, weight, into, value, known, coverage);
        } else {
          gaps = true;
          addGroup(groups.get(child.key), weight, into, value, known, coverage);
        }
      }
      for (let i = 0; i < this.count; i += 1) {
        const share = gaps ? known[i] + everywhere : everywhere;
        coverage[i] = gaps ? coverage[i] + everywhere : everywhere;
        const enough = share > 0 && coverage[i] >= least;
        const one = enough ? back(value[i] / share) : NaN;
        value[i] = one > 1 ? 1 : one < 0 ? 0 : one;
      }
      return { value, coverage };
    }
  }

  function table(weight, into) {
    return Float64Array.from({ length: 256 }, (_, part) => (part > 100 ? 0 : weight * into(part / 100)));
  }

  function addAll(parts, weight, into, value) {
    const told = table(weight, into);
    for (let i = 0; i < parts.length; i += 1) {
      value[i] += told[parts[i]];
    }
  }

  function addKnown(parts, weight, into, value, known, coverage) {
    const told = table(weight, into);
    for (let i = 0; i < parts.length; i += 1) {
      if (parts[i] !== NOTHING) {
        value[i] += told[parts[i]];
        known[i] += weight;
        coverage[i] += weight;
      }
    }
  }

  function addGroup(group, weight, into, value, known, coverage) {
    for (let i = 0; i < value.length; i += 1) {
      const one = group.value[i];
      if (one === one) {
        value[i] += weight * into(one);
        known[i] += weight;
        coverage[i] += weight * group.coverage[i];
      }
    }
  }

  targeting.reweigh = { Scorer };
})((window.targeting = window.targeting || {}));
