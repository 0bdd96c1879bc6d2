"""An independent check of finished polygons: it trusts nothing the search has said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from targeting.delineation.drawing.checking_ground import ground_mistakes
from targeting.delineation.result import connected, roundness
from targeting.model import CandidatePolygons, Links

SLACK = 1e-6
SPECK_M = 1e-6


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
    exactly: bool = False,
    blocks_min: int = 1,
    blocks_max: int | None = None,
    separation_min_m: float = 0.0,
    lock_in: Sequence[str] = (),
    lock_out: Sequence[str] = (),
    seeds: Sequence[str] = (),
    led_by: Mapping[str, int] | None = None,
    people_share_min: Mapping[str, float] | None = None,
    parts: pd.DataFrame | None = None,
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
    exactly, blocks_min, blocks_max, separation_min_m, lock_in, lock_out, seeds
        The same, as in `grow`.
    led_by, people_share_min, parts
        The same, and what each dimension adds to the score of each block.

    Raises
    ------
    ValueError
        A polygon is not connected, breaks a bound, leaves out one of its blocks, covers a block
        that is not its own, has slivers, shares ground with another, or leaves ground over between
        itself and a neighbor. All that is wrong, in one text.
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
    if exactly and len(ground) < polygons:
        wrong.append(f"{len(ground)} polygons, exactly {polygons} asked for")
    sizes = np.bincount(number, minlength=len(ground) + 1)[1:]
    if (sizes < blocks_min).any() or (blocks_max is not None and (sizes > blocks_max).any()):
        wrong.append(f"polygons of {sizes.tolist()} blocks")
    wrong += _named_mistakes(found, lock_in, lock_out, seeds)
    wrong += _too_near(shapes, number, separation_min_m)
    wrong += _missing_leaders(number, people, parts, led_by or {})
    wrong += _missing_people(blocks, number, people, people_share_min or {})
    wrong += ground_mistakes(ground, shapes, number)
    if wrong:
        raise ValueError("; ".join(wrong))


def _named_mistakes(
    found: CandidatePolygons, lock_in: Sequence[str], lock_out: Sequence[str], seeds: Sequence[str]
) -> list[str]:
    wrong = [f"block {one} is in no polygon" for one in lock_in if found.membership[one] == 0]
    wrong += [f"block {one} is in a polygon" for one in lock_out if found.membership[one] > 0]
    if seeds:
        held = {int(found.membership[one]) for one in seeds}
        wrong += [f"polygon {n} holds no seed" for n in found.polygons.index if n not in held]
    return wrong


def _too_near(shapes: np.ndarray, number: np.ndarray, apart_m: float) -> list[str]:
    if apart_m <= 0:
        return []
    inside = np.flatnonzero(number > 0)
    tree = shapely.STRtree(shapes[inside])
    one, two = tree.query(shapes[inside], predicate="dwithin", distance=apart_m - SPECK_M)
    pairs = {
        tuple(sorted(pair)) for pair in zip(number[inside[one]], number[inside[two]], strict=True)
    }
    return [f"polygons {a} and {b} are too near" for a, b in sorted(pairs) if a != b]


def _missing_leaders(
    number: np.ndarray, people: np.ndarray, parts: pd.DataFrame | None, asked: Mapping[str, int]
) -> list[str]:
    if not asked or parts is None:
        return []
    held = parts.to_numpy(float)
    known = np.isfinite(held)
    weight = np.where(known, people[:, None], 0.0)
    added = np.where(known, held, 0.0)
    total = weight.sum(axis=0)
    above = weight * (added - (weight * added).sum(axis=0) / np.where(total > 0, total, 1.0))
    names = [str(name) for name in parts.columns]
    led = [
        names[int(np.argmax(above[number == n].sum(axis=0)))] for n in range(1, number.max() + 1)
    ]
    return [
        f"{led.count(name)} polygons are led by {name}, {count} asked for"
        for name, count in asked.items()
        if led.count(name) < count
    ]


def _missing_people(
    blocks: gpd.GeoDataFrame, number: np.ndarray, people: np.ndarray, asked: Mapping[str, float]
) -> list[str]:
    if not asked or not (number > 0).any():
        return []
    chosen = people * (number > 0)
    labels = blocks["municipality_id"].to_numpy(object)
    return [
        f"municipality {name} has too few of the people"
        for name, share in asked.items()
        if chosen[labels == name].sum() < share * chosen.sum() * (1 - SLACK)
    ]
