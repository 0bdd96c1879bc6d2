"""The main delineator: need less the price of the perimeter, within hard bounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
from annotated_types import Ge, Gt, Le, Lt

from targeting.delineation.asking import rules_of
from targeting.delineation.bound import upper_bound
from targeting.delineation.checking import check_polygons
from targeting.delineation.drawing.checking_ground import untidiness
from targeting.delineation.drawing.smoothing import smoothed
from targeting.delineation.graph import City, Limits
from targeting.delineation.on_ground import on_the_ground
from targeting.delineation.prepared import prepare
from targeting.delineation.result import polygons_of
from targeting.delineation.rules import Rules, broken_together, plan_worth
from targeting.delineation.settings import check_settings
from targeting.model import CandidatePolygons, Links, Surroundings
from targeting.problems import Problem, TargetingError
from targeting.registry import register


@register("delineator")
def grow(
    blocks: gpd.GeoDataFrame,
    score: pd.Series[float],
    links: Links,
    around: Surroundings | None = None,
    *,
    polygons: Annotated[int, Ge(1)] = 10,
    exactly: bool = False,
    population_min: Annotated[float, Gt(0)] = 5000.0,
    population_max: Annotated[float, Gt(0)] = 15000.0,
    area_max_km2: Annotated[float, Gt(0)] | None = 3.0,
    compactness_min: Annotated[float, Ge(0), Le(1)] = 0.25,
    blocks_min: Annotated[int, Ge(1)] = 1,
    blocks_max: Annotated[int, Ge(1)] | None = None,
    separation_min_m: Annotated[float, Ge(0)] = 0.0,
    lock_in: tuple[str, ...] = (),
    lock_out: tuple[str, ...] = (),
    seeds: tuple[str, ...] = (),
    led_by: Mapping[str, Annotated[int, Ge(0)]] | None = None,
    people_share_min: Mapping[str, Annotated[float, Ge(0), Le(1)]] | None = None,
    threshold_share: Annotated[float, Gt(0), Lt(1)] = 0.2,
    perimeter_price: Annotated[float, Ge(0)] = 2.0,
    colonia_cut_price: Annotated[float, Ge(0)] = 0.0,
    need: Literal["excess", "total"] = "excess",
    simplify_m: Annotated[float, Ge(0)] = 0.0,
    effort: Annotated[float, Gt(0), Le(100)] = 1.0,
    seed: Annotated[int, Ge(0)] = 1,
) -> CandidatePolygons:
    """Choose connected groups of blocks with most need and short outlines, and bound what is lost.

    Maximizes the sum over polygons of need − price · perimeter (Tóth et al. 2009 and the reserve
    design literature: K bounded reserves, not a partition of the city). The need of a block is its
    population × (score − threshold), negative below the line, so that the data set the size of a
    polygon; a block without a score has no need of its own but may be crossed. Groups are grown
    from the most promising blocks, annealed side by side, packed (HiGHS), taken apart and grown
    again; blocks a polygon surrounds join it when that keeps the rules. No plan that keeps the
    rules along the links is worth more than `bound` in the notes: proven by minimum cuts, whatever
    the search has found.

    Parameters
    ----------
    blocks : GeoDataFrame
        Index block ids; `population` (people, may be missing) and `geometry` (metric);
        `municipality_id` for `people_share_min`, `colonia` for `colonia_cut_price`.
    score : Series
        Same index; 0 least urgent, 1 most; missing where unknown.
    links : Links
        Neighbors by position in `blocks`, as `street_links` returns them.
    around : Surroundings, optional
        What each dimension adds to the score (for `led_by`), street axes and barriers.
    polygons : int
        How many at most.
    exactly : bool
        That many and no fewer, also where a further one brings less than its outline costs.
    population_min, population_max : float
        People in each polygon.
    area_max_km2 : float, optional
        Ground of each polygon, streets included.
    compactness_min : float
        Polsby–Popper of each finished polygon: a circle has 1, a square 0.79.
    blocks_min, blocks_max : int
        Blocks in each polygon.
    separation_min_m : float
        Meters between blocks of two polygons, at least.
    lock_in, lock_out : tuple of str
        Ids of blocks that must be in some polygon, or in none.
    seeds : tuple of str
        Every polygon holds at least one of these blocks; none given, any block will do.
    led_by : mapping, optional
        Dimension to how many polygons it must lead: those in which it adds most above its mean in
        the city, over the people.
    people_share_min : mapping, optional
        Municipality to the share of the people in all polygons who must live there.
    threshold_share : float
        Share of the city's people who live above the line.
    perimeter_price : float
        Price of a meter of perimeter, holes included. At 1 the block in the middle of those above
        the line (by need per meter of outline), alone, just pays for its own outline; so it means
        the same in every city and for every score.
    colonia_cut_price : float
        How much dearer a meter is where it parts a colonia: 1 doubles it.
    need : str
        `"excess"` (population × score above the line) or `"total"` (population × score: the line
        is 0, and polygons fill up to the maximum).
    simplify_m : float
        How far the finished outlines may move to have fewer corners; never across a block.
    effort : float
        How long to search and to tighten the bound; 1 fits a run.
    seed : int
        Of the chance in the search.

    Returns
    -------
    CandidatePolygons
        Numbered by the people's mean score, highest first; ties by smallest block id. The same for
        every order of the rows. None at all when no group keeps the rules: the reasons tell why.
        Notes: `worth` (of the plan, along the links), `bound`, `gap_share` (what is missing to the
        bound, as a share of it), `untidy` (what of the drawing is not as it should be).

    Raises
    ------
    TargetingError
        A setting means nothing, or two contradict each other; no plan can keep the rules
        together (`conflict`, with the nearest feasible value of each), or none was found
        (`rules-unmet`).

    Examples
    --------
    >>> import shapely
    >>> from targeting.delineation import street_links
    >>> shapes = shapely.box(*np.array([(i % 9 * 70, i // 9 * 70) for i in range(81)]).T,
    ...                      *np.array([(i % 9 * 70 + 60, i // 9 * 70 + 60) for i in range(81)]).T)
    >>> city = gpd.GeoDataFrame({"population": 100.0}, geometry=shapes, index=range(81))
    >>> hot = pd.Series([1.0 if i % 9 < 4 and i // 9 < 4 else 0.1 for i in range(81)])
    >>> found = grow(city, hot, street_links(city.geometry), population_min=1000)
    >>> found.polygons[["population", "score", "block_count"]].values.tolist()
    [[1600.0, 1.0, 16.0]]
    """
    around = Surroundings() if around is None else around
    bounds: dict[str, Any] = {
        "polygons": polygons,
        "population_min": population_min,
        "population_max": population_max,
        "area_max_km2": area_max_km2,
        "compactness_min": compactness_min,
        "blocks_min": blocks_min,
        "blocks_max": blocks_max,
        "separation_min_m": separation_min_m,
        "led_by": led_by,
        "people_share_min": people_share_min,
    }
    weighing: dict[str, Any] = {
        "threshold_share": threshold_share,
        "need": need,
        "perimeter_price": perimeter_price,
        "colonia_cut_price": colonia_cut_price,
    }
    named: dict[str, Any] = {
        "exactly": exactly,
        "lock_in": lock_in,
        "lock_out": lock_out,
        "seeds": seeds,
    }
    check_settings(**bounds, **weighing, effort=effort, seed=seed, simplify_m=simplify_m)
    prepared = prepare(blocks, score, links, **weighing)
    limits = Limits.of(bounds, prepared.price_per_m)
    rules = rules_of(prepared, blocks, around.parts, limits, **bounds, **named)
    groups, ground, kept = on_the_ground(prepared, rules, around, seed=seed, effort=effort)
    _refuse_unmet(prepared.city, rules, groups)
    found = polygons_of(
        prepared,
        groups,
        smoothed(ground, prepared.shapes, simplify_m),
        blocks=blocks,
        rules=kept,
        notes={"polygons_asked": polygons, **_proof(prepared.city, rules, groups, effort)},
    )
    check_polygons(found, blocks, links, parts=around.parts, **bounds, **named)
    places = np.asarray(found.polygons.geometry.array)
    shapes = np.asarray(blocks.geometry.array)
    untidy = untidiness(places, shapes, found.membership.to_numpy(), links)
    return replace(found, notes={**found.notes, "untidy": tuple(untidy)})


def _proof(
    city: City, rules: Rules, groups: list[np.ndarray], effort: float
) -> dict[str, float | None]:
    """Return what the plan is worth, what none can exceed, and the share between the two."""
    worth = plan_worth(city, rules, groups)
    bound = upper_bound(city, rules, plan=groups, effort=effort)
    return {
        "worth": worth,
        "bound": bound.value,
        "gap_share": bound.gap(worth) if groups and worth > 0 else None,
    }


def _refuse_unmet(city: City, rules: Rules, groups: list[np.ndarray]) -> None:
    """Refuse a plan that breaks a rule for all polygons together, and say which rules clash."""
    broken = broken_together(city, rules, groups)
    if not broken:
        return
    from targeting.delineation.exact.conflict import conflict

    clash = conflict(city, rules)
    if clash is not None and clash.certain:
        raise TargetingError(clash.problems())
    values: dict[str, Any] = {"given": ", ".join(broken), "count": len(groups)}
    raise TargetingError([Problem("rules-unmet", "delineation", values)])
