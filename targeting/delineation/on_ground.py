"""From a plan along the links to a plan on the ground: drawn, holes filled, every bound kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import shapely

from targeting.delineation.drawing.cutting import filled
from targeting.delineation.drawing.ground import enclosed, places
from targeting.delineation.graph import Limits, margin
from targeting.delineation.mending import alone, fitting, mended, tighter
from targeting.delineation.prepared import Prepared
from targeting.delineation.result import connected
from targeting.delineation.rules import Rules, broken_alone, broken_together, worth
from targeting.delineation.searching.columns import improved
from targeting.delineation.searching.search import search
from targeting.model import Surroundings

ATTEMPTS = 8
FILLS_MAX = 6
AGAIN = 0.3
CLOSED_M = 15.0
SKETCHED_ROUNDER = 1.04
ROUND_CORNERS = 2

See = Callable[[Sequence[np.ndarray]], np.ndarray]


def on_the_ground(
    prepared: Prepared, asked: Rules, around: Surroundings, *, seed: int, effort: float
) -> tuple[list[np.ndarray], np.ndarray, Rules]:
    """Search, draw the places, fill holes; where the ground breaks a rule, mend or search again.

    The search estimates area and perimeter from the links; the drawn place decides. A group whose
    ground breaks a rule is mended where it is, under limits of its own as much stricter as its
    estimate was off. One that cannot be mended is given up and looked for again; the others stay
    as they are. A sketch, many times as quick, is looked at first: what breaks a rule there is not
    worth drawing.

    Parameters
    ----------
    prepared : Prepared
        The city.
    asked : Rules
        What a plan must keep.
    around : Surroundings
        Street axes and barriers, where known.
    seed, effort
        As in `grow`.

    Returns
    -------
    (list of ndarray, ndarray of geometry, Rules)
        Blocks of each group, its place, and the strictest rules the search kept for any group.
    """
    city, paper = prepared.city, _Paper(prepared, around)
    groups = search(city, asked, seed=seed, effort=effort)
    if not broken_together(city, asked, groups):
        groups = improved(city, asked, groups, seed=seed, effort=effort)
    limits = [asked.limits] * len(groups)
    for attempt in range(1, ATTEMPTS + 1):
        last = attempt == ATTEMPTS
        groups = _without_holes(prepared, asked, groups, limits, paper.sketches)
        seen = paper.sketches(groups)
        good, aim = fitting(seen, asked.limits), _sketched(asked)
        if last or good.all():
            groups = _without_holes(prepared, asked, groups, limits, paper.places)
            seen = paper.places(groups)
            good = fitting(seen, asked.limits)
            if last or good.all():
                kept = [at for at, fits in enumerate(good) if fits]
                strictest = replace(asked, limits=tighter([asked.limits, *limits]))
                return [groups[at] for at in kept], seen[kept], strictest
            aim = asked
        groups, limits, lost = mended(prepared, aim, groups, limits, ~good, seen, paper.sketches)
        if lost:
            rules = replace(asked, limits=tighter([asked.limits, *limits]))
            kept = [at for at in range(len(groups)) if at not in lost]
            limits = [limits[at] for at in kept]
            groups = _renewed(prepared, rules, [groups[at] for at in kept], seed + attempt, effort)
            limits += [rules.limits] * (len(groups) - len(limits))
    raise AssertionError("unreachable")


def _sketched(asked: Rules) -> Rules:
    """Return the rules a sketch should keep, for it is a little rounder than the place drawn."""
    least = min(asked.limits.compactness_min * SKETCHED_ROUNDER, 1.0)
    return replace(asked, limits=asked.limits._replace(compactness_min=least))


def _renewed(
    prepared: Prepared, rules: Rules, kept: list[np.ndarray], seed: int, effort: float
) -> list[np.ndarray]:
    """Search for other groups beside those that are kept, which come first."""
    stays = np.zeros(len(prepared.city.need), dtype=bool)
    for group in kept:
        stays[group] = True
    return search(prepared.city, rules, seed=seed, start=kept, fixed=stays, effort=effort * AGAIN)


class _Paper:
    """Where plans are drawn; what was drawn before is not drawn again."""

    def __init__(self, prepared: Prepared, around: Surroundings) -> None:
        self.prepared, self.around = prepared, around
        self.drawn: dict[bytes, Any] = {}
        self.sketched: dict[bytes, Any] = {}
        self.margin_m = margin(prepared.links)

    def places(self, groups: Sequence[np.ndarray]) -> np.ndarray:
        ready = self.prepared
        axes, barriers = self.around.axes, self.around.barriers
        return places(ready.shapes, groups, ready.links, ready.tree, self.drawn, axes, barriers)

    def sketches(self, groups: Sequence[np.ndarray]) -> np.ndarray:
        """Each group's blocks grown together across streets, whatever is beside them.

        Mostly within a tenth of the area and roundness of the drawn place.
        """
        made = np.full(len(groups), None, dtype=object)
        for place, group in enumerate(groups):
            key = group.tobytes()
            if key not in self.sketched:
                self.sketched[key] = self._sketch(group)
            made[place] = self.sketched[key]
        return made

    def _sketch(self, group: np.ndarray) -> shapely.Geometry:
        ready, wide_m = self.prepared, self.margin_m + CLOSED_M
        wide = shapely.buffer(ready.shapes[group], wide_m, quad_segs=ROUND_CORNERS)
        closed = shapely.buffer(shapely.union_all(wide), -CLOSED_M, quad_segs=ROUND_CORNERS)
        owner = np.full(len(ready.shapes), -1, dtype=np.int64)
        owner[group] = 0
        return filled(closed, 0, ready.tree, owner)


def _without_holes(
    prepared: Prepared, rules: Rules, groups: list[np.ndarray], limits: list[Limits], see: See
) -> list[np.ndarray]:
    """Fill the holes that are seen until none can be filled."""
    stays = np.zeros(len(prepared.shapes), dtype=bool)
    for _ in range(FILLS_MAX):
        changed = _filled(prepared, groups, see(groups), rules, stays)
        for place in changed:
            groups[place] = alone(prepared.city, rules, groups, place, limits[place], stays)
        if not changed:
            break
    return groups


def _filled(
    prepared: Prepared,
    groups: list[np.ndarray],
    ground: np.ndarray,
    rules: Rules,
    stays: np.ndarray,
) -> list[int]:
    """Take surrounded free blocks into their groups where that keeps the rules; tell which."""
    free = np.ones(len(stays), dtype=bool)
    free[np.concatenate([*groups, np.empty(0, dtype=np.int64)])] = False
    changed = []
    for place, blocks in enumerate(groups):
        holes = enclosed(ground[place], blocks, prepared.shapes, prepared.tree)
        holes = holes[free[holes]]
        if not len(holes):
            continue
        more = np.sort(np.concatenate([blocks, holes]))
        if not connected(more, prepared.links, len(prepared.shapes)):
            continue
        trial = [*groups[:place], more, *groups[place + 1 :]]
        broken = set(broken_alone(prepared.city, rules, more)) - {"compactness_min"}
        broken |= set(broken_together(prepared.city, rules, trial)) - set(
            broken_together(prepared.city, rules, groups)
        )
        if worth(prepared.city, rules.limits, more) > 0 and not broken:
            groups[place] = more
            stays[holes] = True
            free[holes] = False
            changed.append(place)
    return changed
