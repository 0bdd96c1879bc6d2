"""Candidate groups: where to start, how to grow, which to keep."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse

from targeting.delineation.graph import City, Limits, matrix

METER_PRICES = (2.0, 8.0, 32.0)
QUICK_PRICES = (4.0, 16.0, 64.0)
DISTURBED_ROWS = 2
DISTURBED_PRICE = 8.0
DISTURBANCE = 0.3
COVER_MAX = 4


@dataclass(frozen=True)
class Group:
    """A connected group that keeps every limit, and what it is worth."""

    blocks: np.ndarray
    value: float


def promise(city: City, limits: Limits) -> np.ndarray:
    """Need around each block: the need of a random walk's blocks, as far as a polygon reaches.

    Parameters
    ----------
    city : City
        All blocks.
    limits : Limits
        The smallest population says how far a polygon reaches.

    Returns
    -------
    ndarray
        Mean need of the blocks around.
    """
    peopled = city.population[city.population > 0]
    if not len(peopled):
        return city.need.copy()
    reach = int(np.clip(limits.population_min / peopled.mean() / 8, 1, 20))
    step = matrix(city) + sparse.eye_array(len(city.need), format="csr")
    step = sparse.diags_array(1 / step.sum(axis=1)).tocsr() @ step
    around = city.need
    for _ in range(reach):
        around = step @ around
    return np.asarray(around)


def grow_pool(
    city: City,
    limits: Limits,
    free: np.ndarray,
    *,
    seeds_max: int,
    seed: int,
    quick: bool = False,
) -> list[Group]:
    """Grow groups from the most promising blocks, at several prices of a meter.

    Parameters
    ----------
    city, limits : City, Limits
        The blocks, and what a group must keep.
    free : ndarray of bool
        Blocks that may be used.
    seeds_max : int
        How many blocks to grow from at most.
    seed : int
        Of the chance that disturbs the need in some of the tries, so that they differ.
    quick : bool
        Few tries a block, and no start from a block that is in a group already.

    Returns
    -------
    list of Group
        Best first; no two with the same blocks.
    """
    from targeting.delineation._search import bench, grow_groups

    wanted = np.flatnonzero(free & (city.need > 0))
    if not len(wanted):
        return []
    starts = wanted[np.lexsort((wanted, -promise(city, limits)[wanted]))]
    unit = limits.price_per_m if limits.price_per_m > 0 else _plain_price(city)
    dear = float(city.need[wanted].sum() / max(city.population[wanted].sum(), 1.0))
    rows = disturbed(city.need, seed)
    if quick:
        tries = [(0, unit * times, 0.0) for times in QUICK_PRICES]
    else:
        tries = [(0, unit * times, person) for times in METER_PRICES for person in (0.0, dear)]
        tries += [(row, unit * DISTURBED_PRICE, 0.0) for row in range(1, len(rows))]
    work = (1 if quick else COVER_MAX, seeds_max)
    members, ends, values = grow_groups(
        starts, np.array(tries), rows, city, limits, free, work, bench(len(free))
    )
    groups = [np.sort(part) for part in np.split(members, ends[:-1])] if len(ends) else []
    return best_first([Group(g, float(v)) for g, v in zip(groups, values, strict=True)])


def _plain_price(city: City) -> float:
    """Price of a meter at which an average block with need just pays for its outline."""
    wanted = city.need > 0
    return float(city.need[wanted].sum() / max(city.outline[wanted].sum(), 1.0))


def disturbed(need: np.ndarray, seed: int) -> np.ndarray:
    """Return the need, and below it rows in which every block's need is off by a normal share.

    Examples
    --------
    >>> disturbed(np.array([1.0, -1.0]), 1).shape
    (3, 2)
    """
    chance = np.random.default_rng(seed)
    noise = chance.normal(0.0, DISTURBANCE, (DISTURBED_ROWS, len(need)))
    return np.vstack([need, need + np.abs(need) * noise])


def best_first(groups: list[Group]) -> list[Group]:
    """Sort groups by value, ties by their blocks, and keep one of each.

    Examples
    --------
    >>> one, two = Group(np.array([0, 1]), 3.0), Group(np.array([2]), 5.0)
    >>> [group.value for group in best_first([one, two, one])]
    [5.0, 3.0]
    """
    known: dict[bytes, Group] = {}
    for group in groups:
        known.setdefault(group.blocks.tobytes(), group)
    return sorted(known.values(), key=lambda group: (-group.value, tuple(group.blocks)))
