"""Scan statistics: small cities where every circle and set is listed, laws, hard cases."""

from __future__ import annotations

import itertools
import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.delineation.scan import circular_scan, flexible_scan
from targeting.delineation.scan.flexible import fewest_rare
from targeting.delineation.scan.prepared import take
from targeting.delineation.scan.scanning import Rule, raise_by, replicated
from targeting.delineation.scan.windows import circles
from targeting.model import Links
from targeting.problems import TargetingError


def links_of(pairs):
    """Links between these pairs of positions."""
    pairs = sorted((min(p), max(p)) for p in pairs)
    first = np.array([p[0] for p in pairs], dtype=np.int64)
    second = np.array([p[1] for p in pairs], dtype=np.int64)
    return Links(first, second, np.zeros(len(pairs)), np.zeros(len(pairs)))


def points(where, ids=None):
    index = range(len(where)) if ids is None else ids
    return gpd.GeoSeries(shapely.points(np.asarray(where, dtype=float)), index=index)


# ------------------------------------------------------------------------- small cities by hand


def ratio(inside, expected, total):
    """Kulldorff's formula, written out."""
    found = 0.0
    if inside:
        found += inside * math.log(inside / expected)
    if total - inside:
        found += (total - inside) * math.log((total - inside) / (total - expected))
    return found


def best_circle(cases, people, where, *, share_max, rates="high", cases_min=2):
    """Every circle of every size around every place, one at a time."""
    cases, people, where = np.asarray(cases), np.asarray(people, float), np.asarray(where, float)
    total, best = cases.sum(), 0.0
    for center in where:
        away = np.round(np.hypot(*(where - center).T), 9)
        for radius in np.unique(away):
            inside = away <= radius
            expected = total * people[inside].sum() / people.sum()
            if people[inside].sum() > share_max * people.sum() * (1 + 1e-12):
                continue
            count = cases[inside].sum()
            high = count > expected and count >= cases_min and rates != "low"
            low = count < expected and rates != "high"
            if high or low:
                best = max(best, ratio(count, expected, total))
    return best


def best_set(cases, people, where, links, *, count, alpha=None, cases_min=2):
    """Every subset of the nearest places of every place, one at a time."""
    cases, people, where = np.asarray(cases), np.asarray(people, float), np.asarray(where, float)
    total, best = cases.sum(), 0.0
    expected = total * people / people.sum()
    linked = {(int(a), int(b)) for a, b in zip(links.first, links.second, strict=True)}
    for center in range(len(where)):
        away = np.round(np.hypot(*(where - where[center]).T), 9)
        away[center] = -1
        near = np.lexsort((np.arange(len(where)), away))[:count]
        for size in range(1, count + 1):
            for chosen in itertools.combinations(near.tolist(), size):
                if center not in chosen or not reached(set(chosen), center, linked):
                    continue
                if alpha and any(middle_p(cases[b], expected[b]) >= alpha for b in chosen):
                    continue
                inside, due = cases[list(chosen)].sum(), expected[list(chosen)].sum()
                if inside > due and inside >= cases_min:
                    best = max(best, ratio(inside, due, total))
    return best


def reached(chosen, start, linked):
    seen, waiting = {start}, [start]
    while waiting:
        block = waiting.pop()
        for other in chosen - seen:
            if (min(block, other), max(block, other)) in linked:
                seen.add(other)
                waiting.append(other)
    return seen == chosen


def middle_p(count, expected):
    chances = [math.exp(-expected) * expected**n / math.factorial(n) for n in range(int(count) + 1)]
    return 1 - sum(chances) + chances[-1] / 2


CITY = st.integers(2, 9).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(0, 9), min_size=n, max_size=n),
        st.lists(st.integers(1, 50), min_size=n, max_size=n),
        st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=n, max_size=n),
    )
)


@settings(max_examples=25)
@given(CITY, st.sampled_from(["high", "low", "both"]), st.sampled_from([0.2, 0.5]))
def test_no_circle_is_more_likely(city, rates, share):
    # Places on a small grid, so that distances tie and places lie on top of each other.
    cases, people, where = city
    found = circular_scan(
        pd.Series(cases),
        pd.Series(people),
        points(where),
        rates=rates,
        population_share_max=share,
        replicates=0,
    )
    best = best_circle(cases, people, where, share_max=share, rates=rates) if sum(cases) else 0.0
    top = found.clusters["log_likelihood_ratio"].max() if len(found.clusters) else 0.0
    assert top == pytest.approx(best, abs=1e-8)
    check_clusters(found, cases, people)


def check_clusters(found, cases, people):
    """Every figure of every cluster, counted again from who is in it."""
    total, everybody = sum(cases), sum(people)
    for number, row in found.clusters.iterrows():
        inside = np.flatnonzero(found.membership == number)
        count, due = sum(cases[i] for i in inside), total * sum(people[i] for i in inside)
        due /= everybody
        assert row["cases"] == count
        assert row["expected"] == pytest.approx(due)
        assert row["log_likelihood_ratio"] == pytest.approx(ratio(count, due, total), abs=1e-8)
        assert row["block_count"] == len(inside)
        assert row["side"] == ("high" if count > due else "low")
    ordered = found.clusters["log_likelihood_ratio"]
    assert (ordered.diff().dropna() <= 1e-8).all()


@settings(max_examples=25)
@given(CITY, st.data(), st.sampled_from([None, 0.2, 0.5]), st.integers(1, 6))
def test_no_connected_set_is_more_likely(city, data, alpha, count):
    cases, people, where = city
    pairs = list(itertools.combinations(range(len(cases)), 2))
    links = links_of(data.draw(st.sets(st.sampled_from(pairs))))
    found = flexible_scan(
        pd.Series(cases),
        pd.Series(people),
        points(where),
        links,
        nearest_blocks=count,
        restricted_alpha=alpha,
        replicates=0,
    )
    best = 0.0
    if sum(cases):
        best = best_set(cases, people, where, links, count=min(count, len(cases)), alpha=alpha)
    top = found.clusters["log_likelihood_ratio"].max() if len(found.clusters) else 0.0
    assert top == pytest.approx(best, abs=1e-8)
    check_clusters(found, cases, people)
    linked = {(int(a), int(b)) for a, b in zip(links.first, links.second, strict=True)}
    for number in found.clusters.index:
        inside = set(np.flatnonzero(found.membership == number).tolist())
        assert reached(inside, min(inside), linked)


@settings(max_examples=15)
@given(CITY, st.data())
def test_replicates_are_the_same_search_over_shared_out_cases(city, data):
    """Every replicate's highest ratio, found again one circle and one set at a time."""
    cases, people, where = city
    if not sum(cases):
        return
    tables = pd.Series(cases), pd.Series(people), points(where)
    links = links_of(itertools.combinations(range(len(cases)), 2))
    drawn = replicated(take(*tables), 3, 7).astype(float)
    alpha = data.draw(st.sampled_from([None, 0.3]))
    rates = data.draw(st.sampled_from(["high", "low", "both"]))
    highest = [
        (
            best_circle(drawn[0, :, lane], people, where, share_max=0.5, rates=rates),
            best_set(drawn[0, :, lane], people, where, links, count=len(cases), alpha=alpha),
        )
        for lane in range(3)
    ]
    assert drawn[0].sum(axis=0)[:3].tolist() == [sum(cases)] * 3
    chosen = {"nearest_blocks": len(cases), "restricted_alpha": alpha}
    for at, found in enumerate(
        [
            circular_scan(*tables, replicates=3, seed=7, rates=rates),
            flexible_scan(*tables, links, replicates=3, seed=7, **chosen),
        ]
    ):
        ratios = np.array([one[at] for one in highest])
        for _, row in found.clusters.iterrows():
            as_high = (ratios >= row["log_likelihood_ratio"] - 1e-8).sum()
            assert row["p"] == pytest.approx((1 + as_high) / 4)


@pytest.mark.parametrize("rates", ["high", "low", "both"])
@pytest.mark.parametrize("times", [0.01, 1.0, 3000.0])
def test_the_quick_bound_never_hides_the_best_window(rates, times):
    # The loops weigh a window only where a bound in single precision says it may be the best; here
    # every window is weighed, from a handful of cases to a million.
    _, people, where, _ = made_city(8)
    cases = pd.Series(np.random.default_rng(1).poisson(people * 0.05 * times), people.index)
    scanned = take(cases, people, where)
    rule = Rule(scanned.total, rates, 2)
    counts = replicated(scanned, 70, 3)
    best, exact = np.zeros((2, 64)), np.zeros((2, 64))
    for some in circles(scanned.points, scanned.values, share_max=0.5, radius_max_m=np.inf):
        raise_by(some, rule, counts, best)
        for group, lane in np.ndindex(2, 64):
            added = counts[group, some.steps[0], lane].astype(float)
            before = np.concatenate([[0.0], np.cumsum(added)])
            inside = before[1:] - np.repeat(before[some.start[:-1]], np.diff(some.start))
            found = rule.ratio(np.stack([inside, some.sums[1]]), some.usable)
            exact[group, lane] = max(exact[group, lane], found.max())
    assert (exact.ravel()[:70] > 0).sum() > 60
    assert best.ravel()[:70].tolist() == pytest.approx(exact.ravel()[:70].tolist(), rel=1e-12)


def test_a_row_of_eight_by_hand():
    # 22 cases among 8 equal blocks: three hold 19 where 8.25 are due.
    cases, row = pd.Series([6, 7, 6, 1, 0, 1, 1, 0]), points([(i * 100, 0) for i in range(8)])
    found = circular_scan(cases, pd.Series([90.0] * 8), row)
    first = found.clusters.loc[1]
    assert first["log_likelihood_ratio"] == pytest.approx(
        19 * math.log(19 / 8.25) + 3 * math.log(3 / 13.75)
    )
    assert first["relative_risk"] == pytest.approx((19 / 8.25) / (3 / 13.75))
    assert (first["center"], first["radius_m"], first["population"]) == (0, 200.0, 270.0)
    assert first["p"] <= 0.01
    assert found.inside(p_max=0.01).sum() == 3


def test_a_bent_cluster_is_followed_and_a_quiet_block_left_out():
    # An L of five hot blocks on a 4 × 4 grid; the one in its bend is quiet. The circle swallows it.
    where = [(x, y) for y in range(4) for x in range(4)]
    hot = {(0, 0), (1, 0), (2, 0), (0, 1), (0, 2)}
    cases = pd.Series([12 if w in hot else 1 for w in where])
    side = [(a, b) for a in range(16) for b in range(16) if a < b and near(where[a], where[b])]
    tables = cases, pd.Series([100] * 16), points(where)
    found = flexible_scan(*tables, links_of(side), nearest_blocks=9, replicates=99)
    assert {where[i] for i in np.flatnonzero(found.membership == 1)} == hot
    assert found.clusters.loc[1, "p"] == 0.01
    circle = circular_scan(*tables, replicates=0)
    assert {where[i] for i in np.flatnonzero(circle.membership == 1)} != hot
    assert (
        found.clusters["log_likelihood_ratio"].iloc[0]
        > circle.clusters["log_likelihood_ratio"].iloc[0]
    )


def near(one, two):
    return abs(one[0] - two[0]) + abs(one[1] - two[1]) == 1


def test_middle_p_values_by_hand():
    # Mean 1: 1 − 0.5/e = 0.816, 1 − 1.5/e = 0.448, 1 − 2.25/e = 0.172, 1 − (2.5 + 1/12)/e = 0.0497
    assert fewest_rare(np.array([1.0, 1.0, 1.0, 1.0]), 0.2).tolist() == [2.0] * 4
    assert fewest_rare(np.array([1.0]), 0.5).tolist() == [1.0]
    assert fewest_rare(np.array([1.0]), 0.9).tolist() == [0.0]
    assert fewest_rare(np.array([1.0]), 0.05).tolist() == [3.0]
    for expected in (0.01, 3.7, 40.0, 90.0):
        fewest = int(fewest_rare(np.array([expected]), 0.2)[0])
        assert middle_p(fewest, expected) < 0.2
        assert fewest == 0 or middle_p(fewest - 1, expected) >= 0.2


# ------------------------------------------------------------------------------------------ laws


def made_city(seed, size=60):
    chance = np.random.default_rng(seed)
    where = chance.uniform(0, 1000, (size, 2))
    people = chance.integers(20, 200, size).astype(float)
    risk = np.where(np.hypot(*(where - 500).T) < 200, 0.2, 0.05)
    ids = [f"b{i:03d}" for i in range(size)]
    apart = np.hypot(*(where[:, None] - where[None]).transpose(2, 0, 1))
    pairs = {(i, int(j)) for i in range(size) for j in np.argsort(apart[i])[1:6]}
    links = links_of({(min(p), max(p)) for p in pairs})
    cases = chance.poisson(people * risk)
    return pd.Series(cases, ids), pd.Series(people, ids), points(where, ids), links


def scans(cases, population, geometry, links):
    return (
        circular_scan(cases, population, geometry, replicates=99),
        flexible_scan(cases, population, geometry, links, replicates=99, nearest_blocks=8),
        flexible_scan(
            cases,
            population,
            geometry,
            links,
            replicates=99,
            nearest_blocks=6,
            restricted_alpha=None,
        ),
    )


@settings(max_examples=8)
@given(st.integers(0, 1000))
def test_row_order_changes_nothing(seed):
    cases, people, where, links = made_city(seed)
    order = np.random.default_rng(seed).permutation(len(cases))
    place = np.argsort(order)
    one, two = place[links.first], place[links.second]
    moved = links_of(set(zip(one.tolist(), two.tolist(), strict=True)))
    ours = scans(cases, people, where, links)
    theirs = scans(cases.iloc[order], people.iloc[order], where.iloc[order], moved)
    for first, second in zip(ours, theirs, strict=True):
        pd.testing.assert_frame_equal(first.clusters, second.clusters, check_exact=True)
        assert second.membership.reindex(cases.index).equals(first.membership)


@settings(max_examples=8)
@given(st.integers(0, 1000), st.sampled_from([0.001, 0.3, 7.0, 1e6]))
def test_population_on_another_scale_changes_nothing(seed, times):
    cases, people, where, links = made_city(seed)
    ours = scans(cases, people, where, links)
    theirs = scans(cases, people * times, where, links)
    for first, second in zip(ours, theirs, strict=True):
        assert second.membership.equals(first.membership)
        columns = ["cases", "expected", "relative_risk", "log_likelihood_ratio", "p"]
        pd.testing.assert_frame_equal(
            first.clusters[columns], second.clusters[columns], check_exact=False, rtol=1e-9
        )


def test_the_same_seed_gives_the_same_and_another_does_not():
    cases, people, where, _ = made_city(3)
    one, again = (circular_scan(cases, people, where, seed=5) for _ in range(2))
    pd.testing.assert_frame_equal(one.clusters, again.clusters, check_exact=True)
    other = circular_scan(cases, people, where, seed=6)
    assert other.clusters["p_gumbel"].iloc[0] != one.clusters["p_gumbel"].iloc[0]


def test_cases_spread_as_people_are_make_a_common_p_value():
    # No cluster is planted: over 40 cities about 2 have p ≤ 0.05, and 7 or more would be a chance
    # of 1 in 300 (binomial).
    chance = np.random.default_rng(11)
    where = points(chance.uniform(0, 1000, (40, 2)))
    people = pd.Series(chance.integers(20, 200, 40))
    small = 0
    for turn in range(40):
        cases = pd.Series(chance.multinomial(80, people / people.sum()))
        found = circular_scan(cases, people, where, replicates=99, seed=turn)
        small += bool(len(found.clusters) and found.clusters["p"].iloc[0] <= 0.05)
    assert small <= 6


# ------------------------------------------------------------------------------------- hard cases


def test_blocks_without_people_or_counts_are_left_out_by_name():
    cases = pd.Series([5, 6, 0, 3, np.nan, 1, 0], index=list("abcdefg"))
    people = pd.Series([50, 50, 60, 0, 70, np.nan, 60], index=list("abcdefg"))
    where = points([(i * 10, 0) for i in range(7)], list("abcdefg"))
    where["g"] = None
    found = circular_scan(cases, people, where, replicates=9)
    lost = {loss.reason: (loss.count, loss.of, loss.examples) for loss in found.losses}
    assert lost == {
        "scan-no-people": (1, 7, ("d",)),
        "scan-cases-unknown": (1, 7, ("e",)),
        "scan-people-unknown": (1, 7, ("f",)),
        "scan-no-place": (1, 7, ("g",)),
    }
    assert found.notes["cases_left_out"] == 4.0
    assert (found.notes["case_count"], found.notes["block_count"]) == (11.0, 3)
    assert (found.membership[["d", "e", "f", "g"]] == 0).all()


@pytest.mark.parametrize(
    ("cases", "people", "outcome"),
    [
        ([0, 0, 0], [10, 10, 10], "no_cases"),
        ([4, 4, 4], [0, np.nan, 0], "no_blocks"),
        ([4], [10], "no_windows"),  # one block is more than half of the people
        ([4, 4, 4], [np.nan, np.nan, 10], "no_windows"),
    ],
)
def test_nothing_to_scan_is_an_answer(cases, people, outcome):
    size = len(cases)
    found = circular_scan(
        pd.Series(cases), pd.Series(people), points([(i, 0) for i in range(size)])
    )
    assert (found.outcome, len(found.clusters)) == (outcome, 0)
    assert found.membership.tolist() == [0] * size


def test_places_on_top_of_each_other_are_in_a_circle_together():
    where = points([(0, 0), (0, 0), (500, 0), (900, 0), (1500, 0)])
    found = circular_scan(pd.Series([9, 0, 1, 1, 1]), pd.Series([10.0] * 5), where, replicates=0)
    assert found.clusters.loc[1, "block_count"] == 2
    assert found.membership.tolist() == [1, 1, 0, 0, 0]


def test_all_cases_in_one_cluster_have_an_endless_relative_risk():
    where = points([(i, 0) for i in range(6)])
    found = circular_scan(pd.Series([9, 8, 0, 0, 0, 0]), pd.Series([10] * 6), where, replicates=9)
    assert found.clusters["relative_risk"].tolist() == [math.inf]
    assert found.clusters["p"].tolist() == [0.1]


def test_a_radius_may_be_capped():
    cases, people, where, _ = made_city(2)
    found = circular_scan(cases, people, where, radius_max_m=120.0, replicates=0)
    assert (found.clusters["radius_m"] <= 120).all()
    assert len(found.clusters) > 1


def test_what_cannot_be_scanned_is_refused_in_words():
    row, people = points([(0, 0), (1, 0)]), pd.Series([10, 10])
    with pytest.raises(TargetingError) as wrong:
        circular_scan(pd.Series([0.5, 2]), people, row)
    assert [problem.code for problem in wrong.value.problems] == ["cases-not-whole"]
    assert "0: 0.5" in wrong.value.text("en")
    with pytest.raises(TargetingError) as wrong:
        circular_scan(pd.Series([2**24, 2]), people, row)
    assert [problem.code for problem in wrong.value.problems] == ["cases-too-many"]
    with pytest.raises(TargetingError) as wrong:
        circular_scan(pd.Series([1, 2]), people, row, population_share_max=0.7, replicates=-1)
    assert {p.where for p in wrong.value.problems} == {"population_share_max", "replicates"}
    with pytest.raises(TargetingError):
        flexible_scan(pd.Series([1, 2]), people, row, links_of([]), nearest_blocks=16)
    with pytest.raises(ValueError, match="index"):
        circular_scan(pd.Series([1, 2]), people.iloc[::-1], row)
