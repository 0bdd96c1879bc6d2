"""Small cities for tests of delineation: rows of blocks with streets between them."""

from __future__ import annotations

from collections.abc import Iterable

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from targeting.model import Links

CRS = "EPSG:6372"


def lattice(
    rows: int,
    columns: int,
    *,
    side_m: float = 60.0,
    street_m: float = 10.0,
    population: float | np.ndarray = 100.0,
    without: Iterable[tuple[int, int]] = (),
    shake_m: float = 0.0,
    seed: int = 0,
) -> gpd.GeoDataFrame:
    """Blocks `r<row>c<column>`; some left out; corners moved by chance where asked."""
    step = side_m + street_m
    row, column = np.divmod(np.arange(rows * columns), columns)
    corners = np.stack(
        [
            np.stack([column * step + x, row * step + y], axis=-1)
            for x, y in ((0, 0), (side_m, 0), (side_m, side_m), (0, side_m))
        ],
        axis=1,
    )
    chance = np.random.default_rng(seed)
    corners = corners + chance.uniform(-shake_m, shake_m, corners.shape)
    ids = [f"r{r:02d}c{c:02d}" for r, c in zip(row, column, strict=True)]
    blocks = gpd.GeoDataFrame(
        {"population": np.broadcast_to(np.asarray(population, dtype=float).ravel(), len(ids))},
        index=pd.Index(ids, name="block_id"),
        geometry=shapely.polygons(corners + [2_400_000.0, 800_000.0]),
        crs=CRS,
    )
    return blocks.drop([f"r{r:02d}c{c:02d}" for r, c in without])


def patch(blocks: gpd.GeoDataFrame, rows: range, columns: range) -> pd.Series:
    """Which blocks lie in these rows and columns."""
    row = blocks.index.str[1:3].astype(int)
    column = blocks.index.str[4:6].astype(int)
    return pd.Series(row.isin(rows) & column.isin(columns), index=blocks.index)


def by_id(blocks: gpd.GeoDataFrame, links: Links) -> dict[frozenset[str], tuple[float, float]]:
    """Links by the two ids, with gap and facing length to the millimeter."""
    ids = np.asarray(blocks.index)
    return {
        frozenset((ids[one], ids[two])): (round(float(gap), 3), round(float(facing), 3))
        for one, two, gap, facing in zip(
            links.first, links.second, links.gap_m, links.facing_m, strict=True
        )
    }


def jaccard(one: pd.Series, two: pd.Series) -> float:
    """Shared part of two sets of blocks."""
    return float((one & two).sum() / (one | two).sum())
