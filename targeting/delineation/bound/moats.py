"""Hot places that no polygon leaves or fills for free: what they count for is lowered.

The pooled bound counts every hot block in full, also in places too small for a polygon of their
own and far from any other. In the language of prize-collecting Steiner trees (Goemans &
Williamson 1995): the prizes of a place are worth no more than the moat around it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.sparse as sparse
from scipy.sparse.csgraph import connected_components, dijkstra

from targeting.delineation.bound.budget import PRICED, ROUGH, Place, part_of, priced
from targeting.delineation.bound.certificate import Moat
from targeting.delineation.rules import Rules

COLD = 1e-6
CROWDED = 2.0
SAFE = 1e-7
TRIFLE = 2e-4
MOATS = 24


class Dual(NamedTuple):
    """Of each block what it counts for, and what a polygon loses by holding it; the prices.

    `spare` is, for each link of the city, what its border costs beyond what flows over it.
    """

    counts: np.ndarray
    loses: np.ndarray
    spare: np.ndarray
    prices: np.ndarray
    one_more: float


def moats(whole: Place, among: np.ndarray, dual: Dual, rules: Rules, effort: float) -> list[Moat]:
    """Return moats around the hot places that are small or remote.

    Parameters
    ----------
    whole : Place
        The city.
    among : ndarray of bool
        Blocks that may be in a polygon.
    dual : Dual
        Of the bound to be lowered.
    rules : Rules
        What is asked for.
    effort : float
        How many places are tried, and how often.
    """
    links, count = whole.links, len(among)
    if not among.any() or len(rules.required):
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
    small = small[np.argsort(-worth[small], kind="stable")][: int(MOATS * effort)]
    taken = hot.copy()
    found = []
    for which in small:
        core = np.flatnonzero(hot & (label == which))
        taken[core] = False
        prize = float(worth[which])
        far = dijkstra(graph, indices=core, min_only=True, limit=prize)
        radius = min(prize, float(far[taken].min(initial=np.inf)))
        taken[core] = True
        if radius <= tiny:
            continue
        blocks = np.flatnonzero(among & (far < radius))
        moat = _moat(whole, dual, rules, blocks, np.isin(blocks, core), radius / prize, effort)
        if moat is not None:
            taken[blocks] = True
            found.append(moat)
    return found


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
    whole: Place,
    dual: Dual,
    rules: Rules,
    blocks: np.ndarray,
    core: np.ndarray,
    share: float,
    effort: float,
) -> Moat | None:
    """Lower the core by as much of the share as polygons that stay inside allow."""
    inside = np.zeros(len(whole.blocks), dtype=bool)
    inside[blocks] = True
    place = part_of(whole, inside, blocks)
    counts = dual.counts[blocks] * (1 - SAFE)
    if whole.use[0][blocks].sum() < rules.limits.population_min * (1 - SAFE):
        return Moat(blocks, counts * core * share * (1 - SAFE))
    low, high = 0.0, share
    best = None
    for _ in range(2 + int(effort)):
        lowered = counts * core * high * (1 - SAFE)
        own = place.links.own - dual.counts[blocks] + lowered
        known = priced(
            place._replace(links=place.links._replace(own=own)), 1, dual.prices, ROUGH, exactly=True
        )
        over = known.value - dual.one_more * (1 - SAFE)
        if over <= 0:
            person, meter, block = known.prices[:PRICED].tolist()
            best = Moat(blocks, lowered, person, meter, block, known.best.flow)
            if high >= share:
                break
            low, high = high, (high + share) / 2
        else:
            share = high
            high = (low + high) / 2
    return best
