"""Filter: which blocks remain, by ranges, classes, polygons and what is known."""

from __future__ import annotations

import numpy as np
import pytest

from targeting.render import public
from tests.render.waiting import until

pytestmark = pytest.mark.browser


def remaining(page) -> set[str]:
    return set(
        page.evaluate(
            """targeting.page.blockIds.filter((_, i) =>
                 !targeting.page.hidden || !targeting.page.hidden[i])"""
        )
    )


def ask(page, text: str) -> set[str]:
    page.evaluate("(text) => targeting.page.filter.read(text)", text)
    assert page.evaluate("targeting.page.filter.text()") == text
    return remaining(page)


@pytest.fixture(scope="module")
def shown(result):
    """Every block's public numbers, as a reader of the page knows them."""
    result = public.protected(result)
    blocks = result.territory.blocks
    _, total = public.shown_points(result)
    people, _ = public.population(blocks["population"])
    index = blocks.index
    return {
        "ids": np.array(index),
        "score": total / 100,
        "people": people,
        "polygon": result.polygons.membership.to_numpy(),
        "level": public.levels(result.values.value["incidents_per_1k"]),
        "index": np.round(result.values.value["margin_index"].to_numpy(), 2),
        "covered": np.rint(result.scores.coverage.to_numpy() * 100),
    }


def test_each_condition_keeps_exactly_its_blocks(page, shown):
    ids = shown["ids"]

    def among(test) -> set[str]:
        return set(ids[test])

    with np.errstate(invalid="ignore"):
        score, level, index = (shown[name] for name in ("score", "level", "index"))
        assert ask(page, "w~in") == among(shown["polygon"] > 0)
        assert ask(page, "w~out") == among(shown["polygon"] == 0)
        assert ask(page, "w~2") == among(shown["polygon"] == 2)
        assert ask(page, "d~full") == among(shown["covered"] == 100)
        assert ask(page, "d~some") == among(shown["covered"] < 100)
        between = (score >= 0.4 - 1e-9) & (score <= 0.6 + 1e-9)
        assert 0 < between.sum() < 100
        assert ask(page, "r~score~0.4~0.6") == among(between)
        assert ask(page, "r~score~0.4~0.6~m") == among(between | np.isnan(score))
        assert ask(page, "r~value.incidents_per_1k~8~") == among(level >= 8)
        assert ask(page, "r~value.margin_index~~0.95") == among(index <= 0.95 + 1e-9)
        assert ask(page, "r~population~100~") == among(shown["people"] >= 100)
        both = (shown["polygon"] > 0) & (shown["covered"] == 100) & (score >= 0.5 - 1e-9)
        assert ask(page, "w~in;d~full;r~score~0.5~") == among(both)
        assert ask(page, "") == set(ids)
    assert page.evaluate("targeting.page.hidden") is None


def test_a_withheld_number_answers_where_its_interval_may(page, result):
    values = result.values
    low, high = values.low["no_internet_share"], values.high["no_internet_share"]
    masked = (high - low) > 0
    wide = masked & (high > 0.9)
    assert wide.any()
    kept = ask(page, "r~value.no_internet_share~0.8~")
    # Of 0 to 99 % nobody knows that it is below 80 %; every certain value here is (at most 72 %).
    assert kept == set(low.index[wide])
    none = ask(page, "r~value.no_internet_share~0.995~")
    assert none == set()


def test_the_count_is_what_remains_and_the_card_says_a_filter_is_on(page, shown):
    page.click("[data-tab=filter]")
    page.select_option("#filter-where", "in")
    inside = shown["polygon"] > 0
    people = np.floor(np.nansum(shown["people"][inside]) / 10 + 0.5) * 10
    said = f"Quedan {inside.sum()} de 100 manzanas, con unos {people:,.0f} habitantes."
    assert page.inner_text("#filter-left") == said
    assert said in page.inner_text(".filter-line")
    hidden = page.evaluate("targeting.page.painted.counts[targeting.scale.HIDDEN_CLASS]")
    assert hidden == 100 - inside.sum()
    page.click(".filter-line .filter-reset")
    assert not page.is_visible(".filter-line")
    assert page.input_value("#filter-where") == "all"
    assert remaining(page) == set(shown["ids"])


def test_sliders_and_numbers_say_the_same_and_hide_at_once(page, shown):
    page.click("[data-tab=filter]")
    page.select_option("#filter-add", "score")
    low = page.locator('[data-layer="score"] .filter-end').first
    assert page.evaluate("document.activeElement.closest('[data-layer]').dataset.layer") == "score"
    low.locator("input[type=number]").fill("50")
    page.keyboard.press("Tab")
    assert low.locator("input[type=range]").input_value() == "50"
    with np.errstate(invalid="ignore"):
        assert remaining(page) == set(shown["ids"][shown["score"] >= 0.5 - 1e-9])
    low.locator("input[type=range]").focus()
    page.keyboard.press("ArrowRight")
    assert low.locator("input[type=number]").input_value() == "51"
    with np.errstate(invalid="ignore"):
        assert remaining(page) == set(shown["ids"][shown["score"] >= 0.51 - 1e-9])
    page.keyboard.press("Home")  # as far as it goes: no bound at all
    assert page.evaluate("targeting.page.filter.ranges.get('score').low") is None
    assert page.locator("#filter-add option[value=score]").is_disabled()
    page.click('[data-layer="score"] button')
    assert page.locator("[data-layer]").count() == 0
    assert page.evaluate("document.activeElement.id") == "filter-add"


def test_the_list_holds_the_highest_that_remain(page, shown):
    ask(page, "w~out")
    page.click("[data-tab=filter]")
    listed = page.locator("#filter-list .key").all_inner_texts()
    score = dict(zip(shown["ids"], shown["score"], strict=True))
    outside = shown["ids"][shown["polygon"] == 0]
    expected = sorted((score[key] for key in outside if score[key] == score[key]), reverse=True)[
        :10
    ]
    assert [score[key] for key in listed] == expected
    page.locator("#filter-list button").first.click()
    assert page.inner_text("#panel-body h2 .key") == listed[0]


def test_classes_are_chosen_one_by_one(page, shown):
    page.evaluate(
        """() => targeting.page.scene.layers.push({id: "few", group: "hotspots", breaks: [],
          names: {es: "Prueba", en: "Trial"}, classes: [
            {text: {es: "no", en: "no"}, color: "#ffffff"},
            {text: {es: "sí", en: "yes"}, color: "#000000"}]})"""
    )
    page.click("[data-tab=filter]")
    page.select_option("#filter-add", "few")
    assert remaining(page) == set(shown["ids"])  # both classes, and every block has one
    page.get_by_label("no", exact=True).uncheck()
    few = set(shown["ids"][np.isnan(shown["people"])])
    assert 0 < len(remaining(page)) <= len(few)
    assert remaining(page) <= few
    assert page.evaluate("targeting.page.filter.text()") == "c~few~1"
    assert ask(page, "c~few~0~m") == set(shown["ids"]) - ask(page, "c~few~1")


def test_moved_weights_are_filtered_anew(page, shown):
    ask(page, "r~score~0.5~")
    page.evaluate(
        """() => { const p = targeting.page, own = p.data.column("score");
          const turned = Object.create(own);
          turned.whole = own.whole.map((v) => v === targeting.MISSING ? v : 100 - v);
          p.columns.set("score", {column: turned});
          p.repaint(); }"""
    )
    with np.errstate(invalid="ignore"):
        assert remaining(page) == set(shown["ids"][1 - shown["score"] >= 0.5 - 1e-9])


def test_a_plan_in_place_of_the_scenes_is_filtered_anew(page, shown):
    ask(page, "w~in")
    page.evaluate(
        """() => { const p = targeting.page;
          p.usePlan(p.polygons.slice(0, 1), p.membership.map((n) => n === 1 ? 1 : 0)); }"""
    )
    assert remaining(page) == set(shown["ids"][shown["polygon"] == 1])


def test_the_address_brings_the_filter_back(page, shown):
    ask(page, "w~out;r~score~0.2~0.7~m")
    address = page.evaluate("location.hash")
    kept = remaining(page)
    page.evaluate("targeting.page.filter.read('')")
    assert "f=" not in page.evaluate("location.hash")
    page.evaluate("(hash) => { location.hash = hash; }", address)
    until(page, "!!targeting.page.hidden")
    assert remaining(page) == kept


def test_skipping_to_the_list_keeps_the_filter(page):
    kept = ask(page, "w~2")
    page.evaluate("document.querySelector('.skip').click()")
    page.wait_for_timeout(100)
    assert remaining(page) == kept
    page.evaluate("location.hash = '#tab=about'")
    until(page, "targeting.page.tab === 'about'")
    assert page.evaluate("targeting.page.hidden") is None


@pytest.mark.parametrize(
    "text", ["w~99", "d~no", "r~no~1~2", "c~score~1", "r~score~x~y;zz", ";;~;", "c~no~0"]
)
def test_a_filter_that_makes_no_sense_is_left_out(page, text):
    page.evaluate("(text) => targeting.page.filter.read(text)", text)
    page.evaluate("targeting.page.showTab('filter')")
    assert page.evaluate("targeting.page.filter.where") == "all"
    assert page.evaluate("targeting.page.filter.known") == "all"
