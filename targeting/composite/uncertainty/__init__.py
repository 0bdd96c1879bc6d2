"""Doubt: how much of a ranking is choice and noise.

`prepare` makes a composite ready, `draw` draws its choices, `summarize` says how sure each block's
rank is; `uncertainty` is the three in one. `sensitivity` says which choices make the doubt, of the
ranking, a block or a polygon; `what_if` changes one choice at a time.
"""

from targeting.composite.uncertainty.choices import Anywhere, Around, Missing, Noise, Within
from targeting.composite.uncertainty.draws import Draws, draw, draw_scores, draws_of
from targeting.composite.uncertainty.model import Model
from targeting.composite.uncertainty.prepared import of_parts, prepare
from targeting.composite.uncertainty.sobol import Sensitivity, sensitivity, sobol_indices
from targeting.composite.uncertainty.streaming import stream
from targeting.composite.uncertainty.summary import Uncertainty, summarize, uncertainty
from targeting.composite.uncertainty.what_if import what_if

__all__ = [
    "Anywhere",
    "Around",
    "Draws",
    "Missing",
    "Model",
    "Noise",
    "Sensitivity",
    "Uncertainty",
    "Within",
    "draw",
    "draw_scores",
    "draws_of",
    "of_parts",
    "prepare",
    "sensitivity",
    "sobol_indices",
    "stream",
    "summarize",
    "uncertainty",
    "what_if",
]
