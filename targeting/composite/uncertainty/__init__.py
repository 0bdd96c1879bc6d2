"""Doubt: how much of a ranking is choice and noise.

`prepare` makes a composite ready, `draw` draws its choices, `summarize` says how sure each block's
rank is; `uncertainty` is the three in one.
"""

from targeting.composite.uncertainty.choices import Anywhere, Around, Missing, Noise, Within
from targeting.composite.uncertainty.draws import Draws, draw, draw_scores, draws_of
from targeting.composite.uncertainty.prepared import Model, of_parts, prepare
from targeting.composite.uncertainty.summary import Uncertainty, summarize, uncertainty

__all__ = [
    "Anywhere",
    "Around",
    "Draws",
    "Missing",
    "Model",
    "Noise",
    "Uncertainty",
    "Within",
    "draw",
    "draw_scores",
    "draws_of",
    "of_parts",
    "prepare",
    "summarize",
    "uncertainty",
]
