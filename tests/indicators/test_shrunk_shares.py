"""Shares drawn towards the area: by hand, never missing, laws, and intervals that hold."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betaln, polygamma
from scipy.stats import beta, betabinom

from targeting.indicators import share
from targeting.indicators.beta_binomial import beta_interval, cells_of, shrink_shares
from targeting.indicators.beta_spreads import Bounded, _trigamma, masked_counts
from tests.cities import city

NONE = (0.0, 0.0, 0.0)
MASK = (1.0, 1.5, 2.0)
MISSING = (np.nan, np.nan, np.nan)


def exactly(numbers):
    array = np.asarray(numbers, dtype=float)
    return Bounded(array, array, array)


def masked_where_small(numbers):
    """The census's rule: 1 and 2 are not told apart."""
    array = np.asarray(numbers, dtype=float)
    small = (array == 1) | (array == 2)
    return Bounded(
        np.where(small, 1.0, array), np.where(small, 1.5, array), np.where(small, 2.0, array)
    )


def made_city(rng, *, areas, blocks, area_worth, block_worth, share_there, people):
    """True shares from the model; people from a long-tailed distribution."""
    middle = rng.beta(area_worth * share_there, area_worth * (1 - share_there), areas)
    area = np.repeat(np.arange(areas), blocks)
    n = rng.negative_binomial(2, 2 / (2 + people), areas * blocks)
    a, b = block_worth * middle[area], block_worth * (1 - middle[area])
    true = rng.beta(np.maximum(a, 1e-300), np.maximum(b, 1e-300))
    return pd.Series(area.astype(str)), n.astype(float), rng.binomial(n, true), true


def test_where_all_blocks_are_alike_each_gets_the_share_of_all():
    # 40 blocks, 3 of 10 in each: what lies between them is less than chance.
    drawn = shrink_shares(exactly([3] * 40), exactly([10] * 40), pd.Series(["a", "b"] * 20))
    assert drawn.share == pytest.approx(np.full(40, 0.3), abs=3e-3)  # the doubt of the city's
    assert drawn.block_worth > 100


def test_the_share_is_the_weighted_mean_of_the_block_s_and_the_area_s():
    # n/(n + M) of the block's own: all of a mean between 0.1 (5 of 50) and what area a has.
    y, n = np.r_[[5.0, 25.0] * 20, [0.0]], np.r_[[50.0] * 40, [0.0]]
    drawn = shrink_shares(exactly(y), exactly(n), pd.Series(["a"] * 41))
    weight = drawn.reliability[0]
    assert weight == pytest.approx(50 / (50 + drawn.block_worth), abs=0.02)
    assert drawn.share[0] == pytest.approx(weight * 0.1 + (1 - weight) * 0.3, abs=0.005)
    assert drawn.share[:2].mean() == pytest.approx(0.3, abs=0.002)


def test_a_block_of_few_says_less_than_one_of_many():
    y, n = [0, 0, *[10, 30] * 20], [2, 200, *[100] * 40]
    drawn = shrink_shares(exactly(y), exactly(n), pd.Series(["a"] * 42))
    assert drawn.share[0] > 0.15 > 0.02 > drawn.share[1]
    assert drawn.reliability[0] < 0.2 < 0.8 < drawn.reliability[1]


def test_shares_are_drawn_to_their_own_area():
    rng = np.random.default_rng(4)
    y = np.r_[rng.binomial(20, 0.1, 30), rng.binomial(20, 0.5, 30), [1, 1]]
    areas = pd.Series(["low"] * 30 + ["high"] * 30 + ["low", "high"])
    drawn = shrink_shares(exactly(y), exactly([20] * 60 + [2, 2]), areas)
    assert drawn.share[60] < 0.25 < 0.4 < drawn.share[61]  # 1 of 2 both


def test_the_likelihood_of_a_masked_count_is_the_sum_over_its_numbers():
    # scipy's own beta-binomial, 1 or 2 of 9, at share 0.2 worth 5 people.
    part = Bounded(np.array([1.0]), np.array([1.5]), np.array([2.0]))
    cells = cells_of(part, exactly([9.0]), pd.Series(["a"]))
    log, expected = masked_counts(cells, 5.0, np.array([0.2]))
    chances = betabinom.pmf([1, 2], 9, 1.0, 4.0)
    assert np.exp(log) == pytest.approx(chances.sum())
    assert expected == pytest.approx((chances * [1, 2]).sum() / chances.sum())
    plain, _ = masked_counts(
        cells_of(exactly([2.0]), exactly([9.0]), pd.Series(["a"])), 5.0, np.array([0.2])
    )
    assert plain == pytest.approx(betaln(3.0, 11.0) - betaln(1.0, 4.0))


def test_never_missing_where_there_are_people():
    census = {
        "with": [MASK, MISSING, NONE, NONE],
        "all": [(5.0,) * 3, (9.0,) * 3, (4.0,) * 3, NONE],
    }
    territory = city(2, 2, census=census, areas=["a", "a", None, "b"])
    one = share(territory, numerator=("with",), denominator=("all",), shrink="area")
    assert one.value.isna().tolist() == [False, False, False, True]
    assert one.origin == "shrunk"
    assert one.reliability is not None
    assert one.reliability.iloc[1] == 0.0  # not published: its area's share
    assert one.reliability.iloc[3:].isna().all()
    assert (one.low <= one.value)[:3].all()
    assert (one.value <= one.high)[:3].all()
    nobody = city(1, 1, census={"with": [NONE], "all": [NONE]})
    none = share(nobody, numerator=("with",), denominator=("all",), shrink="area")
    assert none.value.isna().all()


def test_a_mask_widens_the_interval_and_lowers_the_reliability():
    rng = np.random.default_rng(2)
    n = np.full(200, 30.0)
    y = rng.binomial(30, rng.beta(2, 8, 200)).astype(float)
    y[0] = y[1] = 2.0
    part = Bounded(y.copy(), y.copy(), y.copy())
    part.low[0], part.value[0] = 1.0, 1.5
    drawn = shrink_shares(part, exactly(n), pd.Series(["a"] * 200))
    assert drawn.high[0] == pytest.approx(drawn.high[1], rel=0.02)
    assert drawn.low[0] < 0.8 * drawn.low[1]
    assert drawn.reliability[0] == pytest.approx(drawn.reliability[1] * 29 / 30)


def test_a_row_masked_whole_is_told_nothing_of():
    # [0, 40] of 40: the area's share, an interval from one end almost to the other.
    rng = np.random.default_rng(5)
    y = np.r_[20.0, rng.binomial(40, 0.2, 60)]
    part = Bounded(np.r_[0.0, y[1:]], y, np.r_[40.0, y[1:]])
    drawn = shrink_shares(part, exactly(np.full(61, 40.0)), pd.Series(["a"] * 61))
    assert drawn.share[0] == pytest.approx(drawn.share[1:].mean(), abs=0.02)
    assert drawn.reliability[0] == 0.0
    assert drawn.low[0] < drawn.low[1:].min()
    assert drawn.high[0] > drawn.high[1:].max()


def test_a_city_with_none_or_with_all():
    for count, near in ((0.0, 0.0), (30.0, 1.0)):
        drawn = shrink_shares(exactly([count] * 20), exactly([30] * 20), pd.Series(["a"] * 20))
        assert drawn.share == pytest.approx(np.full(20, near), abs=0.01)
        assert drawn.high.max() - drawn.low.min() < 0.03
    unknown = Bounded(*(np.full(3, np.nan) for _ in range(3)))
    drawn = shrink_shares(unknown, exactly([30] * 3), pd.Series(["a"] * 3))
    assert not np.isnan(drawn.share).any()
    assert (drawn.low.max(), drawn.high.min()) == pytest.approx((0.0, 1.0), abs=0.1)


def test_the_complement_mirrors_the_shares():
    rng = np.random.default_rng(3)
    n = rng.integers(1, 60, 80).astype(float)
    y = np.minimum(rng.binomial(20, 0.3, 80), n)
    areas = pd.Series(rng.integers(0, 6, 80).astype(str))
    one = shrink_shares(exactly(y), exactly(n), areas)
    other = shrink_shares(exactly(n - y), exactly(n), areas)
    assert one.share == pytest.approx(1 - other.share, abs=1e-6)
    assert one.low == pytest.approx(1 - other.high, abs=1e-6)


def test_the_ends_of_a_beta():
    low, high = beta_interval(np.array([0.3]), np.array([0.3 * 0.7 / 11]), 0.9)  # beta(3, 7)
    assert (low[0], high[0]) == pytest.approx(beta(3, 7).ppf([0.05, 0.95]))
    # beta(1/2, 4.5) is highest at 0: the interval starts there.
    low, high = beta_interval(np.array([0.1]), np.array([0.1 * 0.9 / 6]), 0.9)
    assert (low[0], high[0]) == pytest.approx((0.0, beta(0.5, 4.5).ppf(0.9)))


def test_trigamma():
    x = np.geomspace(1e-3, 1e4, 50)
    assert _trigamma(x) == pytest.approx(polygamma(1, x), rel=1e-8)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_the_order_of_the_blocks_changes_nothing(seed):
    rng = np.random.default_rng(seed)
    n = rng.integers(0, 40, 30).astype(float)
    y = np.floor(n * rng.beta(1, 4, 30))
    areas = pd.Series(rng.integers(0, 4, 30).astype(str)).mask(rng.random(30) < 0.1)
    drawn = shrink_shares(masked_where_small(y), exactly(n), areas)
    known = n > 0
    assert np.isnan(drawn.share[~known]).all()
    assert not np.isnan(drawn.share[known]).any()
    held = np.column_stack([drawn.low, drawn.share, drawn.high])[known]
    assert (np.diff(held, axis=1) >= 0).all()
    assert held.min() >= 0
    assert held.max() <= 1
    turn = rng.permutation(30)
    again = shrink_shares(masked_where_small(y[turn]), exactly(n[turn]), areas.iloc[turn])
    assert again.share == pytest.approx(drawn.share[turn], nan_ok=True, rel=1e-6)


CITIES = [
    # areas, blocks each, A, M, share, people: from rare and patchy to common and even.
    (20, 10, 10, 20, 0.3, 50),
    (20, 10, 30, 100, 0.05, 60),
    (60, 15, 20, 8, 0.02, 40),
    (10, 8, 10, 20, 0.1, 10),
    (40, 20, 1000, 30, 0.1, 60),
]


@pytest.mark.parametrize("masked", [False, True])
def test_95_percent_intervals_hold_95_percent(masked):
    """Pooled over made cities drawn from the model; nominal 95 %.

    60 cities, 26,000 blocks a run; the blocks of a city share its spreads, so that a city's own
    figure strays by 3 to 4 percent and the pooled one by about half a percent.
    """
    rng = np.random.default_rng(11)
    inside = {False: [], True: []}
    for areas, blocks, area_worth, block_worth, share_there, people in CITIES:
        for _ in range(12):
            area, n, y, true = made_city(
                rng,
                areas=areas,
                blocks=blocks,
                area_worth=area_worth,
                block_worth=block_worth,
                share_there=share_there,
                people=people,
            )
            part = masked_where_small(y) if masked else exactly(y)
            drawn = shrink_shares(part, exactly(n), area, confidence=0.95)
            held = (drawn.low <= true) & (true <= drawn.high)
            hidden = part.high > part.low
            for which in (False, True):
                inside[which].append(held[(n > 0) & (hidden == which)])
    everywhere = np.concatenate(inside[False] + inside[True])
    assert 0.93 <= everywhere.mean() <= 0.97
    assert 0.93 <= np.concatenate(inside[False]).mean() <= 0.97
    if masked:
        assert 0.95 <= np.concatenate(inside[True]).mean() <= 0.985


@pytest.mark.real
def test_the_drawn_shares_of_an_area_s_blocks_add_up_to_what_the_area_has(real_data):
    """INEGI publishes most counts of an AGEB unmasked, a third of those of its blocks masked.

    What the blocks are expected to have sums to the AGEB's; the middles of the masks sum to 10 %
    more, because 1 is likelier than 2 in a small block.
    """
    from targeting.sources.mx.census import inegi_census

    layer = inegi_census(real_data / "aguascalientes" / "RESAGEBURB_01001_2020.csv")
    blocks, areas = layer.counts["block"], layer.counts["area"]
    part, whole = (
        Bounded(*(getattr(blocks, end)[column].to_numpy(float) for end in ("low", "value", "high")))
        for column in ("P15YM_AN", "P_15YMAS")
    )
    area = pd.Series(blocks.value.index.str.slice(0, 13))
    drawn = shrink_shares(part, whole, area)
    lived = whole.value > 0
    assert not np.isnan(drawn.share[lived]).any()
    known = (areas.low["P15YM_AN"] == areas.high["P15YM_AN"]) & (areas.value["P_15YMAS"] > 50)

    def sums(by_block):
        held = pd.Series(np.where(lived, np.nan_to_num(by_block), 0.0)).groupby(area).sum()
        return held.reindex(areas.value.index).fillna(0.0)[known]

    true = areas.value["P15YM_AN"][known]
    expected, middles = sums(drawn.share * whole.value), sums(part.value)
    assert expected.sum() == pytest.approx(true.sum(), rel=0.02)
    assert middles.sum() > 1.08 * true.sum()
    assert ((expected - true) ** 2).mean() < ((middles - true) ** 2).mean() / 4
