"""Best set of blocks when every block has a weight and every border a price: one minimum cut.

Picard (1976): a heaviest closure is a minimum cut, and the flow that proves the cut minimal is
the dual of the bound. Capacities are whole numbers for the solver, rounded down; what that loses
costs tightness only, since the bound is recomputed from the flow itself.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.sparse as sparse
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from targeting.delineation.graph import City

WHOLE = 1e9


class Borders(NamedTuple):
    """Links from `row` to `column`, and what it costs to part them, in need.

    `back` is the same link the other way round; `own` what a block leaves of its need while all
    its neighbors are in.
    """

    row: np.ndarray
    column: np.ndarray
    back: np.ndarray
    cost: np.ndarray
    own: np.ndarray


class Closure(NamedTuple):
    """The heaviest set: its blocks, what it is worth, and what flows along each link."""

    inside: np.ndarray
    value: float
    flow: np.ndarray


def borders(city: City, price_per_m: float, outline: float = 0.0, spread: float = 0.0) -> Borders:
    """Return the links of a city with their prices, the same both ways.

    Parameters
    ----------
    city : City
        All blocks.
    price_per_m : float
        Asked for a meter to be paid, in need.
    outline, spread : float
        Price of a meter of perimeter on top, and reward of a square meter, in need.
    """
    count = len(city.need)
    row = np.repeat(np.arange(count), np.diff(city.starts))
    column = city.neighbor
    back = np.empty(len(row), dtype=np.int64)
    back[np.lexsort((column, row))] = np.lexsort((row, column))
    cost = price_per_m * (city.priced_facing + city.priced_facing[back]) / 2
    own = city.need - price_per_m * city.priced_outline
    if outline:
        cost += outline * (city.facing + city.facing[back]) / 2
        own = own - outline * city.outline + spread * city.area
    return Borders(row, column, back, cost, own + np.bincount(row, cost, minlength=count))


def closure(links: Borders, weight: np.ndarray, among: np.ndarray) -> Closure:
    """Find the set worth most: its weights less the price of every border to blocks outside it.

    Parameters
    ----------
    links : Borders
        Of the city.
    weight : ndarray
        Of each block, in need; may be negative.
    among : ndarray of bool
        Blocks that may be chosen. A border to any other block is always paid.

    Returns
    -------
    Closure
        `value` is an upper bound, exact but for the rounding of the capacities.
    """
    count = len(weight)
    inner = among[links.row] & among[links.column]
    rim = among[links.row] & ~among[links.column]
    flow = np.where(rim, links.cost, 0.0) - np.where(rim[links.back], links.cost, 0.0)
    left = weight - np.bincount(links.row[rim], links.cost[rim], minlength=count)
    place = np.cumsum(among) - 1
    size = int(among.sum())
    own = left[among]
    gain, loss = np.maximum(own, 0.0), np.maximum(-own, 0.0)
    if not (gain > 0).any():
        return Closure(np.zeros(count, dtype=bool), 0.0, flow)
    most = max(float(gain.sum()), float(links.cost.max(initial=0.0)))
    scale = WHOLE / most
    loss = np.minimum(loss, most)
    one, two = place[links.row[inner]], place[links.column[inner]]
    source, sink = np.flatnonzero(gain), np.flatnonzero(loss)
    first = np.concatenate([one, np.full(len(source), size), sink])
    second = np.concatenate([two, source, np.full(len(sink), size + 1)])
    room = np.floor(np.concatenate([links.cost[inner], gain[source], loss[sink]]) * scale)
    kept = room > 0
    ends = (first[kept], second[kept])
    shape = (size + 2, size + 2)
    graph = sparse.csr_array((room[kept].astype(np.int32), ends), shape=shape)
    moved = maximum_flow(graph, size, size + 1, method="dinic").flow
    spare = graph - moved
    spare.data[spare.data < 0] = 0
    spare.eliminate_zeros()
    reached = breadth_first_order(spare, size, return_predecessors=False)
    chosen = np.zeros(size + 2, dtype=bool)
    chosen[reached] = True
    inside = np.zeros(count, dtype=bool)
    inside[among] = chosen[:size]
    flow[inner] = np.asarray(moved[one, two]).ravel() / scale
    given = left[among] - np.bincount(one, flow[inner], minlength=size)
    return Closure(inside, float(np.maximum(given, 0.0).sum()), flow)
