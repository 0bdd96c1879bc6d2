"""Every group worth more than a line at given prices: the search of the exact solver."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sparse

from targeting.delineation.graph import City
from targeting.delineation.rules import SLACK, Rules

MEMBERS = 200_000
SETS = 50_000


@dataclass(frozen=True)
class Duals:
    """What the rules that join groups charge a group: prices of one round.

    `block` is added for every block a group holds, `clique` taken off once for every clique it
    touches, `leader` added for the dimension that leads it.
    """

    block: np.ndarray
    clique: np.ndarray
    leader: np.ndarray


@dataclass(frozen=True)
class Found:
    """Groups found, what each is worth at the prices asked, and how far the search came.

    `bound` is at least the worth of every group there is; `complete` says that every group worth
    more than the line is here (or, when only the best were wanted, the best one).
    """

    groups: list[np.ndarray]
    worth: np.ndarray
    bound: float
    complete: bool
    nodes: int
    roots: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))


class Pricer:
    """Finds groups that keep `rules.limits`, `barred` and `seeds`, by their worth at prices.

    Parameters
    ----------
    city, rules : City, Rules
        The blocks and what is asked for.
    cliques : csr_array
        Blocks by clique: at most one group may touch each.
    without : sequence of ndarray
        Groups that do not count.
    """

    def __init__(
        self,
        city: City,
        rules: Rules,
        cliques: sparse.csr_array,
        without: Sequence[np.ndarray] = (),
    ) -> None:
        from targeting.delineation.exact._flow import Net, desk

        count = len(city.need)
        limits = rules.limits
        self.city, self.rules, self.without = city, rules, without
        members = sparse.csc_array(cliques)
        low, high = limits.population_min * (1 - SLACK), limits.population_max * (1 + SLACK)
        area_max = limits.area_max_m2 * (1 + SLACK)
        code = np.random.default_rng(0).integers(1, 2**40, count)
        size, size_low, size_high = _tightest(city, (low, high), area_max, limits.blocks_max)
        bounds = [low, high, area_max, limits.compactness_min]
        bounds += [float(limits.blocks_min), float(limits.blocks_max), size_low, size_high]
        self.net = Net(
            starts=city.starts,
            neighbor=city.neighbor,
            twin=twins(city),
            facing=city.facing,
            population=city.population,
            area=city.area,
            outline=city.outline,
            size=size,
            seed=np.ones(count, np.int64) if rules.seeds is None else rules.seeds.astype(np.int64),
            leading=np.zeros((0, count)) if rules.leading is None else _plain(rules.leading),
            clique_starts=members.indptr.astype(np.int64),
            clique=members.indices.astype(np.int64),
            code=code,
            shut=np.array([int(code[group].sum()) for group in without], dtype=np.int64),
            bounds=np.array(bounds),
        )
        self.at = desk(count, len(city.neighbor), cliques.shape[0])
        self.clique_size = np.diff(cliques.indptr)
        self.paid = limits.price_per_m * city.priced_facing
        self.alone = city.need - limits.price_per_m * city.priced_outline
        self.barred = np.zeros(count, np.bool_) if rules.barred is None else rules.barred.copy()
        self.barred |= (city.population > high) | (city.area > area_max)
        self.told = np.zeros(5)
        self.room = (MEMBERS, SETS)

    def find(
        self,
        duals: Duals,
        *,
        above: float,
        rising: float = 0.0,
        shared: bool = False,
        nodes_max: int = 10**9,
        nodes_per_root: int = 10**9,
        sets_max: int = 10**9,
        roots: Sequence[int] | None = None,
    ) -> Found:
        """Return the groups worth more than a line.

        Parameters
        ----------
        duals : Duals
            Prices.
        above : float
            The line.
        rising : float
            How far to raise the line to each group found: at 0 all groups above it are returned,
            at 1 only groups better than all found before from the same root.
        shared : bool
            Keep the raised line from one root to the next.
        nodes_max, nodes_per_root, sets_max : int
            Work at most.
        """
        from targeting.delineation.exact._flow import Prices
        from targeting.delineation.exact._tree import search_tree

        charge = np.ascontiguousarray(duals.clique, dtype=np.float64)
        lone = self.alone + duals.block
        spread = np.divide(charge, self.clique_size)
        at_least = np.add.reduceat(
            np.append(spread[self.net.clique], 0.0), self.net.clique_starts[:-1]
        ) * (np.diff(self.net.clique_starts) > 0)
        bonus = duals.leader if len(duals.leader) else np.zeros(1)
        prices = Prices(lone, 2 * self.paid, charge, np.ascontiguousarray(bonus, dtype=np.float64))
        at, net = self.at, self.net
        at.dead[:] = self.barred
        at.excess[:] = lone - at_least + _sums(self.paid, self.city)
        at.residual[:] = self.paid
        at.price[0] = 0.0
        extra = float(bonus.max()) if len(duals.leader) else 0.0
        out = self._paper()
        groups: list[np.ndarray] = []
        worth: list[np.ndarray] = []
        nodes, top, complete = 0, -np.inf, True
        line = above
        first = np.full(len(lone), -np.inf)
        for root in np.flatnonzero(~self.barred):
            asked = np.array([line, 0.0, 0.0, extra])
            search_tree(int(root), asked, net, prices, at, *out, self.told)
            nodes += 1
            first[root] = self.told[4]
            if self.told[3] and not self.told[1]:
                at.dead[root] = True
        order = np.flatnonzero(~at.dead)
        for root in order[np.argsort(-first[order], kind="stable")]:
            share = min(nodes_per_root, nodes_max - nodes)
            if share <= 0 or len(worth) and sum(map(len, worth)) >= sets_max:
                complete = False
                top = max(top, first[root])
                at.dead[root] = True
                continue
            asked = np.array([line, rising, float(share), extra])
            search_tree(int(root), asked, net, prices, at, *out, self.told)
            while not self.told[3] and self.told[0] <= share and self.told[1] < sets_max:
                self.room = (self.room[0] * 4, self.room[1] * 4)
                out = self._paper()
                search_tree(int(root), asked, net, prices, at, *out, self.told)
            nodes += int(self.told[0])
            at.dead[root] = True
            sets, written = int(self.told[1]), int(self.told[2])
            if sets:
                members = out[0][:written].copy()
                groups += [np.sort(p) for p in np.split(members, out[1][: sets - 1])]
                worth.append(out[2][:sets].copy())
                if shared:
                    line = max(line, float(worth[-1].max()))
            if not self.told[3]:
                complete = False
                top = max(top, float(min(self.told[4], first[root])))
        values = np.concatenate(worth) if worth else np.empty(0)
        top = max(top, line, float(values.max(initial=-np.inf)))
        return Found(groups, values, top, complete, nodes)

    def _paper(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        members, sets = self.room
        return np.empty(members, np.int64), np.empty(sets, np.int64), np.empty(sets)


def twins(city: City) -> np.ndarray:
    """Position of the link back, for every link."""
    count = len(city.need)
    one = np.repeat(np.arange(count), np.diff(city.starts))
    there = np.argsort(one * count + city.neighbor, kind="stable")
    back = np.argsort(city.neighbor * count + one, kind="stable")
    twin = np.empty(len(one), dtype=np.int64)
    twin[there] = back
    return twin


def _sums(values: np.ndarray, city: City) -> np.ndarray:
    one = np.repeat(np.arange(len(city.need)), np.diff(city.starts))
    return np.bincount(one, values, minlength=len(city.need))


def _plain(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values, dtype=np.float64)


def _tightest(
    city: City, people: tuple[float, float], area_max: float, blocks_max: int
) -> tuple[np.ndarray, float, float]:
    """Of people, area and blocks, what says first that a group is full."""
    ones = np.ones(len(city.need))
    sizes = [(city.population, *people), (city.area, 0.0, area_max), (ones, 0.0, float(blocks_max))]

    def fits(size: tuple[np.ndarray, float, float]) -> float:
        middle = float(np.median(size[0])) if len(size[0]) else 1.0
        return size[2] / max(middle, 1e-9)

    values, low, high = min(sizes, key=fits)
    return _plain(values), low, min(high, float(values.sum()) + 1.0)
