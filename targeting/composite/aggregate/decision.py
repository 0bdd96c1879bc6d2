"""Methods of decision analysis, through the library pymcdm (the extra `mcdm`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
import pandas as pd
from annotated_types import Ge, Le

from targeting.composite.aggregate.result import (
    Aggregate,
    demand_weights,
    known_weights,
    shared_out,
)
from targeting.problems import Problem, TargetingError
from targeting.registry import register

_LAWS = ("rows", "columns", "monotone", "homogeneous", "missing", "ties")
# The library compares all pairs in memory: 8 bytes a pair and part.
_PAIRS_MAX = 2_000


@register("aggregator", laws=_LAWS)
def topsis(parts: pd.DataFrame, weights: pd.Series[float]) -> Aggregate:
    """Tell how close a block is to the city's worst parts, and how far from its best.

    Parameters
    ----------
    parts : DataFrame
        Blocks by parts, 0 to 1.
    weights : Series
        Weight of each column, 0 or more, not all 0.

    Returns
    -------
    Aggregate
        Distance from the best of all parts over the sum of the distances from best and worst.
        Missing where any part is. Contributions are told in proportion to weight times part.

    Raises
    ------
    TargetingError
        `extra-missing`.

    References
    ----------
    Hwang and Yoon (1981), Multiple Attribute Decision Making.

    Examples
    --------
    >>> parts = pd.DataFrame({"a": [1.0, 0.5, 0.0], "b": [1.0, 0.5, 0.0]})
    >>> topsis(parts, pd.Series({"a": 3.0, "b": 1.0})).value.tolist()
    [1.0, 0.5, 0.0]
    """
    methods = _library()
    return _through(methods.TOPSIS(lambda column, cost=False: column), parts, weights)


@register("aggregator", laws=_LAWS)
def vikor(
    parts: pd.DataFrame,
    weights: pd.Series[float],
    *,
    majority: Annotated[float, Ge(0), Le(1)] = 0.5,
) -> Aggregate:
    """Compromise between the sum of a block's parts and its one mildest part.

    Parameters
    ----------
    parts : DataFrame
        Blocks by parts, 0 to 1.
    weights : Series
        Weight of each column, 0 or more, not all 0.
    majority : float
        Weight of the sum; the rest is that of the part furthest from the city's worst.

    Returns
    -------
    Aggregate
        1 − Q, so that 1 is the most urgent. Missing where any part is. Contributions are told in
        proportion to weight times part.

    Raises
    ------
    TargetingError
        `extra-missing`.

    References
    ----------
    Opricovic and Tzeng (2004), Compromise solution by MCDM methods.

    Examples
    --------
    >>> parts = pd.DataFrame({"a": [1.0, 0.5, 0.0], "b": [1.0, 0.5, 0.0]})
    >>> vikor(parts, pd.Series({"a": 3.0, "b": 1.0})).value.tolist()
    [1.0, 0.5, 0.0]
    """
    methods = _library()
    return _through(methods.VIKOR(v=majority), parts, weights, lambda q: 1.0 - q)


@register("aggregator", laws=_LAWS)
def promethee(parts: pd.DataFrame, weights: pd.Series[float]) -> Aggregate:
    """Net outranking flow (PROMETHEE II), with the plain preference: more is worse.

    Parameters
    ----------
    parts : DataFrame
        Blocks by parts, 0 to 1.
    weights : Series
        Weight of each column, 0 or more, not all 0.

    Returns
    -------
    Aggregate
        Half of (net flow + 1). Missing where any part is. Contributions are told in proportion to
        weight times part.

    Raises
    ------
    TargetingError
        `extra-missing`; `too-many-blocks` above 2,000: the library holds all pairs in memory.

    References
    ----------
    Brans and Vincke (1985), A preference ranking organisation method.

    Examples
    --------
    >>> parts = pd.DataFrame({"a": [1.0, 0.5, 0.0], "b": [1.0, 0.5, 0.0]})
    >>> promethee(parts, pd.Series({"a": 3.0, "b": 1.0})).value.tolist()
    [1.0, 0.5, 0.0]
    """
    if len(parts) > _PAIRS_MAX:
        values = {"given": f"{len(parts):,}", "expected": f"≤ {_PAIRS_MAX:,}"}
        raise TargetingError([Problem("too-many-blocks", "composite.aggregate", values)])
    methods = _library()
    return _through(methods.PROMETHEE_II("usual"), parts, weights, lambda flow: (flow + 1.0) / 2.0)


def _library() -> Any:
    try:
        from pymcdm import methods
    except ImportError as error:
        values = {"given": "mcdm", "hint": 'pip install "targeting[mcdm]"'}
        raise TargetingError([Problem("extra-missing", "composite.aggregate", values)]) from error
    return methods


def _through(
    decide: Callable[..., Any],
    parts: pd.DataFrame,
    weights: pd.Series[float],
    turned: Callable[[np.ndarray], np.ndarray] = np.asarray,
) -> Aggregate:
    """Judge the blocks that have every part by a method of the library.

    Parts that are the same everywhere decide nothing, and the library would divide by 0: they are
    left out. Where none is left, every block gets 0.5.
    """
    given = weights.reindex(parts.columns).to_numpy(float)
    demand_weights(given, parts.columns)
    held = parts.to_numpy(float)
    whole = ~np.isnan(held[:, given > 0]).any(axis=1)
    own = held[whole]
    varied = (given > 0) & (own.max(axis=0, initial=-np.inf) > own.min(axis=0, initial=np.inf))
    value = np.full(len(parts), np.nan)
    value[whole] = 0.5
    if varied.any():
        shares = given[varied] / given[varied].sum()
        types = np.ones(int(varied.sum()))
        # Its own check only warns of a block that is worse than all in everything.
        found = decide(own[:, varied], shares, types, validation=False)
        value[whole] = np.clip(turned(np.asarray(found, dtype=float)), 0.0, 1.0)
    filled, shares, coverage = known_weights(parts, weights)
    pieces = shares * filled * whole[:, None]
    empty = (pieces.sum(axis=1) == 0) & whole
    pieces[empty] = shares[empty]
    told = shared_out(np.nan_to_num(value), pieces, coverage, parts)
    return Aggregate(pd.Series(value, index=parts.index), told.contributions, told.coverage)
