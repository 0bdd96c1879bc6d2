"""INEGI's SCINCE 2010: the census by AGEB, with numbers below zero where a value is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from targeting.problems import TargetingError
from targeting.registry import register
from targeting.sources.files import Member
from targeting.sources.layer import Layer, missing_column
from targeting.sources.mx.framework import AREA, MUNICIPALITY
from targeting.sources.tables import read_text_table, to_numbers, unique_keys
from targeting.sources.text import clean_keys

# What the numbers below zero stand for, read off the tables of Jalisco (SCINCE 2010): where a
# count has -6 its share has it too, and counts of 1 and 2 are all but absent; -8 stands only in
# shares, of nothing; -9 fills whole rows. Of -7 there is none: it is taken as without data.
MASKED, NO_DATA_TOO, NOT_APPLICABLE, NOT_AVAILABLE = -6, -7, -8, -9
SENTINELS = (MASKED, NO_DATA_TOO, NOT_APPLICABLE, NOT_AVAILABLE)
_WHOLE_ROW = 0.9


@register("reader")
def scince_areas(
    path: Path,
    *,
    columns: tuple[str, ...] | None = None,
    municipalities: tuple[str, ...] = (),
    sheet: str | None = None,
    encoding: str | None = None,
) -> Layer:
    """Read a table of SCINCE 2010 by AGEB.

    Its numbers below zero are codes, not values: -6 is a figure kept secret (a count of 1 or 2; in
    an AGEB of one or two inhabited dwellings all of them), -8 a share of nothing, -9 no data. All
    become missing, and so does any other number below zero; none is ever used as a number.

    Parameters
    ----------
    path : Path
        CSV, Excel or Parquet, keyed by `CVEGEO`.
    columns : tuple of str, optional
        Columns to keep. Default: all.
    municipalities : tuple of str
        Keep only these (5 characters). Default: all.
    sheet : str, optional
        Sheet of a workbook.
    encoding : str, optional
        Of a CSV. Default: found out.

    Returns
    -------
    Layer
        Index `key` (13 characters), sorted; the columns as numbers, those that hold none as text;
        `municipality_id`. Notes count the codes, the AGEB with a masked cell and those masked
        whole.

    Raises
    ------
    TargetingError
        `missing-column` and what `read_text_table` raises.

    References
    ----------
    INEGI, Sistema para la Consulta de Información Censal (SCINCE) 2010.
    """
    read = read_text_table(Member(path), sheet=sheet, encoding=encoding)
    found = [str(name) for name in read.table.column_names]
    key = next((name for name in found if name.strip().upper() == "CVEGEO"), None)
    wanted = list(columns) if columns is not None else [name for name in found if name != key]
    problems = [] if key else [missing_column("CVEGEO", found)]
    problems += [
        missing_column(name, found, f"columns[{i}]")
        for i, name in enumerate(columns or ())
        if name not in found
    ]
    if problems or key is None:
        raise TargetingError(problems)
    frame = read.frame([key, *wanted])
    keys, padded = clean_keys(frame.pop(key), AREA)
    losses = read.losses
    frame = unique_keys(frame, keys, losses, rows_read=read.rows_read)
    own = frame.index.str.slice(0, MUNICIPALITY)
    notes: dict[str, Any] = {"keys_padded": padded} if padded else {}
    if municipalities:
        chosen = own.isin(municipalities)
        notes["other_municipalities"] = int((~chosen).sum())
        frame, own = frame[chosen], own[chosen]
    data, found_notes = _without_codes(frame)
    data["municipality_id"] = own
    return Layer(
        data, read.rows_read, tuple(losses), encoding=read.encoding, notes=notes | found_notes
    )


def _without_codes(frame: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the columns with their codes missing, and how many there are of each."""
    data: dict[str, Any] = {}
    masked = np.zeros(len(frame), dtype=np.int64)
    codes = dict.fromkeys((str(code) for code in SENTINELS), 0)
    below = unreadable = figures = 0
    for name in frame.columns:
        numbers, strange = to_numbers(frame[name])
        if numbers.isna().all() and strange:
            data[str(name)] = frame[name]
            continue
        figures += 1
        unreadable += strange
        values = numbers.to_numpy(float, copy=True)
        masked += values == MASKED
        for code in SENTINELS:
            codes[str(code)] += int((values == code).sum())
        below += int(((values < 0) & ~np.isin(values, SENTINELS)).sum())
        values[values < 0] = np.nan
        data[str(name)] = values
    told = {
        "cells": len(frame) * figures,
        "sentinels": {code: count for code, count in codes.items() if count},
        "rows_with_mask": int((masked > 0).sum()),
        "wholly_masked_rows": int((masked > _WHOLE_ROW * max(figures, 1)).sum()),
    }
    if unreadable:
        told["unreadable_cells"] = unreadable
    if below:
        told["negative_cells"] = below
    return pd.DataFrame(data, index=frame.index), told
