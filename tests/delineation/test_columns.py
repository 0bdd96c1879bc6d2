"""Plans improved by columns: never worse, in order, the same again, and out of planted traps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.delineation.graph import Limits, build_city
from targeting.delineation.rules import Rules, broken_alone, plan_worth
from targeting.delineation.searching.candidates import Candidates
from targeting.delineation.searching.columns import improved
from targeting.delineation.searching.plan import keeps
from targeting.delineation.searching.search import search
from targeting.model import Links
from tests.delineation.test_search import grid, random_rules


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_never_worse_and_in_order_under_random_rules(seed):
    chance = np.random.default_rng(seed)
    city = grid(5, 6, chance)
    rules = random_rules(city, chance)
    plan = search(city, rules, seed=3, effort=0.2)
    better = improved(city, rules, plan, seed=1)
    for group in better:
        assert broken_alone(city, rules, group) == []
        assert (np.diff(group) > 0).all()
    if keeps(city, rules, plan):
        assert keeps(city, rules, better)
        assert plan_worth(city, rules, better) >= plan_worth(city, rules, plan) - 1e-9
    again = improved(city, rules, plan, seed=1)
    assert [g.tobytes() for g in again] == [g.tobytes() for g in better]


def test_a_plan_is_left_as_it_was():
    city = grid(6, 6, np.random.default_rng(1))
    before = [array.copy() for array in city]
    rules = Rules(Limits(100, 600, np.inf, 0.0, 0.02), 2)
    plan = search(city, rules, seed=1)
    kept = [group.copy() for group in plan]
    improved(city, rules, plan, seed=1)
    assert all(np.array_equal(a, b) for a, b in zip(city, before, strict=True))
    assert all(np.array_equal(a, b) for a, b in zip(plan, kept, strict=True))


def streets(count):
    """Streets of four blocks each, no link between two streets; needs 5, 6, 6, 5, people 100."""
    at = np.arange(4 * count).reshape(count, 4)
    first, second = at[:, :-1].ravel(), at[:, 1:].ravel()
    links = Links(first, second, np.full(len(first), 10.0), np.full(len(first), 60.0))
    every = np.ones(4 * count)
    need = np.tile([5.0, 6.0, 6.0, 5.0], count)
    return build_city(need, 100 * every, 3600 * every, 240 * every, links)


def test_cities_without_links_or_blocks():
    none = np.empty(0, dtype=np.int64)
    links = Links(none, none, np.empty(0), np.empty(0))
    rules = Rules(Limits(10, 100, np.inf, 0.0, 0.0), 3)
    for count in (0, 4):
        every = np.ones(count)
        city = build_city(every, 50 * every, 100 * every, 40 * every, links)
        assert improved(city, rules, [], seed=1) == []
        plan = [np.array([n]) for n in range(min(count, 3))]
        better = improved(city, rules, plan, seed=1)
        assert [g.tolist() for g in better] == [[n] for n in range(min(count, 3))]


def test_out_of_a_planted_trap():
    # Every polygon is two blocks. The two in the middle of each street are worth 12, and leave
    # one at each end that can be in none: 6 streets, 72. Two halves of a street are worth 22: 132.
    city = streets(6)
    rules = Rules(Limits(200, 200, np.inf, 0.0, 0.0), 12)
    trap = [np.array([4 * n + 1, 4 * n + 2]) for n in range(6)]
    assert plan_worth(city, rules, trap) == 72
    better = improved(city, rules, trap, seed=1)
    assert plan_worth(city, rules, better) == pytest.approx(132)
    assert sorted(group.tolist() for group in better) == [[n, n + 1] for n in range(0, 24, 2)]


def test_held_groups_stay():
    # The middle of the first street is held: its ends stay out, the other five come to 22 each.
    city = streets(6)
    rules = Rules(Limits(200, 200, np.inf, 0.0, 0.0), 12)
    trap = [np.array([4 * n + 1, 4 * n + 2]) for n in range(6)]
    fixed = np.arange(24) == 1
    better = improved(city, rules, trap, seed=1, fixed=fixed)
    assert [1, 2] in [group.tolist() for group in better]
    assert plan_worth(city, rules, better) == pytest.approx(12 + 5 * 22)


def test_known_groups_are_packed():
    city = streets(2)
    rules = Rules(Limits(200, 200, np.inf, 0.0, 0.0), 4)
    halves = np.arange(8, dtype=np.int32)
    known = Candidates(halves, np.array([2, 4, 6, 8]), np.full(4, 11.0), np.zeros(4))
    better = improved(city, rules, [], seed=1, known=known)
    assert plan_worth(city, rules, better) == pytest.approx(44)


def test_better_than_a_quick_search():
    # 30 × 30 blocks, ten polygons, five cities: a search with a hundredth of the usual moves, and
    # what the columns add to it: 0.9 to 2.3 %, measured; less than 1 % on average fails.
    gains = []
    for seed in range(5):
        city = grid(30, 30, np.random.default_rng(seed))
        rules = Rules(Limits(1000, 2500, np.inf, 0.15, 0.02), 10)
        plan = search(city, rules, seed=1, effort=0.01)
        before = plan_worth(city, rules, plan)
        gains.append(plan_worth(city, rules, improved(city, rules, plan, seed=1)) / before - 1)
    assert min(gains) >= 0
    assert np.mean(gains) > 0.01, gains
