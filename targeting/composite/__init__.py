"""The composite: values become parts from 0 to 1, parts become the score of a block."""

from targeting.composite.aggregate import (
    arithmetic,
    copeland,
    geometric,
    harmonic,
    lexicographic,
    mazziotta_pareto,
    min_count,
    owa,
    power_mean,
    product,
    quadrants,
)
from targeting.composite.normalize import minmax, rank
from targeting.composite.scoring import score

__all__ = [
    "arithmetic",
    "copeland",
    "geometric",
    "harmonic",
    "lexicographic",
    "mazziotta_pareto",
    "min_count",
    "minmax",
    "owa",
    "power_mean",
    "product",
    "quadrants",
    "rank",
    "score",
]
