"""What it would cost to have a block the other way: in where it is out, out where it is in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from targeting.delineation.graph import City, Limits, measure
from targeting.delineation.reasons.single_moves import Joining, exchanges, joining_of, leaving_of
from targeting.delineation.rules import Rules
from targeting.model import NO_POLYGON

ALL_SEEDS = 30_000
METERS = (4.0, 16.0)
CHAIN_MAX = 40
PAYS = 1e-3


@dataclass(frozen=True)
class Prices:
    """Estimates for every block, in need: each but a chain's is a plan that can be carried out.

    Parameters
    ----------
    price : ndarray
        What the objective loses when the block is forced the other way; missing where no way was
        found.
    built : ndarray of bool
        A plan of that price was put together; else the way there was only added up.
    best : ndarray
        Worth of the best further group with each free block; −inf where none was found.
    joining : Joining
        Pairs of blocks and the polygons beside them.
    """

    price: np.ndarray
    built: np.ndarray
    best: np.ndarray
    joining: Joining


def prices_of(city: City, rules: Rules, member: np.ndarray) -> Prices:
    """Estimate the price of having each block the other way.

    A block outside joins a polygon beside it, or a group grown around it takes the place of the
    least polygon (or comes in addition, while fewer than asked for are there). A block inside
    leaves its polygon, or its polygon gives way to the best further group. One comes for another
    that goes. The cheapest counts.

    Parameters
    ----------
    city, rules : City, Rules
        What the answer was made for.
    member : ndarray of int64
        Polygon of each block, 0 for none.

    Returns
    -------
    Prices

    Examples
    --------
    >>> from targeting.delineation.graph import build_city
    >>> from targeting.model import Links
    >>> at = np.arange(2)
    >>> row = Links(at, at + 1, np.zeros(2), np.full(2, 10.0))
    >>> city = build_city(np.array([5.0, 3.0, -1.0]), np.ones(3), np.full(3, 100.0),
    ...                   np.full(3, 40.0), row)
    >>> rules = Rules(Limits(1, 3, np.inf, 0.0, 0.01), polygons=1)
    >>> prices_of(city, rules, np.array([1, 1, 0])).price.round(2).tolist()
    [4.88, 2.85, 1.12]
    """
    joining = joining_of(city, rules, member)
    leaving = leaving_of(city, rules, member)
    worths = _worths(city, rules.limits, member)
    best = instead = _further(city, rules, member)
    weakest = 0.0
    if len(worths) and len(worths) >= rules.polygons:
        weakest = float(worths.min())
        if len(member) <= ALL_SEEDS:
            given_up = member == int(np.argmin(worths)) + 1
            instead = np.maximum(best, _further(city, rules, np.where(given_up, 0, member)))
    price = np.full(len(member), np.inf)
    outside = member == NO_POLYGON
    price[outside] = np.maximum(weakest - instead[outside], 0.0)
    fits = joining.fits
    np.minimum.at(price, joining.block[fits], np.maximum(joining.loss[fits], 0.0))
    inside = np.flatnonzero(~outside)
    spare = max(float(best.max(initial=-np.inf)), 0.0)
    price[inside] = np.maximum(worths[member[inside] - 1] - spare, 0.0)
    price[inside] = np.where(
        leaving.may[inside],
        np.minimum(price[inside], np.maximum(leaving.loss[inside], 0.0)),
        price[inside],
    )
    new, old, loss = exchanges(city, rules, member, joining, leaving)
    for block in (new, old):
        np.minimum.at(price, block, np.maximum(loss, 0.0))
    barred = outside if rules.barred is None else outside & ~rules.barred
    built = np.isfinite(price)
    chained = _chained(city, rules.limits, price, barred)
    price = np.where(built, price, chained)
    return Prices(np.where(np.isfinite(price), price, np.nan), built, best, joining)


def flips(
    score: np.ndarray, population: np.ndarray, member: np.ndarray, prices: Prices
) -> np.ndarray:
    """Score at which each block would change sides, all else as it is; missing where none does.

    Parameters
    ----------
    score, population : ndarray
        Of each block.
    member : ndarray of int64
        Polygon of each block, 0 for none.
    prices : Prices
        Of the same answer.

    Returns
    -------
    ndarray
        Between 0 and 1. A thousandth more than the price is asked, so that the change pays.

    Examples
    --------
    >>> none = Joining(*(np.empty(0, dtype=int) for _ in range(10)))
    >>> told = Prices(np.array([2.0, 30.0]), np.ones(2, bool), np.zeros(2), none)
    >>> moved = flips(np.array([0.5, 0.5]), np.array([10.0, 10.0]), np.array([0, 1]), told)
    >>> moved.round(4).tolist()
    [0.7002, nan]
    """
    people = np.where(np.nan_to_num(population) > 0, population, np.nan)
    step = np.where(prices.built, prices.price, np.nan) * (1 + PAYS) / people
    moved = np.where(member == NO_POLYGON, score + step, score - step)
    return np.where((moved >= 0) & (moved <= 1), moved, np.nan)


def _worths(city: City, limits: Limits, member: np.ndarray) -> np.ndarray:
    """Objective of each polygon."""
    inside = np.flatnonzero(member)
    count = int(member.max(initial=0))
    if not count:
        return np.empty(0)
    whole = measure(city, inside, member[inside] - 1, count)
    return np.asarray(whole["need"] - limits.price_per_m * whole["priced_m"])


def _further(city: City, rules: Rules, member: np.ndarray) -> np.ndarray:
    """Worth of the best group with each free block that was grown around an urgent one."""
    from targeting.delineation.reasons._prices import best_worth

    limits = rules.limits
    free = member == NO_POLYGON
    if rules.barred is not None:
        free &= ~rules.barred
    if rules.near is not None:
        free &= ~(np.asarray(rules.near @ (member > 0)) > 0)
    seeds = np.flatnonzero(free)
    if len(member) > ALL_SEEDS:
        seeds = seeds[city.need[seeds] > 0]
    seeds = seeds[np.lexsort((seeds, -city.need[seeds]))]
    unit = limits.price_per_m if limits.price_per_m > 0 else 1e-9
    held = np.stack(
        [city.need, city.population, city.area, city.outline, city.priced_outline], axis=1
    )
    bounds = np.array(
        [
            limits.population_min,
            limits.population_max,
            limits.area_max_m2,
            limits.compactness_min,
            limits.blocks_min,
            limits.blocks_max,
            limits.price_per_m,
        ]
    )
    saved = np.stack([city.facing, city.priced_facing], axis=1)
    meters = unit * np.array(METERS)
    count = len(member)
    best = np.full(count, -np.inf)
    room = (np.zeros((4, count), dtype=np.int64), np.zeros((3, count)))
    best_worth(seeds, meters, held, city.starts, city.neighbor, saved, bounds, free, *room, best)
    return best


def _chained(city: City, limits: Limits, price: np.ndarray, open_: np.ndarray) -> np.ndarray:
    """Price of a block through the blocks between it and one whose price is known, added up."""
    told = price.copy()
    block = np.repeat(np.arange(len(price)), np.diff(city.starts))
    step = limits.price_per_m * (city.priced_outline[block] - 2 * city.priced_facing)
    step = np.maximum(step - city.need[block], 0.0)
    ends = open_[block]
    for _ in range(CHAIN_MAX):
        before = told.copy()
        np.minimum.at(told, block[ends], told[city.neighbor[ends]] + step[ends])
        if np.array_equal(before, told):
            break
    return told
