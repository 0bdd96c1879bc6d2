"""The values that travel from stage to stage: frozen, checked once when made."""

from targeting.model._checks import (
    frozen,
)
from targeting.model.computed import (
    NO_POLYGON,
    CandidatePolygons,
    Doubt,
    Links,
    Profiles,
    Result,
    Scores,
    Stability,
    Surroundings,
    Values,
)
from targeting.model.declared import (
    DIMENSIONS,
    DoubtSpec,
    HoldOutSpec,
    HotSpotSpec,
    Indicator,
    LayerSpec,
    MethodSpec,
    PublishSpec,
)
from targeting.model.finding import Finding, Severity
from targeting.model.index import Index
from targeting.model.naming import PolygonName
from targeting.model.taken import (
    Counts,
    IntakeReport,
    LayerReport,
    Loss,
    Territory,
)
from targeting.model.tested import HeldOut, SpotTest
from targeting.model.tree import Node

__all__ = [
    "PolygonName",
    "CandidatePolygons",
    "Counts",
    "DIMENSIONS",
    "Doubt",
    "DoubtSpec",
    "Finding",
    "HeldOut",
    "HoldOutSpec",
    "HotSpotSpec",
    "Index",
    "Indicator",
    "IntakeReport",
    "LayerReport",
    "LayerSpec",
    "Links",
    "Loss",
    "MethodSpec",
    "NO_POLYGON",
    "Node",
    "Profiles",
    "PublishSpec",
    "Result",
    "Scores",
    "SpotTest",
    "Stability",
    "Surroundings",
    "Severity",
    "Territory",
    "Values",
    "frozen",
]
