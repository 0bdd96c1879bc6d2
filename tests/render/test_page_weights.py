"""Moved weights in Chromium: scores, plans made in advance, links, and what is not the study's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from targeting.model import MethodSpec, Node
from targeting.model.weighed import StoredPlan, Weighting, whole_percent
from targeting.render import write_page
from targeting.render.weighting import nearest_plan, scores_from_parts
from tests.render.results import make_result

pytestmark = pytest.mark.browser
KEYS = ("violence", "marginalization", "facilities")
MEANS = [
    MethodSpec("arithmetic"),
    MethodSpec("power_mean", {"exponent": 2.0}),
    MethodSpec("power_mean", {"exponent": 3.5}),
    MethodSpec("geometric"),
    MethodSpec("harmonic"),
]


def settled(page) -> None:
    page.evaluate("targeting.page.weights.settle()")


def membership(page) -> np.ndarray:
    return np.array(page.evaluate("Array.from(targeting.page.membership)"))


def stored(page, place: int) -> np.ndarray:
    return np.array(page.evaluate(f"Array.from(targeting.page.data.column('plan.{place}').whole)"))


def shipped_parts(page, keys) -> pd.DataFrame:
    """The rounded parts as the page unpacks them."""
    held = page.evaluate(
        """(keys) => keys.map((key) => { const c = targeting.page.data.column("part." + key);
          return Array.from(c.whole, (v, i) => c.has(i) ? c.number(v) : null); })""",
        list(keys),
    )
    return pd.DataFrame(dict(zip(keys, held, strict=True)), dtype=float)


def random_percent(chance: np.random.Generator, keys) -> dict[str, int]:
    return whole_percent(dict(zip(keys, chance.dirichlet(np.ones(len(keys))), strict=True)))


def test_a_hundred_weightings_score_and_choose_as_python_does(moved, city):
    tree = city.scores.tree
    parts = shipped_parts(moved, city.scores.weights.index)
    plans = [whole_percent(dict(city.scores.dimension_weights))]
    plans += [dict(plan.weighting.percent) for plan in city.plans]
    chance = np.random.default_rng(20)
    places = set()
    for number in range(100):
        percent = random_percent(chance, KEYS)
        within = {}
        for child in tree.children if number % 2 else ():
            within |= random_percent(chance, child.leaves())
        told = moved.evaluate(
            """([percent, within]) => { const w = targeting.page.weights;
              w.set(w.keys.map((key) => percent[key]),
                    w.groups.map(({keys, own}) =>
                      keys[0] in within ? keys.map((key) => within[key]) : own));
              w.settle();
              return [Array.from(w.found.value, (v) => Number.isNaN(v) ? null : v), w.nearest.place,
                      w.plan, w.atOwn, Array.from(targeting.page.column("score").whole)]; }""",
            [percent, within],
        )
        value, nearest, plan, own, whole = told
        assert not own
        expected = scores_from_parts(
            parts,
            tree,
            percent,
            within,
            aggregate=city.study.aggregate,
            coverage_min=city.study.coverage_min,
        ).to_numpy()
        given = np.array(value, dtype=float)
        np.testing.assert_allclose(given, expected, atol=1e-9, rtol=0)
        points = np.floor(expected * 100 + 0.5 + 1e-9)
        given = np.where(np.array(whole) < 0, np.nan, whole)
        np.testing.assert_array_equal(given, points)
        assert nearest == plan == nearest_plan(percent, plans)[0]
        places.add(plan)
    assert len(places) >= 5


@pytest.mark.parametrize("mean", MEANS, ids=lambda one: f"{one.use}-{one.settings}")
def test_every_mean_and_deep_trees_agree_with_python(moved, mean):
    chance = np.random.default_rng(3)
    keys = ("a", "b", "c", "d", "e", "f")
    parts = pd.DataFrame(np.round(chance.random((400, 6)), 2), columns=list(keys))
    parts.iloc[::7, 0] = 1.0
    parts = parts.mask(chance.random(parts.shape) < 0.3)
    tree = Node(
        "score",
        children=(
            Node("x", 0.5, (Node("a", 0.2), Node("g", 0.8, (Node("b", 0.5), Node("c", 0.5))))),
            Node("y", 0.3, (Node("d", 0.9), Node("e", 0.1)), coverage_min=0.8),
            Node("z", 0.2, (Node("f", 1.0),), aggregate=MethodSpec("arithmetic")),
        ),
    )

    def record(node):
        spec = node.aggregate or mean
        own = {"key": node.key, "weight": node.weight}
        return (
            own
            if not node.children
            else own
            | {
                "mean": spec.use,
                "exponent": spec.settings.get("exponent", 1.0),
                "coverage_min": node.coverage_min or 0.5,
                "children": [record(child) for child in node.children],
            }
        )

    whole = np.rint(parts.fillna(-1).to_numpy() * 100).astype(int).T.tolist()
    moved.evaluate(
        """([tree, keys, whole]) => {
          const column = (list) => targeting.liveColumn(
            Int32Array.from(list, (v) => v < 0 ? targeting.MISSING : v));
          window.scorer = new targeting.reweigh.Scorer(
            tree, (key) => column(whole[keys.indexOf(key)]), whole[0].length); }""",
        [record(tree), list(keys), whole],
    )
    for number in range(20):
        percent = random_percent(chance, ("x", "y", "z"))
        if number == 7:
            percent = {"x": 100, "y": 0, "z": 0}
        inner = {"x": ("a", "b", "c"), "y": ("d", "e")}
        within = {one: random_percent(chance, inner[one]) for one in inner} if number % 3 else {}
        if number == 8:
            within = {"x": {"a": 100, "b": 0, "c": 0}}
        value, told = moved.evaluate(
            """([percent, within]) => { const tree = scorer.weighed(percent, within);
              const value = scorer.score(tree).value;
              return [Array.from(value, (v) => Number.isNaN(v) ? null : v),
                      Array.from(value, (v, i) => scorer.account(tree, i))]; }""",
            [percent, within],
        )
        flat = {key: one for held in within.values() for key, one in held.items()}
        expected = scores_from_parts(
            parts, tree, percent, flat, aggregate=mean, coverage_min=0.5
        ).to_numpy()
        np.testing.assert_allclose(np.array(value, float), expected, atol=1e-9, rtol=0)
        # What each indicator adds sums to the score, and is told wherever there is one.
        sums = np.array([np.nan if one is None else sum(one.values()) for one in told])
        np.testing.assert_allclose(sums, np.where(expected == 0, 0, expected), atol=1e-9, rtol=0)
        assert np.isfinite(expected).sum() > 100


def test_a_key_moves_the_slider_and_the_polygons_become_the_stored_plan(moved, city):
    moved.click("[data-tab=weights]")
    before = membership(moved)
    place = next(
        at
        for at, plan in enumerate(city.plans)
        if (plan.weighting.kind, plan.weighting.dimension) == ("double", "violence")
    )
    wanted = city.plans[place].weighting.percent["violence"]
    moved.focus("#weight-violence")
    for _ in range(wanted - moved.evaluate("targeting.page.weights.percent[0]")):
        moved.keyboard.press("ArrowRight")
    assert moved.evaluate("document.activeElement.id") == "weight-violence"
    settled(moved)
    assert moved.evaluate("document.activeElement.id") == "weight-violence"
    assert moved.evaluate("targeting.page.weights.record") == dict(
        city.plans[place].weighting.percent
    )
    held = membership(moved)
    np.testing.assert_array_equal(held, stored(moved, place))
    assert (held != before).any()
    inside = sorted(city.plans[place].membership.pipe(lambda m: m[m > 0]).value_counts())
    assert sorted(np.unique(held[held > 0], return_counts=True)[1]) == inside
    numbers = sorted({int(one) for one in held if one})
    labels = moved.locator(".polygon-label .approximate").all_inner_texts()
    assert sorted(int(text) for text in labels) == numbers
    assert [one["number"] for one in moved.evaluate("targeting.page.polygons")] == numbers
    shown = moved.inner_text(".standing")
    gap = city.plans[place].gap_share
    assert f"al menos {int(100 * (1 - gap))} %" in shown
    moved.keyboard.press("ArrowRight")
    settled(moved)
    assert "aproximados" in moved.inner_text(".standing")
    moved.click(".weights-buttons button >> nth=0")
    settled(moved)
    np.testing.assert_array_equal(membership(moved), before)
    assert moved.locator(".polygon-label .approximate").count() == 0
    assert "del estudio" in moved.inner_text(".standing")


def test_the_study_s_own_weights_show_its_own_shipped_score(moved):
    paint = "[targeting.page.painted.column === targeting.page.data.column('score'), location.hash]"
    assert moved.evaluate(paint) == [True, ""]
    moved.evaluate("targeting.page.weights.moveDimension(0, 50)")
    settled(moved)
    same, address = moved.evaluate(paint)
    assert not same
    assert "w=50-" in address
    legend = moved.inner_text("#legend")
    moved.evaluate("targeting.page.weights.reset()")
    settled(moved)
    assert moved.evaluate(paint) == [True, ""]
    assert moved.inner_text("#legend") != legend


def test_sliders_that_are_locked_stay_and_all_sum_to_a_hundred(moved):
    moved.click("[data-tab=weights]")
    moved.click("[data-key=facilities] .lock")
    assert moved.is_disabled("#weight-facilities")
    for value in (0, 33, 80, 100):
        moved.evaluate("(v) => targeting.page.weights.moveDimension(0, v)", value)
        violence, other, facilities = moved.evaluate("targeting.page.weights.percent")
        assert (violence, facilities) == (min(value, 80), 20)
        assert violence + other + facilities == 100
    moved.click("[data-key=violence] .undo")
    assert moved.evaluate("targeting.page.weights.percent[0]") == 40
    moved.evaluate("targeting.page.weights.moveIndicator(1, 0, 70)")
    within = moved.evaluate("targeting.page.weights.groups[1].percent")
    assert within[0] == 70
    assert sum(within) == 100
    total = moved.evaluate(
        """targeting.page.weights.groups.flatMap((group, at) =>
             group.keys.map((_, place) => targeting.page.weights.final(at, place)))"""
    )
    assert sum(total) == pytest.approx(100)


def test_a_link_brings_back_the_weighting_and_a_polygon_only_it_has(moved, opened, city_file, city):
    fresh = int(city.polygons.membership.max())
    place, number = next(
        (at, int(plan.membership.max()))
        for at, plan in enumerate(city.plans)
        if plan.membership.max() > fresh
    )
    percent = list(city.plans[place].weighting.percent.values())
    moved.click("[data-tab=weights]")
    moved.evaluate(
        "(p) => { const w = targeting.page.weights; w.set(p, w.groups.map((g) => g.own)); }",
        percent,
    )
    settled(moved)
    moved.evaluate("(n) => targeting.page.choosePolygon(n)", number)
    moved.click("[data-tab=weights]")
    moved.click("text=Mostrar un enlace con estos pesos")
    link = moved.input_value("input.link")
    picked = moved.evaluate(
        "getSelection().toString() || document.activeElement.value.substring("
        "document.activeElement.selectionStart, document.activeElement.selectionEnd)"
    )
    assert picked == link
    other = opened(city_file).page
    other.goto(link.replace("tab=weights", "tab=polygons"))
    other.reload()
    other.evaluate("targeting.ready.then(() => 1)")
    assert other.evaluate("targeting.page.weights.percent") == percent
    assert other.inner_text("#panel-body h2") == f"Polígono {number}"
    assert "no tiene un polígono aquí" in other.inner_text("#panel-body")
    assert not other.is_hidden("#weights-banner")
    other.evaluate("location.hash = '#w=40-50'")
    other.wait_for_timeout(50)
    assert other.evaluate("targeting.page.weights.atOwn")


def test_records_of_a_stored_plan_come_from_what_is_shipped_alone(moved, city):
    moved.evaluate(
        "(p) => { const w = targeting.page.weights; w.set(p, w.groups.map((g) => g.own)); }",
        list(city.plans[0].weighting.percent.values()),
    )
    settled(moved)
    people = np.array(moved.evaluate("Array.from(targeting.page.data.column('population').whole)"))
    people = np.maximum(people, 0)
    held = stored(moved, 0)
    values = np.array(moved.evaluate("Array.from(targeting.page.weights.found.value)"), float)
    block = np.array(
        moved.evaluate("Array.from(targeting.page.data.column('facilities.block').whole)")
    )
    kinds = np.array(moved.evaluate("Array.from(targeting.page.facilities.kind.whole)"))
    for record in moved.evaluate("targeting.page.polygons"):
        mine = held == record["number"]
        assert record["block_count"] == mine.sum()
        assert record["population"] == np.floor(people[mine].sum() / 10 + 0.5) * 10
        known = mine & np.isfinite(values)
        mean = (people * np.nan_to_num(values))[known].sum() / people[known].sum()
        assert record["score"] == pytest.approx(mean)
        for at, kind in enumerate(record["kinds"]):
            inside = (mine[block] & (kinds == at)).sum()
            assert kind["count"] in (inside, None)
    moved.evaluate("targeting.page.choosePolygon(targeting.page.polygons[0].number)")
    text = moved.inner_text("#panel-body")
    assert "aproximado" in text
    assert "No se conocen" in text
    visible = moved.evaluate(
        """Array.from({length: targeting.page.facilities.count}, (_, i) => i)
             .filter((i) => targeting.page.layers.facilities.visible(i))"""
    )
    first = moved.evaluate("targeting.page.polygons[0].number")
    assert visible == np.flatnonzero(held[block] == first).tolist()


def test_bands_tell_in_how_many_plans_a_block_lies(moved, city):
    moved.select_option("#layer-choice", "weightings")
    every = [city.polygons.membership, *(plan.membership for plan in city.plans)]
    count = sum((one > 0).astype(int) for one in every)
    most = len(every)
    expected = [
        int((count == most).sum()),
        int(((count * 2 >= most) & (count < most)).sum()),
        int(((count > 0) & (count * 2 < most)).sum()),
        int((count == 0).sum()),
    ]
    assert moved.evaluate("Array.from(targeting.page.painted.counts.slice(0, 4))") == expected
    assert f"En los {most} planes" in moved.inner_text("#legend")


def test_the_account_of_a_block_adds_up_under_moved_weights(moved):
    moved.evaluate("targeting.page.weights.moveDimension(2, 60)")
    settled(moved)
    for block in range(0, 600, 60):
        moved.evaluate("(i) => targeting.page.chooseBlock(i)", block)
        total = moved.inner_text("[data-total]")
        points = moved.locator("tr[data-indicator] td.points").all_inner_texts()
        if total != "–":
            assert sum(int(one) for one in points if one.strip() != "–") == int(total)
            assert "60" in moved.inner_text('tr[data-dimension="facilities"]')
        assert moved.locator("[data-reason]").count() == 0


def test_an_aggregation_that_is_no_mean_says_that_weights_cannot_be_moved(opened, result, tmp_path):
    other = replace(result, study=replace(result.study, aggregate=MethodSpec("copeland")))
    path = tmp_path / "other.html"
    write_page(other, path)
    page = opened(path).page
    page.click("[data-tab=weights]")
    assert "no es un promedio ponderado (Cada manzana" in page.inner_text("#panel-body")
    assert page.locator("input[type=range]").count() == 0
    page.click('[data-language="en"]')
    assert "cannot be moved here" in page.inner_text("#panel-body")


def test_without_plans_blocks_respond_and_polygons_stay(page):
    page.click("[data-tab=weights]")
    before = membership(page)
    page.evaluate("targeting.page.weights.moveDimension(0, 90)")
    settled(page)
    assert page.evaluate("targeting.page.columns.has('score')")
    np.testing.assert_array_equal(membership(page), before)
    assert "no hay planes" in page.inner_text(".standing")
    records = page.evaluate("targeting.page.polygons.map((one) => one.profile.length)")
    assert min(records) > 0


def test_a_result_of_other_blocks_cannot_hold_a_plan():
    made = make_result()
    strange = pd.Series(0, index=["other"])
    plan = StoredPlan(Weighting("equal", {"violence": 100}), strange, 0.0, None, {})
    with pytest.raises(ValueError, match="stored plans"):
        replace(made, plans=(plan,))
