"""What each indicator adds: sums where there are any, Shapley's values where there are not."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.composite import score
from targeting.composite._coalitions import coalitions, games, orders, players
from targeting.composite.account import account, standing
from targeting.composite.change import (
    NoChange,
    Recipe,
    at_score,
    change_value,
    change_weights,
    in_top,
)
from targeting.composite.change._nearest import nearest
from targeting.composite.scoring import combine
from targeting.model import Indicator, MethodSpec, Node, Values
from targeting.problems import TargetingError
from tests.composite.doubtful import INDICATORS, TREE, city

KEYS = list("abcdef")
NODE = Node.of(TREE).scaled()
FEW = settings(max_examples=20, deadline=None)


def parts_of(seed, blocks=7, *, gaps=0.15, keys=KEYS):
    random = np.random.default_rng(seed)
    held = random.uniform(size=(blocks, len(keys)))
    held[random.uniform(size=held.shape) < gaps] = np.nan
    return pd.DataFrame(held, columns=keys, index=[f"b{i}" for i in range(blocks)])


def spec(name, **given):
    return MethodSpec(name, given)


SUMS = [
    spec("arithmetic"),
    spec("power_mean", exponent=1.0),
    spec("owa", orness=0.8),
    spec("dp2"),
]
CURVED = [
    spec("geometric"),
    spec("harmonic"),
    spec("power_mean", exponent=3.0),
    spec("product"),
    spec("mazziotta_pareto"),
    spec("min_count", cutoff=0.5),
]


@pytest.mark.parametrize("use", SUMS, ids=lambda one: one.use)
def test_the_terms_of_a_sum_are_its_account(use):
    parts = parts_of(1, 40)
    value = combine(parts, NODE, aggregate=use).value
    told = account(parts, NODE, aggregate=use)
    assert told.how == "sum"
    added = told.added.sum(axis=1, min_count=1)
    np.testing.assert_allclose(added.where(value.notna()), value, atol=1e-12)
    assert (told.baseline.dropna() == 0).all()


def test_an_arithmetic_mean_by_hand_from_nothing_and_from_the_city():
    # b1: 0.75 × 0.8 + 0.25 × 0.4 = 0.7. Medians 0.4 and 0.4: 0.75 × 0.4 + 0.25 × 0.
    parts = pd.DataFrame({"x": [0.8, 0.4, 0.0], "y": [0.4, 1.0, 0.4]}, index=["b1", "b2", "b3"])
    tree = Node.of({"x": 3.0, "y": 1.0})
    use = spec("arithmetic")
    assert account(parts, tree, aggregate=use).added.loc["b1"].tolist() == pytest.approx([0.6, 0.1])
    beside = account(parts, tree, aggregate=use, baseline="median", blocks=["b1"])
    assert beside.added.loc["b1"].tolist() == pytest.approx([0.3, 0.0])
    assert beside.baseline["b1"] == pytest.approx(0.4)


def test_orders_of_a_lexicographic_rule_of_leaves_are_a_sum():
    parts = parts_of(3, 20, gaps=0, keys=list("ab"))
    told = account(parts, Node.of({"a": 2.0, "b": 1.0}), aggregate=spec("lexicographic"))
    value = combine(parts, Node.of({"a": 2.0, "b": 1.0}).scaled(), aggregate=spec("lexicographic"))
    assert told.how == "sum"
    np.testing.assert_allclose(told.added.sum(axis=1), value.value, atol=1e-12)


@pytest.mark.parametrize("baseline", ["zero", "median"])
@pytest.mark.parametrize("use", CURVED, ids=lambda one: one.use)
def test_values_of_shapley_sum_to_the_score(use, baseline):
    parts = parts_of(5)
    value = combine(parts, NODE, aggregate=use).value
    told = account(parts, NODE, aggregate=use, baseline=baseline)
    assert told.how == "shapley"
    whole = told.added.sum(axis=1, min_count=1) + told.baseline
    np.testing.assert_allclose(whole, value, atol=1e-12)
    assert (told.error.to_numpy()[value.notna()] == 0).all()
    # A missing part is a dummy: it adds nothing.
    assert np.nanmax(np.abs(told.added.where(parts.isna()).to_numpy())) == 0


def by_hand(parts, tree, use, allowed):
    """Mean gain over all orders that keep the groups together, one order after the other."""
    keys = list(parts.columns)
    run = lambda row: float(  # noqa: E731
        combine(pd.DataFrame([row], columns=keys), tree, aggregate=use, coverage_min=0).value[0]
    )
    gains = {key: [] for key in keys}
    own = parts.iloc[0].to_dict()
    for turn in permutations(keys):
        if not allowed(turn):
            continue
        row = {key: 0.0 if own[key] == own[key] else np.nan for key in keys}
        before = run(row)
        for key in turn:
            row[key] = own[key]
            after = run(row)
            gains[key].append(after - before)
            before = after
    return [np.mean(gains[key]) for key in keys]


def test_the_account_is_the_mean_over_all_orders_that_keep_groups_together():
    """Winter's value by brute force: 5 leaves, 120 orders, those that split a group left out."""
    tree = Node.of(
        {
            "v": (2.0, {"a": 1.0, "b": 3.0}),
            "n": (1.0, {"c": 1.0, "deep": (2.0, {"d": 1.0, "e": 2.0})}),
        }
    ).scaled()
    parts = pd.DataFrame([[0.9, 0.2, 0.6, 0.95, 0.4]], columns=list("abcde"), index=["x"])

    def together(turn):
        spread = lambda group: max(map(turn.index, group)) - min(map(turn.index, group))  # noqa: E731
        return spread("ab") == 1 and spread("cde") == 2 and spread("de") == 1

    told = account(parts, tree, aggregate=spec("geometric"), coverage_min=0)
    expected = by_hand(parts, tree, spec("geometric"), together)
    assert told.added.loc["x"].tolist() == pytest.approx(expected, abs=1e-12)


def test_a_flat_tree_gives_shapleys_value():
    tree = Node.of({"a": 1.0, "b": 2.0, "c": 1.0}).scaled()
    parts = pd.DataFrame([[0.9, 0.2, 0.6]], columns=list("abc"), index=["x"])
    told = account(parts, tree, aggregate=spec("harmonic"))
    expected = by_hand(parts, tree, spec("harmonic"), lambda turn: True)
    assert told.added.loc["x"].tolist() == pytest.approx(expected, abs=1e-12)


def test_a_harmonic_mean_of_two_by_hand():
    # a = b = 0.5, equal weights: 1 − 1/2 = 0.5 whole, 1/3 alone (odds (1 + 0)/2 = 0.5 → 1/3).
    # Each adds (1/3 + (0.5 − 1/3)) / 2 = 0.25.
    parts = pd.DataFrame({"a": [0.5], "b": [0.5]}, index=["x"])
    told = account(parts, Node.of({"a": 1.0, "b": 1.0}), aggregate=spec("harmonic"))
    assert told.added.loc["x"].tolist() == pytest.approx([0.25, 0.25], abs=1e-12)


@FEW
@given(st.integers(0, 10_000), st.sampled_from(CURVED))
def test_equal_sisters_add_the_same_and_dummies_nothing(seed, use):
    parts = parts_of(seed, 3, gaps=0.0, keys=list("abc"))
    parts["b"] = parts["a"]
    tree = Node.of({"a": 1.0, "b": 1.0, "c": 0.0 if use.use != "min_count" else 2.0}).scaled()
    added = account(parts, tree, aggregate=use).added
    np.testing.assert_allclose(added["a"], added["b"], atol=1e-12)
    if use.use != "min_count":
        np.testing.assert_allclose(added["c"], 0.0, atol=1e-12)


def test_a_method_that_compares_blocks_tells_its_own_account():
    parts = parts_of(7, 12, gaps=0)
    told = account(parts, Node.of(dict.fromkeys(KEYS, 1.0)), aggregate=spec("copeland"))
    value = combine(parts, Node.of(dict.fromkeys(KEYS, 1.0)).scaled(), aggregate=spec("copeland"))
    assert told.how == "told"
    np.testing.assert_allclose(told.added.sum(axis=1), value.value, atol=1e-12)


def test_below_a_group_that_compares_blocks_its_own_account_is_shared_on():
    inner = Node("v", 1.0, tuple(Node(key) for key in "abc"), aggregate=spec("copeland"))
    tree = Node("score", 1.0, (inner, Node("d"), Node("e"), Node("f"))).scaled()
    parts = parts_of(8, 12, gaps=0)
    told = account(parts, tree, aggregate=spec("geometric"))
    value = combine(parts, tree, aggregate=spec("geometric")).value
    assert told.how == "shapley"
    np.testing.assert_allclose(told.added.sum(axis=1), value, atol=1e-12)


def test_too_many_coalitions_are_drawn_with_their_error():
    """Fourteen leaves under a geometric mean, where the exact value is known by another way.

    Two kinds of leaf, seven of each and equal within: symmetry leaves two unknowns, and the
    value of one kind follows from coalitions counted by how many of each kind they hold.
    """
    keys = [f"k{i:02d}" for i in range(14)]
    parts = pd.DataFrame([[0.8] * 7 + [0.3] * 7], columns=keys, index=["x"])
    tree = Node.of(dict.fromkeys(keys, 1.0)).scaled()
    told = account(parts, tree, aggregate=spec("geometric"), draws=1000, seed=4)
    from math import comb, factorial

    value = lambda i, j: 1 - 0.2 ** (i / 14) * 0.7 ** (j / 14)  # noqa: E731
    exact = sum(
        comb(6, i)
        * comb(7, j)
        * factorial(i + j)
        * factorial(13 - i - j)
        / factorial(14)
        * (value(i + 1, j) - value(i, j))
        for i in range(7)
        for j in range(8)
    )
    assert told.how == "sampled"
    assert told.added.loc["x"].sum() == pytest.approx(value(7, 7), abs=1e-12)
    off = (told.added.loc["x", keys[:7]] - exact).abs()
    assert (off <= 4.5 * told.error.loc["x", keys[:7]]).all()
    assert told.error.loc["x"].max() < 0.01
    assert off.max() > 0


def test_a_block_without_a_score_has_no_account():
    parts = parts_of(9)
    parts.iloc[2] = np.nan
    told = account(parts, NODE, aggregate=spec("geometric"))
    assert told.added.iloc[2].isna().all()
    assert np.isnan(told.baseline.iloc[2])


def test_coalitions_are_counted_before_they_are_made():
    assert coalitions(NODE) == sum(len(game.inside) for game in games(NODE))
    assert players(NODE, frozenset({"deep"})) == ("a", "b", "c", "deep", "f")


def test_drawn_orders_keep_groups_together():
    for turn in orders(NODE, 20, seed=3):
        places = {key: int(np.flatnonzero(turn == i)[0]) for i, key in enumerate(players(NODE))}
        assert abs(places["a"] - places["b"]) == 1
        assert abs(places["d"] - places["e"]) == 1
        assert max(places[k] for k in "cde") - min(places[k] for k in "cde") == 2


# --------------------------------------------------------------------- where a block stands


@pytest.mark.real
def test_strengths_and_weaknesses_of_switzerland_are_those_of_coinr(real_data):
    """COINr 1.1.14, `get_str_weak(coin, dset = "Raw", usel = "CHE")`: five of each.

    It orders by rank, leaves out what has the lowest rank there is (no country has less shipping
    than Switzerland), and tells values to three digits.
    """
    folder = real_data / "indices" / "asem" / "coinr_ref"
    raw = pd.read_csv(folder / "dset_Raw.csv").set_index("uCode")
    meta = pd.read_csv(folder / "asem_iMeta.csv")
    meta = meta[meta["Type"] == "Indicator"].set_index("iCode")
    told = standing(-raw[meta.index] * meta["Direction"], "CHE")
    lowest = (raw[meta.index] * meta["Direction"]).rank(ascending=False, method="min").max()
    told = told[told["rank_good"] < lowest[told.index]]
    by_rank = told.loc[[key for key in raw.columns if key in told.index]].sort_values(
        "rank_good", kind="stable"
    )
    for file, rows in (("str_CHE", by_rank.head(5)), ("weak_CHE", by_rank.tail(5))):
        expected = pd.read_csv(folder / f"{file}.csv").set_index("Code")
        assert list(rows["rank_good"]) == list(expected["Rank"])
        assert set(rows.index) == set(expected.index)
        for key, value in expected["Value"].items():
            own = raw.loc["CHE", key]
            digit = 10.0 ** (np.floor(np.log10(abs(own))) - 2) if own else 1.0
            assert abs(own - value) <= 0.5 * digit * (1 + 1e-9)


@pytest.mark.real
def test_the_summary_of_switzerland_is_that_of_coinr(real_data):
    """COINr 1.1.14, `get_unit_summary`: every group's score to two decimals, and its rank."""
    scores, tree = asem_scores(real_data)
    expected = pd.read_csv(
        real_data / "indices" / "asem" / "coinr_ref" / "unit_summary_CHE.csv"
    ).set_index("Code")
    groups = pd.concat([scores.dimensions, scores.groups, scores.score.rename("Index")], axis=1)
    told = standing(groups, "CHE")
    assert set(told.index) == set(expected.index)
    for key, row in expected.iterrows():
        assert round(100 * (1 - told.loc[key, "part"]), 2) == row["Score"], key
        assert told.loc[key, "rank_good"] == row["Rank"], key


def asem_scores(real_data):
    """Score the treated table of ASEM with our min-max and means."""
    folder = real_data / "indices" / "asem" / "coinr_ref"
    meta = pd.read_csv(folder / "asem_iMeta.csv").set_index("iCode")
    leaves = meta[meta["Type"] == "Indicator"]
    held = pd.read_csv(folder / "dset_Treated.csv").set_index("uCode")[leaves.index]
    held.columns = [key.lower() for key in held.columns]
    some = [
        Indicator(
            key.lower(),
            {"es": key, "en": key},
            "index",
            "lower" if way > 0 else "higher",
            "violence",
            "x",
        )
        for key, way in leaves["Direction"].items()
    ]

    def grown(key):
        below = meta.index[meta["Parent"] == key]
        if not len(below):
            return Node(key.lower(), float(meta.loc[key, "Weight"]))
        return Node(key, float(meta.loc[key, "Weight"]), tuple(grown(one) for one in below))

    tree = grown("Index")
    values = Values(held, held, held, dict.fromkeys(held.columns, "block"))
    use = {"normalize": MethodSpec("minmax"), "aggregate": MethodSpec("arithmetic")}
    return score(values, some, tree, **use), tree


# ----------------------------------------------------------------------- the smallest change


def recipe(seed=5, *, blocks=40, normalize="minmax", aggregate=None, tree=TREE, gaps=0.1):
    node = tree if isinstance(tree, Node) else Node.of(tree)
    use = {"normalize": MethodSpec(normalize), "aggregate": aggregate or MethodSpec("arithmetic")}
    return Recipe(city(blocks, seed=seed, gaps=gaps), INDICATORS, node, use)


def line_above(made, place, share=0.7):
    """A line above a block's score."""
    return at_score(float(np.nanquantile(made.scores, share)))


def test_weights_by_hand():
    # Parts 0.4 and 0.8, weights one half each, line 0.7: w·(0.4, 0.8) = 0.7 at (1/4, 3/4).
    held = pd.DataFrame({"a": [0.0, 0.4, 1.0], "b": [0.0, 0.8, 1.0]}, index=list("xyz"))
    values = Values(held, held, held, dict.fromkeys("ab", "block"))
    use = {"normalize": MethodSpec("minmax"), "aggregate": MethodSpec("arithmetic")}
    made = Recipe(values, INDICATORS[:2], Node.of({"a": 1.0, "b": 1.0}), use)
    found = change_weights(made, "y", "score", at_score(0.7))
    assert found.after.tolist() == pytest.approx([0.25, 0.75], abs=1e-7)
    assert found.distance == pytest.approx(0.25 * 2**0.5, abs=1e-7)
    assert found.exact
    assert found.margin > 0
    down = change_weights(made, "y", "score", at_score(0.5))
    assert down.after.tolist() == pytest.approx([0.75, 0.25], abs=1e-7)
    assert down.margin < 0
    beyond = change_weights(made, "y", "score", at_score(0.9))
    assert beyond == NoChange("score", "out_of_reach")


@FEW
@given(st.integers(0, 10_000), st.sampled_from(["l1", "l2"]))
def test_the_nearest_weights_are_nearer_than_any_drawn(seed, norm):
    random = np.random.default_rng(seed)
    start = random.dirichlet(np.ones(4))
    leaning = random.normal(size=4) - 0.3
    found = nearest(start, leaning, norm)
    drawn = random.dirichlet(np.full(4, 0.5), 4000)
    drawn = drawn[drawn @ leaning >= 0]
    if found is None:
        assert len(drawn) == 0
        return
    order = 1 if norm == "l1" else 2
    assert found.min() >= 0
    assert found.sum() == pytest.approx(1)
    assert found @ leaning >= -1e-9
    if len(drawn):
        away = np.linalg.norm(drawn - start, order, axis=1)
        assert np.linalg.norm(found - start, order) <= away.min() + 1e-9


@pytest.mark.parametrize("norm", ["l1", "l2"])
@pytest.mark.parametrize(
    "use",
    [spec("arithmetic"), spec("power_mean", exponent=2.0), spec("geometric"), spec("harmonic")],
    ids=lambda one: one.use,
)
def test_every_change_of_weights_crosses_and_half_of_it_does_not(use, norm):
    made = recipe(aggregate=use)
    crossed = 0
    for place in range(0, 40, 8):
        line = line_above(made, place)
        for group in ("score", "violence", "need"):
            found = change_weights(made, made.parts.index[place], group, line, norm=norm)
            if isinstance(found, NoChange):
                continue
            assert found.exact
            before = line.margin(made.scores, place)
            assert np.sign(before) == -np.sign(found.margin)
            assert abs(found.margin) < 1e-6  # it stops at the line
            crossed += 1
    assert crossed >= 4


@pytest.mark.parametrize(
    ("use", "line", "least"),
    [(spec("owa"), at_score(0.4), 3), (spec("arithmetic"), in_top(0.25), 1)],
    ids=["owa", "top"],
)
def test_weights_are_searched_where_the_line_moves_or_the_mean_has_no_scale(use, line, least):
    made = recipe(aggregate=use)
    crossed = 0
    for place in range(0, 40, 10 if use.use == "owa" else 5):
        now = line.margin(made.scores, place)
        found = change_weights(made, made.parts.index[place], "score", line)
        if isinstance(found, NoChange):
            assert found.reason in ("not_found", "missing", "alone")
            continue
        assert not found.exact
        assert np.sign(found.margin) == (1 if now <= 0 else -1)
        crossed += 1
    assert crossed >= least


def test_a_group_with_one_known_child_has_no_other_weights():
    made = recipe(gaps=0.0)
    held = made.values.value.copy()
    held.loc[held.index[0], "a"] = np.nan
    values = Values(held, held, held, made.values.origin)
    made = Recipe(values, INDICATORS, Node.of(TREE), made.settings)
    found = change_weights(made, held.index[0], "violence", at_score(0.9))
    assert found == NoChange("violence", "alone")


@pytest.mark.parametrize("normalize", ["minmax", "rank"])
@pytest.mark.parametrize("name", ["arithmetic", "geometric"])
def test_a_change_of_value_crosses_and_the_city_is_scored_again(normalize, name):
    made = recipe(normalize=normalize, aggregate=spec(name))
    crossed = 0
    for place in range(0, 40, 10):
        block = made.parts.index[place]
        line = line_above(made, place)
        for key in KEYS:
            found = change_value(made, block, key, line)
            if isinstance(found, NoChange):
                assert found.reason in ("out_of_reach", "missing")
                continue
            crossed += 1
            held = made.values.value.copy()
            now = line.margin(made.scores, place)
            held.loc[block, key] = found.after
            again = made.again(Values(held, held, held, made.values.origin)).score[block]
            assert again == found.score
            assert (again > line.score) == (now <= 0)
            # Nine tenths of the way do not cross it.
            held.loc[block, key] = found.before + 0.999 * (found.after - found.before)
            near = made.again(Values(held, held, held, made.values.origin)).score[block]
            assert (near - line.score) * now >= -1e-12
    assert crossed >= 8


def test_a_value_is_told_in_steps():
    held = pd.DataFrame({"a": [0.0, 4.0, 10.0]}, index=list("xyz"))
    use = {"normalize": MethodSpec("minmax"), "aggregate": MethodSpec("arithmetic")}
    values = Values(held, held, held, {"a": "block"})
    made = Recipe(values, INDICATORS[:1], Node.of({"a": 1.0}), use)
    assert change_value(made, "y", "a", at_score(0.61)).after == pytest.approx(6.1, abs=1e-6)
    assert change_value(made, "y", "a", at_score(0.61), step=0.5).after == 6.5
    assert change_value(made, "y", "a", at_score(0.25), step=1.0).after == 2.0


def test_what_cannot_be_changed_says_why():
    made = recipe(tree={"a": 1.0, "b": 1.0, "c": 1.0, "d": 1.0, "e": 1.0, "f": 0.0}, gaps=0.0)
    held = made.values.value.copy()
    held.iloc[0, 1] = np.nan
    made = Recipe(
        Values(held, held, held, made.values.origin), INDICATORS, made.weights, made.settings
    )
    block = held.index[0]
    assert change_value(made, block, "b", at_score(0.5)).reason == "missing"
    assert change_value(made, block, "f", at_score(0.5)).reason == "weightless"
    far = change_value(made, block, "a", at_score(0.999))
    assert far.reason == "out_of_reach"
    assert far.margin < 0


def test_a_weighed_group_is_weighed_again_when_a_value_changes():
    tree = Node("score", 1.0, tuple(Node(key) for key in KEYS), weigh=MethodSpec("entropy"))
    made = recipe(tree=tree, gaps=0.0)
    assert made.tree.weigh is None
    found = change_value(made, made.parts.index[3], "a", line_above(made, 3))
    assert isinstance(found, NoChange) or not found.exact


def test_a_rule_that_cannot_take_equal_weights_is_searched_around_them():
    made = recipe(
        tree={"a": 3.0, "b": 2.0, "c": 1.0, "d": 0.0, "e": 0.0, "f": 0.0},
        aggregate=spec("lexicographic"),
        gaps=0.0,
    )
    found = change_weights(made, made.parts.index[2], "score", line_above(made, 2))
    assert isinstance(found, NoChange) or abs(found.margin) > 0
    with pytest.raises(TargetingError):
        recipe(tree=dict.fromkeys(KEYS, 1.0), aggregate=spec("lexicographic"))
