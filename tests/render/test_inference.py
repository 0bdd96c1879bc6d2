"""Tests that plan, reasons, tests and shares do not let on what the page keeps back.

Each attack is also carried out on figures that are not protected, and must find something there.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from targeting.pipeline import carry_out, load
from targeting.render import public
from targeting.render.doubt import doubt_columns
from targeting.render.held_out import hold_out_table
from targeting.render.hotspots import told_risk
from targeting.render.public.prices import incident_need, told_rates
from targeting.render.scene import build_scene
from targeting.render.trend import trend_record
from targeting.sample import write_city
from tests.render.decoding import opened_page, opened_scene
from tests.render.disclosing import VIOLENCE, incidents_of_blocks, recovered
from tests.render.inferring import (
    counts_fitting,
    dearest_sides,
    hot_neighbors,
    needs_of_polygons,
    order_of_polygons,
    other_sides,
    scored,
    settled_by_side,
    single_moves,
    telling_study,
)
from tests.render.test_hotspots import held
from tests.render.test_page_trend import dated

TRIED = 160
DATA = Path(__file__).parent.parent.parent / "data"


@pytest.fixture(scope="module")
def told(city, city_file):
    """The study as its file has it (rates drawn in, parts by rank): result and page."""
    return city, opened_page(city_file)


@pytest.fixture(scope="module")
def exact(city):
    """The same with nothing protected."""
    return opened_scene(build_scene(city, internal=True))


@pytest.fixture(scope="module")
def telling(tmp_path_factory):
    """A made city of 500 blocks, studied in the way that tells most, and its page."""
    folder = tmp_path_factory.mktemp("telling")
    write_city(folder, blocks=500)
    study, territory = load(folder / "study.yaml")
    result = carry_out(telling_study(study), territory)
    assert len(result.polygons.polygons) > 2
    assert result.plans
    assert result.doubt is not None
    return result, opened_scene(build_scene(result))


def some(cells: np.ndarray, count: int) -> np.ndarray:
    return np.random.default_rng(8).choice(cells, min(count, len(cells)), replace=False)


def with_exact(result, **held):
    """A protected result with some of what was protected put back."""
    return opened_scene(build_scene(replace(public.protected(result), **held)))


def attacked(result, page, *attacks):
    """What rows beside those of `incidents_of_blocks` recover: marks of the cells tried."""
    known, truth, cells = incidents_of_blocks(page, result)
    for add in attacks:
        add(known)
    assert known.holds(truth)  # else the attack proves nothing
    cells = some(cells, TRIED)
    found = known.ranges(cells)
    hit = recovered(found)
    assert np.array_equal(np.round(found[hit].mean(axis=1)), truth[cells][hit])
    return hit


def worth(page_of) -> float:
    return float(public.protected(page_of).polygons.polygons["objective"].sum())


# ------------------------------------------------------------------------------ sides of the line


def test_a_side_of_the_line_settles_no_number_of_incidents(told):
    result, page = told
    assert len(settled_by_side(page, result)) == 0
    sides = page.column("reason.margin")
    assert np.mean(~np.isnan(sides)) > 0.4  # most are told all the same


def test_sides_not_protected_settle_many(told, exact):
    result, _ = told
    assert len(settled_by_side(exact, result)) > 20


def test_the_polygon_a_block_might_join_does_not_tell_its_side(told):
    """Only blocks above the line are asked; `reason.polygon` of the others is none."""
    result, page = told
    asked = result.polygons.reasons
    codes = np.array([one["code"] for one in page.record["reasons"]])
    untold = codes[page.column("reason").astype(int)] == "outside_untold"
    assert (page.column("reason.polygon")[untold] == 0).all()
    held = public.protected(result).polygons.reasons
    assert (asked.loc[held["code"] == "outside_untold", "polygon"] > 0).any()
    assert (held.loc[held["code"] == "outside_untold", "limit"] == "").all()


# ------------------------------------------------------------------------------- prices and order


def test_needs_and_the_order_of_polygons_recover_nothing(telling):
    result, page = telling
    own = scored(result)
    hit = attacked(
        result,
        page,
        lambda known: needs_of_polygons(page, known, own, incident_need(result)),
        lambda known: order_of_polygons(page, known, own),
    )
    assert not hit.any()


def test_prices_recover_nothing(telling):
    result, page = telling
    own, whole = scored(result), worth(result)
    assert not attacked(result, page, lambda known: dearest_sides(page, known, own, whole)).any()


def test_prices_and_flips_as_the_plan_has_them_would_tell(telling):
    result, _ = telling
    polygons = replace(public.protected(result).polygons, reasons=result.polygons.reasons)
    page, own = with_exact(result, polygons=polygons), scored(result)
    hit = attacked(result, page, lambda known: other_sides(page, known, own, worth(result)))
    assert hit.sum() > 4


def test_a_price_leaves_out_the_own_score(telling):
    """The price of a block that turns out more urgent falls by as much need; what is told stays."""
    result, _ = telling
    people = result.territory.blocks["population"].fillna(0.0)
    inside, reasons = result.polygons.membership > 0, result.polygons.reasons
    score = result.scores.score
    more = pd.Series(0.0, index=score.index)
    more[(people >= 3) & ~inside & score.between(0.1, 0.8)] = 0.03
    price = reasons["price"] - people * more
    known = (price > 0) & (more > 0)
    more = more.where(known, 0.0)
    scores = replace(result.scores)
    object.__setattr__(scores, "score", score + more)
    other = reasons.assign(price=price.where(known, reasons["price"]))
    changed = replace(result, scores=scores, polygons=replace(result.polygons, reasons=other))
    one, two = (public.protected(held).polygons.reasons for held in (result, changed))
    assert known.sum() > 50
    assert np.allclose(one["price"][known], two["price"][known], equal_nan=True)
    assert one["flip_score"][known].equals(two["flip_score"][known])


# ------------------------------------------------------------------------------ plans and outlines


def test_outlines_recover_no_count_but_none(telling):
    """A block left out because it is not urgent enough can be shown to have no incident.

    Given all else to the last digit; what few there are is in the documents, and they are told of.
    """
    result, page = telling
    known, truth, cells = incidents_of_blocks(page, result)
    rows = single_moves(result, known, scored(result), result.polygons.membership.to_numpy())
    for plan in result.plans:
        own = scored(result, dict(plan.weighting.percent))
        rows += single_moves(result, known, own, plan.membership.to_numpy())
    assert rows > 300
    assert known.holds(truth)
    hit = recovered(known.ranges(cells))
    assert (truth[cells][hit] == 0).all()
    assert hit.sum() <= 0.02 * len(cells)


# --------------------------------------------------------------------------------------- hot spots


def test_classes_of_hot_spots_recover_nothing(telling):
    result, page = telling
    assert not attacked(result, page, lambda known: hot_neighbors(page, known, result)).any()


def test_classes_as_the_test_gives_them_would_tell(telling):
    result, _ = telling
    page = with_exact(result, hotspots=result.hotspots)
    hit = attacked(result, page, lambda known: hot_neighbors(page, known, result))
    assert hit.sum() > 4


def test_risks_of_clusters_do_not_tell_a_case():
    """Two tests may find clusters that differ by one block: 10 cases are expected in each."""

    def cluster(cases: float, expected: float) -> pd.Series:
        return pd.Series({"relative_risk": cases / expected, "cases": cases})

    told = [told_risk(cluster(float(cases), 10.0)) for cases in range(5, 60)]
    assert all(told.count(risk) > 1 for risk in told[1:-1])
    tenths = [round(cases / 10.0, 1) for cases in range(5, 60)]
    assert len(set(tenths)) == len(tenths)  # tenths would tell every one


# ------------------------------------------------------------------------------------ doubt, shares


def test_ranks_are_told_around_the_score_that_is_told(telling):
    """Blocks told alike, of one group, are told alike; by the exact ranks they are not."""
    result, _ = telling
    held = public.protected(result)
    columns = pd.DataFrame(doubt_columns(held))
    raw = pd.DataFrame(doubt_columns(replace(held, doubt=result.doubt)))
    groups = public.protecting._groups(result)[VIOLENCE]
    people = result.territory.blocks["population"].to_numpy(float)
    alike = pd.DataFrame({"group": groups, "score": held.scores.score.round(6).to_numpy()})
    alike = alike[(people > 0) & held.scores.score.notna().to_numpy()]
    several = alike.groupby(["group", "score"]).filter(lambda one: len(one) > 1)
    assert len(several) > 4
    by = [several["group"], several["score"]]
    assert (columns.loc[several.index].groupby(by).nunique() <= 1).all(axis=None)
    assert (raw.loc[several.index].groupby(by).nunique() > 1).any(axis=None)


def test_the_share_of_the_top_is_of_many_blocks(telling):
    result, _ = telling
    held = public.protected(result).doubt.blocks["top_share"]
    assert held.dropna().value_counts().min() >= 10
    assert result.doubt.blocks["top_share"].value_counts().min() < 10


def test_shares_of_people_do_not_tell_one_from_two(telling):
    result, _ = telling
    blocks = result.territory.blocks
    people = blocks["population"]
    other = people.mask(people == 1, 2.0).mask(people == 2, 1.0)
    changed = replace(
        result, territory=replace(result.territory, blocks=blocks.assign(population=other))
    )
    one, two = (public.protected(held) for held in (result, changed))
    assert one.stability.polygons["kept_share"].equals(two.stability.polygons["kept_share"])
    assert one.polygons.notes["people_share"] == two.polygons.notes["people_share"]


# ---------------------------------------------------------------------- rates, trends, held out


def test_two_rates_of_a_polygon_do_not_tell_the_few_between_them(telling):
    """Homicides per 100,000 people, and homicides with something more, where 5,000 people live."""
    result, _ = telling
    per, people = 100_000.0, 5000.0
    indicator = next(one for one in result.indicators if one.key == VIOLENCE)
    settings = dict(indicator.settings) | {"per": per}
    indicator = replace(indicator, unit="per_100k", settings=settings)
    table = pd.DataFrame({"population": [people]}, index=[1])
    study = SimpleNamespace(
        polygons=SimpleNamespace(polygons=table), indicators=[indicator], territory=result.territory
    )
    counts = np.arange(5, 60)
    profile = pd.DataFrame({"polygon": 1, "key": VIOLENCE, "value": counts / people * per})
    told = told_rates(study, profile)["value"].tolist()
    assert all(told.count(rate) > 1 for rate in told[1:-1])
    # As they are, to whole numbers per 100,000, each number of incidents has a rate of its own.
    assert profile["value"].round().is_unique


def test_an_index_tells_no_small_number_of_incidents(result):
    """Polygon 2 has 9, 4, 12 and 15 in four years: its rate tells about 40, its index the four."""
    found = dated(result)
    told, office = (
        trend_record(public.protected(found, internal=internal))["polygons"]
        for internal in (False, True)
    )
    assert told["2"] is None
    assert counts_fitting(office["2"], range(39, 42))[1] == {4}
    assert min(min(one) for one in counts_fitting(told["1"], range(79, 82))) >= 5


@pytest.mark.parametrize(("share", "told"), [(0.98, False), (0.9, True), (0.04, False)])
def test_a_plan_that_holds_or_leaves_out_few_incidents_is_not_told(result, share, told):
    """Of 100 incidents held out, 98 inside leave two: as few as two inside."""
    found = replace(result, hold_out=held(ward={"hit_share": share, "size": 5000.0}))
    row = hold_out_table(found).set_index("plan").loc["ward"]
    assert pd.notna(row["hit_share"]) == told
    assert pd.notna(row["accuracy"]) == told


# ---------------------------------------------------------------------------------------- nightly


@pytest.mark.nightly
def test_none_of_a_thousand_cells_is_recovered_by_plan_tests_and_prices():
    """All rows at once, on the made city of 5,000 blocks."""
    study, territory = load(DATA / "study.yaml")
    result = carry_out(telling_study(study, small=False), territory)
    page = opened_scene(build_scene(result))
    own, whole = scored(result), worth(result)
    known, truth, cells = incidents_of_blocks(page, result)
    needs_of_polygons(page, known, own, incident_need(result))
    order_of_polygons(page, known, own)
    dearest_sides(page, known, own, whole)
    hot_neighbors(page, known, result)
    assert known.holds(truth)
    assert not recovered(known.ranges(some(cells, 1000))).any()
