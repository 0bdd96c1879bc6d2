"""The upper bound: dual numbers looked for here, its value taken from the checker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from tqdm import tqdm

from targeting.delineation.bound.budget import (
    PRICED,
    ROUGH,
    Place,
    Priced,
    at_prices,
    part_of,
    priced,
)
from targeting.delineation.bound.certificate import Bound, Certificate, Piece
from targeting.delineation.bound.check import check_bound
from targeting.delineation.bound.moats import Dual, moats, moats_max
from targeting.delineation.bound.possible import Possible, possible_blocks
from targeting.delineation.bound.rounding import Round, flat, others, rounded
from targeting.delineation.graph import City
from targeting.delineation.rules import Rules, plan_worth

CROWDED = 8
TURNS = 3
TRIFLE = 3e-4
LONGER = 2.0
TOGETHER = 6
WIDE = 0.25
FACTORS = (1.015, 1.03, 1.05, 0.98)


def upper_bound(
    city: City, rules: Rules, *, plan: Sequence[np.ndarray] = (), effort: float = 1.0
) -> Bound:
    """Return a value no plan that keeps the rules can exceed, and the numbers that prove it.

    Parameters
    ----------
    city, rules : City, Rules
        The blocks and what is asked for.
    plan : sequence of ndarray, optional
        A good plan, to aim at: where it is far from the bound, that is looked at longer. The
        bound is valid without it, or with a bad one.
    effort : float
        1 fits a run; more looks longer for better numbers.

    Returns
    -------
    Bound

    Examples
    --------
    >>> from targeting.delineation.graph import Limits, build_city
    >>> from targeting.model import Links
    >>> two = Links(np.array([0]), np.array([1]), np.array([0.0]), np.array([50.0]))
    >>> city = build_city(np.ones(2), np.ones(2), np.full(2, 2500.0), np.full(2, 200.0), two)
    >>> round(upper_bound(city, Rules(Limits(1, 1, np.inf, 0, 0.001), 1)).value, 6)
    0.8875
    """
    possible = possible_blocks(city, rules)
    polygons = possible.polygons(rules)
    if not polygons:
        certificate = Certificate()
        return Bound(check_bound(city, rules, certificate), certificate)
    at = flat(city, rules, possible)
    pooled = priced(at.everything, polygons)
    at, pooled = rounded(city, rules, possible, at, pooled)
    digs = moats_max(effort) > 0
    cities = [at, *(others(city, rules, possible, at) if digs else [])]

    def proven(pieces: Sequence[Piece]) -> Bound:
        round_ = (replace(piece, outline=at.outline, spread=at.spread) for piece in pieces)
        certificate = Certificate(tuple(round_))
        return Bound(check_bound(city, rules, certificate), certificate)

    pieces = _pieces(cities, possible, pooled, rules, effort)
    bound = proven(pieces)
    wide = len(plan) > 0 and bound.gap(plan_worth(city, rules, plan)) > WIDE
    if not digs or (not wide and effort < LONGER):
        return bound
    return proven([*pieces, _everywhere(cities, possible, pooled, rules, effort, TOGETHER)])


class _Table:
    """What a component with few polygons is worth at most, by their number."""

    def __init__(self, place: Place, room: int, start: np.ndarray, guess: int) -> None:
        self.place, self.room, self.start, self.guess = place, room, start, guess
        self.known: dict[int, Priced] = {}

    def worth(self, number: int) -> float:
        if number == 0:
            return 0.0
        if number not in self.known:
            self.known[number] = priced(self.place, number, self.start, ROUGH, exactly=True)
        return self.known[number].value

    def best(self, guess: int, one_more: float) -> int:
        """Return how many polygons pay most when each costs so much; worth is concave."""
        number = min(max(guess, 0), self.room)
        for step in (1, -1):
            while 0 <= number + step <= self.room:
                gain = self.worth(number + step) - self.worth(number) - step * one_more
                if gain <= 0:
                    break
                number += step
        return number


def _pieces(
    cities: Sequence[Round], possible: Possible, pooled: Priced, rules: Rules, effort: float
) -> list[Piece]:
    """Prices for each component with few polygons by itself, and for the others together.

    How many polygons each gets in the best split follows from what one more is worth among the
    others, and that from how many are left for them.
    """
    whole, everything = cities[0].whole, cities[0].everything
    polygons = possible.polygons(rules)
    pieces = [_everywhere(cities, possible, pooled, rules, effort)]
    for factor in FACTORS if effort >= LONGER else ():
        other = at_prices(everything, polygons, pooled.prices * np.array([factor] * 3 + [1.0]))
        pieces.append(_everywhere(cities, possible, other, rules, effort))
    tables = _tables(whole, everything, possible, pooled, polygons, effort)
    if not tables:
        return pieces
    others = possible.among & ~np.isin(possible.part, list(tables))
    rest = part_of(whole, possible.among, np.flatnonzero(others))
    found: dict[int, Priced] = {}
    taken = {which: table.guess for which, table in tables.items()}
    prices = pooled.prices
    for _ in tqdm(range(TURNS), desc="bound", delay=2, disable=None, leave=False):
        one_more = _one_more(prices, whole)
        taken = {which: tables[which].best(taken[which], one_more) for which in tables}
        left = max(polygons - sum(taken.values()), 1)
        if left in found:
            break
        found[left] = priced(rest, left, prices)
        prices = found[left].prices
    for known in found.values():
        pieces += _parted(rest, known, possible)
    for table in tables.values():
        for known in table.known.values():
            pieces += _parted(table.place, known, possible)
    return pieces


def _tables(
    whole: Place,
    place: Place,
    possible: Possible,
    pooled: Priced,
    polygons: int,
    effort: float,
) -> dict[int, _Table]:
    """Return tables of the components with few polygons that matter."""
    part, count = possible.part[place.blocks], len(possible.room)
    people = np.bincount(part, place.use[0] * pooled.best.inside, minlength=count)
    full = people / whole.most[0] if 0 < whole.most[0] < np.inf else np.ones(count)
    crowded = (full > CROWDED) & (possible.room > CROWDED)
    crowded[np.lexsort((np.arange(count), -np.bincount(part), -full))[0]] = True
    counted = np.bincount(part, _bracket(place, pooled).clip(0), minlength=count)
    few = ~crowded & (counted > TRIFLE / effort * pooled.value)
    return {
        int(which): _Table(
            part_of(whole, possible.among, np.flatnonzero(possible.part == which)),
            int(min(possible.room[which], polygons)),
            pooled.prices,
            round(float(full[which])),
        )
        for which in np.flatnonzero(few)
    }


def _bracket(place: Place, known: Priced) -> np.ndarray:
    out = np.bincount(place.links.row, known.best.flow, minlength=len(place.blocks))
    return np.asarray(place.links.own - known.prices @ place.use - out)


def _everywhere(
    cities: Sequence[Round],
    possible: Possible,
    known: Priced,
    rules: Rules,
    effort: float,
    together: int = 1,
) -> Piece:
    """One piece for all components, with moats around its remote hot places."""
    whole, place = cities[0].whole, cities[0].everything
    bracket = _bracket(place, known)
    counts, loses = np.zeros(len(whole.blocks)), np.zeros(len(whole.blocks))
    counts[place.blocks] = np.maximum(bracket, 0.0)
    loses[place.blocks] = np.maximum(-bracket, 0.0)
    flow = np.zeros(len(whole.kept))
    flow[place.kept] = known.best.flow
    spare = np.maximum(whole.links.cost - flow, 0.0)
    dual = Dual(counts, loses, spare, known.prices, _one_more(known.prices, whole))
    around = moats(cities, possible.among, dual, rules, effort, together)
    return Piece(*_plain(known.prices), flow, moats=tuple(around))


def _parted(place: Place, known: Priced, possible: Possible) -> list[Piece]:
    """One piece for each component of a place."""
    part = possible.part[place.blocks]
    of_link = part[place.links.row]
    return [
        Piece(
            *_plain(known.prices),
            known.best.flow[of_link == which],
            int(place.blocks[np.argmax(part == which)]),
        )
        for which in np.unique(part)
    ]


def _plain(prices: np.ndarray) -> tuple[float, float, float]:
    person, meter, block = prices[:PRICED].tolist()
    return person, meter, block


def _one_more(prices: np.ndarray, whole: Place) -> float:
    priced_ = prices > 0
    return float((prices[priced_] * whole.most[priced_]).sum())
