"""The facilities inside each polygon, every kind counted, also with 0."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

FACILITY_COLUMNS = ("polygon", "facility_id", "kind", "name", "source", "lon", "lat")


def facilities_inside(polygons: gpd.GeoDataFrame, facilities: gpd.GeoDataFrame) -> pd.DataFrame:
    """List the facilities inside each polygon, sensitive kinds left out.

    Parameters
    ----------
    polygons : GeoDataFrame
        Index polygon number.
    facilities : GeoDataFrame
        Points with `kind`, `name`, `source`, `sensitive`; same coordinates as the polygons.

    Returns
    -------
    DataFrame
        Columns `FACILITY_COLUMNS`, by polygon, kind, name and id. A point on the border of two
        polygons stands once, in the one with the lower number.
    """
    inside = _polygon_of(polygons, facilities)
    chosen = facilities.assign(polygon=inside)
    chosen = chosen[(inside > 0) & ~facilities["sensitive"].to_numpy(bool)]
    places = chosen.geometry.to_crs("EPSG:4326") if len(chosen) else chosen.geometry
    table = pd.DataFrame(
        {
            "polygon": chosen["polygon"].to_numpy(int),
            "facility_id": chosen.index.to_numpy(),
            "kind": chosen["kind"].to_numpy(),
            "name": chosen["name"].to_numpy(),
            "source": chosen["source"].to_numpy(),
            "lon": places.x.to_numpy().round(6),
            "lat": places.y.to_numpy().round(6),
        },
        columns=list(FACILITY_COLUMNS),
    )
    order = ["polygon", "kind", "name", "facility_id"]
    return table.sort_values(order, kind="stable", na_position="last", ignore_index=True)


def facility_counts(polygons: gpd.GeoDataFrame, facilities: gpd.GeoDataFrame) -> pd.DataFrame:
    """Count the facilities of every kind in every polygon, also 0, and find the nearest.

    Parameters
    ----------
    polygons, facilities : GeoDataFrame
        As in `facilities_inside`. Sensitive kinds are counted.

    Returns
    -------
    DataFrame
        Columns `polygon`, `kind`, `count`, `city_count`, `nearest_m` (straight line from a point
        in the middle of the polygon).
    """
    kinds = sorted(facilities["kind"].unique())
    inside = _polygon_of(polygons, facilities)
    middles = shapely.get_coordinates(shapely.point_on_surface(polygons.geometry.to_numpy()))
    rows = []
    for kind in kinds:
        of_kind = (facilities["kind"] == kind).to_numpy()
        points = shapely.get_coordinates(facilities.geometry.to_numpy()[of_kind])
        distance, _ = cKDTree(points).query(middles) if len(middles) else (np.empty(0), None)
        counts = np.bincount(inside[of_kind], minlength=len(polygons) + 1)[1:]
        rows.append(
            pd.DataFrame(
                {
                    "polygon": polygons.index.to_numpy(int),
                    "kind": kind,
                    "count": counts,
                    "city_count": int(of_kind.sum()),
                    "nearest_m": distance,
                }
            )
        )
    columns = ["polygon", "kind", "count", "city_count", "nearest_m"]
    table = pd.concat(rows) if rows else pd.DataFrame(columns=columns)
    return table.sort_values(["polygon", "kind"], kind="stable", ignore_index=True)


def _polygon_of(polygons: gpd.GeoDataFrame, facilities: gpd.GeoDataFrame) -> np.ndarray:
    """Polygon number of each facility, 0 outside; the lowest where borders meet."""
    number = np.zeros(len(facilities), dtype=np.int64)
    tree = shapely.STRtree(facilities.geometry.to_numpy())
    shape, point = tree.query(polygons.geometry.to_numpy(), predicate="intersects")
    order = np.argsort(-shape, kind="stable")
    number[point[order]] = polygons.index.to_numpy(np.int64)[shape[order]]
    return number
