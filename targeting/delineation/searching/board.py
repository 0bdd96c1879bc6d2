"""The arrays the loops of the search work on: links, block columns, rules and work space."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse

from targeting.delineation.graph import City, Limits, matrix
from targeting.delineation.rules import SLACK, Rules

NOTHING = np.empty(0, dtype=np.int64)
LARGE = 1e300
SIGHT = 3


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
    prices: np.ndarray
    follow: np.ndarray
    shared: np.ndarray
    pull: np.ndarray
    order: np.ndarray
    saved: np.ndarray
    bounds: np.ndarray

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
    from targeting.delineation.searching import _groups as moves

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
    blocks = np.stack([np.asarray(c, dtype=np.float64) for c in columns], axis=1)
    return Board(
        starts=np.ascontiguousarray(city.starts, dtype=np.int64),
        neighbor=np.ascontiguousarray(city.neighbor, dtype=np.int64),
        facing=np.ascontiguousarray(city.facing, dtype=np.float64),
        paid=np.ascontiguousarray(city.priced_facing, dtype=np.float64),
        blocks=blocks,
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
        prices=_prices(city, limits),
        follow=sight(city, city.need),
        shared=np.zeros(count),
        pull=np.empty(count),
        order=np.empty(longest(blocks, rule) if fixed is None else count, dtype=np.int64),
        saved=np.empty((count, 4), dtype=np.int64),
        bounds=np.zeros(rules.polygons + 3, dtype=np.int64),
    )


def _prices(city: City, limits: Limits) -> np.ndarray:
    """Price of a meter and of a resident: what the need of an average wanted block just pays."""
    wanted = city.need > 0
    need = float(city.need[wanted].sum())
    plain = need / max(float(city.outline[wanted].sum()), 1.0)
    meter = limits.price_per_m if limits.price_per_m > 0 else plain
    return np.array([meter, need / max(float(city.population[wanted].sum()), 1.0), 0.0])


def sight(city: City, need: np.ndarray) -> np.ndarray:
    """Need of each block, and the mean around it: growth that sees both crosses cold blocks.

    Parameters
    ----------
    city : City
        All blocks.
    need : ndarray
        Of each block.
    """
    step = matrix(city) + sparse.eye_array(len(need), format="csr")
    share = 1 / np.asarray(step.sum(axis=1)).ravel()
    around = np.asarray(need, dtype=np.float64)
    for _ in range(SIGHT):
        around = (step @ around) * share
    return np.stack([need, around], axis=1).astype(np.float64)


def together(
    board: Board,
    groups: list[np.ndarray] | dict[int, np.ndarray],
    subset: list[int],
    heat: np.ndarray,
    times: int = 0,
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
    heat : ndarray, shape (2, 3)
        Moves tried, first and last temperature (in need); at first, and after each renewal.
    times : int
        How often the groups are taken apart and grown again.
    """
    from targeting.delineation.searching._renewing import renew

    most = 2 * int(heat[:, 0].max()) + 2
    if most > len(board.journal):
        board.journal = np.empty((most + 1024, 2), dtype=np.int64)
    size = 0
    for number in subset:
        more = len(groups[number])
        board.inside[size : size + more] = groups[number]
        size += more
    if size == 0:
        return
    size = renew(
        size,
        times,
        np.array(subset, dtype=np.int64),
        heat,
        board.prices,
        board.follow,
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
        board.shared,
        board.pull,
        board.order,
        board.saved,
        board.bounds,
    )
    inside = np.sort(board.inside[:size])
    owner = board.owner[inside]
    for number in subset:
        groups[number] = inside[owner == number]


def longest(blocks: np.ndarray, rule: np.ndarray) -> int:
    """At most so many blocks can be in one group.

    Parameters
    ----------
    blocks, rule : ndarray
        As in `Board`.
    """
    from targeting.delineation.searching import _groups as moves

    most = min(len(blocks), int(min(rule[moves.BLOCKS_MAX], len(blocks))))
    for column, bound in ((moves.PEOPLE, moves.PEOPLE_MAX), (moves.AREA, moves.AREA_MAX)):
        least = np.cumsum(np.sort(blocks[:, column]))
        most = min(most, int((least <= rule[bound] * (1 + SLACK)).sum()))
    return max(most, 1)
