"""A picture of who is whose neighbor: blocks, links and barriers, as one SVG without script."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

import geopandas as gpd
import numpy as np
import scipy.sparse as sparse
import shapely
from scipy.sparse.csgraph import connected_components

from targeting.i18n import say
from targeting.model import Links

WIDTH = 1200
MARGIN = 24
HEAD = 64
ROW = 26
STEPS = 5
"""Coordinates are whole fifths of a pixel; of many blocks whole pixels."""
MANY_BLOCKS = 40_000
MANY_LINKS = 150_000
"""More links across streets are one blot of ink and megabytes: they are counted, not drawn."""
STREET, ATTACHED, BRIDGE = 0, 1, 2

_SMALL = f"scale({1 / STEPS:g})"
_STYLE = """
path{vector-effect:non-scaling-stroke}
text{font:14px system-ui,sans-serif;fill:#1d2128}
.title{font-size:22px;font-weight:600}
.blocks{fill:#e4e2da;stroke:#b9b6aa;stroke-width:.4}
.apart{fill:url(#hatch);stroke:#8a5a00;stroke-width:.6}
.barrier{fill:none;stroke:#7fa6c9;stroke-width:3.5;stroke-linejoin:round}
.street{fill:none;stroke:#2b4f81;stroke-width:.7}
.attached{fill:none;stroke:#b3430b;stroke-width:2;stroke-dasharray:5 3}
.bridge{fill:none;stroke:#7a1fa2;stroke-width:3.2}
.end{fill:#fff;stroke:#7a1fa2;stroke-width:1.4}
.reach{fill:#fff;stroke:#b3430b;stroke-width:1.4}
.alone{fill:#c4161c;stroke:#fff;stroke-width:1}
""".strip().replace("\n", "")
_HATCH = (
    '<pattern id="hatch" width="25" height="25" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><rect width="25" height="25" fill="#f5dfae"/>'
    '<path d="M0 0V25" stroke="#8a5a00" stroke-width="8"/></pattern>'
)


def neighbors_svg(
    blocks: gpd.GeoSeries,
    links: Links,
    barriers: gpd.GeoSeries | None = None,
    *,
    title: str,
    language: str,
) -> str:
    """Return a picture of the neighbors, with its legend and counts.

    Links join the middles of their blocks. What is not the rule has a shape of its own as well as
    a color: the reach of a block that would be alone is dashed and ends in triangles, a bridge of
    the user's is thick and ends in squares, a block that stays alone is a diamond, and blocks that
    no way leads to from the largest group are hatched. More than 150,000 links across streets are
    counted, but not drawn.

    Parameters
    ----------
    blocks : GeoSeries
        Block polygons in a metric coordinate system.
    links : Links
        Neighbors by position in `blocks`.
    barriers : GeoSeries, optional
        What nobody crosses, same coordinate system.
    title : str
        What stands above, as plain text.
    language : str
        `"es"` or `"en"`.

    Returns
    -------
    str
        An SVG document, 1,200 pixels wide; the same for the same input.

    Examples
    --------
    >>> from shapely import box
    >>> row = gpd.GeoSeries([box(0, 0, 80, 80), box(92, 0, 172, 80)])
    >>> links = Links(np.array([0]), np.array([1]), np.array([12.0]), np.array([80.0]))
    >>> neighbors_svg(row, links, title="Two", language="en").count('class="street"')
    2
    """
    shapes = np.asarray(blocks.array)
    frame = _Frame(shapes)
    group, alone = _groups(links, len(shapes))
    kind = np.zeros(len(links.first), np.int8) if links.kind is None else links.kind
    middle = frame.pixels(shapely.get_coordinates(shapely.point_on_surface(shapes)))
    ends = np.stack([middle[links.first], middle[links.second]], axis=1).reshape(-1, 2, 2)
    apart, streets = (group != 0) & ~alone, kind == STREET
    drawn = [
        ("blocks", _rings(frame, shapes[~apart])),
        ("apart", _rings(frame, shapes[apart])),
        ("barrier", _lines(frame, barriers)),
        ("street", _segments(ends[streets]) if streets.sum() <= MANY_LINKS else ""),
        ("attached", _segments(ends[kind == ATTACHED])),
        ("reach", _marks(ends[kind == ATTACHED].reshape(-1, 2), "triangle")),
        ("bridge", _segments(ends[kind == BRIDGE])),
        ("end", _marks(ends[kind == BRIDGE].reshape(-1, 2), "square")),
        ("alone", _marks(middle[alone], "diamond")),
    ]
    body = [_drawn(name, path) for name, path in drawn if path]
    rows = _legend(links, kind, group, alone, has_barriers=bool(drawn[2][1]), language=language)
    height = HEAD + frame.height + MARGIN + ROW * len(rows)
    told = say("neighbors.about", language, title=title)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
            f'viewBox="0 0 {WIDTH} {height}" role="img" lang="{language}">',
            f"<title>{escape(told)}</title>",
            f"<style>{_STYLE}</style><defs>{_HATCH}</defs>",
            f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
            f'<text class="title" x="{MARGIN}" y="40">{escape(told)}</text>',
            f'<g transform="translate({MARGIN} {HEAD}) {_SMALL}">',
            *body,
            "</g>",
            *_legend_rows(rows, HEAD + frame.height + MARGIN),
            "</svg>",
            "",
        ]
    )


class _Frame:
    """From meters to whole steps of the picture, north up."""

    def __init__(self, shapes: np.ndarray) -> None:
        west, south, east, north = (
            shapely.total_bounds(shapes) if len(shapes) else (0.0, 0.0, 1.0, 1.0)
        )
        inner = WIDTH - 2 * MARGIN
        self.scale = inner / max(east - west, (north - south) / 2, 1.0)
        self.corner = np.array([west, north])
        self.coarse = STEPS if len(shapes) > MANY_BLOCKS else 1
        edge_m = MARGIN / 2 / self.scale
        self.bounds = (west - edge_m, south - edge_m, east + edge_m, north + edge_m)
        self.height = int(np.ceil((north - south) * self.scale))

    def pixels(self, points: np.ndarray) -> np.ndarray:
        """Return places in steps, counted from the north-west."""
        away = (points - self.corner) * np.array([1.0, -1.0]) * self.scale * STEPS
        return np.asarray(np.rint(away / self.coarse).astype(np.int64) * self.coarse)


def _groups(links: Links, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Group of each block, the largest is 0; and which blocks have no link."""
    ones = np.ones(len(links.first), dtype=np.int8)
    graph = sparse.csr_array((ones, (links.first, links.second)), shape=(count, count))
    _, label = connected_components(graph, directed=False)
    size = np.bincount(label)
    rank = np.argsort(np.argsort(-size, kind="stable"), kind="stable")
    linked = np.zeros(count, dtype=bool)
    linked[links.first] = linked[links.second] = True
    return rank[label], ~linked


def _drawn(name: str, path: str) -> str:
    return f'<path class="{name}" d="{path}"/>'


def _rings(frame: _Frame, shapes: np.ndarray) -> str:
    """All outlines as one path, corners that fall together left out."""
    rings = shapely.get_rings(shapely.get_parts(shapes))
    points, ring = shapely.get_coordinates(rings, return_index=True)
    return "".join(f"{part}z" for part in _runs(frame.pixels(points), ring))


def _lines(frame: _Frame, lines: gpd.GeoSeries | None) -> str:
    """All lines, and the outlines of areas, as one path."""
    if lines is None:
        return ""
    parts = shapely.get_parts(np.asarray(lines.array))
    areal = shapely.get_dimensions(parts) == 2
    parts = np.concatenate([parts[~areal], shapely.get_rings(parts[areal])])
    parts = shapely.get_parts(shapely.clip_by_rect(parts, *frame.bounds))
    points, line = shapely.get_coordinates(parts, return_index=True)
    return "".join(_runs(frame.pixels(points), line))


def _runs(pixels: np.ndarray, owner: np.ndarray) -> Iterable[str]:
    """Yield each run of places as a path: a start, then steps."""
    if not len(pixels):
        return
    new = np.append(True, owner[1:] != owner[:-1])
    kept = new | np.append(True, (pixels[1:] != pixels[:-1]).any(axis=1))
    pixels, new = pixels[kept], new[kept]
    step = np.diff(pixels, axis=0, prepend=pixels[:1]).tolist()
    starts = np.flatnonzero(new).tolist()
    at = pixels[starts].tolist()
    for (x, y), begin, end in zip(at, starts, [*starts[1:], len(step)], strict=True):
        yield f"M{x} {y}l" + " ".join(f"{dx} {dy}" for dx, dy in step[begin + 1 : end]) + " "


def _segments(ends: np.ndarray) -> str:
    """All straight lines as one path of relative steps."""
    if not len(ends):
        return ""
    start = ends[:, 0] - np.concatenate([np.zeros((1, 2), np.int64), ends[:-1, 1]])
    go = ends[:, 1] - ends[:, 0]
    steps = np.concatenate([start, go], axis=1).tolist()
    return "M0 0" + "".join(f"m{a} {b}l{c} {d}" for a, b, c, d in steps)


def _marks(places: np.ndarray, shape: str) -> str:
    """Triangles, squares or diamonds at some places."""
    outline = {
        "triangle": f"m0 {-5 * STEPS}l{5 * STEPS} {9 * STEPS}h{-10 * STEPS}z",
        "square": f"m{-4 * STEPS} {-4 * STEPS}h{8 * STEPS}v{8 * STEPS}h{-8 * STEPS}z",
        "diamond": f"m0 {-7 * STEPS}l{6 * STEPS} {7 * STEPS}l{-6 * STEPS} {7 * STEPS}"
        f"l{-6 * STEPS} {-7 * STEPS}z",
    }[shape]
    return "".join(f"M{x} {y}{outline}" for x, y in np.unique(places, axis=0).tolist())


def _legend(
    links: Links,
    kind: np.ndarray,
    group: np.ndarray,
    alone: np.ndarray,
    *,
    has_barriers: bool,
    language: str,
) -> list[tuple[tuple[str, ...], str]]:
    """Rows of the legend: which marks, and the words with their counts."""
    counts = np.bincount(kind, minlength=3)
    groups = len(np.unique(group[~alone]))
    apart = int(((group != 0) & ~alone).sum())

    def row(name: str, *marks: str, **values: float) -> tuple[tuple[str, ...], str]:
        shown = {key: f"{value:,}" for key, value in values.items()}
        return marks, say(f"neighbors.{name}", language, **shown)

    degree = 2 * len(links.first) / max(len(group), 1)
    rows = [
        row("blocks", "blocks", count=len(group), mean=round(degree, 1), groups=groups),
        row("street", "street", count=int(counts[STREET]))
        if counts[STREET] <= MANY_LINKS
        else row("street_many", count=int(counts[STREET])),
    ]
    if apart:
        rows.append(row("apart", "apart", count=apart))
    if has_barriers:
        rows.append(row("barrier", "barrier", count=links.dropped.get("barrier", 0)))
    if counts[ATTACHED]:
        rows.append(row("attached", "attached", "reach", count=int(counts[ATTACHED])))
    if counts[BRIDGE]:
        over = links.notes.get("bridges_over_barrier", 0)
        rows.append(row("bridge", "bridge", "end", count=int(counts[BRIDGE]), over=over))
    rows.append(row("alone", "alone", count=int(alone.sum())))
    for reason in ("border", "cut"):
        if links.dropped.get(reason, 0):
            rows.append(row(reason, count=links.dropped[reason]))
    return rows


def _legend_rows(rows: list[tuple[tuple[str, ...], str]], top: int) -> Iterable[str]:
    """Yield the rows: a sample of each mark, in steps like the picture, and the words."""
    left, right, level = 10 * STEPS, 30 * STEPS, -5 * STEPS
    ends = np.array([[left, level], [right, level]])
    patch = f"M{left - 25} {level - 35}h150v65h-150z"
    line = f"M{left - 25} {level}h150"
    samples = {
        "blocks": patch,
        "apart": patch,
        "barrier": line,
        "street": line,
        "attached": line,
        "bridge": line,
        "reach": _marks(ends, "triangle"),
        "end": _marks(ends, "square"),
        "alone": _marks(ends.mean(axis=0, keepdims=True).astype(np.int64), "diamond"),
    }
    for number, (marks, text) in enumerate(rows):
        paths = "".join(_drawn(mark, samples[mark]) for mark in marks)
        y = top + ROW * number + 12
        sample = f'<g transform="{_SMALL}">{paths}</g>'
        words = f'<text x="48">{escape(text)}</text>'
        yield f'<g transform="translate({MARGIN} {y})">{sample}{words}</g>'
