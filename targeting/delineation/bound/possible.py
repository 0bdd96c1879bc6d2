"""Blocks that some polygon within the rules could hold, judged by single blocks and components."""

from __future__ import annotations

import numpy as np
from scipy.sparse.csgraph import connected_components

from targeting.delineation.graph import City, matrix
from targeting.delineation.rules import SLACK, Rules


def possible_blocks(city: City, rules: Rules) -> tuple[np.ndarray, int]:
    """Return which blocks may be in a polygon at all, and how many polygons have room.

    Parameters
    ----------
    city, rules : City, Rules
        The blocks and what is asked for.

    Returns
    -------
    mask, polygons
        A block too heavy or too large alone, or in a component with too few people, too few
        blocks or no seed, is out. `polygons` is at most what the components have people for.
    """
    limits = rules.limits
    may = (city.population <= limits.population_max * (1 + SLACK)) & (
        city.area <= limits.area_max_m2 * (1 + SLACK)
    )
    if rules.barred is not None:
        may &= ~rules.barred
    found = np.flatnonzero(may)
    if not len(found):
        return may, 0
    links = matrix(city)[found][:, found]
    parts, part = connected_components(links, directed=False)
    people = np.bincount(part, city.population[found], minlength=parts)
    blocks = np.bincount(part, minlength=parts)
    least = limits.population_min * (1 - 2 * SLACK)
    good = (people >= least) & (blocks >= limits.blocks_min)
    if rules.seeds is not None:
        good &= np.bincount(part, rules.seeds[found], minlength=parts) > 0
    room = blocks // max(limits.blocks_min, 1)
    if least > 0:
        room = np.minimum(room, np.floor(people / least * (1 + SLACK)).astype(np.int64))
    may[found] = good[part]
    return may, int(min(rules.polygons, room[good].sum()))
