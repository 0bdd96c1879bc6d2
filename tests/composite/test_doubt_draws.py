"""Draws against a plain loop; what must not change them."""

import numpy as np
import pandas as pd
import pytest

from targeting.composite.uncertainty import (
    Anywhere,
    Around,
    Within,
    draw,
    draw_scores,
    draws_of,
    prepare,
    summarize,
)
from targeting.composite.uncertainty import draws as draws_module
from targeting.model import MethodSpec, Values

from .doubtful import AGGREGATE, INDICATORS, NORMALIZE, TREE, city, plain_ranks, plainly

CHOICES = {"normalize": NORMALIZE, "aggregate": AGGREGATE, "weights": Within(0.25)}


def test_every_draw_is_the_study_s_score_with_its_choices():
    values = city()
    model = prepare(values, INDICATORS, TREE, **CHOICES)
    made = draw(model, draws=40, seed=9)
    for number in range(40):
        norm, aggregate = made.plan.pick[number, :2]
        wanted = plainly(
            values,
            model.levels.names,
            made.plan.weights[number],
            NORMALIZE[norm],
            AGGREGATE[aggregate],
        )
        found = pd.Series(draw_scores(made, number), index=made.index)
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-12)
        np.testing.assert_array_equal(
            made.ranks[number], plain_ranks(wanted).fillna(0).to_numpy(int)
        )
    assert {*made.plan.pick[:, 0]} == {0, 1}
    assert {*made.plan.pick[:, 1]} == {0, 1, 2}


def test_summaries_are_plain_statistics_of_the_ranks():
    made = draw(prepare(city(), INDICATORS, TREE, **CHOICES), draws=101, seed=3)
    found = summarize(made, top_share=0.2).blocks
    ranks = pd.DataFrame(made.ranks, columns=made.index).astype(float).replace(0, np.nan)
    for name, share in {"rank_low": 0.05, "rank_median": 0.5, "rank_high": 0.95}.items():
        np.testing.assert_allclose(found[name], ranks.quantile(share), atol=1e-9)
    np.testing.assert_allclose(found["rank_mean"], ranks.mean())
    np.testing.assert_allclose(found["rank_shift"], (ranks - found["rank"]).abs().mean())
    lines = np.maximum(1, np.rint(ranks.notna().sum(axis=1) * 0.2))
    np.testing.assert_allclose(found["top_share"], ranks.le(lines, axis=0).mean())
    opened = np.unpackbits(made.top(0.2), axis=1, count=len(made.index))
    np.testing.assert_array_equal(opened, ranks.le(lines, axis=0))
    scores = pd.DataFrame([draw_scores(made, i) for i in range(101)], columns=made.index)
    np.testing.assert_allclose(found["score_median"], scores.median(), atol=1 / 65_534)


def test_figures_by_draw_are_plain_too():
    made = draw(prepare(city(), INDICATORS, TREE, **CHOICES), draws=20, seed=3)
    found = summarize(made, top_share=0.2)
    was = found.blocks["rank"]
    for number, told in found.draws.iterrows():
        ranks = pd.Series(made.ranks[number].astype(float), index=made.index).replace(0, np.nan)
        assert told["rank_shift"] == pytest.approx((ranks - was).abs().mean())
        assert told["rank_correlation"] == pytest.approx(ranks.corr(was))
        # The nearest whole number to a fifth of the blocks with a score.
        top, first = (r <= round(0.2 * r.notna().sum()) for r in (ranks, was))
        assert told["entering"] == pytest.approx((top & ~first).sum() / top.sum())
        assert told["leaving"] == pytest.approx((first & ~top).sum() / first.sum())


def test_the_order_of_the_rows_changes_no_draw():
    values = city()
    order = np.random.default_rng(1).permutation(len(values.value))
    other = Values(*(t.iloc[order] for t in (values.value, values.low, values.high)), values.origin)
    choices = CHOICES | {"data": True}
    one = draw(prepare(values, INDICATORS, TREE, **choices), draws=30, seed=2)
    two = draw(prepare(other, INDICATORS, TREE, **choices), draws=30, seed=2)
    np.testing.assert_array_equal(one.ranks[:, order], two.ranks)
    np.testing.assert_array_equal(one.scores[:, order], two.scores)


def test_the_number_of_draws_and_their_batches_change_no_draw(monkeypatch):
    choices = CHOICES | {"data": True}
    many = draw(prepare(city(), INDICATORS, TREE, **choices), draws=50, seed=2)
    monkeypatch.setattr(draws_module, "_BATCH_BYTES", 1)
    few = draw(prepare(city(), INDICATORS, TREE, **choices), draws=20, seed=2)
    np.testing.assert_array_equal(many.ranks[:20], few.ranks)
    other = draw(prepare(city(), INDICATORS, TREE, **choices), draws=20, seed=3)
    assert (other.ranks != few.ranks).any()


def test_draws_are_kept_and_made_again():
    model = prepare(city(), INDICATORS, TREE, **CHOICES, data=True)
    made = draw(model, draws=10, seed=2)
    again = draws_of(made.as_arrays(), model)
    np.testing.assert_array_equal(again.ranks, made.ranks)
    np.testing.assert_array_equal(draw_scores(again, 7), draw_scores(made, 7))


def test_a_block_worst_in_everything_stays_first_and_the_best_last():
    values = city(gaps=0.0, spread=0.0)
    table = values.value.copy()
    table.iloc[0] = 99.0
    table.iloc[1] = -99.0
    table.loc[table.index[:2], "c"] = [-99.0, 99.0]
    held = Values(table, table, table, values.origin)
    choices = CHOICES | {"weights": Anywhere()}
    blocks = summarize(draw(prepare(held, INDICATORS, TREE, **choices), draws=200, seed=1)).blocks
    assert blocks.iloc[0][["rank_low", "rank_high", "top_share"]].tolist() == [1, 1, 1]
    assert blocks.iloc[1][["rank_low", "rank_high", "top_share"]].tolist() == [60, 60, 0]


def test_weights_are_spread_as_stated():
    def weights(spread):
        model = prepare(city(), INDICATORS, TREE, weights=spread)
        return model.levels, draw(model, draws=4000, seed=1).plan.weights

    for spread in (Around(20.0), Within(0.5), Anywhere()):
        levels, drawn = weights(spread)
        for group in range(levels.groups):
            np.testing.assert_allclose(drawn[:, levels.children(group)].sum(axis=1), 1.0)
    levels, drawn = weights(Around(20.0))
    node = levels.names.index("b")  # stated 0.75
    assert drawn[:, node].mean() == pytest.approx(0.75, abs=4 * 0.0945 / 4000**0.5)
    assert drawn[:, node].std() == pytest.approx((0.75 * 0.25 / 21) ** 0.5, rel=0.05)
    levels, drawn = weights({"violence": Anywhere()})
    assert drawn[:, node].std() == pytest.approx(12**-0.5, rel=0.05)  # uniform on 0 to 1
    assert (drawn[:, levels.names.index("d")] == 0.5).all()


def test_a_method_without_a_kernel_is_drawn_too():
    values = city()
    choices = {"aggregate": (MethodSpec("arithmetic"), MethodSpec("owa"))}
    model = prepare(values, INDICATORS, TREE, **choices)
    made = draw(model, draws=10, seed=1)
    number = int(np.flatnonzero(made.plan.pick[:, 1] == 1)[0])
    wanted = plainly(
        values, model.levels.names, model.levels.weight, NORMALIZE[0], MethodSpec("owa")
    )
    np.testing.assert_allclose(draw_scores(made, number), wanted, rtol=0, atol=1e-12)
