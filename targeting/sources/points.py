"""Points of any table or vector file: incidents and facilities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from targeting.model import Loss
from targeting.problems import Problem, TargetingError
from targeting.sources.files import TABLE, VECTOR, require_format
from targeting.sources.layer import drop, require_columns
from targeting.sources.tables import read_text_table, to_numbers
from targeting.sources.vectors import read_vector, refuse_other_coordinates
from targeting.spatial import recognize_crs


@dataclass(frozen=True)
class PointTable:
    """Rows that carry points, before any is chosen.

    Parameters
    ----------
    frame : GeoDataFrame
        The file's columns and `geometry`, missing or impossible where the file has it so; the
        index counts the rows from 1.
    rows_read : int
        Rows in the file.
    crs_in, encoding : str
        As found.
    losses : list of Loss
        Rows the table reader could not read.
    """

    frame: gpd.GeoDataFrame
    rows_read: int
    crs_in: str
    encoding: str
    losses: list[Loss]


def read_points(
    path: Path,
    *,
    columns: Mapping[str, str | None],
    x: str | None = None,
    y: str | None = None,
    crs: str | None = None,
    layer: str | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
) -> PointTable:
    """Read points from a table with coordinates, or from a vector file.

    Parameters
    ----------
    path : Path
        CSV, Excel, a table in Parquet, or any vector file.
    columns : mapping
        Setting to the column it names; checked to be there.
    x, y : str, optional
        Columns of a table's coordinates; a vector file's own shapes come first.
    crs : str, optional
        Their system. Default: longitude and latitude (EPSG:4326).
    layer, sheet, encoding : str, optional
        As for the readers.

    Returns
    -------
    PointTable

    Raises
    ------
    TargetingError
        `missing-setting` when a table has no `x` or `y`, `missing-column`, and what
        `read_text_table` and `read_vector` raise.
    """
    found = require_format(path, *dict.fromkeys((*TABLE, *VECTOR)))
    if found not in TABLE or (found == "Parquet" and x is None):
        vector = read_vector(path, layer=layer, crs=crs, encoding=encoding)
        # Its shapes say where; coordinates named in vain are still a mistake worth telling.
        require_columns(vector.frame.columns, {"x": x, "y": y, **columns})
        frame = vector.frame
        return PointTable(frame, len(frame), vector.crs_in, vector.encoding, [])
    absent = [name for name, column in (("x", x), ("y", y)) if column is None]
    if absent:
        given = [{"method": path.name, "given": name} for name in absent]
        raise TargetingError([Problem("missing-setting", "", values) for values in given])
    read = read_text_table(path, encoding=encoding, sheet=sheet)
    require_columns(read.table.column_names, {"x": x, "y": y, **columns})
    table = read.frame()
    east, north = to_numbers(table[x])[0], to_numbers(table[y])[0]
    system = recognize_crs(crs or "EPSG:4326")
    geometry = gpd.GeoSeries.from_xy(east, north, index=table.index, crs=system)
    geometry = geometry.where(east.notna() & north.notna(), None)
    frame = gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(geometry, crs=system))
    refuse_other_coordinates(frame, path)
    name = f"EPSG:{system.to_epsg()}" if system.to_epsg() else system.name
    return PointTable(frame, read.rows_read, name, read.encoding, read.losses)


def keep_points(
    frame: gpd.GeoDataFrame, losses: list[Loss], *, of: int
) -> tuple[gpd.GeoDataFrame, int]:
    """Return rows with a usable point; areas and lines become a point inside them.

    Parameters
    ----------
    frame : GeoDataFrame
    losses : list of Loss
        Gets `no-coordinates`, `zero-coordinates`, `impossible-coordinates`.
    of : int
        Rows the losses are told against.

    Returns
    -------
    frame : GeoDataFrame
    converted : int
        How many areas and lines became points.
    """
    shapes = np.asarray(frame.geometry.array, dtype=object)
    absent = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    frame = drop(frame, absent, "no-coordinates", losses, of=of)
    shapes = np.asarray(frame.geometry.array, dtype=object)
    converted = shapely.get_type_id(shapes) != shapely.GeometryType.POINT
    if converted.any():
        shapes = shapes.copy()
        shapes[converted] = shapely.point_on_surface(shapely.make_valid(shapes[converted]))
        frame = frame.set_geometry(gpd.array.from_shapely(shapes, crs=frame.crs))
    x, y = shapely.get_x(shapes), shapely.get_y(shapes)
    zero = (x == 0) | (y == 0)
    with np.errstate(invalid="ignore"):
        impossible = ~(np.isfinite(x) & np.isfinite(y))
        if frame.crs.is_geographic:
            impossible |= (np.abs(x) > 180) | (np.abs(y) > 90)
    frame = drop(frame, zero, "zero-coordinates", losses, of=of)
    frame = drop(frame, impossible[~zero], "impossible-coordinates", losses, of=of)
    return frame, int(converted.sum())


def repeated_rows(frame: gpd.GeoDataFrame) -> np.ndarray:
    """Tell which rows repeat an earlier one in every column of the file.

    Examples
    --------
    >>> rows = gpd.GeoDataFrame({"kind": ["a", "a"]}, geometry=shapely.points([[1, 2], [1, 2]]))
    >>> repeated_rows(rows).tolist()
    [False, True]
    """
    shapes = np.asarray(frame.geometry.array, dtype=object)
    plain = pd.DataFrame(frame.drop(columns="geometry")).astype("str")
    place = pd.DataFrame({"x": shapely.get_x(shapes), "y": shapely.get_y(shapes)}, plain.index)
    return np.asarray(pd.concat([plain, place], axis=1).duplicated(), dtype=bool)


def kinds_counted(frame: pd.DataFrame) -> dict[str, int]:
    """Return how many rows of each kind there are.

    Examples
    --------
    >>> kinds_counted(pd.DataFrame({"kind": ["b", "a", "b"]}))
    {'a': 1, 'b': 2}
    """
    return {str(kind): int(n) for kind, n in sorted(frame["kind"].value_counts().items())}
