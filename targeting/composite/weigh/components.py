"""Weights from what the parts have in common: the first principal component."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from targeting.composite.components import positive_loadings, principal_components
from targeting.composite.weigh.result import WHERE, Weighing, seen
from targeting.problems import Problem, TargetingError
from targeting.registry import register

_ALIKE = 1e-9  # of the variance; below, which of two components is first is chance


@register("weigher", laws=("rows", "columns", "scale", "homogeneous", "range", "missing", "ties"))
def principal_component(
    parts: pd.DataFrame,
    given: pd.Series[float],
    *,
    by: Literal["loadings", "squares"] = "loadings",
) -> Weighing:
    """Weigh a part by its loading on the first principal component of the correlations.

    A part that lies against the others would get a negative weight: it is named and refused.

    Parameters
    ----------
    parts : DataFrame
        Blocks by parts. Blocks with a gap are left out.
    given : Series
        Not looked at.
    by : str
        `"loadings"`, or `"squares"`: the share of the component's variance each part makes up.

    Returns
    -------
    Weighing
        Notes: `rows_used`, `rows_left_out`, `constant`, `loadings` (their squares sum to 1) and
        `explained` (share of the parts' variance, 0 to 1).

    Raises
    ------
    TargetingError
        What `seen` refuses; `negative-loading` for each; `no-first-component`.

    References
    ----------
    OECD and JRC (2008), Handbook on Constructing Composite Indicators, step 6.

    Examples
    --------
    >>> parts = pd.DataFrame({"a": [0.0, 0.5, 1.0, 0.2], "b": [0.1, 0.4, 0.9, 0.3]})
    >>> principal_component(parts, pd.Series(dtype=float)).weights.round(6).tolist()
    [0.5, 0.5]
    """
    found = seen(parts)
    if len(found.varying) == 1:
        return found.weighing(np.ones(1), loadings={found.varying[0]: 1.0}, explained=1.0)
    whole = principal_components(pd.DataFrame(found.numbers, columns=found.varying))
    first, second = (float(whole.explained[place]) for place in (1, 2))
    if first - second < _ALIKE:
        raise TargetingError([Problem("no-first-component", WHERE, {"given": round(first, 3)})])
    loadings = positive_loadings(whole, where=WHERE).to_numpy(float)
    return found.weighing(
        loadings**2 if by == "squares" else loadings,
        loadings=dict(zip(found.varying, loadings.tolist(), strict=True)),
        explained=float(whole.explained[1]),
    )
