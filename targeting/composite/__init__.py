"""The composite: values become parts from 0 to 1, parts become the score of a block."""

from targeting.composite.aggregate import arithmetic, power_mean
from targeting.composite.normalize import minmax, rank
from targeting.composite.scoring import score

__all__ = ["arithmetic", "minmax", "power_mean", "rank", "score"]
