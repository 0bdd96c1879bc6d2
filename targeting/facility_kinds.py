"""Kinds of facilities: names, distance norms and their sources, from `facility_kinds.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType

import yaml


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
        `"service"` (its absence is a need) or `"context"` (listed, never scored).
    norm_m : float or None
        Service radius in meters, as the crow flies.
    verified : bool
        A source we could read quotes the norm.
    norm_source : str
        Where the norm is from.
    sensitive : bool
        Counted in public pages, never listed.
    """

    key: str
    names: Mapping[str, str]
    role: str
    norm_m: float | None
    verified: bool
    norm_source: str
    sensitive: bool

    def label(self, language: str) -> str:
        """Return the name in one language."""
        return self.names[language]


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
        )
    return MappingProxyType(kinds)
