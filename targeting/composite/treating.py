"""Treat indicator values and, in step with them, the ends of their intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from targeting.composite.treat import treat
from targeting.model import MethodSpec, Values

_NONE = MethodSpec("none")


def treated_values(
    values: Values, rule: MethodSpec | None, each: Mapping[str, MethodSpec] | None = None
) -> tuple[Values, pd.DataFrame]:
    """Return values after treatment, each end of an interval moved as its value is.

    A treatment keeps the order of the values, so an end between two values lies between what they
    became; one beyond all values becomes what the nearest became.

    Parameters
    ----------
    values : Values
        Indicator values by block, with their intervals.
    rule : MethodSpec or None
        Registered treatment of all indicators; None for none.
    each : mapping, optional
        Indicator to its own treatment.

    Returns
    -------
    (Values, DataFrame)
        And what was done: one row an indicator that has a treatment, as `treat` notes it.

    Raises
    ------
    TargetingError
        What a treatment complains of.

    Examples
    --------
    >>> held = pd.DataFrame({"rate": [1.0, 2.0, 3.0, 90.0]})
    >>> values = Values(held, held - 1, held + 1, {"rate": "shrunk"})
    >>> made, notes = treated_values(values, MethodSpec("winsorize_points", {"high": 1}))
    >>> made.value["rate"].tolist(), made.high["rate"].tolist()
    ([1.0, 2.0, 3.0, 3.0], [2.0, 3.0, 3.0, 3.0])
    """
    own = dict(each or {})
    if rule is None and not own:
        return values, pd.DataFrame()
    table = treat(values.value, rule or _NONE, own)
    ends: dict[str, dict[str, pd.Series[float]]] = {"low": {}, "high": {}}
    for key in values.value.columns:
        before, after = values.value[key].to_numpy(float), table.values[key].to_numpy(float)
        known = ~np.isnan(before)
        places, first = np.unique(before[known], return_index=True)
        became = after[known][first]
        for name, held in ends.items():
            end = getattr(values, name)[key]
            same = end.equals(values.value[key])
            moved = after if same else np.interp(end.to_numpy(float), places, became)
            held[key] = pd.Series(np.where(known, moved, np.nan), index=end.index)
    kept = [key for key in table.notes.index if own.get(str(key), rule or _NONE).use != "none"]
    low, high = (pd.DataFrame(held, index=values.value.index) for held in ends.values())
    return replace(values, value=table.values, low=low, high=high), table.notes.loc[kept]
