"""Weights from pairwise judgments: the analytic hierarchy process, of one judge or several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from annotated_types import Ge

from targeting.composite.weigh.judgments import (
    MEMBERS_MAX,
    RANDOM_INDEX,
    Consistency,
    Worst,
    priorities,
    read_judgments,
    worst_judgment,
)
from targeting.composite.weigh.result import WHERE, Array, Weighing, weighing
from targeting.composite.weigh.stated import OPINION
from targeting.problems import Problem, TargetingError
from targeting.registry import register


@register("weigher", laws=OPINION)
def ahp(
    parts: pd.DataFrame,
    given: pd.Series[float],
    *,
    judgments: Mapping[str, float] | tuple[float, ...] | None = None,
    judges: Mapping[str, Mapping[str, float] | tuple[float, ...]] | None = None,
    combine: Literal["judgments", "priorities"] = "judgments",
    consistency_max: Annotated[float, Ge(0)] = 0.10,
    accept_inconsistent: bool = False,
) -> Weighing:
    """Weigh by pairwise judgments (AHP): the principal eigenvector of their matrix.

    Parameters
    ----------
    parts : DataFrame
        Blocks by members; only the names are looked at.
    given : Series
        Not looked at.
    judgments : mapping or list
        One judge's: `{"a/b": 3}` says that a is 3 times as important as b; each pair once. Or the
        upper triangle row by row, in the order of the members. From 1/9 to 9.
    judges : mapping
        Several judges': name to their judgments.
    combine : str
        How several become one: the geometric mean of their judgments (for a group that decides
        together), or of their priorities (for people of their own minds).
    consistency_max : float
        Largest consistency ratio taken without a word.
    accept_inconsistent : bool
        Take judgments beyond it, and say so in the notes.

    Returns
    -------
    Weighing
        Notes: `lambda_max`, `consistency_index`, `random_index`, `consistency_ratio` of what the
        weights come from, `inconsistent` (judges beyond the limit, each with its worst judgment),
        and with several judges `judges`: the same and the weights of each.

    Raises
    ------
    TargetingError
        `judgments-or-judges`, `judgments-not-fitting` (missing and unknown pairs, all at once),
        `judgments-not-triangle`, `judgment-twice`, `judgment-off-scale`, `too-many-to-judge`,
        `inconsistent-judgments` (names the worst judgment and the value that would fit the others).

    References
    ----------
    Saaty (1980), The Analytic Hierarchy Process. Forman and Peniwati (1998), Aggregating individual
    judgments and priorities with the analytic hierarchy process.

    Examples
    --------
    >>> parts = pd.DataFrame({"a": [0.1], "b": [0.2], "c": [0.3]})
    >>> found = ahp(parts, pd.Series(dtype=float), judgments={"a/b": 2.0, "a/c": 4.0, "b/c": 2.0})
    >>> found.weights.round(4).tolist(), round(found.notes["consistency_ratio"], 9)
    ([0.5714, 0.2857, 0.1429], 0.0)
    """
    names = [str(name) for name in parts.columns]
    if (judgments is None) == (judges is None):
        raise TargetingError([Problem("judgments-or-judges", WHERE)])
    if len(names) > MEMBERS_MAX:
        values = {"given": len(names), "expected": MEMBERS_MAX}
        raise TargetingError([Problem("too-many-to-judge", WHERE, values)])
    several = {"": judgments} if judges is None else dict(judges)
    matrices = _matrices(several, names)
    found = {judge: priorities(matrix) for judge, matrix in matrices.items()}
    if combine == "judgments" and len(matrices) > 1:
        together: Array = np.exp(np.mean([np.log(m) for m in matrices.values()], axis=0))
        weights, whole = priorities(together)
    elif len(matrices) > 1:
        weights = np.exp(np.mean([np.log(own) for own, _ in found.values()], axis=0))
        whole = None
    else:
        ((weights, whole),) = found.values()
    notes = _told(whole, len(names))
    loose = {
        judge: worst_judgment(matrices[judge])
        for judge, (_, one) in found.items()
        if one.ratio > consistency_max
    }
    if loose and not accept_inconsistent:
        raise TargetingError(
            _refusal(judge, found[judge][1].ratio, worst, names, consistency_max)
            for judge, worst in loose.items()
        )
    if loose:
        notes["inconsistent"] = {judge: _fitting(worst, names) for judge, worst in loose.items()}
    if judges is not None:
        notes["combine"] = combine
        notes["judges"] = {
            judge: {
                **_told(one, len(names)),
                "weights": dict(zip(names, own.tolist(), strict=True)),
            }
            for judge, (own, one) in found.items()
        }
    return weighing(names, weights, **notes)


def _matrices(several: Mapping[str, Any], names: list[str]) -> dict[str, Array]:
    """Return each judge's matrix, once all of them are whole."""
    problems: list[Problem] = []
    matrices = {}
    for judge, told in several.items():
        place = f"{WHERE}.judges.{judge}" if judge else f"{WHERE}.judgments"
        matrices[judge], wrong = read_judgments(told, names, place)
        problems += wrong
    if not several:
        problems = [Problem("judgments-or-judges", WHERE)]
    if problems:
        raise TargetingError(problems)
    return matrices


def _told(found: Consistency | None, size: int) -> dict[str, Any]:
    """Return what the notes say of consistency; priorities of several judges have none."""
    if found is None:
        return {}
    return {
        "lambda_max": found.lambda_max,
        "consistency_index": found.index,
        "random_index": RANDOM_INDEX[size],
        "consistency_ratio": found.ratio,
    }


def _fitting(worst: Worst, names: list[str]) -> dict[str, Any]:
    return {
        "worst": f"{names[worst.first]}/{names[worst.second]}",
        "given": worst.given,
        "fitting": round(worst.fitting, 3),
        "ratio_then": worst.ratio,
    }


def _refusal(judge: str, ratio: float, worst: Worst, names: list[str], limit: float) -> Problem:
    values = {
        "ratio": round(ratio, 3),
        "limit": limit,
        "pair": f"{names[worst.first]}/{names[worst.second]}",
        "given": round(worst.given, 3),
        "fitting": round(worst.fitting, 2),
        "then": round(worst.ratio, 3),
    }
    place = f"{WHERE}.judges.{judge}" if judge else f"{WHERE}.judgments"
    return Problem("inconsistent-judgments", place, values)
