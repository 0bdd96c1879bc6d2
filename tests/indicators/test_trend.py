"""Change from period to period: by hand, on known changes, and only where sources cover it."""

from itertools import repeat

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from targeting.indicators.spans import covered_between, longest_span
from targeting.indicators.trend import trend_of_points, trends
from targeting.problems import TargetingError
from tests.cities import city

BEFORE, AFTER = ("2018-01-01", "2018-12-31"), ("2019-01-01", "2019-12-31")


def dated(territory_blocks, events):
    """Points of kind homicide; events as (block, day, how many)."""
    blocks = [block for block, _, many in events for _ in range(many)]
    days = [day for _, day, many in events for _ in range(many)]
    return gpd.GeoDataFrame(
        {"kind": "homicide", "block_id": blocks, "distance_m": 0.0, "date": pd.to_datetime(days)},
        geometry=territory_blocks.loc[blocks].centroid.values,
        crs=territory_blocks.crs,
    )


def town(events, *, spans=None, areas=None, columns=4):
    """A city whose incidents have dates; spans as (kind, municipality, start, end)."""
    bare = city(1, columns, areas=areas)
    frame = None
    if spans is not None:
        frame = pd.DataFrame(spans, columns=["kind", "municipality_id", "start", "end"])
        frame = frame.assign(start=pd.to_datetime(frame["start"]), end=pd.to_datetime(frame["end"]))
    changed = {
        "incidents": dated(bare.blocks.geometry, events),
        "incident_spans": frame,
    }
    return type(bare)(blocks=bare.blocks, crs=bare.crs, **changed)


BOTH = [("homicide", None, "2018-01-01", "2019-12-31")]


def test_one_place_alone_is_two_counts_given_their_sum():
    # 10 and 20 events: P(20 or more of 30) at the low end is near 0.05 but for the prior, which is
    # nearly flat over one place's ratios. Exact limits of the ratio from the binomial: 1.07, 3.86.
    found = trends(np.array([[10.0, 20.0]]), np.ones(2), confidence=0.9)
    assert found.together == pytest.approx(2.0)
    assert found.ratio[0] == pytest.approx(2.0, rel=0.05)
    share = found.low[0] / (1 + found.low[0])
    assert binom.sf(19, 30, share) == pytest.approx(0.05, abs=0.03)
    share = found.high[0] / (1 + found.high[0])
    assert binom.cdf(20, 30, share) == pytest.approx(0.05, abs=0.03)


def test_longer_periods_hold_more_events():
    # 10 events in one year and 40 in two: twice the rate.
    assert trends(np.array([[10.0, 40.0]]), np.array([1.0, 2.0])).together == pytest.approx(2.0)


def test_a_steady_growth_is_the_ratio_of_a_year():
    counts = np.tile([[80.0, 120.0, 180.0, 270.0]], (20, 1))  # times 1.5 each year
    found = trends(counts, np.ones(4))
    assert found.ratio == pytest.approx(np.full(20, 1.5), rel=0.01)


def test_places_with_few_events_are_drawn_towards_the_city():
    counts = np.r_[np.tile([[40.0, 40.0]], (20, 1)), [[1.0, 4.0], [40.0, 160.0]]]
    found = trends(counts, np.ones(2))
    small, large = found.ratio[-2:]
    assert 1.0 < small < large < 4.0  # both went from one to four
    assert found.reliability[-2] < 0.4 < 0.8 < found.reliability[-1]
    assert found.low[-2] < 1 < found.low[-1]


def test_laws_of_trends():
    counts = np.random.default_rng(2).poisson(9, (30, 3)).astype(float)
    found = trends(counts, np.ones(3))
    assert (found.low <= found.ratio).all()
    assert (found.ratio <= found.high).all()
    order = np.random.default_rng(3).permutation(30)
    np.testing.assert_allclose(trends(counts[order], np.ones(3)).ratio, found.ratio[order])
    backwards = trends(counts[:, ::-1], np.ones(3))  # time turned round turns the ratio round
    np.testing.assert_allclose(backwards.ratio, 1 / found.ratio, rtol=1e-6)
    more = counts.copy()
    more[4, 2] += 3
    assert trends(more, np.ones(3)).ratio[4] > found.ratio[4]


def test_intervals_cover_the_true_change():
    chance, covered, apart = np.random.default_rng(8), [], []
    for spread in (*repeat(0.3, 25), *repeat(0.0, 25)):
        slope = -0.2 + spread * chance.normal(size=60)
        level = 5 + chance.gamma(1.5, 20, 60)
        counts = chance.poisson(level[:, None] * np.exp(np.outer(slope, [-0.5, 0.5]))).astype(float)
        found = trends(counts, np.ones(2), confidence=0.95)
        within = (np.log(found.low) <= slope) & (slope <= np.log(found.high))
        (covered if spread else apart).append(within.mean())
    assert 0.92 <= np.mean(covered) <= 0.97
    assert np.mean(apart) >= 0.95  # the same change everywhere


def test_the_blocks_of_an_area_share_its_change():
    events = [("r00c00", "2018-05-01", 8), ("r00c01", "2018-12-31", 4)]
    events += [("r00c00", "2019-01-01", 6), ("r00c01", "2019-06-30", 18)]
    events += [("r00c02", "2018-02-02", 6), ("r00c03", "2019-02-02", 6)]
    events += [("r00c02", "2021-02-02", 50)]  # in neither period
    territory = town(events, spans=BOTH, areas=["a", "a", "b", "b"])
    found = trend_of_points(territory, before=BEFORE, after=AFTER)
    together = trends(np.array([[12.0, 24.0], [6.0, 6.0]]), np.array([365, 365]) / 365.25)
    assert found.value.tolist() == pytest.approx(together.ratio.repeat(2).tolist())
    assert found.origin == "shrunk"
    assert found.reliability.between(0, 1).all()
    # Area b has 12; asked for 13, none.
    few = trend_of_points(territory, before=BEFORE, after=AFTER, minimum=13)
    assert few.value.isna().tolist() == [False, False, True, True]
    (loss,) = few.losses
    assert (loss.reason, loss.count) == ("too-few-for-a-trend", 12)
    assert trend_of_points(territory, kinds=("robbery",)).value.isna().all()


def test_without_periods_it_is_the_change_of_a_year():
    by_year = {2017: 9, 2018: 10, 2019: 20}
    events = [("r00c00", f"{year}-07-01", many) for year, many in by_year.items()]
    spans = [("homicide", None, "2017-09-01", "2019-12-31")]
    # Whole years up to the last day: 2018 and 2019; the third is not whole.
    found = trend_of_points(town(events, spans=spans))
    two = trends(np.array([[10.0, 20.0]]), np.array([365, 365]) / 365.25)
    assert found.value.iloc[0] == pytest.approx(two.ratio[0])
    one_year = [("homicide", None, "2019-01-01", "2019-12-31")]
    assert trend_of_points(town(events, spans=one_year)).value.isna().all()


def test_a_change_is_missing_where_the_sources_miss_a_day():
    events = [("r00c00", "2018-05-01", 12), ("r00c01", "2019-05-01", 20)]
    late = [("homicide", None, "2018-01-02", "2019-12-31")]
    asked = {"before": BEFORE, "after": AFTER}
    assert trend_of_points(town(events, spans=late), **asked).value.isna().all()
    # Two files, one a year, meet.
    two = [("homicide", None, *BEFORE), ("homicide", None, *AFTER)]
    assert trend_of_points(town(events, spans=two), **asked).value.notna().all()
    # Another kind the study asks for is known of one year only.
    mixed = [*BOTH, ("robbery", None, *AFTER)]
    kinds = ("homicide", "robbery")
    assert trend_of_points(town(events, spans=mixed), kinds=kinds, **asked).value.isna().all()


def test_cover_is_by_municipality():
    bare = town([("r00c00", "2018-05-01", 1)], spans=[("homicide", "M1", *BEFORE)])
    days = tuple(pd.Timestamp(day) for day in BEFORE)
    assert covered_between(bare, ("homicide",), *days).all()
    other = town([("r00c00", "2018-05-01", 1)], spans=[("homicide", "M2", *BEFORE)])
    assert not covered_between(other, ("homicide",), *days).any()
    assert longest_span(bare, ("homicide",)) == days
    assert longest_span(bare, ("homicide", "robbery")) is None


def test_without_dates_there_is_no_change():
    assert trend_of_points(city(1, 2, incidents={"r00c00": 9})).value.isna().all()
    assert trend_of_points(city(1, 2)).value.isna().all()


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"before": BEFORE}, "one-period-only"),
        ({"before": ("2018-01-01", "2018-13-31"), "after": AFTER}, "not-a-date"),
        ({"before": ("2018-12-31", "2018-01-01"), "after": AFTER}, "period-reversed"),
        ({"before": AFTER, "after": BEFORE}, "periods-overlap"),
    ],
)
def test_periods_that_cannot_be_compared_are_refused(asked, code):
    with pytest.raises(TargetingError) as raised:
        trend_of_points(town([("r00c00", "2018-05-01", 1)]), **asked)
    assert [problem.code for problem in raised.value.problems] == [code]
