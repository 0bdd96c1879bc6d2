"""A second opinion on the bound: recomputed from its dual numbers alone, rounded outward.

Nothing here is shared with the code that looks for good dual numbers. Whatever numbers are given,
the result is an upper bound; wrong ones can only make it weaker.

For a group R that keeps the rules, with prices μ (resident), α (square meter), β (block) and a
flow g along links that is antisymmetric and nowhere above the price of the border,

    worth(R) = Σ need − price · outline + price · facing inside
             ≤ Σ_R [need − price · (outline − facing to all) − Σ g − μ pop − α area − β]
               + μ · pop(R) + α · area(R) + β · blocks(R),

because what flows between two blocks of R cancels and what flows out of R is at most what its
border costs. The last three terms are at most what one polygon may hold. Where compactness c is
asked for, outline L and area A of a polygon have c L² ≤ 4π A, so that λ L − ρ A ≤ π λ² / (c ρ): a
meter may cost λ more and a square meter bring ρ, if each polygon is given the right side.
Summed over n disjoint groups of one component each block's bracket counts at most once: taken when
positive. A polygon lies in one component, so that the best split of the polygons over the
components bounds all.
"""

from __future__ import annotations

import heapq
import math
from typing import NamedTuple

import numpy as np
import scipy.sparse as sparse
from scipy.sparse.csgraph import connected_components

from targeting.delineation.bound.certificate import Certificate, Moat, Piece
from targeting.delineation.graph import City
from targeting.delineation.rules import SLACK, Rules

ULPS = 64
EPSILON = float(np.finfo(np.float64).eps)
OUTWARD = 4 * EPSILON


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
        In need. Minus infinity when there is no such plan because the components have no room.

    Examples
    --------
    >>> from targeting.delineation.graph import Limits, build_city
    >>> from targeting.model import Links
    >>> two = Links(np.array([0]), np.array([1]), np.array([0.0]), np.array([50.0]))
    >>> city = build_city(np.ones(2), np.ones(2), np.full(2, 2500.0), np.full(2, 200.0), two)
    >>> rules = Rules(Limits(1, 9, np.inf, 0, 0.001), 1)
    >>> round(check_bound(city, rules, Certificate()), 6)
    1.775
    """
    ground = _read(city, rules)
    room = ground.room
    lines: list[list[tuple[float, float]]] = [[] for _ in room]
    for piece in (Piece(), *certificate.pieces):
        for part, fixed in _fixed(ground, city, rules, piece):
            lines[part].append((fixed, _of_one(rules, piece)))
    fewest = np.minimum(np.bincount(ground.part[rules.required], minlength=len(room)), 1)
    best = np.array([0.0])
    for part, most in enumerate(room):
        if most:
            number = range(int(fewest[part]), min(most, rules.polygons) + 1)
            best = _with_part(best, lines[part], number, rules.polygons)
    if rules.exactly:
        return float(best[rules.polygons]) if len(best) > rules.polygons else -math.inf
    return float(best.max())


class _Ground(NamedTuple):
    """Blocks that can be in a polygon, their component, room for polygons in each, and links.

    `flow` is work space, all 0 between uses.
    """

    held: np.ndarray
    part: np.ndarray
    room: list[int]
    back: np.ndarray
    cost: np.ndarray
    flow: np.ndarray


def _read(city: City, rules: Rules) -> _Ground:
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
    people = np.bincount(part, np.where(out, 0.0, city.population)) * (1 + OUTWARD * ULPS)
    blocks = np.bincount(part, ~out)
    seeds = blocks if rules.seeds is None else np.bincount(part, rules.seeds & ~out)
    least = limits.population_min * (1 - 3 * SLACK)
    room = [
        int(min(many // max(limits.blocks_min, 1), seeded))
        if least <= 0
        else int(min(many // max(limits.blocks_min, 1), seeded, math.floor(living / least)))
        for living, many, seeded in zip(people, blocks, seeds, strict=True)
    ]
    back = np.empty(len(row), dtype=np.int64)
    back[np.argsort(row * count + city.neighbor)] = np.argsort(city.neighbor * count + row)
    held = ~out & (np.array(room)[part] > 0)
    return _Ground(held, part, room, back, np.zeros(len(row)), np.zeros(len(row)))


def _border_costs(
    ground: _Ground, city: City, rules: Rules, own: Piece | Moat, links: np.ndarray | slice
) -> np.ndarray:
    """Return what it costs to part two neighbors, the same both ways."""
    more, _ = _roundness(rules, own)
    price, back = rules.limits.price_per_m, ground.back[links]
    cost = (price * city.priced_facing[links] + price * city.priced_facing[back]) / 2
    if more:
        cost = cost + (more * city.facing[links] + more * city.facing[back]) / 2
    return np.asarray(cost)


def _fixed(ground: _Ground, city: City, rules: Rules, piece: Piece) -> list[tuple[int, float]]:
    """Return, for each component a piece speaks of, the sum of its blocks' brackets."""
    ground = ground._replace(cost=_border_costs(ground, city, rules, piece, slice(None)))
    local = 0 <= piece.start < len(city.need)
    if local:
        blocks = np.flatnonzero(ground.held & (ground.part == ground.part[piece.start]))
    else:
        blocks = np.flatnonzero(ground.held)
    many = np.diff(city.starts)[blocks]
    place = np.arange(int(many.sum())) + np.repeat(
        city.starts[blocks] - np.cumsum(many) + many, many
    )
    inner = ground.held[city.neighbor[place]]
    given = np.nan_to_num(np.asarray(piece.flow, dtype=np.float64))
    flow = ground.flow
    known = place[inner] if local else np.arange(len(flow))
    if len(given) == len(known):
        flow[known] = given
    cost = ground.cost[place]
    away = np.clip((flow[place] - flow[ground.back[place]]) / 2, -cost, cost)
    flow[known] = 0.0
    # A border to a block no polygon can hold is always paid, whatever the flow says.
    away = np.where(inner, away, cost)
    bracket = _brackets(city, rules, piece, blocks, (many, cost, away))
    if piece.moats and not local and not len(rules.required):
        spare = np.zeros(len(flow))
        spare[place[inner]] = (cost - away)[inner]
        bracket = _lowered(ground, city, rules, piece, blocks, bracket, spare)
    counted = np.flatnonzero((bracket > 0) | np.isin(blocks, rules.required))
    part = ground.part[blocks]
    sums = {int(which): [0.0] for which in np.unique(part)}
    counted = counted[np.argsort(part[counted], kind="stable")]
    some, first = np.unique(part[counted], return_index=True)
    ends = np.append(first, len(counted))[1:]
    for which, begin, end in zip(some, first, ends, strict=True):
        sums[int(which)] = bracket[counted[begin:end]].tolist()
    return [(which, _up(math.fsum(taken))) for which, taken in sums.items()]


def _lowered(
    ground: _Ground,
    city: City,
    rules: Rules,
    piece: Piece,
    blocks: np.ndarray,
    bracket: np.ndarray,
    spare: np.ndarray,
) -> np.ndarray:
    """Return brackets lowered inside moats, each by no more than it takes to leave the moat.

    Let R hold lowered blocks. If it leaves each moat it has them in, it loses there at least as
    much as all lowering in that moat; moats share no block. Else it lies in one moat, and that
    moat's own prices bound what it is worth. `spare` is what a border costs beyond what flows.
    """
    whole = np.zeros(len(city.need))
    whole[blocks] = bracket
    free = ground.held.copy()
    for moat in piece.moats:
        mine = np.unique(np.asarray(moat.blocks, dtype=np.int64))
        usable = len(mine) == len(moat.blocks) == len(moat.lowered) and len(mine) > 0
        if not usable or mine[0] < 0 or mine[-1] >= len(free) or not free[mine].all():
            continue
        order = np.argsort(moat.blocks)
        less = np.clip(np.nan_to_num(np.asarray(moat.lowered, dtype=np.float64))[order], 0, None)
        less = np.minimum(less, np.maximum(whole[mine], 0.0))
        total = math.fsum(less) * (1 + OUTWARD * ULPS)
        if total <= 0:
            continue
        way_out = _way_out(ground, city, mine, less > 0, np.maximum(-whole[mine], 0.0), spare)
        less = less * min(1.0, way_out / total) * (1 - OUTWARD * ULPS)
        after = whole[mine] - less
        stays = _stays(ground, city, rules, moat, mine, np.maximum(after, 0.0))
        if stays <= _of_one(rules, piece) * (1 - OUTWARD * ULPS):
            whole[mine] = after
            free[mine] = False
    return np.asarray(whole[blocks])


def _way_out(
    ground: _Ground,
    city: City,
    mine: np.ndarray,
    core: np.ndarray,
    loses: np.ndarray,
    spare: np.ndarray,
) -> float:
    """Return the least a group loses in a moat when it leads from the core out of it.

    The group holds a way out without short cuts. Each block of the way costs what it loses, and
    each block beside the way costs either what it loses (when it is in the group) or the spare
    price of its borders to the way (when not): at least the share of the lesser that falls to
    each of its borders. A block of the way has two neighbors on the way; the dearest two are
    left out.
    """
    place = np.full(len(city.need), -1)
    place[mine] = np.arange(len(mine))
    many = np.diff(city.starts)[mine]
    links = np.arange(int(many.sum())) + np.repeat(city.starts[mine] - np.cumsum(many) + many, many)
    one, two = np.repeat(np.arange(len(mine)), many), place[city.neighbor[links]]
    within = two >= 0
    one, two, dear = one[within], two[within], spare[links[within]]
    around = np.bincount(two, dear, minlength=len(mine)) * (1 + OUTWARD * ULPS)
    part = np.divide(loses, around, out=np.ones(len(mine)), where=around > loses)
    beside = dear * part[two]
    most = np.zeros((2, len(mine)))
    for turn in range(2):
        np.maximum.at(most[turn], one, beside)
        first = np.full(len(mine), len(one))
        top = np.flatnonzero((beside == most[turn][one]) & (beside > 0))
        np.minimum.at(first, one[top], top)
        beside[first[first < len(one)]] = 0.0
    loses = loses + np.bincount(one, beside, minlength=len(mine))
    spent = np.full(len(mine), np.inf)
    spent[core] = loses[core]
    queue = [(float(loses[at]), int(at)) for at in np.flatnonzero(core)]
    heapq.heapify(queue)
    while queue:
        so_far, at = heapq.heappop(queue)
        if so_far > spent[at]:
            continue
        block = mine[at]
        for other in city.neighbor[city.starts[block] : city.starts[block + 1]]:
            if not ground.held[other]:
                continue
            there = place[other]
            if there < 0:
                return so_far * (1 - OUTWARD * ULPS * (1 + len(mine)))
            if so_far + loses[there] < spent[there]:
                spent[there] = so_far + loses[there]
                heapq.heappush(queue, (float(spent[there]), int(there)))
    return math.inf


def _stays(
    ground: _Ground,
    city: City,
    rules: Rules,
    moat: Moat,
    mine: np.ndarray,
    counts: np.ndarray,
) -> float:
    """Return how much a polygon inside a moat can be worth beyond what its blocks count for."""
    limits = rules.limits
    people = math.fsum(city.population[mine]) * (1 + OUTWARD * ULPS)
    if people < limits.population_min * (1 - 2 * SLACK) or len(mine) < limits.blocks_min:
        return -math.inf
    many = np.diff(city.starts)[mine]
    links = np.arange(int(many.sum())) + np.repeat(city.starts[mine] - np.cumsum(many) + many, many)
    inside = np.zeros(len(city.need), dtype=bool)
    inside[mine] = True
    inner = inside[city.neighbor[links]]
    given = np.nan_to_num(np.asarray(moat.flow, dtype=np.float64))
    if len(given) == int(inner.sum()):
        ground.flow[links[inner]] = given
    cost = _border_costs(ground, city, rules, moat, links)
    away = np.clip((ground.flow[links] - ground.flow[ground.back[links]]) / 2, -cost, cost)
    ground.flow[links[inner]] = 0.0
    away = np.where(inner, away, cost)
    bracket = _brackets(city, rules, moat, mine, (many, cost, away))
    bracket = bracket - counts + np.abs(counts) * OUTWARD
    return _up(math.fsum(bracket[bracket > 0])) + _of_one(rules, moat)


def _brackets(
    city: City,
    rules: Rules,
    piece: Piece | Moat,
    blocks: np.ndarray,
    links: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> np.ndarray:
    """Return each block's bracket, with as much on top as rounding may have taken off."""
    many, cost, away = links
    owner = np.repeat(np.arange(len(blocks)), many)
    person, meter, block = _prices(rules, piece)
    parts: list[np.ndarray] = [
        city.need[blocks],
        -rules.limits.price_per_m * city.priced_outline[blocks],
        np.bincount(owner, cost, minlength=len(blocks)),
        -np.bincount(owner, away, minlength=len(blocks)),
        -person * city.population[blocks],
        -meter * city.area[blocks],
        np.full(len(blocks), -block),
    ]
    more, reward = _roundness(rules, piece)
    if more:
        parts += [-more * city.outline[blocks], reward * city.area[blocks]]
    size = np.abs(parts).sum(axis=0)
    size = size + np.bincount(owner, np.abs(away), minlength=len(blocks))
    return np.asarray(sum(parts) + size * (ULPS + 4 * many) * EPSILON)


def _of_one(rules: Rules, piece: Piece | Moat) -> float:
    """Return the most that the prices of what one polygon holds can add up to."""
    limits = rules.limits
    person, meter, block = _prices(rules, piece)
    people = limits.population_max if person > 0 else limits.population_min
    one = person * people * (1 + math.copysign(3 * SLACK, person)) if person else 0.0
    one += meter * limits.area_max_m2 * (1 + 3 * SLACK) if meter else 0.0
    one += block * limits.blocks_max
    more, reward = _roundness(rules, piece)
    if more:
        round_ = math.pi * more * more / (limits.compactness_min * reward)
        one += round_ * (1 + 3 * SLACK)
    return _up(one)


def _roundness(rules: Rules, piece: Piece | Moat) -> tuple[float, float]:
    """Price of a meter and reward of a square meter; 0 where compactness is not asked for."""
    more, reward = piece.outline, piece.spread
    asked = rules.limits.compactness_min > 0
    fine = asked and 0 < more < math.inf and 0 < reward < math.inf
    return (more, reward) if fine else (0.0, 0.0)


def _prices(rules: Rules, piece: Piece | Moat) -> tuple[float, float, float]:
    """Prices of a resident, a square meter and a block; 0 where there is no limit to price."""
    limits = rules.limits
    person = piece.resident if math.isfinite(piece.resident) else 0.0
    meter = piece.ground if math.isfinite(piece.ground) else 0.0
    block = piece.block if math.isfinite(piece.block) else 0.0
    if not math.isfinite(limits.population_max):
        person = min(person, 0.0)
    if not math.isfinite(limits.area_max_m2):
        meter = 0.0
    return person, max(meter, 0.0), max(block, 0.0)


def _with_part(
    best: np.ndarray, lines: list[tuple[float, float]], numbers: range, polygons: int
) -> np.ndarray:
    """Best worth by number of polygons, once a component takes part with one of `numbers`."""
    after = np.full(min(len(best) + numbers[-1], polygons + 1), -np.inf)
    for taken in numbers:
        more = min(fixed + each * taken for fixed, each in lines) if taken else 0.0
        some = best[: len(after) - taken] + (more + abs(more) * OUTWARD)
        after[taken : taken + len(some)] = np.maximum(after[taken : taken + len(some)], some)
    finite = np.isfinite(after)
    after[finite] += np.abs(after[finite]) * OUTWARD
    return after


def _up(value: float) -> float:
    return math.nextafter(value + abs(value) * OUTWARD, math.inf)
