"""What many delineations say together: bands of blocks, lasting polygons, the least regret."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from targeting.delineation.graph import City, measure
from targeting.delineation.rules import broken_alone, broken_together
from targeting.delineation.stability.case import Case

CORE = 0.9
SAME = 0.5


@dataclass(frozen=True)
class Regret:
    """How much the study's own plan loses in each rerun, and what the steadiest one would."""

    own_regret: np.ndarray
    notes: Mapping[str, Any]


def bands(share: np.ndarray) -> np.ndarray:
    """Name how sure each block is: `core` (in 90 % of the reruns), `never` (in none), `contested`.

    Examples
    --------
    >>> bands(np.array([1.0, 0.4, 0.0])).tolist()
    ['core', 'contested', 'never']
    """
    return np.select([share >= CORE, share <= 0], ["core", "never"], "contested")


def overlap(one: np.ndarray, two: np.ndarray, people: np.ndarray) -> float:
    """Share of the people in either plan who are in both: 1 when none is in any.

    Examples
    --------
    >>> overlap(np.array([1, 1, 0]), np.array([0, 2, 0]), np.array([30.0, 10.0, 60.0]))
    0.25
    """
    both = float(people[(one > 0) & (two > 0)].sum())
    either = float(people[(one > 0) | (two > 0)].sum())
    return both / either if either > 0 else 1.0


def lasting(
    own: np.ndarray, members: np.ndarray, people: np.ndarray, share: np.ndarray
) -> pd.DataFrame:
    """Say of each polygon how often it comes back, and how many of its people are sure.

    Parameters
    ----------
    own : ndarray of int64
        Polygon of each block, 0 for none.
    members : ndarray of int64, shape (reruns, blocks)
        The same for each rerun.
    people, share : ndarray
        Of each block: its people, and the share of the reruns it is in.

    Returns
    -------
    DataFrame
        Index `polygon`. `found_share`: of the reruns, those with a polygon that holds at least
        half its people; `kept_share`: mean share of its people in that polygon or another;
        `core_share`: share of its people in blocks of the core.
    """
    rows = []
    for number in range(1, int(own.max(initial=0)) + 1):
        mine = own == number
        total = max(float(people[mine].sum()), 1e-12)
        found, kept = [], []
        for row in members:
            there = np.bincount(row[mine], people[mine])
            found.append(len(there) > 1 and bool(there[1:].max() >= SAME * total))
            kept.append(float(there[1:].sum()) / total)
        core = float(people[mine & (share >= CORE)].sum()) / total
        means = (float(np.mean(found)), float(np.mean(kept))) if len(members) else (1.0, 1.0)
        rows.append((*means, core))
    table = pd.DataFrame(rows, columns=["found_share", "kept_share", "core_share"])
    table.index = pd.RangeIndex(1, len(rows) + 1, name="polygon")
    return table.astype(float)


def regrets(
    cases: Sequence[Case], own: np.ndarray, plans: Sequence[Sequence[np.ndarray]]
) -> tuple[np.ndarray, Regret]:
    """Return the plan whose largest loss over all draws is smallest, and what the own one loses.

    The regret of a plan in a draw is what it lacks of the best plan known there, as a share of
    it. Only plans that keep the rules of the study compete; ties go to the study's own.

    Parameters
    ----------
    cases : sequence of Case
        The reruns; those of other data or prices are what a plan is judged under.
    own : ndarray of int64
        The study's own plan.
    plans : sequence of sequences of ndarray
        Groups each rerun found.

    Returns
    -------
    (ndarray of int64, Regret)
        Polygon of each block in the steadiest plan, and its regret.
    """
    numbers = range(1, int(own.max(initial=0)) + 1)
    rivals = [[np.flatnonzero(own == number) for number in numbers]]
    for case, groups in zip(cases, plans, strict=True):
        if case.kind != "population_bounds" and groups and _keeps(case, groups):
            rivals.append(list(groups))
    judged = [at for at, case in enumerate(cases) if case.kind in ("draw", "perimeter_price")]
    lost = np.full(len(cases), np.nan)
    if not judged:
        return own, Regret(lost, {})
    held = np.array([_values([cases[at] for at in judged], groups) for groups in rivals])
    best = held.max(axis=0)
    share = np.where(best > 0, (best - held) / np.where(best > 0, best, 1.0), 0.0)
    worst = share.max(axis=1)
    steady = int(np.argmin(np.round(worst, 9)))
    lost[judged] = share[0]
    notes = {"own_regret_max": float(worst[0]), "least_regret_max": float(worst[steady])}
    plan = np.zeros(len(own), dtype=np.int64)
    for number, group in enumerate(rivals[steady], start=1):
        plan[group] = number
    return plan, Regret(lost, notes)


def _keeps(case: Case, groups: Sequence[np.ndarray]) -> bool:
    alone = any(broken_alone(case.city, case.rules, group) for group in groups)
    return not alone and not broken_together(case.city, case.rules, groups)


def _values(cases: Sequence[Case], groups: Sequence[np.ndarray]) -> np.ndarray:
    """Objective of one plan under every case."""
    if not groups:
        return np.zeros(len(cases))
    members = np.concatenate(groups)
    priced = _priced(cases[0].city, groups)
    need = np.array([case.city.need[members].sum() for case in cases])
    meter = np.array([case.rules.limits.price_per_m for case in cases])
    return np.asarray(need - meter * priced)


def _priced(city: City, groups: Sequence[np.ndarray]) -> float:
    owner = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    return float(measure(city, np.concatenate(groups), owner, len(groups))["priced_m"].sum())
