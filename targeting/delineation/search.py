"""The search: a pool of groups, the best disjoint ones, improved side by side, gaps refilled."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from tqdm import tqdm

from targeting.delineation.choosing import choose
from targeting.delineation.graph import City, Limits, measure
from targeting.delineation.pool import (
    Group,
    best_first,
    grow_pool,
)

SEEDS_MIN = 1000
SEEDS_REFILL = 300
SEEDS_PER_POLYGON = 60
SEEN_ENOUGH = 6
MOVES_MAX = 2000
ROUNDS_MAX = 20
RENEWALS_CHOSEN = 40
RENEWAL_ROUNDS = 3
DEARER = (3.0, 9.0)


def search(
    city: City,
    limits: Limits,
    *,
    polygons: int,
    seed: int,
    kept: Sequence[np.ndarray] = (),
    fixed: np.ndarray | None = None,
) -> list[np.ndarray]:
    """Find at most `polygons` disjoint groups, each a local optimum beside the others.

    Parameters
    ----------
    city, limits : City, Limits
        The blocks, and what every group must keep.
    polygons : int
        How many at most.
    seed : int
        Of the chance in some tries.
    kept : sequence of ndarray
        Groups to start from: they count among `polygons`.
    fixed : ndarray of bool, optional
        Blocks that must stay where they are.

    Returns
    -------
    list of ndarray
        Blocks of each group, sorted. When fewer than asked for, no further group was found.
    """
    count = len(city.need)
    fixed = np.zeros(count, dtype=bool) if fixed is None else fixed
    chosen = [np.sort(blocks) for blocks in kept]
    chance = np.random.default_rng(seed)
    first = True
    while len(chosen) < polygons:
        free = without(chosen, count)
        if first:
            wanted = max(SEEDS_REFILL if kept else SEEDS_MIN, SEEDS_PER_POLYGON * polygons)
            pool = grow_pool(city, limits, free, seeds_max=wanted, seed=seed)
        else:
            pool = further(city, limits, free, seed=seed)
        first = False
        pool = polished(varied(pool, count), city, limits, free)
        found = choose(pool, polygons - len(chosen), count)
        if not found:
            break
        chosen = side_by_side([*chosen, *(g.blocks for g in found)], city, limits, fixed, chance)
    return side_by_side(chosen, city, limits, fixed, None)


def without(groups: Sequence[np.ndarray], count: int) -> np.ndarray:
    """Blocks in none of the groups, as a mask.

    Examples
    --------
    >>> without([np.array([1])], 3).tolist()
    [True, False, True]
    """
    free = np.ones(count, dtype=bool)
    for blocks in groups:
        free[blocks] = False
    return free


def further(city: City, limits: Limits, free: np.ndarray, *, seed: int) -> list[Group]:
    """Return groups among the free blocks: every urgent block is in one, or was tried in vain.

    Parameters
    ----------
    city, limits : City, Limits
        The blocks, and what a group must keep.
    free : ndarray of bool
        Blocks that may be used.
    seed : int
        Of the chance in some tries.
    """
    return grow_pool(city, limits, free, seeds_max=len(free), seed=seed, quick=True)


def varied(groups: Sequence[Group], block_count: int) -> list[Group]:
    """Leave out groups whose every block is already in several better groups.

    Examples
    --------
    >>> same = [Group(np.array([0, 1]), float(10 - n)) for n in range(10)]
    >>> len(varied(same, 2)) == SEEN_ENOUGH
    True
    """
    seen = np.zeros(block_count, dtype=np.int64)
    kept = []
    for group in groups:
        if seen[group.blocks].min() < SEEN_ENOUGH:
            seen[group.blocks] += 1
            kept.append(group)
    return kept


def polished(groups: Sequence[Group], city: City, limits: Limits, free: np.ndarray) -> list[Group]:
    """Polish every group on its own; both states stay candidates, for the packing to choose.

    Parameters
    ----------
    groups : sequence of Group
        Within the limits, made of free blocks.
    city, limits : City, Limits
        The blocks, and what a group must keep.
    free : ndarray of bool
        Blocks that may be used.

    Returns
    -------
    list of Group
        Best first; no two alike.
    """
    if not groups:
        return []
    from targeting.delineation._polish import polish_group
    from targeting.delineation._search import bench

    at = bench(len(free))
    loose = np.zeros(len(free), dtype=bool)
    better = [
        polish_group(group.blocks, loose, city, limits, free, MOVES_MAX, at)[0]
        for group in tqdm(groups, desc="polygons", delay=2, disable=None, leave=False)
    ]
    return best_first([*groups, *valued([np.sort(blocks) for blocks in better], city, limits)])


def rounder(
    group: np.ndarray, city: City, limits: Limits, free: np.ndarray, fixed: np.ndarray
) -> list[np.ndarray]:
    """Round a group off until it keeps limits stricter than it was made for.

    Parameters
    ----------
    group : ndarray
        Its blocks.
    city, limits : City, Limits
        The blocks, and what the group must keep.
    free : ndarray of bool
        Blocks that may be used, the group's among them.
    fixed : ndarray of bool
        Blocks that must stay in the group.

    Returns
    -------
    list of ndarray
        The group, changed; empty when that fails.
    """
    from targeting.delineation._polish import polish_group
    from targeting.delineation._search import bench

    at = bench(len(free))
    for dearer in DEARER:
        loose = limits._replace(
            compactness_min=0.0, price_per_m=limits.price_per_m * dearer, area_max_m2=np.inf
        )
        group, _ = polish_group(group, fixed, city, loose, free, MOVES_MAX, at)
        whole = measure(city, group, np.zeros(len(group), dtype=np.int64), 1)
        area, perimeter = float(whole["area_m2"][0]), float(whole["perimeter_m"][0])
        fits = 4 * np.pi * area >= limits.compactness_min * perimeter**2
        if fits and area <= limits.area_max_m2:
            better, worth = polish_group(group, fixed, city, limits, free, MOVES_MAX, at)
            return [np.sort(better)] if worth > 0 else []
    return []


def side_by_side(
    groups: Sequence[np.ndarray],
    city: City,
    limits: Limits,
    fixed: np.ndarray,
    chance: np.random.Generator | None,
) -> list[np.ndarray]:
    """Improve disjoint groups until none can gain from one block more, less or exchanged.

    Parameters
    ----------
    groups : sequence of ndarray
        Disjoint groups within the limits.
    city, limits : City, Limits
        The blocks, and what a group must keep.
    fixed : ndarray of bool
        Blocks that must stay in their group.
    chance : Generator or None
        Says where groups are taken apart and grown again; None leaves that out.

    Returns
    -------
    list of ndarray
        In the same order.
    """
    current = [np.sort(blocks) for blocks in groups]
    if not current:
        return current
    from targeting.delineation._polish import renew_group
    from targeting.delineation._search import bench

    at = bench(len(city.need))
    free = without(current, len(city.need))
    nothing = np.empty((0, 3))
    for turn in range(ROUNDS_MAX):
        moved = False
        renewing = chance is not None and turn < RENEWAL_ROUNDS
        for place, blocks in enumerate(current):
            draws = nothing
            if chance is not None and renewing and not fixed[blocks].any():
                draws = chance.random((RENEWALS_CHOSEN, 3))
            free[blocks] = True
            better, _ = renew_group(blocks, draws, fixed, city, limits, free, MOVES_MAX, at)
            better = np.sort(better)
            free[better] = False
            moved |= not np.array_equal(better, blocks)
            current[place] = better
        if not moved and not renewing:
            break
    return current


def valued(groups: Sequence[np.ndarray], city: City, limits: Limits) -> list[Group]:
    """Return groups with their objective: need less the price of the perimeter."""
    if not groups:
        return []
    owner = np.repeat(np.arange(len(groups)), [len(blocks) for blocks in groups])
    found = measure(city, np.concatenate(groups), owner, len(groups))
    value = found["need"] - limits.price_per_m * found["perimeter_m"]
    return [Group(blocks, float(worth)) for blocks, worth in zip(groups, value, strict=True)]
