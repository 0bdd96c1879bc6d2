"""Polygons and their facilities for phones and Google Earth: one KMZ file."""

from __future__ import annotations

import zipfile
from html import escape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import shapely

from targeting.model import Result
from targeting.render.records import listed_facilities
from targeting.render.sharing.tables import facility_rows, figure_rows

_SPACE = "http://www.opengis.net/kml/2.2"
# The file carries no clock: the same study gives the same bytes on any day.
_INSTANT = (1980, 1, 1, 0, 0, 0)
_DIGITS = 6
# KML writes colors as alpha, blue, green, red.
_LINE, _FILL = "ff261f1c", "339f8f41"


def write_kmz(result: Result, scene: dict[str, Any], path: Path) -> None:
    """Write the polygons with their figures, and the facilities inside, as KMZ.

    Parameters
    ----------
    result : Result
        A study carried out.
    scene : dict
        Record of the page's scene: the only numbers told.
    path : Path
        File to write.
    """
    language = scene["language"]
    words = scene["words"][language]
    root = ET.Element("kml", {"xmlns": _SPACE})
    document = ET.SubElement(root, "Document")
    _add(document, "name", scene["title"][language])
    notes = [words["plain.table"] + "."]
    notes += [words["page.made"]] if scene["made"] else []
    notes.append(words["about.privacy_text"])
    _add(document, "description", " ".join(notes))
    _styles(document)
    folder = ET.SubElement(document, "Folder")
    _add(folder, "name", words["panel.polygons"])
    shapes = result.polygons.polygons.geometry.to_crs(4326)
    for polygon in scene["polygons"]:
        _polygon(folder, scene, polygon, shapes.loc[polygon["number"]])
    _facilities(document, result, scene)
    ET.indent(root)
    data = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    with zipfile.ZipFile(path, "w") as file:
        about = zipfile.ZipInfo("doc.kml", _INSTANT)
        about.compress_type = zipfile.ZIP_DEFLATED
        about.external_attr = 0o644 << 16
        file.writestr(about, data)


def _add(parent: ET.Element, tag: str, text: str) -> ET.Element:
    out = ET.SubElement(parent, tag)
    # XML 1.0 knows no control characters.
    out.text = "".join(one for one in text if one >= " " or one in "\t\n").replace("\ufffe", "")
    return out


def _styles(document: ET.Element) -> None:
    style = ET.SubElement(document, "Style", {"id": "polygon"})
    line = ET.SubElement(style, "LineStyle")
    _add(line, "color", _LINE)
    _add(line, "width", "3")
    _add(ET.SubElement(style, "PolyStyle"), "color", _FILL)


def _polygon(
    folder: ET.Element, scene: dict[str, Any], polygon: dict[str, Any], shape: shapely.Geometry
) -> None:
    language = scene["language"]
    words = scene["words"][language]
    place = ET.SubElement(folder, "Placemark")
    title = words["polygon.title"].replace("{number}", str(polygon["number"]))
    if "name" in polygon:
        title += f": {polygon['name'][language]}"
    _add(place, "name", title)
    rows = figure_rows(scene, polygon) + facility_rows(scene, polygon)
    # Google Earth shows a description as HTML: texts from outside are escaped.
    body = "".join(f"<tr><td>{escape(a)}</td><td>{escape(b)}</td></tr>" for a, b in rows)
    _add(place, "description", f"<table>{body}</table>")
    _add(place, "styleUrl", "#polygon")
    parts = shapely.get_parts(shape)
    holder = place if len(parts) == 1 else ET.SubElement(place, "MultiGeometry")
    for part in shapely.orient_polygons(parts):
        figure = ET.SubElement(holder, "Polygon")
        _add(figure, "tessellate", "1")
        for at, ring in enumerate(shapely.get_rings(part)):
            edge = ET.SubElement(figure, "innerBoundaryIs" if at else "outerBoundaryIs")
            points = np.round(shapely.get_coordinates(ring), _DIGITS)
            text = " ".join(f"{x:.{_DIGITS}f},{y:.{_DIGITS}f}" for x, y in points)
            _add(ET.SubElement(edge, "LinearRing"), "coordinates", text)


def _facilities(document: ET.Element, result: Result, scene: dict[str, Any]) -> None:
    """Add the facilities a public page lists inside the polygons, a folder for each kind."""
    from targeting.render.records import city_kinds

    language = scene["language"]
    held = listed_facilities(result, city_kinds(result))
    inside = result.profiles.facilities
    held = held[held.index.astype(str).isin(set(inside["facility_id"].astype(str)))].to_crs(4326)
    for kind in scene["kinds"]:
        mine = held[held["kind"] == kind["key"]].sort_index()
        if not len(mine):
            continue
        folder = ET.SubElement(document, "Folder")
        _add(folder, "name", kind["names"][language])
        _add(folder, "visibility", "0")
        for name, spot in zip(mine["name"], mine.geometry, strict=True):
            place = ET.SubElement(folder, "Placemark")
            known = isinstance(name, str) and name
            _add(place, "name", name if known else kind["unnamed"][language])
            _add(place, "visibility", "0")
            text = f"{spot.x:.{_DIGITS}f},{spot.y:.{_DIGITS}f}"
            _add(ET.SubElement(place, "Point"), "coordinates", text)
