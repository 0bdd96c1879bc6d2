"""Results built by hand: a lattice of blocks, two polygons, and names that mean harm."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from targeting.characterization import profile
from targeting.model import (
    CandidatePolygons,
    Indicator,
    IntakeReport,
    LayerReport,
    LayerSpec,
    Loss,
    MethodSpec,
    Node,
    Result,
    Scores,
    Territory,
    Values,
)
from targeting.study import Study

METRIC = CRS.from_epsg(6372)
ORIGIN = (2_370_000.0, 950_000.0)
SIDE_M, STEP_M = 80.0, 92.0

HOSTILE = (
    "<img src=x onerror=\"window.hacked='markup'\">",
    "</script><script>window.hacked='script'</script>",
    "${window.hacked='template'}",
    "`+(window.hacked='backtick')+`",
    "javascript:window.hacked='address'",
    "\u202eeldatnevni\u202c <b>bidi</b>",
    '=HYPERLINK("http://example.com","1")',
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "</noscript><script>window.hacked='noscript'</script>",
    "<!--data--><!-- -->",
    "Escuela 'Niños Héroes' & Ñandú",
    "学校 \u2028 مدرسة",
)

INDICATORS = (
    Indicator(
        "incidents_per_1k",
        {"es": "Incidentes por cada 1,000 habitantes", "en": "Incidents per 1,000 people"},
        "per_1k",
        "higher",
        "violence",
        "rate_of_points",
        source="Fiscalía <b>inventada</b>",
        year="2023",
    ),
    Indicator(
        "no_internet_share",
        {"es": "Viviendas sin internet", "en": "Dwellings without internet"},
        "share",
        "higher",
        "marginalization",
        "share",
        source="Censo inventado",
        year="2020",
    ),
    Indicator(
        "margin_index",
        {"es": "Índice de marginación", "en": "Marginalization index"},
        "index",
        "lower",
        "marginalization",
        "published",
        source="Consejo inventado",
        year="2020",
    ),
    Indicator(
        "clinic_distance_m",
        {"es": "Distancia a la clínica", "en": "Distance to the clinic"},
        "m",
        "higher",
        "facilities",
        "distance",
        source="Directorio inventado",
        year="2024",
    ),
)
WEIGHTS = {
    "violence": (4.0, {"incidents_per_1k": 1.0}),
    "marginalization": (4.0, {"no_internet_share": 2.0, "margin_index": 1.0}),
    "facilities": (2.0, {"clinic_distance_m": 1.0}),
}
KINDS = ("primary_school", "health_center", "park", "alcohol_outlet", "market", "shelter")


def make_study(language: str = "es") -> Study:
    """A study with every choice stated."""
    return Study(
        title={"es": "Ciudad de <prueba> & más", "en": "<Test> City & more"},
        language=language,
        made=True,
        municipalities=(),
        crs=None,
        seed=7,
        layers=(LayerSpec("blocks", "inputs.blocks", "m.shp", MethodSpec("inegi_blocks")),),
        match_min=0.9,
        place_within_m=60.0,
        population=MethodSpec("census"),
        indicators=INDICATORS,
        weights=Node.of(WEIGHTS),
        normalize=MethodSpec("rank"),
        aggregate=MethodSpec("arithmetic"),
        coverage_min=0.5,
        streets={"gap_max_m": 40.0},
        delineation=MethodSpec("grow", {"polygons": 2}),
    )


def lattice(rows: int, columns: int) -> gpd.GeoSeries:
    """Blocks on a slightly turned lattice; one has a yard (a hole), one has two parts."""
    row, column = np.divmod(np.arange(rows * columns), columns)
    x, y = ORIGIN[0] + column * STEP_M, ORIGIN[1] - row * STEP_M
    shift = 9.0 * np.sin(np.arange(rows * columns) * 1.7)
    corners = np.stack(
        [
            np.column_stack([x, y]),
            np.column_stack([x + SIDE_M, y + shift]),
            np.column_stack([x + SIDE_M - 6, y + SIDE_M]),
            np.column_stack([x + 30 + shift, y + SIDE_M + 4]),
            np.column_stack([x + 3, y + SIDE_M - shift]),
        ],
        axis=1,
    )
    shapes = shapely.polygons(corners)
    if len(shapes) > 13:
        middle = shapely.centroid(shapes[12])
        shapes[12] = shapely.difference(shapes[12], shapely.buffer(middle, 15.0))
        left, bottom, right, top = shapely.bounds(shapes[13])
        shapes[13] = shapely.multipolygons(
            [shapely.box(left, bottom, right, bottom + 30), shapely.box(left, top - 30, right, top)]
        )
    areas = row // 3 * 7 + column // 4
    ids = [
        f"99001{area:04d}{'A' if area % 3 == 0 else '5'}{block:03d}"
        for block, area in enumerate(areas)
    ]
    series = gpd.GeoSeries(shapes, index=pd.Index(ids, name="block_id"), crs=METRIC)
    return series.sort_index()


def make_facilities(count: int, shapes: gpd.GeoSeries) -> gpd.GeoDataFrame:
    """Facilities near blocks in turn: the hostile names first, two without a name."""
    at = (np.arange(count) * 7) % len(shapes)
    points = shapely.get_coordinates(shapely.centroid(shapes.to_numpy()[at])) + 5.0
    names = [HOSTILE[i] if i < len(HOSTILE) else f"Lugar {i}" for i in range(count)]
    names[-2:] = [None, None]
    kinds = [KINDS[i % len(KINDS)] for i in range(count)]
    return gpd.GeoDataFrame(
        {
            "kind": kinds,
            "name": names,
            "source": "Directorio <i>inventado</i>",
            "sensitive": [kind == "shelter" for kind in kinds],
        },
        index=pd.Index([f"d{i:05d}" for i in range(count)], name="facility_id"),
        geometry=shapely.points(points),
        crs=METRIC,
    )


def make_scores(values: pd.DataFrame, low: pd.DataFrame, high: pd.DataFrame) -> Scores:
    """Weighted averages of ranks, by the weights above; missing weight is shared out."""
    worse = {one.key: one.worse for one in INDICATORS}
    parts = values.rank(pct=True)
    for key in parts:
        if worse[key] == "lower":
            parts[key] = 1 - parts[key]
    total = sum(weight for weight, _ in WEIGHTS.values())
    weights = {
        key: weight / total * own / sum(inside.values())
        for weight, inside in WEIGHTS.values()
        for key, own in inside.items()
    }
    share = pd.Series(weights)[list(values.columns)]
    known = parts.notna()
    coverage = (known * share).sum(axis=1)
    enough = coverage >= 0.5
    contributions = (parts * share).div(coverage, axis=0).where(enough, np.nan)
    score = contributions.sum(axis=1).where(enough)
    dimensions = pd.DataFrame(
        {
            name: (parts[list(inside)] * share[list(inside)]).sum(axis=1)
            / (known[list(inside)] * share[list(inside)]).sum(axis=1)
            for name, (_, inside) in WEIGHTS.items()
        }
    )
    return Scores(
        score=score,
        low=(score - 0.04).clip(0, 1),
        high=(score + 0.03).clip(0, 1),
        parts=parts,
        dimensions=dimensions.clip(0, 1),
        weights=share,
        dimension_weights=pd.Series({name: w / total for name, (w, _) in WEIGHTS.items()}),
        contributions=contributions,
        coverage=coverage,
    )


def make_values(shapes: gpd.GeoSeries) -> Values:
    """Smooth surfaces with a hard corner; some cells masked, some missing, one block empty."""
    count = len(shapes)
    x = shapes.centroid.x.to_numpy() - ORIGIN[0]
    y = ORIGIN[1] - shapes.centroid.y.to_numpy()
    far = np.hypot(x, y) / STEP_M
    wave = np.sin(np.arange(count) * 0.9)
    value = pd.DataFrame(
        {
            "incidents_per_1k": 20 / (1 + far) + 1 + 0.5 * wave,
            "no_internet_share": np.clip(0.7 - 0.05 * far + 0.02 * wave, 0.01, 0.99),
            "margin_index": 0.9 + 0.01 * far,
            "clinic_distance_m": 300 + 60 * far,
        },
        index=shapes.index,
    )
    value.iloc[5, 1] = np.nan
    value.iloc[6] = np.nan
    low, high = value.copy(), value.copy()
    masked = np.arange(count) % 11 == 3
    low.loc[masked, "no_internet_share"] -= 0.005
    high.loc[masked, "no_internet_share"] += 0.005
    wide = np.arange(count) % 37 == 9
    low.loc[wide, "no_internet_share"] = 0.0
    high.loc[wide, "no_internet_share"] = 0.99
    low["incidents_per_1k"] *= 0.8
    high["incidents_per_1k"] *= 1.3
    origin = {
        "incidents_per_1k": "shrunk",
        "no_internet_share": "block",
        "margin_index": "area",
        "clinic_distance_m": "block",
    }
    losses = (Loss("incidents", "no-residents", 3, 120),)
    return Values(value, low, high, origin, losses)


def make_polygons(shapes: gpd.GeoSeries, score: pd.Series, people: pd.Series) -> CandidatePolygons:
    """Two squares of blocks: the corner at the origin and the one across."""
    x = shapes.centroid.x.to_numpy() - ORIGIN[0]
    y = ORIGIN[1] - shapes.centroid.y.to_numpy()
    width = max(x.max(), y.max())
    member = np.zeros(len(shapes), np.int64)
    reach = min(0.4 * width, 12 * STEP_M)
    member[(x < reach) & (y < reach)] = 1
    member[(x > width - reach) & (y > width - reach)] = 2
    rows = []
    for number in (1, 2):
        inside = member == number
        outline = shapes[inside].buffer(8).union_all().buffer(-4)
        rows.append(
            {
                "need": float((score[inside] * people[inside]).sum()),
                "objective": 1.0,
                "score": float(score[inside].mean()),
                "population": float(people[inside].sum()),
                "area_km2": outline.area / 1e6,
                "perimeter_m": outline.length,
                "compactness": 0.7,
                "block_count": int(inside.sum()),
                "geometry": outline,
            }
        )
    table = gpd.GeoDataFrame(rows, index=pd.Index([1, 2], name="polygon"), crs=METRIC)
    threshold = 0.6
    code = np.where(member > 0, "in-high", np.where(score >= threshold, "out-far", "out-low"))
    reasons = pd.DataFrame(
        {
            "code": code,
            "polygon": member,
            "limit": "",
            "margin": (score - threshold).to_numpy(),
            "price": np.linspace(0.0, 40.0, len(member)),
            "flip_score": threshold,
        },
        index=shapes.index,
    )
    membership = pd.Series(member, index=shapes.index)
    return CandidatePolygons(membership, table, reasons, threshold, {"link_count": 180})


def _incident_report() -> LayerReport:
    return LayerReport(
        "incidents",
        "incidentes.csv",
        400,
        300,
        source="Fiscalía <b>inventada</b>",
        year="2023",
        crs_in="EPSG:4326",
        losses=(Loss("incidents", "no-block-near", 20, 320, ("77",)),),
        notes={
            "inside_share": 0.4,
            "kinds": {"<b>robo</b>": 200, "riña": 98, "incendio": 2},
            "not_chosen": 80,
            "not_chosen_texts": {HOSTILE[0]: 60, HOSTILE[1]: 20},
            "texts_not_found": list(HOSTILE),
            "first_date": "2023-01-31",
        },
    )


def make_result(
    rows: int = 10, columns: int = 10, *, facilities: int = 60, language: str = "es"
) -> Result:
    """A whole result."""
    shapes = lattice(rows, columns)
    count = len(shapes)
    people = 40.0 + 9 * (np.arange(count) % 17)
    people[:4] = [0.0, 1.0, 2.0, 3.0]
    people[4] = np.nan
    blocks = gpd.GeoDataFrame(
        {
            "area_id": [key[:10] for key in shapes.index],
            "municipality_id": "99001",
            "population": people,
        },
        index=shapes.index,
        geometry=shapes.to_numpy(),
        crs=METRIC,
    )
    lost = Loss("facilities", "zero-coordinates", 2, facilities + 2, ("4", "9"))
    report = LayerReport(
        "facilities",
        "denue_99.csv",
        facilities + 2,
        facilities,
        source="Directorio inventado",
        year="2024",
        crs_in="EPSG:4326",
        encoding="latin-1",
        losses=(lost,),
        sha256="ab" * 32,
    )
    territory = Territory(
        blocks=blocks,
        crs=METRIC,
        facilities=make_facilities(facilities, shapes),
        intake=IntakeReport((report, _incident_report()), {"blocks": count, "population": 9000}),
    )
    values = make_values(shapes)
    scores = make_scores(values.value, values.low, values.high)
    polygons = make_polygons(shapes, scores.score, blocks["population"].fillna(0))
    profiles = profile(territory, INDICATORS, values, scores, polygons)
    return Result(make_study(language), territory, INDICATORS, values, scores, polygons, profiles)


def bare_result() -> Result:
    """One block with people, no polygon, no facility."""
    whole = make_result(facilities=2)
    one = whole.territory.blocks.iloc[7:8]
    index = one.index
    territory = Territory(blocks=one, crs=METRIC)
    old, scores = whole.values, whole.scores
    values = Values(*(frame.loc[index] for frame in (old.value, old.low, old.high)), old.origin)
    polygons = CandidatePolygons(
        pd.Series(0, index=index),
        whole.polygons.polygons.iloc[:0],
        pd.DataFrame(
            {
                "code": "out-low",
                "polygon": 0,
                "limit": "",
                "margin": -0.1,
                "price": np.nan,
                "flip_score": np.nan,
            },
            index=index,
        ),
        0.6,
    )
    alone = Scores(
        scores.score[index],
        scores.low[index],
        scores.high[index],
        scores.parts.loc[index],
        scores.dimensions.loc[index],
        scores.weights,
        scores.dimension_weights,
        scores.contributions.loc[index],
        scores.coverage[index],
    )
    profiles = profile(territory, INDICATORS, values, alone, polygons)
    return Result(whole.study, territory, INDICATORS, values, alone, polygons, profiles)
