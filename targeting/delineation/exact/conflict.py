"""Why no plan keeps all rules: the smallest set of them in conflict, and what would do."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import combinations

from targeting.delineation.exact.asked import Ask, Clash, switched_off, value_of, with_value
from targeting.delineation.exact.feasible import NODES_MAX, possible
from targeting.delineation.exact.plainly import plainly
from targeting.delineation.graph import City
from targeting.delineation.rules import Rules
from targeting.problems import Problem

AREA_SCALE = 2_000
SMALLEST_TRIED = 3
STEPS = 12
DIGITS = 3


@dataclass(frozen=True)
class Conflict:
    """Rules no plan can keep together.

    Parameters
    ----------
    clashes : tuple of Clash
        One a rule; empty when no plan was found and nothing more can be said.
    certain : bool
        It is proven that no plan keeps these rules together. Else nothing is claimed: the work
        allowed was not enough to find a plan, or to prove that there is none.
    smallest : bool
        No smaller set of the rules is in conflict.
    """

    clashes: tuple[Clash, ...]
    certain: bool
    smallest: bool

    @property
    def rules(self) -> tuple[str, ...]:
        """Names of the rules."""
        return tuple(clash.rule for clash in self.clashes)

    def problems(self) -> list[Problem]:
        """Return what to tell: one sentence in all, then one for each rule."""
        if not self.certain:
            return [Problem("conflict-unknown", "delineation")]
        head = Problem("conflict", "delineation", {"count": len(self.clashes)})
        return [head, *(clash.problem() for clash in self.clashes)]


def conflict(city: City, rules: Rules, *, nodes_max: int = NODES_MAX) -> Conflict | None:
    """Find the smallest set of rules in conflict, with the nearest feasible value of each.

    A plan without any polygon does not count: `at most` asks for one at least. Up to 2,000 blocks
    rules are taken away one by one (deletion filter: Chinneck 2008, Feasibility and infeasibility
    in optimization) and each question is answered by proof; then sets of one, two and three rules
    are tried. Beyond that, or when the proof is too long, only sums say what cannot be: ask only
    when a search has found no plan.

    Parameters
    ----------
    city, rules : City, Rules
        The blocks and what is asked for.
    nodes_max : int
        Work allowed for each question.

    Returns
    -------
    Conflict or None
        None when some plan keeps all rules.

    Examples
    --------
    >>> import numpy as np
    >>> from targeting.delineation.graph import Limits, build_city
    >>> from targeting.model import Links
    >>> row = Links(np.arange(3), np.arange(1, 4), np.zeros(3), np.full(3, 50.0))
    >>> ones = np.ones(4)
    >>> city = build_city(ones, 100 * ones, 2500 * ones, 200 * ones, row)
    >>> asked = Rules(Limits(200, 300, np.inf, 0, 0.0), 3, exactly=True)
    >>> [(one.rule, one.given, one.nearest) for one in conflict(city, asked).clashes]
    [('exactly', 3.0, 2.0), ('population_min', 200.0, 100.0)]
    """
    ask = Ask.of(rules)
    if len(city.need) > AREA_SCALE:
        return _by_sums(city, ask)

    def keeps(asked: Ask) -> bool | None:
        return possible(city, asked.rules, polygons_min=asked.fewest, nodes_max=nodes_max)

    whole = keeps(ask)
    if whole:
        return None
    if whole is None:
        return _by_sums(city, ask)
    names, sure = _irreducible(ask, keeps)
    smaller, all_tried = _smaller(ask, names, keeps)
    names = smaller or names
    clashes = tuple(_clash(city, ask, name, keeps) for name in names)
    return Conflict(clashes, certain=True, smallest=all_tried and (sure or smaller is not None))


def _by_sums(city: City, ask: Ask) -> Conflict:
    found = plainly(city, ask)
    return Conflict(found, certain=bool(found), smallest=False)


def _irreducible(ask: Ask, keeps: Callable[[Ask], bool | None]) -> tuple[list[str], bool]:
    """Take rules away as long as the rest stays in conflict."""
    kept, sure = list(ask.names), True
    for name in ask.names:
        rest = [other for other in kept if other != name]
        told = keeps(only(ask, rest))
        sure &= told is not None
        if told is False:
            kept = rest
    return kept, sure


def _smaller(
    ask: Ask, names: list[str], keeps: Callable[[Ask], bool | None]
) -> tuple[list[str] | None, bool]:
    """Find fewer rules than these in conflict; whether all sets so small were settled."""
    sure = True
    for size in range(1, min(len(names), SMALLEST_TRIED + 1)):
        for some in combinations(ask.names, size):
            told = keeps(only(ask, some))
            if told is False:
                return list(some), sure
            sure &= told is not None
    return None, sure and len(names) <= SMALLEST_TRIED + 1


def only(ask: Ask, names: Iterable[str]) -> Ask:
    """Return the request with all rules switched off but these."""
    kept = set(names)
    for name in ask.names:
        if name not in kept:
            ask = switched_off(ask, name)
    return ask


def _clash(city: City, ask: Ask, name: str, keeps: Callable[[Ask], bool | None]) -> Clash:
    """Say of one rule how far it has to give way when all others are kept."""
    span = value_of(city, ask, name)
    if not keeps(switched_off(ask, name)):
        return Clash(name, span.given, None, enough=False)
    if span.free is None or span.given is None:
        return Clash(name, span.given, None, enough=True)
    bad, good = span.given, span.free
    if span.whole:
        while abs(bad - good) > 1:
            middle = float(int((bad + good) // 2))
            bad, good = (bad, middle) if keeps(with_value(ask, name, middle)) else (middle, good)
        return Clash(name, span.given, good, enough=True)
    for _ in range(STEPS):
        middle = (bad + good) / 2
        bad, good = (bad, middle) if keeps(with_value(ask, name, middle)) else (middle, good)
    for digits in range(1, DIGITS + 2):
        short = float(f"{(bad + good) / 2:.{digits}g}")
        if min(bad, good) <= short <= max(bad, good) and keeps(with_value(ask, name, short)):
            return Clash(name, span.given, short, enough=True)
    return Clash(name, span.given, _rounded(good, bad), enough=True)


def _rounded(good: float, bad: float) -> float:
    """Shorten a feasible value, away from what is not feasible."""
    step = 10.0 ** (math.floor(math.log10(max(abs(good), 1e-12))) - DIGITS)
    steps = math.floor(good / step) if good < bad else math.ceil(good / step)
    return round(steps * step, 12)
