"""The composite: values become parts from 0 to 1, parts become the score of a block."""

from targeting.composite.aggregate import (
    arithmetic,
    copeland,
    geometric,
    harmonic,
    lexicographic,
    mazziotta_pareto,
    min_count,
    one_less_dp2,
    owa,
    power_mean,
    product,
    quadrants,
)
from targeting.composite.components import first_component, principal_components
from targeting.composite.distance import dp2, furthest
from targeting.composite.normalize import minmax, rank
from targeting.composite.scoring import score

__all__ = [
    "arithmetic",
    "copeland",
    "dp2",
    "first_component",
    "furthest",
    "geometric",
    "harmonic",
    "lexicographic",
    "mazziotta_pareto",
    "min_count",
    "minmax",
    "one_less_dp2",
    "owa",
    "power_mean",
    "principal_components",
    "product",
    "quadrants",
    "rank",
    "score",
]
