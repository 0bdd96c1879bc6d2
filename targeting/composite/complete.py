"""Tables without a gap, which distances and components need."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import pandas as pd

from targeting.problems import Problem, TargetingError

Array: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

_STILL = 1e-12  # spread over size below which a column is constant: what summing leaves


def complete_numbers(values: pd.DataFrame, *, where: str) -> Array:
    """Return a table's numbers once it is sure that each column varies and lacks nothing.

    Parameters
    ----------
    values : DataFrame
        Units by indicators.
    where : str
        Place to tell problems at.

    Returns
    -------
    ndarray
        The same numbers.

    Raises
    ------
    TargetingError
        `gaps-in-table`, `constant-in-table` for each column that has them; `small-table` with no
        indicator or with fewer than two units.

    Examples
    --------
    >>> complete_numbers(pd.DataFrame({"a": [1, 2], "b": [0.5, 0.0]}), where="here").tolist()
    [[1.0, 0.5], [2.0, 0.0]]
    """
    numbers = values.to_numpy(dtype=float, na_value=np.nan)
    if numbers.shape[0] < 2 or numbers.shape[1] < 1:
        shape = {"given": numbers.shape[0], "indicators": numbers.shape[1]}
        raise TargetingError([Problem("small-table", where, shape)])
    names = [str(name) for name in values.columns]
    gaps = (~np.isfinite(numbers)).sum(axis=0)
    problems = [
        Problem("gaps-in-table", f"{where}.{name}", {"given": int(count)})
        for name, count in zip(names, gaps, strict=True)
        if count
    ]
    with np.errstate(invalid="ignore"):
        low, high = numbers.min(axis=0), numbers.max(axis=0)
        size = np.maximum(np.abs(low), np.abs(high))
        still = (high - low) <= _STILL * size
    problems += [
        Problem("constant-in-table", f"{where}.{name}", {"given": float(value)})
        for name, value, stuck, count in zip(names, low, still, gaps, strict=True)
        if stuck and not count
    ]
    if problems:
        raise TargetingError(problems)
    return numbers
