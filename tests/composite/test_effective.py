"""Effective weights, main effects and correlations: known values and COINr's tables."""

import numpy as np
import pandas as pd
import pytest

from targeting.composite.correlations import (
    correlations,
    cronbach,
    lowest_groups,
)
from targeting.composite.effective import effective_weights, main_effect, main_effects
from targeting.composite.screen import correlated
from targeting.composite.weigh import balanced, principal_component
from targeting.model import Node
from tests.composite.test_weigh_opinion import problems_of

SIZE = 20_000


@pytest.fixture
def asem(real_data):
    """Return a reader of COINr's reference tables, the indicators' parents and the tree."""
    folder = real_data / "indices" / "asem" / "coinr_ref"

    def read(name):
        return pd.read_csv(folder / f"{name}.csv")

    meta = read("asem_iMeta").query("Level > 0").astype({"Level": int})
    parents = dict(zip(meta["iCode"], meta["Parent"], strict=True))

    def of(parent):
        below = [code for code, own in parents.items() if own == parent]
        return {code: (1.0, of(code)) if of(code) else 1.0 for code in below}

    levels = {level: group["iCode"].tolist() for level, group in meta.groupby("Level")}
    return read, parents, levels, Node.of(of("Index"), key="Index")


# ------------------------------------------------------------------------------- by known values


def test_independent_parts_contribute_as_the_square_of_their_weight():
    random = np.random.default_rng(1)
    weights = pd.Series({"a": 0.1, "b": 0.2, "c": 0.3, "d": 0.4})
    parts = pd.DataFrame(random.random((SIZE, 4)), columns=list("abcd"))
    found = main_effects(parts, (parts * weights).sum(axis=1), weights)
    expected = weights**2 / (weights**2).sum()
    # Sampling: correlations of independent parts are about 1 / root 20,000 = 0.007.
    np.testing.assert_allclose(found["main_effect"], expected, atol=0.015)
    np.testing.assert_allclose(found["share"].sum(), 1)
    assert found["ratio"].is_monotonic_increasing


@pytest.mark.parametrize("rho", [-0.5, 0.0, 0.3, 0.9])
def test_a_correlated_pair_follows_the_formula(rho):
    # Of normal parts the best curve is a line: S = (w1 + rho w2)² / (w1² + w2² + 2 rho w1 w2).
    random = np.random.default_rng(2)
    one = random.normal(size=SIZE)
    two = rho * one + (1 - rho**2) ** 0.5 * random.normal(size=SIZE)
    w1, w2 = 0.7, 0.3
    whole = w1**2 + w2**2 + 2 * rho * w1 * w2
    expected = ((w1 + rho * w2) ** 2 / whole, (w2 + rho * w1) ** 2 / whole)
    y = w1 * one + w2 * two
    assert main_effect(one, y) == pytest.approx(expected[0], abs=0.015)
    assert main_effect(two, y) == pytest.approx(expected[1], abs=0.015)


def test_ishigami():
    # Known: 0.3139, 0.4424, 0 (Saltelli et al. 2008); the second is no line at all.
    random = np.random.default_rng(3)
    x = random.uniform(-np.pi, np.pi, (SIZE, 3))
    y = np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])
    found = [main_effect(x[:, i], y) for i in range(3)]
    assert found == pytest.approx([0.3139, 0.4424, 0.0], abs=0.015)
    assert np.corrcoef(x[:, 1], y)[0, 1] ** 2 < 0.01


def test_a_part_with_many_zeros_and_a_long_tail():
    # Half the variance is the part's own by construction.
    random = np.random.default_rng(4)
    part = np.where(random.random(SIZE) < 0.7, 0.0, random.random(SIZE) ** 3)
    noise = random.normal(size=SIZE)
    y = part / part.std() + noise / noise.std()
    assert main_effect(part, y) == pytest.approx(0.5, abs=0.02)


def test_noise_tells_nothing_even_of_few_blocks():
    random = np.random.default_rng(5)
    found = [main_effect(random.random(40), random.random(40)) for _ in range(60)]
    assert np.mean(found) < 0.06


def test_few_values_have_their_means():
    # Between the halves the variance is 1/4 of (1 + 1/4 + ...): y = x + z, z = ±0.5 alike in both.
    x = np.repeat([0.0, 1.0], 50)
    y = x + np.tile([-0.5, 0.5], 50)
    within, total = 100 * 0.25, 100 * 0.5
    assert main_effect(x, y) == pytest.approx(1 - (within / 98) / (total / 99))


def test_what_does_not_vary_has_no_effect():
    parts = pd.DataFrame({"a": [0.5] * 30, "b": np.linspace(0, 1, 30), "c": [np.nan] * 30})
    found = main_effects(parts, parts["b"], pd.Series({"a": 1.0, "b": 1.0, "c": 0.0}))
    assert found["main_effect"].fillna(0).round(9).tolist() == [0, 1, 0]
    assert found["weight"].tolist() == [0.5, 0.5, 0.0]
    assert np.isnan(found.loc["a", "correlation"])
    assert np.isnan(found.loc["c", "ratio"])
    still = main_effects(parts[["b"]], pd.Series(0.2, index=parts.index))
    assert still["main_effect"].tolist() == [0.0]


def test_gaps_leave_the_other_blocks():
    random = np.random.default_rng(6)
    parts = pd.DataFrame(random.random((500, 2)), columns=["a", "b"])
    score = parts["a"] + parts["b"]
    holed = parts.copy()
    holed.loc[:99, "a"] = np.nan
    one = main_effects(holed, score)
    assert one.loc["a", "main_effect"] == main_effect(
        parts["a"].to_numpy()[100:], score.to_numpy()[100:]
    )
    assert one.loc["b", "main_effect"] == main_effects(parts, score).loc["b", "main_effect"]


def test_the_order_of_the_blocks_and_the_unit_change_nothing():
    random = np.random.default_rng(7)
    x, z = random.random(400), random.random(400)
    order = random.permutation(400)
    one = main_effect(x, x + z)
    assert main_effect(x[order], (x + z)[order]) == pytest.approx(one, abs=1e-6)
    assert main_effect(x * 50 - 3, (x + z) / 7) == pytest.approx(one, abs=1e-6)


# --------------------------------------------------------------------------------------- by hand


def test_effective_weights_of_three_levels():
    tree = Node.of({"v": (2.0, {"a": 1.0, "b": 3.0}), "n": (2.0, {"g": (1.0, {"c": 2.0})})})
    found = effective_weights(tree)
    assert found["effective"].to_dict() == {
        "v": 0.5, "a": 0.125, "b": 0.375, "n": 0.5, "g": 0.5, "c": 0.5,
    }  # fmt: skip
    assert found.loc["b", ["parent", "depth", "weight"]].tolist() == ["v", 2, 0.75]
    assert lowest_groups(tree)["c"] == "g"


def test_alpha_of_parallel_indicators():
    # Spearman and Brown: of k alike with r between any two, alpha = k r / (1 + (k - 1) r).
    # Here by hand: covariances 1 and 1/2 of three, 3/2 (1 - 3/6) = 0.75.
    random = np.random.default_rng(8)
    common = random.normal(size=(4000, 1))
    held = pd.DataFrame(common + random.normal(size=(4000, 3)))
    assert cronbach(held) == pytest.approx(0.75, abs=0.03)
    assert np.isnan(cronbach(held[[0]]))
    assert cronbach(pd.DataFrame({"a": [0.0, 1.0, 2.0], "b": [0.0, 2.0, 1.0]})) == pytest.approx(
        2 * (1 - 2 / 3)
    )


# ------------------------------------------------------------------------------ COINr 1.1.14, ASEM


@pytest.mark.real
def test_effective_weights_are_coinrs(asem):
    read, _, _, tree = asem
    theirs = read("eff_weights").set_index("iCode")["EffWeight"]
    ours = effective_weights(tree)["effective"]
    assert set(theirs.index) - set(ours.index) == {"Index"}
    np.testing.assert_allclose(ours, theirs[ours.index], atol=1e-9)


@pytest.mark.real
@pytest.mark.parametrize(("name", "level", "pairs"), [("L1_L2", 2, 392), ("L1_L4", 4, 49)])
def test_correlations_are_coinrs(asem, name, level, pairs):
    read, _, levels, _ = asem
    values, theirs = read("dset_Aggregated"), read(f"corr_{name}")
    assert len(theirs) == pairs
    ours = correlations(values[levels[level]], values[levels[1]])
    for row, column, value in theirs.itertuples(index=False):
        assert ours.loc[row, column] == pytest.approx(value, abs=1e-9)


@pytest.mark.real
def test_strong_correlations_are_coinrs_and_the_strong_negative_one(asem):
    read, _, levels, tree = asem
    ours = correlated(read("dset_Normalised")[levels[1]], lowest_groups(tree), at_least=0.75)
    theirs = read("corr_flags_high")  # printed to 3 decimals; looks at positive ones only
    told = {
        (group, frozenset((one, two))): round(value, 3)
        for group, one, two, value in ours.itertuples(index=False)
    }
    for group, one, two, value in theirs.itertuples(index=False):
        assert told.pop((group, frozenset((one, two)))) == value
    assert list(told) == [("Instit", frozenset(("TBTs", "RTAs")))]
    assert told.popitem()[1] <= -0.75


@pytest.mark.real
def test_alphas_are_coinrs(asem):
    read, parents, levels, _ = asem
    raw = read("dset_Raw")
    theirs = read("cronbach_raw")
    assert len(theirs) == 8
    for pillar, alpha in theirs.itertuples(index=False):
        below = [code for code in levels[1] if parents[code] == pillar]
        assert cronbach(raw[below]) == pytest.approx(alpha, abs=1e-9)


@pytest.mark.real
def test_component_weights_are_coinrs_but_the_negative_one_is_refused(asem):
    read, parents, levels, _ = asem
    values = read("dset_Aggregated")
    theirs = read("pca_weights_L2").set_index("iCode")["Weight"]
    members = {top: [c for c in levels[2] if parents[c] == top] for top in ("Conn", "Sust")}
    nothing = pd.Series(dtype=float)
    connected = principal_component(values[members["Conn"]], nothing)
    for code, loading in connected.notes["loadings"].items():
        assert loading == pytest.approx(theirs[code], abs=1e-9)
    np.testing.assert_allclose(
        connected.weights, theirs[members["Conn"]] / theirs[members["Conn"]].sum(), atol=1e-9
    )
    with pytest.raises(Exception, match="Social.*-0.7444"):
        principal_component(values[members["Sust"]], nothing)
    assert theirs["Social"] == pytest.approx(-0.7444, abs=5e-5)


@pytest.mark.real
def test_balanced_weights_reach_what_coinr_comes_near_to(asem):
    read, _, levels, _ = asem
    values = read("dset_Aggregated")[levels[3]]
    found = balanced(values, pd.Series(1.0, index=levels[3]))
    theirs = read("opt_weights_L3_balance")  # a search: its correlations end 0.3 % apart
    np.testing.assert_allclose(found.weights, theirs["OptWeight"], atol=0.01)
    one, two = found.notes["correlations"].values()
    assert one == pytest.approx(two, abs=1e-9)
    reached = [values[code].corr(values @ theirs["OptWeight"].to_numpy()) for code in levels[3]]
    # Its own account of what it reached is 0.0003 off.
    np.testing.assert_allclose(np.divide(reached, sum(reached)), theirs["Obtained"], atol=5e-4)
    assert abs(reached[0] - reached[1]) > 1e-3


# --------------------------------------------------------------------------------- balanced weights


def test_balance_of_independent_parts_is_one_over_their_spread():
    parts = pd.DataFrame({"a": [0.0, 0.0, 1.0, 1.0], "b": [0.25, 0.5, 0.25, 0.5]})
    found = balanced(parts, pd.Series({"a": 1.0, "b": 1.0}))
    assert found.weights.tolist() == pytest.approx([0.2, 0.8])  # spreads 0.5 and 0.125
    found = balanced(parts, pd.Series({"a": 4.0, "b": 1.0}))
    assert found.weights.tolist() == pytest.approx([0.5, 0.5])


def test_what_cannot_be_balanced_is_named():
    random = np.random.default_rng(9)
    a = random.random(200)
    parts = pd.DataFrame({"a": a, "b": a + 0.3 * random.random(200)})
    told = problems_of(lambda: balanced(parts, pd.Series({"a": 1.0, "b": 0.1})))
    assert told == [("cannot-balance", "weigh.b")]
    alike = parts.assign(b=parts["a"] / 2)
    assert problems_of(lambda: balanced(alike, pd.Series({"a": 1.0, "b": 1.0}))) == [
        ("no-balance", "weigh")
    ]
