"""Classes by hand, against another program, and against the grades that agencies published."""

import itertools

import mapclassify
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.composite.classify import (
    dalenius_hodges,
    deviation_classes,
    equal_width,
    natural_breaks,
    quantiles,
    stated_breaks,
)
from targeting.problems import TargetingError


def series(numbers, name="index"):
    return pd.Series(numbers, dtype=float, name=name)


def refusal(function, *arguments, **settings_):
    with pytest.raises(TargetingError) as error:
        function(*arguments, **settings_)
    (problem,) = error.value.problems
    assert all(problem.text(language) for language in ("es", "en"))
    return problem.code, problem.where


def agrees(made, grades, names):
    """Return the share of units whose class is the published grade (names from the lowest)."""
    return float((made.codes.map(dict(enumerate(names, 1))) == grades).mean())


# ----------------------------------------------------------------------------------------- by hand


def test_limits_belong_to_one_side():
    held = series([1, 5, 9, None])
    assert stated_breaks(held, breaks=(5.0,)).codes.tolist()[:3] == [1, 2, 2]
    assert stated_breaks(held, breaks=(5.0,), closed="right").codes.tolist()[:3] == [1, 1, 2]
    assert equal_width(held, classes=2, closed="right").codes.tolist()[:3] == [1, 1, 2]
    assert stated_breaks(held, breaks=(5.0,)).codes.isna().tolist() == [False] * 3 + [True]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [("ceiling", [1, 2, 2, 3, 4, 4]), ("floor", [1, 1, 2, 3, 3, 4]), ("line", [1, 1, 2, 3, 4, 4])],
)
def test_quarters_of_six(rule, expected):
    # ⌈4 r / 6⌉ is 1 2 2 3 4 4; ⌊4 (r − 1) / 6⌋ + 1 is 1 1 2 3 3 4; quartiles 2.25, 3.5, 4.75.
    made = quantiles(series([1, 2, 3, 4, 5, 6]), classes=4, rule=rule)
    assert made.codes.tolist() == expected


def test_bounds_are_the_smallest_of_each_class():
    made = quantiles(series([10, 20, 30, 40]), classes=2)
    assert (made.bounds, made.notes["counts"]) == ((30,), (2, 2))
    empty = quantiles(series([7, 7, 7, 9]), classes=4)  # ranks 1 1 1 4
    assert (empty.codes.tolist(), empty.bounds) == ([1, 1, 1, 4], (9, 9, 9))


def test_deviations_by_hand():
    # 2 4 4 4 5 5 7 9: mean 5, population deviation 2; limits 2, 4, 6, 8.
    made = deviation_classes(series([2, 4, 4, 4, 5, 5, 7, 9]), ddof=0)
    assert made.bounds == (2, 4, 6, 8)
    assert made.codes.tolist() == [2, 3, 3, 3, 3, 3, 4, 5]


def test_three_variants_of_dalenius_and_hodges_differ():
    # Frequencies 1 4 9 4 1 in five bins: roots 1 2 3 2 1, cumulated 1 3 6 8 9, a half 4.5.
    held = series([0] + [2.5] * 4 + [4.5] * 9 + [6.5] * 4 + [10])
    made = {
        rule: dalenius_hodges(held, classes=2, bins=5, rule=rule)
        for rule in ("least_squares", "nearest", "floor")
    }
    # Below 4.5 is 3 (3 and 6: 4.5 squared), one more is 6 (6 and 3): as good, so the first.
    assert made["least_squares"].bounds == (4,)
    assert made["nearest"].bounds == (4,)  # 3 and 6 lie equally near: the first
    assert made["floor"].bounds == (4,)
    # With 16 in the second bin: roots 1 4 3 2 1, cumulated 1 5 8 10 11, a half 5.5.
    held = series([0] + [2.5] * 16 + [4.5] * 9 + [6.5] * 4 + [10])
    assert dalenius_hodges(held, classes=3, bins=5, rule="floor").bounds == (2, 4)
    # Thirds 3.667 and 7.333: nearest to them are 5 and 8.
    assert dalenius_hodges(held, classes=3, bins=5, rule="nearest").bounds == (4, 6)
    # 1 | 4 | 6 misses by 7.11 + 0.11 + 5.44; 1 | 7 | 3: 7.11 + 11.1 + 0.44; 5 | 3 | 3: 2.67.
    assert dalenius_hodges(held, classes=3, bins=5).bounds == (4, 6)


def test_the_tail_is_lifted_before_the_bins_are_cut():
    held = series([-100, *range(100)])  # hinges 24 and 74, the lower fence at -51
    plain = dalenius_hodges(held, classes=4, bins=20)
    lifted = dalenius_hodges(held, classes=4, bins=20, winsorize_below=1.5)
    assert plain.notes["counts"] != lifted.notes["counts"]
    assert lifted.notes["floor"] == 0
    assert lifted.codes.iloc[0] == 1


def test_wrong_use_is_named():
    assert refusal(dalenius_hodges, series([1, 1, 2]), classes=3) == (
        "few-different-values",
        "index",
    )
    assert refusal(natural_breaks, series([1, 1]), classes=2) == ("few-different-values", "index")
    assert refusal(equal_width, series([4])) == ("few-different-values", "index")
    assert refusal(quantiles, series([None])) == ("few-different-values", "index")
    assert refusal(stated_breaks, series([1]), breaks=(2.0, 1.0)) == ("breaks-not-rising", "index")
    assert refusal(quantiles, series([np.inf, 1])) == ("infinite-value", "index")
    # Three values in two bins: three strata cannot all hold something.
    assert refusal(dalenius_hodges, series([0, 1, 10]), classes=3, bins=2)[0] == "no-strata"


# ---------------------------------------------------------------------------------- natural breaks


def sum_of_squares(values, cuts):
    ends = (0, *cuts, len(values))
    parts = [values[low:high] for low, high in itertools.pairwise(ends)]
    return sum(sum((one - sum(part) / len(part)) ** 2 for one in part) for part in parts)


@settings(deadline=None)
@given(st.lists(st.integers(-50, 50), min_size=4, max_size=11), st.integers(2, 4))
def test_no_other_classes_are_tighter(numbers, classes):
    values = sorted(numbers)
    if len(set(values)) < classes:
        return
    made = natural_breaks(pd.Series(values, dtype=float), classes=classes)
    every = itertools.combinations(range(1, len(values)), classes - 1)
    best = min(sum_of_squares(values, cuts) for cuts in every)
    assert made.notes["within"] == pytest.approx(best, abs=1e-9)


@pytest.mark.parametrize("classes", [2, 5, 8])
def test_as_mapclassify(classes):
    values = np.round(np.random.default_rng(7).lognormal(size=1500), 3)
    expected = mapclassify.FisherJenks(values, k=classes)
    assert (natural_breaks(pd.Series(values), classes=classes).codes - 1 == expected.yb).all()


# -------------------------------------------------------------------------------- published grades

FROM_WORST = ["Muy alto", "Alto", "Medio", "Bajo", "Muy bajo"]


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "year", "bins", "target", "bounds", "counts"),
    [
        # Histogram bins, bounds and counts: reference/published-indices.md, sections 1.1 and 9.
        ("IME", 2020, 18, 0.05, (15.83283008, 18.60064398, 20.67650442, 22.06041137),
         (3, 9, 8, 8, 4)),
        ("IMM", 2010, 63, 0.01, (25.6829931, 29.34995015, 32.10016795, 34.85038574),
         (198, 508, 628, 633, 489)),
        ("IMM", 2015, 546, 0.01, (40.04813497, 43.28371729, 45.90881237, 48.53390746),
         (275, 517, 617, 601, 447)),
        ("IMM", 2020, 21, 0.01, (48.73364189, 52.63750006, 54.58942915, 56.54135823),
         (204, 586, 494, 530, 655)),
        ("IMU", 2020, 20, 0.05, (115.21242203, 118.60949667, 121.15730265, 123.70510863),
         (5910, 8274, 13209, 14105, 9292)),
    ],
)  # fmt: skip
def test_grades_of_conapo(real_data, name, year, bins, target, bounds, counts):
    table = pd.read_parquet(real_data / "indices" / "conapo" / f"{name}_{year}.parquet")
    index, grades = table[f"IM_{year}"].astype(float), table[f"GM_{year}"]
    tail = 1.5 if name == "IMU" else None
    made = dalenius_hodges(index, target_variation=target, winsorize_below=tail)
    assert made.notes["bins"] == bins  # found by the search
    assert made.bounds == pytest.approx(bounds, abs=6e-9)
    assert made.notes["counts"] == counts
    assert agrees(made, grades, FROM_WORST) == 1.0
    given_bins = dalenius_hodges(index, bins=bins, winsorize_below=tail)
    assert given_bins.bounds == made.bounds


@pytest.mark.real
def test_what_would_not_match_conapo(real_data):
    folder = real_data / "indices" / "conapo"
    urban = pd.read_parquet(folder / "IMU_2020.parquet")
    index, grades = urban["IM_2020"].astype(float), urban["GM_2020"]
    assert agrees(dalenius_hodges(index, bins=20), grades, FROM_WORST) == pytest.approx(
        0.683, abs=5e-4
    )
    near = dalenius_hodges(index, bins=20, rule="nearest", winsorize_below=1.5)
    assert agrees(near, grades, FROM_WORST) == pytest.approx(0.9013, abs=5e-5)
    state = pd.read_parquet(folder / "IME_2020.parquet")
    index, grades = state["IM_2020"].astype(float), state["GM_2020"]
    for rule, share in (("nearest", 0.875), ("floor", 0.625)):
        made = dalenius_hodges(index, bins=18, rule=rule)
        assert agrees(made, grades, FROM_WORST) == share


@pytest.mark.real
@pytest.mark.parametrize(
    ("sheet", "first", "column", "rows", "bounds"),
    [
        ("Municipios", 7, 16, 2469, (-0.71235, 0.125366, 0.963082, 1.800797)),
        ("Estados", 7, 14, 32, (-0.864839, -0.085047, 0.304849, 1.084641)),
    ],
)
def test_grades_of_coneval(real_data, sheet, first, column, rows, bounds):
    path = real_data / "indices" / "coneval" / "IRS_entidades_mpios_2020.xlsx"
    table = pd.read_excel(path, sheet_name=sheet, header=None, engine="calamine").iloc[first:]
    table = table[table[0].astype(str).str.fullmatch(r"\d\d") & table[column].notna()]
    assert len(table) == rows
    made = dalenius_hodges(table[column].astype(float), bins=10, rule="nearest")
    assert made.bounds == pytest.approx(bounds, abs=1.1e-6)
    assert agrees(made, table[column + 1], FROM_WORST[::-1]) == 1.0
    if sheet == "Estados":  # CONAPO's rule would not do, whatever the histogram
        others = (
            dalenius_hodges(table[column].astype(float), bins=number) for number in range(5, 33)
        )
        best = max(agrees(one, table[column + 1], FROM_WORST[::-1]) for one in others)
        assert best == 0.875


@pytest.mark.real
def test_english_deciles(real_data):
    table = pd.read_parquet(real_data / "indices" / "england_imd" / "imd2025_lsoa21.parquet")
    ranks, deciles = table["IMD_rank"].astype(float), table["IMD_decile"]
    assert (quantiles(ranks, classes=10).codes == deciles).all()
    # The rule of Scotland puts nine areas elsewhere at most.
    assert 0 < (quantiles(ranks, classes=10, rule="floor").codes != deciles).sum() <= 9
