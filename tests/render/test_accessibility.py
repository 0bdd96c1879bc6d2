"""WCAG 2.2 AA by axe-core, in every view, on paper white and dark, on a screen and a phone."""

from __future__ import annotations

from importlib import resources

import pytest

pytestmark = pytest.mark.browser
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SCREENS = {
    "screen": {"viewport": {"width": 1280, "height": 800}},
    "phone": {
        "viewport": {"width": 360, "height": 740},
        "is_mobile": True,
        "has_touch": True,
        "device_scale_factor": 2,
    },
}
VIEWS = {
    "home": "targeting.page.home()",
    "polygon": "targeting.page.choosePolygon(1)",
    "block": "targeting.page.chooseBlock(0)",
    "compared": "targeting.compare.show(targeting.page, 1, 2)",
    "facility": "targeting.found.openFacility(targeting.page, 3)",
    "filter": "targeting.page.filter.read('w~in;r~score~0.2~'); targeting.page.showTab('filter')",
    "kinds open": "document.getElementById('kinds').open = true",
}


def axe(page) -> list[str]:
    """Each rule broken, with the elements that break it; contrast also where it cannot be told."""
    source = (resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
    page.evaluate(source)
    # The map's panes and scrolled lists reach beyond their clipped frames, and axe then knows no
    # background below them: contrast is checked once more without the map, everything laid open.
    found = page.evaluate(
        """async (rules) => {
             const told = (held) => held.map((one) => one.id + ": " + one.nodes.map((node) =>
               node.target.join(" ") + " " + (node.any[0] ? node.any[0].message : "")).join(" | "));
             const all = await axe.run(document, {runOnly: {type: "tag", values: rules}});
             const sheet = new CSSStyleSheet();
             sheet.replaceSync(`.folium-map { display: none; }
               #tabs { position: static !important; }
               html, body, .panel, .card { height: auto !important; overflow: visible !important;
                 max-height: none !important; } body, main { display: block !important; }
               .map-area { height: 900px; }`);
             document.adoptedStyleSheets = [sheet];
             const color = await axe.run(document, {
               runOnly: {type: "rule", values: ["color-contrast"]},
             });
             document.adoptedStyleSheets = [];
             const open = color.incomplete.flatMap((one) => one.nodes).filter((node) =>
               /overlapped|obscured/.test(node.any[0].message)).map((one) => one.target.join(" "));
             return [...told(all.violations), ...told(color.violations),
               ...open.map((one) => "contrast unknown: " + one)];
           }""",
        RULES,
    )
    return list(found)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", sorted(SCREENS))
def test_no_rule_of_wcag_is_broken(opened, screen, scheme):
    page = opened(color_scheme=scheme, **SCREENS[screen]).page
    broken = {}
    tabs = page.evaluate("targeting.rooms.tabs.map((tab) => tab.key)")
    views = VIEWS | {f"tab {key}": f"targeting.page.showTab('{key}')" for key in tabs}
    for name, act in views.items():
        page.evaluate(act)
        page.wait_for_timeout(50)
        if found := axe(page):
            broken[name] = found
    assert broken == {}


def test_the_check_finds_what_is_wrong(page):
    page.evaluate("document.querySelector('#layer-choice').removeAttribute('id')")
    page.evaluate("document.getElementById('title').style.color = '#eeeeee'")
    page.evaluate("document.body.append(document.createElement('img'))")
    found = " ".join(axe(page))
    assert "color-contrast" in found
    assert "image-alt" in found
