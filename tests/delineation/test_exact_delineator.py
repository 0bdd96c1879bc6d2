"""The exact method as a study names it."""

import numpy as np
import pandas as pd
import pytest

from targeting.delineation import check_polygons, street_links
from targeting.delineation.exact import delineator
from targeting.delineation.exact.delineator import UNITS_MAX, exact
from targeting.delineation.result import roundness
from targeting.problems import TargetingError
from targeting.registry import names
from tests.delineation.lattice import lattice
from tests.delineation.test_grow import noisy_city

BOUNDS = {
    "polygons": 3,
    "population_min": 400.0,
    "population_max": 1200.0,
    "area_max_km2": 3.0,
    "compactness_min": 0.3,
}


def test_it_is_registered_like_the_others():
    assert "exact" in names("delineator")


def test_proven_and_checked_on_noisy_cities():
    for seed in range(2):
        blocks, score = noisy_city(rows=7, columns=8, noise=0.3, seed=seed)
        links = street_links(blocks.geometry)
        best = exact(blocks, score, links, **BOUNDS)
        check_polygons(best, blocks, links, **BOUNDS)
        assert best.notes["proven"]
        assert best.notes["bound"] == pytest.approx(best.notes["worth"])


def test_row_order_does_not_matter():
    blocks, score = noisy_city(rows=8, columns=8, noise=0.3)
    order = np.random.default_rng(4).permutation(len(blocks))
    one = exact(blocks, score, street_links(blocks.geometry), **BOUNDS)
    other = blocks.iloc[order]
    two = exact(other, score.iloc[order], street_links(other.geometry), **BOUNDS)
    assert two.membership.reindex(blocks.index).equals(one.membership)
    assert two.polygons.equals(one.polygons)


def test_what_the_ground_breaks_is_shut_out_and_solved_again(monkeypatch):
    # As if the first plan drawn were all too ragged on the ground.
    blocks, score = noisy_city(rows=7, columns=7, noise=0.3)
    links = street_links(blocks.geometry)
    first = exact(blocks, score, links, **BOUNDS)
    assert first.notes["shut_out"] == 0
    turns = iter([True])

    def ragged_once(shapes):
        return roundness(shapes) * (0.0 if next(turns, False) else 1.0)

    monkeypatch.setattr(delineator, "roundness", ragged_once)
    second = exact(blocks, score, links, **BOUNDS)
    assert second.notes["shut_out"] == len(first.polygons)
    assert second.notes["proven"]
    assert second.notes["bound"] <= first.notes["bound"]
    held = [set(first.membership.index[first.membership == n]) for n in first.polygons.index]
    for number in second.polygons.index:
        assert set(second.membership.index[second.membership == number]) not in held


def test_no_polygon_and_the_rules_that_forbid_it():
    blocks = lattice(3, 3)
    score = pd.Series(np.linspace(0.1, 0.9, 9), index=blocks.index)
    found = exact(
        blocks, score, street_links(blocks.geometry), population_min=5000, population_max=6000
    )
    assert len(found.polygons) == 0
    assert found.notes["conflict"] == ("population_min",)


def test_too_many_units_are_refused_in_words():
    blocks = lattice(1, UNITS_MAX + 1)
    score = pd.Series(0.5, index=blocks.index)
    with pytest.raises(TargetingError) as wrong:
        exact(blocks, score, street_links(blocks.geometry))
    (problem,) = wrong.value.problems
    assert problem.code == "exact-too-large"
    assert "2,001" in problem.text("es")
    assert "“grow”" in problem.text("en")
