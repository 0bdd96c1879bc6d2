"""The intake as files, on the page and in the terminal: any note told, nobody told on."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from pyproj import CRS

from targeting.i18n import LANGUAGES, catalogue
from targeting.model import IntakeReport, LayerReport, Loss
from targeting.render import intake_lines, intake_record, write_intake
from targeting.render.figures import figure, figures, public_notes, share_text, value_text
from targeting.render.findings import findings
from targeting.render.page import asset
from targeting.render.rows import rows_of
from targeting.render.scene import build_scene
from tests.render.results import HOSTILE

UTM = CRS.from_epsg(32613)
TEXTS = {name: 40 - place for place, name in enumerate(HOSTILE)}
REPORT = IntakeReport(
    (
        LayerReport("blocks", "m.shp", 100, 100, source="INEGI", year="2010", crs_in="EPSG:6372"),
        LayerReport(
            "census",
            HOSTILE[0],
            110,
            99,
            source=HOSTILE[1],
            year="2020",
            encoding="latin-1",
            losses=(Loss("census", "no-shape", 1, 100, ("0100100010017001",)),),
            notes={
                "match_share": 0.97,
                "blocks_match_share": 1.0,
                "masked_share": 0.2,
                "masked_by_column": {"A": 0.5, "B": 0.25},
                "a_note_without_words": {"one": {"x": 1, "y": 2}, "two": {"x": 1234567}},
            },
        ),
        LayerReport(
            "incidents[0]",
            "i.csv",
            1000,
            700,
            crs_in="EPSG:4326",
            losses=(
                Loss("incidents[0]", "zero-coordinates", 1, 741, ("4711",)),
                Loss("incidents[0]", "no-block-near", 40, 741, ("12", "19")),
            ),
            notes={
                "kinds": {"arson": 2, "injury": 7, "robbery": 691},
                "not_chosen": 259,
                "not_chosen_texts": TEXTS,
                "texts_not_found": list(HOSTILE),
                "first_date": "2020-01-31",
            },
        ),
        LayerReport(
            "incidents[1]", "j.csv", 10, 10, notes={"exposure_years": {"robbery": 2, "arson": 1}}
        ),
        LayerReport(
            "facilities",
            "f.shp",
            50,
            20,
            source="INEGI",
            year="2019",
            losses=(
                Loss("facilities", "outside-city", 25, 50, ("3",)),
                Loss("facilities", "duplicate-row", 5, 50, ("8",)),
            ),
        ),
    ),
    {"blocks": 100, "population": 6200, "people_outside_blocks_share": 0.034},
)


@pytest.fixture(scope="module")
def record():
    return intake_record(REPORT, UTM, title=dict.fromkeys(LANGUAGES, HOSTILE[4]))


@pytest.fixture(scope="module")
def html_file(record, tmp_path_factory):
    return write_intake(record, tmp_path_factory.mktemp("intake") / "report")[0]


# ---- rows


@pytest.mark.parametrize("layer", REPORT.layers, ids=lambda layer: layer.layer)
def test_read_rows_are_used_set_aside_or_lost(layer):
    rows = rows_of(layer)
    assert rows.read == rows.used + rows.aside + rows.lost
    assert min(rows.used, rows.aside, rows.lost) >= 0
    assert sum(one.count for one in rows.reasons) == rows.aside


def test_what_nobody_asked_for_is_not_lost(record):
    rows = {layer["layer"]: layer["rows"] for layer in record["layers"]}
    # Of a file of the whole state, what lies elsewhere; a row told twice is a loss all the same.
    assert rows["facilities"] == {"read": 50, "used": 20, "aside": 25, "lost": 5}
    assert rows["incidents[0]"] == {"read": 1000, "used": 700, "aside": 259, "lost": 41}
    # 110 rows, 99 used, one without a shape: the other ten are totals.
    assert rows["census"] == {"read": 110, "used": 99, "aside": 10, "lost": 1}


def test_incidents_far_from_every_block_are_lost_not_set_aside():
    lost = (Loss("incidents", "outside-city", 4, 10),)
    rows = rows_of(LayerReport("incidents", "i.csv", 10, 6, losses=lost))
    assert (rows.aside, rows.lost) == (0, 4)


def test_a_merged_record_is_called_so_and_no_total():
    notes = {"merged": 3, "not_chosen": 2}
    rows = rows_of(LayerReport("facilities[1]", "f.csv", 10, 5, notes=notes))
    assert [(one.reason, one.count) for one in rows.reasons] == [("not_chosen", 2), ("merged", 3)]
    raster = LayerReport("population_raster", "p.tif", 90, 0, notes={"raster_not_compared": 90})
    assert [one.reason for one in rows_of(raster).reasons] == ["raster_not_compared"]


def test_a_value_that_is_not_known_loses_no_row():
    unknown = (Loss("blocks", "population-unknown", 3, 10),)
    rows = rows_of(LayerReport("blocks", "m.shp", 10, 10, losses=unknown))
    assert (rows.lost, rows.losses) == (0, unknown)


# ---- figures


def test_a_repair_of_keys_is_told_before_how_they_match():
    notes = {"match_share": 1.0, "masked_share": 0.1, "keys_padded": 11468}
    assert [one.name for one in figures(notes, "en")][0] == "keys_padded"


@pytest.mark.parametrize(
    ("name", "value", "spanish", "english"),
    [
        ("match_share", 0.99996, ">99.9 %", ">99.9 %"),
        ("masked_by_size", 0.125, "12.5 %", "12.5 %"),
        ("cells", 235950, "235,950", "235,950"),
        ("raster_ratio", 0.996979, "0.997", "0.997"),
        ("overlap_m2", 1234.0, "1,234 m²", "1,234 m²"),
        ("first_date", "2014-01-02", "2 de enero de 2014", "January 2, 2014"),
        ("census_year", 2020, "2020", "2020"),
        ("slivers", np.int64(1500), "1,500", "1,500"),
        ("slivers", float("nan"), "no se sabe", "not known"),
        ("slivers", None, "no se sabe", "not known"),
        ("slivers", True, "sí", "yes"),
        ("slivers", np.bool_(0), "no", "no"),
        ("kinds", {"primary_school": 3}, "Primaria: 3", "Primary school: 3"),
        ("piled_up_share", (0.3, 0.125), "30.0 %, 12.5 %", "30.0 %, 12.5 %"),
    ],
)
def test_a_value_reads_well_in_both_languages(name, value, spanish, english):
    told = [value_text(name, value, language).replace("\u00a0", " ") for language in LANGUAGES]
    assert told == [spanish, english]


def test_a_mapping_of_mappings_is_a_table_with_columns():
    told = figure("a", {"p": {"x": 1, "y": 2}, "q": {"x": 1234567}}, "en")
    assert told.titles == ("x", "y")
    assert told.rows == (("p", "1", "2"), ("q", "1,234,567", "–"))
    assert figure("a", [{"x": 1}, {"x": 2}], "en").rows == (("1", "1"), ("2", "2"))


def test_kinds_of_incidents_have_our_names_only_where_our_table_grouped_them():
    own = {"kinds": {"homicide": 44, "x": 3}}
    assert figures(own, "en")[0].rows == (("homicide", "44"), ("x", "3"))
    grouped = {one.name: one for one in figures(own | {"texts_by_kind": {"homicide": "A"}}, "es")}
    assert grouped["kinds"].rows == (("Homicidio doloso o feminicidio", "44"), ("x", "3"))
    assert grouped["texts_by_kind"].rows == (("Homicidio doloso o feminicidio", "A"),)


def test_a_long_table_says_how_much_is_cut_off():
    told = figure("a", {str(i): i for i in range(30)}, "en", most=6)
    assert len(told.rows) == 7
    assert told.rows[-1][0] == "… and 24 more"


def test_empty_notes_say_nothing_and_zeros_only_where_asked():
    notes = {"slivers": 0, "kinds": {}, "texts_not_found": []}
    assert [one.name for one in figures(notes, "en")] == ["slivers"]
    assert figures(notes, "en", zeros=False) == []


def test_a_note_without_words_shows_its_name():
    assert figure("a_note_without_words", 3, "es").label == "a_note_without_words"


def test_a_share_is_never_rounded_to_all_or_nothing():
    assert [share_text(share)[0] for share in (0.00001, 0.99999)] == ["<", ">"]


# ---- privacy


def test_fewer_than_three_incidents_are_not_told(record):
    held = {layer["layer"]: layer["notes"] for layer in record["layers"]}
    assert held["incidents[0]"]["kinds"] == {"arson": "<5", "injury": "withheld", "robbery": 691}
    assert held["incidents[1]"]["exposure_years"] == {"robbery": 2, "arson": 1}


def test_two_untold_counts_need_no_third():
    notes = {"kinds": {"a": 1, "b": 2, "c": 5}}
    told = public_notes(LayerReport("incidents", "i.csv", 8, 8, notes=notes))
    assert told == {"kinds": {"a": "<5", "b": "<5", "c": 5}}


def test_zero_incidents_are_told_and_kinds_of_facilities_too():
    notes = {"kinds": {"a": 0, "b": 1}}
    assert public_notes(LayerReport("incidents", "i", 1, 1, notes=notes))["kinds"]["a"] == 0
    assert public_notes(LayerReport("facilities", "f", 1, 1, notes=notes)) == notes


def test_the_page_names_no_row(result):
    scene = build_scene(result)
    about = scene.record["about"]
    assert about["layers"][0]["losses"][0]["count"] == 2
    assert '"examples"' not in json.dumps(about)


# ---- files


def test_the_json_holds_everything_and_is_the_same_again(record, tmp_path):
    files = [write_intake(record, tmp_path / name) for name in ("a", "b")]
    assert [file.read_bytes() for file in files[0]] == [file.read_bytes() for file in files[1]]
    held = json.loads((tmp_path / "a" / "intake.json").read_text("utf-8"))
    assert held["crs_out"] == "WGS 84 / UTM zone 13N (EPSG:32613)"
    assert held["layers"][1]["losses"] == [
        {
            "reason": "no-shape",
            "count": 1,
            "of": 100,
            "share": 0.01,
            "examples": ["0100100010017001"],
        }
    ]
    assert [layer["crs_out"] for layer in held["layers"]][1:3] == ["", held["crs_out"]]


def test_every_sentence_is_in_its_language(record):
    english = " ".join(one.text for one in findings(record, "en"))
    spanish = " ".join(one.text for one in findings(record, "es"))
    assert "the files run from 2010 to 2020" in english
    assert "los archivos van de 2010 a 2020" in spanish
    assert "40 of 741 (5.4" in english


def test_what_deserves_a_look_is_named_where_it_is(record):
    found = [(one.layer, one.text.replace("\u00a0", " ")) for one in findings(record, "en")]
    assert ("census", "share of its keys with a shape on the map: 97.0 %") in found
    assert ("incidents[0]", "the study does not name its source") in found
    assert not [text for layer, text in found if layer == "blocks"]
    # One row of 741 is not worth a line.
    assert not [text for _, text in found if text.startswith("1 of 741")]


def test_a_sound_intake_says_so():
    sound = LayerReport("blocks", "m.shp", 5, 5, source="INEGI", year="2020")
    assert findings(intake_record(IntakeReport((sound,)), UTM), "en") == []


def test_the_html_needs_no_network_no_script_and_runs_nothing(chromium_page, html_file):
    for settings in ({"bypass_csp": True}, {"bypass_csp": False}, {"java_script_enabled": False}):
        watched = chromium_page(html_file, **settings)
        page = watched.page
        assert page.inner_text("article:visible h1") == catalogue("es")["intake.title"]
        page.click('label[for="en"]')
        assert page.inner_text("article:visible h1") == catalogue("en")["intake.title"]
        assert page.locator("article:visible").count() == 1
        assert page.locator("article img, article b, article script").count() == 0
        assert HOSTILE[0] in page.inner_text("article:visible")
        assert watched.requests == []
        assert watched.errors == []
        if settings.get("java_script_enabled", True):
            assert page.evaluate("window.hacked") is None


def test_the_keyboard_changes_the_language(chromium_page, html_file):
    page = chromium_page(html_file).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "es"
    page.keyboard.press("ArrowRight")
    assert page.inner_text("article:visible h1") == catalogue("en")["intake.title"]


def test_it_opens_in_the_study_s_language(chromium_page, tmp_path):
    file = write_intake(intake_record(REPORT, UTM, language="en"), tmp_path)[0]
    page = chromium_page(file).page
    assert page.inner_text("article:visible h1") == catalogue("en")["intake.title"]
    assert page.get_attribute("html", "lang") == "en"


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_sticks_out_on_a_phone(chromium_page, html_file, language):
    page = chromium_page(html_file, viewport={"width": 360, "height": 780}).page
    page.click(f'label[for="{language}"]')
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_every_link_leads_to_its_input(chromium_page, html_file):
    page = chromium_page(html_file).page
    lost = "[...document.querySelectorAll('a')].filter((a) => !document.querySelector(a.hash))"
    assert page.evaluate(f"{lost}.length") == 0
    assert page.locator("article:visible a").count() >= 5
    double = page.evaluate(
        "() => { const all = [...document.querySelectorAll('[id]')].map((e) => e.id);"
        " return all.length - new Set(all).size; }"
    )
    assert double == 0


def luminance(color: str) -> float:
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_words_stand_out_from_what_is_behind_them(scheme):
    """WCAG 2.2 AA: 4.5 to 1, by its formula of relative luminance."""
    css = re.findall(r":root \{(.*?)\}", asset("intake.css"), re.DOTALL)[scheme]
    colors = dict(re.findall(r"--([\w-]+): (#\w{6})", css))
    pairs = [(ink, paper) for ink in ("ink", "soft", "accent") for paper in ("paper", "tint")]
    for front, back in [*pairs, ("accent-ink", "accent"), ("notice-ink", "notice")]:
        light, dark = sorted((luminance(colors[front]), luminance(colors[back])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (front, back)


# ---- terminal


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_terminal_is_short_and_tells_every_loss(language):
    lines = intake_lines(REPORT, language)
    told = "\n".join(lines)
    for layer in REPORT.layers:
        assert f"({layer.layer})" in told
        rows = [line for line in lines if f"({layer.layer})" in line]
        assert len(rows) == 1
        assert layer.file in rows[0]
    for reason in ("no-shape", "zero-coordinates", "no-block-near", "duplicate-row"):
        assert catalogue(language)[f"loss.{reason}"] in told
    assert "4711" in told
    # A line for each input, each reason and at most five figures; long lists stay in the files.
    assert len(lines) <= 1 + 5 * (1 + 5) + 1 + 3
    assert HOSTILE[-1] not in told


def test_a_text_of_a_file_cannot_command_the_terminal():
    notes = {"not_chosen": 3, "not_chosen_texts": {"\x1b[2J\u202eA\n": 3}}
    lines = intake_lines(IntakeReport((LayerReport("facilities", "f", 9, 6, notes=notes),)), "en")
    assert all(line.isprintable() for line in lines)
    assert "·[2J·A·: 3" in lines[-1]


def test_fewer_than_three_places_of_a_protected_kind_are_not_told():
    from targeting.model import LayerReport
    from targeting.render.figures import public_notes

    kinds = {"shelter": 2, "addiction_care": 14, "library": 1, "primary_school": 130}
    told = public_notes(LayerReport("facilities[0]", "d.csv", 147, 147, notes={"kinds": kinds}))
    # The library, the smallest other count, is withheld: the shelters would follow from the total.
    assert told["kinds"] == kinds | {"shelter": "<3", "library": "withheld"}
