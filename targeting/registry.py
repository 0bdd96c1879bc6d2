"""Methods a study may name. One decorator; a method's keyword-only arguments are its settings."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

Method = TypeVar("Method", bound=Callable[..., Any])

ROOMS = (
    "targeting.sources",
    "targeting.indicators",
    "targeting.composite",
    "targeting.delineation",
)

# What a method of the composite may keep; `tests/composite/test_laws_*.py` holds it to each.
LAWS = (
    "rows",  # the order of the rows changes nothing
    "columns",  # neither do the order and the names of the columns
    "scale",  # values times a positive number, plus a number, change nothing
    "monotone",  # raising one value never lowers the row's result
    "homogeneous",  # all weights times a positive number change nothing
    "range",  # the result lies between the smallest and the largest part
    "missing",  # a missing value stays missing, or counts as if it were left out
    "ties",  # equal rows get equal results
)

_methods: dict[str, dict[str, Callable[..., Any]]] = {}
_traits: dict[tuple[str, str], Traits] = {}


@dataclass(frozen=True)
class Traits:
    """What a method says of itself.

    Parameters
    ----------
    laws : tuple of str
        Those of `LAWS` it keeps.
    unit : bool
        Its result lies between 0 and 1.
    """

    laws: tuple[str, ...] = ()
    unit: bool = True


def register(
    kind: str, name: str | None = None, *, laws: tuple[str, ...] = (), unit: bool = True
) -> Callable[[Method], Method]:
    """Put a function in the registry under its kind.

    Parameters
    ----------
    kind : str
        `"reader"`, `"measure"`, `"treatment"`, `"normalizer"`, `"weigher"`, `"aggregator"`,
        `"index"` (a whole table to one number), `"column"` (a step of a published index),
        `"classifier"`, `"delineator"`, `"hotspot"` (a test of where values gather) or `"scan"` (of
        where incidents do).
    name : str, optional
        Name in a study file. Default: the function's own name.
    laws : tuple of str
        Those of `LAWS` it keeps.
    unit : bool
        Its result lies between 0 and 1; a study's scores are made of such methods only.

    Returns
    -------
    callable
        A decorator that returns the function unchanged.

    Raises
    ------
    ValueError
        Two functions claim one name, or a law is none of `LAWS`.

    Examples
    --------
    >>> @register("example")
    ... def double(values, *, times: int = 2):
    ...     return values * times
    >>> names("example")
    ('double',)
    """
    unknown = sorted(set(laws) - set(LAWS))
    if unknown:
        raise ValueError(f"no such law: {', '.join(unknown)}")

    def keep(function: Method) -> Method:
        methods = _methods.setdefault(kind, {})
        key = name or function.__name__
        if key in methods and methods[key] is not function:
            raise ValueError(f"two {kind}s are called {key!r}")
        methods[key] = function
        _traits[kind, key] = Traits(laws, unit)
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


def traits(kind: str, name: str) -> Traits:
    """Return what a method says of itself.

    Raises
    ------
    KeyError
        There is no such method.

    Examples
    --------
    >>> traits("normalizer", "minmax").unit
    True
    """
    load()
    return _traits[kind, name]


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
