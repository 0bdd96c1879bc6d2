"""Keys and outlines: municipality, locality, AGEB and block, as INEGI numbers them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from targeting.sample.plan import STEP_M, Plan

STATE = "99"
AREAS_PER_MUNICIPALITY = 900
LAST_DIGIT = np.array(list("0123456789A"))


@dataclass(frozen=True)
class Keys:
    """Keys of areas and blocks, aligned with the plan.

    Parameters
    ----------
    municipality : ndarray of int
        Number of the municipality of every area of the plan, built or not.
    area : ndarray of str
        CVEGEO (13) of each built area; empty for the others.
    block : ndarray of str
        CVEGEO (16) of each block.
    """

    municipality: np.ndarray
    area: np.ndarray
    block: np.ndarray


def make_keys(plan: Plan) -> Keys:
    """Give municipalities, localities, areas and blocks their numbers.

    A municipality holds at most 900 areas, so that three digits always suffice; two municipalities
    serve a city of up to some 60,000 blocks, further ones follow along the plan.
    """
    municipality = _municipalities(plan)
    rows = np.flatnonzero(plan.built)
    owner = municipality[rows]
    locality = _localities(plan, rows, owner)
    group = owner * 10 + locality
    number = _spread(group)
    digits = np.column_stack([number // 100, number // 10 % 10, number % 10])
    check = (digits @ np.array([4, 3, 2]) + owner + 3 * locality) % 11
    keys = [
        f"{STATE}{m:03d}{place:04d}{n:03d}{last}"
        for m, place, n, last in zip(owner, locality, number, LAST_DIGIT[check], strict=True)
    ]
    area = np.full(len(plan.built), "", dtype="U13")
    area[rows] = keys
    block_number = _rank_within(plan.block_area) + 1
    block = np.char.add(area[plan.block_area], np.char.zfill(block_number.astype("U3"), 3))
    return Keys(municipality, area, block)


def _municipalities(plan: Plan) -> np.ndarray:
    number = np.zeros(len(plan.built), dtype=np.int64)
    first = 1
    for side in (False, True):
        rows = np.flatnonzero(plan.east == side)
        built = np.cumsum(plan.built[rows])
        total = int(built[-1]) if len(built) else 0
        parts = max(1, -(-total // AREAS_PER_MUNICIPALITY))
        part = np.clip((built - 1) * parts // max(total, 1), 0, parts - 1)
        number[rows] = first + part
        first += parts
    return number


def _localities(plan: Plan, rows: np.ndarray, owner: np.ndarray) -> np.ndarray:
    """One locality a municipality; the far end of the second municipality is a second one."""
    locality = np.ones(len(rows), dtype=np.int64)
    second = np.flatnonzero(owner == 2)
    if len(second) >= 12:
        far = plan.area_cells.center()[rows[second]] @ plan.lines[0].normal
        locality[second[np.argsort(far, kind="stable")[: len(second) // 12]]] = 2
    return locality


def _rank_within(group: np.ndarray) -> np.ndarray:
    """Return the place of each row among the rows of its group."""
    order = np.argsort(group, kind="stable")
    ordered = group[order]
    start = np.r_[True, ordered[1:] != ordered[:-1]]
    positions = np.arange(len(group))
    first = np.maximum.accumulate(np.where(start, positions, 0))
    rank = np.empty(len(group), dtype=np.int64)
    rank[order] = positions - first
    return rank


def _spread(group: np.ndarray) -> np.ndarray:
    """Return three-digit numbers with gaps, unique within the group."""
    rank = _rank_within(group)
    size = np.bincount(group)[group]
    number: np.ndarray = 1 + rank * np.clip(998 // size, 1, 13)
    return number


def outlines(plan: Plan) -> np.ndarray:
    """Return every area as a polygon that shares each edge exactly with its neighbors."""
    cells = plan.area_cells
    held = cells.held
    corners = np.round(cells.xy, 4)
    points, number = np.unique(corners[held], axis=0, return_inverse=True)
    ids = np.zeros(held.shape, dtype=np.int64)
    ids[held] = number.reshape(-1)
    start = ids[held]
    end = np.take_along_axis(ids, cells.following, axis=1)[held]
    cell = np.repeat(np.arange(len(cells)), cells.count)
    edge, node = _nodes_on_edges(points, start, end)
    last = np.r_[edge[1:] != edge[:-1], True]
    first_node, second_node = node[~last], node[1:][~last[:-1]] if len(node) else node
    xy, piece = _pieces(points, first_node, second_node)
    ring = cell[edge[~last]][piece]
    bent = plan.bend(xy)
    starts = np.flatnonzero(np.r_[True, ring[1:] != ring[:-1]])
    order = np.argsort(np.concatenate([ring, ring[starts]]), kind="stable")
    closed = np.concatenate([bent, bent[starts]])[order]
    rings = np.concatenate([ring, ring[starts]])[order]
    return np.asarray(shapely.polygons(shapely.linearrings(closed, indices=rings)))


def _nodes_on_edges(
    points: np.ndarray, start: np.ndarray, end: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return, edge after edge, the corners that lie on it, from its start to its end."""
    edges = shapely.linestrings(np.stack([points[start], points[end]], axis=1))
    tree = shapely.STRtree(np.asarray(shapely.points(points)))
    edge, node = tree.query(edges, predicate="dwithin", distance=0.002)
    along = points[end] - points[start]
    length = np.hypot(along[:, 0], along[:, 1])
    share = np.einsum("ek,ek->e", points[node] - points[start[edge]], along[edge])
    share = share / length[edge] ** 2
    order = np.lexsort((node, share, edge))
    return edge[order], node[order]


def _pieces(
    points: np.ndarray, first: np.ndarray, second: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the corners from first (included) to second (not), the same from either side."""
    low, high = np.minimum(first, second), np.maximum(first, second)
    way = points[high] - points[low]
    count = np.maximum(np.ceil(np.hypot(way[:, 0], way[:, 1]) / STEP_M), 1).astype(int)
    piece = np.repeat(np.arange(len(first)), count)
    step = np.arange(len(piece)) - np.repeat(np.cumsum(count) - count, count)
    step = np.where(first[piece] <= second[piece], step, count[piece] - step)
    xy = points[low[piece]] + way[piece] * (step / count[piece])[:, None]
    return xy, piece


def centerlines(plan: Plan) -> np.ndarray:
    """Return river, rail line and avenues as lines in the plane of the map."""
    reach = 1.35 * plan.radius_m
    along = np.arange(-reach, reach + 1.0, 90.0)
    shapes = []
    for line in plan.lines:
        direction = np.array([np.cos(line.angle), np.sin(line.angle)])
        straight = line.normal * line.offset_m + along[:, None] * direction
        shapes.append(shapely.linestrings(plan.bend(straight)))
    return np.array(shapes, dtype=object)
