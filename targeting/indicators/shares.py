"""Shares from census counts, and published values handed down from the area around a block."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from annotated_types import Gt, Lt

from targeting.indicators.beta_binomial import shrink_shares
from targeting.indicators.beta_spreads import Bounded
from targeting.indicators.measured import Measured, exact
from targeting.model import Counts, Loss, Territory
from targeting.problems import Problem, TargetingError, closest
from targeting.registry import register


@register("measure")
def share(
    territory: Territory,
    *,
    numerator: tuple[str, ...],
    denominator: tuple[str, ...],
    complement: bool = False,
    shrink: Literal["none", "area"] = "none",
    confidence: Annotated[float, Gt(0), Lt(1)] = 0.9,
) -> Measured:
    """Share of a block's people or dwellings, from its census counts.

    Parameters
    ----------
    territory : Territory
        With `block_counts`.
    numerator, denominator : tuple of str
        Columns of the census that are added up.
    complement : bool
        Give 1 − share: the census counts those who have, the indicator those who lack.
    shrink : str
        `"none"`: the share as counted. `"area"`: drawn towards the share of the area around the
        block, the more so the fewer are counted there; for traits of which one block has a handful
        of cases.
    confidence : float
        Probability the interval of a drawn share holds.

    Returns
    -------
    Measured
        Between 0 and 1; a block with nobody in the denominator is missing. As counted: a masked
        count leaves an interval from the smallest share its bounds allow to the largest. Drawn: the
        mean of what the share may be after the counts, its interval and its reliability; a masked
        count widens the interval, one not published leaves the area's share.

    Raises
    ------
    TargetingError
        `missing-column` for each column the census does not have.

    See Also
    --------
    shrink_shares : the method.
    """
    counts = territory.block_counts
    columns = [*numerator, *denominator]
    _require(counts.value.columns if counts is not None else (), columns, "inputs.census")
    assert counts is not None
    part, whole = _total(counts, numerator), _total(counts, denominator)
    if shrink == "none":
        middle, smallest, largest = _counted(part, whole)
        reliability = None
    else:
        areas = territory.blocks["area_id"]
        drawn = shrink_shares(part, whole, areas, confidence=confidence)
        middle, smallest, largest = drawn.share, drawn.low, drawn.high
        reliability = pd.Series(drawn.reliability, index=counts.value.index)
    if complement:
        middle, smallest, largest = 1 - middle, 1 - largest, 1 - smallest
    value, low, high = (
        pd.Series(end, index=counts.value.index) for end in (middle, smallest, largest)
    )
    origin = "block" if shrink == "none" else "shrunk"
    return Measured(value, low, high, origin, reliability=reliability)


def _total(counts: Counts, columns: tuple[str, ...]) -> Bounded:
    frames = (counts.low, counts.value, counts.high)
    return Bounded(*(frame[list(columns)].to_numpy(float).sum(axis=1) for frame in frames))


def _counted(part: Bounded, whole: Bounded) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the shares as counted, and the ends the masks leave."""
    with np.errstate(divide="ignore", invalid="ignore"):
        middle = np.where(whole.value > 0, part.value / whole.value, np.nan)
        smallest = part.low / whole.high
        largest = np.where(whole.low > 0, part.high / whole.low, 1.0)
    middle = np.clip(middle, 0.0, 1.0)
    known = ~np.isnan(middle)
    smallest = np.where(known, np.fmin(np.clip(smallest, 0.0, 1.0), middle), np.nan)
    largest = np.where(known, np.fmax(np.clip(largest, 0.0, 1.0), middle), np.nan)
    return middle, smallest, largest


@register("measure")
def handed_down(
    territory: Territory, *, column: str, low: str | None = None, high: str | None = None
) -> Measured:
    """Hand the published value of the area around a block down to each of its blocks.

    The value describes the area, not the block: the page says so wherever it shows it. A table by
    municipality does the same with the municipality's value.

    Parameters
    ----------
    territory : Territory
        With `area_table`.
    column : str
        Column of the published table. A column of ranks, such as a grade from 1 to 5, is handed
        down as it is: ranks may be ordered (normalizer `rank`), and are never averaged here.
    low, high : str, optional
        Columns with the bounds of the value, where the publisher hides small counts.

    Returns
    -------
    Measured
        In the table's unit; blocks whose area is not in the table are missing and counted.

    Raises
    ------
    TargetingError
        `missing-column`.
    """
    table = territory.area_table
    wanted = [column, *(bound for bound in (low, high) if bound is not None)]
    _require(table.columns if table is not None else (), wanted, "inputs.area_table")
    assert table is not None
    areas = territory.blocks["area_id"]
    named = {"value": column, "low": low or column, "high": high or column}
    values = {
        part: areas.map(table[name].astype(float)).astype(float) for part, name in named.items()
    }
    value = values["value"]
    lost = value.index[value.isna()]
    losses: tuple[Loss, ...] = ()
    if len(lost):
        examples = tuple(sorted(areas[lost].dropna().unique())[:5])
        losses = (Loss("area_table", "area-without-value", len(lost), len(value), examples),)
    return Measured(
        value,
        values["low"].fillna(value).clip(upper=value),
        values["high"].fillna(value).clip(lower=value),
        "area",
        losses,
    )


@register("measure")
def block_value(territory: Territory, *, column: str) -> Measured:
    """Take a value that is known by block: street environment, or a figure from a raster.

    Parameters
    ----------
    territory : Territory
        With `block_table`.
    column : str
        Column of the table, or the `name` a study gives to a raster.

    Returns
    -------
    Measured
        In the table's unit, without an interval; what is missing stays missing and is counted.

    Raises
    ------
    TargetingError
        `missing-column`.
    """
    table = territory.block_table
    _require(table.columns if table is not None else (), [column], "inputs.block_table")
    assert table is not None
    value = table[column].astype(float)
    lost = value.index[value.isna()]
    losses: tuple[Loss, ...] = ()
    if len(lost):
        examples = tuple(str(block) for block in sorted(lost)[:5])
        losses = (Loss("block_table", "block-without-value", len(lost), len(value), examples),)
    return exact(value, "block", losses)


def _require(found: Sequence[str] | pd.Index, wanted: Sequence[str], where: str) -> None:
    names = [str(name) for name in found]
    problems = []
    for column in dict.fromkeys(wanted):
        if column not in names:
            hint = closest(column, names)
            known = ", ".join(names[:12]) + (" …" if len(names) > 12 else "") or "–"
            values = {"given": column, "hint": hint, "known": known}
            problems.append(Problem("missing-column", where, values))
    if problems:
        raise TargetingError(problems)
