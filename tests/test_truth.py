"""The planted corners of the made city are found, the decoy is not, and nothing is found in a city
without them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from targeting.pipeline import carry_out, load
from targeting.sample import make_city, write_city

DATA = Path(__file__).parent.parent / "data"
CORNERS = ("violent_not_poor", "poor_not_violent", "both", "lacks_facilities")


@pytest.fixture(scope="module")
def city():
    return make_city()


@pytest.fixture(scope="module")
def study_and_territory():
    return load(DATA / "study.yaml")


@pytest.fixture(scope="module")
def composite(study_and_territory):
    return carry_out(*study_and_territory)


def led_by(study, territory, dimension):
    """Carry out the same study with one dimension's weight only."""
    own = tuple(child for child in study.weights.children if child.key == dimension)
    weights = replace(study.weights, children=own)
    indicators = tuple(i for i in study.indicators if i.dimension == dimension)
    return carry_out(replace(study, weights=weights, indicators=indicators), territory)


def best_jaccard(result, corner):
    """Jaccard of the planted blocks and the one polygon that matches them best."""
    membership = result.polygons.membership
    planted = membership.index.isin(corner)
    found = [
        ((membership == number) & planted).sum() / ((membership == number) | planted).sum()
        for number in result.polygons.polygons.index
    ]
    return max(found, default=0.0)


def asked_for(study, polygons):
    """The same study, asked for so many polygons."""
    method = study.delineation
    chosen = replace(method, settings={**method.settings, "polygons": polygons})
    return replace(study, delineation=chosen)


def test_the_corner_bad_in_both_is_found(city, study_and_territory):
    study, territory = study_and_territory
    result = carry_out(asked_for(study, 1), territory)
    assert best_jaccard(result, city.ids_of("both")) >= 0.6


def test_ten_polygons_hold_the_corner_too(city, composite):
    # Two polygons of at most 12,000 people share its 9,577 and take its neighbors as well: that
    # holds more need than one.
    inside = composite.polygons.membership[city.ids_of("both")] > 0
    assert inside.mean() >= 0.95


@pytest.mark.parametrize(
    ("dimension", "corners"),
    [
        ("violence", ("violent_not_poor", "both")),
        ("marginalization", ("poor_not_violent", "both")),
        ("facilities", ("lacks_facilities",)),
    ],
)
def test_each_corner_is_found_by_the_study_its_dimension_leads(
    city, study_and_territory, dimension, corners
):
    # As many polygons as there are corners: with more, neighboring ones share a corner.
    study, territory = study_and_territory
    result = led_by(asked_for(study, len(corners)), territory, dimension)
    found = {corner: best_jaccard(result, city.ids_of(corner)) for corner in corners}
    assert min(found.values()) >= 0.6, found


def test_no_polygon_lies_in_the_decoy(city, composite, study_and_territory):
    decoy = city.ids_of("decoy")
    for result in (composite, led_by(*study_and_territory, "violence")):
        first = result.polygons.membership.between(1, 10)
        assert not first[decoy].any()


def test_the_decoy_would_fool_raw_rates(city, study_and_territory):
    _, territory = study_and_territory
    counts = territory.incidents["block_id"].value_counts()
    people = territory.blocks["population"]
    raw = (counts.reindex(people.index, fill_value=0) / people).where(people > 0)
    decoy = city.ids_of("decoy")
    extreme = raw > raw.quantile(0.99)
    assert extreme[decoy].mean() > 5 * extreme.drop(decoy).mean()
    assert city.blocks.loc[decoy, "risk"].mean() == pytest.approx(1.0, rel=0.3)


def surely_high(result):
    """Share of blocks whose lower bound lies above the city's 90th percentile."""
    scores = result.scores
    return float((scores.low > scores.score.quantile(0.9)).sum() / scores.score.notna().sum())


def test_without_plants_almost_nothing_is_surely_high(tmp_path):
    write_city(tmp_path, plants=False)
    calm = carry_out(*load(tmp_path / "study.yaml"))
    assert surely_high(calm) <= 0.05


def test_with_plants_the_worst_corner_holds_blocks_that_are_surely_high(city, composite):
    surely = composite.scores.low > composite.scores.score.quantile(0.9)
    both = city.ids_of("both")
    assert surely[both].mean() > 5 * surely.drop(both).mean()
    assert surely[both].any()


def test_the_estimated_rates_follow_the_true_risk(city, composite):
    rate = composite.values.value["violent_incidents_per_1k"]
    truth = city.blocks["risk"]
    known = rate.notna() & (city.blocks["people"] > 0)
    ranked = np.corrcoef(rate[known].rank(), truth[known].rank())[0, 1]
    assert ranked > 0.5
    assert pd.Series(rate[city.ids_of("decoy")]).max() < rate[city.ids_of("both")].median()
