"""Whose ground is whose: blocks, the streets before them, and open land near them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import shapely

from targeting.delineation.drawing.faces import (
    GRID_M,
    Faces,
    components,
    faces_between,
    longest_neighbor,
    reached,
    surrounded,
    thin,
)
from targeting.delineation.drawing.middle import fabric, in_street, middle_lines, nearest_owner

AXIS_REACH_M = 25.0
MITRE = 2.0
MOUTH_M = 10.0


class Scene(NamedTuple):
    """Blocks of a cluster of groups and those around, in canonical order, and their owners."""

    shapes: np.ndarray
    owner: np.ndarray
    groups: list[np.ndarray]
    margin_m: float
    barriers: np.ndarray
    axes: np.ndarray


class Cut(NamedTuple):
    """Faces, the group each belongs to (−1: none), and the blocks at the groups' rims."""

    faces: Faces
    label: np.ndarray
    rim: np.ndarray


def cut(scene: Scene, paths: np.ndarray) -> Cut:
    """Cut the ground along the middle lines and give every face to one owner.

    Parameters
    ----------
    scene : Scene
        Blocks, their owners and the lines that matter.
    paths : ndarray of geometry
        Ground of each group that joins its parts; None where it needs none.

    Returns
    -------
    Cut
    """
    margins = _margins(scene)
    made = fabric(scene.shapes, scene.owner, _at_the_edge(scene, margins))
    middle = middle_lines(made, scene.shapes)
    wide = _wide(scene)
    outlined = (scene.shapes[made.rim], margins, paths, wide)
    solid = [shapely.get_rings(shapely.get_parts(shape)) for shape in outlined]
    lines = np.concatenate(
        [shapely.linestrings(middle.reshape(-1, 2, 2)), *solid, scene.barriers, scene.axes]
    )
    faces = faces_between(lines)
    block = _first_owner(faces, scene.shapes, scene.owner)
    label = np.where(block.held, block.owner, -1)
    block = _with_blocks(faces, label, block, scene)
    free = np.flatnonzero(~block.held)
    side, street = np.full(len(label), -1, dtype=np.int64), np.zeros(len(label), dtype=bool)
    side[free] = nearest_owner(scene.shapes, scene.owner, faces.inside[free])
    street[free] = in_street(made, faces.inside[free])
    outer = _first_owner(faces, margins, np.arange(len(margins))).owner
    label[free] = np.where(street, side, np.where(side != -1, outer, -1))[free]
    if wide is not None:
        _along_axes(faces, label, block, street, wide, scene)
    on_path = _first_owner(faces, paths, np.arange(len(paths)))
    label[free] = np.where(on_path.held, on_path.owner, label)[free]
    empty = ~block.held & ~street & (label < 0)
    between = surrounded(faces, empty, (label < 0) & ~empty)
    label[between] = side[between]
    return Cut(faces, _settled(faces, label, block, street, scene), made.rim)


def _margins(scene: Scene) -> np.ndarray:
    """Blocks of each group with half a typical street around, mouths and gaps closed."""
    blocks = shapely.STRtree(scene.shapes)
    made = np.full(len(scene.groups), None, dtype=object)
    for number, at in enumerate(scene.groups):
        wide = shapely.buffer(
            scene.shapes[at], scene.margin_m + MOUTH_M, join_style="mitre", mitre_limit=MITRE
        )
        whole = shapely.buffer(shapely.union_all(wide), -MOUTH_M, join_style="mitre")
        made[number] = filled(whole, number, blocks, scene.owner)
    return made


def _at_the_edge(scene: Scene, margins: np.ndarray) -> np.ndarray:
    """Whether each block lies at the outer or an inner rim of its group's margin."""
    edge = np.zeros(len(scene.owner), dtype=bool)
    for margin, at in zip(margins, scene.groups, strict=True):
        rings = shapely.boundary(margin)
        shapely.prepare(rings)
        edge[at] = shapely.dwithin(rings, scene.shapes[at], MITRE * scene.margin_m + 1.0)
    return edge


def _wide(scene: Scene) -> shapely.Geometry | None:
    """How far a street's axis may lie from the blocks that face it; None without axes."""
    if not len(scene.axes):
        return None
    return shapely.union_all(shapely.buffer(scene.shapes[scene.owner >= 0], AXIS_REACH_M))


def _along_axes(
    faces: Faces,
    label: np.ndarray,
    block: _Owners,
    street: np.ndarray,
    wide: shapely.Geometry,
    scene: Scene,
) -> None:
    """Where axes run all around blocks of one owner, give all within them to that owner.

    Land beyond the margin only where the axes leave no way out.
    """
    land = street | (label >= 0)
    shapely.prepare(wide)
    reach = land | block.held | shapely.contains_xy(wide, faces.inside)
    closed = _on(faces, np.concatenate([scene.axes, scene.barriers]))
    open_ = ~closed & reach[faces.one] & reach[faces.two]
    parts, part = components(faces, open_)
    last = len(scene.groups)
    low, high = np.full(parts, last, dtype=np.int64), np.full(parts, -2, dtype=np.int64)
    np.minimum.at(low, part[block.held], block.owner[block.held])
    np.maximum.at(high, part[block.held], block.owner[block.held])
    out = np.zeros(parts, dtype=bool)
    out[part[faces.rim & reach]] = True
    edge = ~closed & (reach[faces.one] != reach[faces.two])
    out[part[np.where(reach[faces.one], faces.one, faces.two)[edge]]] = True
    sure = (low == high)[part] & reach & ~block.held & (land | ~out[part])
    label[sure] = low[part[sure]]


def _with_blocks(faces: Faces, label: np.ndarray, block: _Owners, scene: Scene) -> _Owners:
    """Also count the faces that hold a whole block far from others, whose outline is no line."""
    own = np.flatnonzero(scene.owner >= 0)
    point, face = shapely.STRtree(faces.shape).query(
        shapely.point_on_surface(scene.shapes[own]), predicate="intersects"
    )
    found, held = block.owner.copy(), block.held.copy()
    free = ~held[face]
    found[face[free]] = scene.owner[own[point[free]]]
    held[face] = True
    label[face[free]] = found[face[free]]
    return _Owners(found, held)


class _Owners(NamedTuple):
    owner: np.ndarray
    held: np.ndarray


def _first_owner(faces: Faces, shapes: np.ndarray, owner: np.ndarray) -> _Owners:
    """First group (nobody last) among the shapes that hold each face, and whether one does."""
    face, shape = shapely.STRtree(shapes).query(
        shapely.points(faces.inside), predicate="intersects"
    )
    last = np.iinfo(np.int64).max
    found = np.full(len(faces.shape), last, dtype=np.int64)
    np.minimum.at(found, face, np.where(owner[shape] < 0, last - 1, owner[shape]))
    held = found < last
    return _Owners(np.where(found >= last - 1, -1, found), held)


def _on(faces: Faces, lines: np.ndarray) -> np.ndarray:
    """Which shared pieces run along one of the lines."""
    on = np.zeros(len(faces.one), dtype=bool)
    if len(lines):
        middle = shapely.points((faces.start + faces.end) / 2)
        hit = shapely.STRtree(lines).query(middle, predicate="dwithin", distance=2 * GRID_M)[0]
        on[hit] = True
    return on


def _settled(
    faces: Faces, label: np.ndarray, block: _Owners, street: np.ndarray, scene: Scene
) -> np.ndarray:
    """Give slivers, and faces cut off from their blocks, to whoever is around them."""
    groups, open_ = len(scene.groups), ~_on(faces, scene.barriers)
    label = longest_neighbor(faces, label, ~block.held & thin(faces.shape), groups, open_)
    open_land = (label < 0) & (~street | faces.rim)

    def cut_off(label: np.ndarray) -> np.ndarray:
        rooted = (block.held & (block.owner == label)) | (open_land & (label < 0))
        return ~reached(faces, label, rooted, open_)

    lost = cut_off(label)
    while lost.any():
        label = longest_neighbor(faces, label, lost, groups, open_)
        still = lost & cut_off(label)
        if still.sum() == lost.sum():
            break
        lost = still
    label = np.where(lost & ~block.held, -1, label)
    # What is left of two lines that cross at a sharp angle belongs to one side or the other.
    specks = ~block.held & (label < 0) & thin(faces.shape)
    specks = surrounded(faces, specks, (label < 0) & ~specks)
    return longest_neighbor(faces, label, specks, groups, np.ones(len(open_), dtype=bool))


def filled(
    whole: shapely.Geometry, number: int, blocks: shapely.STRtree, owner: np.ndarray
) -> shapely.Geometry:
    """Fill the gaps in which no block of another owner stands."""
    parts = shapely.get_parts(whole)
    if not shapely.get_num_interior_rings(parts).any():
        return whole
    kept = []
    for part in parts:
        rings = shapely.get_rings(part)
        gaps = np.asarray(shapely.polygons(rings[1:]))
        taken = np.zeros(len(gaps), dtype=bool)
        gap, block = blocks.query(gaps, predicate="intersects")
        taken[gap[owner[block] != number]] = True
        kept.append(shapely.polygons(rings[0], rings[1:][taken] if taken.any() else None))
    return shapely.union_all(kept)
