"""Kinds of incidents: names and severity weights, from `incident_kinds.yaml`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

import yaml


@dataclass(frozen=True)
class IncidentKind:
    """One kind of incident.

    Parameters
    ----------
    key : str
        Name inside the engine, such as `homicide`.
    names : mapping
        Name in `es` and `en`.
    weight : float
        How much one incident counts in an indicator of severity; a homicide counts 10. The
        weights are ours, made to be edited.
    violent : bool
        Counted among violent incidents where an indicator names no kinds.
    sensitive : bool
        Victims could be told from single points: counted by block, never listed.
    """

    key: str
    names: Mapping[str, str]
    weight: float
    violent: bool
    sensitive: bool

    def label(self, language: str) -> str:
        """Return the name in one language."""
        return self.names[language]


@cache
def incident_kinds() -> Mapping[str, IncidentKind]:
    """Return every kind the engine knows, in the table's order.

    Examples
    --------
    >>> incident_kinds()["homicide"].weight
    10.0
    """
    text = (resources.files("targeting") / "incident_kinds.yaml").read_text(encoding="utf-8")
    return MappingProxyType(
        {
            key: IncidentKind(
                key=key,
                names=MappingProxyType(record["name"]),
                weight=float(record["weight"]),
                violent=bool(record.get("violent", True)),
                sensitive=bool(record.get("sensitive", False)),
            )
            for key, record in yaml.safe_load(text).items()
        }
    )


def kinds_given(readers: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the kinds some file of incidents may give; nothing where a file may give any.

    Parameters
    ----------
    readers : iterable of mapping
        Settings of the reader of each file.

    Examples
    --------
    >>> sorted(kinds_given([{"kinds": {"robbery": ["ROBO"]}}, {"all_of_kind": "homicide"}]))
    ['homicide', 'robbery']
    >>> kinds_given([{"kinds": {"robbery": ["ROBO"]}}, {"kind": "delito"}])
    {}
    """
    known: dict[str, Any] = {}
    for settings in readers:
        kinds = settings.get("kinds") or settings.get("count_columns") or {}
        if settings.get("all_of_kind"):
            kinds = {settings["all_of_kind"]: ()}
        if not kinds:
            return {}
        known |= incident_kinds() if isinstance(kinds, str) else kinds
        known |= settings.get("kind_changes") or {}
    return known
