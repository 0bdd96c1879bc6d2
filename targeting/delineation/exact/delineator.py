"""The exact method as a study names it: for areas, or a few hundred blocks."""

from __future__ import annotations

from typing import Annotated, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from annotated_types import Ge, Gt, Le, Lt

from targeting.delineation.checking import check_polygons
from targeting.delineation.drawing.ground import places
from targeting.delineation.exact.conflict import conflict
from targeting.delineation.exact.solver import Exact, solve_exact
from targeting.delineation.graph import Limits
from targeting.delineation.prepared import Prepared, prepare
from targeting.delineation.result import polygons_of, roundness
from targeting.delineation.rules import Rules
from targeting.delineation.settings import check_settings
from targeting.model import CandidatePolygons, Links
from targeting.problems import Problem, TargetingError
from targeting.registry import register

UNITS_MAX = 2_000
ATTEMPTS = 12


@register("delineator")
def exact(
    blocks: gpd.GeoDataFrame,
    score: pd.Series[float],
    links: Links,
    *,
    polygons: Annotated[int, Ge(1)] = 10,
    population_min: Annotated[float, Gt(0)] = 5000.0,
    population_max: Annotated[float, Gt(0)] = 15000.0,
    area_max_km2: Annotated[float, Gt(0)] | None = 3.0,
    compactness_min: Annotated[float, Ge(0), Le(1)] = 0.25,
    threshold_share: Annotated[float, Gt(0), Lt(1)] = 0.2,
    perimeter_price: Annotated[float, Ge(0)] = 2.0,
    need: Literal["excess", "total"] = "excess",
) -> CandidatePolygons:
    """Choose the best polygons there are, with a proof, where the units are few.

    The same polygons `grow` looks for: at most `polygons` connected groups, the most need less the
    price of the perimeter. Up to 2,000 units (areas, or the blocks of one district); see
    `solve_exact` for the method. What is best is proven of the outline as the links give it. Where
    the ground as drawn breaks the area or compactness asked for, that very group is shut out and
    the rest solved again; the notes count how often.

    Parameters
    ----------
    blocks, score, links
        As in `grow`.
    polygons, population_min, population_max, area_max_km2, compactness_min : float
        As in `grow`.
    threshold_share, perimeter_price, need
        As in `grow`.

    Returns
    -------
    CandidatePolygons
        Numbered as in `grow`. Of the notes, `bound` is the most any plan is worth, `proven` tells
        whether this one is the best, `shut_out` how many groups the ground has ruled out.

    Raises
    ------
    TargetingError
        A setting means nothing, two contradict each other, or there are too many units.

    Examples
    --------
    >>> from targeting.delineation import street_links
    >>> shapes = shapely.box(*np.array([(i % 8 * 70, i // 8 * 70) for i in range(64)]).T,
    ...                      *np.array([(i % 8 * 70 + 60, i // 8 * 70 + 60) for i in range(64)]).T)
    >>> city = gpd.GeoDataFrame({"population": 100.0}, geometry=shapes, index=range(64))
    >>> hot = pd.Series([1.0 if i % 8 < 4 and i // 8 < 4 else 0.1 for i in range(64)])
    >>> found = exact(city, hot, street_links(city.geometry), population_min=1000)
    >>> found.polygons[["population", "score"]].values.tolist(), found.notes["proven"]
    ([[1600.0, 1.0]], True)
    """
    check_settings(
        polygons=polygons,
        population_min=population_min,
        population_max=population_max,
        area_max_km2=area_max_km2,
        compactness_min=compactness_min,
        threshold_share=threshold_share,
        perimeter_price=perimeter_price,
        need=need,
    )
    if len(blocks) > UNITS_MAX:
        values = {"given": f"{len(blocks):,}", "most": f"{UNITS_MAX:,}"}
        raise TargetingError([Problem("exact-too-large", "delineation.method", values)])
    prepared = prepare(
        blocks,
        score,
        links,
        threshold_share=threshold_share,
        need=need,
        perimeter_price=perimeter_price,
    )
    limits = Limits(
        population_min=population_min,
        population_max=population_max,
        area_max_m2=np.inf if area_max_km2 is None else area_max_km2 * 1e6,
        compactness_min=compactness_min,
        price_per_m=prepared.price_per_m,
    )
    rules = Rules(limits, polygons)
    solved, groups, ground, shut_out = on_the_ground(prepared, rules)
    against = conflict(prepared.city, rules) if not groups else None
    found = polygons_of(
        prepared,
        groups,
        ground,
        blocks=blocks,
        rules=rules,
        notes={
            "polygons_asked": polygons,
            "worth": solved.value,
            "bound": solved.bound,
            "gap_share": _gap(solved),
            "proven": solved.proven,
            "shut_out": shut_out,
            "conflict": against.rules if against is not None and against.certain else (),
        },
    )
    check_polygons(
        found,
        blocks,
        links,
        polygons=polygons,
        population_min=population_min,
        population_max=population_max,
        area_max_km2=area_max_km2,
        compactness_min=compactness_min,
    )
    return found


def on_the_ground(
    prepared: Prepared, rules: Rules
) -> tuple[Exact, list[np.ndarray], np.ndarray, int]:
    """Solve, draw the places, shut out the groups whose ground breaks a rule, solve again.

    Parameters
    ----------
    prepared : Prepared
        The city.
    rules : Rules
        What is asked for; area and compactness also of the ground.

    Returns
    -------
    Exact, list of ndarray, ndarray, int
        The last solution, its groups and places that keep the rules on the ground, and how many
        groups were shut out. When attempts run out some of its groups are missing.
    """
    drawn: dict[bytes, shapely.Geometry] = {}
    shut: list[np.ndarray] = []
    limits = rules.limits
    for _ in range(ATTEMPTS):
        solved = solve_exact(prepared.city, rules, without=shut)
        groups = solved.groups or []
        ground = places(prepared.shapes, groups, prepared.links, prepared.tree, drawn)
        good = shapely.area(ground) <= limits.area_max_m2
        good &= roundness(ground) >= limits.compactness_min
        if good.all():
            break
        shut += [group for group, fits in zip(groups, good, strict=True) if not fits]
    kept = [group for group, fits in zip(groups, good, strict=True) if fits]
    return solved, kept, ground[good], len(shut)


def _gap(solved: Exact) -> float | None:
    """Return what the plan lacks to the bound, as a share of it; None where there is no plan."""
    if not solved.groups or solved.bound <= 0:
        return None
    return max(0.0, 1 - solved.value / solved.bound)
