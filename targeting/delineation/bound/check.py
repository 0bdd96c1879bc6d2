"""A second opinion on the bound: recomputed from its dual numbers alone, rounded outward.

Nothing here is shared with the code that looks for good dual numbers. Whatever numbers are given,
the result is an upper bound; wrong ones can only make it weaker.

For a group R that keeps the rules, with prices μ (resident), α (square meter), β (block) and a
flow g along links that is antisymmetric and nowhere above the price of the border,

    worth(R) = Σ need − price · outline + price · facing inside
             ≤ Σ_R [need − price · (outline − facing to all) − Σ g − μ pop − α area − β]
               + μ · pop(R) + α · area(R) + β · blocks(R),

because what flows between two blocks of R cancels and what flows out of R is at most what its
border costs. The last three terms are at most what one polygon may hold. Summing over disjoint
groups leaves each block's bracket at most once: taken when positive.
"""

from __future__ import annotations

import math

import numpy as np
import scipy.sparse as sparse
from scipy.sparse.csgraph import connected_components

from targeting.delineation.bound.certificate import Certificate
from targeting.delineation.graph import City
from targeting.delineation.rules import SLACK, Rules

ULPS = 64
OUTWARD = 4 * np.finfo(np.float64).eps


def check_bound(city: City, rules: Rules, certificate: Certificate) -> float:
    """Recompute an upper bound on the worth of every plan that keeps the rules.

    Parameters
    ----------
    city, rules : City, Rules
        The blocks and what is asked for.
    certificate : Certificate
        Dual numbers; numbers that are missing, negative where they must not be, or not finite
        count as 0.

    Returns
    -------
    float
        In need. At least 0 unless exactly `rules.polygons` are asked for or blocks are required.

    Examples
    --------
    >>> from targeting.delineation.graph import Limits, build_city
    >>> from targeting.model import Links
    >>> two = Links(np.array([0]), np.array([1]), np.array([0.0]), np.array([50.0]))
    >>> city = build_city(np.ones(2), np.ones(2), np.full(2, 2500.0), np.full(2, 200.0), two)
    >>> rules = Rules(Limits(1, 9, np.inf, 0, 0.001), 1)
    >>> round(check_bound(city, rules, Certificate()), 6)
    1.7
    """
    held, room = _may_hold(city, rules)
    forced = np.zeros(len(city.need), dtype=bool)
    forced[rules.required] = True
    bracket, doubt = _brackets(city, rules, certificate, held)
    taken = np.where(forced, bracket, np.where(held, np.maximum(bracket, 0.0), 0.0))
    counted = held | forced
    return _outward(
        [math.fsum(taken[counted]), math.fsum(doubt[counted]), _polygons(rules, certificate, room)]
    )


def _may_hold(city: City, rules: Rules) -> tuple[np.ndarray, int]:
    """Blocks that can be in a polygon, and how many polygons their components have people for."""
    limits, count = rules.limits, len(city.need)
    out = (city.population > limits.population_max * (1 + 2 * SLACK)) | (
        city.area > limits.area_max_m2 * (1 + 2 * SLACK)
    )
    if rules.barred is not None:
        out = out | rules.barred
    row = np.repeat(np.arange(count), np.diff(city.starts))
    open_ = ~(out[row] | out[city.neighbor])
    pairs = (np.ones(int(open_.sum())), (row[open_], city.neighbor[open_]))
    _, part = connected_components(sparse.coo_array(pairs, shape=(count, count)), directed=False)
    polygons = 0
    people = np.bincount(part, np.where(out, 0.0, city.population)) * (1 + OUTWARD * ULPS)
    blocks = np.bincount(part, ~out)
    poor = (people < limits.population_min * (1 - 2 * SLACK)) | (blocks < max(limits.blocks_min, 1))
    if rules.seeds is not None:
        poor |= np.bincount(part, rules.seeds & ~out) == 0
    for place in np.flatnonzero(~poor):
        room = math.floor(blocks[place] / max(limits.blocks_min, 1))
        least = limits.population_min * (1 - 3 * SLACK)
        if least > 0:
            room = min(room, math.floor(people[place] / least))
        polygons += room
        if polygons >= rules.polygons:
            return ~out & ~poor[part], rules.polygons
    return ~out & ~poor[part], polygons


def _brackets(
    city: City, rules: Rules, given: Certificate, held: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return each block's bracket, and how far rounding may have put it off."""
    count, price = len(city.need), rules.limits.price_per_m
    row = np.repeat(np.arange(count), np.diff(city.starts))
    facing = sparse.coo_array((city.priced_facing, (row, city.neighbor)), (count, count)).tocsr()
    handed = np.nan_to_num(given.flow) if len(given.flow) == len(row) else np.zeros(len(row))
    flow = sparse.coo_array((handed, (row, city.neighbor)), (count, count)).tocsr()
    flow = ((flow - flow.T) / 2).tocoo()
    cost = (price / 2) * (facing + facing.T)
    one, two = flow.coords
    most = np.asarray(cost[one, two]).ravel()
    passed = np.clip(flow.data, -most, most)
    # A border to a block no polygon can hold is always paid, whatever the flow says.
    beyond = ~held[two]
    away = np.bincount(one[~beyond], passed[~beyond], minlength=count)
    paid = np.asarray(cost @ (~held).astype(float)).ravel()
    inner = np.asarray(cost.sum(axis=1)).ravel()
    person, meter, block = _prices(rules, given)
    dues = person * city.population + meter * city.area + block
    parts = (city.need, price * city.priced_outline, inner, away, paid, dues)
    bracket = parts[0] - parts[1] + parts[2] - parts[3] - parts[4] - parts[5]
    moved = np.bincount(one, np.abs(passed), minlength=count)
    size = sum(np.abs(part) for part in (*parts, moved))
    ulps = ULPS + 4 * np.diff(city.starts)
    return bracket, np.asarray(size * ulps * np.finfo(np.float64).eps)


def _polygons(rules: Rules, given: Certificate, room: int) -> float:
    """Return what the prices of one polygon's room are worth, for all polygons."""
    limits = rules.limits
    person, meter, block = _prices(rules, given)
    people = limits.population_max if person > 0 else limits.population_min
    one = person * people * (1 + math.copysign(3 * SLACK, person)) if person else 0.0
    one += meter * limits.area_max_m2 * (1 + 3 * SLACK) if meter else 0.0
    one += block * limits.blocks_max
    if one < 0:
        return one * rules.polygons * (1 - 4 * OUTWARD) if rules.exactly else 0.0
    return one * room * (1 + 4 * OUTWARD)


def _prices(rules: Rules, given: Certificate) -> tuple[float, float, float]:
    """Prices of a resident, a square meter and a block; 0 where there is no limit to price."""
    limits = rules.limits
    person = given.resident if math.isfinite(given.resident) else 0.0
    meter = given.ground if math.isfinite(given.ground) else 0.0
    block = given.block if math.isfinite(given.block) else 0.0
    if not math.isfinite(limits.population_max):
        person = min(person, 0.0)
    if not math.isfinite(limits.area_max_m2):
        meter = 0.0
    return person, max(meter, 0.0), max(block, 0.0)


def _outward(parts: list[float]) -> float:
    total = math.fsum(parts)
    return math.nextafter(total + abs(total) * OUTWARD, math.inf)
