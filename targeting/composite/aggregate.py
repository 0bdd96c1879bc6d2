"""From parts to one number, and what each part adds to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pandas as pd
from annotated_types import Ge

from targeting.registry import register


@dataclass(frozen=True)
class Aggregate:
    """A combination of parts.

    Parameters
    ----------
    value : Series
        Combined part, 0 to 1; missing where no part has data.
    contributions : DataFrame
        What each part adds; the columns sum to `value`. A missing part adds 0.
    coverage : Series
        Share of the weight that has data.
    """

    value: pd.Series[float]
    contributions: pd.DataFrame
    coverage: pd.Series[float]


@register("aggregator")
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

    Examples
    --------
    >>> parts = pd.DataFrame({"a": [1.0, 0.5], "b": [0.0, None]})
    >>> arithmetic(parts, pd.Series({"a": 3.0, "b": 1.0})).value.tolist()
    [0.75, 0.5]
    """
    return power_mean(parts, weights, exponent=1.0)


@register("aggregator")
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
    given = weights.reindex(parts.columns).to_numpy(float)
    held = parts.to_numpy(float)
    known = ~np.isnan(held)
    shares = np.where(known, given, 0.0)
    coverage = shares.sum(axis=1) / given.sum()
    filled = np.where(known, held, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = shares / shares.sum(axis=1, keepdims=True)
        powers = shares * filled**exponent
        total = powers.sum(axis=1)
        value = np.where(coverage > 0, total ** (1 / exponent), np.nan)
        contributions = np.where(total[:, None] > 0, powers / total[:, None], 0.0) * value[:, None]
    return Aggregate(
        pd.Series(np.clip(value, 0.0, 1.0), index=parts.index),
        pd.DataFrame(contributions, index=parts.index, columns=parts.columns),
        pd.Series(coverage, index=parts.index),
    )
