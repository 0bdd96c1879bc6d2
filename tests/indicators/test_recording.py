"""The scenario of unrecorded incidents: by hand, its range, what it does to ranks."""

import numpy as np
import pandas as pd
import pytest

from targeting.indicators import density_of_points, rate_of_points, rate_with_exposure
from targeting.indicators.recording import recorded_shares
from targeting.problems import TargetingError
from targeting.settings import method_spec
from tests.cities import city


def violent_city():
    """Six blocks of 100 people in two areas, homicides 0 to 10."""
    events = {f"r00c0{n}": n * 2 for n in range(6)}
    return city(1, 6, incidents=events, areas=["a"] * 3 + ["b"] * 3)


@pytest.mark.parametrize("measure", [rate_of_points, rate_with_exposure, density_of_points])
def test_one_share_for_all_divides_all_and_changes_no_rank(measure):
    territory = violent_city()
    plain = measure(territory)
    scenario = measure(territory, recorded_share={"homicide": (0.05, 0.2)})
    # The middle share is 0.125: eight times the recorded.
    assert scenario.value.to_numpy() == pytest.approx(8 * plain.value.to_numpy())
    assert scenario.origin == "scenario"
    # All of the range: recorded/0.2 and its chance below, recorded/0.05 and its chance above.
    assert scenario.low.to_numpy() == pytest.approx(plain.low.to_numpy() / 0.2)
    assert scenario.high.to_numpy() == pytest.approx(plain.high.to_numpy() / 0.05)
    assert scenario.value.rank().tolist() == plain.value.rank().tolist()


def test_shares_of_places_change_ranks():
    territory = violent_city()
    plain = rate_of_points(territory).value
    told = {"a": (0.1, 0.1), "b": (0.8, 1.0)}
    scenario = rate_of_points(territory, recorded_in=told)
    assert plain["r00c02"] < plain["r00c03"]
    assert scenario.value["r00c02"] == pytest.approx(10 * plain["r00c02"])
    assert scenario.value["r00c03"] == pytest.approx(plain["r00c03"] / 0.9)
    assert scenario.value["r00c02"] > scenario.value["r00c03"]


def test_an_area_s_share_counts_before_its_municipality_s():
    territory = city(1, 3, areas=["a", "b", None], incidents={})
    shares = recorded_shares(
        territory,
        ("homicide", "theft"),
        {"homicide": (0.5, 0.7), "other": (0.1, 0.1)},
        {"M1": (0.5, 0.5), "a": (1.0, 1.0)},
    )
    assert shares["homicide"]["value"].tolist() == pytest.approx([0.6, 0.3, 0.3])
    assert shares["theft"]["low"].tolist() == pytest.approx([0.1, 0.05, 0.05])


def test_kinds_with_other_shares_add_up():
    territory = violent_city()
    territory.incidents.loc[territory.incidents.index[::2], "kind"] = "robbery"
    stated = {"homicide": (1.0, 1.0), "robbery": (0.1, 0.1)}
    parts = [rate_of_points(territory, kinds=(kind,)).value for kind in stated]
    whole = rate_of_points(territory, recorded_share=stated)
    assert whole.value.to_numpy() == pytest.approx((parts[0] + 10 * parts[1]).to_numpy())
    heavy = rate_of_points(territory, recorded_share=stated, by_severity=True)
    # homicide weighs 10, robbery 3
    assert heavy.value.to_numpy() == pytest.approx((10 * parts[0] + 30 * parts[1]).to_numpy())


def test_every_mistake_is_named():
    territory = violent_city()
    with pytest.raises(TargetingError) as caught:
        recorded_shares(territory, ("homicide",), {"theft": (0.3, 0.2)}, {"nowhere": (0.1, 0.2)})
    found = [problem.code for problem in caught.value.problems]
    assert found == ["recorded-share-turned", "no-recorded-share", "unknown-name"]
    assert all(str(problem) for problem in caught.value.problems)


def test_nothing_recorded_stays_nothing_and_missing_stays_missing():
    territory = city(1, 2, population=[np.nan, 50.0], incidents={"r00c01": 1})
    scenario = rate_of_points(territory, recorded_share={"homicide": (0.1, 0.2)})
    assert scenario.value.isna().tolist() == [True, False]
    assert isinstance(scenario.reliability, pd.Series)


def test_a_study_states_the_shares_in_the_indicator_s_measure():
    found = []
    raw = {"use": "rate_of_points", "recorded_share": {"robbery": [0.05, 0.10], "other": [1, 1]}}
    spec = method_spec("measure", raw, "indicators.v.measure", found)
    assert found == []
    assert spec.settings["recorded_share"] == {"robbery": (0.05, 0.10), "other": (1.0, 1.0)}
    for wrong in ([0.0, 0.1], [0.5, 1.5], [0.5]):
        raw["recorded_share"] = {"robbery": wrong}
        assert method_spec("measure", raw, "indicators.v.measure", found) is None
    assert found[0].where.startswith("indicators.v.measure.recorded_share.robbery")
