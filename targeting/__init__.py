"""Territorial targeting: score census blocks, delineate candidate polygons, show them on a map.

The public names are imported when they are first used, so that the command starts at once.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "CandidatePolygons": "targeting.model",
    "Counts": "targeting.model",
    "Indicator": "targeting.model",
    "Links": "targeting.model",
    "MethodSpec": "targeting.model",
    "Problem": "targeting.problems",
    "Profiles": "targeting.model",
    "Result": "targeting.model",
    "Scores": "targeting.model",
    "Study": "targeting.study",
    "TargetMap": "targeting.render",
    "TargetingError": "targeting.problems",
    "Territory": "targeting.model",
    "Values": "targeting.model",
    "carry_out": "targeting.pipeline",
    "load": "targeting.pipeline",
    "measure": "targeting.indicators",
    "profile": "targeting.characterization",
    "read_study": "targeting.study_file",
    "run": "targeting.pipeline",
    "score": "targeting.composite",
    "street_links": "targeting.delineation",
    "write_outputs": "targeting.render",
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    """Import a public name from its home on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'targeting' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
