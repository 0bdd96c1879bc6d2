"""Means of parts: each with its own view of whether a bad part can be made up for by good ones."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd
from annotated_types import Ge

from targeting.composite.aggregate.result import Aggregate, known_weights, shared_out
from targeting.registry import register

_LAWS = ("rows", "columns", "monotone", "homogeneous", "range", "missing", "ties")


@register("aggregator", laws=_LAWS)
def arithmetic(parts: pd.DataFrame, weights: pd.Series[float]) -> Aggregate:
    """Weighted mean of the parts that have data.

    Parameters
    ----------
    parts : DataFrame
        Blocks by parts, 0 to 1; missing parts leave their weight to the others.
    weights : Series
        Weight of each column, 0 or more, not all 0.

    Returns
    -------
    Aggregate
        Contributions are exact: weight times part.

    Examples
    --------
    >>> parts = pd.DataFrame({"a": [1.0, 0.5], "b": [0.0, None]})
    >>> arithmetic(parts, pd.Series({"a": 3.0, "b": 1.0})).value.tolist()
    [0.75, 0.5]
    """
    return power_mean(parts, weights, exponent=1.0)


@register("aggregator", laws=_LAWS)
def power_mean(
    parts: pd.DataFrame, weights: pd.Series[float], *, exponent: Annotated[float, Ge(1)] = 2.0
) -> Aggregate:
    """Weighted power mean: the higher the exponent, the more one very bad part counts.

    On the urgency scale (1 worst) an exponent above 1 keeps a block that is extreme in one thing
    from being averaged away; the geometric mean would do the opposite.

    Parameters
    ----------
    parts : DataFrame
        Blocks by parts, 0 to 1; missing parts leave their weight to the others.
    weights : Series
        Weight of each column, 0 or more, not all 0.
    exponent : float
        1 is the arithmetic mean, 2 the quadratic one.

    Returns
    -------
    Aggregate
        Each part's contribution is its share of the weighted sum of powers.

    Examples
    --------
    >>> parts = pd.DataFrame({"a": [1.0], "b": [0.0]})
    >>> power_mean(parts, pd.Series({"a": 1.0, "b": 1.0})).value.round(4).tolist()
    [0.7071]
    """
    filled, shares, coverage = known_weights(parts, weights)
    pieces = shares * (filled if exponent == 1 else filled**exponent)
    total = pieces.sum(axis=1)
    value = total if exponent == 1 else total ** (1 / exponent)
    return shared_out(np.clip(value, 0.0, 1.0), pieces, coverage, parts)


@register("aggregator", laws=_LAWS)
def geometric(parts: pd.DataFrame, weights: pd.Series[float]) -> Aggregate:
    """Geometric mean on the well-being side: one lost thing cannot be made up for.

    Well-being is 1 − part. Its weighted geometric mean is 0 as soon as one part with weight is 1,
    so the block is then of the highest urgency. (The geometric mean of the parts themselves would
    hide a block that is bad in all things but one.)

    Parameters
    ----------
    parts : DataFrame
        Blocks by parts, 0 to 1; missing parts leave their weight to the others.
    weights : Series
        Weight of each column, 0 or more, not all 0.

    Returns
    -------
    Aggregate
        A part's contribution is its share of the sum of logarithms; parts of exactly 1 share the
        whole by weight.

    Examples
    --------
    >>> parts = pd.DataFrame({"a": [0.75, 1.0], "b": [0.0, 0.0]})
    >>> geometric(parts, pd.Series({"a": 1.0, "b": 1.0})).value.tolist()
    [0.5, 1.0]
    """
    filled, shares, coverage = known_weights(parts, weights)
    lost = (filled >= 1) & (shares > 0)
    gone = np.asarray(lost.any(axis=1))
    logs = shares * -np.log1p(-np.where(lost | (filled >= 1), 0.0, filled))
    value = np.where(gone, 1.0, -np.expm1(-logs.sum(axis=1)))
    return shared_out(value, np.where(gone[:, None], shares * lost, logs), coverage, parts)


@register("aggregator", laws=_LAWS)
def harmonic(parts: pd.DataFrame, weights: pd.Series[float]) -> Aggregate:
    """Harmonic mean on the well-being side: stricter still than `geometric`.

    Parameters
    ----------
    parts : DataFrame
        Blocks by parts, 0 to 1; missing parts leave their weight to the others.
    weights : Series
        Weight of each column, 0 or more, not all 0.

    Returns
    -------
    Aggregate
        A part's contribution is its share of the sum of `w part / (1 − part)`; parts of exactly 1
        share the whole by weight.

    Examples
    --------
    >>> parts = pd.DataFrame({"a": [0.5, 1.0], "b": [0.0, 0.0]})
    >>> harmonic(parts, pd.Series({"a": 1.0, "b": 1.0})).value.round(4).tolist()
    [0.3333, 1.0]
    """
    filled, shares, coverage = known_weights(parts, weights)
    lost = (filled >= 1) & (shares > 0)
    gone = np.asarray(lost.any(axis=1))
    held = np.where(filled >= 1, 0.0, filled)
    odds = shares * held / (1 - held)
    total = odds.sum(axis=1)
    value = np.where(gone, 1.0, total / (1 + total))
    return shared_out(value, np.where(gone[:, None], shares * lost, odds), coverage, parts)
