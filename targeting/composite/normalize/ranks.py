"""Places, percentiles and what is made of them: only the order of the values counts."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

import numpy as np
import pandas as pd
from annotated_types import Ge, Gt

from targeting.composite.columns import half_up
from targeting.composite.normalize._applied import Array, applied, known, place, refused
from targeting.registry import register

Ties = Literal["min", "max", "average", "dense"]
_MANY = 2**18  # below this a plain sort is done before the compiled one is loaded


class Standing(NamedTuple):
    """Where the known values stand, in rising order.

    Parameters
    ----------
    order : ndarray
        Their places in the given array.
    below, up_to : ndarray
        How many of the reference lie below each, and at or below.
    total : int
        How many the reference has.
    size : int
        Length of the given array, missing values included.
    """

    order: np.ndarray
    below: Array
    up_to: Array
    total: int
    size: int

    def spread(self, answers: Array) -> Array:
        """Return answers in rising order at the places of their values, NaN elsewhere."""
        made = np.full(self.size, np.nan)
        made[self.order] = answers
        return made


def standing(values: Array, reference: Array | None = None) -> Standing:
    """Return how many of the reference lie below each value, and how many at or below it.

    Parameters
    ----------
    values : ndarray
        NaN where missing.
    reference : ndarray, optional
        Without missing values. Default: the known values.

    Examples
    --------
    >>> one = standing(np.array([5.0, 1.0, 1.0, np.nan]))
    >>> one.spread(one.below).tolist(), one.spread(one.up_to).tolist(), one.total
    ([2.0, 0.0, 0.0, nan], [3.0, 2.0, 2.0, nan], 3)
    """
    order = rising(values)[: len(values) - int(np.isnan(values).sum())]
    given = values[order]
    if reference is not None:
        held = np.sort(reference)
        below = np.searchsorted(held, given, side="left").astype(float)
        up_to = np.searchsorted(held, given, side="right").astype(float)
        return Standing(order, below, up_to, len(held), len(values))
    first = np.ones(len(given), dtype=bool)
    np.not_equal(given[1:], given[:-1], out=first[1:])
    starts = np.flatnonzero(first)
    ends = np.append(starts[1:], len(given)) if len(given) else starts
    lengths = ends - starts
    below = np.repeat(starts.astype(float), lengths)
    up_to = np.repeat(ends.astype(float), lengths)
    return Standing(order, below, up_to, len(given), len(values))


def rising(values: Array) -> np.ndarray:
    """Return the places of the values from the lowest to the highest, NaN last, ties as they stand.

    Examples
    --------
    >>> rising(np.array([5.0, np.nan, 1.0])).tolist()
    [2, 0, 1]
    """
    if len(values) < _MANY or len(values) >= 2**31:
        return np.argsort(values, kind="stable")
    from targeting.composite._radix import radix_order

    order: np.ndarray = radix_order(np.ascontiguousarray(values, dtype=np.float64))
    return order


def ranked(values: Array, reference: Array | None, ties: Ties) -> Array:
    """Return the places from 1, lowest value first."""
    if ties == "dense":
        held = np.unique(known(values if reference is None else reference))
        below = np.searchsorted(held, values, side="left") + 1.0
        return np.where(np.isnan(values), np.nan, below)
    one = standing(values, reference)
    if ties == "min":
        return one.spread(one.below + 1.0)
    return one.spread(one.up_to if ties == "max" else (one.below + one.up_to + 1.0) / 2.0)


@register("normalizer", laws=("rows", "scale", "monotone", "range", "missing", "ties"))
def rank(
    values: pd.Series[float],
    reference: pd.Series[float] | None = None,
    groups: pd.Series[str] | None = None,
) -> pd.Series[float]:
    """Share of the city's blocks below, ties counted half: 0.9 is worse than nine in ten.

    Parameters
    ----------
    values : Series
        One number per block; missing stays missing.
    reference : Series, optional
        The city to stand in. Default: the values themselves.
    groups : Series, optional
        Stand within one's own group only.

    Returns
    -------
    Series
        Same index as `values`: (blocks below + half the blocks equal − ½) / (blocks − 1), cut off
        at 0 and 1. Without ties the lowest block gets 0 and the highest 1. In a city of one: 0.5.

    Raises
    ------
    TargetingError
        `infinite-value`.

    Examples
    --------
    >>> rank(pd.Series([5.0, 1.0, 1.0, 9.0])).round(3).tolist()
    [0.667, 0.167, 0.167, 1.0]
    """

    def kernel(given: Array, other: Array | None) -> Array:
        one = standing(given, other)
        if one.total < 2:
            return np.where(np.isnan(given), np.nan, 0.5)
        share = ((one.below + one.up_to) / 2.0 - 0.5) / (one.total - 1)
        return one.spread(np.clip(share, 0.0, 1.0, out=share))

    return applied(values, reference, groups, kernel)


@register("normalizer", laws=("rows", "scale", "monotone", "missing", "ties"), unit=False)
def places(
    values: pd.Series[float],
    reference: pd.Series[float] | None = None,
    groups: pd.Series[str] | None = None,
    *,
    ties: Ties = "average",
    first: Literal["lowest", "highest"] = "lowest",
) -> pd.Series[float]:
    """Place in the order of the values, from 1.

    Parameters
    ----------
    values : Series
        One number per block; missing stays missing.
    reference : Series, optional
        The city to stand in. Default: the values themselves.
    groups : Series, optional
        Stand within one's own group only.
    ties : str
        Place of equal values: the smallest of theirs (`min`), the largest (`max`), their mean
        (`average`), or without gaps (`dense`).
    first : str
        Which end has place 1.

    Returns
    -------
    Series
        Same index as `values`.

    Raises
    ------
    TargetingError
        `infinite-value`.

    Examples
    --------
    >>> places(pd.Series([5.0, 1.0, 1.0, 9.0])).tolist()
    [3.0, 1.5, 1.5, 4.0]
    """

    def kernel(given: Array, other: Array | None) -> Array:
        if first == "highest":
            given, other = -given, None if other is None else -other
        return ranked(given, other, ties)

    return applied(values, reference, groups, kernel)


@register("normalizer", laws=("rows", "scale", "monotone", "missing", "ties"), unit=False)
def borda(
    values: pd.Series[float],
    reference: pd.Series[float] | None = None,
    groups: pd.Series[str] | None = None,
    *,
    ties: Literal["min", "average"] = "min",
) -> pd.Series[float]:
    """Points of Borda's count: one for each block below.

    Parameters
    ----------
    values : Series
        One number per block; missing stays missing.
    reference : Series, optional
        The city to stand in. Default: the values themselves.
    groups : Series, optional
        Count within one's own group only.
    ties : str
        An equal block gives nothing (`min`) or half a point (`average`).

    Returns
    -------
    Series
        Same index as `values`, 0 to blocks − 1.

    Raises
    ------
    TargetingError
        `infinite-value`.

    Examples
    --------
    >>> borda(pd.Series([5.0, 1.0, 1.0, 9.0])).tolist()
    [2.0, 0.0, 0.0, 3.0]
    """

    def kernel(given: Array, other: Array | None) -> Array:
        one = standing(given, other)
        if ties == "min":
            return one.spread(one.below)
        return one.spread(np.maximum((one.below + one.up_to - 1.0) / 2.0, 0.0))

    return applied(values, reference, groups, kernel)


@register("normalizer", laws=("rows", "scale", "monotone", "range", "missing", "ties"))
def percentile(
    values: pd.Series[float],
    reference: pd.Series[float] | None = None,
    groups: pd.Series[str] | None = None,
    *,
    rule: Literal["below", "at_or_below"] = "below",
    zeros: Literal["counted", "excluded"] = "counted",
    reverse: bool = False,
    decimals: Annotated[int, Ge(0)] | None = None,
) -> pd.Series[float]:
    """Percentile as a share, by the rules that official indices use.

    Parameters
    ----------
    values : Series
        One number per block; missing stays missing.
    reference : Series, optional
        The city to stand in. Default: the values themselves.
    groups : Series, optional
        Stand within one's own group only.
    rule : str
        `below`: blocks below / (blocks − 1), the PERCENTRANK.INC of spreadsheets and of CDC's
        SVI. `at_or_below`: blocks at or below / blocks, as in CalEnviroScreen.
    zeros : str
        `excluded`: the percentile is taken among values above 0, and the others get 0
        (CalEnviroScreen).
    reverse : bool
        1 − percentile, after ranking (SVI's income): not the same as ranking −x where values tie.
    decimals : int, optional
        Round to so many, a half upwards.

    Returns
    -------
    Series
        Same index as `values`, between 0 and 1. In a city of one: 0.5 by `below`, 1 by
        `at_or_below`.

    Raises
    ------
    TargetingError
        `infinite-value`; `negative-with-zeros-excluded`.

    Notes
    -----
    Agreement with the published columns: see `tests/composite/test_normalize.py`.

    Examples
    --------
    >>> percentile(pd.Series([5.0, 1.0, 1.0, 9.0, 0.0])).tolist()
    [0.75, 0.25, 0.25, 1.0, 0.0]
    >>> percentile(pd.Series([5.0, 0.0, 1.0]), rule="at_or_below", zeros="excluded").tolist()
    [1.0, 0.0, 0.5]
    """
    where = place(values)

    def kernel(given: Array, other: Array | None) -> Array:
        ranked_ = given
        if zeros == "excluded":
            lowest = min(
                (
                    float(part.min())
                    for part in (known(given), other)
                    if part is not None and len(part)
                ),
                default=0.0,
            )
            if lowest < 0:
                raise refused("negative-with-zeros-excluded", where, given=f"{lowest:g}")
            ranked_ = np.where(given > 0, given, np.nan)
            other = None if other is None else other[other > 0]
        one = standing(ranked_, other)
        if rule == "at_or_below":
            share = one.up_to / max(one.total, 1)
        elif one.total < 2:
            share = np.full(len(one.order), 0.5)
        else:
            share = np.minimum(one.below / (one.total - 1), 1.0)
        share = one.spread(share)
        if zeros == "excluded":
            share = np.where(given == 0, 0.0, share)
        if reverse:
            share = 1.0 - share
        return share if decimals is None else half_up(share, decimals)

    return applied(values, reference, groups, kernel)


@register("normalizer", laws=("rows", "scale", "monotone", "missing", "ties"), unit=False)
def exponential_of_rank(
    values: pd.Series[float],
    reference: pd.Series[float] | None = None,
    groups: pd.Series[str] | None = None,
    *,
    given: Literal["values", "ranks"] = "values",
    ties: Literal["average", "min", "max"] = "average",
    counting: Literal["with_itself", "only_beyond"] = "with_itself",
    constant: Annotated[float, Gt(0)] = 23.0,
) -> pd.Series[float]:
    """Stretch the worst tenth of the ranks over half the scale, as the English IMD does.

    With N units and rank 1 the highest value, R = (N − rank + 1) / N and the answer is
    −c ln(1 − R (1 − exp(−100 / c))), 0 to 100. With c = 23 the worst tenth lies above 50, so that
    a unit bad in one domain is not cancelled out by the others.

    Parameters
    ----------
    values : Series
        One number per block, or its rank; missing stays missing.
    reference : Series, optional
        The city to stand in. Default: the values themselves.
    groups : Series, optional
        Stand within one's own group only.
    given : str
        `ranks`: the values are ranks, 1 worst, as published; they are ranked again by `ties`.
    ties : str
        Rank of equal values: their mean (`average`: the index of England), the smallest or the
        largest number.
    counting : str
        `with_itself`: R as above (England, Wales). `only_beyond`: R = (N − rank) / N (Scotland).
    constant : float
        c: the larger, the closer to a straight line.

    Returns
    -------
    Series
        Same index as `values`, 0 to 100. Given ranks, it falls as they rise.

    Raises
    ------
    TargetingError
        `infinite-value`.

    Notes
    -----
    Ministry of Housing, Communities and Local Government, *English Indices of Deprivation 2019,
    technical report*, appendix F.

    Examples
    --------
    >>> exponential_of_rank(pd.Series([3.0, 9.0, 1.0])).round(2).tolist()
    [24.68, 100.0, 9.18]
    """

    def kernel(held: Array, other: Array | None) -> Array:
        if given == "values":
            held, other = -held, None if other is None else -other
        rank_ = ranked(held, other, ties)
        count = len(known(held if other is None else other))
        itself = 1.0 if counting == "with_itself" else 0.0
        share = np.clip((count - rank_ + itself) / max(count, 1), 0.0, 1.0)
        stretched: Array = np.log(1.0 - share * (1.0 - np.exp(-100.0 / constant)))
        return -constant * stretched

    return applied(values, reference, groups, kernel)
