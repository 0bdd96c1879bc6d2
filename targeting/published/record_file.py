"""Read a record of a published index: strictly, with every mistake told at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from pydantic import TypeAdapter, ValidationError

from targeting import registry
from targeting.problems import Problem, TargetingError, closest, unknown_name
from targeting.published.record import Column, Publishes, Record, Step
from targeting.settings import keyword_settings, shown
from targeting.strict_yaml import read_yaml

KINDS: Mapping[str, str] = {
    "column": "",
    "treatment": "values",
    "imputer": "",
    "normalizer": "",
    "weigher": "weights",
    "aggregator": "value",
    "classifier": "codes",
    "index": "value",
}
"""Kinds a step may name, and which part of the method's answer fills the new column."""
_STEP = ("of", "each", "make", "weights", "reference", "groups", "among", "some", "with")
_RENAMED = {"leave_out": "left_out", "key": "units"}
_ADAPTER = TypeAdapter(Record)
_EXPECTED = {
    "string": "expected.text",
    "float": "expected.number",
    "int": "expected.whole",
    "bool": "expected.yes-no",
    "tuple": "expected.list",
    "dict": "expected.mapping",
    "mapping": "expected.mapping",
    "dataclass": "expected.mapping",
}


def read_record(text: str, key: str, *, year: int | None = None) -> Record:
    """Read one record.

    Parameters
    ----------
    text : str
        The YAML document.
    key : str
        Its id; in problems, its place.
    year : int, optional
        What `{year}` means in it. Default: its own year.

    Returns
    -------
    Record

    Raises
    ------
    TargetingError
        With every problem: unknown or missing keys, methods and settings that do not exist,
        columns that nothing makes.
    """
    raw = read_yaml(text, where=key)
    if not isinstance(raw, Mapping):
        values = {"given": shown(raw), "expected": "expected.mapping"}
        raise TargetingError([Problem("wrong-type", key, values)])
    return record_of(raw, key, year=year)


def record_of(given: Mapping[str, Any], key: str, *, year: int | None = None) -> Record:
    """Return the record that a YAML document writes down; see `read_record`."""
    problems: list[Problem] = []
    raw = dict(given)
    raw.pop("years", None)
    if year is not None:
        raw["year"] = year
    raw = _filled(raw, {"{year}": str(raw.get("year", ""))})
    long = {_RENAMED.get(name, name): value for name, value in raw.items()} | {"key": key}
    long["columns"] = _columns(long.get("columns"))
    long["units"] = _names_only(long.get("units"))
    long["left_out"] = _left_out(long.get("left_out"))
    long["steps"] = _steps(long.get("steps"), f"{key}.steps", problems)
    long["publishes"] = _publishes(long.get("publishes"), long["columns"])
    record = _checked(long, key, problems)
    if record is not None:
        problems += _mistakes(record)
    if problems or record is None:
        # Of a step written once for many columns, each mistake is told once.
        told = {(one.code, one.where, str(dict(one.values))): one for one in problems}
        raise TargetingError(told.values())
    return record


def _filled(value: Any, holes: Mapping[str, str]) -> Any:
    """Return a document with the holes in its texts filled."""
    if isinstance(value, str):
        for hole, text in holes.items():
            value = value.replace(hole, text)
        return value
    if isinstance(value, Mapping):
        return {_filled(name, holes): _filled(inside, holes) for name, inside in value.items()}
    if isinstance(value, list):
        return [_filled(item, holes) for item in value]
    return value


def _names_only(value: Any) -> Any:
    """Return `{names: […]}` where only a heading, or a list of them, is written."""
    if isinstance(value, str):
        return {"names": [value]}
    return {"names": value} if isinstance(value, list) else value


def _columns(raw: Any) -> Any:
    if not isinstance(raw, Mapping):
        return raw
    return {name: _names_only(column) for name, column in raw.items() if column is not None}


def _left_out(raw: Any) -> Any:
    """Return `{column: value}` or `{column: [values]}` as a list of what is left out."""
    if not isinstance(raw, Mapping):
        return [] if raw is None else raw
    return [
        {"column": column, "values": values if isinstance(values, list) else [values]}
        for column, values in raw.items()
    ]


def _each(raw: Any, columns: Any = None) -> list[Any]:
    """Return one entry for each column of `each`, its `{column}` filled in."""
    if not isinstance(raw, Mapping) or not isinstance(raw.get("each"), list):
        return [raw]
    rest = {name: value for name, value in raw.items() if name != "each"}
    found = []
    for column in raw["each"]:
        own = columns.get(column, {}) if isinstance(columns, Mapping) else {}
        heading = own.get("names", [""])[0] if isinstance(own, Mapping) else ""
        holes = {"{column}": str(column), "{COLUMN}": str(column).upper(), "{heading}": heading}
        found.append(_filled({"of": column, **rest} if columns is None else rest, holes))
    return found


def _steps(raw: Any, where: str, problems: list[Problem]) -> Any:
    if not isinstance(raw, list):
        return raw
    steps = []
    for position, entry in enumerate(raw, start=1):
        for one in _each(entry):
            step = _step(one, f"{where}[{position}]", problems)
            if step is not None:
                steps.append(step)
    return steps


def _step(raw: Any, where: str, problems: list[Problem]) -> Any:
    if not isinstance(raw, Mapping):
        values = {"given": shown(raw), "expected": "expected.mapping"}
        problems.append(Problem("wrong-type", where, values))
        return None
    kinds = [kind for kind in KINDS if kind in raw]
    if len(kinds) != 1:
        problems.append(Problem("step-without-method", where, {"known": ", ".join(KINDS)}))
        return None
    (kind,) = kinds
    step: dict[str, Any] = {"kind": kind, "use": raw[kind], "where": where}
    for name, value in raw.items():
        if name in _STEP:
            step["settings" if name == "with" else name] = value
        elif name != kind:
            problems.append(_unknown_key(name, (*KINDS, *_STEP), f"{where}.{name}"))
    if isinstance(step.get("of"), str):
        step["of"] = [step["of"]]
    if isinstance(step.get("make"), str):
        step["make"] = {step["make"]: KINDS[kind]}
    return step


def _publishes(raw: Any, columns: Any) -> Any:
    if not isinstance(raw, list):
        return raw
    entries = [one for entry in raw for one in _each(entry, columns)]
    return [_published(entry) for entry in entries]


def _published(entry: Any) -> Any:
    if not isinstance(entry, Mapping):
        return entry
    short = dict(entry)
    if isinstance(short.get("names"), str):
        short["names"] = [short["names"]]
    if isinstance(short.get("labels"), Mapping):
        labels = short["labels"]
        short["labels"] = {
            str(code): words if isinstance(words, list) else [words]
            for code, words in labels.items()
        }
    return short


def _checked(long: Mapping[str, Any], key: str, problems: list[Problem]) -> Record | None:
    """Return the record when its types are right."""
    try:
        return _ADAPTER.validate_json(json.dumps(long, default=str), strict=True)
    except ValidationError as error:
        for detail in error.errors():
            problems.append(_type_problem(detail, key))
        return None


def _type_problem(detail: Any, key: str) -> Problem:
    place = ".".join([key, *(str(part) for part in detail["loc"])])
    kind, name = detail["type"], str(detail["loc"][-1]) if detail["loc"] else ""
    if kind in ("missing", "missing_argument"):
        return Problem("missing-key", place)
    if kind == "unexpected_keyword_argument":
        holders = {"columns": Column, "publishes": Publishes, "steps": Step}
        holder = holders.get(str(detail["loc"][0]), Record)
        return _unknown_key(name, [field.name for field in fields(holder)], place)
    bounds = detail.get("ctx", {})
    expected = bounds.get("expected") or _EXPECTED.get(kind.split("_")[0], kind)
    return Problem("wrong-type", place, {"given": shown(detail["input"]), "expected": expected})


def _unknown_key(given: str, known: Any, where: str) -> Problem:
    values = {"given": given, "hint": closest(given, known), "known": ", ".join(known)}
    return Problem("unknown-key", where, values)


def _mistakes(record: Record) -> list[Problem]:
    """Tell which names of a record stand for nothing."""
    problems: list[Problem] = []
    there = list(record.columns)
    for step in record.steps:
        problems += _step_mistakes(step, there)
        for name in step.make:
            if name in there:
                values = {"given": name}
                problems.append(Problem("column-made-twice", f"{step.where}.make", values))
            there.append(name)
    for position, entry in enumerate(record.publishes, start=1):
        if entry.made not in there:
            where = f"{record.key}.publishes[{position}].made"
            problems.append(unknown_name(where, entry.made, there))
    for left_out in record.left_out:
        if left_out.column not in record.columns:
            where = f"{record.key}.leave_out"
            problems.append(unknown_name(where, left_out.column, record.columns))
    return problems


def _step_mistakes(step: Step, there: list[str]) -> list[Problem]:
    problems = []
    for name in step.takes:
        if name not in there:
            problems.append(unknown_name(f"{step.where}.of", name, there))
    for name in step.weights or {}:
        if name not in step.of:
            problems.append(unknown_name(f"{step.where}.weights", name, step.of))
    if step.weights is not None:
        for name in step.of:
            if name not in step.weights:
                where = f"{step.where}.weights.{name}"
                problems.append(Problem("missing-key", where))
    if step.use not in registry.names(step.kind):
        problems.append(unknown_name(step.where, step.use, registry.names(step.kind)))
        return problems
    function = registry.method(step.kind, step.use)
    keyword_settings(function, step.use, step.settings, f"{step.where}.with", problems)
    return problems


def settings_of(step: Step) -> dict[str, Any]:
    """Return a step's settings with the method's defaults filled in.

    Raises
    ------
    TargetingError
        A setting is unknown, missing or of the wrong type.
    """
    problems: list[Problem] = []
    function = registry.method(step.kind, step.use)
    settings = keyword_settings(function, step.use, step.settings, step.where, problems)
    if problems:
        raise TargetingError(problems)
    return settings
