"""An aggregator that lets each block choose its weights within bounds: benefit of the doubt."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
import pandas as pd
from annotated_types import Ge, Gt, Lt

from targeting.composite.aggregate.result import Aggregate, known_weights, shared_out
from targeting.composite.weigh.doubt import most_favorable
from targeting.composite.weigh.result import WHERE
from targeting.problems import Problem, TargetingError
from targeting.registry import register

MEMBERS_MAX = 7  # the corners of the admissible weights become too many


@register("aggregator", laws=("rows", "columns", "monotone", "homogeneous", "missing", "ties"))
def benefit_of_doubt(
    parts: pd.DataFrame,
    weights: pd.Series[float],
    *,
    reading: Literal["least_urgent", "most_urgent"] = "least_urgent",
    at_least: Annotated[float, Ge(0.01), Lt(1)] = 0.5,
    at_most: Annotated[float, Gt(1)] = 1.5,
) -> Aggregate:
    """Combine by the weights that suit each block best, within bounds around the stated ones.

    Data envelopment analysis without inputs. `least_urgent` gives each block the benefit of the
    doubt: its well-being (1 − part) over the best that any block reaches with the same weights, and
    the result is 1 less that; 0 is a block that no other surpasses under its own weights.
    `most_urgent` reads against it: its parts over the worst that any block reaches with the same
    weights; 1 is a block that none is worse than.

    Parameters
    ----------
    parts : DataFrame
        Blocks by parts, 0 to 1; a block's missing parts leave their weight to the others, and it is
        compared with the blocks that have the parts it has.
    weights : Series
        Stated weight of each column, 0 or more, not all 0; at most seven above 0.
    reading : str
        Which weights suit a block.
    at_least, at_most : float
        Bounds of each weight, as multiples of the stated one; 0.01 and a large number let a block
        choose nearly freely. Weights sum to 1, so one may stay inside its bound for the others'.

    Returns
    -------
    Aggregate
        Contributions are told in proportion to the block's own weight times part.

    Raises
    ------
    TargetingError
        `too-many-to-choose`.

    References
    ----------
    Cherchye, Moesen, Rogge and Van Puyenbroeck (2007), An introduction to benefit of the doubt
    composite indicators. OECD and JRC (2008), Handbook on Constructing Composite Indicators.

    Examples
    --------
    >>> parts = pd.DataFrame({"a": [0.0, 0.6, 0.6], "b": [0.6, 0.0, 0.6]})
    >>> benefit_of_doubt(parts, pd.Series({"a": 1.0, "b": 1.0})).value.round(3).tolist()
    [0.0, 0.0, 0.429]
    """
    filled, shares, coverage = known_weights(parts, weights)
    stated = weights.reindex(parts.columns).to_numpy(float)
    if (stated > 0).sum() > MEMBERS_MAX:
        values = {"given": int((stated > 0).sum()), "expected": MEMBERS_MAX}
        raise TargetingError([Problem("too-many-to-choose", WHERE, values)])
    counted = shares > 0
    value, pieces = np.zeros(len(filled)), np.zeros(filled.shape)
    patterns, of = np.unique(counted, axis=0, return_inverse=True)
    for place, pattern in enumerate(patterns):
        if not pattern.any():
            continue
        own = np.flatnonzero(of.ravel() == place)
        there = counted[:, pattern].all(axis=1)  # all that have these parts, and maybe more
        held = filled[there][:, pattern]
        turned = held if reading == "most_urgent" else 1.0 - held
        rows, back = np.unique(turned, axis=0, return_inverse=True)
        middle = stated[pattern] / stated[pattern].sum()
        best, chosen = most_favorable(rows, middle, at_least, at_most)
        mine = back.ravel()[np.searchsorted(np.flatnonzero(there), own)]
        value[own] = best[mine] if reading == "most_urgent" else 1.0 - best[mine]
        pieces[np.ix_(own, pattern)] = chosen[mine] * filled[np.ix_(own, pattern)]
    value = np.where(value < 1e-9, 0.0, value)
    return shared_out(value, pieces, coverage, parts)
