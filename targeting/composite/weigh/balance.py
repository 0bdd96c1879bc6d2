"""Weights that let each member go along with the whole as much as was stated."""

from __future__ import annotations

import numpy as np
import pandas as pd

from targeting.composite.weigh.result import WHERE, Array, Weighing, seen
from targeting.composite.weigh.stated import OPINION, stated
from targeting.problems import Problem, TargetingError
from targeting.registry import register

_BALANCED = tuple(law for law in OPINION if law not in ("monotone", "scale"))
_DUST = 1e-9


@register("weigher", laws=_BALANCED)
def balanced(parts: pd.DataFrame, given: pd.Series[float]) -> Weighing:
    """Weigh so that the correlations with the weighted sum are in proportion to what is stated.

    Stated alike, each member correlates alike with the whole: none rules it because it varies more
    or because it goes along with others. The weights solve `C w = κ s∘d`, with `C` the covariances,
    `s` the standard deviations and `d` what is stated.

    Parameters
    ----------
    parts : DataFrame
        Blocks by members. Blocks with a gap are left out.
    given : Series
        How the correlations shall stand to one another, 0 or more.

    Returns
    -------
    Weighing
        Notes: `rows_used`, `rows_left_out`, `constant`, `correlations` with the weighted sum.

    Raises
    ------
    TargetingError
        What `stated` and `seen` refuse; `cannot-balance` for each member that would need a
        negative weight; `no-balance` where members say the same.

    References
    ----------
    Becker, Saisana, Paruolo and Vandecasteele (2017), Weights and importance in composite
    indicators: closing the gap.

    Examples
    --------
    >>> parts = pd.DataFrame({"a": [0.0, 0.5, 1.0, 0.2], "b": [0.1, 0.2, 0.0, 0.3]})
    >>> found = balanced(parts, pd.Series({"a": 1.0, "b": 1.0}))
    >>> [round(value, 6) for value in found.notes["correlations"].values()]
    [0.466921, 0.466921]
    """
    wanted = stated(parts, given).weights
    found = seen(parts)
    aim = wanted.reindex(found.varying).to_numpy(float)
    spread = found.numbers.std(axis=0)
    together = np.atleast_2d(np.corrcoef(found.numbers, rowvar=False))
    if np.linalg.cond(together) > 1 / _DUST:
        raise TargetingError([Problem("no-balance", WHERE, {"given": ", ".join(found.varying)})])
    raw: Array = np.linalg.solve(together, aim) / spread
    raw = np.where(np.abs(raw) < _DUST * np.abs(raw).max(), 0.0, raw)
    if (raw < 0).any() or not raw.any():
        total = raw.sum() if raw.sum() > 0 else np.abs(raw).sum()
        raise TargetingError(
            Problem("cannot-balance", f"{WHERE}.{name}", {"given": round(float(w / total), 4)})
            for name, w in zip(found.varying, raw, strict=True)
            if w < 0
        )
    whole = found.numbers @ raw
    reached = [float(np.corrcoef(column, whole)[0, 1]) for column in found.numbers.T]
    return found.weighing(raw, correlations=dict(zip(found.varying, reached, strict=True)))
