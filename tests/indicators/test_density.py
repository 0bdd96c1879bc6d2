"""Densities of incidents: by hand, conserved, at the edge, round a barrier."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from targeting.indicators import density_of_points
from targeting.indicators.density import barrier_free_graph
from targeting.indicators.kernels import graph_density, kernel_density, mass_inside, peak, reach_m
from tests.cities import METRIC, ORIGIN, city


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.sampled_from(["quartic", "gaussian"]), st.floats(20, 400))
def test_the_sums_are_those_of_the_formulas(seed, kernel, bandwidth_m):
    rng = np.random.default_rng(seed)
    points, places = rng.uniform(0, 1000, (80, 2)), rng.uniform(-100, 1100, (30, 2))
    weights = rng.integers(1, 11, 80).astype(float)
    held = kernel_density(places, points, weights, bandwidth_m=bandwidth_m, kernel=kernel)
    far = cdist(places, points)
    if kernel == "quartic":
        each = 3 / (np.pi * bandwidth_m**2) * np.maximum(1 - (far / bandwidth_m) ** 2, 0) ** 2
    else:
        each = np.exp(-(far**2) / (2 * bandwidth_m**2)) / (2 * np.pi * bandwidth_m**2)
        each = np.where(far < 4 * bandwidth_m, each / (1 - np.exp(-8)), 0)
    assert held.density == pytest.approx((each * weights).sum(axis=1), rel=1e-9, abs=1e-18)
    assert held.variance == pytest.approx(((each * weights) ** 2).sum(axis=1), rel=1e-9)


@pytest.mark.parametrize("kernel", ["quartic", "gaussian"])
def test_a_kernel_sums_to_one(kernel):
    step = 2.0
    side = np.arange(-reach_m(kernel, 50.0), reach_m(kernel, 50.0) + step, step)
    x, y = np.meshgrid(side, side)
    places = np.column_stack([x.ravel(), y.ravel()])
    held = kernel_density(places, np.zeros((1, 2)), np.ones(1), bandwidth_m=50.0, kernel=kernel)
    assert held.density.sum() * step**2 == pytest.approx(1.0, abs=2e-3)
    assert held.density.max() == pytest.approx(peak(kernel, 50.0))


def test_one_homicide_worked_by_hand():
    # Middles 70 m apart; bandwidth 140 m: 3/(pi 0.14²) = 48.72 per km² there, and next to it
    # (1 − 0.25)² of that. Two years.
    territory = city(1, 3, incidents={"r00c00": 1}, incident_years=2.0)
    one = density_of_points(territory, bandwidth_m=140.0, edge="none", per_year=True)
    assert one.value.to_numpy() == pytest.approx([24.36, 13.70, 0.0], abs=0.01)
    assert one.origin == "smoothed"
    assert (one.low <= one.value).all()
    assert (one.high >= one.value).all()
    # None near: of 5 pi 0.14²/9 km², 3.0 at most with 95 %, a year 43.8 per km².
    assert one.high.iloc[2] == pytest.approx(3.0 / (5 * np.pi * 0.14**2 / 9) / 2, rel=0.01)


def test_severity_and_kinds():
    territory = city(1, 2, incidents={"r00c00": 2, "r00c01": 1})
    plain = density_of_points(territory).value
    assert density_of_points(territory, by_severity=True).value.to_numpy() == pytest.approx(
        10 * plain.to_numpy()
    )
    assert density_of_points(territory, kinds=("robbery",)).value.tolist() == [0.0, 0.0]


def test_over_the_ground_studied_the_densities_add_up_to_the_incidents():
    # Incidents in all blocks, most of them at the rim; summed on a grid of 5 m.
    territory = city(12, 12)
    shapes = territory.blocks.geometry.to_numpy()
    rng = np.random.default_rng(3)
    west, south, east, north = shapely.total_bounds(shapes)
    points = rng.uniform([west, south], [east, north], (400, 2))
    for kernel, bandwidth_m in (("quartic", 200.0), ("gaussian", 70.0)):
        inside = mass_inside(points, shapes, bandwidth_m=bandwidth_m, kernel=kernel)
        assert inside.min() < 0.6 < 0.95 < inside.max() <= 1.0
        x, y = np.meshgrid(np.arange(west - 60, east + 60, 5), np.arange(south - 60, north + 60, 5))
        places = np.column_stack([x.ravel(), y.ravel()])
        near = shapely.STRtree(shapes).query(
            shapely.points(places), predicate="dwithin", distance=28.0
        )[0]
        held = kernel_density(
            places[np.unique(near)], points, 1 / inside, bandwidth_m=bandwidth_m, kernel=kernel
        )
        assert held.density.sum() * 25 == pytest.approx(400, rel=0.02)


def test_the_ground_has_the_holes_and_the_overlaps_of_the_blocks():
    ring = shapely.Polygon(
        [(0, 0), (600, 0), (600, 600), (0, 600)],
        [[(100, 100), (500, 100), (500, 500), (100, 500)]],
    )
    inner = shapely.box(550, 0, 800, 600)  # lies over the ring's side
    one = mass_inside(
        np.array([[300.0, 300.0], [50.0, 300.0], [575.0, 300.0]]),
        np.array([ring, inner]),
        bandwidth_m=60.0,
        margin_m=0.0,
    )
    assert one[0] == pytest.approx(0.05)  # the lower bound: the middle of the hole
    assert one[1] == pytest.approx(1.0, abs=0.06)
    assert one[2] == pytest.approx(1.0, abs=0.06)


def test_along_blocks_a_river_is_gone_round():
    # Two rows of blocks; a river between them that leaves no bridge.
    river = gpd.GeoDataFrame(
        {"kind": ["river"]},
        geometry=[
            shapely.LineString(
                [(ORIGIN[0] - 99, ORIGIN[1] + 65), (ORIGIN[0] + 999, ORIGIN[1] + 65)]
            )
        ],
        crs=METRIC,
    )
    events = {"r00c02": 10}
    open_city = city(2, 5, incidents=events)
    cut = city(2, 5, incidents=events, barriers=river)
    for territory, reaches in ((open_city, True), (cut, False)):
        one = density_of_points(territory, distance="blocks", bandwidth_m=200.0, neighbors=3)
        assert (one.value["r01c02"] > 0) == reaches
        area_km2 = territory.blocks.area / 1e6
        assert (one.value * area_km2).sum() == pytest.approx(10.0)  # all of them, nowhere else
    assert (barrier_free_graph(cut, neighbors=3) > 0).sum() < (
        barrier_free_graph(open_city, neighbors=3) > 0
    ).sum()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 500))
def test_along_blocks_the_paths_are_the_shortest(seed):
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    rng = np.random.default_rng(seed)
    lengths = np.triu(rng.uniform(10, 90, (12, 12)) * (rng.random((12, 12)) < 0.3), 1)
    graph = csr_array(lengths + lengths.T)
    events, area = rng.integers(0, 5, 12).astype(float), rng.uniform(1, 9, 12)
    held = graph_density(graph, events, events, area, bandwidth_m=120.0)
    far = dijkstra(graph)
    shape = np.where(far < 120, np.maximum(1 - (far / 120) ** 2, 0) ** 2, 0)
    shape /= (shape * area).sum(axis=1, keepdims=True)
    assert held.density == pytest.approx(events @ shape)
    assert held.variance == pytest.approx(events @ shape**2)


def test_where_nobody_looks_there_is_no_density():
    seen = pd.Series([True, False, True], index=[f"r00c0{n}" for n in range(3)])
    territory = city(1, 3, incidents={"r00c00": 4, "r00c01": 2}, incident_coverage=seen)
    one = density_of_points(territory)
    assert one.value.isna().tolist() == [False, True, False]
    assert (one.losses[0].reason, one.losses[0].count) == ("kinds-not-covered", 2)


def test_counts_shared_out_lie_in_the_middle_of_their_blocks():
    counts = pd.DataFrame({"block_id": ["r00c00"], "kind": ["homicide"], "count": [2.5]})
    shared = density_of_points(city(1, 2, incident_counts=counts)).value
    points = density_of_points(city(1, 2, incidents={"r00c00": 1})).value
    assert shared.to_numpy() == pytest.approx(2.5 * points.to_numpy())


def test_the_interval_holds_the_density_of_the_process():
    # 1,000 incidents per km² everywhere: what 90 % intervals should hold 90 times of 100.
    rng = np.random.default_rng(8)
    inside = []
    for _ in range(40):
        territory = city(8, 8, incidents={})
        west, south, east, north = territory.blocks.total_bounds
        count = rng.poisson(1000 * (east - west) * (north - south) / 1e6)
        at = rng.uniform([west, south], [east, north], (count, 2))
        territory.incidents.drop(territory.incidents.index, inplace=True)
        points = gpd.GeoDataFrame(
            {"kind": "homicide", "block_id": "r00c00", "distance_m": 0.0},
            geometry=shapely.points(at),
            crs=METRIC,
            index=range(count),
        )
        object.__setattr__(territory, "incidents", points)
        one = density_of_points(territory, bandwidth_m=150.0)
        middle = [f"r0{r}c0{c}" for r in (3, 4) for c in (3, 4)]
        inside.append(((one.low <= 1000) & (1000 <= one.high))[middle].mean())
    assert 0.84 <= np.mean(inside) <= 0.96
