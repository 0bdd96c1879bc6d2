"""A request taken apart: its rules by name, switched off or given another value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from targeting.delineation.graph import City, Limits
from targeting.delineation.rules import Rules
from targeting.problems import Problem

MANY = 2**31
NEUTRAL: dict[str, Any] = {
    "population_min": 0.0,
    "population_max": np.inf,
    "area_max": np.inf,
    "compactness_min": 0.0,
    "blocks_min": 1,
    "blocks_max": MANY,
}
FIELD = {name: "area_max_m2" if name == "area_max" else name for name in NEUTRAL}
# Where a study states each rule, and in what unit a planner reads it.
WHERE = {
    "exactly": "delineation.polygons",
    "polygons": "delineation.polygons",
    "area_max": "delineation.area_max_km2",
    "required": "delineation.lock_in",
    "barred": "delineation.lock_out",
    "separation": "delineation.separation_min_m",
    "floor": "delineation.led_by",
    "share": "delineation.people_share_min",
}


@dataclass(frozen=True)
class Ask:
    """Rules, and how many groups at least (`rules.exactly` is never set)."""

    rules: Rules
    fewest: int

    @classmethod
    def of(cls, rules: Rules) -> Ask:
        """Return the request rules make; one group at least."""
        fewest = rules.polygons if rules.exactly else 1
        return cls(replace(rules, exactly=False), fewest)

    @property
    def names(self) -> list[str]:
        """Rules that ask for something, the number of polygons first."""
        rules, limits = self.rules, self.rules.limits
        names = ["exactly"] if self.fewest > 1 else []
        joined = len(rules.required) or rules.floors
        names += ["polygons"] if joined and rules.polygons < MANY else []
        names += [n for n, off in NEUTRAL.items() if getattr(limits, FIELD[n]) != off]
        names += ["barred"] if rules.barred is not None and rules.barred.any() else []
        names += ["required"] if len(rules.required) else []
        names += ["seeds"] if rules.seeds is not None else []
        names += ["separation"] if rules.near is not None else []
        names += [f"floor:{floor.name}" for floor in rules.floors]
        return names + [f"share:{share.name}" for share in rules.shares]


@dataclass(frozen=True)
class Clash:
    """A rule in conflict: what was asked, and the nearest that can be had.

    Parameters
    ----------
    rule : str
        As `broken_alone` and `broken_together` name it; `polygons` when more are needed.
    given, nearest : float or None
        In the unit of the rule (people, m², blocks, polygons, a share); of locks how many blocks.
        `nearest` is None where only giving the rule up helps, or nothing of it does.
    enough : bool
        Changing this rule alone is enough for a plan.
    reached : bool
        A plan with the nearest value was found; else all values beyond it are known not to do.
    """

    rule: str
    given: float | None
    nearest: float | None
    enough: bool
    reached: bool = True

    def problem(self) -> Problem:
        """Return the sentence that says so."""
        rule, _, name = self.rule.partition(":")
        way = "nearest" if self.nearest is not None else "drop" if self.enough else "part"
        values = {
            "rule": f"expected.rule-{rule.replace('_', '-')}",
            "name": f" ({name})" if name else "",
            "given": _told(rule, self.given),
            "nearest": _told(rule, self.nearest),
        }
        way = way if self.reached or way != "nearest" else "limit"
        return Problem(f"conflict-{way}", WHERE.get(rule, f"delineation.{rule}"), values)


@dataclass(frozen=True)
class Span:
    """From the value given to one that asks for nothing; `whole` for counts."""

    given: float | None
    free: float | None
    whole: bool = False


def value_of(city: City, ask: Ask, name: str) -> Span:
    """Return the value of a rule, and the value at which it asks for nothing."""
    rules, limits = ask.rules, ask.rules.limits
    count = len(city.need)
    rule, _, of = name.partition(":")
    spans: dict[str, Callable[[], Span]] = {
        "exactly": lambda: Span(float(ask.fewest), 1.0, whole=True),
        "polygons": lambda: Span(
            float(rules.polygons), float(max(count, rules.polygons)), whole=True
        ),
        "population_min": lambda: Span(float(limits.population_min), 0.0),
        "population_max": lambda: Span(float(limits.population_max), float(city.population.sum())),
        "area_max": lambda: Span(float(limits.area_max_m2), float(city.area.sum())),
        "compactness_min": lambda: Span(float(limits.compactness_min), 0.0),
        "blocks_min": lambda: Span(float(limits.blocks_min), 1.0, whole=True),
        "blocks_max": lambda: Span(float(limits.blocks_max), float(count), whole=True),
        "required": lambda: Span(float(len(rules.required)), None),
        "barred": lambda: Span(_count(rules.barred), None),
        "seeds": lambda: Span(_count(rules.seeds), None),
        "separation": lambda: Span(None, None),
        "floor": lambda: Span(float(_named(rules.floors, of).at_least), 0.0, whole=True),
        "share": lambda: Span(float(_named(rules.shares, of).at_least), 0.0),
    }
    return spans[rule]()


def switched_off(ask: Ask, name: str) -> Ask:
    """Return the request without one rule."""
    rules = ask.rules
    rule, _, of = name.partition(":")
    if rule == "exactly":
        return replace(ask, fewest=1)
    if rule in NEUTRAL:
        return with_value(ask, name, NEUTRAL[rule])
    changes: dict[str, dict[str, Any]] = {
        "polygons": {"polygons": MANY},
        "barred": {"barred": None},
        "required": {"required": np.empty(0, dtype=np.int64)},
        "seeds": {"seeds": None},
        "separation": {"near": None},
        "floor": {"floors": [f for f in rules.floors if f.name != of]},
        "share": {"shares": [s for s in rules.shares if s.name != of]},
    }
    return replace(ask, rules=replace(rules, **changes[rule]))


def with_value(ask: Ask, name: str, value: float) -> Ask:
    """Return the request with another value of one rule."""
    rules = ask.rules
    rule, _, of = name.partition(":")
    if rule == "exactly":
        return replace(ask, fewest=int(value))
    if rule == "polygons":
        return replace(ask, rules=replace(rules, polygons=int(value)))
    if rule in NEUTRAL:
        held: Any = int(value) if rule.startswith("blocks") else value
        limits: Limits = rules.limits._replace(**{FIELD[rule]: held})
        return replace(ask, rules=replace(rules, limits=limits))
    if rule == "floor":
        floors = [replace(f, at_least=int(value)) if f.name == of else f for f in rules.floors]
        return replace(ask, rules=replace(rules, floors=floors))
    shares = [replace(s, at_least=value) if s.name == of else s for s in rules.shares]
    return replace(ask, rules=replace(rules, shares=shares))


def _named(some: Any, name: str) -> Any:
    return next(one for one in some if one.name == name)


def _count(mask: np.ndarray | None) -> float:
    return 0.0 if mask is None else float(np.count_nonzero(mask))


def _told(rule: str, value: float | None) -> str:
    """Write a value as a planner reads it: km², percent, thousands."""
    if value is None:
        return "–"
    if rule == "area_max":
        return f"{value / 1e6:,.4g}"
    if rule == "share":
        return f"{100 * value:.4g} %"
    if rule == "compactness_min":
        return f"{value:.3g}"
    return f"{value:,.0f}" if abs(value - round(value)) < 1e-9 else f"{value:,.4g}"
