"""A study's doubt: what varies, what does not, and which choice makes it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from targeting.composite import score
from targeting.composite.doubting import doubt_of, drawn, noise_of
from targeting.composite.treating import treated_values
from targeting.model import DoubtSpec, MethodSpec, Values
from targeting.problems import TargetingError
from tests.cities import indicator

HOW = {"normalize": MethodSpec("minmax"), "aggregate": MethodSpec("arithmetic")}
ONE, TWO = indicator("a"), indicator("b", "marginalization")
TREE = {"violence": (1.0, {"a": 1.0}), "marginalization": (1.0, {"b": 1.0})}
IDS = pd.Index([f"b{number:02d}" for number in range(40)], name="block_id")


def city(width=0.0):
    chance = np.random.default_rng(5)
    held = pd.DataFrame(chance.random((40, 2)), columns=["a", "b"], index=IDS)
    wide = pd.DataFrame({"a": width, "b": 0.0}, index=IDS)
    return Values(held, held - wide, held + wide, {"a": "block", "b": "block"})


def doubt(values, spec, **more):
    scores = score(values, [ONE, TWO], TREE, **HOW)
    return doubted(values, scores, spec, HOW, **more)


def doubted(values, scores, spec, how, labels=None, **more):
    made = drawn(values, [ONE, TWO], scores, spec, seed=1, **how, **more)
    return None if made is None else doubt_of(made, spec, labels=labels)


def test_where_nothing_varies_nothing_is_doubted():
    assert doubt(city(), DoubtSpec(draws=50, weights="stated")) is None


def test_the_choice_that_alone_varies_makes_all_the_doubt():
    found = doubt(city(), DoubtSpec(draws=50, weights="anywhere", sensitivity=256))
    assert found.causes["choice"].tolist() == ["weights"]
    assert found.causes["total"].item() == pytest.approx(1, abs=0.1)


def test_data_that_leave_much_open_make_more_doubt_than_weights():
    labels = pd.Series([1] * 10 + [0] * 30, index=IDS)
    spec = DoubtSpec(draws=50, weights_within=0.05, sensitivity=256)
    causes = doubt(city(0.4), spec, labels=labels).causes
    assert causes["polygon"].tolist() == [0, 0, 1, 1]
    by = causes.set_index(["polygon", "choice"])["total"]
    assert by[0, "data"] > 0.8
    assert by[0, "weights"] < 0.2
    assert by[1, "data"] > by[1, "weights"]


def test_within_groups_only_weights_and_aggregations_vary():
    spec = DoubtSpec(draws=50, aggregate=(MethodSpec("geometric"),))
    found = doubt(city(0.4), spec, grouped=True)
    assert set(found.choices["choice"]) == {"weights", "aggregate", "without"}
    with pytest.raises(TargetingError, match="doubt-within-groups"):
        doubt(city(), DoubtSpec(normalize=(MethodSpec("rank"),)), grouped=True)


def test_the_ends_of_an_interval_are_treated_as_its_value_is():
    held = pd.DataFrame({"a": [1.0, 2.0, 3.0, 100.0], "b": [1.0, np.nan, 3.0, 4.0]})
    values = Values(held, held * 0.5, held * 2, {"a": "block", "b": "block"})
    made, notes = treated_values(
        values, MethodSpec("winsorize_points", {"high": 1}), {"b": MethodSpec("none")}
    )
    assert made.value["a"].tolist() == [1, 2, 3, 3]
    # By hand: 1.5 lies between 1 and 2, which stay; 4 between 3 and 100, which both became 3.
    assert made.low["a"].tolist() == [1, 1, 1.5, 3]
    assert made.high["a"].tolist() == [2, 3, 3, 3]
    assert np.isnan(made.low["b"][1])
    assert made.value["b"].equals(held["b"])
    assert notes.index.tolist() == ["a"]
    same, nothing = treated_values(values, None)
    assert same is values
    assert nothing.empty


def test_a_rule_of_two_parts_is_doubted_without_leaving_one_out():
    flat = {"a": 2.0, "b": 1.0}
    how = {**HOW, "aggregate": MethodSpec("quadrants", {"cutoff": 0.5})}
    scores = score(city(0.4), [ONE, TWO], flat, **how)
    spec = DoubtSpec(draws=50, sensitivity=16)
    found = doubted(city(0.4), scores, spec, how)
    assert set(found.choices["choice"]) == {"weights", "data"}
    # A mean can do without either.
    scores = score(city(0.4), [ONE, TWO], flat, **HOW)
    found = doubted(city(0.4), scores, spec, HOW)
    assert found.choices.set_index("choice").loc["without", "alternative"].tolist() == ["a", "b"]


def test_a_share_stays_a_share_and_an_area_errs_as_one():
    held = pd.DataFrame({"a": [0.1, 0.2], "b": [0.1, 0.2]})
    values = Values(held, held, held, {"a": "shrunk", "b": "area"})
    share = replace(indicator("a"), unit="share")
    areas = pd.Series(["x", "x"])
    noise = noise_of(values, [share, TWO], areas)
    assert noise["a"].shape == "beta"
    assert noise["b"].units is areas
    rate = noise_of(values, [replace(indicator("a"), unit="per_1k"), TWO])["a"]
    assert rate.shape == "gamma"


def test_an_alternative_that_does_not_fit_is_told_where_it_is_written():
    with pytest.raises(TargetingError) as caught:
        doubt(city(), DoubtSpec(draws=50, aggregate=(MethodSpec("quadrants"),)))
    (problem,) = caught.value.problems
    assert (problem.code, problem.where) == ("not-two-parts", "uncertainty.aggregate")
