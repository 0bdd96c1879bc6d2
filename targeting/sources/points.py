"""Points of any table or vector file: incidents and facilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from targeting.facility_kinds import facility_kinds
from targeting.model import Loss
from targeting.problems import Problem, TargetingError, unknown_name
from targeting.registry import register
from targeting.sources.files import TABLE, VECTOR, require_format
from targeting.sources.layer import Layer, against, drop, require_columns
from targeting.sources.tables import read_text_table, to_numbers
from targeting.sources.text import clean_names, fold, folded, require_rows
from targeting.sources.vectors import choose_kinds, read_vector
from targeting.spatial import recognize_crs

NO_NAME = ("NINGUNO", "NINGUNA", "NO APLICA", "S/N", "SIN NOMBRE", "NONE", "UNNAMED")


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


def read_dates(texts: pd.Series[Any]) -> tuple[pd.Series[Any], int]:
    """Return dates written as ISO or day/month/year, and how many could not be read.

    Examples
    --------
    >>> dates, unreadable = read_dates(pd.Series(["31/12/2014", "2014-12-31 10:30", "ayer"]))
    >>> dates.dt.strftime("%d.%m.%Y").fillna("–").tolist(), unreadable
    (['31.12.2014', '31.12.2014', '–'], 1)
    """
    if pd.api.types.is_datetime64_any_dtype(texts):
        return texts.dt.tz_localize(None).astype("datetime64[us]"), 0
    tidy = texts.astype("str").fillna("").str.strip()
    day_first = tidy.str.extract(r"^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", expand=True)
    iso = tidy.str.extract(r"^(\d{4})-(\d{1,2})-(\d{1,2})", expand=True)
    order = iso.where(iso[0].notna(), day_first[[2, 1, 0]].set_axis([0, 1, 2], axis=1))
    joined = order[0] + "-" + order[1].str.zfill(2) + "-" + order[2].str.zfill(2)
    dates = pd.to_datetime(joined, format="%Y-%m-%d", errors="coerce").astype("datetime64[us]")
    return dates, int((dates.isna() & (tidy != "")).sum())


@register("reader")
def points(
    path: Path,
    *,
    x: str | None = None,
    y: str | None = None,
    crs: str | None = None,
    kind: str | None = None,
    kinds: Mapping[str, Sequence[str]] | None = None,
    date: str | None = None,
    repeated: Literal["keep", "drop"] = "keep",
    layer: str | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
) -> Layer:
    """Read incidents: points with a kind and a date.

    Parameters
    ----------
    path : Path
        CSV, Excel, or any vector file.
    x, y : str
        Columns of the coordinates of a table.
    crs : str, optional
        Their system. Default: longitude and latitude (EPSG:4326).
    kind : str, optional
        Column that says what happened.
    kinds : mapping, optional
        Kind to the texts of that column that mean it. Texts not listed are not chosen: they are
        counted and the most frequent are named. Default: every text is its own kind.
    date : str, optional
        Column of the day, ISO or day/month/year.
    repeated : str
        Rows that repeat another in every column are counted. `keep`: without a case number they
        may be two victims of one event; `drop`: they are one case entered twice.
    layer, sheet, encoding : str, optional
        Which layer, which sheet, which encoding; by default the first, and found out.

    Returns
    -------
    Layer
        Columns `kind`, `date`, `geometry`.

    Raises
    ------
    TargetingError
        `no-kind-found`, `kind-without-rows`, `text-in-two-kinds` and what `read_points` raises.
    """
    read = read_points(
        path,
        columns={"kind": kind, "date": date},
        x=x,
        y=y,
        crs=crs,
        layer=layer,
        sheet=sheet,
        encoding=encoding,
    )
    frame, notes = choose_kinds(read.frame, kind, kinds)
    if kind is not None and kinds is not None:
        require_rows(kinds, read.frame[kind])
    losses = read.losses
    of = len(frame)
    frame, converted = keep_points(frame, losses, of=of)
    again = repeated_rows(frame)
    if repeated == "drop":
        frame = drop(frame, again, "duplicate-row", losses, of=of)
    elif again.any():
        notes["repeated_rows"] = int(again.sum())
    if converted:
        notes["areas_to_points"] = converted
    if date is None:
        frame = frame.assign(date=pd.Series(pd.NaT, index=frame.index, dtype="datetime64[us]"))
    else:
        dates, unreadable = read_dates(frame[date])
        frame = frame.assign(date=dates)
        if unreadable:
            notes["dates_unreadable"] = unreadable
        if dates.notna().any():
            notes["first_date"] = str(dates.min().date())
            notes["last_date"] = str(dates.max().date())
    if kinds is not None:
        notes["kinds"] = kinds_counted(frame)
    data = frame[["kind", "date", "geometry"]]
    fallen = against(losses, read.rows_read - notes.get("not_chosen", 0))
    return Layer(data, read.rows_read, fallen, read.crs_in, read.encoding, notes)


@register("reader")
def facilities(
    path: Path,
    *,
    x: str | None = None,
    y: str | None = None,
    crs: str | None = None,
    kind: str | None = None,
    kinds: Mapping[str, Sequence[str]] | None = None,
    all_of_kind: str | None = None,
    not_facilities: tuple[str, ...] = (),
    name: str | None = None,
    no_name: tuple[str, ...] = NO_NAME,
    layer: str | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
) -> Layer:
    """Read facilities: points or areas with a kind and a name.

    Parameters
    ----------
    path : Path
        CSV, Excel, or any vector file. An area becomes a point inside it.
    x, y : str
        Columns of the coordinates of a table.
    crs : str, optional
        Their system. Default: longitude and latitude (EPSG:4326).
    kind : str, optional
        Column that says what a row is.
    kinds : mapping, optional
        Kind of facility (of `facility_kinds.yaml`) to the texts of that column that mean it.
    all_of_kind : str, optional
        The kind of every row, instead of `kind` and `kinds`.
    not_facilities : tuple of str
        Texts of `kind` that are no facility, such as a median strip: counted as such.
    name : str, optional
        Column of the name.
    no_name : tuple of str
        Texts that mean there is no name.
    layer, sheet, encoding : str, optional
        Which layer, which sheet, which encoding; by default the first, and found out.

    Returns
    -------
    Layer
        Columns `kind`, `name` (missing where there is none), `geometry`.

    Raises
    ------
    TargetingError
        `missing-setting`, `unknown-name` for a kind nobody knows, `no-kind-found` and what
        `read_points` raises.
    """
    if all_of_kind is None and (kind is None or kinds is None):
        values = {"method": "facilities", "given": "kinds" if kind else "kind"}
        raise TargetingError([Problem("missing-setting", "", values)])
    require_kinds([all_of_kind] if all_of_kind else list(kinds or {}))
    read = read_points(
        path,
        columns={"kind": kind, "name": name},
        x=x,
        y=y,
        crs=crs,
        layer=layer,
        sheet=sheet,
        encoding=encoding,
    )
    frame, losses = read.frame, read.losses
    notes: dict[str, Any]
    if all_of_kind is not None:
        frame, notes = frame.assign(kind=all_of_kind), {}
    else:
        frame = drop_not_facilities(frame, kind, not_facilities, losses)
        frame, notes = choose_kinds(frame, kind, kinds)
    own = frame[kind] if kind is not None and all_of_kind is None else None
    frame = frame.assign(name=facility_names(frame[name] if name else None, frame, no_name, own))
    return facility_layer(read, frame, losses, notes)


def kinds_counted(frame: pd.DataFrame) -> dict[str, int]:
    """Return how many rows of each kind there are.

    Examples
    --------
    >>> kinds_counted(pd.DataFrame({"kind": ["b", "a", "b"]}))
    {'a': 1, 'b': 2}
    """
    return {str(kind): int(n) for kind, n in sorted(frame["kind"].value_counts().items())}


def require_kinds(kinds: Sequence[str]) -> None:
    """Refuse kinds that are not in `facility_kinds.yaml`.

    Examples
    --------
    >>> require_kinds(["library"])
    """
    known = facility_kinds()
    problems = [unknown_name("kinds", kind, known) for kind in kinds if kind not in known]
    if problems:
        raise TargetingError(problems)


def drop_not_facilities(
    frame: gpd.GeoDataFrame, kind: str | None, texts: Sequence[str], losses: list[Loss]
) -> gpd.GeoDataFrame:
    """Return the rows whose text is not one of those that are no facility."""
    if kind is None or not texts:
        return frame
    other = folded(frame[kind]).isin({fold(text) for text in texts})
    return drop(frame, other, "not-a-facility", losses, of=len(frame))


def facility_names(
    names: pd.Series[str] | None,
    frame: pd.DataFrame,
    no_name: Sequence[str],
    kind: pd.Series[str] | None = None,
) -> pd.Series[str]:
    """Return tidy names; a name that only repeats the kind is none."""
    if names is None:
        return pd.Series(None, index=frame.index, dtype="str")
    tidy = clean_names(names, no_name)
    if kind is not None:
        tidy = tidy.mask(folded(tidy) == folded(kind.reindex(tidy.index)))
    return tidy


def facility_layer(
    read: PointTable,
    frame: gpd.GeoDataFrame,
    losses: list[Loss],
    notes: Mapping[str, Any],
    files: tuple[Path, ...] = (),
) -> Layer:
    """Return facilities with usable points, each kind, name and place once."""
    of = read.rows_read - notes.get("not_chosen", 0)
    frame, converted = keep_points(frame[["kind", "name", "geometry"]], losses, of=of)
    frame = drop(frame, repeated_rows(frame), "duplicate-row", losses, of=of)
    told = dict(notes)
    if converted:
        told["areas_to_points"] = converted
    told["kinds"] = kinds_counted(frame)
    told["without_name"] = int(frame["name"].isna().sum())
    fallen = against(losses, of)
    return Layer(frame, read.rows_read, fallen, read.crs_in, read.encoding, told, files=files)
