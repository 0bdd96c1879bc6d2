"""How sure the polygons are: what comes back stays, what does not is contested."""

import numpy as np
import pandas as pd
import pytest

from targeting.delineation import grow, street_links
from targeting.delineation.stability import stability
from targeting.delineation.stability.summing import bands, lasting, overlap
from tests.delineation.lattice import lattice, patch

CHOSEN = {"population_min": 1000.0, "population_max": 2500.0, "polygons": 2, "threshold_share": 0.3}


@pytest.fixture(scope="module")
def city():
    """Two hot squares of 16 blocks; a third one nearly as hot as the second."""
    blocks = lattice(14, 14)
    score = pd.Series(0.1, index=blocks.index)
    score[patch(blocks, range(0, 4), range(0, 4))] = 0.9
    score[patch(blocks, range(10, 14), range(0, 4))] = 0.70
    score[patch(blocks, range(0, 4), range(10, 14))] = 0.69
    links = street_links(blocks.geometry)
    found = grow(blocks, score, links, **CHOSEN)
    return blocks, score, links, found.membership


def third_wins(score, blocks):
    """The same scores, the third square above the second."""
    other = score.copy()
    other[patch(blocks, range(0, 4), range(10, 14))] = 0.75
    return other.to_numpy()


@pytest.fixture(scope="module")
def sure(city):
    blocks, score, links, membership = city
    draws = [score.to_numpy()] * 3 + [third_wins(score, blocks)] * 3
    return stability(blocks, score, links, membership, draws, settings=CHOSEN)


def test_the_first_square_is_the_core_the_other_two_are_contested(city, sure):
    blocks = city[0]
    band = sure.blocks["band"]
    assert set(band[patch(blocks, range(0, 4), range(0, 4))]) == {"core"}
    assert set(band[patch(blocks, range(10, 14), range(0, 4))]) == {"contested"}
    assert set(band[patch(blocks, range(0, 4), range(10, 14))]) == {"contested"}
    assert (band == "never").sum() == 14 * 14 - 48
    draws = sure.blocks["draw_share"]
    assert set(draws[patch(blocks, range(10, 14), range(0, 4))]) == {0.5}


def test_polygons_and_reruns_are_told(sure):
    assert sure.polygons["found_share"].iloc[0] == 1
    assert sure.polygons["core_share"].tolist() == [1, 0]
    assert 0.5 < sure.polygons["found_share"].iloc[1] < 1
    # Six draws, two prices, two bounds, one seed.
    assert sure.reruns.groupby("kind").size().to_dict() == {
        "draw": 6,
        "perimeter_price": 2,
        "population_bounds": 2,
        "seed": 1,
    }
    same = sure.reruns.loc[sure.reruns["kind"] == "draw", "same_people_share"]
    # One square of 16 in both, of three in either.
    assert same.tolist() == pytest.approx([1, 1, 1, 1 / 3, 1 / 3, 1 / 3])


def test_regret_is_what_the_plan_lacks_of_the_best_there(city, sure):
    # By hand: the line lies at .1; the squares bring .8 and .60 (or .65) times 1,600 people, less
    # 2 · 60 / 240 = .5 a meter of outline. Of a square's 1,080 m of open sides three quarters
    # count, about 900 m with its corners: 80 of 1280 + 1040 − 900 is 5.6 %.
    drawn = sure.reruns[sure.reruns["kind"] == "draw"]
    assert drawn["regret"].iloc[:3].tolist() == [0, 0, 0]
    assert drawn["regret"].iloc[3:].tolist() == pytest.approx([0.056] * 3, abs=0.004)


def test_the_steadiest_plan_loses_least_at_worst(city):
    # Each of the two plans is behind somewhere: the second square by .05, the third by .01 only.
    blocks, score, links, membership = city
    draws = [score.to_numpy(), third_wins(score, blocks)]
    told = stability(blocks, score, links, membership, draws, settings=CHOSEN, prices=())
    assert told.notes["least_regret_max"] < told.notes["own_regret_max"]
    assert (told.steadiest[patch(blocks, range(0, 4), range(10, 14))] > 0).all()
    assert (told.steadiest[patch(blocks, range(0, 4), range(0, 4))] > 0).all()


def test_the_same_for_any_row_order(city, sure):
    blocks, score, links, membership = city
    order = np.random.default_rng(3).permutation(len(blocks))
    mixed = blocks.iloc[order]
    draws = [score.iloc[order].to_numpy()] * 3 + [third_wins(score, blocks)[order]] * 3
    again = stability(
        mixed,
        score.iloc[order],
        street_links(mixed.geometry),
        membership.iloc[order],
        draws,
        settings=CHOSEN,
    )
    assert again.blocks.reindex(blocks.index).equals(sure.blocks)
    assert again.reruns.equals(sure.reruns)
    assert again.steadiest.reindex(blocks.index).equals(sure.steadiest)


def test_without_draws_only_prices_bounds_and_seeds_are_tried(city):
    blocks, score, links, membership = city
    told = stability(blocks, score, links, membership, [], settings=CHOSEN)
    assert told.blocks["draw_share"].isna().all()
    assert len(told.reruns) == 5
    seeds = stability(blocks, score, links, membership, [], settings=CHOSEN, prices=())
    assert seeds.reruns["regret"].isna().all()
    assert seeds.steadiest.equals(membership.rename("polygon"))


def test_no_polygons_at_all():
    blocks = lattice(3, 3, population=10.0)
    score = pd.Series(0.5, index=blocks.index)
    links = street_links(blocks.geometry)
    found = grow(blocks, score, links, **CHOSEN)
    told = stability(blocks, score, links, found.membership, [score.to_numpy()], settings=CHOSEN)
    assert (told.blocks["band"] == "never").all()
    assert told.polygons.empty
    assert told.reruns["same_people_share"].tolist() == [1.0] * 6


def test_bands_overlap_and_lasting_by_hand():
    assert bands(np.array([0.9, 0.89, 0.01, 0.0])).tolist() == [
        "core",
        "contested",
        "contested",
        "never",
    ]
    people = np.array([100.0, 100.0, 200.0])
    assert overlap(np.array([1, 1, 0]), np.array([2, 0, 2]), people) == 0.25
    own = np.array([1, 1, 2])
    # In the first rerun polygon 1 keeps both its blocks, in the second half its people, in two
    # polygons; polygon 2 is gone in the second.
    members = np.array([[3, 3, 1], [1, 0, 0]])
    told = lasting(own, members, people, np.array([1.0, 0.5, 0.5]))
    assert told.loc[1].tolist() == [1.0, 0.75, 0.5]
    assert told.loc[2].tolist() == [0.5, 0.5, 0.0]
