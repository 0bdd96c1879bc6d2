"""Parts combined so that what they repeat of each other counts once: DP2 on the urgency scale."""

from __future__ import annotations

import numpy as np
import pandas as pd

from targeting.composite.aggregate.result import (
    Aggregate,
    demand_weights,
    known_weights,
    shared_out,
)
from targeting.composite.distance import settle
from targeting.registry import register

_STILL = 1e-12  # spread under which a part is the same everywhere


@register("aggregator", "dp2", laws=("rows", "homogeneous", "range", "missing", "ties"))
def one_less_dp2(parts: pd.DataFrame, weights: pd.Series[float]) -> Aggregate:
    """1 less the DP2 distance to a block with every part at 1, over the longest there is.

    The longest distance is that of a block with every part at 0, so the result is 0 where nothing
    is urgent, 1 where everything is, and in between a weighted mean of the parts: each counts by
    its stated weight, times the share of it that the ones before it do not tell (1 − R², as
    `targeting.composite.distance.dp2` finds it), over its standard deviation. With equal stated
    weights that is DP2 itself; parts of weight 0 take no part in it.

    Parameters
    ----------
    parts : DataFrame
        Blocks by parts, 0 to 1; missing parts leave their weight to the others.
    weights : Series
        Weight of each column, 0 or more, not all 0.

    Returns
    -------
    Aggregate
        Contributions are exact.

    Notes
    -----
    What the parts tell of each other is taken from the blocks that have them all; with no more
    such blocks than parts it cannot be known, and each part counts whole. A part that is the same
    in every block cannot be told in standard deviations and counts nothing beside parts that
    differ; a block without any that differs gets the mean by stated weights.

    Two parts alone are equally alike their sum: the one given first counts whole.

    Examples
    --------
    >>> parts = pd.DataFrame({"a": [0.0, 0, 1, 1], "b": [0.0, 0.5, 0.0, 0.5]})
    >>> one_less_dp2(parts, pd.Series({"a": 1.0, "b": 1.0})).value.round(4).tolist()
    [0.0, 0.3333, 0.3333, 0.6667]
    """
    given = weights.reindex(parts.columns)
    demand_weights(given.to_numpy(float), parts.columns)
    held = parts.to_numpy(float)
    told = _told_once(held, given.to_numpy(float))
    own = given * told if told.any() else given
    filled, shares, _ = known_weights(parts, own)
    coverage = ~np.isnan(held) @ (given.to_numpy(float) / given.sum())
    bare = (coverage > 0) & ~shares.any(axis=1)
    if bare.any():
        shares[bare] = known_weights(parts[bare], given)[1]
    pieces = np.multiply(shares, filled, out=shares)
    return shared_out(np.clip(pieces.sum(axis=1), 0.0, 1.0), pieces, coverage, parts)


def _told_once(held: np.ndarray, given: np.ndarray) -> np.ndarray:
    """1 − R² over the standard deviation, for each part; 0 for parts that do not count."""
    known = ~np.isnan(held)
    columns = [held[known[:, place], place] for place in range(held.shape[1])]
    sd = np.array([column.std() if len(column) else 0.0 for column in columns])
    counts = np.flatnonzero((sd > _STILL) & (given > 0))
    told = np.zeros(len(given))
    told[counts] = 1.0 / sd[counts]
    whole = 1.0 - held[known[:, counts].all(axis=1)][:, counts]
    if len(whole) > len(counts) > 0:
        own_sd = whole.std(axis=0)
        if (own_sd > _STILL).all():
            whole /= own_sd
            told[counts] *= settle(whole).weights
    return told
