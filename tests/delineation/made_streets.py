"""The made city's streets with the truth about them: which blocks face each other.

The generator cuts the plane into cells by straight streets, then draws each block in from the
streets around its cell. So the truth is exact and owes nothing to distances between blocks:

* two blocks *face* each other when their cells share a street and the two blocks stand opposite
  each other along it for more than a meter;
* a link is also right where both cells lie at one crossing (both border on a third one: the blocks
  are diagonal), or border on one open place (a square, a green, land not built on);
* a link over the river, the rail line or the motorway (the widest avenue) is wrong whatever else.
"""

from __future__ import annotations

from dataclasses import dataclass
from unittest.mock import patch

import geopandas as gpd
import numpy as np
import scipy.sparse as sparse
import shapely

from targeting.model import Links
from targeting.sample import keys
from targeting.sample import plan as planning
from targeting.sample import streets as cutting

CRS = "EPSG:6372"
NEAR_M = 0.05
FACING_M = 1.0


@dataclass(frozen=True)
class MadeStreets:
    """Blocks, barriers and the truth.

    `facing` holds pairs of positions, `first < second`; `bordering` says which cells share a
    street that is no barrier; `cell` is the cell of each block; `sides` tells blocks on different
    sides of a barrier apart.
    """

    blocks: gpd.GeoSeries
    barriers: gpd.GeoSeries
    facing: np.ndarray
    bordering: sparse.csr_array
    cell: np.ndarray
    sides: np.ndarray

    def judged(self, links: Links) -> dict[str, float]:
        """Recall and precision of links, and how many cross a barrier."""
        first, second = links.first, links.second
        found = set(zip(first.tolist(), second.tolist(), strict=True))
        hits = sum((one, two) in found for one, two in self.facing.tolist())
        one, two = self.cell[first], self.cell[second]
        around = self.bordering
        right = _held(around, one, two) | _held(around @ around, one, two)
        across = self.sides[first] != self.sides[second]
        streets = np.ones(len(first), bool) if links.kind is None else links.kind == 0
        return {
            "recall": hits / len(self.facing),
            "precision": float((right & ~across)[streets].mean()),
            "across_barriers": int(across.sum()),
            "links": len(first),
        }


def made_streets(count: int, seed: int = 20110427) -> MadeStreets:
    """Draw a city and keep the cells it is drawn from."""
    cells: list[np.ndarray] = []
    kept: list[np.ndarray] = []
    draw, blocks = cutting._draw, planning._blocks

    def drawing(some, *rest):
        cells.append(cutting.polygons(some))
        return draw(some, *rest)

    def keeping(*given):
        made = blocks(*given)
        kept.append(made[0])
        return made

    with patch.object(cutting, "_draw", drawing), patch.object(planning, "_blocks", keeping):
        plan = planning.make_plan(count, seed)
    every = np.concatenate([*cells, cutting.polygons(plan.area_cells.take(~plan.built))])
    inside = shapely.STRtree(every).query(shapely.point_on_surface(kept[0]), predicate="within")
    cell = np.empty(count, dtype=np.int64)
    cell[inside[0]] = inside[1]
    walls = _walls(plan)
    first, second, street = _streets(every)
    middle = shapely.get_coordinates(shapely.line_interpolate_point(street, 0.5, normalized=True))
    free = np.ones(len(first), dtype=bool)
    sides = np.zeros(count, dtype=np.int64)
    home = shapely.get_coordinates(shapely.point_on_surface(every[cell]))
    for line in walls:
        free &= np.abs(middle @ line.normal - line.offset_m) > 2 * NEAR_M
        sides = 2 * sides + (home @ line.normal > line.offset_m)
    first, second, street = first[free], second[free], street[free]
    ones = np.ones(2 * len(first), dtype=np.int32)
    rows, columns = np.concatenate([first, second]), np.concatenate([second, first])
    drawn = np.array(keys.centerlines(plan), dtype=object)
    return MadeStreets(
        blocks=gpd.GeoSeries(plan.blocks, index=[f"b{i:07d}" for i in range(count)], crs=CRS),
        barriers=gpd.GeoSeries(drawn[[plan.lines.index(line) for line in walls]], crs=CRS),
        facing=_facing(first, second, street, cell, kept[0]),
        bordering=sparse.csr_array((ones, (rows, columns)), shape=(len(every), len(every))),
        cell=cell,
        sides=sides,
    )


def _walls(plan: planning.Plan) -> list[planning.Line]:
    """River, rail line, and the widest avenue, taken for a motorway."""
    avenues = [line for line in plan.lines if line.kind == planning.AVENUE]
    motorway = max(avenues, key=lambda line: line.half_m)
    return [line for line in plan.lines if line.kind != planning.AVENUE] + [motorway]


def _streets(cells: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of cells with a common edge, and the edge as a straight line."""
    first, second = shapely.STRtree(cells).query(cells, predicate="dwithin", distance=NEAR_M)
    once = first < second
    first, second = first[once], second[once]
    around = shapely.buffer(cells[second], NEAR_M, quad_segs=1)
    edge = shapely.intersection(shapely.boundary(cells[first]), around)
    long = shapely.length(edge) > FACING_M
    return first[long], second[long], _longest(edge[long])


def _longest(lines: np.ndarray) -> np.ndarray:
    """Return the longest straight piece of each line."""
    parts, line = shapely.get_parts(lines, return_index=True)
    points, part = shapely.get_coordinates(parts, return_index=True)
    same = part[1:] == part[:-1]
    pieces = shapely.linestrings(np.stack([points[:-1][same], points[1:][same]], axis=1))
    owner = line[part[1:][same]]
    order = np.lexsort((shapely.length(pieces), owner))
    last = np.append(owner[order][1:] != owner[order][:-1], True)
    return pieces[order[last]]


def _facing(
    first: np.ndarray, second: np.ndarray, street: np.ndarray, cell: np.ndarray, blocks: np.ndarray
) -> np.ndarray:
    """Pairs of blocks that stand opposite each other along the street between their cells."""
    block = np.full(max(first.max(), second.max(), cell.max()) + 1, -1)
    block[cell] = np.arange(len(cell))
    built = (block[first] >= 0) & (block[second] >= 0)
    one, two, street = block[first[built]], block[second[built]], street[built]
    low, high = _stretch(blocks[one], street)
    other_low, other_high = _stretch(blocks[two], street)
    opposite = np.minimum(high, other_high) - np.maximum(low, other_low) > FACING_M
    return np.sort(np.stack([one, two], axis=1)[opposite], axis=1)


def _stretch(blocks: np.ndarray, street: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """From where to where each block stands along a street: its corners nearest to it."""
    ends = shapely.get_coordinates(street).reshape(-1, 2, 2)
    along = ends[:, 1] - ends[:, 0]
    along = along / np.hypot(*along.T)[:, None]
    points, owner = shapely.get_coordinates(blocks, return_index=True)
    away = points - ends[owner, 0]
    place = (away * along[owner]).sum(axis=1)
    depth = np.abs(away[:, 0] * along[owner, 1] - away[:, 1] * along[owner, 0])
    front = np.full(len(blocks), np.inf)
    np.minimum.at(front, owner, depth)
    on = depth <= front[owner] + 0.3
    low, high = np.full(len(blocks), np.inf), np.full(len(blocks), -np.inf)
    np.minimum.at(low, owner[on], place[on])
    np.maximum.at(high, owner[on], place[on])
    return low, high


def _held(matrix: sparse.csr_array, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    return np.asarray(matrix[rows, columns]).ravel() > 0
