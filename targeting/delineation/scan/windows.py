"""Windows a scan looks through: circles around each block, connected sets near each block."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.spatial import KDTree

from targeting.model import Links

WINDOWS_AT_ONCE = 1_000_000
PAIRS_AT_ONCE = 1_000_000
# Distances this near to each other (as a share) are the same: a circle holds both or neither.
SAME_DISTANCE = 1e-9
PEOPLE_SLACK = 1e-12
SPARE = 16


class Windows(NamedTuple):
    """Windows around some centers, each one block more than a window before it.

    `start` says where the windows of each of the centers begin; `steps` has a row for the block
    each window adds, for the slots its sum comes from and goes to, and for its tag (how many
    blocks, or which, as bits); `sums` has its cases and expected cases; only where `usable` may
    it be a cluster.
    """

    center: np.ndarray
    start: np.ndarray
    steps: np.ndarray
    sums: np.ndarray
    usable: np.ndarray


def nearest(
    points: np.ndarray, centers: np.ndarray, count: int, tree: KDTree
) -> tuple[np.ndarray, np.ndarray]:
    """Find the nearest blocks of each center and how far they are; ties by position.

    Parameters
    ----------
    points : ndarray, shape (blocks, 2)
        Middle of each block.
    centers : ndarray of int64
        Positions of the centers.
    count : int
        How many, the center itself included.
    tree : KDTree
        Of the points.

    Examples
    --------
    >>> points = np.array([[0.0, 0], [3, 0], [-1, 0]])
    >>> nearest(points, np.array([0]), 2, KDTree(points))[0].tolist()
    [[0, 2]]
    """
    if count > len(points) // 8:
        apart = points[centers, None, :] - points[None, :, :]
        distance = np.hypot(apart[..., 0], apart[..., 1])
        order = np.argsort(distance, axis=1, kind="stable")[:, :count]
        return order, np.take_along_axis(distance, order, axis=1)
    distance, order = tree.query(points[centers], k=np.arange(1, count + 1))
    ranked = np.lexsort((order, distance), axis=1)
    order = np.take_along_axis(order, ranked, axis=1).astype(np.int64)
    return order, np.take_along_axis(distance, ranked, axis=1)


def circles(
    points: np.ndarray, values: np.ndarray, *, share_max: float, radius_max_m: float
) -> Iterator[Windows]:
    """List the circles around every block, from the block alone outward.

    Parameters
    ----------
    points : ndarray, shape (blocks, 2)
        Middle of each block, in meters.
    values : ndarray, shape (2, blocks)
        Cases, and expected cases (above 0).
    share_max : float
        Share of all expected cases a circle may hold.
    radius_max_m : float
        Largest radius.

    Yields
    ------
    Windows
        Of some centers; the tag says how many blocks.
    """
    count = len(points)
    tree = KDTree(points)
    limit = values[1].sum() * share_max * (1 + PEOPLE_SLACK)
    waiting = [(np.arange(count), min(count, int(count * share_max * 1.5) + SPARE))]
    while waiting:
        centers, reach = waiting.pop()
        wide = count if reach > count // 8 else reach
        for some in np.array_split(centers, -(-len(centers) * wide // PAIRS_AT_ONCE)):
            order, distance = nearest(points, some, reach, tree)
            sums = np.cumsum(values[:, order], axis=2)
            within = (sums[1] <= limit) & (distance <= radius_max_m)
            short = within[:, -1] & (reach < count)
            if short.any():
                waiting.append((some[short], min(count, 4 * reach)))
            rows = ~short
            yield _rings(some[rows], order[rows], distance[rows], sums[:, rows], within[rows])


def _rings(
    centers: np.ndarray,
    order: np.ndarray,
    distance: np.ndarray,
    sums: np.ndarray,
    within: np.ndarray,
) -> Windows:
    size = within.sum(axis=1)
    place = np.broadcast_to(np.arange(order.shape[1]), order.shape)[within]
    last = np.ones(order.shape, dtype=bool)
    last[:, :-1] = np.diff(distance, axis=1) > SAME_DISTANCE * distance[:, 1:]
    slot = 1 + place % 2
    steps = np.stack([order[within], np.where(place == 0, 0, 3 - slot), slot, place + 1])
    return Windows(
        center=centers,
        start=np.concatenate([[0], np.cumsum(size)]),
        steps=steps.astype(np.int64),
        sums=sums[:, within],
        usable=last[within],
    )


class Surroundings(NamedTuple):
    """The blocks near each block, itself first, and which of them are neighbors, as bits."""

    near: np.ndarray
    beside: np.ndarray


def surroundings(points: np.ndarray, links: Links, count: int) -> Surroundings:
    """Find the `count` nearest blocks of each block, and the links among them.

    Parameters
    ----------
    points : ndarray, shape (blocks, 2)
        Middle of each block.
    links : Links
        Neighbors by position.
    count : int
        How many, the block itself included.

    Examples
    --------
    >>> row = Links(np.array([0, 1]), np.array([1, 2]), np.zeros(2), np.zeros(2))
    >>> found = surroundings(np.array([[0.0, 0], [1, 0], [2, 0]]), row, 2)
    >>> found.near.tolist(), found.beside.tolist()
    ([[0, 1], [1, 0], [2, 1]], [[2, 1], [2, 1], [2, 1]])
    """
    size = len(points)
    count = min(count, size)
    tree = KDTree(points)
    every = np.arange(size)
    known = np.sort(
        np.concatenate([links.first * size + links.second, links.second * size + links.first])
    )
    near = np.empty((size, count), dtype=np.int64)
    beside = np.zeros((size, count), dtype=np.int64)
    wide = size if min(size, 2 * count + SPARE) > size // 8 else count**2
    for some in np.array_split(every, -(-size * wide // PAIRS_AT_ONCE)):
        order, distance = nearest(points, some, min(size, 2 * count + SPARE), tree)
        distance = np.where(order == some[:, None], -1.0, _leveled(distance))
        ranked = np.lexsort((order, distance), axis=1)[:, :count]
        mine = np.take_along_axis(order, ranked, axis=1)
        near[some] = mine
        pair = mine[:, :, None] * size + mine[:, None, :]
        at = np.minimum(np.searchsorted(known, pair), max(len(known) - 1, 0))
        linked = known[at] == pair if len(known) else np.zeros(pair.shape, dtype=bool)
        beside[some] = (linked << np.arange(count)).sum(axis=2)
    return Surroundings(near, beside)


def _leveled(distance: np.ndarray) -> np.ndarray:
    """Give distances in rising rows that differ by a rounding error the very same value."""
    new = np.ones(distance.shape, dtype=bool)
    new[:, 1:] = np.diff(distance, axis=1) > SAME_DISTANCE * distance[:, 1:]
    return np.cumsum(new, axis=1).astype(float)


def connected_sets(
    around: Surroundings, values: np.ndarray, passing: np.ndarray
) -> Iterator[Windows]:
    """List the connected sets of the blocks near each block that hold it.

    Parameters
    ----------
    around : Surroundings
        The blocks near each.
    values : ndarray, shape (2, blocks)
        Cases and expected cases.
    passing : ndarray of bool
        Blocks that may be in a set.

    Yields
    ------
    Windows
        Of some centers; the tag says which of the blocks near the center, as bits.
    """
    from targeting.delineation.scan._kernels import list_sets

    count, width = around.near.shape
    bits = np.int64(1) << np.arange(width)
    allowed = (passing[around.near] * bits).sum(axis=1)
    capacity = max(min(WINDOWS_AT_ONCE, int((allowed & 1).sum()) << (width - 1)), 1 << width)
    steps, sums = np.empty((4, capacity), dtype=np.int64), np.empty((2, capacity))
    start = np.empty(count + 1, dtype=np.int64)
    first = 0
    while first < count:
        done = list_sets(first, around.near, around.beside, allowed, values, start, steps, sums)
        end = int(start[done - first])
        yield Windows(
            center=np.arange(first, done),
            start=start[: done - first + 1],
            steps=steps[:, :end],
            sums=sums[:, :end],
            usable=np.ones(end, dtype=bool),
        )
        first = done
