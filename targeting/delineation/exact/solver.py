"""The best plan there is, proven: groups priced out by the search, chosen by set packing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from targeting.delineation.exact.cliques import cliques
from targeting.delineation.exact.feasible import mixed
from targeting.delineation.exact.master import SHORT, Master, Relaxed, between
from targeting.delineation.exact.pricing import Duals, Found, Pricer
from targeting.delineation.graph import City
from targeting.delineation.rules import Rules, broken_alone, broken_together, plan_worth

WHOLE_SETS = 2_000
WHOLE_NODES = 20_000
FIRST_NODES = 60
QUICK_NODES = 300
ROUNDS_MAX = 500
BRANCHES = 200_000
FEW_BRANCHES = 2_000
TIES_MAX = 5_000
NEAR = 0.002
WIDE = 0.5
EXACT = 1e-9
KEPT_PER_ROUND = 4000


@dataclass(frozen=True)
class Exact:
    """The best plan known, and how good any plan could be.

    Parameters
    ----------
    groups : list of ndarray or None
        Blocks of each group, sorted; groups by worth, highest first, ties by their blocks. None
        when no plan was found that keeps the rules.
    value : float
        Objective of the plan; −inf without one.
    bound : float
        No plan is worth more; −inf when no plan can keep the rules.
    proven : bool
        The plan is the best there is (to a billionth), or there is none.
    notes : mapping
        Rounds of pricing, nodes of the search, groups chosen among.
    """

    groups: list[np.ndarray] | None
    value: float
    bound: float
    proven: bool
    notes: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class _Run:
    """What one solution knows while it goes on."""

    city: City
    rules: Rules
    pricer: Pricer
    master: Master
    nodes_max: int
    sets_max: int
    plan: list[np.ndarray] | None = None
    value: float = -np.inf
    bound: float = np.inf
    rounds: int = 0
    nodes: int = 0

    @property
    def least(self) -> float:
        """The smallest difference that counts."""
        known = [abs(x) for x in (self.value, self.bound) if np.isfinite(x)]
        return EXACT * max([*known, float(np.abs(self.city.need).max(initial=0.0)), 1e-300])

    def closed(self) -> bool:
        """Whether no plan can be better than the one known."""
        return self.bound <= self.value + self.least

    def offer(self, groups: Sequence[np.ndarray] | None) -> None:
        """Keep a plan when it keeps the rules and is better than the one known."""
        if groups is None or broken_together(self.city, self.rules, groups):
            return
        if any(broken_alone(self.city, self.rules, group) for group in groups):
            return
        value = plan_worth(self.city, self.rules, groups)
        if self.plan is None or value > self.value + self.least / 10:
            self.plan, self.value = list(groups), value

    def find(self, duals: Duals, **asked: Any) -> Found:
        found = self.pricer.find(duals, nodes_max=max(self.nodes_max - self.nodes, 1), **asked)
        self.nodes += found.nodes
        return found


def solve_exact(
    city: City,
    rules: Rules,
    *,
    start: Sequence[np.ndarray] = (),
    without: Sequence[np.ndarray] = (),
    sets_max: int = 200_000,
    nodes_max: int = 30_000_000,
    whole_sets: int = WHOLE_SETS,
) -> Exact:
    """Find the best plan under all rules, and prove it.

    Groups are columns of a set packing problem (Garfinkel and Nemhauser 1970 for districts). The
    relaxation is solved by column generation; each round the groups worth more than their price
    are found by branch and bound on connected sets under a minimum-cut bound (`_tree`). Then every
    group whose price shows that it could still be in a better plan is listed (Baldacci et al.
    2008), and HiGHS chooses among them exactly.

    Parameters
    ----------
    city, rules : City, Rules
        The blocks in canonical order and what is asked for.
    start : sequence of ndarray
        A plan to begin with; left aside when it breaks a rule.
    without : sequence of ndarray
        Groups that may not be chosen, as when the ground has shown that they break a rule.
    sets_max, nodes_max : int
        Groups listed and nodes searched at most. Past them the best plan known is returned, with
        a bound that holds.
    whole_sets : int
        When there are no more feasible groups than this, all are listed without any prices.

    Returns
    -------
    Exact

    Examples
    --------
    >>> from targeting.delineation.graph import Limits, build_city
    >>> from targeting.model import Links
    >>> row = Links(np.arange(3), np.arange(1, 4), np.zeros(3), np.full(3, 50.0))
    >>> need = np.array([4.0, 1.0, 1.0, 4.0])
    >>> city = build_city(need, np.ones(4), np.full(4, 2500.0), np.full(4, 200.0), row)
    >>> best = solve_exact(city, Rules(Limits(2, 3, np.inf, 0, 0.0), 1))
    >>> best.value, best.bound, best.proven, [group.tolist() for group in best.groups]
    (6.0, 6.0, True, [[0, 1, 2]])
    """
    run = _begun(city, rules, nodes_max=nodes_max, sets_max=sets_max, start=start, without=without)
    if not _whole(run, min(whole_sets, sets_max)):
        if rules.polygons == 1 and not rules.linked:
            _single(run)
        else:
            _linked(run)
    return _finished(run)


def _begun(
    city: City,
    rules: Rules,
    *,
    nodes_max: int,
    sets_max: int,
    start: Sequence[np.ndarray],
    without: Sequence[np.ndarray],
) -> _Run:
    apart = cliques(rules, len(city.need))
    master, pricer = Master(city, rules, apart), Pricer(city, rules, apart, without)
    run = _Run(city, rules, pricer, master, nodes_max, sets_max)
    plan = [np.sort(np.asarray(group, dtype=np.int64)) for group in start]
    shut = {repr(np.sort(group).tolist()) for group in without}
    fitting = [group for group in plan if not broken_alone(city, rules, group)]
    master.add([group for group in fitting if repr(group.tolist()) not in shut])
    if len(master.groups) == len(plan):
        run.offer(plan)
    run.offer([])
    return run


def _finished(run: _Run) -> Exact:
    plan = run.plan
    if plan is not None:
        plan = sorted(plan, key=lambda group: _rank(run, group))
    bound = max(run.bound, run.value)
    notes = {"rounds": run.rounds, "nodes": run.nodes, "groups_known": len(run.master.groups)}
    return Exact(plan, run.value, bound, run.closed() or run.bound == -np.inf, notes)


def _rank(run: _Run, group: np.ndarray) -> tuple[float, list[int]]:
    return -plan_worth(run.city, run.rules, [group]), group.tolist()


def _plain(run: _Run) -> Duals:
    return Duals(np.zeros(len(run.city.need)), np.zeros(run.master.cliques.shape[0]), np.zeros(0))


def _whole(run: _Run, sets_max: int) -> bool:
    """List all groups when they are few; return whether that settled it."""
    above = -np.inf if run.rules.linked else 0.0
    nodes = min(WHOLE_NODES, run.nodes_max)
    if sets_max <= 0:
        return False
    found = run.pricer.find(_plain(run), above=above, nodes_max=nodes, sets_max=sets_max)
    run.nodes += found.nodes
    run.master.add(found.groups)
    if found.complete:
        _pack(run, run.master)
    return found.complete


def _pack(run: _Run, master: Master) -> None:
    """Choose among the groups of `master`, which are all that matter."""
    plan, bound = master.packed(nodes_max=BRANCHES, start=run.plan or ())
    run.offer(plan)
    run.bound = min(run.bound, max(bound, run.value))
    if plan is not None and run.plan is not None and bound <= run.value + 100 * run.least:
        run.bound = min(run.bound, run.value)
    if run.closed() and run.plan and len(master.groups) <= TIES_MAX:
        worth_min = run.value - run.least / 10
        tied, _ = master.packed(nodes_max=BRANCHES, start=run.plan, worth_min=worth_min)
        if tied is not None and not broken_together(run.city, run.rules, tied):
            value = plan_worth(run.city, run.rules, tied)
            if value >= run.value - run.least:
                run.plan, run.value = tied, value


def _single(run: _Run) -> None:
    """Search the one best group."""
    above = max(run.value, 0.0)
    found = run.find(_plain(run), above=above, rising=1.0, shared=True)
    if len(found.worth):
        run.offer([found.groups[int(np.argmax(found.worth))]])
    run.bound = min(run.bound, max(found.bound, run.value))


def _linked(run: _Run) -> None:
    """Column generation, then all groups within the gap."""
    above = -np.inf if run.rules.linked else 0.0
    first = run.find(_plain(run), above=above, rising=1.0, nodes_per_root=FIRST_NODES)
    run.master.add(first.groups)
    relaxed = _priced_out(run)
    if relaxed is None or run.closed():
        return
    _offer_packed(run)
    if run.closed():
        return
    gap = run.bound - run.value
    found = run.find(relaxed.duals, above=relaxed.each - gap - run.least, sets_max=run.sets_max)
    if found.complete:
        last = Master(run.city, run.rules, run.master.cliques)
        last.add([*(run.plan or ()), *found.groups])
        _pack(run, last)
    else:
        run.master.add(found.groups)
        _offer_packed(run)


def _offer_packed(run: _Run) -> None:
    plan, _ = run.master.packed(nodes_max=FEW_BRANCHES, start=run.plan or ())
    run.offer(plan)


def _priced_out(run: _Run) -> Relaxed | None:
    """Add groups until none is worth more than its price; the prices with the lowest bound.

    None when that cannot be finished within the work allowed. Once a round is long, prices are
    asked half way to those of the best bound so far (Wentges 1997), and rounds end when what is
    left between plan and bound is little.
    """
    quick, best, plainly = QUICK_NODES, None, False
    while run.rounds < ROUNDS_MAX and run.nodes < run.nodes_max:
        run.rounds += 1
        latest = run.master.relaxed()
        halfway = best is not None and quick > QUICK_NODES and not plainly
        asked = between(best, latest) if best is not None and halfway else latest
        line = asked.each + EXACT * run.master.scale
        rising = 1.0 if quick == QUICK_NODES else WIDE
        found = run.find(asked.duals, above=line, rising=rising, nodes_per_root=quick)
        bound = asked.fixed + run.rules.polygons * _over(run.rules, found.bound)
        if best is None or bound < run.bound:
            run.bound, best = min(run.bound, bound), asked
        if run.bound - run.value <= NEAR * abs(run.bound):
            return best
        fresh = run.master.add(_best(found)) if found.groups else 0
        plainly = halfway and not fresh
        if fresh or (plainly and found.complete):
            continue
        if not found.complete:
            if quick == QUICK_NODES:
                _offer_packed(run)
            elif quick >= run.nodes_max:
                return None
            quick *= 20
            continue
        if latest.missing <= SHORT:
            return best
        left = run.nodes_max - run.nodes
        shut = run.pricer.without
        if mixed(run.city, run.rules, run.master, nodes_max=left, without=shut) is False:
            run.bound = -np.inf
            return None
        run.master.dearer()
    return None


def _over(rules: Rules, best: float) -> float:
    return best if rules.exactly else max(best, 0.0)


def _best(found: Found) -> list[np.ndarray]:
    order = np.argsort(-found.worth, kind="stable")[:KEPT_PER_ROUND]
    return [found.groups[at] for at in order]
