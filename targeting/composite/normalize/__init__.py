"""From an indicator's own unit to a common scale. Direction is applied afterwards.

Each method takes the values, a `reference` (where ends, moments or ranks are looked for: other
cities or years; by default the values themselves) and `groups` (to do it within each group).
Missing stays missing. Beside each method on tables stands its kernel on arrays, for loops that do
it thousands of times.
"""

from targeting.composite.normalize.categories import categorical
from targeting.composite.normalize.distances import (
    distance_to_reference,
    distance_to_target,
    fraction_of_reference,
)
from targeting.composite.normalize.ends import minmax, scaled
from targeting.composite.normalize.outlying import adjusted_boxplot, medcouple
from targeting.composite.normalize.ranks import (
    borda,
    exponential_of_rank,
    percentile,
    places,
    rank,
)
from targeting.composite.normalize.standard import robust, zscore

__all__ = [
    "adjusted_boxplot",
    "borda",
    "categorical",
    "distance_to_reference",
    "distance_to_target",
    "exponential_of_rank",
    "fraction_of_reference",
    "medcouple",
    "minmax",
    "percentile",
    "places",
    "rank",
    "robust",
    "scaled",
    "zscore",
]
