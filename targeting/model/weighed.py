"""Other weights than the study's, and the plans made in advance for them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from targeting.model._checks import demand, frozen

WEIGHTING_KINDS = ("double", "half", "equal", "stated")


def whole_percent(shares: Mapping[str, float]) -> dict[str, int]:
    """Return shares as whole percent that sum to 100.

    Each is rounded down, and what is missing goes to the largest remainders (the method of Hare
    and Hamilton), the earlier one first among equals.

    Parameters
    ----------
    shares : mapping
        Name to a number of 0 or more, not all 0; they need not sum to 1.

    Examples
    --------
    >>> whole_percent({"violence": 8.0, "marginalization": 4.0, "facilities": 2.0})
    {'violence': 57, 'marginalization': 29, 'facilities': 14}
    """
    total = math.fsum(shares.values())
    exact = {key: 100 * share / total for key, share in shares.items()}
    out = {key: math.floor(value + 1e-9) for key, value in exact.items()}
    rest = sorted(out, key=lambda key: -round(exact[key] - out[key], 9))
    for key in rest[: 100 - sum(out.values())]:
        out[key] += 1
    return out


@dataclass(frozen=True)
class Weighting:
    """What each dimension weighs, in whole percent, in place of what the study states.

    Parameters
    ----------
    kind : str
        `double` or `half` (of one dimension, the others as to each other before), `equal`, or
        `stated` in the study.
    percent : mapping
        Dimension to its weight in percent; whole numbers that sum to 100.
    dimension : str
        The one doubled or halved.

    Examples
    --------
    >>> Weighting("double", {"violence": 67, "facilities": 33}, "violence").percent["violence"]
    67
    """

    kind: str
    percent: Mapping[str, int]
    dimension: str = ""

    def __post_init__(self) -> None:
        demand(self.kind in WEIGHTING_KINDS, f"weighting: kind {self.kind!r}")
        whole = all(one >= 0 and one == round(one) for one in self.percent.values())
        demand(whole and sum(self.percent.values()) == 100, "weighting: whole percent, 100 in all")
        object.__setattr__(self, "percent", frozen(self.percent))

    @classmethod
    def of(cls, kind: str, shares: Mapping[str, float], dimension: str = "") -> Weighting:
        """Return the weighting of shares that need not sum to anything."""
        return cls(kind, whole_percent(shares), dimension)


@dataclass(frozen=True)
class StoredPlan:
    """Polygons for another weighting: found along the links, their ground not drawn.

    Parameters
    ----------
    weighting : Weighting
        What it was made for.
    membership : Series of int64
        Index block ids; number of the polygon a block is in, 0 for none. A polygon that shares
        enough people with one of the study's has its number, another a number beyond them.
    worth : float
        Objective of the plan under its own weighting, in need.
    gap_share : float or None
        No plan under that weighting is worth more than `worth / (1 − gap_share)`; None where the
        plan is worth nothing.
    notes : mapping
        Other figures: `bound`, `threshold` (score at the line).
    """

    weighting: Weighting
    membership: pd.Series[int]
    worth: float
    gap_share: float | None
    notes: Mapping[str, Any]

    def __post_init__(self) -> None:
        object.__setattr__(self, "notes", frozen(self.notes))
