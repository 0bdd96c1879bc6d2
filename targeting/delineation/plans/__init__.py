"""Plans beside each other: identity across reruns, what differs, and plans made by hand judged."""

from targeting.delineation.plans.differing import PlanDifference, diff_plans
from targeting.delineation.plans.holdout import HoldOut, predictive_accuracy
from targeting.delineation.plans.judging import JudgedPlan, score_plan
from targeting.delineation.plans.matching import Matching, match_plans
from targeting.delineation.plans.splitting import Split, split_by_date

__all__ = [
    "HoldOut",
    "JudgedPlan",
    "Matching",
    "PlanDifference",
    "Split",
    "diff_plans",
    "match_plans",
    "predictive_accuracy",
    "score_plan",
    "split_by_date",
]
