"""From parts to one number, and what each part adds to it."""

from targeting.composite.aggregate.apart import one_less_dp2
from targeting.composite.aggregate.decision import promethee, topsis, vikor
from targeting.composite.aggregate.means import arithmetic, geometric, harmonic, power_mean
from targeting.composite.aggregate.outranking import copeland
from targeting.composite.aggregate.result import Aggregate, known_weights
from targeting.composite.aggregate.rules import (
    lexicographic,
    mazziotta_pareto,
    min_count,
    owa,
    product,
    quadrants,
)

__all__ = [
    "Aggregate",
    "arithmetic",
    "copeland",
    "geometric",
    "harmonic",
    "known_weights",
    "lexicographic",
    "mazziotta_pareto",
    "min_count",
    "one_less_dp2",
    "owa",
    "power_mean",
    "product",
    "promethee",
    "quadrants",
    "topsis",
    "vikor",
]
