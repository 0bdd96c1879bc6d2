"""A study from its file to its maps: the steps, in order."""

from targeting.pipeline.delineating import delineated, judged, neighbors
from targeting.pipeline.reading import check, check_whole, load
from targeting.pipeline.scoring import score_settings, scored
from targeting.pipeline.steps import carry_out, run

__all__ = [
    "carry_out",
    "check",
    "check_whole",
    "delineated",
    "judged",
    "load",
    "neighbors",
    "run",
    "score_settings",
    "scored",
]
