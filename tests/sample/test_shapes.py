"""Streets, blocks and areas look like a real city's: quantiles within 20 % of measured ones."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from targeting.sample import City, make_city

SHARES = (5, 25, 50, 75, 95)

# shared/reference/sources-mexico.md, section 3, row Zapopan (12,513 blocks, 2010).
PUBLISHED = {
    "nearest_m": (3.0, 5.0, 6.6, 8.5, 12.3),
    "facing_m": (5.0, 8.5, 12.9, 25.4, 54.7),
}
PUBLISHED_FACING_NEIGHBORS = 7.8
# The same section, all cities: the range of the median, and of the 95 % quantile.
PUBLISHED_MEDIAN_M2 = (4_000.0, 5_600.0)
PUBLISHED_P95_M2 = (15_000.0, 35_000.0)

# Measured with `measure` below on zapopan/manzanas_zapopan_2010.gpkg in EPSG:32613 (GEOS 3.13);
# test_the_yardstick_is_zapopan repeats it.
ZAPOPAN = {
    "area_m2": (608.0, 2_664.0, 4_899.0, 8_614.0, 34_531.0),
    "nearest_m": (2.963, 4.970, 6.597, 8.471, 12.278),
    "facing_m": (4.879, 8.230, 12.065, 20.889, 50.407),
    "neighbors": (3.0, 5.0, 7.0, 8.0, 12.0),
}
ZAPOPAN_FACING_NEIGHBORS = 7.232

# Population per block, Aguascalientes 2020: sources-mexico.md, section 3.
AGUASCALIENTES_PEOPLE = (0.0, 26.0, 66.0, 119.0, 216.0)


def measure(shapes: np.ndarray) -> dict[str, np.ndarray]:
    """Quantiles of block areas, gaps and neighbors, as section 3 defines them.

    Nearest: each block to its nearest block that it does not touch. Facing: pairs up to 60 m apart
    whose shortest connecting segment meets no third block.
    """
    tree = shapely.STRtree(shapes)
    first, second = tree.query(shapes, predicate="dwithin", distance=60.0)
    once = first < second
    first, second = first[once], second[once]
    gap = shapely.distance(shapes[first], shapes[second])
    nearest = np.full(len(shapes), np.inf)
    apart = gap > 0
    np.minimum.at(nearest, first[apart], gap[apart])
    np.minimum.at(nearest, second[apart], gap[apart])
    segments = shapely.shortest_line(shapes[first], shapes[second])
    segment, met = tree.query(segments, predicate="intersects")
    third = (met != first[segment]) & (met != second[segment])
    facing = np.ones(len(segments), dtype=bool)
    facing[segment[third]] = False
    neighbors = np.bincount(first[facing], minlength=len(shapes))
    neighbors = neighbors + np.bincount(second[facing], minlength=len(shapes))
    return {
        "area_m2": np.percentile(shapely.area(shapes), SHARES),
        "nearest_m": np.percentile(nearest[np.isfinite(nearest)], SHARES),
        "facing_m": np.percentile(gap[facing & apart], SHARES),
        "neighbors": np.percentile(neighbors, SHARES),
        "facing_neighbors": np.array(neighbors.mean()),
        "alone_25_m": np.array((nearest > 25.0).mean()),
    }


@pytest.fixture(scope="module")
def measured(city: City) -> dict[str, np.ndarray]:
    return measure(city.blocks.geometry.to_numpy())


@pytest.mark.real
def test_the_yardstick_is_zapopan(real_data: Path) -> None:
    file = real_data / "zapopan" / "manzanas_zapopan_2010.gpkg"
    blocks = gpd.read_file(file).to_crs("EPSG:32613").geometry.to_numpy()
    found = measure(np.asarray(blocks))
    for name, expected in ZAPOPAN.items():
        assert found[name] == pytest.approx(expected, rel=0.01), name
    assert float(found["facing_neighbors"]) == pytest.approx(ZAPOPAN_FACING_NEIGHBORS, rel=0.01)


@pytest.mark.parametrize("name", ["area_m2", "nearest_m", "facing_m"])
def test_quantiles_within_a_fifth_of_zapopan(measured: dict[str, np.ndarray], name: str) -> None:
    assert measured[name] == pytest.approx(ZAPOPAN[name], rel=0.20)


@pytest.mark.parametrize("name", ["nearest_m", "facing_m"])
def test_gaps_within_a_fifth_of_the_reference(measured: dict[str, np.ndarray], name: str) -> None:
    assert measured[name] == pytest.approx(PUBLISHED[name], rel=0.20)


def test_areas_within_the_reference_ranges(measured: dict[str, np.ndarray]) -> None:
    low, high = PUBLISHED_MEDIAN_M2
    assert 0.8 * low <= measured["area_m2"][2] <= 1.2 * high
    low, high = PUBLISHED_P95_M2
    assert 0.8 * low <= measured["area_m2"][4] <= 1.2 * high


def test_neighbors_like_zapopan(measured: dict[str, np.ndarray]) -> None:
    mean = float(measured["facing_neighbors"])
    assert mean == pytest.approx(PUBLISHED_FACING_NEIGHBORS, rel=0.20)
    assert mean == pytest.approx(ZAPOPAN_FACING_NEIGHBORS, rel=0.20)
    # Neighbors are whole numbers: a quantile may also be off by one neighbor (3 against 4).
    off = np.abs(measured["neighbors"] - ZAPOPAN["neighbors"])
    assert (off <= np.maximum(0.20 * np.array(ZAPOPAN["neighbors"]), 1.0)).all()
    assert float(measured["alone_25_m"]) < 0.005


def test_people_like_aguascalientes(city: City) -> None:
    people = city.blocks["people"].to_numpy()
    assert np.percentile(people, SHARES) == pytest.approx(AGUASCALIENTES_PEOPLE, rel=0.20)
    assert 0.10 <= (people == 0).mean() <= 0.13


def test_blocks_are_sound_and_apart(city: City) -> None:
    shapes = city.blocks.geometry.to_numpy()
    assert (shapely.get_type_id(shapes) == 3).all()
    assert shapely.is_valid(shapes).all()
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    assert (first == second).all()
    corners = shapely.get_num_coordinates(shapes) - 1
    assert corners.min() >= 3
    assert np.percentile(corners, 90) <= 12


def test_areas_cover_without_gap_or_overlap(city: City) -> None:
    areas = city.areas.geometry.to_numpy()
    assert shapely.coverage_is_valid(areas)
    assert shapely.area(shapely.union_all(areas)) == pytest.approx(shapely.area(areas).sum())
    own = city.areas.geometry.reindex(city.blocks["area_id"]).to_numpy()
    assert shapely.covers(own, city.blocks.geometry.to_numpy()).all()
    within = shapely.coverage_is_valid(city.municipalities.geometry.to_numpy())
    assert within
    assert 140 <= len(areas) <= 165
    assert 30 <= np.median(city.blocks.groupby("area_id").size()) <= 38


def test_river_and_rail_run_between_blocks(city: City) -> None:
    shapes = city.blocks.geometry.to_numpy()
    lines = city.lines.geometry[city.lines["kind"].isin(["river", "rail"])].to_numpy()
    assert len(lines) == 2
    assert len(shapely.STRtree(shapes).query(lines, predicate="intersects")[0]) == 0


def test_keys_are_inegis(city: City) -> None:
    ids = city.blocks.index
    assert ids.is_unique
    assert ids.is_monotonic_increasing
    assert set(ids.str.len()) == {16}
    assert set(city.blocks["municipality_id"]) == {"99001", "99002"}
    last = city.areas.index.str[12]
    # 9.2 % of the AGEB keys of the country end in A (sources-mexico.md, section 1.1).
    assert 0.03 <= (last == "A").mean() <= 0.18
    assert set(last) <= set("0123456789A")
    assert (city.blocks["area_id"].to_numpy() == ids.str[:13].to_numpy()).all()


@pytest.mark.parametrize("blocks", [500, 20_000])
def test_small_and_large(blocks: int) -> None:
    city = make_city(blocks=blocks, seed=7)
    shapes = city.blocks.geometry.to_numpy()
    assert len(shapes) == blocks
    assert city.blocks.index.is_unique
    assert shapely.is_valid(shapes).all()
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    assert (first == second).all()
    assert shapely.coverage_is_valid(city.areas.geometry.to_numpy())
    median = float(np.median(shapely.area(shapes)))
    assert 0.6 * 4_899 <= median <= 1.4 * 4_899  # ZAPOPAN["area_m2"], wider for another seed
    assert set(city.blocks["corner"]) >= {"both", "decoy", "lacks_facilities"}


def test_a_city_needs_blocks() -> None:
    with pytest.raises(ValueError, match="500"):
        make_city(blocks=20)
