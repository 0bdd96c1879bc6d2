"""Delineation: which blocks are neighbors, and which of them make a polygon to act in."""

from targeting.delineation.checking import check_polygons
from targeting.delineation.exact.delineator import exact
from targeting.delineation.grow import grow
from targeting.delineation.hotspots import emerging_spots, getis_ord, local_moran
from targeting.delineation.links.adjacency import street_links
from targeting.delineation.links.touching import shared_edges
from targeting.delineation.other_methods.density import dbscan, hdbscan
from targeting.delineation.other_methods.significant import hotspot_polygons
from targeting.delineation.other_methods.skater import skater
from targeting.delineation.other_methods.ward import ward
from targeting.delineation.reasons.codes import CODES, explain
from targeting.delineation.scan import circular_scan, flexible_scan

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
