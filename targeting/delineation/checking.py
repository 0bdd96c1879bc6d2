"""An independent check of finished polygons: it trusts nothing the search has said."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from targeting.delineation.result import connected, roundness
from targeting.model import CandidatePolygons, Links

SLACK = 1e-6
SPECK_M2 = 2.0


def check_polygons(
    found: CandidatePolygons,
    blocks: gpd.GeoDataFrame,
    links: Links,
    *,
    polygons: int,
    population_min: float,
    population_max: float,
    area_max_km2: float | None,
    compactness_min: float,
) -> None:
    """Check every promise about finished polygons.

    Parameters
    ----------
    found : CandidatePolygons
        What a delineator returned.
    blocks : GeoDataFrame
        The blocks it was given.
    links : Links
        The neighbors it was given.
    polygons, population_min, population_max, area_max_km2, compactness_min
        The bounds it was given.

    Raises
    ------
    ValueError
        A polygon is not connected, breaks a bound, leaves out one of its blocks, covers a block
        that is not its own, or shares ground with another. All that is wrong, in one text.
    """
    wrong: list[str] = []
    number = found.membership.to_numpy(np.int64)
    shapes = np.asarray(blocks.geometry.array)
    people = blocks["population"].to_numpy(float, na_value=0.0)
    ground = np.asarray(found.polygons.geometry.array)
    area_km2 = shapely.area(ground) / 1e6
    round_ = roundness(ground)
    if len(ground) > polygons:
        wrong.append(f"{len(ground)} polygons, {polygons} asked for")
    for place, polygon in enumerate(found.polygons.index):
        own = np.flatnonzero(number == polygon)
        total = float(people[own].sum())
        if not connected(own, links, len(blocks)):
            wrong.append(f"polygon {polygon} is not connected")
        if not population_min * (1 - SLACK) <= total <= population_max * (1 + SLACK):
            wrong.append(f"polygon {polygon} has {total:g} people")
        if area_max_km2 is not None and area_km2[place] > area_max_km2 * (1 + SLACK):
            wrong.append(f"polygon {polygon} has {area_km2[place]:g} km2")
        if round_[place] < compactness_min * (1 - SLACK):
            wrong.append(f"polygon {polygon} has a compactness of {round_[place]:g}")
        if not np.isclose(found.polygons["population"].iloc[place], total):
            wrong.append(f"polygon {polygon} states another population")
    wrong += _ground_mistakes(ground, shapes, number)
    if wrong:
        raise ValueError("; ".join(wrong))


def _ground_mistakes(ground: np.ndarray, shapes: np.ndarray, number: np.ndarray) -> list[str]:
    wrong = []
    tree = shapely.STRtree(shapes)
    unions = [shapely.union_all(shapes[number == n]) for n in range(1, len(ground) + 1)]
    for place, (one, own) in enumerate(zip(ground, unions, strict=True)):
        name = f"polygon {place + 1}"
        if not shapely.is_valid(one):
            wrong.append(f"{name} is not valid")
            continue
        if shapely.area(shapely.difference(own, one)) > SPECK_M2:
            wrong.append(f"{name} leaves out ground of its blocks")
        added = _areal(shapely.difference(one, own))
        near = tree.query(added, predicate="intersects")
        foreign = shapely.union_all(shapes[near[number[near] != place + 1]])
        if shapely.area(shapely.intersection(added, foreign)) > SPECK_M2:
            wrong.append(f"{name} covers a block that is not its own")
        for other in range(place):
            common = shapely.area(shapely.intersection(one, ground[other]))
            if common > shapely.area(shapely.intersection(own, unions[other])) + SPECK_M2:
                wrong.append(f"{name} shares ground with polygon {other + 1}")
    return wrong


def _areal(shape: shapely.Geometry) -> shapely.Geometry:
    """Return the areas of a shape, without the lines and points that cutting leaves behind."""
    parts = shapely.get_parts(shape)
    return shapely.union_all(parts[shapely.get_dimensions(parts) == 2])
