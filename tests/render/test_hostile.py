"""Tests that no text from outside runs, breaks a page, or is taken for a formula."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest

from targeting.render import write_outputs, write_page
from targeting.render.safe import safe_text
from tests.render.hostile import ALL, PAYLOADS, hostile_result, taker

FORMULA = re.compile(r"^[\s\u00a0\ufeff]*[=+\-@＝＋－＠]")
NUMBER = re.compile(r"^-?[\d.,]+(e[+-]?\d+)?$")


@pytest.fixture(scope="module", params=["every payload in every field", "one payload a field"])
def folder(request, tmp_path_factory):
    """All outputs of a hostile city."""
    whole = request.param.startswith("every")
    result = hostile_result((lambda: ALL) if whole else taker(PAYLOADS))
    place = tmp_path_factory.mktemp("hostile") / "maps"
    write_outputs(result, place, internal=True)
    return place


def walk(page) -> str:
    """Go through everything a person can open; return all text seen on the way."""
    seen = []

    def look() -> None:
        page.wait_for_timeout(30)
        seen.append(page.evaluate("document.body.textContent"))
        seen.append(page.evaluate("document.title"))

    page.evaluate("targeting.ready.then(() => 1)")
    look()
    for language in ("en", "es"):
        page.click(f'[data-language="{language}"]')
        look()
        layers = page.locator("#layer-choice option").count()
        for at in range(layers):
            page.select_option("#layer-choice", index=at)
        look()
        for tab in page.locator("nav [data-tab]").all():
            if tab.is_visible():
                tab.click()
                look()
        for closed in page.locator("details:not([open]) > summary").all():
            if closed.is_visible():
                closed.click()
        look()
        for at in range(5, 100, 31):
            page.evaluate(
                """(at) => {
                    const ring = document.querySelector(".folium-map").getBoundingClientRect();
                    const x = ring.x + ring.width * (at / 100), y = ring.y + ring.height * 0.5;
                    const how = {clientX: x, clientY: y, bubbles: true};
                    const on = document.elementFromPoint(x, y);
                    for (const kind of ["mousemove", "mousedown", "mouseup", "click"]) {
                        on.dispatchEvent(new MouseEvent(kind, how));
                    }
                }""",
                at,
            )
            look()
        if page.locator("#finder-text").count():
            for text in ("<img", "script", "javascript", "lugar"):
                page.fill("#finder-text", text)
                look()
            page.fill("#finder-text", "")
    return "\n".join(seen)


@pytest.mark.browser
@pytest.mark.parametrize("csp", ["on", "off"])
@pytest.mark.parametrize("name", ["index.html", "internal/internal.html"])
def test_a_hostile_city_runs_nothing_and_is_shown_as_text(chromium_page, folder, name, csp):
    settings = {"viewport": {"width": 1280, "height": 800}, "bypass_csp": csp == "off"}
    watched = chromium_page(folder / name, **settings)
    seen = walk(watched.page)
    assert watched.page.evaluate("window.hacked") is None
    assert watched.errors == []
    assert watched.requests == []
    for text in ("<img src=x onerror=", "</script><script>", "${window.hacked", "`+(window"):
        assert text in seen, text
    foreign = watched.page.evaluate(
        """[...document.querySelectorAll("body iframe, body a[href^=javascript], body img[onerror],"
           + "body svg[onload], body [onclick]")].length"""
    )
    assert foreign == 0


@pytest.mark.browser
@pytest.mark.parametrize("csp", ["on", "off"])
def test_the_other_pages_and_pictures_run_nothing(chromium_page, folder, csp):
    names = ["intake.html", "map.svg", *(f"sheets/{one.name}" for one in folder.glob("sheets/*"))]
    for name in names:
        watched = chromium_page(folder / name, bypass_csp=csp == "off")
        watched.page.wait_for_timeout(100)
        assert watched.page.evaluate("window.hacked") is None, name
        assert watched.errors == [], name
        assert watched.requests == [], name


@pytest.mark.browser
def test_the_corpus_would_be_noticed(chromium_page, tmp_path):
    """A page that took the texts for markup sets the mark the tests look for."""
    file = tmp_path / "careless.html"
    clean = ALL.encode("utf-8", "replace").decode("utf-8").replace("\0", "")
    file.write_text(f"<!DOCTYPE html><meta charset=utf-8><body><p>{clean}</p>", "utf-8")
    watched = chromium_page(file)
    watched.page.wait_for_timeout(200)
    assert watched.page.evaluate("window.hacked") is not None


@pytest.mark.parametrize("start", range(0, len(PAYLOADS), 4))
def test_no_cell_of_a_table_is_a_formula(tmp_path, start):
    write_outputs(hostile_result(taker(PAYLOADS, start)), tmp_path / "maps")
    tables = list((tmp_path / "maps").rglob("*.csv"))
    assert len(tables) >= 8
    for table in tables:
        text = table.read_bytes().decode("utf-8-sig")
        assert "\0" not in text
        for row in csv.reader(io.StringIO(text, newline="")):
            for cell in row:
                assert not FORMULA.match(cell) or NUMBER.match(cell), (table.name, cell)


def test_what_is_written_is_sound_json_and_utf8(folder):
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert manifest["mode"] == "public"
    json.loads((folder / "intake.json").read_text("utf-8"))
    for file in folder.rglob("*"):
        if file.suffix in (".html", ".svg", ".csv"):
            file.read_bytes().decode("utf-8")


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_safe_text_is_no_formula_and_can_be_written(payload):
    safe = safe_text(payload)
    assert not FORMULA.match(safe)
    assert "\0" not in safe
    safe.encode("utf-8")


def test_both_languages_of_a_hostile_page_open(tmp_path):
    for language in ("es", "en"):
        write_page(hostile_result(lambda: ALL, language), tmp_path / f"{language}.html")
        html = (tmp_path / f"{language}.html").read_text("utf-8")
        assert html.count("</html>") == 1
        for payload in PAYLOADS:
            if "<" in payload:
                assert payload not in html[html.index("<body") :]
