"""Facilities of the made city: a directory like DENUE, and INEGI's service points and areas."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from targeting.sample.chance import stream
from targeting.sample.city import CRS, City
from targeting.sample.colonias import colonia_of_blocks
from targeting.sample.facility_mix import ESTABLISHMENTS, HOSTILE_NAMES, SERVICE, SERVICE_POINTS
from targeting.sample.files import write_shapefile, write_table
from targeting.sample.names import STREETS, locality_name, municipality_name
from targeting.sample.places import beside, inside, lon_lat

INSIDE_SHARE = 0.75
VOID_M = 350.0
"""How far around the corner that lacks facilities none is found."""
RING_M, RING_TIMES = 900.0, 2.5
"""From there on there are more than elsewhere: the corner lacks them, its surroundings do not."""

DENUE_COLUMNS = (
    "id", "clee", "nom_estab", "raz_social", "codigo_act", "nombre_act", "per_ocu", "tipo_vial",
    "nom_vial", "tipo_v_e_1", "nom_v_e_1", "tipo_v_e_2", "nom_v_e_2", "tipo_v_e_3", "nom_v_e_3",
    "numero_ext", "letra_ext", "edificio", "edificio_e", "numero_int", "letra_int", "tipo_asent",
    "nomb_asent", "tipoCenCom", "nom_CenCom", "num_local", "cod_postal", "cve_ent", "entidad",
    "cve_mun", "municipio", "cve_loc", "localidad", "ageb", "manzana", "telefono", "correoelec",
    "www", "tipoUniEco", "latitud", "longitud", "fecha_alta",
)  # fmt: skip
BANDS = ("0 a 5 personas", "6 a 10 personas", "11 a 30 personas", "31 a 50 personas")


def near_void(city: City, shapes: np.ndarray, *, reach_m: float = VOID_M) -> np.ndarray:
    """Return which shapes lie in, or near, the corner that lacks facilities."""
    void = city.blocks.geometry[city.blocks["corner"] == "lacks_facilities"].to_numpy()
    near = np.zeros(len(shapes), dtype=bool)
    if len(void):
        tree = shapely.STRtree(void)
        near[np.unique(tree.query(shapes, predicate="dwithin", distance=reach_m)[0])] = True
    return near


def _drawn(
    city: City, rng: np.random.Generator, per_1k: np.ndarray, service: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Place points of several kinds; return kind, row of the block and place of each."""
    count = np.round(per_1k * len(city.blocks) / 1000.0 + rng.uniform(-0.5, 0.5, len(per_1k)))
    kind = np.repeat(np.arange(len(per_1k)), np.maximum(count, 1).astype(int))
    shapes = city.blocks.geometry.to_numpy()
    weight = np.sqrt(city.blocks["people"].to_numpy() + 6.0)
    bare = near_void(city, shapes)
    ring = np.where(near_void(city, shapes, reach_m=RING_M), RING_TIMES, 1.0)
    block = np.empty(len(kind), dtype=np.int64)
    for worth in (False, True):
        rows = np.flatnonzero(service[kind] == worth)
        held = np.cumsum(np.where(bare, 0.0, weight * ring) if worth else weight)
        block[rows] = np.searchsorted(held, rng.uniform(size=len(rows)) * held[-1], side="right")
    within = rng.uniform(size=len(kind)) < INSIDE_SHARE
    gap = rng.uniform(0.5, 4.5, len(kind))
    xy = np.where(within[:, None], inside(shapes[block], rng), beside(shapes[block], gap, rng))
    return kind, block, xy


def denue_table(city: City) -> pd.DataFrame:
    """Return the directory of establishments, in DENUE's 42 columns."""
    rng = stream(city.seed, "facilities")
    per_1k = np.array([kind.per_1k for kind in ESTABLISHMENTS])
    service = np.array([kind.role == SERVICE for kind in ESTABLISHMENTS])
    kind, block, xy = _drawn(city, rng, per_1k, service)
    mixed = rng.permutation(len(kind))
    kind, block, xy = kind[mixed], block[mixed], xy[mixed]
    pick = partial(rng.choice, size=len(kind))
    ids = city.blocks.index.to_numpy().astype(str)[block]
    keys = pd.Series(ids)
    longitude, latitude = lon_lat(xy)
    table = pd.DataFrame("", index=range(len(kind)), columns=list(DENUE_COLUMNS))
    number = np.arange(1, len(kind) + 1)
    code = np.array([k.code for k in ESTABLISHMENTS])[kind]
    table["id"] = 9_900_000 + number
    table["clee"] = [f"99{i[2:5]}{c}{n:014d}" for i, c, n in zip(ids, code, number, strict=True)]
    table["nom_estab"] = _names(kind, rng)
    table["codigo_act"] = code
    table["nombre_act"] = np.array([k.text for k in ESTABLISHMENTS], dtype=object)[kind]
    table["per_ocu"] = pick(np.array(BANDS, dtype=object), p=[0.72, 0.16, 0.09, 0.03])
    table["tipo_vial"] = "CALLE"
    streets = np.array([street.upper() for street in STREETS], dtype=object)
    table["nom_vial"] = pick(streets)
    table["numero_ext"] = rng.integers(1, 2000, len(kind))
    table["tipo_asent"] = "COLONIA"
    table["nomb_asent"] = np.char.upper(colonia_of_blocks(city).astype(str))[block].astype(object)
    table["cod_postal"] = "99000"
    table["cve_ent"], table["entidad"] = "99", "ESTADO DE EJEMPLO (DATOS INVENTADOS)"
    table["cve_mun"], table["cve_loc"] = keys.str[2:5], keys.str[5:9]
    table["municipio"] = keys.str[:5].map(municipality_name).str.upper()
    table["localidad"] = keys.str[:9].map(locality_name).str.upper()
    table["ageb"], table["manzana"] = keys.str[9:13], keys.str[13:16]
    fake = rng.uniform(size=len(kind)) < 0.05
    table.loc[fake, "telefono"] = "0000000000"
    table.loc[fake, "correoelec"] = "inventado@ejemplo.invalid"
    table["tipoUniEco"] = "Fijo"
    table["latitud"] = [f"{value:.8f}" for value in latitude]
    table["longitud"] = [f"{value:.8f}" for value in longitude]
    table["fecha_alta"] = pick(np.array(["2010-07", "2014-12", "2019-11"], dtype=object))
    return table


def _names(kind: np.ndarray, rng: np.random.Generator) -> list[str]:
    pick = rng.integers(0, 1000, len(kind))
    odd = rng.uniform(size=len(kind)) < 0.012
    names = []
    for row, (k, p, strange) in enumerate(zip(kind, pick, odd, strict=True)):
        choices = ESTABLISHMENTS[k].names
        name = f"{choices[p % len(choices)]} {1 + row % 97} (inventado)"
        names.append(HOSTILE_NAMES[p % len(HOSTILE_NAMES)] if strange else name)
    return names


def service_points(city: City) -> gpd.GeoDataFrame:
    """Return squares, sports grounds, markets and the like as INEGI's points; few have a name."""
    rng = stream(city.seed, "services")
    per_1k = np.array([row[3] for row in SERVICE_POINTS])
    service = np.array([row[4] == SERVICE for row in SERVICE_POINTS])
    kind, _, xy = _drawn(city, rng, per_1k, service)
    names = np.where(rng.uniform(size=len(kind)) < 0.92, "NINGUNO", "EL EJEMPLO (INVENTADO)")
    table = _services([SERVICE_POINTS[k][:3] for k in kind], names)
    return gpd.GeoDataFrame(table, geometry=shapely.points(np.round(xy, 3)), crs=CRS)


def service_areas(city: City) -> gpd.GeoDataFrame:
    """Return INEGI's areas: mostly median strips of the avenues, and the greens."""
    strips: list[np.ndarray] = []
    for line in city.lines.geometry[city.lines["kind"] == "avenue"]:
        at = np.arange(0.0, line.length - 130.0, 150.0)
        ends = [shapely.line_interpolate_point(line, at + step) for step in (0.0, 45.0, 90.0)]
        path = np.stack([shapely.get_coordinates(end) for end in ends], axis=1)
        strips.append(np.asarray(shapely.buffer(shapely.linestrings(path), 2.0, cap_style="flat")))
    strip = np.concatenate(strips)
    built = shapely.STRtree(city.blocks.geometry.to_numpy())
    town = np.unique(built.query(strip, predicate="dwithin", distance=40.0)[0])
    on_block = np.unique(built.query(strip, predicate="intersects")[0])
    strip = strip[np.setdiff1d(town, on_block)]
    green = city.plan.voids[::2]
    green = green[~near_void(city, green)]
    kinds = [("CAMELLÓN", "CAMELLÓN", "NO APLICA")] * len(strip)
    kinds += [("ÁREA VERDE", "URBANA", "NO APLICA")] * len(green)
    names = np.array(["NO APLICA"] * len(strip) + ["NINGUNO"] * len(green))
    shapes = shapely.set_precision(np.concatenate([strip, green]), 0.001)
    return gpd.GeoDataFrame(_services(kinds, names), geometry=shapes, crs=CRS)


def service_lines(city: City) -> gpd.GeoDataFrame:
    """Return river, rail line, and the bridges where avenues cross the river."""
    shapes = dict(zip(city.lines["kind"], city.lines.geometry, strict=True))
    avenues = city.lines.geometry[city.lines["kind"] == "avenue"]
    bridges = [avenue.intersection(shapes["river"].buffer(42.0)) for avenue in avenues]
    bridges = [shape for shape in bridges if shape.geom_type == "LineString" and not shape.is_empty]
    kinds = [
        ("CORRIENTE DE AGUA", "PERENNE", "NO APLICA"),
        ("VÍA FÉRREA", "SENCILLA", "EN OPERACIÓN"),
        *[("PUENTE", "VEHICULAR", "EN OPERACIÓN")] * len(bridges),
    ]
    names = np.array(["RÍO EJEMPLO (INVENTADO)", "NINGUNO", *["NINGUNO"] * len(bridges)])
    lines = [shapes["river"], shapes["rail"], *bridges]
    geometry = shapely.set_precision(np.array(lines, dtype=object), 0.001)
    return gpd.GeoDataFrame(_services(kinds, names), geometry=geometry, crs=CRS)


def _services(kinds: list[tuple[str, str, str]], names: np.ndarray) -> pd.DataFrame:
    table = pd.DataFrame(kinds, columns=["GEOGRAFICO", "TIPO", "CONDICION"])
    table["NOMBRE"] = names.astype(object)
    table["OID"] = np.arange(1, len(table) + 1)
    return table[["CONDICION", "GEOGRAFICO", "NOMBRE", "TIPO", "OID"]]


def write_facilities(
    city: City,
    denue: pd.DataFrame,
    points: gpd.GeoDataFrame,
    areas: gpd.GeoDataFrame,
    *,
    facilities: Path,
    boundaries: Path,
) -> list[Path]:
    """Write the directory and the three service layers."""
    return [
        *write_table(denue, facilities / "denue_inegi_99_.csv", encoding="latin-1"),
        *write_shapefile(points, boundaries / "99sip.shp"),
        *write_shapefile(areas, boundaries / "99sia.shp"),
        *write_shapefile(service_lines(city), boundaries / "99sil.shp"),
    ]
