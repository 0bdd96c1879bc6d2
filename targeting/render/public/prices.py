"""What a plan is worth and what a change would cost, too coarse to count incidents by.

A need is people times score: whoever knows the other data of a block, or of a polygon, reads its
incidents from it. It is told in steps worth two incidents or more. A price, and the score at which
a block would change sides, are told as from the score told: so they leave out the block's own.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from targeting.model import Result, Scores
from targeting.render.public.grains import VIOLENCE_PEOPLE_FLOOR, value_grain, withheld
from targeting.render.public.sides import parts_with

# Beside the price itself, a change must pay.
_PAYS = 1.001
_PRICE_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
# A price is people times points: it may not tell the points finer than this.
_PRICE_POINTS = 0.1
_FLIP_STEP = 0.05
# So many incidents a step is worth at least: more than one number is then left.
_INCIDENTS = 2.0


def incident_need(result: Result) -> float:
    """Return what one incident more adds to the need of its block, in the middle of the city.

    0 where no indicator counts incidents of blocks.
    """
    scores = result.scores
    people = result.territory.blocks["population"].to_numpy(float)
    added = np.zeros(len(people))
    for one in result.indicators:
        weight = float(scores.weights.get(one.key, 0.0))
        if one.dimension != "violence" or weight <= 0:
            continue
        ends = parts_with(result, one)
        if ends is None:
            continue
        added += np.nan_to_num(np.abs(ends[1] - ends[0]) * weight * people)
    known = added[added > 0]
    return float(np.median(known)) if known.size else 0.0


def step_above(least: float, first: float = 1.0) -> float:
    """Return the first of 1, 2, 5, 10, 20 … times `first` that is `least` or more.

    Examples
    --------
    >>> step_above(13.4), step_above(0.2, first=10.0), step_above(0.03, first=0.01)
    (20.0, 10.0, 0.05)
    """
    step = first
    for times in (2.0, 2.5, 2.0) * 10:
        if step >= least - 1e-12:
            break
        step = step * times
    return float(round(step, 6))


def in_steps(values: np.ndarray | float, step: np.ndarray | float) -> np.ndarray:
    """Return values in steps, halves up: as many numbers of incidents share each.

    Examples
    --------
    >>> in_steps(np.array([1.0, 2.0, 3.0, 4.0]), 2.0).tolist()
    [2.0, 2.0, 4.0, 4.0]
    """
    return np.asarray(np.floor(np.asarray(values, float) / step + 0.5 + 1e-9) * step)


def told_worths(result: Result, table: pd.DataFrame, need_each: float) -> pd.DataFrame:
    """Return `need` and `objective` of each polygon in steps worth two incidents.

    Where the polygon's incidents are not told, a step is worth as many as are told at least.

    Parameters
    ----------
    result : Result
        A study carried out, exact.
    table : DataFrame
        Of its polygons.
    need_each : float
        As `incident_need` gives it.
    """
    small = table["population"].to_numpy(float) < VIOLENCE_PEOPLE_FLOOR
    for one in result.indicators:
        small = small | withheld(result, one.key)
    least = np.where(small, max(result.study.publish.incidents_min, _INCIDENTS), _INCIDENTS)
    steps = np.array([step_above(need_each * float(times), first=10.0) for times in least])
    told = {name: in_steps(table[name].to_numpy(float), steps) for name in ("need", "objective")}
    return table.assign(**told)


def told_ways(
    result: Result, scores: Scores, people: pd.Series[float], whole: float, need_each: float
) -> pd.DataFrame:
    """Return price and score of the other way of each block, as from the score that is told.

    Parameters
    ----------
    result : Result
        A study carried out, exact.
    scores : Scores
        Those told.
    people : Series
        Those told, by block.
    whole : float
        Worth of the plan that is told: prices are thousandths of it.
    need_each : float
        As `incident_need` gives it.

    Returns
    -------
    DataFrame
        The reasons with `price` (missing where the plan is worth nothing) and `flip_score`.
    """
    reasons = result.polygons.reasons
    held, lived = people.to_numpy(float), people.to_numpy(float) > 0
    inside = result.polygons.membership.to_numpy() > 0
    told = scores.score.to_numpy(float)
    moved = np.nan_to_num(held * (result.scores.score.to_numpy(float) - told))
    price = np.maximum(reasons["price"].to_numpy(float) + np.where(inside, -moved, moved), 0.0)
    if whole <= 0:
        nothing = np.full(len(price), np.nan)
        return reasons.assign(price=nothing, flip_score=nothing)
    needed = np.maximum(held * _PRICE_POINTS, _INCIDENTS * need_each) * 1000 / whole
    steps = np.array(_PRICE_STEPS, float)
    step = steps[np.minimum(np.searchsorted(steps, needed), len(steps) - 1)] * whole / 1000
    price = in_steps(price, step)
    away = np.divide(price * _PAYS, held, out=np.full(len(price), np.nan), where=lived)
    flip = np.rint((told + np.where(inside, -away, away)) / _FLIP_STEP) * _FLIP_STEP
    known = reasons["flip_score"].notna().to_numpy() & (flip >= 0) & (flip <= 1)
    return reasons.assign(price=price, flip_score=np.where(known, flip, np.nan))


def told_rates(result: Result, profile: pd.DataFrame) -> pd.DataFrame:
    """Return the profiles with rates of incidents in steps worth two incidents of the polygon.

    So that two rates of one polygon, of which one counts what the other does and more, do not tell
    the few there are between them.
    """
    table = result.polygons.polygons["population"]
    years = result.territory.incident_years or 1.0
    value = profile["value"].to_numpy(float).copy()
    people = table.reindex(profile["polygon"]).to_numpy(float)
    for one in result.indicators:
        per = one.settings.get("per")
        if one.dimension != "violence" or not isinstance(per, int | float):
            continue
        spread = years if one.settings.get("per_year") else 1.0
        for row in np.flatnonzero((profile["key"] == one.key).to_numpy() & (people > 0)):
            step = step_above(_INCIDENTS * float(per) / people[row] / spread, first=0.001)
            if step > value_grain(one).size:
                value[row] = in_steps(value[row], step)
    return profile.assign(value=value)
