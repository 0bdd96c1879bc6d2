"""A quick plan of its own for each rerun, out of groups that are grown once for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from targeting.delineation.graph import City, measure
from targeting.delineation.rules import Rules
from targeting.delineation.searching.board import NOTHING, Board, build_board, together
from targeting.delineation.searching.candidates import (
    TINY,
    Candidates,
    grown,
    joined,
    of_groups,
    promise,
    thinned,
)
from targeting.delineation.searching.choosing import choose
from targeting.delineation.searching.plan import beside
from targeting.delineation.stability.case import Case

SEEDS_MIN = 400
SEEDS_SHARE = 0.12
OWN_SHARE = 0.4
COVER_MAX = 3
# Times the search's own price of a meter and of a resident; weight of the need around.
ALL_TRIES = ((2.0, 0.0, 0.0), (8.0, 0.0, 0.0), (8.0, 0.6, 0.0), (32.0, 0.0, 0.0), (2.0, 0.0, 2.0))
OWN_TRIES = ((8.0, 0.0, 0.0), (2.0, 0.0, 2.0))
FILL_TRIES = ((8.0, 0.0, 0.0), (32.0, 0.0, 0.0), (2.0, 0.0, 2.0))
KEPT_MIN, KEPT_PER_POLYGON = 100, 12
MOVES, MOVES_MIN = 10, 1000
RENEWAL_MOVES, RENEWALS = 8, 12
WARM, COLD, RENEWAL_WARM = 0.3, 0.01, 0.05
BESIDE = 3
TURNS = 2
WEIGHT, LOOSE = 2.0, 0.12
KNOWN_COVER, KNOWN_MAX = 6, 2000


class Known(NamedTuple):
    """Groups, and their people, ground and outline, which are the same in every rerun."""

    groups: Candidates
    totals: dict[str, np.ndarray]


def grown_once(city: City, rules: Rules, seed: int) -> Known:
    """Grow groups for the study's own needs, to be valued anew under those of every rerun.

    Parameters
    ----------
    city, rules : City, Rules
        Of the study.
    seed : int
        Of the chance.
    """
    board = build_board(city, rules, seed=seed, fixed=None)
    found = _grown(city, rules, board, ALL_TRIES, np.inf)
    found = found.only(thinned(board, found, KNOWN_COVER, KNOWN_MAX))
    owner = np.repeat(np.arange(len(found)), np.diff(found.ends, prepend=0))
    return Known(found, measure(city, found.members, owner, len(found)))


def replanned(case: Case, known: Known) -> list[np.ndarray]:
    """Choose the best disjoint groups for a case, grown for all or for it, and anneal them.

    Parameters
    ----------
    case : Case
        What differs: rules that are not about all polygons together.
    known : Known
        From `grown_once`.

    Returns
    -------
    list of ndarray
        Blocks of each group, sorted.
    """
    from targeting.delineation.searching import _groups as kernel

    city, rules = case.city, case.rules
    board = build_board(city, rules, seed=case.seed, fixed=None)
    columns = np.ascontiguousarray(board.blocks[:, kernel.MORE :])
    own = _grown(city, rules, board, OWN_TRIES, OWN_SHARE)
    found = _best(board, joined([_valued(case, known), own]), rules)
    groups: list[np.ndarray] = []
    for turn in range(TURNS):
        if turn:
            found = joined([found, of_groups(board, groups)])
            board.owner[np.concatenate([*groups, NOTHING])] = kernel.FREE
        chosen = choose(found, rules, polygons=rules.polygons, columns=columns, relaxed=True)
        groups = [np.sort(found.blocks(int(number))) for number in chosen]
        groups = _annealed(city, board, groups, turn)
        room = rules.polygons - len(groups)
        if room and turn < TURNS - 1:
            more = _best(board, _grown(city, rules, board, FILL_TRIES, 1.0), rules)
            added = choose(more, rules, polygons=room, columns=columns, relaxed=True)
            groups += [np.sort(more.blocks(int(number))) for number in added]
            groups = _annealed(city, board, groups, turn)
    return groups


def _best(board: Board, found: Candidates, rules: Rules) -> Candidates:
    """Return some of the groups that keep the rules and bring more than they cost."""
    found = found.only(np.flatnonzero((found.breach <= TINY) & (found.value > 0)))
    most = max(KEPT_MIN, KEPT_PER_POLYGON * rules.polygons)
    return found.only(thinned(board, found, 2, most)) if len(found) else found


def _grown(
    city: City,
    rules: Rules,
    board: Board,
    tries: Sequence[tuple[float, float, float]],
    share: float,
) -> Candidates:
    """Grow groups from the most promising blocks."""
    from targeting.delineation.searching import _groups as kernel

    usable = board.owner == kernel.FREE
    if rules.seeds is not None:
        usable &= rules.seeds
    if int((usable & (city.need > 0)).sum()) > SEEDS_MIN:
        usable &= city.need > 0
    around = promise(city, city.need, rules.limits)
    wanted = np.flatnonzero(usable)
    count = int(min(share * max(SEEDS_MIN, SEEDS_SHARE * len(city.need)), len(wanted)))
    seeds = wanted[np.lexsort((wanted, -around[wanted]))][:count]
    meter, person, _ = board.prices
    prices = np.array([(meter * m, person * p, mix, 0.0) for m, p, mix in tries])
    return grown(board, seeds, prices, board.follow, COVER_MAX)


def _valued(case: Case, known: Known) -> Candidates:
    """Return the groups that keep the case's rules, with what they are worth in it."""
    found, totals, limits = known.groups, known.totals, case.rules.limits
    owner = np.repeat(np.arange(len(found)), np.diff(found.ends, prepend=0))
    need = np.bincount(owner, case.city.need[found.members], len(found))
    people, area = totals["population"], totals["area_m2"]
    good = (people >= limits.population_min) & (people <= limits.population_max)
    good &= area <= limits.area_max_m2
    good &= 4 * np.pi * area >= limits.compactness_min * totals["perimeter_m"] ** 2
    value = need - limits.price_per_m * totals["priced_m"]
    return Candidates(found.members, found.ends, value, found.breach).only(np.flatnonzero(good))


def _annealed(city: City, board: Board, groups: list[np.ndarray], turn: int) -> list[np.ndarray]:
    """Anneal every group, later beside up to two of those around it; in place."""
    from targeting.delineation.searching import _groups as kernel

    if not groups:
        return groups
    for number, group in enumerate(groups):
        board.owner[group] = number
    size = sum(len(group) for group in groups) / len(groups)
    typical = max(float(np.abs(city.need[np.concatenate(groups)]).sum()) / len(groups), 1e-9)
    board.rule[kernel.WEIGHT], board.rule[kernel.SLACK] = WEIGHT * typical, LOOSE
    others, unit = beside(board, len(groups), BESIDE), typical / size
    chance = np.random.default_rng([turn, len(groups)])
    for number in range(len(groups)):
        near = [int(other) for other in chance.permutation(others[number])[:2]] if turn else []
        subset = [number, *near]
        blocks = sum(len(groups[each]) for each in subset)
        heat = np.array(
            [
                [max(MOVES * blocks, MOVES_MIN), max(WARM * 0.6**turn, COLD) * unit, COLD * unit],
                [max(RENEWAL_MOVES * blocks, 100), RENEWAL_WARM * unit, COLD * unit],
            ]
        )
        together(board, groups, subset, heat, RENEWALS)
    return groups
