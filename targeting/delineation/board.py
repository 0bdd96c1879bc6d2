"""The arrays the loops of the search work on: links, block columns, rules and work space."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from targeting.delineation.graph import City
from targeting.delineation.rules import Rules

NOTHING = np.empty(0, dtype=np.int64)
LARGE = 1e300


@dataclass
class Board:
    """A city, its rules and one plan in the making, as plain arrays.

    `blocks` has a row for each block: need, people, area, outline, paid outline, 1, whether it is
    a seed, its weight for each dimension, and its part in each share (people there less the share
    of all people, relative to the population maximum). `owner` is the group of each block.
    """

    starts: np.ndarray
    neighbor: np.ndarray
    facing: np.ndarray
    paid: np.ndarray
    blocks: np.ndarray
    lock: np.ndarray
    near_starts: np.ndarray
    near: np.ndarray
    rule: np.ndarray
    owner: np.ndarray
    totals: np.ndarray
    wanted: np.ndarray
    plan: np.ndarray
    inside: np.ndarray
    place: np.ndarray
    mark: np.ndarray
    queue: np.ndarray
    journal: np.ndarray
    chance: np.ndarray

    @property
    def count(self) -> int:
        """Blocks of the city."""
        return len(self.owner)


def build_board(city: City, rules: Rules, *, seed: int, fixed: np.ndarray | None) -> Board:
    """Lay out a city and its rules for the loops.

    Parameters
    ----------
    city : City
        All blocks.
    rules : Rules
        What is asked for.
    seed : int
        Of the chance.
    fixed : ndarray of bool, optional
        Blocks that must stay in their group.
    """
    from targeting.delineation import _moves as moves

    count, limits = len(city.need), rules.limits
    seeds = np.ones(count) if rules.seeds is None else rules.seeds.astype(float)
    columns = [city.need, city.population, city.area, city.outline, city.priced_outline]
    columns += [np.ones(count), seeds]
    columns += [] if rules.leading is None else list(rules.leading)
    most = min(limits.population_max, max(float(city.population.sum()), 1.0))
    columns += [city.population * (s.mine - s.at_least) / most for s in rules.shares]
    lock = np.zeros(count, dtype=np.int64)
    lock[rules.required] = moves.REQUIRED
    if fixed is not None:
        lock[fixed] = moves.FIXED
    owner = np.full(count, moves.FREE, dtype=np.int64)
    if rules.barred is not None:
        owner[rules.barred] = moves.BARRED
    rule = np.zeros(moves.RULE_COUNT)
    rule[moves.PEOPLE_MIN] = max(limits.population_min, 1e-9)
    rule[moves.PEOPLE_MAX] = max(min(limits.population_max, LARGE), 1e-9)
    rule[moves.AREA_MAX] = max(min(limits.area_max_m2, LARGE), 1e-9)
    rule[moves.COMPACTNESS_MIN] = limits.compactness_min
    rule[moves.PRICE] = limits.price_per_m
    rule[moves.BLOCKS_MIN] = max(limits.blocks_min, 1)
    rule[moves.BLOCKS_MAX] = max(limits.blocks_max, 1)
    rule[moves.SEEDED] = 0 if rules.seeds is None else 1
    rule[moves.DIMENSIONS] = 0 if rules.leading is None else len(rules.leading)
    near_starts, near = np.zeros(count + 1, dtype=np.int64), NOTHING
    if rules.near is not None:
        near_starts = rules.near.indptr.astype(np.int64)
        near = rules.near.indices.astype(np.int64)
    wide = len(columns)
    return Board(
        starts=np.ascontiguousarray(city.starts, dtype=np.int64),
        neighbor=np.ascontiguousarray(city.neighbor, dtype=np.int64),
        facing=np.ascontiguousarray(city.facing, dtype=np.float64),
        paid=np.ascontiguousarray(city.priced_facing, dtype=np.float64),
        blocks=np.stack([np.asarray(c, dtype=np.float64) for c in columns], axis=1),
        lock=lock,
        near_starts=near_starts,
        near=near,
        rule=rule,
        owner=owner,
        totals=np.zeros((rules.polygons + 3, wide)),
        wanted=np.full(rules.polygons + 3, -1, dtype=np.int64),
        plan=np.zeros(len(rules.shares)),
        inside=np.empty(count, dtype=np.int64),
        place=np.empty(count, dtype=np.int64),
        mark=np.zeros(count + 1, dtype=np.int64),
        queue=np.empty(count, dtype=np.int64),
        journal=np.empty((1024, 2), dtype=np.int64),
        chance=np.array([seed * 2 + 1], dtype=np.int64),
    )


def together(
    board: Board,
    groups: list[np.ndarray] | dict[int, np.ndarray],
    subset: list[int],
    heat: np.ndarray,
) -> None:
    """Anneal the groups of a subset side by side; `groups` and `board` change.

    Parameters
    ----------
    board : Board
        With every group's blocks marked in `owner`.
    groups : list of ndarray
        Blocks of each group.
    subset : list of int
        The groups to change.
    heat : ndarray
        Moves tried, first and last temperature (in need).
    """
    from targeting.delineation._moves import anneal

    if 2 * heat[0] + 2 > len(board.journal):
        board.journal = np.empty((int(2 * heat[0]) + 1024, 2), dtype=np.int64)
    size = 0
    for number in subset:
        more = len(groups[number])
        board.inside[size : size + more] = groups[number]
        size += more
    size = anneal(
        size,
        np.array(subset, dtype=np.int64),
        heat,
        board.owner,
        board.starts,
        board.neighbor,
        board.facing,
        board.paid,
        board.blocks,
        board.lock,
        board.near_starts,
        board.near,
        board.totals,
        board.wanted,
        board.plan,
        board.rule,
        board.inside,
        board.place,
        board.mark,
        board.queue,
        board.journal,
        board.chance,
    )
    inside = np.sort(board.inside[:size])
    owner = board.owner[inside]
    for number in subset:
        groups[number] = inside[owner == number]
