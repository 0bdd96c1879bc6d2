"""Weights from how unevenly and how differently the parts are spread: no opinion, only data."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from targeting.composite.weigh.result import WHERE, Array, Weighing, seen
from targeting.problems import Problem, TargetingError
from targeting.registry import register

_DUST = 1e-12  # what rounding leaves of a difference that is none


@register("weigher", laws=("rows", "columns", "homogeneous", "range", "missing", "ties"))
def entropy(parts: pd.DataFrame, given: pd.Series[float]) -> Weighing:
    """Weigh a part by how unevenly its sum is spread over the blocks.

    The weight is `1 − E`, with `E = −Σ p ln p / ln n` and `p` each block's share of the part's sum
    (0 ln 0 counts as 0): a part that few blocks hold weighs much. It depends on where 0 lies.

    Parameters
    ----------
    parts : DataFrame
        Blocks by parts, 0 or more. Blocks with a gap are left out.
    given : Series
        Not looked at.

    Returns
    -------
    Weighing
        Notes: `rows_used`, `rows_left_out`, `constant`, `entropy` of each part.

    Raises
    ------
    TargetingError
        What `seen` refuses; `negative-part`.

    References
    ----------
    Hwang and Yoon (1981), Multiple Attribute Decision Making.

    Examples
    --------
    >>> parts = pd.DataFrame({"even": [0.4, 0.5, 0.6], "rare": [0.0, 0.0, 1.0]})
    >>> entropy(parts, pd.Series(dtype=float)).weights.round(3).to_dict()
    {'even': 0.012, 'rare': 0.988}
    """
    found = seen(parts)
    negative = [bool((column < 0).any()) for column in found.numbers.T]
    if any(negative):
        raise TargetingError(
            Problem("negative-part", f"{WHERE}.{name}", {"given": name})
            for name, one in zip(found.varying, negative, strict=True)
            if one
        )
    evenness = entropies(found.numbers)
    told = dict(zip(found.varying, evenness.tolist(), strict=True))
    return found.weighing(np.maximum(1.0 - evenness, 0.0), entropy=told)


def entropies(numbers: Array) -> Array:
    """Return the entropy of each column over the largest one possible, 0 to 1.

    Examples
    --------
    >>> entropies(np.array([[1.0, 0.0], [1.0, 2.0]])).tolist()
    [1.0, 0.0]
    """
    shares = numbers / numbers.sum(axis=0)
    logs = np.log(np.where(shares > 0, shares, 1.0))
    found: Array = -(shares * logs).sum(axis=0) / np.log(len(numbers)) + 0.0
    return found


@register("weigher", laws=("rows", "columns", "homogeneous", "range", "missing", "ties"))
def standard_deviation(parts: pd.DataFrame, given: pd.Series[float]) -> Weighing:
    """Weigh a part by its standard deviation.

    Parameters
    ----------
    parts : DataFrame
        Blocks by parts. Blocks with a gap are left out.
    given : Series
        Not looked at.

    Returns
    -------
    Weighing
        Notes: `rows_used`, `rows_left_out`, `constant`.

    Raises
    ------
    TargetingError
        What `seen` refuses.

    Examples
    --------
    >>> parts = pd.DataFrame({"a": [0.0, 0.5, 1.0], "b": [0.4, 0.5, 0.6]})
    >>> standard_deviation(parts, pd.Series(dtype=float)).weights.round(4).to_dict()
    {'a': 0.8333, 'b': 0.1667}
    """
    found = seen(parts)
    return found.weighing(found.numbers.std(axis=0))


@register("weigher", laws=("rows", "columns", "scale", "homogeneous", "range", "missing", "ties"))
def critic(
    parts: pd.DataFrame,
    given: pd.Series[float],
    *,
    correlation: Literal["pearson", "spearman"] = "pearson",
) -> Weighing:
    """Weigh a part by its spread times its conflict with the others (CRITIC).

    The weight is `s_j Σ_k (1 − r_jk)`, with `s_j` the standard deviation after each part is
    stretched to 0–1 and `r` the correlation of the parts.

    Parameters
    ----------
    parts : DataFrame
        Blocks by parts. Blocks with a gap are left out.
    given : Series
        Not looked at.
    correlation : str
        `"pearson"` as published, or `"spearman"` (of ranks, ties at their mean).

    Returns
    -------
    Weighing
        Notes: `rows_used`, `rows_left_out`, `constant`, `conflict` of each part.

    Raises
    ------
    TargetingError
        What `seen` refuses; `no-conflict` where all parts say the same.

    References
    ----------
    Diakoulaki, Mavrotas and Papayannakis (1995), Determining objective weights in multiple
    criteria problems: the CRITIC method.

    Examples
    --------
    >>> parts = pd.DataFrame({"a": [0.0, 0.5, 1.0], "b": [0.0, 0.5, 1.0], "c": [1.0, 0.5, 0.0]})
    >>> critic(parts, pd.Series(dtype=float)).weights.to_dict()
    {'a': 0.25, 'b': 0.25, 'c': 0.5}
    """
    found = seen(parts)
    low, high = found.numbers.min(axis=0), found.numbers.max(axis=0)
    stretched = (found.numbers - low) / (high - low)
    spread = stretched.std(axis=0)
    if len(found.varying) == 1:
        return found.weighing(np.ones(1), conflict={found.varying[0]: 0.0})
    compared = stretched
    if correlation == "spearman":
        compared = pd.DataFrame(stretched).rank().to_numpy(float)
    together = np.corrcoef(compared, rowvar=False)
    conflict = (1.0 - together).sum(axis=0) - np.diag(1.0 - together)
    conflict = np.where(conflict > _DUST * len(conflict), conflict, 0.0)
    if not conflict.any():
        raise TargetingError([Problem("no-conflict", WHERE, {"given": ", ".join(found.varying)})])
    told = dict(zip(found.varying, conflict.tolist(), strict=True))
    return found.weighing(spread * conflict, conflict=told)
