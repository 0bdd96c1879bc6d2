"""The bound against every plan of small random cities, tried one by one."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sparse

from targeting.delineation.bound import Certificate, Moat, Piece, check_bound, upper_bound
from targeting.delineation.graph import City, Limits, build_city
from targeting.delineation.rules import (
    Floor,
    Rules,
    Share,
    broken_alone,
    broken_together,
    worth,
)
from targeting.model import Links


def random_city(chance: np.random.Generator) -> City:
    """Up to 9 blocks, planar-like links, need of either sign, some blocks empty."""
    count = int(chance.integers(1, 10))
    place = chance.uniform(0, 1, (count, 2))
    pairs = [
        (one, two)
        for one, two in itertools.combinations(range(count), 2)
        if math.dist(place[one], place[two]) < chance.uniform(0.3, 0.6)
    ]
    first, second = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    gap, facing = chance.uniform(0, 20, len(pairs)), chance.uniform(0, 90, len(pairs))
    people = chance.integers(0, 200, count) * (chance.random(count) < 0.9)
    hot = chance.uniform(-0.4 if chance.random() < 0.5 else 0.0, 1.0, count)
    return build_city(
        people * hot,
        people.astype(float),
        chance.uniform(2000, 9000, count),
        chance.uniform(100, 400, count),
        Links(first, second, gap, facing),
        chance.integers(-1, 3, count) if chance.random() < 0.3 else None,
        float(chance.uniform(0, 2)),
    )


def random_rules(chance: np.random.Generator, city: City) -> Rules:
    """Every rule on or off by chance."""
    count, some = len(city.need), lambda part: chance.random() < part
    least = float(chance.integers(1, 250))
    limits = Limits(
        least,
        least + float(chance.integers(0, 400)),
        float(chance.uniform(5e3, 5e4)) if some(0.5) else np.inf,
        float(chance.uniform(0, 0.6)) if some(0.3) else 0.0,
        float(chance.uniform(0, 0.4)),
        int(chance.integers(1, 3)),
        int(chance.integers(3, 6)) if some(0.3) else 2**31,
    )
    near = np.triu(chance.random((count, count)) < 0.2, 1)
    return Rules(
        limits,
        int(chance.integers(1, 4)),
        exactly=some(0.3),
        barred=chance.random(count) < 0.15 if some(0.4) else None,
        required=chance.integers(0, count, 1) if some(0.25) else np.empty(0, dtype=np.int64),
        seeds=chance.random(count) < 0.5 if some(0.3) else None,
        near=sparse.csr_array((near | near.T).astype(float)) if some(0.25) else None,
        leading=(weights := chance.random((2, count)) if some(0.3) else None),
        floors=(Floor("first", 0, 1),) if weights is not None else (),
        shares=(Share("half", chance.random(count) < 0.5, 0.3),) if some(0.25) else (),
    )


def optimum(city: City, rules: Rules) -> float:
    """Worth of the best plan by trying all of them; minus infinity when there is none."""
    count = len(city.need)
    groups = []
    for bits in range(1, 2**count):
        blocks = np.flatnonzero([bits >> block & 1 for block in range(count)])
        people = city.population[blocks].sum()
        fits = rules.limits.population_min * 0.99 <= people <= rules.limits.population_max * 1.01
        if fits and not broken_alone(city, rules, blocks):
            groups.append((bits, worth(city, rules.limits, blocks), blocks))
    best = -math.inf if broken_together(city, rules, []) else 0.0
    found = [best]

    def extend(start: int, used: int, value: float, chosen: list[np.ndarray]) -> None:
        if chosen and value > found[0] and not broken_together(city, rules, chosen):
            found[0] = value
        if len(chosen) == rules.polygons:
            return
        for place in range(start, len(groups)):
            bits, more, blocks = groups[place]
            if not used & bits:
                extend(place + 1, used | bits, value + more, [*chosen, blocks])

    extend(0, 0, 0.0, [])
    return found[0]


def random_piece(chance: np.random.Generator, city: City) -> Piece:
    """Any numbers at all, some of them no numbers."""
    wild = chance.choice([0.01, 1.0, 100.0])
    size = len(city.neighbor) if chance.random() < 0.7 else int(chance.integers(0, 9))
    flow = chance.normal(0, 10 * wild, size)
    if chance.random() < 0.2 and len(flow):
        flow[0] = chance.choice([np.nan, np.inf, -np.inf])
    return Piece(
        float(chance.choice([chance.normal(0, wild), np.nan])),
        float(chance.normal(0, wild / 100)),
        float(chance.normal(0, wild)),
        flow,
        int(chance.integers(-2, len(city.need) + 2)),
        tuple(random_moat(chance, city) for _ in range(chance.integers(0, 3))),
        float(chance.choice([0.0, chance.normal(0, wild / 10), np.nan, np.inf])),
        float(chance.choice([chance.exponential(wild / 100), -1.0, 0.0])),
    )


def random_moat(chance: np.random.Generator, city: City) -> Moat:
    """Any blocks, lowered by anything."""
    count = len(city.need)
    blocks = chance.permutation(count)[: int(chance.integers(1, count + 1))]
    return Moat(
        blocks,
        chance.exponential(chance.choice([1.0, 100.0]), len(blocks)),
        float(chance.normal(0, 1)),
        float(chance.normal(0, 0.01)),
        float(chance.normal(0, 10)),
        chance.normal(0, 10, int(chance.integers(0, 20))),
        float(chance.choice([0.0, chance.exponential(0.3), np.nan])),
        float(chance.choice([chance.exponential(0.01), -1.0, 0.0])),
    )


@pytest.mark.parametrize("cities", [60, pytest.param(200, marks=pytest.mark.nightly)])
def test_no_plan_is_worth_more_than_the_bound(cities):
    feasible = close = lower = rounder = 0
    for seed in range(cities):
        chance = np.random.default_rng(seed)
        city = random_city(chance)
        rules = random_rules(chance, city)
        best = optimum(city, rules)
        bound = upper_bound(city, rules, effort=2.0 if seed % 4 == 0 else 1.0)
        assert bound.value >= best, seed
        assert check_bound(city, rules, bound.certificate) == bound.value
        for _ in range(5):
            pieces = [random_piece(chance, city) for _ in range(chance.integers(0, 4))]
            good = bound.certificate.pieces[:1]
            moats = tuple(random_moat(chance, city) for _ in range(4))
            moats += tuple(
                replace(moat, lowered=moat.lowered * chance.exponential(5))
                for piece in good
                for moat in piece.moats
            )
            pieces += [replace(piece, moats=(*moats, *piece.moats)) for piece in good]
            pieces += [
                replace(piece, outline=chance.exponential(0.3), spread=chance.exponential(0.01))
                for piece in good
            ]
            anything = Certificate((*bound.certificate.pieces[: len(pieces) // 3], *pieces))
            assert check_bound(city, rules, anything) >= best, seed
        feasible += best > 0
        dry = Certificate(tuple(replace(piece, moats=()) for piece in bound.certificate.pieces))
        lower += bound.value < check_bound(city, rules, dry) * (1 - 1e-9)
        flat = Certificate(
            tuple(replace(piece, outline=0.0, spread=0.0) for piece in bound.certificate.pieces)
        )
        rounder += bound.value < check_bound(city, rules, flat) * (1 - 1e-9)
        close += best > 0 and bound.gap(best) < 0.3
    # Enough cities have a plan worth something; a bound of no use would not be close.
    assert feasible > cities / 4
    assert close > feasible / 2
    # Moats are dug in small cities too, and lower the bound of some.
    assert lower > cities / 100
    # And so does the rule of compactness, which three cities in ten have.
    assert rounder > cities / 100


def row_of_blocks(need: list[float], joined: list[tuple[int, int]]) -> City:
    """Blocks of one resident and 100 m² each, borders that cost nothing."""
    count = len(need)
    first, second = np.array(joined, dtype=np.int64).reshape(-1, 2).T
    links = Links(first, second, np.zeros(len(joined)), np.ones(len(joined)))
    return build_city(
        np.array(need), np.ones(count), np.full(count, 100.0), np.full(count, 4.0), links
    )


def test_a_polygon_takes_its_room_in_one_component():
    # Four pairs of blocks, each worth 10, no links between pairs; three polygons of 2 or 3 people.
    # Room for nine people in all would hold four pairs (40); three polygons hold three (30).
    city = row_of_blocks([5.0] * 8, [(0, 1), (2, 3), (4, 5), (6, 7)])
    rules = Rules(Limits(2, 3, np.inf, 0, 0.0), 3)
    assert upper_bound(city, rules).value == pytest.approx(30)


def test_cold_blocks_around_a_hot_one_count():
    # A row: one hot block, the others cost 3 each; a polygon needs three people: 10 − 3 − 3.
    city = row_of_blocks([10.0, *[-3.0] * 8], [(n, n + 1) for n in range(8)])
    rules = Rules(Limits(3, 5, np.inf, 0, 0.0), 1)
    bound = upper_bound(city, rules, effort=8)
    dry = Certificate(tuple(replace(piece, moats=()) for piece in bound.certificate.pieces))
    assert check_bound(city, rules, dry) == pytest.approx(10)
    # How far a hot block can be lowered is found by halving.
    assert 4 <= bound.value < 4.1


def test_small_places_side_by_side_are_surrounded_together():
    # 6, −1, 6 and cold blocks of −5 on both sides: four people are worth 6 − 1 + 6 − 5 = 6. A moat
    # around one of the two ends at the other, after a loss of 1; one around both ends at −5.
    need = [*[-5.0] * 4, 6.0, -1.0, 6.0, *[-5.0] * 4]
    city = row_of_blocks(need, [(n, n + 1) for n in range(10)])
    rules = Rules(Limits(4, 6, np.inf, 0, 0.0), 1)
    assert optimum(city, rules) == pytest.approx(6)
    assert upper_bound(city, rules).value == pytest.approx(11)
    assert upper_bound(city, rules, effort=2).value == pytest.approx(6)


def test_a_lowering_beyond_the_way_out_does_not_count():
    # The same row: two cold blocks on the way out pay for 6 of the 10, whatever is claimed.
    city = row_of_blocks([10.0, *[-3.0] * 8], [(n, n + 1) for n in range(8)])
    rules = Rules(Limits(4, 5, np.inf, 0, 0.0), 1)
    moat = Moat(np.array([0, 1, 2]), np.array([10.0, 0.0, 0.0]))
    greedy = Certificate((Piece(moats=(moat,)),))
    assert check_bound(city, rules, greedy) == pytest.approx(4)


def test_a_block_too_thin_counts_for_less():
    # 1 m² with an outline of 10 m has a compactness of 4π / 100 < .25: no plan is worth anything.
    # At 2 for a meter and 10 for a square meter its bracket is 10 − 2 · 10 + 10 · 1 = 0, and a
    # polygon pays π · 2² / (.25 · 10).
    nothing = np.empty(0, dtype=np.int64)
    alone = Links(nothing, nothing, np.empty(0), np.empty(0))
    city = build_city(np.array([10.0]), np.ones(1), np.ones(1), np.full(1, 10.0), alone)
    city = city._replace(area=np.ones(1), outline=np.full(1, 10.0))
    rules = Rules(Limits(1, 1, np.inf, 0.25, 0.0), 1)
    assert check_bound(city, rules, Certificate()) == pytest.approx(10)
    priced = Certificate((Piece(outline=2.0, spread=10.0),))
    assert check_bound(city, rules, priced) == pytest.approx(1.6 * np.pi)
    loose = replace(rules, limits=rules.limits._replace(compactness_min=0.0))
    assert check_bound(city, loose, priced) == pytest.approx(10)
    assert upper_bound(city, rules).value < 8


def test_a_larger_effort_is_never_weaker_and_the_same_every_time():
    chance = np.random.default_rng(5)
    city, rules = random_city(chance), Rules(Limits(50, 400, np.inf, 0, 0.1), 2)
    short, again, long = (upper_bound(city, rules, effort=effort) for effort in (1.0, 1.0, 4.0))
    assert short.value == again.value
    assert long.value <= short.value * (1 + 1e-9)
