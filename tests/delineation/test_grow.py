"""The main delineator: by hand, by law, and on a city whose answer is known."""

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely import LineString

from targeting.delineation import check_polygons, grow, street_links
from targeting.problems import TargetingError
from tests.delineation.lattice import jaccard, lattice, patch

BOUNDS = {
    "polygons": 10,
    "population_min": 1000.0,
    "population_max": 3000.0,
    "area_max_km2": 3.0,
    "compactness_min": 0.25,
}
FEW = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def run(blocks, score, *, barriers=None, **given_settings):
    links = street_links(blocks.geometry, barriers)
    wanted = {**BOUNDS, **given_settings}
    found = grow(blocks, score, links, **wanted)
    check_polygons(found, blocks, links, **{key: wanted[key] for key in BOUNDS})
    return found


def noisy_city(rows=20, columns=20, *, hot=None, noise=0.1, seed=1):
    """A flat score of 0.4 with noise, and 0.8 in the hot patch."""
    blocks = lattice(rows, columns, shake_m=3, seed=seed)
    chance = np.random.default_rng(seed)
    score = pd.Series(0.4 + noise * chance.normal(size=len(blocks)), index=blocks.index)
    if hot is not None:
        score[hot(blocks)] += 0.4
    return blocks, score.clip(0, 1)


def as_sets(found):
    groups = found.membership[found.membership > 0].groupby(found.membership).groups
    return [frozenset(ids) for _, ids in sorted(groups.items())]


# ------------------------------------------------------------------------------------- by hand


def test_a_hot_square_is_found_exactly():
    # 16 of 81 blocks at 1, the others at 0.1: the line is 0.1 (16 of 81 people live above it, 20 %
    # asked for). Need 16·100·0.9 = 1440. Ground 270 × 270 m and half a street of 10 m around:
    # perimeter 4 · 280 m.
    blocks = lattice(9, 9)
    hot = patch(blocks, range(0, 4), range(0, 4))
    found = run(blocks, hot.astype(float) * 0.9 + 0.1)
    polygon = found.polygons.loc[1]
    assert as_sets(found) == [frozenset(blocks.index[hot])]
    assert found.threshold == pytest.approx(0.1)
    assert polygon["need"] == pytest.approx(1440)
    assert polygon["perimeter_m"] == pytest.approx(1120)
    assert polygon["area_km2"] == pytest.approx(0.0784)
    assert polygon["compactness"] == pytest.approx(np.pi / 4)
    # A lone block above the line has need 90 and an outline of 240 m; a meter costs twice that.
    assert found.notes["price_per_m"] == pytest.approx(2 * 90 / 240)
    assert polygon["objective"] == pytest.approx(1440 - 0.75 * 1120)


def test_polygons_are_numbered_by_mean_score():
    blocks = lattice(12, 12)
    score = pd.Series(0.1, index=blocks.index)
    score[patch(blocks, range(0, 4), range(0, 4))] = 0.7
    score[patch(blocks, range(8, 12), range(8, 12))] = 0.9
    found = run(blocks, score)
    assert found.polygons["score"].round(6).tolist() == [0.9, 0.7]
    assert found.membership["r11c11"] == 1


def test_ties_are_numbered_by_smallest_id():
    blocks = lattice(12, 12)
    score = pd.Series(0.1, index=blocks.index)
    score[patch(blocks, range(0, 4), range(8, 12))] = 0.9
    score[patch(blocks, range(8, 12), range(0, 4))] = 0.9
    found = run(blocks, score)
    assert found.membership["r00c08"] == 1
    assert found.membership["r08c00"] == 2


def test_a_surrounded_block_below_the_line_joins_as_a_hole():
    # The middle block is far below; the ring around it still brings more than the hole costs.
    blocks = lattice(11, 11)
    hot = patch(blocks, range(0, 5), range(0, 5))
    score = hot.astype(float) * 0.8 + 0.1
    score["r02c02"] = 0.05
    found = run(blocks, score)
    assert found.membership["r02c02"] == 1
    assert found.reasons.loc["r02c02", "code"] == "bridge"
    assert shapely.get_num_interior_rings(found.polygons.geometry[1]) == 0


def test_a_hole_that_would_break_a_rule_stays_open_and_is_counted():
    # 24 hot blocks of 100 people; the middle one holds 2,000: with it 4,400 of at most 3,000.
    blocks = lattice(11, 11)
    blocks.loc["r02c02", "population"] = 2000.0
    hot = patch(blocks, range(0, 5), range(0, 5))
    score = hot.astype(float) * 0.8 + 0.1
    score["r02c02"] = 0.1
    found = run(blocks, score)
    assert found.membership["r02c02"] == 0
    place = found.polygons.geometry[1]
    assert shapely.get_num_interior_rings(place) == 1
    assert found.polygons.loc[1, "perimeter_m"] == pytest.approx(place.exterior.length + 4 * 60, 5)


def test_a_block_without_a_score_may_be_crossed_but_is_not_urgent():
    # Two hot groups of 6 are each too small; the unscored block between them joins them.
    blocks = lattice(3, 5, without=[(0, 2), (2, 2)])
    score = pd.Series(0.9, index=blocks.index)
    score["r01c02"] = np.nan
    far = lattice(8, 8)
    far.index = "z" + far.index
    far = far.set_geometry(far.translate(xoff=5000))
    city = pd.concat([blocks, far])
    score = pd.concat([score, pd.Series(0.1, index=far.index)])
    found = run(city, score, population_min=1200.0, compactness_min=0.1)
    assert found.reasons.loc["r01c02", "code"] == "bridge"
    assert np.isnan(found.reasons.loc["r01c02", "margin"])
    assert found.polygons["population"].tolist() == [1300.0]
    assert found.polygons["score"].tolist() == pytest.approx([0.9])


def test_total_need_fills_up_to_the_maximum():
    blocks, score = noisy_city()
    found = run(blocks, score, need="total", polygons=3)
    assert found.threshold == 0.0
    assert (found.polygons["population"] > 2800).all()


def test_a_barrier_is_not_spanned():
    # The hot patch is 6 × 8; a rail line between its columns 3 and 4 cuts it in two halves of 24.
    blocks = lattice(12, 12)
    hot = patch(blocks, range(2, 8), range(0, 8))
    west, south, _, north = blocks.total_bounds
    rail = LineString([(west + 275, south - 50), (west + 275, north + 50)])
    barriers = blocks.geometry.iloc[:1].set_axis(["rail"])
    barriers.iloc[0] = rail
    score = hot.astype(float) * 0.8 + 0.1
    joined = run(blocks, score, population_max=6000.0)
    parted = run(blocks, score, barriers=barriers, population_max=6000.0)
    assert joined.polygons["population"].tolist() == [4800.0]
    assert parted.polygons["population"].tolist() == [2400.0, 2400.0]
    # The line they share runs in the street of the rail, within 2 m of its middle at crossings.
    assert not parted.polygons.buffer(-2).intersects(rail).any()


def test_ground_of_polygons_side_by_side_does_not_overlap():
    blocks = lattice(10, 10)
    score = pd.Series(0.1, index=blocks.index)
    score[patch(blocks, range(0, 5), range(0, 5))] = 0.9
    score[patch(blocks, range(0, 5), range(5, 10))] = 0.9
    found = run(blocks, score, population_max=2600.0, threshold_share=0.5)
    one, two = found.polygons.geometry
    assert shapely.area(shapely.intersection(one, two)) == pytest.approx(0, abs=1e-6)


# --------------------------------------------------------------------------- truth: planted patch


@pytest.mark.parametrize("seed", range(4))
def test_the_planted_patch_is_found(seed):
    def hot(blocks):
        return patch(blocks, range(4, 9), range(10, 15))

    blocks, score = noisy_city(hot=hot, seed=seed)
    found = run(blocks, score, threshold_share=0.1, polygons=1)
    assert jaccard(found.membership == 1, hot(blocks)) >= 0.6


@pytest.mark.parametrize("seed", range(3))
def test_two_planted_patches_are_found(seed):
    def first(blocks):
        return patch(blocks, range(1, 6), range(1, 6))

    def second(blocks):
        return patch(blocks, range(12, 17), range(9, 15))

    blocks, score = noisy_city(hot=lambda b: first(b) | second(b), seed=seed)
    found = run(blocks, score, threshold_share=0.15, polygons=2)
    for planted in (first(blocks), second(blocks)):
        best = max(jaccard(found.membership == n, planted) for n in found.polygons.index)
        assert best >= 0.6


def test_nothing_is_found_where_nothing_is_planted():
    # All noise: no group of 10 to 30 blocks has more above the line than below it.
    blocks, score = noisy_city(noise=0.05)
    found = run(blocks, score, threshold_share=0.1)
    assert len(found.polygons) == 0


# ------------------------------------------------------------------------------ odd cities


def test_equal_scores_give_no_polygon():
    blocks = lattice(8, 8)
    found = run(blocks, pd.Series(0.7, index=blocks.index))
    assert len(found.polygons) == 0
    assert set(found.reasons["code"]) == {"below_line"}


def test_equal_scores_and_total_need_give_polygons():
    blocks = lattice(8, 8)
    found = run(blocks, pd.Series(0.7, index=blocks.index), need="total", polygons=2)
    assert len(found.polygons) == 2


def test_all_scores_missing():
    blocks = lattice(5, 5)
    found = run(blocks, pd.Series(np.nan, index=blocks.index))
    assert len(found.polygons) == 0
    assert np.isnan(found.threshold)
    assert set(found.reasons["code"]) == {"no_score"}


def test_nobody_lives_anywhere():
    blocks = lattice(5, 5, population=0.0)
    found = run(blocks, pd.Series(np.linspace(0, 1, 25), index=blocks.index))
    assert len(found.polygons) == 0
    assert set(found.reasons["code"]) == {"no_people"}


def test_a_disconnected_city():
    # A column is missing in the middle (130 m apart): two islands, one hot patch in each.
    blocks = lattice(8, 17, without=[(r, 8) for r in range(8)], street_m=35)
    score = pd.Series(0.1, index=blocks.index)
    score[patch(blocks, range(2, 6), range(2, 6))] = 0.9
    score[patch(blocks, range(2, 6), range(11, 15))] = 0.8
    found = run(blocks, score)
    assert found.notes["component_count"] == 2
    assert len(found.polygons) == 2


def test_one_block_heavier_than_the_maximum():
    blocks = lattice(8, 8)
    blocks.loc["r04c04", "population"] = 9000.0
    score = pd.Series(0.1, index=blocks.index)
    score[patch(blocks, range(2, 6), range(2, 6))] = 0.9
    found = run(blocks, score, threshold_share=0.6)
    assert found.membership["r04c04"] == 0
    assert found.reasons.loc["r04c04", "code"] == "full"
    assert len(found.polygons) == 1


def test_more_polygons_asked_for_than_there_can_be():
    blocks = lattice(9, 9)
    hot = patch(blocks, range(0, 4), range(0, 4))
    found = run(blocks, hot.astype(float), polygons=500)
    assert len(found.polygons) == 1


def test_one_block_city_and_no_links():
    blocks = lattice(1, 1, population=2000.0)
    # At price 1 the only block just pays for itself; at half of it, it is worth having.
    free = run(blocks, pd.Series(0.9, index=blocks.index), need="total", perimeter_price=0.5)
    assert len(free.polygons) == 1
    assert len(run(blocks, pd.Series(0.9, index=blocks.index)).polygons) == 0


def test_a_minimum_nobody_reaches_is_a_result():
    # Six hot blocks bring 100·0.9 each; the 23 more that 2,900 people need cost more than that.
    blocks = lattice(6, 6)
    hot = patch(blocks, range(0, 2), range(0, 3))
    score = pd.Series(np.linspace(0, 0.5, 36), index=blocks.index).mask(hot, 0.95)
    found = run(blocks, score, population_min=2900.0)
    assert len(found.polygons) == 0
    assert set(found.reasons.loc[hot, "code"]) == {"not_worth"}


def test_missing_population_is_bridged_but_has_no_need():
    blocks = lattice(9, 9)
    hot = patch(blocks, range(0, 4), range(0, 4))
    blocks.loc["r01c01", "population"] = np.nan
    found = run(blocks, hot.astype(float) * 0.9)
    assert found.reasons.loc["r01c01", "code"] == "bridge"
    assert found.polygons.loc[1, "population"] == 1500.0


# -------------------------------------------------------------------------------------- bounds


def test_the_area_bound_counts_the_ground():
    blocks, score = noisy_city(hot=lambda b: patch(b, range(4, 12), range(4, 12)))
    found = run(blocks, score, population_max=9000.0, area_max_km2=0.15, polygons=2)
    assert len(found.polygons) > 0
    assert (found.polygons["area_km2"] <= 0.15).all()
    assert "area_max" in set(found.reasons["limit"])


@pytest.mark.parametrize("compactness", [0.0, 0.4, 0.6])
def test_the_compactness_bound_holds_on_the_ground(compactness):
    blocks, score = noisy_city(hot=lambda b: patch(b, range(4, 9), range(4, 9)), noise=0.2)
    found = run(blocks, score, compactness_min=compactness)
    assert (found.polygons["compactness"] >= compactness).all()


def test_a_dearer_meter_makes_rounder_polygons():
    blocks, score = noisy_city(hot=lambda b: patch(b, range(3, 10), range(4, 11)), noise=0.25)
    cheap = run(blocks, score, perimeter_price=0.1, compactness_min=0.0, polygons=1)
    dear = run(blocks, score, perimeter_price=2.0, compactness_min=0.0, polygons=1)
    assert dear.polygons.loc[1, "compactness"] > cheap.polygons.loc[1, "compactness"] + 0.1


# ------------------------------------------------------------------------------------------ laws

CITIES = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 10_000),
        "rows": st.integers(1, 9),
        "columns": st.integers(1, 9),
        "missing": st.floats(0, 0.4),
        "empty": st.floats(0, 0.4),
    }
)
CHOICES = st.fixed_dictionaries(
    {
        "polygons": st.integers(1, 5),
        "population_min": st.floats(50, 800),
        "population_max": st.floats(800, 3000),
        "area_max_km2": st.one_of(st.none(), st.floats(0.02, 0.5)),
        "compactness_min": st.floats(0, 0.6),
        "perimeter_price": st.floats(0, 3),
        "threshold_share": st.floats(0.05, 0.8),
        "need": st.sampled_from(["excess", "total"]),
    }
)


def random_city(seed, rows, columns, missing, empty):
    chance = np.random.default_rng(seed)
    count = rows * columns
    people = chance.gamma(2.0, 50.0, count).round()
    people[chance.random(count) < empty] = 0
    people[chance.random(count) < empty / 2] = np.nan
    blocks = lattice(rows, columns, population=people, shake_m=3, seed=seed)
    blocks = blocks[chance.random(count) > 0.1]
    score = pd.Series(chance.random(len(blocks)), index=blocks.index)
    return blocks, score.mask(chance.random(len(blocks)) < missing)


@FEW
@given(CITIES, CHOICES)
def test_every_rule_holds_in_every_city(city, choices):
    blocks, score = random_city(**city)
    found = run(blocks, score, **choices)
    assert found.reasons["code"].notna().all()
    inside = found.membership > 0
    assert set(found.reasons.loc[inside, "code"]) <= {"chosen", "bridge"}
    assert not set(found.reasons.loc[~inside, "code"]) & {"chosen", "bridge"}
    assert (found.reasons.loc[inside, "polygon"] == found.membership[inside]).all()
    assert found.polygons["score"].is_monotonic_decreasing


@FEW
@given(CITIES, st.randoms(use_true_random=False))
def test_row_order_and_names_do_not_matter(city, chance):
    blocks, score = random_city(**city)
    choices = {"population_min": 200.0, "population_max": 900.0, "polygons": 4}
    there = run(blocks, score, **choices)
    order = list(range(len(blocks)))
    chance.shuffle(order)
    shuffled = run(blocks.iloc[order], score.iloc[order], **choices)
    assert shuffled.membership.reindex(blocks.index).equals(there.membership)
    assert shuffled.reasons.reindex(blocks.index).equals(there.reasons)
    assert shuffled.polygons.equals(there.polygons)
    names = pd.Index([f"n{place:03d}" for place in order], name="block_id")
    renamed = run(blocks.set_axis(names), score.set_axis(names), **choices)
    back = dict(zip(names, blocks.index, strict=True))
    assert set(as_sets(there)) == {
        frozenset(back[name] for name in group) for group in as_sets(renamed)
    }


def test_the_same_seed_gives_the_same_polygons():
    blocks, score = noisy_city(noise=0.3)
    one, two = (run(blocks, score, seed=7) for _ in range(2))
    assert one.membership.equals(two.membership)
    assert one.polygons.equals(two.polygons)


# -------------------------------------------------------------------------------------- settings


def test_every_bad_setting_is_told_at_once_in_both_languages():
    blocks = lattice(2, 2)
    links = street_links(blocks.geometry)
    score = pd.Series(0.5, index=blocks.index)
    with pytest.raises(TargetingError) as wrong:
        grow(
            blocks,
            score,
            links,
            polygons=0,
            population_min=9000.0,
            population_max=5000.0,
            area_max_km2=-1.0,
            compactness_min=1.5,
            threshold_share=0.0,
            perimeter_price=float("nan"),
            need="most",  # type: ignore[arg-type]
        )
    assert {problem.where.split(".")[1] for problem in wrong.value.problems} == {
        "polygons",
        "population_min",
        "area_max_km2",
        "compactness_min",
        "threshold_share",
        "perimeter_price",
        "need",
    }
    assert "9000" in wrong.value.text("es")
    assert "mayor que la máxima" in wrong.value.text("es")


def test_scores_of_other_blocks_are_refused():
    blocks = lattice(2, 2)
    with pytest.raises(ValueError, match="same index"):
        grow(blocks, pd.Series([0.1], index=["x"]), street_links(blocks.geometry))
