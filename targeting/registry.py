"""Methods a study may name. One decorator; a method's keyword-only arguments are its settings."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

Method = TypeVar("Method", bound=Callable[..., Any])

ROOMS = (
    "targeting.sources",
    "targeting.indicators",
    "targeting.composite",
    "targeting.delineation",
)

_methods: dict[str, dict[str, Callable[..., Any]]] = {}


def register(kind: str, name: str | None = None) -> Callable[[Method], Method]:
    """Put a function in the registry under its kind.

    Parameters
    ----------
    kind : str
        `"reader"`, `"measure"`, `"normalizer"`, `"aggregator"` or `"delineator"`.
    name : str, optional
        Name in a study file. Default: the function's own name.

    Returns
    -------
    callable
        A decorator that returns the function unchanged.

    Raises
    ------
    ValueError
        Two functions claim one name.

    Examples
    --------
    >>> @register("example")
    ... def double(values, *, times: int = 2):
    ...     return values * times
    >>> names("example")
    ('double',)
    """

    def keep(function: Method) -> Method:
        methods = _methods.setdefault(kind, {})
        key = name or function.__name__
        if key in methods and methods[key] is not function:
            raise ValueError(f"two {kind}s are called {key!r}")
        methods[key] = function
        return function

    return keep


def load() -> None:
    """Import the rooms whose functions register themselves; repeated calls cost nothing."""
    for room in ROOMS:
        importlib.import_module(room)


def names(kind: str) -> tuple[str, ...]:
    """Return the sorted names of one kind."""
    load()
    return tuple(sorted(_methods.get(kind, {})))


def method(kind: str, name: str) -> Callable[..., Any]:
    """Return one method.

    Raises
    ------
    KeyError
        There is no such method.
    """
    load()
    return _methods[kind][name]


def settings(kind: str, name: str) -> dict[str, inspect.Parameter]:
    """Return a method's settings: its keyword-only parameters, by name.

    Examples
    --------
    >>> sorted(settings("normalizer", "minmax"))
    ['high', 'low']
    """
    signature = inspect.signature(method(kind, name))
    return {
        key: parameter
        for key, parameter in signature.parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }
