"""Every aggregator keeps the laws it declares; one not kept comes with a counter-example."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting import registry
from targeting.composite.aggregate import known_weights

# What applies to a combination of parts; `scale` is of normalizers.
APPLY = tuple(law for law in registry.LAWS if law != "scale")
# Two parts, of different weight, because `quadrants` takes two and `lexicographic` wants an order.
CELL = st.one_of(st.none(), st.integers(0, 20).map(lambda n: n / 20))
ROWS = st.lists(st.tuples(CELL, CELL), min_size=1, max_size=12)
LIGHT = pytest.mark.parametrize("name", registry.names("aggregator"))


def run(name, rows, weights=(3.0, 1.0), names="ab"):
    function = registry.method("aggregator", name)
    parts = pd.DataFrame(rows, columns=list(names), dtype=float)
    return function(parts, pd.Series(weights, index=list(names)))


def value(name, *rows, weights=(3.0, 1.0)):
    return run(name, rows, weights).value.tolist()


# Each is true of the method, and could not be if the method kept the law.
COUNTER_EXAMPLES = {
    # One bad part beside a perfect one is punished for unevenness; made a little bad, less so:
    # by hand (0.75 + 0.25 b²) / (0.75 + 0.25 b) at b = 0 and 0.1.
    ("mazziotta_pareto", "monotone"): lambda: (
        value("mazziotta_pareto", (1, 0)) == [1.0]
        and value("mazziotta_pareto", (1, 0.1)) == pytest.approx([0.7525 / 0.775])
        and 0.7525 / 0.775 < 1
    ),
    # With the penalty down, the result falls under the smallest part.
    ("mazziotta_pareto", "range"): lambda: (
        registry.method("aggregator", "mazziotta_pareto")(
            pd.DataFrame({"a": [0.1], "b": [0.1], "c": [1.0]}),
            pd.Series(1.0, index=list("abc")),
            penalty="down",
        ).value.item()
        < 0.1
    ),
    ("product", "range"): lambda: value("product", (0.5, 0.5), weights=(1, 1)) == [0.25],
    ("min_count", "range"): lambda: value("min_count", (0.9, 0.9)) == [1.0],
    # 0.55 and 0.55 lie in the sixth of ten levels: 55 of 99.
    ("lexicographic", "range"): lambda: value("lexicographic", (0.58, 0.58)) == [55 / 99],
    ("quadrants", "range"): lambda: value("quadrants", (0.6, 0.6)) == [1.0],
    # Two parts alone are equally alike their sum: the one given first counts whole.
    ("dp2", "columns"): lambda: (
        run("dp2", [(0, 0), (0.5, 1), (1, 0.5)], (1, 1)).value[1]
        == pytest.approx(run("dp2", [(0, 0), (1, 0.5), (0.5, 1)], (1, 1)).value[2])
        and run("dp2", [(0, 0), (0.5, 1), (1, 0.5)], (1, 1)).value[1]
        != pytest.approx(run("dp2", [(0, 0), (1, 0.5), (0.5, 1)], (1, 1)).value[1])
    ),
    # r is −1/√3, so b counts (1 − 1/3)/sd = (2/3)/√(3/64) beside 3/0.5 of a. Made worse in b, the
    # first block makes b the mirror of a: it tells nothing of its own and counts nothing.
    ("dp2", "monotone"): lambda: (
        value("dp2", (0, 0.5), (0, 1), (1, 0.5), (1, 0.5))[0]
        == pytest.approx(0.5 * 3.0792014 / (6 + 3.0792014))
        and value("dp2", (0, 1), (0, 1), (1, 0.5), (1, 0.5))[0] == pytest.approx(0)
    ),
    ("topsis", "range"): lambda: value("topsis", (0.6, 0.6), (0.5, 0.5)) == [1.0, 0.0],
    ("vikor", "range"): lambda: value("vikor", (0.6, 0.6), (0.5, 0.5)) == [1.0, 0.0],
    ("promethee", "range"): lambda: value("promethee", (0.6, 0.6), (0.5, 0.5)) == [1.0, 0.0],
    # The best there is has no urgency, whatever its parts.
    ("benefit_of_doubt", "range"): lambda: value("benefit_of_doubt", (0.6, 0.6)) == [0.0],
    ("copeland", "range"): lambda: value("copeland", (0.6, 0.6), (0.5, 0.5)) == [1.0, 0.0],
}


@LIGHT
@pytest.mark.parametrize("law", APPLY)
def test_a_law_is_declared_or_has_a_counter_example(name, law):
    declared = law in registry.traits("aggregator", name).laws
    assert declared != ((name, law) in COUNTER_EXAMPLES)
    if not declared:
        assert COUNTER_EXAMPLES[name, law]()


@LIGHT
@settings(max_examples=25)
@given(rows=ROWS, seed=st.integers(0, 2**20), bump=st.integers(0, 20))
def test_the_laws_declared_are_kept(name, rows, seed, bump):
    laws = registry.traits("aggregator", name).laws
    one = run(name, rows)
    some = one.value.notna()
    held = pd.DataFrame(rows, columns=["a", "b"], dtype=float)
    assert not some[held.isna().all(axis=1)].any()  # nothing is known of nothing
    assert one.value[some].between(0, 1).all()
    added = one.contributions[some].sum(axis=1)
    np.testing.assert_allclose(added, one.value[some], atol=1e-9)
    assert (one.contributions.to_numpy() >= 0).all()
    known = held.notna().to_numpy() @ [0.75, 0.25]
    np.testing.assert_allclose(one.coverage, known, atol=1e-12)
    if "rows" in laws:
        order = np.random.default_rng(seed).permutation(len(rows))
        mixed = run(name, [rows[i] for i in order])
        np.testing.assert_allclose(mixed.value, one.value.iloc[order], atol=1e-12)
    if "columns" in laws:
        turned = run(name, [row[::-1] for row in rows], (1.0, 3.0), "xy")
        np.testing.assert_allclose(turned.value, one.value, atol=1e-12)
        np.testing.assert_allclose(turned.contributions["y"], one.contributions["a"], atol=1e-9)
    if "homogeneous" in laws:
        np.testing.assert_allclose(run(name, rows, (21.0, 7.0)).value, one.value, atol=1e-12)
    if "ties" in laws:
        doubled = run(name, [*rows, *rows]).value.to_numpy()
        np.testing.assert_array_equal(doubled[: len(rows)], doubled[len(rows) :])
    if "range" in laws:
        assert (one.value[some] <= held[some].max(axis=1) + 1e-9).all()
        assert (one.value[some] >= held[some].min(axis=1) - 1e-9).all()
    if "monotone" in laws:
        for column in "ab":
            raised = held.copy()
            cell = raised.loc[0, column]
            raised.loc[0, column] = cell if np.isnan(cell) else max(cell, bump / 20)
            after = registry.method("aggregator", name)(raised, pd.Series({"a": 3.0, "b": 1.0}))
            if some[0]:
                assert after.value[0] >= one.value[0] - 1e-9
    if "missing" in laws:
        for column, other in ("ab", "ba"):
            hidden = held.assign(**{column: np.nan})
            given_weights = pd.Series({"a": 3.0, "b": 1.0})
            without = registry.method("aggregator", name)(hidden, given_weights).value
            if without.notna().any():  # as if the part did not exist
                alone = registry.method("aggregator", name)(hidden[[other]], given_weights[[other]])
                np.testing.assert_allclose(without, alone.value, atol=1e-12)


def test_what_is_missing_leaves_its_weight_by_hand():
    parts = pd.DataFrame({"a": [1.0, np.nan], "b": [np.nan, np.nan]})
    filled, shares, coverage = known_weights(parts, pd.Series({"a": 1.0, "b": 3.0}))
    assert filled.tolist() == [[1, 0], [0, 0]]
    assert shares.tolist() == [[1, 0], [0, 0]]
    assert coverage.tolist() == [0.25, 0.0]
