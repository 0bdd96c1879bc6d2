"""Weights from comparisons with the most and the least important member: best-worst."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
import pandas as pd
from annotated_types import Ge
from scipy.optimize import linprog

from targeting.composite.weigh.result import WHERE, Array, Weighing, weighing
from targeting.composite.weigh.stated import OPINION, not_fitting
from targeting.problems import Problem, TargetingError
from targeting.registry import register

_LARGEST = 9.0


@register("weigher", laws=OPINION)
def best_worst(
    parts: pd.DataFrame,
    given: pd.Series[float],
    *,
    best: str,
    worst: str,
    best_to_others: Mapping[str, float],
    others_to_worst: Mapping[str, float],
    consistency_max: Annotated[float, Ge(0)] = 0.2,
    accept_inconsistent: bool = False,
) -> Weighing:
    """Weigh by the best-worst method: all compared with the most and the least important.

    The linear model: the weights minimize the largest `ξ` of `|w_best − a_best,j w_j|` and
    `|w_j − a_j,worst w_worst|`; it has one answer.

    Parameters
    ----------
    parts : DataFrame
        Blocks by members; only the names are looked at.
    given : Series
        Not looked at.
    best, worst : str
        The most and the least important member.
    best_to_others : mapping
        How many times the best is as important as each member, 1 to 9; itself 1.
    others_to_worst : mapping
        How many times each member is as important as the worst, 1 to 9; itself 1.
    consistency_max : float
        Largest consistency ratio taken without a word. The ratio is the largest of
        `|a_best,j a_j,worst − a_best,worst| / (a_best,worst² − a_best,worst)`; 0.2 is our choice.
    accept_inconsistent : bool
        Take comparisons beyond it, and say so in the notes.

    Returns
    -------
    Weighing
        Notes: `ksi` (0 where all comparisons agree), `consistency_ratio`, `worst_comparison`.

    Raises
    ------
    TargetingError
        `not-a-member`, `best-is-worst`, `ratings-not-fitting`, `comparison-off-scale`,
        `inconsistent-comparisons` (names the member that fits least).

    References
    ----------
    Rezaei (2016), Best-worst multi-criteria decision-making method: some properties and a linear
    model. Liang, Brunelli and Rezaei (2020), Consistency issues in the best worst method.

    Examples
    --------
    >>> parts = pd.DataFrame({"a": [0.1], "b": [0.2], "c": [0.3]})
    >>> found = best_worst(parts, pd.Series(dtype=float), best="a", worst="c",
    ...                    best_to_others={"a": 1.0, "b": 2.0, "c": 4.0},
    ...                    others_to_worst={"a": 4.0, "b": 2.0, "c": 1.0})
    >>> found.weights.round(4).tolist(), round(found.notes["ksi"], 9)
    ([0.5714, 0.2857, 0.1429], 0.0)
    """
    names = [str(name) for name in parts.columns]
    if len(names) == 1:
        return weighing(names, [1.0], ksi=0.0, consistency_ratio=0.0)
    told = {"best_to_others": best_to_others, "others_to_worst": others_to_worst}
    _check(names, best, worst, told)
    top, bottom = names.index(best), names.index(worst)
    above = np.array([best_to_others[name] for name in names], dtype=float)
    below = np.array([others_to_worst[name] for name in names], dtype=float)
    whole = float(above[bottom])
    room = whole**2 - whole
    apart = np.abs(above * below - whole) / room if room > 0 else np.abs(above * below - whole)
    least = int(np.argmax(np.round(apart, 12)))
    ratio = float(apart[least])
    values = {
        "given": names[least],
        "ratio": round(ratio, 3),
        "limit": consistency_max,
        "one": float(above[least]),
        "two": float(below[least]),
        "whole": whole,
    }
    if ratio > consistency_max and not accept_inconsistent:
        raise TargetingError([Problem("inconsistent-comparisons", WHERE, values)])
    weights, ksi = _solved(above, below, top, bottom)
    notes: dict[str, Any] = {"ksi": ksi, "consistency_ratio": ratio}
    if ratio > 0:
        notes["worst_comparison"] = names[least]
    if ratio > consistency_max:
        notes["inconsistent"] = True
    return weighing(names, weights, **notes)


def _check(
    names: list[str], best: str, worst: str, told: Mapping[str, Mapping[str, float]]
) -> None:
    """Raise what is wrong with the names and the numbers, all at once."""
    problems = [
        Problem("not-a-member", f"{WHERE}.{key}", {"given": one, "known": ", ".join(names)})
        for key, one in (("best", best), ("worst", worst))
        if one not in names
    ]
    if best == worst:
        problems.append(Problem("best-is-worst", WHERE, {"given": best}))
    for key, held in told.items():
        problems += not_fitting(key, names, held)
        own = best if key == "best_to_others" else worst
        problems += [
            Problem(
                "comparison-off-scale",
                f"{WHERE}.{key}.{name}",
                {"given": value, "expected": "1" if name == own else "1 – 9"},
            )
            for name, value in held.items()
            if not 1 <= value <= (1 if name == own else _LARGEST)
        ]
    if not problems and told["best_to_others"][worst] != told["others_to_worst"][best]:
        values = {
            "given": told["others_to_worst"][best],
            "expected": f"{told['best_to_others'][worst]:g}",
        }
        place = f"{WHERE}.others_to_worst.{best}"
        problems.append(Problem("comparison-off-scale", place, values))
    if problems:
        raise TargetingError(problems)


def _solved(above: Array, below: Array, top: int, bottom: int) -> tuple[Array, float]:
    """Return the weights of the linear model and its ξ."""
    size = len(above)
    rows = []
    for j in range(size):
        for one, other, times in ((top, j, above[j]), (j, bottom, below[j])):
            if one == other:
                continue
            row = np.zeros(size + 1)
            row[one] += 1.0
            row[other] -= times
            for sign in (1.0, -1.0):
                bound = sign * row
                bound[-1] = -1.0
                rows.append(bound)
    cost = np.append(np.zeros(size), 1.0)
    total = np.append(np.ones(size), 0.0)[None, :]
    found = linprog(
        cost, A_ub=np.array(rows), b_ub=np.zeros(len(rows)), A_eq=total, b_eq=[1.0], method="highs"
    )
    return np.maximum(found.x[:-1], 0.0), max(float(found.x[-1]), 0.0)
