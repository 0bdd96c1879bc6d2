"""Delineation: which blocks are neighbors, and which of them make a polygon to act in."""

from targeting.delineation.adjacency import street_links
from targeting.delineation.checking import check_polygons
from targeting.delineation.density import dbscan, hdbscan
from targeting.delineation.exact.delineator import exact
from targeting.delineation.grow import grow
from targeting.delineation.hotspots import emerging_spots, getis_ord, local_moran
from targeting.delineation.reasons import CODES, explain
from targeting.delineation.scan import circular_scan, flexible_scan
from targeting.delineation.significant import hotspot_polygons
from targeting.delineation.skater import skater
from targeting.delineation.touching import shared_edges
from targeting.delineation.ward import ward

__all__ = [
    "CODES",
    "check_polygons",
    "circular_scan",
    "dbscan",
    "emerging_spots",
    "exact",
    "explain",
    "flexible_scan",
    "getis_ord",
    "grow",
    "hdbscan",
    "hotspot_polygons",
    "local_moran",
    "shared_edges",
    "skater",
    "street_links",
    "ward",
]
