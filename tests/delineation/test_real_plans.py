"""Plans of Zapopan beside each other: the engine's under two bounds, and a planner's circles."""

import numpy as np
import pandas as pd
import pytest
from scipy.spatial import cKDTree

from targeting.delineation import grow
from targeting.delineation.plans import diff_plans, match_plans, score_plan
from tests.delineation.test_real_blocks import BOUNDS, zapopan

pytestmark = pytest.mark.real
__all__ = ["zapopan"]  # the blocks of the other module, read once more for this one
RADIUS_M = 600.0


@pytest.fixture(scope="module")
def found(zapopan):
    blocks, score, _, links = zapopan
    return grow(blocks, score, links, **BOUNDS)


def circles(blocks, score, threshold):
    """Twelve circles, around whatever has most people above the line, none over another."""
    middle = blocks.geometry.centroid
    at = np.column_stack([middle.x, middle.y])
    people = np.where(score > threshold, blocks["population"].fillna(0.0), 0.0)
    near = cKDTree(at).query_ball_point(at, RADIUS_M)
    around = np.array([people[rows].sum() for rows in near])
    number = pd.Series(0, index=blocks.index)
    chosen: list[int] = []
    for place in np.argsort(-around, kind="stable"):
        if all(np.hypot(*(at[place] - at[other])) > 2 * RADIUS_M for other in chosen):
            chosen.append(int(place))
            number.iloc[near[place]] = len(chosen)
        if len(chosen) == BOUNDS["polygons"]:
            return number
    return number


def test_polygons_are_recognized_when_a_bound_changes(zapopan, found):
    blocks, score, _, links = zapopan
    other = grow(blocks, score, links, **{**BOUNDS, "population_max": 12_000.0})
    people = blocks["population"]
    matching = match_plans(found.membership, other.membership, people)
    assert (matching.before["fate"] != "gone").sum() >= 10
    told = diff_plans(found.membership, other.membership, people, matching)
    kept = told.polygons["blocks_kept"].sum()
    assert kept + told.polygons["blocks_gained"].sum() == (other.membership > 0).sum()
    larger = matching.before["people"] > 12_000
    assert (matching.before.loc[larger, "fate"] != "same").all()


def test_a_planners_circles_reach_less_and_break_rules(zapopan, found):
    """Circles cost the least outline, yet streams and rails cut them and people are too many."""
    blocks, score, _, links = zapopan
    drawn = circles(blocks, score, found.threshold)
    judged = score_plan(blocks, score, links, drawn, engine=found, **BOUNDS)
    assert len(judged.polygons) == BOUNDS["polygons"]
    assert 0.5 < judged.notes["engine_share"] < 0.95
    assert {"population_max", "connected"} <= set(judged.broken["rule"])
    own = score_plan(blocks, score, links, found.membership, engine=found, **BOUNDS)
    assert own.broken.empty
    assert own.notes["engine_share"] == pytest.approx(1, rel=1e-3)
