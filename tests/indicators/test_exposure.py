"""What incidents are held against where few live: each rule by hand, and ranks that are matched."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from targeting.indicators import measure, rate_of_points, rate_with_exposure
from targeting.indicators.exposure import _linked, _street_km
from targeting.model import Indicator
from targeting.problems import TargetingError
from tests.cities import METRIC, ORIGIN, city


def downtown():
    """30 blocks of 100 people with 0 to 5 homicides, and three of nobody: 0, 3 and 40."""
    events = {f"r{n // 11:02d}c{n % 11:02d}": n % 6 for n in range(30)}
    events |= {"r02c08": 0, "r02c09": 3, "r02c10": 40}
    population = [100.0] * 30 + [0.0] * 3
    return city(3, 11, incidents=events, population=population)


def test_where_people_live_it_is_the_rate():
    territory = downtown()
    plain, one = rate_of_points(territory), rate_with_exposure(territory)
    lived = territory.blocks["population"] > 0
    assert one.value[lived].to_numpy() == pytest.approx(plain.value[lived].to_numpy())
    assert plain.value[~lived].isna().all()
    assert one.basis is not None
    assert one.basis[lived].eq("residents").all()


def test_where_nobody_lives_the_rank_by_ground_gives_the_rate():
    one = rate_with_exposure(downtown())
    lived = one.value.iloc[:30]
    assert one.basis.iloc[30:].tolist() == ["ground"] * 3
    assert one.value["r02c10"] == lived.max()  # as crowded as none: the worst rate, no more
    assert one.value["r02c08"] == pytest.approx(lived.min(), rel=0.05)
    assert lived.min() < one.value["r02c09"] < lived.max()
    assert one.losses == ()
    held = pd.concat([one.low, one.value, one.high], axis=1).diff(axis=1).iloc[:, 1:]
    assert (held >= 0).all().all()


def test_ranks_are_matched_by_hand():
    # 21 blocks: 0 to 20 per km², rates 0 to 2 in steps of 0.1. Rank 12.5 is rate 1.25.
    from targeting.indicators.shrinking import ShrunkRates

    rate = np.r_[np.arange(21) / 10, [np.nan] * 3]
    near = np.r_[np.arange(21.0), [12.5, 99.0, -5.0]]
    basis = np.array(["residents"] * 21 + ["ground"] * 3, dtype=object)
    close = ShrunkRates(near, near, near, 0.0, 0.0, 0.0, near, near, near)
    ends, taken = _linked([rate, rate, rate], close, basis)
    assert ends[1][21:].tolist() == pytest.approx([1.25, 2.0, 0.0])
    assert taken.tolist() == [False] * 21 + [True] * 3
    few = _linked(
        [rate[10:]] * 3, ShrunkRates(*[near[10:]] * 3, 0, 0, 0, *[near[10:]] * 3), basis[10:]
    )
    assert not few[1].any()  # eleven blocks are too few to rank by


def test_people_present_come_before_the_ground():
    territory = downtown()
    table = pd.DataFrame({"workers": 0.0}, index=territory.blocks.index)
    table.loc["r02c10", "workers"] = 500.0
    object.__setattr__(territory, "block_table", table)
    one = rate_with_exposure(territory, present_column="workers", present_each=2.0)
    assert one.basis.iloc[30:].tolist() == ["ground", "ground", "present"]
    # 40 on 1,000 people present is 40 per 1,000, drawn in a little.
    assert 33 < one.value["r02c10"] < 41


def test_people_at_facilities_count_in_the_block_they_stand_at():
    middle = (10 * 70.0 + 30, 2 * 70.0 + 63)  # in the street, 3 m from the last block
    territory = city(
        3,
        11,
        incidents={"r02c10": 40},
        population=[100.0] * 32 + [0.0],
        facilities=[("Mercado", "market", *middle)],
    )
    one = rate_with_exposure(territory, present_at={"market": 400.0})
    assert one.basis["r02c10"] == "present"
    assert 80 < one.value["r02c10"] <= 100.5  # 40 on 400


def test_without_another_rule_it_is_a_count_without_a_rate():
    one = rate_with_exposure(downtown(), otherwise="none")
    assert one.value.iloc[30:].isna().all()
    assert one.basis.iloc[30:].eq("none").all()
    assert [(loss.reason, loss.count) for loss in one.losses] == [("nothing-to-hold-against", 43)]


def test_few_residents_are_not_what_a_block_is_judged_by():
    territory = downtown()
    territory.blocks.loc["r02c10", "population"] = 5.0
    raw = 40 / 5 * 1000
    one = rate_with_exposure(territory)
    assert one.basis["r02c10"] == "ground"
    assert one.value["r02c10"] < raw / 10
    least = rate_with_exposure(territory, residents_min=5.0)
    assert least.basis["r02c10"] == "residents"


def test_streets_are_shared_out_among_the_blocks_beside_them():
    # One street of 100 m between two blocks, 10 m from each: 50 m each. One far away: nobody's.
    shapes = np.array([shapely.box(0, 0, 100, 80), shapely.box(0, 100, 100, 180)])
    axes = np.array(
        [shapely.LineString([(0, 90), (100, 90)]), shapely.LineString([(0, 900), (9, 900)])]
    )
    assert _street_km(axes, shapes) == pytest.approx([0.05, 0.05])
    territory = downtown()
    line = shapely.LineString([(ORIGIN[0], ORIGIN[1] + y) for y in (0, 300)])
    streets = gpd.GeoDataFrame(
        {"kind": "street", "name": None}, geometry=[line], crs=METRIC, index=[0]
    )
    object.__setattr__(territory, "street_axes", streets)
    one = rate_with_exposure(territory, otherwise="street")
    assert one.basis["r02c10"] == "none"  # no street at it


def test_every_mistake_is_named():
    with pytest.raises(TargetingError) as caught:
        rate_with_exposure(downtown(), present_column="workers", present_at={"bazar": 3.0})
    assert [p.code for p in caught.value.problems] == ["missing-column", "unknown-name"]
    with pytest.raises(TargetingError) as caught:
        rate_with_exposure(downtown(), otherwise="street")
    assert caught.value.problems[0].code == "no-street-axes"
    assert all(str(problem) for problem in caught.value.problems)


def test_what_a_block_is_held_against_reaches_the_values():
    names = {"es": "a", "en": "a"}
    one = Indicator("v", names, "per_1k", "higher", "violence", "rate_with_exposure")
    values = measure(downtown(), [one])
    assert values.basis["v"].value_counts().to_dict() == {"residents": 30, "ground": 3}


def test_where_nobody_looks_there_is_neither_rate_nor_basis():
    territory = downtown()
    seen = pd.Series(True, index=territory.blocks.index)
    seen["r02c10"] = False
    object.__setattr__(territory, "incident_coverage", seen)
    one = rate_with_exposure(territory)
    assert np.isnan(one.value["r02c10"])
    assert one.basis.isna().sum() == 1
    assert [(loss.reason, loss.count) for loss in one.losses] == [("kinds-not-covered", 40)]
