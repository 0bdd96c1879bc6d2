"""Rates drawn towards the whole city or towards the blocks nearby, by Marshall's moments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

# Blocks as far as the last one of the nearest, but for rounding, are nearest too.
_SAME = 1 + 1e-9


@dataclass(frozen=True)
class Smoothed:
    """Rates drawn in.

    Parameters
    ----------
    rate : ndarray
        Events per person; NaN where there are no people.
    mean : ndarray
        What each rate was drawn towards.
    weight : ndarray
        Share of the block's own rate in `rate`, 0 to 1: the share of the variance of the rates
        there that is signal and not chance.
    """

    rate: np.ndarray
    mean: np.ndarray
    weight: np.ndarray


def global_empirical_bayes(events: np.ndarray, people: np.ndarray) -> Smoothed:
    """Draw each rate towards that of the whole city, the more so the fewer people there are.

    Where chance alone explains the differences the variance of the true rates is 0 and every rate
    is the city's: a negative estimate is none, and would give negative rates. Places without
    people have no rate and change nobody else's.

    Parameters
    ----------
    events, people : ndarray
        By block.

    Returns
    -------
    Smoothed

    References
    ----------
    Marshall, R. J. (1991). Mapping disease and mortality rates using empirical Bayes estimators.
    Applied Statistics 40(2), 283–294.

    Examples
    --------
    >>> drawn = global_empirical_bayes(np.array([8.0, 0.0, 1.0]), np.array([100.0, 100.0, 0.0]))
    >>> drawn.rate.round(4).tolist()  # city 0.04, variance 0.0016 - 0.0004, weight 0.75
    [0.07, 0.01, nan]
    """
    lived = people > 0
    rate, mean, weight = (np.full(len(people), np.nan) for _ in range(3))
    if not lived.any():
        return Smoothed(rate, mean, weight)
    y, n = events[lived], people[lived]
    city = y.sum() / n.sum()
    variance = (n * (y / n - city) ** 2).sum() / n.sum() - city / n.mean()
    weight[lived] = _weight(np.maximum(variance, 0.0), city / n)
    mean[lived] = city
    rate[lived] = weight[lived] * (y / n) + (1 - weight[lived]) * city
    return Smoothed(rate, mean, weight)


def spatial_empirical_bayes(
    events: np.ndarray, people: np.ndarray, neighbors: csr_array
) -> Smoothed:
    """Draw each rate towards that of the block and its neighbors together.

    Never missing where people live. Places without people are nobody's neighbors. A block none of
    whose neighbors has people is drawn towards the whole city. Where neither the block nor its
    neighbors have an event the rate is theirs, 0, with weight 0.

    Parameters
    ----------
    events, people : ndarray
        By block.
    neighbors : csr_array
        Square; a stored number other than 0 makes the column's block a neighbor of the row's. A
        block on the diagonal is itself, and counts once whether it is stored or not.

    Returns
    -------
    Smoothed

    References
    ----------
    Marshall, R. J. (1991), as above: his local estimator.

    Examples
    --------
    >>> line = csr_array(np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]]))
    >>> spatial_empirical_bayes(np.zeros(3), np.array([9.0, 0.0, 5.0]), line).rate.tolist()
    [0.0, nan, 0.0]
    """
    lived = people > 0
    y, n = np.where(lived, events, 0.0), np.where(lived, people, 0.0)
    raw = np.divide(y, n, out=np.zeros(len(n)), where=lived)
    # All sums over a neighborhood in one product: people, events, n·rate², blocks with people.
    summed = np.column_stack([n, y, n * raw**2, lived.astype(float)])
    around = _pattern(neighbors) @ summed + summed
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = around[:, 1] / around[:, 0]
        spread = around[:, 2] / around[:, 0] - mean**2
        variance = np.maximum(spread - mean * around[:, 3] / around[:, 0], 0.0)
        weight = _weight(variance, mean / n)
        rate = mean + (raw - mean) * weight
    alone = lived & (around[:, 3] < 2)
    if alone.any():
        whole = global_empirical_bayes(events, people)
        rate[alone], mean[alone], weight[alone] = (
            whole.rate[alone],
            whole.mean[alone],
            whole.weight[alone],
        )
    for one in (rate, mean, weight):
        one[~lived] = np.nan
    return Smoothed(rate, mean, weight)


def _pattern(neighbors: csr_array) -> csr_array:
    """Return ones where the blocks are neighbors, nothing on the diagonal."""
    if neighbors.has_canonical_format and (neighbors.data == 1).all():
        ones = csr_array(neighbors)
    else:
        ones = csr_array(neighbors, dtype=float, copy=True)
        ones.sum_duplicates()
        ones.data = (ones.data != 0).astype(float)
    if ones.diagonal().any():
        ones = csr_array(ones, copy=True)
        ones.setdiag(0.0)
    return ones


def _weight(variance: np.ndarray | float, noise: np.ndarray) -> np.ndarray:
    """Return signal / (signal + noise); 0 where there is neither."""
    total = variance + noise
    return np.asarray(np.divide(variance, total, out=np.zeros(np.shape(total)), where=total > 0))


def nearest_blocks(positions: np.ndarray, *, count: int = 8) -> csr_array:
    """Return the nearest other blocks of each block, all that are as far as the last included.

    Parameters
    ----------
    positions : ndarray
        Two columns, in meters.
    count : int
        How many nearest.

    Returns
    -------
    csr_array
        1 where the column's block is one of the row's nearest; a block is none of its own.

    Examples
    --------
    >>> line = np.array([[0.0, 0.0], [100.0, 0.0], [200.0, 0.0], [500.0, 0.0]])
    >>> nearest_blocks(line, count=1).toarray().astype(int).tolist()
    [[0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 0], [0, 0, 1, 0]]
    """
    size = len(positions)
    if size <= count + 1:
        return csr_array(np.ones((size, size)) - np.eye(size))
    order = _by_place(positions)
    ranked = np.ascontiguousarray(positions[order])
    tree = cKDTree(ranked, balanced_tree=False, leafsize=16)
    far, found = tree.query(ranked, k=count + 2)  # itself, and one more to see whether it ties
    last = far[:, count] * _SAME
    tied = np.flatnonzero((far[:, count + 1] <= last) | (found[:, 0] != np.arange(size)))
    order = order.astype(np.int32)
    if len(tied):
        near = tree.query_ball_point(ranked[tied], last[tied])
        return _with_ties(order, found[:, 1 : count + 1], tied, near)
    columns = np.empty((size, count), dtype=np.int32)
    columns[order] = order[found[:, 1 : count + 1]]
    columns.sort(axis=1)
    starts = np.arange(0, size * count + 1, count, dtype=np.int32)
    return csr_array((np.ones(columns.size), columns.ravel(), starts), shape=(size, size))


def _with_ties(
    order: np.ndarray, found: np.ndarray, tied: np.ndarray, near: Sequence[list[int]]
) -> csr_array:
    """Return the nearest blocks where some have more of them than asked for."""
    size, count = found.shape
    plain = np.ones(size, dtype=bool)
    plain[tied] = False
    rows = np.repeat(tied, [len(one) for one in near])
    columns = np.concatenate(near).astype(int)
    other = rows != columns
    rows = np.r_[np.repeat(np.flatnonzero(plain), count), rows[other]]
    columns = np.r_[found[plain].ravel(), columns[other]]
    return csr_array((np.ones(len(rows)), (order[rows], order[columns])), shape=(size, size))


def _by_place(positions: np.ndarray) -> np.ndarray:
    """Return an order in which blocks near each other come near each other (Morton's)."""
    low = positions.min(axis=0)
    side = max(float((positions.max(axis=0) - low).max()) / 255.99, 1e-9)
    cells = ((positions - low) / side).astype(np.uint16)
    for shift, mask in ((4, 0x0F0F), (2, 0x3333), (1, 0x5555)):
        cells = (cells | (cells << shift)) & mask
    return np.argsort(cells[:, 0] | (cells[:, 1] << 1), kind="stable")
