"""Facilities: DENUE in all its shapes, municipal layers, and one table of all of them."""

import dataclasses
import random
import zipfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyarrow.csv
import pytest
import shapely

from targeting import registry
from targeting.facility_kinds import ANCHORS, facility_kinds
from targeting.model import MethodSpec
from targeting.problems import TargetingError
from targeting.sources import read_territory
from targeting.sources.facilities import facilities
from targeting.sources.merging import MERGE_COLUMNS
from targeting.sources.mx.denue import activity_kinds, denue, kinds_of_codes
from targeting.sources.openstreetmap import ATTRIBUTION
from tests.sources import made
from tests.sources.test_openstreetmap import Extract

HEAD = (
    "id,nom_estab,raz_social,codigo_act,nombre_act,cve_ent,cve_mun,cve_loc,ageb,manzana,"
    "telefono,correoelec,www,latitud,longitud"
)
LONG_HEAD = (
    "ID,Nombre de la Unidad Económica,Razón social,Código de la clase de actividad SCIAN,"
    "Nombre de clase de la actividad,Clave entidad,Clave municipio,Clave localidad,"
    "Área geoestadística básica ,Manzana,Número de teléfono,Correo electrónico,"
    "Sitio en Internet,Latitud,Longitud"
)
PRIVATE = ("4491234567", "dueña@ejemplo.mx", "JUANA PÉREZ LÓPEZ", "https://ejemplo.mx")


def row(number, code, name, key, place):
    """One establishment: its own block key, and where its coordinates are."""
    x, y = ("", "") if place is None else made.at(*place)
    key = (key[:2], key[2:5], key[5:9], key[9:13], key[13:]) if key else ("", "", "", "", "")
    phone, mail, owner, web = PRIVATE
    cells = (number, name, owner, code, "x", *key, phone, mail, web, y, x)
    return ",".join(str(cell) for cell in cells)


B = made.BLOCKS
ROWS = [
    row(1, 611122, "PRIMARIA UNO", B[0], (30, 30)),  # in its block
    row(2, 611112, "KINDER DOS", B[0], (30, -20)),  # before it, 20 m away
    row(3, 611132, "SECUNDARIA TRES", B[0], (30, 100)),  # another block of the same area
    row(4, 621116, "CLINICA CUATRO", B[0], (170, 30)),  # in another area, 110 m away
    row(5, 813210, "TEMPLO CINCO", B[0], (1_200, 30)),  # 1,140 m from its block
    row(6, 722412, "BAR SEIS", "0100100019999001", (30, 30)),  # of a block nobody knows
    row(7, 722412, "BAR SIETE", B[3], None),  # without coordinates
    row(8, 722412, "BAR OCHO", "", None),  # without coordinates and without a key
    row(9, 461110, "ABARROTES", B[0], (30, 30)),  # no facility
]


def denue_text(rows=ROWS, head=HEAD):
    return "\n".join([head, *rows]) + "\n"


def city(tmp_path, *layers):
    """A territory of the made blocks with these layers of facilities."""
    made.write_blocks(tmp_path / "01m.shp")
    blocks = made.spec("blocks", "01m.shp", "inegi_blocks")
    return read_territory([blocks, *layers], tmp_path)


def spec(number, file, use, source="", **settings):
    one = made.spec("facilities", file, use, f"inputs.facilities[{number}]", **settings)
    return dataclasses.replace(one, source=source)


def report(territory, number=0):
    layers = {layer.layer: layer for layer in territory.intake.layers}
    return layers[f"facilities[{number}]"]


# ----------------------------------------------------------------------------------- DENUE


@pytest.mark.parametrize("step", [1, -1])
def test_the_key_of_a_row_is_checked_against_its_place(tmp_path, step):
    made.write_text(tmp_path / "denue.csv", denue_text(ROWS[::step]), "latin-1")
    territory = city(tmp_path, spec(0, "denue.csv", "denue", "DENUE"))
    notes = report(territory).notes
    assert dict(notes["stated_block"]) == {
        "same_block": 3,  # PRIMARIA UNO, KINDER DOS before it, BAR SIETE put there
        "same_area": 1,
        "elsewhere": 2,
        "unknown_key": 1,
    }
    assert notes["place_contradicts_key"]["rows"] == 1
    # It is kept, and where its coordinates say.
    table = territory.facilities.set_index("name")
    far = table.loc["TEMPLO CINCO", "geometry"]
    assert far.x - made.ORIGIN[0] == pytest.approx(1_200, abs=0.01)
    # Without coordinates it stands inside the block of its key.
    assert notes["placed_by_key"] == 1
    assert made.shape(made.SHAPES[B[3]]).contains(table.loc["BAR SIETE", "geometry"])
    assert {one.reason: one.count for one in report(territory).losses} == {"no-coordinates": 1}
    assert report(territory).rows_read == 9 == len(table) + 1 + notes["not_chosen"]


def test_contacts_and_owners_are_not_even_read(tmp_path, monkeypatch):
    asked = []
    real = pyarrow.csv.read_csv

    def spy(source, **options):
        asked.extend(options["convert_options"].include_columns)
        return real(source, **options)

    monkeypatch.setattr("targeting.sources.tables.pa_csv.read_csv", spy)
    for head in (HEAD, LONG_HEAD):
        made.write_text(tmp_path / "denue.csv", denue_text(head=head))
        read = denue(tmp_path / "denue.csv")
        everything = pd.DataFrame(read.data).to_csv() + str(read)
        assert not [text for text in PRIVATE if text in everything]
        assert len(read.data) == 7
    assert len(asked) == 2 * 10
    for column in ("raz_social", "telefono", "correoelec", "www", "Razón social", "Sitio en Inter"):
        assert column not in asked


@pytest.mark.parametrize(
    "names",
    [
        ("denue_14_csv/conjunto_de_datos/denue_inegi_14_.csv",),
        ("conjunto_de_datos/DENUE_INEGI_01_.CSV",),
        ("denue_19_0420_csv/conjunto de datos/denue_inegi_19_.csv",),
        ("DENUE_01_25022015.csv",),
        ("conjunto_de_datos/denue_inegi_15_1.csv", "conjunto_de_datos/denue_inegi_15_2.csv"),
    ],
)
def test_archives_of_all_years_and_split_states(tmp_path, names):
    path = tmp_path / "denue.zip"
    parts = (ROWS[:4], ROWS[3:]) if len(names) > 1 else (ROWS,)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("diccionario_de_datos/denue_diccionario_de_datos.csv", "a,b\n1,2\n")
        archive.writestr("metadatos/metadatos_denue.txt", "x")
        for name, rows in zip(names, parts, strict=True):
            archive.writestr(name, denue_text(rows).encode("latin-1"))
    read = denue(path)
    # All but ABARROTES, and BAR OCHO, which has no place at all.
    assert read.data["reference"].tolist() == ["1", "2", "3", "4", "5", "6", "7"]
    assert read.notes.get("members", 1) == len(names)
    # A row that two parts bring counts once.
    again = {"other-edition": 1} if len(names) > 1 else {}
    assert {one.reason: one.count for one in read.losses} == again | {"no-coordinates": 1}


def test_a_folder_with_two_editions_is_refused(tmp_path):
    for name in ("denue_inegi_01_2019.csv", "denue_inegi_14_.csv"):
        made.write_text(tmp_path / "both" / name, denue_text())
    with pytest.raises(TargetingError) as raised:
        denue(tmp_path / "both")
    assert raised.value.problems[0].code == "several-members"
    for name in ("denue_inegi_15_1.csv", "denue_inegi_15_2_.csv"):
        made.write_text(tmp_path / "parts" / name, denue_text())
    assert denue(tmp_path / "parts").notes["members"] == 2


def test_headers_and_names_with_lost_letters(tmp_path):
    text = denue_text(head=LONG_HEAD).replace("KINDER DOS", "NIÑOS DOS")
    damaged = text.encode("latin-1").decode("utf-8", errors="replace")
    assert "C\ufffddigo" in damaged
    read = denue(made.write_text(tmp_path / "denue.csv", damaged))
    assert read.notes["damaged_names"] == 1
    assert read.data["stated_block"].iloc[0] == B[0]


def test_every_activity_has_a_kind_with_all_it_needs():
    kinds = facility_kinds()
    for kind in set(activity_kinds().values()):
        assert kinds[kind].names["es"]
        assert kinds[kind].names["en"]
        assert kinds[kind].role in ("service", "risk", "context")
        assert kinds[kind].norm_m or kinds[kind].role != "service"
    codes = ["722412", "722411", "461211", "461212", "522452", "713210", "713991", "713120"]
    assert {kinds[k].role for k in kinds_of_codes(pd.Series(codes))} == {"risk"}
    assert kinds["primary_school"].anchor == "safe_schools"
    assert kinds["addiction_care"].anchor == "new_life_centers"
    assert kinds["park"].anchor == "public_spaces"
    assert set(ANCHORS) == {"safe_schools", "new_life_centers", "public_spaces"}


def test_what_has_no_name_is_called_by_its_kind():
    kinds = facility_kinds()
    assert kinds["school"].label_without_name("es") == "Escuela sin nombre"
    assert kinds["school"].label_without_name("en") == "Unnamed school"
    assert kinds["plaza"].label_without_name("es") == "Plaza sin nombre"
    assert kinds["market"].label_without_name("en") == "Unnamed market"


# ------------------------------------------------------------------------- municipal layers


def test_points_lines_and_areas_with_room_and_reference(tmp_path):
    rows = [
        ("cancha", "A", 200, "p-1", shapely.Point(5, 5)),
        ("andador", "B", None, "p-2", shapely.LineString([(1, 2), (10, 2), (20, 2)])),
        ("parque", "C", 3, "p-3", shapely.box(1, 1, 10, 10)),
    ]
    tipo, nombre, cupo, clave, shapes = zip(*rows, strict=True)
    frame = {"tipo": tipo, "nombre": nombre, "cupo": cupo, "clave": clave}
    gpd.GeoDataFrame(frame, geometry=list(shapes), crs=32613).to_file(tmp_path / "m.gpkg")
    read = facilities(
        tmp_path / "m.gpkg",
        kind="tipo",
        kinds={"sports_facility": ["CANCHA"], "park": ["parque", "andador"]},
        name="nombre",
        capacity="cupo",
        reference="clave",
    )
    assert read.data["kind"].tolist() == ["sports_facility", "park", "park"]
    assert read.data["capacity"].fillna(-1).tolist() == [200, -1, 3]
    assert read.data["reference"].tolist() == ["p-1", "p-2", "p-3"]
    line = read.data.geometry.iloc[1]
    assert line.distance(shapes[1]) == 0
    assert read.notes["areas_to_points"] == 2


def test_a_directory_by_colonia_says_that_it_has_no_places(tmp_path):
    path = made.write_text(tmp_path / "b.csv", "Colonia,NomBiblio\r11,Biblioteca\r", "mac-roman")
    with pytest.raises(TargetingError) as raised:
        facilities(path, all_of_kind="library", name="NomBiblio")
    assert raised.value.problems[0].code == "table-without-coordinates"
    assert "no trae coordenadas" in raised.value.text("es")
    assert "NomBiblio" in raised.value.text("en")
    path = made.write_text(tmp_path / "c.csv", "Nombre,Latitud,Longitud\nA,20,-103\n")
    with pytest.raises(TargetingError) as raised:
        facilities(path, all_of_kind="library", name="Nombre")
    assert {one.code for one in raised.value.problems} == {"missing-setting"}


def test_of_equal_rows_the_same_one_stays_in_any_order(tmp_path):
    rows = ["parque,P,7,b", "parque,P,9,a", "parque,Q,1,c"]
    for order in ([0, 1, 2], [2, 1, 0]):
        lines = [f"{rows[i]},20.5,-103.5" for i in order]
        text = "\n".join(["tipo,nombre,cupo,clave,lat,lon", *lines])
        read = facilities(
            made.write_text(tmp_path / "p.csv", text),
            x="lon",
            y="lat",
            all_of_kind="park",
            name="nombre",
            capacity="cupo",
            reference="clave",
        )
        found = sorted(zip(read.data["name"], read.data["capacity"], strict=True))
        assert found == [("P", 7.0), ("Q", 1.0)]
        assert [one.count for one in read.losses] == [1]


@pytest.mark.real
def test_directories_of_zapopan(real_data):
    folder = real_data / "zapopan"
    parks = facilities(
        folder / "Parques.csv", x="Longitud", y="Latitud", all_of_kind="park", name="Nombre"
    )
    assert len(parks.data) + sum(one.count for one in parks.losses) == parks.rows_read
    assert "Agua Azul" in set(parks.data["name"])
    for name in ("BibliotecasPublicas", "CentrosRecreativos", "DependenciasGobiernos", "Tianguis"):
        with pytest.raises(TargetingError) as raised:
            facilities(folder / f"{name}.csv", all_of_kind="library")
        assert [one.code for one in raised.value.problems] == ["table-without-coordinates"]


# ------------------------------------------------------------------------------- one table


def two_registers(tmp_path):
    made.write_text(tmp_path / "denue.csv", denue_text())
    extract = Extract(tmp_path / "city.osm.pbf")
    extract.node(33, 34, amenity="school", name="Escuela Primaria Uno", capacity="300")
    extract.node(190, 30, amenity="school", name="Otra")
    extract.node(30, 30, leisure="park")
    extract.close()
    return spec(0, "city.osm.pbf", "openstreetmap"), spec(1, "denue.csv", "denue", "DENUE")


def test_registers_come_before_the_map_and_merges_are_listed(tmp_path):
    territory = city(tmp_path, *two_registers(tmp_path))
    table, merges = territory.facilities, territory.facility_merges
    assert list(merges.columns) == list(MERGE_COLUMNS)
    assert len(merges) == 1
    one = merges.iloc[0]
    stays = table.loc[one["facility_id"]]
    # The register's record stays although the study names the map first; its room is the map's.
    assert (stays["name"], stays["source"], stays["capacity"]) == ("PRIMARIA UNO", "DENUE", 300)
    assert (one["kind"], one["name"], one["distance_m"]) == (
        "school",
        "Escuela Primaria Uno",
        5.0,  # 3 m east and 4 m north
    )
    assert table.index.tolist() == [f"F{n:06d}" for n in range(1, len(table) + 1)]
    assert table.loc[table["name"] == "Otra", "source"].tolist() == [ATTRIBUTION]
    for number in (0, 1):
        told = report(territory, number)
        lost = sum(loss.count for loss in told.losses)
        rest = lost + told.notes["not_chosen"] + told.notes.get("merged", 0)
        assert told.rows_kept + rest == told.rows_read
    assert report(territory, 0).notes["merged"] == 1
    assert "merged" not in report(territory, 1).notes


def test_two_layers_of_one_register_are_never_merged(tmp_path):
    made.write_services(tmp_path / "01sia.shp", [0])
    made.write_services(tmp_path / "01sib.shp", [0])
    layers = [spec(n, f"01si{x}.shp", "inegi_services", "INEGI") for n, x in enumerate("ab")]
    assert len(city(tmp_path, *layers).facilities) == 2
    # Of two publishers they are one.
    other = dataclasses.replace(layers[1], source="Municipio")
    territory = city(tmp_path, layers[0], other)
    assert territory.facilities["source"].tolist() == ["INEGI"]
    assert territory.facility_merges["source"].tolist() == ["Municipio"]


def test_the_order_of_rows_changes_no_merge(tmp_path):
    rows = list(ROWS)
    random.Random(7).shuffle(rows)
    first = city(tmp_path, *two_registers(tmp_path))
    made.write_text(tmp_path / "denue.csv", denue_text(rows))
    layers = spec(0, "city.osm.pbf", "openstreetmap"), spec(1, "denue.csv", "denue", "DENUE")
    second = city(tmp_path, *layers)
    pd.testing.assert_frame_equal(pd.DataFrame(first.facilities), pd.DataFrame(second.facilities))
    pd.testing.assert_frame_equal(first.facility_merges, second.facility_merges)


def test_records_of_the_made_city_merge_as_its_truth_says(root):
    """Five registers of one made city; its truth says which records are one place."""
    folder = Path(root) / "data"
    readers = {
        "facilities/escuelas_sep_inventadas_99.csv": "sep_schools",
        "facilities/clues_inventado_99_202011.xlsx": "clues_health",
        "facilities/denue_inegi_99_.csv": "denue",
        "facilities/openstreetmap_inventado_99.osm.pbf": "openstreetmap",
    }
    layers = [spec(n, file, use) for n, (file, use) in enumerate(readers.items())]
    blocks = dataclasses.replace(
        made.spec("blocks", "boundaries/99m.shp", "inegi_blocks"), reader=MethodSpec("inegi_blocks")
    )
    territory = read_territory([blocks, *layers], folder)
    truth = pd.read_csv(folder / "truth" / "facilities_truth_99.csv", dtype=str)
    place = truth.set_index("record")["place_id"]
    stays = territory.facilities["reference"].map(place)
    assert stays.notna().all()
    # What was not merged and should have been: the few whose names were lost.
    assert len(stays) - stays.nunique() <= 0.01 * stays.nunique()
    # What was merged and should not have been: a place nobody tells of any more.
    far = set(truth.loc[truth["note"] == "far away", "record"])
    read = {
        reference
        for file, use in readers.items()
        for reference in registry.method("reader", use)(folder / file).data["reference"]
    }
    assert set(place[sorted(read - far)]) == set(stays)
    assert len(territory.facility_merges) > 0.4 * len(stays)
