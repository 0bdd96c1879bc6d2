"""Prices at which several polygons together have just the room they may have."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from targeting.delineation.bound.cuts import Borders, Closure, closure
from targeting.delineation.graph import City
from targeting.delineation.rules import Rules

ROUNDS = 3
NEAR = 0.01
BELOW = 0.7
PRICED = 3


class Place(NamedTuple):
    """A part of the city to be bounded: its blocks, links, and what each block uses.

    `kept` are the positions of its links among the city's; `use` has a row for people, ground,
    blocks, and polygons (0: none belongs to a block); `most` is what one polygon may use of each,
    `least` how many people it has, `due` what it pays for being one.
    """

    blocks: np.ndarray
    kept: np.ndarray
    links: Borders
    use: np.ndarray
    most: np.ndarray
    least: float
    due: float = 0.0


class Care(NamedTuple):
    """How many cuts at most for each price, and how near the least the bound must come."""

    steps: int
    close: float


FINE = Care(14, 1e-5)
ROUGH = Care(8, 1e-4)


class Priced(NamedTuple):
    """Prices of what `Place.use` counts, the closure at them and the bound."""

    prices: np.ndarray
    best: Closure
    value: float


def everywhere(city: City, rules: Rules, links: Borders) -> Place:
    """Return the whole city as a place."""
    limits = rules.limits
    count = len(city.need)
    return Place(
        np.arange(count),
        np.arange(len(links.row)),
        links,
        np.stack([city.population, city.area, np.ones(count), np.zeros(count)]),
        np.array([limits.population_max, limits.area_max_m2, float(limits.blocks_max), 1.0]),
        limits.population_min,
    )


def part_of(whole: Place, among: np.ndarray, blocks: np.ndarray) -> Place:
    """Return some blocks as a place; a border to blocks outside `among` is always paid.

    Parameters
    ----------
    whole : Place
        The city.
    among : ndarray of bool
        Blocks that may be in a polygon.
    blocks : ndarray of int64
        A union of components of those, in rising order.
    """
    links = whole.links
    place = np.full(len(among), -1)
    place[blocks] = np.arange(len(blocks))
    mine = place[links.row] >= 0
    rim = mine & ~among[links.column]
    kept = np.flatnonzero(mine & among[links.column])
    paid = np.bincount(place[links.row[rim]], links.cost[rim], minlength=len(blocks))
    at = np.full(len(links.row), -1)
    at[kept] = np.arange(len(kept))
    inner = Borders(
        place[links.row[kept]],
        place[links.column[kept]],
        at[links.back[kept]],
        links.cost[kept],
        links.own[blocks] - paid,
    )
    return Place(blocks, kept, inner, whole.use[:, blocks], *whole[4:])


def priced(
    place: Place,
    polygons: int,
    start: np.ndarray | None = None,
    care: Care = FINE,
    *,
    exactly: bool = False,
) -> Priced:
    """Return the prices at which the Lagrangian bound on so many polygons is least.

    Parameters
    ----------
    place : Place
        Where they are.
    polygons : int
        How many share the room.
    start : ndarray, optional
        Prices near the answer.
    care : Care
        How long to look.
    exactly : bool
        Whether there are no fewer polygons: then people may be wanted, at a price below 0.

    Returns
    -------
    Priced
        `value` holds for exactly so many polygons, and unless asked for just that, for fewer.
    """
    room = polygons * place.most
    answer = _begin(place, room, _guess(place, room) if start is None else start)
    for turn in range(ROUNDS):
        before = answer.value
        for which in range(PRICED):
            used = float(place.use[which][answer.best.inside].sum())
            over = np.isfinite(room[which]) and used > room[which]
            several = turn > 0 and int((answer.prices[:PRICED] > 0).sum()) > 1
            loose = (
                several
                and answer.prices[which] > 0
                and abs(used - room[which]) > NEAR * room[which]
            )
            if over or loose:
                better = _along(which, answer, place, room, start, care)
                answer = better if better.value <= answer.value else answer
        if answer.value >= before * (1 - care.close):
            break
    wanted = polygons * place.least
    if exactly and answer.prices[0] == 0 and _people(answer, place) < wanted:
        return _wanting(answer, place, room, wanted, care)
    return answer


def _people(known: Priced, place: Place) -> float:
    return float(place.use[0][known.best.inside].sum())


def _wanting(known: Priced, place: Place, room: np.ndarray, wanted: float, care: Care) -> Priced:
    """Pay for residents until there are as many as the polygons need at least."""
    people = place.use[0]
    some = people > 0
    cold = known.prices @ place.use - place.links.own
    high = 1.001 * float((np.maximum(cold[some], 0.0) / people[some]).max(initial=0.0))

    def at(reward: float) -> Priced:
        prices = known.prices.copy()
        prices[0] = -reward
        found = _at(prices, place, room)
        return found._replace(value=found.value - reward * wanted)

    left, right, best = known, at(high), known
    for _ in range(care.steps):
        best = min(best, left, right, key=lambda found: found.value)
        rise, fall = _people(right, place) - wanted, _people(left, place) - wanted
        if rise <= 0:
            break
        over = left.value - right.value + rise * float(left.prices[0] - right.prices[0])
        reward = -float(left.prices[0]) + max(over, 0.0) / max(rise - fall, 1e-300)
        found = at(min(max(reward, -float(left.prices[0])), -float(right.prices[0])))
        lowest = left.value + fall * (-float(found.prices[0]) + float(left.prices[0]))
        best = min(best, found, key=lambda one: one.value)
        if found.value - lowest <= care.close * abs(found.value):
            break
        if _people(found, place) < wanted:
            left = found
        else:
            right = found
    return best


def _guess(place: Place, room: np.ndarray) -> np.ndarray:
    """Return the price of a resident if borders were free."""
    own, people = place.links.own, place.use[0]
    some = np.flatnonzero((own > 0) & (people > 0))
    rate = own[some] / people[some]
    order = np.argsort(-rate)
    last = np.searchsorted(np.cumsum(people[some][order]), room[0])
    return np.array([rate[order[last]] if last < len(order) else 0.0, 0.0, 0.0, place.due])


def _begin(place: Place, room: np.ndarray, near: np.ndarray) -> Priced:
    """Start below the price looked for: the cut is smaller than at no price at all."""
    below = np.array([BELOW * near[0], 0.0, 0.0, place.due])
    if below[0] > 0:
        answer = _at(below, place, room)
        if float(place.use[0][answer.best.inside].sum()) > room[0]:
            return answer
    return _at(np.array([0.0, 0.0, 0.0, place.due]), place, room)


def at_prices(place: Place, polygons: int, prices: np.ndarray) -> Priced:
    """Return the bound on so many polygons at given prices."""
    return _at(prices, place, polygons * place.most)


def _at(
    prices: np.ndarray, place: Place, room: np.ndarray, within: np.ndarray | None = None
) -> Priced:
    weight = place.links.own - prices @ place.use
    among = np.ones(len(weight), dtype=bool) if within is None else within
    best = closure(place.links, weight, among)
    return Priced(prices, best, best.value + _dues(prices, room))


def _dues(prices: np.ndarray, room: np.ndarray) -> float:
    return float((prices[prices > 0] * room[prices > 0]).sum())


def _along(
    which: int,
    known: Priced,
    place: Place,
    room: np.ndarray,
    start: np.ndarray | None,
    care: Care,
) -> Priced:
    """Minimize over one price, the others fixed: tangents from both sides (a convex function).

    The dearer the thing, the fewer blocks are chosen, and always among those chosen before
    (Gallo, Grigoriadis & Tarjan 1989), so that the cuts get smaller.
    """
    use, most = place.use[which], float(room[which])

    def at(price: float, within: np.ndarray | None) -> tuple[Priced, float]:
        prices = known.prices.copy()
        prices[which] = price
        found = _at(prices, place, room, within)
        return found, most - float(use[found.best.inside].sum())

    low, slope = known, most - float(use[known.best.inside].sum())
    if slope >= 0 and known.prices[which] > 0:
        low, slope = at(0.0, None)
    if slope >= 0:
        return low
    some = low.best.inside & (use > 0)
    dear = 1.0001 * float((np.maximum(place.links.own[some], 0.0) / use[some]).max(initial=0.0))
    least = float(low.prices[which])
    rest = low.value - low.best.value - least * most
    left, right = (least, low.value, slope), (dear, dear * most + rest, most)
    within, best = low.best.inside, low
    hint = 0.0 if start is None else float(start[which])
    for step in range(care.steps):
        over = left[1] - right[1] + right[2] * (right[0] - left[0])
        price = left[0] + max(over, 0.0) / max(right[2] - left[2], 1e-300)
        price = min(max(price, left[0]), right[0])
        lowest = left[1] + left[2] * (price - left[0])
        if step == 0 and left[0] < hint < right[0]:
            price, lowest = hint, -np.inf
        found, slope = at(price, within)
        if found.value < best.value:
            best = found
        if found.value - lowest <= care.close * abs(found.value):
            break
        if slope < 0:
            left, within = (price, found.value, slope), found.best.inside
        else:
            right = (price, found.value, slope)
    return at(float(best.prices[which]), None)[0]
