"""Sobol indices: known values, SALib's, and a block's own."""

import numpy as np
import pandas as pd
import pytest

from targeting.composite.uncertainty import Within, prepare, sensitivity, sobol_indices, what_if
from targeting.composite.uncertainty import sobol as module
from targeting.composite.uncertainty.evaluate import plan_of, scores
from targeting.model import MethodSpec

from .doubtful import AGGREGATE, INDICATORS, NORMALIZE, TREE, city, plain_ranks, plainly

CHOICES = {"normalize": NORMALIZE, "aggregate": AGGREGATE, "weights": Within(0.25)}


def ishigami(x):
    return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


def design(draws, seed):
    random = np.random.default_rng(seed)
    a, b = random.uniform(-np.pi, np.pi, (2, draws, 3))
    crossed = []
    for i in range(3):
        one = a.copy()
        one[:, i] = b[:, i]
        crossed.append(ishigami(one))
    return ishigami(a), ishigami(b), np.array(crossed)


def test_ishigami_s_known_values():
    # Ishigami and Homma 1990 with a = 7, b = 0.1: closed forms.
    v1 = 0.5 * (1 + 0.1 * np.pi**4 / 5) ** 2
    v2, v13 = 49 / 8, 0.01 * np.pi**8 * 8 / 225
    total = v1 + v2 + v13
    first, whole = sobol_indices(*design(200_000, 3))
    np.testing.assert_allclose(first, [v1 / total, v2 / total, 0], atol=0.015)
    np.testing.assert_allclose(whole, [(v1 + v13) / total, v2 / total, v13 / total], atol=0.015)


def test_the_estimators_are_salib_s():
    sobol = pytest.importorskip("SALib.analyze.sobol")
    a, b, ab = design(512, 1)
    order = np.column_stack([a, *ab, b]).ravel()
    problem = {"num_vars": 3, "names": list("xyz"), "bounds": [[-np.pi, np.pi]] * 3}
    theirs = sobol.analyze(problem, order, calc_second_order=False, num_resamples=2, seed=1)
    first, whole = sobol_indices(a, b, ab)
    np.testing.assert_allclose(first, theirs["S1"], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(whole, theirs["ST"], rtol=1e-10, atol=1e-12)


def test_each_block_and_polygon_is_the_plain_estimate_of_its_ranks():
    values = city(gaps=0.05)
    model = prepare(values, INDICATORS, TREE, **CHOICES)
    labels = pd.Series(np.arange(60) % 4, index=values.value.index)
    found = sensitivity(model, base=16, seed=4, labels=labels)
    names = ("weights", "normalize", "aggregate")
    plan = plan_of(model, module._design(16, names), seed=4, stream=1, shares=module._shares(16, 4))
    held = np.empty((len(plan), 60))
    held[:, model.place] = scores(model, plan, np.arange(len(plan)))
    ranks = pd.DataFrame(held, columns=model.index).T.apply(plain_ranks).T.to_numpy()
    runs = ranks.reshape(16, 5, 60)
    assert np.isfinite(runs).any(axis=(0, 1)).sum() > 50
    first, total = sobol_indices(runs[:, 0], runs[:, 1], np.moveaxis(runs[:, 2:], 1, 0))
    for i, name in enumerate(names):
        np.testing.assert_allclose(found.blocks[f"first_{name}"], first[i], atol=1e-9)
        np.testing.assert_allclose(found.blocks[f"total_{name}"], total[i], atol=1e-9)
    assert found.groups.index.tolist() == [1, 2, 3]
    mean = np.nanmean(runs[:, :, labels == 2], axis=2)
    first, total = sobol_indices(mean[:, 0], mean[:, 1], mean[:, 2:].T)
    assert found.groups.loc[2, "total_aggregate"] == pytest.approx(total[2])
    was = plain_ranks(
        plainly(values, model.levels.names, model.levels.weight, NORMALIZE[0], AGGREGATE[0])
    ).to_numpy()
    shift = np.nanmean(np.abs(runs - was), axis=2)
    first, total = sobol_indices(shift[:, 0], shift[:, 1], shift[:, 2:].T)
    np.testing.assert_allclose(found.choices["first"], first, atol=1e-9)
    np.testing.assert_allclose(found.choices["total"], total, atol=1e-9)


def test_the_only_choice_makes_all_the_doubt():
    model = prepare(city(gaps=0.0), INDICATORS, TREE, weights=Within(0.5))
    found = sensitivity(model, base=64, seed=1)
    assert found.choices.index.tolist() == ["weights"]
    # With one choice AB is B: the total index is ½ mean (A − B)² over the variance, near 1.
    assert found.blocks["total_weights"].median() == pytest.approx(1.0, abs=0.15)


def test_the_order_of_the_rows_changes_no_index():
    values = city()
    order = np.random.default_rng(1).permutation(60)
    other = type(values)(
        *(t.iloc[order] for t in (values.value, values.low, values.high)), values.origin
    )
    one, two = (
        sensitivity(prepare(held, INDICATORS, TREE, **CHOICES, data=True), base=8, seed=1)
        for held in (values, other)
    )
    pd.testing.assert_frame_equal(one.blocks.iloc[order], two.blocks)
    pd.testing.assert_frame_equal(one.choices, two.choices)


def test_what_if_changes_one_choice_at_a_time():
    values = city(gaps=0.0)
    model = prepare(values, INDICATORS, TREE, **CHOICES, treat=(None,))
    table = what_if(model, seed=1, draws=7, top_share=0.2).set_index(["choice", "alternative"])
    assert table.loc[("weights", ""), "draws"] == 7
    names, stated = model.levels.names, model.levels.weight
    was = plain_ranks(plainly(values, names, stated, NORMALIZE[0], AGGREGATE[0]))
    now = plain_ranks(plainly(values, names, stated, NORMALIZE[0], MethodSpec("harmonic")))
    row = table.loc[("aggregate", "harmonic")]
    assert row["rank_shift"] == pytest.approx((now - was).abs().mean())
    assert row["rank_correlation"] == pytest.approx(now.corr(was))
    assert row["entering"] == pytest.approx(((now <= 12) & (was > 12)).sum() / (now <= 12).sum())
    weights = stated.copy()
    weights[names.index("need")] = 0.0
    now = plain_ranks(plainly(values, names, weights, NORMALIZE[0], AGGREGATE[0]))
    assert table.loc[("without", "need"), "rank_shift"] == pytest.approx((now - was).abs().mean())
    leaves = {"a", "b", "c", "d", "e", "f", "violence", "need", "deep"}
    assert set(table.loc["without"].index) == leaves
