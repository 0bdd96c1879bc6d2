"""Small cities built by hand for tests: squares on a grid with streets between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from targeting.model import Counts, Indicator, Territory

METRIC = CRS.from_epsg(6372)
ORIGIN = (2_400_000.0, 800_000.0)


def squares(
    rows: int, columns: int, *, side_m: float = 60.0, street_m: float = 10.0
) -> gpd.GeoSeries:
    """Blocks `r<row>c<column>` of `side_m`, streets of `street_m` between them."""
    ids, shapes = [], []
    step = side_m + street_m
    for row in range(rows):
        for column in range(columns):
            ids.append(f"r{row:02d}c{column:02d}")
            x, y = ORIGIN[0] + column * step, ORIGIN[1] + row * step
            shapes.append(shapely.box(x, y, x + side_m, y + side_m))
    return gpd.GeoSeries(shapes, index=pd.Index(ids, name="block_id"), crs=METRIC)


def city(
    rows: int = 2,
    columns: int = 3,
    *,
    population: Sequence[float] | float = 100.0,
    areas: Sequence[str | None] | None = None,
    incidents: Mapping[str, int] | None = None,
    census: Mapping[str, Sequence[tuple[float, float, float]]] | None = None,
    area_table: pd.DataFrame | None = None,
    facilities: Sequence[tuple[str, str, float, float]] = (),
    **more: Any,
) -> Territory:
    """A territory of squares; incidents by block id; census cells as (low, middle, high)."""
    shapes = squares(rows, columns)
    blocks = gpd.GeoDataFrame(
        {
            "area_id": list(areas) if areas is not None else "A1",
            "municipality_id": "M1",
            "population": population if np.isscalar(population) else list(population),
        },
        index=shapes.index,
        geometry=shapes.values,
        crs=METRIC,
    )
    blocks["population"] = blocks["population"].astype(float)
    placed = [b for b, n in sorted((incidents or {}).items()) for _ in range(n)]
    points = gpd.GeoDataFrame(
        {"kind": "homicide", "block_id": placed, "distance_m": 0.0},
        geometry=shapes.loc[placed].centroid.values if placed else [],
        crs=METRIC,
    )
    counts = None
    if census is not None:
        frames = [
            pd.DataFrame({k: [c[i] for c in v] for k, v in census.items()}, index=shapes.index)
            for i in (1, 0, 2)
        ]
        counts = Counts(*(frame.astype(float) for frame in frames))
    places = None
    if facilities:
        places = gpd.GeoDataFrame(
            {
                "kind": [f[1] for f in facilities],
                "name": [f[0] for f in facilities],
                "source": "by hand",
                "sensitive": [f[1] in ("shelter", "addiction_care") for f in facilities],
            },
            index=pd.Index([f"f{i:03d}" for i in range(len(facilities))], name="facility_id"),
            geometry=[shapely.Point(ORIGIN[0] + f[2], ORIGIN[1] + f[3]) for f in facilities],
            crs=METRIC,
        )
    return Territory(
        blocks=blocks,
        crs=METRIC,
        block_counts=counts,
        area_table=area_table,
        incidents=points if incidents is not None else None,
        facilities=places,
        **more,
    )


def indicator(key: str, dimension: str = "violence", worse: str = "higher") -> Indicator:
    """An indicator that only has a name."""
    return Indicator(key, {"es": key, "en": key}, "index", worse, dimension, "none")
