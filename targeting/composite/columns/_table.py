"""What every brick does with the columns it is given."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import numpy as np
import pandas as pd
from annotated_types import Ge

from targeting.problems import Problem, TargetingError

Count = Annotated[int, Ge(0)]
Numbers: TypeAlias = np.ndarray[Any, np.dtype[Any]]


def numbers(columns: pd.DataFrame) -> Numbers:
    """Return the values as one array of numbers, missing as NaN."""
    return columns.to_numpy(float)


def demand(columns: pd.DataFrame, count: int) -> None:
    """Refuse a table with another number of columns than the brick takes."""
    if columns.shape[1] != count:
        values = {"given": columns.shape[1], "expected": count}
        where = ", ".join(str(name) for name in columns.columns) or "columns"
        raise TargetingError([Problem("columns-needed", where, values)])


def only(columns: pd.DataFrame) -> pd.Series[float]:
    """Return the only column there is."""
    demand(columns, 1)
    return columns.iloc[:, 0].astype(float)


def series(values: Numbers, columns: pd.DataFrame) -> pd.Series[float]:
    """Return the values on the rows of the table."""
    return pd.Series(values, index=columns.index, dtype=float)
