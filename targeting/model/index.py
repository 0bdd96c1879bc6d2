"""A composite on a bare table, as its publisher means it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from targeting.model._checks import demand, frozen


@dataclass(frozen=True)
class Index:
    """A composite on a bare table: the method's own scale, direction, weights, ranks and classes.

    Parameters
    ----------
    value : Series
        Index the units' keys; the method's own scale. Missing where it gives no value.
    worse : str
        The direction: `"higher"` when a high value is a bad one, else `"lower"`.
    weights : mapping of str to Series
        Weights as the method states them, by the column they make.
    rank, classes : Series, optional
        Same units, as the method numbers them.
    parts : DataFrame, optional
        Every column that the recipe makes, in its order.

    Examples
    --------
    >>> index = Index(pd.Series([0.9, 0.4, None], index=["a", "b", "c"]), "lower")
    >>> index.urgency.tolist()
    [0.0, 1.0, nan]
    """

    value: pd.Series[float]
    worse: Literal["higher", "lower"]
    weights: Mapping[str, pd.Series[float]] = field(default_factory=dict)
    rank: pd.Series[float] | None = None
    classes: pd.Series[float] | None = None
    parts: pd.DataFrame = field(default_factory=pd.DataFrame)

    def __post_init__(self) -> None:
        same = [one for one in (self.rank, self.classes) if one is not None]
        demand(all(one.index.equals(self.value.index) for one in same), "index: other units")
        demand(self.value.index.is_unique, "index: a unit stands twice")
        object.__setattr__(self, "weights", frozen(self.weights))

    @property
    def urgency(self) -> pd.Series[float]:
        """The same values from 0 (the best unit) to 1 (the worst): a view, never a new index."""
        low, high = self.value.min(), self.value.max()
        if not high > low:
            return self.value.where(self.value.isna(), 0.5)
        share = (self.value - low) / (high - low)
        return share if self.worse == "higher" else 1.0 - share
