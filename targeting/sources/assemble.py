"""Bring the layers of a study to one city: one coordinate system, one order, blocks in areas."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from targeting.problems import TargetingError
from targeting.sources.account import Account, located
from targeting.sources.layer import drop
from targeting.spatial import to_crs


def moved(account: Account, crs: CRS) -> gpd.GeoDataFrame:
    """Return a layer's rows in the study's coordinates; rows that have no place there fall."""
    frame = account.layer.shapes
    shapes = np.asarray(frame.geometry.array, dtype=object)
    try:
        there, failed = to_crs(shapes, frame.crs, crs)
    except TargetingError as error:
        raise TargetingError(located(error, account.spec.where)) from error
    frame = frame.set_geometry(gpd.array.from_shapely(there, crs=crs))
    frame = drop(
        frame,
        failed,
        "outside-projection",
        account.losses,
        of=account.chosen,
        label="id" if "id" in frame.columns else None,
        layer=account.name,
    )
    account.kept = len(frame)
    return frame


def gather_lines(
    accounts: Sequence[Account],
    blocks: gpd.GeoDataFrame,
    columns: Sequence[str],
    *,
    reach_m: float,
) -> gpd.GeoDataFrame | None:
    """Return the lines around the blocks (barriers, street axes), cut at a margin around them.

    Parameters
    ----------
    accounts : sequence of Account
        Layers of lines.
    blocks : GeoDataFrame
    columns : sequence of str
        Columns to keep besides the geometry.
    reach_m : float
        Margin around the blocks, in meters.

    Returns
    -------
    GeoDataFrame or None
        The columns and `geometry`, in canonical order.
    """
    west, south, east, north = blocks.total_bounds
    frame_m = (west - reach_m, south - reach_m, east + reach_m, north + reach_m)
    pieces = []
    for account in accounts:
        lines = moved(account, CRS(blocks.crs))
        cut = shapely.clip_by_rect(np.asarray(lines.geometry.array, dtype=object), *frame_m)
        lines = lines.set_geometry(gpd.array.from_shapely(cut, crs=blocks.crs))
        gone = shapely.is_empty(cut)
        account.lose("outside-city", lines.index[gone], of=account.chosen)
        account.kept = int((~gone).sum())
        pieces.append(lines[~gone][[*columns, "geometry"]])
    if not pieces:
        return None
    together = pieces[0] if len(pieces) == 1 else pd.concat(pieces)
    return in_canonical_order(together, columns)


def gather_places(accounts: Sequence[Account], blocks: gpd.GeoDataFrame) -> gpd.GeoDataFrame | None:
    """Return the named polygons that touch the city's surroundings, whole.

    Parameters
    ----------
    accounts : sequence of Account
        Layers of places: municipalities, localities, colonias.
    blocks : GeoDataFrame

    Returns
    -------
    GeoDataFrame or None
        Index `place_id` (`<level>:<id>`), `level`, `name`, `geometry`, in canonical order.
    """
    around = shapely.box(*blocks.total_bounds)
    pieces = []
    for account in accounts:
        frame = moved(account, CRS(blocks.crs))
        near = shapely.intersects(np.asarray(frame.geometry.array, dtype=object), around)
        account.lose("outside-city", frame["id"][~near], of=account.chosen)
        account.kept = int(near.sum())
        frame = frame[near]
        frame = frame.assign(
            place_id=frame["level"].astype("str") + ":" + frame["id"].astype("str")
        )
        pieces.append(frame[["place_id", "level", "name", "geometry"]])
    if not pieces:
        return None
    together = pieces[0] if len(pieces) == 1 else pd.concat(pieces)
    return in_canonical_order(together, ["place_id"]).set_index("place_id").sort_index()


def in_canonical_order(frame: gpd.GeoDataFrame, columns: Sequence[str]) -> gpd.GeoDataFrame:
    """Return rows in an order that owes nothing to the file's: by place, then by their cells.

    Examples
    --------
    >>> rows = gpd.GeoDataFrame({"kind": ["b", "a"]}, geometry=shapely.points([[1, 1], [1, 1]]))
    >>> in_canonical_order(rows, ["kind"])["kind"].tolist()
    ['a', 'b']
    """
    shapes = np.asarray(frame.geometry.array, dtype=object)
    keys = [frame[column].astype("str").fillna("").to_numpy(object) for column in columns]
    ranks = [pd.factorize(values, sort=True)[0] for values in keys]
    if len(frame) and (shapely.get_type_id(shapes) == shapely.GeometryType.POINT).all():
        place = [shapely.get_x(shapes), shapely.get_y(shapes)]
    else:
        place = [np.unique(shapely.to_wkb(shapes, hex=True), return_inverse=True)[1].astype(float)]
    order = np.lexsort([*reversed(ranks), *reversed(place)])
    return frame.iloc[order].reset_index(drop=True)
