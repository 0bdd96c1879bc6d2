"""Kinds of facilities: names, distance norms and their sources, from `facility_kinds.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from types import MappingProxyType

import yaml

ROLES = ("service", "risk", "context")
ANCHORS = ("safe_schools", "new_life_centers", "public_spaces")
CAPACITY_UNITS = ("people", "pupils", "consulting_rooms", "beds")


@dataclass(frozen=True)
class FacilityKind:
    """One kind of facility.

    Parameters
    ----------
    key : str
        Name inside the engine, such as `primary_school`.
    names : mapping
        Name in `es` and `en`.
    role : str
        One of `ROLES`: `"service"` (its absence is a need), `"risk"` (its presence is one: listed
        and counted) or `"context"` (listed, never scored).
    norm_m : float or None
        Service radius in meters, as the crow flies.
    verified : bool
        A source we could read quotes the norm.
    norm_source : str
        Where the norm is from.
    sensitive : bool
        Counted in public pages, never listed.
    anchor : str
        The strategy's anchor program that works through it (one of `ANCHORS`), or nothing.
    capacity_unit : str
        What a register's capacity counts, one of `CAPACITY_UNITS`.
    broader : str
        The kind that stands for it in registers that do not tell them apart, or nothing.
    unnamed : mapping
        What one without a name is called, in `es` and `en`.
    """

    key: str
    names: Mapping[str, str]
    role: str
    norm_m: float | None
    verified: bool
    norm_source: str
    sensitive: bool
    anchor: str = ""
    capacity_unit: str = "people"
    broader: str = ""
    unnamed: Mapping[str, str] = field(default_factory=dict)

    def label(self, language: str) -> str:
        """Return the name in one language."""
        return self.names[language]

    def label_without_name(self, language: str) -> str:
        """Return what to call one of them that has no name of its own.

        Examples
        --------
        >>> facility_kinds()["school"].label_without_name("es")
        'Escuela sin nombre'
        >>> facility_kinds()["library"].label_without_name("en")
        'Unnamed library'
        """
        if language in self.unnamed:
            return self.unnamed[language]
        name = self.names[language]
        return f"{name} sin nombre" if language == "es" else f"Unnamed {name[0].lower()}{name[1:]}"


@cache
def facility_kinds() -> Mapping[str, FacilityKind]:
    """Return every kind the engine knows, in the table's order.

    Examples
    --------
    >>> facility_kinds()["primary_school"].norm_m
    500.0
    """
    text = (resources.files("targeting") / "facility_kinds.yaml").read_text(encoding="utf-8")
    kinds = {}
    for key, record in yaml.safe_load(text).items():
        norm = record.get("norm_m")
        kinds[key] = FacilityKind(
            key=key,
            names=MappingProxyType(record["name"]),
            role=record["role"],
            norm_m=None if norm is None else float(norm),
            verified=bool(record.get("verified", False)),
            norm_source=record.get("norm_source", ""),
            sensitive=bool(record.get("sensitive", False)),
            anchor=record.get("anchor", ""),
            capacity_unit=record.get("capacity_unit", "people"),
            broader=record.get("broader", ""),
            unnamed=MappingProxyType(record.get("unnamed", {})),
        )
    return MappingProxyType(kinds)
