"""Delineation: which blocks are neighbors, and which of them make a polygon to act in."""

from targeting.delineation.adjacency import street_links
from targeting.delineation.checking import check_polygons
from targeting.delineation.grow import grow
from targeting.delineation.reasons import CODES, explain
from targeting.delineation.ward import ward

__all__ = ["CODES", "check_polygons", "explain", "grow", "street_links", "ward"]
