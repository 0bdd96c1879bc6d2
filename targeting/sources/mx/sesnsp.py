"""SESNSP's incidence by municipality: context for a city, never a value of its blocks."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from targeting.problems import Problem, TargetingError
from targeting.registry import register
from targeting.sources.files import TABLE, file_format
from targeting.sources.layer import Layer, missing_column
from targeting.sources.mx.incident_texts import kind_of
from targeting.sources.tables import read_text_table, to_numbers
from targeting.sources.text import clean_keys, fold

MONTHS = (
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
)
_YEAR, _MUNICIPALITY = "ano", "cve. municipio"
_OFFENSE, _MODALITY = "subtipo de delito", "modalidad"
_HEAD = frozenset({_YEAR, "clave_ent", _OFFENSE, *MONTHS})


def has_municipal_head(columns: Iterable[str]) -> bool:
    """Tell whether the columns are those of a table of SESNSP.

    Examples
    --------
    >>> has_municipal_head(["Año", "Clave_Ent", "Subtipo de delito"])
    False
    """
    return {fold(str(name)) for name in columns} >= _HEAD


def is_municipal(path: Path) -> bool:
    """Tell whether a table is one of SESNSP's, by its header.

    Examples
    --------
    >>> is_municipal(Path("nowhere.csv"))
    False
    """
    if not path.is_file() or file_format(path) not in TABLE:
        return False
    try:
        return has_municipal_head(_columns(path))
    except TargetingError:
        return False


def municipal_problem(path: Path) -> Problem:
    """Return the problem of municipal totals given as incidents of blocks."""
    return Problem("municipal-incidents", "", {"given": path.name})


@register("reader")
def sesnsp_municipal(path: Path) -> Layer:
    """Refuse SESNSP's table of a municipality as incidents of its blocks, with the reason.

    One number for a whole city says nothing about which of its blocks are worse, and spread over
    them it would only repeat where people live. `sesnsp_context` reads the same file to tell the
    city's level and its trend.

    Parameters
    ----------
    path : Path
        `IDM_NM_….csv`, or the table of states or of victims.

    Returns
    -------
    Layer
        Never.

    Raises
    ------
    TargetingError
        `municipal-incidents`; `missing-column` when it is another table.
    """
    if not is_municipal(path):
        raise TargetingError([missing_column("Subtipo de delito", _columns(path))])
    raise TargetingError([municipal_problem(path)])


def _columns(path: Path) -> list[str]:
    return [str(name) for name in read_text_table(path).table.column_names]


def sesnsp_context(path: Path, municipality: str) -> pd.DataFrame:
    """Return SESNSP's counts of one municipality by month and kind.

    Parameters
    ----------
    path : Path
        `IDM_NM_….csv` as published: Windows-1252, thousands commas, the months as columns and
        those to come blank.
    municipality : str
        Five digits, state and municipality, such as `"08037"`.

    Returns
    -------
    DataFrame
        `year`, `month` (1 to 12), `kind`, `count` (investigation files opened; missing in months
        not yet published, which is not zero), sorted. Offenses of no kind are left out.

    Raises
    ------
    TargetingError
        `missing-column`, `municipality-not-found` and what `read_text_table` raises.
    """
    read = read_text_table(path)
    by_name = {fold(name): name for name in read.table.column_names}
    wanted = (_YEAR, _MUNICIPALITY, _OFFENSE, _MODALITY, *MONTHS)
    absent = [name for name in wanted if name not in by_name]
    if absent:
        raise TargetingError([missing_column(name, by_name.values()) for name in absent])
    frame = read.frame([by_name[name] for name in wanted]).set_axis(list(wanted), axis=1)
    codes = clean_keys(frame[_MUNICIPALITY], 5)[0]
    rows = frame[codes == municipality]
    if not len(rows):
        values = {
            "given": path.name,
            "missing": municipality,
            "known": ", ".join(sorted(codes.dropna().unique())[:8]) or "–",
        }
        raise TargetingError([Problem("municipality-not-found", "municipality", values)])
    texts = rows[_OFFENSE].fillna("") + " " + rows[_MODALITY].fillna("")
    rows = rows.assign(kind=texts.map(kind_of), year=to_numbers(rows[_YEAR])[0])
    rows = rows[rows["kind"].notna() & rows["year"].notna()]
    numbers = pd.DataFrame({i + 1: to_numbers(rows[name])[0] for i, name in enumerate(MONTHS)})
    numbers = numbers.assign(year=rows["year"].astype(int), kind=rows["kind"])
    long = numbers.melt(["year", "kind"], var_name="month", value_name="count")
    long["month"] = long["month"].astype(int)
    tidy = long.groupby(["year", "month", "kind"], sort=True)["count"].sum(min_count=1)
    return tidy.reset_index()
