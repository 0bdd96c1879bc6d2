"""How finely every number is told: levels, steps, and points that still add up.

Rates of incidents become levels, parts and scores keep two decimals (those of the violence
dimension steps of 0.05), and a block of one or two people does not show how many.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from targeting.model import Indicator, Result
from targeting.render.public.grouping import incidents_by_block
from targeting.render.public.shown import Shown, is_internal

POPULATION_FLOOR = 3
SENSITIVE_FLOOR = 3
VIOLENCE_PEOPLE_FLOOR = 1000
LEVELS = 10
SCORE_DECIMALS = 2
VIOLENCE_STEP = 5
_VALUE_DECIMALS = {
    "share": (2, 1),
    "percent": (0, 1),
    "per_1k": (0, 1),
    "per_1k_year": (0, 1),
    "per_100k": (0, 1),
    "per_km2": (0, 10),
    "count": (0, 1),
    "people": (0, 1),
    "index": (2, 1),
    "m": (0, 10),
    "km2": (2, 1),
    "years": (0, 1),
    "radiance": (0, 1),
    "grade": (1, 5),
}
_FIGURE_GRAINS = {
    "need": (0, 10),
    "objective": (0, 10),
    "population": (0, 10),
    "area_km2": (2, 1),
    "perimeter_m": (0, 10),
    "compactness": (2, 1),
    "block_count": (0, 1),
}


@dataclass(frozen=True)
class Grain:
    """How finely a quantity is told: steps of `step / 10**decimals`.

    Examples
    --------
    >>> Grain(2, 5).size
    0.05
    """

    decimals: int
    step: int = 1

    @property
    def size(self) -> float:
        """The step as a number."""
        return float(self.step / 10.0**self.decimals)

    def whole(self, values: np.ndarray) -> np.ndarray:
        """Return values as whole steps; missing stays missing.

        Halves go up, and the smallest nudge keeps 0.145 written as 0.14499… with its neighbors.
        """
        return np.floor(np.asarray(values, float) * 10.0**self.decimals / self.step + 0.5 + 1e-9)

    def round(self, values: np.ndarray) -> np.ndarray:
        """Return values rounded to the step."""
        return np.round(self.whole(values) * self.step / 10.0**self.decimals, self.decimals)


def shown_as_level(indicator: Indicator) -> bool:
    """Tell whether blocks show a level from 1 to 10 in place of the indicator's value.

    So it is for violence, and for plain counts of people or dwellings.

    Examples
    --------
    >>> shown_as_level(Indicator("homicides_per_1k", {"es": "H", "en": "H"}, "per_1k", "higher",
    ...                          "violence", "rate"))
    True
    """
    if indicator.dimension == "violence":
        return True
    return indicator.dimension == "marginalization" and indicator.unit in ("count", "people")


def part_grain(dimension: str) -> Grain:
    """Return how finely normalized parts of a dimension are told.

    Examples
    --------
    >>> part_grain("violence").size, part_grain("facilities").size
    (0.05, 0.01)
    """
    return Grain(SCORE_DECIMALS, VIOLENCE_STEP if dimension == "violence" else 1)


def told_grain(result: Result, dimension: str) -> Grain:
    """Return how finely parts of a dimension are told in a result: internally all alike."""
    return part_grain("" if is_internal(result) else dimension)


def value_grain(indicator: Indicator) -> Grain:
    """Return how finely an indicator's own values are told."""
    return Grain(*_VALUE_DECIMALS[indicator.unit])


def figure_grain(name: str) -> Grain:
    """Return how finely a figure of a polygon is told, such as its people or its area.

    Examples
    --------
    >>> figure_grain("population").size, figure_grain("area_km2").size
    (10.0, 0.01)
    """
    return Grain(*_FIGURE_GRAINS.get(name, (SCORE_DECIMALS, 1)))


def score_grain(result: Result) -> Grain:
    """Return how finely scores are told: as violence is, when violence is most of the score.

    Those of a protected result follow from its parts, which are coarse already.
    """
    if isinstance(result, Shown):
        return part_grain("")
    most = float(result.scores.dimension_weights.get("violence", 0.0)) > 0.5
    return part_grain("violence" if most else "")


def grain_of(result: Result, key: str) -> Grain:
    """Return how finely a polygon's or the city's own value is told.

    Parameters
    ----------
    result : Result
        A study carried out.
    key : str
        `"score"`, a dimension, an indicator, or a figure such as `"population"`.
    """
    if key == "score":
        return score_grain(result)
    if key in result.scores.dimensions.columns:
        return told_grain(result, key)
    for indicator in result.indicators:
        if indicator.key == key:
            return value_grain(indicator)
    if key == "population" and is_internal(result):
        return Grain(0)
    return figure_grain(key)


def withheld(result: Result, key: str) -> np.ndarray:
    """Mark the polygons, in their order, too small to tell an indicator of violence.

    They have fewer than 1,000 people, or a rate that times their people is fewer incidents than
    may be told.
    """
    table = result.polygons.polygons
    violent = {one.key: one for one in result.indicators if one.dimension == "violence"}
    if key not in violent or is_internal(result):
        return np.zeros(len(table), bool)
    few = table["population"].to_numpy(float) < VIOLENCE_PEOPLE_FLOOR
    counts = incidents_by_block(result, violent[key])
    if counts is not None:
        number = result.polygons.membership.to_numpy(np.int64)
        inside = np.bincount(number, counts, int(number.max(initial=0)) + 1)
        few |= inside[table.index.to_numpy(np.int64)] < result.study.publish.incidents_min
    return np.asarray(few)


def levels(values: pd.Series[float]) -> np.ndarray:
    """Return the tenth of the city each value lies in: 1 lowest, 10 highest, NaN missing.

    Equal values share one level (the middle of their ranks).

    Examples
    --------
    >>> levels(pd.Series([0.0, 0.0, 5.0, None])).tolist()
    [5.0, 5.0, 10.0, nan]
    """
    held = pd.Series(values, dtype=float)
    known = int(held.notna().sum())
    if known == 0:
        return held.to_numpy(float)
    middle = held.rank(method="average").to_numpy(float)
    return np.asarray(np.clip(np.ceil(LEVELS * middle / known - 1e-9), 1, LEVELS))


def percentiles(values: pd.Series[float]) -> np.ndarray:
    """Return the share of the city's blocks, in whole percent, that lie below each block.

    Examples
    --------
    >>> percentiles(pd.Series([0.1, 0.2, 0.3, 0.4])).tolist()
    [0.0, 25.0, 50.0, 75.0]
    """
    held = pd.Series(values, dtype=float)
    known = max(int(held.notna().sum()), 1)
    return np.asarray(np.floor((held.rank(method="min") - 1).to_numpy(float) * 100 / known + 1e-9))


def coarse_p(probability: float) -> float:
    """Return a p-value to two decimals, never below what it is.

    Examples
    --------
    >>> coarse_p(0.001), coarse_p(0.03), coarse_p(0.051)
    (0.01, 0.03, 0.06)
    """
    return float(np.ceil(probability * 100 - 1e-9) / 100)


def population(
    values: pd.Series[float], least: int = POPULATION_FLOOR
) -> tuple[np.ndarray, np.ndarray]:
    """Return people per block as whole numbers, and which blocks hold too few to be told.

    That nobody lives in a block is told: it is about nobody, and its missing rates say so.

    Parameters
    ----------
    values : Series
        People by block.
    least : int
        Fewest that are told.

    Returns
    -------
    shown : ndarray of float64
        NaN where missing or suppressed.
    suppressed : ndarray of bool
        Some live there, fewer than `least`.

    Examples
    --------
    >>> shown, few = population(pd.Series([0.0, 2.0, 40.4, None]))
    >>> shown.tolist(), few.tolist()
    ([0.0, nan, 40.0, nan], [False, True, False, False])
    """
    exact = pd.Series(values, dtype=float).to_numpy()
    held = np.round(exact)
    few = (exact > 0) & (held < least)
    return np.where(few, np.nan, held), few


def shown_people(result: Result) -> tuple[np.ndarray, np.ndarray]:
    """Return people per block and which hold too few, by the study's own threshold."""
    least = 0 if is_internal(result) else result.study.publish.people_min
    return population(result.territory.blocks["population"], least)


def points(
    contributions: pd.DataFrame, score: pd.Series[float], *, steps: np.ndarray | int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Return contributions and score in whole hundredths, so that they still add up.

    Every contribution is rounded down, and what is then missing from the rounded score goes to the
    largest remainders (the method of Hare and Hamilton), the earlier column first among equals.

    Parameters
    ----------
    contributions : DataFrame
        What each indicator adds, one column each; missing where it has no data.
    score : Series
        Their sum; missing where there is no score.
    steps : ndarray or int
        Hundredths in one step, by block; all of them are told in whole steps.

    Returns
    -------
    parts : ndarray
        Hundredths by block and indicator, NaN where missing.
    total : ndarray
        Hundredths by block, NaN where missing.

    Examples
    --------
    >>> table = pd.DataFrame({"a": [1 / 3], "b": [1 / 3], "c": [1 / 3]})
    >>> parts, total = points(table, table.sum(axis=1))
    >>> parts.tolist(), total.tolist()
    ([[34.0, 33.0, 33.0]], [100.0])
    """
    size = np.broadcast_to(np.asarray(steps, float), (len(score),))
    total = Grain(SCORE_DECIMALS).whole(score.to_numpy(float) / size)
    exact = contributions.to_numpy(float) * 10.0**SCORE_DECIMALS / size[:, None]
    floor = np.floor(exact + 1e-9)
    rest = np.where(np.isnan(exact), -1.0, np.round(exact - floor, 9))
    order = np.argsort(-rest, axis=1, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(exact.shape[1])[None, :], axis=1)
    short = total - np.nansum(floor, axis=1)
    added = floor + (rank < np.nan_to_num(short)[:, None])
    added[np.isnan(total)] = np.nan
    return added * size[:, None], total * size


def score_steps(result: Result) -> np.ndarray:
    """Return the hundredths in one step of each block's score: more where violence is most of it.

    Where other data are missing, violence can be most of one block's score and not of the city's.
    """
    scores = result.scores
    violent = [
        one.key
        for one in result.indicators
        if one.dimension == "violence" and one.key in scores.contributions
    ]
    weight = (scores.parts[violent].notna() * scores.weights.reindex(violent)).sum(axis=1)
    mostly = weight.to_numpy(float) > 0.5 * scores.coverage.to_numpy(float) + 1e-9
    step = 1 if isinstance(result, Shown) else VIOLENCE_STEP
    return np.where(mostly, step, score_grain(result).step)


def shown_points(result: Result) -> tuple[np.ndarray, np.ndarray]:
    """Return contributions and score as `points` does, in the steps of `score_steps`."""
    scores = result.scores
    return points(scores.contributions, scores.score, steps=score_steps(result))


def spread_points(result: Result) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of each score's interval in hundredths, always in steps of 0.05.

    Finer ends would tell the number of incidents, for their distance follows from it. They are
    rounded outwards, and hold the shown score between them.
    """
    _, total = shown_points(result)
    scale = 10.0**SCORE_DECIMALS / VIOLENCE_STEP
    low = np.floor(result.scores.low.to_numpy(float) * scale + 1e-9)
    high = np.ceil(result.scores.high.to_numpy(float) * scale - 1e-9)
    low = np.minimum(low, np.floor(total / VIOLENCE_STEP))
    high = np.maximum(high, np.ceil(total / VIOLENCE_STEP))
    return low * VIOLENCE_STEP, high * VIOLENCE_STEP


def dimension_points(result: Result) -> dict[str, np.ndarray]:
    """Return each dimension's score as hundredths of its own grain's multiples."""
    out = {}
    for dimension in result.scores.dimensions.columns:
        grain = told_grain(result, str(dimension))
        steps = grain.whole(result.scores.dimensions[dimension].to_numpy(float))
        out[str(dimension)] = steps * grain.step
    return out


def line_points(result: Result) -> int:
    """Return the line between in and out, in hundredths of the score."""
    grain = score_grain(result)
    return int(grain.whole(np.array([result.polygons.threshold]))[0]) * grain.step


def margin_points(result: Result) -> np.ndarray:
    """Return how far each shown score lies from the shown line, in hundredths.

    Rounding never takes a score across the line nor onto it: then the margin is one step.
    """
    _, total = shown_points(result)
    margin = total - line_points(result)
    exact = result.scores.score.to_numpy(float) - result.polygons.threshold
    if isinstance(result, Shown):  # as the plan was made, not as it is told
        exact = result.above
    step = score_grain(result).step
    margin = np.where(exact > 0, np.maximum(margin, step), margin)
    margin = np.where(exact < 0, np.minimum(margin, -step), margin)
    return np.where(exact == 0, 0.0, np.where(np.isnan(exact), np.nan, margin))
