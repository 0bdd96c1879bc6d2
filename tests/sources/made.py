"""A city of eight blocks written as the publishers write theirs; every number is by hand.

Two AGEB of four blocks each, blocks of 60 m with streets of 10 m:

    AGEB 0017          AGEB 006A
    002  004           002  004        (y = 70 to 130)
    001  003           001  003        (y = 0 to 60)
    x=0  x=70          x=140 x=210
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
from pyproj import CRS, Transformer
from rasterio.transform import from_origin

from targeting.model import LayerSpec, MethodSpec

LCC = CRS.from_epsg(6372)
ORIGIN = (2_470_000.0, 1_095_000.0)
# As INEGI's shapefiles have it: no EPSG code anywhere.
PRJ = (
    'PROJCS["MEXICO_ITRF_2008_LCC",GEOGCS["GCS_ITRF_2008",DATUM["D_ITRF_2008",'
    'SPHEROID["GRS_1980",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],'
    'UNIT["Degree",0.0174532925199433]],PROJECTION["Lambert_Conformal_Conic"],'
    'PARAMETER["False_Easting",2500000.0],PARAMETER["False_Northing",0.0],'
    'PARAMETER["Central_Meridian",-102.0],PARAMETER["Standard_Parallel_1",17.5],'
    'PARAMETER["Standard_Parallel_2",29.5],PARAMETER["Latitude_Of_Origin",12.0],'
    'UNIT["Meter",1.0]]'
)
AREAS = ("0100100010017", "010010001006A")
BLOCKS = tuple(f"{area}{n:03d}" for area in AREAS for n in range(1, 5))
PEOPLE = (10, 20, 30, 40, 100, 0, 50, 4)
SHAPES = {
    key: shapely.box(x, y, x + 60, y + 60)
    for key, (x, y) in zip(
        BLOCKS,
        [(0, 0), (0, 70), (70, 0), (70, 70), (140, 0), (140, 70), (210, 0), (210, 70)],
        strict=True,
    )
}
Rows = Sequence[Sequence[Any]]
_to_degrees = Transformer.from_crs(LCC, 4326, always_xy=True)


def at(x: float, y: float) -> tuple[float, float]:
    """Longitude and latitude of a place in the city, `x` and `y` in meters from its corner."""
    return _to_degrees.transform(ORIGIN[0] + x, ORIGIN[1] + y)


def shape(geometry: shapely.Geometry) -> shapely.Geometry:
    """Move a geometry from the city's own meters to INEGI's coordinates."""
    return shapely.transform(geometry, lambda xy: xy + np.array(ORIGIN))


def write_shapefile(path: Path, frame: pd.DataFrame, shapes: Sequence[shapely.Geometry]) -> Path:
    """Write a shapefile in INEGI's system, without a code and without a .cpg."""
    path.parent.mkdir(parents=True, exist_ok=True)
    geometry = [shape(one) for one in shapes]
    gpd.GeoDataFrame(frame, geometry=geometry, crs=LCC).to_file(path, encoding="ISO-8859-1")
    path.with_suffix(".prj").write_text(PRJ)
    path.with_suffix(".cpg").unlink(missing_ok=True)
    return path


def write_blocks(path: Path, order: Sequence[int] = range(8)) -> Path:
    """Write the layer `m`."""
    keys = [BLOCKS[i] for i in order]
    frame = pd.DataFrame({"CVEGEO": keys, "AMBITO": "Urbana", "TIPOMZA": "Típica"})
    return write_shapefile(path, frame, [SHAPES[key] for key in keys])


def write_areas(path: Path, order: Sequence[int] = range(2)) -> Path:
    """Write the layer `a`."""
    boxes = [shapely.box(-5, -5, 135, 135), shapely.box(135, -5, 275, 135)]
    frame = pd.DataFrame({"CVEGEO": [AREAS[i] for i in order]})
    return write_shapefile(path, frame, [boxes[i] for i in order])


CENSUS_COLUMNS = ("POBTOT", "VIVTOT", "TVIVHAB", "PSINDER", "GRAPROES", "VPH_INTER", "VIVPARH_CV")
# The last block has one dwelling: all but three of its cells are masked.
CENSUS_ROWS: Rows = (
    ("01", "000", "0000", "0000", "000", 254, 90, 80, 40, "10.5", 60, 80),
    ("01", "001", "0000", "0000", "000", 254, 90, 80, 40, "10.5", 60, 80),
    ("01", "001", "0001", "0000", "000", 254, 90, 80, 40, "10.5", 60, 80),
    ("01", "001", "0001", "0017", "000", 100, 40, 38, 9, "9.1", 20, 38),
    ("01", "001", "0001", "0017", "001", 10, 4, 4, "*", "*", "*", 4),
    ("01", "001", "0001", "0017", "002", 20, 8, 8, "*", "8", 4, 8),
    ("01", "001", "0001", "0017", "003", 30, 12, 11, 2, "9", 6, 11),
    ("01", "001", "0001", "0017", "004", 40, 16, 15, 3, "9.5", 8, 15),
    ("01", "001", "0001", "006A", "000", 154, 50, 42, 31, "11", 40, 42),
    ("01", "001", "0001", "006A", "001", 100, 30, 28, 20, "11", 28, 28),
    ("01", "001", "0001", "006A", "002", 0, 0, 0, 0, "0", 0, 0),
    ("01", "001", "0001", "006A", "003", 50, 18, 13, 10, "11", "N/D", "N/A"),
    ("01", "001", "0001", "006A", "004", 4, 2, 1, "*", "*", "*", "*"),
)


def census_text(rows: Rows = CENSUS_ROWS, columns: Sequence[str] = CENSUS_COLUMNS) -> str:
    """Text of a census file with its eight identifiers."""
    places = ("Aguascalientes", "Jesús María", "Peñuelas")
    head = ["ENTIDAD", "NOM_ENT", "MUN", "NOM_MUN", "LOC", "NOM_LOC", "AGEB", "MZA", *columns]
    lines = [",".join(head)]
    for state, municipality, locality, area, block, *cells in rows:
        keys = [state, places[0], municipality, places[1], locality, places[2], area, block]
        lines.append(",".join(str(cell) for cell in [*keys, *cells]))
    return "\r\n".join(lines) + "\r\n"


def write_text(path: Path, text: str, encoding: str = "utf-8") -> Path:
    """Write a text as bytes, line ends untouched."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))
    return path


IMU_COLUMNS = (
    "CVE_AGEB,ENT,NOM_ENT,MUN,NOM_MUN,LOC,NOM_LOC,AGEB,POB_TOTAL,ANIO,P6A14NAE,SBASC,PSDSS,OVSDE,"
    "OVSEE,OVSAE,OVPT,OVHAC,OVSREF,OVSINT,OVSCEL,IM_2020,GM_2020,IMN_2020"
)


def imu_text(order: Sequence[int] = (0, 1), areas: Sequence[str] = AREAS) -> str:
    """Text of a CONAPO table: the first area is the poorer one."""
    values = [
        f"{areas[0]},01,A,001,A,0001,A,x,100.0,2020,9.0,44.5,20.0,0,0,0,1,33,5,60,9,115.5,Alto,.9",
        f"{areas[1]},01,A,001,A,0001,A,x,154.0,2020,2.0,14.5,18.0,0,0,0,0,13,1,20,2,124.5,Muy "
        "bajo,.97",
    ]
    return "\n".join([IMU_COLUMNS, *(values[i] for i in order)]) + "\n"


# In a block; in the street 4 m from block 001; 30 m from block 004 of 006A; far away; at zero;
# without coordinates; of a kind nobody chose; and the second one once more.
INCIDENTS: Rows = (
    ("1", "ROBO A PERSONA", "31/12/2019", *at(30, 30)),
    ("2", "Róbo a Persona ", "2020-01-15", *at(64, 30)),
    ("3", "HOMICIDIO", "01/02/2020", *at(300, 100)),
    ("4", "HOMICIDIO", "01/02/2020", *at(90_000, 100)),
    ("5", "HOMICIDIO", "01/02/2020", 0, 0),
    ("6", "HOMICIDIO", "01/02/2020", "", ""),
    ("7", "VEHICULO RECUPERADO", "01/02/2020", *at(30, 30)),
    ("8", "VEHICULO RECUPERADO", "01/02/2020", *at(30, 30)),
    ("2", "Róbo a Persona ", "2020-01-15", *at(64, 30)),
)
KINDS = {"robbery": ["robo a persona"], "homicide": ["Homicidio", "Feminicidio"]}


def incident_text(rows: Rows = INCIDENTS, end: str = "\n", delimiter: str = ",") -> str:
    """Text of an incident file."""
    head = ("folio", "delito", "fecha", "lon", "lat")
    return end.join(delimiter.join(str(cell) for cell in row) for row in (head, *rows)) + end


DENUE_HEAD = (
    "id",
    "nom_estab",
    "raz_social",
    "codigo_act",
    "nombre_act",
    "telefono",
    "correoelec",
    "latitud",
    "longitud",
)
ESTABLISHMENTS: Rows = (
    ("1", "PRIMARIA NIÑOS HÉROES", "SECRETARÍA", "611122", "Primarias", "4491234567", "a@b.mx"),
    ("2", "REFUGIO", "PERSONA FÍSICA", "624221", "Refugios", "4491234568", "c@b.mx"),
    ("3", "ABARROTES LUPITA", "LUPITA PÉREZ", "461110", "Abarrotes", "4491234569", "d@b.mx"),
    ("4", "NINGUNO", "OTRA", "722412", "Bares", "", ""),
)
PLACES = ((30, 30), (100, 30), (170, 30), (240, 30))


def denue_text(head: Sequence[str] = DENUE_HEAD, order: Sequence[int] = range(4)) -> str:
    """Text of a DENUE file."""
    rows = []
    for i in order:
        longitude, latitude = at(*PLACES[i])
        rows.append([*ESTABLISHMENTS[i], latitude, longitude])
    return "\r\n".join(",".join(str(cell) for cell in row) for row in (head, *rows)) + "\r\n"


def write_services(path: Path, order: Sequence[int] = range(5)) -> Path:
    """Write INEGI's areas of services: a park, a plaza, a median strip, a stadium, a lake."""
    rows = [
        ("ÁREA VERDE", "URBANA", "PARQUE MÉXICO", shapely.box(0, 140, 60, 180)),
        ("PLAZA", "NO APLICA", "NINGUNO", shapely.box(70, 140, 130, 180)),
        ("CAMELLÓN", "CAMELLÓN", "NO APLICA", shapely.box(62, 0, 68, 130)),
        ("INSTALACIÓN DEPORTIVA O RECREATIVA", "ESTADIO", "X", shapely.box(140, 140, 200, 180)),
        ("CUERPO DE AGUA", "PERENNE", "LAGO", shapely.box(210, 140, 270, 180)),
    ]
    chosen = [rows[i] for i in order]
    frame = pd.DataFrame([row[:3] for row in chosen], columns=["GEOGRAFICO", "TIPO", "NOMBRE"])
    return write_shapefile(path, frame, [row[3] for row in chosen])


def write_lines(path: Path, order: Sequence[int] = range(3)) -> Path:
    """Write INEGI's lines of services: a stream across the city, a bridge, a far canal."""
    rows = [
        ("CORRIENTE DE AGUA", shapely.LineString([(135, -9000), (135, 9000)])),
        ("PUENTE", shapely.LineString([(130, 65), (140, 65)])),
        ("CANAL", shapely.LineString([(50_000, 0), (60_000, 0)])),
    ]
    frame = pd.DataFrame({"GEOGRAFICO": [rows[i][0] for i in order]})
    return write_shapefile(path, frame, [rows[i][1] for i in order])


def write_raster(path: Path, people_per_cell: float = 1.0) -> Path:
    """Write a raster of 10 m cells over the city in its own coordinates; nodata is -200."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cells = np.full((30, 40), people_per_cell)
    cells[:, -1] = -200
    profile = {
        "driver": "GTiff",
        "height": 30,
        "width": 40,
        "count": 1,
        "dtype": "float64",
        "crs": LCC.to_wkt(),
        "nodata": -200,
        "transform": from_origin(ORIGIN[0] - 50, ORIGIN[1] + 200, 10, 10),
    }
    with rasterio.open(path, "w", **profile) as target:
        target.write(cells, 1)
    return path


def spec(slot: str, file: str, use: str, where: str = "", **settings: Any) -> LayerSpec:
    """One input of a study."""
    return LayerSpec(
        slot, where or f"inputs.{slot}", file, MethodSpec(use, settings), "made", "2020"
    )


def write_city(folder: Path, shuffle: Callable[[int], Sequence[int]] = range) -> list[LayerSpec]:
    """Write every layer; `shuffle(n)` gives the order of its rows."""
    write_blocks(folder / "01m.shp", shuffle(8))
    write_areas(folder / "01a.shp", shuffle(2))
    rows = [CENSUS_ROWS[i] for i in shuffle(len(CENSUS_ROWS))]
    inside = "ageb_mza_urbana_01_cpv2020/conjunto_de_datos/"
    name = "conjunto_de_datos_ageb_urbana_01_cpv2020.csv"
    with zipfile.ZipFile(folder / "census.zip", "w") as archive:
        archive.writestr(inside + name, census_text(rows).encode("utf-8-sig"))
        archive.writestr("ageb_mza_urbana_01_cpv2020/diccionario_de_datos/dicc.csv", "a,b\n1,2\n")
    write_text(folder / "imu.csv", imu_text(shuffle(2)))
    write_text(folder / "incidents.csv", incident_text([INCIDENTS[i] for i in shuffle(9)]))
    write_text(folder / "denue_01.csv", denue_text(order=shuffle(4)), "latin-1")
    write_services(folder / "01sia.shp", shuffle(5))
    write_lines(folder / "01sil.shp", shuffle(3))
    write_raster(folder / "people.tif")
    return [
        spec("blocks", "01m.shp", "inegi_blocks"),
        spec("areas", "01a.shp", "inegi_areas"),
        spec("census", "census.zip", "inegi_census"),
        spec("area_table", "imu.csv", "conapo_areas"),
        spec("incidents", "incidents.csv", "points", **INCIDENT_SETTINGS),
        spec("facilities", "denue_01.csv", "denue", "inputs.facilities[0]"),
        spec("facilities", "01sia.shp", "inegi_services", "inputs.facilities[1]"),
        spec("barriers", "01sil.shp", "lines", **LINE_SETTINGS),
        spec("population_raster", "people.tif", "raster"),
    ]


INCIDENT_SETTINGS = {"x": "lon", "y": "lat", "date": "fecha", "kind": "delito", "kinds": KINDS}
LINE_SETTINGS = {"column": "GEOGRAFICO", "values": ("Corriente de agua", "CANAL")}
