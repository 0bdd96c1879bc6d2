"""Plans held to the incidents of a later period: figures by hand, chance by listing it all."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.delineation import grow, street_links, ward
from targeting.delineation.graph import reordered
from targeting.delineation.plans.holdout import draw_plans, most_hits, predictive_accuracy
from targeting.delineation.plans.splitting import split_by_date
from targeting.model import Links
from targeting.problems import TargetingError
from tests.delineation.lattice import lattice


def row_of(count):
    first = np.arange(count - 1)
    return Links(first, first + 1, np.zeros(count - 1), np.zeros(count - 1))


def grid_links(side):
    """Links between the blocks of a square that share a side, by position."""
    number = np.arange(side * side).reshape(side, side)
    pairs = np.concatenate(
        [
            np.stack([number[:, :-1].ravel(), number[:, 1:].ravel()], axis=1),
            np.stack([number[:-1].ravel(), number[1:].ravel()], axis=1),
        ]
    )
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    return Links(pairs[:, 0], pairs[:, 1], np.zeros(len(pairs)), np.zeros(len(pairs)))


def test_the_indices_by_hand():
    # 20 incidents, 1,000 people. Polygon 1: 9 incidents on 150 people; polygon 2: 3 on 50.
    # 12 of 20 on a fifth of the people: 3.
    people = pd.Series([100.0, 50, 50, 50, 250, 500])
    counts = pd.Series([6.0, 3, 3, 4, 2, 2])
    found = predictive_accuracy(pd.Series([1, 1, 2, 0, 0, 0]), counts, people, row_of(6), draws=0)
    row = found.plans.loc["chosen"]
    assert (row["hits"], row["hit_share"], row["size_share"]) == (12, 0.6, 0.2)
    assert row["accuracy"] == pytest.approx(3.0)
    # Per 100 people: 6, 6, 6, 8, 0.8, 0.4. The best 200 people hold 4 (on 50) and 9 (on 150).
    assert row["efficiency"] == pytest.approx(12 / 13)
    assert found.polygons["accuracy"].tolist() == pytest.approx([3.0, 3.0])
    assert found.polygons["polygon"].tolist() == [1, 2]
    assert np.isnan(row["p"])
    assert found.outcome == "held"


@settings(max_examples=25)
@given(
    st.lists(st.tuples(st.integers(1, 20), st.integers(0, 9)), min_size=1, max_size=7),
    st.floats(0, 1),
)
def test_no_blocks_of_the_size_hold_more(blocks, share):
    values = np.array(blocks, dtype=float).T
    size = share * values[0].sum()
    best = max(
        sum(blocks[i][1] for i in chosen)
        for count in range(len(blocks) + 1)
        for chosen in itertools.combinations(range(len(blocks)), count)
        if sum(blocks[i][0] for i in chosen) <= size
    )
    assert best - 1e-9 <= most_hits(values, size) <= best + values[1].max() + 1e-9


def every_pair(side):
    """Both blocks of every link of a square."""
    links = grid_links(side)
    return list(zip(links.first.tolist(), links.second.tolist(), strict=True))


def test_polygons_of_chance_are_those_that_can_be_listed():
    # Polygons of two equal blocks on 3 × 3: a start of nine, then one of its neighbors, all as
    # likely. So each link {a, b} has the chance (1/9)(1/degree a + 1/degree b).
    links, pairs = grid_links(3), every_pair(3)
    degree = np.bincount(np.concatenate([links.first, links.second]))
    chance = {p: (1 / degree[p[0]] + 1 / degree[p[1]]) / 9 for p in pairs}
    assert sum(chance.values()) == pytest.approx(1)
    # A power of two in each block tells from the sum which two were taken.
    counts = pd.Series(2.0 ** np.arange(9))
    graph, values = as_graph(links, 9), np.stack([np.full(9, 10.0), counts])
    drawn = draw_plans(graph, values, np.ones(9, bool), np.array([20.0]), draws=20_000, seed=3)
    assert (drawn[:, 0] == 20).all()
    assert (drawn[:, 2] == 1).all()
    seen = pd.Series(drawn[:, 1]).value_counts()
    assert set(seen.index) == {2.0**a + 2.0**b for a, b in pairs}
    for (a, b), share in chance.items():
        error = 4.5 * np.sqrt(share * (1 - share) / 20_000)
        assert abs(seen[2.0**a + 2.0**b] / 20_000 - share) < error


def test_a_polygon_of_chance_starts_where_the_people_are():
    # One person is wanted, so the start is the whole polygon: 1, 2, 3 and 4 of 10 times.
    values = np.stack([np.array([10.0, 20, 30, 40]), 2.0 ** np.arange(4)])
    drawn = draw_plans(
        as_graph(row_of(4), 4), values, np.ones(4, bool), np.array([1.0]), draws=10_000, seed=2
    )
    seen = [float((drawn[:, 1] == 2**i).mean()) for i in range(4)]
    # 4.5 standard errors of the share .5, the widest.
    assert seen == pytest.approx([0.1, 0.2, 0.3, 0.4], abs=4.5 * 0.005)


def as_graph(links, count):
    from targeting.delineation.plans.holdout import _graph

    return _graph(links, np.ones(count, dtype=bool))


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.integers(1, 4))
def test_polygons_of_chance_are_disjoint_connected_and_of_the_size(seed, polygons):
    chance = np.random.default_rng(seed)
    people = chance.integers(5, 30, 36).astype(float)
    wanted = np.sort(chance.uniform(40, 120, polygons))[::-1]
    values = np.stack([people, 2.0 ** np.arange(36)])
    graph = as_graph(grid_links(6), 36)
    drawn = draw_plans(graph, values, np.ones(36, bool), wanted, draws=20, seed=seed)
    for size, hits, count in drawn:
        inside = [i for i in range(36) if int(hits) >> i & 1]  # each block at most once
        assert sum(2**i for i in inside) == int(hits)
        assert people[inside].sum() == pytest.approx(size)
        assert pieces(inside, graph) <= count
        if count == polygons:
            # Each is nearer to its size than the block that would be one too many.
            assert abs(size - wanted.sum()) <= polygons * people.max() / 2 + 1e-9


def pieces(inside, graph):
    from scipy.sparse.csgraph import connected_components

    return connected_components(graph[inside][:, inside], directed=False)[0] if inside else 0


def test_everywhere_alike_is_no_better_than_chance():
    side = 12
    people = pd.Series(np.full(side * side, 30.0))
    inside = pd.Series(0, index=people.index)
    inside[[0, 1, 2, 12, 13, 14]] = 1
    found = predictive_accuracy(inside, people / 10, people, grid_links(side), draws=199)
    row = found.plans.loc["chosen"]
    assert row["accuracy"] == pytest.approx(1)
    assert row["chance_mean"] == pytest.approx(1)
    assert row["p"] == 1.0
    assert row["percentile"] == 0.0


def test_a_plan_on_the_hot_corner_beats_chance_and_one_beside_it_does_not():
    side = 15
    place = np.arange(side * side)
    y, x = np.divmod(place, side)
    counts = pd.Series(np.where((x < 4) & (y < 4), 8.0, 1.0))
    people = pd.Series(np.full(side * side, 50.0))
    hot = pd.Series(((x < 4) & (y < 4)).astype(int))
    cold = pd.Series(((x > 10) & (y > 10)).astype(int))
    found = predictive_accuracy(hot, counts, people, grid_links(side), others={"beside": cold})
    assert found.plans.index.tolist() == ["chosen", "beside"]
    # 16 blocks hold 128 of 128 + 209: 0.3798 on 16/225 of the people.
    assert found.plans.loc["chosen", "accuracy"] == pytest.approx(128 / 337 / (16 / 225))
    assert found.plans.loc["chosen", "efficiency"] == 1.0
    assert found.plans.loc["chosen", "p"] < 0.02
    assert found.plans.loc["beside", "accuracy"] == pytest.approx(16 / 337 / (16 / 225))
    assert found.plans.loc["beside", "p"] > 0.1
    # Both plans are of one size, so chance is the same for both; starts by people: mean near 1.
    assert found.plans["chance_mean"].nunique() == 1
    assert found.plans.loc["chosen", "chance_mean"] == pytest.approx(1, abs=0.1)


def test_a_street_nobody_crosses_is_not_crossed_by_chance_either():
    # Two rows of six without a link between them; the counts are all in the upper row. A polygon
    # of chance lies in one row: it holds 0 or 3 of 6 and never 1 or 2.
    links = Links(
        np.array([0, 1, 2, 3, 4, 6, 7, 8, 9, 10]),
        np.array([1, 2, 3, 4, 5, 7, 8, 9, 10, 11]),
        np.zeros(10),
        np.zeros(10),
    )
    values = np.stack([np.full(12, 10.0), np.repeat([1.0, 0.0], 6)])
    drawn = draw_plans(
        as_graph(links, 12), values, np.ones(12, bool), np.array([30.0]), draws=300, seed=1
    )
    assert set(drawn[:, 1]) == {0.0, 3.0}


def test_what_is_not_known_counts_neither_as_a_hit_nor_as_people():
    people = pd.Series([100.0, 100, 100, np.nan, 100])
    counts = pd.Series([4.0, np.nan, 2, 9, 2])
    found = predictive_accuracy(pd.Series([1, 1, 0, 0, 0]), counts, people, row_of(5), draws=9)
    row = found.plans.loc["chosen"]
    assert (row["hits"], row["size"]) == (4, 100)
    assert row["accuracy"] == pytest.approx((4 / 8) / (100 / 300))
    assert found.notes["blocks_unknown"] == 2


@pytest.mark.parametrize(
    ("inside", "counts", "people", "outcome"),
    [
        ([1, 0, 0], [0.0, 0, 0], [10.0, 10, 10], "no_incidents"),
        ([1, 0, 0], [1.0, 0, 0], [0.0, 0, 0], "no_size"),
        ([0, 0, 0], [1.0, 0, 0], [10.0, 10, 10], "held"),
        ([1, 0, 0], [1.0, 1, 0], [np.nan, 10, 10], "held"),
    ],
)
def test_nothing_to_tell_is_missing_and_not_zero(inside, counts, people, outcome):
    found = predictive_accuracy(
        pd.Series(inside), pd.Series(counts), pd.Series(people), row_of(3), draws=9
    )
    assert found.outcome == outcome
    assert np.isnan(found.plans.loc["chosen", ["accuracy", "p"]].to_numpy(float)).all()


def test_polygons_larger_than_any_part_of_the_city_are_told_as_not_placed():
    none = Links(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0), np.empty(0))
    found = predictive_accuracy(
        pd.Series([1, 1, 0]), pd.Series([1.0, 0, 1]), pd.Series([10.0, 10, 10]), none, draws=9
    )
    # Two islands made one polygon by hand: no connected polygon of 20 people can be drawn.
    assert np.isnan(found.plans.loc["chosen", "chance_mean"])
    assert found.plans.loc["chosen", "accuracy"] == pytest.approx(0.75)


@settings(max_examples=10)
@given(st.integers(0, 1000))
def test_row_order_changes_nothing(seed):
    chance = np.random.default_rng(seed)
    ids = pd.Index([f"b{i:02d}" for i in range(36)])
    inside = pd.Series(chance.integers(0, 3, 36), ids)
    counts = pd.Series(chance.poisson(2, 36).astype(float), ids)
    people = pd.Series(chance.integers(0, 90, 36).astype(float), ids)
    links = grid_links(6)
    order = chance.permutation(36)
    one = predictive_accuracy(inside, counts, people, links, draws=19)
    two = predictive_accuracy(
        inside.iloc[order],
        counts.iloc[order],
        people.iloc[order],
        reordered(links, np.argsort(order)),
        draws=19,
    )
    pd.testing.assert_frame_equal(one.plans, two.plans, check_exact=True)
    pd.testing.assert_frame_equal(one.polygons, two.polygons, check_exact=True)


def test_the_same_seed_gives_the_same_and_another_does_not():
    chance = np.random.default_rng(0)
    counts = pd.Series(chance.poisson(2, 36).astype(float))
    tables = pd.Series([1, 1, 1] + [0] * 33), counts, pd.Series(np.full(36, 10.0)), grid_links(6)
    one, same, other = (predictive_accuracy(*tables, seed=s).plans for s in (4, 4, 5))
    pd.testing.assert_frame_equal(one, same, check_exact=True)
    assert one.loc["chosen", "chance_mean"] != other.loc["chosen", "chance_mean"]


def test_a_grown_plan_and_a_peer_on_a_made_city():
    # A planted corner has five times the incidents in both periods: the plan of the first period
    # holds the second's better than chance does.
    blocks = lattice(14, 14)
    links = street_links(blocks.geometry)
    chance = np.random.default_rng(5)
    y, x = np.divmod(np.arange(len(blocks)), 14)
    rate = np.where((x < 5) & (y < 5), 5.0, 1.0)
    before, after = (pd.Series(chance.poisson(rate).astype(float), blocks.index) for _ in range(2))
    bounds = {"polygons": 1, "population_min": 1000.0, "population_max": 3000.0}
    score = before.rank(pct=True)
    plans = {
        name: method(blocks, score, links, **bounds).membership
        for name, method in (("grow", grow), ("ward", ward))
    }
    found = predictive_accuracy(
        plans["grow"], after, blocks["population"], links, others={"ward": plans["ward"]}
    )
    assert found.plans.loc["chosen", "accuracy"] > 2
    assert found.plans.loc["chosen", "p"] < 0.02
    assert 0 < found.plans.loc["chosen", "efficiency"] <= 1


def test_wrong_tables_are_refused():
    tables = pd.Series([1, 0]), pd.Series([1.0, 1]), pd.Series([1.0, 1]), row_of(2)
    with pytest.raises(TargetingError) as wrong:
        predictive_accuracy(*tables, draws=-1, seed=-1)
    assert [p.where for p in wrong.value.problems] == ["draws", "seed"]
    with pytest.raises(ValueError, match="chosen"):
        predictive_accuracy(*tables, others={"chosen": tables[0]})
    with pytest.raises(ValueError, match="index"):
        predictive_accuracy(tables[0], tables[1].iloc[::-1], tables[2], tables[3])
    with pytest.raises(ValueError, match="at least 0"):
        predictive_accuracy(tables[0], -tables[1], tables[2], tables[3])


# -------------------------------------------------------------------------------------- by date


def test_incidents_by_period_and_what_is_lost_by_name():
    told = pd.DataFrame(
        [
            ("a", "2021-12-31", "robbery"),  # before the first day asked for
            ("a", "2022-01-01", "robbery"),
            ("b", "2022-12-31 23:59:59", "robbery"),
            ("b", "2023-01-01 00:00", "robbery"),
            ("b", "2023-12-31 12:00", "robbery"),  # the last day counts to its end
            ("b", "2024-01-01", "robbery"),
            ("a", "2023-02-01", "theft"),  # another kind
            (None, "2023-02-01", "robbery"),
            ("z", "2023-02-01", "robbery"),  # no block of ours
            ("c", "2023-02-01", "robbery"),  # nobody looks there
            ("a", None, "robbery"),
            (None, None, "robbery"),  # counted once, as undated
        ],
        columns=["block_id", "date", "kind"],
    )
    told["date"] = pd.to_datetime(told["date"], format="mixed")
    index = pd.Index(["a", "b", "c"])
    found = split_by_date(
        told,
        "2023-01-01",
        index,
        kinds=["robbery"],
        first="2022-01-01",
        last="2023-12-31",
        covered=pd.Series([True, True, False], index),
    )
    assert found.before.tolist()[:2] == [1, 1]
    assert found.after.tolist()[:2] == [0, 2]
    assert found.before.isna().tolist() == found.after.isna().tolist() == [False, False, True]
    lost = {loss.reason: (loss.count, loss.of) for loss in found.losses}
    assert lost == {"no-date": (2, 11), "hold-out-unplaced": (3, 11), "hold-out-period": (2, 11)}
    counted = np.nansum(found.before) + np.nansum(found.after)
    assert counted + sum(loss.count for loss in found.losses) == 11


def test_all_kinds_and_all_days_when_nothing_else_is_asked_for():
    told = pd.DataFrame(
        {
            "block_id": ["a", "a", "b"],
            "kind": ["x", "y", "y"],
            "date": pd.to_datetime(["2001-05-05", "2030-01-01", "2023-01-01"]),
        }
    )
    found = split_by_date(told, "2023-01-01", pd.Index(["a", "b"]))
    assert (found.before.tolist(), found.after.tolist(), found.losses) == ([1, 0], [1, 1], ())
