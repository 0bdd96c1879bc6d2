"""What a test of hot spots says of every block."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

# Significance levels of the classes, from the strictest.
LEVELS = (0.01, 0.05, 0.1)
CLASSES = (
    "high_99",
    "high_95",
    "high_90",
    "low_99",
    "low_95",
    "low_90",
    "not_significant",
    "no_contrast",
    "no_neighbors",
    "no_data",
)
OUTCOMES = ("tested", "all_missing", "too_few", "all_equal", "no_neighbors")
QUADRANTS = ("high_high", "low_high", "low_low", "high_low")


@dataclass(frozen=True)
class HotSpots:
    """Where values gather more than chance would have it, block by block.

    Parameters
    ----------
    blocks : DataFrame
        Index block ids. `statistic` (the method's own), `z` (its distance from what chance gives,
        in standard deviations), `p` of the block alone and `p_adjusted` for all the blocks tested,
        `class` (one of `CLASSES`) and `neighbor_count` (neighbors with a value); further columns
        of a method after these. Missing where a block could not be tested.
    outcome : str
        One of `OUTCOMES`: `tested`, or why no block could be.
    notes : mapping
        Method, settings, and how many blocks were tested, missing and without neighbors.

    Examples
    --------
    >>> table = pd.DataFrame({"class": ["high_95", "no_data"]}, index=["b1", "b2"])
    >>> HotSpots(table, "tested").class_counts()["high_95"]
    1
    """

    blocks: pd.DataFrame
    outcome: str
    notes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.outcome not in OUTCOMES:
            raise ValueError(f"no such outcome: {self.outcome}")
        if not self.blocks["class"].isin(CLASSES).all():
            raise ValueError("a block has a class that is none of CLASSES")
        object.__setattr__(self, "notes", MappingProxyType(dict(self.notes)))

    def class_counts(self) -> dict[str, int]:
        """How many blocks are in each class, also those with none."""
        counted = self.blocks["class"].value_counts()
        return {name: int(counted.get(name, 0)) for name in CLASSES}


def classes(z: np.ndarray, adjusted: np.ndarray) -> np.ndarray:
    """Return the class of tested blocks from the side of `z` and the adjusted p-value.

    Examples
    --------
    >>> classes(np.array([3.0, -2.0, 2.0]), np.array([0.001, 0.05, 0.2])).tolist()
    ['high_99', 'low_95', 'not_significant']
    """
    found = np.full(len(z), "not_significant", dtype=object)
    for level in reversed(LEVELS):
        confidence = f"{round(100 * (1 - level))}"
        found[(adjusted <= level) & (z > 0)] = f"high_{confidence}"
        found[(adjusted <= level) & (z < 0)] = f"low_{confidence}"
    found[~np.isfinite(z)] = "no_contrast"
    return found
