"""What the page tells those who begin, and how it can mislead."""

from __future__ import annotations

import pytest

from targeting.i18n import catalogue

pytestmark = pytest.mark.browser


def words(start: str, language: str) -> list[str]:
    """The sentences of one list, in their order."""
    held = catalogue(language)
    numbers = sorted(int(key.rpartition(start)[2]) for key in held if key.startswith(start))
    assert numbers == list(range(1, len(numbers) + 1))  # the page stops at the first gap
    return [held[f"{start}{number}"] for number in numbers]


@pytest.mark.parametrize("language", ["es", "en"])
def test_home_says_how_to_use_the_page_and_what_to_know(page, language):
    page.evaluate("(l) => targeting.page.speak(l)", language)
    shown = page.locator("#panel-body li").all_inner_texts()
    assert shown == words("page.guide.use_", language) + words("page.guide.know_", language)
    assert "2020, 2023, 2024" in page.inner_text("[data-years]")  # of the four indicators
    page.get_by_role("button", name=catalogue(language)["page.guide.more"]).click()
    assert page.evaluate("targeting.page.tab") == "about"
    told = page.locator("#panel-body > ul").first.locator("li").all_inner_texts()
    assert told == words("page.mislead.", language)


def test_the_parts_of_a_polygons_view_can_be_reached(page):
    page.evaluate("targeting.page.choosePolygon(1)")
    titles = page.locator("#panel-body h3").all_inner_texts()
    assert page.locator(".jumps button").all_inner_texts() == titles
    assert len(titles) >= 4
    for at in range(len(titles)):
        page.locator(".jumps button").nth(at).press("Enter")
        assert page.evaluate("document.activeElement.textContent") == titles[at]
        assert (
            page.locator("#panel-body h3")
            .nth(at)
            .evaluate("(one) => one.getBoundingClientRect().top < innerHeight")
        )


def test_one_polygon_has_one_score_in_every_place(page):
    ranked = page.locator(".ranking td strong").all_inner_texts()
    for number, score in enumerate(ranked, start=1):
        page.evaluate("(n) => targeting.page.choosePolygon(n)", number)
        assert page.locator(".profile td").first.inner_text() == score
        page.evaluate("targeting.compare.show(targeting.page, 1, 2)")
        assert page.locator("[data-key=score] td").nth(number - 1).inner_text() == score
