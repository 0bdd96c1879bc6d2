"""The only place that opens files: readers, and the intake that makes a Territory of them."""

from targeting.sources import (
    facilities,
    incident_tables,
    incidents,
    lines,
    openstreetmap,
    places,
    population,
    rasters,
    tables,
    vectors,
)
from targeting.sources.layer import Layer
from targeting.sources.mx import (
    amai,
    census,
    conapo,
    coneval,
    denue,
    framework,
    framework_places,
    framework_streets,
    people,
    scince,
    services,
    sesnsp,
    street_environment,
)
from targeting.sources.territory import read_territory

__all__ = [
    "Layer",
    "amai",
    "census",
    "conapo",
    "coneval",
    "denue",
    "facilities",
    "framework",
    "framework_places",
    "framework_streets",
    "incident_tables",
    "incidents",
    "lines",
    "openstreetmap",
    "people",
    "places",
    "population",
    "rasters",
    "read_territory",
    "scince",
    "services",
    "sesnsp",
    "street_environment",
    "tables",
    "vectors",
]
