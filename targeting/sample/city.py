"""The made city as one value: its layers, and the truth about them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from targeting.sample import keys as numbering
from targeting.sample import people as living
from targeting.sample import plants as planting
from targeting.sample.census import draw_census
from targeting.sample.chance import smooth_field, stream
from targeting.sample.plan import ORIGIN, Plan, make_plan

CRS = "EPSG:6372"
"""INEGI's Lambert conformal conic in meters; its files write it without this number."""

RISK_SPREAD = 0.42
FLAT_SPREAD = 0.12


@dataclass(frozen=True)
class City:
    """A made city: everything about it is invented, and the truth is known.

    Parameters
    ----------
    seed : int
        Chance of the city.
    plants : bool
        Whether the corners and the decoy are planted.
    blocks : GeoDataFrame
        Index `block_id` (CVEGEO, 16 characters, sorted). Columns `area_id`, `municipality_id`,
        `locality_id`, `people` (true count), `want` (true marginalization, 0 the city's mean, more
        is worse), `risk` (true violent incidents per resident and year, relative to the city
        without its corners, 1 = average), `corner` (planted corner, `decoy` or empty), `sector`,
        `geometry`. Meters of EPSG:6372.
    areas, localities, municipalities : GeoDataFrame
        Outlines by key; areas share their edges exactly.
    lines : GeoDataFrame
        River, rail line and avenues; column `kind`.
    plan : Plan
        What the shapes were drawn from.
    """

    seed: int
    plants: bool
    blocks: gpd.GeoDataFrame
    areas: gpd.GeoDataFrame
    localities: gpd.GeoDataFrame
    municipalities: gpd.GeoDataFrame
    lines: gpd.GeoDataFrame
    plan: Plan

    @cached_property
    def xy(self) -> np.ndarray:
        """Middles of the blocks, in meters from the city's center."""
        middle = shapely.get_coordinates(shapely.centroid(self.blocks.geometry.to_numpy()))
        away: np.ndarray = middle - np.array(ORIGIN)
        return away

    @cached_property
    def census(self) -> pd.DataFrame:
        """True counts of each block, before masks; index `block_id`."""
        rng = stream(self.seed, "empty")
        youth = smooth_field(self.xy, rng, length_m=1300.0)
        youth += 0.9 * (np.hypot(*self.xy.T) / self.plan.radius_m - 0.65)
        held = self.blocks
        table = draw_census(held["people"].to_numpy(), held["want"].to_numpy(), youth, self.seed)
        return table.set_axis(held.index, axis=0)

    @cached_property
    def truth(self) -> pd.DataFrame:
        """What was planted where; index `block_id`."""
        return pd.DataFrame(self.blocks[["people", "want", "risk", "corner"]])

    def ids_of(self, corner: str) -> pd.Index[str]:
        """Return the blocks of one planted corner, or of the `decoy`."""
        ids: pd.Index[str] = self.blocks.index[self.blocks["corner"] == corner]
        return ids


def make_city(*, blocks: int = 5000, seed: int = 20110427, plants: bool = True) -> City:
    """Make the city in memory.

    Parameters
    ----------
    blocks : int
        Number of blocks, from 500 on.
    seed : int
        Same seed, same city.
    plants : bool
        With plants, each of the four corners has some 9,500 people, or 5 % of all where that is
        less. Without plants the streets and the people are the same, but no corner stands out:
        want and risk are the smooth background, and that of violence is nearly flat.

    Returns
    -------
    City
        Its heavier layers are drawn when first asked for.

    Raises
    ------
    ValueError
        Fewer than 500 blocks.

    Examples
    --------
    >>> city = make_city(blocks=500)
    >>> len(city.blocks), city.blocks.index[0][:5]
    (500, '99001')
    """
    if blocks < 500:
        raise ValueError(f"a city has 500 blocks or more, not {blocks}")
    plan = make_plan(blocks, seed)
    made = numbering.make_keys(plan)
    order = np.argsort(made.block, kind="stable")
    held = _people(plan, order, seed, with_plants=plants)
    ids = made.block[order]
    table = gpd.GeoDataFrame(
        {
            "area_id": [key[:13] for key in ids],
            "locality_id": [key[:9] for key in ids],
            "municipality_id": [key[:5] for key in ids],
            **held,
        },
        index=pd.Index(ids.astype(object), name="block_id"),
        geometry=plan.blocks[order],
        crs=CRS,
    )
    areas, localities, municipalities = _outlines(plan, made)
    return City(seed, plants, table, areas, localities, municipalities, _lines(plan), plan)


def _people(
    plan: Plan, order: np.ndarray, seed: int, *, with_plants: bool
) -> dict[str, np.ndarray]:
    shapes, area = plan.blocks[order], plan.block_area[order]
    xy = shapely.get_coordinates(shapely.centroid(shapes)) - np.array(ORIGIN)
    tiny = area == plan.tiny_area
    count = living.people(xy, shapely.area(shapes), tiny, plan.radius_m, seed)
    want = living.marginalization(xy, area, plan.radius_m, seed)
    spread = RISK_SPREAD if with_plants else FLAT_SPREAD
    risk = living.background_risk(xy, want, count, seed, spread=spread)
    corner = np.full(len(shapes), "", dtype="U16")
    if with_plants:
        corner = planting.choose(shapes, count, plan.sector[area], tiny, plan.radius_m).corner
        want, risk = planting.apply(corner, want, risk)
    return {
        "people": count,
        "want": np.round(want, 6),
        "risk": np.round(risk, 6),
        "corner": corner.astype(object),
        "sector": plan.sector[area],
    }


def _outlines(
    plan: Plan, made: numbering.Keys
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, gpd.GeoDataFrame]:
    shapes = numbering.outlines(plan)
    every = gpd.GeoDataFrame(
        {"area_id": made.area, "number": made.municipality}, geometry=shapes, crs=CRS
    )
    areas = every[plan.built].set_index("area_id")[["geometry"]].sort_index()
    areas.index = pd.Index(areas.index.astype(object), name="area_id")
    localities = areas.dissolve(areas.index.str[:9], method="coverage")
    localities.index.name = "locality_id"
    municipalities = every.dissolve("number", method="coverage")[["geometry"]]
    municipalities.index = pd.Index(
        [f"{numbering.STATE}{number:03d}" for number in municipalities.index],
        name="municipality_id",
    )
    return areas, localities, municipalities


def _lines(plan: Plan) -> gpd.GeoDataFrame:
    kinds = [line.kind for line in plan.lines]
    return gpd.GeoDataFrame({"kind": kinds}, geometry=numbering.centerlines(plan), crs=CRS)
