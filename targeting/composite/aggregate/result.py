"""What an aggregator gives back, and the account every one keeps of what is missing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from targeting.problems import Problem, TargetingError


@dataclass(frozen=True)
class Aggregate:
    """A combination of parts.

    Parameters
    ----------
    value : Series
        Combined part, 0 to 1; missing where no part has data.
    contributions : DataFrame
        What each part adds; the columns sum to `value`. A missing part adds 0.
    coverage : Series
        Share of the weight that has data.
    """

    value: pd.Series[float]
    contributions: pd.DataFrame
    coverage: pd.Series[float]


def known_weights(
    parts: pd.DataFrame, weights: pd.Series[float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the parts with 0 for what is missing, each row's own weights, and its coverage.

    Parameters
    ----------
    parts : DataFrame
        Blocks by parts.
    weights : Series
        Weight of each column, 0 or more, not all 0.

    Returns
    -------
    (ndarray, ndarray, ndarray)
        Blocks by parts; weights that sum to 1 in each row that has data, the missing parts' left to
        the others (all 0 where there is none); the share of the weight that has data.

    Raises
    ------
    TargetingError
        `bad-weight` for each weight that is negative, no number or not there; `no-weight-left`.

    Examples
    --------
    >>> held = pd.DataFrame({"a": [1.0], "b": [None]}, dtype=float)
    >>> filled, shares, coverage = known_weights(held, pd.Series({"a": 1.0, "b": 3.0}))
    >>> shares.tolist(), coverage.tolist()
    ([[1.0, 0.0]], [0.25])
    """
    given = weights.reindex(parts.columns).to_numpy(float)
    demand_weights(given, parts.columns)
    held = parts.to_numpy(float)
    known = ~np.isnan(held)
    shares = np.where(known, given, 0.0)
    total = shares.sum(axis=1)
    coverage = total / given.sum()
    shares /= np.where(total > 0, total, 1.0)[:, None]
    return np.where(known, held, 0.0), shares, coverage


def demand_weights(given: np.ndarray, names: pd.Index) -> None:
    """Refuse weights that would make every value missing, or a good thing bad, unseen.

    Parameters
    ----------
    given : ndarray
        One weight a part.
    names : Index
        Of the parts.

    Raises
    ------
    TargetingError
        `bad-weight`, `no-weight-left`.
    """
    wrong = ~(np.isfinite(given) & (given >= 0))
    if wrong.any():
        pairs = zip(names[wrong], given[wrong], strict=True)
        raise TargetingError(
            [Problem("bad-weight", f"weights.{name}", {"given": weight}) for name, weight in pairs]
        )
    if not given.sum() > 0:
        values = {"given": ", ".join(map(str, names))}
        raise TargetingError([Problem("no-weight-left", "weights", values)])


def shared_out(
    value: np.ndarray, pieces: np.ndarray, coverage: np.ndarray, parts: pd.DataFrame
) -> Aggregate:
    """Return an aggregate whose value is told in proportion to the pieces of each part.

    Parameters
    ----------
    value : ndarray
        One number a block.
    pieces : ndarray
        Blocks by parts, 0 or more; where a row has none, nothing is told of any part.
    coverage : ndarray
        Share of the weight that has data.
    parts : DataFrame
        For its index and columns.

    Returns
    -------
    Aggregate

    Examples
    --------
    >>> whole = shared_out(np.array([0.6]), np.array([[1.0, 2.0]]), np.array([1.0]),
    ...                    pd.DataFrame({"a": [0.4], "b": [0.7]}))
    >>> whole.contributions.round(3).values.tolist()
    [[0.2, 0.4]]
    """
    total = pieces.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        told = np.where(total[:, None] > 0, pieces / total[:, None] * value[:, None], 0.0)
    return Aggregate(
        pd.Series(np.where(coverage > 0, value, np.nan), index=parts.index),
        pd.DataFrame(told, index=parts.index, columns=parts.columns),
        pd.Series(coverage, index=parts.index),
    )
