"""Values taken from tables: by block, and handed down from an area with their bounds."""

import numpy as np
import pandas as pd
import pytest

from targeting.indicators import block_value, handed_down
from targeting.problems import TargetingError
from tests.cities import city

BLOCKS = ["r00c00", "r00c01", "r01c00", "r01c01"]


def test_a_value_by_block_stays_missing_where_there_is_none():
    table = pd.DataFrame({"street_lighting": [1.0, 0.5, 0.0, np.nan]}, index=BLOCKS)
    one = block_value(city(2, 2, block_table=table), column="street_lighting")
    assert one.value.iloc[:3].tolist() == [1.0, 0.5, 0.0]
    assert np.isnan(one.value.iloc[3])
    assert one.origin == "block"
    pd.testing.assert_series_equal(one.low, one.high)
    (loss,) = one.losses
    assert (loss.reason, loss.count, loss.examples) == ("block-without-value", 1, ("r01c01",))


@pytest.mark.parametrize("table", [None, pd.DataFrame({"street_lightning": 1.0}, index=BLOCKS)])
def test_a_column_that_is_not_there_is_named(table):
    with pytest.raises(TargetingError) as raised:
        block_value(city(2, 2, block_table=table), column="street_lighting")
    problem = raised.value.problems[0]
    assert (problem.code, problem.where) == ("missing-column", "inputs.block_table")
    assert problem.values["given"] == "street_lighting"
    assert problem.values["hint"] == ("" if table is None else "street_lightning")


def test_bounds_are_handed_down_with_the_value():
    table = pd.DataFrame({"v": [0.2, 0.5], "a": [0.1, np.nan], "b": [0.4, np.nan]}, ["A1", "A2"])
    territory = city(2, 2, areas=["A1", "A1", "A2", None], area_table=table)
    one = handed_down(territory, column="v", low="a", high="b")
    assert one.value.iloc[:3].tolist() == [0.2, 0.2, 0.5]
    assert one.low.iloc[:3].tolist() == [0.1, 0.1, 0.5]  # no bound told: the value itself
    assert one.high.iloc[:3].tolist() == [0.4, 0.4, 0.5]
    assert one.losses[0].count == 1
    with pytest.raises(TargetingError) as raised:
        handed_down(territory, column="v", low="a", high="c")
    assert raised.value.problems[0].values["given"] == "c"
