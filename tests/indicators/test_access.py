"""Distances and counts of facilities, worked by hand on a grid of 60 m blocks."""

import pytest

from targeting.indicators import count_within, nearest
from targeting.problems import TargetingError
from tests.cities import city

# Block r00c00 has its middle at (30, 30); r00c01 at (100, 30).
SCHOOL = ("Primaria", "primary_school", 30.0, 430.0)
PLAZA = ("Plaza", "plaza", 100.0, 30.0)


def test_distance_in_a_straight_line():
    one = nearest(city(1, 2, facilities=[SCHOOL, PLAZA]), kinds=("primary_school",))
    assert one.value.tolist() == pytest.approx([400.0, (400.0**2 + 70**2) ** 0.5])


def test_any_of_several_kinds():
    one = nearest(city(1, 2, facilities=[SCHOOL, PLAZA]), kinds=("primary_school", "plaza"))
    assert one.value.tolist() == pytest.approx([70.0, 0.0])


def test_no_such_facility_in_the_layers_is_missing_not_far():
    assert nearest(city(1, 2, facilities=[PLAZA]), kinds=("library",)).value.isna().all()


def test_each_kind_counts_within_its_own_norm():
    # primary_school reaches 500 m, plaza 670 m (table of kinds).
    territory = city(1, 2, facilities=[SCHOOL, PLAZA, ("Lejos", "primary_school", 30.0, 540.0)])
    assert count_within(territory, kinds=("primary_school", "plaza")).value.tolist() == [2.0, 2.0]
    assert count_within(territory, kinds=("primary_school",), radius_m=600).value.tolist() == [2, 2]


def test_unknown_and_unnormed_kinds_are_named():
    territory = city(1, 1, facilities=[("M", "market", 0.0, 0.0)])
    with pytest.raises(TargetingError, match="unknown-name"):
        nearest(territory, kinds=("scool",))
    with pytest.raises(TargetingError, match="kind-without-norm"):
        count_within(territory, kinds=("market",))
