"""The only place that opens files: readers, and the intake that makes a Territory of them."""

from targeting.sources import (
    facilities,
    incidents,
    lines,
    openstreetmap,
    population,
    rasters,
    tables,
    vectors,
)
from targeting.sources.layer import Layer
from targeting.sources.mx import census, conapo, denue, framework, people, services
from targeting.sources.territory import read_territory

__all__ = [
    "Layer",
    "census",
    "conapo",
    "denue",
    "facilities",
    "framework",
    "incidents",
    "lines",
    "openstreetmap",
    "people",
    "population",
    "rasters",
    "read_territory",
    "services",
    "tables",
    "vectors",
]
