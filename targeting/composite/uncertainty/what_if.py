"""One choice at a time: what would change if only this were otherwise."""

from __future__ import annotations

import numpy as np
import pandas as pd

from targeting.composite.kernels import MEANS
from targeting.composite.uncertainty.choices import FACTORS, LISTED, Missing
from targeting.composite.uncertainty.draws import carry_out
from targeting.composite.uncertainty.evaluate import STATED, Plan, plan_of
from targeting.composite.uncertainty.model import Model
from targeting.composite.uncertainty.summary import FIGURES, told_of
from targeting.model import MethodSpec
from targeting.problems import TargetingError
from targeting.registry import method

_STREAM = 2


def what_if(
    model: Model, *, draws: int = 100, seed: int, top_share: float = 0.1, ties: str = "min"
) -> pd.DataFrame:
    """Change one choice at a time, all others as stated.

    Parameters
    ----------
    model : Model
    draws : int
        Draws of the weights alone, and of the data alone, where they vary.
    seed : int
        Of these draws.
    top_share : float
        What the top is: a share of the blocks with a score.
    ties : str
        As for `draw`.

    Returns
    -------
    DataFrame
        `choice` (one of the factors; `"without"`: an indicator or group left out, its weight to its
        sisters), `alternative`, `draws`; their means of `rank_shift` (mean absolute, over the
        blocks), `rank_correlation` with the stated ranks, `entering` (share of the new top that was
        not in the stated one) and `leaving` (the reverse).
    """
    rows: list[tuple[str, str, int]] = []
    plans: list[Plan] = []
    for column, name in enumerate(LISTED):
        for i, one in enumerate(getattr(model, name)):
            if i:
                plan = _as_stated(model, 1, seed)
                plan.pick[:, column] = i
                plans.append(plan)
                rows.append((name, told(one), 1))
    for name in ("weights", "data"):
        if name in model.varied:
            versions = np.full((draws, len(FACTORS)), STATED, dtype=np.int64)
            versions[:, FACTORS.index(name)] = np.arange(draws)
            plans.append(plan_of(model, versions, seed=seed, stream=_STREAM))
            rows.append((name, "", draws))
    for node in _leavable(model):
        plan = _as_stated(model, 1, seed)
        plan.weights[:] = _without(model, node)
        plans.append(plan)
        rows.append(("without", model.levels.names[node], 1))
    table = pd.DataFrame(rows, columns=["choice", "alternative", "draws"])
    if not plans:
        return table.reindex(columns=[*table.columns, *FIGURES])
    whole = Plan(
        seed,
        _STREAM,
        *(
            np.concatenate([getattr(plan, name) for plan in plans])
            for name in ("versions", "pick", "weights")
        ),
    )
    _, figures = told_of(carry_out(model, whole, ties=ties), top_share)
    ends = np.cumsum([0, *(len(plan) for plan in plans)])
    means = np.add.reduceat(figures, ends[:-1], axis=0) / np.diff(ends)[:, None]
    return table.assign(**{name: means[:, i] for i, name in enumerate(FIGURES)})


def told(one: MethodSpec | Missing | object | None) -> str:
    """Return an alternative as one line of text."""
    if one is None:
        return "none"
    if isinstance(one, MethodSpec):
        settings = ", ".join(f"{key}={value}" for key, value in sorted(one.settings.items()))
        return f"{one.use}({settings})" if settings else one.use
    if isinstance(one, Missing):
        fill = "" if one.fill is None else f"fill={one.fill:g}, "
        return f"{fill}coverage_min={one.coverage_min:g}"
    return str(one)


def _as_stated(model: Model, count: int, seed: int) -> Plan:
    versions = np.full((count, len(FACTORS)), STATED, dtype=np.int64)
    return plan_of(model, versions, seed=seed, stream=_STREAM)


def _leavable(model: Model) -> list[int]:
    """Return the nodes with a weight and a sister with one that their group can do without."""
    levels = model.levels
    nodes = []
    for node in range(len(levels.names) - 1):
        group = int(levels.parent[node])
        sisters = levels.children(group)
        left = int((levels.weight[sisters] > 0).sum()) - 1
        if levels.weight[node] > 0 and left > 0:
            spec = model.means[0].specs[group]
            if left > 1 or _stands_alone(spec):
                nodes.append(node)
    return nodes


def _stands_alone(spec: MethodSpec) -> bool:
    """Tell whether an aggregation takes a single part: one that crosses two parts does not."""
    if spec.use in MEANS:
        return True
    part, weight = pd.DataFrame({"part": [0.0, 1.0]}), pd.Series({"part": 1.0})
    try:
        method("aggregator", spec.use)(part, weight, **spec.settings)
    except TargetingError:
        return False
    return True


def _without(model: Model, node: int) -> np.ndarray:
    weight = model.levels.weight.copy()
    weight[node] = 0.0
    sisters = model.levels.children(int(model.levels.parent[node]))
    weight[sisters] /= weight[sisters].sum()
    return weight
