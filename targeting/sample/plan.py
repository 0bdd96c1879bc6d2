"""The plan of the made city: river, rail, avenues, areas (AGEB) and blocks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from targeting.sample.cells import Cells, inset, polygons, split, square
from targeting.sample.chance import smooth_field, stream

ORIGIN = (2_275_000.0, 1_660_000.0)
"""Place of the city's center in INEGI's LCC: the emptiest part of the Bolsón de Mapimí."""

GROSS_BLOCK_M2 = 13_000.0
AREAS_AT_ONCE = 1500
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
        self.turns = rng.normal(0.0, 1.0 / 3200.0, (10, 2))
        self.phases = rng.uniform(0.0, 2.0 * np.pi, 10)
        self.pulls = rng.normal(0.0, 1.0, (10, 2)) * 55.0
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
    """
    radius_m = float(np.sqrt(count * GROSS_BLOCK_M2 / np.pi))
    lines = draw_lines(radius_m)
    cells, sector = _areas(square(3.1 * radius_m + 1200.0, 6.0), lines, seed, radius_m)
    rank = _growth(cells.center(), seed, radius_m)
    order = np.argsort(rank, kind="stable")
    gross, tiny = _gross(cells, order, count, seed, radius_m)
    bend = Bend(seed, radius_m)
    shapes, owners, total = [], [], 0
    open_places, void_owners = [], []
    rng = stream(seed, "blocks")
    for start in range(0, len(order), AREAS_AT_ONCE):
        rows = order[start : start + AREAS_AT_ONCE]
        drawn, owner, left_open, left_owner = _blocks(
            cells.take(rows), gross[rows], rng, radius_m, rows == tiny
        )
        shapes.append(drawn)
        open_places.append(left_open)
        void_owners.append(rows[left_owner])
        owners.append(rows[owner])
        total += len(drawn)
        if total >= count:
            break
    blocks = np.concatenate(shapes)[:count]
    owner = np.concatenate(owners)[:count]
    if len(blocks) < count:
        raise ValueError("the plan is too small for so many blocks")
    built = np.zeros(len(cells), dtype=bool)
    built[owner] = True
    east = cells.center() @ lines[0].normal < lines[0].offset_m
    voids = np.concatenate(open_places)
    voids = voids[built[np.concatenate(void_owners)]]
    bent, left = (
        shapely.transform(shapely.segmentize(each, STEP_M), bend) for each in (blocks, voids)
    )
    return Plan(cells, built, bent, owner, left, sector, east, radius_m, lines, tiny, bend)


def _areas(
    cells: Cells, lines: tuple[Line, ...], seed: int, radius_m: float
) -> tuple[Cells, np.ndarray]:
    sector = np.zeros(1, dtype=np.int64)
    for line in lines:
        every = np.arange(len(cells))
        normal = np.broadcast_to(line.normal, (len(cells), 2))
        offset = np.full(len(cells), line.offset_m)
        half = np.full(len(cells), line.half_m)
        cells, origin = split(cells, every, normal=normal, offset=offset, half_m=half)
        sector = sector[origin] * 2 + (cells.center() @ line.normal > line.offset_m)
    rng = stream(seed, "areas")
    while True:
        area = cells.area()
        distance = np.hypot(*cells.center().T) / radius_m
        goal = 600_000.0 * np.where(distance < 0.25, 0.62, 1.0) * np.where(distance > 1.6, 8, 1)
        rows = np.flatnonzero(area > 1.55 * goal * rng.lognormal(0.0, 0.25, len(cells)))
        if not len(rows):
            return cells, sector
        cut = cells.take(rows)
        angle = cut.longest_edge() + rng.normal(0.0, 0.16, len(rows))
        normal = np.column_stack([np.cos(angle), np.sin(angle)])
        low, high = cut.extent(normal)
        offset = low + (high - low) * rng.uniform(0.38, 0.62, len(rows))
        scale = np.searchsorted([1.2e6, 4.5e6], area[rows])
        half = np.array([5.5, 7.5, 11.0])[scale] * rng.lognormal(0.0, 0.22, len(rows))
        cells, origin = split(cells, rows, normal=normal, offset=offset, half_m=half)
        sector = sector[origin]


def _growth(center: np.ndarray, seed: int, radius_m: float) -> np.ndarray:
    rng = stream(seed, "outline")
    rough = smooth_field(center, rng, length_m=0.32 * radius_m)
    fine = smooth_field(center, rng, length_m=900.0)
    hole = rng.uniform(size=len(center)) < 0.045
    distance = np.hypot(center[:, 0], center[:, 1]) / radius_m
    grown: np.ndarray = distance * (1.0 + 0.16 * rough + 0.05 * fine)
    return np.where(hole & (distance > 0.45), grown + 9.0, grown)


def _gross(
    cells: Cells, order: np.ndarray, count: int, seed: int, radius_m: float
) -> tuple[np.ndarray, int]:
    """Give each area the size of its blocks, and choose the area of tiny ones."""
    rng = stream(seed, "outline")
    rng.uniform(size=11)
    center = cells.center()
    distance = np.hypot(center[:, 0], center[:, 1]) / radius_m
    size = 10_800.0 * rng.lognormal(0.0, 0.36, len(cells))
    size *= np.where(distance < 0.5, 0.88, 1.0) * np.where(distance > 0.8, 1.2, 1.0)
    large = rng.uniform(size=len(cells)) < np.clip(0.5 * (distance - 0.2), 0.04, 0.36)
    size = np.where(large, size * rng.lognormal(2.0, 0.6, len(cells)), size)
    center_m = center_radius(radius_m) / radius_m
    size = np.where(distance < 0.8 * center_m, 6_000.0, size)
    area = cells.area()
    expected = np.cumsum(area[order] / size[order])
    chosen = order[: int(np.searchsorted(expected, count)) // 2 * 2]
    wanted = np.abs(distance[chosen] - 0.62) + np.abs(np.log(area[chosen] / 240_000.0))
    tiny = int(chosen[np.argmin(wanted)])
    size[tiny] = 1_900.0
    return size, tiny


def _blocks(
    cells: Cells,
    gross: np.ndarray,
    rng: np.random.Generator,
    radius_m: float,
    is_tiny: np.ndarray,
) -> tuple[np.ndarray, ...]:
    """Cut areas into blocks; return shapes and rows of their areas, of blocks and of voids."""
    total = len(cells)
    distance = np.hypot(*cells.center().T)
    old = distance < center_radius(radius_m)
    angle = cells.longest_edge()
    turned = rng.uniform(size=total) < 0.16
    angle = angle + np.where(turned, rng.uniform(-0.8, 0.8, total), 0.0)
    aspect = np.where(old | is_tiny, 1.15, np.exp(rng.normal(0.78, 0.28, total)))
    along = np.sqrt(gross * aspect)
    across = np.sqrt(gross / aspect)
    street = 4.2 * rng.lognormal(0.0, 0.40, total)
    owner = np.arange(total)
    done = np.zeros(total, dtype=bool)
    for _ in range(40):
        if done.all():
            break
        rows = np.flatnonzero(~done)
        cut, mine = cells.take(rows), owner[rows]
        u = np.column_stack([np.cos(angle[mine]), np.sin(angle[mine])])
        v = np.column_stack([-u[:, 1], u[:, 0]])
        low_u, high_u = cut.extent(u)
        low_v, high_v = cut.extent(v)
        parts_u = np.round((high_u - low_u) / along[mine]).astype(int)
        parts_v = np.round((high_v - low_v) / across[mine]).astype(int)
        area = cut.area()
        whole = rng.uniform(size=len(rows))
        kept_whole = (area < 9.0 * gross[mine]) & (whole < 0.10)
        kept_whole |= (area < 40.0 * gross[mine]) & (whole < 0.03)
        stop = ((parts_u < 2) & (parts_v < 2)) | (area < 0.75 * gross[mine]) | kept_whole
        again = (rng.uniform(size=len(rows)) < 0.17) & (area > 1_400.0)
        stop &= ~again
        stop &= ~is_tiny[mine] | (area < 2.2 * gross[mine])
        done[rows[stop]] = True
        go = ~stop
        rows, mine = rows[go], mine[go]
        if not len(rows):
            continue
        by_u = parts_u[go] > parts_v[go]
        by_u |= (parts_u[go] == parts_v[go]) & ((high_u - low_u) > (high_v - low_v))[go]
        normal = np.where(by_u[:, None], u[go], v[go])
        low = np.where(by_u, low_u[go], low_v[go])
        high = np.where(by_u, high_u[go], high_v[go])
        parts = np.maximum(np.where(by_u, parts_u[go], parts_v[go]), 2)
        share = (parts // 2) / parts + rng.normal(0.0, 0.12, len(rows)) / parts
        share = np.where(again[go], rng.uniform(0.12, 0.5, len(rows)), share)
        half = street[mine] * rng.lognormal(0.0, 0.24, len(rows))
        half = np.where(by_u, half, 1.05 * half)
        cells, origin = split(
            cells, rows, normal=normal, offset=low + share * (high - low), half_m=half
        )
        owner, done = owner[origin], done[origin]
    return _draw(cells, owner, rng)


def _draw(cells: Cells, owner: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Draw blocks in from their streets; slivers become part of the street."""
    inner, sound = inset(cells)
    shapes = np.empty(len(cells), dtype=object)
    shapes[sound] = polygons(inner.take(sound))
    rough = cells.take(~sound)
    widest = np.where(rough.held, rough.half, 0.0).max(axis=1)
    shapes[~sound] = shapely.buffer(polygons(rough), -widest, join_style="mitre")
    area = shapely.area(shapes)
    plaza = (rng.uniform(size=len(cells)) < 0.04) & (area < 14_000.0)
    sound = (area > 260.0) & (shapely.get_type_id(shapes) == 3) & shapely.is_valid(shapes)
    good, left = sound & ~plaza, sound & plaza
    return shapes[good], owner[good], shapes[left], owner[left]
