"""What the bound hands over so that anybody can recompute it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


def _nothing() -> np.ndarray:
    return np.empty(0)


@dataclass(frozen=True)
class Certificate:
    """Dual numbers of a bound. Any numbers give a valid bound; good ones give a tight one.

    Parameters
    ----------
    resident : float
        Price of a resident, in need.
    ground : float
        Price of a square meter of ground, in need; never below 0.
    block : float
        Price of a block, in need; never below 0.
    flow : ndarray
        Per link (as `City.neighbor`), what the first block hands to its neighbor, in need. Read
        as half of the difference of both directions, and never more than the shared border costs.
    """

    resident: float = 0.0
    ground: float = 0.0
    block: float = 0.0
    flow: np.ndarray = field(default_factory=_nothing)


@dataclass(frozen=True)
class Bound:
    """No plan that keeps the rules is worth more than `value`.

    Parameters
    ----------
    value : float
        In need, like the objective; as `check_bound` finds it.
    certificate : Certificate
        The dual numbers.
    """

    value: float
    certificate: Certificate

    def gap(self, worth: float) -> float:
        """Return how far below the bound a plan's worth is, as a share of the bound.

        Examples
        --------
        >>> Bound(200.0, Certificate()).gap(190.0)
        0.05
        """
        if self.value <= worth:
            return 0.0
        return (self.value - worth) / abs(self.value) if self.value else float("inf")
