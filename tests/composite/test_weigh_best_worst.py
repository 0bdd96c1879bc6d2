"""The best-worst method: the textbook's car, a second way to solve it, and wrong use."""

import numpy as np
import pytest

from targeting.composite.weigh import best_worst
from tests.composite.test_weigh_opinion import NOTHING, named, problems_of

CAR = ("quality", "price", "comfort", "safety", "style")


def weigh(names, above, below, **settings):
    best, worst = names[above.index(1)], names[below.index(1)]
    return best_worst(
        named(*names),
        NOTHING,
        best=best,
        worst=worst,
        best_to_others=dict(zip(names, map(float, above), strict=True)),
        others_to_worst=dict(zip(names, map(float, below), strict=True)),
        **settings,
    )


def test_the_car_of_the_textbook():
    # Rezaei (2016): buying a car, fully consistent. By hand: 1/2, 1, 1/4, 1/2, 1/8 over 19/8.
    found = weigh(CAR, (2, 1, 4, 2, 8), (4, 8, 2, 4, 1))
    assert found.weights.tolist() == pytest.approx([4 / 19, 8 / 19, 2 / 19, 4 / 19, 1 / 19])
    assert found.notes["ksi"] == pytest.approx(0, abs=1e-9)
    assert found.notes["consistency_ratio"] == 0


def test_three_members_by_another_way():
    # Rezaei (2015): load flexibility, accessibility, cost. The best to others 8, 2, 1, others to
    # the worst 1, 5, 8. The ratio by hand: |2 x 5 - 8| / (64 - 8).
    found = weigh(("load", "access", "cost"), (8, 2, 1), (1, 5, 8))
    assert found.notes["consistency_ratio"] == pytest.approx(2 / 56)
    assert found.notes["worst_comparison"] == "access"
    one, two = np.meshgrid(np.linspace(0.01, 0.2, 400), np.linspace(0.2, 0.5, 400))
    three = 1 - one - two
    off = np.max([np.abs(three - 2 * two), np.abs(three - 8 * one), np.abs(two - 5 * one)], axis=0)
    at = np.unravel_index(off.argmin(), off.shape)
    assert found.notes["ksi"] == pytest.approx(off.min(), abs=2e-3)
    assert found.notes["ksi"] <= off.min()
    np.testing.assert_allclose(found.weights, [one[at], two[at], three[at]], atol=2e-3)


def test_inconsistent_comparisons_are_refused_and_the_worst_named():
    with pytest.raises(Exception, match="“c”"):
        weigh(tuple("abcd"), (1, 2, 9, 4), (4, 2, 2, 1))
    found = weigh(tuple("abcd"), (1, 2, 9, 4), (4, 2, 2, 1), accept_inconsistent=True)
    # |9 x 2 - 4| / (16 - 4)
    assert found.notes["consistency_ratio"] == pytest.approx(14 / 12)
    assert found.notes["inconsistent"]
    assert found.notes["ksi"] > 0.01


def test_one_member_and_two_and_equals():
    found = best_worst(
        named("a"), NOTHING, best="a", worst="a", best_to_others={}, others_to_worst={}
    )
    assert found.weights.tolist() == [1.0]
    assert weigh(("a", "b"), (1, 3), (3, 1)).weights.tolist() == pytest.approx([0.75, 0.25])
    same = best_worst(
        named("a", "b"),
        NOTHING,
        best="a",
        worst="b",
        best_to_others={"a": 1.0, "b": 1.0},
        others_to_worst={"a": 1.0, "b": 1.0},
    )
    assert same.weights.tolist() == pytest.approx([0.5, 0.5])


def test_wrong_use_is_told_at_once():
    call = {
        "best": "x",
        "worst": "b",
        "best_to_others": {"a": 0.5, "b": 4.0},
        "others_to_worst": {"a": 4.0},
    }
    assert problems_of(lambda: best_worst(named("a", "b"), NOTHING, **call)) == [
        ("not-a-member", "weigh.best"),
        ("comparison-off-scale", "weigh.best_to_others.a"),
        ("ratings-not-fitting", "weigh.others_to_worst"),
    ]
    call |= {"best": "b", "best_to_others": {"a": 2.0, "b": 1.0}}
    call["others_to_worst"] = {"a": 2.0, "b": 1.0}
    assert problems_of(lambda: best_worst(named("a", "b"), NOTHING, **call)) == [
        ("best-is-worst", "weigh")
    ]
    call |= {"best": "a", "best_to_others": {"a": 1.0, "b": 3.0}}
    assert problems_of(lambda: best_worst(named("a", "b"), NOTHING, **call)) == [
        ("comparison-off-scale", "weigh.others_to_worst.a")
    ]
    call["best_to_others"] = {"a": 1.0, "b": 12.0}
    assert ("comparison-off-scale", "weigh.best_to_others.b") in problems_of(
        lambda: best_worst(named("a", "b"), NOTHING, **call)
    )
