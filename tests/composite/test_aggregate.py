"""Aggregators by hand, against COINr and Compind, and what they refuse."""

import numpy as np
import pandas as pd
import pytest

from targeting import registry
from targeting.composite.aggregate import (
    copeland,
    geometric,
    harmonic,
    lexicographic,
    mazziotta_pareto,
    min_count,
    owa,
    product,
    promethee,
    quadrants,
    topsis,
    vikor,
)
from targeting.composite.aggregate.outranking import BLOCKS_MAX
from targeting.model import Node
from targeting.problems import TargetingError

EQUAL = pd.Series({"a": 1.0, "b": 1.0})


def one(a, b):
    return pd.DataFrame({"a": [a], "b": [b]}, dtype=float)


def test_geometric_and_harmonic_by_hand():
    # Well-being 0.8 and 0.2: geometric mean 0.4, harmonic 2 / (1.25 + 5) = 0.32.
    assert geometric(one(0.2, 0.8), EQUAL).value.item() == pytest.approx(0.6)
    assert harmonic(one(0.2, 0.8), EQUAL).value.item() == pytest.approx(0.68)
    told = geometric(one(0.2, 0.8), EQUAL).contributions.iloc[0]
    assert told["b"] / told["a"] == pytest.approx(np.log(0.2) / np.log(0.8))


@pytest.mark.parametrize("mean", [geometric, harmonic])
def test_a_part_of_one_decides_alone(mean):
    whole = mean(pd.DataFrame({"a": [1.0, 1.0], "b": [0.5, 1.0]}), pd.Series({"a": 1.0, "b": 3.0}))
    assert whole.value.tolist() == [1.0, 1.0]
    assert whole.contributions.values.tolist() == [[1.0, 0.0], [0.25, 0.75]]


def test_owa_by_hand():
    # Of weights 0.25 (worst) and 0.75, Q(s) = s^(3/7) at orness 0.7: Q(0.25) = 0.5520.
    whole = owa(one(0.9, 0.4), pd.Series({"a": 1.0, "b": 3.0}), orness=0.7)
    first = 0.25 ** (3 / 7)
    assert whole.value.item() == pytest.approx(first * 0.9 + (1 - first) * 0.4)
    assert whole.contributions.iloc[0].tolist() == pytest.approx([first * 0.9, (1 - first) * 0.4])
    assert owa(one(0.9, 0.4), EQUAL, orness=0.5).value.item() == pytest.approx(0.65)


def test_equal_parts_share_what_they_count():
    parts = pd.DataFrame({"a": [0.5], "b": [0.5], "c": [0.1]})
    whole = owa(parts, pd.Series({"a": 1.0, "b": 3.0, "c": 4.0}), orness=2 / 3)
    top = 0.5**0.5  # Q of the half that a and b weigh together
    expected = [top / 4 * 0.5, top * 3 / 4 * 0.5, (1 - top) * 0.1]
    assert whole.contributions.iloc[0].tolist() == pytest.approx(expected)


def test_product_with_weights_by_hand():
    # Mean weight 2: 0.25^(1/2) * 0.5^(3/2).
    whole = product(one(0.25, 0.5), pd.Series({"a": 1.0, "b": 3.0}))
    assert whole.value.item() == pytest.approx(0.5 * 0.5**1.5)
    assert product(one(0.25, np.nan), EQUAL).value.item() == 0.25


def test_counting_by_hand():
    parts = pd.DataFrame({"a": [0.9, 0.1], "b": [0.2, 0.9]})
    weights = pd.Series({"a": 3.0, "b": 1.0})
    assert min_count(parts, weights, cutoff=0.8, share_min=0.5).value.tolist() == [0.75, 0.0]
    flagged = min_count(parts, weights, cutoff=0.8, share_min=0.5, flag=True)
    assert flagged.value.tolist() == [1.0, 0.0]
    assert flagged.contributions.values.tolist() == [[1.0, 0.0], [0.0, 0.0]]


def test_copeland_by_hand():
    # 1 beats 2 in a and b, 2 beats 3 in a and c, 3 beats 1 in b and c: a circle, all draw.
    parts = pd.DataFrame({"a": [3, 2, 1], "b": [2, 1, 3], "c": [1, 3, 2]}, dtype=float) / 3
    weights = pd.Series(1.0, index=list("abc"))
    assert copeland(parts, weights).value.tolist() == [0.5, 0.5, 0.5]
    assert copeland(parts, weights + [0.0, 0.0, 2.0]).value.tolist() == [0.0, 1.0, 0.5]
    alone = copeland(parts.iloc[:1], weights)
    assert alone.value.tolist() == [0.5]
    nothing = copeland(parts * 0, weights)
    assert nothing.contributions.sum(axis=1).tolist() == pytest.approx([0.5] * 3)


def test_what_is_refused_is_named():
    with pytest.raises(TargetingError, match="no-order"):
        lexicographic(one(0.1, 0.2), EQUAL)
    wide = pd.DataFrame([[0.5] * 20], columns=[f"c{i}" for i in range(20)])
    with pytest.raises(TargetingError, match="too-many-levels"):
        lexicographic(wide, pd.Series(range(1, 21), index=wide.columns, dtype=float))
    with pytest.raises(TargetingError, match="not-two-parts"):
        quadrants(one(0.1, 0.2).assign(c=0.3), pd.Series(1.0, index=list("abc")))
    many = pd.DataFrame({"a": np.zeros(2_001)})
    with pytest.raises(TargetingError, match="too-many-blocks"):
        promethee(many, pd.Series({"a": 1.0}))
    with pytest.raises(TargetingError, match="too-many-blocks"):
        copeland(pd.DataFrame({"a": np.zeros(BLOCKS_MAX + 1)}), pd.Series({"a": 1.0}))


def test_topsis_and_vikor_on_a_worked_example():
    # By hand. Best of all parts (0, 0.2), worst (1, 1); weights one half each. The second block:
    # distances sqrt(0.25² + 0.1²) from the best, sqrt(0.25² + 0.3²) from the worst.
    parts = pd.DataFrame({"a": [0.0, 0.5, 1.0], "b": [1.0, 0.4, 0.2]})
    near, far = (0.25**2 + 0.1**2) ** 0.5, (0.25**2 + 0.3**2) ** 0.5
    assert topsis(parts, EQUAL).value[1] == pytest.approx(near / (near + far))
    # Regrets of being milder than the worst: a 1, 0.5, 0; b 0, 0.75, 1; halved and added S = 0.5,
    # 0.625, 0.5; largest R = 0.5, 0.375, 0.5; Q = ½ (0, 1, 0) + ½ (1, 0, 1).
    assert vikor(parts, EQUAL).value.tolist() == pytest.approx([0.5, 0.5, 0.5])
    # Wins less losses of each part over two others: a −1, 0, 1; b 1, 0, −1; the mean flow is 0.
    assert promethee(parts, EQUAL).value.tolist() == pytest.approx([0.5, 0.5, 0.5])
    tilted = promethee(parts, pd.Series({"a": 3.0, "b": 1.0})).value
    assert tilted.tolist() == pytest.approx([0.25, 0.5, 0.75])


def test_what_is_the_same_everywhere_decides_nothing():
    parts = pd.DataFrame({"a": [0.5, 0.5, np.nan], "b": [0.2, 0.8, 0.1]})
    for method in (topsis, vikor, promethee):
        assert method(parts, EQUAL).value.tolist()[:2] == [0.0, 1.0]
        assert np.isnan(method(parts, EQUAL).value[2])
        assert method(parts[["a"]], EQUAL[["a"]]).value.tolist()[:2] == [0.5, 0.5]
        empty = method(parts[["a"]] * np.nan, EQUAL[["a"]])
        assert empty.value.isna().all()


def test_an_extra_that_is_missing_is_named(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "pymcdm", None)
    with pytest.raises(TargetingError, match="extra-missing"):
        topsis(one(0.1, 0.2), EQUAL)


def test_two_parts_that_weigh_the_same_make_even_quadrants():
    parts = pd.DataFrame({"a": [0.9, 0.1, np.nan], "b": [0.1, 0.9, 0.9]})
    assert quadrants(parts, EQUAL).value.tolist()[:2] == [0.5, 0.5]
    assert np.isnan(quadrants(parts, EQUAL).value[2])


@pytest.mark.real
def test_mazziotta_pareto_is_that_of_compind(real_data):
    """`ci_mpi` of Compind 3.4 on the eight pillars of ASEM, as held with COINr's tables.

    Its penalty “NEG” adds the variance of the sample over the mean.
    """
    folder = real_data / "indices" / "asem" / "coinr_ref"
    pillars = pd.read_csv(folder / "results_aggs.csv").set_index("uCode").iloc[:, 4:]
    expected = pd.read_csv(folder / "compind_mpi_neg.csv").set_index("uCode")["mpi_neg"]
    scaled = 100 + 10 * (pillars - pillars.mean()) / pillars.std(ddof=1)
    weights = pd.Series(1.0, index=pillars.columns)
    ours = mazziotta_pareto(scaled, weights, penalty="up", ddof=1).value
    np.testing.assert_allclose(ours[expected.index], expected, atol=1e-9)


@pytest.mark.real
def test_copeland_is_that_of_coinr_but_for_its_ties(real_data):
    """COINr 1.1.14 adds up 1/49 forty-nine times: some of its draws are wins, at most 2 apart."""
    folder = real_data / "indices" / "asem" / "coinr_ref"
    parts = pd.read_csv(folder / "norm_n_minmax.csv") / 100
    expected = pd.read_csv(folder / "agg_copeland_L1.csv")["cop"]
    ours = copeland(parts, pd.Series(1.0, index=parts.columns)).value * 100 - 50
    assert (ours.round() - expected).abs().max() <= 2
    assert ((ours.round() - expected) == 0).mean() > 0.5


@pytest.mark.parametrize("name", registry.names("aggregator"))
def test_weights_that_are_none_are_refused_by_every_method(name):
    parts = pd.DataFrame({"a": [0.0, 0.5, 1.0], "b": [0.0, 1.0, 0.5]})
    aggregate = registry.method("aggregator", name)

    def problems(weights):
        with pytest.raises(TargetingError) as caught:
            aggregate(parts, pd.Series(weights))
        return [(one.code, one.where) for one in caught.value.problems]

    assert problems({"a": 1.0, "b": -1.0}) == [("bad-weight", "weights.b")]
    assert problems({"a": np.nan, "b": 1.0}) == [("bad-weight", "weights.a")]
    assert problems({"a": np.inf, "b": 1.0}) == [("bad-weight", "weights.a")]
    assert problems({"a": 1.0, "c": 1.0}) == [("bad-weight", "weights.b")]  # b has no weight
    if name != "lexicographic":  # equal weights have no order
        assert problems({"a": 0.0, "b": 0.0}) == [("no-weight-left", "weights")]


@pytest.mark.parametrize("weight", [-1.0, np.nan, np.inf])
def test_a_tree_has_no_weight_that_is_none(weight):
    with pytest.raises(ValueError, match="b: the weight .* is not a number of 0 or more"):
        Node.of({"a": 1.0, "b": weight})
