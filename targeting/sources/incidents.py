"""Incidents: points with a kind and a date, placed in blocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS

from targeting.problems import Problem
from targeting.registry import register
from targeting.sources.account import Account
from targeting.sources.assemble import in_canonical_order, moved
from targeting.sources.layer import Layer, against, drop
from targeting.sources.points import (
    keep_points,
    kinds_counted,
    read_points,
    repeated_rows,
)
from targeting.sources.text import require_rows
from targeting.sources.vectors import choose_kinds
from targeting.spatial import place_points


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


def place_incidents(
    accounts: Sequence[Account],
    blocks: gpd.GeoDataFrame,
    *,
    tolerance_m: float,
    reach_m: float,
) -> tuple[gpd.GeoDataFrame | None, list[Problem]]:
    """Place each incident in its block; those too far from any stay, without one.

    Parameters
    ----------
    accounts : sequence of Account
        Layers of incidents.
    blocks : GeoDataFrame
        Index block ids.
    tolerance_m : float
        Farthest distance from a block, in meters.
    reach_m : float
        Beyond this distance an incident is not of the city, in meters.

    Returns
    -------
    incidents : GeoDataFrame or None
        `kind`, `date`, `block_id`, `distance_m`, `geometry`, in canonical order.
    problems : list of Problem
        `nothing-in-city`.
    """
    pieces, problems = [], []
    for account in accounts:
        frame = moved(account, CRS(blocks.crs))
        of = account.chosen
        position, distance_m = place_points(frame.geometry, blocks.geometry, tolerance_m=reach_m)
        far = position < 0
        near = ~far & (distance_m <= tolerance_m)
        account.lose("outside-city", frame.index[far], of=of)
        account.lose("no-block-near", frame.index[~far & ~near], of=of)
        account.notes["inside_share"] = round(float((distance_m == 0).sum()) / of, 6) if of else 0.0
        account.kept = int(near.sum())
        if of and not near.any():
            problems.append(account.problem("nothing-in-city"))
        found = np.full(len(frame), None, dtype=object)
        found[near] = blocks.index.to_numpy(object)[position[near]]
        frame = frame.assign(block_id=pd.array(found, dtype="str"), distance_m=distance_m)
        pieces.append(frame[~far][["kind", "date", "block_id", "distance_m", "geometry"]])
    if not pieces:
        return None, problems
    together = pieces[0] if len(pieces) == 1 else pd.concat(pieces)
    return in_canonical_order(together, ["kind", "date"]), problems
