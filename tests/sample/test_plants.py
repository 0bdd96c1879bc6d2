"""What was planted is there, and nothing else is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from targeting.sample import City
from targeting.sample.facilities import denue_table, service_areas, service_points
from targeting.sample.facility_mix import ESTABLISHMENTS, SERVICE
from targeting.sample.incidents import (
    VIOLENT,
    VIOLENT_PER_RESIDENT,
    incident_table,
    violent_by_block,
)
from targeting.sample.places import lon_lat
from targeting.sample.plants import CORNERS, DECOY

POOR = ("poor_not_violent", "both")
SAFE = ("poor_not_violent", "lacks_facilities")
VIOLENT_CORNERS = ("violent_not_poor", "both")


@pytest.fixture(scope="module")
def violent(city: City) -> pd.Series:
    return pd.Series(violent_by_block(city), index=city.blocks.index)


def rate(city: City, violent: pd.Series, ids: pd.Index) -> float:
    return float(violent[ids].sum() / city.blocks.loc[ids, "people"].sum())


@pytest.mark.parametrize("corner", CORNERS)
def test_a_corner_is_one_compact_piece_on_no_barrier(city: City, corner: str) -> None:
    held = city.blocks.loc[city.ids_of(corner)]
    assert 8_000 <= held["people"].sum() <= 11_000
    shapes = held.geometry.to_numpy()
    first, second = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=50.0)
    graph = coo_array((np.ones(len(first)), (first, second)), shape=(len(shapes), len(shapes)))
    assert connected_components(graph, directed=False)[0] == 1
    assert held["sector"].nunique() == 1
    hull = shapely.convex_hull(shapely.union_all(shapes))
    # A circle has 1, a square 0.79.
    assert 4 * np.pi * shapely.area(hull) / shapely.length(hull) ** 2 > 0.75
    assert not shapely.intersects(city.lines.geometry.to_numpy(), hull)[:2].any()


def test_corners_are_apart(city: City) -> None:
    pieces = [
        shapely.union_all(city.blocks.geometry[city.ids_of(name)].to_numpy())
        for name in (*CORNERS, DECOY)
    ]
    for row, piece in enumerate(pieces):
        for other in pieces[:row]:
            assert shapely.distance(piece, other) > 400.0


def test_corners_differ_where_they_should(city: City) -> None:
    mean = city.blocks.groupby("corner")[["want", "risk"]].mean()
    city_want, city_risk = mean.loc["", "want"], mean.loc["", "risk"]
    for corner in POOR:
        assert mean.loc[corner, "want"] > city_want + 2.0
    for corner in VIOLENT_CORNERS:
        assert mean.loc[corner, "risk"] > 4.5 * city_risk
    for corner in SAFE:
        assert mean.loc[corner, "risk"] < 1.1 * city_risk
    assert mean.loc["violent_not_poor", "want"] < city_want - 0.5
    assert abs(mean.loc["lacks_facilities", "want"] - city_want) < 0.5


def test_background_want_and_risk_are_weakly_tied(city: City) -> None:
    plain = city.blocks[city.blocks["corner"] == ""]
    tie = np.corrcoef(plain["want"], np.log(plain["risk"]))[0, 1]
    assert 0.05 <= tie <= 0.4


def test_violence_follows_the_true_risk(city: City, violent: pd.Series) -> None:
    plain = rate(city, violent, city.ids_of(""))
    # A few thousand a year in some 420,000 people.
    assert 3_000 <= violent.sum() <= 5_500
    assert plain == pytest.approx(VIOLENT_PER_RESIDENT, rel=0.1)
    for corner in VIOLENT_CORNERS:
        assert rate(city, violent, city.ids_of(corner)) > 4 * plain


def test_the_decoy_is_extreme_by_chance_only(city: City, violent: pd.Series) -> None:
    ids = city.ids_of(DECOY)
    held = city.blocks.loc[ids]
    assert held["people"].between(3, 10).all()
    assert (held["risk"] == 1.0).all()
    assert violent[ids].max() == 1
    hit = ids[violent[ids] > 0]
    raw = violent[hit] / held.loc[hit, "people"]
    city_raw = violent / city.blocks["people"].replace(0, np.nan)
    assert len(hit) >= 8
    assert raw.min() >= city_raw.quantile(0.95)
    assert raw.max() > 30 * VIOLENT_PER_RESIDENT
    # Poisson: so many hits are possible at the average risk, but rare (one in 400 draws, about).
    expected = VIOLENT_PER_RESIDENT * held["people"].sum()
    assert len(hit) < expected + 5 * np.sqrt(expected)


def test_nothing_to_use_near_the_corner_that_lacks(city: City) -> None:
    corner = city.blocks.geometry[city.ids_of("lacks_facilities")].to_numpy()
    tree = shapely.STRtree(corner)
    table = denue_table(city)
    useful = {kind.code for kind in ESTABLISHMENTS if kind.role == SERVICE}
    x, y = _meters(city, table[table["codigo_act"].isin(useful)])
    points = service_points(city)
    points = points[points["GEOGRAFICO"].isin(["PLAZA", "INSTALACIÓN DEPORTIVA O RECREATIVA"])]
    greens = service_areas(city)
    greens = greens[greens["GEOGRAFICO"] == "ÁREA VERDE"]
    for shapes in (shapely.points(x, y), points.geometry.to_numpy(), greens.geometry.to_numpy()):
        assert len(shapes) > 40
        assert len(tree.query(shapes, predicate="dwithin", distance=330.0)[0]) == 0
    for other in ("both", "poor_not_violent", "violent_not_poor"):
        near = shapely.STRtree(city.blocks.geometry[city.ids_of(other)].to_numpy())
        assert len(near.query(shapely.points(x, y), predicate="dwithin", distance=330.0)[0]) > 10


def _meters(city: City, table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    import pyproj

    change = pyproj.Transformer.from_crs("EPSG:6365", city.blocks.crs, always_xy=True)
    longitude = pd.to_numeric(table["longitud"]).to_numpy()
    return change.transform(longitude, pd.to_numeric(table["latitud"]).to_numpy())


def test_without_plants_streets_and_people_stay(city: City, plain_city: City) -> None:
    assert plain_city.blocks.index.equals(city.blocks.index)
    assert plain_city.blocks.geometry.equals(city.blocks.geometry)
    assert (plain_city.blocks["people"] == city.blocks["people"]).all()
    assert (plain_city.blocks["corner"] == "").all()


def test_without_plants_violence_is_nearly_flat(city: City, plain_city: City) -> None:
    risk = plain_city.blocks["risk"]
    assert np.log(risk).std() < 0.2
    assert risk.max() < 1.8
    for corner in CORNERS:
        ids = city.ids_of(corner)
        assert 0.75 < plain_city.blocks.loc[ids, "risk"].mean() < 1.25


def test_without_plants_the_lacking_corner_has_facilities(city: City, plain_city: City) -> None:
    x, y = _meters(plain_city, denue_table(plain_city))
    near = shapely.STRtree(city.blocks.geometry[city.ids_of("lacks_facilities")].to_numpy())
    assert len(near.query(shapely.points(x, y), predicate="dwithin", distance=330.0)[0]) > 10


def test_incident_file_has_the_measured_flaws(city: City, violent: pd.Series) -> None:
    """Shares of Zapopan: sources-mexico.md, sections 2 and 5."""
    table = incident_table(city)
    longitude = pd.to_numeric(table["longitud"])
    placed = longitude.notna() & (longitude != 0)
    x, y = _meters(city, table[placed])
    tree = shapely.STRtree(city.blocks.geometry.to_numpy())
    gap = tree.query_nearest(shapely.points(x, y), return_distance=True, all_matches=False)[1]
    assert (gap == 0).sum() / len(table) == pytest.approx(0.36, abs=0.03)
    assert (gap <= 10).sum() / len(table) == pytest.approx(0.92, abs=0.03)
    assert 1 - (gap <= 50).sum() / len(table) == pytest.approx(0.04, abs=0.01)
    assert (longitude == 0).mean() == pytest.approx(0.004, abs=0.001)
    shared = table[placed].duplicated(["longitud", "latitud"], keep=False).mean()
    assert shared == pytest.approx(0.04, abs=0.02)
    assert table.duplicated().sum() == round(0.002 * (len(table) - table.duplicated().sum()))
    assert 20 <= table["delito"].nunique() <= 30
    assert "VEHICULO RECUPERADO" in set(table["delito"])
    counted = table.drop_duplicates()["delito"].isin(VIOLENT).sum()
    assert counted == violent.sum()


def test_incidents_are_where_their_block_is(city: City, violent: pd.Series) -> None:
    """Violent points, given to the nearest block within 25 m, repeat the true counts closely."""
    table = incident_table(city).drop_duplicates()
    table = table[table["delito"].isin(VIOLENT)]
    longitude = pd.to_numeric(table["longitud"])
    x, y = _meters(city, table[longitude.notna() & (longitude != 0)])
    tree = shapely.STRtree(city.blocks.geometry.to_numpy())
    point, block = tree.query_nearest(shapely.points(x, y), max_distance=25.0, all_matches=False)
    found = np.bincount(block, minlength=len(city.blocks))
    assert np.corrcoef(found, violent)[0, 1] > 0.93
    assert len(point) > 0.94 * len(table)


def test_facility_points_inside_blocks_and_their_number(city: City) -> None:
    """160 for 1,000 blocks and 75 % inside, as in Zapopan (sources-mexico.md, section 5)."""
    table = denue_table(city)
    points = service_points(city)
    known = table["codigo_act"].str[:3].isin(["611", "813"]) | table["codigo_act"].str[:2].isin(
        ["62"]
    )
    known &= ~table["codigo_act"].str.startswith("624")
    per_1k = (known.sum() + len(points)) * 1_000 / len(city.blocks)
    assert per_1k == pytest.approx(160, rel=0.15)
    x, y = _meters(city, table)
    tree = shapely.STRtree(city.blocks.geometry.to_numpy())
    inside = np.unique(tree.query(shapely.points(x, y), predicate="intersects")[0])
    assert len(inside) / len(table) == pytest.approx(0.75, abs=0.04)


def test_longitude_and_latitude_lie_in_the_desert() -> None:
    longitude, latitude = lon_lat(np.array([[2_275_000.0, 1_660_000.0]]))
    # INEGI's LCC by hand with pyproj 3.7 (EPSG:6372 to EPSG:6365): the Bolsón de Mapimí.
    assert longitude[0] == pytest.approx(-104.27494, abs=1e-4)
    assert latitude[0] == pytest.approx(26.98219, abs=1e-4)
