"""The smallest changes that would take a block across the line, as records."""

from __future__ import annotations

from typing import Any

import numpy as np

from targeting.composite.change import (
    Line,
    NoChange,
    Recipe,
    change_value,
    change_weights,
)
from targeting.model import Indicator, Result
from targeting.render import public

_WEIGHT_DIGITS = 2
_LEVEL_STEPS = 1000


def change_records(result: Result, recipe: Recipe, line: Line, block: str) -> dict[str, Any]:
    """Return what would take a block across the line, and what would not.

    Weights are told in hundredths, values in the grain of their indicator, and those of violence
    as the level they would reach; what is told has been carried out and the city scored again.

    Parameters
    ----------
    result : Result
        A study carried out.
    recipe : Recipe
        Its composite.
    line : Line
        What to cross.
    block : str
        Its id.

    Returns
    -------
    dict
        `above` (whether the block lies above the line now; None where it cannot be told),
        `weights` and `indicators` (a record a group or indicator, the smallest change first).
    """
    place = int(np.flatnonzero(recipe.parts.index == block)[0])
    margin = line.margin(recipe.scores, place)
    if not np.isfinite(margin):
        return {"above": None, "weights": [], "indicators": []}
    groups = [
        node.key
        for node in recipe.tree.nodes()
        if sum(child.weight > 0 for child in node.children) > 1
    ]
    weights = [
        _weights(change_weights(recipe, block, key, line, digits=_WEIGHT_DIGITS)) for key in groups
    ]
    values = [
        _value(
            result, one, place, change_value(recipe, block, one.key, line, step=_step(result, one))
        )
        for one in result.indicators
    ]
    return {
        "above": bool(margin > 0),
        "weights": sorted(weights, key=lambda one: (not one["found"], one.get("distance", 0.0))),
        "indicators": sorted(values, key=lambda one: (not one["found"], one.get("spread", 0.0))),
    }


def _step(result: Result, one: Indicator) -> float | None:
    """Return the step a value is told in; of one told as a level, a small one."""
    if not public.shown_as_level(one):
        return public.value_grain(one).size
    return float(result.values.value[one.key].std()) / _LEVEL_STEPS or None


def _weights(found: Any) -> dict[str, Any]:
    if isinstance(found, NoChange):
        return {"group": found.key, "found": False, "reason": found.reason}
    return {
        "group": found.key,
        "found": True,
        "exact": found.exact,
        "distance": round(found.distance, 4),
        "before": found.before.round(4).to_dict(),
        "after": found.after.round(4).to_dict(),
    }


def _value(result: Result, one: Indicator, place: int, found: Any) -> dict[str, Any]:
    record: dict[str, Any] = {"key": one.key, "unit": one.unit}
    if isinstance(found, NoChange):
        return record | {"found": False, "reason": found.reason}
    column = result.values.value[one.key]
    spread = float(column.std())
    record |= {
        "found": True,
        "exact": found.exact,
        # In standard deviations of the city, so that units can be compared.
        "spread": round(abs(found.after - found.before) / spread, 2) if spread > 0 else 0.0,
    }
    if public.shown_as_level(one):
        changed = column.to_numpy(float, copy=True)
        changed[place] = found.after
        before, after = (
            public.levels(type(column)(held))[place] for held in (column.to_numpy(float), changed)
        )
        return record | {"level_before": before, "level_after": after}
    grain = public.value_grain(one)
    low, high = (getattr(result.values, end)[one.key].iloc[place] for end in ("low", "high"))
    before = grain.round(np.array([found.before]))[0] if low == high else None
    return record | {"before": before, "after": round(found.after, grain.decimals + 1)}
