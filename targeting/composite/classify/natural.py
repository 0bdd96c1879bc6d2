"""Natural breaks: the classes whose values lie closest to their own means."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd
from annotated_types import Ge, Le

from targeting.composite.classify.result import Classes, cut, enough
from targeting.registry import register


@register("classifier", laws=("rows", "scale", "monotone", "missing", "ties"))
def natural_breaks(
    values: pd.Series[float], *, classes: Annotated[int, Ge(2), Le(64)] = 5
) -> Classes:
    """Classes with the least sum of squared distances to their means (Jenks, Fisher).

    The best there is, not the best of some tries, at any size: the cost is of the kind that lets
    each row of the dynamic program be halved, so the work grows as classes · n log n.

    Parameters
    ----------
    values : Series
        One number per block; missing stays missing.
    classes : int
        How many.

    Returns
    -------
    Classes
        `bounds` are the smallest value of each class but the first (of ways that are equally good,
        the one with the lowest bounds); notes: `within`, the sum of
        squares left, in the values' unit squared, and `fit`, the share of the variance explained.

    Raises
    ------
    TargetingError
        `few-different-values`, `infinite-value`.

    Notes
    -----
    Fisher, “On grouping for maximum homogeneity”, *Journal of the American Statistical
    Association* 53, 1958.

    Examples
    --------
    >>> natural_breaks(pd.Series([1.0, 2.0, 9.0, 10.0, 30.0]), classes=3).codes.tolist()
    [1, 1, 2, 2, 3]
    """
    from targeting.composite.classify._natural import least_squares_starts

    held, counts = np.unique(enough(values, classes), return_counts=True)
    weights = counts.astype(float)
    middle = float((held * weights).sum() / weights.sum())
    centered = held - middle
    starts = least_squares_starts(centered, weights, classes)
    edges = np.append(starts, len(held))
    sums = np.add.reduceat(centered * weights, starts)
    sizes = np.add.reduceat(weights, starts)
    total = float((centered**2 * weights).sum())
    within = float((weights * (centered - np.repeat(sums / sizes, np.diff(edges))) ** 2).sum())
    return cut(values, held[starts[1:]], within=within, fit=1.0 - within / total)
