"""The weights of a study file: a tree of dimensions, groups and indicators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from annotated_types import Gt, Le

from targeting.model import DIMENSIONS, Indicator, LayerSpec, MethodSpec, Node
from targeting.problems import Problem
from targeting.settings import checked, shown
from targeting.study_file.indicators import read_indicator
from targeting.study_file.reading import Reading

_RULES = ("weigh", "aggregate", "coverage_min")
_GROUP = ("weight", "indicators", "groups", *_RULES)
_Enough = Annotated[float, Gt(0), Le(1)]


@dataclass
class _Found:
    """What has been read so far."""

    layers: Sequence[LayerSpec]
    indicators: dict[str, Indicator] = field(default_factory=dict)
    names: set[str] = field(default_factory=lambda: {"score", *DIMENSIONS})


def read_weights(
    reading: Reading, layers: Sequence[LayerSpec]
) -> tuple[Node, tuple[Indicator, ...]]:
    """Return what is weighed against what, and the indicators that weigh something."""
    section = reading.section("weights")
    reading.known(section, (*DIMENSIONS, *_RULES), "weights")
    found = _Found(layers)
    children = tuple(
        _group(reading, dimension, section[dimension], f"weights.{dimension}", found)
        for dimension in DIMENSIONS
        if dimension in section
    )
    rules = _rules(reading, section, "weights")
    told = any(problem.where.startswith("weights") for problem in reading.problems)
    if not any(child.children for child in children):
        if not told:
            reading.problems.append(Problem("no-weights", "weights"))
    elif not sum(child.weight for child in children):
        reading.problems.append(Problem("zero-weights", "weights"))
    used = tuple(child for child in children if child.weight > 0 and child.children)
    tree = Node("score", 1.0, used, **rules)
    kept = {indicator.key for indicator in found.indicators.values()} & set(tree.leaves())
    return tree, tuple(one for key, one in found.indicators.items() if key in kept)


def _group(reading: Reading, name: str, record: Any, where: str, found: _Found) -> Node:
    if not isinstance(record, dict):
        reading.wrong_type(where, record, "expected.mapping")
        return Node(name, 0.0)
    reading.known(record, _GROUP, where)
    weight = _weight(reading, record.get("weight", 1), f"{where}.weight")
    children = [
        *_leaves(reading, name, record.get("indicators", {}), where, found),
        *_groups(reading, record.get("groups", {}), f"{where}.groups", found),
    ]
    if weight and children and not sum(child.weight for child in children):
        reading.problems.append(Problem("zero-weights", where))
    return Node(name, weight, tuple(children), **_rules(reading, record, where))


def _groups(reading: Reading, given: Any, where: str, found: _Found) -> list[Node]:
    if not isinstance(given, dict):
        reading.wrong_type(where, given, "expected.mapping")
        return []
    nodes = []
    for name, record in given.items():
        place = f"{where}.{name}"
        if name in found.names or name in found.indicators:
            reading.problems.append(Problem("name-twice", place, {"given": name}))
            continue
        found.names.add(name)
        node = _group(reading, str(name), record, place, found)
        if isinstance(record, dict) and not node.children:
            reading.problems.append(Problem("empty-group", place, {"given": name}))
        nodes.append(node)
    return nodes


def _leaves(reading: Reading, group: str, given: Any, where: str, found: _Found) -> list[Node]:
    place = f"{where}.indicators"
    if isinstance(given, list) and all(isinstance(key, str) for key in given):
        given = dict.fromkeys(given, 1)
    if not isinstance(given, dict):
        reading.wrong_type(place, given, "expected.mapping")
        return []
    dimension = where.split(".")[1]
    nodes = []
    for key, raw in given.items():
        weight = _weight(reading, raw, f"{place}.{key}")
        if key in found.indicators:
            reading.problems.append(Problem("indicator-twice", f"{place}.{key}", {"given": key}))
            continue
        if key in found.names:
            reading.problems.append(Problem("name-twice", f"{place}.{key}", {"given": key}))
            continue
        indicator = read_indicator(reading, key, dimension, f"{place}.{key}", found.layers)
        if indicator is not None:
            found.indicators[key] = indicator
            nodes.append(Node(key, weight))
    return nodes


def _rules(reading: Reading, record: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return how the children of a group are weighed and become one, where it says so itself."""
    rules: dict[str, Any] = {}
    for key, kind in (("weigh", "weigher"), ("aggregate", "aggregator")):
        if key in record:
            spec = reading.method(kind, record[key], f"{where}.{key}")
            rules[key] = spec if spec.use else None
    if "coverage_min" in record:
        place = f"{where}.coverage_min"
        rules["coverage_min"] = checked(_Enough, record["coverage_min"], place, reading.problems)
    return rules


def _weight(reading: Reading, given: Any, where: str) -> float:
    weight = checked(float, given, where, reading.problems)
    if weight is None:
        return 0.0
    if weight < 0:
        reading.problems.append(Problem("negative-weight", where, {"given": shown(given)}))
        return 0.0
    return float(weight)


def read_each(
    reading: Reading, section: Mapping[str, Any], indicators: Sequence[Indicator]
) -> dict[str, dict[str, MethodSpec]]:
    """Return the methods some indicators have for themselves: `treat` and `normalize`."""
    given = section.get("each", {})
    chosen: dict[str, dict[str, MethodSpec]] = {"treat": {}, "normalize": {}}
    if not isinstance(given, dict):
        reading.wrong_type("composite.each", given, "expected.mapping")
        return chosen
    known = tuple(one.key for one in indicators)
    reading.known(given, known, "composite.each")
    kinds = {"treat": "treatment", "normalize": "normalizer"}
    for key, record in given.items():
        place = f"composite.each.{key}"
        if not isinstance(record, dict):
            reading.wrong_type(place, record, "expected.mapping")
            continue
        reading.known(record, tuple(kinds), place)
        for step, kind in kinds.items():
            if step in record and key in known:
                chosen[step][key] = reading.method(kind, record[step], f"{place}.{step}")
    return chosen
