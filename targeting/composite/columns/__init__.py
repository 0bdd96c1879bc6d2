"""Plain arithmetic between columns, as the recipes of published indices write it down.

A brick takes some columns of a table (in the order named) and gives one new column on the same
rows. Nothing is scaled to 0–1 and nothing is cut off unless the brick says so; a missing value
gives a missing result unless `missing_max` allows for some.
"""

from targeting.composite.columns.digits import half_up, round_half_up, sharpened
from targeting.composite.columns.missing import first_known, where_enough
from targeting.composite.columns.ranks import rank_groups, ranking
from targeting.composite.columns.several import mean, product, ratio, total
from targeting.composite.columns.single import (
    apart,
    at_least,
    clip,
    line,
    logarithm,
    power,
    scale_by_max,
)

__all__ = [
    "apart",
    "at_least",
    "clip",
    "first_known",
    "half_up",
    "line",
    "logarithm",
    "mean",
    "power",
    "product",
    "rank_groups",
    "ranking",
    "ratio",
    "round_half_up",
    "scale_by_max",
    "sharpened",
    "total",
    "where_enough",
]
