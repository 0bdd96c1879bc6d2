"""Tables as they come: headings, encodings, sheets, codes for missing, units left out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from targeting.problems import TargetingError
from targeting.published import published, read_record, reproduce
from targeting.published.record import Record

RECORD = """
name: {es: Prueba, en: Trial}
publisher: P
source: made in the test
method: a sum
licence: none
year: 2020
level: {es: lugar, en: place}
worse: higher
key: {names: [Clave], width: 3}
missing: [-999]
leave_out: {people: 0, kind: Nacional}
columns:
  people: Población total
  kind: {names: [Tipo], text: true, optional: true}
  a: PL.5000
  b: [B., Bee]
  c: {names: [C], optional: true}
steps:
  - {column: total, of: [a, b], make: sum}
  - {column: ranking, of: sum, make: rank}
  - {column: total, of: [sum, c], make: more}
  - {classifier: stated_breaks, of: sum, make: grade, with: {breaks: [10.0]}}
publishes:
  - {made: sum, names: [Índice], kind: index, decimals: 1}
  - {made: rank, names: [Lugar], kind: rank}
  - {made: more, names: [More]}
  - {made: grade, names: [Grado], kind: class, labels: {1: Bajo, 2: [Alto, High]}}
"""
# By hand: 1 + 4 = 5, 10 + 20.04 = 30.04 (30.0), 2 + 3 = 5; 004 lacks b; 005 has no residents.
ROWS = {
    "clave": ["001", "002", "003", "004", "005"],
    "POBLACION_TOTAL": ["1,200", "5", "7", "9", "0"],
    "pl 5000": ["1", "10", "2", "3", "99"],
    "BEE": ["4", "20.04", "3", "-999", "99"],
    "indice": ["5.0", "30.0", "5.0", "-999", "-999"],
    "lugar": ["2", "1", "2", "", "-999"],
    "GRADO": ["bajo", "ALTO", "Bajo", "", ""],
}


@pytest.fixture(scope="module")
def record() -> Record:
    return read_record(RECORD, "trial")


def demand_whole(record: Record, table: pd.DataFrame | Path) -> None:
    answer = reproduce(record, table)
    assert answer.rows == 4
    assert answer.left_out == ("005",)
    assert [one.equal_share for one in answer.columns] == [1.0, 1.0, 1.0]
    assert [one.rows for one in answer.columns] == [3, 3, 3]
    assert answer.max_abs_diff == pytest.approx(0.04, abs=1e-12)
    assert (answer.ranks_equal, answer.classes_equal) == (1.0, 1.0)
    assert answer.left_undone == ("more",)
    assert answer.agrees


def test_headings_are_found_as_people_read_them(record: Record) -> None:
    demand_whole(record, pd.DataFrame(ROWS))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_in_any_encoding(record: Record, tmp_path: Path, encoding: str, delimiter: str) -> None:
    rows = dict(ROWS)
    rows["Población total"] = rows.pop("POBLACION_TOTAL")
    rows["Índice"] = rows.pop("indice")
    file = tmp_path / "table.csv"
    pd.DataFrame(rows).to_csv(file, index=False, encoding=encoding, sep=delimiter)
    demand_whole(record, file)


def test_parquet_of_numbers(record: Record, tmp_path: Path) -> None:
    rows = pd.DataFrame(ROWS)
    for name in ("pl 5000", "BEE", "indice", "lugar"):
        rows[name] = pd.to_numeric(rows[name])
    rows["POBLACION_TOTAL"] = [1200, 5, 7, 9, 0]
    rows["clave"] = [1, 2, 3, 4, 5]  # a spreadsheet took the zeros
    file = tmp_path / "table.parquet"
    rows.to_parquet(file)
    demand_whole(record, file)


def write_book(file: Path, *, sheets: bool) -> None:
    """Write a sheet as agencies do: titles, groups of columns, a national row, notes."""
    groups = ["", "", "Indicadores", "", "Índice", "Lugar", "Grado", ""]
    heads = ["Clave", "Población total", "PL.5000", "B.", "", "", "", "Tipo"]
    lines = [["Cuadro 1. Índice de prueba"], [""], groups, heads, [""]]
    lines.append(["000", "1221", "50", "50", "", "", "", "Nacional"])
    names = ("clave", "POBLACION_TOTAL", "pl 5000", "BEE", "indice", "lugar", "GRADO")
    lines += [[*(ROWS[name][row] for name in names), "Lugar"] for row in range(5)]
    lines += [[""], ["Nota: el grado es de P."], ["Fuente: P."]]
    width = max(len(line) for line in lines)
    grid = pd.DataFrame([line + [""] * (width - len(line)) for line in lines])
    with pd.ExcelWriter(file, engine="xlsxwriter") as book:
        if sheets:
            other = pd.DataFrame([["Clave", "Población total"], ["001", "1200"]])
            other.to_excel(book, sheet_name="Notas", header=False, index=False)
        grid.to_excel(book, sheet_name="Lugares", header=False, index=False)


@pytest.mark.parametrize("sheets", [False, True])
def test_a_workbook_with_titles_groups_and_notes(
    record: Record, tmp_path: Path, sheets: bool
) -> None:
    file = tmp_path / "table.xlsx"
    write_book(file, sheets=sheets)
    answer = reproduce(record, file)
    assert answer.left_out == ("000", "005")
    assert [one.equal_share for one in answer.columns] == [1.0, 1.0, 1.0]
    assert answer.rows == 4


def test_a_sheet_that_is_not_there_is_told(record: Record, tmp_path: Path) -> None:
    file = tmp_path / "table.xlsx"
    write_book(file, sheets=True)
    with pytest.raises(TargetingError) as caught:
        reproduce(record, file, sheet="Lugar")
    assert [one.code for one in caught.value.problems] == ["unknown-sheet"]


def test_every_column_that_lacks_is_named_with_the_nearest(record: Record) -> None:
    table = pd.DataFrame(ROWS).rename(columns={"pl 5000": "pl 50000", "BEE": "x"})
    with pytest.raises(TargetingError) as caught:
        reproduce(record, table)
    told = {one.where: (one.code, one.values["hint"]) for one in caught.value.problems}
    assert told["a"] == ("missing-column", "pl 50000")
    assert told["b"][0] == "missing-column"
    assert set(told) == {"a", "b"}


def test_a_map_says_which_column_is_which(record: Record) -> None:
    table = pd.DataFrame(ROWS).rename(columns={"pl 5000": "x", "BEE": "y", "indice": "z"})
    columns = {"a": "x", "Bee": "y", "Índice": "z"}
    assert reproduce(record, table, columns=columns).agrees
    with pytest.raises(TargetingError) as caught:
        reproduce(record, table, columns={"a": "xx", "beee": "y", "b": "y"})
    assert {(one.code, one.where) for one in caught.value.problems} == {
        ("missing-column", "columns.a"),
        ("unknown-name", "columns.beee"),
        ("missing-column", "a"),
    }


def test_two_columns_that_read_alike_are_not_guessed_between(record: Record) -> None:
    table = pd.DataFrame(ROWS).rename(columns={"BEE": "b"}).assign(**{"B ": "1"})
    with pytest.raises(TargetingError) as caught:
        reproduce(record, table)
    assert [(one.code, one.where) for one in caught.value.problems] == [("several-columns", "b")]


def test_a_unit_that_stands_twice_is_refused(record: Record) -> None:
    table = pd.DataFrame(ROWS)
    table.loc[1, "clave"] = "1"
    with pytest.raises(TargetingError) as caught:
        reproduce(record, table)
    assert [one.code for one in caught.value.problems] == ["repeated-units"]


def test_a_table_without_published_columns_is_refused(record: Record) -> None:
    table = pd.DataFrame(ROWS).drop(columns=["indice", "lugar", "GRADO"])
    with pytest.raises(TargetingError) as caught:
        reproduce(record, table)
    assert [one.code for one in caught.value.problems] == ["nothing-published"]


def test_what_was_published_may_stand_in_another_table(record: Record) -> None:
    table = pd.DataFrame(ROWS)
    bare = table.drop(columns=["indice", "lugar", "GRADO"])
    beside = table[["clave", "indice", "lugar"]].iloc[::-1].copy()
    beside.loc[len(beside)] = ["777", "1.0", "9"]
    answer = reproduce(record, bare, beside=beside)
    by_name = {one.name: one for one in answer.columns}
    assert set(by_name) == {"indice", "lugar"}
    assert by_name["indice"].rows == 3
    assert by_name["indice"].only_published == ("777",)
    assert not answer.agrees
    assert reproduce(record, bare, beside=beside.iloc[:-1]).agrees
    with pytest.raises(TargetingError) as caught:
        reproduce(record, bare, beside=beside.drop(columns="clave"))
    assert [one.code for one in caught.value.problems] == ["missing-column"]


def test_values_on_one_side_only_are_counted_and_named(record: Record) -> None:
    table = pd.DataFrame(ROWS)
    table.loc[0, "indice"] = "-999"  # ours is 5
    table.loc[3, "indice"] = "7.0"  # ours is missing
    answer = reproduce(record, table)
    index = answer.columns[0]
    assert (index.only_made, index.only_published) == (("001",), ("004",))
    assert (index.rows, index.equal_share) == (2, 0.5)
    assert not answer.agrees


def test_a_wrong_value_is_seen_and_its_unit_named(record: Record) -> None:
    table = pd.DataFrame(ROWS)
    table.loc[2, "indice"] = "5.1"
    table.loc[1, "GRADO"] = "Bajo"
    answer = reproduce(record, table)
    index, _, grade = answer.columns
    assert (index.equal_share, index.worst) == (pytest.approx(2 / 3), ("003",))
    assert (grade.equal_share, grade.worst) == (pytest.approx(2 / 3), ("002",))
    assert answer.classes_equal == pytest.approx(2 / 3)
    assert not answer.agrees


def test_the_order_of_rows_and_columns_changes_nothing(record: Record) -> None:
    table = pd.DataFrame(ROWS)
    turned = table.iloc[[3, 0, 4, 2, 1], ::-1]
    one, other = reproduce(record, table), reproduce(record, turned)
    assert one.as_record() == other.as_record()
    assert one.index.value.equals(other.index.value.reindex(one.index.value.index))


def test_the_index_keeps_its_scale_and_urgency_is_a_view(record: Record) -> None:
    index = reproduce(record, pd.DataFrame(ROWS)).index
    assert index.value.tolist()[:3] == [5.0, 30.04, 5.0]
    assert np.isnan(index.value.iloc[3])
    assert index.urgency.tolist()[:3] == [0.0, 1.0, 0.0]
    assert index.weights == {}
    weights = published("imd-2025")
    assert weights.steps[-3].weights["income_transformed"] == 0.225
