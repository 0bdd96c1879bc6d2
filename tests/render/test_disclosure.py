"""Tests that nothing a page keeps back can be worked out from what it tells."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from targeting.composite.scoring import combine
from targeting.model import PublishSpec
from targeting.pipeline import carry_out, load
from targeting.render import public, write_page
from targeting.render.public import hidden_in_table, hidden_of_total
from targeting.render.public.grouping import BLOCKS_MIN, neighborhoods
from targeting.render.scene import build_scene
from targeting.sample import write_city
from tests.render.decoding import opened_page, opened_scene
from tests.render.disclosing import (
    VIOLENCE,
    incidents_of_blocks,
    linear_study,
    people_of_blocks,
    protected_places,
    recovered,
)

DATA = Path(__file__).parent.parent.parent / "data"
SOME = 24


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A made city of 500 blocks, studied in the way that tells most, and its page."""
    folder = tmp_path_factory.mktemp("small")
    write_city(folder, blocks=500)
    study, territory = load(folder / "study.yaml")
    result = carry_out(linear_study(study), territory)
    write_page(result, folder / "index.html")
    return result, opened_page(folder / "index.html")


def some(cells: np.ndarray, count: int = SOME) -> np.ndarray:
    chosen = np.random.default_rng(6).choice(cells, min(count, len(cells)), replace=False)
    return np.sort(chosen)


def test_no_count_of_incidents_is_recovered(small):
    result, page = small
    known, truth, cells = incidents_of_blocks(page, result)
    assert known.holds(truth)  # else the attack proves nothing
    assert not recovered(known.ranges(some(cells))).any()


@pytest.mark.parametrize(("more", "least"), [("parts", 2), ("exact", SOME // 2)])
def test_the_attack_finds_what_finer_figures_would_tell(small, more, least):
    result, page = small
    known, truth, cells = incidents_of_blocks(page, result, more=more)
    assert known.holds(truth)
    chosen = some(cells)
    found = known.ranges(chosen)
    hit = recovered(found)
    assert hit.sum() >= least
    assert np.array_equal(np.round(found[hit].mean(axis=1)), truth[chosen][hit])


def test_no_count_of_people_is_recovered(small):
    result, page = small
    known, truth, cells = people_of_blocks(page, result)
    assert len(cells) > 2
    assert known.holds(truth)
    assert not recovered(known.ranges(cells)).any()


def test_no_count_of_protected_places_is_recovered(small):
    result, page = small
    known, truth, hidden = protected_places(page, result)
    assert len(hidden)
    assert known.holds(truth)
    assert not recovered(known.ranges(hidden)).any()


def test_scores_and_dimensions_follow_from_the_parts_that_are_shipped(small):
    """So that they tell nothing the parts do not."""
    result, page = small
    keys = [one.key for one in result.indicators]
    parts = pd.DataFrame({key: page.column(f"part.{key}") for key in keys})
    study = result.study
    again = combine(
        parts, result.scores.tree, aggregate=study.aggregate, coverage_min=study.coverage_min
    )
    score = page.column("score")
    assert np.array_equal(np.isnan(score), again.value.isna())
    assert np.nanmax(np.abs(score - again.value)) <= 0.005 + 1e-9
    for key in ("violence", "marginalization", "facilities"):
        told = page.column(f"dimension.{key}")
        step = 0.05 if key == "violence" else 0.01
        assert np.nanmax(np.abs(told - again.groups[key])) <= step / 2 + 1e-9


def test_violence_is_the_same_in_a_whole_group_of_blocks(small):
    result, page = small
    held = public.protected(result)
    counts = pd.DataFrame(
        {"part": held.scores.parts[VIOLENCE], "value": held.values.value[VIOLENCE]}
    )
    people = held.territory.blocks["population"]
    # Groups are made of people and places: told apart by their values, they hold as many or more.
    alike = counts[people > 0].round(9).value_counts()
    assert alike.min() >= BLOCKS_MIN


def with_other_few(result):
    """The same result, with two people where one lives and one where two do."""
    blocks = result.territory.blocks
    people = blocks["population"]
    other = people.mask(people == 1, 2.0).mask(people == 2, 1.0)
    assert (other != people).sum() > 2
    territory = replace(result.territory, blocks=blocks.assign(population=other))
    change = (other - people).groupby(result.polygons.membership).sum()
    table = result.polygons.polygons
    table = table.assign(population=table["population"] + change.reindex(table.index).fillna(0.0))
    polygons = replace(result.polygons, polygons=table)
    return replace(result, territory=territory, polygons=polygons)


def test_a_page_is_the_same_whether_one_or_two_live_in_a_block(small):
    """Everything the page adds up, it adds up from what it shows."""
    result, _ = small
    before, after = build_scene(result), build_scene(with_other_few(result))
    assert before.data == after.data
    assert {key: held for key, held in before.record.items() if key != "plan"} == {
        key: held for key, held in after.record.items() if key != "plan"
    }


def test_incidents_moved_within_a_group_change_nothing_in_the_parts(small):
    result, _ = small
    held = public.protected(result)
    parts = result.scores.parts[VIOLENCE].to_numpy(float)
    people = result.territory.blocks["population"].to_numpy(float)
    told = held.scores.parts[VIOLENCE].to_numpy(float)
    first, second = _two_of_a_group(result, people)
    share = min(parts[first], 0.2)
    moved = parts.copy()
    moved[first] -= share
    moved[second] += share * people[first] / people[second]
    assert moved[second] <= 1
    scores = result.scores
    changed = scores.parts.assign(**{VIOLENCE: moved})
    object.__setattr__(scores_copy := replace(scores), "parts", changed)
    again = public.protected(replace(result, scores=scores_copy))
    assert np.array_equal(again.scores.parts[VIOLENCE].to_numpy(float), told, equal_nan=True)
    assert again.scores.score.equals(held.scores.score)


def _two_of_a_group(result, people: np.ndarray) -> tuple[int, int]:
    blocks = result.territory.blocks
    indicator = next(one for one in result.indicators if one.key == VIOLENCE)
    group = public.grouping.neighborhoods(
        blocks.geometry,
        blocks["area_id"],
        public.told_people(blocks["population"], 3).fillna(0.0).to_numpy(float),
        public.grouping.people_wanted(public.protected(result), indicator),
    )
    parts = result.scores.parts[VIOLENCE].to_numpy(float)
    for first in np.flatnonzero((parts > 0) & (people >= 3)):
        others = np.flatnonzero((group == group[first]) & (people > 2 * people[first]))
        others = others[parts[others] < 0.3]
        if len(others):
            return int(first), int(others[0])
    raise AssertionError("no two blocks to move incidents between")


def test_a_higher_threshold_makes_larger_groups(small):
    result, _ = small
    more = replace(result, study=replace(result.study, publish=PublishSpec(incidents_min=50)))
    kinds = [public.protected(one).values.value[VIOLENCE].nunique() for one in (result, more)]
    assert kinds[1] < kinds[0] / 4


def test_neighborhoods_hold_enough_people_in_enough_blocks(small):
    result, _ = small
    blocks = result.territory.blocks
    people = blocks["population"].fillna(0.0).to_numpy(float)
    group = neighborhoods(blocks.geometry, blocks["area_id"], people, 700.0)
    assert np.bincount(group, people).min() >= 700
    assert np.bincount(group, people > 0).min() >= BLOCKS_MIN
    shuffled = np.random.default_rng(3).permutation(len(blocks))
    again = neighborhoods(
        blocks.geometry.iloc[shuffled], blocks["area_id"].iloc[shuffled], people[shuffled], 700.0
    )
    same = pd.DataFrame({"one": group[shuffled], "two": again}).drop_duplicates()
    assert len(same) == same["one"].nunique() == same["two"].nunique()  # whatever the order


def test_a_city_with_too_few_people_is_one_group(small):
    result, _ = small
    blocks = result.territory.blocks
    people = blocks["population"].fillna(0.0).to_numpy(float)
    group = neighborhoods(blocks.geometry, blocks["area_id"], people, 1e9)
    assert set(group) == {0}


# ------------------------------------------------------------------------------------------ cells


@given(st.lists(st.integers(0, 30), min_size=3, max_size=9), st.integers(3, 6))
@settings(deadline=None)
def test_a_total_leaves_every_small_part_open(counts, least):
    counts = np.array(counts)
    few, withheld = hidden_of_total(counts, least)
    assert np.array_equal(few, (counts > 0) & (counts < least))
    if withheld.sum() + few.sum() == (counts > 0).sum():
        return  # all that there is is hidden: the rest is for the total to be withheld
    low = np.where(few, 1, least)
    high = np.where(few, least - 1, np.inf)
    hidden = np.flatnonzero(few | withheld)
    bounds = list(zip(low[hidden], high[hidden], strict=True))
    for at in range(len(hidden)):
        if few[hidden[at]]:
            ends = _ends(at, np.ones((1, len(hidden))), [counts[hidden].sum()], bounds)
            assert ends[1] - ends[0] >= 1 - 1e-6


@given(
    st.lists(st.lists(st.integers(0, 20), min_size=4, max_size=4), min_size=3, max_size=5),
    st.integers(3, 6),
)
@settings(deadline=None, max_examples=50)
def test_a_table_with_its_margins_leaves_every_small_cell_open(rows, least):
    table = pd.DataFrame(rows)
    held = table.to_numpy()
    hidden = hidden_in_table(table, least).to_numpy()
    primary = (held > 0) & (held < least)
    assert hidden[primary].all()
    cells = np.argwhere(hidden)
    if not len(cells):
        return
    sums = [cells[:, 0] == row for row in range(held.shape[0])]
    sums += [cells[:, 1] == column for column in range(held.shape[1])]
    matrix = np.array(sums, float)
    right = matrix @ held[hidden]
    for at, (row, column) in enumerate(cells):
        if primary[row, column] and _has_a_way_out(held, row, column):
            ends = _ends(at, matrix, right, [(0, np.inf)] * len(cells))
            assert ends[1] - ends[0] >= 1 - 1e-6


def _has_a_way_out(held: np.ndarray, row: int, column: int) -> bool:
    beside, below = held[row] > 0, held[:, column] > 0
    return beside.sum() > 1 and below.sum() > 1


def _ends(at: int, matrix, right, bounds) -> tuple[float, float]:
    cost = np.zeros(matrix.shape[1])
    out = []
    for sign in (1, -1):
        cost[at] = sign
        found = linprog(cost, A_eq=matrix, b_eq=right, bounds=bounds)
        out.append(np.inf * -sign if found.status == 3 else sign * found.fun)
    return out[0], out[1]


# ---------------------------------------------------------------------------------------- nightly


@pytest.mark.nightly
def test_none_of_a_thousand_cells_is_recovered(tmp_path):
    study, territory = load(DATA / "study.yaml")
    result = carry_out(linear_study(study), territory)
    write_page(result, tmp_path / "index.html")
    page = opened_page(tmp_path / "index.html")
    tried = 0
    for attack in (people_of_blocks, protected_places, incidents_of_blocks):
        known, truth, cells = attack(page, result)
        assert known.holds(truth)
        chosen = some(cells, 1000 - tried) if attack is incidents_of_blocks else cells
        assert not recovered(known.ranges(chosen)).any(), attack.__name__
        tried += len(chosen)
    assert tried == 1000


def test_the_scene_of_a_page_is_what_is_written(small):
    result, page = small
    assert opened_scene(build_scene(result)).data == page.data
