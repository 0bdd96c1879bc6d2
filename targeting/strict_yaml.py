"""YAML read strictly: codes keep their zeros, a key stands once, every mistake has its line."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

import yaml

from targeting.problems import Problem, TargetingError


class WrittenInt(int):
    """A whole number that remembers how it was written: `01001` is not 513.

    Examples
    --------
    >>> read_yaml("code: 01001")["code"].written
    '01001'
    """

    written: str


class _Loader(yaml.SafeLoader):
    """SafeLoader without dates, octal numbers and silent double keys."""


class _QuickLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The same in C, eight times as quick; it forgives more, and words mistakes otherwise."""


# The signs the two disagree about: a text with one is read by the stricter.
_FORGIVEN = "\t?"


def _whole(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Any:
    text = str(node.value)
    if not re.fullmatch(r"[-+]?\d+", text):
        return loader.construct_yaml_int(node)
    number = WrittenInt(text)
    number.written = text
    return number


def _mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str):
            key = getattr(key, "written", str(key))
        if key in seen:
            line = key_node.start_mark.line + 1
            raise TargetingError([Problem("duplicate-key", key, {"given": key, "line": line})])
        seen[key] = loader.construct_object(value_node, deep=True)
    return seen


for _kind in (_Loader, _QuickLoader):
    _kind.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in pairs if tag != "tag:yaml.org,2002:timestamp"]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    _kind.add_constructor("tag:yaml.org,2002:int", _whole)
    _kind.add_constructor("tag:yaml.org,2002:map", _mapping)


# What the library says, by a piece of it, in words of ours.
_SAID = {
    "mapping values are not allowed": "expected.yaml-colon",
    "expected ',' or": "expected.yaml-bracket",
    "expected <block end>": "expected.yaml-indent",
    "could not find expected ':'": "expected.yaml-no-colon",
    "while scanning a quoted scalar": "expected.yaml-quote",
    "unexpected end of stream": "expected.yaml-quote",
    "cannot start any token": "expected.yaml-character",
    "undefined alias": "expected.yaml-character",
}


def read_yaml(text: str, *, where: str = "study") -> Any:
    """Read one YAML document.

    Parameters
    ----------
    text : str
        The document.
    where : str
        What to call it in a problem.

    Returns
    -------
    object
        Dicts with text keys, lists and scalars; whole numbers are `WrittenInt`.

    Raises
    ------
    TargetingError
        `bad-yaml` or `duplicate-key`, with the line.

    Examples
    --------
    >>> read_yaml("year: 2020-01-01")
    {'year': '2020-01-01'}
    """
    if not set(_FORGIVEN) & set(text):
        with suppress(yaml.YAMLError):
            return yaml.load(text, Loader=_QuickLoader)
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{where}, {mark.line + 1}:{mark.column + 1}" if mark else where
        detail = str(getattr(error, "problem", None) or error).splitlines()[0]
        if "'\\t'" in detail:
            raise TargetingError([Problem("yaml-tab", place)]) from error
        known = next((words for piece, words in _SAID.items() if piece in detail), detail)
        raise TargetingError([Problem("bad-yaml", place, {"detail": known})]) from error
