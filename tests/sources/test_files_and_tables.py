"""What files really are, how they are encoded, and tables of text."""

import zipfile

import numpy as np
import pandas as pd
import pytest

from targeting.problems import TargetingError
from targeting.sources.dates import read_dates
from targeting.sources.files import (
    choose_member,
    file_format,
    fingerprint,
    parts,
    require_format,
    text_encoding,
)
from targeting.sources.tables import read_text_table, table, to_numbers
from targeting.sources.text import clean_keys
from tests.sources import made

TEXT = "colonia,delito\nPeñón,Lesión\nJesús María,Robo\n"


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"SQLite format 3\x00rest", "GeoPackage"),
        (b"PAR1rest", "Parquet"),
        (b"II*\x00rest", "TIFF"),
        (b"\x00\x00\x27\x0a\x00\x00", "Shapefile"),
        (b"\xd0\xcf\x11\xe0rest", "Excel"),
        (b"%PDF-1.4", "PDF"),
        (b"\x1f\x8brest", "gzip"),
        (b"\n <!DOCTYPE HTML>", "HTML"),
        (b"\xef\xbb\xbf<html>", "HTML"),
        (b'<?xml version="1.0"?><kml>', "KML"),
        (b' {"type": "FeatureCollection"}', "GeoJSON"),
        (b"a,b\n1,2\n", "CSV"),
        ("a,b\n".encode("utf-16"), "CSV"),
        (b"\x01\x00\x02", "?"),
        (b"", "empty"),
    ],
)
def test_a_file_is_what_its_bytes_say(tmp_path, head, expected):
    path = tmp_path / "data.csv"
    path.write_bytes(head)
    assert file_format(path) == expected


def test_a_file_nobody_recognizes_is_told_in_the_readers_language(tmp_path):
    path = tmp_path / "data.csv"
    path.write_bytes(b"\x01\x00\x02")
    with pytest.raises(TargetingError) as raised:
        require_format(path, "CSV")
    assert "un archivo que no se reconoce" in raised.value.text("es")
    with pytest.raises(TargetingError) as raised:
        require_format(tmp_path, "CSV")
    assert "a folder" in raised.value.text("en")


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("latin-1", "cp1252"),
        ("mac-roman", "mac-roman"),
    ],
)
def test_the_same_text_in_any_encoding_is_the_same_table(tmp_path, encoding, expected):
    path = made.write_text(tmp_path / "t.csv", TEXT, encoding)
    read = read_text_table(path)
    assert read.encoding == expected
    assert read.frame().to_numpy().tolist() == [["Peñón", "Lesión"], ["Jesús María", "Robo"]]


def test_bytes_windows_does_not_know():
    assert text_encoding(b"a\x81\xf1\xed") == "latin-1"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_any_line_end_and_delimiter(tmp_path, end, delimiter):
    path = made.write_text(tmp_path / "t.csv", made.incident_text(end=end, delimiter=delimiter))
    read = read_text_table(path)
    assert read.rows_read == 9
    assert read.frame()["delito"].iloc[2] == "HOMICIDIO"


def test_lines_in_quotes_blank_lines_and_broken_rows(tmp_path):
    path = made.write_text(tmp_path / "t.csv", 'a, b ,\n"one\ntwo",2,\n\n1,2,3,4\nx,y,z\n')
    read = read_text_table(path)
    assert read.table.column_names == ["a", "b", "column_3"]
    assert read.frame().to_numpy().tolist() == [["one\ntwo", "2", ""], ["x", "y", "z"]]
    assert (read.malformed, read.rows_read) == (1, 3)
    assert read.losses[0].reason == "malformed-row"


def test_columns_named_twice_stay_apart(tmp_path):
    path = made.write_text(tmp_path / "t.csv", "a,a\n1,2\n")
    assert read_text_table(path).table.column_names == ["a", "a_2"]


@pytest.mark.parametrize("encoding", ["utf-8", "no-such-code"])
def test_a_wrong_encoding_is_a_problem(tmp_path, encoding):
    path = made.write_text(tmp_path / "t.csv", TEXT, "latin-1")
    with pytest.raises(TargetingError) as raised:
        read_text_table(path, encoding=encoding)
    assert raised.value.problems[0].code == "unreadable-file"


def workbook(path, rows, sheet="Hoja1"):
    """Write the smallest workbook a spreadsheet program would: texts inline."""
    cells = "".join(
        "<row>" + "".join(f'<c t="inlineStr"><is><t>{c}</t></is></c>' for c in row) + "</row>"
        for row in rows
    )
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    content = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    with zipfile.ZipFile(path, "w") as book:
        book.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{package}/content-types"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{content}.sheet.main+xml"/>'
            f'<Override PartName="/xl/s.xml" ContentType="{content}.worksheet+xml"/></Types>',
        )
        book.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
            f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        book.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
            f'Type="{office}/worksheet" Target="s.xml"/></Relationships>',
        )
        book.writestr(
            "xl/workbook.xml",
            f'<workbook {main} xmlns:r="{office}"><sheets><sheet name="{sheet}" sheetId="1" '
            'r:id="r1"/></sheets></workbook>',
        )
        book.writestr("xl/s.xml", f"<worksheet {main}><sheetData>{cells}</sheetData></worksheet>")
    return path


def test_a_workbook_is_read_as_text(tmp_path):
    pytest.importorskip("python_calamine")
    path = workbook(tmp_path / "t.xlsx", [("clave", "total"), ("0017", "12.5"), ("006A", "N/D")])
    assert file_format(path) == "Excel"
    read = read_text_table(path, sheet="Hoja1")
    assert read.frame().to_numpy().tolist() == [["0017", "12.5"], ["006A", "N/D"]]
    with pytest.raises(TargetingError) as raised:
        read_text_table(path, sheet="Hoja2")
    assert raised.value.problems[0].code == "unknown-sheet"
    with zipfile.ZipFile(tmp_path / "bad.xlsx", "w") as book:
        book.writestr("xl/workbook.xml", "<broken")
    with pytest.raises(TargetingError) as raised:
        read_text_table(tmp_path / "bad.xlsx")
    assert raised.value.problems[0].code == "unreadable-file"


def test_one_table_in_three_formats(tmp_path):
    pytest.importorskip("python_calamine")
    rows = [("clave", "total", "nota"), ("17", "12.5", "a"), ("95", "N/D", "b")]
    text = "\n".join(",".join(row) for row in rows)
    csv = made.write_text(tmp_path / "t.csv", text)
    xlsx = workbook(tmp_path / "t.xlsx", rows)
    parquet = tmp_path / "t.parquet"
    frame = pd.DataFrame({"clave": [17, 95], "total": [12.5, np.nan], "nota": ["a", "b"]})
    frame.to_parquet(parquet)
    first, *others = [table(path, key="clave", key_width=4) for path in (csv, xlsx, parquet)]
    assert first.data.index.tolist() == ["0017", "0095"]
    assert first.data["total"].fillna(-1).tolist() == [12.5, -1]
    assert first.notes["keys_padded"] == 2
    for other in others:
        pd.testing.assert_frame_equal(other.data, first.data)


def test_a_table_counts_rows_without_a_key_and_repeated_ones(tmp_path):
    text = "k,v\nb,2\na,1\nb,1\n,5\na,1\n"
    read = table(made.write_text(tmp_path / "t.csv", text), key="k", columns=("v",))
    # Nobody knows which of b's two numbers is right.
    assert read.data["v"].fillna(-1).to_dict() == {"a": 1, "b": -1}
    assert {loss.reason: (loss.count, loss.examples) for loss in read.losses} == {
        "no-key": (1, ("4",)),
        "duplicate-key": (1, ("a",)),
        "duplicate-key-differs": (1, ("b",)),
    }
    bad = table(made.write_text(tmp_path / "t.csv", "k,v\na,1\nb,x\n"), key="k", columns=("v",))
    assert bad.notes["unreadable_cells"] == {"v": 1}


def test_numbers_as_people_write_them():
    texts = ["1,234", "1,234,567.5", "20,68", "-103.34", "50.4%", "", "S/D", "1e3", "inf", "doce"]
    numbers, unreadable = to_numbers(pd.Series(texts))
    expected = [1234, 1234567.5, 20.68, -103.34, 50.4, np.nan, np.nan, 1000, np.nan, np.nan]
    np.testing.assert_array_equal(numbers, expected)
    assert unreadable == 2  # inf and doce


def test_dates_in_both_orders():
    texts = ["01/02/2020", "1-2-2020", "2020-02-01T10:00:00", "31/02/2020", ""]
    read = read_dates(pd.Series(texts))
    assert read.dates.dt.strftime("%Y-%m-%d").fillna("").tolist() == ["2020-02-01"] * 3 + ["", ""]
    assert read.unreadable == 1  # there is no 31 February
    stamps = pd.Series(pd.to_datetime(["2020-02-01 10:00"]).tz_localize("UTC"))
    assert read_dates(stamps).dates.dt.tz is None


def test_keys_from_numbers_texts_and_spreadsheets():
    assert clean_keys(pd.Series([1001000010017]), 13)[0].tolist() == ["1001000010017"]
    assert clean_keys(pd.Series([100100001001.0]), 13)[0].tolist() == ["0100100001001"]
    assert clean_keys(pd.Series([" 6a", "'0017", "", None]), 4)[0].fillna("–").tolist() == [
        "006A",
        "0017",
        "–",
        "–",
    ]


def test_members_and_fingerprints(tmp_path):
    archive = tmp_path / "state.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("01_ags/conjunto de datos/01m.shp", "x")
        file.writestr("01_ags/conjunto de datos/01mun.shp", "x")
    member = choose_member(archive, r"(^|/)\d{2}m\.shp$")
    assert member.name == "01_ags/conjunto de datos/01m.shp"
    assert member.read() == b"x"
    for name in ("01m.SHP", "01m.dbf", "01m.txt"):
        (tmp_path / name).write_bytes(b"x")
    assert [part.name for part in parts(tmp_path / "01m.SHP")] == ["01m.SHP", "01m.dbf"]
    # sha256 of the one byte "x", as sha256sum prints it.
    assert fingerprint([tmp_path / "01m.dbf"]) == (
        "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    )
