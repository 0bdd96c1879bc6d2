"""Values and neighbors as the statistics need them: known blocks only, ordered by id."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse as sparse

from targeting.model import Links


@dataclass(frozen=True)
class Neighborhoods:
    """Known values, each with its known neighbors, sorted by block id.

    Parameters
    ----------
    place : ndarray of int64
        Position of each known block in the caller's table.
    deviation : ndarray of float64
        Value less the mean of the known values.
    mean : float
        That mean.
    neighbors : csr_array
        A row a known block, ones where two known blocks are linked, nothing on the diagonal.
    count : ndarray of int64
        Neighbors of each known block.
    lag : ndarray of float64
        Sum of the deviations of the neighbors.
    """

    place: np.ndarray
    deviation: np.ndarray
    mean: float
    neighbors: sparse.csr_array
    count: np.ndarray
    lag: np.ndarray


def neighborhoods(values: pd.Series[float], links: Links) -> Neighborhoods:
    """Take the blocks with a value, in the order of their ids, with the links between them.

    A block without a value is left out, also as a neighbor of others.

    Examples
    --------
    >>> links = Links(np.array([0, 1]), np.array([1, 2]), np.zeros(2), np.zeros(2))
    >>> found = neighborhoods(pd.Series([1.0, 3.0, np.nan], index=["b", "a", "c"]), links)
    >>> found.place.tolist(), found.deviation.tolist(), found.lag.tolist()
    ([1, 0], [1.0, -1.0], [-1.0, 1.0])
    """
    order, first, second = by_id(values.index, links)
    value = values.to_numpy(float, na_value=np.nan)[order]
    known = np.isfinite(value)
    slot = np.cumsum(known) - 1
    both = known[first] & known[second]
    neighbors = symmetric(slot[first[both]], slot[second[both]], int(known.sum()))
    value = value[known]
    mean = float(value.mean()) if len(value) else 0.0
    deviation = value - mean
    return Neighborhoods(
        place=order[known],
        deviation=deviation,
        mean=mean,
        neighbors=neighbors,
        count=np.diff(neighbors.indptr).astype(np.int64),
        lag=np.asarray(neighbors @ deviation),
    )


def by_id(index: pd.Index, links: Links) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the positions in the order of their ids, and the links between places in it.

    Raises
    ------
    ValueError
        An id comes twice, or a link points at no block.
    """
    if not index.is_unique:
        raise ValueError("values need an index with each id once")
    if len(links.second) and int(links.second.max()) >= len(index):
        raise ValueError("a link points at no block")
    order = np.asarray(index.argsort())
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return order, place[links.first], place[links.second]


def symmetric(first: np.ndarray, second: np.ndarray, count: int) -> sparse.csr_array:
    """Links both ways as a sparse matrix of ones, neighbors in order."""
    one, two = np.concatenate([first, second]), np.concatenate([second, first])
    found = sparse.csr_array((np.ones(len(one)), (one, two)), shape=(count, count))
    found.sort_indices()
    return found
