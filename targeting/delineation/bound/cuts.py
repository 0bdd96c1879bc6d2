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


def borders(
    city: City,
    price_per_m: float,
    outline: float = 0.0,
    spread: float = 0.0,
    back: np.ndarray | None = None,
) -> Borders:
    """Return the links of a city with their prices, the same both ways.

    Parameters
    ----------
    city : City
        All blocks.
    price_per_m : float
        Asked for a meter to be paid, in need.
    outline, spread : float
        Price of a meter of perimeter on top, and reward of a square meter, in need.
    back : ndarray of int64, optional
        Each link the other way round, as other borders of the same city have it.
    """
    count = len(city.need)
    row = np.repeat(np.arange(count), np.diff(city.starts))
    column = city.neighbor
    if back is None:
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
    room = np.floor(links.cost[inner] * scale)
    gain, loss = np.floor(gain * scale), np.floor(loss * scale)
    moved, reached = _moved(size, (one[room > 0], two[room > 0]), room[room > 0], gain, loss)
    inside = np.zeros(count, dtype=bool)
    inside[among] = reached
    along = np.zeros(len(one))
    along[room > 0] = moved / scale
    flow[inner] = along
    given = own - np.bincount(one, along, minlength=size)
    return Closure(inside, float(np.maximum(given, 0.0).sum()), flow)


def _moved(
    size: int,
    ends: tuple[np.ndarray, np.ndarray],
    room: np.ndarray,
    gain: np.ndarray,
    loss: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Let as much flow as can from a source over blocks to a sink.

    Parameters
    ----------
    size : int
        How many blocks.
    ends : tuple of ndarray
        Of each link; both ways, in rising order.
    room, gain, loss : ndarray
        Capacity of each link, and of those from the source to each block and on to the sink.

    Returns
    -------
    (ndarray, ndarray of bool)
        What flows along each link, and the blocks the source can still reach.
    """
    one, two = ends
    source, sink = gain > 0, loss > 0
    rows = np.bincount(one, minlength=size)
    spot, last = np.arange(len(one)), np.full(int(sink.sum()), size + 1)

    def laid_out(more: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return where each row ends when some have one more than their links, and the links."""
        ends_ = np.cumsum(rows + more)
        return ends_, spot + (np.cumsum(more) - more)[one]

    ends_, at = laid_out(sink.astype(np.int64))
    starts = np.concatenate([[0], ends_, np.full(2, ends_[-1] + int(source.sum()))])
    columns, capacity = np.empty((2, starts[-1]), dtype=np.int32)
    columns[at], capacity[at] = two, room
    columns[ends_[sink] - 1], capacity[ends_[sink] - 1] = last, loss[sink]
    columns[ends_[-1] :], capacity[ends_[-1] :] = np.flatnonzero(source), gain[source]
    shape = (size + 2, size + 2)
    graph = sparse.csr_array((capacity, columns, starts.astype(np.int32)), shape=shape)
    # It has each link both ways: each block with a gain or a loss has one more place in its row.
    moved = maximum_flow(graph, size, size + 1, method="dinic").flow
    moved.sort_indices()
    ends_, at = laid_out((source | sink).astype(np.int64))
    spare = -moved.data
    spare[at] += room.astype(np.int32)
    spare[ends_[sink] - 1] += loss[sink].astype(np.int32)
    spare[ends_[-1] : ends_[-1] + int(source.sum())] += gain[source].astype(np.int32)
    open_ = sparse.csr_array((np.maximum(spare, 0), moved.indices, moved.indptr), shape=shape)
    open_.eliminate_zeros()
    reached = np.zeros(size + 2, dtype=bool)
    reached[breadth_first_order(open_, size, return_predecessors=False)] = True
    return moved.data[at], reached[:size]
