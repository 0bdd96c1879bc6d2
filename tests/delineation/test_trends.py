"""Hot spots over time: every pattern by hand, the trend test by hand, and by law."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.delineation.hotspots import (
    PATTERNS,
    emerging_spots,
    getis_ord,
    mann_kendall,
    pattern_of,
)
from targeting.delineation.hotspots.emerging import PERIOD_OUTCOMES
from targeting.i18n import LANGUAGES, catalogue
from targeting.problems import TargetingError
from tests.delineation.test_hotspots import grid, linked

# Ten periods: + significantly high, - low, . neither, ? without data; then the trend of the
# deviates. Each row is one sentence of the definition.
BY_HAND = [
    (".........+", 0, "new", "high"),
    ("?.......?+", 0, "new", "high"),
    (".......+++", 0, "consecutive", "high"),
    ("..++++++++", 1, "consecutive", "high"),  # eight of ten, a run up to the last
    (".+++++++++", 1, "intensifying", "high"),  # nine of ten are 90 %
    ("++++++++++", 1, "intensifying", "high"),
    ("++++++++++", 0, "persistent", "high"),
    ("+++.++++++", 0, "persistent", "high"),
    ("++++++++++", -1, "diminishing", "high"),
    (".+..++...+", 0, "sporadic", "high"),
    ("+.......++", 0, "sporadic", "high"),
    ("-........+", 0, "oscillating", "high"),
    ("..--..++++", 0, "oscillating", "high"),
    ("-+++++++++", 0, "persistent", "high"),  # high nine times of ten outweighs low once
    ("+++++++++.", 0, "historical", "high"),
    ("+++++++++-", 0, "historical", "high"),
    ("++++++++..", 0, "none", ""),
    ("..++..+...", 1, "none", ""),
    ("..........", 1, "none", ""),
    ("---------.", 0, "historical", "low"),
    (".........-", 0, "new", "low"),
    ("----------", -1, "intensifying", "low"),  # ever lower
    ("----------", 1, "diminishing", "low"),
    ("++.......-", 0, "oscillating", "low"),
    ("+++++++++?", 0, "no_data", ""),
    ("???????..+", 0, "no_data", ""),  # three periods tell no pattern
    ("??????...+", 0, "new", "high"),
]


@pytest.mark.parametrize(("row", "trend", "pattern", "side"), BY_HAND)
def test_each_pattern_by_hand(row, trend, pattern, side):
    signs = np.array([{"+": 1, "-": -1, ".": 0, "?": 0}[mark] for mark in row])
    known = np.array([mark != "?" for mark in row])
    assert pattern_of(signs, known, trend) == (pattern, side)


def test_all_patterns_are_tried():
    assert {pattern for _, _, pattern, _ in BY_HAND} == {*PATTERNS, "none", "no_data"}


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from([-1, 0, 1]), min_size=4, max_size=12), st.sampled_from([-1, 0, 1]))
def test_low_is_the_mirror_of_high(signs, trend):
    signs = np.array(signs)
    every = np.ones(len(signs), dtype=bool)
    one, two = pattern_of(signs, every, trend), pattern_of(-signs, every, -trend)
    assert one[0] == two[0]
    assert {one[1], two[1]} in ({"high", "low"}, {""})


# ------------------------------------------------------------------------------------ the trend


def test_mann_kendall_by_hand():
    # 1 3 2 4: five pairs rise, one falls, S = 4; variance 4·3·13/18 = 26/3; z = 3/√(26/3).
    # 1 1 2 2 3: two ties, S = 8, variance (5·4·15 − 2·2·1·9)/18 = 264/18; z = 7/√(264/18).
    z, p = mann_kendall(np.array([[1, 3, 2, 4, np.nan], [1, 1, 2, 2, 3], [4, 3, 2, 1, 0.0]]))
    assert z[0] == pytest.approx(3 / (26 / 3) ** 0.5)
    assert z[1] == pytest.approx(7 / (264 / 18) ** 0.5)
    # All ten pairs fall: −9/√(5·4·15/18).
    assert z[2] == pytest.approx(-9 / (50 / 3) ** 0.5)
    assert p[2] == pytest.approx(0.02749, abs=1e-5)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=3, max_size=12))
def test_mann_kendall_is_kendalls_tau(values):
    from scipy.stats import kendalltau

    values = np.array(values, dtype=float)
    if values.min() == values.max():
        return
    z, _ = mann_kendall(values[None])
    pairs = [(i, j) for i in range(len(values)) for j in range(i + 1, len(values))]
    score = sum(np.sign(values[j] - values[i]) for i, j in pairs)
    assert np.sign(z[0]) == (0 if abs(score) <= 1 else np.sign(score))
    tau = kendalltau(np.arange(len(values)), values).statistic
    assert np.sign(tau) == np.sign(score)


# ---------------------------------------------------------------------------------- the whole


def made(periods=10, seed=1):
    """A calm 9 × 9 city over time, and corners that warm up, cool down, and stay."""
    chance = np.random.default_rng(seed)
    values = chance.normal(10.0, 1.0, (81, periods))
    row, column = np.divmod(np.arange(81), 9)
    top, left = row < 3, column < 3
    bottom, right = row > 5, column > 5
    values[top & left] += 20.0  # always
    values[top & right, -1] += 20.0  # only now
    values[bottom & left, :-1] += 20.0  # always but now
    values[bottom & right] += np.linspace(18, 30, periods)  # ever more
    index = pd.Index([f"b{i:02d}" for i in range(81)])
    return pd.DataFrame(values, index=index, columns=range(2015, 2015 + periods))


def test_corners_of_a_made_city():
    found = emerging_spots(made(), grid(9), periods_before=0)
    middle = found.blocks.loc[["b10", "b16", "b64", "b70", "b40"]]
    assert middle["pattern"].tolist() == ["persistent", "new", "historical", "intensifying", "none"]
    assert middle["side"].tolist() == ["high", "high", "high", "high", ""]
    assert found.notes["intensifying_count"] == (found.blocks["pattern"] == "intensifying").sum()
    assert found.outcome == "tested"


def test_one_period_alone_is_getis_and_ords():
    values, links = made(), grid(9)
    found = emerging_spots(values, links, periods_before=0, beside="these_periods")
    for year in (2015, 2020):
        alone = getis_ord(values[year], links, inference="analytic").blocks["z"]
        assert np.allclose(found.z[year], alone, atol=1e-10)


def test_deviate_in_space_and_time_by_hand():
    # Two linked blocks, four periods; mean 4, squared deviations 4·9 + 3·1 + … by numpy's variance.
    values = pd.DataFrame([[1.0, 1.0, 5.0, 5.0], [3.0, 3.0, 7.0, 7.0]])
    found = emerging_spots(values, linked([(0, 1)]), periods_before=1)
    mean, variance = values.to_numpy().mean(), values.to_numpy().var()
    for period, size, total in ((0, 2, 4.0), (1, 4, 8.0), (2, 4, 16.0), (3, 4, 24.0)):
        spread = (variance * size * (8 - size) / 7) ** 0.5
        assert found.z[period][0] == pytest.approx((total - size * mean) / spread)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000))
def test_row_order_does_not_matter_and_missing_values_are_left_out(seed):
    chance = np.random.default_rng(seed)
    values, links = made(6, seed), grid(9)
    values = values.mask(chance.random(values.shape) < 0.1)
    order = chance.permutation(81)
    place = np.argsort(order)
    moved = linked(zip(place[links.first], place[links.second], strict=True))
    one = emerging_spots(values, links)
    two = emerging_spots(values.iloc[order], moved)
    assert two.blocks.reindex(values.index).equals(one.blocks)
    assert two.z.reindex(values.index).equals(one.z)
    assert (one.z.isna() == values.isna()).all().all()
    assert one.blocks.loc[values.iloc[:, -1].isna(), "pattern"].eq("no_data").all()


@pytest.mark.parametrize(
    ("values", "outcome", "pattern"),
    [
        (np.full((4, 6), np.nan), "all_missing", "no_data"),
        (np.full((4, 6), 3.0), "all_equal", "none"),
        (np.arange(12.0).reshape(4, 3), "too_few_periods", "no_data"),
        (np.zeros((4, 0)), "all_missing", "no_data"),
    ],
)
def test_nothing_to_test_has_a_name(values, outcome, pattern):
    found = emerging_spots(pd.DataFrame(values), linked([(0, 1), (2, 3)]))
    assert found.outcome == outcome
    assert set(found.blocks["pattern"]) == {pattern}


def test_one_block_and_no_neighbors():
    alone = emerging_spots(pd.DataFrame([[1.0, 2.0, 3.0, 4.0, 9.0]]), linked([]))
    assert alone.outcome == "tested"
    assert alone.blocks["pattern"].tolist() == ["none"]
    nobody = emerging_spots(pd.DataFrame(np.eye(5)), linked([]))
    assert nobody.z.notna().all().all()  # each with itself in the period before


def test_all_wrong_settings_are_told_at_once():
    with pytest.raises(TargetingError) as wrong:
        emerging_spots(made(), grid(9), periods_before=-1, significance=2, correction="all")
    assert len(wrong.value.problems) == 3


def test_every_pattern_and_outcome_has_words():
    for language in LANGUAGES:
        words = set(catalogue(language))
        assert {f"hotspot.pattern.{name}" for name in (*PATTERNS, "none", "no_data")} <= words
        assert {f"hotspot.outcome.{name}" for name in PERIOD_OUTCOMES} <= words
