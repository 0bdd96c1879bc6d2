"""The census of 2010 and 2020 by AGEB and block: forms, sums, masks, and what they leave open."""

import zipfile

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.model import MethodSpec
from targeting.problems import TargetingError
from targeting.sources import read_territory
from targeting.sources.mx.census import inegi_census
from tests.sources import made

B = made.BLOCKS
LABELS = ["ENTIDAD", "NOM_ENT", "MUN", "NOM_MUN", "LOC", "NOM_LOC", "AGEB", "MZA"]


def census(tmp_path, rows=made.CENSUS_ROWS, columns=made.CENSUS_COLUMNS, **settings):
    path = made.write_text(tmp_path / "RESAGEBURB_01CSV20.csv", made.census_text(rows, columns))
    return inegi_census(path, **settings)


def changed(*changes):
    """Return the rows of the made census with some cells changed: (row, column, value)."""
    rows = [list(row) for row in made.CENSUS_ROWS]
    for row, column, value in changes:
        rows[row][5 + made.CENSUS_COLUMNS.index(column)] = value
    return rows


def bounds(counts, column, key):
    return tuple(float(part.loc[key, column]) for part in (counts.low, counts.high))


# ------------------------------------------------------------------------------------- forms


def test_the_archive_of_2010_in_its_own_layout(tmp_path):
    # datosabiertos/ageb_y_manzana/resageburb_01_2010_csv.zip: lower case, keys without zeros.
    text = made.census_text().replace("VIVPARH_CV", "vivparh")
    head, body = text.split("\r\n", 1)
    body = body.replace("01,Aguascalientes,001,", "1,Aguascalientes,1,")
    with zipfile.ZipFile(tmp_path / "resageburb_01_2010_csv.zip", "w") as file:
        folder = "resultados_ageb_urbana_01_cpv2010/"
        file.writestr(
            folder + "conjunto_de_datos/resultados_ageb_urbana_01_cpv2010.csv",
            (head.lower() + "\r\n" + body).encode("latin-1"),
        )
        file.writestr(folder + "diccionario_de_datos/fd_resultados_ageb_urbana.csv", "a\n1\n")
    read = inegi_census(tmp_path / "resageburb_01_2010_csv.zip")
    assert read.notes["census_year"] == "2010"
    assert read.notes["keys_padded"] == 12  # all but the state's row, whose keys stayed
    whole = census(tmp_path).counts["block"]
    same = read.counts["block"]
    for part in ("low", "value", "high"):
        first, second = getattr(same, part), getattr(whole, part)
        pd.testing.assert_frame_equal(first.drop(columns="VIVPARH"), second[first.columns[:-1]])


@pytest.mark.parametrize("form", ["xlsx", "numbers", "zip"])
def test_a_workbook_gives_what_the_text_gives(tmp_path, form):
    lines = made.census_text().splitlines()
    frame = pd.DataFrame([line.split(",") for line in lines[1:]], columns=lines[0].split(","))
    if form == "numbers":  # a spreadsheet makes numbers of what looks like one
        frame = frame.map(lambda cell: int(cell) if cell.isdigit() else cell)
    path = tmp_path / "RESAGEBURB_01XLSX20.xlsx"
    frame.to_excel(path, index=False)
    if form == "zip":
        with zipfile.ZipFile(tmp_path / "RESAGEBURB_01_2020_xlsx.zip", "w") as file:
            file.write(path, path.name)
        path = tmp_path / "RESAGEBURB_01_2020_xlsx.zip"
    read, text = inegi_census(path), census(tmp_path)
    for level in ("block", "area"):
        for part in ("low", "high"):
            pd.testing.assert_frame_equal(
                getattr(read.counts[level], part), getattr(text.counts[level], part)
            )
    assert read.notes.get("keys_padded") == (13 if form == "numbers" else None)
    assert read.notes["census_year"] == "2020"


def test_states_in_one_folder_are_chosen_by_municipality_or_read_together(tmp_path):
    other = [("02", "004", "0001", "0010", "001", 7, 2, 2, "*", "*", "*", "*")]
    for state, rows in (("01", made.CENSUS_ROWS), ("02", other)):
        name = f"conjunto_de_datos_ageb_urbana_{state}_cpv2020.csv"
        made.write_text(tmp_path / "data" / name, made.census_text(rows))
    with pytest.raises(TargetingError) as raised:
        inegi_census(tmp_path / "data")
    assert raised.value.problems[0].code == "several-members"
    assert 'state: "01"' in raised.value.text("es")
    assert inegi_census(tmp_path / "data", state="02").data.index.tolist() == ["0200400010010001"]
    both = inegi_census(tmp_path / "data", municipalities=("01001", "02004"))
    assert both.data.index.tolist() == [*B, "0200400010010001"]
    assert both.rows_read == 14


@pytest.mark.parametrize(
    ("name", "year"),
    [("RESAGEBURB_01CSV10.csv", "2010"), ("resageburb_01_2010.csv", "2010"), ("x.csv", "2020")],
)
def test_the_year_is_known_by_name_or_column(tmp_path, name, year):
    path = made.write_text(tmp_path / name, made.census_text())
    assert inegi_census(path).notes["census_year"] == year


# -------------------------------------------------------------------------------------- sums


def test_levels_that_add_up(tmp_path):
    notes = census(tmp_path).notes
    assert (notes["areas_sum_checked"], notes["areas_sum_mismatch"]) == (2, 0)
    assert (notes["city_sum_checked"], notes["city_sum_mismatch"]) == (1, 0)
    assert notes["people_outside_blocks"] == {"01001": 0}


def test_levels_that_do_not_add_up_are_named(tmp_path):
    # The first AGEB counts two people too many, the second a dwelling too few; the municipality
    # has 300 people in villages besides its 254.
    rows = changed((3, "POBTOT", 102), (8, "VIVTOT", 49), (1, "POBTOT", 554))
    notes = census(tmp_path, rows).notes
    assert notes["areas_sum_mismatch"] == 2
    assert notes["areas_sum_mismatch_keys"] == list(made.AREAS)
    assert notes["city_sum_mismatch_keys"] == ["010010001"]
    assert notes["municipal_population"] == {"01001": 554}
    assert notes["people_outside_blocks"] == {"01001": 300}


def test_areas_without_blocks_are_not_compared(tmp_path):
    rows = [row for row in made.CENSUS_ROWS if row[4] == "000"]
    notes = census(tmp_path, rows).notes
    assert "areas_sum_checked" not in notes
    assert "people_outside_blocks" not in notes
    assert notes["city_sum_checked"] == 1


def test_people_outside_blocks_are_those_of_the_study(tmp_path):
    layers = made.write_city(tmp_path)
    far = [("01", "005", "0000", "0000", "000", 900, 9, 9, 9, 9, 9, 9)]
    far += [("01", "005", "0001", "0099", "001", 100, 3, 3, 9, 9, 9, 3)]
    path = made.write_text(
        tmp_path / "RESAGEBURB_01.csv", made.census_text([*changed((1, "POBTOT", 300)), *far])
    )
    assert inegi_census(path).notes["people_outside_blocks"] == {"01001": 46, "01005": 800}
    layers[2] = made.spec("census", path.name, "inegi_census")
    city = read_territory(layers, tmp_path, population=MethodSpec("census"))
    notes = next(one for one in city.intake.layers if one.layer == "census").notes
    assert dict(notes["people_outside_blocks"]) == {"01001": 46}


# ------------------------------------------------------------------------------------- masks


def test_masks_by_size_and_by_column(tmp_path):
    notes = census(tmp_path).notes
    # Of 7 cells each: 3 of the block of ten, 1 of that of 20, none of 30, 40, 50, 100 and 0
    # people, 4 of that of four.
    assert notes["masked_by_size"] == {
        "0": 0.0,
        "1–5": round(4 / 7, 4),
        "6–10": round(3 / 7, 4),
        "11–30": round(1 / 14, 4),
        "31–60": 0.0,
        ">60": 0.0,
    }
    assert notes["masked_by_column"] == {
        "PSINDER": 0.375, "GRAPROES": 0.25, "VPH_INTER": 0.25, "VIVPARH_CV": 0.125
    }  # fmt: skip


def test_numbers_that_cannot_be_are_counted(tmp_path):
    rows = changed(
        (6, "PSINDER", -6), (7, "PSINDER", "tres"), (9, "PSINDER", 101), (11, "VIVTOT", 2)
    )
    read = census(tmp_path, rows)
    assert read.notes["negative_cells"] == 1
    assert read.notes["unreadable_cells"] == 1
    # 101 of 100 people; then two dwellings in all, of which 13 are inhabited.
    assert read.notes["cells_above_total"] == 2
    counts = read.counts["block"]
    assert np.isnan(counts.value.loc[[B[2], B[3]], "PSINDER"]).all()
    assert counts.value.loc[B[4], "PSINDER"] == 101


def test_thousands_written_with_commas_are_numbers(tmp_path):
    text = made.census_text().replace(",100,30,28,", ',"1,100",30,28,')
    path = made.write_text(tmp_path / "RESAGEBURB_01.csv", text)
    assert inegi_census(path).counts["block"].value.loc[B[4], "POBTOT"] == 1100


def test_a_block_of_one_or_two_dwellings_is_known_by_its_dwellings(tmp_path):
    # Cut to two counts and a column never masked, its masks are but two thirds of the cells.
    columns = ("POBTOT", "VIVTOT", "TVIVHAB", "PSINDER", "PDESOCUP", "AREA_KM2")
    rows = [
        ("01", "001", "0001", "0017", "001", 30, 9, 2, "*", "*", 1),
        ("01", "001", "0001", "0017", "002", 30, 9, 3, "*", "5", 1),
    ]
    counts = census(tmp_path, rows, columns).counts["block"]
    assert bounds(counts, "PSINDER", B[0]) == (0, 30)
    assert bounds(counts, "PSINDER", B[1]) == (1, 2)


def test_no_mask_exceeds_the_people_there_are(tmp_path):
    rows = [("01", "001", "0001", "0017", "001", 1, 9, 3, "*", 0, "*", 0)]
    counts = census(tmp_path, rows).counts["block"]
    assert bounds(counts, "PSINDER", B[0]) == (1, 1)
    assert bounds(counts, "VPH_INTER", B[0]) == (1, 2)


def test_a_row_masked_whole_without_its_total_is_missing(tmp_path):
    rows = [("01", "001", "0001", "0017", "001", "N/D", "N/D", 1, "*", "*", "*", "*")]
    counts = census(tmp_path, rows).counts["block"]
    assert np.isnan(counts.high.loc[B[0], ["PSINDER", "VPH_INTER"]]).all()
    # Without the column of all dwellings, a mask of dwellings has no bound either.
    columns = ("POBTOT", "TVIVHAB", "PSINDER", "VIVPAR_DES")
    rows = [("01", "001", "0001", "0017", "001", 4, 1, "*", "*")]
    counts = census(tmp_path, rows, columns).counts["block"]
    assert bounds(counts, "PSINDER", B[0]) == (0, 4)
    assert np.isnan(counts.high.loc[B[0], "VIVPAR_DES"])


VACANT = ("POBTOT", "VIVTOT", "TVIVHAB", "PSINDER", "VIVPAR_DES")


def test_an_absent_block_of_vacant_dwellings_bounds_no_dwellings(tmp_path):
    # Block 003 (nobody, five vacant dwellings) is not in the file. The AGEB's people are all
    # there, and bound its masks; its dwellings are not, and bound none.
    columns = (*VACANT[:4], "P_0A2", "VIVPAR_DES")
    rows = [
        ("01", "001", "0001", "0017", "000", 60, 29, 12, 13, 9, 7),
        ("01", "001", "0001", "0017", "001", 30, 12, 2, "*", "*", "*"),  # masked whole
        ("01", "001", "0001", "0017", "002", 30, 12, 10, 12, 5, "*"),
    ]
    counts = census(tmp_path, rows, columns).counts["block"]
    # 13 less 12 leaves 1 of 30 people: 0 to 2, as closely as a mask is ever told.
    assert bounds(counts, "PSINDER", B[0]) == (0, 2)
    # The truth is 1 and 1; with the AGEB's 7 the sum would not fit, with 4 it would mislead.
    for total in (7, 4, 3):
        rows[0] = (*rows[0][:-1], total)
        counts = census(tmp_path, rows, columns).counts["block"]
        assert bounds(counts, "VIVPAR_DES", B[0]) == (0, 12), total
    rows[0] = ("01", "001", "0001", "0017", "000", 60, 24, 12, 13, 9, 6)
    counts = census(tmp_path, rows, columns).counts["block"]
    # 6 less 1 or 2 leaves 4 or 5: of the class 3 to 5.
    assert bounds(counts, "VIVPAR_DES", B[0]) == (3, 5)
    assert bounds(counts, "VIVPAR_DES", B[1]) == (1, 2)


def test_a_masked_area_bounds_by_its_own_interval(tmp_path):
    # One or two in the whole AGEB, of whom one block has one or two: the other has one or none,
    # out of thirty people, and 0 to 2 is as closely as that is told.
    rows = [
        ("01", "001", "0001", "0017", "000", 60, 24, 12, "*", 0),
        ("01", "001", "0001", "0017", "001", 30, 12, 2, "*", 0),
        ("01", "001", "0001", "0017", "002", 30, 12, 10, "*", 0),
    ]
    counts = census(tmp_path, rows, VACANT).counts["block"]
    assert bounds(counts, "PSINDER", B[0]) == (0, 2)
    assert bounds(counts, "PSINDER", B[1]) == (1, 2)


@pytest.mark.parametrize("other", [0, 1, 2, 3, 4, 5])
def test_a_mask_is_never_solved(tmp_path, other):
    """Whatever the AGEB leaves, what is told of a block is told alike of two more numbers."""
    rows = [
        ("01", "001", "0001", "0017", "000", 60, 24, 12, 13 + other, 0),
        ("01", "001", "0001", "0017", "001", 30, 12, 2, "*", 0),  # masked whole: 0 to 30
        ("01", "001", "0001", "0017", "002", 30, 12, 10, 13, 0),
    ]
    counts = census(tmp_path, rows, VACANT).counts["block"]
    told = bounds(counts, "PSINDER", B[0])
    assert told == ((0, 2) if other < 3 else (3, 5))
    assert counts.value.loc[B[0], "PSINDER"] == (1 if other < 3 else 4)
    # A lone mask stays what it is, though 1 or 2 could be told apart.
    rows[0] = ("01", "001", "0001", "0017", "000", 60, 24, 20, 13 + 1 + other % 2, 0)
    rows[1] = ("01", "001", "0001", "0017", "001", 30, 12, 10, "*", 0)
    counts = census(tmp_path, rows, VACANT).counts["block"]
    assert bounds(counts, "PSINDER", B[0]) == (1, 2)


@pytest.mark.parametrize("which", [0, 1])
def test_rows_that_contradict_each_other_bound_nothing(tmp_path, which):
    rows = [list(row) for row in made.CENSUS_ROWS]
    twin = list(rows[3 + which * 3])  # the AGEB's row, or a visible block's
    twin[8] = 1
    counts = census(tmp_path, [*rows, twin]).counts["block"]
    assert bounds(counts, "PSINDER", B[0]) == (1, 2)


@settings(max_examples=80, deadline=None)
@given(
    blocks=st.lists(
        st.tuples(
            st.integers(0, 40),  # people
            st.integers(0, 6),  # inhabited dwellings
            st.integers(0, 6),  # vacant dwellings
            st.integers(0, 8),  # without health affiliation
            st.booleans(),  # in the file
        ),
        min_size=2,
        max_size=8,
    )
)
def test_the_truth_lies_inside_whatever_blocks_the_file_lacks(blocks, tmp_path_factory):
    """INEGI's rule on a known truth; blocks may be lost from the file, their AGEB's total not."""
    truth, rows, whole = {}, [], np.zeros(5, dtype=int)
    for n, (people, inhabited, vacant, without, there) in enumerate(blocks, start=1):
        living = inhabited if people else 0
        own = [people, living + vacant, living, min(without, people), vacant]
        whole += own
        if not there:
            continue
        hidden = ["*" if 1 <= c <= 2 else c for c in own[3:]]
        hidden = ["*", "*"] if 1 <= living <= 2 else hidden
        rows.append(("01", "001", "0001", "0017", f"{n:03d}", *own[:3], *hidden))
        truth[f"{made.AREAS[0]}{n:03d}"] = own[3:]
    shown = ["*" if 1 <= c <= 2 else c for c in whole[3:]]
    rows.append(("01", "001", "0001", "0017", "000", *whole[:3], *shown))
    counts = census(tmp_path_factory.mktemp("truth"), rows, VACANT).counts["block"]
    for key, own in truth.items():
        for column, true in zip(VACANT[3:], own, strict=True):
            low, high = bounds(counts, column, key)
            assert low <= true <= high, (key, column)
