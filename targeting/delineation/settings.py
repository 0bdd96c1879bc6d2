"""The choices of a delineation: checked all at once, told in plain words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from targeting.problems import Problem, TargetingError

ABOVE_ZERO = "> 0"
NOT_NEGATIVE = "≥ 0"
AT_LEAST_ONE = "≥ 1"
SHARE = "> 0, < 1"
ROUNDNESS = PART = "≥ 0, ≤ 1"

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
    effort: float = 1.0,
    blocks_min: int = 1,
    blocks_max: int | None = None,
    separation_min_m: float = 0.0,
    colonia_cut_price: float = 0.0,
    simplify_m: float = 0.0,
    led_by: Mapping[str, int] | None = None,
    people_share_min: Mapping[str, float] | None = None,
    **others: Any,
) -> None:
    """Refuse settings that mean nothing or contradict each other, all in one list.

    Parameters
    ----------
    polygons, population_min, population_max, area_max_km2, compactness_min, threshold_share
        As in `grow`.
    perimeter_price, seed, score_weight, need, effort, blocks_min, blocks_max
        As in `grow` and `ward`.
    separation_min_m, colonia_cut_price, simplify_m, led_by, people_share_min
        As in `grow`.
    **others
        Settings whose types say all there is to check without the city.

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
        _outside("delineation.effort", effort, ABOVE_ZERO),
        _outside("delineation.blocks_min", blocks_min, AT_LEAST_ONE),
        _outside("delineation.separation_min_m", separation_min_m, NOT_NEGATIVE),
        _outside("delineation.colonia_cut_price", colonia_cut_price, NOT_NEGATIVE),
        _outside("delineation.simplify_m", simplify_m, NOT_NEGATIVE),
    ]
    if blocks_max is not None:
        found.append(_outside("delineation.blocks_max", blocks_max, AT_LEAST_ONE))
        if blocks_max < blocks_min:
            values = {"low": f"{blocks_min}", "high": f"{blocks_max}"}
            found.append(Problem("block-bounds", "delineation.blocks_min", values))
    for name, count in (led_by or {}).items():
        found.append(_outside(f"delineation.led_by.{name}", count, NOT_NEGATIVE))
    for name, share in (people_share_min or {}).items():
        found.append(_outside(f"delineation.people_share_min.{name}", share, PART))
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
