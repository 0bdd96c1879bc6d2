"""Neighbors in and out as a graph of libpysal."""

import importlib

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import box

from targeting.delineation import street_links
from targeting.delineation.links.graph_exchange import links_of, to_graph
from targeting.problems import TargetingError
from tests.delineation.lattice import by_id, lattice

libpysal = pytest.importorskip("libpysal.graph")


def test_weights_are_ones_gaps_or_facing_lengths():
    # Two blocks of 80 m across a street of 12 m, and one 500 m away.
    city = gpd.GeoSeries(
        [box(0, 0, 80, 80), box(92, 0, 172, 80), box(700, 0, 780, 80)], index=["a", "b", "c"]
    )
    links = street_links(city)
    for weight, expected in (("one", 1.0), ("gap", 12.0), ("facing", 80.0)):
        graph = to_graph(links, city.index, weight=weight)
        assert graph["a"].to_dict() == {"b": pytest.approx(expected)}
        assert graph["b"].to_dict() == {"a": pytest.approx(expected)}
        assert graph.isolates.tolist() == ["c"]


def test_touching_blocks_are_linked_though_their_gap_is_nothing():
    city = gpd.GeoSeries([box(0, 0, 80, 80), box(80, 0, 160, 80)], index=["a", "b"])
    graph = to_graph(street_links(city), city.index, weight="gap")
    # libpysal calls a block whose weights are all 0 an isolate; its links are there all the same.
    assert graph.isolates.tolist() == ["a", "b"]
    assert len(graph.adjacency) == 2
    assert by_id(gpd.GeoDataFrame(geometry=city), links_of(graph, city)) == {
        frozenset("ab"): (0.0, 80.0)
    }


@given(st.integers(0, 500), st.sampled_from(["one", "gap", "facing"]))
def test_out_and_in_again_changes_nothing(seed, weight):
    city = lattice(4, 5, shake_m=4, seed=seed, without=[(1, 1), (2, 3)])
    links = street_links(city.geometry)
    again = links_of(to_graph(links, city.index, weight=weight), city.geometry)
    assert np.array_equal(again.first, links.first)
    assert np.array_equal(again.second, links.second)
    assert np.allclose(again.gap_m, links.gap_m)
    assert np.allclose(again.facing_m, links.facing_m)
    assert np.allclose(again.open_m, links.open_m)


def test_a_graph_of_libpysals_own_has_gaps_and_facing_lengths():
    city = lattice(3, 3, side_m=60, street_m=10)
    graph = libpysal.Graph.build_knn(city.geometry.centroid, k=2)
    links = links_of(graph, city.geometry)
    # Nearest by distance of centers: neighbors across a street, 10 m of gap, 60 m of facing.
    assert set(links.gap_m.round(6)) == {10.0}
    assert set(links.facing_m.round(6)) == {60.0}
    # One-sided neighbors become links all the same.
    assert len(links.first) >= graph.n_edges / 2


def test_a_graph_of_other_blocks_is_refused():
    city = lattice(2, 2)
    graph = to_graph(street_links(city.geometry), pd.Index(["r00c00", "r00c01", "x", "y"]))
    with pytest.raises(TargetingError) as wrong:
        links_of(graph, city.geometry)
    assert [problem.code for problem in wrong.value.problems] == [
        "graph-of-other-blocks",
        "graph-without-blocks",
    ]
    assert wrong.value.problems[0].values == {"count": "2", "given": "x, y"}


def test_without_libpysal_the_message_says_what_to_install(monkeypatch):
    def missing(name):
        raise ImportError(name)

    city = lattice(2, 2)
    links = street_links(city.geometry)
    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(TargetingError, match="pip install libpysal"):
        to_graph(links, city.index)
