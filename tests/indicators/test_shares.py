"""Shares keep the interval a mask leaves; handed-down values say where they are from."""

import numpy as np
import pandas as pd
import pytest

from targeting.indicators import handed_down, measure, share
from targeting.model import Indicator
from targeting.problems import TargetingError
from tests.cities import city

EXACT = (30.0, 30.0, 30.0)
MASK = (1.0, 1.5, 2.0)
NONE = (0.0, 0.0, 0.0)
MISSING = (np.nan, np.nan, np.nan)


def test_a_share_worked_by_hand_with_its_mask():
    census = {"with": [EXACT, MASK, NONE, MISSING], "all": [(40.0,) * 3, (5.0,) * 3, NONE, EXACT]}
    one = share(city(2, 2, census=census), numerator=("with",), denominator=("all",))
    assert one.value.iloc[:2].tolist() == [0.75, 0.3]
    assert (one.low.iloc[1], one.high.iloc[1]) == (0.2, 0.4)  # 1/5 and 2/5
    assert one.value.iloc[2:].isna().all()  # nobody there; not published


def test_the_complement_turns_the_interval_round():
    census = {"with": [MASK], "all": [(5.0,) * 3]}
    one = share(
        city(1, 1, census=census), numerator=("with",), denominator=("all",), complement=True
    )
    assert (one.low.item(), one.value.item(), one.high.item()) == pytest.approx((0.6, 0.7, 0.8))


def test_a_masked_denominator_may_leave_everything_open():
    census = {"with": [(0.0, 3.0, 6.0)], "all": [(0.0, 3.0, 6.0)]}
    one = share(city(1, 1, census=census), numerator=("with",), denominator=("all",))
    assert (one.low.item(), one.high.item()) == (0.0, 1.0)


def test_every_missing_column_is_named():
    territory = city(1, 1, census={"P_15YMAS": [EXACT]})
    with pytest.raises(TargetingError) as caught:
        share(territory, numerator=("P15SEC",), denominator=("P_15YMA",))
    assert [p.values["given"] for p in caught.value.problems] == ["P15SEC", "P_15YMA"]
    assert caught.value.problems[1].values["hint"] == "P_15YMAS"


def test_a_value_handed_down_is_missing_where_the_area_is():
    table = pd.DataFrame({"index": [0.8]}, index=pd.Index(["A1"], name="area_id"))
    territory = city(1, 3, areas=["A1", "A2", None], area_table=table)
    one = handed_down(territory, column="index")
    assert one.origin == "area"
    assert one.value.tolist()[0] == 0.8
    assert one.value.isna().tolist() == [False, True, True]
    assert (one.losses[0].count, one.losses[0].examples) == (2, ("A2",))


def test_an_indicator_without_any_value_is_a_problem():
    territory = city(1, 2)
    empty = Indicator(
        "far_m",
        {"es": "a", "en": "a"},
        "m",
        "higher",
        "facilities",
        "nearest",
        {"kinds": ("library",)},
    )
    with pytest.raises(TargetingError) as caught:
        measure(territory, [empty])
    assert caught.value.problems[0].code == "indicator-without-data"
