"""Blocks that some polygon within the rules could hold, and the components they form."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.sparse.csgraph import connected_components

from targeting.delineation.graph import City, matrix
from targeting.delineation.rules import SLACK, Rules


class Possible(NamedTuple):
    """Which blocks may be in a polygon, the component of each (−1: none), and room in each."""

    among: np.ndarray
    part: np.ndarray
    room: np.ndarray

    def polygons(self, rules: Rules) -> int:
        """How many polygons there can be at most."""
        return int(min(rules.polygons, self.room.sum()))


def possible_blocks(city: City, rules: Rules) -> Possible:
    """Return the blocks that are not out for being what and where they are.

    Parameters
    ----------
    city, rules : City, Rules
        The blocks and what is asked for.

    Returns
    -------
    Possible
        A block too heavy or too large alone, or in a component with too few people, too few
        blocks or no seed, is out.
    """
    limits = rules.limits
    may = (city.population <= limits.population_max * (1 + SLACK)) & (
        city.area <= limits.area_max_m2 * (1 + SLACK)
    )
    if rules.barred is not None:
        may &= ~rules.barred
    label = np.full(len(may), -1, dtype=np.int64)
    found = np.flatnonzero(may)
    if not len(found):
        return Possible(may, label, np.empty(0, dtype=np.int64))
    links = matrix(city)[found][:, found]
    parts, part = connected_components(links, directed=False)
    room = np.bincount(part, minlength=parts) // max(limits.blocks_min, 1)
    least = limits.population_min * (1 - 2 * SLACK)
    if least > 0:
        people = np.bincount(part, city.population[found], minlength=parts)
        room = np.minimum(room, np.floor(people / least * (1 + SLACK)).astype(np.int64))
    if rules.seeds is not None:
        room = np.minimum(room, np.bincount(part, rules.seeds[found], minlength=parts).astype(int))
    kept = np.flatnonzero(room)
    place = np.full(parts, -1)
    place[kept] = np.arange(len(kept))
    label[found] = place[part]
    return Possible(label >= 0, label, room[kept])
