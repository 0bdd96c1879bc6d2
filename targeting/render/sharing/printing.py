"""The picture of the map for a report: PNG for a text, PDF for a printer, by Matplotlib."""

from __future__ import annotations

import base64
import importlib.util
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import numpy as np

from targeting.problems import Problem, TargetingError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KINDS = (".png", ".pdf", ".svg")
_DOTS_PER_INCH = 100
_FINE = 2.5
# SVG sizes letters in pixels, Matplotlib in points of 1/72 inch.
_POINTS = 72 / _DOTS_PER_INCH


def check_pictures(paths: Sequence[Path]) -> list[Problem]:
    """Tell what would keep pictures from being written, before anything is computed.

    Parameters
    ----------
    paths : sequence of Path
        As for `write_picture`. Nothing is made.

    Examples
    --------
    >>> [problem.code for problem in check_pictures([Path("map.svg"), Path("map.gif")])]
    ['unknown-picture']
    """
    problems = []
    for path in paths:
        kind = path.suffix.lower()
        given = {"given": path.name, "known": ", ".join(KINDS)}
        if kind not in KINDS:
            problems.append(Problem("unknown-picture", "--picture", given))
        elif kind != ".svg" and importlib.util.find_spec("matplotlib") is None:
            problems.append(Problem("package-missing", "--picture", {"given": "matplotlib"}))
        if not path.absolute().parent.is_dir():
            about = {"given": path.name, "detail": "expected.output_folder"}
            problems.append(Problem("unwritable", "--picture", about))
    return problems


def write_picture(svg: str, path: Path) -> None:
    """Write the picture `picture_svg` made as PNG, PDF or SVG, by the file's ending.

    Parameters
    ----------
    svg : str
        As `picture_svg` returns it.
    path : Path
        File to write: `.png` (2,500 pixels wide), `.pdf` (lines and letters, not dots) or `.svg`.

    Raises
    ------
    TargetingError
        `unknown-picture` for another ending, `package-missing` where Matplotlib is not installed
        (`.svg` needs none), `unwritable` where there is no such folder.
    """
    problems = check_pictures([path])
    if problems:
        raise TargetingError(problems)
    kind = path.suffix.lower()
    draft = path.with_name(f".{path.name}.draft")
    if kind == ".svg":
        draft.write_text(svg, encoding="utf-8", newline="\n")
    else:
        draft.write_bytes(_printed(svg, kind[1:]))
    draft.replace(path)


def _printed(svg: str, kind: str) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    root = ET.fromstring(svg)
    wide, high = float(root.attrib["width"]), float(root.attrib["height"])
    figure = Figure(figsize=(wide / _DOTS_PER_INCH, high / _DOTS_PER_INCH), dpi=_DOTS_PER_INCH)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    for place, element in enumerate(root):
        _draw(axes, element, place)
    axes.set_xlim(0, wide)
    axes.set_ylim(high, 0)
    out = io.BytesIO()
    # No clock in the file: the same map gives the same bytes.
    about: dict[str, Any] = {"Software": None} if kind == "png" else {"CreationDate": None}
    figure.savefig(out, format=kind, dpi=_DOTS_PER_INCH * _FINE, metadata=about)
    return out.getvalue()


def _draw(axes: Axes, element: ET.Element, place: int) -> None:
    """Draw one element of the picture; it holds no other kinds."""
    from matplotlib.patches import Circle, PathPatch, Rectangle
    from matplotlib.path import Path as Outline

    tag = element.tag.rpartition("}")[2]
    held = element.attrib
    about: dict[str, Any] = {
        "zorder": place,
        "linewidth": float(held.get("stroke-width", 1)) * _POINTS,
        "facecolor": held.get("fill", "none"),
        "edgecolor": held.get("stroke", "none"),
    }
    if tag == "rect":
        x, y, wide, high = (float(held[name]) for name in ("x", "y", "width", "height"))
        axes.add_patch(Rectangle((x, y), wide, high, **about))
    elif tag == "circle":
        spot = (float(held["cx"]), float(held["cy"]))
        axes.add_patch(Circle(spot, float(held["r"]), **about))
    elif tag == "path":
        points, codes = [], []
        for ring in held["d"].split("z")[:-1]:
            steps = np.array(re.findall(r"-?[\d.]+", ring), float).reshape(-1, 2)
            corners = np.cumsum(steps[np.append(np.arange(len(steps)), 0)], axis=0)
            corners[-1] = corners[0]
            points.append(corners)
            codes += [Outline.MOVETO, *[Outline.LINETO] * (len(corners) - 2), Outline.CLOSEPOLY]
        axes.add_patch(PathPatch(Outline(np.concatenate(points), codes), **about))
    elif tag == "image":
        _draw_image(axes, held, place)
    elif tag == "text":
        axes.text(
            float(held["x"]),
            float(held["y"]),
            _plain_text(element.text or ""),
            color=held["fill"],
            fontsize=float(held["font-size"]) * _POINTS,
            fontweight=held.get("font-weight", "normal"),
            horizontalalignment="center" if held.get("text-anchor") == "middle" else "left",
            zorder=place,
        )


def _draw_image(axes: Axes, held: dict[str, str], place: int) -> None:
    from matplotlib.image import imread

    wide, high = float(held["width"]), float(held["height"])
    data = io.BytesIO(base64.b64decode(held["href"].partition(",")[2]))
    image = imread(data, format="png")
    extent = (0, wide, high, 0)
    axes.imshow(image, extent=extent, interpolation="nearest", zorder=place, aspect="auto")


def _plain_text(text: str) -> str:
    """Return a text Matplotlib does not take for a formula."""
    return text.replace("$", r"\$")
