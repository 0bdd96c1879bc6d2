"""Small-number rates: drawn in, never extreme by chance, bounds that hold."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from targeting.indicators import rate_of_points, shrink_rates
from tests.cities import city


def test_without_extra_variance_every_block_gets_the_city_rate():
    # By hand: 1 event in each of 4 blocks of 100 people: chance explains it all.
    rates = shrink_rates(np.ones(4), np.full(4, 100.0), pd.Series(["a", "a", "b", "b"]))
    assert rates.area_variance == rates.block_variance == 0.0
    assert rates.rate == pytest.approx(np.full(4, 0.01))


def test_two_step_shrinkage_worked_by_hand():
    # Areas a and b, one block each, 100 people each; 12 and 4 events; city rate 16/200 = 0.08.
    # Expected 8 each. Area variance = ((12-8)^2 - 8 + (4-8)^2 - 8) / (2*64) = 16/128 = 0.125.
    # Area risk = (8 + 12)/(8 + 8) = 1.25 and (8 + 4)/16 = 0.75; expected 10 and 6.
    # Block variance = ((12-10)^2 - 10 + (4-6)^2 - 6)/(100 + 36) < 0, so 0: rate = area rate.
    rates = shrink_rates(np.array([12.0, 4.0]), np.full(2, 100.0), pd.Series(["a", "b"]))
    assert rates.area_variance == pytest.approx(0.125)
    assert rates.rate == pytest.approx([0.10, 0.06])


def test_one_event_on_five_people_is_not_the_worst_place():
    # 20 blocks of 5 people, one with an event, beside a truly violent area of big blocks.
    events = np.r_[1.0, np.zeros(19), np.full(10, 12.0), np.full(10, 2.0)]
    people = np.r_[np.full(20, 5.0), np.full(20, 400.0)]
    areas = pd.Series(["tiny"] * 20 + ["violent"] * 10 + ["calm"] * 10)
    rates = shrink_rates(events, people, areas)
    assert events[0] / people[0] > (events / people)[20:].max()  # the raw rate is extreme
    assert rates.rate[0] < rates.rate[20:30].min()
    assert rates.low[0] < rates.city_rate


def test_nobody_means_no_rate_and_the_incident_is_counted():
    territory = city(1, 2, population=[0.0, 100.0], incidents={"r00c00": 3, "r00c01": 1})
    measured = rate_of_points(territory)
    assert np.isnan(measured.value["r00c00"])
    loss = measured.losses[0]
    assert (loss.reason, loss.count, loss.of) == ("no-residents", 3, 4)
    assert loss.examples == ("r00c00",)


def test_unknown_population_is_not_zero_people():
    territory = city(1, 2, population=[np.nan, 100.0], incidents={"r00c01": 1})
    assert rate_of_points(territory).value.isna().tolist() == [True, False]


def test_only_the_kinds_asked_for_count():
    territory = city(1, 2, incidents={"r00c00": 4})
    assert rate_of_points(territory, kinds=("homicide",)).value.sum() > 0
    assert rate_of_points(territory, kinds=("robbery",)).value.tolist() == [0.0, 0.0]


def test_no_incident_layer_is_missing_not_zero():
    assert rate_of_points(city(1, 2)).value.isna().all()


def test_no_event_at_all_keeps_an_upper_bound():
    rates = shrink_rates(np.zeros(3), np.full(3, 100.0), pd.Series(["a"] * 3))
    assert (rates.rate == 0).all()
    # Upper end for 0 events on 300 people at 90 %, 5 % above it: -ln(0.05)/300.
    assert rates.high == pytest.approx(np.full(3, 2.995732 / 300), rel=1e-5)


def test_blocks_without_an_area_are_drawn_towards_the_city():
    # Areas a and b as above; two blocks without area, 100 people and 8 events each: expected 8.
    events = np.array([12.0, 4.0, 8.0, 8.0])
    areas = pd.Series(["a", "b", None, None])
    rates = shrink_rates(events, np.full(4, 100.0), areas)
    assert rates.rate[2:] == pytest.approx([0.08, 0.08])
    assert rates.area_variance == pytest.approx(0.125)  # they are no area of their own


def test_intervals_cover_the_true_rate():
    generator = np.random.default_rng(11)
    n_areas, each = 60, 30
    area = generator.gamma(4, 1 / 4, n_areas).repeat(each)
    risk = 0.02 * area * generator.gamma(3, 1 / 3, n_areas * each)
    people = generator.integers(10, 250, n_areas * each).astype(float)
    events = generator.poisson(risk * people).astype(float)
    codes = pd.Series(np.arange(n_areas).repeat(each).astype(str))
    rates = shrink_rates(events, people, codes, confidence=0.9)
    covered = ((rates.low <= risk) & (risk <= rates.high)).mean()
    assert 0.86 <= covered <= 0.97  # stated 0.90; the plug-in prior costs a little
    assert rates.block_variance == pytest.approx(1 / 3, rel=0.3)


@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 300)), min_size=1, max_size=30),
    st.randoms(use_true_random=False),
)
def test_laws_of_shrunk_rates(cells, order):
    events = np.array([float(e) if n else 0.0 for e, n in cells])
    people = np.array([float(n) for _, n in cells])
    areas = pd.Series([f"a{i % 4}" for i in range(len(cells))])
    rates = shrink_rates(events, people, areas)
    lived = people > 0
    assert (np.isnan(rates.rate) == ~lived).all()
    assert (rates.low[lived] <= rates.rate[lived]).all()
    assert (rates.rate[lived] <= rates.high[lived]).all()
    assert np.isfinite(rates.high[lived]).all()
    shuffled = list(range(len(cells)))
    order.shuffle(shuffled)
    again = shrink_rates(events[shuffled], people[shuffled], areas.iloc[shuffled])
    np.testing.assert_allclose(again.rate, rates.rate[shuffled], rtol=1e-9)
