"""Which colonia a block is in."""

import geopandas as gpd
import shapely

from targeting.delineation.drawing.labels import place_of


def test_the_smaller_place_counts_where_two_overlap():
    blocks = gpd.GeoSeries(
        list(shapely.box([0, 20, 90], 0, [10, 30, 95], 10)), index=["a", "b", "c"]
    )
    places = gpd.GeoDataFrame(
        {"level": ["neighborhood", "neighborhood", "locality"]},
        index=["wide", "small", "town"],
        geometry=[
            shapely.box(-5, -5, 40, 15),
            shapely.box(-5, -5, 15, 15),
            shapely.box(0, 0, 99, 99),
        ],
    )
    found = place_of(blocks, places, "neighborhood")
    assert found.tolist()[:2] == ["small", "wide"]
    assert found.isna().tolist() == [False, False, True]
    assert place_of(blocks, places[::-1], "neighborhood").tolist()[:2] == ["small", "wide"]


def test_no_place_of_the_level_leaves_all_missing():
    blocks = gpd.GeoSeries([shapely.box(0, 0, 1, 1)], index=["a"])
    places = gpd.GeoDataFrame({"level": []}, geometry=[])
    assert place_of(blocks, places, "neighborhood").isna().all()
