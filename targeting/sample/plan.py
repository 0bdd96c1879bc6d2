"""The plan of the made city: river, rail, avenues, areas (AGEB) and blocks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from targeting.sample.cells import Cells, square
from targeting.sample.chance import smooth_field, stream
from targeting.sample.streets import TINY_M2, Areas, cut_areas, cut_blocks, cut_by_lines, halve_area

ORIGIN = (2_275_000.0, 1_660_000.0)
"""Place of the city's center in INEGI's LCC: the emptiest part of the Bolsón de Mapimí."""

GROSS_BLOCK_M2 = 13_000.0
AREAS_AT_ONCE = 1500
TINY_AREA_M2 = 220_000.0
TINY_SHARE, FEWEST_TINY = 0.03, 30
"""Tiny blocks are not more than this share of all, or this many."""
STEP_M = 110.0
"""Longest straight piece of an outline before the plan is bent."""
RIVER, RAIL, AVENUE = "river", "rail", "avenue"


@dataclass(frozen=True)
class Line:
    """A straight line across the plan, before the plan is bent.

    Parameters
    ----------
    kind : str
        `river`, `rail` or `avenue`.
    angle : float
        Direction, in radians.
    offset_m : float
        Distance of the line from the city's center.
    half_m : float
        Half the free width.
    """

    kind: str
    angle: float
    offset_m: float
    half_m: float

    @property
    def normal(self) -> np.ndarray:
        """Unit vector across the line."""
        return np.array([-np.sin(self.angle), np.cos(self.angle)])


@dataclass(frozen=True)
class Plan:
    """Shapes of the city, in meters of INEGI's LCC.

    Parameters
    ----------
    area_cells : Cells
        The AGEB before bending, city and surroundings.
    built : ndarray of bool
        Which of them hold blocks.
    blocks : ndarray of polygons
        Street-separated blocks.
    block_area : ndarray of int
        Row of the area each block is in.
    voids : ndarray of polygons
        Places left open between the blocks: squares and greens.
    sector : ndarray of int
        Which side of river, rail and avenues each area is on: one number per combination.
    east : ndarray of bool
        Which areas lie beyond the river (the second municipality).
    radius_m : float
        Radius of the city, about.
    lines : tuple of Line
        River, rail line and avenues.
    tiny_area : int
        The area of tiny blocks.
    bend : Bend
        From the straight plan to the map.
    """

    area_cells: Cells
    built: np.ndarray
    blocks: np.ndarray
    block_area: np.ndarray
    voids: np.ndarray
    sector: np.ndarray
    east: np.ndarray
    radius_m: float
    lines: tuple[Line, ...]
    tiny_area: int
    bend: Bend


class Bend:
    """A smooth map of the plane that bends the straight plan; the old center turns the most."""

    def __init__(self, seed: int, radius_m: float) -> None:
        rng = stream(seed, "warp")
        self.turns = rng.normal(0.0, 1.0 / 850.0, (10, 2))
        self.phases = rng.uniform(0.0, 2.0 * np.pi, 10)
        self.pulls = rng.normal(0.0, 1.0, (10, 2)) * 42.0
        self.center_m = center_radius(radius_m)

    def __call__(self, xy: np.ndarray) -> np.ndarray:
        """Return the bent places, in INEGI's LCC, to the millimeter."""
        distance = np.hypot(xy[:, 0], xy[:, 1])
        turn = 0.42 * np.exp(-((distance / (1.35 * self.center_m)) ** 2))
        cos, sin = np.cos(turn), np.sin(turn)
        x = cos * xy[:, 0] - sin * xy[:, 1]
        y = sin * xy[:, 0] + cos * xy[:, 1]
        pull_x, pull_y = np.zeros(len(xy)), np.zeros(len(xy))
        for (along_x, along_y), phase, pull in zip(
            self.turns, self.phases, self.pulls, strict=True
        ):
            wave = np.sin(xy[:, 0] * along_x + xy[:, 1] * along_y + phase)
            pull_x += wave * pull[0]
            pull_y += wave * pull[1]
        return np.round(np.column_stack([x + pull_x, y + pull_y]) + ORIGIN, 3)


def center_radius(radius_m: float) -> float:
    """Radius of the old center, in meters."""
    return float(np.clip(0.2 * radius_m, 350.0, 1500.0))


def draw_lines(radius_m: float) -> tuple[Line, ...]:
    """Return the river, the rail line and the avenues of a city of that radius."""
    return (
        Line(RIVER, np.deg2rad(68.0), -0.24 * radius_m, 38.0),
        Line(RAIL, np.deg2rad(-22.0), -0.33 * radius_m, 13.0),
        Line(AVENUE, np.deg2rad(24.0), 0.26 * radius_m, 17.0),
        Line(AVENUE, np.deg2rad(101.0), 0.30 * radius_m, 15.0),
        Line(AVENUE, np.deg2rad(-58.0), 0.62 * radius_m, 14.0),
    )


def make_plan(count: int, seed: int) -> Plan:
    """Draw a city of exactly `count` blocks.

    Parameters
    ----------
    count : int
        Number of blocks.
    seed : int
        Chance of the city.

    Returns
    -------
    Plan
        Shapes in the plane of the map.
    """
    radius_m = float(np.sqrt(count * GROSS_BLOCK_M2 / np.pi))
    center_m = center_radius(radius_m)
    lines = draw_lines(radius_m)
    cells, sector = cut_by_lines(
        square(3.1 * radius_m + 1200.0, 6.0),
        [(line.normal, line.offset_m, line.half_m) for line in lines],
    )
    rng = stream(seed, "areas")
    areas = cut_areas(cells, sector, rng, radius_m=radius_m, center_m=center_m)
    areas, order, tiny = _grow(areas, count, seed, radius_m)
    shapes, owner, voids, void_owner = _blocks(areas, order, tiny, count, seed, center_m)
    built = np.zeros(len(areas.cells), dtype=bool)
    built[owner] = True
    bend = Bend(seed, radius_m)
    return Plan(
        area_cells=areas.cells,
        built=built,
        blocks=shapely.transform(shapely.segmentize(shapes, STEP_M), bend),
        block_area=owner,
        voids=shapely.transform(shapely.segmentize(voids[built[void_owner]], STEP_M), bend),
        sector=areas.sector,
        east=areas.cells.center() @ lines[0].normal < lines[0].offset_m,
        radius_m=radius_m,
        lines=lines,
        tiny_area=tiny,
        bend=bend,
    )


def _grow(areas: Areas, count: int, seed: int, radius_m: float) -> tuple[Areas, np.ndarray, int]:
    """Return areas, the order of growth, and the area of tiny blocks, cut smaller if need be."""
    rng = stream(seed, "tiny")
    while True:
        order = _growth(areas.cells.center(), seed, radius_m)
        tiny = _tiny_area(areas, order, count, radius_m)
        if areas.cells.area()[tiny] <= max(TINY_SHARE * count, FEWEST_TINY) * TINY_M2:
            return areas, order, tiny
        areas = halve_area(areas, tiny, rng)


def _growth(center: np.ndarray, seed: int, radius_m: float) -> np.ndarray:
    """Return the areas in the order the city grew into them: outward, unevenly, with holes."""
    rng = stream(seed, "outline")
    rough = smooth_field(center, rng, length_m=0.32 * radius_m)
    fine = smooth_field(center, rng, length_m=900.0)
    hole = rng.uniform(size=len(center)) < 0.045
    distance = np.hypot(center[:, 0], center[:, 1]) / radius_m
    grown = distance * (1.0 + 0.16 * rough + 0.05 * fine)
    grown = np.where(hole & (distance > 0.45), grown + 9.0, grown)
    order: np.ndarray = np.argsort(grown, kind="stable")
    return order


def _tiny_area(areas: Areas, order: np.ndarray, count: int, radius_m: float) -> int:
    """Choose the area of tiny blocks: surely built, about half way out, not large."""
    area = areas.cells.area()
    expected = np.cumsum(area[order] / areas.block_m2[order])
    sure = order[: max(int(np.searchsorted(expected, 0.6 * count)), 1)]
    distance = np.hypot(*areas.cells.center()[sure].T) / radius_m
    wanted = np.abs(distance - 0.62) + np.abs(np.log(area[sure] / TINY_AREA_M2))
    return int(sure[np.argmin(np.round(wanted, 9))])


def _blocks(
    areas: Areas, order: np.ndarray, tiny: int, count: int, seed: int, center_m: float
) -> tuple[np.ndarray, ...]:
    """Cut areas into blocks, in the order of growth, until there are enough."""
    rng = stream(seed, "blocks")
    block_m2 = areas.block_m2.copy()
    block_m2[tiny] = TINY_M2
    parts, total = [], 0
    for start in range(0, len(order), AREAS_AT_ONCE):
        rows = order[start : start + AREAS_AT_ONCE]
        cut = areas.cells.take(rows)
        made = cut_blocks(cut, block_m2[rows], rows == tiny, rng, center_m=center_m)
        parts.append((made[0], rows[made[1]], made[2], rows[made[3]]))
        total += len(made[0])
        if total >= count:
            break
    else:
        raise ValueError("the plan is too small for so many blocks")
    shapes, owner, voids, void_owner = (np.concatenate(part) for part in zip(*parts, strict=True))
    grown = np.empty(len(order), dtype=np.int64)
    grown[order] = np.arange(len(order))
    kept = np.argsort(grown[owner], kind="stable")[:count]
    return shapes[kept], owner[kept], voids, void_owner
