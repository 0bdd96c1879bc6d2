"""The choices of a delineation: checked all at once, told in plain words."""

from __future__ import annotations

import math

from targeting.problems import Problem, TargetingError

ABOVE_ZERO = "> 0"
NOT_NEGATIVE = "≥ 0"
AT_LEAST_ONE = "≥ 1"
SHARE = "> 0, < 1"
ROUNDNESS = "≥ 0, ≤ 1"

_FITS = {
    ABOVE_ZERO: lambda value: value > 0,
    NOT_NEGATIVE: lambda value: value >= 0,
    AT_LEAST_ONE: lambda value: value >= 1,
    SHARE: lambda value: 0 < value < 1,
    ROUNDNESS: lambda value: 0 <= value <= 1,
}


def check_street_settings(*, street_max_m: float, attach_m: float) -> None:
    """Refuse distances that mean nothing.

    Examples
    --------
    >>> check_street_settings(street_max_m=-1, attach_m=150)
    Traceback (most recent call last):
    targeting.problems.TargetingError: streets.street_max_m: “-1” is out of range: ≥ 0. \
[out-of-range]
    """
    _refuse(
        _outside("streets.street_max_m", street_max_m, NOT_NEGATIVE),
        _outside("streets.attach_m", attach_m, NOT_NEGATIVE),
    )


def check_settings(
    *,
    polygons: int,
    population_min: float,
    population_max: float,
    area_max_km2: float | None,
    compactness_min: float,
    threshold_share: float,
    perimeter_price: float,
    seed: int = 0,
    score_weight: float = 1.0,
    need: str = "excess",
) -> None:
    """Refuse settings that mean nothing or contradict each other, all in one list.

    Parameters
    ----------
    polygons, population_min, population_max, area_max_km2, compactness_min, threshold_share
        As in `grow`.
    perimeter_price, seed, score_weight, need
        As in `grow` and `ward`.

    Raises
    ------
    TargetingError
        Every mistake, in one list.
    """
    found = [
        _outside("delineation.polygons", polygons, AT_LEAST_ONE),
        _outside("delineation.population_min", population_min, ABOVE_ZERO),
        _outside("delineation.population_max", population_max, ABOVE_ZERO),
        _outside("delineation.compactness_min", compactness_min, ROUNDNESS),
        _outside("delineation.threshold_share", threshold_share, SHARE),
        _outside("delineation.perimeter_price", perimeter_price, NOT_NEGATIVE),
        _outside("delineation.seed", seed, NOT_NEGATIVE),
        _outside("delineation.score_weight", score_weight, NOT_NEGATIVE),
    ]
    if area_max_km2 is not None:
        found.append(_outside("delineation.area_max_km2", area_max_km2, ABOVE_ZERO))
    if need not in ("excess", "total"):
        values = {"given": need, "expected": "excess, total"}
        found.append(Problem("out-of-range", "delineation.need", values))
    if population_min > population_max:
        values = {"low": f"{population_min:g}", "high": f"{population_max:g}"}
        found.append(Problem("population-bounds", "delineation.population_min", values))
    _refuse(*found)


def _outside(where: str, given: float, expected: str) -> Problem | None:
    if math.isfinite(given) and _FITS[expected](given):
        return None
    return Problem("out-of-range", where, {"given": f"{given:g}", "expected": expected})


def _refuse(*found: Problem | None) -> None:
    problems = [problem for problem in found if problem is not None]
    if problems:
        raise TargetingError(problems)
