"""Values drawn within their intervals, streams of chance, and wrong uses."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import gamma

from targeting import registry
from targeting.composite.uncertainty import (
    Anywhere,
    Around,
    Missing,
    Noise,
    Within,
    draw,
    draw_scores,
    draws_of,
    of_parts,
    prepare,
    sensitivity,
    stream,
    streaming,
    summarize,
)
from targeting.composite.uncertainty.chance import fill_uniform, philox
from targeting.composite.uncertainty.data import drawn_values
from targeting.composite.uncertainty.tables import look_up, table_of
from targeting.model import Indicator, MethodSpec, Values
from targeting.problems import TargetingError

from .doubtful import AGGREGATE, INDICATORS, KEYS, NORMALIZE, TREE, city, plain_ranks, plainly


@pytest.mark.parametrize(
    ("word", "answer"),
    [
        # Known answers of the authors' Random123 library, philox4x32-10.
        (0, (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        (0xFFFFFFFF, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    ],
)
def test_philox_gives_the_published_numbers(word, answer):
    assert tuple(int(one) for one in philox(*[np.uint64(word)] * 6)) == answer


def test_uniform_numbers_are_uniform_and_of_their_place():
    key = np.array([1, 2], dtype=np.uint64)
    many = np.empty((4, 100_000))
    fill_uniform(np.arange(100_000), 3, 7, key, many)
    # Standard error of a mean of 100,000: 0.0009; of the correlation: 0.003.
    np.testing.assert_allclose(many.mean(axis=1), 0.5, atol=0.004)
    np.testing.assert_allclose(many.var(axis=1), 1 / 12, atol=0.002)
    assert abs(np.corrcoef(many) - np.eye(4)).max() < 0.015
    some = np.empty((4, 2))
    fill_uniform(np.array([77, 5]), 3, 7, key, some)
    np.testing.assert_array_equal(some, many[:, [77, 5]])


@pytest.mark.parametrize("name", ["minmax", "rank", "percentile", "exponential_of_rank"])
@settings(deadline=None, max_examples=40)
@given(
    held=st.lists(st.integers(-20, 20), min_size=2, max_size=30),
    asked=st.lists(st.floats(-30, 30), min_size=1, max_size=30),
)
def test_a_table_is_its_normalizer(name, held, asked):
    city_ = pd.Series(held, dtype=float)
    function = registry.method("normalizer", name)
    table = table_of(
        city_.to_numpy(),
        city_.to_numpy(),
        lambda values: function(pd.Series(values), city_).to_numpy(),
        (-30.0, 30.0),
    )
    found = np.empty(len(asked))
    look_up(np.array(asked), np.arange(len(asked)), table.rows, table.guide, found)
    wanted = function(pd.Series(asked, dtype=float), city_)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-9)


def test_drawn_data_are_the_score_of_the_drawn_values():
    values = city()
    for normalize in NORMALIZE:
        model = prepare(values, INDICATORS, TREE, normalize=[normalize], data=True)
        made = draw(model, draws=3, seed=6)
        anew = values.value.copy()
        for leaf, key in enumerate(model.levels.names[: model.levels.leaves]):
            at, drawn = drawn_values(model, leaf, seed=6, stream=0, number=2)
            ids = model.index[model.place][at]
            anew.loc[ids, key] = drawn
            assert (drawn >= values.low.loc[ids, key] - 1e-12).mean() > 0.9
        function = registry.method("normalizer", normalize.use)
        parts = pd.DataFrame({key: function(anew[key], values.value[key]) for key in KEYS})
        parts["c"] = 1 - parts["c"]
        plain = draw_scores(
            draw(of_parts({(0, 0): parts}, TREE, weights=Within(0.1)), draws=1, seed=1, vary=None),
            0,
        )
        assert plain.shape == (60,)
        held = Values(parts, parts, parts, values.origin)
        names, weight = model.levels.names, model.levels.weight
        turned = held.value.assign(c=1 - held.value["c"])
        wanted = plainly(
            Values(turned, turned, turned, values.origin),
            names,
            weight,
            MethodSpec("minmax", {"low": 0.0, "high": 1.0}),
            MethodSpec("arithmetic"),
        )
        np.testing.assert_allclose(draw_scores(made, 2), wanted, rtol=0, atol=1e-9)


def one_indicator(value, low, high, blocks=40_000):
    index = [f"{i:06d}" for i in range(blocks)]
    tables = (pd.DataFrame({"a": np.full(blocks, x)}, index=index) for x in (value, low, high))
    return Values(*tables, {"a": "shrunk"})


@pytest.mark.parametrize("shape", ["normal", "gamma", "beta"])
def test_a_stated_share_of_the_draws_lies_between_the_ends(shape):
    values = one_indicator(0.3, 0.2, 0.5)
    noise = {"a": Noise(shape, confidence=0.9)}
    model = prepare(values, INDICATORS[:1], {"a": 1.0}, data=noise)
    _, drawn = drawn_values(model, 0, seed=1, stream=0, number=0)
    # Standard error of a share of 40,000: at most 0.0025.
    assert (drawn < 0.2).mean() == pytest.approx(0.05, abs=0.005)
    assert (drawn > 0.5).mean() == pytest.approx(0.05, abs=0.005)
    assert (drawn < 0.3).mean() == pytest.approx(0.5, abs=0.01)
    assert drawn.min() >= 0 or shape == "normal"


def test_the_gamma_shape_is_near_a_gamma_distribution():
    # A posterior of 6 events, 90 % of it between the ends.
    low, middle, high = gamma.ppf([0.05, 0.5, 0.95], 6)
    values = one_indicator(middle, low, high)
    model = prepare(values, INDICATORS[:1], {"a": 1.0}, data={"a": Noise("gamma")})
    _, drawn = drawn_values(model, 0, seed=2, stream=0, number=0)
    for share in (0.01, 0.25, 0.75, 0.99):
        assert np.quantile(drawn, share) == pytest.approx(gamma.ppf(share, 6), rel=0.03)


def test_masks_are_drawn_evenly_and_areas_err_together():
    values = one_indicator(1.0, 0.0, 2.0)
    model = prepare(values, INDICATORS[:1], {"a": 1.0}, data={"a": Noise("uniform")})
    _, drawn = drawn_values(model, 0, seed=1, stream=0, number=0)
    assert np.quantile(drawn, [0.25, 0.75]) == pytest.approx([0.5, 1.5], abs=0.03)
    areas = pd.Series(np.arange(40_000) // 100, index=values.value.index)
    noise = {"a": Noise("uniform", units=areas)}
    model = prepare(values, INDICATORS[:1], {"a": 1.0}, data=noise)
    _, drawn = drawn_values(model, 0, seed=1, stream=0, number=0)
    by_area = pd.Series(drawn).groupby(np.arange(40_000) // 100)
    assert (by_area.nunique() == 1).all()
    assert by_area.first().nunique() == 400


def test_values_drawn_elsewhere_take_the_place_of_the_stated():
    values = city(gaps=0.0)

    def redraw(number):
        return values.value[["a"]].sample(frac=1.0, random_state=number) * (number + 1)

    model = prepare(values, INDICATORS, TREE, normalize=[MethodSpec("rank")], redraw=redraw)
    assert model.varied == ("data",)
    made = draw(model, draws=3, seed=1)
    same = draw_scores(made, 0)  # times 1: as stated
    np.testing.assert_allclose(same, made.stated_score, atol=1e-12)
    assert (draw_scores(made, 2) >= same - 1e-12).all()
    assert (draw_scores(made, 2) > same).any()


def test_a_missing_part_may_be_filled_or_lower_the_coverage():
    values = city(gaps=0.4)
    rules = (Missing(), Missing(fill=1.0), Missing(coverage_min=0.9))
    made = draw(prepare(values, INDICATORS, TREE, missing=rules), draws=30, seed=1)
    scored = {rule: made.ranks[made.plan.pick[:, 3] == rule] > 0 for rule in range(3)}
    assert scored[1].all()
    assert scored[2].mean() < scored[0].mean() < 1
    found = summarize(made).blocks
    assert (found["scored_share"] < 1).any()
    worst = draw_scores(made, int(np.flatnonzero(made.plan.pick[:, 3] == 1)[0]))
    assert (worst >= np.nan_to_num(made.stated_score) - 1e-12).all()


def test_a_stream_gives_the_draws_in_less_room(monkeypatch):
    monkeypatch.setattr(streaming, "_PIECE", 700)
    values = city(2000, gaps=0.05)
    model = prepare(values, INDICATORS, TREE, normalize=NORMALIZE, weights=Within(0.25), data=True)
    blocks, by_draw = stream(model, draws=60, seed=3, top_share=0.2)
    exact = summarize(draw(model, draws=60, seed=3), top_share=0.2)
    for name in ("rank_low", "rank_median", "rank_high", "rank_mean", "rank_shift"):
        np.testing.assert_allclose(blocks[name], exact.blocks[name], atol=2.0)
    np.testing.assert_array_equal(blocks["rank"], exact.blocks["rank"])
    np.testing.assert_array_equal(blocks["scored_share"], exact.blocks["scored_share"])
    np.testing.assert_allclose(blocks["top_share"], exact.blocks["top_share"], atol=3 / 60)
    for name in ("rank_shift", "rank_correlation", "entering", "leaving"):
        np.testing.assert_allclose(by_draw[name], exact.draws[name], rtol=0.02, atol=0.01)


def codes(work, *args, **kwargs):
    with pytest.raises(TargetingError) as caught:
        work(*args, **kwargs)
    for problem in caught.value.problems:
        for language in ("es", "en"):
            assert "{" not in problem.text(language)
    return {problem.code for problem in caught.value.problems}


def test_wrong_uses_are_named():
    values = city()
    ready = (values, INDICATORS, TREE)
    assert codes(prepare, *ready, normalize=()) == {"no-alternatives"}
    assert codes(prepare, *ready, normalize=[MethodSpec("zscore")]) == {"not-a-part"}
    assert codes(prepare, *ready, weights=Around(0.0)) == {"bad-spread"}
    assert codes(prepare, *ready, weights={"violence": Within(1.5)}) == {"bad-spread"}
    assert codes(prepare, *ready, weights={"violense": Within(0.5)}) == {"unknown-name"}
    assert codes(prepare, *ready, missing=[Missing(fill=2.0)]) == {"share-outside"}
    assert codes(prepare, values, INDICATORS[1:], TREE) == {"no-direction"}
    assert codes(prepare, values, INDICATORS, {"z": 1.0}) == {"unknown-name"}
    assert codes(prepare, *ready, data={"z": Noise()}) == {"unknown-name"}
    areas = pd.Series("x", index=values.value.index[1:])
    torn = prepare(*ready, data={"b": Noise(units=areas)})
    assert codes(draw, torn, draws=1, seed=1) == {"no-group"}
    twice = pd.concat([values.value, values.value.head(1)])
    held = Values(twice, twice, twice, values.origin)
    assert codes(prepare, held, INDICATORS, TREE) == {"block-twice"}
    fixed, model = prepare(*ready), prepare(*ready, weights=Anywhere())
    assert codes(draw, fixed, seed=1) == {"nothing-varies"}
    assert codes(stream, fixed, seed=1) == {"nothing-varies"}
    assert codes(sensitivity, fixed, seed=1) == {"nothing-varies"}
    assert codes(draw, model, seed=1, draws=0) == {"too-few-draws"}
    assert codes(sensitivity, model, seed=1, base=1) == {"too-few-draws"}
    labels = pd.Series([1], index=["elsewhere"])
    assert codes(sensitivity, model, seed=1, base=2, labels=labels) == {"unknown-block"}
    nothing = values.value * np.nan
    empty = prepare(
        Values(nothing, nothing, nothing, values.origin), INDICATORS, TREE, weights=Anywhere()
    )
    for work in (draw, stream, sensitivity):
        assert codes(work, empty, seed=1) == {"no-scores"}
    made = draw(model, draws=2, seed=1)
    assert codes(draw_scores, made, 2) == {"no-such-draw"}
    assert codes(draw_scores, draws_of(made.as_arrays()), 0) == {"draws-without-model"}
    assert codes(summarize, made, top_share=1.0) == {"share-outside"}


def test_degenerate_cities_follow_a_stated_rule():
    one = city(1, gaps=0.0)
    blocks = summarize(draw(prepare(one, INDICATORS, TREE, weights=Anywhere()), seed=1)).blocks
    # Of one block the top is that block.
    assert blocks[["rank", "rank_low", "rank_high", "top_share"]].iloc[0].tolist() == [1, 1, 1, 1]
    # All weight on one indicator: the weights cannot vary.
    lone = {"violence": (1.0, {"a": 1.0, "b": 0.0}), "need": (0.0, {"d": 1.0})}
    model = prepare(city(gaps=0.0), INDICATORS, lone, weights=Around(), aggregate=AGGREGATE)
    made = draw(model, draws=20, seed=1)
    node = model.levels.names.index("a")
    assert (made.plan.weights[:, node] == 1).all()
    assert (made.ranks == plain_ranks(city(gaps=0.0).value["a"]).to_numpy()).all()
    # No interval anywhere: the data do not vary.
    assert prepare(city(spread=0.0), INDICATORS, TREE, data=True).varied == ()
    # A block without any value never has a rank.
    values = city(gaps=0.0)
    empty = values.value.copy()
    empty.iloc[3] = np.nan
    held = Values(empty, empty, empty, values.origin)
    blocks = summarize(draw(prepare(held, INDICATORS, TREE, weights=Anywhere()), seed=1)).blocks
    assert blocks.iloc[3]["scored_share"] == 0
    assert blocks.iloc[3]["top_share"] == 0
    assert blocks.iloc[3][["rank", "rank_low", "score_median"]].isna().all()


def test_equal_blocks_have_equal_ranks():
    values = city(30, gaps=0.2)
    double = [
        pd.concat([t, t.set_axis([f"x{i}" for i in t.index])])
        for t in (values.value, values.low, values.high)
    ]
    choices = {"normalize": NORMALIZE, "aggregate": AGGREGATE, "weights": Within(0.3)}
    model = prepare(Values(*double, values.origin), INDICATORS, TREE, **choices)
    for ties in ("min", "average"):
        made = draw(model, draws=20, seed=1, ties=ties)
        np.testing.assert_array_equal(made.ranks[:, :30], made.ranks[:, 30:])
        if ties == "average":  # 1 … 60 shared out: their sum is kept
            full = prepare(
                Values(*(t.fillna(1.0) for t in double), values.origin), INDICATORS, TREE, **choices
            )
            ranks = draw(full, draws=5, seed=1, ties=ties).ranks
            assert (ranks.sum(axis=1) == 60 * 61).all()


def test_an_indicator_worse_when_lower_is_turned():
    held = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [3.0, 1.0, 2.0]}, index=list("xyz"))
    low = Indicator("a", {"es": "a", "en": "a"}, "per_1k", "lower", "violence", "rate")
    model = prepare(
        Values(held, held, held, {"a": "block", "b": "block"}),
        [low, INDICATORS[1]],
        {"a": 1.0, "b": 1.0},
        weights={"score": Around(1000.0)},
    )
    assert draw(model, draws=1, seed=1).stated.tolist() == [1, 2, 2]
