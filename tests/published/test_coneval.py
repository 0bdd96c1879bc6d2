"""CONEVAL's social lag index of 2020: both sheets of the published workbook, and a made one."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from targeting.composite.classify import dalenius_hodges
from targeting.composite.components import first_component
from targeting.published import published, reproduce
from tests.composite.test_components import by_eigenvectors
from tests.published.test_conapo import with_settings

WORKBOOK = "IRS_entidades_mpios_2020.xlsx"
# Explained variance, limits and frequencies as an independent reconstruction found them (2026).
LISTED = {
    "coneval-irs-2020": {
        "rows": 2469,
        "explained": 0.458795,
        "bounds": [-0.71235, 0.125366, 0.963082, 1.800797],
        "last": ("32058", -0.729746, "Muy bajo", 1815),
        "left_out": (),
        "negative": (8,),
        "sheet": "Municipios",
    },
    "coneval-irs-2020-state": {
        "rows": 32,
        "explained": 0.642802,
        "bounds": [-0.864839, -0.085047, 0.304849, 1.084641],
        "last": ("32", -0.452588, "Bajo", 20),
        "left_out": ("00",),
        "negative": (),
        "sheet": "Estados",
    },
}
GRADES = {"Muy bajo": 1, "Bajo": 2, "Medio": 3, "Alto": 4, "Muy alto": 5}
EVERY = pytest.mark.parametrize("key", list(LISTED))
HEADS = [column.names[0] for column in published("coneval-irs-2020").columns.values()][1:]


@pytest.fixture(scope="module")
def workbook(real_data):
    return real_data / "indices" / "coneval" / WORKBOOK


@cache
def sheet_of(workbook, key):
    """The sheet read by pandas, from the row the first unit is in."""
    table = pd.read_excel(workbook, LISTED[key]["sheet"], header=None, engine="calamine", dtype=str)
    first = 3 if key.endswith("state") else 5
    rows = table[table[first - 3 if first == 3 else 2].str.fullmatch(r"\d+", na=False)]
    rows = rows[rows.iloc[:, -3].notna()]
    return rows.set_index(0 if first == 3 else 2), first


@pytest.mark.real
@EVERY
def test_the_published_index_is_rebuilt(workbook, key):
    again = reproduce(key, workbook)
    listed = LISTED[key]
    assert again.agrees
    assert again.max_abs_diff <= 1e-6
    assert (again.ranks_equal, again.classes_equal) == (1.0, 1.0)
    assert (again.rows, again.left_out) == (listed["rows"], listed["left_out"])
    # And by another reader, without the engine's own comparison.
    rows, _ = sheet_of(workbook, key)
    ours = again.index.parts.loc[rows.index]
    assert len(rows) == listed["rows"]
    assert np.abs(ours["lag"] - rows.iloc[:, -3].astype(float)).max() <= 1e-6
    assert (ours["rank"] == rows.iloc[:, -1].astype(float)).all()
    assert (ours["grade"].astype(int) == rows.iloc[:, -2].str.strip().map(GRADES)).all()
    # The sheet's last unit, read with the eye.
    unit, lag, grade, rank = listed["last"]
    assert round(ours.loc[unit, "lag"], 6) == lag
    assert (ours.loc[unit, "grade"], ours.loc[unit, "rank"]) == (GRADES[grade], rank)


@pytest.mark.real
@EVERY
def test_explained_variance_and_limits_are_the_listed_ones(workbook, key):
    rows, first = sheet_of(workbook, key)
    values = rows.iloc[:, first - 1 : first + 10].astype(float)
    made = first_component(values)
    assert values.shape[1] == 11
    assert made.explained == pytest.approx(LISTED[key]["explained"], abs=5e-7)
    # Having no right to health care goes with less of the rest, among municipalities.
    assert tuple(int(name) for name in made.negative) == LISTED[key]["negative"]
    expected, _, _ = by_eigenvectors(values, ddof=1)
    np.testing.assert_allclose(made.value, expected, atol=1e-10)
    strata = dalenius_hodges(made.value, bins=10, rule="nearest")
    assert strata.bounds == pytest.approx(LISTED[key]["bounds"], abs=2e-6)
    width = (made.value.max() - made.value.min()) / 10
    counts = ((made.value - made.value.min()) // width).clip(upper=9).value_counts().sort_index()
    if key == "coneval-irs-2020":
        assert counts.tolist() == [677, 893, 504, 243, 107, 32, 8, 3, 1, 1]


@pytest.mark.real
def test_wrong_choices_do_not_match(workbook):
    population = reproduce(with_settings("coneval-irs-2020", "first_component", ddof=0), workbook)
    assert not population.agrees
    assert population.max_abs_diff == pytest.approx(0.0014, abs=5e-5)
    other = with_settings("coneval-irs-2020-state", "dalenius_hodges", rule="least_squares")
    strata = reproduce(other, workbook)
    assert not strata.agrees
    # CONAPO's rule does not give CONEVAL's grades with any number of bins: 28 of 32 at best.
    rows, _ = sheet_of(workbook, "coneval-irs-2020-state")
    published_grades = rows.iloc[:, -2].str.strip().map(GRADES)
    shares = [
        (dalenius_hodges(strata.index.value, bins=bins).codes == published_grades).mean()
        for bins in range(6, 33)
    ]
    assert max(shares) == 0.875


@pytest.mark.real
def test_the_record_of_municipalities_takes_the_states_when_told_their_sheet(workbook):
    record = published("coneval-irs-2020")
    states = replace(record, units=published("coneval-irs-2020-state").units)
    assert reproduce(states, workbook, sheet="Estados").agrees


def test_a_made_sheet_with_titles_above_its_header(tmp_path):
    chance = np.random.default_rng(4)
    common = chance.gamma(2.0, 8.0, 40)
    values = pd.DataFrame(
        {head: common * chance.random() + chance.gamma(1.5, 6, 40) for head in HEADS}
    )
    expected, _, _ = by_eigenvectors(values, ddof=1)
    values.insert(0, "Clave municipio", [f"{n:05}" for n in range(9001, 9041)])
    values.insert(1, "Entidad federativa", "Ciudad de México")
    values["Índice de rezago social"] = expected.round(6)
    ranks = pd.Series(expected).rank(ascending=False, method="min")
    values["Lugar que ocupa en el contexto nacional"] = ranks
    with pd.ExcelWriter(tmp_path / "irs.xlsx", engine="xlsxwriter") as book:
        values.to_excel(book, sheet_name="Municipios", index=False, startrow=5)
        book.sheets["Municipios"].write(0, 2, "Índice y grado de rezago social, según municipio")
        book.sheets["Municipios"].write(4, 2, "Indicadores de rezago social (porcentaje)")
    again = reproduce("coneval-irs-2020", tmp_path / "irs.xlsx")
    assert again.rows == 40
    assert again.max_abs_diff <= 5.01e-7
    assert again.ranks_equal == 1.0
    assert again.agrees
