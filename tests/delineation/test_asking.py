"""From names in a study to rules by block, and every mistake told."""

import numpy as np
import pandas as pd
import pytest

from targeting.delineation import street_links
from targeting.delineation.asking import leading_weights, near_pairs, rules_of
from targeting.delineation.graph import Limits
from targeting.delineation.prepared import prepare
from targeting.problems import TargetingError
from tests.delineation.lattice import lattice

LIMITS = Limits(100, 900, np.inf, 0.0, 0.0)


@pytest.fixture
def city():
    blocks = lattice(3, 3)
    blocks["municipality_id"] = ["01", "01", "01", "02", "02", "02", None, None, None]
    score = pd.Series(np.linspace(0, 1, 9), index=blocks.index)
    links = street_links(blocks.geometry)
    made = prepare(blocks, score, links, threshold_share=0.3, need="total", perimeter_price=1.0)
    parts = pd.DataFrame(
        {"violence": np.linspace(0, 0.8, 9), "facilities": 0.2}, index=blocks.index
    )
    return blocks, made, parts


def test_names_become_positions_in_canonical_order(city):
    blocks, made, parts = city
    rules = rules_of(
        made,
        blocks,
        parts,
        LIMITS,
        polygons=3,
        exactly=True,
        lock_in=["r00c01"],
        lock_out=["r02c02"],
        seeds=["r01c01", "r00c00"],
        led_by={"violence": 1},
        people_share_min={"02": 0.25},
    )
    assert made.ids[rules.required].tolist() == ["r00c01"]
    assert made.ids[rules.barred].tolist() == ["r02c02"]
    assert sorted(made.ids[rules.seeds]) == ["r00c00", "r01c01"]
    assert [(one.name, one.dimension, one.at_least) for one in rules.floors] == [("violence", 0, 1)]
    assert sorted(made.ids[rules.shares[0].mine]) == ["r01c00", "r01c01", "r01c02"]
    assert rules.near is None
    assert rules.linked


def test_every_mistake_is_told_at_once(city):
    blocks, made, parts = city
    with pytest.raises(TargetingError) as caught:
        rules_of(
            made,
            blocks,
            parts,
            LIMITS,
            polygons=1,
            lock_in=["r00c00", "r9"],
            lock_out=["r00c00"],
            led_by={"violence": 2, "vilence": 1},
            people_share_min={"02": 0.8, "03": 0.7},
        )
    told = {(one.code, one.where) for one in caught.value.problems}
    assert told == {
        ("unknown-blocks", "delineation.lock_in"),
        ("locked-both-ways", "delineation.lock_out"),
        ("unknown-name", "delineation.led_by.vilence"),
        ("floors-too-many", "delineation.led_by"),
        ("unknown-name", "delineation.people_share_min.03"),
        ("shares-too-many", "delineation.people_share_min"),
    }


def test_a_price_on_cutting_colonias_needs_colonias(city):
    blocks, _, _ = city
    score = pd.Series(0.5, index=blocks.index)
    with pytest.raises(TargetingError, match="no-colonias"):
        prepare(
            blocks,
            score,
            street_links(blocks.geometry),
            threshold_share=0.3,
            need="total",
            perimeter_price=1.0,
            colonia_cut_price=1.0,
        )


def test_cutting_a_colonia_costs_meters_but_moves_no_rule(city):
    # By hand: two 60 m blocks across a 10 m street face each other over 60 m; in one colonia at
    # price 1 the cut between them costs 60 m more on each side, and nothing once both are in.
    blocks = lattice(1, 2)
    blocks["colonia"] = ["Centro", "Centro"]
    score = pd.Series([0.5, 0.9], index=blocks.index)
    links = street_links(blocks.geometry)
    settings = {"threshold_share": 0.3, "need": "total", "perimeter_price": 1.0}
    plain = prepare(blocks, score, links, **settings).city
    priced = prepare(blocks, score, links, **settings, colonia_cut_price=1.0).city
    assert np.array_equal(plain.outline, priced.outline)
    assert np.array_equal(plain.facing, priced.facing)
    assert np.allclose(priced.priced_outline - plain.outline, plain.facing)
    both = priced.priced_outline.sum() - priced.priced_facing.sum()
    assert np.isclose(both, plain.outline.sum() - plain.facing.sum())


def test_blocks_nearer_than_asked_are_pairs():
    blocks = lattice(1, 3)  # 60 m blocks, 10 m streets: neighbors 10 m apart, ends 80 m
    _, made = (
        blocks,
        prepare(
            blocks,
            pd.Series(0.5, index=blocks.index),
            street_links(blocks.geometry),
            threshold_share=0.3,
            need="total",
            perimeter_price=1.0,
        ),
    )
    assert near_pairs(made.shapes, made.tree, 0) is None
    assert near_pairs(made.shapes, made.tree, 79.0).nnz == 4
    assert near_pairs(made.shapes, made.tree, 81.0).nnz == 6


def test_who_leads_is_told_against_the_city(city):
    # By hand: 100 people a block; violence adds 0 … .8, mean .4; facilities the same everywhere.
    _, made, parts = city
    held = leading_weights(made, parts)
    by_id = dict(zip(made.ids, held.T.round(9).tolist(), strict=True))
    assert by_id["r00c00"] == [-40.0, 0.0]
    assert by_id["r02c02"] == [40.0, 0.0]
