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
from targeting.composite.classify import (
    Classes,
    dalenius_hodges,
    natural_breaks,
    quantiles,
    stated_breaks,
)
from targeting.composite.components import first_component, principal_components
from targeting.composite.distance import dp2, furthest
from targeting.composite.filling import group_value
from targeting.composite.normalize import minmax, rank
from targeting.composite.scoring import score
from targeting.composite.treat import Treated
from targeting.composite.weigh import Weighing

__all__ = [
    "Classes",
    "Treated",
    "Weighing",
    "arithmetic",
    "copeland",
    "dalenius_hodges",
    "dp2",
    "first_component",
    "furthest",
    "geometric",
    "group_value",
    "harmonic",
    "lexicographic",
    "mazziotta_pareto",
    "min_count",
    "minmax",
    "natural_breaks",
    "one_less_dp2",
    "owa",
    "power_mean",
    "principal_components",
    "product",
    "quadrants",
    "quantiles",
    "rank",
    "score",
    "stated_breaks",
]
