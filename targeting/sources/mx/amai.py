"""AMAI's socioeconomic levels: households of each level by AGEB."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from targeting.problems import TargetingError
from targeting.registry import register
from targeting.sources.layer import Layer, missing_columns
from targeting.sources.mx.framework import AREA, MUNICIPALITY
from targeting.sources.mx.published_tables import AREA_KEY, PublishedTable, read_published
from targeting.sources.tables import to_numbers, unique_keys
from targeting.sources.text import clean_keys, fold, folded

LEVELS = {
    "AB": "ab",
    "C+": "c_plus",
    "C": "c",
    "C-": "c_minus",
    "D+": "d_plus",
    "D": "d",
    "E": "e",
}
"""AMAI's seven levels, best first, and how our columns write them."""
LOW = ("D", "E")
# A level with one or two households is written N/D, like the census's `*`.
HIDDEN = (1.0, 2.0)
RURAL = ("1 a 249", "250 a 499", "500 a 999", "1,000 a 2,499", "1000 a 2499")


@register("reader")
def amai_areas(path: Path, *, sheet: str | None = None, encoding: str | None = None) -> Layer:
    """Read AMAI's households by socioeconomic level and AGEB (NSE).

    Parameters
    ----------
    path : Path
        CSV or Excel, or the zip.
    sheet : str, optional
        Sheet of the workbook. Default: the first that holds keys of AGEB.
    encoding : str, optional
        Of a CSV. Default: found out.

    Returns
    -------
    Layer
        Index `key` (CVEGEO of 13 characters); `households`, the share of each level
        (`households_ab_share`, `households_c_plus_share` … `households_e_share`), and
        `low_socioeconomic_share`: levels D and E over all households. A level that is `N/D` in a
        row that tells others has one or two households; the row's total says which, as far as it
        can, and `low_socioeconomic_share_low` and `_high` are the bounds that remain. Rows that are
        `N/D` throughout are missing. `may_lack_shape` marks localities under 2,500 people, most of
        which have no urban AGEB.

    Raises
    ------
    TargetingError
        `missing-column` and what `read_published` raises.
    """
    named = r"cvegeo|cve_?ageb|clave.*ageb"
    read = read_published(path, key=AREA_KEY, named=named, sheet=sheet, encoding=encoding)
    names = _names(read)
    columns = {ours: read.frame[column] for ours, column in names.items()}
    keys, padded = clean_keys(read.frame[names["key"]], AREA)
    losses = list(read.losses)
    texts = pd.DataFrame(columns).drop(columns="key")
    texts = unique_keys(texts, keys, losses, rows_read=read.rows_read)
    numbers = texts[[*LEVELS, "total"]].apply(lambda column: to_numbers(column)[0])
    hidden = numbers[list(LEVELS)].isna()
    frame = _shares(numbers[list(LEVELS)], numbers["total"])
    frame["municipality_id"] = frame.index.str.slice(0, MUNICIPALITY)
    notes: dict[str, Any] = {
        "rows_not_told": int(hidden.all(axis=1).sum()),
        "hidden_cells": int(hidden[~hidden.all(axis=1)].to_numpy().sum()),
    }
    if "size" in texts.columns:
        frame["may_lack_shape"] = folded(texts["size"]).isin([fold(text) for text in RURAL])
    if padded:
        notes["keys_padded"] = padded
    return Layer(frame, read.rows_read, tuple(losses), encoding=read.encoding, notes=notes)


def _names(read: PublishedTable) -> dict[str, str]:
    """Return our name to the file's."""
    plain = {column.strip().upper().replace("A/B", "AB"): column for column in read.names}
    names = {level: plain[level] for level in LEVELS if level in plain}
    absent = [] if read.key else ["CVEGEO"]
    absent += [level for level in LEVELS if level not in plain]
    total = next((c for c in read.names if fold(c) in ("viviendas", "hogares", "total")), None)
    if total is None:
        absent.append("VIVIENDAS")
    if absent or total is None:
        raise TargetingError(missing_columns(absent, read.names))
    size = next((c for c in read.names if fold(c).startswith("tamano de localidad")), None)
    more = {} if size is None else {"size": size}
    return {"key": read.key, "total": total, **names, **more}


def _shares(counts: pd.DataFrame, total: pd.Series[float]) -> pd.DataFrame:
    """Return shares of the households, hidden levels bounded by what the row's total leaves.

    A hidden level holds one or two; `rest`, the total less the levels told, is what all of them
    hold together. So some of them hold at least rest − 2 · (the others), and at most
    rest − (the others).
    """
    cells = counts.to_numpy(float)
    hidden = np.isnan(cells)
    nothing = hidden.all(axis=1)
    told = np.where(hidden, 0.0, cells)
    number = hidden.sum(axis=1)
    least, most = HIDDEN
    known = total.to_numpy(float)
    known = np.where(np.isnan(known), told.sum(axis=1) + 1.5 * number, known)
    rest = np.clip(known - told.sum(axis=1), least * number, most * number)
    whole = told.sum(axis=1) + rest
    whole = np.where(nothing | (whole <= 0), np.nan, whole)
    frame = pd.DataFrame(index=counts.index)
    frame["households"] = np.where(nothing, np.nan, whole)
    each = np.divide(rest, number, out=np.zeros_like(rest), where=number > 0)
    filled = np.where(hidden, each[:, None], told)
    for place, level in enumerate(LEVELS.values()):
        frame[f"households_{level}_share"] = filled[:, place] / whole
    low = np.array([level in LOW for level in counts.columns])
    inside = hidden[:, low].sum(axis=1)
    outside = number - inside
    seen = told[:, low].sum(axis=1)
    smallest = np.maximum(least * inside, rest - most * outside)
    largest = np.minimum(most * inside, rest - least * outside)
    frame["low_socioeconomic_share"] = filled[:, low].sum(axis=1) / whole
    frame["low_socioeconomic_share_low"] = (seen + smallest) / whole
    frame["low_socioeconomic_share_high"] = (seen + largest) / whole
    return frame
