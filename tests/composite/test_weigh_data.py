"""Weights by the data: by hand, beside pymcdm and scikit-criteria, and wrong use."""

import numpy as np
import pandas as pd
import pytest
from pymcdm import weights as pymcdm
from skcriteria.preprocessing import weighters as skcriteria

from targeting.composite.weigh import (
    critic,
    entropy,
    factor,
    principal_component,
    standard_deviation,
)
from targeting.composite.weigh.factors import varimax
from tests.composite.test_weigh_opinion import problems_of

NOTHING = pd.Series(dtype=float)
BY_DATA = [critic, entropy, factor, principal_component, standard_deviation]
EACH = pytest.mark.parametrize("weigher", BY_DATA, ids=lambda one: one.__name__)


def made(seed, *, units=40, names="abcde", zeros=False):
    """Correlated parts between 0 and 1; without zeros they end at 0.02 and 0.98."""
    random = np.random.default_rng(seed)
    common = random.normal(size=(units, 1))
    held = 1 / (1 + np.exp(-(common + random.normal(size=(units, len(names))) * [[0.5]])))
    if zeros:
        held = np.clip(held * 1.4 - 0.3, 0, 1)
    else:
        held = np.clip(held, 0.02, 0.98)
    return pd.DataFrame(held, columns=list(names))


@pytest.mark.parametrize("seed", range(5))
def test_entropy_beside_both_peers(seed):
    parts = made(seed)
    ours = entropy(parts, NOTHING).weights
    np.testing.assert_allclose(ours, pymcdm.entropy_weights(parts.to_numpy()), atol=1e-12)
    np.testing.assert_allclose(ours, skcriteria.entropy_weights(parts.to_numpy()), atol=1e-12)


def test_with_zeros_entropy_agrees_with_the_peer_that_takes_them():
    # 0 ln 0 is 0 in scikit-criteria as here; pymcdm refuses zeros.
    parts = made(1, zeros=True)
    assert (parts == 0).any().any()
    ours = entropy(parts, NOTHING).weights
    np.testing.assert_allclose(ours, skcriteria.entropy_weights(parts.to_numpy()), atol=1e-12)
    with pytest.raises(ValueError, match="positive"):
        pymcdm.entropy_weights(parts.to_numpy())


def test_entropy_by_hand():
    # Shares 1/4 1/4 1/2: E = (1.5 ln 2) / ln 3. All in one block: E = 0.
    parts = pd.DataFrame({"a": [0.2, 0.2, 0.4], "b": [0.0, 0.0, 0.7]})
    low = 1 - 1.5 * np.log(2) / np.log(3)
    assert entropy(parts, NOTHING).weights.tolist() == pytest.approx(
        [low / (1 + low), 1 / (1 + low)]
    )


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("zeros", [False, True])
def test_critic_beside_both_peers(seed, zeros):
    # The peers divide the standard deviation by n - 1 and by n: in the weights that cancels.
    parts = made(seed, zeros=zeros)
    ours = critic(parts, NOTHING).weights
    numbers = parts.to_numpy()
    np.testing.assert_allclose(ours, pymcdm.critic_weights(numbers), atol=1e-12)
    theirs = skcriteria.critic_weights(numbers, np.ones(numbers.shape[1]))
    np.testing.assert_allclose(ours, theirs, atol=1e-12)


def test_critic_by_ranks_beside_scikit_criteria():
    parts = made(3, zeros=True)
    numbers = parts.to_numpy()
    theirs = skcriteria.critic_weights(numbers, np.ones(5), correlation="spearman")
    ours = critic(parts, NOTHING, correlation="spearman").weights
    np.testing.assert_allclose(ours, theirs, atol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_standard_deviation_beside_both_peers(seed):
    parts = made(seed)
    ours = standard_deviation(parts, NOTHING).weights
    for peer in (pymcdm.standard_deviation_weights, skcriteria.std_weights):
        np.testing.assert_allclose(ours, peer(parts.to_numpy()), atol=1e-12)


def test_the_first_component_by_hand():
    # Correlations: r between a and b, 0 elsewhere; the first component is a and b alike, not c.
    parts = pd.DataFrame({"a": [0.0, 1, 0, 1, 0, 1, 0, 1], "b": [0.0, 1, 0, 1, 0, 1, 1, 0]})
    found = principal_component(parts.assign(c=[0.0, 0, 1, 1, 0.5, 0.5, 0.5, 0.5]), NOTHING)
    assert found.weights.tolist() == pytest.approx([0.5, 0.5, 0.0], abs=1e-9)
    assert problems_of(
        lambda: principal_component(parts.assign(b=[0.0, 0, 1, 1] * 2), NOTHING)
    ) == [("no-first-component", "weigh")]
    assert found.notes["explained"] == pytest.approx((1 + 0.5) / 3)
    squares = principal_component(made(1), NOTHING, by="squares")
    loadings = np.array(list(squares.notes["loadings"].values()))
    np.testing.assert_allclose(squares.weights, loadings**2, atol=1e-12)


def test_a_negative_loading_is_refused_and_named():
    parts = made(2).assign(c=lambda held: 1 - held["c"])
    assert problems_of(lambda: principal_component(parts, NOTHING)) == [
        ("negative-loading", "weigh")
    ]


# --------------------------------------------------------------------- what every one of them does


@EACH
def test_a_constant_member_weighs_nothing_and_is_named(weigher):
    found = weigher(made(4).assign(b=0.3), NOTHING)
    assert found.weights["b"] == 0
    assert found.notes["constant"] == ["b"]
    alone = weigher(made(4).drop(columns="b"), NOTHING)
    np.testing.assert_allclose(found.weights.drop("b"), alone.weights, atol=1e-12)


@EACH
def test_blocks_with_a_gap_are_left_out_and_counted(weigher):
    parts = made(5)
    holed = pd.concat([parts, parts.head(3)], ignore_index=True)
    holed.iloc[40:, 1] = np.nan
    found = weigher(holed, NOTHING)
    np.testing.assert_allclose(found.weights, weigher(parts, NOTHING).weights, atol=1e-12)
    assert (found.notes["rows_used"], found.notes["rows_left_out"]) == (40, 3)


@EACH
def test_one_member_weighs_everything(weigher):
    assert weigher(made(6, names="a"), NOTHING).weights.tolist() == [1.0]


@EACH
def test_wrong_use_is_named(weigher):
    parts = made(7)
    empty = parts.assign(a=np.nan, c=np.nan)
    assert problems_of(lambda: weigher(empty, NOTHING)) == [
        ("member-all-missing", "weigh.a"),
        ("member-all-missing", "weigh.c"),
    ]
    assert problems_of(lambda: weigher(parts.head(2), NOTHING)) == [("few-complete-rows", "weigh")]
    assert problems_of(lambda: weigher(parts * 0 + 0.5, NOTHING)) == [
        ("nothing-varies-here", "weigh")
    ]
    assert problems_of(lambda: weigher(parts.replace(parts.iloc[0, 0], np.inf), NOTHING)) == [
        ("part-not-finite", "weigh.a")
    ]


def test_wrong_use_of_one_method():
    parts = made(8)
    alike = pd.DataFrame({"a": parts["a"], "b": parts["a"] / 2 + 0.1})
    assert problems_of(lambda: critic(alike, NOTHING)) == [("no-conflict", "weigh")]
    assert problems_of(lambda: entropy(parts - 0.5, NOTHING))[0] == ("negative-part", "weigh.a")


@EACH
def test_notes_are_plain_values(weigher):
    import json

    json.dumps(dict(weigher(made(9), NOTHING).notes))


# ----------------------------------------------------------------------------------------- factors


def test_two_pairs_are_two_factors():
    # Correlations by hand: r = 1/2 between a and b, 1 between c and d, 0 across. Eigenvalues 2,
    # 1.5, 0.5, 0: two factors; loadings squared 0.75, 0.75, 1, 1 of 3.5.
    a, b = [0.0, 1, 0, 1, 0, 1, 0, 1], [0.0, 1, 0, 1, 0, 1, 1, 0]
    c = [0.0, 0, 1, 1, 0, 0, 0, 0]
    held = pd.DataFrame({"a": a, "b": b, "c": c, "d": c})
    found = factor(held, NOTHING)
    assert found.notes["factors"] == 2
    assert found.notes["explained"] == pytest.approx(3.5 / 4)
    assert found.notes["belongs"] == {"a": 2, "b": 2, "c": 1, "d": 1}
    expected = np.array([0.75, 0.75, 1, 1]) / 3.5
    np.testing.assert_allclose(found.weights, expected, atol=1e-9)


def test_one_factor_is_the_first_component_squared():
    parts = made(11)
    one = factor(parts, NOTHING, explained_min=0.1)
    assert one.notes["factors"] == 1
    two = principal_component(parts, NOTHING, by="squares")
    np.testing.assert_allclose(one.weights, two.weights, atol=1e-12)


def test_no_other_turn_has_a_higher_varimax():
    random = np.random.default_rng(12)
    loadings = random.normal(size=(7, 2))
    turned = varimax(loadings)
    np.testing.assert_allclose((turned**2).sum(axis=1), (loadings**2).sum(axis=1))

    def criterion(held):
        squares = held**2 / (held**2).sum(axis=1, keepdims=True)
        return squares.var(axis=0).sum()

    tried = []
    for angle in np.linspace(0, np.pi / 2, 2000):
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        tried.append(criterion(loadings @ turn))
    assert criterion(turned) >= max(tried) - 1e-12
    assert criterion(turned) == pytest.approx(max(tried), abs=1e-5)


def test_a_part_against_its_factor_is_refused_and_named():
    parts = made(13).assign(c=lambda held: 1 - held["c"])
    assert problems_of(lambda: factor(parts, NOTHING)) == [("negative-loading", "weigh")]
