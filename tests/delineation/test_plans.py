"""Plans beside each other: identity by hand and by law, differences, plans made by hand."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.delineation import grow, street_links
from targeting.delineation.plans import diff_plans, match_plans, score_plan
from targeting.problems import TargetingError
from tests.delineation.lattice import lattice, patch

PEOPLE = pd.Series(10.0, index=list("abcdefgh"))


def plan(text):
    """One digit a block, `a` first."""
    return pd.Series([int(one) for one in text], index=list("abcdefgh")[: len(text)])


def test_a_polygon_keeps_its_key_whatever_its_number():
    found = match_plans(plan("11220000"), plan("22110000"), PEOPLE)
    assert found.keys == {1: 2, 2: 1}
    assert found.after["fate"].tolist() == ["same", "same"]
    assert found.pairs["jaccard"].tolist() == [1.0, 1.0]
    assert found.weighed == "people"


def test_shares_and_jaccard_by_hand():
    """Before: a b c d; after: c d e. They share 20 of 40 and of 30 people, of 50 together."""
    found = match_plans(plan("11110000"), plan("00111000"), PEOPLE)
    (row,) = found.pairs.to_dict("records")
    assert row["people"] == 20
    assert row["share_before"] == pytest.approx(0.5)
    assert row["share_after"] == pytest.approx(20 / 30)
    assert row["jaccard"] == pytest.approx(0.4)
    assert row["matched"]
    assert found.after.loc[1, ["key", "fate"]].tolist() == [1, "changed"]


def test_too_little_in_common_is_another_polygon():
    """One of four and of three blocks: 25 % of the larger is the least there may be."""
    before, after = plan("11110000"), plan("00011100")
    assert match_plans(before, after, PEOPLE).pairs["matched"].tolist() == [True]
    found = match_plans(before, after, PEOPLE, share_min=0.26)
    assert found.before["fate"].tolist() == ["gone"]
    assert found.after[["key", "fate"]].values.tolist() == [[2, "new"]]


def test_the_pairing_leaves_most_people_where_they_were_not_the_largest_share_first():
    """1 and 2 before, 1 and 2 after share 30, 20 / 20, 0: greedy keeps 30, the best pairs 40."""
    before, after = plan("11111220"), plan("11122110")
    found = match_plans(before, after, PEOPLE)
    assert found.pairs[["before", "after", "people"]].values.tolist() == [
        [1, 1, 30.0],
        [1, 2, 20.0],
        [2, 1, 20.0],
    ]
    assert found.pairs["matched"].tolist() == [False, True, True]


def test_split_and_merged_are_told():
    split = match_plans(plan("11110000"), plan("11220000"), PEOPLE)
    assert split.before["split"].tolist() == [True]
    assert split.after["fate"].tolist() == ["changed", "new"]
    assert split.keys == {1: 1, 2: 2}  # a tie: the smaller number keeps the key
    merged = match_plans(plan("11220000"), plan("11110000"), PEOPLE)
    assert merged.after["merged"].tolist() == [True]
    assert merged.before["fate"].tolist() == ["changed", "gone"]


def test_keys_go_on_from_run_to_run_and_are_never_given_again():
    first = match_plans(plan("11220000"), plan("11000033"[:8]), PEOPLE)
    assert first.keys == {1: 1, 3: 3}
    second = match_plans(plan("11000033"), plan("00001133"), PEOPLE, keys=first.keys, next_key=4)
    assert second.keys == {1: 4, 3: 3}
    assert second.before["key"].tolist() == [1, 3]


def test_blocks_that_one_run_alone_has_are_counted():
    after = plan("1110").rename({"b": "x"})
    found = match_plans(plan("1100"), after, PEOPLE)
    assert found.only_before == {"blocks": 1, "inside": 1, "people": 10.0}
    assert found.only_after == {"blocks": 1, "inside": 1, "people": 0.0}  # nobody knows its people
    told = diff_plans(plan("1100"), after, PEOPLE, found)
    assert told.blocks["way"].to_dict() == {"b": "leaving", "c": "entering", "x": "entering"}


def test_where_nobody_lives_blocks_are_counted():
    found = match_plans(plan("1110"), plan("0110"), pd.Series(0.0, index=list("abcd")))
    assert found.weighed == "blocks"
    assert found.pairs["share_before"].tolist() == [pytest.approx(2 / 3)]
    assert found.pairs["matched"].tolist() == [True]


def test_nothing_beside_nothing():
    found = match_plans(plan("0000"), plan("0000"), PEOPLE)
    assert found.pairs.empty
    assert found.after.empty
    assert diff_plans(plan("0000"), plan("0000"), PEOPLE, found).polygons.empty
    one = match_plans(plan("0000"), plan("0110"), PEOPLE)
    assert one.after["fate"].tolist() == ["new"]
    assert one.before.empty


def test_what_cannot_be_matched_is_refused():
    with pytest.raises(ValueError, match="share_min"):
        match_plans(plan("11"), plan("11"), PEOPLE, share_min=0)
    with pytest.raises(ValueError, match="negative"):
        match_plans(plan("11"), plan("11"), -PEOPLE)
    twice = pd.Series([1, 1], index=["a", "a"])
    with pytest.raises(ValueError, match="once"):
        match_plans(twice, plan("11"), PEOPLE)


PLANS = st.lists(st.integers(0, 3), min_size=8, max_size=8)


@settings(max_examples=25, deadline=None)
@given(PLANS, PLANS, st.lists(st.integers(0, 9), min_size=8, max_size=8), st.randoms())
def test_no_other_pairing_shares_more_and_rows_may_come_in_any_order(one, two, people, chance):
    index = list("abcdefgh")
    before, after = pd.Series(one, index=index), pd.Series(two, index=index)
    population = pd.Series(people, index=index, dtype=float)
    found = match_plans(before, after, population)
    weight = population if found.weighed == "people" else population * 0 + 1
    if found.weighed == "people":
        shared = _shared(before, after, weight)
        best = max(
            sum(shared[one - 1, two - 1] for one, two in pairing.items() if two)
            for pairing in _pairings()
        )
        assert found.pairs.loc[found.pairs["matched"], "people"].sum() == pytest.approx(best)
    mixed = index.copy()
    chance.shuffle(mixed)
    again = match_plans(before[mixed], after[mixed[::-1]], population)
    pd.testing.assert_frame_equal(found.pairs, again.pairs)
    pd.testing.assert_frame_equal(found.after, again.after)
    assert len(set(found.keys.values())) == len(found.keys)


def _pairings():
    """Every way to give the numbers 1 to 3 before one of 1 to 3 after, or none."""
    for row in itertools.product(range(4), repeat=3):
        taken = [one for one in row if one]
        if len(taken) == len(set(taken)):
            yield dict(enumerate(row, start=1))


def _shared(before, after, weight):
    """People every two share, where they are a quarter of the larger one's."""
    shared = np.zeros((3, 3))
    for one, two in itertools.product((1, 2, 3), repeat=2):
        both = weight[(before == one) & (after == two)].sum()
        larger = max(weight[before == one].sum(), weight[after == two].sum())
        if both > 0 and both >= 0.25 * larger * (1 - 1e-9):
            shared[one - 1, two - 1] = both
    return shared


@settings(max_examples=25, deadline=None)
@given(PLANS, PLANS)
def test_who_stays_enters_leaves_and_moves_is_everybody(one, two):
    before = pd.Series(one, index=list("abcdefgh"))
    after = pd.Series(two, index=before.index)
    told = diff_plans(before, after, PEOPLE, match_plans(before, after, PEOPLE))
    table = told.polygons
    gone_or_kept = table["blocks_kept"].sum() + table["blocks_lost"].sum()
    assert gone_or_kept == (before > 0).sum()
    assert table["blocks_kept"].sum() + table["blocks_gained"].sum() == (after > 0).sum()
    ways = told.blocks["way"].value_counts()
    assert ways.get("entering", 0) == ((before == 0) & (after > 0)).sum()
    assert ways.get("leaving", 0) == ((before > 0) & (after == 0)).sum()


def test_a_difference_by_hand():
    """Polygon 1 loses c to polygon 2, which was 2 and is 1 now; d enters, h leaves."""
    before, after = plan("11120222"), plan("22111110")
    found = match_plans(before, after, PEOPLE)
    told = diff_plans(before, after, PEOPLE, found)
    assert told.blocks["way"].to_dict() == {"c": "moving", "e": "entering", "h": "leaving"}
    assert told.blocks.loc["c", ["key_before", "key_after"]].tolist() == [1, 2]
    columns = ["before", "after", "blocks_kept", "blocks_gained", "blocks_lost"]
    assert told.polygons[columns].values.tolist() == [[1, 2, 2, 0, 1], [2, 1, 3, 2, 1]]
    assert told.polygons["people_gained"].tolist() == [0.0, 20.0]


# Plans made by hand.

BOUNDS = {"population_min": 900.0, "population_max": 2000.0, "threshold_share": 0.2}


@pytest.fixture(scope="module")
def city():
    blocks = lattice(9, 9)
    hot = patch(blocks, range(4), range(4)).astype(float) * 0.9 + 0.1
    return blocks, hot, street_links(blocks.geometry)


def numbered(*patches):
    return sum(one.astype(int) * number for number, one in enumerate(patches, start=1))


def rules(judged):
    return judged.broken[["polygon", "rule"]].values.tolist()


def test_the_engines_own_plan_reaches_all_of_its_objective_and_breaks_nothing(city):
    found = grow(*city, **BOUNDS)
    judged = score_plan(*city, found.membership, engine=found, **BOUNDS)
    assert judged.broken.empty
    assert judged.notes["engine_share"] == pytest.approx(1)
    columns = ["need", "objective", "population", "area_km2", "perimeter_m", "compactness"]
    pd.testing.assert_frame_equal(judged.polygons[columns], found.polygons[columns])
    assert judged.polygons["engine_polygon"].tolist() == list(found.polygons.index)


def test_what_a_plan_breaks_and_by_how_much(city):
    """81 blocks of 100 people and 60 m: 3 × 2 has 600 people; 5 × 5 2500; the last in two parts."""
    blocks = city[0]
    drawn = numbered(
        patch(blocks, range(3), range(2)),
        patch(blocks, range(4, 9), range(5)),
        patch(blocks, range(5), range(6, 7)) | patch(blocks, range(5), range(8, 9)),
    )
    judged = score_plan(*city, drawn, polygons=2, **BOUNDS)
    held = judged.broken.set_index(["polygon", "rule"])
    assert held.loc[(1, "population_min"), ["limit", "value", "by"]].tolist() == [900, 600, 300]
    assert held.loc[(2, "population_max"), ["limit", "value", "by"]].tolist() == [2000, 2500, 500]
    assert held.loc[(3, "connected"), ["limit", "value", "by"]].tolist() == [1, 2, 500]
    assert held.loc[(0, "polygons"), ["limit", "value", "by"]].tolist() == [2, 3, 1]
    assert judged.polygons["part_count"].tolist() == [1, 1, 2]
    assert judged.polygons["broken_count"].tolist() == [1, 1, 2]
    shape = held.loc[(3, "compactness_min")]
    assert shape["value"] < shape["limit"] == 0.25
    assert shape["by"] == pytest.approx(0.25 - shape["value"])


def test_area_is_that_of_the_drawn_ground(city):
    """3 × 3 blocks of 60 m with 10 m of street between: 200 m a side, 0.04 km²."""
    drawn = numbered(patch(city[0], range(3), range(3)))
    judged = score_plan(*city, drawn, area_max_km2=0.03, **BOUNDS)
    (row,) = judged.broken.to_dict("records")
    assert row["rule"] == "area_max"
    assert row["value"] == pytest.approx(judged.polygons["area_km2"].iloc[0])
    assert row["by"] == pytest.approx(row["value"] - 0.03)


def test_rules_of_a_study_that_are_about_blocks_and_about_all(city):
    drawn = numbered(patch(city[0], range(3), range(3)), patch(city[0], range(3), range(3, 6)))
    judged = score_plan(
        *city,
        drawn,
        lock_out=["r00c00"],
        lock_in=["r08c08", "r00c01"],
        seeds=["r00c01"],
        separation_min_m=100.0,
        **BOUNDS,
    )
    assert rules(judged) == [[1, "barred"], [2, "seeds"], [0, "separation"], [0, "required"]]
    separation = judged.broken.iloc[2]
    assert separation[["limit", "value", "by"]].tolist() == [100, 10, 90]
    required = judged.broken.iloc[3]
    assert required[["limit", "value", "by"]].tolist() == [2, 1, 1]


def test_who_is_not_served(city):
    blocks, hot, _ = city
    drawn = numbered(patch(blocks, range(3), range(3)))
    found = grow(*city, **BOUNDS)
    judged = score_plan(*city, drawn, engine=found, **BOUNDS)
    left = judged.unserved
    assert sorted(left.index) == sorted(hot.index[(hot == 1) & (drawn == 0)])
    assert (left["engine_polygon"] == 1).all()  # the engine takes all 16
    assert 0 < judged.notes["engine_share"] < 1
    assert judged.notes["engine_people_shared"] == 900
    assert judged.reasons.loc["r08c08", "code"] == "below_line"


def test_numbers_given_are_kept_and_order_of_rows_is_nobodys_business(city):
    blocks, hot, _ = city
    drawn = numbered(patch(blocks, range(5, 9), range(3)), patch(blocks, range(3), range(3))) * 7
    judged = score_plan(*city, drawn, **BOUNDS)
    assert judged.polygons.index.tolist() == [7, 14]
    assert judged.polygons["score"].round(6).tolist() == [0.1, 1.0]
    assert set(judged.reasons["polygon"]) <= {0, 7, 14}
    back = blocks.iloc[::-1]
    again = score_plan(
        back, hot.iloc[::-1], street_links(back.geometry), drawn.iloc[::-1], **BOUNDS
    )
    table = judged.polygons.drop(columns="geometry")
    pd.testing.assert_frame_equal(table, again.polygons.drop(columns="geometry"))
    pd.testing.assert_frame_equal(judged.broken, again.broken)


def test_an_empty_plan_and_blocks_nobody_can_reach(city):
    blocks, hot, _ = city
    nothing = pd.Series(0, index=blocks.index)
    judged = score_plan(*city, nothing, exactly=True, polygons=2, **BOUNDS)
    assert judged.polygons.empty
    assert rules(judged) == [[0, "exactly"]]
    alone = lattice(1, 3, street_m=500.0)
    lonely = score_plan(
        alone,
        pd.Series([1.0, 0.5, 0.2], index=alone.index),
        street_links(alone.geometry, attach_m=0.0),
        pd.Series(1, index=alone.index),
        **BOUNDS,
    )
    assert lonely.polygons["part_count"].tolist() == [3]
    assert [1, "connected"] in rules(lonely)


def test_a_setting_that_means_nothing_is_refused(city):
    nothing = pd.Series(0, index=city[0].index)
    with pytest.raises(TargetingError, match="population-bounds"):
        score_plan(*city, nothing, population_min=3000, population_max=2000)
    with pytest.raises(ValueError, match="blocks"):
        score_plan(*city, nothing.iloc[1:])
    # Of another method: ignored, as the docstring says.
    assert score_plan(*city, nothing, score_weight=2.0).polygons.empty


def test_the_worth_stated_is_need_less_the_price_of_the_outline(city):
    drawn = numbered(patch(city[0], range(3), range(3)))
    judged = score_plan(*city, drawn, **BOUNDS)
    row, price = judged.polygons.iloc[0], judged.notes["price_per_m"]
    assert row["objective"] == pytest.approx(row["need"] - price * row["perimeter_m"])
    above = 1.0 - judged.notes["threshold"]
    assert row["need"] == pytest.approx(900 * above)
    assert np.isclose(judged.notes["reached_share"], 9 / 16)
