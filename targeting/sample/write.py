"""Write the made city into a folder, each layer as its publisher would."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from targeting.sample.area_tables import write_area_tables
from targeting.sample.census_file import write_census
from targeting.sample.city import City, make_city
from targeting.sample.clinics import write_clinics
from targeting.sample.colonias import write_colonias
from targeting.sample.conapo import write_conapo
from targeting.sample.facilities import (
    denue_table,
    service_areas,
    service_points,
    write_facilities,
)
from targeting.sample.files import write_note, write_shapefile, write_table
from targeting.sample.incidents import incidents_and_blocks, violent_by_block, write_incidents
from targeting.sample.municipal import write_municipal
from targeting.sample.names import CITY_NAME, locality_name, municipality_name
from targeting.sample.raster import write_raster
from targeting.sample.schools import write_schools
from targeting.sample.street_environment import write_street_environment
from targeting.sample.street_map import write_street_map
from targeting.sample.surfaces import write_surfaces
from targeting.sample.twins import Truth, known_places, write_truth_of_places

FOLDERS = ("boundaries", "census", "facilities", "incidents", "rasters", "truth")
NOTE = """{name}: DATOS INVENTADOS / MADE DATA

ES  Todo en esta carpeta lo hizo un programa (`targeting sample`). Ninguna persona, lugar ni hecho
    existe. La forma de los archivos imita la de {publisher}, que no los publicó.
EN  A program made everything in this folder (`targeting sample`). No person, place or event is
    real. The files imitate the form of those of {publisher}, who did not publish them.

blocks {blocks}, seed {seed}, plants {plants}
"""
PUBLISHERS = {
    "boundaries": "INEGI (Marco Geoestadístico), un municipio / a municipality",
    "census": "INEGI (Censo 2020), CONAPO, CONEVAL, AMAI",
    "facilities": "INEGI (DENUE), SEP, Secretaría de Salud (CLUES), OpenStreetMap",
    "incidents": "un municipio / a municipality, SESNSP",
    "rasters": "JRC (GHS-POP), VIIRS, INEGI",
    "truth": "nadie: lo sembrado / nobody: what was planted",
}
WIDE_BLOCK_M2 = 30_000.0


def write_city(
    folder: Path, *, blocks: int = 5000, seed: int = 20110427, plants: bool = True
) -> list[Path]:
    """Make the city and write every file of it.

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
    ...     files = write_city(Path(folder), blocks=500)
    >>> "99m.shp" in {file.name for file in files}
    True
    """
    city = make_city(blocks=blocks, seed=seed, plants=plants)
    places = {name: Path(folder) / name for name in FOLDERS}
    for place in places.values():
        place.mkdir(parents=True, exist_ok=True)
    written = [
        *_boundaries(city, places["boundaries"]),
        *write_census(city, places["census"]),
        *write_conapo(city, places["census"]),
        *write_area_tables(city, places["census"]),
        *write_street_environment(city, places["census"]),
        *_facilities(city, places),
        *_incidents(city, places),
        *write_raster(city, places["rasters"]),
        *write_surfaces(city, places["rasters"]),
        *_truth(city, places["truth"]),
    ]
    for name, place in places.items():
        text = NOTE.format(
            name=CITY_NAME, publisher=PUBLISHERS[name], blocks=blocks, seed=seed, plants=plants
        )
        written += write_note(place / "LEEME.txt", text)
    study = resources.files("targeting.sample") / "study.yaml"
    if study.is_file():
        with resources.as_file(study) as template:
            written.append(Path(shutil.copyfile(template, Path(folder) / "study.yaml")))
    return written


def _facilities(city: City, folders: Mapping[str, Path]) -> list[Path]:
    """Write the directory, the registers and the street map, and which records are one place."""
    denue, points, areas = denue_table(city), service_points(city), service_areas(city)
    truth = Truth()
    known = known_places(denue, points, areas, truth)
    place = folders["facilities"]
    return [
        *write_facilities(
            city, denue, points, areas, facilities=place, boundaries=folders["boundaries"]
        ),
        *write_schools(city, known, truth, place),
        *write_clinics(city, known, truth, place),
        *write_street_map(city, known, truth, place),
        *write_truth_of_places(truth, folders["truth"]),
    ]


def _incidents(city: City, folders: Mapping[str, Path]) -> list[Path]:
    """Write the incidents as points, by neighborhood, and by municipality and month."""
    table, block = incidents_and_blocks(city)
    once = ~table["folio"].duplicated().to_numpy()
    single = table[once].reset_index(drop=True), block[once]
    return [
        *write_incidents(table, folders["incidents"]),
        *write_colonias(
            city,
            single,
            boundaries=folders["boundaries"],
            tables=folders["incidents"],
            truth=folders["truth"],
        ),
        *write_municipal(city, single, folders["incidents"]),
    ]


def _boundaries(city: City, folder: Path) -> list[Path]:
    blocks = gpd.GeoDataFrame(
        _key_parts(city.blocks.index), geometry=city.blocks.geometry.to_numpy(), crs=city.blocks.crs
    )
    wide = city.blocks.geometry.area.to_numpy() > WIDE_BLOCK_M2
    blocks["AMBITO"] = "Urbana"
    blocks["TIPOMZA"] = np.where(wide, "Atípica", "Típica")
    written = write_shapefile(_last(blocks), folder / "99m.shp")
    layers = (
        ("99a.shp", city.areas, None),
        ("99l.shp", city.localities, locality_name),
        ("99mun.shp", city.municipalities, municipality_name),
    )
    for name, table, label in layers:
        layer = gpd.GeoDataFrame(
            _key_parts(table.index), geometry=table.geometry.to_numpy(), crs=table.crs
        )
        if label is not None:
            layer["NOMGEO"] = [label(key) for key in table.index]
        if name == "99l.shp":
            layer["AMBITO"] = "Urbana"
        written += write_shapefile(_last(layer), folder / name)
    axes = gpd.GeoDataFrame(
        {
            "TIPOVIAL": "Avenida",
            "NOMVIAL": [f"Avenida Ejemplo {n} (inventada)" for n in (1, 2, 3)],
        },
        geometry=city.lines.geometry[city.lines["kind"] == "avenue"].to_numpy(),
        crs=city.lines.crs,
    )
    return written + write_shapefile(axes, folder / "99e.shp")


def _key_parts(keys: pd.Index[str]) -> pd.DataFrame:
    """Return the parts of INEGI's keys, as far as each key goes."""
    names = (
        ("CVE_ENT", 0, 2),
        ("CVE_MUN", 2, 5),
        ("CVE_LOC", 5, 9),
        ("CVE_AGEB", 9, 13),
        ("CVE_MZA", 13, 16),
    )
    held = {"CVEGEO": keys.to_numpy()}
    held |= {
        name: keys.str[low:high].to_numpy() for name, low, high in names if len(keys[0]) >= high
    }
    return pd.DataFrame(held)


def _last(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the table with its shapes in the last column."""
    return table[[*[name for name in table.columns if name != "geometry"], "geometry"]]


def _truth(city: City, folder: Path) -> list[Path]:
    truth = city.truth.rename_axis("block_id").reset_index()
    truth["violent_incidents"] = violent_by_block(city)
    return write_table(truth, folder / "truth_99.csv")
