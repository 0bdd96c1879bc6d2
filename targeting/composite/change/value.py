"""The nearest value of one indicator that takes a block across a line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from targeting.composite.change.recipe import CLEAR, Line, NoChange, Recipe
from targeting.composite.scoring import urgent_parts
from targeting.model import Indicator, Values
from targeting.registry import traits

_HALVINGS = 50
_GRID = 33
_FINER = 1000  # where a value is told in steps, it is looked for to a thousandth of one
_KNOWN = ("normalize", "aggregate", "coverage_min", "normalize_each", "reference", "groups")


@dataclass(frozen=True)
class ValueChange:
    """Another value of one indicator that takes a block across the line.

    Parameters
    ----------
    key : str
        The indicator.
    before, after : float
        In its own unit.
    exact : bool
        Score and part move one way only, so that no smaller change does. Else the smallest that a
        search found.
    score, margin : float
        Of the block, the whole city scored again.
    """

    key: str
    before: float
    after: float
    exact: bool
    score: float
    margin: float


def change_value(
    recipe: Recipe, block: str, key: str, line: Line, *, step: float | None = None
) -> ValueChange | NoChange:
    """Find the nearest value of one indicator that takes a block across the line.

    The value stays between the lowest and the highest of the city. The normalizer is asked again
    for every value tried, so that ends, ranks and groups move as they would.

    Parameters
    ----------
    recipe : Recipe
        The composite.
    block : str
        Its id.
    key : str
        The indicator.
    line : Line
        What to cross, from whichever side the block is on.
    step : float, optional
        Tell a whole multiple of this, in the indicator's unit: the first that crosses. Default: as
        near as 50 halvings come.

    Returns
    -------
    ValueChange or NoChange

    Examples
    --------
    >>> from targeting.composite.change import at_score
    >>> from targeting.model import MethodSpec, Node
    >>> one = Indicator("rate", {"es": "t", "en": "r"}, "per_1k", "higher", "violence", "x")
    >>> held = pd.DataFrame({"rate": [0.0, 4.0, 10.0]}, index=list("xyz"))
    >>> made = Recipe(Values(held, held, held, {"rate": "block"}), [one], Node.of({"rate": 1.0}),
    ...               {"normalize": MethodSpec("minmax"), "aggregate": MethodSpec("arithmetic")})
    >>> round(change_value(made, "y", "rate", at_score(0.7)).after, 6)
    7.0
    """
    place = int(recipe.parts.index.get_loc(block))  # type: ignore[arg-type]
    column = recipe.values.value[key]
    before = float(column.iloc[place])
    now = line.margin(recipe.scores, place)
    if not (np.isfinite(now) and np.isfinite(before)):
        return NoChange(key, "missing")
    if not recipe.tree.final_weights().get(key, 0.0) > 0:
        return NoChange(key, "weightless")
    up = now <= 0
    sign = 1.0 if up else -1.0
    indicator = next(one for one in recipe.indicators if one.key == key)
    quick = _quick(recipe, indicator, place)

    def margin(value: float) -> float:
        return sign * line.margin(quick(value), place)

    ends = (float(column.min()), float(column.max()))
    worst_first = ends[::-1] if indicator.worse == "higher" else ends
    exact = _one_way(recipe, key)
    far_ends = [worst_first[0 if up else 1]] if exact else list(ends)
    found = [
        _crossing(margin, before, end, exact=exact, step=step) for end in far_ends if end != before
    ]
    reached = [value for value in found if value is not None]
    if not reached:
        extreme = max((margin(end) for end in far_ends), default=np.nan)
        return NoChange(key, "out_of_reach" if exact else "not_found", sign * extreme)
    after = min(reached, key=lambda value: abs(value - before))
    if step:
        after = _stepped(after, before, step, ends)
    again = recipe.again(_changed(recipe.values, key, place, after)).score.to_numpy(float)
    left = line.margin(again, place)
    if not sign * left > 0:
        return NoChange(key, "not_found", left)
    return ValueChange(key, before, after, exact, float(again[place]), left)


def _changed(values: Values, key: str, place: int, value: float) -> Values:
    table = values.value.copy()
    column = table[key].to_numpy(float, copy=True)
    column[place] = value
    table[key] = column
    return Values(table, table, table, values.origin)


def _one_way(recipe: Recipe, key: str) -> bool:
    """Tell whether a worse value never gives a lower score."""
    own = (recipe.settings.get("normalize_each") or {}).get(key, recipe.settings["normalize"])
    weighed_again = any(node.weigh for node in recipe.weights.nodes())
    laws = traits("normalizer", own.use).laws
    plain = recipe.prepare is None and not _more(recipe)
    return recipe.monotone and "monotone" in laws and plain and not weighed_again


def _more(recipe: Recipe) -> bool:
    """Tell whether something is done to the values that only the whole `score` knows."""
    return any(value for name, value in recipe.settings.items() if name not in _KNOWN)


def _quick(recipe: Recipe, indicator: Indicator, place: int) -> Callable[[float], np.ndarray]:
    """Return the scores of the city as a function of one value."""
    key = indicator.key
    if _more(recipe) or any(node.weigh for node in recipe.weights.nodes()):
        return lambda value: recipe.again(
            _changed(recipe.values, key, place, value)
        ).score.to_numpy(float)
    own = (recipe.settings.get("normalize_each") or {}).get(key, recipe.settings["normalize"])
    among = {name: recipe.settings.get(name) for name in ("reference", "groups")}
    changed = recipe.values.value[key].to_numpy(float, copy=True)
    index = recipe.values.value.index
    origin = {key: recipe.values.origin[key]}
    run = recipe.scorer(recipe.tree)
    table = recipe.table
    at = list(recipe.tree.leaves()).index(key)

    def scores(value: float) -> np.ndarray:
        changed[place] = value
        held = pd.DataFrame({key: changed}, index=index)
        one = Values(held, held, held, origin)
        if recipe.prepare is not None:
            one = recipe.prepare(one)
        parts = urgent_parts(one, [indicator], {key: own}, **among)["value"]
        table[:, at] = parts[key].to_numpy(float)
        return run(table)

    return scores


def _crossing(
    margin: Callable[[float], float], near: float, far: float, *, exact: bool, step: float | None
) -> float | None:
    """Return the value nearest to `near`, on the way to `far`, that lies across."""
    if exact:
        if not margin(far) >= CLEAR:
            return None
    else:
        for value in np.linspace(near, far, _GRID)[1:]:
            if margin(float(value)) >= CLEAR:
                far = float(value)
                break
            near = float(value)
        else:
            return None
    enough = 0.0 if step is None else step / _FINER
    for _ in range(_HALVINGS):
        if abs(far - near) <= enough:
            break
        middle = (near + far) / 2
        near, far = (near, middle) if margin(middle) >= CLEAR else (middle, far)
    return far


def _stepped(after: float, before: float, step: float, ends: tuple[float, float]) -> float:
    """Return the next whole multiple of the step beyond `after`, within the city's values."""
    count = np.ceil(after / step - 1e-9) if after > before else np.floor(after / step + 1e-9)
    value = float(count * step)
    return value if ends[0] <= value <= ends[1] else after
