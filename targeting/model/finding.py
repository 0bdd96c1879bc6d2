"""What a planner should look at before trusting a score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

Severity = Literal["serious", "look", "note"]


@dataclass(frozen=True)
class Finding:
    """One thing to look at.

    Parameters
    ----------
    code : str
        Stable code; the sentence is the message `key`, told with `told()`.
    severity : str
        `"serious"` (the score is not what it claims to be), `"look"` or `"note"`.
    about : tuple of str
        Keys of the indicators, groups or dimensions it speaks of.
    values : mapping
        What the sentence names: numbers, as plain values.

    Examples
    --------
    >>> found = Finding("never-varies", "serious", ("rate",), {"first": "rate", "weight": 20})
    >>> found.key, found.told({"rate": "Homicides"})
    ('check.never-varies', {'first': 'Homicides', 'weight': 20})
    """

    code: str
    severity: Severity
    about: tuple[str, ...]
    values: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", MappingProxyType(dict(self.values)))

    @property
    def key(self) -> str:
        """Key of the sentence in the catalogue of messages."""
        return f"check.{self.code}"

    def told(self, names: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Return what the sentence names, with keys of indicators and groups said by `names`."""
        known = names or {}
        return {
            key: ", ".join(known.get(word, word) for word in value.split(", "))
            if isinstance(value, str)
            else value
            for key, value in self.values.items()
        }
