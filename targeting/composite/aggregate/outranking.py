"""Copeland: every block against every other, part by part."""

from __future__ import annotations

import numpy as np
import pandas as pd

from targeting.compiled import njit
from targeting.composite.aggregate.result import Aggregate, known_weights, shared_out
from targeting.problems import Problem, TargetingError
from targeting.registry import register

BLOCKS_MAX = 100_000


@njit
def _wins(parts: np.ndarray, weights: np.ndarray, dust: float) -> np.ndarray:
    """Wins minus losses of each row against all others."""
    count, width = parts.shape
    net = np.zeros(count, dtype=np.int64)
    for i in range(count):
        for j in range(i + 1, count):
            balance = 0.0
            for k in range(width):
                if parts[i, k] > parts[j, k]:
                    balance += weights[k]
                elif parts[i, k] < parts[j, k]:
                    balance -= weights[k]
            if balance > dust:
                net[i] += 1
                net[j] -= 1
            elif balance < -dust:
                net[i] -= 1
                net[j] += 1
    return net


@register("aggregator", laws=("rows", "columns", "monotone", "homogeneous", "missing", "ties"))
def copeland(parts: pd.DataFrame, weights: pd.Series[float]) -> Aggregate:
    """Blocks a block is worse than, less those it is better than, by weighted majority.

    No part makes up for another, and only order counts. The value depends on which blocks there
    are. 60,000 blocks and 20 parts take about a minute and a half.

    Parameters
    ----------
    parts : DataFrame
        Blocks by parts, 0 to 1.
    weights : Series
        Weight of each column, 0 or more, not all 0: its vote.

    Returns
    -------
    Aggregate
        (wins − losses + n − 1) / (2 n − 2) over the n blocks that have every part; 0.5 for one
        alone; missing for the others. Contributions are told in proportion to weight times part.

    Raises
    ------
    TargetingError
        `too-many-blocks` above 100,000.

    References
    ----------
    Munda and Nardo (2009), Noncompensatory/nonlinear composite indicators.

    Examples
    --------
    >>> parts = pd.DataFrame({"a": [0.9, 0.5, 0.1], "b": [0.8, 0.9, 0.1], "c": [0.7, 0.2, 0.3]})
    >>> copeland(parts, pd.Series(1.0, index=["a", "b", "c"])).value.tolist()
    [1.0, 0.5, 0.0]
    """
    if len(parts) > BLOCKS_MAX:
        values = {"given": f"{len(parts):,}", "expected": f"≤ {BLOCKS_MAX:,}"}
        raise TargetingError([Problem("too-many-blocks", "composite.aggregate", values)])
    given = weights.reindex(parts.columns).to_numpy(float)
    held = parts.to_numpy(float)
    counted = given > 0
    whole = ~np.isnan(held[:, counted]).any(axis=1)
    own = np.ascontiguousarray(held[whole][:, counted])
    # Weights that differ by rounding alone are a draw, so that 49 votes of 1/49 are counted right.
    net = _wins(own, given[counted], 1e-9 * float(given.sum()))
    value = np.full(len(parts), np.nan)
    value[whole] = (net + len(own) - 1) / (2 * len(own) - 2) if len(own) > 1 else 0.5
    filled, shares, coverage = known_weights(parts, weights)
    told = shared_out(np.nan_to_num(value), shares * filled * whole[:, None], coverage, parts)
    flat = told.contributions.to_numpy(copy=True)
    # A block of parts that are all 0 may still beat another.
    empty = (flat.sum(axis=1) == 0) & whole
    flat[empty] = shares[empty] * value[empty, None]
    return Aggregate(
        pd.Series(value, index=parts.index),
        pd.DataFrame(flat, index=parts.index, columns=parts.columns),
        told.coverage,
    )
