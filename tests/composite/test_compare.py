"""Two results beside each other: changes by hand, COINr's tables, attributions that sum."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.composite.compare import (
    attribute,
    compare,
    in_top,
    ranks,
    shared_members,
    without_each,
)
from targeting.composite.scoring import combine, score
from targeting.model import MethodSpec, Node, Values
from tests.composite.doubtful import INDICATORS, KEYS, TREE, city
from tests.composite.test_account import asem_scores

FEW = settings(max_examples=6, deadline=None)


def series(**values):
    return pd.Series(values, dtype=float)


def without_intervals(held):
    """Leave the ends out: only the score is asked for, again and again."""
    return Values(held.value, held.value, held.value, held.origin)


def test_changes_by_hand():
    # Before: a 1, b 2, c 3, d none. After: b 1, c 2, a 3, d 4. Top half of 3 is 2, of 4 is 2.
    before = series(a=0.9, b=0.5, c=0.1, d=np.nan, gone=0.7)
    after = series(d=0.05, c=0.2, b=0.6, a=0.1, new=0.3)
    made = compare(before, after, top=0.5)
    assert made.only_before == ("gone",)
    assert made.only_after == ("new",)
    assert made.blocks["rank_change"].tolist()[:3] == [-2.0, 1.0, 1.0]
    assert np.isnan(made.blocks.loc["d", "rank_change"])
    assert made.blocks["score_change"].round(12).tolist()[:3] == [-0.8, 0.1, 0.1]
    told = made.figures
    assert (told["entering"], told["leaving"], told["staying"]) == (1, 1, 1)
    assert (told["appeared"], told["vanished"], told["scored"], told["blocks"]) == (1, 0, 3, 4)
    assert told["rank_shift"] == pytest.approx(4 / 3)
    # Ranks 1 2 3 and 3 1 2: Spearman 1 − 6 (4 + 1 + 1) / 24.
    assert told["rank_correlation"] == pytest.approx(-0.5)


def test_equals_at_the_line_are_all_in():
    scores = series(a=0.5, b=0.5, c=0.5, d=0.1)
    assert in_top(scores, 0.25).sum() == 3
    assert ranks(series(a=0.1 + 0.2, b=0.3)).tolist() == [1, 1]


def test_the_same_result_twice_differs_in_nothing():
    scores = pd.Series(np.random.default_rng(1).uniform(size=50))
    told = compare(scores, scores).figures
    assert (told["entering"], told["leaving"], told["rank_shift"]) == (0, 0, 0)
    assert told["rank_correlation"] == pytest.approx(1)


SWITCHES = ("data", "normalize", "weights", "aggregate")


def switched(seed):
    """Score a made city with some of its choices those of a second study."""
    first, second = (without_intervals(city(40, seed=one)) for one in (seed, seed + 1))
    trees = (Node.of(TREE), Node.of(dict.fromkeys(KEYS, 1.0)))

    def evaluate(taken):
        return score(
            second if "data" in taken else first,
            INDICATORS,
            trees["weights" in taken],
            normalize=MethodSpec("rank" if "normalize" in taken else "minmax"),
            aggregate=MethodSpec("geometric" if "aggregate" in taken else "arithmetic"),
        ).score

    return evaluate


@pytest.mark.parametrize("order", ["given", "average"])
@FEW
@given(st.integers(0, 500))
def test_what_the_choices_bring_about_sums_to_the_difference(order, seed):
    evaluate = switched(seed)
    told = attribute(evaluate, SWITCHES, top=0.2, order=order)
    before, after = evaluate(frozenset()), evaluate(frozenset(SWITCHES))
    whole = compare(before, after, top=0.2)
    known = told.score.notna().all(axis=1)
    assert known.sum() > 20
    np.testing.assert_allclose(
        told.score.sum(axis=1)[known], whole.blocks["score_change"][known], atol=1e-12
    )
    np.testing.assert_allclose(
        told.rank.sum(axis=1)[known], whole.blocks["rank_change"][known], atol=1e-9
    )
    moved = whole.blocks["top_after"].astype(int) - whole.blocks["top_before"].astype(int)
    np.testing.assert_allclose(told.top.sum(axis=1), moved, atol=1e-9)
    for way in ("entering", "leaving"):
        assert told.figures[way].sum() == pytest.approx(whole.figures[way])


def test_a_choice_that_changes_nothing_is_given_nothing():
    evaluate = switched(3)
    told = attribute(lambda taken: evaluate(taken - {"aggregate"}), SWITCHES)
    assert told.score["aggregate"].abs().max() == 0
    assert told.figures.loc["aggregate", "entering"] == 0


def test_the_order_given_is_kept_and_the_average_does_not_depend_on_it():
    evaluate = switched(5)
    first = attribute(evaluate, SWITCHES, order="given")
    data_first = evaluate(frozenset({"data"})) - evaluate(frozenset())
    np.testing.assert_allclose(first.score["data"], data_first, atol=1e-12)
    assert not first.averaged
    one, other = attribute(evaluate, SWITCHES), attribute(evaluate, SWITCHES[::-1])
    assert one.averaged
    for name in SWITCHES:
        np.testing.assert_allclose(one.score[name], other.score[name], atol=1e-12)


def test_the_average_over_two_choices_by_hand():
    # 2 + 3 with an interaction of 4: each gets half of it.
    values = {(): 0.0, ("a",): 2.0, ("b",): 3.0, ("a", "b"): 9.0}
    told = attribute(lambda taken: series(x=values[tuple(sorted(taken))]), ["a", "b"])
    assert told.score.loc["x"].tolist() == [4.0, 5.0]


def test_more_than_five_choices_are_taken_in_order():
    asked = []

    def evaluate(taken):
        asked.append(taken)
        return series(x=float(len(taken)), y=0.0)

    told = attribute(evaluate, list("abcdef"))
    assert not told.averaged
    assert len(asked) == 7
    assert told.score.loc["x"].tolist() == [1.0] * 6


def test_blocks_go_from_polygon_to_polygon():
    before = pd.Series({"a": 1, "b": 1, "c": 2, "d": 0})
    after = pd.Series({"a": 1, "b": 0, "c": 1, "e": 2})
    rows = shared_members(before, after).to_numpy().tolist()
    assert rows == [[0, 2, 1], [1, 0, 1], [1, 1, 1], [2, 1, 1]]


@pytest.mark.real
def test_ranks_are_those_of_coinr_and_a_result_beside_itself_has_no_change(real_data):
    """COINr 1.1.14, `compare_coins`: in the stored table both coins rank alike."""
    scores, _ = asem_scores(real_data)
    folder = real_data / "indices" / "asem" / "coinr_ref"
    expected = pd.read_csv(folder / "compare_drop.csv").set_index("uCode")
    made = compare(1 - scores.score, 1 - scores.score).blocks.loc[expected.index]
    assert made["rank_before"].tolist() == expected["coin.1"].tolist()
    assert made["rank_after"].tolist() == expected["coin.2"].tolist()
    assert made["rank_change"].tolist() == expected["Diff"].tolist()


@pytest.mark.real
def test_leaving_pillars_out_moves_ranks_as_in_coinr(real_data):
    """COINr 1.1.14, `remove_elements(coin, Level = 2)`: mean absolute change of rank."""
    scores, tree = asem_scores(real_data)
    folder = real_data / "indices" / "asem" / "coinr_ref"
    expected = pd.read_csv(folder / "remove_elements_L2.csv").set_index("pillar")["mad"]

    def without(name):
        kept = Node("Index", 1.0, tuple(_less(child, name) for child in tree.children)).scaled()
        return 1 - combine(scores.parts, kept, aggregate=MethodSpec("arithmetic")).value

    told = without_each(without, 1 - scores.score, list(expected.index.drop("Nominal")))
    np.testing.assert_allclose(told, expected.drop("Nominal"), atol=1e-9)


def _less(node, name):
    kept = tuple(child for child in node.children if child.key != name)
    return Node(node.key, node.weight, kept)
