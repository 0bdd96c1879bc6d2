"""Every weigher keeps the laws it declares; one not kept comes with a counter-example."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from targeting import registry
from targeting.composite.weigh import Outcome
from targeting.problems import TargetingError

NAMES = registry.names("weigher")
MEMBERS = ["a", "b", "c"]
GIVEN = pd.Series({"a": 1.2, "b": 1.1, "c": 1.0})
SETTINGS = {
    "ahp": {"judgments": {"a/b": 2.0, "a/c": 4.0, "b/c": 2.0}},
    "best_worst": {
        "best": "a",
        "worst": "c",
        "best_to_others": {"a": 1.0, "b": 2.0, "c": 4.0},
        "others_to_worst": {"a": 4.0, "b": 2.0, "c": 1.0},
    },
    "swing": {"ratings": {"a": 100.0, "b": 50.0, "c": 20.0}},
    "regression": {"events_min": 1, "folds": 2},
}
# Three parts that go along with something common, incidents, and the cell each block lies in.
SMALL = st.integers(0, 4)
ROW = st.tuples(SMALL, SMALL, SMALL, SMALL, st.integers(0, 9), SMALL, SMALL)
ROWS = st.lists(ROW, min_size=8, max_size=16)
FEW = settings(deadline=None, max_examples=12, suppress_health_check=list(HealthCheck))
EACH = pytest.mark.parametrize("name", NAMES)


def table(rows):
    common, *own = np.array([row[:4] for row in rows], dtype=float).T
    held = {key: (common + 3 * one) / 16 for key, one in zip(MEMBERS, own, strict=True)}
    more = np.array([row[4:] for row in rows], dtype=float).T
    return pd.DataFrame({**held, "counts": more[0], "x": more[1], "y": more[2]})


def run(name, held, weights=GIVEN, members=MEMBERS):
    """Return the weights, or nothing of what the method refuses by name."""
    parts = held[list(members)]
    told = [parts, weights]
    if name == "regression":
        there = held[["x", "y"]].to_numpy() * 1000 + 1
        one = np.ones(len(held))
        told.append(Outcome(held["counts"].to_numpy(), one, there[:, 0], there[:, 1]))
    try:
        return registry.method("weigher", name)(*told, **SETTINGS.get(name, {})).weights
    except TargetingError:
        return None


def urgency(name, held):
    """Return what the first block gets from the weights found."""
    return float(held[MEMBERS].iloc[0] @ run(name, held))


def laws(name):
    return registry.traits("weigher", name).laws


def near(one, two):
    np.testing.assert_allclose(one[MEMBERS], two[MEMBERS], atol=1e-6)


# ---------------------------------------------------------------- what breaks a law, and how

PLAIN = table(
    [(c, i % 3, i % 4, i % 2, 3 * c + 1, i % 5, i // 5) for i, c in enumerate([0, 1, 2, 3, 4] * 5)]
)


def raised():
    """Return a table in which one block alone keeps `a` from being constant, and that block risen.

    Then `a` tells nothing any more and loses its weight, on which the block lived.
    """
    before = PLAIN.assign(a=1.0)
    before.loc[0, [*MEMBERS, "counts"]] = [0.75, 0.0, 0.0, 0.0]
    after = before.assign(a=1.0)
    return before, after


def falls_though_raised(name):
    before, after = raised()
    return urgency(name, before) > 1e-6 and urgency(name, after) == pytest.approx(0, abs=1e-12)


def equal_columns_part(name):
    found = run(name, PLAIN.assign(b=PLAIN["a"]))
    return found["a"] != pytest.approx(found["b"])


def other_unit_matters(name):
    one, two = run(name, PLAIN), run(name, PLAIN.assign(a=PLAIN["a"] / 2 + 0.25))
    return abs(one["a"] - two["a"]) > 0.01


COUNTER_EXAMPLES = {
    **{(name, "ties"): equal_columns_part for name in ("stated", "swing", "ahp", "best_worst")},
    # Two that are one cannot be balanced at all: refused.
    ("balanced", "ties"): lambda name: run(name, PLAIN.assign(b=PLAIN["a"])) is None,
    **{
        (name, "monotone"): falls_though_raised
        for name in (
            "entropy",
            "standard_deviation",
            "critic",
            "principal_component",
            "factor",
            "balanced",
            "regression",
        )
    },
    **{
        (name, "scale"): other_unit_matters
        for name in ("entropy", "standard_deviation", "balanced", "regression")
    },
}


@EACH
@pytest.mark.parametrize("law", registry.LAWS)
def test_a_law_is_declared_or_has_a_counter_example(name, law):
    declared = law in laws(name)
    assert declared != ((name, law) in COUNTER_EXAMPLES)
    if not declared:
        assert COUNTER_EXAMPLES[name, law](name)


@EACH
def test_the_plain_table_is_weighed_by_every_method(name):
    """No law is kept for want of an answer."""
    assert run(name, PLAIN) is not None


@EACH
@FEW
@given(rows=ROWS, seed=st.integers(0, 2**20), factor=st.sampled_from([0.5, 2.0, 4.0]))
def test_the_laws_declared_are_kept(name, rows, seed, factor):
    held, kept = table(rows), laws(name)
    one = run(name, held)
    assume(one is not None)
    if "range" in kept:
        assert one.between(0, 1).all()
        assert one.sum() == pytest.approx(1)
    if "rows" in kept:
        near(run(name, held.iloc[np.random.default_rng(seed).permutation(len(held))]), one)
    if "columns" in kept:
        near(run(name, held, GIVEN[::-1], MEMBERS[::-1]), one)
    if "homogeneous" in kept:
        near(run(name, held, GIVEN * 7), one)
    if "scale" in kept:
        near(run(name, held.assign(a=held["a"] * factor + 0.125)), one)
    if "missing" in kept:
        holed = pd.concat([held, held.iloc[:3]], ignore_index=True)
        holed.loc[len(held) :, "b"] = np.nan
        near(run(name, holed), one)
    if "ties" in kept:
        twins = run(name, held.assign(b=held["a"]))
        assert twins is None or twins["a"] == pytest.approx(twins["b"], abs=1e-6)
    if "monotone" in kept:
        more = held.copy()
        more.loc[0, "a"] = min(1.0, more.loc[0, "a"] + factor / 8)
        assert urgency(name, more) >= urgency(name, held) - 1e-12
