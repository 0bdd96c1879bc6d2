"""INEGI's Marco Geoestadístico in the layouts of 2010, 2018 and 2020, with their traps."""

import zipfile

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from targeting.model import MethodSpec
from targeting.problems import TargetingError
from targeting.sources import read_territory
from targeting.sources.mx import framework_files
from targeting.sources.mx.framework import inegi_areas, inegi_blocks
from targeting.sources.mx.framework_files import framework_members
from targeting.sources.mx.framework_places import (
    inegi_localities,
    inegi_municipalities,
    inegi_rural_areas,
    inegi_states,
)
from targeting.sources.mx.framework_streets import inegi_block_fronts, inegi_street_axes
from tests.sources import made

B = made.BLOCKS
OTHER = "0200400010011001"  # a block of Tijuana
SQUARE = shapely.box(500, 500, 560, 560)


def codes(error):
    return [one.code for one in error.value.problems]


def blocks_file(path, keys=(*B, OTHER), **columns):
    shapes = [made.SHAPES.get(key, SQUARE) for key in keys]
    return made.write_shapefile(path, pd.DataFrame({"CVEGEO": list(keys)} | columns), shapes)


def packed(folder, archive, inside=""):
    with zipfile.ZipFile(archive, "w") as file:
        for part in sorted(p for p in folder.rglob("*") if p.is_file()):
            file.write(part, f"{inside}{part.relative_to(folder)}")
    return archive


# ---------------------------------------------------------------------- layouts and names


@pytest.mark.parametrize(
    "name",
    [
        "01_aguascalientes/conjunto_de_datos/01m.shp",  # 2020
        "01_aguascalientes/conjunto de datos/01m.shp",  # 2018: with a space
        "conjunto_de_datos/00m.shp",  # the country, 2025
        "2020_1_01_M/2020_1_01_M.shp",
        "ags/ags_manzanas.shp",  # SCINCE 2010
        "01/cartografia/manzana_localidad.shp",  # SCINCE 2020
        "x/01M.shp",
    ],
)
@pytest.mark.parametrize("form", ["folder", "zip"])
def test_the_layer_of_blocks_is_found_in_every_layout(tmp_path, name, form):
    folder = tmp_path / "given"
    made.write_blocks(folder / name)
    beside = folder / name
    made.write_areas(beside.with_name("01a.shp"))
    made.write_services(beside.with_name("01sia.shp"))
    read = inegi_blocks(folder if form == "folder" else packed(folder, tmp_path / "x.zip"))
    assert read.data["id"].tolist() == list(B)
    # Files behind a study are hashed: the shapefile's own parts, or the archive itself.
    if form == "folder":
        assert {one.stem for one in read.files} == {beside.stem}


@pytest.mark.parametrize(
    ("suffix", "name"),
    [
        ("a", "AGEB_urb_2010_5.shp"),
        ("mun", "Municipios_2010_5.shp"),
        ("a", "jal_ageb_urb.shp"),
        ("ar", "19ar.shp"),
        ("l", "loc_urb.shp"),
        ("e", "eje_vial.shp"),
        ("sip", "jal_servicios_p.shp"),
        ("sia", "19SIA.SHP"),
        ("ent", "2020_1_09_ENT.shp"),
    ],
)
def test_a_layer_is_known_by_the_names_it_goes_by(tmp_path, suffix, name):
    for other in ("19m.shp", name, "19cd.shp"):
        (tmp_path / other).write_bytes(b"")
    assert framework_members(tmp_path, suffix)[0].container.name == name


def test_capital_endings_are_endings(tmp_path):
    path = made.write_blocks(tmp_path / "01m.shp")
    for part in sorted(tmp_path.iterdir()):
        part.rename(part.with_name(part.name.upper()))
    assert inegi_blocks(tmp_path).data["id"].tolist() == list(B)
    assert inegi_blocks(path.with_name("01M.SHP")).data["id"].tolist() == list(B)


def test_an_archive_of_archives_says_what_to_do(tmp_path):
    inner = packed(made.write_blocks(tmp_path / "a" / "01m.shp").parent, tmp_path / "01_ags.zip")
    with zipfile.ZipFile(tmp_path / "889463807469_s.zip", "w") as file:
        file.write(inner, "01_aguascalientes.zip")
        file.writestr("02_bajacalifornia.zip", b"")
    with pytest.raises(TargetingError) as raised:
        inegi_blocks(tmp_path / "889463807469_s.zip")
    assert codes(raised) == ["archive-in-archive"]
    assert (
        raised.value.problems[0].values["found"] == "01_aguascalientes.zip, 02_bajacalifornia.zip"
    )


def test_several_states_need_a_choice(tmp_path):
    made.write_blocks(tmp_path / "01_ags" / "01m.shp")
    blocks_file(tmp_path / "02_bc" / "02m.shp", [OTHER])
    with pytest.raises(TargetingError) as raised:
        inegi_blocks(tmp_path)
    assert codes(raised) == ["several-members"]
    assert 'state: "01"' in raised.value.text("en")
    assert inegi_blocks(tmp_path, state="02").data["id"].tolist() == [OTHER]
    assert inegi_blocks(tmp_path, municipalities=("01001",)).data["id"].tolist() == list(B)
    # Two files of one state: the setting does not choose between them, and is not offered.
    made.write_blocks(tmp_path / "again" / "01m.shp")
    with pytest.raises(TargetingError) as raised:
        inegi_blocks(tmp_path, state="01")
    assert raised.value.problems[0].values["remedy"] == "expected.one-of-folder"


def test_a_city_of_two_states_is_read_from_both_files(tmp_path):
    made.write_blocks(tmp_path / "01_ags" / "01m.shp")
    blocks_file(tmp_path / "02_bc" / "02m.shp", [OTHER])
    read = inegi_blocks(tmp_path, municipalities=("01001", "02004"))
    assert read.data["id"].tolist() == [*B, OTHER]
    assert read.rows_read == 9
    assert {one.name for one in read.files} >= {"01m.shp", "02m.shp", "01m.dbf"}


def test_scope_of_states_in_names_without_a_number(tmp_path):
    blocks_file(tmp_path / "02_bc" / "manzanas.shp", [OTHER])
    made.write_blocks(tmp_path / "01_ags" / "manzanas.shp")
    assert inegi_blocks(tmp_path, state="02").data["id"].tolist() == [OTHER]


def test_a_geopackage_of_several_layers(tmp_path):
    path = tmp_path / "marco.gpkg"
    gpd.read_file(made.write_areas(tmp_path / "w" / "01a.shp")).to_file(path, layer="01a")
    gpd.read_file(made.write_blocks(tmp_path / "w" / "01m.shp")).to_file(path, layer="01m")
    assert inegi_blocks(path).data["id"].tolist() == list(B)
    assert inegi_areas(path).data["id"].tolist() == list(made.AREAS)
    for name in ("uno", "dos"):
        gpd.read_file(made.write_areas(tmp_path / "w" / "01a.shp")).to_file(
            tmp_path / "y.gpkg", layer=name
        )
    with pytest.raises(TargetingError) as raised:
        inegi_areas(tmp_path / "y.gpkg")
    assert codes(raised) == ["several-layers"]
    assert len(inegi_areas(tmp_path / "y.gpkg", layer="dos").data) == 2


# --------------------------------------------------------------------------- municipalities


@pytest.mark.parametrize("form", ["key", "parts", "numbers", "gpkg"])
def test_only_the_municipality_asked_for_is_read(tmp_path, monkeypatch, form):
    path = blocks_file(tmp_path / "00m.shp")
    if form in ("parts", "numbers"):
        cut = {"CVE_ENT": (0, 2), "CVE_MUN": (2, 5), "CVE_LOC": (5, 9), "CVE_AGEB": (9, 13)}
        keys = pd.Series([*B, OTHER])
        frame = pd.DataFrame(
            {n: keys.str.slice(*e) for n, e in (cut | {"CVE_MZA": (13, 16)}).items()}
        )
        if form == "numbers":  # a spreadsheet took the zeros: nothing to filter by in the file
            frame[["CVE_ENT", "CVE_MUN"]] = frame[["CVE_ENT", "CVE_MUN"]].astype(int)
        path = made.write_shapefile(tmp_path / "p.shp", frame, [*made.SHAPES.values(), SQUARE])
    elif form == "gpkg":
        gpd.read_file(path).to_file(tmp_path / "x.gpkg")
        path = tmp_path / "x.gpkg"
    seen = []
    whole = framework_files.read_vector

    def watched(*given, **settings):
        table = whole(*given, **settings)
        seen.append(len(table.frame))
        return table

    monkeypatch.setattr(framework_files, "read_vector", watched)
    read = inegi_blocks(path, municipalities=("02004",))
    assert read.data["id"].tolist() == [OTHER]
    assert (read.rows_read, read.notes["other_municipalities"]) == (9, 8)
    assert seen == ([9] if form == "numbers" else [1])


def test_an_absent_municipality_is_told_by_the_intake(tmp_path):
    layers = made.write_city(tmp_path)
    with pytest.raises(TargetingError) as raised:
        read_territory(layers, tmp_path, population=MethodSpec("census"), municipalities=("01099",))
    assert "municipality-not-found" in codes(raised)


def test_the_rest_of_the_state_is_counted_and_changes_nothing(tmp_path):
    layers = made.write_city(tmp_path)
    alone = read_territory(layers, tmp_path, population=MethodSpec("census"))
    blocks_file(tmp_path / "01m.shp")
    city = read_territory(
        layers, tmp_path, population=MethodSpec("census"), municipalities=("01001",)
    )
    pd.testing.assert_frame_equal(city.blocks, alone.blocks)
    report = city.intake.layers[0]
    assert (report.rows_read, report.rows_kept) == (9, 8)
    assert report.notes["other_municipalities"] == 1


# ------------------------------------------------------------------ kinds of block, keys, text


def test_rural_blocks_are_left_out_and_counted(tmp_path):
    scope = ["Urbana"] * 7 + ["Rural"]
    kinds = ["Típica"] * 6 + ["Contenedora", "Típica"]
    path = blocks_file(tmp_path / "01m.shp", B, AMBITO=scope, TIPOMZA=kinds)
    read = inegi_blocks(path)
    assert read.data["id"].tolist() == list(B[:7])
    assert [(one.reason, one.count, one.examples) for one in read.losses] == [
        ("rural-block", 1, (B[7],))
    ]
    assert read.notes["blocks_by_type"] == {"Típica": 7, "Contenedora": 1}
    assert read.notes["blocks_by_scope"] == {"Urbana": 7, "Rural": 1}
    assert len(inegi_blocks(path, scope="all").data) == 8


def test_a_system_without_a_code_is_recognized(tmp_path):
    read = inegi_blocks(made.write_blocks(tmp_path / "01m.shp"))
    assert read.crs_in == "MEXICO_ITRF_2008_LCC (EPSG:6372)"
    assert read.data.crs.to_epsg() == 6372


def place_file(path, names, keys, column="NOMGEO", encoding="ISO-8859-1", cpg=None):
    shapes = [made.shape(shapely.box(300 * i, 0, 300 * i + 270, 300)) for i in range(len(keys))]
    frame = pd.DataFrame({"CVEGEO": keys, column: names})
    path.parent.mkdir(parents=True, exist_ok=True)
    gpd.GeoDataFrame(frame, geometry=shapes, crs=made.LCC).to_file(path, encoding=encoding)
    path.with_suffix(".prj").write_text(made.PRJ)
    path.with_suffix(".cpg").unlink(missing_ok=True)
    if cpg:
        path.with_suffix(".cpg").write_text(cpg)
    return path


@pytest.mark.parametrize(
    ("written", "cpg"),
    [
        ("ISO-8859-1", None),  # as published
        ("ISO-8859-1", "ISO-8859-1"),
        ("ISO-8859-1", "UTF-8"),  # the .cpg lies
        ("UTF-8", "UTF-8"),
        ("UTF-8", "ISO-8859-1"),  # it lies the other way: two letters for each accent
    ],
)
def test_names_keep_their_letters_whatever_the_cpg_says(tmp_path, written, cpg):
    path = place_file(
        tmp_path / "01l.shp",
        ["Peñuelas", "Ninguno"],
        ["010010001", "010010293"],
        encoding=written,
        cpg=cpg,
    )
    for given in (path, packed(tmp_path, tmp_path.with_suffix(".zip"))):
        read = inegi_localities(given)
        assert read.data["name"].tolist()[0] == "Peñuelas"
        assert read.data["name"].isna().tolist() == [False, True]
        assert read.notes.get("names_mended", 0) == (written, cpg).count("ISO-8859-1") * (
            written == "UTF-8"
        )
        assert read.notes["without_name"] == 1


# -------------------------------------------------------------------------- places and streets


def test_municipalities_and_localities_are_places(tmp_path):
    towns = place_file(tmp_path / "01mun.shp", ["Calvillo", "Aguascalientes"], ["01003", "1001"])
    read = inegi_municipalities(towns)
    assert read.data[["id", "level", "name"]].to_numpy().tolist() == [
        ["01001", "municipality", "Aguascalientes"],
        ["01003", "municipality", "Calvillo"],
    ]
    assert read.notes["keys_padded"] == 1
    assert inegi_municipalities(towns, municipalities=("01003",)).data["id"].tolist() == ["01003"]
    old = place_file(tmp_path / "Municipios_2010_5.shp", ["Jesús María"], ["01005"], "NOM_MUN")
    assert inegi_municipalities(old).data["name"].tolist() == ["Jesús María"]
    states = place_file(tmp_path / "00ent.shp", ["Aguascalientes", "Jalisco"], ["01", "14"])
    assert inegi_states(states, state="14").data["name"].tolist() == ["Jalisco"]
    rural = place_file(tmp_path / "01ar.shp", ["x", "y"], ["010010293", "0100102930001"])
    read = inegi_rural_areas(rural)
    assert read.data[["id", "level"]].to_numpy().tolist() == [["010010293", "rural_area"]]
    assert read.losses[0].reason == "key-of-other-length"


def test_places_and_streets_reach_the_territory(tmp_path):
    layers = made.write_city(tmp_path)
    place_file(tmp_path / "01mun.shp", ["Aguascalientes", "Calvillo"], ["01001", "01003"])
    street_file(tmp_path / "01e.shp")
    layers += [
        made.spec("places", "01mun.shp", "inegi_municipalities"),
        made.spec("street_axes", "01e.shp", "inegi_street_axes"),
    ]
    city = read_territory(layers, tmp_path, population=MethodSpec("census"))
    # The second municipality begins at x = 300; the blocks end at 270.
    assert city.places["name"].to_dict() == {"municipality:01001": "Aguascalientes"}
    # Lines know no direction of reading: sorted by where they are.
    assert sorted(city.street_axes["kind"]) == ["Andador", "Avenida"]
    assert city.street_axes.set_index("kind")["name"]["Avenida"] == "Héroes"


def street_file(path, columns=("TIPOVIAL", "NOMVIAL")):
    lines = [
        shapely.LineString([(65, -50), (65, 150)]),
        shapely.LineString([(205, -50), (205, 150)]),
        shapely.Point(0, 0),
    ]
    rows = [("Avenida", "Héroes"), ("Andador", "Ninguno"), ("Calle", "x")]
    frame = pd.DataFrame([row[: len(columns)] for row in rows], columns=list(columns))
    frame["CVEGEO"] = ["0100100010001"] * 3
    return made.write_shapefile(path, frame.iloc[:2], lines[:2])


@pytest.mark.parametrize("reader", [inegi_street_axes, inegi_block_fronts])
def test_streets_have_a_kind_and_perhaps_a_name(tmp_path, reader):
    read = reader(street_file(tmp_path / "x.shp"))
    assert read.data["kind"].tolist() == ["Avenida", "Andador"]
    assert read.data["name"].fillna("–").tolist() == ["Héroes", "–"]
    assert reader(street_file(tmp_path / "y.shp"), municipalities=("01001",)).rows_read == 2
    with pytest.raises(TargetingError) as raised:
        reader(street_file(tmp_path / "z.shp", ("A", "B")))
    assert [one.values["given"] for one in raised.value.problems] == ["TIPOVIAL", "NOMVIAL"]
