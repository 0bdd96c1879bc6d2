"""How sure a rank is, told without the rank itself: widths by group, shares by score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from targeting.model import Doubt, Result, Scores
from targeting.render.public.grouping import group_means

# So many blocks at least whose scores are told alike, or nearly, share one share of the top.
_ALIKE = 10


def told_doubt(
    result: Result, scores: Scores, people: np.ndarray, groups: Mapping[str, np.ndarray]
) -> Doubt | None:
    """Return the doubt about each rank around the score that is told.

    A rank follows from the block's own incidents, and so do its ends: told to a twentieth of the
    city they would give the score finer than it is told. So the rank is that of the score told, its
    ends are as far from it as they are on average in the block's group, and the share of the draws
    in the top is the mean of blocks whose scores are told alike.

    Parameters
    ----------
    result : Result
        A study carried out, exact.
    scores : Scores
        Those told.
    people : ndarray
        Those told, by block.
    groups : mapping
        Group of each block, by indicator of violence.
    """
    held = result.doubt
    if held is None or not groups:
        return held
    blocks = held.blocks
    group = next(iter(groups.values()))
    known = (scores.score.notna() & result.scores.score.notna()).to_numpy()
    shown = scores.score.where(known)
    rank = shown.rank(ascending=False, method="min")
    own = blocks["rank"].to_numpy(float)
    up = group_means(own - blocks["rank_low"].to_numpy(float), people, group)
    down = group_means(blocks["rank_high"].to_numpy(float) - own, people, group)
    last = float(max(known.sum(), 1))
    return replace(
        held,
        blocks=blocks.assign(
            rank=rank,
            rank_median=rank,
            rank_shift=group_means(blocks["rank_shift"].to_numpy(float), people, group),
            rank_low=np.clip(np.rint(rank - up), 1.0, last),
            rank_high=np.clip(np.rint(rank + down), 1.0, last),
            top_share=means_of_alike(blocks["top_share"].where(known), shown),
        ),
    )


def means_of_alike(
    values: pd.Series[float], by: pd.Series[float], least: int = _ALIKE
) -> pd.Series:
    """Return the mean of the values over `least` blocks or more that are nearly alike.

    Examples
    --------
    >>> values, by = pd.Series([0.0, 1.0, 0.0, 1.0]), pd.Series([0.1, 0.1, 0.5, 0.9])
    >>> means_of_alike(values, by, least=2).tolist()
    [0.5, 0.5, 0.5, 0.5]
    """
    level = np.round(by.to_numpy(float), 2)
    known = ~np.isnan(level)
    steps, number, count = np.unique(level[known], return_inverse=True, return_counts=True)
    bin_of, filled, current = np.zeros(len(steps), np.int64), 0, 0
    for at, more in enumerate(count.tolist()):
        bin_of[at] = current
        filled += more
        if filled >= least:
            current, filled = current + 1, 0
    if filled and current:  # what is left over joins the last
        bin_of[bin_of == current] = current - 1
    bins = np.full(len(level), -1, np.int64)
    bins[known] = bin_of[number] if len(steps) else 0
    out = values.groupby(bins).transform("mean")
    return out.where(known & values.notna().to_numpy())
