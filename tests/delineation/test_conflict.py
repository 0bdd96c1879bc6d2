"""Requests no plan can meet: which rules stand in each other's way, and what would do."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sparse

from targeting.delineation.exact import conflict
from targeting.delineation.exact.asked import Ask
from targeting.delineation.exact.conflict import only
from targeting.delineation.exact.plainly import plainly
from targeting.delineation.graph import City, Limits, build_city
from targeting.delineation.rules import Floor, Rules, Share
from targeting.i18n import LANGUAGES
from targeting.model import Links
from tests.delineation.brute import best_plan
from tests.delineation.test_exact import case

OPEN = Limits(0.0, np.inf, np.inf, 0.0, 0.0)


def row(people: list[float], *, cut_after: int | None = None) -> City:
    """Blocks in a row, each linked to the next; no link after one of them."""
    count = len(people)
    first = np.array([i for i in range(count - 1) if i != cut_after], dtype=np.int64)
    links = Links(first, first + 1, np.zeros(len(first)), np.full(len(first), 50.0))
    held = np.array(people, dtype=float)
    return build_city(held, held, np.full(count, 2500.0), np.full(count, 200.0), links)


def told(city: City, rules: Rules) -> dict[str, tuple[float | None, float | None]]:
    found = conflict(city, rules)
    assert found is not None
    assert found.certain
    return {one.rule: (one.given, one.nearest) for one in found.clashes}


def test_a_request_that_can_be_met_has_no_conflict():
    assert conflict(row([100.0] * 4), Rules(OPEN._replace(population_min=200), 2)) is None


def test_too_many_polygons_for_the_people():
    # 12 blocks of 1,000: with 5,000 in each, two polygons; three of 4,000; exactly 12 of 1,000.
    city = row([1000.0] * 12)
    rules = Rules(OPEN._replace(population_min=5000), 3, exactly=True)
    assert told(city, rules) == {"exactly": (3, 2), "population_min": (5000, 4000)}


def test_a_single_block_is_heavier_than_the_maximum():
    city = row([800.0, 900.0, 700.0])
    assert told(city, Rules(OPEN._replace(population_max=500), 1)) == {"population_max": (500, 700)}


def test_minimum_above_what_the_maximum_leaves():
    # Groups have 600 or 1,200 people: nothing between 700 and 1,100.
    city = row([600.0] * 4)
    limits = OPEN._replace(population_min=700, population_max=1100)
    assert told(city, Rules(limits, 1)) == {
        "population_min": (700, 600),
        "population_max": (1100, 1200),
    }


def test_what_must_be_in_is_locked_out():
    city = row([100.0] * 5)
    barred = np.arange(5) == 2
    found = told(city, Rules(OPEN, 1, barred=barred, required=np.array([2])))
    assert found == {"barred": (1, None), "required": (1, None)}


def test_two_sides_of_a_river_need_two_polygons():
    city = row([100.0] * 6, cut_after=2)
    found = told(city, Rules(OPEN, 1, required=np.array([0, 5])))
    assert found == {"polygons": (1, 2), "required": (2, None)}


def test_separation_leaves_room_for_one():
    near = sparse.csr_array(np.ones((4, 4)) - np.eye(4))
    found = told(row([100.0] * 4), Rules(OPEN, 2, exactly=True, near=near))
    assert found == {"exactly": (2, 1), "separation": (None, None)}


def test_floors_and_shares():
    city = row([100.0] * 4)
    leading = np.array([[1.0, 1, 1, 0], [0, 0, 0, 0.5]])
    floors = [Floor("violence", 1, 2)]
    assert told(city, Rules(OPEN, 3, leading=leading, floors=floors)) == {"floor:violence": (2, 1)}
    nobody = Share("north", np.zeros(4, dtype=bool), 0.25)
    assert told(city, Rules(OPEN, 1, shares=[nobody])) == {"share:north": (0.25, 0.0)}


def test_every_conflict_is_one_by_brute_force():
    # A conflict of two random cities in three: the rules named are in conflict without the
    # others, none of them could be left out, and each nearest value can be had.
    seen = 0
    for seed in range(1000, 1040):
        city, rules = case(seed)
        ask = Ask.of(rules)
        found = conflict(city, rules)
        assert (found is None) == (_best(city, ask) is not None)
        if found is None:
            continue
        assert found.certain
        named = only(ask, found.rules)
        assert _best(city, named) is None
        for name in found.rules:
            fewer = only(ask, [other for other in found.rules if other != name])
            assert possible_anyhow(city, fewer)
        seen += 1
    assert seen > 5


def possible_anyhow(city: City, ask: Ask) -> bool:
    from targeting.delineation.exact.feasible import possible

    return bool(possible(city, ask.rules, polygons_min=ask.fewest))


def _best(city: City, ask: Ask) -> float | None:
    """Best plan with as many groups as asked at least: of all numbers of groups allowed."""
    if ask.rules.polygons > 3:
        return 0.0 if possible_anyhow(city, ask) else None
    values = [
        best_plan(city, replace(ask.rules, polygons=number, exactly=True))
        for number in range(ask.fewest, ask.rules.polygons + 1)
    ]
    return max((value for value in values if value is not None), default=None)


def test_sums_never_claim_what_is_not_so():
    claimed = 0
    for seed in range(2000, 2150):
        city, rules = case(seed)
        if plainly(city, Ask.of(rules)):
            claimed += 1
            assert conflict(city, rules) is not None, seed
    assert claimed > 10


def test_a_large_city_is_told_what_sums_show():
    city = row([10.0] * 2500)
    found = conflict(city, Rules(OPEN._replace(population_min=20_000), 3, exactly=True))
    assert found is not None
    assert found.certain
    assert not found.smallest
    assert [one.rule for one in found.clashes] == ["exactly", "population_min"] or [
        one.rule for one in found.clashes
    ] == ["population_min"]
    nothing = conflict(city, Rules(OPEN, 3))
    assert nothing is not None
    assert not nothing.certain
    assert [problem.code for problem in nothing.problems()] == ["conflict-unknown"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_is_told_in_words(language: str):
    city = row([1000.0] * 12)
    rules = Rules(OPEN._replace(population_min=5000), 3, exactly=True)
    found = conflict(city, rules)
    assert found is not None
    texts = [problem.text(language) for problem in found.problems()]
    assert len(texts) == 3
    assert "5,000" in texts[2]
    assert "4,000" in texts[2]
    for seed in range(1000, 1012):
        again = conflict(*case(seed))
        for problem in again.problems() if again else ():
            assert "{" not in problem.text(language)
