"""From values to a few classes, 1 the lowest."""

from targeting.composite.classify.breaks import (
    deviation_classes,
    equal_width,
    quantiles,
    stated_breaks,
)
from targeting.composite.classify.natural import natural_breaks
from targeting.composite.classify.result import Classes
from targeting.composite.classify.strata import dalenius_hodges

__all__ = [
    "Classes",
    "dalenius_hodges",
    "deviation_classes",
    "equal_width",
    "natural_breaks",
    "quantiles",
    "stated_breaks",
]
