"""The search: a pool of groups, the disjoint ones worth most together, annealed side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from tqdm import tqdm

from targeting.delineation.graph import City
from targeting.delineation.rules import Rules
from targeting.delineation.searching.board import build_board, together
from targeting.delineation.searching.bridges import HUBS, HUBS_PER_POLYGON, hubs, ways
from targeting.delineation.searching.candidates import (
    TINY,
    Candidates,
    clear_of,
    grown,
    joined,
    of_groups,
    promise,
    thinned,
    worth_of,
)
from targeting.delineation.searching.choosing import choose
from targeting.delineation.searching.plan import begun_before, beside, keeps, plan_value

SEEDS_MIN = 400
SEEDS_SHARE = 0.12
COVER_MAX = 3
THIN = 2
METER_PRICES = (2.0, 8.0, 32.0)
PERSON_SHARES = (0.0, 0.6)
MIXES = (2.0,)
LOOSE = 0.12
WEIGHT = 2.0
POLISHED_MIN = 60
POLISHED_PER_POLYGON = 4
POLISH_MOVES = 60
POLISH_RENEWALS = 12
MOVES_MIN = 1000
MOVES = 60
RENEWALS = 40
RENEWALS_MIN, RENEWALS_MAX = 25, 60
RENEWED = 800
RESTARTED = 600
RESTARTS_MAX = 12
QUICK = 0.5
SCALED_MIN = 150
STIRRED = 0.15
RENEWAL_MOVES = 8
RENEWAL_WARM = 0.05
ROUNDS = 3
WARM = 0.3
COLD = 0.01
FILLS_MAX = 30
AGAIN = (1,)
POOL_PER_POLYGON = 20
POOL_MIN = 150
SMALL_MAX = 2_000
BRIDGED_COVER = 6


def search(
    city: City,
    rules: Rules,
    *,
    seed: int,
    start: Sequence[np.ndarray] = (),
    fixed: np.ndarray | None = None,
    effort: float = 1.0,
) -> list[np.ndarray]:
    """Find a good plan: disjoint groups that keep all rules.

    Parameters
    ----------
    city : City
        All blocks.
    rules : Rules
        What is asked for.
    seed : int
        Of the chance in the search.
    start : sequence of ndarray
        Groups of an earlier plan. If they keep the rules, the answer is worth at least as much.
    fixed : ndarray of bool, optional
        Blocks of `start` that must stay in their group.
    effort : float
        How many starts, rounds and moves are tried, 1 the usual.

    Returns
    -------
    list of ndarray
        Blocks of each group, sorted. Every group keeps the rules for one group, and the plan those
        for all, unless `exactly`, `required`, floors or shares cannot be met: then the nearest
        found.
    """
    begun = [np.sort(np.asarray(group, dtype=np.int64)) for group in start if len(group)]
    engine = _Engine(city, rules, seed=seed, fixed=fixed, effort=effort)
    groups = engine.run(begun)
    if begun and keeps(city, rules, begun):
        if not keeps(city, rules, groups):
            return begun
        if plan_value(city, rules, begun) > plan_value(city, rules, groups):
            return begun
    return groups


def settle(
    city: City, rules: Rules, groups: Sequence[np.ndarray], fixed: np.ndarray
) -> list[np.ndarray]:
    """Improve groups a little where they are, each beside the others.

    Parameters
    ----------
    city, rules : City, Rules
        The blocks, and what is asked for.
    groups : sequence of ndarray
        Disjoint groups that keep the rules.
    fixed : ndarray of bool
        Blocks that must stay in their group.

    Returns
    -------
    list of ndarray
        In the same order.
    """
    engine = _Engine(city, rules, seed=0, fixed=fixed, effort=1.0)
    return engine.settle(groups)


class _Engine:
    """One search: the board, the candidates so far, and the plan in the making."""

    def __init__(
        self, city: City, rules: Rules, *, seed: int, fixed: np.ndarray | None, effort: float
    ) -> None:
        from targeting.delineation.searching import _groups as moves

        self.city, self.rules, self.effort = city, rules, effort
        self.board = build_board(city, rules, seed=seed, fixed=fixed)
        self.columns = np.ascontiguousarray(self.board.blocks[:, moves.MORE :])
        self.groups: list[np.ndarray] = []
        self.held = 0
        self.typical = max(float(np.abs(city.need).sum()), 1e-9)
        self.size = 1.0
        self.board.rule[moves.WEIGHT] = WEIGHT * self.typical
        self.board.rule[moves.SLACK] = LOOSE

    def run(self, begun: list[np.ndarray]) -> list[np.ndarray]:
        board = self.board
        locked = [bool((board.lock[group] == 2).any()) for group in begun]
        held = [group for group, stays in zip(begun, locked, strict=True) if stays]
        self.held = len(held)
        for number, group in enumerate(held):
            board.owner[group] = number
        self.groups = held
        pool = self._pool()
        if len(pool):
            self._calibrate(pool)
        pool = self._polished(pool)
        columns = [pool]
        bridged = [] if self._large() else [self._polished(self._bridged())]
        chance = np.random.default_rng([int(board.chance[0]) & 0xFFFFFFFF])
        rest = [group for group, stays in zip(begun, locked, strict=True) if not stays]
        if rest:
            columns.append(begun_before(self.city, self.rules, rest))
        again = 1
        whole = max(self.size * self.rules.polygons, 1.0)
        if not held:
            again = int(np.clip(self.effort * RESTARTED / whole, 1, RESTARTS_MAX))
        rounds = ROUNDS if self.effort >= QUICK else 2
        for run in range(again):
            if run == min(1, again - 1):
                columns += bridged
            self._choose(joined(columns), chance if run else None)
            for turn in range(rounds):
                self._improve(turn)
                self._fill()
                columns.append(
                    of_groups(board, self.groups).only(np.arange(self.held, len(self.groups)))
                )
                if turn in AGAIN and run == 0:
                    columns.append(self._polished(self._pool()))
                    self._choose(joined(columns))
        self._choose(joined(columns))
        self._improve(ROUNDS)
        return [np.sort(group) for group in self.groups]

    def settle(self, groups: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Anneal each group, hardly warm."""
        for group in groups:
            self._add(group)
        if groups:
            self.size = sum(len(group) for group in groups) / len(groups)
            self.typical = float(np.abs(self.city.need[np.concatenate(groups)]).sum())
            self._improve(9)
        return self.groups

    def _pool(self) -> Candidates:
        """Grow groups from the most promising blocks."""
        city, board = self.city, self.board
        seeds = self._seeds(city.need)
        found = grown(board, seeds, self._tries(), board.follow, COVER_MAX)
        return found.only(
            thinned(
                board,
                found,
                THIN,
                self._scaled(max(POOL_MIN, POOL_PER_POLYGON * self.rules.polygons)),
            )
        )

    def _large(self) -> bool:
        return len(self.city.need) > SMALL_MAX or self.effort < QUICK

    def _bridged(self) -> Candidates:
        """Grow groups from the cheapest ways between hot blocks."""
        board, rules = self.board, self.rules
        many = HUBS + HUBS_PER_POLYGON * rules.polygons
        start, given = ways(board, self.city, rules, hubs(board, self.city, many))
        found = grown(board, start, self._tries(), board.follow, len(start) + 1, given)
        return found.only(thinned(board, found, BRIDGED_COVER, POOL_MIN))

    def _seeds(self, follow: np.ndarray) -> np.ndarray:
        city, rules, board = self.city, self.rules, self.board
        around = promise(city, follow, rules.limits)
        usable = board.owner == -1
        if rules.seeds is not None:
            usable &= rules.seeds
        if bool((usable & (follow > 0)).sum() > SEEDS_MIN):
            usable &= follow > 0
        wanted = np.flatnonzero(usable)
        ranked = wanted[np.lexsort((wanted, -around[wanted]))]
        found = grown(board, ranked, self._tries()[-2:-1], board.follow, 1)
        length = np.diff(found.ends, prepend=0)
        top = np.full(len(city.need), -np.inf)
        worth = found.value - 9 * board.rule[10] * found.breach
        np.maximum.at(top, found.members, np.repeat(worth, length))
        count = self._scaled(max(SEEDS_MIN, SEEDS_SHARE * len(city.need)))
        return wanted[np.lexsort((wanted, -around[wanted], -top[wanted]))][:count]

    def _scaled(self, many: float) -> int:
        return max(int(many * min(np.sqrt(self.effort), 1.0)), min(int(many), SCALED_MIN))

    def _tries(self) -> np.ndarray:
        meter, person, _ = self.board.prices
        plain = [(meter * m, person * p, 0.0, 0.0) for m in METER_PRICES for p in PERSON_SHARES]
        wide = [(meter * m, 0.0, x, 0.0) for m in METER_PRICES for x in MIXES]
        return np.array(plain + wide if self.effort >= QUICK else plain[2:5:2] + wide)

    def _calibrate(self, pool: Candidates) -> None:
        from targeting.delineation.searching import _groups as moves

        best = thinned(self.board, pool, 1, self.rules.polygons)
        blocks = pool.only(best)
        gross = float(np.abs(self.city.need[blocks.members]).sum()) / len(best)
        self.size = len(blocks.members) / len(best)
        self.typical = max(gross, 1e-9)
        self.board.rule[moves.WEIGHT] = WEIGHT * self.typical

    def _polished(self, pool: Candidates) -> Candidates:
        """Each of the best candidates annealed on its own; both states stay candidates."""
        board = self.board
        most = max(POLISHED_MIN, POLISHED_PER_POLYGON * self.rules.polygons)
        most = max(int(most * min(np.sqrt(self.effort), 1.0)), 1)
        times = int(POLISH_RENEWALS * self.effort)
        best = thinned(board, pool, 2, most)
        spot = len(self.groups)
        parts = [pool.only(np.flatnonzero(pool.breach <= TINY))]
        better: list[np.ndarray] = []
        values: list[float] = []
        for number in best:
            groups = {spot: pool.blocks(int(number))}
            board.owner[groups[spot]] = spot
            heat = self._heat(len(groups[spot]), POLISH_MOVES, 0.5)
            together(board, groups, [spot], heat, times)
            board.owner[groups[spot]] = -1
            found = worth_of(board, spot)
            if found is not None:
                better.append(groups[spot])
                values.append(found)
        if better:
            parts.append(
                Candidates(
                    np.concatenate(better).astype(np.int32),
                    np.cumsum([len(group) for group in better]),
                    np.array(values),
                    np.zeros(len(better)),
                )
            )
        return joined(parts)

    def _heat(self, size: int, moves: float, warm: float) -> np.ndarray:
        unit = self.typical / max(self.size, 1.0)
        many = max(int(moves * size * self.effort), MOVES_MIN)
        few = max(int(RENEWAL_MOVES * size), 100)
        warmth = [max(WARM * warm, COLD), RENEWAL_WARM]
        return np.array(
            [[n, w * unit, COLD * unit] for n, w in zip((many, few), warmth, strict=True)]
        )

    def _choose(self, found: Candidates, chance: np.random.Generator | None = None) -> None:
        """Replace the plan by the best packing of all candidates so far."""
        board = self.board
        for group in self.groups[self.held :]:
            board.owner[group] = -1
        del self.groups[self.held :]
        taken = np.where(board.owner >= 0, board.owner, -1)
        limit = self.rules.polygons - self.held
        found = clear_of(found, taken >= 0, self.rules.near)
        if not self.rules.linked:
            found = found.only(np.flatnonzero(found.value > 0))
        if chance is not None:
            found = replace(found, value=found.value * chance.normal(1.0, STIRRED, len(found)))
        chosen = choose(found, self.rules, polygons=limit, columns=self.columns, taken=taken)
        for number in chosen:
            self._add(found.blocks(int(number)))

    def _add(self, blocks: np.ndarray) -> None:
        self.board.owner[blocks] = len(self.groups)
        self.groups.append(np.sort(blocks))

    def _improve(self, turn: int) -> None:
        board, count = self.board, len(self.groups)
        polygons = self.rules.polygons
        if not count:
            return
        others = beside(board, count, 3) if turn else [[] for _ in range(count)]
        chance = np.random.default_rng([turn, count])
        self._pledge()
        whole = sum(len(group) for group in self.groups)
        times = int(
            np.clip(RENEWALS * RENEWED / max(whole, 1), RENEWALS_MIN, RENEWALS_MAX) * self.effort
        )
        for number in tqdm(range(count), desc="polygons", delay=2, disable=None, leave=False):
            near = others[number]
            some = list(chance.permutation(near)[:2]) if len(near) else []
            subset = [number, *(int(other) for other in some)]
            if len(self.groups) < polygons:
                subset.append(len(self.groups))
                self.groups.append(np.empty(0, dtype=np.int64))
                board.totals[subset[-1]] = 0.0
                board.wanted[subset[-1]] = -1
            size = sum(len(self.groups[n]) for n in subset)
            together(board, self.groups, subset, self._heat(size, MOVES, 0.6**turn), times)
            if not len(self.groups[-1]):
                self.groups.pop()

    def _pledge(self) -> None:
        """Hold groups to the dimension they lead where a floor needs it; count the shares."""
        board, rules = self.board, self.rules
        board.wanted[:] = -1
        dimensions = self.columns.shape[1] - len(rules.shares)
        if rules.floors:
            led = [int(np.argmax(self.columns[g, :dimensions].sum(axis=0))) for g in self.groups]
            for floor in rules.floors:
                mine = [n for n, dimension in enumerate(led) if dimension == floor.dimension]
                for number in mine[: floor.at_least]:
                    board.wanted[number] = floor.dimension
        if len(rules.shares):
            board.plan[:] = self.columns[board.owner >= 0, dimensions:].sum(axis=0)

    def _fill(self) -> None:
        """Grow further groups on the free blocks while fewer than asked for."""
        for _ in range(max(1, round(FILLS_MAX * min(self.effort, 1.0) ** 2))):
            room = self.rules.polygons - len(self.groups)
            if room < 1:
                return
            pool = self._pool()
            if not len(pool):
                return
            pool = self._polished(pool)
            if not self.rules.exactly:
                pool = pool.only(np.flatnonzero(pool.value > 0))
            if not len(pool):
                return
            before = len(self.groups)
            for number in choose(pool, self.rules, polygons=room, columns=self.columns):
                self._add(pool.blocks(int(number)))
            if len(self.groups) == before:
                return
