"""Facilities: points or areas with a kind and a name, of the city and its surroundings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
from pyproj import CRS

from targeting.facility_kinds import facility_kinds
from targeting.model import Loss
from targeting.problems import Problem, TargetingError, unknown_name
from targeting.registry import register
from targeting.sources.account import Account
from targeting.sources.assemble import in_canonical_order, moved
from targeting.sources.layer import Layer, against, drop
from targeting.sources.points import (
    PointTable,
    keep_points,
    kinds_counted,
    read_points,
    repeated_rows,
)
from targeting.sources.text import clean_names, fold, folded
from targeting.sources.vectors import choose_kinds
from targeting.spatial import place_points

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


def gather_facilities(
    accounts: Sequence[Account], blocks: gpd.GeoDataFrame, *, reach_m: float
) -> tuple[gpd.GeoDataFrame | None, list[Problem]]:
    """Return the facilities of the city and its surroundings.

    Parameters
    ----------
    accounts : sequence of Account
        Layers of facilities.
    blocks : GeoDataFrame
        Index block ids.
    reach_m : float
        Facilities up to this far from a block stay: the nearest school may lie across the border.

    Returns
    -------
    facilities : GeoDataFrame or None
        Index `facility_id`; `kind`, `name`, `source`, `sensitive`, `geometry`.
    problems : list of Problem
        `nothing-in-city`.
    """
    pieces, problems = [], []
    kinds = facility_kinds()
    for account in accounts:
        frame = moved(account, CRS(blocks.crs))
        position, _ = place_points(frame.geometry, blocks.geometry, tolerance_m=reach_m)
        account.lose("outside-city", frame.index[position < 0], of=account.chosen)
        frame = frame[position >= 0]
        account.kept = len(frame)
        if len(account.layer.data) and not len(frame):
            problems.append(account.problem("nothing-in-city"))
        source = account.spec.source or account.spec.file
        sensitive = frame["kind"].map(lambda kind: kinds[kind].sensitive).astype(bool)
        frame = frame.assign(source=source, sensitive=sensitive)
        pieces.append(frame[["kind", "name", "source", "sensitive", "geometry"]])
    if not pieces:
        return None, problems
    together = pieces[0] if len(pieces) == 1 else pd.concat(pieces)
    together = in_canonical_order(together, ["kind", "name", "source"])
    together.index = pd.Index([f"F{n:06d}" for n in range(1, len(together) + 1)], dtype="str")
    return together.rename_axis("facility_id"), problems
