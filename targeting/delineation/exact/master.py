"""Choose among groups so that all rules hold together: a set packing problem, in HiGHS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sparse

from targeting.delineation.exact.pricing import Duals
from targeting.delineation.graph import City, measure
from targeting.delineation.rules import Rules, leader

SHORT = 1e-6


@dataclass(frozen=True)
class Relaxed:
    """Optimum of the relaxation: value, prices, what a group costs by itself, what is missing.

    `fixed` is what the prices of all rules but the number of polygons come to.
    """

    value: float
    duals: Duals
    each: float
    fixed: float
    missing: float


def between(one: Relaxed, other: Relaxed) -> Relaxed:
    """Return prices half way between two; what they bound still holds."""
    duals = Duals(
        (one.duals.block + other.duals.block) / 2,
        (one.duals.clique + other.duals.clique) / 2,
        (one.duals.leader + other.duals.leader) / 2,
    )
    each, fixed = (one.each + other.each) / 2, (one.fixed + other.fixed) / 2
    return Relaxed(other.value, duals, each, fixed, other.missing)


class Master:
    """The groups found so far and the rules that join them.

    Parameters
    ----------
    city, rules : City, Rules
        The blocks and what is asked for.
    cliques : csr_array
        Blocks by clique: at most one group may touch each.
    worthless : bool
        Whether groups count as worth nothing: then only what is missing is made small.
    polygons_min : int, optional
        How many groups at least; else what the rules say.
    """

    def __init__(
        self,
        city: City,
        rules: Rules,
        cliques: sparse.csr_array,
        *,
        worthless: bool = False,
        polygons_min: int | None = None,
    ) -> None:
        self.city, self.rules, self.cliques = city, rules, cliques
        self.worthless = worthless
        self.groups: list[np.ndarray] = []
        self.value = np.empty(0)
        self.columns: sparse.csc_array | None = None
        self._known: set[bytes] = set()
        self._lp: Any = None
        self._used = 0
        self.scale = 1.0
        self.penalty = 100.0
        low, high = [np.full(cliques.shape[0], -np.inf)], [np.ones(cliques.shape[0])]
        fewest = polygons_min or (rules.polygons if rules.exactly else 0)
        low.append(np.array([float(fewest) if fewest else -np.inf]))
        high.append(np.array([float(rules.polygons)]))
        at_least = [1.0] * len(rules.required) + [float(f.at_least) for f in rules.floors]
        at_least += [0.0] * len(rules.shares)
        low.append(np.array(at_least))
        high.append(np.full(len(at_least), np.inf))
        self.low, self.high = np.concatenate(low), np.concatenate(high)
        everyone = max(float(city.population.sum()), 1.0)
        share = [(s.mine - s.at_least) * city.population / everyone for s in rules.shares]
        self.share = np.array(share).reshape(len(rules.shares), len(city.need))

    def add(self, groups: Sequence[np.ndarray]) -> int:
        """Add groups not known yet; return how many."""
        fresh = []
        for group in groups:
            key = group.astype(np.int32).tobytes()
            if key not in self._known:
                self._known.add(key)
                fresh.append(group)
        if fresh:
            value, columns = self.described(fresh)
            self.groups += fresh
            self.value = np.concatenate([self.value, value])
            old = self.columns
            joined = columns if old is None else sparse.hstack([old, columns], format="csc")
            self.columns = sparse.csc_array(joined)
        return len(fresh)

    def described(self, groups: Sequence[np.ndarray]) -> tuple[np.ndarray, sparse.csc_array]:
        """Worth of groups, and what each takes of every rule."""
        city, rules = self.city, self.rules
        count = len(groups)
        block = np.concatenate(groups)
        number = np.repeat(np.arange(count), [len(group) for group in groups])
        whole = measure(city, block, number, count)
        value = whole["need"] - rules.limits.price_per_m * whole["priced_m"]
        shape = (len(city.need), count)
        member = sparse.csc_array((np.ones(len(block)), (block, number)), shape=shape)
        touched = sparse.csc_array(self.cliques @ member)
        touched.data[:] = 1.0
        parts = [touched, sparse.csc_array(np.ones((1, count)))]
        if len(rules.required):
            parts.append(sparse.csc_array(sparse.csr_array(member)[rules.required]))
        if rules.floors:
            led = np.array([leader(rules, group) for group in groups])
            dimension = np.array([f.dimension for f in rules.floors])
            parts.append(sparse.csc_array((led[None, :] == dimension[:, None]).astype(float)))
        if rules.shares:
            parts.append(sparse.csc_array(self.share @ member))
        worth = np.zeros(count) if self.worthless else value
        return worth, sparse.csc_array(sparse.vstack(parts, format="csc"))

    def relaxed(self) -> Relaxed:
        """Solve the relaxation over the groups known: prices of all rules."""
        import highspy

        if self._lp is None:
            self._begin()
        self._grow()
        lp = self._lp
        if not lp.getNumCol():
            return self._priced(np.zeros(len(self.low)), 0.0, 0.0)
        lp.run()
        if lp.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise RuntimeError(f"the relaxation was not solved: {lp.getModelStatus()}")
        solution = lp.getSolution()
        dual = np.array(solution.row_dual) * self.scale
        missing = float(np.sum(solution.col_value[: self._spare]))
        return self._priced(dual, -float(lp.getInfo().objective_function_value), missing)

    def _priced(self, dual: np.ndarray, value: float, missing: float) -> Relaxed:
        # HiGHS minimizes the negative: a dual is the price with its sign turned.
        price = -dual
        rules, count = self.rules, self.cliques.shape[0]
        clique = np.maximum(price[:count], 0.0)
        each = float(price[count])
        if not np.isfinite(self.low[count]):
            each = max(each, 0.0)
        demand = np.maximum(-price[count + 1 :], 0.0)
        block = np.zeros(len(self.city.need))
        asked, floors = len(rules.required), len(rules.floors)
        np.add.at(block, rules.required, demand[:asked])
        leads = np.zeros(0 if rules.leading is None or not floors else len(rules.leading))
        for floor, bonus in zip(rules.floors, demand[asked : asked + floors], strict=True):
            leads[floor.dimension] += bonus
        block += demand[asked + floors :] @ self.share
        fixed = float(clique.sum() - (demand * self.low[count + 1 :]).sum())
        return Relaxed(value * self.scale, Duals(block, clique, leads), each, fixed, missing)

    def _begin(self) -> None:
        import highspy

        if len(self.value):
            self.scale = max(float(np.abs(self.value).max()), 1e-9) if not self.worthless else 1.0
        lp = highspy.Highs()  # type: ignore[no-untyped-call]
        lp.silent()
        lp.setOptionValue("threads", 1)
        rows = len(self.low)
        nothing = np.empty(0, dtype=np.int32)
        starts = np.zeros(rows, dtype=np.int32)
        lp.addRows(rows, self.low, self.high, 0, starts, nothing, np.empty(0))
        # Where a rule asks for something, so much of it may be missing, at a high price.
        asking = np.flatnonzero(np.isfinite(self.low)).astype(np.int32)
        self._spare = len(asking)
        if len(asking):
            at = np.arange(len(asking), dtype=np.int32)
            cost = np.full(len(asking), 1.0 if self.worthless else self.penalty)
            room = np.full(len(asking), np.inf)
            lp.addCols(
                len(asking), cost, np.zeros(len(asking)), room,
                len(asking), at, asking, np.ones(len(asking)),
            )  # fmt: skip
        self._lp, self._used = lp, 0

    def _grow(self) -> None:
        if self.columns is None or self._used == len(self.groups):
            return
        more = sparse.csc_array(self.columns[:, self._used :])
        count = more.shape[1]
        self._lp.addCols(
            count, -self.value[self._used :] / self.scale, np.zeros(count), np.full(count, np.inf),
            more.nnz, more.indptr[:-1].astype(np.int32), more.indices.astype(np.int32), more.data,
        )  # fmt: skip
        self._used = len(self.groups)

    def dearer(self) -> None:
        """Raise the price of what is missing."""
        self.penalty *= 100
        self._lp = None

    def packed(
        self,
        *,
        nodes_max: int,
        start: Sequence[np.ndarray] = (),
        worth_min: float | None = None,
    ) -> tuple[list[np.ndarray] | None, float]:
        """Choose among the groups known; return the plan (None: there is none) and its bound.

        Parameters
        ----------
        nodes_max : int
            Branches of HiGHS at most.
        start : sequence of ndarray
            A plan to begin with.
        worth_min : float, optional
            Of all plans worth so much, the one with the lowest positions, not the best one.
        """
        import highspy

        empty_fits = bool((self.low <= 0).all())
        if self.columns is None:
            return ([] if empty_fits else None), (0.0 if empty_fits else -np.inf)
        count = len(self.groups)
        order = np.lexsort((*_positions(self.groups), -self.value))
        columns = sparse.csc_array(self.columns[:, order])
        scale = max(float(np.abs(self.value).max()), 1e-9)
        mip = highspy.Highs()  # type: ignore[no-untyped-call]
        mip.silent()
        for name, option in (
            ("threads", 1), ("random_seed", 1), ("mip_rel_gap", 0.0), ("mip_abs_gap", 1e-10),
            ("mip_max_nodes", nodes_max), ("mip_feasibility_tolerance", 1e-9),
            ("primal_feasibility_tolerance", 1e-9), ("dual_feasibility_tolerance", 1e-9),
        ):  # fmt: skip
            mip.setOptionValue(name, option)
        rows = _distinct(columns, self.cliques.shape[0])
        columns = sparse.csc_array(sparse.csr_array(columns)[rows])
        low, high, cost = self.low[rows], self.high[rows], -self.value[order] / scale
        if worth_min is not None:
            columns = sparse.csc_array(sparse.vstack([columns, -cost[None, :]], format="csc"))
            low, high = np.append(low, worth_min / scale), np.append(high, np.inf)
            cost = np.array([float((self.groups[at] + 1).sum()) for at in order])
            cost /= max(len(self.city.need), 1)
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = count, len(low)
        model.col_cost_ = cost
        model.col_lower_, model.col_upper_ = np.zeros(count), np.ones(count)
        model.row_lower_, model.row_upper_ = low, high
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_ = columns.indptr.astype(np.int32)
        model.a_matrix_.index_ = columns.indices.astype(np.int32)
        model.a_matrix_.value_ = columns.data
        model.integrality_ = [highspy.HighsVarType.kInteger] * count
        mip.passModel(model)
        if len(start):
            wanted = {np.sort(group).astype(np.int32).tobytes() for group in start}
            known = [self.groups[at].astype(np.int32).tobytes() in wanted for at in order]
            solution = highspy.HighsSolution()
            solution.col_value = np.array(known, dtype=float).tolist()
            mip.setSolution(solution)
        mip.run()
        status = mip.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            return None, -np.inf
        info = mip.getInfo()
        bound = -float(info.mip_dual_bound) * scale
        if info.primal_solution_status != int(highspy.SolutionStatus.kSolutionStatusFeasible):
            return None, bound
        taken = np.flatnonzero(np.array(mip.getSolution().col_value) > 0.5)
        return [self.groups[order[at]] for at in taken], bound


def _positions(groups: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Keys that sort groups by their blocks: how many, then the first and the last."""
    last = np.array([group[-1] for group in groups])
    total = np.array([int((group.astype(np.uint64) ** 2).sum()) for group in groups])
    return [total, last, np.array([group[0] for group in groups]), np.array([*map(len, groups)])]


def _distinct(columns: sparse.csc_array, clique_count: int) -> np.ndarray:
    """Rows that say something: of cliques touched by the very same groups, only one."""
    rows = sparse.csr_array(columns)[:clique_count]
    weight = np.random.default_rng(0).integers(1, 2**62, columns.shape[1], dtype=np.uint64)
    sums = np.add.reduceat(
        np.append(weight[rows.indices], np.uint64(0)), np.minimum(rows.indptr[:-1], rows.nnz)
    )
    wanted = np.flatnonzero(np.diff(rows.indptr) > 1)
    _, first = np.unique(sums[wanted], return_index=True)
    return np.concatenate([wanted[np.sort(first)], np.arange(clique_count, columns.shape[0])])
