"""The price of a resident: where all polygons together have just the people they may have."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from targeting.delineation.bound.cuts import Borders, Closure, closure
from targeting.delineation.graph import City
from targeting.delineation.rules import Rules

STEPS = 14
CLOSE = 1e-5
ROUNDS = 4


class Priced(NamedTuple):
    """Prices of a resident, a square meter and a block, the closure at them and the bound."""

    prices: np.ndarray
    best: Closure
    value: float


class _Budget(NamedTuple):
    """One scarce thing: how much each block uses and how much all polygons together may."""

    use: np.ndarray
    most: float


def priced(
    city: City,
    rules: Rules,
    links: Borders,
    among: np.ndarray,
    polygons: int,
    own: np.ndarray,
    start: np.ndarray | None = None,
) -> Priced:
    """Return the prices at which the Lagrangian bound with pooled budgets is least.

    Parameters
    ----------
    city, rules : City, Rules
        The blocks and what is asked for.
    links : Borders
        Of the city.
    among : ndarray of bool
        Blocks that may be in a polygon.
    polygons : int
        How many at most.
    own : ndarray
        What a block is worth while all its neighbors are in, before any price.
    start : ndarray, optional
        Prices to start from.
    """
    limits = rules.limits
    budgets = [
        _Budget(city.population, polygons * limits.population_max),
        _Budget(city.area, polygons * limits.area_max_m2),
        _Budget(np.ones(len(own)), float(polygons) * limits.blocks_max),
    ]
    prices = np.zeros(3) if start is None else start.copy()
    answer = _at(prices, budgets, links, among, own)
    for turn in range(ROUNDS):
        moved = False
        for which, budget in enumerate(budgets):
            if not np.isfinite(budget.most):
                continue
            used = float(budget.use[answer.best.inside].sum())
            if used <= budget.most and prices[which] == 0:
                continue
            if turn and abs(used / budget.most - 1) < 0.01:
                continue
            better = _along(which, answer, budgets, links, among, own)
            moved |= better.value < answer.value * (1 - CLOSE)
            answer = better if better.value <= answer.value else answer
            prices = answer.prices
        if not moved:
            break
    return answer


def _at(
    prices: np.ndarray, budgets: list[_Budget], links: Borders, among: np.ndarray, own: np.ndarray
) -> Priced:
    weight = own - sum(price * budget.use for price, budget in zip(prices, budgets, strict=True))
    best = closure(links, np.asarray(weight), among)
    dues = [p * b.most for p, b in zip(prices, budgets, strict=True) if p > 0]
    return Priced(prices, best, best.value + float(sum(dues)))


def _along(
    which: int,
    known: Priced,
    budgets: list[_Budget],
    links: Borders,
    among: np.ndarray,
    own: np.ndarray,
) -> Priced:
    """Minimize over one price, the others fixed: tangents from both sides (a convex function).

    The dearer the thing, the fewer blocks are chosen, and always among those chosen before
    (Gallo, Grigoriadis & Tarjan 1989), so that the cuts get smaller.
    """
    budget = budgets[which]

    def at(price: float, within: np.ndarray) -> tuple[Priced, float]:
        prices = known.prices.copy()
        prices[which] = price
        found = _at(prices, budgets, links, within, own)
        return found, budget.most - float(budget.use[found.best.inside].sum())

    low = at(0.0, among)[0] if known.prices[which] else known
    slope = budget.most - float(budget.use[low.best.inside].sum())
    if slope >= 0:
        return low
    high = _dear(low, budget, own)
    worth = high * budget.most + _rest(known, which, budgets)
    left, right = (0.0, low.value, slope), (high, worth, budget.most)
    within, best = low.best.inside, low
    for _ in range(STEPS):
        over = left[1] - right[1] + right[2] * (right[0] - left[0])
        price = left[0] + max(over, 0.0) / max(right[2] - left[2], 1e-300)
        price = min(max(price, left[0]), right[0])
        lowest = left[1] + left[2] * (price - left[0])
        found, slope = at(price, within)
        if found.value < best.value:
            best = found
        if found.value - lowest <= CLOSE * abs(found.value):
            break
        if slope < 0:
            left, within = (price, found.value, slope), found.best.inside
        else:
            right = (price, found.value, slope)
    final, _ = at(float(best.prices[which]), among)
    return final


def _dear(low: Priced, budget: _Budget, own: np.ndarray) -> float:
    """Price at which nothing is worth choosing."""
    some = low.best.inside & (budget.use > 0)
    return float((np.maximum(own[some], 0.0) / budget.use[some]).max(initial=0.0)) * 1.0001


def _rest(known: Priced, which: int, budgets: list[_Budget]) -> float:
    both = enumerate(zip(known.prices, budgets, strict=True))
    dues = [price * budget.most for n, (price, budget) in both if n != which and price > 0]
    return float(sum(dues))
