"""Weights learned from incidents: known slopes, another fitter, unseen places, wrong use."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from targeting.composite.weigh import Outcome, regression
from targeting.composite.weigh.poisson import deviance, poisson_slopes
from targeting.problems import TargetingError
from tests.composite.test_weigh_opinion import NOTHING, problems_of

TRUE = np.array([2.0, 1.0, 0.0, -1.5])


def made(seed=1, size=3000, slopes=TRUE, level=0.3):
    """Return parts and incidents whose rate rises with them by known slopes."""
    random = np.random.default_rng(seed)
    parts = pd.DataFrame(random.random((size, len(slopes))), columns=list("abcd")[: len(slopes)])
    exposure = random.uniform(0.5, 2.0, size)
    counts = random.poisson(level * exposure * np.exp(parts.to_numpy() @ slopes))
    there = random.random((2, size)) * 10_000
    return parts, Outcome(counts.astype(float), exposure, there[0], there[1])


def test_known_slopes_become_the_weights():
    parts, outcome = made()
    found = regression(parts, NOTHING, outcome)
    # 2 and 1 of 3; what does not raise the rate counts nothing and is named.
    assert found.weights.tolist() == pytest.approx([2 / 3, 1 / 3, 0, 0], abs=0.03)
    assert found.weights["d"] == 0
    assert "d" in found.notes["no_effect"]
    assert found.notes["slopes"]["a"] == pytest.approx(2.0, abs=0.15)
    assert found.notes["explained"] > 0.1
    assert found.notes["deviance"] < found.notes["deviance_none"]
    kept = found.notes["slopes_by_fold"]["kept"]
    assert (kept["a"], kept["b"], kept["d"]) == (1, 1, 0)
    assert found.notes["slopes_by_fold"]["least"]["a"] > 1.5
    assert (found.notes["events"], found.notes["cells"]) == (int(outcome.counts.sum()), 100)


@pytest.mark.parametrize("penalty", [1e-4, 0.1])
def test_the_slopes_beside_a_general_optimizer(penalty):
    parts, outcome = made(2, size=400)
    x, y, e = parts.to_numpy(), outcome.counts, outcome.exposure

    def loss(told):
        line = told[0] + x @ told[1:]
        likely = y @ line - (e * np.exp(line)).sum()
        return -likely / y.sum() + penalty / 2 * (told[1:] ** 2).sum()

    free = [(None, None)] + [(0, None)] * 4
    peer = minimize(loss, np.zeros(5), bounds=free, method="L-BFGS-B", options={"ftol": 1e-15})
    np.testing.assert_allclose(poisson_slopes(x, y, e, penalty), peer.x[1:], atol=1e-4)


def test_two_blocks_by_hand():
    # One part at 0 and 1, 10 and 20 events at equal exposure: the slope is ln 2.
    x, one = np.array([[0.0], [1.0]]), np.ones(2)
    slope = poisson_slopes(x, np.array([10.0, 20.0]), one, 1e-12)
    assert slope.tolist() == pytest.approx([np.log(2)])
    assert poisson_slopes(x, np.array([20.0, 10.0]), one, 1e-12).tolist() == [0.0]
    assert deviance(np.array([3.0]), np.array([1.0])) == pytest.approx(2 * (3 * np.log(3) - 2))


def test_parts_that_foretell_nothing_are_refused():
    parts, outcome = made(3, slopes=np.zeros(3))
    assert problems_of(lambda: regression(parts, NOTHING, outcome)) == [
        ("foretells-nothing", "weigh")
    ]


def test_parts_that_only_mark_a_place_are_found_out_by_cells_not_by_blocks():
    # Parts and risk are noise of whole square kilometers, unrelated to each other. Dealt by
    # blocks, a place foretells itself; by cells as large as the places it foretells little.
    refused = []
    for seed in range(6):
        random = np.random.default_rng(seed)
        there = random.random((2, 3000)) * 5000
        cell = (there[0] // 1000).astype(int) * 5 + (there[1] // 1000).astype(int)
        parts = pd.DataFrame(random.random((25, 8))[cell], columns=list("abcdefgh"))
        counts = random.poisson(np.exp(random.normal(0, 1, 25))[cell]).astype(float)
        outcome = Outcome(counts, np.ones(3000), there[0], there[1])
        near = regression(parts, NOTHING, outcome, cell_m=10.0).notes["explained"]
        assert near > 0
        try:
            far = regression(parts, NOTHING, outcome, cell_m=1000.0).notes["explained"]
        except TargetingError as error:
            refused += [problem.code for problem in error.problems]
        else:
            assert far < near / 2
    assert set(refused) == {"foretells-nothing"}


def test_blocks_without_what_is_needed_are_left_out():
    parts, outcome = made(4, size=1200)
    whole = regression(parts.iloc[50:], NOTHING, Outcome(*(
        getattr(outcome, key)[50:] for key in ("counts", "exposure", "x_m", "y_m")
    )))  # fmt: skip
    counts, exposure = outcome.counts.copy(), outcome.exposure.copy()
    counts[:10], exposure[10:20], exposure[20:30] = np.nan, 0.0, np.nan
    holed = parts.copy()
    holed.iloc[30:50, 2] = np.nan
    found = regression(holed, NOTHING, Outcome(counts, exposure, outcome.x_m, outcome.y_m))
    np.testing.assert_allclose(found.weights, whole.weights, atol=1e-9)
    assert found.notes["rows_left_out"] == 50


def test_wrong_use_is_named():
    parts, outcome = made(5, size=600)
    short = Outcome(outcome.counts[:-1], outcome.exposure, outcome.x_m, outcome.y_m)
    negative = Outcome(outcome.counts - 1, outcome.exposure, outcome.x_m, outcome.y_m)
    few = Outcome(outcome.counts * 0, outcome.exposure, outcome.x_m, outcome.y_m)
    for told, code in [
        (None, "no-outcome"),
        (short, "outcome-not-aligned"),
        (negative, "bad-outcome"),
        (few, "few-incidents"),
    ]:
        assert problems_of(lambda told=told: regression(parts, NOTHING, told))[0][0] == code
    assert problems_of(lambda: regression(parts, NOTHING, outcome, cell_m=1e6)) == [
        ("few-cells", "weigh")
    ]
    assert problems_of(lambda: regression(parts.assign(a=np.nan), NOTHING, outcome))[0] == (
        "member-all-missing", "weigh.a",
    )  # fmt: skip


def test_a_constant_part_weighs_nothing():
    parts, outcome = made(6, size=900)
    found = regression(parts.assign(c=0.4), NOTHING, outcome)
    assert found.weights["c"] == 0
    assert found.notes["constant"] == ["c"]
