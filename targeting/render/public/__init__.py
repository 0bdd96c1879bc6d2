"""What may leave the office: every number of a public page or table passes through here.

`protected` makes of a result what may be told of it; the other functions say how finely.
"""

from __future__ import annotations

from targeting.render.public.cells import hidden_in_table, hidden_of_total
from targeting.render.public.facilities import told_counts
from targeting.render.public.grains import (
    LEVELS,
    POPULATION_FLOOR,
    SCORE_DECIMALS,
    SENSITIVE_FLOOR,
    VIOLENCE_PEOPLE_FLOOR,
    VIOLENCE_STEP,
    Grain,
    coarse_p,
    dimension_points,
    figure_grain,
    grain_of,
    levels,
    line_points,
    margin_points,
    part_grain,
    percentiles,
    points,
    population,
    score_grain,
    score_steps,
    shown_as_level,
    shown_people,
    shown_points,
    spread_points,
    told_grain,
    value_grain,
    withheld,
)
from targeting.render.public.intake import public_intake, told_people
from targeting.render.public.prices import in_steps, step_above
from targeting.render.public.protecting import protected
from targeting.render.public.shown import Shown, is_internal

__all__ = [
    "Grain",
    "LEVELS",
    "POPULATION_FLOOR",
    "SCORE_DECIMALS",
    "SENSITIVE_FLOOR",
    "Shown",
    "VIOLENCE_PEOPLE_FLOOR",
    "VIOLENCE_STEP",
    "coarse_p",
    "dimension_points",
    "figure_grain",
    "grain_of",
    "hidden_in_table",
    "hidden_of_total",
    "in_steps",
    "is_internal",
    "levels",
    "line_points",
    "margin_points",
    "part_grain",
    "percentiles",
    "points",
    "population",
    "protected",
    "public_intake",
    "score_grain",
    "score_steps",
    "shown_as_level",
    "shown_people",
    "shown_points",
    "spread_points",
    "step_above",
    "told_counts",
    "told_grain",
    "told_people",
    "value_grain",
    "withheld",
]
