"""A made city outside Mexico: the same shapes elsewhere, in files no Mexican publisher has."""

from __future__ import annotations

import json
import shutil
from importlib import resources
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from targeting.sample.chance import stream
from targeting.sample.city import CRS, City, make_city
from targeting.sample.facilities import denue_table, service_points
from targeting.sample.files import write_geopackage, write_grid, write_note, write_table
from targeting.sample.incidents import incidents_and_blocks
from targeting.sample.plan import ORIGIN

CENTER = (33.4, -30.6)
"""Longitude and latitude of Harbor City: open sea, 200 km and more from any coast."""
UTM = "EPSG:32736"
DEGREES = "EPSG:4326"
TURN = np.deg2rad(52.0)
CELL = 0.001
NODATA = -1.0
YEARS_LATER = 4

OFFENCES = {
    "HOMICIDIO DOLOSO": "Murder",
    "LESIONES DOLOSAS POR ARMA DE FUEGO": "Assault with firearm",
    "LESIONES DOLOSAS POR ARMA BLANCA": "Assault with blade",
    "LESIONES DOLOSAS": "Assault",
    "ROBO A PERSONA CON VIOLENCIA": "Street robbery",
    "ROBO A NEGOCIO CON VIOLENCIA": "Business robbery",
    "VIOLENCIA FAMILIAR": "Domestic violence",
    "ROBO DE VEHICULO": "Theft of vehicle",
    "ROBO A CASA HABITACION": "Burglary",
    "RUIDO EXCESIVO": "Noise",
    "ALTERAR EL ORDEN PUBLICO": "Public order",
}
CATEGORIES = {
    "611111": "Kindergarten",
    "611112": "Kindergarten",
    "611121": "Primary school",
    "611122": "Primary school",
    "611132": "Secondary school",
    "611142": "Secondary school",
    "611162": "Secondary school",
    "621111": "Clinic",
    "621116": "Clinic",
    "519122": "Library",
    "624112": "Community hall",
    "713943": "Sports ground",
    "713944": "Sports ground",
    "813210": "Place of worship",
    "722412": "Bar or bottle store",
    "461211": "Bar or bottle store",
    "PLAZA": "Square",
    "INSTALACIÓN DEPORTIVA O RECREATIVA": "Sports ground",
}
NOTE = """Harbor City: MADE DATA / DATOS INVENTADOS

EN  A program made everything in this folder (`targeting sample --abroad`). No person, place or
    event is real: Harbor City lies in the open sea. An example for cities outside Mexico.
ES  Todo en esta carpeta lo hizo un programa (`targeting sample --abroad`). Ninguna persona, lugar
    ni hecho existe: Ciudad Puerto está en mar abierto. Un ejemplo para ciudades fuera de México.

blocks {blocks}, seed {seed}, plants {plants}
"""


def write_generic_city(
    folder: Path, *, blocks: int = 1500, seed: int = 20240229, plants: bool = True
) -> list[Path]:
    """Make a city outside Mexico and write it, with its study, for the generic readers.

    Parameters
    ----------
    folder : Path
        Made if absent; files of the same names are replaced.
    blocks : int
        Number of blocks, from 500 on.
    seed : int
        Same seed, same bytes (on one platform with one set of libraries).
    plants : bool
        Whether the corners and the decoy are planted.

    Returns
    -------
    list of Path
        The files, in the order written.

    Raises
    ------
    ValueError
        Fewer than 500 blocks.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = write_generic_city(Path(folder), blocks=500)
    >>> "study.yaml" in {file.name for file in files}
    True
    """
    city = make_city(blocks=blocks, seed=seed, plants=plants)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with resources.as_file(resources.files("targeting.sample") / "abroad.yaml") as template:
        study = Path(shutil.copyfile(template, folder / "study.yaml"))
    return [
        *_write_outlines(city, folder),
        *write_table(census_table(city), folder / "census_made.csv", separator=";"),
        *_write_incidents(city, folder / "incidents_made.parquet"),
        *_write_facilities(city, folder / "facilities_made.geojson"),
        *_write_people(city, folder / "people_made.tif"),
        *write_note(folder / "README.txt", NOTE.format(blocks=blocks, seed=seed, plants=plants)),
        study,
    ]


def moved(xy: np.ndarray) -> np.ndarray:
    """Return places of the city in meters as longitude and latitude of Harbor City."""
    center = pyproj.Transformer.from_crs(DEGREES, UTM, always_xy=True).transform(*CENTER)
    away = xy[:, :2] - np.array(ORIGIN)
    cos, sin = np.cos(TURN), np.sin(TURN)
    turned = np.column_stack(
        [cos * away[:, 0] - sin * away[:, 1], sin * away[:, 0] + cos * away[:, 1]]
    )
    back = pyproj.Transformer.from_crs(UTM, DEGREES, always_xy=True)
    longitude, latitude = back.transform(*(turned + np.array(center)).T)
    return np.round(np.column_stack([longitude, latitude]), 7)


def district_codes(keys: pd.Index[str]) -> dict[str, str]:
    """Return the code of each district, by the key of the area it is.

    Examples
    --------
    >>> district_codes(pd.Index(["9900100010011", "9900100010146"]))
    {'9900100010011': 'D001', '9900100010146': 'D002'}
    """
    return {key: f"D{number:03d}" for number, key in enumerate(keys, start=1)}


def block_codes(city: City) -> np.ndarray:
    """Return the code of each block: that of its district, and a number."""
    codes = district_codes(city.areas.index)
    ids = city.blocks.index
    return np.array([f"{codes[key[:13]]}-{key[13:]}" for key in ids], dtype=object)


def census_table(city: City) -> pd.DataFrame:
    """Return the census by block under names of its own; nothing is masked."""
    c = city.census.astype(int)
    low = c["P15YM_SE"] + c["P15PRI_IN"] + c["P15PRI_CO"] + c["P15SEC_IN"]
    return pd.DataFrame(
        {
            "block_code": block_codes(city),
            "residents": c["POBTOT"].to_numpy(),
            "adults": c["P_15YMAS"].to_numpy(),
            "adults_without_secondary": low.to_numpy(),
            "homes": c["VIVPARH_CV"].to_numpy(),
            "homes_without_water": c["VPH_AGUAFV"].to_numpy(),
            "homes_with_internet": c["VPH_INTER"].to_numpy(),
        }
    )


def _write_outlines(city: City, folder: Path) -> list[Path]:
    """Write blocks (FlatGeobuf), districts (GeoParquet) and lines (GeoPackage)."""
    import pyogrio

    codes = district_codes(city.areas.index)
    blocks = gpd.GeoDataFrame(
        {
            "block_code": block_codes(city),
            "district_code": [codes[key] for key in city.blocks["area_id"]],
        },
        geometry=shapely.transform(city.blocks.geometry.to_numpy(), moved),
        crs=DEGREES,
    )
    districts = gpd.GeoDataFrame(
        {
            "district_code": list(codes.values()),
            "name": [f"Made District {number}" for number in range(1, len(codes) + 1)],
        },
        geometry=shapely.transform(city.areas.geometry.to_numpy(), moved),
        crs=DEGREES,
    )
    lines = gpd.GeoDataFrame(
        {"kind": city.lines["kind"], "name": [f"Made {kind}" for kind in city.lines["kind"]]},
        geometry=shapely.transform(city.lines.geometry.to_numpy(), moved),
        crs=DEGREES,
    )
    first, second = folder / "blocks_made.fgb", folder / "districts_made.parquet"
    first.unlink(missing_ok=True)
    options = {"TITLE": "Harbor City, made data"}
    pyogrio.write_dataframe(blocks, first, driver="FlatGeobuf", layer_options=options)
    districts.to_parquet(second, index=False)
    about = "Harbor City, made data"
    third = write_geopackage(lines, folder / "lines_made.gpkg", layer="lines", about=about)
    return [first, second, *third]


def _write_incidents(city: City, file: Path) -> list[Path]:
    """Write incidents as Parquet with ISO dates; blank and zero coordinates stay so."""
    table, _ = incidents_and_blocks(city)
    table = table[table["delito"].isin(OFFENCES)].reset_index(drop=True)
    x = pd.to_numeric(table["longitud"]).to_numpy().copy()
    y = pd.to_numeric(table["latitud"]).to_numpy().copy()
    known = ~np.isnan(x) & (x != 0)
    into = pyproj.Transformer.from_crs("EPSG:6365", CRS, always_xy=True)
    x[known], y[known] = moved(np.column_stack(into.transform(x[known], y[known]))).T
    day = table["fecha"].str
    year = (day[-4:].astype(int) + YEARS_LATER).astype(str)
    pd.DataFrame(
        {
            "incident_id": "MADE-" + table["folio"].str[-7:],
            "occurred_on": year + "-" + day[3:5] + "-" + day[:2],
            "offence": table["delito"].map(OFFENCES),
            "longitude": x,
            "latitude": y,
        }
    ).to_parquet(file, index=False)
    return [file]


def _write_facilities(city: City, file: Path) -> list[Path]:
    """Write facilities as GeoJSON points."""
    denue, points = denue_table(city), service_points(city)
    into = pyproj.Transformer.from_crs("EPSG:6365", CRS, always_xy=True)
    x, y = into.transform(
        denue["longitud"].astype(float).to_numpy(), denue["latitud"].astype(float).to_numpy()
    )
    squares = shapely.get_coordinates(points.geometry.to_numpy())
    places = moved(np.concatenate([np.column_stack([x, y]), squares]))
    codes = [*denue["codigo_act"], *points["GEOGRAFICO"]]
    features = []
    for number, (code, place) in enumerate(zip(codes, places.tolist(), strict=True), start=1):
        if code in CATEGORIES:
            kind = CATEGORIES[code]
            held = {"category": kind, "name": f"{kind} {number} (made)"}
            spot = {"type": "Point", "coordinates": [round(value, 6) for value in place]}
            features.append({"type": "Feature", "properties": held, "geometry": spot})
    about = {"type": "FeatureCollection", "name": "Harbor City, made data"}
    lines = ",\n".join(json.dumps(feature) for feature in features)
    text = f'{json.dumps(about)[:-1]}, "features": [\n{lines}\n]}}\n'
    return write_note(file, text)


def _write_people(city: City, file: Path) -> list[Path]:
    """Write the people by cell of a thousandth of a degree."""
    middle = moved(shapely.get_coordinates(shapely.centroid(city.blocks.geometry.to_numpy())))
    west, south = np.floor(middle.min(axis=0) / CELL).astype(int) - 3
    east, north = np.ceil(middle.max(axis=0) / CELL).astype(int) + 3
    column = np.floor(middle[:, 0] / CELL).astype(int) - west
    row = north - 1 - np.floor(middle[:, 1] / CELL).astype(int)
    grid = np.zeros((north - south, east - west))
    np.add.at(grid, (row, column), city.blocks["people"].to_numpy(float))
    noise = stream(city.seed, "abroad").lognormal(0.0, 0.05, grid.shape)
    grid = np.round(grid * noise, 2).astype(np.float32)
    grid[:, :1] = NODATA
    return write_grid(
        grid,
        file,
        crs=DEGREES,
        corner=(west * CELL, north * CELL),
        cell=CELL,
        nodata=NODATA,
        about="People, MADE",
    )
