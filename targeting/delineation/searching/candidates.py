"""Candidate groups: where to start, at what prices to grow, which to keep."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse

from targeting.delineation.graph import City, Limits, matrix
from targeting.delineation.searching.board import NOTHING, Board

ROOM = 1 << 22
REACH = 8
REACH_MAX = 20
OUTLINE = 5.6
TINY = 1e-10


@dataclass(frozen=True)
class Candidates:
    """Groups one after the other in `members`, up to `ends`; what each is worth and breaks."""

    members: np.ndarray
    ends: np.ndarray
    value: np.ndarray
    breach: np.ndarray

    def __len__(self) -> int:
        return len(self.ends)

    def blocks(self, number: int) -> np.ndarray:
        """Blocks of one group."""
        start = self.ends[number - 1] if number else 0
        return self.members[start : self.ends[number]].astype(np.int64)

    def only(self, numbers: np.ndarray) -> Candidates:
        """Return some of the groups."""
        length = np.diff(self.ends, prepend=0)
        keep = [self.members[self.ends[n] - length[n] : self.ends[n]] for n in numbers]
        members = np.concatenate(keep) if len(keep) else NOTHING.astype(np.int32)
        return Candidates(
            members, np.cumsum(length[numbers]), self.value[numbers], self.breach[numbers]
        )


def joined(parts: list[Candidates]) -> Candidates:
    """All groups of several sets, in order."""
    offset = np.cumsum([0] + [len(part.members) for part in parts])
    return Candidates(
        np.concatenate([part.members for part in parts]),
        np.concatenate([p.ends + o for p, o in zip(parts, offset[:-1], strict=True)]),
        np.concatenate([part.value for part in parts]),
        np.concatenate([part.breach for part in parts]),
    )


def clear_of(found: Candidates, taken: np.ndarray, near: sparse.csr_array | None) -> Candidates:
    """Return the groups with no block that is taken, or too near one that is.

    Parameters
    ----------
    found : Candidates
        Groups.
    taken : ndarray of bool
        Whether a block belongs to a group that stays.
    near : sparse array, optional
        Pairs of blocks too near each other to be in two groups.
    """
    if not taken.any():
        return found
    closed = taken if near is None else taken | (near @ taken.astype(np.float64) > 0)
    owner = np.repeat(np.arange(len(found)), np.diff(found.ends, prepend=0))
    return found.only(np.flatnonzero(np.bincount(owner, closed[found.members], len(found)) == 0))


def of_groups(board: Board, groups: list[np.ndarray]) -> Candidates:
    """Return groups that keep all rules, with the totals they have on the board's plan."""
    from targeting.delineation.searching._groups import NEED, PAID, PRICE

    totals = board.totals[: len(groups)]
    return Candidates(
        np.concatenate([*groups, NOTHING]).astype(np.int32),
        np.cumsum([len(group) for group in groups], dtype=np.int64),
        totals[:, NEED] - board.rule[PRICE] * totals[:, PAID],
        np.zeros(len(groups)),
    )


def promise(city: City, follow: np.ndarray, limits: Limits) -> np.ndarray:
    """Estimate what a group around each block is worth, by need, people and ground around it.

    Need and people per area are those of a random walk as long as a group reaches; the group is
    taken to fill its limits and to be as round as groups of blocks are.

    Parameters
    ----------
    city : City
        All blocks.
    follow : ndarray
        Need of each block, or what else to look for.
    limits : Limits
        Of each group.

    Returns
    -------
    ndarray
        Need, less the price of the outline.
    """
    peopled = city.population[city.population > 0]
    if not len(peopled):
        return follow.copy()
    people = np.sqrt(limits.population_min * min(limits.population_max, float(peopled.sum())))
    reach = int(np.clip(people / peopled.mean() / REACH, 1, REACH_MAX))
    step = matrix(city) + sparse.eye_array(len(follow), format="csr")
    share = 1 / np.asarray(step.sum(axis=1)).ravel()
    around = np.stack([follow, city.population, city.area], axis=1)
    for _ in range(reach):
        around = (step @ around) * share[:, None]
    ground = np.maximum(around[:, 2], 1e-9)
    wide = limits.population_max * ground / np.maximum(around[:, 1], 1e-9)
    wide = np.minimum(np.minimum(wide, limits.area_max_m2), float(city.area.sum()))
    return np.asarray(around[:, 0] / ground * wide - limits.price_per_m * OUTLINE * np.sqrt(wide))


def grown(
    board: Board,
    seeds: np.ndarray,
    tries: np.ndarray,
    follow: np.ndarray,
    cover_max: int,
    given: np.ndarray | None = None,
) -> Candidates:
    """Grow groups from each start at each price, on blocks that are free.

    Parameters
    ----------
    board : Board
        Left as it was.
    seeds : ndarray of int64
        Blocks to start from, the most promising start first.
    tries : ndarray, shape (tries, 4)
        Price of a meter while growing, price of a resident, weight of the need around, and how
        much chance stirs.
    follow : ndarray, shape (blocks, 2)
        Need as the growth sees it, of the block and around it.
    cover_max : int
        A start whose first block is in this many best groups of earlier starts is skipped.
    given : ndarray of int64, optional
        Where each start ends in `seeds`; without it each seed is a start.
    """
    from targeting.delineation.searching._growing import grow_groups

    room = max(ROOM, len(tries) * len(board.order))
    covered = np.zeros(board.count, dtype=np.int64)
    done = np.zeros(1, dtype=np.int64)
    given = np.arange(1, len(seeds) + 1) if given is None else given
    parts = []
    while done[0] < len(given):
        members = np.empty(room, dtype=np.int32)
        ends = np.empty(max(len(given) - int(done[0]), 1) * len(tries), dtype=np.int64)
        values = np.empty((len(ends), 2))
        count = grow_groups(
            seeds,
            given,
            tries,
            follow,
            cover_max,
            board.owner,
            board.starts,
            board.neighbor,
            board.facing,
            board.paid,
            board.blocks,
            board.totals,
            board.near_starts,
            board.near,
            board.rule,
            covered,
            board.shared,
            board.pull,
            board.queue,
            board.order,
            members,
            ends,
            values,
            done,
        )
        used = int(ends[count - 1]) if count else 0
        values = values[:count]
        parts.append(Candidates(members[:used].copy(), ends[:count], values[:, 0], values[:, 1]))
    return joined(parts) if parts else of_groups(board, [])


def thinned(board: Board, found: Candidates, cover_max: int, groups_max: int) -> np.ndarray:
    """Numbers of the best groups, each with a block in fewer than `cover_max` better ones.

    Parameters
    ----------
    board : Board
        Says how many blocks there are, and how heavy a breach weighs.
    found : Candidates
        Groups.
    cover_max : int
        1 keeps groups with a block no better group has.
    groups_max : int
        At most so many.
    """
    from targeting.delineation.searching._groups import WEIGHT
    from targeting.delineation.searching._growing import thin

    order = np.lexsort((np.arange(len(found)), -found.value, found.breach > TINY))
    key = found.value - 9 * board.rule[WEIGHT] * found.breach
    order = order[np.argsort(-key[order], kind="stable")]
    kept = np.zeros(len(found), dtype=np.bool_)
    thin(
        order,
        found.members,
        found.ends,
        cover_max,
        np.zeros(board.count, dtype=np.int64),
        kept,
    )
    return order[kept[order]][:groups_max]


def worth_of(board: Board, spot: int) -> float | None:
    """Worth of the group annealed last, by its totals; none where it breaks a rule.

    Parameters
    ----------
    board : Board
        After `together`.
    spot : int
        The group.
    """
    from targeting.delineation.searching._groups import NEED, PAID, PRICE

    row = board.totals[spot]
    if board.prices[2] > TINY:
        return None
    return float(row[NEED] - board.rule[PRICE] * row[PAID])
