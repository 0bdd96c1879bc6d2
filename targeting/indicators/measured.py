"""What a measure gives back."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from targeting.model import Loss


@dataclass(frozen=True)
class Measured:
    """One indicator by block, with the interval its data leave open.

    Parameters
    ----------
    value, low, high : Series
        Index block ids, in the indicator's unit; missing stays missing.
    origin : str
        As in `Values.origin`.
    losses : tuple of Loss
        Rows the measure could not use.
    reliability : Series, optional
        Share of the variance between blocks that is signal and not chance, 0 to 1.
    basis : Series of str, optional
        What each block's value stands on, where that differs from block to block.
    """

    value: pd.Series[float]
    low: pd.Series[float]
    high: pd.Series[float]
    origin: str
    losses: tuple[Loss, ...] = ()
    reliability: pd.Series[float] | None = None
    basis: pd.Series[str] | None = None


def exact(value: pd.Series[float], origin: str, losses: tuple[Loss, ...] = ()) -> Measured:
    """Return a measured indicator whose data leave no interval open.

    Examples
    --------
    >>> exact(pd.Series([1.0]), "block").high.tolist()
    [1.0]
    """
    return Measured(value, value, value, origin, losses)
