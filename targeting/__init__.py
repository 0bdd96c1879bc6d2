"""Territorial targeting: score census blocks, delineate candidate polygons, show them on a map."""

__version__ = "0.1.0"
