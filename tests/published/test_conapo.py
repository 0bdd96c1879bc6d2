"""CONAPO's marginalization indices of 2010 to 2020, from the published tables and made ones.

Weights, orders, limits, numbers of bins and the effects of wrong choices are those of an
independent reconstruction of the index (R and NumPy, 2026), rounded as printed there.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from targeting.composite.classify import dalenius_hodges
from targeting.composite.distance import dp2, furthest
from targeting.problems import TargetingError
from targeting.published import published, reproduce
from tests.composite.test_components import by_eigenvectors
from tests.composite.test_distance import by_least_squares, made

PLACES = ["ANALF", "SBASC", "OVSDE", "OVSEE", "OVSAE", "OVPT", "VHAC", "PL.5000", "PO2SM"]
AREAS = [
    *("P6A14NAE", "SBASC", "PSDSS", "OVSDE", "OVSEE", "OVSAE"),
    *("OVPT", "OVHAC", "OVSREF", "OVSINT", "OVSCEL"),
]
LISTED = {
    "conapo-imu-2020": {
        "rows": 50790,
        "order": [
            *("SBASC", "OVSREF", "OVHAC", "OVSINT", "OVPT", "OVSCEL"),
            *("OVSAE", "OVSDE", "OVSEE", "P6A14NAE", "PSDSS"),
        ],
        "weights": [
            *(1.0, 0.6476690074, 0.4435320683, 0.3191999042, 0.6430407027, 0.5588786921),
            *(0.7774579643, 0.8250940022, 0.8123137096, 0.8848000754, 0.862901987),
        ],
        "maximum": 128.0143368644,
        "bounds": [115.21242203, 118.60949667, 121.15730265, 123.70510863],
        "bins": 20,
        "counts": (5910, 8274, 13209, 14105, 9292),
        "floor": 110.96607872353397,
        "wrong": {"ddof": 0.00126, "iterations": 0.3023, "own": 7.323},
        "wrong_grades": {"nearest": 0.9012797794841504, "floor": 1.0},
    },
    "conapo-imm-2010": {
        "rows": 2456,
        "order": ["ANALF", "PO2SM", "SBASC", "VHAC", "OVPT", "OVSEE", "OVSAE", "PL.5000", "OVSDE"],
        "weights": [
            *(1.0, 0.4767011951, 0.3014031428, 0.5571540965, 0.6520042121),
            *(0.7916332337, 0.7085698955, 0.5245327448, 0.7524103201),
        ],
        "maximum": 40.9563258668,
        "bounds": [25.6829931, 29.34995015, 32.10016795, 34.85038574],
        "bins": 63,
        "counts": (198, 508, 628, 633, 489),
        "wrong": {"ddof": 0.008122, "iterations": 0.1158, "own": 0.02728},
        "wrong_grades": {"nearest": 1.0, "floor": 1.0},
    },
    "conapo-imm-2015": {
        "rows": 2457,
        "order": ["ANALF", "SBASC", "VHAC", "OVPT", "PO2SM", "OVSEE", "PL.5000", "OVSAE", "OVSDE"],
        "weights": [
            *(1.0, 0.4083049047, 0.5777687113, 0.5484333988, 0.5098523786),
            *(0.7369710422, 0.6008814425, 0.7418831597, 0.7573528429),
        ],
        "maximum": 54.4459071055,
        "bounds": [40.04813497, 43.28371729, 45.90881237, 48.53390746],
        "bins": 546,
        "counts": (275, 517, 617, 601, 447),
        "wrong": {"ddof": 0.01086, "iterations": 0.1424, "own": 6.855},
        "wrong_grades": {"nearest": 1.0, "floor": 0.9804639804639804},
    },
    "conapo-imm-2020": {
        "rows": 2469,
        "order": ["ANALF", "OVPT", "SBASC", "VHAC", "PO2SM", "OVSEE", "PL.5000", "OVSAE", "OVSDE"],
        "weights": [
            *(1.0, 0.5840267673, 0.3895163848, 0.5041036266, 0.4435279951),
            *(0.7404502247, 0.5677735378, 0.7914799054, 0.6381958546),
        ],
        "maximum": 63.8626359680,
        "bounds": [48.73364189, 52.63750006, 54.58942915, 56.54135823],
        "bins": 21,
        "counts": (204, 586, 494, 530, 655),
        "wrong": {"ddof": 0.01264, "iterations": 0.2478, "own": 12.37},
        "wrong_grades": {"nearest": 1.0, "floor": 0.8096395301741596},
    },
    "conapo-ime-2020": {
        "rows": 32,
        "order": ["ANALF", "SBASC", "OVPT", "OVSAE", "VHAC", "PL.5000", "PO2SM", "OVSDE", "OVSEE"],
        "weights": [
            *(1.0, 0.1378187907, 0.2053259607, 0.1585624966, 0.2796533577),
            *(0.2717164973, 0.4051645817, 0.5727810161, 0.5041999763),
        ],
        "maximum": 27.1819406619,
        "bounds": [15.83283008, 18.60064398, 20.67650442, 22.06041137],
        "bins": 18,
        "counts": (3, 9, 8, 8, 4),
        "wrong": {"ddof": 0.3692, "iterations": 0.0131, "own": 9.309},
        "wrong_grades": {"nearest": 0.875, "floor": 0.625},
    },
}
EVERY = pytest.mark.parametrize("key", list(LISTED))
GRADES = {"Muy alto": 1, "Alto": 2, "Medio": 3, "Bajo": 4, "Muy bajo": 5}


def path_of(real_data, key):
    _, name, year = key.split("-")
    return real_data / "indices" / "conapo" / f"{name.upper()}_{year}.parquet"


def settings_of(key, method):
    """Settings of one step of a record, under the publisher's names of the indicators."""
    record = published(key)
    (step,) = [step for step in record.steps if step.use == method]
    settings = dict(step.settings)
    if "reference" in settings:
        heads = {name: column.names[0] for name, column in record.columns.items()}
        settings["reference"] = {heads[k]: v for k, v in settings["reference"].items()}
    return settings


def with_settings(record, method, **changes):
    """A record with other settings in one step."""
    record = published(record) if isinstance(record, str) else record
    steps = [
        replace(step, settings={**step.settings, **changes}) if step.use == method else step
        for step in record.steps
    ]
    return replace(record, steps=tuple(steps))


@pytest.fixture(scope="module")
def tables(real_data):
    return {key: pd.read_parquet(path_of(real_data, key)) for key in LISTED}


def indicators(key):
    return AREAS if "imu" in key else PLACES


@pytest.mark.real
@EVERY
def test_the_published_index_is_rebuilt(real_data, tables, key):
    again = reproduce(key, path_of(real_data, key))
    year, table = key[-4:], tables[key]
    assert again.agrees
    assert again.max_abs_diff <= 1e-9
    assert (again.ranks_equal, again.classes_equal) == (1.0, 1.0)
    # And without the engine's own comparison.
    ours = again.index.parts
    assert len(ours) == LISTED[key]["rows"]
    assert np.abs(ours["im"].to_numpy() - table[f"IM_{year}"]).max() <= 1e-9
    assert np.abs(ours["imn"].to_numpy() - table[f"IMN_{year}"]).max() <= 1e-12
    ranks = [values.round(9).rank(method="min") for values in (ours["im"], table[f"IM_{year}"])]
    assert (ranks[0].to_numpy() == ranks[1].to_numpy()).all()
    assert (ours["rank"].to_numpy() == ranks[1].to_numpy()).all()  # 1 the most marginalized
    assert (ours["grade"].to_numpy(int) == table[f"GM_{year}"].map(GRADES)).all()


@pytest.mark.real
@EVERY
def test_weights_order_limits_and_bins_are_the_listed_ones(tables, key):
    listed = LISTED[key]
    made = dp2(tables[key][indicators(key)], **settings_of(key, "dp2"))
    assert list(made.order) == listed["order"]
    assert made.weights.tolist() == pytest.approx(listed["weights"], abs=1e-9)
    assert made.maximum == pytest.approx(listed["maximum"], abs=1e-9)
    assert (made.iterations, made.diffs[-1], made.beyond) == (3, 0.0, {})
    strata = dalenius_hodges(made.value, **settings_of(key, "dalenius_hodges"))
    assert strata.bounds == pytest.approx(listed["bounds"], abs=1e-7)
    assert strata.notes["bins"] == listed["bins"]
    assert strata.notes["counts"] == listed["counts"]
    if "floor" in listed:
        assert strata.notes["floor"] == pytest.approx(listed["floor"], abs=1e-9)


@pytest.mark.real
@EVERY
def test_step_by_step_with_least_squares(tables, key):
    values = tables[key][indicators(key)]
    reference = settings_of(key, "dp2")["reference"]
    expected, weights, _ = by_least_squares(values, reference)
    made = dp2(values, **settings_of(key, "dp2"))
    assert list(made.order) == list(weights)
    assert np.abs(made.value - expected).max() < 1e-9


@pytest.mark.real
@EVERY
def test_wrong_choices_do_not_match(tables, key):
    table = tables[key]
    published_im = table[f"IM_{key[-4:]}"].to_numpy()
    # Without the search for the number of bins, which would only take time.
    record = with_settings(key, "dalenius_hodges", bins=LISTED[key]["bins"])
    wrong = LISTED[key]["wrong"]
    changes = {
        "ddof": {"ddof": 1},
        "iterations": {"iterations_max": 1},
        "own": {"reference": "worst"},
    }
    for name, change in changes.items():
        again = reproduce(with_settings(record, "dp2", **change), table)
        assert not again.agrees
        assert again.max_abs_diff == pytest.approx(wrong[name], rel=6e-3), name
    other_end = reproduce(with_settings(record, "dp2", reference="best"), table)
    assert not other_end.agrees
    assert np.corrcoef(other_end.index.value, -published_im)[0, 1] == pytest.approx(1, abs=1e-9)
    assert other_end.max_abs_diff > 1


@pytest.mark.real
@EVERY
def test_other_strata_do_not_give_the_published_grades(tables, key):
    # By the textbook's rules, with the number of bins that CONAPO's search finds.
    for rule, share in LISTED[key]["wrong_grades"].items():
        other = with_settings(key, "dalenius_hodges", rule=rule, bins=LISTED[key]["bins"])
        assert reproduce(other, tables[key]).classes_equal == pytest.approx(share)
    if "imu" in key:
        plain = with_settings(key, "dalenius_hodges", winsorize_below=None, bins=20)
        plain = reproduce(plain, tables[key])
        assert plain.classes_equal == pytest.approx(0.6828312659972435)


@pytest.mark.real
def test_the_reference_of_the_records_is_the_worst_of_the_three_years(tables):
    years = [table[PLACES] for key, table in tables.items() if "imm" in key]
    assert settings_of("conapo-imm-2015", "dp2")["reference"] == furthest(years)


@pytest.mark.real
def test_the_order_of_the_rows_does_not_matter(tables):
    table = tables["conapo-imm-2020"].sample(frac=1, random_state=3)
    again = reproduce("conapo-imm-2020", table)
    assert again.agrees
    assert again.ranks_equal == again.classes_equal == 1.0


def made_table(columns, reference, year, units=60):
    """A table in CONAPO's layout, its index worked out by least squares."""
    chance = np.random.default_rng(20)
    common = chance.gamma(2.0, 8.0, units)
    values = pd.DataFrame(
        {
            name: np.minimum(reference[name], common * chance.uniform(0.02, 0.4) + rest)
            for name, rest in zip(
                columns, chance.gamma(1.5, 1.0, (len(columns), units)), strict=True
            )
        }
    )
    value, weights, _ = by_least_squares(values, reference)
    longest = sum(weights[name] * reference[name] / values[name].std(ddof=0) for name in columns)
    values[f"IM_{year}"] = value
    values[f"IMN_{year}"] = value / longest
    return values


MADE = {
    "conapo-ime-2015": (PLACES, "CVE_ENT", [f"{n:02}" for n in range(60)]),
    "conapo-imm-2010": (PLACES, "CVE_MUN", [f"{n:05}" for n in range(1001, 1061)]),
    "conapo-imu-2010": (AREAS, "CVE_AGEB", [f"01001000100{n:02}" for n in range(60)]),
}


@pytest.mark.parametrize("key", list(MADE))
def test_a_made_table_of_another_year_in_a_csv(tmp_path, key):
    columns, head, keys = MADE[key]
    table = made_table(columns, settings_of(key, "dp2")["reference"], key[-4:])
    table.insert(0, head, keys)
    table.insert(1, "NOM_ENT", "Michoacán de Ocampo")
    table.to_csv(tmp_path / "t.csv", index=False, encoding="latin-1")
    again = reproduce(key, tmp_path / "t.csv")
    assert again.max_abs_diff <= 1e-9
    assert again.ranks_equal == 1.0
    assert again.agrees
    assert again.classes_equal is None  # no published grade to compare with
    assert list(again.index.value.index) == keys


HEADINGS = {
    "as published": {},
    "lower case": {name: name.lower() for name in [*PLACES, "IM_2020", "IMN_2020"]},
    "less than": {"PL.5000": "PL<5000"},
    "no dot": {"PL.5000": "PL5000", "IM_2020": "IM", "IMN_2020": "IMN"},
    "in words": {
        "ANALF": "Porcentaje de población analfabeta de 15 años o más",
        "IM_2020": "Índice de marginación, 2020",
        "VHAC": "PORCENTAJE DE VIVIENDAS PARTICULARES HABITADAS CON HACINAMIENTO",
    },
}


@pytest.mark.parametrize("heads", list(HEADINGS.values()), ids=list(HEADINGS))
def test_headings_people_give(tmp_path, heads):
    reference = settings_of("conapo-imm-2020", "dp2")["reference"]
    table = made_table(PLACES, reference, 2020).rename(columns=heads)
    table.insert(0, "CVEGEO", range(1001, 1061))  # the leading zero lost, as in a spreadsheet
    table.to_excel(tmp_path / "t.xlsx", index=False, engine="xlsxwriter")
    again = reproduce("conapo-imm-2020", tmp_path / "t.xlsx")
    assert again.max_abs_diff <= 1e-9
    assert again.index.value.index[0] == "01001"


def test_a_gap_and_a_row_for_the_nation_change_nothing_for_the_others():
    reference = settings_of("conapo-ime-2020", "dp2")["reference"]
    table = made_table(PLACES, reference, 2020)
    table.insert(0, "CVE_ENT", [f"{n:02}" for n in range(1, 61)])
    table.insert(1, "NOM_ENT", "Estado")
    more = table.iloc[[0, 1]].assign(CVE_ENT=["00", "61"], NOM_ENT=["Nacional", "Estado"])
    more = more.assign(SBASC=[50.0, np.nan], IM_2020=np.nan, IMN_2020=np.nan)
    again = reproduce("conapo-ime-2020", pd.concat([more, table]))
    assert again.left_out == ("00",)
    assert np.isnan(again.index.value["61"])
    assert again.max_abs_diff <= 1e-9
    assert again.agrees


def test_crowded_dwellings_are_not_people_in_crowded_dwellings():
    reference = settings_of("conapo-imu-2020", "dp2")["reference"]
    table = made_table(AREAS, reference, 2020).rename(columns={"OVHAC": "VHAC"})
    with pytest.raises(TargetingError) as caught:
        reproduce("conapo-imu-2020", table)
    assert [(one.code, one.where) for one in caught.value.problems] == [("missing-column", "ovhac")]


def test_an_index_in_the_file_that_is_another_ones_is_told_apart():
    reference = settings_of("conapo-imm-2020", "dp2")["reference"]
    table = made_table(PLACES, reference, 2020)
    table["IM_2020"] += 0.001
    again = reproduce("conapo-imm-2020", table)
    assert not again.agrees
    assert again.max_abs_diff == pytest.approx(0.001)


PRIMARY = ["ANALF", "SPRIM", "OVSDE", "OVSEE", "OVSAE", "VHAC", "OVPT", "PL<5000", "PO2SM"]


def made_years(columns):
    """A table of three years in the layout of CONAPO's open data of 1990 to 2015."""
    years = []
    for year, sewer in ((1990, "OVSDE"), (2000, "OVSDSE"), (2015, "OVSDE")):
        table = made(year, units=50, names=PRIMARY).round(2)
        expected, _, _ = by_eigenvectors(table, ddof=1)
        table = table.astype(object).rename(columns={"OVSDE": sewer})
        ranks = pd.Series(expected, index=table.index).rank(ascending=False)
        table = table.assign(AÑO=year, IM=expected.round(3), LUG_NAC=ranks)
        table.insert(0, columns, [f"{n:05}" for n in range(1001, 1051)])
        years.append(table)
    return pd.concat(years).fillna("-")


@pytest.mark.parametrize("year", [1990, 2000, 2015])
def test_components_of_one_year_out_of_a_table_of_three(tmp_path, year):
    made_years("CVE_MUN").to_csv(tmp_path / "t.csv", index=False, encoding="utf-8-sig")
    again = reproduce(f"conapo-pca-mun-{year}", tmp_path / "t.csv")
    assert (again.rows, len(again.left_out)) == (50, 100)
    assert again.max_abs_diff <= 0.0005 + 1e-12
    assert again.ranks_equal == 1.0
    assert again.agrees
    assert not again.unreadable


def test_components_of_the_states_without_the_nation(tmp_path):
    table = made_years("CVE_ENT")
    table["CVE_ENT"] = table["CVE_ENT"].astype(int) % 100
    nation = table.iloc[[0]].assign(CVE_ENT=0, NOM_ENT="Nacional", IM="-", LUG_NAC="-")
    table = pd.concat([nation, table.assign(NOM_ENT="Estado")])
    table.to_csv(tmp_path / "t.csv", index=False, encoding="latin-1")
    again = reproduce("conapo-pca-state-1990", tmp_path / "t.csv")
    assert again.rows == 50
    assert again.index.value.index[0] == "01"
    assert again.agrees
