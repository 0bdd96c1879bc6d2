"""Plans beside each other: identity across reruns, what differs, and plans made by hand judged."""

from targeting.delineation.plans.differing import PlanDifference, diff_plans
from targeting.delineation.plans.judging import JudgedPlan, score_plan
from targeting.delineation.plans.matching import Matching, match_plans

__all__ = [
    "JudgedPlan",
    "Matching",
    "PlanDifference",
    "diff_plans",
    "match_plans",
    "score_plan",
]
