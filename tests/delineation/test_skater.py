"""The tree and its cuts: plainly recomputed, GeoDa's published figures, and the method's rules."""

import itertools
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sparse
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import connected_components

from targeting.delineation import check_polygons, skater, street_links
from targeting.delineation.other_methods.skater import cut_tree
from targeting.problems import TargetingError
from tests.delineation.lattice import lattice, patch
from tests.delineation.test_density import BOUNDS, two_squares
from tests.delineation.test_grow import CITIES, random_city


def matrix(pairs, size):
    one, two = np.array(pairs).T
    half = sparse.coo_array((np.ones(len(one)), (one, two)), shape=(size, size))
    return sparse.csr_array(half + half.T)


def squares(features, label):
    """Sum of squares within the parts."""
    return sum(
        ((features[label == part] - features[label == part].mean(axis=0)) ** 2).sum()
        for part in np.unique(label)
    )


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 12), st.integers(1, 5))
def test_cuts_are_the_best_of_all_tried_one_by_one(seed, size, count):
    # Plainly: every link of the tree is tried, the one left that lowers the squares most is cut.
    chance = np.random.default_rng(seed)
    features = chance.normal(size=(size, 2))
    tree = [(int(chance.integers(0, unit)), unit) for unit in range(1, size)]
    found = cut_tree(features, matrix(tree, size), count)
    left, many = tree, min(count, size)
    for _ in range(many - 1):
        tried = []
        for link in left:
            rest = [other for other in left if other != link]
            graph = matrix(rest, size) if rest else sparse.csr_array((size, size))
            _, label = connected_components(graph, directed=False)
            tried.append((squares(features, label), rest, label))
        _, left, plain = min(tried, key=lambda one: one[0])
    if many == 1:
        assert (found == 0).all()
    else:
        pairs = itertools.combinations(range(size), 2)
        assert all((found[a] == found[b]) == (plain[a] == plain[b]) for a, b in pairs)
    assert sorted(set(found)) == list(range(many))


@pytest.mark.real
def test_geodas_figures_of_guerry(real_data: Path):
    # GeoDa on Guerry's 85 departments: six variables, z with n − 1, queen contiguity (420 links),
    # Euclidean distances. Published between/total for five parts: 0.3763086809.
    table = gpd.read_file(real_data / "indices" / "guerry" / "Guerry.shp")
    values = table[["Crm_prs", "Crm_prp", "Litercy", "Donatns", "Infants", "Suicids"]]
    features = ((values - values.mean()) / values.std(ddof=1)).to_numpy()
    tree = shapely.STRtree(table.geometry.array)
    one, two = tree.query(table.geometry.array, predicate="intersects")
    links = matrix(np.column_stack([one, two])[one < two], len(table))
    assert links.nnz == 420
    total = squares(features, np.zeros(len(table)))
    ratio = {
        count: 1 - squares(features, cut_tree(features, links, count)) / total for count in (4, 5)
    }
    assert ratio[4] == pytest.approx(0.315644666, abs=1e-9)
    assert round(ratio[5], 10) == 0.3763086809
    # Six parts: entropy and Simpson of their sizes as published.
    share = np.bincount(cut_tree(features, links, 6)) / len(table)
    assert -(share * np.log(share)).sum() == pytest.approx(1.5302035777210896, abs=1e-10)
    assert (share**2).sum() == pytest.approx(0.2561937716, abs=1e-10)


def test_two_hot_squares_are_two_parts():
    blocks, score = two_squares()
    links = street_links(blocks.geometry)
    found = skater(blocks, score, links, **BOUNDS)
    check_polygons(found, blocks, links, **BOUNDS)
    assert found.polygons["score"].round(6).tolist() == [0.9, 0.7]
    assert (found.membership[patch(blocks, range(0, 4), range(0, 4))] == 1).all()


@settings(max_examples=10, deadline=None)
@given(CITIES)
def test_every_rule_holds_in_every_city_and_row_order_does_not_matter(city):
    blocks, score = random_city(**city)
    links = street_links(blocks.geometry)
    bounds = {**BOUNDS, "population_min": 200.0, "population_max": 900.0, "compactness_min": 0.2}
    found = skater(blocks, score, links, **bounds)
    check_polygons(found, blocks, links, **bounds)
    order = np.random.default_rng(1).permutation(len(blocks))
    moved = blocks.iloc[order]
    other = skater(moved, score.iloc[order], street_links(moved.geometry), **bounds)
    assert other.membership.reindex(blocks.index).equals(found.membership)


def test_all_missing_all_equal_one_block_and_bad_settings():
    for rows, value in ((3, np.nan), (3, 0.5), (1, 0.5)):
        blocks = lattice(rows, rows)
        score = pd.Series(value, index=blocks.index)
        assert len(skater(blocks, score, street_links(blocks.geometry)).polygons) == 0
    with pytest.raises(TargetingError) as wrong:
        skater(blocks, score, street_links(blocks.geometry), score_weight=-1.0, polygons=0)
    assert len(wrong.value.problems) == 2
