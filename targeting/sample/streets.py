"""Streets of the straight plan: lines that cut the city into areas, and areas into blocks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from targeting.sample.cells import Cells, inset, polygons, split

AREA_M2 = 700_000.0
"""Areas over about this are cut in two."""
MOST_BLOCKS = 70
"""Areas that would hold more blocks are cut in two."""

BLOCK_M2 = 10_800.0
"""Usual size of a block with its half of the streets."""
TINY_M2 = 1_900.0
HALF_STREET_M = 4.0
SMALLEST_M2 = 260.0
"""Smaller leftovers are part of the street."""
OPEN_SHARE = 0.04
"""Places for a block that stay open: squares and greens."""


@dataclass(frozen=True)
class Areas:
    """The areas of the straight plan, built or not.

    Parameters
    ----------
    cells : Cells
        Their shapes.
    sector : ndarray of int
        One number for each combination of sides of the lines.
    block_m2 : ndarray
        Usual size of the blocks in each.
    """

    cells: Cells
    sector: np.ndarray
    block_m2: np.ndarray


def cut_by_lines(
    cells: Cells, lines: list[tuple[np.ndarray, float, float]]
) -> tuple[Cells, np.ndarray]:
    """Cut everything by lines (normal, offset, half width); return cells and their sectors."""
    sector = np.zeros(len(cells), dtype=np.int64)
    for normal, offset, half in lines:
        many = len(cells)
        cells, origin = split(
            cells,
            np.arange(many),
            normal=np.broadcast_to(normal, (many, 2)),
            offset=np.full(many, offset),
            half_m=np.full(many, half),
        )
        sector = sector[origin] * 2 + (cells.center() @ normal > offset)
    return cells, sector


def cut_areas(
    cells: Cells, sector: np.ndarray, rng: np.random.Generator, *, radius_m: float, center_m: float
) -> Areas:
    """Cut sectors into areas, first by avenues, then by lesser streets."""
    whole = np.zeros(len(cells), dtype=bool)
    while not whole.all():
        distance = np.hypot(*cells.center().T) / radius_m
        goal = AREA_M2 * np.where(distance < 0.25, 0.62, 1.0) * np.where(distance > 1.6, 8.0, 1.0)
        whole |= cells.area() < goal * rng.lognormal(0.0, 0.25, len(cells))
        cells, origin = _halve(cells, np.flatnonzero(~whole), rng)
        sector, whole = sector[origin], whole[origin]
    block_m2 = _block_sizes(cells, rng, radius_m=radius_m, center_m=center_m)
    for _ in range(4):
        near = np.hypot(*cells.center().T) < 1.6 * radius_m
        rows = np.flatnonzero((cells.area() > MOST_BLOCKS * block_m2) & near)
        if not len(rows):
            break
        cells, origin = _halve(cells, rows, rng)
        sector, block_m2 = sector[origin], block_m2[origin]
    return Areas(cells, sector, block_m2)


def halve_area(areas: Areas, row: int, rng: np.random.Generator) -> Areas:
    """Cut one area in two."""
    cells, origin = _halve(areas.cells, np.array([row]), rng)
    return Areas(cells, areas.sector[origin], areas.block_m2[origin])


def _halve(cells: Cells, rows: np.ndarray, rng: np.random.Generator) -> tuple[Cells, np.ndarray]:
    """Cut cells across their longest edge; the larger the cell, the wider the street."""
    cut = cells.take(rows)
    angle = cut.longest_edge() + rng.normal(0.0, 0.16, len(rows))
    normal = np.column_stack([np.cos(angle), np.sin(angle)])
    low, high = cut.extent(normal)
    offset = low + (high - low) * rng.uniform(0.38, 0.62, len(rows))
    rank = np.searchsorted([1.2e6, 4.5e6], cut.area())
    half = np.array([5.5, 7.5, 11.0])[rank] * rng.lognormal(0.0, 0.22, len(rows))
    return split(cells, rows, normal=normal, offset=offset, half_m=half)


def _block_sizes(
    cells: Cells, rng: np.random.Generator, *, radius_m: float, center_m: float
) -> np.ndarray:
    """Return the usual block of each area: small in the center, some very large outside."""
    distance_m = np.hypot(*cells.center().T)
    distance = distance_m / radius_m
    size = BLOCK_M2 * rng.lognormal(0.0, 0.36, len(cells))
    size *= np.where(distance < 0.5, 0.88, 1.0) * np.where(distance > 0.8, 1.2, 1.0)
    # Every so many areas, counted along the plan: so a small city has its share.
    reached = np.cumsum(np.clip(0.6 * (distance - 0.2), 0.05, 0.42)) + rng.uniform()
    large = np.floor(reached) > np.floor(np.r_[0.0, reached[:-1]])
    size = np.where(large, size * rng.lognormal(2.15, 0.6, len(cells)), size)
    return np.where(distance_m < 0.8 * center_m, 6_000.0, size)


@dataclass(frozen=True)
class _Grid:
    """Way and step of the streets of each area."""

    along: np.ndarray
    across: np.ndarray
    step_along: np.ndarray
    step_across: np.ndarray
    block_m2: np.ndarray
    half_m: np.ndarray
    tiny: np.ndarray


def _grid(
    cells: Cells, block_m2: np.ndarray, tiny: np.ndarray, rng: np.random.Generator, center_m: float
) -> _Grid:
    many = len(cells)
    old = np.hypot(*cells.center().T) < center_m
    turned = rng.uniform(size=many) < 0.16
    angle = cells.longest_edge() + np.where(turned, rng.uniform(-0.8, 0.8, many), 0.0)
    aspect = np.where(old | tiny, 1.15, np.exp(rng.normal(0.78, 0.28, many)))
    along = np.column_stack([np.cos(angle), np.sin(angle)])
    across = np.column_stack([-along[:, 1], along[:, 0]])
    half = HALF_STREET_M * rng.lognormal(0.0, 0.39, many)
    return _Grid(
        along,
        across,
        np.sqrt(block_m2 * aspect),
        np.sqrt(block_m2 / aspect),
        block_m2,
        half,
        tiny,
    )


def cut_blocks(
    cells: Cells,
    block_m2: np.ndarray,
    tiny: np.ndarray,
    rng: np.random.Generator,
    *,
    center_m: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Cut areas into blocks, and draw the blocks in from their streets.

    Parameters
    ----------
    cells : Cells
        Areas.
    block_m2 : ndarray
        Usual size of the blocks of each.
    tiny : ndarray of bool
        Areas of tiny blocks only.
    rng : Generator
        Source of chance.
    center_m : float
        Radius of the old center, where blocks are nearly square.

    Returns
    -------
    ndarray, ndarray, ndarray, ndarray
        Blocks and the row of their area; places left open and the row of theirs.
    """
    grid = _grid(cells, block_m2, tiny, rng, center_m)
    owner = np.arange(len(cells))
    done = np.zeros(len(cells), dtype=bool)
    while not done.all():
        rows = np.flatnonzero(~done)
        stop, line = _next_street(cells.take(rows), owner[rows], grid, rng)
        done[rows[stop]] = True
        normal, offset, half = line
        cells, origin = split(cells, rows[~stop], normal=normal, offset=offset, half_m=half)
        owner, done = owner[origin], done[origin]
    return _draw(cells, owner, rng)


def _next_street(
    cut: Cells, mine: np.ndarray, grid: _Grid, rng: np.random.Generator
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Return which cells are blocks already, and the street through each of the others."""
    along, across = grid.along[mine], grid.across[mine]
    low_u, high_u = cut.extent(along)
    low_v, high_v = cut.extent(across)
    parts_u = np.round((high_u - low_u) / grid.step_along[mine]).astype(int)
    parts_v = np.round((high_v - low_v) / grid.step_across[mine]).astype(int)
    area, usual = cut.area(), grid.block_m2[mine]
    whole = rng.uniform(size=len(cut))
    stop = ((parts_u < 2) & (parts_v < 2)) | (area < 0.75 * usual)
    stop |= ((area < 9.0 * usual) & (whole < 0.10)) | ((area < 40.0 * usual) & (whole < 0.05))
    again = (rng.uniform(size=len(cut)) < 0.17) & (area > 1_400.0)
    stop &= ~again
    stop &= ~grid.tiny[mine] | (area < 2.2 * usual)
    by_u = parts_u > parts_v
    by_u |= (parts_u == parts_v) & (high_u - low_u > high_v - low_v)
    parts = np.maximum(np.where(by_u, parts_u, parts_v), 2)
    share = (parts // 2) / parts + rng.normal(0.0, 0.12, len(cut)) / parts
    share = np.where(again, rng.uniform(0.12, 0.5, len(cut)), share)
    low, high = np.where(by_u, low_u, low_v), np.where(by_u, high_u, high_v)
    half = grid.half_m[mine] * rng.lognormal(0.0, 0.24, len(cut)) * np.where(by_u, 1.0, 1.05)
    go = ~stop
    normal = np.where(by_u[:, None], along, across)[go]
    return stop, (normal, (low + share * (high - low))[go], half[go])


def _draw(
    cells: Cells, owner: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    inner, good = inset(cells)
    shapes = np.empty(len(cells), dtype=object)
    shapes[good] = polygons(inner.take(good))
    rough = cells.take(~good)
    widest = np.where(rough.held, rough.half, 0.0).max(axis=1)
    shapes[~good] = shapely.buffer(polygons(rough), -widest, join_style="mitre")
    area = shapely.area(shapes)
    left_open = (rng.uniform(size=len(cells)) < OPEN_SHARE) & (area < 14_000.0)
    sound = (area > SMALLEST_M2) & (shapely.get_type_id(shapes) == 3) & shapely.is_valid(shapes)
    block, left = sound & ~left_open, sound & left_open
    return shapes[block], owner[block], shapes[left], owner[left]
