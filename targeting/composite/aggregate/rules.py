"""Rules that judge a block by itself, from what its worst parts are and how they lie together."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
import pandas as pd
from annotated_types import Ge, Gt, Le, Lt

from targeting.composite.aggregate.result import Aggregate, known_weights, shared_out
from targeting.problems import Problem, TargetingError
from targeting.registry import register

_EVERY = ("rows", "columns", "monotone", "homogeneous", "missing", "ties")


@register("aggregator", laws=(*_EVERY, "range"))
def owa(
    parts: pd.DataFrame,
    weights: pd.Series[float],
    *,
    orness: Annotated[float, Gt(0), Lt(1)] = 0.7,
) -> Aggregate:
    """Ordered weighted mean: a part counts by how bad it is among the block's own.

    Parameters
    ----------
    parts : DataFrame
        Blocks by parts, 0 to 1; missing parts leave their weight to the others.
    weights : Series
        Weight of each column, 0 or more, not all 0.
    orness : float
        0.5 is the arithmetic mean; towards 1 the worst part alone, towards 0 the best alone.

    Returns
    -------
    Aggregate
        From worst to best, a part counts `Q(S) − Q(S before)`, S being the weight of the parts so
        far and `Q(s) = s^((1 − orness) / orness)`. Contributions are exact: that times the part.
        Equal parts share what they count by their weights.

    References
    ----------
    Yager (1996), Quantifier guided aggregation using OWA operators.

    Examples
    --------
    >>> parts = pd.DataFrame({"a": [1.0], "b": [0.0]})
    >>> owa(parts, pd.Series({"a": 1.0, "b": 1.0}), orness=2 / 3).value.round(4).tolist()
    [0.7071]
    """
    filled, shares, coverage = known_weights(parts, weights)
    order = np.argsort(-np.where(shares > 0, filled, -1.0), axis=1, kind="stable")
    held, own = (np.take_along_axis(table, order, axis=1) for table in (filled, shares))
    up_to = np.minimum(np.cumsum(own, axis=1), 1.0)
    change = np.diff(held, axis=1) != 0
    edge = np.ones((len(held), 1), dtype=bool)
    before = np.where(np.hstack([edge, change]), up_to - own, -np.inf)
    before = np.clip(np.maximum.accumulate(before, axis=1), 0.0, 1.0)
    after = np.where(np.hstack([change, edge]), up_to, np.inf)
    after = np.minimum.accumulate(after[:, ::-1], axis=1)[:, ::-1]
    power = (1 - orness) / orness
    width = after - before
    counted = own * (after**power - before**power) / np.where(width > 0, width, 1.0)
    pieces = np.empty_like(counted)
    np.put_along_axis(pieces, order, counted * held, axis=1)
    return shared_out(np.clip(pieces.sum(axis=1), 0.0, 1.0), pieces, coverage, parts)


@register("aggregator", laws=("rows", "columns", "homogeneous", "missing", "ties"))
def mazziotta_pareto(
    parts: pd.DataFrame,
    weights: pd.Series[float],
    *,
    penalty: Literal["up", "down"] = "up",
    ddof: Literal[0, 1] = 0,
) -> Aggregate:
    """Mean with a penalty for unevenness: mean ± variance / mean.

    Not monotone: a better part beside a bad one may lower the unevenness by less than it lowers
    the mean, or by more. With `zscore(mean=100, deviation=10)` before it, it is the published
    index; on parts from 0 to 1 and with the penalty up, it lies between the smallest part and the
    largest.

    Parameters
    ----------
    parts : DataFrame
        Blocks by parts, 0 or more; missing parts leave their weight to the others.
    weights : Series
        Weight of each column, 0 or more, not all 0.
    penalty : str
        `"up"` where higher is worse, as in a study; `"down"` where higher is better. Down, the
        result ends at 0.
    ddof : int
        1 takes the sample's variance, n / (n − 1) times as large.

    Returns
    -------
    Aggregate
        Contributions are told in proportion to weight times part. Parts of no more than 1 give
        no more than 1.

    References
    ----------
    Mazziotta and Pareto (2016), On a generalized non-compensatory composite index.

    Examples
    --------
    >>> parts = pd.DataFrame({"a": [0.2], "b": [0.6]})
    >>> mazziotta_pareto(parts, pd.Series({"a": 1.0, "b": 1.0})).value.round(6).tolist()
    [0.5]
    """
    filled, shares, coverage = known_weights(parts, weights)
    pieces = shares * filled
    mean = pieces.sum(axis=1)
    variance = (shares * (filled - mean[:, None]) ** 2).sum(axis=1)
    count = (shares > 0).sum(axis=1)
    variance *= np.where(count > 1, count / np.maximum(count - ddof, 1), 1.0)
    sign = 1.0 if penalty == "up" else -1.0
    value = mean + sign * variance / np.where(mean > 0, mean, 1.0)
    value = np.where(filled.max(axis=1, initial=0.0) <= 1, np.minimum(value, 1.0), value)
    return shared_out(np.maximum(value, 0.0), pieces, coverage, parts)


@register("aggregator", laws=_EVERY)
def product(parts: pd.DataFrame, weights: pd.Series[float]) -> Aggregate:
    """Product of the parts: high only where all are high.

    With equal weights the plain product; else each part to the power of its weight over the mean
    weight. One part of 0 makes the whole 0, so a block that is bad in all things but one is lost
    from sight: meant for two or three dimensions that must meet, as in CalEnviroScreen.

    Parameters
    ----------
    parts : DataFrame
        Blocks by parts, 0 to 1; missing parts are left out.
    weights : Series
        Weight of each column, 0 or more, not all 0.

    Returns
    -------
    Aggregate
        Contributions are told in proportion to weight times part.

    Examples
    --------
    >>> parts = pd.DataFrame({"a": [0.5], "b": [0.5]})
    >>> product(parts, pd.Series({"a": 1.0, "b": 1.0})).value.tolist()
    [0.25]
    """
    filled, shares, coverage = known_weights(parts, weights)
    counted = shares > 0
    powers = shares * counted.sum(axis=1, keepdims=True)
    value = np.where(counted, filled**powers, 1.0).prod(axis=1)
    return shared_out(value, shares * filled, coverage, parts)


@register("aggregator", laws=_EVERY)
def min_count(
    parts: pd.DataFrame,
    weights: pd.Series[float],
    *,
    cutoff: Annotated[float, Gt(0), Le(1)] = 0.8,
    share_min: Annotated[float, Ge(0), Le(1)] = 1 / 3,
    flag: bool = False,
) -> Aggregate:
    """Share of the weight whose parts reach a cutoff, 0 where the share is too small.

    The counting rule of the Alkire–Foster family: who is deprived in too few things is not counted.

    Parameters
    ----------
    parts : DataFrame
        Blocks by parts, 0 to 1; missing parts leave their weight to the others.
    weights : Series
        Weight of each column, 0 or more, not all 0.
    cutoff : float
        A part counts from here on.
    share_min : float
        Less weight than this counts as 0.
    flag : bool
        Give 1 instead of the share.

    Returns
    -------
    Aggregate
        Contributions are told in proportion to the weight of the parts that count.

    References
    ----------
    Alkire and Foster (2011), Counting and multidimensional poverty measurement.

    Examples
    --------
    >>> parts = pd.DataFrame({"a": [0.9, 0.9], "b": [0.9, 0.1], "c": [0.1, 0.1]})
    >>> weights = pd.Series(1.0, index=["a", "b", "c"])
    >>> min_count(parts, weights, share_min=0.5).value.round(4).tolist()
    [0.6667, 0.0]
    """
    filled, shares, coverage = known_weights(parts, weights)
    pieces = shares * (filled >= cutoff)
    share = pieces.sum(axis=1)
    enough = (share >= share_min - 1e-12) & (share > 0)
    value = np.where(enough, 1.0 if flag else np.minimum(share, 1.0), 0.0)
    return shared_out(value, pieces * enough[:, None], coverage, parts)


@register("aggregator", laws=_EVERY)
def lexicographic(
    parts: pd.DataFrame, weights: pd.Series[float], *, levels: Annotated[int, Ge(2)] = 10
) -> Aggregate:
    """Heaviest part first: the next one decides only among blocks of the same level.

    Parameters
    ----------
    parts : DataFrame
        Blocks by parts, 0 to 1; a missing part is left out, and the next takes its place.
    weights : Series
        Weight of each column, all different: they say the order.
    levels : int
        Each part is cut into so many equal levels.

    Returns
    -------
    Aggregate
        0 when every part is in its lowest level, 1 when all are in their highest. Contributions
        are exact.

    Raises
    ------
    TargetingError
        `no-order` when two parts weigh the same; `too-many-levels` when the orders can no longer
        be told apart.

    Examples
    --------
    >>> parts = pd.DataFrame({"a": [0.95, 0.85, 0.85], "b": [0.0, 1.0, 0.5]})
    >>> lexicographic(parts, pd.Series({"a": 2.0, "b": 1.0})).value.round(3).tolist()
    [0.909, 0.899, 0.859]
    """
    given = weights.reindex(parts.columns)
    if given[given > 0].duplicated().any():
        same = ", ".join(sorted(str(key) for key in given.index[given.duplicated(keep=False)]))
        raise TargetingError([Problem("no-order", "composite.aggregate", {"given": same})])
    count = int((given > 0).sum())
    if levels**count > 2**53:
        values = {"given": levels, "expected": f"≤ {int(2 ** (53 / count))}"}
        raise TargetingError([Problem("too-many-levels", "composite.aggregate.levels", values)])
    filled, shares, coverage = known_weights(parts, weights)
    counted = shares > 0
    order = np.argsort(-given.to_numpy(float), kind="stable")
    place = np.empty(counted.shape, dtype=np.int64)
    place[:, order] = np.cumsum(counted[:, order], axis=1) - 1
    known = counted.sum(axis=1, keepdims=True)
    digits = np.minimum(np.floor(filled * levels + 1e-12), levels - 1) * counted
    worth = np.power(float(levels), known - 1 - place) * counted
    highest = np.where(known > 0, np.power(float(levels), known) - 1, 1.0)
    pieces = digits * worth / highest
    return shared_out(pieces.sum(axis=1), pieces, coverage, parts)


@register("aggregator", laws=("rows", "columns", "monotone", "homogeneous", "missing", "ties"))
def quadrants(
    parts: pd.DataFrame,
    weights: pd.Series[float],
    *,
    cutoff: Annotated[float, Gt(0), Le(1)] = 0.5,
) -> Aggregate:
    """Two parts, each high or not: 1 where both are, 0 where none is.

    The rule “where violence and marginalization meet”. Where one alone is high, the heavier gives
    2/3 and the lighter 1/3; of equal weight, each 1/2.

    Parameters
    ----------
    parts : DataFrame
        Blocks by two parts, 0 to 1.
    weights : Series
        Weight of each column; they say only which is the heavier.
    cutoff : float
        A part is high from here on.

    Returns
    -------
    Aggregate
        Missing where either part is missing. Contributions are exact.

    Raises
    ------
    TargetingError
        `not-two-parts`.

    Examples
    --------
    >>> parts = pd.DataFrame({"violence": [0.9, 0.9, 0.1], "need": [0.8, 0.2, 0.7]})
    >>> quadrants(parts, pd.Series({"violence": 2.0, "need": 1.0})).value.round(3).tolist()
    [1.0, 0.667, 0.333]
    """
    given = weights.reindex(parts.columns)
    if len(given) != 2:
        raise TargetingError(
            [Problem("not-two-parts", "composite.aggregate", {"given": len(given)})]
        )
    first, second = given.to_numpy(float)
    worth = np.array([1 / 2, 1 / 2]) if first == second else np.array([2 / 3, 1 / 3])
    if first < second:
        worth = worth[::-1]
    held = parts.to_numpy(float)
    known = ~np.isnan(held).any(axis=1)
    pieces = np.where(known[:, None], (held >= cutoff) * worth, 0.0)
    _, _, coverage = known_weights(parts, weights)
    whole = shared_out(pieces.sum(axis=1), pieces, coverage, parts)
    return Aggregate(whole.value.where(known), whole.contributions, whole.coverage)
