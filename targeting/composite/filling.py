"""Filling the gaps of one column, as a step of a recipe names it."""

from __future__ import annotations

from typing import Literal

import pandas as pd

from targeting.composite.impute import impute
from targeting.registry import register


@register("imputer", laws=("rows", "ties"), unit=False)
def group_value(
    values: pd.Series[float],
    groups: pd.Series[str] | None = None,
    *,
    by: Literal["mean", "median"] = "mean",
) -> pd.Series[float]:
    """Fill gaps with the mean or median of the unit's own group.

    Parameters
    ----------
    values : Series
        One number per unit.
    groups : Series, optional
        Group of each unit. Default: all are one group.
    by : str
        What to fill with.

    Returns
    -------
    Series
        Same index; still missing where the whole group is. `impute` also tells what was filled.

    Examples
    --------
    >>> group_value(pd.Series([1.0, 3.0, None]), pd.Series(["a", "a", "a"])).tolist()
    [1.0, 3.0, 2.0]
    """
    filled = impute(pd.DataFrame({"value": values}), by=by, groups=groups).values["value"]
    return filled.set_axis(values.index)
