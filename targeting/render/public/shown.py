"""A result as it may be told: what `protected` makes, and every output reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from targeting.model import Result

Mode = Literal["public", "internal"]


@dataclass(frozen=True)
class Shown(Result):
    """A result with nothing in it that its readers may not see.

    Parameters
    ----------
    mode : str
        `"public"`, or `"internal"` for the office: then nothing was changed.
    above : ndarray of float64
        By block, how far its exact score lies from the line. Only its sign may be told; missing
        where not even that.
    hidden : DataFrame of bool
        Blocks by indicators: values not told because they are of too few people or dwellings.
    """

    mode: Mode = "public"
    above: np.ndarray = field(default_factory=lambda: np.zeros(0))
    hidden: pd.DataFrame = field(default_factory=pd.DataFrame)


def is_internal(result: Result) -> bool:
    """Tell whether a result is told to the office, with its exact values."""
    return isinstance(result, Shown) and result.mode == "internal"
