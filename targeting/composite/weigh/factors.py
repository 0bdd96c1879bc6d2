"""Weights from several factors behind the parts: principal components turned by varimax."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd
from annotated_types import Ge, Gt, Le

from targeting.composite.components import principal_components
from targeting.composite.weigh.result import WHERE, Array, Weighing, seen
from targeting.problems import Problem, TargetingError
from targeting.registry import register

_TURNS = 500
_DUST = 1e-9


@register("weigher", laws=("rows", "columns", "scale", "homogeneous", "range", "missing", "ties"))
def factor(
    parts: pd.DataFrame,
    given: pd.Series[float],
    *,
    eigenvalue_min: Annotated[float, Gt(0)] = 1.0,
    explained_min: Annotated[float, Gt(0), Le(1)] = 0.6,
    share_min: Annotated[float, Ge(0), Le(1)] = 0.1,
) -> Weighing:
    """Weigh a part by its squared loading on the factor it belongs to, as the OECD handbook does.

    Principal components of the correlations are kept while their eigenvalue is above
    `eigenvalue_min` and they tell at least `share_min` of the variance, and more of them until all
    together tell `explained_min`; varimax turns them; a part belongs to the factor it loads on
    most. Loadings squared are shares of a part's variance, so a factor counts by the variance it
    tells.

    Parameters
    ----------
    parts : DataFrame
        Blocks by parts. Blocks with a gap are left out.
    given : Series
        Not looked at.
    eigenvalue_min : float
        1 is Kaiser's rule.
    explained_min : float
        Share of the variance the factors shall tell together.
    share_min : float
        Share of the variance below which a component is left out, unless it is needed for that.

    Returns
    -------
    Weighing
        Notes: `rows_used`, `rows_left_out`, `constant`, `factors` (how many), `explained`,
        `belongs` (factor of each part, from 1), `loadings` on it.

    Raises
    ------
    TargetingError
        What `seen` refuses; `negative-loading` for each part that lies against the others of its
        factor.

    References
    ----------
    OECD and JRC (2008), Handbook on Constructing Composite Indicators, step 6. Kaiser (1958), The
    varimax criterion for analytic rotation in factor analysis.

    Examples
    --------
    >>> parts = pd.DataFrame({"a": [0.0, 1, 0, 1], "b": [0.0, 1, 0, 1], "c": [0.0, 0, 1, 1]})
    >>> found = factor(parts, pd.Series(dtype=float), explained_min=0.9)
    >>> found.weights.round(6).tolist(), found.notes["belongs"]
    ([0.333333, 0.333333, 0.333333], {'a': 1, 'b': 1, 'c': 2})
    """
    found = seen(parts)
    if len(found.varying) == 1:
        return found.weighing(np.ones(1), factors=1, explained=1.0)
    whole = principal_components(pd.DataFrame(found.numbers, columns=found.varying))
    told = whole.explained.to_numpy(float)
    values = whole.eigenvalues.to_numpy(float)
    count = max(1, int(((values > eigenvalue_min + _DUST) & (told >= share_min - _DUST)).sum()))
    while told[:count].sum() < explained_min - _DUST and values[count] > _DUST:
        count += 1
    loadings = whole.loadings.to_numpy(float)[:, :count] * np.sqrt(values[:count])
    turned = varimax(loadings)
    order = np.argsort(-(turned**2).sum(axis=0), kind="stable")
    turned = turned[:, order]
    # A tie between factors is the first's, and dust makes no difference.
    belongs = np.argmax(np.round(turned**2, 9), axis=1)
    own = turned[np.arange(len(turned)), belongs]
    for place in range(count):
        mine = belongs == place
        if own[mine].sum() < 0:
            own[mine] = -own[mine]
    problems = [
        Problem("negative-loading", WHERE, {"given": name, "loading": round(float(one), 4)})
        for name, one in zip(found.varying, own, strict=True)
        if one < -_DUST
    ]
    if problems:
        raise TargetingError(problems)
    return found.weighing(
        own**2,
        factors=count,
        explained=float(told[:count].sum()),
        belongs={name: int(place) + 1 for name, place in zip(found.varying, belongs, strict=True)},
        loadings=dict(zip(found.varying, own.tolist(), strict=True)),
    )


def varimax(loadings: Array) -> Array:
    """Return loadings turned so that each part loads on few factors; parts count alike (Kaiser).

    Examples
    --------
    >>> np.abs(varimax(np.array([[0.6, 0.6], [0.5, -0.5]]))).round(3).tolist()
    [[0.849, 0.0], [0.0, 0.707]]
    """
    size, count = loadings.shape
    if count < 2:
        return loadings
    length = np.sqrt((loadings**2).sum(axis=1))
    length = np.where(length > 0, length, 1.0)
    held = loadings / length[:, None]
    for _ in range(_TURNS):
        moved = 0.0
        for i in range(count - 1):
            for j in range(i + 1, count):
                one, two = held[:, i], held[:, j]
                u, v = one**2 - two**2, 2 * one * two
                above = 2 * (size * (u @ v) - u.sum() * v.sum())
                below = size * (u @ u - v @ v) - (u.sum() ** 2 - v.sum() ** 2)
                angle = np.arctan2(above, below) / 4
                if abs(angle) <= 1e-12:
                    continue
                moved = max(moved, abs(angle))
                cos, sin = np.cos(angle), np.sin(angle)
                held[:, i], held[:, j] = one * cos + two * sin, two * cos - one * sin
        if moved <= 1e-10:
            break
    return np.asarray(held * length[:, None])
