"""How much each member of a group counts: as stated, as judged, or as the data say.

Every weigher takes the parts of a group (blocks by members, 0 to 1, 1 worst) and the weights the
study states, and gives a `Weighing`: weights that sum to 1, and notes.
"""

from targeting.composite.weigh.ahp import ahp
from targeting.composite.weigh.balance import balanced
from targeting.composite.weigh.benefit import benefit_of_doubt
from targeting.composite.weigh.best_worst import best_worst
from targeting.composite.weigh.components import principal_component
from targeting.composite.weigh.factors import factor
from targeting.composite.weigh.regression import Outcome, regression
from targeting.composite.weigh.result import Weighing
from targeting.composite.weigh.spread import critic, entropy, standard_deviation
from targeting.composite.weigh.stated import equal, stated, swing

__all__ = [
    "Outcome",
    "Weighing",
    "ahp",
    "balanced",
    "benefit_of_doubt",
    "best_worst",
    "critic",
    "entropy",
    "equal",
    "factor",
    "principal_component",
    "regression",
    "standard_deviation",
    "stated",
    "swing",
]
