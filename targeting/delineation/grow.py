"""The main delineator: need less the price of the perimeter, within hard bounds."""

from __future__ import annotations

from typing import Annotated, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from annotated_types import Ge, Gt, Le, Lt

from targeting.delineation.checking import check_polygons
from targeting.delineation.graph import Limits
from targeting.delineation.ground import enclosed, places
from targeting.delineation.prepared import Prepared, prepare
from targeting.delineation.result import connected, polygons_of, roundness
from targeting.delineation.rules import Rules, worth
from targeting.delineation.search import search, settle, spare_blocks
from targeting.delineation.settings import check_settings
from targeting.model import CandidatePolygons, Links
from targeting.registry import register

ATTEMPTS = 8
FILLS_MAX = 6
STRICTER = 1.02


@register("delineator")
def grow(
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
    seed: Annotated[int, Ge(0)] = 1,
) -> CandidatePolygons:
    """Choose at most `polygons` connected groups of blocks with most need and short outlines.

    Maximizes the sum over polygons of need − price · perimeter (Tóth et al. 2009 and the reserve
    design literature: K bounded reserves, not a partition of the city). The need of a block is its
    population × (score − threshold), negative below the line, so that the data set the size of a
    polygon; a block without a score has no need of its own but may be crossed. Groups are grown
    greedily from the most promising blocks at several prices, taken apart and grown again, chosen
    by set packing (HiGHS) and improved side by side. Blocks a polygon surrounds join it when that
    keeps the rules.

    Parameters
    ----------
    blocks : GeoDataFrame
        Index block ids; `population` (people, may be missing) and `geometry` (metric).
    score : Series
        Same index; 0 least urgent, 1 most; missing where unknown.
    links : Links
        Neighbors by position in `blocks`, as `street_links` returns them.
    polygons : int
        How many at most.
    population_min, population_max : float
        People in each polygon.
    area_max_km2 : float, optional
        Ground of each polygon, streets included.
    compactness_min : float
        Polsby–Popper of each finished polygon: a circle has 1, a square 0.79.
    threshold_share : float
        Share of the city's people who live above the line.
    perimeter_price : float
        Price of a meter of perimeter, holes included. At 1 the block in the middle of those above
        the line (by need per meter of outline), alone, just pays for its own outline; so it means
        the same in every city and for every score.
    need : str
        `"excess"` (population × score above the line) or `"total"` (population × score: the line
        is 0, and polygons fill up to the maximum).
    seed : int
        Of the chance in some tries of the search.

    Returns
    -------
    CandidatePolygons
        Numbered by the people's mean score, highest first; ties by smallest block id. The same for
        every order of the rows. None at all when no group keeps the rules: the reasons tell why.

    Raises
    ------
    TargetingError
        A setting means nothing, or two contradict each other.

    Examples
    --------
    >>> from targeting.delineation import street_links
    >>> shapes = shapely.box(*np.array([(i % 9 * 70, i // 9 * 70) for i in range(81)]).T,
    ...                      *np.array([(i % 9 * 70 + 60, i // 9 * 70 + 60) for i in range(81)]).T)
    >>> city = gpd.GeoDataFrame({"population": 100.0}, geometry=shapes, index=range(81))
    >>> hot = pd.Series([1.0 if i % 9 < 4 and i // 9 < 4 else 0.1 for i in range(81)])
    >>> found = grow(city, hot, street_links(city.geometry), population_min=1000)
    >>> found.polygons[["population", "score", "block_count"]].values.tolist()
    [[1600.0, 1.0, 16.0]]
    """
    check_settings(
        polygons=polygons,
        population_min=population_min,
        population_max=population_max,
        area_max_km2=area_max_km2,
        compactness_min=compactness_min,
        threshold_share=threshold_share,
        perimeter_price=perimeter_price,
        seed=seed,
        need=need,
    )
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
    groups, ground, limits = _on_the_ground(prepared, limits, polygons, seed)
    spare = np.zeros(len(blocks), dtype=bool)
    if len(groups) == polygons:
        spare = spare_blocks(prepared.city, Rules(limits, polygons), groups, seed=seed)
    found = polygons_of(
        prepared,
        groups,
        ground,
        blocks=blocks,
        limits=limits,
        spare=spare,
        notes={"polygons_asked": polygons},
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


def _on_the_ground(
    prepared: Prepared, asked: Limits, polygons: int, seed: int
) -> tuple[list[np.ndarray], np.ndarray, Limits]:
    """Search, draw the places, fill holes; where the ground breaks a rule, search again stricter.

    The search estimates area and perimeter from the links; the drawn place decides.
    """
    city, limits = prepared.city, asked
    fixed = np.zeros(len(city.need), dtype=bool)
    drawn: dict[bytes, shapely.Geometry] = {}
    groups = search(city, Rules(limits, polygons), seed=seed)
    for attempt in range(1, ATTEMPTS + 1):
        rules = Rules(limits, polygons)
        groups, ground = _without_holes(prepared, groups, rules, fixed, drawn)
        area, round_ = shapely.area(ground), roundness(ground)
        good = (area <= asked.area_max_m2) & (round_ >= asked.compactness_min)
        if good.all():
            break
        kept = [group for group, fits in zip(groups, good, strict=True) if fits]
        if attempt == ATTEMPTS:
            return kept, ground[good], limits
        limits = _stricter(limits, asked, area[~good], round_[~good])
        for group in (g for g, fits in zip(groups, good, strict=True) if not fits):
            fixed[group] = False
            kept.append(group)
        rules = Rules(limits, polygons)
        groups = search(city, rules, seed=seed + attempt, start=kept, fixed=fixed)
    return groups, ground, limits


def _without_holes(
    prepared: Prepared,
    groups: list[np.ndarray],
    rules: Rules,
    fixed: np.ndarray,
    drawn: dict[bytes, shapely.Geometry],
) -> tuple[list[np.ndarray], np.ndarray]:
    """Draw the places and fill their holes, until no hole can be filled any more."""
    for _ in range(FILLS_MAX):
        ground = places(prepared.shapes, groups, prepared.links, prepared.tree, drawn)
        if not _filled(prepared, groups, ground, rules.limits, fixed):
            return groups, ground
        groups = settle(prepared.city, rules, groups, fixed)
    return groups, places(prepared.shapes, groups, prepared.links, prepared.tree, drawn)


def _stricter(limits: Limits, asked: Limits, area: np.ndarray, round_: np.ndarray) -> Limits:
    """Limits of the estimate that make up for how far the ground was off."""
    rounder = max(1.0, asked.compactness_min / float(round_.min()))
    smaller = min(1.0, asked.area_max_m2 / float(area.max()))
    return limits._replace(
        compactness_min=min(limits.compactness_min * rounder * STRICTER, 1.0),
        area_max_m2=limits.area_max_m2 * smaller / STRICTER if smaller < 1 else limits.area_max_m2,
    )


def _filled(
    prepared: Prepared,
    groups: list[np.ndarray],
    ground: np.ndarray,
    limits: Limits,
    fixed: np.ndarray,
) -> bool:
    """Take surrounded free blocks into their groups where that keeps the rules."""
    free = np.ones(len(fixed), dtype=bool)
    free[np.concatenate([*groups, np.empty(0, dtype=np.int64)])] = False
    changed = False
    for place, blocks in enumerate(groups):
        holes = enclosed(ground[place], blocks, prepared.shapes, prepared.tree)
        holes = holes[free[holes]]
        if not len(holes):
            continue
        more = np.sort(np.concatenate([blocks, holes]))
        value = worth(prepared.city, limits, more)
        people = float(prepared.city.population[more].sum())
        area = float(prepared.city.area[more].sum())
        reached = _reached(prepared, blocks, holes)
        fits = people <= limits.population_max and area <= limits.area_max_m2
        if value > 0 and fits and reached:
            groups[place] = more
            fixed[holes] = True
            free[holes] = False
            changed = True
    return changed


def _reached(prepared: Prepared, blocks: np.ndarray, holes: np.ndarray) -> bool:
    """Tell whether links join every hole to the group."""
    return connected(np.concatenate([blocks, holes]), prepared.links, len(prepared.shapes))
