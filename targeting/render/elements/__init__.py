"""Layers of ours that are folium elements, and guests of folium on our page."""

from __future__ import annotations

from targeting.render.elements.layers import BlocksLayer, FacilitiesLayer, PolygonsLayer

__all__ = ["BlocksLayer", "FacilitiesLayer", "PolygonsLayer"]
