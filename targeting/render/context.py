"""What makes a map readable without tiles: streets, water, rails, parks, names of colonias.

All of it is the user's own layers. Incidents are never among them.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import scipy.sparse as sparse
import shapely
from scipy.sparse.csgraph import connected_components

from targeting.i18n import LANGUAGES, catalogue
from targeting.model import Result
from targeting.render.encode import Packer, project
from targeting.strict_yaml import read_yaml

VERTICES_MOST = 80_000
"""Vertices of lines and grounds in one page: 0.2 to 0.26 MB."""

TOLERANCES_M = (1.5, 3.0, 6.0)
"""How far a drawn line may be from its own, tried in turn until all lines fit."""

_MEET_M = 0.1
_STRAIGHT = np.radians(25)

NAMED_LEVELS = ("neighborhood", "locality")
_NEVER_DRAWN = ("municipality", "state", "rural_area", *NAMED_LEVELS)
_LABELS_MOST = 4_000
_ORDER = ("street.main", "water", "rail", "park", "line", "street.minor")


@dataclass(frozen=True)
class Cut:
    """What of a group of lines is in the page: `kept` of `of` parts, at most `within_m` away."""

    kept: int
    of: int
    within_m: float


def folded(text: str) -> str:
    """Return a text without accents and capitals.

    Examples
    --------
    >>> folded("VÍA FÉRREA")
    'via ferrea'
    """
    plain = unicodedata.normalize("NFKD", text.strip().lower())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


@cache
def _table() -> dict[str, dict[str, list[str]]]:
    text = (resources.files("targeting") / "render" / "context.yaml").read_text("utf-8")
    return dict(read_yaml(text, where="context.yaml"))


def group_of(kinds: pd.Series[Any], layer: str, other: str) -> np.ndarray:
    """Return the group each kind is drawn as (`context.yaml`).

    Parameters
    ----------
    kinds : Series of str
        As the layer says them; missing is of no group.
    layer : str
        `streets`, `lines` or `grounds`.
    other : str
        Group of what fits none.

    Examples
    --------
    >>> group_of(pd.Series(["Avenida", "Calle", None]), "streets", "minor").tolist()
    ['main', 'minor', 'minor']
    """
    groups = {word: name for name, words in _table()[layer].items() for word in words}
    known = {kind: groups.get(folded(str(kind)), other) for kind in kinds.dropna().unique()}
    return kinds.map(known).fillna(other).to_numpy(object)


def joined(lines: np.ndarray) -> np.ndarray:
    """Return lines as strokes: where two go on straight through a crossing they become one.

    Fewer ends and, once simplified, far fewer vertices (the strokes of Thomson and Richardson
    1999, by angle alone).

    Parameters
    ----------
    lines : ndarray of geometry
        LineString or MultiLineString, meters.

    Examples
    --------
    >>> cross = shapely.linestrings(
    ...     [[(0, 0), (9, 0)], [(9, 0), (18, 1)], [(9, 0), (9, 9)], [(9, -9), (9, 0)]])
    >>> sorted(shapely.length(joined(cross)).round().tolist())
    [18.0, 18.0]
    """
    parts: np.ndarray = shapely.get_parts(lines)
    parts = parts[shapely.get_type_id(parts) == 1]
    if not len(parts):
        return parts
    one, two = _continued(parts)
    links = sparse.coo_array((np.ones(len(one), bool), (one, two)), shape=(len(parts),) * 2)
    stroke = connected_components(links, directed=False)[1]
    order = np.argsort(stroke, kind="stable")
    chains = shapely.multilinestrings(parts[order], indices=stroke[order])
    return np.asarray(shapely.get_parts(shapely.line_merge(chains)))


def _continued(parts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs of lines that go on into each other, each end in one pair at most."""
    points, line = shapely.get_coordinates(parts, return_index=True)
    first = np.flatnonzero(np.append(True, line[1:] != line[:-1]))
    last = np.append(first[1:], len(line)) - 1
    at = np.concatenate([points[first], points[last]])
    toward = np.concatenate([points[first + 1], points[last - 1]]) - at
    owner = np.tile(np.arange(len(parts)), 2)
    node = np.unique(np.rint(at / _MEET_M).astype(np.int64), axis=0, return_inverse=True)[1]
    node, bearing = node.ravel(), np.arctan2(toward[:, 1], toward[:, 0])
    free = np.arange(len(node))
    pairs = np.zeros((0, 2), np.int64)
    # Bearings are on a circle: what lies on either side of its seam meets in the second round.
    for seam in (0.0, np.pi / 2):
        found = free[_opposite(node[free], bearing[free], seam)]
        pairs = np.concatenate([pairs, found])
        free = np.setdiff1d(free, found)
    return owner[pairs[:, 0]], owner[pairs[:, 1]]


def _opposite(node: np.ndarray, bearing: np.ndarray, seam: float) -> np.ndarray:
    """Return pairs of ends at one node that point opposite ways, no end twice."""
    # Ends that go on straight are the same once a half turn is left out.
    folded = np.mod(bearing - seam, np.pi)
    order = np.lexsort((folded, node))
    node, folded, bearing = node[order], folded[order], bearing[order]
    turn = np.abs(np.mod(np.diff(bearing) + np.pi, 2 * np.pi) - np.pi)
    goes_on = (np.diff(node) == 0) & (np.diff(folded) < _STRAIGHT) & (turn > np.pi / 2)
    # Of several in a row every other one.
    starts = goes_on & ~np.append(False, goes_on[:-1])
    place = np.flatnonzero(goes_on)
    place = place[(place - np.flatnonzero(starts)[np.cumsum(starts)[place] - 1]) % 2 == 0]
    return np.column_stack([order[place], order[place + 1]])


def fit(groups: dict[str, np.ndarray], most: int) -> tuple[dict[str, np.ndarray], dict[str, Cut]]:
    """Return shapes simplified until they have at most `most` vertices in all.

    The finest tolerance at which all fit is taken. Where none does, the coarsest is, and the
    smallest parts of the groups last in line (plain streets first) are left out.

    Parameters
    ----------
    groups : dict of str to ndarray of geometry
        Lines or polygons, meters.
    most : int
        Vertices.

    Returns
    -------
    tuple
        Shapes by group, the longest first, and what was cut of each.

    Examples
    --------
    >>> zigzag = shapely.linestrings([(0, 0), (10, 1), (20, 0)])
    >>> kept, cut = fit({"water": np.array([zigzag])}, 10)
    >>> len(kept["water"][0].coords), cut["water"].within_m
    (2, 1.5)
    """
    drawn = groups
    for tolerance_m in TOLERANCES_M:
        drawn = {
            name: shapely.simplify(shapes, tolerance_m, preserve_topology=True)
            for name, shapes in groups.items()
        }
        if sum(int(shapely.get_num_coordinates(one).sum()) for one in drawn.values()) <= most:
            break
    left = most
    kept, cuts = {}, {}
    for name in sorted(drawn, key=lambda one: (_rank(one), one)):
        shapes = drawn[name]
        longest = shapes[np.argsort(-shapely.length(shapes), kind="stable")]
        ends = np.cumsum(shapely.get_num_coordinates(longest))
        fits = int(np.searchsorted(ends, left, side="right"))
        left -= int(ends[fits - 1]) if fits else 0
        kept[name] = longest[:fits]
        cuts[name] = Cut(fits, len(shapes), tolerance_m)
    return kept, cuts


def _rank(name: str) -> int:
    return _ORDER.index(name) if name in _ORDER else len(_ORDER) - 2


def _grouped(frame: gpd.GeoDataFrame | None, layer: str, other: str) -> dict[str, np.ndarray]:
    if frame is None or not len(frame):
        return {}
    groups = group_of(frame["kind"], layer, other)
    shapes = frame.geometry.to_numpy()
    return {str(name): joined(shapes[groups == name]) for name in np.unique(groups.astype(str))}


def _lines(result: Result) -> dict[str, np.ndarray]:
    """Return the lines of each group."""
    territory = result.territory
    out = {
        f"street.{name}": lines
        for name, lines in _grouped(territory.street_axes, "streets", "minor").items()
    }
    return out | _grouped(territory.barriers, "lines", "line")


def _grounds(result: Result) -> dict[str, np.ndarray]:
    """Return polygons by what they are: `ground.park`, `ground.water`, `further.<level>`."""
    places = result.territory.places
    if places is None or not len(places):
        return {}
    levels = places["level"].fillna("").astype(str)
    grounds = group_of(levels, "grounds", "")
    out: dict[str, np.ndarray] = {}
    for level in sorted(set(levels) - set(_NEVER_DRAWN) - {""}):
        here = (levels == level).to_numpy()
        ground = grounds[here][0]
        name = f"ground.{ground}" if ground else f"further.{level}"
        shapes = shapely.get_parts(places.geometry.to_numpy()[here])
        out[name] = np.concatenate([out[name], shapes]) if name in out else shapes
    return out


def _names(level: str) -> dict[str, str]:
    """Return the name of a level in every language; one of the user's own as written."""
    plain = level.replace("_", " ").strip()
    key = f"page.context.level.{level}"
    return {code: catalogue(code).get(key, plain[:1].upper() + plain[1:]) for code in LANGUAGES}


def pack_labels(packer: Packer, result: Result, origin: np.ndarray) -> int:
    """Pack the names of colonias (else localities) and where to write them, the largest first."""
    places = result.territory.places
    if places is None:
        return 0
    named = places[places["name"].notna().to_numpy(bool)]
    for level in NAMED_LEVELS:
        held = named[(named["level"] == level).to_numpy(bool)]
        if len(held):
            break
    else:
        return 0
    west, south, east, north = result.territory.blocks.total_bounds
    shapes = held.geometry.to_numpy()
    spots = shapely.point_on_surface(shapes)
    x, y = shapely.get_x(spots), shapely.get_y(spots)
    inside = (x >= west) & (x <= east) & (y >= south) & (y <= north)
    area_m2 = shapely.area(shapes)
    ids = np.asarray(held.index.astype(str))
    order = np.lexsort((ids, -area_m2))
    order = order[inside[order]][:_LABELS_MOST]
    grid = project(shapely.get_coordinates(spots[order]), result.territory.crs)
    packer.spots("label", grid, origin)
    packer.numbers("label.side", np.rint(np.sqrt(area_m2[order])))
    packer.texts("label.name", [str(name) for name in held["name"].to_numpy()[order]])
    return len(order)


def pack_context(packer: Packer, result: Result, origin: np.ndarray) -> dict[str, Any]:
    """Pack what the map is read by; return its record.

    Parameters
    ----------
    packer : Packer
        Gets `context.<group>` for each group of lines or grounds and `label` for the names.
    result : Result
        A study carried out.
    origin : ndarray
        Pixel that coordinates are counted from.

    Returns
    -------
    dict
        `groups`: name of the stream, whether it is an area, its names where the user gave them,
        how many parts are kept of how many; `labels`: how many names.
    """
    crs = result.territory.crs
    areas = _grounds(result)
    kept, cuts = fit(_lines(result) | areas, VERTICES_MOST)
    groups = []
    for name in sorted(kept, key=lambda one: (_rank(one), one)):
        if not len(kept[name]):
            continue
        shapes = gpd.GeoSeries(kept[name], crs=crs)
        area = name in areas
        (packer.shapes if area else packer.lines)(f"context.{name}", shapes, origin)
        cut = cuts[name]
        record: dict[str, Any] = {"id": name, "area": area, "kept": cut.kept, "of": cut.of}
        if name.startswith("further."):
            record["names"] = _names(name.partition(".")[2])
        groups.append(record | {"within_m": cut.within_m})
    return {"groups": groups, "labels": pack_labels(packer, result, origin)}
