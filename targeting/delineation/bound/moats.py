"""Hot places that no polygon leaves or fills for free: what they count for is lowered.

The pooled bound counts every hot block in full, also in places too small for a polygon of their
own and far from any other. In the language of prize-collecting Steiner trees (Goemans &
Williamson 1995): the prizes of a place are worth no more than the moat around it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import scipy.sparse as sparse
from scipy.sparse.csgraph import connected_components, dijkstra

from targeting.delineation.bound.budget import PRICED, ROUGH, Place, Priced, part_of, priced
from targeting.delineation.bound.certificate import Moat
from targeting.delineation.bound.rounding import Round
from targeting.delineation.rules import Rules

COLD = 1e-6
CROWDED = 2.0
SAFE = 1e-7
TRIFLE = 2e-4
MOATS = 24
HALVINGS = 4
CLOSE = 16
FARTHER = 1.02


class Dual(NamedTuple):
    """Of each block what it counts for, and what a polygon loses by holding it; the prices.

    `spare` is, for each link of the city, what its border costs beyond what flows over it.
    """

    counts: np.ndarray
    loses: np.ndarray
    spare: np.ndarray
    prices: np.ndarray
    one_more: float


def moats_max(effort: float) -> int:
    """Return around how many places at most a moat is tried."""
    return int(MOATS * effort)


def moats(
    cities: Sequence[Round],
    among: np.ndarray,
    dual: Dual,
    rules: Rules,
    effort: float,
    together: int = 1,
) -> list[Moat]:
    """Return moats around the hot places that are small or remote.

    Parameters
    ----------
    cities : sequence of Round
        The city as the dual has it, and with other prices of roundness: one polygon within a moat
        may be smaller than most.
    among : ndarray of bool
        Blocks that may be in a polygon.
    dual : Dual
        Of the bound to be lowered.
    rules : Rules
        What is asked for.
    effort : float
        How many places are tried, and how often.
    together : int
        How many small places near each other one moat may surround.
    """
    whole = cities[0].whole
    links, count = whole.links, len(among)
    most = moats_max(effort)
    if not most or not among.any() or len(rules.required):
        return []
    tiny = COLD * max(dual.one_more, float(dual.counts.max()))
    hot = among & (dual.counts > tiny)
    label = _places(whole, among & (dual.loses <= tiny))
    open_ = among[links.row] & among[links.column]
    leave = np.maximum(_passing(whole, dual, open_), tiny * COLD)
    ways = (links.row[open_], links.column[open_])
    graph = sparse.csr_array((leave[ways[0]], ways), shape=(count, count))
    worth = np.bincount(label[hot], dual.counts[hot], minlength=int(label.max()) + 1)
    people = np.bincount(label[hot], whole.use[0][hot], minlength=len(worth))
    least = TRIFLE / effort * (float(worth.sum()) + rules.polygons * dual.one_more)
    small = np.flatnonzero((worth > least) & (people <= CROWDED * whole.most[0]))
    small = small[np.argsort(-worth[small], kind="stable")][:most]
    dug = np.zeros(count, dtype=bool)
    found = []
    for which in small:
        core = np.flatnonzero(hot & (label == which))
        if dug[core].any():
            continue
        core, far, radius = _reach(graph, (hot, label, dug), core, dual.counts, whole, together)
        prize = float(dual.counts[core].sum())
        if radius <= tiny:
            continue
        blocks = np.flatnonzero(among & (far < radius))
        moat = _moat(cities, dual, rules, blocks, np.isin(blocks, core), radius / prize, effort)
        if moat is not None:
            dug[blocks] = True
            found.append(moat)
    return found


def _reach(
    graph: sparse.csr_array,
    places: tuple[np.ndarray, np.ndarray, np.ndarray],
    core: np.ndarray,
    counts: np.ndarray,
    whole: Place,
    together: int,
) -> tuple[np.ndarray, np.ndarray, float]:
    """Return a core, how far each block is from it, and how far other places and moats are.

    Where the nearest place is small too, both together may be farther from all others than each
    from the other: then they are one core.
    """
    hot, label, dug = places
    others = (hot & (label != label[core[0]])) | dug
    best: tuple[np.ndarray, np.ndarray, float] | None = None
    for _ in range(together):
        prize = float(counts[core].sum())
        far, near = _nearest(graph, core, others, prize)
        radius = min(prize, float(far[near]) if others[near] else np.inf)
        if best is None or radius > best[2] * FARTHER:
            best = core, far, radius
        if radius >= prize or dug[near]:
            break
        more = np.flatnonzero(hot & (label == label[near]))
        core = np.concatenate([core, more])
        if dug[more].any() or whole.use[0][core].sum() > CROWDED * whole.most[0]:
            break
        others[more] = False
    assert best is not None
    return best


def _nearest(
    graph: sparse.csr_array, core: np.ndarray, others: np.ndarray, most: float
) -> tuple[np.ndarray, int]:
    """Return how far blocks are, to the nearest other place or as far as asked, and that place."""
    limit = most / CLOSE
    while True:
        far = dijkstra(graph, indices=core, min_only=True, limit=min(limit, most))
        near = int(np.argmin(np.where(others, far, np.inf)))
        if limit >= most or (others[near] and np.isfinite(far[near])):
            return far, near
        limit *= 2


def _passing(whole: Place, dual: Dual, open_: np.ndarray) -> np.ndarray:
    """Return what a group loses at least by leading through each block (see the checker)."""
    count = len(dual.loses)
    row, column, spare = whole.links.row[open_], whole.links.column[open_], dual.spare[open_]
    around = np.bincount(column, spare, minlength=count)
    part = np.divide(dual.loses, around, out=np.ones(count), where=around > dual.loses)
    beside = spare * part[column]
    order = np.lexsort((-beside, row))
    rank = np.arange(len(order)) - np.searchsorted(row[order], row[order])
    kept = order[rank >= 2]
    return np.asarray(dual.loses + np.bincount(row[kept], beside[kept], minlength=count))


def _places(whole: Place, passable: np.ndarray) -> np.ndarray:
    """Return the number of each place joined by blocks that lose nothing; −1 elsewhere."""
    links, count = whole.links, len(passable)
    label = np.full(count, -1)
    kept = passable[links.row] & passable[links.column]
    ends = (links.row[kept], links.column[kept])
    graph = sparse.coo_array((np.ones(int(kept.sum())), ends), shape=(count, count))
    label[passable] = connected_components(graph, directed=False)[1][passable]
    return label


def _moat(
    cities: Sequence[Round],
    dual: Dual,
    rules: Rules,
    blocks: np.ndarray,
    core: np.ndarray,
    share: float,
    effort: float,
) -> Moat | None:
    """Lower the core by as much of the share as polygons that stay inside allow."""
    inside = np.zeros(len(dual.counts), dtype=bool)
    inside[blocks] = True
    places = [part_of(city.whole, inside, blocks) for city in cities]
    counts = dual.counts[blocks] * (1 - SAFE)
    if places[0].use[0].sum() < rules.limits.population_min * (1 - SAFE):
        return Moat(blocks, counts * core * share * (1 - SAFE))
    low, high = 0.0, share
    best, which = None, -1
    most = dual.one_more * (1 - SAFE)
    for _ in range(HALVINGS + int(effort)):
        lowered = counts * core * high * (1 - SAFE)
        less = lowered - dual.counts[blocks]
        if which < 0:
            which, known = _of_best(places, less, most)
        else:
            known = _one_inside(places[which], less)
        if known.value <= most:
            person, meter, block = known.prices[:PRICED].tolist()
            round_ = (cities[which].outline, cities[which].spread)
            best = Moat(blocks, lowered, person, meter, block, known.best.flow, *round_)
            if high >= share:
                break
            low, high = high, (high + share) / 2
        else:
            share = high
            high = (low + high) / 2
    return best


def _of_best(places: Sequence[Place], less: np.ndarray, most: float) -> tuple[int, Priced]:
    """Return the first place that stays within what a polygon may be worth, else the nearest."""
    best, known = 0, _one_inside(places[0], less)
    for which, place in enumerate(places[1:], 1):
        if known.value <= most:
            break
        other = _one_inside(place, less)
        if other.value < known.value:
            best, known = which, other
    return best, known


def _one_inside(place: Place, less: np.ndarray) -> Priced:
    """Return what one polygon in a moat is worth at most beyond what its blocks count for."""
    links = place.links._replace(own=place.links.own + less)
    return priced(place._replace(links=links), 1, None, ROUGH, exactly=True)
