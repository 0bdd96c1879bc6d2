"""CONAPO's urban marginalization index by AGEB: components, index, grade."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from targeting.problems import Problem, TargetingError
from targeting.registry import register
from targeting.sources.layer import Layer, missing_column
from targeting.sources.mx.framework import AREA, MUNICIPALITY
from targeting.sources.tables import read_text_table, to_numbers, unique_keys
from targeting.sources.text import clean_keys

COMPONENTS = (
    "P6A14NAE",
    "SBASC",
    "PSDSS",
    "OVSDE",
    "OVSEE",
    "OVSAE",
    "OVPT",
    "OVHAC",
    "OVSREF",
    "OVSINT",
    "OVSCEL",
)
_TELLING = 10


@register("reader")
def conapo_areas(path: Path, *, sheet: str | None = None, encoding: str | None = None) -> Layer:
    """Read CONAPO's index by AGEB, of 2010 or 2020, in its DP2 form.

    Parameters
    ----------
    path : Path
        CSV or Excel, as published.
    sheet : str, optional
        Sheet of the workbook. Default: the first.
    encoding : str, optional
        Of a CSV. Default: found out.

    Returns
    -------
    Layer
        Index `key` (CVEGEO of 13 characters); the eleven components in percent, `IM`, `IMN` (the
        index on 0 to 1) and `POB_TOTAL` as numbers, `GM` (grade) as text, whatever year stands in
        the file's column names. A higher index means *less* marginalization.

    Raises
    ------
    TargetingError
        `missing-column`; `reversed-index` when the index rises with the lack of schooling, as in
        the editions before the distance method; and what `read_text_table` raises.
    """
    read = read_text_table(path, sheet=sheet, encoding=encoding)
    found = [str(name) for name in read.table.column_names]
    names = _names(found)
    year = next((m[1] for c in found if (m := re.fullmatch(r"IMN?_?(\d{4})", c.upper()))), "")
    problems = [
        missing_column(name, found) for name in ("CVE_AGEB", "IM", *COMPONENTS) if name not in names
    ]
    if problems:
        raise TargetingError(problems)
    frame = read.frame([names[name] for name in names]).set_axis(list(names), axis=1)
    keys, padded = clean_keys(frame.pop("CVE_AGEB"), AREA)
    losses = read.losses
    frame = unique_keys(frame, keys, losses, rows_read=read.rows_read)
    for column in frame.columns:
        if column != "GM":
            frame[column] = to_numbers(frame[column])[0]
    _refuse_reversed(frame, path)
    frame["municipality_id"] = frame.index.str.slice(0, MUNICIPALITY)
    notes: dict[str, Any] = {"table_year": year} if year else {}
    if padded:
        notes["keys_padded"] = padded
    return Layer(frame, read.rows_read, tuple(losses), encoding=read.encoding, notes=notes)


def _names(found: list[str]) -> dict[str, str]:
    """Return our name to the file's, for the columns a study can use."""
    names: dict[str, str] = {}
    for column in found:
        upper = column.upper().strip()
        plain = re.sub(r"_?\d{4}$", "", upper)
        if upper in ("CVE_AGEB", "CVEGEO"):
            names.setdefault("CVE_AGEB", column)
        elif upper in ("POB_TOTAL", "POB_TOT", "POBTOT"):
            names.setdefault("POB_TOTAL", column)
        elif upper in COMPONENTS or plain in ("IM", "IMN", "GM"):
            names.setdefault(upper if upper in COMPONENTS else plain, column)
    return names


def _refuse_reversed(frame: pd.DataFrame, path: Path) -> None:
    """Check that the index falls where more adults lack basic schooling."""
    both = frame[["IM", "SBASC"]].dropna()
    if len(both) < _TELLING:
        return
    ranks = both.rank()
    if ranks["IM"].nunique() < 2 or ranks["SBASC"].nunique() < 2:
        return
    correlation = float(np.corrcoef(ranks["IM"], ranks["SBASC"])[0, 1])
    if correlation > 0:
        values = {"given": path.name, "correlation": f"{correlation:.2f}"}
        raise TargetingError([Problem("reversed-index", "", values)])
