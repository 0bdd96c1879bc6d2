"""From a plan along the links to a plan on the ground: drawn, holes filled, every bound kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import shapely

from targeting.delineation.drawing.ground import enclosed, places
from targeting.delineation.graph import Limits
from targeting.delineation.prepared import Prepared
from targeting.delineation.result import connected, roundness
from targeting.delineation.rules import Rules, broken_alone, broken_together, worth
from targeting.delineation.searching.columns import improved
from targeting.delineation.searching.search import search, settle
from targeting.model import Surroundings

ATTEMPTS = 8
FILLS_MAX = 6
STRICTER = 1.02
AGAIN = 0.3
STREET_M = 12.0


def on_the_ground(
    prepared: Prepared, asked: Rules, around: Surroundings, *, seed: int, effort: float
) -> tuple[list[np.ndarray], np.ndarray, Rules]:
    """Search, draw the places, fill holes; where the ground breaks a rule, search again stricter.

    The search estimates area and perimeter from the links; the drawn place decides. Only the
    groups whose ground breaks a rule are given up and looked for again under stricter limits; the
    others stay as they are.

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
        Blocks of each group, its place, and the rules the last search kept: as asked or stricter.
    """
    paper = _Paper(prepared, around)
    count = len(prepared.city.need)
    rules, stays = asked, np.zeros(count, dtype=bool)
    groups = search(prepared.city, rules, seed=seed, effort=effort)
    if not broken_together(prepared.city, rules, groups):
        groups = improved(prepared.city, rules, groups, seed=seed, effort=effort)
    for attempt in range(1, ATTEMPTS + 1):
        groups, ground = paper.without_holes(groups, rules, stays)
        area, round_ = shapely.area(ground), roundness(ground)
        good = (area <= asked.limits.area_max_m2) & (round_ >= asked.limits.compactness_min)
        kept = [group for group, fits in zip(groups, good, strict=True) if fits]
        if good.all() or attempt == ATTEMPTS:
            return kept, ground[good], rules
        stays = np.zeros(count, dtype=bool)
        for group in kept:
            stays[group] = True
        limits = _stricter(rules.limits, asked.limits, area[~good], round_[~good])
        rules = replace(rules, limits=limits)
        groups = search(
            prepared.city,
            rules,
            seed=seed + attempt,
            start=kept,
            fixed=stays,
            effort=effort * AGAIN,
        )
    raise AssertionError("unreachable")


class _Paper:
    """Where plans are drawn; what was drawn before is not drawn again."""

    def __init__(self, prepared: Prepared, around: Surroundings) -> None:
        self.prepared, self.around = prepared, around
        self.drawn: dict[bytes, Any] = {}

    def places(self, groups: list[np.ndarray]) -> np.ndarray:
        ready = self.prepared
        axes, barriers = self.around.axes, self.around.barriers
        return places(ready.shapes, groups, ready.links, ready.tree, self.drawn, axes, barriers)

    def without_holes(
        self, groups: list[np.ndarray], rules: Rules, fixed: np.ndarray
    ) -> tuple[list[np.ndarray], np.ndarray]:
        """Fill holes, seen quickly, until none can be filled; draw; fill what only shows then."""
        ready = self.prepared
        for see in (lambda held: _rims(ready, held), self.places):
            for _ in range(FILLS_MAX):
                if not _filled(ready, groups, see(groups), rules, fixed):
                    break
                groups = settle(ready.city, rules, groups, fixed)
        return groups, self.places(groups)


def _rims(prepared: Prepared, groups: list[np.ndarray]) -> np.ndarray:
    """Return each group's blocks grown together across streets, holes left open: quickly drawn."""
    grown = [
        shapely.union_all(shapely.buffer(prepared.shapes[group], STREET_M, quad_segs=1))
        for group in groups
    ]
    return np.array(grown, dtype=object)


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
    rules: Rules,
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
        if not connected(more, prepared.links, len(prepared.shapes)):
            continue
        trial = [*groups[:place], more, *groups[place + 1 :]]
        broken = set(broken_alone(prepared.city, rules, more)) - {"compactness_min"}
        broken |= set(broken_together(prepared.city, rules, trial)) - set(
            broken_together(prepared.city, rules, groups)
        )
        if worth(prepared.city, rules.limits, more) > 0 and not broken:
            groups[place] = more
            fixed[holes] = True
            free[holes] = False
            changed = True
    return changed
