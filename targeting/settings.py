"""Check what a study gives against what a method takes: names, types, all mistakes at once."""

from __future__ import annotations

import inspect
import json
import math
import re
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from targeting import registry
from targeting.model import MethodSpec
from targeting.problems import Problem, closest, unknown_name

_EXPECTED = {
    "string": "expected.text",
    "float": "expected.number",
    "int": "expected.whole",
    "bool": "expected.yes-no",
    "tuple": "expected.list",
    "list": "expected.list",
    "dict": "expected.mapping",
    "mapping": "expected.mapping",
}


def shown(value: Any) -> str:
    """Return a value as its study writes it.

    Examples
    --------
    >>> shown(["a", 1])
    'a, 1'
    """
    if isinstance(value, list):
        return ", ".join(shown(item) for item in value)
    return str(getattr(value, "written", value))


def checked(hint: Any, value: Any, where: str, problems: list[Problem]) -> Any:
    """Return `value` as the type `hint` asks for, or None with its problems listed.

    Parameters
    ----------
    hint : type
        A type pydantic knows. Lists may become tuples and whole numbers floats; nothing else
        is converted.
    value : object
        As read from YAML.
    where : str
        Place in the study.
    problems : list of Problem
        Gets what is wrong.

    Returns
    -------
    object

    Examples
    --------
    >>> found = []
    >>> checked(tuple[float, ...], [1, 2.5], "here", found), found
    ((1.0, 2.5), [])
    """
    if isinstance(value, float) and not math.isfinite(value):
        values = {"given": shown(value), "expected": "expected.number"}
        problems.append(Problem("wrong-type", where, values))
        return None
    try:
        return TypeAdapter(hint).validate_json(json.dumps(value, default=str), strict=True)
    except ValidationError as error:
        seen = set()
        for detail in error.errors():
            kind = detail["type"]
            place = ".".join([where, *(str(part) for part in detail["loc"] if _is_place(part))])
            if place in seen:
                continue
            seen.add(place)
            bounds = detail.get("ctx", {})
            if {"gt", "ge", "lt", "le"} & set(bounds):
                signs = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤"}
                expected = " ".join(f"{signs[k]} {v:g}" for k, v in bounds.items() if k in signs)
                code = "out-of-range"
            else:
                code = "wrong-type"
                expected = _expected(kind, bounds.get("expected"), detail["input"])
            problems.append(
                Problem(code, place, {"given": shown(detail["input"]), "expected": expected})
            )
        return None


def _expected(kind: str, names: str | None, given: Any) -> str:
    """Return what was expected: the names there are, or the key of a message."""
    if names is not None:
        return ", ".join(re.findall(r"'([^']*)'", names)) or names
    expected = _EXPECTED.get(kind.split("_")[0], kind)
    number = isinstance(given, int | float) and not isinstance(given, bool)
    return "expected.quoted" if expected == "expected.text" and number else expected


def _is_place(part: Any) -> bool:
    return isinstance(part, int) or (isinstance(part, str) and part.isidentifier())


def method_spec(kind: str, raw: Any, where: str, problems: list[Problem]) -> MethodSpec | None:
    """Return the method a study names, its settings checked and its defaults filled in.

    Parameters
    ----------
    kind : str
        Kind in the registry.
    raw : str or mapping
        A name, or `{use: name, setting: value, …}`.
    where : str
        Place in the study.
    problems : list of Problem
        Gets what is wrong.

    Returns
    -------
    MethodSpec or None
        None when it cannot be used.

    Examples
    --------
    >>> method_spec("normalizer", "rnk", "composite.normalize", found := []) is None
    True
    >>> found[0].code
    'unknown-name'
    """
    given = {"use": raw} if isinstance(raw, str) else raw
    if not isinstance(given, Mapping) or not isinstance(given.get("use"), str):
        values = {"given": shown(raw), "expected": "expected.method"}
        problems.append(Problem("wrong-type", where, values))
        return None
    use = given["use"]
    if use not in registry.names(kind):
        problems.append(unknown_name(where, use, registry.names(kind)))
        return None
    before = len(problems)
    settings = _settings(kind, use, {k: v for k, v in given.items() if k != "use"}, where, problems)
    return MethodSpec(use, settings) if len(problems) == before else None


def _settings(
    kind: str, use: str, given: Mapping[str, Any], where: str, problems: list[Problem]
) -> dict[str, Any]:
    return keyword_settings(registry.method(kind, use), use, given, where, problems)


def keyword_settings(
    function: Any, name: str, given: Mapping[str, Any], where: str, problems: list[Problem]
) -> dict[str, Any]:
    """Return every keyword-only setting of a function: what is given, checked, and the defaults.

    Parameters
    ----------
    function : callable
        Its keyword-only parameters are the settings; their annotations say the types.
    name : str
        What problems call it.
    given : mapping
        Settings as the study writes them.
    where : str
        Place in the study.
    problems : list of Problem
        Gets what is wrong.

    Returns
    -------
    dict

    Examples
    --------
    >>> def stretch(values, *, times: float = 2.0): ...
    >>> keyword_settings(stretch, "stretch", {"times": 3}, "here", [])
    {'times': 3.0}
    """
    known = {
        key: parameter
        for key, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }
    for key in given:
        if key not in known:
            values = {"method": name, "given": key, "hint": closest(key, known)}
            values["known"] = ", ".join(sorted(known)) or "–"
            problems.append(Problem("unknown-setting", f"{where}.{key}", values))
    settings = {}
    for key, parameter in known.items():
        if key in given:
            hint = parameter.annotation
            if isinstance(hint, str):
                hint = eval(hint, function.__globals__)
            settings[key] = checked(hint, given[key], f"{where}.{key}", problems)
        elif parameter.default is not inspect.Parameter.empty:
            settings[key] = parameter.default
        else:
            values = {"method": name, "given": key}
            problems.append(Problem("missing-setting", where, values))
    return settings
