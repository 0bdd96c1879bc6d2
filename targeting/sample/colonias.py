"""Neighborhoods of the made city: outlines of their own, and incidents told by their names."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from targeting.sample.chance import stream
from targeting.sample.city import CRS, City
from targeting.sample.files import write_geopackage, write_table
from targeting.sample.names import colonias
from targeting.sample.plan import ORIGIN
from targeting.sample.spelling import plain, shortened

ABOUT = "Colonias INVENTADAS / MADE neighborhoods"
EDGE_M = 25.0
UNMATCHED = ("COLONIA QUE NO EXISTE (INVENTADA)", "SIN COLONIA REGISTRADA")
UNMATCHED_SHARE = 0.012


def colonia_layer(city: City) -> tuple[gpd.GeoDataFrame, np.ndarray]:
    """Return the neighborhoods, and for each block the row of the one its middle is in.

    Every neighborhood is what lies closest to its own middle: the outlines know nothing of the
    AGEB and cut through blocks.

    Returns
    -------
    GeoDataFrame, ndarray of int
        Columns `CVE_COL`, `NOMBRE`, `geometry`, in EPSG:6372; row by block.
    """
    names, middle = _middles(city)
    town = shapely.union_all(shapely.buffer(city.areas.geometry.to_numpy(), EDGE_M)).simplify(20.0)
    points = shapely.multipoints(middle + ORIGIN)
    cells = shapely.get_parts(
        shapely.voronoi_polygons(points, extend_to=town.envelope, ordered=True)
    )
    shapes = shapely.set_precision(shapely.intersection(cells, town), 0.01)
    table = gpd.GeoDataFrame(
        {"CVE_COL": [f"99-{n:04d}" for n in range(1, len(names) + 1)], "NOMBRE": names},
        geometry=[shapely.MultiPolygon(_polygons(shape)) for shape in shapes],
        crs=CRS,
    )
    return table, _closest(middle, city.xy)


def colonia_of_blocks(city: City) -> np.ndarray:
    """Return the name of the neighborhood of each block."""
    names, middle = _middles(city)
    of_block: np.ndarray = names[_closest(middle, city.xy)]
    return of_block


def _middles(city: City) -> tuple[np.ndarray, np.ndarray]:
    """Return names and middles of the neighborhoods, each amid the homes nearest to it."""
    rng = stream(city.seed, "colonias")
    names = colonias(city.areas.index).drop_duplicates().to_numpy()
    lived = np.flatnonzero(city.blocks["people"].to_numpy() > 0)
    xy = city.xy[lived]
    middle = xy[np.sort(rng.permutation(len(xy))[: len(names)])]
    for _ in range(6):
        owner = _closest(middle, xy)
        size = np.maximum(np.bincount(owner, minlength=len(middle)), 1)
        sums = [np.bincount(owner, weights=part, minlength=len(middle)) for part in xy.T]
        middle = np.round(np.column_stack(sums) / size[:, None], 3)
    return names, middle


def _polygons(shape: shapely.Geometry) -> list[shapely.Polygon]:
    return [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]


def _closest(middle: np.ndarray, xy: np.ndarray) -> np.ndarray:
    tree = shapely.STRtree(np.asarray(shapely.points(middle)))
    return np.asarray(tree.nearest(shapely.points(xy)))


def spellings(names: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return each name as the police write it: capitals, no accents, short words, `COL.` before.

    Parameters
    ----------
    names : ndarray of str
    rng : Generator
    """
    hand = rng.integers(0, 5, len(names))
    written = [
        (
            name.upper(),
            plain(name).upper(),
            f"COL. {plain(name).upper()}",
            plain(shortened(name)).upper(),
            f"  {name}  ",
        )[pick]
        for name, pick in zip(names, hand, strict=True)
    ]
    return np.array(written, dtype=object)


def told_by_colonia(
    city: City, table: pd.DataFrame, block: np.ndarray
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Count incidents by neighborhood and kind, under the names the police use.

    Parameters
    ----------
    city : City
    table : DataFrame
        Incidents, one row each, with the column `delito`.
    block : ndarray of int
        Row of the block of each.

    Returns
    -------
    counts, truth : DataFrame
        Columns `colonia`, `anio`, `delito`, `total`; and what each spelling means, with the true
        number of incidents (empty where it is no neighborhood).
    """
    layer, owner = colonia_layer(city)
    rng = stream(city.seed, "spelling")
    names = layer["NOMBRE"].to_numpy()
    written = spellings(names, rng)
    shown = written[owner[block]]
    lost = rng.uniform(size=len(shown))
    shown = np.where(lost < UNMATCHED_SHARE, UNMATCHED[0], shown)
    shown = np.where(lost > 1.0 - UNMATCHED_SHARE, UNMATCHED[1], shown)
    year = table["fecha"].str[-4:].to_numpy()
    told = pd.DataFrame({"colonia": shown, "anio": year, "delito": table["delito"].to_numpy()})
    counts = told.groupby(["colonia", "anio", "delito"]).size().rename("total").reset_index()
    total = counts.groupby("colonia")["total"].sum()
    meant = dict(zip(written, names, strict=True))
    truth = pd.DataFrame(
        {
            "colonia": total.index,
            "name": [meant.get(text, "") for text in total.index],
            "incidents": total.to_numpy(),
        }
    )
    return counts, truth


def write_colonias(
    city: City,
    incidents: tuple[pd.DataFrame, np.ndarray],
    *,
    boundaries: Path,
    tables: Path,
    truth: Path,
) -> list[Path]:
    """Write the layer, the table of incidents by name, and what the names mean."""
    layer, _ = colonia_layer(city)
    counts, meant = told_by_colonia(city, *incidents)
    file = boundaries / "colonias_inventadas_99.gpkg"
    return [
        *write_geopackage(layer, file, layer="colonias_inventadas", about=ABOUT),
        *write_table(counts, tables / "incidentes_por_colonia_inventados_99.csv"),
        *write_table(meant, truth / "colonias_truth_99.csv"),
    ]
