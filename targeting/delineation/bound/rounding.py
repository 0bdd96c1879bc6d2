"""How much the rule of compactness lowers the bound: a price of outline, a reward of ground.

A polygon with compactness c or more has 4π A ≥ c L² (Polsby and Popper 1991), and so for every
price λ of a meter and reward ρ of a square meter λ L − ρ A ≤ π λ² / (c ρ). To all polygons
together that gives a term linear in blocks and borders, which a minimum cut can weigh.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from targeting.delineation.bound.budget import (
    ROUGH,
    Care,
    Place,
    Priced,
    everywhere,
    part_of,
    priced,
)
from targeting.delineation.bound.cuts import borders
from targeting.delineation.bound.possible import Possible
from targeting.delineation.graph import City
from targeting.delineation.rules import Rules

STEPS = 5
SKETCH = Care(4, 3e-3)
WIDER = 2.0
NEAR = 0.02
SMALLER = ((0.5, 0.8), (1.0, 1.6), (0.3, 0.75))


class Round(NamedTuple):
    """The city with a price of a meter and a reward of a square meter on top, both in need."""

    whole: Place
    everything: Place
    outline: float
    spread: float


def flat(city: City, rules: Rules, possible: Possible) -> Round:
    """Return the city with nothing on top."""
    return _with(city, rules, possible, 0.0, 0.0)


def rounded(
    city: City, rules: Rules, possible: Possible, before: Round, known: Priced
) -> tuple[Round, Priced]:
    """Return price and reward at which the bound is about least, and what it is there.

    Parameters
    ----------
    city, rules, possible : City, Rules, Possible
        What is bounded.
    before, known : Round, Priced
        The city with nothing on top, and its prices.

    Returns
    -------
    tuple of Round and Priced
        What was given where compactness is not asked for or asks for nothing.
    """
    most = rules.limits.compactness_min
    polygons = possible.polygons(rules)
    outline, ground = _extent(city, before, known)
    # A convex function of the price, whose slope is what outline may be at most less what it is.
    slope = _allowed(most, polygons, ground) - outline
    if most <= 0 or slope >= 0:
        return before, known
    best, value = before, known
    low, high = (0.0, slope), (math.inf, math.inf)
    price = rules.limits.price_per_m or float(np.abs(city.need).sum() / city.outline.sum())
    price = price / 2
    for _ in range(STEPS):
        # The reward that costs least where so much ground is chosen.
        reward = 2 * math.pi * price / (most * _allowed(most, polygons, ground) / polygons)
        at = _with(city, rules, possible, price, reward, before)
        found = priced(at.everything, polygons, value.prices, SKETCH)
        if found.value < value.value:
            best, value = at, found
        outline, ground = _extent(city, at, found)
        if ground <= 0:
            break
        slope = _allowed(most, polygons, ground) - outline
        if abs(slope) <= NEAR * outline:
            break
        if slope < 0:
            low = (price, slope)
        else:
            high = (price, slope)
        price = _next(low, high)
    if best is before:
        return before, known
    found = priced(best.everything, polygons, value.prices, ROUGH)
    return best, min(found, value, key=lambda one: one.value)


def others(city: City, rules: Rules, possible: Possible, at: Round) -> list[Round]:
    """Return the city at other prices of roundness, for polygons smaller than most."""
    if not at.outline:
        return []
    return [
        _with(city, rules, possible, at.outline * outline, at.spread * spread, at)
        for outline, spread in SMALLER
    ]


def _next(low: tuple[float, float], high: tuple[float, float]) -> float:
    if math.isinf(high[0]):
        return WIDER * low[0]
    part = low[1] / (low[1] - high[1])
    return low[0] + min(max(part, 0.2), 0.8) * (high[0] - low[0])


def _allowed(most: float, polygons: int, ground: float) -> float:
    """Return the longest outline of so many polygons of equal area."""
    return math.sqrt(4 * math.pi * ground * polygons / most) if most > 0 else math.inf


def _extent(city: City, at: Round, known: Priced) -> tuple[float, float]:
    """Return outline (m) and ground (m²) of the blocks chosen."""
    inside = np.zeros(len(city.need), dtype=bool)
    inside[at.everything.blocks[known.best.inside]] = True
    links = at.whole.links
    both = inside[links.row] & inside[links.column]
    outline = city.outline[inside].sum() - city.facing[both].sum()
    return float(outline), float(city.area[inside].sum())


def _with(
    city: City,
    rules: Rules,
    possible: Possible,
    outline: float,
    spread: float,
    like: Round | None = None,
) -> Round:
    limits = rules.limits
    back = None if like is None else like.whole.links.back
    whole = everywhere(city, rules, borders(city, limits.price_per_m, outline, spread, back))
    if outline > 0:
        whole = whole._replace(due=math.pi * outline**2 / (limits.compactness_min * spread))
    everything = part_of(whole, possible.among, np.flatnonzero(possible.among))
    return Round(whole, everything, outline, spread)
