"""Normalizers by hand, against published columns, and against plain versions of themselves."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.composite._radix import radix_order
from targeting.composite.normalize import (
    adjusted_boxplot,
    borda,
    categorical,
    distance_to_reference,
    distance_to_target,
    exponential_of_rank,
    fraction_of_reference,
    medcouple,
    minmax,
    percentile,
    places,
    rank,
    robust,
    scaled,
    zscore,
)
from targeting.composite.normalize.ranks import rising
from targeting.problems import TargetingError


def series(numbers, name="rate"):
    return pd.Series(numbers, dtype=float, name=name)


def refusal(function, *arguments, **settings_):
    with pytest.raises(TargetingError) as error:
        function(*arguments, **settings_)
    (problem,) = error.value.problems
    assert all(problem.text(language) for language in ("es", "en"))
    return problem.code, problem.where


# ------------------------------------------------------------------------------------------- ends


def test_minmax_of_pooled_years_takes_the_ends_of_both():
    assert minmax(series([2, 6]), series([0, 2, 6, 8])).tolist() == [0.25, 0.75]


def test_minmax_within_groups():
    groups = pd.Series(["a", "a", "b", "b", "b"])
    assert minmax(series([1, 3, 10, 15, 30]), groups=groups).tolist() == [0, 1, 0, 0.25, 1]


def test_a_group_of_one_is_in_the_middle():
    assert minmax(series([1, 3, 9]), groups=pd.Series(["a", "a", "b"])).tolist() == [0, 1, 0.5]


def test_groups_of_a_pooled_reference():
    groups = pd.Series({"x": "a", "y": "b", "x0": "a", "y0": "b"})
    values = pd.Series({"x": 5.0, "y": 5.0})
    reference = pd.Series({"x": 5.0, "x0": 0.0, "y": 5.0, "y0": 25.0})
    assert minmax(values, reference, groups).tolist() == [1.0, 0.0]


def test_human_development_of_norway_by_its_goalposts():
    # HDR 2023-24, 2022: life expectancy 83.4, 20 to 85; expected years 18.6, 0 to 18, cut off.
    assert minmax(series([83.4]), low=20.0, high=85.0).item() == pytest.approx(63.4 / 65)
    assert minmax(series([18.6]), low=0.0, high=18.0).item() == 1.0


def test_scaled_turns_the_line_around_and_cuts():
    assert scaled(series([0, 5, 20]), low=0.0, high=10.0, low_to=100.0, high_to=1.0).tolist() == [
        100.0,
        50.5,
        -98.0,
    ]
    assert scaled(series([-5, 20]), low=0.0, high=10.0, cut="both").tolist() == [0.0, 100.0]
    assert scaled(series([3, 3]), low_to=1.0).tolist() == [50.5, 50.5]


# ---------------------------------------------------------------------------------------- spreads


def test_zscore_with_either_deviation():
    # 2 4 4 4 5 5 7 9: mean 5, sum of squares 32; deviation of a population 2.
    held = series([2, 4, 4, 4, 5, 5, 7, 9])
    assert zscore(held, ddof=0).tolist() == [-1.5, -0.5, -0.5, -0.5, 0, 0, 1, 2]
    assert zscore(held).iloc[-1] == pytest.approx(4 / np.sqrt(32 / 7))
    assert zscore(held, ddof=0, mean_to=100.0, deviation_to=10.0).iloc[-1] == 120


def test_a_constant_column_is_at_its_mean():
    assert zscore(series([0.1] * 7)).tolist() == [0.0] * 7
    assert robust(series([0.1] * 7)).tolist() == [0.0] * 7


def test_robust_by_hand():
    # 1 2 3 4 100: median 3, deviations 2 1 0 1 97, their median 1.
    assert robust(series([1, 2, 3, 4, 100]), consistency=1.0).tolist() == [-2, -1, 0, 1, 97]


# -------------------------------------------------------------------------------------- distances


def test_distance_of_dp2():
    # 1 3 5: population deviation sqrt(8 / 3); the worst value, pooled over years, is 9.
    made = distance_to_reference(series([1, 3, 5]), series([1, 3, 5, 9]))
    assert made.tolist() == pytest.approx(
        [8 / np.sqrt(8 / 3), 6 / np.sqrt(8 / 3), 4 / np.sqrt(8 / 3)]
    )
    assert distance_to_reference(series([1, 3, 5]), target=3.0, per="one").tolist() == [2, 0, 2]


def test_distance_to_a_named_unit():
    held = pd.Series({"MEX": 2.0, "AUS": 6.0, "CHE": 10.0})
    assert distance_to_target(held, unit="AUS").tolist() == [0, 1, 2]
    assert distance_to_target(held, unit="AUS", cap=True).tolist() == [0, 1, 1]


def test_fractions_of_the_handbook():
    # OECD/JRC handbook, table 15: ratio to the mean, the best and the worst.
    held = series([2, 4, 6])
    assert fraction_of_reference(held, of="mean").tolist() == [0.5, 1, 1.5]
    assert fraction_of_reference(held, of="max").tolist() == pytest.approx([1 / 3, 2 / 3, 1])
    assert fraction_of_reference(held, of="min").tolist() == [1, 2, 3]


# ------------------------------------------------------------------------------------------ ranks


@pytest.mark.parametrize(
    ("ties", "expected"),
    [
        ("min", [3, 1, 1, 4, 4]),
        ("max", [3, 2, 2, 5, 5]),
        ("average", [3, 1.5, 1.5, 4.5, 4.5]),
        ("dense", [2, 1, 1, 3, 3]),
    ],
)
def test_places(ties, expected):
    held = series([5, 1, 1, 9, 9])
    assert places(held, ties=ties).tolist() == expected
    turned = places(-held, ties=ties, first="highest")
    assert turned.tolist() == expected


def test_places_among_others():
    assert places(series([2.5]), series([1, 2, 3]), ties="min").tolist() == [3]
    assert places(series([2.5]), series([1, 2, 2, 3]), ties="dense").tolist() == [3]


def test_borda():
    assert borda(series([5, 1, 1, 9]), ties="average").tolist() == [2, 0.5, 0.5, 3]


def test_percentile_of_a_spreadsheet_and_its_rounding():
    # Four values: 0, 1/3, 1/3, 1, and 1 less them; a half is rounded up.
    held = series([10, 20, 20, 40])
    assert percentile(held, decimals=4).tolist() == [0.0, 0.3333, 0.3333, 1.0]
    assert percentile(held, decimals=4, reverse=True).tolist() == [1.0, 0.6667, 0.6667, 0.0]
    # Ranking the negative would put the two at 1/3, not at 2/3.
    assert percentile(-held, decimals=4).tolist() == [1.0, 0.3333, 0.3333, 0.0]
    assert percentile(series(range(17)), decimals=3).iloc[1] == 0.063  # 0.0625


def test_percentile_of_calenviroscreen():
    # Of five known, three above 0: 1/3, 2/3 (the larger of 4 and 4 is the third: 3/3).
    held = series([0, 2, 4, 4, 0, None])
    made = percentile(held, rule="at_or_below", zeros="excluded")
    assert made.tolist()[:5] == pytest.approx([0, 1 / 3, 1, 1, 0])
    assert np.isnan(made.iloc[5])


def test_exponential_of_rank_of_england_and_scotland():
    # Rank 1 of 4: R = 1 and E = -23 ln(exp(-100/23)) = 100. Rank 4: R = 1/4.
    quarter = -23 * np.log(1 - 0.25 * (1 - np.exp(-100 / 23)))
    made = exponential_of_rank(series([1, 2, 3, 4]), given="ranks")
    assert made.iloc[[0, 3]].tolist() == pytest.approx([100, quarter])
    scotland = exponential_of_rank(series([1, 2, 3, 4]), given="ranks", counting="only_beyond")
    assert scotland.iloc[3] == 0
    assert scotland.iloc[2] == pytest.approx(quarter)
    # Published ranks 1 2 2 4 are averaged to 2.5 again; the values say the same.
    tied = exponential_of_rank(series([1, 2, 2, 4]), given="ranks")
    by_value = exponential_of_rank(series([9, 5, 5, 2]))
    assert tied.tolist() == pytest.approx(by_value.tolist())
    assert tied.iloc[1] == pytest.approx(-23 * np.log(1 - 0.625 * (1 - np.exp(-100 / 23))))


def test_many_values_are_ordered_as_a_plain_sort_orders_them():
    rng = np.random.default_rng(4)
    held = np.round(rng.normal(size=9000), 2)
    held[::10] = np.nan
    held[::11] = -np.nan
    held[:6] = [0.0, -0.0, 5e-324, -5e-324, 1e308, -1e308]
    plain = np.argsort(held, kind="stable")
    np.testing.assert_array_equal(radix_order(held), plain)
    np.testing.assert_array_equal(rising(held), plain)
    repeated = np.tile(held, 40)  # enough for the compiled sort
    np.testing.assert_array_equal(rising(repeated), np.argsort(repeated, kind="stable"))
    expected = pd.Series(held).rank(method="average")
    np.testing.assert_array_equal(places(pd.Series(held)), expected)


# ----------------------------------------------------------------------------------- skewed scales


def plain_medcouple(values):
    """Return the median of the kernel over all pairs, as its authors define it."""
    held = np.sort(values) - np.median(values)
    high, low = held[held >= 0][::-1], held[held <= 0][::-1]
    even = int((held == 0).sum())
    kernels = []
    for i, above in enumerate(high):
        for j, below in enumerate(low):
            if above == below == 0:
                # Places among the values equal to the median, counted from the lowest.
                p = i - (len(high) - even)
                kernels.append(float(np.sign(even - 1 - p - j)))
            else:
                kernels.append((above + below) / (above - below))
    return float(np.median(kernels))


@settings(deadline=None)
@given(st.lists(st.integers(-20, 20), min_size=3, max_size=30))
def test_medcouple_counts_what_it_never_lists(numbers):
    values = np.array(numbers, float)
    if values.min() < values.max():
        assert medcouple(values) == pytest.approx(plain_medcouple(values), abs=1e-12)


def test_adjusted_boxplot_reaches_further_on_the_long_side():
    # Skewed to the right: the fence follows the tail, and only the wildest value is cut off.
    held = series([*np.exp(np.linspace(-2, 2, 101)), 1000.0])
    made = adjusted_boxplot(held)
    assert made.iloc[[0, 100, 101]].tolist() == [0, 1, 1]
    turned = adjusted_boxplot(-held)
    np.testing.assert_allclose(turned, 1 - made, atol=1e-12)


# ------------------------------------------------------------------------------------- categories


def test_categories_by_limits_and_shares():
    held = series([1, 5, 9, None])
    assert categorical(held, breaks=(5.0,)).tolist()[:3] == [0, 1, 1]
    assert categorical(held, breaks=(5.0,), closed="right").tolist()[:3] == [0, 0, 1]
    assert categorical(series(range(10))).tolist() == [0, 0, 0.25, 0.25, 0.5, 0.5, 0.75, 0.75, 1, 1]


# --------------------------------------------------------------------------------------- wrong use


def test_wrong_use_is_named():
    held = series([1, 2, 3])
    assert refusal(minmax, held, low=5.0, high=1.0) == ("ends-reversed", "rate")
    assert refusal(minmax, held, low=5.0) == ("ends-reversed", "rate")
    assert refusal(rank, series([1, np.inf])) == ("infinite-value", "rate")
    assert refusal(rank, held, groups=pd.Series(["a", None, "b"])) == ("no-group", "rate")
    assert refusal(zscore, held, series([1, 1])) == ("constant-reference", "rate")
    assert refusal(zscore, held, series([None, None])) == ("empty-reference", "rate")
    assert refusal(robust, series([1, 1, 1, 9])) == ("no-middle-spread", "rate")
    assert refusal(distance_to_reference, series([4, 4])) == ("constant-column", "rate")
    assert refusal(distance_to_target, held, target=1.0) == ("target-not-above", "rate")
    assert refusal(distance_to_target, held, unit="AUS") == ("unknown-unit", "rate")
    assert refusal(fraction_of_reference, series([-1, 0])) == ("zero-reference", "rate")
    assert refusal(categorical, held, breaks=(5.0, 5.0)) == ("breaks-not-rising", "rate")
    assert refusal(categorical, held, breaks=(5.0,), scores=(0.0, 2.0))[0] == "scores-not-fitting"
    code = "negative-with-zeros-excluded"
    assert refusal(percentile, series([-1, 2]), zeros="excluded") == (code, "rate")


@pytest.mark.parametrize("function", [minmax, rank, percentile, zscore, robust, adjusted_boxplot])
def test_one_block_and_none_known(function):
    assert function(series([7])).notna().all()
    assert function(series([None, None])).isna().all()
    assert len(function(series([]))) == 0


# -------------------------------------------------------------------------------- published columns


@pytest.mark.real
def test_every_percentile_of_the_svi(real_data):
    """CDC SVI 2018, 3,142 counties: 15 percentiles at 4 decimals, all equal."""
    table = pd.read_csv(real_data / "indices" / "cdc_svi" / "SVI2018_US_COUNTY.csv")
    raw = table.filter(regex="^EP_").drop(columns="EP_UNINSUR")
    assert raw.shape == (3142, 15)
    for key in raw:
        held = raw[key].where(raw[key] != -999)
        made = percentile(held, decimals=4, reverse=key == "EP_PCI")
        expected = table[key.replace("EP_", "EPL_")]
        assert made.fillna(-999.0).round(9).equals(expected.astype(float).round(9)), key


@pytest.mark.real
def test_fifteen_percentiles_of_calenviroscreen(real_data):
    """CES 4.0: those whose raw column is not rounded; published to 2 decimals of a percent."""
    path = real_data / "indices" / "calenviroscreen" / "ces4_results.csv"
    table = pd.read_csv(path)
    names = {"Tox_Release": "Tox. Release", "Low_Birth_Weight": "Low Birth Weight"}
    names["Cardiovascular_Disease"] = "Cardiovascular Disease"
    agree = []
    for key in table:
        column = f"{names.get(key, key)} Pctl"
        if column in table and key not in ("Pollution_Burden",):
            made = 100 * percentile(table[key], rule="at_or_below", zeros="excluded")
            off = (made - table[column]).abs()
            assert (made.isna() == table[column].isna()).all()
            agree.append((float(off.max()) <= 0.0051, key))
    assert sum(fine for fine, _ in agree) == 15
    assert len(agree) == 21


@pytest.mark.real
def test_the_english_score_from_its_domain_ranks(real_data):
    """IMD 2025, 33,755 areas: weighted sum of the transformed ranks, published to 3 decimals."""
    table = pd.read_parquet(real_data / "indices" / "england_imd" / "imd2025_lsoa21.parquet")
    weights = {
        "Income": 0.225,
        "Employment": 0.225,
        "Education": 0.135,
        "Health": 0.135,
        "Crime": 0.093,
        "Housing_and_Services": 0.093,
        "Environment": 0.093,
    }
    score = sum(
        exponential_of_rank(table[f"{key}_rank"].astype(float), given="ranks") * weight
        for key, weight in weights.items()
    )
    assert (score - table["IMD_score"]).abs().max() <= 0.0005 + 1e-9
    assert (places(score, ties="min", first="highest") == table["IMD_rank"]).all()
