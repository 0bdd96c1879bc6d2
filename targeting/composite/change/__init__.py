"""The smallest change that would take a block across a line: in weights, or in one indicator.

Every change found is carried out and the whole city scored again; what does not cross the line
then is not told.
"""

from targeting.composite.change.recipe import Line, NoChange, Recipe, at_score, in_top
from targeting.composite.change.value import ValueChange, change_value
from targeting.composite.change.weights import WeightChange, change_weights

__all__ = [
    "Line",
    "NoChange",
    "Recipe",
    "ValueChange",
    "WeightChange",
    "at_score",
    "change_value",
    "change_weights",
    "in_top",
]
