"""A made city for the benchmark of the page: blocks apart by streets, and a Result of them.

Streets of 9, 11 and 14 m on a warped lattice, 14 % of its cells empty, blocks of 4 to 12 vertices
(7.5 on average); everything follows from the seed. The 40 polygons are disks of blocks: no search
is run.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(1, str(Path(__file__).resolve().parent.parent))

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from scipy.spatial import cKDTree

from targeting.characterization import profile
from targeting.model import (
    CandidatePolygons,
    Indicator,
    IntakeReport,
    Node,
    Result,
    Scores,
    Territory,
    Values,
)
from tests.render.results import HOSTILE, make_study

METRIC = CRS.from_epsg(32613)
CORNER = (650_000.0, 2_260_000.0)
CELL_M = 92.0
VOIDS = 0.14
STREETS_M = (9.0, 11.0, 14.0)
VERTICES = (14, 12, 12, 12, 14, 13, 10, 7, 6)  # percent of blocks with 4, 5 … 12 vertices
KINDS = ("primary_school", "health_center", "park", "library", "market", "community_center")

INDICATORS = tuple(
    Indicator(
        key,
        {"es": spanish, "en": english},
        unit,
        worse,
        dimension,
        "made",
        source="Made",
        year="2020",
    )
    for key, spanish, english, unit, worse, dimension in (
        ("robbery_per_1k", "Robos", "Robberies", "per_1k", "higher", "violence"),
        ("calls_per_1k", "Llamadas", "Calls", "per_1k", "higher", "violence"),
        ("no_internet_share", "Sin internet", "No internet", "share", "higher", "marginalization"),
        ("no_school_share", "Sin escuela", "No schooling", "share", "higher", "marginalization"),
        ("margin_index", "Marginación", "Margin", "index", "lower", "marginalization"),
        ("clinic_distance_m", "A la clínica", "To the clinic", "m", "higher", "facilities"),
    )
)
SOURCE_DECIMALS = (3, 3, 4, 4, 5, 1)
"""Digits after the point of each indicator, as a source would publish them."""
WEIGHTS = {
    "violence": (4.0, {"robbery_per_1k": 2.0, "calls_per_1k": 1.0}),
    "marginalization": (
        4.0,
        {"no_internet_share": 1.0, "no_school_share": 1.0, "margin_index": 1.0},
    ),
    "facilities": (2.0, {"clinic_distance_m": 1.0}),
}


def blocks(count: int, *, seed: int = 2026) -> gpd.GeoSeries:
    """Return blocks by key; the key has the shape of INEGI's, letters of the AGEB among them."""
    chance = np.random.default_rng(seed)
    side = int(np.ceil(np.sqrt(count / (1 - VOIDS)))) + 1
    cells = np.sort(chance.permutation(side * side)[:count])
    row, column = np.divmod(cells, side)
    street_x = chance.choice(STREETS_M, side + 1) / 2
    street_y = chance.choice(STREETS_M, side + 1) / 2
    left, right = column * CELL_M + street_x[column], (column + 1) * CELL_M - street_x[column + 1]
    low, high = row * CELL_M + street_y[row], (row + 1) * CELL_M - street_y[row + 1]
    corners = np.stack(
        [np.stack(at, axis=1) for at in ((left, low), (right, low), (right, high), (left, high))],
        axis=1,
    )
    sizes = chance.choice(np.arange(4, 13), count, p=np.array(VERTICES) / 100)
    shapes = np.empty(count, object)
    for size in range(4, 13):
        mine = np.flatnonzero(sizes == size)
        shapes[mine] = shapely.polygons(_warp(_rings(corners[mine], size, chance)))
    crossed = ~shapely.is_valid(shapes)
    shapes[crossed] = shapely.convex_hull(shapes[crossed])
    area = row // 6 * (side // 6 + 1) + column // 6
    letter = np.array(list("0123456789A"))[area % 11]
    within = pd.Series(area).groupby(area).cumcount() + 1
    keys = [
        f"14120{area // 900 + 1:04d}{area % 900:03d}{last}{block:03d}"
        for area, last, block in zip(area, letter, within, strict=True)
    ]
    made = gpd.GeoSeries(shapes, index=pd.Index(keys, name="block_id"), crs=METRIC)
    return made.sort_index()


def _rings(corners: np.ndarray, size: int, chance: np.random.Generator) -> np.ndarray:
    """Put vertices on the sides of quadrilaterals, a meter or two off the straight line."""
    extra = size - 4
    along = (np.arange(extra) + chance.uniform(0.2, 0.8, (len(corners), extra))) * 4 / max(extra, 1)
    place = np.sort(np.concatenate([np.tile(np.arange(4.0), (len(corners), 1)), along], 1), axis=1)
    at = np.minimum(place.astype(int), 3)
    rest = (place - at)[..., None]
    rows = np.arange(len(corners))[:, None]
    points = corners[rows, at] * (1 - rest) + corners[rows, (at + 1) % 4] * rest
    return points + chance.normal(0, 1.2, points.shape)


def _warp(points: np.ndarray) -> np.ndarray:
    """Bend the lattice as a city's streets bend."""
    x, y = points[..., 0], points[..., 1]
    out = np.stack(
        [
            x + 240 * np.sin(y / 2300) + 60 * np.sin((x + y) / 900) + 0.18 * y,
            y + 200 * np.sin(x / 2700) + 50 * np.sin((x - y) / 700) - 0.11 * x,
        ],
        axis=-1,
    )
    return out + np.array(CORNER)


def values(shapes: gpd.GeoSeries, *, seed: int = 2026) -> pd.DataFrame:
    """Return smooth surfaces with noise, at a source's digits; one value in fifty is missing."""
    chance = np.random.default_rng(seed + 1)
    middle = shapely.get_coordinates(shapely.centroid(shapes.to_numpy())) - np.array(CORNER)
    x, y = middle[:, 0] / 4000, middle[:, 1] / 4000
    wave = np.sin(x) + np.cos(1.3 * y) + 0.4 * np.sin(3 * x + y)
    shift = 1 / (1 + np.exp(-wave[:, None] + chance.normal(0, 0.6, (len(shapes), 6))))
    scale = np.array([12.0, 40.0, 0.8, 0.5, 1.0, 3500.0])
    out = np.round(shift * scale, 6)
    for at, digits in enumerate(SOURCE_DECIMALS):
        out[:, at] = np.round(out[:, at], digits)
    out[chance.random(out.shape) < 0.02] = np.nan
    return pd.DataFrame(out, index=shapes.index, columns=[one.key for one in INDICATORS])


def scores(table: pd.DataFrame) -> Scores:
    """Return weighted averages of ranks; the weight of what is missing is shared out."""
    parts = table.rank(pct=True)
    parts["margin_index"] = 1 - parts["margin_index"]
    total = sum(weight for weight, _ in WEIGHTS.values())
    share = pd.Series(
        {
            key: weight / total * own / sum(inside.values())
            for weight, inside in WEIGHTS.values()
            for key, own in inside.items()
        }
    )[list(table.columns)]
    known = parts.notna()
    coverage = (known * share).sum(axis=1)
    added = (parts * share).div(coverage, axis=0).where(coverage >= 0.5, np.nan)
    score = added.sum(axis=1, min_count=1)
    dimensions = {
        name: (parts[list(inside)] * share[list(inside)]).sum(axis=1)
        / (known[list(inside)] * share[list(inside)]).sum(axis=1)
        for name, (_, inside) in WEIGHTS.items()
    }
    return Scores(
        score=score,
        low=score,
        high=score,
        parts=parts,
        dimensions=pd.DataFrame(dimensions).clip(0, 1),
        weights=share,
        dimension_weights=pd.Series({name: w / total for name, (w, _) in WEIGHTS.items()}),
        contributions=added,
        coverage=coverage,
    )


def polygons(shapes: gpd.GeoSeries, score: pd.Series, people: pd.Series) -> CandidatePolygons:
    """Return 40 disks of about a hundred blocks, around places on a coarse lattice."""
    middle = shapely.get_coordinates(shapely.centroid(shapes.to_numpy()))
    low, high = middle.min(axis=0), middle.max(axis=0)
    places = [(a, b) for b in range(1, 6) for a in range(1, 9)]
    seeds = low + (high - low) * np.array(places) / np.array([9, 6])
    seeds = middle[cKDTree(middle).query(seeds)[1]]
    reach = min(530.0, float((high - low).min()) / 16)
    member = np.zeros(len(shapes), np.int64)
    rows = []
    for number, seed in enumerate(seeds, start=1):
        inside = np.hypot(*(middle - seed).T) < reach
        member[inside] = number
        outline = shapely.buffer(
            shapely.union_all(shapely.buffer(shapes[inside], 10, join_style="mitre")),
            -5,
            join_style="mitre",
        )
        rows.append(
            {
                "need": float((score[inside] * people[inside]).sum()),
                "objective": 1.0,
                "score": float(score[inside].mean()),
                "population": float(people[inside].sum()),
                "area_km2": outline.area / 1e6,
                "perimeter_m": outline.length,
                "compactness": 0.8,
                "block_count": int(inside.sum()),
                "geometry": outline,
            }
        )
    index = pd.Index(range(1, len(rows) + 1), name="polygon")
    table = gpd.GeoDataFrame(rows, index=index, crs=METRIC)
    line = 0.6
    reasons = pd.DataFrame(
        {
            "code": np.where(member > 0, "in-high", np.where(score >= line, "out-far", "out-low")),
            "polygon": member,
            "limit": "",
            "margin": (score - line).to_numpy(),
            "price": np.abs(score - line).to_numpy() * 3,
            "flip_score": line,
        },
        index=shapes.index,
    )
    return CandidatePolygons(pd.Series(member, index=shapes.index), table, reasons, line)


def facilities(shapes: gpd.GeoSeries, *, count: int = 5000, seed: int = 2026) -> gpd.GeoDataFrame:
    """Return facilities near blocks, four of them with names that mean harm."""
    chance = np.random.default_rng(seed + 2)
    near = chance.integers(0, len(shapes), count)
    points = shapely.get_coordinates(shapely.centroid(shapes.to_numpy()[near]))
    names = [*HOSTILE[:4], *(f"Lugar {i} de la calle {i % 97}" for i in range(4, count))]
    return gpd.GeoDataFrame(
        {
            "kind": [KINDS[i % len(KINDS)] for i in range(count)],
            "name": names,
            "source": "Made",
            "sensitive": False,
        },
        index=pd.Index([f"f{i:05d}" for i in range(count)], name="facility_id"),
        geometry=shapely.points(points + chance.uniform(-40, 40, points.shape)),
        crs=METRIC,
    )


def make_city(count: int, *, seed: int = 2026) -> Result:
    """Return a result of so many blocks, 5,000 facilities and 40 polygons."""
    shapes = blocks(count, seed=seed)
    chance = np.random.default_rng(seed + 3)
    people = pd.Series(chance.negative_binomial(3, 3 / 93, count).astype(float), shapes.index)
    held = gpd.GeoDataFrame(
        {
            "area_id": [key[:13] for key in shapes.index],
            "municipality_id": "14120",
            "population": people,
        },
        index=shapes.index,
        geometry=shapes.to_numpy(),
        crs=METRIC,
    )
    territory = Territory(
        blocks=held,
        crs=METRIC,
        facilities=facilities(shapes, seed=seed),
        intake=IntakeReport((), {"blocks": count, "population": float(people.sum())}),
    )
    table = values(shapes, seed=seed)
    known = Values(table, table, table, {one.key: "block" for one in INDICATORS})
    scored = scores(table)
    chosen = polygons(shapes, scored.score, people)
    study = replace(make_study(), indicators=INDICATORS, weights=Node.of(WEIGHTS))
    profiles = profile(territory, INDICATORS, known, scored, chosen)
    return Result(study, territory, INDICATORS, known, scored, chosen, profiles)


def frame_of(result: Result, *, seed: int = 2026) -> gpd.GeoDataFrame:
    """Return the 11 columns others draw: key, neighborhood, two counts, six indicators, score."""
    out = result.territory.blocks[["population", "geometry"]].copy()
    chance = np.random.default_rng(seed + 4)
    area = out.index.str[:13]
    out.insert(0, "key", out.index)
    out.insert(
        1, "neighborhood", "Colonia " + pd.Series(pd.factorize(area)[0] // 7).astype(str).to_numpy()
    )
    out["dwellings"] = np.round(out["population"] / 3.4 + chance.integers(0, 4, len(out)))
    for key in result.values.value:
        out[key] = result.values.value[key]
    out["score"] = result.scores.score.round(4)
    return out.reset_index(drop=True)
