"""Every registered index keeps the laws it declares; those it does not declare, it breaks."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from targeting import registry
from targeting.composite.components import first_component
from targeting.composite.distance import dp2
from tests.composite.test_distance import made

UNITS = 25


def index(name):
    function = registry.method("index", name)
    return lambda values: function(values).value


def clear(values):
    """Whether no two indicators are so alike the index that rounding decides who comes first."""
    total = ((values - values.mean()) / values.std()).sum(axis=1)
    alike = sorted(abs(np.corrcoef(values[name], total)[0, 1]) for name in values)
    return min(after - before for before, after in pairwise(alike)) > 1e-6


@pytest.mark.parametrize("name", registry.names("index"))
@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 9999),
    order=st.permutations(range(UNITS)),
    columns=st.permutations("abcd"),
    factor=st.floats(0.01, 100),
    shift=st.floats(-100, 100),
)
def test_declared_laws(name, seed, order, columns, factor, shift):
    laws = registry.traits("index", name).laws
    held = made(seed, units=UNITS)
    assume(clear(held))
    value = index(name)(held)
    if "rows" in laws:
        mixed = index(name)(held.iloc[list(order)])
        np.testing.assert_allclose(mixed[held.index], value, atol=1e-9)
    if "columns" in laws:
        renamed = held[list(columns)].set_axis(list("pqrs"), axis=1)
        np.testing.assert_allclose(index(name)(renamed), value, atol=1e-9)
    if "scale" in laws:
        moved = index(name)(held * [factor, 1, 2, 0.5] + [shift, 0, 1, -1])
        np.testing.assert_allclose(moved, value, atol=1e-8)
    if "ties" in laws:
        twice = pd.concat([held, held.iloc[[4]].set_axis(["copy"])])
        found = index(name)(twice)
        assert found["copy"] == pytest.approx(found["u4"], abs=1e-12)


def test_the_order_of_two_columns_matters_to_dp2():
    # Columns: two indicators alone are equally alike their sum, and the one given first counts
    # whole; (2, 4) and (4, 2) change places when the columns do.
    held = pd.DataFrame({"a": [0.0, 2, 4], "b": [0.0, 4, 2]})
    one, other = dp2(held).value, dp2(held[["b", "a"]]).value
    assert "columns" not in registry.traits("index", "dp2").laws
    assert one[1] == pytest.approx(other[2])
    assert abs(one[1] - other[1]) > 0.1


def test_a_worse_value_may_better_the_unit_by_dp2():
    # b of the first unit goes from 0 to 10, the worst there is. It tells less of a and c then, so
    # they count more, and the unit, at 0 in c, ends further from the worst than before.
    held = pd.DataFrame(
        [[3, 0, 0], [7, 6, 2], [2, 3, 1], [8, 8, 3], [4, 8, 3], [9, 7, 1]], columns=list("abc")
    ).astype(float)
    worse = held.assign(b=[10.0, 6, 3, 8, 8, 7])
    worst = dict.fromkeys("abc", 10.0)
    before, after = (dp2(table, reference=worst) for table in (held, worse))
    assert "monotone" not in registry.traits("index", "dp2").laws
    assert after.value[0] > before.value[0] + 1
    assert after.contributions.loc[0, "b"] == 0  # b itself did its part


def test_a_worse_value_may_better_the_unit_by_the_first_component():
    # b of the first unit goes from 7 to 10 and is then less alike the others: its loading falls
    # by more than the value rises.
    held = pd.DataFrame(
        [[1, 7, 0], [6, 3, 5], [9, 7, 2], [7, 8, 5], [2, 0, 1], [3, 5, 8]], columns=list("abc")
    ).astype(float)
    before, after = first_component(held), first_component(held.assign(b=[10.0, 3, 7, 8, 0, 5]))
    assert "monotone" not in registry.traits("index", "first_component").laws
    assert before.negative == after.negative == ()
    assert after.loadings["b"] < before.loadings["b"]
    assert after.value[0] < before.value[0] - 0.5
