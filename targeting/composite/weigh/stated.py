"""Weights a person states: as they are, all equal, or by rating."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from targeting.composite.weigh.result import WHERE, Weighing, weighing
from targeting.problems import Problem, TargetingError, closest
from targeting.registry import register

OPINION = ("rows", "columns", "scale", "monotone", "homogeneous", "range", "missing")


@register("weigher", laws=OPINION)
def stated(parts: pd.DataFrame, given: pd.Series[float]) -> Weighing:
    """Take the weights as the study states them, scaled to sum to 1.

    Parameters
    ----------
    parts : DataFrame
        Blocks by members; only the names are looked at.
    given : Series
        Stated weight of each member, 0 or more, not all 0.

    Returns
    -------
    Weighing

    Raises
    ------
    TargetingError
        `bad-weight` for each that is missing, negative or infinite; `no-weight-left`.

    Examples
    --------
    >>> parts = pd.DataFrame({"a": [0.1], "b": [0.9]})
    >>> stated(parts, pd.Series({"a": 1.0, "b": 3.0})).weights.to_dict()
    {'a': 0.25, 'b': 0.75}
    """
    names = [str(name) for name in parts.columns]
    held = given.reindex(parts.columns).to_numpy(float)
    return weighing(names, _positive(names, held))


@register(
    "weigher",
    laws=(*OPINION, "ties"),
)
def equal(parts: pd.DataFrame, given: pd.Series[float]) -> Weighing:
    """Weigh every member the same, whatever the study states.

    Parameters
    ----------
    parts : DataFrame
        Blocks by members; only the names are looked at.
    given : Series
        Not looked at.

    Returns
    -------
    Weighing

    Examples
    --------
    >>> parts = pd.DataFrame({"a": [0.1], "b": [0.9]})
    >>> equal(parts, pd.Series({"a": 1.0, "b": 3.0})).weights.to_dict()
    {'a': 0.5, 'b': 0.5}
    """
    return weighing([str(name) for name in parts.columns], np.ones(parts.shape[1]))


@register("weigher", laws=OPINION)
def swing(
    parts: pd.DataFrame, given: pd.Series[float], *, ratings: Mapping[str, float]
) -> Weighing:
    """Weigh by rating: 100 for the member whose swing from best to worst matters most.

    Swing weighting and direct rating end in the same sum: each member's rating over the sum of all.
    What differs is the question asked; a swing is rated between the ends that the normalizer uses.

    Parameters
    ----------
    parts : DataFrame
        Blocks by members; only the names are looked at.
    given : Series
        Not looked at.
    ratings : mapping
        Rating of every member, 0 to 100, not all 0.

    Returns
    -------
    Weighing

    Raises
    ------
    TargetingError
        `ratings-not-fitting` names the members without a rating and the ratings without a member;
        `bad-rating`; `no-weight-left`.

    References
    ----------
    von Winterfeldt and Edwards (1986), Decision Analysis and Behavioral Research.

    Examples
    --------
    >>> parts = pd.DataFrame({"homicides": [0.1], "no_water": [0.9]})
    >>> swing(parts, pd.Series(dtype=float),
    ...       ratings={"homicides": 100.0, "no_water": 60.0}).weights.to_dict()
    {'homicides': 0.625, 'no_water': 0.375}
    """
    names = [str(name) for name in parts.columns]
    problems = not_fitting("ratings", names, ratings)
    problems += [
        Problem("bad-rating", f"{WHERE}.ratings.{name}", {"given": rating})
        for name, rating in ratings.items()
        if not 0 <= rating <= 100
    ]
    if problems:
        raise TargetingError(problems)
    return weighing(names, _positive(names, np.array([ratings[name] for name in names], float)))


def not_fitting(setting: str, names: list[str], told: Mapping[str, float]) -> list[Problem]:
    """Return the problem of a setting that does not speak of each member once, or nothing.

    Examples
    --------
    >>> not_fitting("ratings", ["a", "b"], {"a": 1.0, "c": 2.0})[0].values["missing"]
    'b'
    """
    missing = [name for name in names if name not in told]
    unknown = [name for name in told if name not in names]
    if not missing and not unknown:
        return []
    values = {
        "missing": ", ".join(missing) or "–",
        "given": ", ".join(unknown) or "–",
        "known": ", ".join(names),
        "hint": closest(unknown[0], missing) if unknown else "",
    }
    return [Problem("ratings-not-fitting", f"{WHERE}.{setting}", values)]


def _positive(names: list[str], held: np.ndarray) -> np.ndarray:
    problems = [
        Problem("bad-weight", f"{WHERE}.{name}", {"given": float(weight)})
        for name, weight in zip(names, held, strict=True)
        if not (np.isfinite(weight) and weight >= 0)
    ]
    if not problems and not held.sum() > 0:
        problems = [Problem("no-weight-left", WHERE, {"given": ", ".join(names)})]
    if problems:
        raise TargetingError(problems)
    return held
