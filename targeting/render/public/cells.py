"""Suppression of small counts, and of as many others as it takes that none can be worked out."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd


def hidden_of_total(
    counts: np.ndarray, least: int, small: Collection[int] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Choose which parts of a known total are not told.

    Those from 1 to `least - 1` are told as few; then the smallest others are withheld until
    the total leaves more than one number open for each of the few.

    Parameters
    ----------
    counts : ndarray
        Parts; the reader knows their sum, and that none is negative.
    least : int
        Fewest that are told.
    small : collection of int, optional
        Places where a small count is hidden. Default: everywhere.

    Returns
    -------
    few, withheld : ndarray of bool

    Examples
    --------
    >>> few, withheld = hidden_of_total(np.array([2, 7, 40]), least=3)
    >>> few.tolist(), withheld.tolist()
    ([True, False, False], [False, True, False])
    >>> hidden_of_total(np.array([1, 1, 9, 10]), least=3)[1].tolist()  # 1 + 1 = 2: nothing else
    [False, False, True, False]
    """
    counts = np.asarray(counts)
    few = (counts > 0) & (counts < least)
    if small is not None:
        few &= np.isin(np.arange(len(counts)), list(small))
    withheld = np.zeros(len(counts), bool)
    shown = [at for at in np.argsort(counts, kind="stable") if counts[at] >= 1 and not few[at]]
    floor = least if small is None else 1  # of some kinds only, the others may be small too
    while few.any() and shown and not _open(counts, few, withheld, least, floor):
        withheld[shown.pop(0)] = True
    return few, withheld


def _open(
    counts: np.ndarray, few: np.ndarray, withheld: np.ndarray, least: int, floor: int
) -> bool:
    """Tell whether the sum of what is hidden leaves each of the few more than one number."""
    hidden = few | withheld
    low = np.where(few, 1.0, floor)[hidden]
    high = np.where(few, least - 1.0, np.inf)[hidden]
    rest = float(counts[hidden].sum())
    most = np.minimum(high, rest - (low.sum() - low))
    # With two that have no upper end, the sum of the others has none either.
    tops = np.array([np.delete(high, at).sum() for at in range(len(high))])
    fewest = np.maximum(low, rest - tops)
    return bool((most - fewest >= 1)[few[hidden]].all())


def hidden_in_table(counts: pd.DataFrame, least: int) -> pd.DataFrame:
    """Choose which cells of a table are not told, when its sums by row and by column are known.

    For each small count a row and a column are found so that the four cells where they cross can
    change by one against each other, and no sum changes; all four are hidden. A count that has no
    such way out takes its whole row with it. What is hidden is all told alike.

    Parameters
    ----------
    counts : DataFrame
        Whole numbers of 0 or more, such as incidents by polygon and year.
    least : int
        Fewest that are told.

    Returns
    -------
    DataFrame of bool

    References
    ----------
    Cox, L. H. (1980). Suppression methodology and statistical disclosure control. Journal of the
    American Statistical Association 75(370), 377–385.

    Examples
    --------
    >>> table = pd.DataFrame([[2, 9, 30], [8, 12, 40], [50, 60, 70]])
    >>> hidden_in_table(table, least=5).to_numpy().astype(int).tolist()
    [[1, 1, 0], [1, 1, 0], [0, 0, 0]]
    """
    held = counts.to_numpy()
    primary = (held > 0) & (held < least)
    hidden = primary.copy()
    for row, column in zip(*np.nonzero(primary), strict=True):
        corner = _corner(held, hidden, int(row), int(column))
        if corner is None:
            hidden[row] = held[row] > 0
            continue
        hidden[np.ix_([row, corner[0]], [column, corner[1]])] = True
    return pd.DataFrame(hidden, index=counts.index, columns=counts.columns)


def _corner(held: np.ndarray, hidden: np.ndarray, row: int, column: int) -> tuple[int, int] | None:
    """Return the opposite corner that hides the fewest cells, and of those the smallest counts."""
    beside = held[row, :][None, :]
    below = held[:, column][:, None]
    # One more here and across, one less beside and below: those two must have one to give.
    usable = (beside > 0) & (below > 0)
    usable[row, :] = False
    usable[:, column] = False
    if not usable.any():
        return None
    new = (~hidden[row, :])[None, :].astype(int) + (~hidden[:, column])[:, None] + ~hidden
    cost = np.where(usable, new * 1e9 + beside + below + held, np.inf)
    at = int(np.argmin(cost))
    return at // held.shape[1], at % held.shape[1]
