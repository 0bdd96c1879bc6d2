"""Principal components by hand, beside numpy's eigenvectors, and by law."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.composite.components import (
    first_component,
    positive_loadings,
    principal_components,
)
from targeting.problems import TargetingError
from tests.composite.test_distance import made, problems_of


def by_eigenvectors(values, *, ddof):
    """First component the textbook's way: eigenvectors of the correlation matrix."""
    x = values.to_numpy(float)
    eigenvalues, vectors = np.linalg.eigh(np.corrcoef(x, rowvar=False))
    first = vectors[:, -1] * np.sign(vectors[:, -1].sum())
    z = (x - x.mean(0)) / x.std(0, ddof=ddof)
    return z @ first / eigenvalues[-1] ** 0.5, first, eigenvalues[::-1]


def test_two_indicators_by_hand():
    # r = 1/2 (see the distances): eigenvalues 1 + r and 1 - r, loadings the root of 1/2 each.
    # With ddof 1 both sd are 2; z of the first unit is (-1, -1), its score -2 / root 2, over the
    # root of 1.5: -2 / root 3.
    held = pd.DataFrame({"a": [0.0, 2, 4], "b": [0.0, 4, 2]})
    one = first_component(held)
    assert one.eigenvalues.tolist() == pytest.approx([1.5, 0.5], abs=1e-14)
    assert one.explained == pytest.approx(0.75, abs=1e-14)
    assert one.loadings.tolist() == pytest.approx([0.5**0.5] * 2, abs=1e-14)
    assert one.value.tolist() == pytest.approx([-2 / 3**0.5, 1 / 3**0.5, 1 / 3**0.5], abs=1e-14)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("ddof", [0, 1])
def test_beside_numpy(seed, ddof):
    held = made(seed, names=list("abcdefg"))
    expected, loadings, eigenvalues = by_eigenvectors(held, ddof=ddof)
    one = first_component(held, ddof=ddof)
    np.testing.assert_allclose(one.value, expected, atol=1e-12)
    np.testing.assert_allclose(one.loadings, loadings, atol=1e-12)
    np.testing.assert_allclose(one.eigenvalues, eigenvalues, atol=1e-12)


def test_ddof_changes_the_scores_by_the_root_of_n_over_n_less_one():
    held = made(2)
    ratio = first_component(held, ddof=0).value / first_component(held, ddof=1).value
    np.testing.assert_allclose(ratio, (60 / 59) ** 0.5, atol=1e-12)


def test_a_better_when_higher_indicator_is_turned():
    held = made(3)
    turned = first_component(held.assign(b=-held["b"]), worse={"b": "lower"})
    np.testing.assert_allclose(turned.value, first_component(held).value, atol=1e-12)
    assert turned.negative == ()
    unturned = first_component(held.assign(b=-held["b"]))
    assert unturned.negative == ("b",)


def test_a_negative_loading_is_refused_as_a_weight_and_named():
    wrong = principal_components(made(3).assign(b=lambda held: -held["b"]))
    with pytest.raises(TargetingError) as caught:
        positive_loadings(wrong)
    (problem,) = caught.value.problems
    assert (problem.code, problem.values["given"]) == ("negative-loading", "b")
    assert problem.values["loading"] == round(wrong.loadings.loc["b", 1], 4) < 0
    problems_of(lambda: positive_loadings(wrong))
    right = principal_components(made(3))
    assert (positive_loadings(right) ** 2).sum() == pytest.approx(1.0)


def test_fewer_units_than_indicators_leave_components_of_no_variance():
    found = principal_components(made(4, units=3, names=list("abcde")))
    assert found.eigenvalues.tolist()[2:] == pytest.approx([0, 0, 0], abs=1e-12)
    assert found.eigenvalues.sum() == pytest.approx(5)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    order=st.permutations(range(30)),
    factor=st.floats(0.01, 100),
    shift=st.floats(-50, 50),
)
def test_laws(seed, order, factor, shift):
    held = made(seed, units=30)
    one = first_component(held)
    moved = first_component(held.iloc[list(order)]).value[held.index]
    np.testing.assert_allclose(moved, one.value, atol=1e-9)
    np.testing.assert_allclose(first_component(held[list("cadb")]).value, one.value, atol=1e-9)
    scaled = first_component(held.assign(a=held["a"] * factor + shift))
    np.testing.assert_allclose(scaled.value, one.value, atol=1e-8)
    assert one.value.mean() == pytest.approx(0, abs=1e-12)
    assert one.value.std(ddof=1) == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(one.contributions.sum(axis=1), one.value, atol=1e-12)
    found = principal_components(held)
    assert found.explained.sum() == pytest.approx(1)
    together = found.loadings.T @ found.loadings
    np.testing.assert_allclose(together, np.eye(4), atol=1e-12)


def test_what_is_wrong_is_named():
    held = made(9).assign(a=3.0)
    held.iloc[2, 1] = np.nan
    assert problems_of(lambda: principal_components(held)) == [
        ("gaps-in-table", "values.b"),
        ("constant-in-table", "values.a"),
    ]
    assert problems_of(lambda: first_component(held.head(1))) == [("small-table", "values")]
