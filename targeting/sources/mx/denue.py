"""DENUE, INEGI's directory of establishments, as facilities."""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from targeting.problems import Problem, TargetingError
from targeting.registry import register
from targeting.sources.facilities import NO_NAME, facility_layer, facility_names, require_kinds
from targeting.sources.files import choose_member
from targeting.sources.layer import Layer, missing_column
from targeting.sources.points import PointTable
from targeting.sources.tables import read_text_table, to_numbers
from targeting.sources.text import fold
from targeting.strict_yaml import read_yaml

# Both header variants, folded. No other column is read: telephone, e-mail and the owner's legal
# name (razón social) never enter.
_COLUMNS = {
    "code": ("codigo_act", "codigo de la clase de actividad scian"),
    "name": ("nom_estab", "nombre de la unidad economica"),
    "latitude": ("latitud",),
    "longitude": ("longitud",),
}


@cache
def activity_kinds() -> dict[str, str]:
    """Return the kind of facility of each beginning of a SCIAN code.

    Examples
    --------
    >>> activity_kinds()["61112"]
    'primary_school'
    """
    text = (resources.files("targeting") / "sources" / "mx" / "scian.yaml").read_text("utf-8")
    return dict(read_yaml(text, where="scian.yaml"))


def kinds_of_codes(codes: pd.Series[str]) -> pd.Series[str]:
    """Return the kind of each SCIAN code: the longest beginning in the table decides.

    Examples
    --------
    >>> kinds_of_codes(pd.Series(["611122", "624191", "115111"])).fillna("–").tolist()
    ['primary_school', 'addiction_care', '–']
    """
    table = activity_kinds()
    different = {}
    for code in codes.dropna().unique():
        starts = (table.get(code[:length]) for length in range(len(code), 1, -1))
        different[code] = next((kind for kind in starts if kind is not None), None)
    return codes.map(different).astype("str")


@register("reader")
def denue(path: Path, *, encoding: str | None = None) -> Layer:
    """Read DENUE's establishments that are facilities.

    Parameters
    ----------
    path : Path
        CSV with short or long headers, folder, or the zip as published.
    encoding : str, optional
        Default: found out (the publisher writes latin-1).

    Returns
    -------
    Layer
        Columns `kind`, `name`, `geometry`. Establishments of other activities are not chosen:
        the most frequent codes among them are named.

    Raises
    ------
    TargetingError
        `missing-column`, `no-kind-found`, `no-member`, `several-members` and what
        `read_text_table` raises.
    """
    require_kinds(sorted(set(activity_kinds().values())))
    member = choose_member(path, r"denue.*\.csv$", unlike=r"dicc|metadat|catalog")
    read = read_text_table(member, encoding=encoding)
    found = {fold(name): name for name in reversed(read.table.column_names)}
    names = {
        ours: next((found[name] for name in theirs if name in found), None)
        for ours, theirs in _COLUMNS.items()
    }
    problems = [
        missing_column(_COLUMNS[ours][0], [str(n) for n in read.table.column_names])
        for ours, column in names.items()
        if column is None
    ]
    if problems:
        raise TargetingError(problems)
    table = read.frame([str(column) for column in names.values()]).set_axis(list(names), axis=1)
    kinds = kinds_of_codes(table["code"].str.strip())
    chosen = kinds.notna()
    others = table.loc[~chosen, "code"].value_counts()
    ranked = sorted(others.items(), key=lambda pair: (-pair[1], pair[0]))[:10]
    notes: dict[str, Any] = {
        "not_chosen": int((~chosen).sum()),
        "not_chosen_texts": {str(code): int(count) for code, count in ranked},
    }
    if not chosen.any():
        values = {"given": str(names["code"]), "known": ", ".join(str(c) for c, _ in ranked)}
        raise TargetingError([Problem("no-kind-found", "", values)])
    table = table[chosen].assign(kind=kinds[chosen])
    x, y = to_numbers(table["longitude"])[0], to_numbers(table["latitude"])[0]
    geometry = gpd.GeoSeries.from_xy(x, y, index=table.index, crs=4326)
    frame = gpd.GeoDataFrame(
        table[["kind"]],
        geometry=gpd.GeoSeries(geometry.where(x.notna() & y.notna(), None), crs=4326),
    )
    frame["name"] = facility_names(table["name"], frame, NO_NAME)
    damaged = int(frame["name"].str.contains("\ufffd", regex=False, na=False).sum())
    if damaged:
        notes["damaged_names"] = damaged
    point_table = PointTable(frame, read.rows_read, "EPSG:4326", read.encoding, read.losses)
    files = (member.container,) if member.container != path else ()
    return facility_layer(point_table, frame, point_table.losses, notes, files)
