"""Groups whose ground breaks a rule, changed a little until it does not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import shapely

from targeting.delineation.graph import City, Limits, measure
from targeting.delineation.prepared import Prepared
from targeting.delineation.result import roundness
from targeting.delineation.rules import Floor, Rules, broken_alone, broken_together, leader, worth
from targeting.delineation.searching.search import settle

MENDS_MAX = 4
STRICTER = 1.02


def fitting(ground: np.ndarray, limits: Limits) -> np.ndarray:
    """Tell which places keep the limits of area and roundness.

    Parameters
    ----------
    ground : ndarray of geometry
        Places, or sketches of them.
    limits : Limits
        As asked for.
    """
    small = shapely.area(ground) <= limits.area_max_m2
    return np.asarray(small & (roundness(ground) >= limits.compactness_min))


def tighter(limits: Sequence[Limits]) -> Limits:
    """Return the smallest area and the largest roundness of several limits.

    Parameters
    ----------
    limits : sequence of Limits
        At least one.

    Examples
    --------
    >>> loose, tight = Limits(1, 9, 50.0, 0.2, 0.0), Limits(1, 9, 40.0, 0.1, 0.0)
    >>> tighter([loose, tight])[2:4]
    (40.0, 0.2)
    """
    return limits[0]._replace(
        area_max_m2=min(one.area_max_m2 for one in limits),
        compactness_min=max(one.compactness_min for one in limits),
    )


def mended(
    prepared: Prepared,
    asked: Rules,
    groups: Sequence[np.ndarray],
    limits: Sequence[Limits],
    bad: np.ndarray,
    ground: np.ndarray,
    sketches: Callable[[Sequence[np.ndarray]], np.ndarray],
) -> tuple[list[np.ndarray], list[Limits], list[int]]:
    """Anneal groups whose ground breaks a rule under stricter limits of the estimate.

    How far the estimate from the links is off differs from group to group and hardly changes with
    a few blocks; so does how far a sketch is off what is drawn.

    Parameters
    ----------
    prepared : Prepared
        The city.
    asked : Rules
        What the ground must keep in the end.
    groups : sequence of ndarray
        The plan.
    limits : sequence of Limits
        Of each group, for its estimate.
    bad : ndarray of bool
        Which groups to mend.
    ground : ndarray of geometry
        What was seen of each group: its place, or a sketch.
    sketches : callable
        Sketches groups.

    Returns
    -------
    (list of ndarray, list of Limits, list of int)
        The plan, the limits of each group, and which groups could not be mended.
    """
    plan, own, lost = list(groups), list(limits), []
    for place in np.flatnonzero(bad).tolist():
        group, seen, sketch = groups[place], ground[place : place + 1], sketches([groups[place]])
        larger = float(shapely.area(seen)[0] / shapely.area(sketch)[0])
        rounder = float(roundness(seen)[0] / roundness(sketch)[0])
        for _ in range(MENDS_MAX):
            area, round_ = larger * shapely.area(sketch)[0], rounder * roundness(sketch)[0]
            own[place] = _stricter(prepared.city, group, own[place], asked.limits, area, round_)
            trial = alone(prepared.city, asked, plan, place, own[place])
            if not len(trial) or np.array_equal(trial, group):
                lost.append(place)
                break
            group = plan[place] = trial
            sketch = sketches([group])
            small = larger * shapely.area(sketch)[0] <= asked.limits.area_max_m2
            if small and rounder * roundness(sketch)[0] >= asked.limits.compactness_min:
                break
        else:
            lost.append(place)
    return plan, own, lost


def _stricter(
    city: City, group: np.ndarray, own: Limits, asked: Limits, area: float, round_: float
) -> Limits:
    """Limits of the estimate that make up for how far it is off the ground."""
    whole = measure(city, group, np.zeros(len(group), dtype=np.int64), 1)
    area_by_links = float(whole["area_m2"][0])
    round_by_links = 4 * np.pi * area_by_links / float(whole["perimeter_m"][0]) ** 2
    if round_ < asked.compactness_min:
        needed = asked.compactness_min * round_by_links / round_ * STRICTER
        least = min(max(needed, own.compactness_min * STRICTER), 1.0)
        own = own._replace(compactness_min=least)
    if area > asked.area_max_m2:
        most = asked.area_max_m2 * area_by_links / area / STRICTER
        own = own._replace(area_max_m2=min(most, own.area_max_m2 / STRICTER))
    return own


def alone(
    city: City,
    rules: Rules,
    groups: Sequence[np.ndarray],
    place: int,
    limits: Limits,
    stays: np.ndarray | None = None,
) -> np.ndarray:
    """Anneal one group of a plan, hardly warm, under limits of its own; the others stay.

    Parameters
    ----------
    city, rules : City, Rules
        The blocks, and what is asked for.
    groups : sequence of ndarray
        The plan.
    place : int
        Which group.
    limits : Limits
        Of this group.
    stays : ndarray of bool, optional
        Blocks the group must keep, beside those the rules require.

    Returns
    -------
    ndarray of int64
        Its blocks, sorted: as they were where annealing breaks a rule.
    """
    group = groups[place]
    others = np.zeros(len(city.need), dtype=bool)
    for number, blocks in enumerate(groups):
        if number != place:
            others[blocks] = True
    if rules.near is not None:
        others |= rules.near @ others.astype(np.float64) > 0
    if rules.barred is not None:
        others |= rules.barred
    fixed = np.zeros(len(others), dtype=bool) if stays is None else stays & ~others
    fixed[np.intersect1d(rules.required, group)] = True
    own = Rules(limits, 1, barred=others, seeds=rules.seeds, leading=rules.leading)
    if rules.floors:
        own = replace(own, floors=(Floor("", leader(rules, group), 1),))
    [found] = settle(city, own, [group], fixed) or [group[:0]]
    trial = [*groups[:place], found, *groups[place + 1 :]]
    if not len(found) or broken_alone(city, own, found) or worth(city, limits, found) <= 0:
        return group
    if set(broken_together(city, rules, trial)) - set(broken_together(city, rules, groups)):
        return group
    return found
