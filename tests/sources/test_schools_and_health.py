"""SEP's schools and the health ministry's units, written as their publishers write them."""

import itertools

import numpy as np
import pandas as pd
import pytest

from targeting.problems import TargetingError
from targeting.sources.mx.coordinates import repaired
from targeting.sources.mx.health import clues_health, kinds_of_units
from targeting.sources.mx.schools import kinds_of_schools, sep_schools
from tests.sources import made

SIGED = "CVE_ENT,NOM_ENT,CVE_CT,NOM_CT,TIPO_EDUC,NIVEL_EDUC,SERV_EDUC,PUB_O_PRIV,X,Y"


def siged(rows):
    """Text of a register with SIGED's columns, from key, name, type, level, service, x, y."""
    lines = [SIGED]
    for key, name, kind, level, service, x, y in rows:
        lines.append(f"01,AGS,{key},{name},{kind},{level},{service},PÚBLICO,{x},{y}")
    return "\n".join(lines) + "\n"


HERE, THERE = made.at(30, 30), made.at(100, 30)
SCHOOLS = [
    ("01DJN0001A", "ROSAURA ZAPATA", "BÁSICA", "PREESCOLAR", "GENERAL", *HERE),
    ("01DPR0001B", "BENITO JUÁREZ", "BÁSICA", "PRIMARIA", "GENERAL", *HERE),
    ("01DPR0002C", "BENITO JUAREZ", "BÁSICA", "PRIMARIA", "GENERAL", *HERE),  # afternoons
    ("01DST0001D", "TÉCNICA 1", "BÁSICA", "SECUNDARIA", "TÉCNICA", *THERE),
    ("01ECB0001E", "COBAES", "MEDIA SUPERIOR", "BACHILLERATO", "GENERAL", *THERE),
    ("01PSU0001F", "UNIVERSIDAD", "SUPERIOR", "LICENCIATURA", "X", *THERE),
    ("01DML0001G", "CAM 1", "ESPECIAL", "CAM", "CAM", *THERE),
    ("01FIZ0001H", "SUPERVISIÓN ESCOLAR", "OTROS", "OTROS", "SUPERVISIÓN", *THERE),
    ("01DPR0003I", "SIN LUGAR", "BÁSICA", "PRIMARIA", "GENERAL", "", ""),
    ("01DPR0004J", "LEJOS", "BÁSICA", "PRIMARIA", "GENERAL", 2.35, 48.85),
]


def lost(read):
    return {one.reason: one.count for one in read.losses}


@pytest.mark.parametrize("order", [range(10), reversed(range(10))])
def test_schools_of_siged(tmp_path, order):
    text = siged([SCHOOLS[i] for i in order])
    read = sep_schools(made.write_text(tmp_path / "escuelas.csv", text, "latin-1"))
    found = dict(zip(read.data["reference"], read.data["kind"], strict=True))
    assert found == {
        "01DJN0001A": "preschool",
        "01DPR0001B": "primary_school",
        "01DST0001D": "secondary_school",
        "01ECB0001E": "high_school",
        "01PSU0001F": "higher_education",
        "01DML0001G": "school",
    }
    assert lost(read) == {
        "no-school": 1,
        "outside-country": 1,
        "second-shift": 1,
        "no-coordinates": 1,
    }
    assert read.rows_read == len(read.data) + sum(lost(read).values())
    # Preschool and primary school share one building; four others share another; one has none.
    assert read.notes["buildings"] == 2
    assert read.crs_in == "EPSG:4326"


STATE = [
    "CLAVECCT,NOMBRECT,TURNO,NIVEL,ZONAESCOLA,STATUS,LATITUD,LONGITUD,MATRICULA,TELEFONO",
    "14EPR0001A,MORELOS,MATUTINO,PRIMARIA,1,1,{1},{0},200,3331234567",
    "14EPR0001A,MORELOS,VESPERTINO,PRIMARIA,1,1,{1},{0},150,3331234567",
    "14EES0002B,HIDALGO,MATUTINO,SECUNDARIA,1,CLAUSURADO,{1},{0},90,",
    "14EES0003C,ALLENDE,MATUTINO,SECUNDARIA,1,2,{1},{0},90,",
    "14EBH0004D,PREPA 1,MATUTINO,EDUCACIÓN MEDIA SUPERIOR,1,4,{1},{0},0,",
    "14DPR0005E,SIN ALUMNOS,MATUTINO,PRIMARIA,1,1,{1},{0},,",
    "14ADG0006F,ALMACÉN,MATUTINO,,1,1,{1},{0},,",
]


@pytest.mark.parametrize("as_workbook", [0, 1])
def test_a_states_catalogue_with_shifts_and_pupils(tmp_path, as_workbook):
    lines = [line.format(*HERE) for line in STATE]
    path = made.write_text(tmp_path / "cct.csv", "\n".join(lines))
    if as_workbook:
        pd.read_csv(path, dtype=str).to_excel(tmp_path / "cct.xlsx", index=False)
        path = tmp_path / "cct.xlsx"
    read = sep_schools(path)
    table = read.data.set_index("reference")
    assert table["kind"].to_dict() == {
        "14EPR0001A": "primary_school",
        "14EBH0004D": "high_school",
        "14DPR0005E": "primary_school",
    }
    # The pupils of both shifts; none told is not zero pupils.
    assert table["capacity"].fillna(-1).to_dict() == {
        "14EPR0001A": 350.0,
        "14EBH0004D": -1.0,
        "14DPR0005E": -1.0,
    }
    assert lost(read) == {"no-school": 1, "closed": 2, "second-shift": 1}
    assert "3331234567" not in read.data.to_csv()


def test_two_schools_of_one_level_in_one_building_are_two(tmp_path):
    rows = [
        ("01DPR0001B", "BENITO JUÁREZ", "BÁSICA", "PRIMARIA", "GENERAL", *HERE),
        ("01DPR0002C", "NIÑOS HÉROES", "BÁSICA", "PRIMARIA", "GENERAL", *HERE),
    ]
    read = sep_schools(made.write_text(tmp_path / "escuelas.csv", siged(rows)))
    assert len(read.data) == 2
    assert read.notes["buildings"] == 1


@pytest.mark.parametrize(
    ("level", "kind"),
    [
        ("PREESCOLAR", "preschool"),
        ("Telesecundaria", "secondary_school"),
        ("MEDIA SUPERIOR", "high_school"),
        ("SUPERIOR", "higher_education"),
        ("Profesional Técnico", "high_school"),
        ("INICIAL", "day_care"),
        ("CAPACITACIÓN PARA EL TRABAJO", "job_training"),
        ("CAM", "school"),
    ],
)
def test_the_kind_of_each_level(level, kind):
    assert kinds_of_schools(pd.DataFrame({"key": ["01XXX0001A"], "level": [level]}))[0] == kind


def test_a_level_comes_from_the_key_where_no_column_tells():
    keys = pd.DataFrame({"key": ["01DJN0001A", "01PPR0001A", "01DTV0001A", "01XQQ0001A"]})
    found = kinds_of_schools(keys).fillna("–").tolist()
    assert found == ["preschool", "primary_school", "secondary_school", "–"]


def test_registers_that_are_none(tmp_path):
    with pytest.raises(TargetingError) as raised:
        sep_schools(made.write_text(tmp_path / "a.csv", "nombre,X\na,1\n"))
    assert [one.code for one in raised.value.problems] == ["missing-column"] * 2
    text = siged([("01XQQ0001A", "ALGO", "OTROS", "OTROS", "X", *HERE)])
    with pytest.raises(TargetingError) as raised:
        sep_schools(made.write_text(tmp_path / "b.csv", text))
    assert [one.code for one in raised.value.problems] == ["no-facility-found"]


# ----------------------------------------------------------------------------------- CLUES

COLUMNS = [
    "ID",
    "CLUES",
    "NOMBRE DE LA ENTIDAD",
    "NOMBRE TIPO ESTABLECIMIENTO",
    "NOMBRE DE TIPOLOGIA",
    "NOMBRE DE LA UNIDAD",
    "ESTATUS DE OPERACION",
    "TOTAL DE CONSULTORIOS",
    "TOTAL DE CAMAS",
    "TELEFONO 1 DEL ESTABLECIMIENTO",
    "LATITUD",
    "LONGITUD",
]
OUT, IN = "DE CONSULTA EXTERNA", "DE HOSPITALIZACIÓN"
EAST, NORTH = made.at(30, 30)


def unit(number, kind, name, *, status="EN OPERACION", rooms=3, beds=0, x=EAST, y=NORTH, what=""):
    key = f"ASSSA{number:06d}"
    return [number, key, "AGS", kind, what, name, status, rooms, beds, "4491234567", y, x]


UNITS = [
    unit(1, OUT, "CENTRO DE SALUD NORTE"),
    unit(2, IN, "HOSPITAL GENERAL", rooms=9, beds=120),
    unit(3, OUT, "UNEME-CAPA CENTRO"),
    unit(4, OUT, "CENTRO DE SALUD VIEJO", status="FUERA DE OPERACION"),
    unit(5, "DE APOYO", "LABORATORIO"),
    unit(6, "DE ASISTENCIA SOCIAL", "ASILO"),
    unit(7, OUT, "CENTRO DE SALUD SUR", x=-EAST, rooms=0),
    unit(8, OUT, "CENTRO DE SALUD OESTE", x=NORTH, y=EAST),
    unit(9, OUT, "CENTRO DE SALUD LEJOS", x=12.5, y=41.9),
    unit(10, OUT, "CENTRO DE SALUD SIN", x="", y=""),
    unit(11, OUT, "CENTRO DE SALUD CERO", x=0, y=0),
    unit(12, OUT, "UNIDAD MÓVIL 3"),
    unit(13, OUT, "CENTRO 13", what="CENTRO COMUNITARIO DE SALUD MENTAL Y ADICCIONES"),
]


def workbook(path, rows, sheet="CLUES_202011"):
    with pd.ExcelWriter(path) as book:
        pd.DataFrame({"nota": ["Catálogo"]}).to_excel(book, sheet_name="LEEME", index=False)
        table = pd.DataFrame([[str(cell) for cell in row] for row in rows], columns=COLUMNS)
        table.to_excel(book, sheet_name=sheet, index=False)
    return path


@pytest.mark.parametrize("step", [1, -1])
def test_units_in_operation_with_their_signs(tmp_path, step):
    read = clues_health(workbook(tmp_path / "ESTABLECIMIENTO_SALUD_202011.xlsx", UNITS[::step]))
    table = read.data.set_index("reference")
    assert table["kind"].sort_index().to_dict() == {
        "ASSSA000001": "health_center",
        "ASSSA000002": "hospital",
        "ASSSA000003": "addiction_care",
        "ASSSA000007": "health_center",
        "ASSSA000008": "health_center",
        "ASSSA000013": "addiction_care",
    }
    assert table.loc["ASSSA000001", "capacity"] == 3  # consulting rooms
    assert table.loc["ASSSA000002", "capacity"] == 120  # beds
    assert np.isnan(table.loc["ASSSA000007", "capacity"])
    assert read.notes["signs_repaired"] == 1
    assert read.notes["axes_swapped"] == 1
    for key in ("ASSSA000007", "ASSSA000008"):
        place = table.loc[key, "geometry"]
        assert (place.x, place.y) == pytest.approx((EAST, NORTH))
    assert lost(read) == {
        "closed": 1,
        "outside-country": 1,
        "no-coordinates": 1,
        "zero-coordinates": 1,
    }
    assert read.notes["not_chosen"] == 3
    assert read.rows_read == 13 == len(read.data) + sum(lost(read).values()) + 3
    assert "4491234567" not in read.data.to_csv()


def test_the_status_as_a_code_and_beds_in_parts(tmp_path):
    head = "CLUES,NOMBRE TIPO ESTABLECIMIENTO,NOMBRE DE LA UNIDAD,CLAVE ESTATUS DE OPERACION,"
    head += "CAMAS EN AREA DE HOS,CAMAS EN OTRAS AREAS,LATITUD,LONGITUD"
    rows = [
        f"A1,{IN},HOSPITAL UNO,1,100,20,{NORTH},{EAST}",
        f"A2,{IN},HOSPITAL DOS,2,100,20,{NORTH},{EAST}",
    ]
    path = made.write_text(tmp_path / "clues.csv", "\n".join([head, *rows]))
    read = clues_health(path)
    assert read.data["reference"].tolist() == ["A1"]
    assert read.data["capacity"].tolist() == [120]


def test_a_workbook_without_units(tmp_path):
    with pytest.raises(TargetingError) as raised:
        clues_health(workbook(tmp_path / "a.xlsx", UNITS[4:6]))
    assert raised.value.problems[0].code == "no-facility-found"
    assert "DE APOYO" in raised.value.text("es")
    pd.DataFrame({"a": ["1"]}).to_excel(tmp_path / "b.xlsx", index=False)
    with pytest.raises(TargetingError) as raised:
        clues_health(tmp_path / "b.xlsx")
    assert [one.code for one in raised.value.problems] == ["other-table"]


def test_addiction_care_is_known_by_name():
    names = ["CECOSAMA SUR", "CENTRO NUEVA VIDA", "CAPACITACIÓN Y SALUD", "CENTRO DE ADICCIONES"]
    kinds = kinds_of_units(pd.DataFrame({"type": [OUT] * 4, "name": names}))
    assert kinds.tolist() == ["addiction_care", "addiction_care", "health_center", "addiction_care"]


def test_only_one_repair_leads_to_mexico():
    """Every sign and order of a place in Mexico is one place; no other is touched."""
    ways = [
        (sx * a, sy * b)
        for a, b in ((103.4, 20.7), (20.7, 103.4))
        for sx, sy in itertools.product((1, -1), repeat=2)
    ]
    x, y, counts = repaired(*np.array(ways).T)
    assert set(zip(x.tolist(), y.tolist(), strict=True)) == {(-103.4, 20.7)}
    assert counts == {"signs_repaired": 3, "axes_swapped": 4}
    elsewhere = np.array([[2.35, 48.85], [0, 0], [np.nan, 20.7], [-70, 20], [103.4, 60]]).T
    x, y, counts = repaired(*elsewhere)
    np.testing.assert_array_equal(np.array([x, y]), elsewhere)
    assert counts == {}
