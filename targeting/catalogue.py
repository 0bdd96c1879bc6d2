"""The indicators a study may weigh: records in YAML, read from the rooms that own them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

from targeting.strict_yaml import read_yaml

FILES = ("indicators/catalogue.yaml", "sources/mx/catalogue.yaml")


@cache
def catalogue() -> Mapping[str, Mapping[str, Any]]:
    """Return every catalogue record by indicator key, sorted.

    Raises
    ------
    ValueError
        Two files define one indicator.

    Examples
    --------
    >>> catalogue()["violent_incidents_per_1k"]["worse"]
    'higher'
    """
    records: dict[str, Mapping[str, Any]] = {}
    for file in FILES:
        text = resources.files("targeting").joinpath(*file.split("/")).read_text(encoding="utf-8")
        for key, record in (read_yaml(text, where=file) or {}).items():
            if key in records:
                raise ValueError(f"indicator {key!r} stands in two catalogues")
            records[key] = MappingProxyType(record)
    return MappingProxyType(dict(sorted(records.items())))
