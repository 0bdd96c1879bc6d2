"""Starts that reach across cold ground: the cheapest way from one hot block to another.

A group that grows block by block never takes a row of cold blocks for a hot place behind them,
though one polygon over both may be worth more than either. So ways between hot blocks are starts
too: growth goes on from the whole way, and annealing drops what does not pay.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sparse
from scipy.sparse.csgraph import dijkstra

from targeting.delineation.graph import City
from targeting.delineation.rules import Rules
from targeting.delineation.searching.board import NOTHING, Board

HUBS = 14
HUBS_PER_POLYGON = 4
WAYS_MAX = 600
PEOPLE_SHARE = 0.8
LEAST = 1e-3
TURNS = 0.5


def hubs(board: Board, city: City, many: int) -> np.ndarray:
    """Return hot blocks to join: best by need around them, no two of them neighbors.

    Parameters
    ----------
    board : Board
        Says which blocks are free.
    city : City
        All blocks.
    many : int
        How many at most.
    """
    heat = board.follow[:, 1] + board.follow[:, 0]
    usable = np.flatnonzero((board.owner == -1) & (board.follow[:, 0] > 0))
    closed = np.zeros(len(heat), dtype=bool)
    kept: list[int] = []
    for block in usable[np.lexsort((usable, -heat[usable]))]:
        if closed[block]:
            continue
        kept.append(int(block))
        closed[city.neighbor[city.starts[block] : city.starts[block + 1]]] = True
        if len(kept) == many:
            break
    return np.array(kept, dtype=np.int64)


def ways(
    board: Board, city: City, rules: Rules, among: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the cheapest ways between pairs of blocks, one after the other, and their ends.

    A way costs the outline of its blocks at their price and their people at half of what a
    resident brings, less their need. Ways with more than four fifths of the people a polygon may
    have are left out: nothing could grow on them.

    Parameters
    ----------
    board : Board
        Says which blocks are free, and the price of a resident.
    city, rules : City, Rules
        All blocks, and what is asked for.
    among : ndarray of int64
        The blocks to join.
    """
    limits, count = rules.limits, len(city.need)
    if len(among) < 2:
        return NOTHING, NOTHING
    cost = limits.price_per_m * city.priced_outline * TURNS - city.need
    cost += TURNS * board.prices[1] * city.population
    least = LEAST * max(float(np.abs(cost).max(initial=0.0)), 1e-9)
    cost = np.maximum(cost, least)
    one = np.repeat(np.arange(count), np.diff(city.starts))
    free = (board.owner[one] == -1) & (board.owner[city.neighbor] == -1)
    graph = sparse.csr_array(
        (cost[city.neighbor[free]], (one[free], city.neighbor[free])), shape=(count, count)
    )
    far, before = dijkstra(graph, indices=among, return_predecessors=True)
    pairs = [(a, b) for a in range(len(among)) for b in range(a)]
    length = np.array([far[a, among[b]] for a, b in pairs])
    most = PEOPLE_SHARE * limits.population_max
    found: list[list[int]] = []
    for place in np.lexsort((np.arange(len(pairs)), length)):
        if not np.isfinite(length[place]) or len(found) == WAYS_MAX:
            break
        a, b = pairs[place]
        way = [int(among[b])]
        while way[-1] != among[a]:
            way.append(int(before[a, way[-1]]))
        if len(way) > 2 and float(city.population[way].sum()) <= most:
            found.append(way)
    members = np.concatenate([*(np.array(way) for way in found), NOTHING])
    return members.astype(np.int64), np.cumsum([len(way) for way in found], dtype=np.int64)
