"""A score for each class of values."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from targeting.composite.normalize._applied import Array, applied, known, place, refused
from targeting.registry import register


@register("normalizer", laws=("rows", "scale", "monotone", "range", "missing", "ties"))
def categorical(
    values: pd.Series[float],
    reference: pd.Series[float] | None = None,
    groups: pd.Series[str] | None = None,
    *,
    breaks: tuple[float, ...] | None = None,
    shares: tuple[float, ...] = (0.2, 0.4, 0.6, 0.8),
    scores: tuple[float, ...] | None = None,
    closed: Literal["left", "right"] = "left",
) -> pd.Series[float]:
    """Give a score for the class a value falls in.

    Parameters
    ----------
    values : Series
        One number per block; missing stays missing.
    reference : Series, optional
        Where the quantiles are taken. Default: the values themselves.
    groups : Series, optional
        Take them within each group.
    breaks : tuple of float, optional
        Rising limits between classes, in the indicator's unit. Default: the quantiles of `shares`.
    shares : tuple of float
        Rising shares of the values, between 0 and 1 (straight line between neighbors).
    scores : tuple of float, optional
        One for each class, from the lowest, 0 to 1: one more than there are limits. Default:
        equal steps from 0 to 1.
    closed : str
        A value on a limit belongs to the class above it (`left`: the class is closed on its left)
        or below it (`right`).

    Returns
    -------
    Series
        Same index as `values`, between 0 and 1.

    Raises
    ------
    TargetingError
        `breaks-not-rising`, `scores-not-fitting`, `infinite-value`.

    Examples
    --------
    >>> categorical(pd.Series([1.0, 5.0, 9.0]), breaks=(5.0,), scores=(0.0, 1.0)).tolist()
    [0.0, 1.0, 1.0]
    """
    where = place(values)
    limits = shares if breaks is None else breaks
    rising = all(one < two for one, two in zip(limits, limits[1:], strict=False))
    if not limits or not rising or (breaks is None and not 0 < limits[0] <= limits[-1] < 1):
        raise refused("breaks-not-rising", where, given=", ".join(f"{one:g}" for one in limits))
    chosen = np.linspace(0.0, 1.0, len(limits) + 1) if scores is None else np.array(scores)
    if len(chosen) != len(limits) + 1 or chosen.min() < 0 or chosen.max() > 1:
        expected = len(limits) + 1
        raise refused("scores-not-fitting", where, given=len(chosen), expected=expected)

    def kernel(given: Array, other: Array | None) -> Array:
        missing = np.isnan(given)
        held = known(given if other is None else other)
        if breaks is None and not len(held):
            if not missing.all():
                raise refused("empty-reference", where)
            return np.full(len(given), np.nan)
        edges = np.quantile(held, limits) if breaks is None else np.array(limits)
        codes = np.searchsorted(edges, given, side="right" if closed == "left" else "left")
        return np.where(missing, np.nan, chosen[np.minimum(codes, len(limits))])

    return applied(values, reference, groups, kernel)
