"""The price of a block the other way: each estimate is a plan that could be carried out."""

import numpy as np
import pytest
import scipy.sparse as sparse

from targeting.delineation.graph import Limits, build_city
from targeting.delineation.reasons.prices import flips, prices_of
from targeting.delineation.rules import Rules, broken_alone, plan_worth, worth
from targeting.model import Links


def grid(rows, columns, need, people):
    """A grid of blocks of 60 m with streets of 10 m."""
    at = np.arange(rows * columns).reshape(rows, columns)
    pairs = np.concatenate(
        [
            np.stack([at[:, :-1].ravel(), at[:, 1:].ravel()], axis=1),
            np.stack([at[:-1].ravel(), at[1:].ravel()], axis=1),
        ]
    )
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    links = Links(pairs[:, 0], pairs[:, 1], np.full(len(pairs), 10.0), np.full(len(pairs), 60.0))
    count = rows * columns
    return build_city(need, people, np.full(count, 3600.0), np.full(count, 240.0), links)


def groups_of(member):
    return [np.flatnonzero(member == number) for number in range(1, member.max() + 1)]


@pytest.mark.parametrize("seed", range(6))
def test_no_estimate_is_below_the_true_price(seed):
    # One polygon among 9 blocks: the best group by trying all is the answer, and the true price
    # of a block is what the best group with it (or without it) lacks.
    chance = np.random.default_rng(seed)
    city = grid(3, 3, chance.normal(5, 20, 9), chance.uniform(50, 150, 9))
    rules = Rules(Limits(150, 500, 25_000.0, 0.1, 0.02), polygons=1)
    tried = [np.flatnonzero((code >> np.arange(9)) & 1) for code in range(1, 1 << 9)]
    fitting = [
        (worth(city, rules.limits, blocks), blocks)
        for blocks in tried
        if not broken_alone(city, rules, blocks)
    ]
    member = np.zeros(9, dtype=np.int64)
    most, answer = max(fitting, key=lambda one: one[0])
    assert most > 0
    member[answer] = 1
    told = prices_of(city, rules, member)
    whole = plan_worth(city, rules, groups_of(member))
    close = 0
    for block in range(9):
        # Without the block the empty plan is one more way.
        wanted = member[block] == 0
        ways = [value for value, blocks in fitting if (block in blocks) == wanted]
        other = max(ways + ([] if wanted else [0.0]), default=-np.inf)
        true = whole - other
        if told.built[block]:
            assert told.price[block] >= true - 1e-9
            close += told.price[block] <= true + 0.1 * whole
    assert close >= 2  # of 9: an estimate is no search


def test_a_block_that_holds_its_polygon_together_may_not_just_leave():
    # A row of three: without the middle the ends are two groups of too few people.
    city = grid(1, 3, np.array([10.0, 1.0, 10.0]), np.full(3, 100.0))
    rules = Rules(Limits(200, 300, np.inf, 0.0, 0.001), polygons=1)
    member = np.array([1, 1, 1])
    told = prices_of(city, rules, member)
    assert told.price[1] == pytest.approx(plan_worth(city, rules, groups_of(member)))
    assert told.price[0] < told.price[1]


def test_the_least_polygon_gives_way_to_a_further_group():
    # Three lone blocks worth 10, 8 and 5 less their outline; two may be chosen.
    nobody = np.zeros(0, dtype=np.int64)
    links = Links(nobody, nobody, np.zeros(0), np.zeros(0))
    need = np.array([10.0, 8.0, 5.0])
    city = build_city(need, np.full(3, 100.0), np.full(3, 3600.0), np.full(3, 240.0), links)
    rules = Rules(Limits(50, 300, np.inf, 0.0, 0.001), polygons=2)
    member = np.array([1, 2, 0])
    told = prices_of(city, rules, member)
    assert told.price.tolist() == pytest.approx([5.0, 3.0, 3.0])
    moved = flips(np.array([0.9, 0.8, 0.7]), np.full(3, 100.0), member, told)
    assert moved == pytest.approx([0.9 - 0.05005, 0.8 - 0.03003, 0.7 + 0.03003])


def test_too_near_a_polygon_only_that_polygon_can_take_it():
    city = grid(1, 4, np.full(4, 10.0), np.full(4, 100.0))
    near = sparse.csr_array(([1.0, 1.0], ([1, 2], [2, 1])), shape=(4, 4))
    rules = Rules(Limits(100, 300, np.inf, 0.0, 0.0), polygons=2, near=near)
    told = prices_of(city, rules, np.array([1, 1, 0, 0]))
    assert told.joining.block.tolist() == [2]
    assert told.joining.fits.tolist() == [True]
    assert told.best[2] == -np.inf
    assert told.best[3] == 10.0


def test_what_nobody_can_reach_has_no_price():
    nobody = np.zeros(0, dtype=np.int64)
    links = Links(nobody, nobody, np.zeros(0), np.zeros(0))
    city = build_city(np.ones(2), np.full(2, 10.0), np.ones(2), np.ones(2), links)
    rules = Rules(Limits(50, 300, np.inf, 0.0, 0.0), polygons=2)
    told = prices_of(city, rules, np.zeros(2, dtype=np.int64))
    assert np.isnan(told.price).all()
    assert not told.built.any()
