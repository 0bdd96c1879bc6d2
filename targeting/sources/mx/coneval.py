"""CONEVAL's social lag: the grade by AGEB, and the index by municipality."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from targeting.problems import TargetingError
from targeting.registry import register
from targeting.sources.layer import Layer, missing_columns
from targeting.sources.mx.framework import AREA, MUNICIPALITY
from targeting.sources.mx.published_tables import (
    AREA_KEY,
    MUNICIPALITY_KEY,
    PublishedTable,
    municipality_keys,
    read_published,
)
from targeting.sources.tables import to_numbers, unique_keys
from targeting.sources.text import clean_keys, fold, folded

GRADES = ("muy bajo", "bajo", "medio", "alto", "muy alto")
"""From the least lag (1) to the most (5). They are ranks: no mean of them means anything."""
DIRECTION = "higher_is_worse"
# What a heading says (folded) of each indicator; the first that fits is it, so that what is more
# particular stands first. The headings of AGEB and municipality differ in a word or two.
INDICATORS: Mapping[str, str] = {
    "illiterate_percent": r"analfabet",
    "out_of_school_6_14_percent": r"6 a 14 anos.*no asiste",
    "out_of_school_15_24_percent": r"15 a 24 anos.*no asiste",
    "no_basic_education_percent": r"educacion basica incompleta",
    "no_health_affiliation_percent": r"sin derechohabiencia|no afiliad|sin afiliacion",
    "overcrowding_percent": r"hacinamiento",
    "no_piped_water_percent": r"agua entubada|sin agua",
    "no_toilet_percent": r"excusado|sanitario",
    "no_drainage_percent": r"drenaje",
    "no_electricity_percent": r"energia electrica|electricidad",
    "dirt_floor_percent": r"piso de tierra",
    "no_washing_machine_percent": r"lavadora",
    "no_refrigerator_percent": r"refrigerador",
    "no_cell_phone_percent": r"celular",
    "no_telephone_percent": r"telefono",
    "no_computer_percent": r"computadora",
    "no_internet_percent": r"internet",
}
# The eleven of the municipalities; the other six are told by AGEB only.
MUNICIPALITY_INDICATORS = (
    "illiterate_percent",
    "out_of_school_6_14_percent",
    "no_basic_education_percent",
    "no_health_affiliation_percent",
    "dirt_floor_percent",
    "no_toilet_percent",
    "no_piped_water_percent",
    "no_drainage_percent",
    "no_electricity_percent",
    "no_washing_machine_percent",
    "no_refrigerator_percent",
)
_GRADE, _INDEX = r"^(grado de rezago|grado$|grs)", r"indice de rezago"


@register("reader")
def coneval_areas(path: Path, *, sheet: str | None = None, encoding: str | None = None) -> Layer:
    """Read CONEVAL's grade of social lag by urban AGEB, of 2020, with its 17 indicators.

    Only a grade is published by AGEB, no index. It is a rank from 1 to 5: it may order places, and
    it is never averaged, neither here nor over the blocks of a polygon.

    Parameters
    ----------
    path : Path
        The workbook or its zip, as published: titles and groups stand above the header, which is
        found by its content.
    sheet : str, optional
        Sheet of the workbook. Default: the first that holds keys of AGEB.
    encoding : str, optional
        Of a CSV. Default: found out.

    Returns
    -------
    Layer
        Index `key` (CVEGEO of 13 characters); `social_lag_grade` (1 least lag, 5 most) and the
        indicators in percent as `lag_illiterate_percent` … Suppressed cells (`*`) are missing.

    Raises
    ------
    TargetingError
        `missing-column` and what `read_published` raises.
    """
    named = r"cvegeo|cve_?ageb|clave.*ageb|^ageb"
    read = read_published(path, key=AREA_KEY, named=named, sheet=sheet, encoding=encoding)
    names = _names(read, tuple(INDICATORS), {"social_lag_grade": _GRADE})
    keys, padded = clean_keys(read.frame[read.key], AREA)
    frame, layer_of = _table(read, names, keys, padded)
    frame["municipality_id"] = frame.index.str.slice(0, MUNICIPALITY)
    return layer_of(frame)


@register("reader")
def coneval_municipalities(
    path: Path, *, sheet: str | None = None, encoding: str | None = None
) -> Layer:
    """Read CONEVAL's index of social lag by municipality, of 2020.

    The index is the first principal component of eleven indicators: mean 0, higher is more lag. Its
    values are the same for every block of a municipality.

    Parameters
    ----------
    path : Path
        The workbook of states and municipalities, or its zip, as published.
    sheet : str, optional
        Sheet of the workbook. Default: the first that holds codes of municipalities.
    encoding : str, optional
        Of a CSV. Default: found out.

    Returns
    -------
    Layer
        Index `municipality_id` (5 characters); `municipality_social_lag_index`,
        `municipality_social_lag_grade` (1 least lag, 5 most; a rank, never averaged) and the
        indicators in percent as `municipality_lag_illiterate_percent` …

    Raises
    ------
    TargetingError
        `missing-column` and what `read_published` raises.
    """
    named = r"cve_?mun|clave.*mun"
    read = read_published(path, key=MUNICIPALITY_KEY, named=named, sheet=sheet, encoding=encoding)
    more = {"social_lag_grade": _GRADE, "social_lag_index": _INDEX}
    names = _names(read, MUNICIPALITY_INDICATORS, more)
    keys, padded = municipality_keys(read)
    frame, layer_of = _table(read, names, keys, padded)
    return layer_of(frame.add_prefix("municipality_").rename_axis("municipality_id"))


def _names(
    read: PublishedTable, indicators: tuple[str, ...], more: Mapping[str, str]
) -> dict[str, str]:
    """Return our name to the file's; every one asked for must be there."""
    wanted = dict(more) | {f"lag_{name}": INDICATORS[name] for name in indicators}
    names: dict[str, str] = {}
    for column in read.names:
        plain = fold(column)
        fits = (ours for ours, text in wanted.items() if re.search(text, plain))
        ours = next(fits, None)
        if ours is not None:
            names.setdefault(ours, column)
    absent = [] if read.key else ["CVEGEO"]
    absent += [name for name in wanted if name not in names]
    if absent:
        raise TargetingError(missing_columns(absent, read.names))
    return names


def _table(
    read: PublishedTable, names: Mapping[str, str], keys: pd.Series[str], padded: int
) -> tuple[pd.DataFrame, Callable[[pd.DataFrame], Layer]]:
    """Return the columns under our names, and what makes a layer of them."""
    losses = list(read.losses)
    frame = read.frame[list(names.values())].set_axis(list(names), axis=1)
    frame = unique_keys(frame, keys, losses, rows_read=read.rows_read)
    suppressed = int((frame == "*").any(axis=1).sum())
    grades = {text: float(rank) for rank, text in enumerate(GRADES, start=1)}
    notes: dict[str, Any] = {"other_lines": read.other_lines}
    for column in frame.columns:
        if column == "social_lag_grade":
            frame[column] = folded(frame[column]).map(grades).astype(float)
        else:
            frame[column] = to_numbers(frame[column].replace("*", ""))[0]
    told = [name for name in ("social_lag_index", "social_lag_grade") if name in names]
    notes["index_direction"] = {DIRECTION: ", ".join(told)}
    notes["without_grade"] = int(frame["social_lag_grade"].isna().sum())
    if suppressed:
        notes["rows_suppressed"] = suppressed
    if padded:
        notes["keys_padded"] = padded

    def layer(data: pd.DataFrame) -> Layer:
        return Layer(data, read.rows_read, tuple(losses), encoding=read.encoding, notes=notes)

    return frame, layer
