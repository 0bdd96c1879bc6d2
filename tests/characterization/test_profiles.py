"""Profiles add up to the person; every kind of facility is shown, also with 0."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from targeting.characterization import facilities_inside, facility_counts, profile
from targeting.composite import score
from targeting.model import CandidatePolygons, MethodSpec, Values
from tests.cities import METRIC, ORIGIN, city, indicator

TERRITORY = city(
    1,
    4,
    population=[100.0, 300.0, 50.0, float("nan")],
    facilities=[
        ("Primaria", "primary_school", 30, 30),
        ("Centro", "health_center", 250, 30),
        ("Refugio", "shelter", 100, 30),
        (None, "plaza", 135, 30),  # on the border of both polygons
    ],
)


def polygon(number, left, right):
    box = shapely.box(ORIGIN[0] + left, ORIGIN[1], ORIGIN[0] + right, ORIGIN[1] + 60)
    size = {"population": 0.0, "area_km2": 0.1, "block_count": 2}
    return {"polygon": number, "geometry": box} | size


POLYGONS = gpd.GeoDataFrame(
    [polygon(1, 0, 135), polygon(2, 135, 270)], crs=METRIC, geometry="geometry"
).set_index("polygon")


def test_the_list_names_each_facility_once_and_no_shelter():
    listed = facilities_inside(POLYGONS, TERRITORY.facilities)
    assert listed[["polygon", "kind"]].to_numpy().tolist() == [
        [1, "plaza"],
        [1, "primary_school"],
        [2, "health_center"],
    ]


def test_every_kind_is_counted_in_every_polygon():
    counted = facility_counts(POLYGONS, TERRITORY.facilities).set_index(["polygon", "kind"])
    assert len(counted) == 2 * 4
    assert counted.loc[(1, "shelter"), "count"] == 1
    assert counted.loc[(2, "primary_school"), "count"] == 0
    assert counted.loc[(2, "primary_school"), "nearest_m"] > 100


def test_means_are_weighted_by_people_and_missing_people_are_not_zero():
    rate = indicator("rate")
    ids = TERRITORY.blocks.index
    held = pd.DataFrame({"rate": [1.0, 3.0, float("nan"), 9.0]}, index=ids)
    values = Values(held, held, held, {"rate": "block"})
    scores = score(
        values,
        [rate],
        {"violence": (1.0, {"rate": 1.0})},
        normalize=MethodSpec("minmax"),
        aggregate=MethodSpec("arithmetic"),
    )
    polygons = CandidatePolygons(
        membership=pd.Series([1, 1, 2, 2], index=ids),
        polygons=POLYGONS,
        reasons=pd.DataFrame({"code": "chosen", "polygon": 0, "margin": 0.0}, index=ids),
        threshold=0.5,
    )
    made = profile(TERRITORY, [rate], values, scores, polygons)
    table = made.profile.set_index(["polygon", "key"])
    assert table.loc[(1, "rate"), "value"] == pytest.approx((100 * 1 + 300 * 3) / 400)
    assert pd.isna(table.loc[(2, "rate"), "value"])  # its 50 people have no rate
    assert table.loc[(2, "rate"), "covered_share"] == 0.0
    assert table.loc[(1, "rate"), "city"] == pytest.approx((100 * 1 + 300 * 3) / 400)
    assert table.loc[(1, "population"), "city"] == 450.0
