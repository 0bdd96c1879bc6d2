"""The price of one block the other way, searched for and not estimated; flips put to the test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from targeting.delineation.graph import City
from targeting.delineation.rules import Rules, broken_together, plan_worth
from targeting.delineation.search import search

LIGHT = 0.3


@dataclass(frozen=True)
class Forced:
    """A plan with one block forced in, or out.

    Parameters
    ----------
    block : int
        Which, by position.
    inside : bool
        It was forced in.
    price : float
        What the objective loses by it; below 0 when the search came upon a better plan; missing
        when no plan was found.
    groups : tuple of ndarray
        The plan found.
    """

    block: int
    inside: bool
    price: float
    groups: tuple[np.ndarray, ...]


def force(
    city: City,
    rules: Rules,
    groups: Sequence[np.ndarray],
    block: int,
    *,
    seed: int,
    effort: float = LIGHT,
) -> Forced:
    """Search for the best plan with a block the other way, from the plan there is.

    Parameters
    ----------
    city, rules : City, Rules
        As the plan was made for.
    groups : sequence of ndarray
        The plan.
    block : int
        Position of the block: forced out when it is in the plan, else in.
    seed : int
        Of the search.
    effort : float
        Of the search, as in `grow`.

    Returns
    -------
    Forced
    """
    inside = not any(block in group for group in groups)
    changed = _forced(rules, block, len(city.need), inside=inside)
    found = search(city, changed, seed=seed, start=groups, effort=effort)
    if broken_together(city, changed, found) or (inside and not found):
        return Forced(block, inside, float("nan"), ())
    price = plan_worth(city, rules, groups) - plan_worth(city, rules, found)
    return Forced(block, inside, price, tuple(found))


def flips_at(
    city: City,
    rules: Rules,
    groups: Sequence[np.ndarray],
    block: int,
    need: float,
    *,
    seed: int,
    effort: float = LIGHT,
) -> bool:
    """Delineate again with another need of one block, and tell whether it has changed sides.

    Searched from the plan there is, freely and with the block forced; the better plan counts.

    Parameters
    ----------
    city, rules, groups, block, seed, effort
        As for `force`.
    need : float
        Of the block, in place of its own.

    Returns
    -------
    bool
    """
    needs = city.need.copy()
    needs[block] = need
    other = city._replace(need=needs)
    free = search(other, rules, seed=seed, start=groups, effort=effort)
    forced = force(other, rules, groups, block, seed=seed, effort=effort)
    was = not forced.inside
    best = free
    if forced.groups and plan_worth(other, rules, forced.groups) > plan_worth(other, rules, free):
        best = list(forced.groups)
    return any(block in group for group in best) != was


def _forced(rules: Rules, block: int, count: int, *, inside: bool) -> Rules:
    if inside:
        barred = None if rules.barred is None else rules.barred.copy()
        if barred is not None:
            barred[block] = False
        return replace(rules, required=np.union1d(rules.required, [block]), barred=barred)
    barred = np.zeros(count, dtype=bool) if rules.barred is None else rules.barred.copy()
    barred[block] = True
    required = rules.required[rules.required != block]
    return replace(rules, barred=barred, required=required)
