"""Blocks forced the other way, and flips put to the test by delineating again."""

import numpy as np
import pandas as pd
import pytest

from targeting.delineation import street_links
from targeting.delineation.graph import Limits
from targeting.delineation.prepared import prepare
from targeting.delineation.reasons.prices import PAYS, prices_of
from targeting.delineation.rules import Rules, broken_alone, plan_worth
from targeting.delineation.searching.search import search
from targeting.delineation.stability.forcing import flips_at, force
from tests.delineation.lattice import lattice

SEED = 5


def made(seed, side=12):
    blocks = lattice(
        side, side, population=np.random.default_rng(seed).uniform(50, 150, side * side)
    )
    chance = np.random.default_rng(seed + 100)
    x, y = np.meshgrid(np.arange(side), np.arange(side))
    hot = np.exp(-((x - 3) ** 2 + (y - 3) ** 2) / 6) + np.exp(-((x - 9) ** 2 + (y - 8) ** 2) / 9)
    score = pd.Series((0.7 * hot + 0.3 * chance.random(hot.shape)).ravel(), index=blocks.index)
    links = street_links(blocks.geometry)
    ready = prepare(blocks, score, links, threshold_share=0.3, need="excess", perimeter_price=1.0)
    rules = Rules(Limits(600, 2000, np.inf, 0.15, ready.price_per_m), polygons=2)
    groups = search(ready.city, rules, seed=SEED)
    member = np.zeros(len(blocks), dtype=np.int64)
    for number, group in enumerate(groups, start=1):
        member[group] = number
    return ready, rules, groups, member


@pytest.mark.parametrize("seed", range(3))
def test_a_forced_plan_keeps_the_rules_and_costs_no_more_than_the_estimate(seed):
    ready, rules, groups, member = made(seed)
    told = prices_of(ready.city, rules, member)
    whole = plan_worth(ready.city, rules, groups)
    for block in np.random.default_rng(seed).choice(len(member), 12, replace=False):
        found = force(ready.city, rules, groups, int(block), seed=SEED)
        assert found.inside == (member[block] == 0)
        if not np.isfinite(found.price):
            continue
        held = any(block in group for group in found.groups)
        assert held == found.inside
        assert all(not broken_alone(ready.city, rules, group) for group in found.groups)
        assert found.price == pytest.approx(whole - plan_worth(ready.city, rules, found.groups))
        if told.built[block]:
            # The estimate is a plan that can be built; a search should not do much worse.
            assert found.price <= told.price[block] + 0.05 * whole


def test_flips_are_confirmed_by_delineating_again():
    confirmed, asked = 0, 0
    for seed in range(2):
        ready, rules, groups, member = made(seed)
        told = prices_of(ready.city, rules, member)
        offered = np.flatnonzero(told.built & (ready.city.population > 0))
        for block in np.random.default_rng(seed).choice(offered, 15, replace=False):
            step = told.price[block] * (1 + PAYS)
            need = ready.city.need[block] + (step if member[block] == 0 else -step)
            confirmed += flips_at(ready.city, rules, groups, int(block), need, seed=SEED)
            asked += 1
    assert confirmed / asked >= 0.9  # 1,000 of them in benchmarks/delineation_flips.py
