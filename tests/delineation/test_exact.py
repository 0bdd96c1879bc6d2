"""The exact solver beside brute force, its laws, and whole areas."""

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import Delaunay

from targeting.delineation import street_links
from targeting.delineation.exact import solve_exact
from targeting.delineation.graph import City, Limits, build_city
from targeting.delineation.prepared import prepare
from targeting.delineation.rules import (
    Floor,
    Rules,
    Share,
    broken_alone,
    broken_together,
    plan_worth,
    worth,
)
from targeting.delineation.searching.search import search
from targeting.model import Links
from tests.delineation.brute import best_plan, feasible_sets

SETS_MAX = 700


def made_city(chance: np.random.Generator, count: int) -> City:
    """Blocks at random points; some of the pairs that Delaunay makes are linked."""
    if count > 3:
        corners = Delaunay(chance.random((count, 2))).simplices
        pairs = np.unique(np.sort(corners[:, [[0, 1], [1, 2], [0, 2]]].reshape(-1, 2)), axis=0)
    else:
        pairs = np.array([(i, i + 1) for i in range(count - 1)], dtype=np.int64).reshape(-1, 2)
    pairs = pairs[chance.random(len(pairs)) < chance.choice([0.4, 0.7, 1.0])]
    size = len(pairs)
    links = Links(
        pairs[:, 0], pairs[:, 1], chance.uniform(0, 20, size), chance.uniform(5, 80, size)
    )
    people = chance.integers(0, 200, count) * (chance.random(count) < 0.9)
    line = chance.choice([0.0, 0.3, 0.6])
    return build_city(
        people * (chance.random(count) - line),
        people.astype(float),
        chance.uniform(1000, 5000, count),
        chance.uniform(200, 400, count),
        links,
        together=chance.integers(-1, 2, count),
        cut_price=float(chance.choice([0.0, 1.0])),
    )


def made_rules(chance: np.random.Generator, city: City) -> Rules:
    """Every rule switched on or off by chance."""
    count = len(city.need)

    def on(share: float = 0.5) -> bool:
        return bool(chance.random() < share)

    limits = Limits(
        population_min=float(chance.integers(0, 300)) if on() else 0.0,
        population_max=float(chance.integers(200, 700)) if on(0.8) else np.inf,
        area_max_m2=float(chance.uniform(5000, 20000)) if on() else np.inf,
        compactness_min=float(chance.uniform(0, 0.4)) if on() else 0.0,
        price_per_m=float(chance.uniform(0, 0.3)) if on(0.8) else 0.0,
        blocks_min=int(chance.integers(1, 3)) if on(0.3) else 1,
        blocks_max=int(chance.integers(2, 6)) if on() or count > 11 else 2**31,
    )
    near = None
    if on(0.3):
        pairs = np.triu(chance.random((count, count)) < 0.15, 1)
        near = sparse.csr_array((pairs | pairs.T).astype(float))
    leading = chance.integers(0, 4, (3, count)).astype(float) if on() else None
    floors = [Floor("f", int(chance.integers(0, 3)), 1)] if leading is not None and on() else []
    shares = (
        [Share("s", chance.random(count) < 0.5, float(chance.uniform(0.1, 0.9)))] if on(0.3) else []
    )
    return Rules(
        limits,
        polygons=int(chance.integers(1, 4 if count <= 10 else 3)),
        exactly=on(0.3),
        barred=chance.random(count) < 0.15 if on() else None,
        required=np.flatnonzero(chance.random(count) < 0.1) if on(0.3) else np.empty(0, np.int64),
        seeds=chance.random(count) < 0.4 if on(0.3) else None,
        near=near,
        leading=leading,
        floors=floors,
        shares=shares,
    )


def case(seed: int) -> tuple[City, Rules]:
    """A city and rules with few enough feasible groups for brute force."""
    chance = np.random.default_rng(seed)
    while True:
        city = made_city(chance, int(chance.integers(1, 17)))
        rules = made_rules(chance, city)
        if len(feasible_sets(city, rules)[0]) <= SETS_MAX:
            return city, rules


def agrees(seed: int, **how: int) -> bool:
    """Hold the solver to brute force; return whether there is a plan."""
    city, rules = case(seed)
    best = best_plan(city, rules)
    found = solve_exact(city, rules, **how)
    assert found.proven, seed
    if best is None:
        assert found.groups is None, seed
        assert found.bound == -np.inf
        return False
    assert found.groups is not None, seed
    assert found.value == pytest.approx(best, abs=1e-7), seed
    assert found.bound == pytest.approx(best, abs=1e-6)
    assert found.value == pytest.approx(plan_worth(city, rules, found.groups))
    assert not broken_together(city, rules, found.groups)
    assert not any(broken_alone(city, rules, group) for group in found.groups)
    return True


def test_brute_force_states_what_the_rules_state():
    # The vectorized brute force beside the plain definition, every subset of small cities.
    for seed in range(12):
        chance = np.random.default_rng(seed)
        city = made_city(chance, 7)
        rules = made_rules(chance, city)
        masks, values = feasible_sets(city, rules)
        stated = dict(zip(masks.tolist(), values, strict=True))
        for mask in range(1, 1 << 7):
            blocks = np.flatnonzero((mask >> np.arange(7)) & 1)
            fits = not broken_alone(city, rules, blocks)
            assert fits == (mask in stated)
            if fits:
                assert stated[mask] == pytest.approx(worth(city, rules.limits, blocks))


@pytest.mark.parametrize("part", range(5))
def test_equals_brute_force_on_500_random_cities(part: int):
    feasible = [agrees(seed) for seed in range(part * 100, part * 100 + 100)]
    assert 50 < sum(feasible) < 100


@pytest.mark.parametrize("part", range(2))
def test_pricing_out_equals_brute_force(part: int):
    # The way large cities go: never all groups listed at once.
    feasible = [agrees(seed, whole_sets=0) for seed in range(part * 100, part * 100 + 100)]
    assert 50 < sum(feasible) < 100


def test_adding_need_to_a_chosen_block_never_drops_it():
    # Without rules about shares of people. The plan need not stay the same, nor be the only one:
    # a chosen block, needier, must be in every best plan.
    for seed in range(300, 330):
        city, rules = case(seed)
        rules = replace(rules, shares=[])
        found = solve_exact(city, rules)
        chosen = np.concatenate(found.groups) if found.groups else []
        for block in chosen[:2]:
            need = city.need.copy()
            need[block] += 10.0
            after = solve_exact(city._replace(need=need), rules)
            assert after.value == pytest.approx(found.value + 10.0, abs=1e-6)
            assert any(block in group for group in after.groups)


RELAXED = {
    "population_min": lambda rules: _limits(rules, population_min=rules.limits.population_min / 2),
    "population_max": lambda rules: _limits(rules, population_max=2 * rules.limits.population_max),
    "area_max": lambda rules: _limits(rules, area_max_m2=2 * rules.limits.area_max_m2),
    "compactness": lambda rules: _limits(rules, compactness_min=rules.limits.compactness_min / 2),
    "blocks": lambda rules: _limits(rules, blocks_min=1, blocks_max=rules.limits.blocks_max + 1),
    "polygons": lambda rules: replace(rules, polygons=rules.polygons + (not rules.exactly)),
    "exactly": lambda rules: replace(rules, exactly=False),
    "barred": lambda rules: replace(rules, barred=None),
    "required": lambda rules: replace(rules, required=rules.required[1:]),
    "seeds": lambda rules: replace(rules, seeds=None),
    "near": lambda rules: replace(rules, near=None),
    "floors": lambda rules: replace(rules, floors=[]),
    "shares": lambda rules: replace(rules, shares=[]),
}


def _limits(rules: Rules, **changes: float) -> Rules:
    return replace(rules, limits=rules.limits._replace(**changes))


@settings(max_examples=25, deadline=None)
@given(st.integers(10_000, 99_999), st.sampled_from(sorted(RELAXED)))
def test_relaxing_a_rule_never_lowers_the_objective(seed: int, rule: str):
    city, rules = case(seed)
    tight, loose = solve_exact(city, rules), solve_exact(city, RELAXED[rule](rules))
    assert tight.proven
    assert loose.proven
    assert loose.value >= tight.value - 1e-7


def test_ties_go_to_the_lowest_positions():
    row = Links(np.arange(5), np.arange(1, 6), np.zeros(5), np.full(5, 50.0))
    ones = np.ones(6)
    city = build_city(ones, ones, 2500 * ones, 200 * ones, row)
    found = solve_exact(city, Rules(Limits(2, 2, np.inf, 0.0, 0.0), 2))
    assert [group.tolist() for group in found.groups] == [[0, 1], [2, 3]]


def test_the_same_bytes_every_time():
    city, rules = case(7)
    one, two = (solve_exact(city, rules, whole_sets=0) for _ in range(2))
    assert one.value == two.value
    assert [g.tolist() for g in one.groups or []] == [g.tolist() for g in two.groups or []]


def test_a_group_shut_out_is_not_chosen():
    checked = 0
    for seed in range(400, 440):
        city, rules = case(seed)
        best = solve_exact(city, rules)
        if not best.groups:
            continue
        for whole_sets in (0, 2000):
            next_ = solve_exact(city, rules, without=best.groups[:1], whole_sets=whole_sets)
            chosen = [group.tolist() for group in next_.groups or []]
            assert best.groups[0].tolist() not in chosen
            assert next_.value <= best.value + 1e-7
        checked += 1
    assert checked > 15


def test_too_little_work_leaves_a_plan_and_a_bound_that_holds():
    for seed in range(500, 520):
        city, rules = case(seed)
        best = solve_exact(city, rules)
        short = solve_exact(city, rules, nodes_max=20, whole_sets=0)
        assert short.value <= best.value + 1e-7
        assert short.bound >= best.value - 1e-7


@pytest.mark.parametrize("count", [0, 1])
def test_nothing_to_choose_from(count: int):
    none = np.empty(0, dtype=np.int64)
    zeros = np.zeros(count)
    city = build_city(zeros, zeros, zeros + 1, zeros + 4, Links(none, none, none * 1.0, none * 1.0))
    found = solve_exact(city, Rules(Limits(5, 9, np.inf, 0.0, 1.0), 3))
    assert (found.groups, found.value, found.bound, found.proven) == ([], 0.0, 0.0, True)


@pytest.mark.real
def test_the_best_five_polygons_of_zapopan_s_areas(real_data: Path):
    # 455 urban AGEB with people of 2010; IMU 2010, the lowest index the neediest.
    areas = gpd.read_file(real_data / "zapopan" / "agebs_2010.gpkg").to_crs(32613)
    areas = areas[areas["CVEGEO"].str[:5] == "14120"].set_index("CVEGEO").sort_index()
    table = pd.read_csv(real_data / "zapopan" / "imu_2010.csv", dtype=str).set_index("CVE_AGEB")
    areas["population"] = pd.to_numeric(table["POB_TOTAL"]).reindex(areas.index)
    score = (-pd.to_numeric(table["IM_2010"]).reindex(areas.index)).rank(pct=True)
    prepared = prepare(
        areas,
        score,
        street_links(areas.geometry),
        threshold_share=0.2,
        need="excess",
        perimeter_price=2.0,
    )
    rules = Rules(Limits(10_000, 30_000, np.inf, 0.25, prepared.price_per_m), 5)
    found = solve_exact(prepared.city, rules, nodes_max=2_000_000)
    assert found.proven
    assert len(found.groups) == 5
    assert not any(broken_alone(prepared.city, rules, group) for group in found.groups)
    heuristic = search(prepared.city, rules, seed=1)
    assert plan_worth(prepared.city, rules, heuristic) <= found.value * (1 + 1e-9)
