"""Zapopan's blocks, streams and rails as they are."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from targeting.delineation import check_polygons, grow, street_links

BOUNDS = {
    "polygons": 12,
    "population_min": 5000.0,
    "population_max": 15000.0,
    "area_max_km2": 3.0,
    "compactness_min": 0.25,
}
BARRIERS = ["CORRIENTE DE AGUA", "CANAL", "VÍA FÉRREA"]

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def zapopan(real_data: Path):
    folder = real_data / "zapopan"
    blocks = gpd.read_file(folder / "manzanas_zapopan_2010.gpkg").to_crs(32613)
    blocks = blocks.set_index("BLOCK_ID").sort_index().rename_axis("block_id")
    table = pd.read_csv(folder / "imu_2010.csv", dtype=str).set_index("CVE_AGEB")
    area = blocks.area.clip(upper=blocks.area.quantile(0.9))
    people = pd.to_numeric(table["POB_TOTAL"]).reindex(blocks["CVE_AGEB"]).to_numpy()
    blocks["population"] = people * area / area.groupby(blocks["CVE_AGEB"]).transform("sum")
    index = pd.to_numeric(table["IM_2010"]).reindex(blocks["CVE_AGEB"])
    score = (-index).rank(pct=True).set_axis(blocks.index)
    lines = gpd.read_file(folder / "servicios_l.gpkg").to_crs(32613)
    barriers = lines.geometry[lines["GEOGRAFICO"].isin(BARRIERS)]
    links = street_links(blocks.geometry, barriers)
    return blocks, score, barriers, links


def test_neighbors_of_real_blocks(zapopan):
    # sources-mexico, section 3: 7.8 neighbors at up to 60 m, no barriers; 2 of 12,513 remain
    # alone at 150 m with streams and rails between.
    blocks, _, _, links = zapopan
    degree = np.bincount(np.concatenate([links.first, links.second]), minlength=len(blocks))
    assert len(blocks) == 12_513
    assert 6 < degree.mean() < 8
    assert (degree == 0).sum() <= 5
    assert links.dropped["barrier"] > 1000
    assert np.median(links.gap_m) < 15
    assert (links.gap_m <= 150).all()


def test_no_link_crosses_a_stream_or_a_rail(zapopan):
    blocks, _, barriers, links = zapopan
    shapes = np.asarray(blocks.geometry.array)
    cut = np.zeros(len(shapes), dtype=bool)
    cut[np.unique(shapely.STRtree(shapes).query(barriers.array, predicate="crosses")[1])] = True
    whole = ~(cut[links.first] | cut[links.second])
    path = shapely.shortest_line(shapes[links.first[whole]], shapes[links.second[whole]])
    assert len(shapely.STRtree(path).query(barriers.array, predicate="intersects")[1]) == 0
    assert cut.sum() < 10


def test_polygons_of_real_blocks(zapopan):
    blocks, score, barriers, links = zapopan
    found = grow(blocks, score, links, **BOUNDS)
    check_polygons(found, blocks, links, **BOUNDS)
    assert len(found.polygons) == 12
    assert found.notes["need_share"] > 4 * found.notes["people_share"]
    assert (found.polygons["score"] > found.threshold).all()
    for number, place in found.polygons.geometry.items():
        own = blocks.geometry[found.membership == number]
        assert len(_pieces(place, barriers, own)) == 1


def _pieces(place, barriers, own):
    """Parts of a place, cut along every stream and rail, that hold one of its blocks."""
    walls = shapely.buffer(shapely.union_all(barriers.clip(place).array), 0.5)
    parts = shapely.get_parts(shapely.difference(place, walls))
    inside = shapely.STRtree(parts).query(own.representative_point().array, predicate="within")
    return np.unique(inside[1])


def test_areas_that_touch_are_neighbors_over_their_shared_side(real_data: Path):
    # sources-mexico, section 3, measured with other code: of the pairs at most 50 m apart in
    # Juárez's urban AGEB 1,822 touch and 1,687 share a side.
    areas = gpd.read_file(real_data / "juarez" / "agebs_2020.shp").to_crs(32613)
    links = street_links(areas.geometry)
    touching = links.gap_m == 0
    assert touching.sum() == 1822
    assert (links.facing_m[touching] > 0).sum() == 1687
