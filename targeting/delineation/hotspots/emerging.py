"""Hot spots over time: which are new, grow, fade, or come and go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.special import ndtr

from targeting.delineation.hotspots.correcting import CORRECTIONS
from targeting.delineation.hotspots.neighborhoods import by_id, symmetric
from targeting.delineation.hotspots.trend import mann_kendall
from targeting.model import Links
from targeting.problems import Problem, TargetingError

MOST = 0.9
FEWEST_PERIODS = 4
TREND_LEVEL = 0.1
NO_SPREAD = 1e-12
PATTERNS = (
    "new",
    "consecutive",
    "intensifying",
    "persistent",
    "diminishing",
    "sporadic",
    "oscillating",
    "historical",
)
PERIOD_OUTCOMES = ("tested", "all_missing", "too_few_periods", "all_equal")


@dataclass(frozen=True)
class EmergingSpots:
    """How the gathering of high and of low values changed, block by block.

    Parameters
    ----------
    blocks : DataFrame
        Index block ids. `pattern` (one of `PATTERNS`, `none` or `no_data`), `side` (`high`, `low`
        or empty), `high_share` and `low_share` (of the periods known in which the block was
        significantly high or low), `trend_z` and `trend_p` (Mann–Kendall of its deviates, two-
        sided) and `period_count` (periods with a value).
    z : DataFrame
        Deviate of G* of each block (rows) in each period (columns); missing where the value is.
    p_adjusted : DataFrame
        Two-sided p-value of each, corrected for all of them.
    outcome : str
        One of `PERIOD_OUTCOMES`: `tested`, or why nothing was.
    notes : mapping
        Settings and how many blocks follow each pattern.
    """

    blocks: pd.DataFrame
    z: pd.DataFrame
    p_adjusted: pd.DataFrame
    outcome: str
    notes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.outcome not in PERIOD_OUTCOMES:
            raise ValueError(f"no such outcome: {self.outcome}")
        object.__setattr__(self, "notes", MappingProxyType(dict(self.notes)))


def emerging_spots(
    values: pd.DataFrame,
    links: Links,
    *,
    periods_before: int = 1,
    beside: Literal["all_periods", "these_periods"] = "all_periods",
    significance: float = 0.05,
    correction: Literal[
        "none", "benjamini_hochberg", "benjamini_yekutieli", "bonferroni"
    ] = "benjamini_hochberg",
) -> EmergingSpots:
    """Find hot spots in every period and tell how each came to be.

    G* is taken over a block and its neighbors in a period and the periods before it (the
    conceptual model of Esri's Emerging Hot Spot Analysis, whose eight patterns these are; ArcGIS
    Pro, How Emerging Hot Spot Analysis works), its deviate is followed by Mann–Kendall's test for a
    trend, and `pattern_of` names what comes out.

    Parameters
    ----------
    values : DataFrame
        Index block ids, a column a period, in order of time, all periods of one length. A missing
        value is left out.
    links : Links
        Neighbors by position in `values`.
    periods_before : int
        How many periods before count as near in time.
    beside : str
        What is high: beside the values of `"all_periods"`, or only of `"these_periods"` (the one
        looked at and those before it that count), so that a change of the whole city shows nowhere.
    significance : float
        Largest adjusted p-value of a hot spot.
    correction : str
        For testing many blocks and periods at once, as in `getis_ord`.

    Returns
    -------
    EmergingSpots
        The same for every order of the rows.

    Raises
    ------
    TargetingError
        `out-of-range`: a setting means nothing.

    Examples
    --------
    >>> row = Links(np.arange(11), np.arange(1, 12), np.zeros(11), np.zeros(11))
    >>> values = np.tile([1.0, 2.0], (6, 6)).T
    >>> values[:3, 5] = 30.0
    >>> found = emerging_spots(pd.DataFrame(values), row, periods_before=0)
    >>> found.blocks[["pattern", "side"]].values.tolist()[0:7:3]
    [['new', 'high'], ['none', ''], ['none', '']]
    """
    _check(periods_before, beside, significance, correction)
    order, first, second = by_id(values.index, links)
    value = values.to_numpy(float, na_value=np.nan)[order]
    known = np.isfinite(value)
    outcome = _outcome(value, known)
    z = np.full(value.shape, np.nan)
    if outcome == "tested":
        z = _deviates(value, known, first, second, periods_before, whole=beside == "all_periods")
    adjusted = CORRECTIONS[correction](2 * np.asarray(ndtr(-np.abs(z))).ravel()).reshape(z.shape)
    side = np.where(adjusted <= significance, np.sign(z), 0).astype(np.int64)
    trend_z, trend_p = mann_kendall(z)
    table = _named(side, known, trend_z, trend_p)
    back = np.argsort(order)
    counted = table["pattern"].value_counts()
    return EmergingSpots(
        blocks=table.iloc[back].set_axis(values.index),
        z=pd.DataFrame(z[back], values.index, values.columns),
        p_adjusted=pd.DataFrame(adjusted[back], values.index, values.columns),
        outcome=outcome,
        notes={
            "periods_before": periods_before,
            "beside": beside,
            "significance": significance,
            "correction": correction,
            "missing_count": int((~known).sum()),
            **{f"{name}_count": int(counted.get(name, 0)) for name in PATTERNS},
        },
    )


def pattern_of(side: np.ndarray, known: np.ndarray, trend: int) -> tuple[str, str]:
    """Name the pattern of one block.

    The first that holds. Of a block significantly high in the last period:
    high in at least 90 % of its periods, it is *intensifying* (its deviates rise significantly),
    *diminishing* (they fall) or *persistent*; low in some period before, *oscillating*; never high
    before, *new*; high in one unbroken run up to the last, *consecutive*; else *sporadic*. Of a
    block not high in the last: high in at least 90 % of its periods, *historical*. Low ones alike.

    Parameters
    ----------
    side : ndarray of int
        1 significantly high, −1 low, 0 neither; by period.
    known : ndarray of bool
        Periods that count. Without the last there is no pattern.
    trend : int
        1 the deviates rise significantly, −1 they fall, 0 neither.

    Returns
    -------
    pattern, side : str

    Examples
    --------
    >>> every = np.ones(5, dtype=bool)
    >>> pattern_of(np.array([0, 0, 0, 1, 1]), every, 0)
    ('consecutive', 'high')
    >>> pattern_of(np.array([0, -1, 0, 0, -1]), every, 0)
    ('sporadic', 'low')
    """
    if known.sum() < FEWEST_PERIODS or not known[-1]:
        return "no_data", ""
    side = side[known]
    last = int(side[-1])
    for sign, name in ((1, "high"), (-1, "low")):
        on = side == sign
        mostly = on.mean() >= MOST - 1e-9
        if last != sign:
            if mostly:
                return "historical", name
            continue
        if mostly:
            return {1: "intensifying", 0: "persistent", -1: "diminishing"}[trend * sign], name
        if (side == -sign).any():
            return "oscillating", name
        starts = int(on[0]) + int((on[1:] & ~on[:-1]).sum())
        if starts > 1:
            return "sporadic", name
        return ("new" if on.sum() == 1 else "consecutive"), name
    return "none", ""


def _check(periods_before: int, beside: str, significance: float, correction: str) -> None:
    found = []
    for name, given, fits, expected in (
        ("periods_before", periods_before, periods_before >= 0, "≥ 0"),
        ("significance", significance, 0 < significance < 1, "> 0, < 1"),
        (
            "beside",
            beside,
            beside in ("all_periods", "these_periods"),
            "all_periods, these_periods",
        ),
        ("correction", correction, correction in CORRECTIONS, ", ".join(CORRECTIONS)),
    ):
        if not fits:
            told = {"given": str(given), "expected": expected}
            found.append(Problem("out-of-range", f"emerging.{name}", told))
    if found:
        raise TargetingError(found)


def _outcome(value: np.ndarray, known: np.ndarray) -> str:
    if not known.any():
        return "all_missing"
    if value.shape[1] < FEWEST_PERIODS:
        return "too_few_periods"
    seen = value[known]
    return "tested" if seen.max() > seen.min() else "all_equal"


def _deviates(
    value: np.ndarray,
    known: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    periods_before: int,
    *,
    whole: bool,
) -> np.ndarray:
    """Return the deviate of G* in space and time of every known value."""
    links = symmetric(first, second, len(value))
    center = float(value[known].mean())
    off = np.where(known, value - center, 0.0)
    near = _in_time(links @ off + off, periods_before)
    size = _in_time(links @ known.astype(float) + known, periods_before)
    if whole:
        total = np.full(value.shape[1], float(known.sum()))
        added, squared = np.full(len(total), off.sum()), np.full(len(total), (off**2).sum())
    else:
        total, added, squared = (
            _in_time(column.sum(axis=0)[None], periods_before)[0]
            for column in (known.astype(float), off, off**2)
        )
    many = np.maximum(total, 2.0)
    mean = added / many
    variance = np.maximum(squared / many - mean**2, 0.0)
    spread = variance * size * (many - size) / (many - 1)
    room = known & (size > 0) & (spread > NO_SPREAD * float((off**2).sum()) / known.sum())
    found = np.full(value.shape, np.nan)
    np.divide(near - size * mean, np.sqrt(np.where(room, spread, 1.0)), where=room, out=found)
    return found


def _in_time(by_period: np.ndarray, before: int) -> np.ndarray:
    """Add up each period and so many before it."""
    found = by_period.copy()
    for step in range(1, min(before, by_period.shape[1] - 1) + 1):
        found[:, step:] += by_period[:, :-step]
    return found


def _named(
    side: np.ndarray, known: np.ndarray, trend_z: np.ndarray, trend_p: np.ndarray
) -> pd.DataFrame:
    """Name every block's pattern; equal rows are looked at once."""
    trend = np.where(trend_p <= TREND_LEVEL, np.sign(np.nan_to_num(trend_z)), 0).astype(np.int64)
    rows = np.column_stack([side, known, trend]).astype(np.int8)
    kinds, which = np.unique(rows, axis=0, return_inverse=True)
    periods = side.shape[1]
    named = [
        pattern_of(row[:periods].astype(np.int64), row[periods:-1] == 1, int(row[-1]))
        if periods
        else ("no_data", "")
        for row in kinds
    ]
    count = np.maximum(known.sum(axis=1), 1)
    which = which.reshape(-1)
    return pd.DataFrame(
        {
            "pattern": np.array([name for name, _ in named], dtype=object)[which],
            "side": np.array([name for _, name in named], dtype=object)[which],
            "high_share": (known & (side > 0)).sum(axis=1) / count,
            "low_share": (known & (side < 0)).sum(axis=1) / count,
            "trend_z": trend_z,
            "trend_p": trend_p,
            "period_count": known.sum(axis=1),
        }
    )
