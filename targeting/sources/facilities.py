"""Facilities: points or areas with a kind and a name, of the city and its surroundings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from targeting.facility_kinds import facility_kinds
from targeting.model import Loss
from targeting.problems import Problem, TargetingError, unknown_name
from targeting.registry import register
from targeting.sources.account import Account
from targeting.sources.assemble import in_canonical_order, moved
from targeting.sources.files import TABLE, file_format
from targeting.sources.kinds import choose_kinds
from targeting.sources.layer import Layer, against, content_ranks, drop, examples
from targeting.sources.merging import merge_facilities
from targeting.sources.points import (
    PointTable,
    keep_points,
    kinds_counted,
    read_points,
)
from targeting.sources.tables import read_text_table, to_numbers
from targeting.sources.text import clean_names, fold, folded
from targeting.spatial import place_points

# What a register may say besides the kind, the name and the place.
MORE = ("capacity", "reference", "stated_block")
AGREES_M = 25.0
CONTRADICTS_M = 1_000.0
_COORDINATES = (
    "lat",
    "lon",
    "long",
    "lng",
    "latitud",
    "longitud",
    "latitude",
    "longitude",
    "x",
    "y",
)
NO_NAME = ("NINGUNO", "NINGUNA", "NO APLICA", "S/N", "SIN NOMBRE", "NONE", "UNNAMED")


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
    capacity: str | None = None,
    reference: str | None = None,
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
    capacity : str, optional
        Column of how many it has room for: pupils of a school, beds of a hospital.
    reference : str, optional
        Column of the register's own key. It is not published.
    layer, sheet, encoding : str, optional
        Which layer, which sheet, which encoding; by default the first, and found out.

    Returns
    -------
    Layer
        Columns `kind`, `name` (missing where there is none), `geometry`, and `capacity` and
        `reference` where their columns are named.

    Raises
    ------
    TargetingError
        `missing-setting`, `unknown-name` for a kind nobody knows, `no-kind-found`,
        `table-without-coordinates` and what `read_points` raises.
    """
    if all_of_kind is None and (kind is None or kinds is None):
        values = {"method": "facilities", "given": "kinds" if kind else "kind"}
        raise TargetingError([Problem("missing-setting", "", values)])
    require_kinds([all_of_kind] if all_of_kind else list(kinds or {}))
    if x is None and y is None:
        _require_coordinates(path, encoding, sheet)
    read = read_points(
        path,
        columns={"kind": kind, "name": name, "capacity": capacity, "reference": reference},
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
    more: dict[str, Any] = {}
    if capacity is not None:
        more["capacity"] = to_numbers(frame[capacity])[0]
    if reference is not None:
        more["reference"] = frame[reference].astype("str").str.strip()
    names = facility_names(frame[name] if name else None, frame, no_name, own)
    frame = gpd.GeoDataFrame(
        {"kind": frame["kind"], "name": names, **more}, geometry=frame.geometry
    )
    return facility_layer(read, frame, losses, notes)


def _require_coordinates(path: Path, encoding: str | None, sheet: str | None) -> None:
    """Refuse a table that says no place at all, such as a directory by colonia."""
    if not path.is_file() or file_format(path) not in TABLE or file_format(path) == "Parquet":
        return
    columns = read_text_table(path, encoding=encoding, sheet=sheet).table.column_names
    if not {fold(str(column)) for column in columns} & set(_COORDINATES):
        values = {"given": path.name, "known": ", ".join(columns[:12]) or "–"}
        raise TargetingError([Problem("table-without-coordinates", "", values)])


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
    """Return facilities with usable points, each kind, name and place once.

    Of rows that are alike in these, the one with the least reference stays. A row without
    coordinates stays, without a point, when it states its block: the intake places it there.
    """
    of = read.rows_read - notes.get("not_chosen", 0)
    frame = frame[["kind", "name", *(c for c in MORE if c in frame.columns), "geometry"]]
    by_key = frame.iloc[:0]
    if "stated_block" in frame.columns:
        lost = _no_point(frame) & frame["stated_block"].notna().to_numpy()
        by_key, frame = frame[lost], frame[~lost]
        by_key = by_key.set_geometry(gpd.GeoSeries(None, index=by_key.index, crs=frame.crs))
    frame, converted = keep_points(frame, losses, of=of)
    frame = drop(frame, _repeated(frame), "duplicate-row", losses, of=of)
    if len(by_key):
        frame = gpd.GeoDataFrame(pd.concat([frame, by_key]).sort_index(), crs=frame.crs)
    told = dict(notes)
    if converted:
        told["areas_to_points"] = converted
    told["kinds"] = kinds_counted(frame)
    told["without_name"] = int(frame["name"].isna().sum())
    fallen = against(losses, of)
    return Layer(frame, read.rows_read, fallen, read.crs_in, read.encoding, told, files=files)


def _no_point(frame: gpd.GeoDataFrame) -> np.ndarray:
    """Tell which rows have no coordinates, or zeros for them."""
    shapes = np.asarray(frame.geometry.array, dtype=object)
    absent = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    middle = shapely.centroid(shapes)
    with np.errstate(invalid="ignore"):
        return np.asarray(absent | (shapely.get_x(middle) == 0) | (shapely.get_y(middle) == 0))


def _repeated(frame: gpd.GeoDataFrame) -> np.ndarray:
    """Tell which rows repeat another's kind, name and place, whatever the order of the rows."""
    shapes = np.asarray(frame.geometry.array, dtype=object)
    place = {"x": shapely.get_x(shapes), "y": shapely.get_y(shapes)}
    same = pd.DataFrame({"kind": frame["kind"], "name": frame["name"].astype("str"), **place})
    more = pd.DataFrame(frame[[c for c in MORE if c in frame.columns]])
    order = np.argsort(content_ranks(more), kind="stable")
    again = np.zeros(len(frame), dtype=bool)
    again[order] = same.iloc[order].duplicated().to_numpy()
    return again


def gather_facilities(
    accounts: Sequence[Account],
    blocks: gpd.GeoDataFrame,
    *,
    reach_m: float,
    merge_within_m: float = 60.0,
    likeness_min: float = 0.6,
) -> tuple[gpd.GeoDataFrame | None, pd.DataFrame | None, list[Problem]]:
    """Return the facilities of the city and its surroundings, each told once.

    Parameters
    ----------
    accounts : sequence of Account
        Layers of facilities, the better registers first; OpenStreetMap comes after all others.
    blocks : GeoDataFrame
        Index block ids; `area_id`.
    reach_m : float
        Facilities up to this far from a block stay: the nearest school may lie across the border.
    merge_within_m, likeness_min : float
        As for `merge_facilities`.

    Returns
    -------
    facilities : GeoDataFrame or None
        Index `facility_id`; `kind`, `name`, `source`, `sensitive`, `capacity`, `reference`,
        `geometry`.
    merges : DataFrame or None
        Records told by another register too, and merged: `MERGE_COLUMNS`.
    problems : list of Problem
        `nothing-in-city`.
    """
    pieces, problems = [], []
    registers = _registers(accounts)
    for number, account in enumerate(accounts):
        frame = moved(account, CRS(blocks.crs))
        if "stated_block" in frame.columns:
            frame = _placed_by_key(frame, blocks, account)
        position, distance_m = place_points(frame.geometry, blocks.geometry, tolerance_m=reach_m)
        if "stated_block" in frame.columns:
            _check_keys(frame, blocks, np.where(distance_m <= AGREES_M, position, -1), account)
        account.lose("outside-city", frame.index[position < 0], of=account.chosen)
        frame = frame[position >= 0]
        account.kept = len(frame)
        if len(account.layer.data) and not len(frame):
            problems.append(account.problem("nothing-in-city"))
        frame = frame.assign(source=_source(account), register=registers[number], account=number)
        for column, missing in (("capacity", np.nan), ("reference", None)):
            if column not in frame.columns:
                dtype = "float64" if column == "capacity" else "str"
                frame[column] = pd.Series(missing, index=frame.index, dtype=dtype)
        pieces.append(frame[[*_GATHERED, "geometry"]])
    if not pieces:
        return None, None, problems
    together = pieces[0] if len(pieces) == 1 else pd.concat(pieces)
    together = in_canonical_order(together, _GATHERED)
    merged, merges = merge_facilities(
        together.drop(columns="account"), within_m=merge_within_m, likeness_min=likeness_min
    )
    for number, account in enumerate(accounts):
        count = int((together["account"].reindex(merges.index) == number).sum())
        account.kept -= count
        if count:
            account.notes["merged"] = count
    ids = pd.Series([f"F{n:06d}" for n in range(1, len(merged) + 1)], merged.index, dtype="str")
    merges["facility_id"] = merges["facility_id"].map(ids).astype("str")
    merges = merges.sort_values(list(merges.columns), kind="stable", ignore_index=True)
    kinds = facility_kinds()
    sensitive = merged["kind"].map(lambda kind: kinds[kind].sensitive).astype(bool)
    merged = merged.assign(sensitive=sensitive).set_index(pd.Index(ids, name="facility_id"))
    columns = ["kind", "name", "source", "sensitive", "capacity", "reference", "geometry"]
    return merged[columns], merges, problems


_GATHERED = ["kind", "name", "source", "reference", "capacity", "register", "account"]


def _registers(accounts: Sequence[Account]) -> list[int]:
    """Return a number for the register of each layer, in the order of trust.

    Layers of one publisher read by one reader are parts of one register, whose records are never
    merged with each other. The study's order counts; OpenStreetMap stands behind the registers.
    """
    keys = []
    for account in accounts:
        use = account.spec.reader.use
        own = account.spec.source or (account.spec.file if use == "facilities" else "")
        keys.append((use == "openstreetmap", use, own))
    ranked = sorted(dict.fromkeys(keys), key=lambda key: key[0])
    return [ranked.index(key) for key in keys]


def _source(account: Account) -> str:
    """Return what the page says a facility is from: the study's words, else the license's."""
    attribution = account.layer.notes.get("attribution")
    return account.spec.source or str(attribution or account.spec.file)


def _placed_by_key(
    frame: gpd.GeoDataFrame, blocks: gpd.GeoDataFrame, account: Account
) -> gpd.GeoDataFrame:
    """Return rows without a point in the middle of the block they state; the others fall."""
    shapes = np.asarray(frame.geometry.array, dtype=object).copy()
    absent = shapely.is_missing(shapes)
    if not absent.any():
        return frame
    own = blocks.index.get_indexer(pd.Index(frame["stated_block"]))
    found = absent & (own >= 0)
    of_blocks = np.asarray(blocks.geometry.array, dtype=object)
    shapes[found] = shapely.point_on_surface(of_blocks[own[found]])
    account.notes["placed_by_key"] = int(found.sum())
    frame = frame.set_geometry(gpd.array.from_shapely(shapes, crs=frame.crs))
    lost = absent & ~found
    return drop(
        frame, lost, "no-coordinates", account.losses, of=account.chosen, layer=account.name
    )


def _check_keys(
    frame: gpd.GeoDataFrame, blocks: gpd.GeoDataFrame, position: np.ndarray, account: Account
) -> None:
    """Note how often the block a row states is the one its point lies in."""
    stated = blocks.index.get_indexer(pd.Index(frame["stated_block"]))
    known = stated >= 0
    same = known & (stated == position)
    area = blocks["area_id"].to_numpy(object)
    with_area = known & (position >= 0) & ~same
    alike = np.zeros(len(frame), dtype=bool)
    alike[with_area] = area[stated[with_area]] == area[position[with_area]]
    told = {
        "same_block": int(same.sum()),
        "same_area": int(alike.sum()),
        "elsewhere": int((known & ~same & ~alike).sum()),
        "unknown_key": int((~known).sum()),
    }
    account.notes["stated_block"] = told
    points = np.asarray(frame.geometry.array, dtype=object)
    of_blocks = np.asarray(blocks.geometry.array, dtype=object)
    apart = np.zeros(len(frame))
    apart[known] = shapely.distance(points[known], of_blocks[stated[known]])
    far = frame.index[apart > CONTRADICTS_M]
    if len(far):
        account.notes["place_contradicts_key"] = {"rows": len(far), "examples": examples(far)}
