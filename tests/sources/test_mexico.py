"""Mexican files in the forms their publishers give them."""

import zipfile

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.catalogue import catalogue
from targeting.facility_kinds import facility_kinds
from targeting.problems import TargetingError
from targeting.sources.mx.census import NOT_COUNTS, inegi_census
from targeting.sources.mx.conapo import COMPONENTS, conapo_areas
from targeting.sources.mx.denue import activity_kinds, denue, kinds_of_codes
from targeting.sources.mx.framework import inegi_areas, inegi_blocks
from targeting.sources.mx.services import inegi_services, services
from tests.sources import made

B = made.BLOCKS


def census_file(tmp_path, text, encoding="utf-8-sig"):
    return made.write_text(tmp_path / "RESAGEBURB_01CSV20.csv", text, encoding)


# ------------------------------------------------------------------------------- framework


@pytest.mark.parametrize("form", ["file", "folder", "zip", "gpkg", "parts"])
def test_blocks_in_every_form_they_are_passed_around(tmp_path, form):
    folder = tmp_path / "01_aguascalientes" / "conjunto de datos"
    path = made.write_blocks(folder / "01m.shp")
    made.write_areas(folder / "01a.shp")
    if form == "folder":
        path = tmp_path / "01_aguascalientes"
    elif form == "zip":
        archive = tmp_path / "01_aguascalientes.zip"
        with zipfile.ZipFile(archive, "w") as file:
            for part in sorted(folder.iterdir()):
                file.write(part, f"conjunto_de_datos/{part.name}")
        path = archive
    elif form == "gpkg":
        import geopandas as gpd

        gpd.read_file(path).to_file(tmp_path / "x.gpkg", layer="manzanas")
        path = tmp_path / "x.gpkg"
    elif form == "parts":
        cut = {"CVE_ENT": (0, 2), "CVE_MUN": (2, 5), "CVE_LOC": (5, 9), "CVE_AGEB": (9, 13)}
        cut["CVE_MZA"] = (13, 16)
        keys = pd.Series(B)
        frame = pd.DataFrame({name: keys.str.slice(*ends) for name, ends in cut.items()})
        path = made.write_shapefile(tmp_path / "x.shp", frame, list(made.SHAPES.values()))
    read = inegi_blocks(path)
    assert read.data["id"].tolist() == list(B)
    assert read.data["area_id"].unique().tolist() == list(made.AREAS)
    assert read.data["municipality_id"].unique().tolist() == ["01001"]
    assert read.data.crs.to_epsg() == 6372


def test_rural_keys_fall_and_lost_zeros_come_back(tmp_path):
    keys = [B[0][1:], B[1], "010010001", None]
    shapes = list(made.SHAPES.values())[:4]
    path = made.write_shapefile(tmp_path / "x.shp", pd.DataFrame({"CVEGEO": keys}), shapes)
    read = inegi_blocks(path)
    # Fifteen digits had a zero in front; nine are the key of a locality, filled up with zeros.
    assert B[0] in read.data["id"].tolist()
    assert read.notes["keys_padded"] == 2
    assert {loss.reason for loss in read.losses} == {"no-key"}
    long = made.write_shapefile(
        tmp_path / "y.shp", pd.DataFrame({"CVEGEO": [B[0] + "9"]}), shapes[:1]
    )
    assert inegi_blocks(long).losses[0].reason == "key-of-other-length"


def test_areas_need_a_key(tmp_path):
    path = made.write_shapefile(
        tmp_path / "x.shp", pd.DataFrame({"CVE_GEO": ["1"]}), [made.SHAPES[B[0]]]
    )
    with pytest.raises(TargetingError) as raised:
        inegi_areas(path)
    assert raised.value.problems[0].values["hint"] == "CVE_GEO"


# ---------------------------------------------------------------------------------- census


def cells(counts, column):
    frame = pd.concat([counts.low[column], counts.value[column], counts.high[column]], axis=1)
    return [tuple(None if np.isnan(v) else v for v in row) for row in frame.to_numpy()]


def test_masks_are_intervals_and_means_are_missing(tmp_path):
    read = inegi_census(census_file(tmp_path, made.census_text()))
    blocks = read.counts["block"]
    # AGEB 0017 has 9 without health affiliation, of whom 5 are in its visible blocks: the two
    # masks share 4 and could be solved; they stay 1 or 2. AGEB 006A: 31 less 30 leaves 1 of the 4
    # people of the block masked whole: 0 to 2, as closely as a mask is told.
    assert cells(blocks, "PSINDER") == [
        (1, 1.5, 2),
        (1, 1.5, 2),
        (2, 2, 2),
        (3, 3, 3),
        (20, 20, 20),
        (0, 0, 0),
        (10, 10, 10),
        (0, 1, 2),
    ]
    # 20 less 18 leaves 2, and the mask stays 1 or 2. In 006A one block is N/D, so its AGEB bounds
    # nothing: the block masked whole has two dwellings in all, so up to two have internet.
    assert cells(blocks, "VPH_INTER") == [
        (1, 1.5, 2),
        (4, 4, 4),
        (6, 6, 6),
        (8, 8, 8),
        (28, 28, 28),
        (0, 0, 0),
        (None, None, None),
        (0, 1, 2),
    ]
    assert np.isnan(blocks.value["GRAPROES"].iloc[[0, 7]]).all()
    assert np.isnan(blocks.value.loc[B[6], "VIVPARH_CV"])
    assert blocks.value["POBTOT"].tolist() == list(made.PEOPLE)
    assert read.notes["wholly_masked_blocks"] == 1
    # 8 of the 56 block cells are masks: 3, 1 and 4.
    assert read.notes["masked_share"] == round(8 / 56, 6)


def test_masks_the_area_cannot_bound_stay_wide(tmp_path):
    rows = [list(row) for row in made.CENSUS_ROWS]
    rows[3][5] = 101  # the AGEB counts a person more than its blocks: it bounds nothing
    blocks = inegi_census(census_file(tmp_path, made.census_text(rows))).counts["block"]
    assert cells(blocks, "PSINDER")[:2] == [(1, 1.5, 2), (1, 1.5, 2)]
    # Masked whole, four people: anything up to four, and the AGEB says 1.
    rows[8][8] = "*"
    blocks = inegi_census(census_file(tmp_path, made.census_text(rows))).counts["block"]
    assert cells(blocks, "PSINDER")[7] == (0, 2, 4)


def test_keeping_few_columns_finds_the_same_masks(tmp_path):
    path = census_file(tmp_path, made.census_text())
    few = inegi_census(path, columns=("PSINDER",))
    whole = inegi_census(path)
    for part in ("value", "low", "high"):
        first = getattr(few.counts["block"], part)
        pd.testing.assert_frame_equal(first, getattr(whole.counts["block"], part)[first.columns])
    same = dict(whole.notes) | {"masked_by_column": {"PSINDER": 0.375}}  # 3 of 8 blocks
    assert few.notes == same


@pytest.mark.parametrize("encoding", ["utf-8-sig", "latin-1", "utf-8"])
def test_the_census_in_any_encoding(tmp_path, encoding):
    read = inegi_census(census_file(tmp_path, made.census_text(), encoding))
    assert read.counts["block"].value.index.tolist() == list(B)


def test_the_publishers_archive_with_a_second_csv(tmp_path):
    archive = tmp_path / "ageb_mza_urbana_14_cpv2020_csv.zip"
    folder = "ageb_mza_urbana_14_cpv2020/"
    with zipfile.ZipFile(archive, "w") as file:
        name = folder + "conjunto_de_datos/conjunto_de_datos_ageb_urbana_14_cpv2020.csv"
        file.writestr(name, made.census_text().encode("latin-1"))
        file.writestr(folder + "conjunto_de_datos/bitacora_ageb_urbana_14_cpv2020.csv", "a\n1\n")
        name = folder + "diccionario_de_datos/diccionario_datos_ageb_urbana_14_cpv2020.csv"
        file.writestr(name, "a\n1\n")
    assert len(inegi_census(archive).counts["block"].value) == 8


def test_zeros_a_spreadsheet_took_come_back(tmp_path):
    text = made.census_text()
    for whole, damaged in (
        (",001,Jesús", ",1,Jesús"),
        (",0001,Peñuelas,", ",1,Peñuelas,"),
        (",0017,", ",17,"),
        ("01,Aguas", "1,Aguas"),
        (",006A,00", ",6A,"),
    ):
        text = text.replace(whole, damaged)
    read = inegi_census(census_file(tmp_path, text))
    assert read.counts["block"].value.index.tolist() == list(B)
    assert read.counts["area"].value.index.tolist() == list(made.AREAS)
    assert read.notes["keys_padded"] == 13


def test_one_municipality_and_repeated_rows(tmp_path):
    other = [("01", "005", "0001", "0099", "001", 7, 1, 1, 0, 9, 1, 1)]
    rows = [*made.CENSUS_ROWS, *other, other[0]]
    path = census_file(tmp_path, made.census_text(rows))
    read = inegi_census(path, municipalities=("01005",))
    assert read.counts["block"].value.index.tolist() == ["0100500010099001"]
    assert read.losses[0].reason == "duplicate-key"
    assert read.losses[0].examples == ("0100500010099001",)


def test_columns_a_census_lacks(tmp_path):
    with pytest.raises(TargetingError) as raised:
        inegi_census(census_file(tmp_path, made.census_text()), columns=("VPH_INTERN",))
    assert raised.value.problems[0].values["hint"] == "VPH_INTER"
    with pytest.raises(TargetingError) as raised:
        inegi_census(made.write_text(tmp_path / "x.csv", "CVE,POB\n1,2\n"))
    (problem,) = raised.value.problems
    assert (problem.code, problem.values["wanted"]) == ("other-table", "ENTIDAD, MUN, LOC")


@settings(max_examples=60, deadline=None)
@given(
    blocks=st.lists(
        st.tuples(st.integers(0, 60), st.integers(0, 8), st.integers(0, 5), st.booleans()),
        min_size=1,
        max_size=9,
    )
)
def test_the_truth_lies_inside_every_interval(blocks, tmp_path_factory):
    """INEGI's rule applied to a known truth: 1 and 2 hidden; whole rows of small blocks hidden."""
    truth, rows = [], []
    for n, (people, first, second, tiny) in enumerate(blocks, start=1):
        counts = [min(first, people), min(second, people)]
        hidden = ["*" if 1 <= c <= 2 else c for c in counts]
        if tiny and people:
            hidden = ["*", "*"]
        truth.append(counts)
        rows.append(("01", "001", "0001", "0017", f"{n:03d}", people, 9, 3, *hidden))
    total = [sum(t[i] for t in truth) for i in range(2)]
    people = sum(row[5] for row in rows)
    total_shown = ["*" if 1 <= t <= 2 else t for t in total]
    rows.append(("01", "001", "0001", "0017", "000", people, 99, 33, *total_shown))
    columns = ("POBTOT", "VIVTOT", "TVIVHAB", "PSINDER", "PDESOCUP")
    path = tmp_path_factory.mktemp("truth") / "c.csv"
    counts = inegi_census(made.write_text(path, made.census_text(rows, columns))).counts["block"]
    for position, column in enumerate(("PSINDER", "PDESOCUP")):
        true = np.array([t[position] for t in truth])
        assert (counts.low[column] <= true).all()
        assert (counts.high[column] >= true).all()
        if not isinstance(total_shown[position], str):  # what the AGEB says is kept
            assert counts.low[column].sum() <= total[position] <= counts.high[column].sum()


# ---------------------------------------------------------------------------------- CONAPO


@pytest.mark.parametrize("year", ["2010", "2020"])
def test_conapo_of_either_year_has_one_set_of_names(tmp_path, year):
    text = made.imu_text().replace("_2020", f"_{year}")
    read = conapo_areas(made.write_text(tmp_path / "imu.csv", text))
    assert read.notes["table_year"] == year
    assert {"IM", "IMN", "GM", "POB_TOTAL", *COMPONENTS} <= set(read.data.columns)
    poorer, richer = read.data.loc[list(made.AREAS), "IM"]
    assert poorer < richer  # higher is less marginalized
    assert read.data.loc[made.AREAS[0], "SBASC"] == 44.5


def test_conapo_keys_keep_their_zeros_and_letters(tmp_path):
    text = made.imu_text(areas=(made.AREAS[0][1:], made.AREAS[1].lower()))
    read = conapo_areas(made.write_text(tmp_path / "imu.csv", text))
    assert read.data.index.tolist() == sorted(made.AREAS)
    assert read.notes["keys_padded"] == 1


def test_conapo_without_its_columns(tmp_path):
    text = made.imu_text().replace("OVHAC", "HACINA")
    with pytest.raises(TargetingError) as raised:
        conapo_areas(made.write_text(tmp_path / "imu.csv", text))
    assert [one.values["given"] for one in raised.value.problems] == ["OVHAC"]


# ----------------------------------------------------------------------------------- DENUE

LONG_HEAD = (
    "ID",
    "Nombre de la Unidad Económica",
    "Razón social",
    "Código de la clase de actividad SCIAN",
    "Nombre de clase de la actividad",
    "Número de teléfono",
    "Correo electrónico",
    "Latitud",
    "Longitud",
)


@pytest.mark.parametrize("head", [made.DENUE_HEAD, LONG_HEAD])
def test_both_headers_of_denue(tmp_path, head):
    read = denue(
        made.write_text(tmp_path / "denue_inegi_01_.csv", made.denue_text(head), "latin-1")
    )
    assert read.data["kind"].tolist() == ["primary_school", "shelter", "alcohol_outlet"]
    assert read.data["name"].iloc[0] == "PRIMARIA NIÑOS HÉROES"
    assert read.notes["not_chosen"] == 1
    assert set(read.data.columns) == {"kind", "name", "reference", "geometry"}


def test_the_archive_of_denue_and_lost_letters(tmp_path):
    text = made.denue_text().replace("NIÑOS", "NI\ufffdOS")
    with zipfile.ZipFile(tmp_path / "denue_01_csv.zip", "w") as file:
        file.writestr("conjunto_de_datos/denue_inegi_01_.csv", text.encode())
        file.writestr("diccionario_de_datos/denue_diccionario_de_datos.csv", "a\n1\n")
    read = denue(tmp_path / "denue_01_csv.zip")
    assert read.notes["damaged_names"] == 1


def test_denue_without_codes_or_without_facilities(tmp_path):
    text = made.denue_text().replace("codigo_act", "codigo")
    with pytest.raises(TargetingError) as raised:
        denue(made.write_text(tmp_path / "d.csv", text))
    assert raised.value.problems[0].code == "missing-column"
    with pytest.raises(TargetingError) as raised:
        denue(made.write_text(tmp_path / "d.csv", made.denue_text(order=[2])))
    assert raised.value.problems[0].code == "no-facility-found"


def test_codes_of_either_sector_have_their_kind():
    codes = pd.Series(
        ["611111", "611122", "611171", "624221", "624191", "713943", "621399", "93141"]
    )
    assert kinds_of_codes(codes).fillna("–").tolist() == [
        "preschool",
        "primary_school",
        "school",
        "shelter",
        "addiction_care",
        "sports_facility",
        "–",
        "police",
    ]


def test_every_kind_of_the_tables_exists():
    known = set(facility_kinds())
    assert set(activity_kinds().values()) <= known
    assert set(services()["kinds"]) <= known


def test_services_with_their_names(tmp_path):
    read = inegi_services(made.write_services(tmp_path / "01sia.shp"))
    assert read.data["kind"].tolist() == ["park", "plaza"]
    assert read.data["name"].fillna("–").tolist() == ["PARQUE MÉXICO", "–"]
    only_strips = inegi_services(made.write_services(tmp_path / "01sib.shp", [2]))
    assert only_strips.data.empty
    assert [loss.count for loss in only_strips.losses] == [1]


# ------------------------------------------------------------------------------- catalogue


def test_catalogue_uses_columns_the_readers_give():
    table = {"IM", "IMN", "GM", "POB_TOTAL", *COMPONENTS}
    own = {key: r for key, r in catalogue().items() if r["from"] in ("census", "area_table")}
    assert len(own) >= 30
    for key, record in own.items():
        measure = record["measure"]
        if record["from"] == "area_table":
            assert measure["column"] in table or record["reader"] != "conapo_areas", key
        else:
            columns = {*measure["numerator"], *measure["denominator"]}
            assert not columns & set(NOT_COUNTS), key
