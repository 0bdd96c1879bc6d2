"""The map as one SVG: blocks as an image, polygons as lines, numbers and legend as text."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pyproj
import shapely

from targeting.model import Result
from targeting.render import public
from targeting.render.encode import ZOOM, nearest_turn, pixel_rings, project
from targeting.render.rings import Rings
from targeting.render.scene import class_breaks
from targeting.render.sharing.raster import class_image, png_address
from targeting.render.style import ramp

WIDTH = 1000
MISSING_COLOR = "#c9c9c4"
_INK, _PAPER = "#1c1f26", "#ffffff"
_LEGEND, _LINE = 48, 16
_LETTERS = 7.2
_SWATCH = 32
_FINER_THAN_SEEN = 0.4
_MARGIN, _FOCUS_MARGIN = 0.08, 0.35
_WORLD = 256 << ZOOM
_EQUATOR_M = 40075016.68557849


@dataclass(frozen=True)
class _Frame:
    """The part of the ground a picture shows: box in pixels of the packing zoom, from `origin`."""

    crs: pyproj.CRS
    origin: np.ndarray
    box: np.ndarray
    width: int

    @property
    def scale(self) -> float:
        return float(self.width / (self.box[2] - self.box[0]))

    @property
    def height(self) -> float:
        return float((self.box[3] - self.box[1]) * self.scale)

    @property
    def meters(self) -> float:
        """Meters on the ground in one unit of the picture, in its middle (on a sphere)."""
        row = (self.box[1] + self.box[3]) / 2 + self.origin[1]
        ground = _EQUATOR_M / _WORLD / np.cosh(np.pi * (1 - 2 * row / _WORLD))
        return float(ground / self.scale)

    def place(self, points: np.ndarray) -> np.ndarray:
        """Return points of the city's system as units of the picture."""
        return np.asarray((_pixels(points, self.crs, self.origin) - self.box[:2]) * self.scale)


@dataclass(frozen=True)
class Ground:
    """What every picture of a city needs: the blocks' outlines in pixels, and their classes."""

    rings: Rings
    boxes: np.ndarray
    classes: np.ndarray
    breaks: list[int]


def ground_of(
    result: Result, scene: dict[str, Any], packed: tuple[np.ndarray, Rings] | None = None
) -> Ground:
    """Return the blocks of a city as its pictures show them.

    Parameters
    ----------
    result : Result
        A study carried out.
    scene : dict
        Record of the page's scene.
    packed : tuple of ndarray and Rings, optional
        Order of the blocks and their outlines, where the scene was just made (`Scene.blocks`).
    """
    _, total = public.shown_points(result)
    breaks = class_breaks(total)
    classes = np.searchsorted(breaks, np.nan_to_num(total), side="right") + 2
    classes = np.where(np.isnan(total), 1, classes).astype(np.uint8)
    if packed is None:
        blocks, order = result.territory.blocks.geometry, np.arange(len(classes))
        rings = pixel_rings(blocks, np.asarray(scene["origin"]))
    else:
        order, rings = packed
    return Ground(rings, rings.boxes(), classes[order], breaks)


def picture_svg(
    result: Result,
    scene: dict[str, Any],
    *,
    focus: int | None = None,
    width: int = WIDTH,
    ground: Ground | None = None,
) -> str:
    """Return the map of the score with the polygons as one SVG document without script.

    Parameters
    ----------
    result : Result
        A study carried out.
    scene : dict
        Record of the page's scene: words, language, bounds.
    focus : int, optional
        Number of the polygon to show large; default: the whole city.
    width : int
        Pixels from left to right.
    ground : Ground, optional
        As `ground_of` makes it, when several pictures are made of one city.

    Returns
    -------
    str
        The same result gives the same text. Attributes only, no `style`: a strict content
        security policy lets it stand in a page.
    """
    origin = np.asarray(scene["origin"])
    lines = [] if focus is not None else _source_lines(scene, width)
    foot = _LEGEND + _LINE * len(lines)
    frame = _Frame(result.territory.crs, origin, _box(result, scene, focus), width)
    title = scene["title"][scene["language"]]
    words = scene["words"][scene["language"]]
    root = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {width} {frame.height + foot:.0f}",
            "width": str(width),
            "height": f"{frame.height + foot:.0f}",
            "role": "img",
            "font-family": "system-ui, Helvetica, Arial, sans-serif",
        },
    )
    ET.SubElement(root, "title").text = f"{title}. {words['plain.table']}"
    _rectangle(root, (0, 0, width, frame.height + foot), _PAPER)
    held = ground_of(result, scene) if ground is None else ground
    _draw_blocks(root, held, frame)
    _draw_polygons(root, result, frame, focus)
    _rectangle(root, (0, frame.height, width, foot), _PAPER)
    _draw_scale(root, frame)
    _draw_legend(root, scene, held.breaks, frame)
    for place, line in enumerate(lines):
        _text(root, 8, frame.height + _LEGEND + _LINE * (place + 0.7), line, font_size="12")
    return ET.tostring(root, encoding="unicode")


def _source_lines(scene: dict[str, Any], width: int) -> list[str]:
    """Where the numbers are from, of which years, and what each dimension weighs."""
    language = scene["language"]
    words = scene["words"][language]
    weights = ", ".join(
        f"{words.get('dimension.' + one['key'], one['key'])} {one['weight'] * 100:.0f} %"
        for one in scene["dimensions"]
    )
    sources: dict[str, set[str]] = {}
    for one in scene["indicators"]:
        sources.setdefault(one["source"] or "–", set()).add(str(one["year"] or ""))
    told = "; ".join(
        f"{source} {', '.join(sorted(years))}".strip() for source, years in sorted(sources.items())
    )
    text = f"{words['about.weights']}: {weights}. {words['layers.source']}: {told}"
    return textwrap.wrap(text, max(int(width / _LETTERS), 20), max_lines=4, placeholder=" …")


def _pixels(points: np.ndarray, crs: pyproj.CRS, origin: np.ndarray) -> np.ndarray:
    return nearest_turn(project(points, crs) - origin).astype(float)


def _box(result: Result, scene: dict[str, Any], focus: int | None) -> np.ndarray:
    """Left, top, right and bottom of the picture."""
    if focus is None:
        (left, top), (right, bottom) = scene["bounds"]
        margin = _MARGIN
    else:
        shape = result.polygons.polygons.geometry.loc[focus]
        corners = shapely.get_coordinates(shape)
        corners = _pixels(corners, result.territory.crs, np.asarray(scene["origin"]))
        (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
        margin = _FOCUS_MARGIN
    wide, high = max(right - left, 16), max(bottom - top, 16)
    # Neither a thread nor a tower: at most twice as wide as high, and not higher than wide.
    more = margin * max(wide, high)
    wide, high = max(wide, high) + more, max(high, wide / 2) + more
    middle = np.array([(left + right) / 2, (top + bottom) / 2])
    half = np.array([wide / 2, high / 2])
    return np.concatenate([middle - half, middle + half])


def _rectangle(root: ET.Element, box: tuple[float, float, float, float], color: str) -> None:
    names = ("x", "y", "width", "height")
    about = {name: f"{value:.1f}" for name, value in zip(names, box, strict=True)}
    ET.SubElement(root, "rect", about | {"fill": color})


def _text(root: ET.Element, x: float, y: float, text: str, **about: str) -> None:
    held = {"x": f"{x:.1f}", "y": f"{y:.1f}", "fill": _INK, "font-size": "13"}
    held |= {name.replace("_", "-"): value for name, value in about.items()}
    ET.SubElement(root, "text", held).text = text


def _draw_blocks(root: ET.Element, ground: Ground, frame: _Frame) -> None:
    """Draw the blocks in the frame as an image."""
    left, top, right, bottom = frame.box.tolist()
    west, north, east, south = ground.boxes.T
    here = (east >= left) & (west <= right) & (south >= top) & (north <= bottom)
    rings = ground.rings.chosen(here)
    image = class_image(rings, ground.classes, (left, top, right, bottom), width=frame.width)
    about = {
        "href": png_address(image, [MISSING_COLOR, *ramp(len(ground.breaks) + 1)]),
        "width": str(frame.width),
        "height": str(image.shape[0]),
    }
    ET.SubElement(root, "image", about)


def _draw_polygons(root: ET.Element, result: Result, frame: _Frame, focus: int | None) -> None:
    table = result.polygons.polygons
    for shape in table.geometry:
        placed = shapely.transform(shape, frame.place)
        for color, wide, coarse in ((_PAPER, "5", 3.0), (_INK, "2.4", 1.0)):
            held = shapely.simplify(placed, coarse * _FINER_THAN_SEEN)
            path = "".join(
                _ring_path(shapely.get_coordinates(ring))
                for ring in shapely.get_rings(shapely.get_parts(held))
            )
            about = {"d": path, "fill": "none", "stroke": color, "stroke-width": wide}
            ET.SubElement(root, "path", about)
    for number, shape in table.geometry.items():
        x, y = frame.place(shapely.get_coordinates(shapely.point_on_surface(shape)))[0]
        fill, ink = (_INK, _PAPER) if number == focus else (_PAPER, _INK)
        circle = {"cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": "13", "fill": fill, "stroke": _INK}
        ET.SubElement(root, "circle", circle)
        bold = {"font_size": "15", "font_weight": "bold", "text_anchor": "middle"}
        _text(root, x, y + 5, str(number), **bold | {"fill": ink})


def _ring_path(points: np.ndarray) -> str:
    """Return a closed ring as a path: its first point, then steps of tenths of a unit."""
    tenths = np.rint(points[:-1] * 10).astype(np.int64)
    steps = np.diff(tenths, axis=0)
    (x, y), line = tenths[0] / 10, (steps / 10).tolist()
    return f"M{x:g} {y:g}l" + " ".join(f"{dx:g} {dy:g}" for dx, dy in line) + "z"


def _draw_scale(root: ET.Element, frame: _Frame) -> None:
    """Draw a bar of a round length, at most a fifth of the picture."""
    longest = frame.width / 5 * frame.meters
    step = 10.0 ** np.floor(np.log10(max(longest, 1e-9)))
    length = max(one * step for one in (1, 2, 5) if one * step <= longest)
    wide = length / frame.meters
    left, low = frame.width - wide - 16, frame.height - 16
    _rectangle(root, (left - 3, low - 20, wide + 6, 28), _PAPER)
    _rectangle(root, (left, low, wide, 4), _INK)
    _text(root, left, low - 5, f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m")


def _draw_legend(root: ET.Element, scene: dict[str, Any], breaks: list[int], frame: _Frame) -> None:
    words = scene["words"][scene["language"]]
    title = f"{words['word.score']}. {words['legend.darker']}"
    made = f" · {words['page.made']}" if scene["made"] else ""
    _text(root, 8, frame.height + 17, title + made, font_size="14")
    ends = zip([0, *breaks], [*breaks, 101], strict=True)
    names = [f"{low}–{high - 1}" for low, high in ends]
    entries = list(zip(names, ramp(len(names)), strict=True))
    entries.append((words["legend.missing"], MISSING_COLOR))
    # As wide as what each says: in a narrow picture the last one would be cut.
    room = np.cumsum([0.0, *(_SWATCH + _LETTERS * len(name) for name, _ in entries)])
    wider = (frame.width - 16) / float(room[-1])
    lefts, size = 8 + room[:-1] * wider, "13" if wider > 1.1 else "11"
    for x, (name, color) in zip(lefts.tolist(), entries, strict=True):
        y = frame.height + 26
        _rectangle(root, (x, y, 20, 14), color)
        _text(root, x + 25, y + 12, name, font_size=size)
