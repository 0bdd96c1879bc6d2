"""DP2: the distance to a reference, free of what the indicators repeat of each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

import numpy as np
import pandas as pd
from annotated_types import Ge

from targeting.composite.complete import Array, complete_numbers
from targeting.composite.directions import Worse, are_worse_higher
from targeting.problems import Problem, TargetingError, closest
from targeting.registry import register

Order: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.intp]]

_SAME = 1e-10  # correlations this near are one: what is left is the order of a sum
_NOTHING = 1e-7  # length that is left of a column the ones before it tell whole
# Rows of a triangle: so few that no threads are started for them, which would cost more.
_AT_ONCE = 256
_PAST = 1e-9  # share of a reference by which a unit may pass it and still lie on it


@dataclass(frozen=True)
class Dp2:
    """Distances to a reference and all that made them.

    Parameters
    ----------
    value : Series
        Distance of each unit, in standard deviations; 0 at the reference.
    contributions : DataFrame
        What each indicator adds; the columns sum to `value`.
    weights : Series
        Share of each indicator that the ones before it do not tell, 1 − R²; in `order`.
    order : tuple of str
        Indicators as they enter, the one most alike the index first.
    reference : Series
        Value each distance is taken from, in the indicator's unit.
    sd : Series
        Standard deviation of each indicator, in its unit.
    iterations : int
        Rounds made, the one that confirmed the order included.
    diffs : tuple of float
        Mean change of the value in each round.
    settled : bool
        The last change was within the tolerance; otherwise `iterations_max` put an end to it.
    maximum : float
        Distance from the reference to the other end of every indicator; missing where an end is
        not known.
    beyond : mapping
        Indicator to units past its reference, where a distance grows the wrong way. Empty is good.
    """

    value: pd.Series[float]
    contributions: pd.DataFrame
    weights: pd.Series[float]
    order: tuple[str, ...]
    reference: pd.Series[float]
    sd: pd.Series[float]
    iterations: int
    diffs: tuple[float, ...]
    settled: bool
    maximum: float
    beyond: Mapping[str, int]

    @property
    def normalized(self) -> pd.Series[float]:
        """Value over `maximum`: 0 at the reference, 1 at the other end of every indicator."""
        return self.value / self.maximum


@register("index", laws=("rows", "scale", "ties"), unit=False)
def dp2(
    values: pd.DataFrame,
    *,
    reference: Mapping[str, float] | Literal["worst", "best"] = "worst",
    ends: Mapping[str, float] | float | None = None,
    worse: Mapping[str, Worse] | None = None,
    ddof: Literal[0, 1] = 0,
    tolerance: Annotated[float, Ge(0)] = 1e-4,
    iterations_max: Annotated[int, Ge(1)] = 50,
) -> Dp2:
    """Return the DP2 distance of every unit to a reference (Pena Trapero 1977).

    Each indicator's distance to its reference is told in standard deviations and weighed by the
    share of it that the indicators before it do not tell: 1 − R² of its regression on them. They
    enter by how alike they are to the index, which the weights change, so it is done over until
    the index stays. Measured from the worst value, a higher DP2 is a better place, as CONAPO
    publishes it.

    Parameters
    ----------
    values : DataFrame
        Units by indicators, each in its own unit, none missing and none constant.
    reference : mapping, `"worst"` or `"best"`
        Indicator to the value distances are taken from. To compare years or cities, give the worst
        of them all (`furthest`): the table's own worst moves with the table.
    ends : mapping or float, optional
        The value furthest from the reference that an indicator can take, for `maximum`. Default: 0
        for indicators of which more is worse (shares of people in want), measured from the worst.
    worse : mapping, optional
        `"higher"` or `"lower"` by indicator. Default: higher.
    ddof : int
        0 divides the variance by the number of units, 1 by one less.
    tolerance : float
        Mean change of the distance, in standard deviations, that ends the rounds.
    iterations_max : int
        Rounds at most.

    Returns
    -------
    Dp2

    Raises
    ------
    TargetingError
        `gaps-in-table`, `constant-in-table`, `small-table`, `few-units` (no more units than
        indicators), `no-reference`, `one-direction`.

    Notes
    -----
    Where two indicators are equally alike the index (to 1e-10), as two indicators alone always
    are, the one given first enters first.

    Examples
    --------
    >>> held = pd.DataFrame({"a": [0.0, 0, 4, 4], "b": [0.0, 4, 0, 4]})
    >>> one = dp2(held)
    >>> one.value.tolist(), one.maximum
    ([4.0, 2.0, 2.0, 0.0], 4.0)
    """
    numbers = complete_numbers(values, where="values")
    names = [str(name) for name in values.columns]
    if len(numbers) <= len(names):
        shape = {"given": len(numbers), "indicators": len(names)}
        raise TargetingError([Problem("few-units", "values", shape)])
    higher = are_worse_higher(names, worse)
    origin = _reference(numbers, names, higher, reference)
    sd = numbers.std(axis=0, ddof=ddof)
    apart = np.abs(numbers - origin)
    apart /= sd
    settled = settle(apart, tolerance=tolerance, iterations_max=iterations_max)
    pieces = apart * settled.weights
    order = [names[position] for position in settled.order]
    span = np.abs(origin - _ends(names, higher, ends, reference))
    return Dp2(
        value=pd.Series(pieces.sum(axis=1), index=values.index),
        contributions=pd.DataFrame(pieces, index=values.index, columns=names),
        weights=pd.Series(settled.weights, index=names)[order],
        order=tuple(order),
        reference=pd.Series(origin, index=names),
        sd=pd.Series(sd, index=names),
        iterations=len(settled.diffs),
        diffs=settled.diffs,
        settled=settled.settled,
        maximum=float((settled.weights * span / sd).sum()),
        beyond=_beyond(numbers, origin, names),
    )


def furthest(
    tables: Sequence[pd.DataFrame], *, worse: Mapping[str, Worse] | None = None
) -> dict[str, float]:
    """Return the worst value of each indicator over several years or cities.

    Parameters
    ----------
    tables : sequence of DataFrame
        Units by indicators, with the same columns in any order.
    worse : mapping, optional
        `"higher"` or `"lower"` by indicator. Default: higher.

    Returns
    -------
    dict
        Indicator to value, the reference of `dp2`.

    Examples
    --------
    >>> years = [pd.DataFrame({"a": [3.0, 1.0]}), pd.DataFrame({"a": [2.0, 2.5]})]
    >>> furthest(years), furthest(years, worse={"a": "lower"})
    ({'a': 3.0}, {'a': 1.0})
    """
    names = [str(name) for name in tables[0].columns]
    pooled = pd.concat([table[names] for table in tables], ignore_index=True)
    numbers = complete_numbers(pooled, where="tables")
    found = np.where(are_worse_higher(names, worse), numbers.max(axis=0), numbers.min(axis=0))
    return {name: float(value) for name, value in zip(names, found, strict=True)}


@dataclass(frozen=True)
class Settled:
    """Weights of DP2 and how they came to rest.

    Parameters
    ----------
    weights : ndarray
        1 − R² of each column, in the columns' order.
    order : ndarray
        Positions of the columns as they enter.
    diffs : tuple of float
        Mean change of the value in each round.
    settled : bool
        The last change was within the tolerance.
    """

    weights: Array
    order: Order
    diffs: tuple[float, ...]
    settled: bool


def settle(apart: Array, *, tolerance: float = 1e-4, iterations_max: int = 50) -> Settled:
    """Return the weights of DP2 for columns of partial distances.

    The triangle of the centered columns tells every correlation and every R²: the units are gone
    through once, and once a round for the mean change.

    Parameters
    ----------
    apart : ndarray
        Units by indicators, distances in standard deviations.
    tolerance : float
        Mean change of the weighted sum that ends the rounds.
    iterations_max : int
        Rounds at most.

    Returns
    -------
    Settled

    Examples
    --------
    >>> settle(np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])).weights.tolist()
    [1.0, 1.0]
    """
    triangle = triangle_of(apart)
    columns = triangle / np.linalg.norm(triangle, axis=0)
    weights = np.ones(apart.shape[1])
    value = apart.sum(axis=1)
    diffs: list[float] = []
    order: Order = np.arange(len(weights))
    while len(diffs) < iterations_max:
        index = triangle @ weights
        alike = np.abs(index @ columns) / (np.linalg.norm(index) or 1.0)
        order = _most_alike_first(alike)
        weights = np.empty(len(order))
        weights[order] = _untold(columns[:, order])
        moved = apart @ weights
        diffs.append(float(np.abs(moved - value).mean()))
        value = moved
        if diffs[-1] <= tolerance:
            break
    return Settled(weights, order, tuple(diffs), diffs[-1] <= tolerance)


def triangle_of(columns: Array) -> Array:
    """Return the triangle of columns around their means: what tells their every covariance.

    Some rows at a time, and the triangles of the triangles: nothing of the table's size is copied,
    and no square is taken that would lose half the digits.

    Parameters
    ----------
    columns : ndarray
        Units by indicators.

    Returns
    -------
    ndarray
        Upper triangle R with as many columns; RᵀR is that of the centered columns.

    Examples
    --------
    >>> np.abs(triangle_of(np.array([[0.0], [2.0], [4.0]]))).round(9).tolist()
    [[2.828427125]]
    """
    rows = max(_AT_ONCE, 4 * columns.shape[1])
    table = _triangles(columns, rows, columns.mean(axis=0))
    while len(table) > rows:
        table = _triangles(table, rows, 0.0)
    return np.asarray(np.linalg.qr(table, mode="r"))


def _triangles(columns: Array, rows: int, middle: Array | float) -> Array:
    """Triangles of so many rows each, one below the other."""
    starts = range(0, len(columns), rows)
    return np.concatenate(
        [np.linalg.qr(columns[start : start + rows] - middle, mode="r") for start in starts]
    )


def _most_alike_first(alike: Array) -> Order:
    """Order of falling correlations; those that are the same stay in the order given."""
    order = np.argsort(-alike, kind="stable")
    group = np.cumsum(np.diff(alike[order], prepend=alike[order[0]]) < -_SAME)
    return order[np.lexsort((order, group))]


def _untold(columns: Array) -> Array:
    """Share of each column's variance that those before it do not tell; columns of length 1.

    Gram and Schmidt rather than a triangle: a column that is told whole must leave no direction
    behind for the next ones to be measured against.
    """
    basis = np.zeros_like(columns)
    left = np.zeros(columns.shape[1])
    basis[:, 0], left[0] = columns[:, 0], 1.0
    for place in range(1, columns.shape[1]):
        rest = columns[:, place]
        for _ in range(2):  # the second pass takes away what rounding left of the first
            rest = rest - basis @ (basis.T @ rest)
        length = float(np.linalg.norm(rest))
        if length > _NOTHING:
            left[place] = min(length * length, 1.0)
            basis[:, place] = rest / length
    return left


def _reference(
    numbers: Array,
    names: Sequence[str],
    higher: np.ndarray,
    reference: Mapping[str, float] | Literal["worst", "best"],
) -> Array:
    if isinstance(reference, str):
        top = higher if reference == "worst" else ~higher
        own: Array = np.where(top, numbers.max(axis=0), numbers.min(axis=0))
        return own
    stated = np.array([float(reference.get(name, np.nan)) for name in names])
    problems = [
        Problem("no-reference", "reference", {"given": name, "hint": closest(name, reference)})
        for name, value in zip(names, stated, strict=True)
        if not np.isfinite(value)
    ]
    if problems:
        raise TargetingError(problems)
    return stated


def _ends(
    names: Sequence[str],
    higher: np.ndarray,
    ends: Mapping[str, float] | float | None,
    reference: Mapping[str, float] | Literal["worst", "best"],
) -> Array:
    if ends is None:
        known = higher & (reference != "best")
        return np.where(known, 0.0, np.nan)
    if isinstance(ends, Mapping):
        return np.array([float(ends.get(name, np.nan)) for name in names])
    return np.full(len(names), float(ends))


def _beyond(numbers: Array, origin: Array, names: Sequence[str]) -> dict[str, int]:
    margin = _PAST * np.abs(origin)
    above = (numbers > origin + margin).sum(axis=0)
    below = (numbers < origin - margin).sum(axis=0)
    fewer = np.minimum(above, below)
    return {name: int(count) for name, count in zip(names, fewer, strict=True) if count}
