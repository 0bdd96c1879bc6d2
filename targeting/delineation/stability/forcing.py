"""The price of one block the other way, searched for and not estimated; flips put to the test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from targeting.delineation.graph import City
from targeting.delineation.reasons.single_moves import exchanges, joining_of, leaving_of
from targeting.delineation.rules import Rules, broken_alone, broken_together, plan_worth
from targeting.delineation.searching.search import search

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
    begun = _moved(city, rules, groups, block)
    found = search(city, changed, seed=seed, start=begun or groups, effort=effort)
    plans = [plan for plan in (found, begun) if plan and not _broken(city, changed, plan)]
    if not plans:
        return Forced(block, inside, float("nan"), ())
    best = max(plans, key=lambda plan: plan_worth(city, rules, plan))
    price = plan_worth(city, rules, groups) - plan_worth(city, rules, best)
    return Forced(block, inside, price, tuple(best))


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


def _broken(city: City, rules: Rules, plan: Sequence[np.ndarray]) -> bool:
    alone = any(broken_alone(city, rules, group) for group in plan)
    return alone or bool(broken_together(city, rules, plan))


def _moved(city: City, rules: Rules, groups: Sequence[np.ndarray], block: int) -> list[np.ndarray]:
    """Return the plan with a block moved the cheapest single way; empty when no one is open."""
    member = np.zeros(len(city.need), dtype=np.int64)
    for number, group in enumerate(groups, start=1):
        member[group] = number
    joining, leaving = joining_of(city, rules, member), leaving_of(city, rules, member)
    new, old, loss = exchanges(city, rules, member, joining, leaving)
    ways: list[tuple[float, int, int, int]] = []  # what it loses, who comes, who goes, where
    mine = np.flatnonzero((joining.block == block) & joining.fits)
    ways += [(joining.loss[at], block, -1, joining.polygon[at]) for at in mine]
    if member[block] and leaving.may[block]:
        ways.append((leaving.loss[block], -1, block, member[block]))
    mine = np.flatnonzero((new == block) | (old == block))
    ways += [(loss[at], new[at], old[at], member[old[at]]) for at in mine]
    if not ways:
        return []
    _, comes, goes, number = min(ways)
    if goes >= 0:
        member[goes] = 0
    if comes >= 0:
        member[comes] = number
    return [np.flatnonzero(member == one) for one in range(1, len(groups) + 1)]


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
