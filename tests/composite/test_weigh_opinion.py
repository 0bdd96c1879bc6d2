"""Stated weights, ratings and pairwise judgments: textbook matrices and wrong use."""

import numpy as np
import pandas as pd
import pytest
from pymcdm.weights.subjective import AHP

from targeting.composite.weigh import ahp, equal, stated, swing
from targeting.composite.weigh.judgments import RANDOM_INDEX, priorities, worst_judgment
from targeting.problems import TargetingError

NOTHING = pd.Series(dtype=float)


def named(*names):
    return pd.DataFrame([[0.1] * len(names)], columns=list(names))


def problems_of(call):
    """Return codes and places, each said in both languages without a hole."""
    with pytest.raises(TargetingError) as caught:
        call()
    for problem in caught.value.problems:
        assert problem.code in problem.text("es")
        assert "{" not in problem.text("es") + problem.text("en")
        assert problem.text("es") != problem.text("en")
    return [(problem.code, problem.where) for problem in caught.value.problems]


# Saaty (2008), Decision making with the analytic hierarchy process, table 3: how much more of one
# drink than of another is consumed in the United States. Tea over wine is printed 2 there; the
# reciprocal of wine over tea, 1/3, is 3.
DRINKS = ("coffee", "wine", "tea", "beer", "soda", "milk", "water")
DRUNK = (
    *(9, 5, 2, 1, 1, 1 / 2),
    *(1 / 3, 1 / 9, 1 / 9, 1 / 9, 1 / 9),
    *(1 / 3, 1 / 4, 1 / 3, 1 / 9),
    *(1 / 2, 1, 1 / 3),
    *(2, 1 / 2),
    *(1 / 3,),
)
# Saaty (1980), choosing a school: learning, friends, school life, vocational training, college
# preparation, music. Known to be inconsistent.
SCHOOL = ("learning", "friends", "life", "vocational", "college", "music")
CHOSEN = (
    *(4, 3, 1, 3, 4),
    *(7, 3, 1 / 5, 1),
    *(1 / 5, 1 / 5, 1 / 6),
    *(1, 1 / 3),
    *(3,),
)


def matrix_of(triangle, size):
    held = np.eye(size)
    held[np.triu_indices(size, 1)] = triangle
    held.T[np.triu_indices(size, 1)] = 1 / np.array(triangle)
    return held


def test_stated_weights_are_scaled():
    assert stated(named("a", "b"), pd.Series({"b": 3.0, "a": 1.0})).weights.tolist() == [0.25, 0.75]
    assert stated(named("a"), pd.Series({"a": 7.0})).weights.tolist() == [1.0]


@pytest.mark.parametrize("bad", [np.nan, -1.0, np.inf])
def test_a_bad_weight_is_named(bad):
    given = pd.Series({"a": 1.0, "b": bad})
    assert problems_of(lambda: stated(named("a", "b"), given)) == [("bad-weight", "weigh.b")]


def test_a_weight_not_given_is_named_and_all_zero_refused():
    assert problems_of(lambda: stated(named("a", "b"), pd.Series({"a": 1.0}))) == [
        ("bad-weight", "weigh.b")
    ]
    zero = pd.Series({"a": 0.0, "b": 0.0})
    assert problems_of(lambda: stated(named("a", "b"), zero)) == [("no-weight-left", "weigh")]


def test_equal_weights_ignore_what_is_stated():
    given = pd.Series({"a": 1.0, "b": np.nan, "c": -3.0})
    assert equal(named("a", "b", "c"), given).weights.tolist() == pytest.approx([1 / 3] * 3)


def test_ratings_over_their_sum():
    found = swing(named("a", "b", "c"), NOTHING, ratings={"c": 0.0, "a": 100.0, "b": 25.0})
    assert found.weights.to_dict() == {"a": 0.8, "b": 0.2, "c": 0.0}


def test_ratings_that_do_not_fit_are_told_at_once():
    ratings = {"a": 120.0, "x": 1.0}
    assert problems_of(lambda: swing(named("a", "b"), NOTHING, ratings=ratings)) == [
        ("ratings-not-fitting", "weigh.ratings"),
        ("bad-rating", "weigh.ratings.a"),
    ]
    assert problems_of(lambda: swing(named("a"), NOTHING, ratings={"a": 0.0})) == [
        ("no-weight-left", "weigh")
    ]


# ------------------------------------------------------------------------------------------ AHP


def test_the_drinks_of_the_textbook():
    found = ahp(named(*DRINKS), NOTHING, judgments=DRUNK)
    published = [0.177, 0.019, 0.042, 0.116, 0.190, 0.129, 0.327]
    assert found.weights.round(3).tolist() == published
    assert round(found.notes["consistency_ratio"], 3) == 0.022


def test_the_school_of_the_textbook_is_refused_and_the_worst_judgment_named():
    published = [0.32, 0.14, 0.03, 0.13, 0.24, 0.14]
    with pytest.raises(TargetingError) as caught:
        ahp(named(*SCHOOL), NOTHING, judgments=CHOSEN)
    (problem,) = caught.value.problems
    assert problem.code == "inconsistent-judgments"
    assert problem.values["ratio"] == 0.229  # λmax 7.42, by the eigenvalues of numpy
    found = ahp(named(*SCHOOL), NOTHING, judgments=CHOSEN, accept_inconsistent=True)
    assert found.weights.round(2).tolist() == published
    assert found.notes["lambda_max"] == pytest.approx(
        np.linalg.eigvals(matrix_of(CHOSEN, 6)).real.max()
    )
    assert found.notes["consistency_index"] == pytest.approx((found.notes["lambda_max"] - 6) / 5)
    assert found.notes["inconsistent"][""]["worst"] == problem.values["pair"]


def test_no_other_judgment_lowers_the_ratio_more():
    matrix = matrix_of(CHOSEN, 6)
    worst = worst_judgment(matrix)
    tried = {}
    for i in range(6):
        for j in range(i + 1, 6):
            ratios = []
            for value in np.exp(np.linspace(np.log(1 / 30), np.log(30), 400)):
                put = matrix.copy()
                put[i, j], put[j, i] = value, 1 / value
                ratios.append(priorities(put)[1].ratio)
            tried[i, j] = min(ratios)
    assert min(tried, key=tried.get) == tuple(sorted((worst.first, worst.second)))
    # Harker's quotient is close to the very best value of that pair.
    assert worst.ratio <= min(tried.values()) + 0.002


def test_one_spoilt_judgment_is_found_and_mended():
    weights = np.array([0.4, 0.3, 0.2, 0.1])
    matrix = weights[:, None] / weights
    matrix[1, 3], matrix[3, 1] = 1 / 3, 3.0  # should be 3
    worst = worst_judgment(matrix)
    assert (worst.first, worst.second, worst.given) == (3, 1, 3.0)
    assert worst.fitting == pytest.approx(1 / 3, abs=1e-9)
    assert worst.ratio == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(("triangle", "size"), [(DRUNK, 7), (CHOSEN, 6), ((3.0, 5.0, 2.0), 3)])
def test_beside_pymcdm(triangle, size):
    matrix = matrix_of(triangle, size)
    weights, found = priorities(matrix)
    peer = AHP(matrix=matrix)
    np.testing.assert_allclose(weights, peer(), atol=1e-12)
    # Its random index is Tummala and Ling's (1998), ours Saaty's (1980): the index is the same.
    assert found.index == pytest.approx(peer.get_cr() * AHP.RI_M[size - 1], abs=1e-9)
    assert found.ratio == pytest.approx(found.index / RANDOM_INDEX[size], abs=1e-15)


def test_pairs_may_be_named_in_either_order():
    one = ahp(named("a", "b", "c"), NOTHING, judgments={"a/b": 2.0, "c/a": 0.25, "b/c": 2.0})
    two = ahp(named("a", "b", "c"), NOTHING, judgments=(2.0, 4.0, 2.0))
    pd.testing.assert_series_equal(one.weights, two.weights)
    assert one.weights.tolist() == pytest.approx([4 / 7, 2 / 7, 1 / 7])


def test_one_member_and_two():
    assert ahp(named("a"), NOTHING, judgments={}).weights.tolist() == [1.0]
    found = ahp(named("a", "b"), NOTHING, judgments={"b/a": 9.0})
    assert found.weights.tolist() == pytest.approx([0.1, 0.9])
    assert found.notes["consistency_ratio"] == 0


def test_what_is_wrong_with_the_pairs_is_told_at_once():
    told = {"a/b": 2.0, "b/a": 0.5, "a/x": 3.0, "c/c": 1.0, "b/d": 12.0}
    call = named("a", "b", "c", "d")
    assert problems_of(lambda: ahp(call, NOTHING, judgments=told)) == [
        ("judgment-off-scale", "weigh.judgments.b/d"),
        ("judgments-not-fitting", "weigh.judgments"),
        ("judgment-twice", "weigh.judgments"),
    ]
    with pytest.raises(TargetingError) as caught:
        ahp(call, NOTHING, judgments=told)
    values = caught.value.problems[1].values
    assert (values["missing"], values["given"]) == ("a/c, a/d, b/c, c/d", "a/x, c/c")


def test_other_wrong_use():
    three = named("a", "b", "c")
    assert problems_of(lambda: ahp(three, NOTHING)) == [("judgments-or-judges", "weigh")]
    assert problems_of(lambda: ahp(three, NOTHING, judges={})) == [("judgments-or-judges", "weigh")]
    assert problems_of(lambda: ahp(three, NOTHING, judgments=(1.0, 2.0))) == [
        ("judgments-not-triangle", "weigh.judgments")
    ]
    many = named(*[f"m{i}" for i in range(16)])
    assert problems_of(lambda: ahp(many, NOTHING, judgments=())) == [("too-many-to-judge", "weigh")]
    nan = {"a/b": np.nan, "a/c": 1.0, "b/c": 1.0}
    assert problems_of(lambda: ahp(three, NOTHING, judgments=nan)) == [
        ("judgment-off-scale", "weigh.judgments.a/b")
    ]


def test_two_judges_become_one_by_judgments_or_by_priorities():
    # Opposite judges: the geometric mean of 4 and 1/4 is 1.
    told = {"ana": {"a/b": 4.0}, "luis": {"b/a": 4.0}}
    assert ahp(named("a", "b"), NOTHING, judges=told).weights.tolist() == pytest.approx([0.5, 0.5])
    # By hand: judgments 2 and 8 have the mean 4; of two members, so have the priorities.
    told = {"ana": {"a/b": 2.0}, "luis": {"a/b": 8.0}}
    for combine in ("judgments", "priorities"):
        found = ahp(named("a", "b"), NOTHING, judges=told, combine=combine)
        assert found.weights.tolist() == pytest.approx([0.8, 0.2])
        assert found.notes["judges"]["luis"]["weights"]["a"] == pytest.approx(8 / 9)


def test_judgments_and_priorities_of_judges_who_contradict_themselves_differ():
    told = {"ana": (4.0, 3.0, 2.0), "luis": (2.0, 5.0, 1.0)}
    call = {"judges": told, "accept_inconsistent": True}
    one = ahp(named("a", "b", "c"), NOTHING, **call)
    two = ahp(named("a", "b", "c"), NOTHING, combine="priorities", **call)
    # Of three members the eigenvector is the geometric mean of the rows, so the two are the same;
    # of four they part.
    np.testing.assert_allclose(one.weights, two.weights, atol=1e-12)
    told = {"ana": (4.0, 3.0, 9.0, 2.0, 2.0, 5.0), "luis": (2.0, 5.0, 1.0, 1.0, 3.0, 1.0)}
    call = {"judges": told, "accept_inconsistent": True}
    one = ahp(named(*"abcd"), NOTHING, **call)
    two = ahp(named(*"abcd"), NOTHING, combine="priorities", **call)
    assert np.abs(one.weights - two.weights).max() > 1e-4


def test_each_inconsistent_judge_is_refused_by_name():
    told = {"ana": CHOSEN, "luis": (1.0,) * 15, "eva": CHOSEN[::-1]}
    codes = problems_of(lambda: ahp(named(*SCHOOL), NOTHING, judges=told))
    assert codes == [
        ("inconsistent-judgments", "weigh.judges.ana"),
        ("inconsistent-judgments", "weigh.judges.eva"),
    ]
