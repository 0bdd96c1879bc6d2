"""Better plans by columns: groups grown at the prices blocks have in the packing of all groups.

The linear relaxation of the packing prices every block: what the plans that want it would lose
without it. Groups grown and annealed at need less price are the ones a better plan lacks; with
them the relaxation is solved again, and in the end the disjoint groups worth most together are
taken and annealed side by side (column generation; Desrosiers & Lübbecke 2005, "A primer in
column generation", with the prices of successive rounds averaged as Wentges 1997 does).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sparse

from targeting.delineation.exact.cliques import cliques
from targeting.delineation.exact.master import Master, Relaxed
from targeting.delineation.graph import City
from targeting.delineation.rules import Rules, leader
from targeting.delineation.searching.board import build_board, together
from targeting.delineation.searching.candidates import TINY, Candidates, grown, promise, thinned
from targeting.delineation.searching.choosing import choose
from targeting.delineation.searching.plan import keeps, plan_value, wholes
from targeting.delineation.searching.search import settle

ROUNDS_MAX = 60
PRICED = 2
AGAIN = 2
TIMES = 4
SEEDS = 160
SEEDS_PER_POLYGON = 8
COVER_MAX = 1
POLISHED = 24
POLISHED_PER_POLYGON = 3
POLISH_MOVES = 10
MOVES_MIN = 1000
WARM, COLD = 0.2, 0.01
RENEWAL_MOVES = 8
RENEWAL_WARM = 0.05
METER_PRICES = (2.0, 8.0)
PERSON_SHARES = (0.0, 0.6)
OLD = 0.3
NEAR_ENOUGH = 0.02
PACKED_MAX = 1500
NEAR_PAIRS_MAX = 200_000
LOOSE = 0.12
WEIGHT = 2.0


def improved(
    city: City,
    rules: Rules,
    plan: Sequence[np.ndarray],
    *,
    seed: int,
    effort: float = 1.0,
    known: Candidates | None = None,
    fixed: np.ndarray | None = None,
) -> list[np.ndarray]:
    """Return a plan worth at least as much, out of groups grown at the prices of a packing.

    Parameters
    ----------
    city, rules : City, Rules
        The blocks, and what is asked for.
    plan : sequence of ndarray
        Disjoint groups. If they keep the rules, the answer keeps them and is worth at least as
        much; if they do not, the answer is `plan` unless groups that keep the rules are found.
    seed : int
        Of the chance while annealing.
    effort : float
        How many rounds: 1 is one, of two prices and one packing; at most 60.
    known : Candidates, optional
        Further groups to begin with, as the search leaves them.
    fixed : ndarray of bool, optional
        Blocks that must stay in their group: such a group stays as it is.

    Returns
    -------
    list of ndarray
        Blocks of each group, sorted.

    Examples
    --------
    >>> from targeting.delineation.graph import Limits, build_city
    >>> from targeting.model import Links
    >>> two = Links(np.array([0]), np.array([1]), np.array([0.0]), np.array([50.0]))
    >>> city = build_city(np.ones(2), np.ones(2), np.full(2, 2500.0), np.full(2, 200.0), two)
    >>> rules = Rules(Limits(1, 9, np.inf, 0, 0.001), 1)
    >>> [group.tolist() for group in improved(city, rules, [np.array([0])], seed=1)]
    [[0, 1]]
    """
    begun = [np.sort(np.asarray(group, dtype=np.int64)) for group in plan if len(group)]
    # Of blocks without neighbors each is a group or none: nothing is left to grow.
    if rules.polygons < 1 or not _linked(city, begun or [np.arange(len(city.need))]):
        return begun
    work = _Columns(city, rules, begun, seed=seed, effort=effort, fixed=fixed)
    if known is not None:
        work.add([np.sort(known.blocks(number)) for number in range(len(known))])
    for _ in range(int(np.clip(round(effort), 1, ROUNDS_MAX))):
        for _ in range(PRICED):
            work.price()
            work.grow()
        work.price()
        work.pack()
    return work.best


class _Columns:
    """The groups so far, their prices, and the best plan."""

    def __init__(
        self,
        city: City,
        rules: Rules,
        begun: list[np.ndarray],
        *,
        seed: int,
        effort: float,
        fixed: np.ndarray | None,
    ) -> None:
        from targeting.delineation.searching import _groups as kernel

        count = len(city.need)
        self.city, self.rules = city, rules
        self.seed = seed
        self.board = build_board(city, rules, seed=seed, fixed=None)
        self.fixed = np.zeros(count, dtype=bool) if fixed is None else fixed
        self.held = [group for group in begun if self.fixed[group].any()]
        self.taken = np.full(count, -1, dtype=np.int64)
        for number, group in enumerate(self.held):
            self.taken[group] = number
        few = rules.near is None or rules.near.nnz <= NEAR_PAIRS_MAX
        apart = cliques(rules, count) if few else sparse.eye_array(count, format="csr")
        self.master = Master(city, rules, sparse.csr_array(apart))
        self.columns = np.ascontiguousarray(self.board.blocks[:, kernel.MORE :])
        self.member: list[np.ndarray] = []
        self.best, self.best_value = begun, -np.inf
        if keeps(city, rules, begun):
            self.best_value = plan_value(city, rules, begun)
        self.prices = np.zeros(count)
        self.each = 0.0
        self.solved: Relaxed | None = None
        self._settled: set[bytes] = set()
        self.add(begun)
        whole = [len(group) for group in begun]
        self.size = max(float(np.mean(whole)), 1.0) if whole else 10.0
        gross = np.abs(city.need[np.concatenate([*begun, np.empty(0, dtype=np.int64)])]).sum()
        self.typical = max(float(gross) / max(len(begun), 1), 1e-9)
        if not begun:
            self.typical = max(float(np.abs(city.need).sum()) / rules.polygons, 1e-9)

    def _lay_out(self, priced: City) -> None:
        """Begin a board without the groups that are held, at need less price."""
        from targeting.delineation.searching import _groups as kernel

        prices = self.board.prices
        self.seed += 1
        self.board = build_board(priced, self.rules, seed=self.seed, fixed=None)
        self.board.prices[:] = prices
        self.board.owner[self.taken >= 0] = kernel.BARRED
        self.board.rule[kernel.WEIGHT] = WEIGHT * self.typical
        self.board.rule[kernel.SLACK] = LOOSE

    def add(self, groups: Sequence[np.ndarray]) -> int:
        """Add the groups that keep the rules for one group and were not known."""
        if not _linked(self.city, groups):
            return 0
        good = np.flatnonzero(~wholes(self.city, self.rules, groups).broken)
        return self.master.add([groups[int(number)] for number in good])

    def price(self) -> None:
        """Solve the relaxation: a price for each block, and one for each polygon."""
        found = self.master.relaxed()
        duals = found.duals
        cliques = self.master.cliques
        size = np.maximum(np.diff(cliques.indptr), 1)
        block = self._spread(cliques.T @ (duals.clique / size)) - duals.block
        self.prices = block if self.solved is None else OLD * self.prices + (1 - OLD) * block
        self.each, self.solved = found.each, found

    def _spread(self, price: np.ndarray) -> np.ndarray:
        """Share prices among blocks that the very same groups want: any split of them is right."""
        groups = self.master.groups
        length = np.array([len(group) for group in groups])
        if not len(groups):
            return price
        weight = np.random.default_rng(0).integers(1, 2**62, len(groups), dtype=np.uint64)
        key = np.zeros(len(price), dtype=np.uint64)
        np.add.at(key, np.concatenate(groups), np.repeat(weight, length))
        _, kind = np.unique(key, return_inverse=True)
        part = np.maximum(self.city.population, 1.0) * (key > 0)
        total = np.bincount(kind, price)
        whole = np.bincount(kind, part)
        share = np.divide(total, whole, out=np.zeros(len(total)), where=whole > 0)
        return np.asarray(share[kind] * part)

    def grow(self) -> int:
        """Grow and anneal groups at need less price; return how many are new."""
        city, rules = self.city, self.rules
        follow = city.need - self.prices
        self._lay_out(city._replace(need=follow))
        board = self.board
        found = grown(board, self._seeds(follow), self._tries(), board.follow, COVER_MAX)
        most = POLISHED + POLISHED_PER_POLYGON * rules.polygons
        best = thinned(board, found, 2, most)
        starts = [np.sort(found.blocks(int(number))) for number in best]
        many = AGAIN * rules.polygons
        starts += [self.master.groups[n] for n in self._lacking()[0][:many]]
        fresh = [starts[int(n)] for n in np.flatnonzero(found.breach[best] <= TINY)]
        fresh += [group for group in (self._annealed(start) for start in starts) if len(group)]
        return self.add(fresh)

    def _seeds(self, follow: np.ndarray) -> np.ndarray:
        from targeting.delineation.searching import _groups as kernel

        usable = self.board.owner == kernel.FREE
        if self.rules.seeds is not None:
            usable &= self.rules.seeds
        wanted = np.flatnonzero(usable)
        around = promise(self.city, follow, self.rules.limits)[wanted]
        ranked = wanted[np.lexsort((wanted, -around))]
        return ranked[: SEEDS + SEEDS_PER_POLYGON * self.rules.polygons]

    def _tries(self) -> np.ndarray:
        meter, person, _ = self.board.prices
        pairs = [(meter * m, person * p) for m in METER_PRICES for p in PERSON_SHARES]
        return np.array([(*pair, 0.0, 0.0) for pair in pairs])

    def _annealed(self, start: np.ndarray) -> np.ndarray:
        from targeting.delineation.searching import _groups as kernel

        board = self.board
        groups = {0: start}
        board.owner[start] = 0
        board.wanted[0] = -1
        if self.rules.floors and self.solved is not None:
            first = leader(self.rules, start)
            if self.solved.duals.leader[first] > 0:
                board.wanted[0] = first
        unit = self.typical / self.size
        many = max(int(POLISH_MOVES * len(start)), MOVES_MIN)
        few = max(int(RENEWAL_MOVES * len(start)), 100)
        heat = np.array([[many, WARM * unit, COLD * unit], [few, RENEWAL_WARM * unit, COLD * unit]])
        together(board, groups, [0], heat, TIMES)
        board.owner[groups[0]] = kernel.FREE
        return groups[0] if board.prices[2] <= TINY else groups[0][:0]

    def pack(self) -> None:
        """Take the groups worth most together, anneal them, and keep the plan if it is better."""
        master = self.master
        numbers = self._promising()
        if not len(numbers):
            return
        groups = [master.groups[number] for number in numbers]
        found = Candidates(
            np.concatenate(groups).astype(np.int32),
            np.cumsum([len(group) for group in groups]),
            master.value[numbers],
            np.zeros(len(groups)),
        )
        chosen = choose(
            found,
            self.rules,
            polygons=self.rules.polygons - len(self.held),
            columns=self.columns,
            taken=self.taken,
        )
        packed = [*self.held, *(groups[number] for number in chosen)]
        self._offer(packed)
        key = b"|".join(sorted(group.tobytes() for group in packed))
        if key in self._settled:
            return
        self._settled.add(key)
        calm = [np.sort(g) for g in settle(self.city, self.rules, packed, self.fixed) if len(g)]
        self.add(calm)
        self._offer(calm)

    def _lacking(self) -> tuple[np.ndarray, np.ndarray]:
        """Numbers of the groups that fit beside those held, and what each lacks at the prices."""
        master, solved = self.master, self.solved
        if solved is None or master.columns is None:
            return np.empty(0, dtype=np.int64), np.empty(0)
        duals = solved.duals
        block = sparse.csr_array(master.columns).T[:, : master.cliques.shape[0]] @ duals.clique
        length = np.array([len(group) for group in master.groups])
        number = np.repeat(np.arange(len(length)), length)
        every = np.concatenate(master.groups)
        block = block - np.bincount(number, duals.block[every], len(length))
        if self.rules.floors:
            led = np.array([leader(self.rules, group) for group in master.groups])
            block = block - duals.leader[led]
        lacks = solved.each + block - master.value
        free = np.bincount(number, self.taken[every] >= 0, len(length)) == 0
        if not self.rules.linked:
            free &= master.value > 0
        order = np.lexsort((np.arange(len(lacks)), lacks))
        order = order[free[order]]
        return order, lacks[order]

    def _promising(self) -> np.ndarray:
        """Numbers of the groups that could be in a plan better than the best by what they lack."""
        order, lacks = self._lacking()
        if self.solved is None:
            return order
        worst = NEAR_ENOUGH * max(abs(self.solved.value), 1e-9)
        if np.isfinite(self.best_value):
            worst = min(worst, max(self.solved.value - self.best_value, 0.0) + 1e-9)
        return np.sort(order[lacks <= worst][:PACKED_MAX])

    def _offer(self, groups: list[np.ndarray]) -> None:
        if not _linked(self.city, groups) or not keeps(self.city, self.rules, groups):
            return
        value = plan_value(self.city, self.rules, groups)
        if value > self.best_value:
            self.best, self.best_value = groups, value


def _linked(city: City, groups: Sequence[np.ndarray]) -> bool:
    """Whether some block of the groups has a neighbor."""
    degree = np.diff(city.starts)
    return any(bool(degree[group].any()) for group in groups)
