"""The array kernels against the pandas methods they repeat."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting import registry
from targeting.composite.kernels import MEANS, levels_of, tree_scores
from targeting.composite.scoring import score
from targeting.model import Indicator, MethodSpec, Node, Values

PART = st.one_of(st.none(), st.floats(0, 1), st.sampled_from([0.0, 1.0, 0.5]))
TREE = {
    "violence": (2.0, {"a": 1.0, "b": 3.0}),
    "need": (1.0, {"c": 1.0, "deep": (2.0, {"d": 1.0, "e": 1.0})}),
    "f": 0.5,
}
KEYS = list("abcdef")


@pytest.mark.parametrize("mean", sorted(MEANS))
@settings(deadline=None)  # the first call compiles
@given(
    rows=st.lists(st.tuples(PART, PART, PART), min_size=1, max_size=12),
    weights=st.tuples(*(st.floats(0.1, 10) for _ in range(3))),
)
def test_a_flat_tree_is_the_registered_method(mean, rows, weights):
    parts = pd.DataFrame(rows, columns=list("abc"), dtype=float)
    own = pd.Series(weights, index=list("abc"))
    plain = registry.method("aggregator", mean)(parts, own).value
    found = tree_scores(parts.to_numpy(), levels_of(own.to_dict()), mean=mean, coverage_min=0.0)
    np.testing.assert_allclose(found, plain, rtol=0, atol=1e-12)


@pytest.mark.parametrize("mean", sorted(MEANS))
@pytest.mark.parametrize("coverage_min", [0.0, 0.5, 0.8])
def test_a_deep_tree_is_the_study_s_score(mean, coverage_min):
    random = np.random.default_rng(4)
    parts = random.uniform(size=(700, 6))  # more than a tile
    parts[random.uniform(size=parts.shape) < 0.3] = np.nan
    parts[::7, 2] = 1.0
    held = pd.DataFrame(parts, columns=KEYS)
    values = Values(held, held, held, dict.fromkeys(KEYS, "block"))
    indicators = [
        Indicator(key, {"es": key, "en": key}, "share", "higher", "violence", "share")
        for key in KEYS
    ]
    one = score(
        values,
        indicators,
        Node.of(TREE),
        normalize=MethodSpec("minmax", {"low": 0.0, "high": 1.0}),
        aggregate=MethodSpec(mean),
        coverage_min=coverage_min,
    )
    found = tree_scores(parts, levels_of(TREE), mean=mean, coverage_min=coverage_min)
    np.testing.assert_allclose(found, one.score, rtol=0, atol=1e-12)


def test_each_group_may_have_its_own_mean():
    # need: geometric of 0.5 and 0: 1 − sqrt(0.5); the whole: half of 1 and half of that.
    levels = levels_of({"a": 1.0, "need": (1.0, {"b": 1.0, "c": 1.0})})
    found = tree_scores(np.array([[1.0, 0.5, 0.0]]), levels, mean=["geometric", "arithmetic"])
    assert found.item() == pytest.approx(0.5 + 0.5 * (1 - 0.5**0.5))


def test_final_weights_are_the_tree_s():
    levels = levels_of(TREE)
    assert dict(zip(levels.names, levels.final(levels.weight), strict=False)) == pytest.approx(
        Node.of(TREE).final_weights()
    )


def test_a_weight_of_zero_leaves_a_part_out():
    levels = levels_of({"a": 1.0, "b": 0.0})
    for mean in MEANS:
        found = tree_scores(np.array([[0.3, 1.0], [np.nan, 1.0]]), levels, mean=mean)
        assert found[0] == pytest.approx(0.3)
        assert np.isnan(found[1])
