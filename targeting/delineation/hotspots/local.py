"""Local statistics of hot spots: Getis and Ord's G and G*, and local Moran."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from annotated_types import Ge
from scipy.special import ndtr

from targeting.delineation.hotspots.correcting import CORRECTIONS
from targeting.delineation.hotspots.neighborhoods import Neighborhoods, neighborhoods
from targeting.delineation.hotspots.permuting import tails
from targeting.delineation.hotspots.result import QUADRANTS, HotSpots, classes
from targeting.model import Links
from targeting.problems import Problem, TargetingError
from targeting.registry import register

FEWEST = 3
NO_SPREAD = 1e-12

Alternative = Literal["two_sided", "greater", "less"]
Correction = Literal["none", "benjamini_hochberg", "benjamini_yekutieli", "bonferroni"]
Inference = Literal["permutation", "analytic"]
Weights = Literal["row", "binary"]


@register("hotspot")
def getis_ord(
    values: pd.Series[float],
    links: Links,
    *,
    own: bool = True,
    weights: Weights = "binary",
    inference: Inference = "permutation",
    permutations: Annotated[int, Ge(1)] = 9999,
    alternative: Alternative = "two_sided",
    correction: Correction = "benjamini_hochberg",
    seed: Annotated[int, Ge(0)] = 1,
) -> HotSpots:
    """Sum of the values around each block as a share of the city's: Getis and Ord's G* or G.

    Getis, A. and Ord, J. K. (1992), The analysis of spatial association by use of distance
    statistics, Geographical Analysis 24; Ord and Getis (1995), Local spatial autocorrelation
    statistics, Geographical Analysis 27, for `z` and for any values, also negative ones.

    Parameters
    ----------
    values : Series
        Index block ids; one number per block. A block without one is left out, also as a neighbor,
        and counted.
    links : Links
        Neighbors by position in `values`.
    own : bool
        The block's own value belongs to the sum (G*); else only its neighbors' (G).
    weights : str
        `"binary"`: the sum of the values around; `"row"`: their mean, by which the statistic is
        smaller. `z` and the p-values are the same for both.
    inference : str
        `"permutation"`: the p-value is the share of conditional permutations that give as much (the
        observed one counted among them); `"analytic"`: that of `z` under the normal distribution.
    permutations : int
        How many. No p-value is below 1 in (permutations + 1), and twice that if two-sided: many
        blocks corrected for at once need many.
    alternative : str
        `"two_sided"` (twice the smaller tail, at most 1), `"greater"` or `"less"`: the sum is
        larger, or smaller, than chance gives.
    correction : str
        For testing many blocks: `"benjamini_hochberg"`, `"benjamini_yekutieli"`, `"bonferroni"` or
        `"none"`.
    seed : int
        Of the permutations.

    Returns
    -------
    HotSpots
        The same for every order of the rows, and but for rounding for any ids.

    Raises
    ------
    TargetingError
        `out-of-range`: a setting means nothing.

    Examples
    --------
    >>> row = Links(np.arange(7), np.arange(1, 8), np.zeros(7), np.zeros(7))
    >>> values = pd.Series([9.0, 8.0, 9.0, 1.0, 0.0, 1.0, 0.0, 1.0])
    >>> found = getis_ord(values, row, inference="analytic", correction="none")
    >>> found.blocks["z"].round(2).tolist()[:3], found.blocks["class"][1]
    ([1.89, 2.63, 1.24], 'high_99')
    """
    _check(permutations, seed, alternative, correction, inference, weights)
    around = neighborhoods(values, links)
    outcome = _outcome(around)
    z = _with_own(around) if own else _without_own(around)
    size = around.count + own if weights == "row" else 1
    lag = around.lag + around.deviation * own
    summed = lag + around.mean * (around.count + own)
    whole = around.mean * len(around.count) - (around.mean + around.deviation) * (not own)
    statistic = _ratio(summed, whole * size)
    upper, lower = _upper_and_lower(around, z, inference, permutations, seed, outcome)
    columns = {
        "statistic": statistic,
        "z": z,
        "p": _probability(upper, lower, alternative),
    }
    notes = {
        "method": "getis_ord",
        "own": own,
        "weights": weights,
        "inference": inference,
        "permutations": permutations if inference == "permutation" else 0,
        "alternative": alternative,
        "correction": correction,
        "seed": seed,
    }
    return _result(values, around, columns, outcome, notes)


@register("hotspot")
def local_moran(
    values: pd.Series[float],
    links: Links,
    *,
    weights: Weights = "row",
    inference: Inference = "permutation",
    permutations: Annotated[int, Ge(1)] = 9999,
    alternative: Alternative = "two_sided",
    correction: Correction = "benjamini_hochberg",
    seed: Annotated[int, Ge(0)] = 1,
) -> HotSpots:
    """Whether each block is like its neighbors: local Moran.

    Anselin, L. (1995), Local indicators of spatial association, Geographical Analysis 27; moments
    under conditional randomization: Sokal, R., Oden, N. and Thomson, B. (1998), Local spatial
    autocorrelation in a biological model, Geographical Analysis 30.

    Parameters
    ----------
    values, links
        As in `getis_ord`.
    weights : str
        `"row"`: the mean of the neighbors, as in GeoDa; `"binary"`: their sum. `z` and the p-values
        are the same for both.
    inference, permutations, correction, seed
        As in `getis_ord`.
    alternative : str
        `"two_sided"`, `"greater"` (more like its neighbors than chance gives) or `"less"` (less).

    Returns
    -------
    HotSpots
        With a column `quadrant`: the block and its neighbors above or below the mean, as
        `high_high`, `low_high` (low among high), `low_low` or `high_low`. The class speaks of the
        neighbors: `high_…` where they are higher than chance gives.

    Raises
    ------
    TargetingError
        `out-of-range`: a setting means nothing.

    Examples
    --------
    >>> row = Links(np.arange(7), np.arange(1, 8), np.zeros(7), np.zeros(7))
    >>> values = pd.Series([9.0, 8.0, 9.0, 1.0, 0.0, 1.0, 0.0, 1.0])
    >>> found = local_moran(values, row, inference="analytic", correction="none")
    >>> found.blocks["statistic"].round(2).tolist()[1], found.blocks["quadrant"][1]
    (1.33, 'high_high')
    """
    _check(permutations, seed, alternative, correction, inference, weights)
    around = neighborhoods(values, links)
    outcome = _outcome(around)
    side = np.sign(around.deviation)
    around_z = _without_own(around)
    total = _squares(around)
    size = around.count if weights == "row" else 1
    statistic = _ratio((len(side) - 1) * around.deviation * around.lag, total * size)
    upper, lower = _upper_and_lower(around, around_z, inference, permutations, seed, outcome)
    like, unlike = np.where(side < 0, lower, upper), np.where(side < 0, upper, lower)
    like[side == 0] = unlike[side == 0] = 1.0
    quadrant = np.array([QUADRANTS[q] for q in _quadrants(around)], dtype=object)
    columns = {
        "statistic": statistic,
        "z": side * around_z,
        "p": _probability(like, unlike, alternative),
        "quadrant": quadrant,
    }
    notes = {
        "method": "local_moran",
        "weights": weights,
        "inference": inference,
        "permutations": permutations if inference == "permutation" else 0,
        "alternative": alternative,
        "correction": correction,
        "seed": seed,
    }
    return _result(values, around, columns, outcome, notes, class_z=around_z)


def _check(permutations: int, seed: int, *named: str) -> None:
    """Refuse settings that mean nothing, all in one list."""
    found = []
    for name, given, least in (("permutations", permutations, 1), ("seed", seed, 0)):
        if given < least:
            told = {"given": str(given), "expected": f"≥ {least}"}
            found.append(Problem("out-of-range", f"hotspot.{name}", told))
    allowed = {
        "alternative": Alternative,
        "correction": Correction,
        "inference": Inference,
        "weights": Weights,
    }
    for (name, choices), chosen in zip(allowed.items(), named, strict=True):
        known = choices.__args__  # type: ignore[attr-defined]
        if chosen not in known:
            told = {"given": str(chosen), "expected": ", ".join(known)}
            found.append(Problem("out-of-range", f"hotspot.{name}", told))
    if found:
        raise TargetingError(found)


def _outcome(around: Neighborhoods) -> str:
    """Tell whether anything can be tested, and if not, why."""
    if not len(around.count):
        return "all_missing"
    if len(around.count) < FEWEST:
        return "too_few"
    if around.deviation.max() == around.deviation.min():
        return "all_equal"
    return "tested" if around.count.any() else "no_neighbors"


def _with_own(around: Neighborhoods) -> np.ndarray:
    """Return the standard deviate of G* (Ord and Getis 1995, with equal weights)."""
    count, size = len(around.count), around.count + 1
    variance = _squares(around) / max(count, 1)
    spread = variance * size * (count - size) / max(count - 1, 1)
    return _deviate(around.lag + around.deviation, spread, variance)


def _without_own(around: Neighborhoods) -> np.ndarray:
    """Return the standard deviate of G and, but for its sign, of local Moran.

    Its moments are the exact ones of a sum of so many of the other values, none drawn twice.
    """
    others, size = len(around.count) - 1, around.count
    total = _squares(around)
    mean = -around.deviation / max(others, 1)
    variance = (total - around.deviation**2) / max(others, 1) - mean**2
    spread = variance * size * (others - size) / max(others - 1, 1)
    return _deviate(around.lag - size * mean, spread, total / max(len(size), 1))


def _squares(around: Neighborhoods) -> float:
    """Sum the squared deviations; no product of vectors, which threads may add up otherwise."""
    return float((around.deviation**2).sum())


def _deviate(away: np.ndarray, spread: np.ndarray, variance: float) -> np.ndarray:
    """Distance in standard deviations; missing where chance leaves no room."""
    room = spread > NO_SPREAD * variance
    found = np.full(away.shape, np.nan)
    np.divide(away, np.sqrt(np.where(room, spread, 1.0)), where=room, out=found)
    return found


def _ratio(part: np.ndarray, whole: np.ndarray | float) -> np.ndarray:
    """Divide, missing where there is nothing to divide by."""
    found, below = np.full(part.shape, np.nan), np.broadcast_to(whole, part.shape)
    np.divide(part, below, where=below != 0, out=found)
    return found


def _quadrants(around: Neighborhoods) -> np.ndarray:
    """Quadrant of the scatter of each block against its neighbors, by place in `QUADRANTS`."""
    high, around_high = around.deviation > 0, around.lag > 0
    return np.where(around_high, np.where(high, 0, 1), np.where(high, 3, 2))


def _upper_and_lower(
    around: Neighborhoods,
    z: np.ndarray,
    inference: str,
    permutations: int,
    seed: int,
    outcome: str,
) -> tuple[np.ndarray, np.ndarray]:
    """How likely sums as large, and as small, as the neighbors' are by chance.

    The block's own value stays in every permutation, so G* and G have the same.
    """
    if outcome != "tested":
        return np.ones(len(z)), np.ones(len(z))
    if inference == "analytic":
        upper, lower = np.asarray(ndtr(-z)), np.asarray(ndtr(z))
        return np.where(np.isnan(z), 1.0, upper), np.where(np.isnan(z), 1.0, lower)
    more, less = tails(
        around.deviation, around.count, around.lag, permutations=permutations, seed=seed
    )
    return (more + 1) / (permutations + 1), (less + 1) / (permutations + 1)


def _probability(upper: np.ndarray, lower: np.ndarray, alternative: str) -> np.ndarray:
    if alternative == "greater":
        return upper
    if alternative == "less":
        return lower
    found: np.ndarray = np.minimum(2 * np.minimum(upper, lower), 1.0)
    return found


def _result(
    values: pd.Series[float],
    around: Neighborhoods,
    columns: Mapping[str, np.ndarray],
    outcome: str,
    notes: Mapping[str, Any],
    *,
    class_z: np.ndarray | None = None,
) -> HotSpots:
    """Put everything back in the caller's order, corrected for many tests and classed."""
    tested = (around.count > 0) & (outcome == "tested")
    held = {
        key: np.where(tested, column, np.nan)
        for key, column in columns.items()
        if key != "quadrant"
    }
    adjusted = CORRECTIONS[notes["correction"]](held["p"])
    named = classes(columns["z"] if class_z is None else class_z, adjusted)
    named[~tested] = "no_contrast"
    named[around.count == 0] = "no_neighbors"
    table = pd.DataFrame(index=values.index)
    for key, column in {**held, "p_adjusted": adjusted}.items():
        whole = np.full(len(values), np.nan)
        whole[around.place] = column
        table[key] = whole
    table["class"] = _spread(named, around.place, len(values), "no_data")
    table["neighbor_count"] = _spread(around.count, around.place, len(values), 0).astype(np.int64)
    if "quadrant" in columns:
        named = np.where(tested, columns["quadrant"], "")
        table["quadrant"] = _spread(named, around.place, len(values), "")
    counts = {
        "block_count": len(values),
        "tested_count": int(tested.sum()),
        "missing_count": len(values) - len(around.place),
        "without_neighbors_count": int((around.count == 0).sum()),
        "no_contrast_count": int((table["class"] == "no_contrast").sum()),
    }
    return HotSpots(table, outcome, {**notes, **counts})


def _spread(column: np.ndarray, place: np.ndarray, size: int, other: Any) -> np.ndarray:
    whole = np.full(size, other, dtype=object)
    whole[place] = column
    return whole
