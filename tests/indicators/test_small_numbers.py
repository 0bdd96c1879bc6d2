"""Smoothing, exact intervals and the model's: by hand, beside esda, and on cities of known risk."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.special import gammaln
from scipy.stats import binom, poisson

from targeting.indicators import measure, rate_of_points
from targeting.indicators.exact_intervals import (
    binomial_interval,
    poisson_interval,
    rate_interval,
    weighted_interval,
)
from targeting.indicators.hierarchy import hierarchical_posterior
from targeting.indicators.rates import chance_of_high_rate
from targeting.indicators.shrinking import chance_above, gamma_interval, shrink_rates
from targeting.indicators.smoothing import (
    global_empirical_bayes,
    nearest_blocks,
    spatial_empirical_bayes,
)
from targeting.model import Indicator
from tests.cities import city
from tests.indicators.simulated import simulated_cities

# A ring of twelve blocks, the fourth and the eighth neighbors besides.
EVENTS = np.array([3, 0, 1, 7, 2, 0, 0, 12, 1, 0, 0, 0], dtype=float)
PEOPLE = np.array([120, 35, 8, 410, 64, 90, 15, 230, 51, 77, 140, 60], dtype=float)
RING = np.roll(np.eye(12), 1, axis=1) + np.roll(np.eye(12), -1, axis=1)
RING[3, 7] = RING[7, 3] = 1.0
RING = csr_array(RING)
# esda 2.9.0 with libpysal 4.14.1, Empirical_Bayes(EVENTS, PEOPLE).r and Spatial_Empirical_Bayes
# with the same neighbors; its NaN is where neither the block nor a neighbor has an event.
ESDA_GLOBAL = [
    0.022763434679549555, 0.014701830694157906, 0.027990783340881883, 0.01763370133751182,
    0.024468688231753605, 0.010380561458131597, 0.017324321843795877, 0.042621591254772,
    0.019864975355328628, 0.011155581215174069, 0.008191688114481389, 0.012362579325470545,
]  # fmt: skip
ESDA_SPATIAL = [
    0.013953488372093023, 0.019680196801968017, 0.02279597130674281, 0.021118536713330104,
    0.015957446808510637, 0.010292698616918622, 0.032242990654205606, 0.04013802617590196,
    0.032931548980920225, 0.002742525274252528, np.nan, 0.006818181818181819,
]  # fmt: skip

cells = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 300)), min_size=2, max_size=25)


def taken(drawn):
    """Events and people of drawn cells."""
    return np.array([float(e) for e, _ in drawn]), np.array([float(n) for _, n in drawn])


# ---- smoothing


def test_global_smoothing_worked_by_hand():
    # Rates 0.08 and 0; city 8/200 = 0.04; variance (100 * 0.04^2 * 2)/200 - 0.04/100 = 0.0012;
    # weight 0.0012 / (0.0012 + 0.04/100) = 0.75.
    drawn = global_empirical_bayes(np.array([8.0, 0.0]), np.array([100.0, 100.0]))
    assert drawn.weight == pytest.approx([0.75, 0.75])
    assert drawn.rate == pytest.approx([0.07, 0.01])


def test_global_smoothing_equals_esda():
    assert global_empirical_bayes(EVENTS, PEOPLE).rate == pytest.approx(ESDA_GLOBAL, rel=1e-12)


def test_a_block_without_people_spoils_no_other():
    with_park = global_empirical_bayes(np.r_[EVENTS, 4.0, 1.0], np.r_[PEOPLE, 0.0, np.nan])
    assert with_park.rate[:12] == pytest.approx(ESDA_GLOBAL, rel=1e-12)
    assert np.isnan(with_park.rate[12:]).all()
    assert np.isnan(global_empirical_bayes(np.zeros(2), np.zeros(2)).rate).all()


def test_a_negative_variance_is_none_and_gives_no_negative_rate():
    # Two blocks of rates 0.04 and 0.05 on 100 people: less apart than chance alone makes them, so
    # that the estimated variance is 0.000025 - 0.00045 < 0. Taken as it is, the weight would be
    # -17 and the first rate 0.045 + 17 * 0.005; in a wider case, negative.
    drawn = global_empirical_bayes(np.array([4.0, 5.0]), np.full(2, 100.0))
    assert drawn.rate == pytest.approx([0.045, 0.045])


def test_spatial_smoothing_equals_esda_where_that_is_a_number():
    drawn = spatial_empirical_bayes(EVENTS, PEOPLE, RING)
    known = ~np.isnan(ESDA_SPATIAL)
    assert drawn.rate[known] == pytest.approx(np.array(ESDA_SPATIAL)[known], rel=1e-12)
    # Where nothing happened nearby the rate is the neighborhood's, 0.
    assert drawn.rate[~known].tolist() == [0.0]


def test_spatial_smoothing_leaves_empty_blocks_out_of_the_neighborhood():
    # The ring with an empty block stored as a neighbor of all: nothing changes for the others.
    wide = np.zeros((13, 13))
    wide[:12, :12] = RING.toarray()
    wide[12, :12] = wide[:12, 12] = 1.0
    drawn = spatial_empirical_bayes(np.r_[EVENTS, 9.0], np.r_[PEOPLE, 0.0], csr_array(wide))
    assert drawn.rate[:12] == pytest.approx(spatial_empirical_bayes(EVENTS, PEOPLE, RING).rate)
    assert np.isnan(drawn.rate[12])


def test_itself_among_the_neighbors_counts_once():
    drawn = spatial_empirical_bayes(EVENTS, PEOPLE, csr_array(RING.toarray() * 3 + np.eye(12)))
    assert drawn.rate == pytest.approx(spatial_empirical_bayes(EVENTS, PEOPLE, RING).rate)


def test_a_block_without_inhabited_neighbors_is_drawn_towards_the_city():
    alone = csr_array((3, 3))
    events, people = np.array([8.0, 0.0, 2.0]), np.array([100.0, 100.0, 0.0])
    drawn = spatial_empirical_bayes(events, people, alone)
    assert drawn.rate[:2] == pytest.approx([0.07, 0.01])


def test_nearest_blocks_take_all_that_are_as_far():
    positions = np.array([[x, y] for x in range(5) for y in range(5)], dtype=float) * 70
    nearby = nearest_blocks(positions, count=8).toarray()
    middle = nearby[12].reshape(5, 5)
    assert middle.sum() == 8
    assert middle[1:4, 1:4].sum() == 8  # the ring around it
    # Three nearest of an inner block: its four sides are all as near.
    four = nearest_blocks(positions, count=3).toarray()[12].reshape(5, 5)
    assert four.sum() == four[2, [1, 3]].sum() + four[[1, 3], 2].sum() == 4
    order = np.random.default_rng(3).permutation(25)
    again = nearest_blocks(positions[order], count=3).toarray()
    assert (again == nearest_blocks(positions, count=3).toarray()[np.ix_(order, order)]).all()
    assert nearest_blocks(positions[:1]).nnz == 0
    assert nearest_blocks(np.zeros((3, 2)), count=1).toarray().sum() == 6  # all in one place


@settings(max_examples=25)
@given(cells, st.randoms(use_true_random=False))
def test_laws_of_smoothing(drawn, order):
    events, people = taken(drawn)
    positions = np.arange(len(events) * 2, dtype=float).reshape(-1, 2) ** 1.5
    lived = people > 0
    shuffled = list(range(len(events)))
    order.shuffle(shuffled)

    def spatial(y, n, places):
        return spatial_empirical_bayes(y, n, nearest_blocks(places, count=3))

    def towards_city(y, n, places):
        return global_empirical_bayes(y, n)

    for smooth in (spatial, towards_city):
        one = smooth(events, people, positions)
        assert (np.isnan(one.rate) == ~lived).all()  # never missing where people live
        raw = events[lived] / people[lived]
        low, high = np.fmin(raw, one.mean[lived]), np.fmax(raw, one.mean[lived])
        assert (one.rate[lived] >= low - 1e-12).all()  # between the raw rate and the mean
        assert (one.rate[lived] <= high + 1e-12).all()
        assert ((one.weight[lived] >= 0) & (one.weight[lived] <= 1)).all()
        again = smooth(events[shuffled], people[shuffled], positions[shuffled])
        np.testing.assert_allclose(again.rate, one.rate[shuffled], rtol=1e-9, atol=1e-15)
        thinner = smooth(events, people * 7, positions)
        np.testing.assert_allclose(thinner.rate, one.rate / 7, rtol=1e-9, atol=1e-15)


@settings(max_examples=25)
@given(cells, st.integers(0, 24), st.integers(1, 5))
def test_more_events_never_lower_a_drawn_in_rate(drawn, place, more):
    events, people = taken(drawn)
    areas = pd.Series([f"a{i % 3}" for i in range(len(events))])
    place %= len(events)
    added = events.copy()
    added[place] += more
    if people[place] > 0:
        before, after = (shrink_rates(y, people, areas) for y in (events, added))
        assert after.mean[place] >= before.mean[place] * (1 - 1e-6)


def test_rates_scale_with_people_and_their_intervals_too():
    areas = pd.Series(list("aaaabbbbcccc"))
    one, thin = shrink_rates(EVENTS, PEOPLE, areas), shrink_rates(EVENTS, PEOPLE * 7, areas)
    for name in ("rate", "low", "high", "mean"):
        np.testing.assert_allclose(getattr(thin, name), getattr(one, name) / 7, rtol=1e-9)
    np.testing.assert_allclose(thin.reliability, one.reliability, rtol=1e-9)


@settings(max_examples=25)
@given(cells)
def test_a_drawn_in_rate_lies_between_the_raw_one_the_areas_and_the_citys(drawn):
    events, people = taken(drawn)
    areas = np.arange(len(events)) % 3
    lived = people > 0
    if not events[lived].sum():
        return
    rates = shrink_rates(events, people, pd.Series(areas)).rate
    y, n = events[lived], people[lived]
    of_area = np.bincount(areas[lived], y, 3) / np.fmax(np.bincount(areas[lived], n, 3), 1)
    three = np.array([y / n, of_area[areas[lived]], np.full(lived.sum(), y.sum() / n.sum())])
    assert (three.min(axis=0) - 1e-12 <= rates[lived]).all()
    assert (rates[lived] <= three.max(axis=0) + 1e-12).all()


# ---- exact intervals


def test_garwood_in_the_tables():
    # Ends for 0, 1, 5 and 20 events at 95 %, as in tables of exact Poisson limits.
    low, high = poisson_interval(np.array([0.0, 1.0, 5.0, 20.0]))
    assert low == pytest.approx([0, 0.0253, 1.6235, 12.2165], abs=5e-5)
    assert high == pytest.approx([3.6889, 5.5716, 11.6683, 30.8884], abs=5e-5)


def test_mid_p_halves_the_events_seen_in_each_tail():
    events = np.array([1.0, 5.0, 20.0])
    low, high = poisson_interval(events, method="mid-p")
    below = poisson.cdf(events - 1, high) + poisson.pmf(events, high) / 2
    above = poisson.sf(events, low) + poisson.pmf(events, low) / 2
    assert below == pytest.approx([0.025] * 3, abs=1e-9)
    assert above == pytest.approx([0.025] * 3, abs=1e-9)
    # None seen: e^-mean / 2 = 0.025, so the upper end is ln 20.
    low, high = poisson_interval(np.zeros(1), method="mid-p")
    assert (low[0], high[0]) == (0.0, pytest.approx(np.log(20)))


def test_exact_intervals_cover_every_mean_and_share():
    seen = np.arange(200.0)
    low, high = poisson_interval(seen)
    for mean in np.r_[0.01:1:0.07, 1:60:1.3]:
        covered = poisson.pmf(seen, mean)[(low <= mean) & (mean <= high)].sum()
        assert covered >= 0.95
    seen = np.arange(31.0)
    low, high = binomial_interval(seen, np.full(31, 30.0))
    for share in np.linspace(0.001, 0.999, 57):
        assert binom.pmf(seen, 30, share)[(low <= share) & (share <= high)].sum() >= 0.95


def test_binomial_intervals_of_all_and_none():
    # Clopper-Pearson for 0 of n: 1 - 0.025^(1/n). Wilson for 0 of n: z^2/(n + z^2).
    low, high = binomial_interval(np.array([0.0, 20.0]), np.full(2, 20.0))
    assert (low[0], high[1]) == (0.0, 1.0)
    assert [high[0], 1 - low[1]] == pytest.approx([1 - 0.025 ** (1 / 20)] * 2)
    low, high = binomial_interval(np.array([0.0, 20.0]), np.full(2, 20.0), method="wilson")
    assert [high[0], 1 - low[1]] == pytest.approx([1.959964**2 / (20 + 1.959964**2)] * 2, rel=1e-6)
    assert np.isnan(binomial_interval(np.zeros(1), np.zeros(1))).all()


def test_wilson_worked_by_hand():
    # 8 of 10, z = 1.96: (0.8 + z^2/20 ± z sqrt(0.016 + z^2/400)) / (1 + z^2/10).
    low, high = binomial_interval(np.array([8.0]), np.array([10.0]), method="wilson")
    assert [low[0], high[0]] == pytest.approx([0.4901625, 0.9433178], abs=1e-6)


def test_a_weighted_interval_of_one_kind_is_garwoods():
    events = {"robbery": np.array([0.0, 3.0, 12.0])}
    people = np.array([50.0, 0.0, 200.0])
    weighted = weighted_interval(events, {"robbery": 3.0}, people)
    plain = rate_interval(events["robbery"], people)
    np.testing.assert_allclose(weighted, np.array(plain) * 3)


def test_weighted_intervals_cover_in_simulation():
    chance = np.random.default_rng(5)
    means, weights = {"homicide": 0.6, "robbery": 2.5}, {"homicide": 10.0, "robbery": 3.0}
    events = {kind: chance.poisson(mean, 4000).astype(float) for kind, mean in means.items()}
    low, high = weighted_interval(events, weights, np.ones(4000))
    true = sum(means[kind] * weights[kind] for kind in means)
    assert ((low <= true) & (true <= high)).mean() >= 0.95


# ---- the model's intervals


def coverage(cities, confidence):
    """Share of blocks whose interval holds the true rate: each city's, by the model and exact."""
    by_model, by_exact = [], []
    for one in cities:
        after = hierarchical_posterior(one.events, one.people, one.areas)
        low, high = gamma_interval(after.mean, after.variance, confidence)
        by_model.append(((low <= one.rate) & (one.rate <= high)).mean())
        low, high = rate_interval(one.events, one.people, confidence=confidence)
        by_exact.append(((low <= one.rate) & (one.rate <= high)).mean())
    return np.mean(by_model), np.mean(by_exact)


def test_intervals_cover_as_often_as_they_say():
    by_model, by_exact = coverage(simulated_cities(80, seed=2026), 0.95)
    assert 0.93 <= by_model <= 0.97
    assert by_exact >= 0.95
    assert 0.88 <= coverage(simulated_cities(30, seed=7), 0.9)[0] <= 0.93


@pytest.mark.nightly
def test_intervals_cover_in_a_thousand_cities():
    by_model, by_exact = coverage(simulated_cities(1000, seed=2026), 0.95)
    assert 0.93 <= by_model <= 0.97  # 0.955 when written
    assert by_exact >= 0.95  # 0.987


def test_on_a_map_of_chance_alone_nothing_stands_out():
    flagged, apart = [], []
    for one in simulated_cities(30, seed=11, constant=True):
        rates = shrink_rates(one.events, one.people, pd.Series(one.areas), confidence=0.95)
        flagged.append((chance_above(rates, 1.0) > 0.95).mean())
        apart.append(((rates.low > one.rate) | (rates.high < one.rate)).mean())
    assert np.mean(flagged) <= 0.05
    assert np.mean(apart) <= 0.05


def test_what_is_called_high_is_high_as_often_as_it_says():
    right, called = 0, 0
    for one in simulated_cities(30, seed=12):
        rates = shrink_rates(one.events, one.people, pd.Series(one.areas))
        sure = chance_above(rates, 1.5) > 0.9
        right += int((one.rate[sure] > 1.5 * rates.city_rate).sum())
        called += int(sure.sum())
    assert called > 200
    assert right / called >= 0.9


def test_a_known_shrinkage_is_found():
    # Spreads of 0.3 and 0.5 planted in a large city.
    chance = np.random.default_rng(4)
    areas = np.repeat(np.arange(400), 25)
    risk = chance.gamma(1 / 0.3, 0.3, 400)[areas] * chance.gamma(1 / 0.5, 0.5, 10_000)
    people = 1.0 + chance.negative_binomial(2, 2 / 122, 10_000)
    events = chance.poisson(0.01 * risk * people).astype(float)
    after = hierarchical_posterior(events, people, areas)
    assert after.area_variance == pytest.approx(0.3, abs=0.06)
    assert after.block_variance == pytest.approx(0.5, abs=0.06)
    # The share of the variance told, by its definition: what is left of the squared differences.
    told = 1 - ((after.mean - 0.01 * risk) ** 2).mean() / (0.01 * risk).var()
    assert after.reliability.mean() == pytest.approx(told, abs=0.05)


def test_the_posterior_equals_the_sum_over_a_fine_grid():
    # Twenty blocks in two areas: as few as make the approximation worst. The same integral by
    # brute force over all unknowns; with four blocks in two areas the two are within 8 %.
    chance = np.random.default_rng(3)
    areas, people = np.repeat([0, 1], 10), chance.integers(20, 200, 20).astype(float)
    risk = 0.03 * chance.gamma(2, 0.5, 20) * np.array([1.4, 0.6])[areas]
    events = chance.poisson(risk * people).astype(float)
    after = hierarchical_posterior(events, people, areas)
    mean, variance = brute_force(events, people, areas)
    assert after.mean == pytest.approx(mean, rel=0.04)
    assert np.sqrt(after.variance) == pytest.approx(np.sqrt(variance), rel=0.05)


def brute_force(events, people, areas):
    """Add everything up on plain grids: city rate, two spreads, each area's rate."""
    spread = (np.arange(27) + 0.5) * 0.15
    prior = spread / (1 + spread**2) ** 2
    logs = np.linspace(np.log(1e-5), np.log(5.0), 301)
    rate = np.exp(logs)
    total, first, second = 0.0, np.zeros(len(people)), np.zeros(len(people))
    for within, within_weight in zip(spread, prior, strict=True):
        k = within**-2
        n, y = people[:, None], events[:, None]
        part = n * rate / (k + n * rate)
        log = gammaln(y + k) - gammaln(k) + y * np.log(part) + k * np.log1p(-part)
        like = [np.exp(log[areas == one].sum(axis=0)) for one in (0, 1)]
        block = (k + y) * rate / (k + n * rate)
        square = block * (block + rate / (k + n * rate))
        for between, between_weight in zip(spread, prior, strict=True):
            a = between**-2
            ratio = rate[None, :] / rate[:, None]  # city rate by row, area rate by column
            density = np.exp(a * np.log(a * ratio) - a * ratio - gammaln(a))
            weight = [density * one for one in like]
            sums = [one.sum(axis=1) for one in weight]
            share = within_weight * between_weight
            total += share * (sums[0] * sums[1]).sum()
            for block_number, area in enumerate(areas):
                other = sums[1 - area]
                first[block_number] += share * (other * (weight[area] @ block[block_number])).sum()
                second[block_number] += (
                    share * (other * (weight[area] @ square[block_number])).sum()
                )
    mean = first / total
    return mean, second / total - mean**2


# ---- as measures


def test_each_smoothing_of_a_measure():
    territory = city(1, 2, areas=["a", "b"], incidents={"r00c00": 8})
    raw = rate_of_points(territory, smooth="none", confidence=0.95)
    assert raw.value.tolist() == [80, 0]
    assert raw.origin == "block"
    assert [raw.low.iloc[0], raw.high.iloc[1]] == pytest.approx([34.538, 36.889], abs=1e-3)
    drawn = rate_of_points(territory, smooth="global")
    assert drawn.value.tolist() == pytest.approx([70, 10])
    assert drawn.origin == "shrunk"
    assert drawn.reliability.tolist() == pytest.approx([0.75, 0.75])
    # One neighbor, the other block: their own city of two.
    assert rate_of_points(territory, smooth="spatial").value.tolist() == pytest.approx([70, 10])
    usual = rate_of_points(territory)
    assert usual.value.tolist() == rate_of_points(territory, smooth="hierarchical").value.tolist()


def test_the_value_always_lies_in_its_interval():
    territory = city(2, 3, incidents={"r00c00": 9, "r01c02": 2}, population=[9, 80, 200, 1, 5, 60])
    for smooth in ("hierarchical", "global", "spatial", "none"):
        for interval in (None, "model", "exact", "mid-p"):
            one = rate_of_points(territory, smooth=smooth, interval=interval)
            assert (one.low <= one.value).all()
            assert (one.value <= one.high).all()
            assert one.reliability.between(0, 1).all()
            heavy = rate_of_points(territory, smooth=smooth, interval=interval, by_severity=True)
            np.testing.assert_allclose(heavy.value, one.value * 10)  # all homicides
            assert (heavy.low <= heavy.value).all()
            assert (heavy.value <= heavy.high).all()


def test_nobody_lives_nearby_is_no_nearby():
    territory = city(1, 4, population=[100, 0, 0, 100], incidents={"r00c00": 8, "r00c01": 5})
    drawn = rate_of_points(territory, smooth="spatial", neighbors=1)
    assert drawn.value.dropna().tolist() == pytest.approx([70, 10])


def test_chance_of_a_high_rate_as_a_measure():
    territory = city(2, 5, incidents={"r00c00": 30, "r01c01": 1})
    chance = chance_of_high_rate(territory, times=2.0)
    assert chance.value["r00c00"] > 0.95
    assert (chance.value.drop("r00c00") < 0.2).all()
    assert chance_of_high_rate(city(1, 2, incidents={})).value.tolist() == [0.0, 0.0]
    assert chance_of_high_rate(city(1, 2)).value.isna().all()


def test_values_keep_the_reliability():
    territory = city(1, 2, areas=["a", "b"], incidents={"r00c00": 8})
    names = {"es": "Homicidios", "en": "Homicides"}
    rate = Indicator(
        "homicides", names, "per_1k", "higher", "violence", "rate_of_points", {"smooth": "global"}
    )
    values = measure(territory, [rate])
    assert values.reliability["homicides"].tolist() == pytest.approx([0.75, 0.75])
