"""Weights that the incidents themselves give: what risk terrain modeling does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import pandas as pd
from annotated_types import Ge, Gt

from targeting.composite.weigh.poisson import deviance, poisson_slopes, rates
from targeting.composite.weigh.result import WHERE, Array, Seen, Weighing, seen
from targeting.problems import Problem, TargetingError
from targeting.registry import register

PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)  # per event; parts go from 0 to 1
_NONE = 1e-6  # a slope under which a part tells nothing


@dataclass(frozen=True)
class Outcome:
    """What weights are learned from: incidents by block.

    Parameters
    ----------
    counts : ndarray
        Incidents in each block, 0 or more; missing where they are not known.
    exposure : ndarray
        What they are counted per: residents, workers, area. Blocks with 0 or less, or without, are
        left out.
    x_m, y_m : ndarray
        Position of each block in meters.

    Examples
    --------
    >>> one = np.ones(2)
    >>> Outcome(np.array([0.0, 3.0]), one, one, one).counts.tolist()
    [0.0, 3.0]
    """

    counts: Array
    exposure: Array
    x_m: Array
    y_m: Array


@register("weigher", laws=("rows", "columns", "homogeneous", "range", "missing", "ties"))
def regression(
    parts: pd.DataFrame,
    given: pd.Series[float],
    outcome: Outcome | None = None,
    *,
    cell_m: Annotated[float, Gt(0)] = 1000.0,
    folds: Annotated[int, Ge(2)] = 5,
    events_min: Annotated[int, Ge(1)] = 50,
) -> Weighing:
    """Weigh by how much the rate of incidents rises with each part.

    A Poisson regression of the counts, its slopes 0 or more and drawn towards 0, the more so the
    larger the penalty. The penalty is the one that best foretells places it has not seen: blocks
    are cut into square cells, cells dealt to folds, and each fold foretold from the others. Do not
    weigh the incidents' own rate this way: it foretells itself.

    Parameters
    ----------
    parts : DataFrame
        Blocks by parts, 0 to 1. Blocks with a gap are left out.
    given : Series
        Not looked at.
    outcome : Outcome
        Aligned to the rows of `parts`.
    cell_m : float
        Side of the cells in meters: more than the distance over which neighbors are alike.
    folds : int
        How many.
    events_min : int
        Fewer incidents than this are refused.

    Returns
    -------
    Weighing
        Each weight is a slope over the sum of all: the share of the rise of the logarithm of the
        rate from every part at 0 to every part at 1. Notes: `slopes`; `no_effect` (parts whose
        slope is 0: the rate does not rise with them); `penalty`; `deviance` and `deviance_none`,
        out of the folds, with these slopes and with one rate for all; `explained`, one less their
        quotient; `slopes_by_fold` (least and largest, `kept`: share of folds where it is above 0);
        `events`, `cells`, `folds`, `cell_m`.

    Raises
    ------
    TargetingError
        `no-outcome`, `outcome-not-aligned`, `bad-outcome`, `few-incidents`, `few-cells`,
        `foretells-nothing` when it does no better than one rate for all; what `seen` refuses.

    References
    ----------
    Caplan and Kennedy (2016), Risk Terrain Modeling. Roberts et al. (2017), Cross-validation
    strategies for data with temporal, spatial, hierarchical, or phylogenetic structure.

    Examples
    --------
    >>> random = np.random.default_rng(1)
    >>> parts = pd.DataFrame(random.random((2000, 2)), columns=["bars", "parks"])
    >>> counts = random.poisson(0.2 * np.exp(2.0 * parts["bars"].to_numpy()))
    >>> there = random.random((2, 2000)) * 8000
    >>> found = regression(parts, pd.Series(dtype=float),
    ...                    Outcome(counts, np.ones(2000), there[0], there[1]))
    >>> found.weights.round(1).to_dict()
    {'bars': 1.0, 'parks': 0.0}
    """
    if outcome is None:
        raise TargetingError([Problem("no-outcome", WHERE)])
    held, counts, exposure, cells = _kept(parts, outcome, cell_m)
    events = float(counts.sum())
    if events < events_min:
        values = {"given": round(events), "expected": events_min}
        raise TargetingError([Problem("few-incidents", WHERE, values)])
    number = len(np.unique(cells, axis=0))
    fold = (cells[:, 0] + (2 if folds > 2 else 1) * cells[:, 1]) % folds
    dealt = [fold == one for one in range(folds) if (fold == one).any()]
    if len(dealt) < 2 or any(counts[~one].sum() == 0 for one in dealt):
        told = {"given": number, "folds": folds, "cell_m": f"{cell_m:g}"}
        raise TargetingError([Problem("few-cells", WHERE, told)])
    tried = [_foretold(held.numbers, counts, exposure, dealt, one) for one in PENALTIES]
    best = int(np.argmin([found[0] for found in tried]))
    off, none, by_fold = tried[best]
    slopes = poisson_slopes(held.numbers, counts, exposure, PENALTIES[best])
    slopes[slopes < _NONE] = 0.0
    if off >= none or not slopes.any():
        told = {"deviance": f"{off:.1f}", "none": f"{none:.1f}"}
        raise TargetingError([Problem("foretells-nothing", WHERE, told)])
    return held.weighing(
        slopes,
        slopes=_by_name(held, slopes),
        no_effect=[name for name, one in zip(held.varying, slopes, strict=True) if one == 0],
        penalty=PENALTIES[best],
        deviance=off,
        deviance_none=none,
        explained=1 - off / none,
        slopes_by_fold={
            "least": _by_name(held, by_fold.min(axis=0)),
            "largest": _by_name(held, by_fold.max(axis=0)),
            "kept": _by_name(held, (by_fold >= _NONE).mean(axis=0)),
        },
        events=round(events),
        cells=number,
        folds=len(dealt),
        cell_m=cell_m,
    )


def _kept(parts: pd.DataFrame, outcome: Outcome, cell_m: float) -> tuple[Seen, Array, Array, Array]:
    """Return parts, counts, exposure and cells of the blocks where all are known."""
    told = {
        key: np.asarray(getattr(outcome, key), dtype=float)
        for key in ("counts", "exposure", "x_m", "y_m")
    }
    wrong = {key: len(one) for key, one in told.items() if len(one) != len(parts)}
    if wrong:
        values = {"given": ", ".join(f"{k}: {n}" for k, n in wrong.items()), "expected": len(parts)}
        raise TargetingError([Problem("outcome-not-aligned", WHERE, values)])
    with np.errstate(invalid="ignore"):
        negative = int((told["counts"] < 0).sum())
        usable = np.all([np.isfinite(one) for one in told.values()], axis=0)
        usable &= told["exposure"] > 0
    if negative:
        raise TargetingError([Problem("bad-outcome", WHERE, {"given": negative})])
    all_known = usable & parts.notna().all(axis=1).to_numpy()
    held = seen(parts.where(pd.Series(usable, index=parts.index), np.nan))
    cells = np.floor(np.column_stack([told["x_m"], told["y_m"]])[all_known] / cell_m).astype(int)
    return held, told["counts"][all_known], told["exposure"][all_known], cells


def _foretold(
    x: Array, counts: Array, exposure: Array, dealt: list[Array], penalty: float
) -> tuple[float, float, Array]:
    """Return the deviance out of the folds, that of one rate for all, and each fold's slopes."""
    off, none, slopes, start = 0.0, 0.0, [], None
    for out in dealt:
        there = (x[~out], counts[~out], exposure[~out])
        start = poisson_slopes(*there, penalty, start)
        slopes.append(start)
        off += deviance(counts[out], exposure[out] * rates(*there, start, x[out]))
        level = there[1].sum() / there[2].sum()
        none += deviance(counts[out], exposure[out] * level)
    return off, none, np.array(slopes)


def _by_name(held: Seen, numbers: Array) -> dict[str, Any]:
    return dict(zip(held.varying, numbers.tolist(), strict=True))
