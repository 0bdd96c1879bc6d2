"""Views under moved weights: WCAG 2.2 AA, a phone, and both languages."""

from __future__ import annotations

import pytest

from targeting.facility_kinds import facility_kinds
from targeting.i18n import catalogue
from tests.render.test_accessibility import SCREENS, axe
from tests.render.test_browser_views import texts

pytestmark = pytest.mark.browser
MOVED = {
    "weights": "targeting.page.showTab('weights'); targeting.page.weights.moveDimension(0, 62);"
    "targeting.page.weights.settle();"
    "document.querySelectorAll('.weights-group details').forEach((one) => (one.open = true))",
    "locked": "targeting.page.weights.lock('violence', true)",
    "stored polygon": "targeting.page.choosePolygon(targeting.page.polygons[0].number)",
    "block": "targeting.page.chooseBlock(30)",
    "home": "targeting.page.home()",
    "bands": "targeting.page.chooseLayer('weightings')",
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", sorted(SCREENS))
def test_no_rule_of_wcag_is_broken_under_moved_weights(opened, city_file, screen, scheme):
    page = opened(city_file, color_scheme=scheme, **SCREENS[screen]).page
    wide = SCREENS[screen]["viewport"]["width"]
    broken = {}
    for name, act in MOVED.items():
        page.evaluate(act)
        if found := axe(page):
            broken[name] = found
        assert page.evaluate("document.getElementById('panel').scrollWidth") <= wide, name
        small = page.evaluate(
            """[...document.querySelectorAll(
                 "#panel-body button, #panel-body input, #weights-banner button")]
                 .filter((one) => one.offsetParent)
                 .filter((one) => Math.min(one.offsetHeight, one.offsetWidth) < 24)
                 .map((one) => one.outerHTML)"""
        )
        assert small == [], name
    assert broken == {}


def test_the_other_language_changes_every_word_under_moved_weights(moved, city):
    own = [one.source for one in city.indicators] + ["Español", "English"]
    own += [text for name in city.names for text in name.colonias] if city.names else []
    own += list(city.territory.facilities["name"].dropna())
    own += [
        one.names["es"] for one in facility_kinds().values() if len(set(one.names.values())) == 1
    ]
    es, en = catalogue("es"), catalogue("en")
    alike = {text for key, text in es.items() if en.get(key) == text}
    for name, act in MOVED.items():
        moved.evaluate(act)
        both = []
        for language in ("es", "en"):
            moved.click(f'[data-language="{language}"]')
            both.append(
                set(
                    moved.evaluate(
                        """[...document.querySelectorAll("#weights-banner, #panel-body *")]
                             .flatMap((one) => [...one.childNodes])
                             .filter((node) => node.nodeType === 3)
                             .map((node) => node.textContent.trim())
                             .filter((text) => /[a-záéíóúñ]{3}/i.test(text))"""
                    )
                )
            )
        same = {text for text in both[0] & both[1] if not any(one in text for one in own)} - alike
        assert same == set(), name
    assert "⟦" not in " ".join(texts(moved))
