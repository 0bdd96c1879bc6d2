"""Scores by hand on five blocks, to 1e-12; missing data, direction, intervals."""

import numpy as np
import pandas as pd
import pytest

from targeting.composite import score
from targeting.model import MethodSpec, Values
from targeting.problems import TargetingError
from tests.cities import indicator

RATE = indicator("rate")
SHARE = indicator("share", "marginalization")
IMN = indicator("imn", "marginalization", worse="lower")
TREE = {"violence": (3.0, {"rate": 1.0}), "marginalization": (1.0, {"share": 1.0, "imn": 1.0})}
IDS = pd.Index(list("ABCDE"), name="block_id")


def values(rate, share, imn, **ends):
    middle = pd.DataFrame({"rate": rate, "share": share, "imn": imn}, index=IDS, dtype=float)
    low = middle.assign(**ends.get("low", {}))
    high = middle.assign(**ends.get("high", {}))
    return Values(middle, low, high, {"rate": "shrunk", "share": "block", "imn": "area"})


def scored(held, **settings):
    given = {"normalize": MethodSpec("minmax"), "aggregate": MethodSpec("arithmetic")} | settings
    return score(held, [RATE, SHARE, IMN], TREE, **given)


PLAIN = values([0, 5, 10, 2, 8], [0.1, 0.2, 0.3, 0.4, 0.5], [0.9, 0.9, 0.8, 0.8, 0.7])


def test_five_blocks_by_hand():
    # Block B: rate (5-0)/10 = .5; share (.2-.1)/.4 = .25; imn lower is worse: 1-(.9-.7)/.2 = 0.
    # Marginalization (.25 + 0)/2 = .125; score .75*.5 + .25*.125 = .40625.
    result = scored(PLAIN)
    assert result.score["B"] == pytest.approx(0.40625, abs=1e-12)
    assert result.dimensions.loc["B"].tolist() == pytest.approx([0.5, 0.125], abs=1e-12)
    assert result.contributions.loc["B"].tolist() == pytest.approx([0.375, 0.03125, 0], abs=1e-12)
    assert result.weights.tolist() == pytest.approx([0.75, 0.125, 0.125], abs=1e-12)


def test_a_power_mean_through_both_levels_by_hand():
    result = scored(PLAIN, aggregate=MethodSpec("power_mean", {"exponent": 2.0}))
    marginalization = ((0.25**2 + 0) / 2) ** 0.5
    expected = (0.75 * 0.5**2 + 0.25 * marginalization**2) ** 0.5
    assert result.score["B"] == pytest.approx(expected, abs=1e-12)


def test_too_little_data_gives_no_score():
    held = values([np.nan] + [1, 2, 3, 4], [0.1] * 4 + [0.5], [0.9] * 4 + [0.7])
    result = scored(held)
    assert np.isnan(result.score["A"])  # only 25 % of the weight has data
    assert result.coverage["A"] == 0.25
    assert result.score.drop("A").notna().all()


def test_a_missing_part_leaves_its_weight_within_the_dimension():
    held = values([0, 5, 10, 2, 8], [0.1, np.nan, 0.3, 0.4, 0.5], [0.9, 0.9, 0.8, 0.8, 0.7])
    result = scored(held)
    assert result.dimensions.loc["B", "marginalization"] == 0.0  # from imn alone
    assert result.coverage["B"] == pytest.approx(0.875)


def test_intervals_add_as_independent_errors():
    low = {"rate": [0, 3, 10, 2, 8], "imn": [0.9, 0.88, 0.8, 0.8, 0.7]}
    high = {"rate": [0, 6, 10, 2, 8], "imn": [0.9, 0.9, 0.8, 0.8, 0.7]}
    result = scored(values(*(PLAIN.value[k] for k in PLAIN.value), low=low, high=high))
    # Lower end of B: rate .3 instead of .5 → -.75*.2 = -.15; imn's high end is B's own value: 0.
    assert result.low["B"] == pytest.approx(0.40625 - 0.15, abs=1e-12)
    # Upper end: rate .6 → +.075; imn .88 → part .1 → +.125*.1 = .0125.
    assert result.high["B"] == pytest.approx(0.40625 + (0.075**2 + 0.0125**2) ** 0.5, abs=1e-12)


def test_no_data_at_all_is_named():
    nothing = values([np.nan] * 5, [np.nan] * 5, [np.nan] * 5)
    with pytest.raises(TargetingError, match="no-scores"):
        scored(nothing)
