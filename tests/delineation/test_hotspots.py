"""Hot spots: by hand, beside esda, every permutation by itself, and by law."""

import itertools
import warnings
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.delineation import street_links
from targeting.delineation.hotspots import (
    CLASSES,
    OUTCOMES,
    QUADRANTS,
    benjamini_hochberg,
    benjamini_yekutieli,
    bonferroni,
    getis_ord,
    local_moran,
)
from targeting.delineation.hotspots.permuting import orders, tails
from targeting.i18n import LANGUAGES, catalogue
from targeting.model import Links
from targeting.problems import TargetingError

METHODS = (getis_ord, local_moran)


def linked(pairs):
    """Links of pairs of positions."""
    pairs = sorted({(min(pair), max(pair)) for pair in pairs})
    first = np.array([one for one, _ in pairs], dtype=np.int64)
    second = np.array([two for _, two in pairs], dtype=np.int64)
    return Links(first, second, np.zeros(len(pairs)), np.zeros(len(pairs)))


def grid(side):
    """Links of a square grid, diagonals of every other cell too: 2 to 6 neighbors."""
    place = np.arange(side * side).reshape(side, side)
    pairs = [*zip(place[:, :-1].ravel(), place[:, 1:].ravel(), strict=True)]
    pairs += zip(place[:-1].ravel(), place[1:].ravel(), strict=True)
    pairs += zip(place[:-1, :-1].ravel()[::2], place[1:, 1:].ravel()[::2], strict=True)
    return linked((int(one), int(two)) for one, two in pairs)


def noisy(side, seed=0):
    values = np.random.default_rng(seed).gamma(2.0, 1.0, side * side)
    return pd.Series(values, index=[f"b{i:04d}" for i in range(side * side)])


def theirs(kind, values, links, **given_settings):
    """What esda says of the same values and links."""
    import esda
    from libpysal.weights import W

    near = {i: [] for i in range(len(values))}
    for one, two in zip(links.first.tolist(), links.second.tolist(), strict=True):
        near[one].append(two)
        near[two].append(one)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        weights = W(near, silence_warnings=True, id_order=list(range(len(values))))
        return getattr(esda, kind)(
            values.to_numpy(),
            weights,
            **{"permutations": 999, "n_jobs": 1, "seed": 5, **given_settings},
        )


# ------------------------------------------------------------------------------------- by hand


def test_three_high_of_eight_in_a_row():
    # Mean 29/8; squared deviations sum to 123.875, variance 15.484. Around the second block lie
    # 9 + 8 + 9 = 26 of 29. G* = 26/29; z = (26 − 3·29/8) / sqrt(15.484·3·5/7) = 15.125/5.7604.
    values = pd.Series([9.0, 8.0, 9.0, 1.0, 0.0, 1.0, 0.0, 1.0])
    row = linked((i, i + 1) for i in range(7))
    found = getis_ord(values, row, inference="analytic", correction="none").blocks
    assert found["statistic"][1] == pytest.approx(26 / 29)
    assert found["z"][1] == pytest.approx(15.125 / (123.875 / 8 * 15 / 7) ** 0.5)
    # Two-sided normal p of 2.6257: 0.00865.
    assert found["p"][1] == pytest.approx(0.00865, abs=1e-5)
    assert found["class"].tolist()[:2] == ["high_90", "high_99"]
    # Local Moran of the second: 7 · 4.375 · (5.375 + 5.375)/2 / 123.875.
    moran = local_moran(values, row, inference="analytic").blocks
    assert moran["statistic"][1] == pytest.approx(7 * 4.375 * 5.375 / 123.875)
    assert moran["quadrant"].tolist() == ["high_high"] * 3 + ["low_high"] + ["low_low"] * 4


def test_statistic_of_the_mean_is_that_of_the_sum_by_the_number_of_blocks():
    values, links = noisy(6), grid(6)
    whole = getis_ord(values, links, permutations=99).blocks
    mean = getis_ord(values, links, permutations=99, weights="row").blocks
    assert np.allclose(mean["statistic"] * (whole["neighbor_count"] + 1), whole["statistic"])
    assert mean.drop(columns="statistic").equals(whole.drop(columns="statistic"))


def test_adjusted_p_values_by_hand():
    # Four tests, 0.005 0.02 0.03 0.5. BH: ·4/rank = 0.02 0.04 0.04 0.5. BY: · (1+1/2+1/3+1/4).
    given_p = np.array([0.03, np.nan, 0.005, 0.5, 0.02])
    found = benjamini_hochberg(given_p)
    assert found[[0, 2, 3, 4]].tolist() == pytest.approx([0.04, 0.02, 0.5, 0.04])
    assert np.isnan(found[1])
    yekutieli = benjamini_yekutieli(given_p)
    assert yekutieli[[0, 2, 3, 4]].tolist() == pytest.approx([1 / 12, 1 / 24, 1.0, 1 / 12])
    assert bonferroni(given_p)[[0, 2, 3, 4]].tolist() == pytest.approx([0.12, 0.02, 1.0, 0.08])
    assert len(benjamini_hochberg(np.array([]))) == 0


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0.0001, 1.0), min_size=1, max_size=30))
def test_adjusted_p_values_are_scipys(given_p):
    from scipy.stats import false_discovery_control

    given_p = np.array(given_p)
    ours, other = benjamini_hochberg(given_p), false_discovery_control(given_p, method="bh")
    assert np.allclose(ours, other, rtol=1e-12)
    other = false_discovery_control(given_p, method="by")
    assert np.allclose(benjamini_yekutieli(given_p), other, rtol=1e-12)


# ----------------------------------------------------------------------------------- beside esda


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("weights", ["binary", "row"])
def test_getis_ord_is_esdas(own, weights):
    values, links = noisy(20), grid(20)
    peer = theirs(
        "G_Local",
        values,
        links,
        transform="BR"[weights == "row"],
        star=own,
        permutations=0,
    )
    found = getis_ord(values, links, own=own, weights=weights, inference="analytic").blocks
    assert np.allclose(found["statistic"], peer.Gs, rtol=0, atol=1e-10)
    if weights == "binary":  # esda's variance holds for binary weights only
        assert np.allclose(found["z"], peer.Zs, rtol=0, atol=1e-10)
        one_sided = np.minimum(found["p"] / 2, 1)
        assert np.allclose(one_sided, peer.p_norm, rtol=0, atol=1e-10)


def test_local_moran_is_esdas():
    values, links = noisy(20), grid(20)
    peer = theirs("Moran_Local", values, links, transformation="r", permutations=0)
    found = local_moran(values, links, permutations=99).blocks
    assert np.allclose(found["statistic"], peer.Is, rtol=0, atol=1e-10)
    places = {"high_high": 1, "low_high": 2, "low_low": 3, "high_low": 4}
    assert (found["quadrant"].map(places).to_numpy() == peer.q).all()
    # Sokal's conditional moments are of z·lag/m2, esda's statistic is (n − 1)/n of that.
    size = len(values)
    z = (peer.Is * size / (size - 1) - peer.EIc) / np.sqrt(peer.VIc)
    assert np.allclose(found["z"], z, rtol=0, atol=1e-10)


@pytest.mark.nightly  # esda compiles for half a minute in each process
def test_permutations_give_esdas_p_values():
    values, links = noisy(20), grid(20)
    peer = theirs("G_Local", values, links, transform="B", star=True)
    _same_p_values(getis_ord(values, links).blocks["p"], peer.p_sim)
    peer = theirs("Moran_Local", values, links, transformation="r")
    _same_p_values(local_moran(values, links).blocks["p"], peer.p_sim)


def _same_p_values(ours, one_sided):
    # esda gives the smaller tail, ours is twice that. Its own error of 999 permutations: standard
    # deviation sqrt(p(1 − p)/999) of a tail, the same orders for all blocks; ours a tenth of it.
    tail = np.minimum(ours.to_numpy() / 2, 0.5)
    off = (one_sided - tail) / np.sqrt(np.maximum(tail * (1 - tail), 0.001) / 999)
    assert np.abs(off).max() < 5
    assert np.corrcoef(one_sided, tail)[0, 1] > 0.99


def test_permutations_and_normal_distribution_agree_where_they_must():
    # Values nearly normal, so the sums are: the p-values of both ways agree within chance.
    chance = np.random.default_rng(3)
    values, links = pd.Series(chance.normal(size=400)), grid(20)
    one = getis_ord(values, links, own=False, permutations=9999).blocks["p"]
    two = getis_ord(values, links, own=False, inference="analytic").blocks["p"]
    assert np.abs(one - two).max() < 0.03


# ------------------------------------------------------------------- every permutation by itself


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from([0.1, 0.2, 0.3, 1.7, -4.0]), min_size=3, max_size=9),
    st.integers(0, 10_000),
)
def test_tails_are_those_of_each_order_without_the_block(value, seed):
    # Plainly: take the block (or one of equal value) out of each order, add up the first k.
    chance = np.random.default_rng(seed)
    value = np.array(value)
    value -= value.mean()
    count = chance.integers(0, len(value), len(value))
    lag = np.array([chance.permutation(np.delete(value, i))[:k].sum() for i, k in enumerate(count)])
    at_least, at_most = tails(value, count, lag, permutations=60, seed=seed)
    ordered = np.sort(value)
    length = min(int(count.max()) + 1, len(value))
    drawn = np.concatenate([*orders(len(value), length, 60, seed)])
    for i in np.flatnonzero(count):
        out = np.flatnonzero(ordered == value[i])[0]
        sums = np.array([ordered[row[row != out][: count[i]]].sum() for row in drawn])
        assert at_least[i] == (sums >= lag[i] - 1e-9).sum()
        assert at_most[i] == (sums <= lag[i] + 1e-9).sum()
    assert not at_least[count == 0].any()


def test_pieces_of_orders_add_up():
    value = np.random.default_rng(0).normal(size=50)
    value -= value.mean()
    count, lag = np.full(50, 4), np.full(50, 0.5)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("targeting.delineation.hotspots.permuting.CHUNK", 100)
        drawn = [*orders(50, 5, 90, seed=3)]
        at_least, _ = tails(value, count, lag, permutations=90, seed=3)
    assert [len(piece) for piece in drawn] == [20, 20, 20, 20, 10]
    ordered = np.sort(value)
    for i in (0, 17, 49):
        own = np.searchsorted(ordered, value[i])
        sums = [ordered[row[row != own][:4]].sum() for row in np.concatenate(drawn)]
        assert at_least[i] == sum(total >= 0.5 for total in sums)


def test_share_of_permutations_is_that_of_all_there_are():
    # 7 blocks, 2 neighbors: 15 pairs of the six others, all equally likely.
    value = np.array([-3.0, -2.0, -1.5, 0.0, 0.5, 2.0, 4.0])
    lag = np.full(7, 1.0)
    at_least, at_most = tails(value, np.full(7, 2), lag, permutations=40_000, seed=2)
    for i in range(7):
        sums = [sum(pair) for pair in itertools.combinations(np.delete(value, i), 2)]
        for found, exact in (
            (at_least[i], np.mean([s >= 1 for s in sums])),
            (at_most[i], np.mean([s <= 1 for s in sums])),
        ):
            # Five standard deviations of a share of 40,000.
            assert abs(found / 40_000 - exact) < 5 * np.sqrt(exact * (1 - exact) / 40_000) + 1e-9


@pytest.mark.parametrize(("count", "length"), [(5, 5), (40, 3), (40, 20), (5000, 30)])
def test_orders_hold_each_block_once_and_all_alike(count, length):
    drawn = np.concatenate([*orders(count, length, 2000, seed=1)])
    assert drawn.shape == (2000, length)
    ordered = np.sort(drawn, axis=1)
    assert (ordered[:, 1:] > ordered[:, :-1]).all()
    # Chi-square of the first and last place over ten classes; 9 degrees of freedom: 0.001 at 27.9.
    if count % 10 == 0:
        for place in (0, length - 1):
            often = np.bincount(drawn[:, place] * 10 // count, minlength=10)
            assert ((often - 200) ** 2 / 200).sum() < 27.9


# --------------------------------------------------------------------------------------- by law


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.sampled_from(METHODS), st.sampled_from([1, 4]))
def test_row_order_and_labels_do_not_matter(seed, method, steps):
    chance = np.random.default_rng(seed)
    values, links = noisy(6, seed=seed), grid(6)
    values = (values * steps).round() if steps == 4 else values  # ties and none
    values.iloc[chance.integers(0, 36, 3)] = np.nan
    one = method(values, links, permutations=199).blocks
    order = chance.permutation(36)
    place = np.argsort(order)
    moved = linked(zip(place[links.first], place[links.second], strict=True))
    two = method(values.iloc[order], moved, permutations=199).blocks
    assert two.reindex(values.index).equals(one)
    renamed = values.set_axis(chance.permutation(36))
    three = method(renamed, links, permutations=199).blocks.set_axis(values.index)
    for column in one:
        if one[column].dtype == float:
            assert np.allclose(one[column], three[column], equal_nan=True)
        else:
            assert one[column].equals(three[column])


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000))
def test_values_times_a_number_plus_a_number_change_nothing_but_the_statistic(seed):
    values, links = noisy(6, seed=seed), grid(6)
    one = getis_ord(values, links, permutations=199).blocks
    two = getis_ord(values * 3 - 40, links, permutations=199).blocks
    assert np.allclose(one["z"], two["z"])
    assert np.allclose(one["p"], two["p"])


def test_one_sided_p_values_are_the_two_tails():
    values, links = noisy(8), grid(8)
    two, up, down = (
        getis_ord(values, links, permutations=499, alternative=side).blocks["p"]
        for side in ("two_sided", "greater", "less")
    )
    assert np.allclose(two, np.minimum(2 * np.minimum(up, down), 1))
    # Both count the orders that tie and the one observed.
    assert ((up + down) * 500 >= 501 - 1e-9).all()


def test_a_hot_corner_is_found_and_nothing_in_chance_alone():
    row, column = np.divmod(np.arange(24 * 24), 24)
    near = (abs(row[:, None] - row) <= 1) & (abs(column[:, None] - column) <= 1)
    links = linked(zip(*(place.tolist() for place in np.nonzero(np.triu(near, 1))), strict=True))
    inside = (row < 5) & (column < 5)
    values = noisy(24)
    found = getis_ord(values + 5.0 * inside, links).blocks
    hot = found["class"].str.startswith("high").to_numpy()
    assert hot[(row < 4) & (column < 4)].all()
    # Those beside the corner see its blocks and may be marked; no others.
    assert not hot[(row > 5) | (column > 5)].any()
    assert getis_ord(values, links).class_counts()["not_significant"] == 24 * 24


def test_chance_alone_gives_each_p_value_as_often_as_it_says():
    # 30 cities of 400 blocks of skewed values: of 12,000 p-values 5 % at or below 0.05 and so on;
    # those of neighbors hang together, so within a fifth of it.
    links = grid(20)
    p = np.concatenate(
        [getis_ord(noisy(20, seed), links, permutations=1999).blocks["p"] for seed in range(30)]
    )
    for level in (0.02, 0.05, 0.2, 0.5):
        assert (p <= level).mean() == pytest.approx(level, rel=0.2)


@pytest.mark.real
def test_real_blocks_are_as_esda_has_them(real_data: Path):
    blocks = gpd.read_file(real_data / "zapopan" / "manzanas_zapopan_2010.gpkg").to_crs(32613)
    blocks = blocks.set_index("BLOCK_ID").sort_index()
    table = pd.read_csv(real_data / "zapopan" / "imu_2010.csv", dtype=str).set_index("CVE_AGEB")
    index = pd.to_numeric(table["IM_2010"]).reindex(blocks["CVE_AGEB"]).set_axis(blocks.index)
    links = street_links(blocks.geometry)
    found = getis_ord(index, links, inference="analytic")
    assert found.notes["missing_count"] == index.isna().sum() > 0
    known = np.flatnonzero(index.notna())
    slot = np.full(len(index), -1)
    slot[known] = np.arange(len(known))
    both = (slot[links.first] >= 0) & (slot[links.second] >= 0)
    less = linked(zip(slot[links.first[both]], slot[links.second[both]], strict=True))
    peer = theirs("G_Local", index.dropna(), less, transform="B", star=True, permutations=0)
    ours = found.blocks.iloc[known]
    near = (ours["neighbor_count"] > 0).to_numpy()
    assert np.allclose(ours["z"][near], peer.Zs[near], rtol=0, atol=1e-9)


def test_every_class_quadrant_and_outcome_has_words():
    for language in LANGUAGES:
        for kind, every in (("class", CLASSES), ("quadrant", QUADRANTS), ("outcome", OUTCOMES)):
            assert {f"hotspot.{kind}.{name}" for name in every} <= set(catalogue(language))


# ----------------------------------------------------------------------------- nothing to test


@pytest.mark.parametrize("method", METHODS)
def test_missing_values_are_left_out_and_counted(method):
    # A block without a value is as if it were not there.
    values, links = noisy(5), grid(5)
    values.iloc[[3, 12]] = np.nan
    found = method(values, links, permutations=99)
    kept = np.flatnonzero(values.notna())
    slot = np.full(25, -1)
    slot[kept] = np.arange(23)
    both = (slot[links.first] >= 0) & (slot[links.second] >= 0)
    less = linked(zip(slot[links.first[both]], slot[links.second[both]], strict=True))
    alone = method(values.dropna(), less, permutations=99)
    assert found.blocks.dropna(subset="z").equals(alone.blocks)
    assert found.notes["missing_count"] == 2
    assert found.blocks["class"].iloc[[3, 12]].tolist() == ["no_data", "no_data"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("values", "pairs", "outcome", "classes"),
    [
        ([np.nan] * 4, [(0, 1), (2, 3)], "all_missing", {"no_data"}),
        ([2.0] * 4, [(0, 1), (2, 3)], "all_equal", {"no_contrast"}),
        ([1.0, 2.0, 3.0, 4.0], [], "no_neighbors", {"no_neighbors"}),
        ([5.0], [], "too_few", {"no_neighbors"}),
        ([5.0, 1.0], [(0, 1)], "too_few", {"no_contrast"}),
        ([], [], "all_missing", set()),
    ],
)
@pytest.mark.parametrize("inference", ["permutation", "analytic"])
def test_nothing_to_test_has_a_name(method, values, pairs, outcome, classes, inference):
    index = [f"b{i}" for i in range(len(values))]
    given_values = pd.Series(values, index=index, dtype=float)
    found = method(given_values, linked(pairs), inference=inference, permutations=49)
    assert found.outcome == outcome
    assert set(found.blocks["class"]) == classes
    assert found.blocks[["z", "p", "p_adjusted"]].isna().all().all()
    assert found.notes["tested_count"] == 0


@pytest.mark.parametrize("method", METHODS)
def test_blocks_without_neighbors_and_with_all_as_neighbors_are_named(method):
    # The first is everybody's neighbor but the last's: of five, four around it and one alone.
    values = pd.Series([1.0, 2.0, 4.0, 8.0, 3.0], index=list("abcde"))
    found = method(values, linked([(0, 1), (0, 2), (0, 3)]), permutations=49)
    assert found.blocks.loc["e", "class"] == "no_neighbors"
    assert found.notes["without_neighbors_count"] == 1
    assert np.isnan(found.blocks.loc["e", "z"])
    whole = method(values.drop("e"), linked([(0, 1), (0, 2), (0, 3)]), permutations=49)
    assert whole.blocks.loc["a", "class"] == "no_contrast"  # its sum is always the same
    assert whole.blocks.loc["a", "p"] == 1
    assert set(whole.blocks["class"]) <= set(CLASSES)


def test_all_wrong_settings_are_told_at_once():
    with pytest.raises(TargetingError) as wrong:
        getis_ord(noisy(3), grid(3), permutations=0, seed=-1, alternative="both")
    assert [p.where for p in wrong.value.problems] == [
        "hotspot.permutations",
        "hotspot.seed",
        "hotspot.alternative",
    ]
    with pytest.raises(ValueError, match="once"):
        getis_ord(pd.Series([1.0, 2.0], index=["a", "a"]), linked([(0, 1)]))
    with pytest.raises(ValueError, match="no block"):
        getis_ord(pd.Series([1.0]), linked([(0, 1)]))
