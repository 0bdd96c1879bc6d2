"""Scores of any set of choices, many at a time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from targeting.composite.kernels import carry, fold, mix
from targeting.composite.uncertainty.chance import draw_weights, picks
from targeting.composite.uncertainty.choices import FACTORS, LISTED
from targeting.composite.uncertainty.data import drawn_parts
from targeting.composite.uncertainty.model import Means, Model
from targeting.registry import method

STATED = -1


@dataclass(frozen=True)
class Plan:
    """The choices of a number of draws.

    Parameters
    ----------
    seed, stream : int
        Which chance.
    versions : ndarray of int64
        Draws by `FACTORS`: the number of each factor's own draw; −1 for as stated.
    pick : ndarray of int64
        Draws by `LISTED`: the alternative taken.
    weights : ndarray of float64
        Draws by nodes.
    """

    seed: int
    stream: int
    versions: np.ndarray
    pick: np.ndarray
    weights: np.ndarray

    def __len__(self) -> int:
        return len(self.versions)

    @property
    def data(self) -> np.ndarray:
        """Number of the draw of the data, by draw."""
        return np.asarray(self.versions[:, FACTORS.index("data")])


def plan_of(
    model: Model,
    versions: np.ndarray,
    *,
    seed: int,
    stream: int,
    shares: np.ndarray | None = None,
) -> Plan:
    """Return what each version of each factor comes to.

    Parameters
    ----------
    model : Model
        The alternatives.
    versions : ndarray of int64
        Draws by `FACTORS`; −1 for as stated.
    seed, stream : int
        Which chance.
    shares : ndarray, optional
        Versions by `LISTED`: where between 0 and 1 a version's alternative lies. Default: chance.

    Returns
    -------
    Plan
    """
    versions = np.asarray(versions, dtype=np.int64)
    pick = np.zeros((len(versions), len(LISTED)), dtype=np.int64)
    for i, name in enumerate(LISTED):
        own = versions[:, FACTORS.index(name)]
        drawn = own >= 0
        count = len(getattr(model, name))
        if shares is None:
            pick[drawn, i] = picks(seed, stream, FACTORS.index(name), own[drawn], count)
        else:
            pick[drawn, i] = np.minimum(shares[own[drawn], i] * count, count - 1)
    own = versions[:, FACTORS.index("weights")]
    sets: dict[int, np.ndarray] = {STATED: model.levels.weight}
    for version in np.unique(own[own >= 0]):
        sets[int(version)] = draw_weights(seed, stream, int(version), model.levels, model.spreads)
    weights = np.array([sets[int(version)] for version in own]).reshape(len(own), -1)
    return Plan(seed, stream, versions, pick, weights)


def stated(model: Model) -> np.ndarray:
    """Return the scores of the stated choices, in the model's order."""
    plan = plan_of(model, np.full((1, len(FACTORS)), STATED), seed=0, stream=0)
    return np.asarray(scores(model, plan, np.array([0]))[0])


@dataclass(frozen=True)
class _Terms:
    """Parts on the scale of their means: blocks with every part, and the others."""

    whole: np.ndarray
    part: np.ndarray
    known: np.ndarray

    @property
    def nbytes(self) -> int:
        return self.whole.nbytes + self.part.nbytes + self.known.nbytes


def scores(model: Model, plan: Plan, rows: np.ndarray) -> np.ndarray:
    """Return the scores of some draws.

    Parameters
    ----------
    model : Model
    plan : Plan
    rows : ndarray of int64
        Draws.

    Returns
    -------
    ndarray
        Draws by blocks, in the model's order; missing where too little weight has data.
    """
    out = np.empty((len(rows), model.blocks), dtype=model.kind)
    pick, data = plan.pick[rows], plan.data[rows]
    alike = np.column_stack([pick, data])
    _, group = np.unique(alike, axis=0, return_inverse=True)
    order = np.argsort(group, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        norm, aggregate, treat, missing = (int(i) for i in pick[members[0]])
        number = int(data[members[0]])
        fill = model.missing[missing].fill
        means, least = model.means[aggregate], model.least[missing]
        weights = plan.weights[rows[members]]
        if not means.compiled:
            parts = _parts(model, plan, treat, norm, fill, number)
            for member, weight in zip(members, weights, strict=True):
                out[member] = _plainly(model, parts, weight, means, least)
            continue
        if number == STATED:
            key = ("terms", treat, norm, fill, aggregate)
            terms = model.keep(key, partial(_terms, model, plan, treat, norm, fill, number, means))
        else:
            terms = _terms(model, plan, treat, norm, fill, number, means)
        # Mostly all members are rows that follow each other: then nothing is copied.
        follow = members[-1] - members[0] + 1 == len(members)
        found = out[members[0] : members[-1] + 1] if follow else np.empty_like(out[members])
        _combine(model, terms, weights, means, least, found)
        if not follow:
            out[members] = found
    return out


def _parts(
    model: Model, plan: Plan, treat: int, norm: int, fill: float | None, number: int
) -> np.ndarray:
    parts: np.ndarray = model.keep(("parts", treat, norm), lambda: model.parts(treat, norm))
    if number != STATED:
        parts = drawn_parts(model, parts, treat, norm, plan.seed, plan.stream, number)
    if fill is not None:
        parts = np.where(np.isnan(parts), fill, parts)
    return parts


def _terms(
    model: Model,
    plan: Plan,
    treat: int,
    norm: int,
    fill: float | None,
    number: int,
    means: Means,
) -> _Terms:
    parts = _parts(model, plan, treat, norm, fill, number)
    whole = model.whole if fill is None else model.blocks
    # A normalizer may leave out what the values hold; then no block counts as whole.
    if fill is None and np.isnan(parts[:, :whole]).any():
        whole = 0
    above = model.levels.parent[: model.levels.leaves]
    terms = np.empty(parts.shape, dtype=model.kind)
    carry(parts, means.code[above], means.exponent[above], terms)
    known = (~np.isnan(parts[:, whole:])).astype(float)
    return _Terms(
        np.ascontiguousarray(terms[:, :whole]), np.ascontiguousarray(terms[:, whole:]), known
    )


def _combine(
    model: Model,
    terms: _Terms,
    weights: np.ndarray,
    means: Means,
    least: np.ndarray,
    out: np.ndarray,
) -> None:
    """Fold the tree: blocks with every part as one weighted mean where one mean holds."""
    levels = model.levels
    tree = (levels.start, levels.child, levels.parent)
    rest = (means.code, means.exponent, least)
    whole = terms.whole.shape[1]
    if whole and means.alike:
        final = levels.final(weights).astype(terms.whole.dtype)
        mix(terms.whole, final, int(means.code[0]), float(means.exponent[0]), out[:, :whole])
    elif whole:
        known = np.ones_like(terms.whole)
        for row, weight in enumerate(weights):
            fold(terms.whole, known, *tree, weight, *rest, out[row, :whole])
    if whole < model.blocks:
        for row, weight in enumerate(weights):
            fold(terms.part, terms.known, *tree, weight, *rest, out[row, whole:])


def _plainly(
    model: Model, parts: np.ndarray, weight: np.ndarray, means: Means, least: np.ndarray
) -> np.ndarray:
    """Fold the tree with registered methods that have no kernel."""
    levels = model.levels
    held = dict(enumerate(parts))
    share = {leaf: (~np.isnan(part)).astype(float) for leaf, part in held.items()}
    for group in range(levels.groups):
        nodes = [int(node) for node in levels.children(group) if weight[node] > 0]
        names = [levels.names[node] for node in nodes]
        own = pd.Series(weight[nodes], index=names)
        table = pd.DataFrame({levels.names[node]: held[node] for node in nodes})
        spec = means.specs[group]
        value = method("aggregator", spec.use)(table, own, **spec.settings).value.to_numpy(float)
        covered = sum(np.where(np.isnan(held[n]), 0.0, share[n]) * weight[n] for n in nodes)
        covered = np.asarray(covered) / own.sum()
        node = levels.leaves + group
        held[node] = np.where(covered >= least[group] - 1e-12, value, np.nan)
        share[node] = covered
    return np.asarray(held[levels.leaves + levels.groups - 1])
