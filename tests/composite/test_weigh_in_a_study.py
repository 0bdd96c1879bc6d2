"""Weighers as a study names them: settings checked, weights found inside a tree."""

import numpy as np
import pandas as pd
import pytest

from targeting.composite import score
from targeting.model import MethodSpec, Node, Values
from targeting.problems import TargetingError
from targeting.settings import method_spec
from tests.cities import indicator

WRITTEN = {
    "ahp": {"judgments": {"a/b": 3, "a/c": 5, "b/c": 2}},
    "best_worst": {
        "best": "a",
        "worst": "c",
        "best_to_others": {"a": 1, "b": 2, "c": 4},
        "others_to_worst": {"a": 4, "b": 2, "c": 1},
    },
    "swing": {"ratings": {"a": 100, "b": 60, "c": 20}},
    "critic": {"correlation": "spearman"},
    "principal_component": {"by": "squares"},
    "entropy": {},
    "equal": {},
}


def spec(use, **written):
    found = []
    told = method_spec("weigher", {"use": use, **written}, "composite.weigh", found)
    assert found == []
    return told


@pytest.fixture
def city():
    random = np.random.default_rng(1)
    common = random.normal(size=80)
    held = pd.DataFrame({key: common + random.normal(size=80) for key in "abcv"})
    held.index = pd.Index([f"b{i:02d}" for i in range(80)], name="block_id")
    known = [indicator(key, "marginalization") for key in "abc"] + [indicator("v")]
    return Values(held, held, held, dict.fromkeys(held.columns, "block")), known


def scored(city, weigh, *, above=None):
    inner = Node("marginalization", 2.0, tuple(Node(key) for key in "abc"), weigh=weigh)
    tree = Node("score", children=(Node("violence", 1.0, (Node("v"),)), inner), weigh=above)
    return score(*city, tree, normalize=MethodSpec("minmax"), aggregate=MethodSpec("arithmetic"))


@pytest.mark.parametrize("use", WRITTEN)
def test_a_group_is_weighed_by_its_own_parts(city, use):
    found = scored(city, spec(use, **WRITTEN[use]))
    below = found.weights[list("abc")]
    assert below.sum() == pytest.approx(2 / 3)
    assert found.weights["v"] == pytest.approx(1 / 3)
    if use == "swing":
        assert below.tolist() == pytest.approx([2 / 3 * x for x in (100 / 180, 60 / 180, 20 / 180)])
    if use == "ahp":
        assert found.weighing["marginalization"]["consistency_ratio"] < 0.01


def test_dimensions_are_weighed_by_their_scores(city):
    found = scored(city, None, above=MethodSpec("standard_deviation"))
    spread = found.dimensions.std()
    expected = (spread / spread.sum()).to_dict()
    assert found.dimension_weights.to_dict() == pytest.approx(expected)


def test_several_judges_and_a_triangle_as_a_study_writes_them():
    told = spec("ahp", judges={"ana": {"a/b": 3}, "luis": [2]}, combine="priorities")
    assert told.settings["judges"] == {"ana": {"a/b": 3.0}, "luis": (2.0,)}
    wrong = []
    assert method_spec("weigher", {"use": "ahp", "judgments": "a/b"}, "w", wrong) is None
    assert wrong


def test_what_a_weigher_refuses_stops_the_score(city):
    judged = spec("ahp", judgments={"a/b": 9, "a/c": 1, "b/c": 9})
    with pytest.raises(TargetingError, match="a/b.*inconsistent-judgments"):
        scored(city, judged)


def test_what_a_weigher_refuses_is_told_with_its_group(city):
    bad = spec("swing", ratings={"a": 100, "b": 60})
    with pytest.raises(TargetingError) as caught:
        scored(city, bad)
    assert [one.where for one in caught.value.problems] == ["weights.marginalization.weigh.ratings"]
    torn = {"violence/marginalization": 9}
    with pytest.raises(TargetingError) as caught:
        scored(city, None, above=spec("swing", ratings=torn))
    assert [one.where for one in caught.value.problems] == ["weights.weigh.ratings"]
