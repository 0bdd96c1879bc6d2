"""What may leave the office: every number of a public page or table is coarsened here.

Rates of incidents become levels, parts and scores keep two decimals (those of the violence
dimension steps of 0.05), and a block of fewer than three people does not show how many. Whoever
reads the page, moves its weights or opens its tables cannot count back to incidents.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from targeting.model import Indicator, Result

POPULATION_FLOOR = 3
LEVELS = 10
SCORE_DECIMALS = 2
VIOLENCE_STEP = 5
_VALUE_DECIMALS = {
    "share": (2, 1),
    "percent": (0, 1),
    "per_1k": (0, 1),
    "per_100k": (0, 1),
    "per_km2": (0, 10),
    "count": (0, 1),
    "people": (0, 1),
    "index": (2, 1),
    "m": (0, 10),
    "km2": (2, 1),
    "years": (0, 1),
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


def value_grain(indicator: Indicator) -> Grain:
    """Return how finely an indicator's own values are told."""
    return Grain(*_VALUE_DECIMALS[indicator.unit])


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


def population(values: pd.Series[float]) -> tuple[np.ndarray, np.ndarray]:
    """Return people per block as whole numbers, and which blocks hold fewer than three.

    Returns
    -------
    shown : ndarray of float64
        NaN where missing or suppressed.
    suppressed : ndarray of bool
        Known to be below `POPULATION_FLOOR`.

    Examples
    --------
    >>> shown, few = population(pd.Series([2.0, 40.4, None]))
    >>> shown.tolist(), few.tolist()
    ([nan, 40.0, nan], [True, False, False])
    """
    held = np.round(pd.Series(values, dtype=float).to_numpy())
    few = held < POPULATION_FLOOR
    return np.where(few, np.nan, held), few


def points(contributions: pd.DataFrame, score: pd.Series[float]) -> tuple[np.ndarray, np.ndarray]:
    """Return contributions and score in whole hundredths, so that they still add up.

    Every contribution is rounded down, and what is then missing from the rounded score goes to the
    largest remainders (the method of Hare and Hamilton), the earlier column first among equals.

    Parameters
    ----------
    contributions : DataFrame
        What each indicator adds, one column each; missing where it has no data.
    score : Series
        Their sum; missing where there is no score.

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
    total = Grain(SCORE_DECIMALS).whole(score.to_numpy(float))
    exact = contributions.to_numpy(float) * 10.0**SCORE_DECIMALS
    floor = np.floor(exact + 1e-9)
    rest = np.where(np.isnan(exact), -1.0, np.round(exact - floor, 9))
    order = np.argsort(-rest, axis=1, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(exact.shape[1])[None, :], axis=1)
    short = total - np.nansum(floor, axis=1)
    added = floor + (rank < np.nan_to_num(short)[:, None])
    added[np.isnan(total)] = np.nan
    return added, total


def dimension_points(result: Result) -> dict[str, np.ndarray]:
    """Return each dimension's score as hundredths of its own grain's multiples."""
    out = {}
    for dimension in result.scores.dimensions.columns:
        grain = part_grain(str(dimension))
        steps = grain.whole(result.scores.dimensions[dimension].to_numpy(float))
        out[str(dimension)] = steps * grain.step
    return out


def line_points(result: Result) -> int:
    """Return the line between in and out, in hundredths of the score."""
    return int(Grain(SCORE_DECIMALS).whole(np.array([result.polygons.threshold]))[0])


def margin_points(result: Result) -> np.ndarray:
    """Return how far each shown score lies from the shown line, in hundredths."""
    _, total = points(result.scores.contributions, result.scores.score)
    return np.asarray(total - line_points(result))
