"""Plans made in advance: they keep the rules, keep identities, and do not depend on the rows."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from targeting.composite.weightings import other_than_mean, weightings_around
from targeting.delineation import grow, street_links
from targeting.delineation.plans.in_advance import Rescored, plans_in_advance
from targeting.delineation.stability.reruns import defaults
from targeting.model import MethodSpec, Node
from targeting.model.weighed import Weighting, whole_percent

SIDE = 14
CHOSEN = {"population_min": 800.0, "population_max": 2400.0, "polygons": 3, "area_max_km2": None}


def corner(x: int, y: int, size: int = 4) -> np.ndarray:
    at = np.arange(SIDE * SIDE)
    return (at % SIDE >= x) & (at % SIDE < x + size) & (at // SIDE >= y) & (at // SIDE < y + size)


@pytest.fixture(scope="module")
def city() -> gpd.GeoDataFrame:
    at = np.arange(SIDE * SIDE)
    left, bottom = at % SIDE * 70.0, at // SIDE * 70.0
    return gpd.GeoDataFrame(
        {"population": 100.0},
        geometry=shapely.box(left, bottom, left + 60, bottom + 60),
        index=pd.Index([f"b{one:03d}" for one in at], name="block_id"),
    )


def score(city, *hot: np.ndarray) -> pd.Series:
    noise = 0.02 * np.sin(np.arange(len(city)) * 1.7)
    return pd.Series(np.where(np.any(hot, axis=0), 0.9, 0.1) + noise, index=city.index)


def rescored(city, percent, *hot) -> Rescored:
    held = score(city, *hot)
    return Rescored(Weighting("stated", percent), held, held.to_frame("violence"))


A, B, C = corner(0, 0), corner(10, 10), corner(0, 10)


@pytest.fixture(scope="module")
def plans(city):
    links = street_links(city.geometry)
    own = grow(city, score(city, A, B), links, **CHOSEN).membership
    others = [
        rescored(city, {"violence": 60, "facilities": 40}, A, C),
        rescored(city, {"violence": 40, "facilities": 60}, B, C),
    ]
    settings = defaults() | CHOSEN
    held = plans_in_advance(city, score(city, A, B), links, own, others, settings=settings)
    return own, held, links, others


def test_a_polygon_keeps_its_number_and_a_new_one_gets_one_for_all_plans(plans):
    own, (first, second), _, _ = plans
    of_a, of_b = own[A].mode()[0], own[B].mode()[0]
    assert {of_a, of_b} == {1, 2}
    assert first.membership[A].mode()[0] == of_a
    assert second.membership[B].mode()[0] == of_b
    # The corner that only the others have is one polygon, and the same in both.
    assert first.membership[C].mode()[0] == second.membership[C].mode()[0] == 3
    assert (first.membership[B] == 0).all()
    assert (second.membership[A] == 0).all()


def test_every_plan_keeps_the_rules_of_the_study_and_its_bound(plans, city):
    _, held, links, others = plans
    for plan in held:
        for number in set(plan.membership) - {0}:
            mine = np.flatnonzero(plan.membership == number)
            people = city["population"].iloc[mine].sum()
            assert CHOSEN["population_min"] <= people <= CHOSEN["population_max"]
            inner = np.isin(links.first, mine) & np.isin(links.second, mine)
            reached = {mine[0]}
            for _ in mine:
                pairs = zip(links.first[inner], links.second[inner], strict=True)
                reached |= {one for pair in pairs if reached & set(pair) for one in pair}
            assert reached == set(mine)
        assert plan.notes["bound"] >= plan.worth > 0
        assert plan.gap_share == pytest.approx(1 - plan.worth / plan.notes["bound"])
    assert [plan.weighting for plan in held] == [one.weighting for one in others]


def test_the_order_of_the_rows_changes_nothing(plans, city):
    own, held, _, others = plans
    turned = city.iloc[np.random.default_rng(5).permutation(len(city))]
    again = plans_in_advance(
        turned,
        score(city, A, B)[turned.index],
        street_links(turned.geometry),
        own[turned.index],
        [
            Rescored(one.weighting, one.score[turned.index], one.parts.loc[turned.index])
            for one in others
        ],
        settings=defaults() | CHOSEN,
    )
    for one, two in zip(held, again, strict=True):
        pd.testing.assert_series_equal(one.membership, two.membership[city.index])
        assert one.worth == pytest.approx(two.worth)


def test_a_weighting_without_a_plan_that_keeps_the_rules_is_left_out(city, plans):
    own, _, links, others = plans
    settings = defaults() | CHOSEN | {"exactly": True, "polygons": 40}
    assert plans_in_advance(city, score(city, A, B), links, own, others, settings=settings) == ()


def test_weightings_double_and_halve_each_dimension_once():
    found = weightings_around({"violence": 0.5, "marginalization": 0.3, "facilities": 0.2})
    told = {(one.kind, one.dimension): tuple(one.percent.values()) for one in found}
    # By hand: 100/60, 100/30 … of 50, 30, 20 with one of them doubled or halved.
    assert told == {
        ("double", "violence"): (67, 20, 13),
        ("double", "marginalization"): (39, 46, 15),
        ("double", "facilities"): (42, 25, 33),
        ("half", "violence"): (33, 40, 27),
        ("half", "marginalization"): (59, 18, 23),
        ("half", "facilities"): (56, 33, 11),
        ("equal", ""): (34, 33, 33),
    }
    assert weightings_around({"violence": 1.0}) == ()
    # Of two equal dimensions doubling one is halving the other, and "equal" is what is stated.
    assert len(weightings_around({"violence": 0.5, "facilities": 0.5})) == 2


def test_percent_is_whole_and_sums_to_a_hundred():
    for count in (1, 2, 3, 6, 7):
        held = whole_percent({f"k{one}": 1.0 for one in range(count)})
        assert sum(held.values()) == 100
        assert max(held.values()) - min(held.values()) <= 1
    with pytest.raises(ValueError, match="whole percent"):
        Weighting("equal", {"violence": 99})
    with pytest.raises(ValueError, match="kind"):
        Weighting("tripled", {"violence": 100})


def test_only_means_can_be_weighed_anew():
    tree = Node("score", children=(Node("a", children=(Node("x"),), aggregate=MethodSpec("owa")),))
    assert other_than_mean(tree, MethodSpec("geometric")) == "owa"
    assert other_than_mean(Node.of({"a": (1.0, {"x": 1.0})}), MethodSpec("geometric")) == ""
