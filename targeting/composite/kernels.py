"""Aggregation on bare arrays: the means of `aggregate.means`, over a tree of any depth.

Every mean here is a quasi-arithmetic one: parts are carried to a scale, averaged there by weight,
and carried back. The scales are the part itself (`arithmetic`), its power (`power_mean`), the
logarithm of well-being (`geometric`) and the odds of the part (`harmonic`, since 1 over well-being
is 1 + odds); well-being is 1 − part. Sums run in the order of the columns and in float64, so that
a block's number does not depend on which rows stand around it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from targeting.compiled import njit
from targeting.model import Node

MEANS = {"arithmetic": 0, "power_mean": 1, "geometric": 2, "harmonic": 3}
_TILE = 512
# Weights are scaled: the last digit of a coverage is not the study's.
_DUST = 1e-12
# Where a part is 1: any weight above 1e-13 of it makes the mean 1, and a weight of 0 nothing.
_ENDLESS = 1e30


@dataclass(frozen=True)
class Levels:
    """A tree as arrays: leaves first, then groups, children before their parent, the whole last.

    Parameters
    ----------
    names : tuple of str
        Name of each node.
    leaves : int
        How many of them are leaves.
    start : ndarray of int64
        Group `g` (node `leaves + g`) has the children `child[start[g]:start[g + 1]]`.
    child : ndarray of int64
        Nodes.
    parent : ndarray of int64
        Group each node hangs in (counted from 0 among groups); −1 for the whole.
    weight : ndarray of float64
        Share of each node among its sisters; 1 for the whole.

    Examples
    --------
    >>> levels = levels_of({"violence": (1.0, {"rate": 1.0}), "need": (3.0, {"a": 1.0, "b": 1.0})})
    >>> levels.names
    ('rate', 'a', 'b', 'violence', 'need', 'score')
    >>> levels.final(levels.weight).tolist()
    [0.25, 0.375, 0.375]
    """

    names: tuple[str, ...]
    leaves: int
    start: np.ndarray
    child: np.ndarray
    parent: np.ndarray
    weight: np.ndarray

    @property
    def groups(self) -> int:
        """Number of groups, the whole among them."""
        return len(self.start) - 1

    def children(self, group: int) -> np.ndarray:
        """Return the nodes of one group."""
        return np.asarray(self.child[self.start[group] : self.start[group + 1]])

    def final(self, weight: np.ndarray) -> np.ndarray:
        """Return what each leaf weighs in the whole, for weights of the nodes (last axis)."""
        share = np.array(weight, dtype=float)
        for node in range(len(self.names) - 2, -1, -1):
            share[..., node] *= share[..., self.leaves + self.parent[node]]
        return np.asarray(share[..., : self.leaves])


def levels_of(tree: Node | Mapping[str, Any]) -> Levels:
    """Return a tree of weights as arrays; weights are scaled to sum to 1 among sisters.

    Parameters
    ----------
    tree : Node or mapping
        Name to weight for an indicator, to `(weight, mapping)` for a group; groups of weight 0
        fall.

    Returns
    -------
    Levels
        Leaves in the order of the tree.
    """
    whole = (tree if isinstance(tree, Node) else Node.of(tree)).scaled()
    groups = [node for node in _upwards(whole) if node.children]
    leaves = [node for node in whole.nodes() if not node.children]
    nodes = [*leaves, *groups]
    place = {node.key: i for i, node in enumerate(nodes)}
    child = [place[one.key] for group in groups for one in group.children]
    start = np.cumsum([0, *(len(group.children) for group in groups)])
    parent = np.full(len(nodes), -1, dtype=np.int64)
    parent[child] = np.repeat(np.arange(len(groups)), np.diff(start))
    weight = np.array([node.weight for node in nodes], dtype=float)
    weight[-1] = 1.0
    return Levels(
        tuple(node.key for node in nodes),
        len(leaves),
        start.astype(np.int64),
        np.array(child, dtype=np.int64),
        parent,
        weight,
    )


def groups_of(tree: Node | Mapping[str, Any]) -> tuple[Node, ...]:
    """Return the groups of a tree in the order of `levels_of`."""
    whole = (tree if isinstance(tree, Node) else Node.of(tree)).scaled()
    return tuple(node for node in _upwards(whole) if node.children)


def _upwards(node: Node) -> Iterator[Node]:
    for child in node.children:
        yield from _upwards(child)
    yield node


@njit
def forward(part: float, mean: int, exponent: float) -> float:
    """Carry a part to the scale of a mean."""
    if mean == 0:
        return part
    if mean == 1:
        return part * part if exponent == 2.0 else part**exponent
    if mean == 2:
        return -_ENDLESS if part >= 1.0 else np.log1p(-part)
    return _ENDLESS if part >= 1.0 else part / (1.0 - part)


@njit
def backward(term: float, mean: int, exponent: float) -> float:
    """Carry a number on the scale of a mean back to a part, cut off at 0 and 1."""
    if mean == 0:
        part = term
    elif mean == 1:
        part = np.sqrt(term) if exponent == 2.0 else term ** (1.0 / exponent)
    elif mean == 2:
        part = -np.expm1(term)
    else:
        part = term / (1.0 + term)
    return min(max(part, 0.0), 1.0)


@njit
def carry(parts: np.ndarray, mean: np.ndarray, exponent: np.ndarray, out: np.ndarray) -> None:
    """Carry parts (columns by blocks) to the scale of each column's mean; missing becomes 0."""
    for column in range(parts.shape[0]):
        for block in range(parts.shape[1]):
            part = parts[column, block]
            known = not np.isnan(part)
            out[column, block] = forward(part, mean[column], exponent[column]) if known else 0.0


@njit
def mix(
    terms: np.ndarray, weights: np.ndarray, mean: int, exponent: float, out: np.ndarray
) -> None:
    """Fold a tree with one mean everywhere and nothing missing: it is one weighted mean.

    `terms` columns by blocks, `weights` draws by columns (final, summing to 1), `out` draws by
    blocks. Two draws and four columns at a time, so that numbers are fetched less often.
    """
    columns, blocks = terms.shape
    draws, spare = len(weights), np.empty(_TILE, dtype=out.dtype)
    for begin in range(0, blocks, _TILE):
        end = min(begin + _TILE, blocks)
        for draw in range(0, draws, 2):
            v, w = weights[draw], weights[min(draw + 1, draws - 1)]
            one = out[draw, begin:end]
            two = out[draw + 1, begin:end] if draw + 1 < draws else spare[: end - begin]
            one[:] = 0.0
            two[:] = 0.0
            for p in range(0, columns - 3, 4):
                a, b = terms[p, begin:end], terms[p + 1, begin:end]
                c, d = terms[p + 2, begin:end], terms[p + 3, begin:end]
                for i in range(end - begin):
                    one[i] += v[p] * a[i] + v[p + 1] * b[i] + v[p + 2] * c[i] + v[p + 3] * d[i]
                    two[i] += w[p] * a[i] + w[p + 1] * b[i] + w[p + 2] * c[i] + w[p + 3] * d[i]
            for p in range(columns - columns % 4, columns):
                a = terms[p, begin:end]
                for i in range(end - begin):
                    one[i] += v[p] * a[i]
                    two[i] += w[p] * a[i]
            for i in range(end - begin):
                one[i] = backward(one[i], mean, exponent)
                two[i] = backward(two[i], mean, exponent)


@njit
def _gather(
    source: np.ndarray,
    seen: np.ndarray,
    told: np.ndarray,
    weight: float,
    sums: np.ndarray,
    size: int,
) -> None:
    """Add one child to its group's sums: terms, weight that counts, weight that has data."""
    for i in range(size):
        sums[0, i] += weight * source[i]
        sums[1, i] += weight * seen[i]
        sums[2, i] += weight * told[i]


@njit
def _settle(sums: np.ndarray, total: float, least: float, size: int) -> None:
    """Turn a group's sums into its term, whether it is known, and its coverage."""
    for i in range(size):
        coverage = sums[2, i] / total
        if sums[1, i] > 0.0 and coverage >= least - _DUST:
            sums[0, i] /= sums[1, i]
            sums[1, i], sums[2, i] = 1.0, coverage
        else:
            sums[0, i], sums[1, i], sums[2, i] = 0.0, 0.0, 0.0


@njit
def fold(
    terms: np.ndarray,
    known: np.ndarray,
    start: np.ndarray,
    child: np.ndarray,
    parent: np.ndarray,
    weights: np.ndarray,
    mean: np.ndarray,
    exponent: np.ndarray,
    least: np.ndarray,
    out: np.ndarray,
) -> None:
    """Fold a tree with a mean and a least coverage of its own in every group.

    `terms` leaves by blocks, each on the scale of its parent's mean and 0 where missing; `known`
    the same shape, 1 or 0; `weights` of the nodes; `mean`, `exponent`, `least` of the groups.
    """
    leaves, blocks = terms.shape
    groups = len(start) - 1
    state = np.zeros((groups, 3, _TILE))
    for begin in range(0, blocks, _TILE):
        end = min(begin + _TILE, blocks)
        size = end - begin
        for group in range(groups):
            sums = state[group]
            sums[:] = 0.0
            total = 0.0
            for place in range(start[group], start[group + 1]):
                node = child[place]
                weight = weights[node]
                if weight <= 0.0:
                    continue
                total += weight
                if node < leaves:
                    seen = known[node, begin:end]
                    _gather(terms[node, begin:end], seen, seen, weight, sums, size)
                else:
                    below = state[node - leaves]
                    _gather(below[0], below[1], below[2], weight, sums, size)
            _settle(sums, total, least[group], size)
            above = parent[leaves + group]
            if above < 0:
                for i in range(size):
                    part = backward(sums[0, i], mean[group], exponent[group])
                    out[begin + i] = part if sums[1, i] > 0.0 else np.nan
            elif mean[above] != mean[group] or exponent[above] != exponent[group]:
                for i in range(size):
                    if sums[1, i] > 0.0:
                        part = backward(sums[0, i], mean[group], exponent[group])
                        sums[0, i] = forward(part, mean[above], exponent[above])


def tree_scores(
    parts: np.ndarray,
    levels: Levels,
    *,
    mean: str | Sequence[str] = "arithmetic",
    exponent: float | Sequence[float] = 2.0,
    coverage_min: float | Sequence[float] = 0.5,
    weight: np.ndarray | None = None,
) -> np.ndarray:
    """Combine parts up a tree.

    Parameters
    ----------
    parts : ndarray
        Blocks by leaves, 0 to 1, 1 worst; a missing part (NaN) leaves its weight to the others.
    levels : Levels
        The tree.
    mean : str or sequence of str
        One of `MEANS`, for all groups or for each.
    exponent : float or sequence of float
        Of the power mean.
    coverage_min : float or sequence of float
        A group is missing when less than this share of its weight has data.
    weight : ndarray, optional
        Of the nodes. Default: the tree's own.

    Returns
    -------
    ndarray
        One number a block, 0 to 1; missing where too little weight has data.

    Examples
    --------
    >>> levels = levels_of({"violence": (1.0, {"rate": 1.0}), "need": (3.0, {"a": 1.0, "b": 1.0})})
    >>> tree_scores(np.array([[1.0, 0.5, 0.3], [0.2, np.nan, 0.4]]), levels).round(3).tolist()
    [0.55, 0.35]
    """
    held = np.ascontiguousarray(np.asarray(parts, dtype=float).T)
    means, exponents = coded(mean, exponent, levels.groups)
    own = levels.parent[: levels.leaves]
    terms = np.empty_like(held)
    carry(held, means[own], exponents[own], terms)
    out = np.empty(held.shape[1])
    fold(
        terms,
        (~np.isnan(held)).astype(np.float64),
        levels.start,
        levels.child,
        levels.parent,
        levels.weight if weight is None else np.asarray(weight, dtype=float),
        means,
        exponents,
        np.broadcast_to(np.asarray(coverage_min, dtype=float), levels.groups).copy(),
        out,
    )
    return out


def coded(
    mean: str | Sequence[str], exponent: float | Sequence[float], groups: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the codes and exponents of the groups' means; 1 where the mean has no exponent."""
    names = [mean] * groups if isinstance(mean, str) else list(mean)
    codes = np.array([MEANS[name] for name in names], dtype=np.int64)
    given = np.broadcast_to(np.asarray(exponent, dtype=float), groups)
    exponents = np.where(codes == MEANS["power_mean"], given, 1.0)
    codes = np.where((codes == MEANS["power_mean"]) & (exponents == 1.0), 0, codes)
    return codes.astype(np.int64), exponents
