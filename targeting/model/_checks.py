"""Small helpers the types share: read-only mappings, and a demand that must hold."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any


def frozen(mapping: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a read-only copy of a mapping.

    Examples
    --------
    >>> dict(frozen({"a": 1}))
    {'a': 1}
    """
    return MappingProxyType(dict(mapping))


def demand(condition: object, what: str) -> None:
    """Raise a ValueError saying `what` unless the condition holds."""
    if not condition:
        raise ValueError(what)
