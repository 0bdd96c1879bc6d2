"""Incidents before and after a day: one half to make a plan from, the other to hold it to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from targeting.model import Loss


@dataclass(frozen=True)
class Split:
    """Incidents of each block before and from a day on.

    Parameters
    ----------
    before, after : Series of float64
        Index the blocks'; missing where no source looks.
    losses : tuple of Loss
        Incidents in neither: `no-date`, `hold-out-unplaced` (in no block, or in one no source
        looks at), `hold-out-period` (before the first or after the last day asked for).
    """

    before: pd.Series[float]
    after: pd.Series[float]
    losses: tuple[Loss, ...] = ()


def split_by_date(
    incidents: pd.DataFrame,
    cut: str | pd.Timestamp,
    index: pd.Index[str],
    *,
    kinds: Sequence[str] | None = None,
    first: str | pd.Timestamp | None = None,
    last: str | pd.Timestamp | None = None,
    covered: pd.Series[bool] | None = None,
) -> Split:
    """Count incidents by block, before a day and from that day on.

    Parameters
    ----------
    incidents : DataFrame
        One row an incident: `block_id` (missing where it has none), `date`, `kind`.
    cut : str or Timestamp
        First day of the later period, such as `2023-01-01`.
    index : Index
        Ids of the blocks.
    kinds : sequence of str, optional
        Kinds that count. Default: all.
    first, last : str or Timestamp, optional
        First day of the earlier and last day of the later period. Default: all there are.
    covered : Series of bool, optional
        Index the blocks'; False where no source looks: such blocks are missing in both.

    Returns
    -------
    Split

    Examples
    --------
    >>> told = pd.DataFrame({"block_id": ["a", "b", "b", None], "kind": "robbery",
    ...                      "date": [pd.Timestamp("2022-12-31 23:59"), pd.Timestamp("2023-01-01"),
    ...                               None, pd.Timestamp("2023-05-01")]})
    >>> found = split_by_date(told, "2023-01-01", pd.Index(["a", "b"]))
    >>> found.before.tolist(), found.after.tolist(), [one.reason for one in found.losses]
    ([1.0, 0.0], [0.0, 1.0], ['no-date', 'hold-out-unplaced'])
    """
    chosen = incidents if kinds is None else incidents[incidents["kind"].isin(kinds)]
    day = pd.to_datetime(chosen["date"])
    known = np.ones(len(index), dtype=bool)
    if covered is not None:
        if not covered.index.equals(index):
            raise ValueError("covered must have the blocks' index")
        known = covered.to_numpy(bool)
    at = index.get_indexer(pd.Index(chosen["block_id"]))
    placed = (at >= 0) & known[at]
    within = np.ones(len(chosen), dtype=bool)
    if first is not None:
        within &= (day >= pd.Timestamp(first)).to_numpy()
    if last is not None:
        within &= (day < pd.Timestamp(last) + pd.Timedelta(days=1)).to_numpy()
    dated = day.notna().to_numpy()
    lost = {
        "no-date": ~dated,
        "hold-out-unplaced": dated & ~placed,
        "hold-out-period": dated & placed & ~within,
    }
    later = (day >= pd.Timestamp(cut)).to_numpy()
    counted = dated & placed & within
    both = []
    for mine in (counted & ~later, counted & later):
        found = np.bincount(at[mine], minlength=len(index)).astype(float)
        both.append(pd.Series(np.where(known, found, np.nan), index=index))
    losses = tuple(
        Loss("incidents", reason, int(rows.sum()), len(chosen))
        for reason, rows in lost.items()
        if rows.any()
    )
    return Split(both[0], both[1], losses)
