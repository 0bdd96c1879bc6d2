"""The place of a value among the others, and the tenth (or other part) a place falls in."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
import pandas as pd
from annotated_types import Gt

from targeting.composite.columns._table import only, series
from targeting.registry import register


@register("column", laws=("rows", "missing", "ties"), unit=False)
def ranking(
    columns: pd.DataFrame,
    *,
    first: Literal["highest", "lowest"] = "highest",
    ties: Literal["min", "max", "average", "dense"] = "min",
) -> pd.Series[float]:
    """Place of each value of one column among all of them.

    Parameters
    ----------
    columns : DataFrame
        One column.
    first : str
        Which value gets 1.
    ties : str
        Place of equal values: the smallest of theirs (`min`), the largest (`max`), their mean
        (`average`), or without gaps (`dense`).

    Returns
    -------
    Series
        Places from 1; missing where the value is.

    Examples
    --------
    >>> ranking(pd.DataFrame({"score": [3.0, 9.0, 9.0]})).tolist()
    [3.0, 1.0, 1.0]
    """
    return only(columns).rank(method=ties, ascending=first == "lowest")


@register("column", laws=("rows", "monotone", "missing", "ties"), unit=False)
def rank_groups(
    columns: pd.DataFrame,
    *,
    groups: Annotated[int, Gt(0)] = 10,
    rule: Literal["ceiling", "floor"] = "ceiling",
) -> pd.Series[float]:
    """Tenth (or other equal part) of the units that a rank falls in.

    Parameters
    ----------
    columns : DataFrame
        One column of ranks from 1.
    groups : int
        How many groups.
    rule : str
        With N ranked units, `ceiling` is ⌈groups · rank / N⌉ and `floor` is
        ⌊groups · (rank − 1) / N⌋ + 1: they differ where N is no multiple of `groups`.

    Returns
    -------
    Series
        Group of each rank, 1 with the first ranks; missing where the rank is.

    Examples
    --------
    >>> ranks = pd.DataFrame({"rank": [1.0, 2.0, 3.0]})
    >>> rank_groups(ranks, groups=2).tolist(), rank_groups(ranks, groups=2, rule="floor").tolist()
    ([1.0, 2.0, 2.0], [1.0, 1.0, 2.0])
    """
    ranks = only(columns)
    count = int(ranks.notna().sum())
    if rule == "ceiling":
        return series(np.ceil((ranks.to_numpy() * groups) / count), columns)
    return series(np.floor((ranks.to_numpy() - 1) * groups / count) + 1, columns)
