"""Hot spots and the hold-out on the page: classes in words, told apart without color."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from targeting.i18n import LANGUAGES, catalogue
from targeting.model import HeldOut, HoldOutSpec, HotSpotSpec, MethodSpec, SpotTest
from targeting.render import public, write_page
from targeting.render.held_out import hold_out_lines, hold_out_table
from targeting.render.hotspots import COLORS, hotspot_table
from targeting.render.scene import build_scene
from tests.render.results import HOSTILE

CLASSES = ("high_99", "not_significant", "low_95", "no_data")
FIGURES = {
    "hits": 30.0,
    "hit_share": 0.3004,
    "size": 4000.0,
    "size_share": 0.1,
    "accuracy": 3.004,
    "efficiency": 0.5,
    "chance_mean": 1.0,
    "chance_low": 0.6,
    "chance_high": 1.5,
    "percentile": 1.0,
    "p": 0.001,
    "chance_placed": 1.0,
}


def held(**others: dict[str, float]) -> HeldOut:
    """The study's own plan and others, each as the first but for what is given."""
    spec = HoldOutSpec("2023-01-01", (), {name: MethodSpec("ward") for name in others})
    rows = {"chosen": FIGURES, **{name: FIGURES | own for name, own in others.items()}}
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("plan")
    return HeldOut(spec, "held", table, "2023-12-31", (), {"incidents": 100.0})


@pytest.fixture(scope="module")
def tested(result):
    index = result.territory.blocks.index
    classes = pd.Series(np.array(CLASSES)[np.arange(len(index)) % 4], index=index)
    values = HotSpotSpec("local_moran_score", "hotspot", MethodSpec("local_moran"), of="score")
    scan = HotSpotSpec(
        "circular_scan_incidents", "scan", MethodSpec("circular_scan"), kinds=(HOSTILE[6],)
    )
    cluster = pd.Series((classes == "high_99").astype(np.int64), index=index)
    found = pd.DataFrame(
        {
            "cases": 40.0,
            "block_count": 25,
            "population": 2004.0,
            "relative_risk": 2.345,
            "p": 0.001,
        },
        index=[1],
    )
    tests = (
        SpotTest(values, "tested", classes),
        SpotTest(scan, "scanned", classes, cluster, found),
    )
    return replace(result, hotspots=tests, hold_out=held(ward={"accuracy": np.nan, "size": 0.0}))


@pytest.fixture(scope="module")
def tested_file(tested, tmp_path_factory):
    path = tmp_path_factory.mktemp("hotspots") / "index.html"
    write_page(tested, path)
    return path


def test_every_class_has_a_color_and_words():
    for language in LANGUAGES:
        words = catalogue(language)
        assert {f"hotspot.class.{name}" for name in COLORS} <= set(words)
    assert len(set(COLORS.values())) == len(COLORS)


def test_a_layer_a_test_with_its_classes_and_its_sources(tested):
    layers = [one for one in build_scene(tested).record["layers"] if one["group"] == "hotspots"]
    assert [one["id"] for one in layers] == [
        "hotspot.local_moran_score",
        "hotspot.circular_scan_incidents",
    ]
    first, scan = layers
    assert [one["key"] for one in first["classes"]] == ["high_99", "low_95", "not_significant"]
    assert [one["dotted"] for one in first["classes"]] == [False, True, False]
    # Local Moran speaks of what is around, a scan of incidents beside people.
    assert first["classes"][0]["text"]["en"].startswith("Among high values")
    assert scan["classes"][0]["text"]["en"].startswith("More incidents than its people")
    assert "2023" in first["about"]["years"]


def test_a_row_a_class_and_a_cluster_texts_made_safe(tested):
    table = hotspot_table(tested)
    assert table["test"].value_counts().tolist() == [5, 4]
    cluster = table[table["group"] == "cluster_1"].iloc[0]
    figures = cluster[["block_count", "people", "relative_risk", "p"]].tolist()
    # The people told of its blocks to tens, 2.345 in steps of 0.2 (two of 40 cases), and 0.001
    # is at most one in a hundred.
    inside = tested.hotspots[1].cluster == 1
    people = public.protected(tested).territory.blocks["population"][inside].sum()
    assert figures == [25, round(people + 1e-6, -1), 2.4, 0.01]
    assert cluster["of"] == f"'{HOSTILE[6]}"
    assert (
        not table[[name for name in table if name.startswith("of")]]
        .map(lambda text: text.startswith("="))
        .any(axis=None)
    )


def test_a_plan_of_few_people_is_not_told(result):
    few = replace(result, hold_out=held(ward={"size": 900.0}))
    table = hold_out_table(few).set_index("plan")
    assert table.loc["chosen", ["hit_share", "accuracy", "p"]].tolist() == [0.3, 3.0, 0.01]
    assert table.loc["ward", ["hit_share", "accuracy", "p"]].isna().all()
    told = hold_out_lines(few, "en")
    assert "30% of them with 10% of the people: 3.0 times" in told[0]
    assert told[1].endswith("too few people in them to tell.")


def test_nothing_held_out_is_a_sentence(result):
    nothing = dict.fromkeys(FIGURES, np.nan) | {"size": 4000.0}
    empty = held()
    plans = pd.DataFrame.from_dict({"chosen": nothing}, orient="index").rename_axis("plan")
    changed = replace(result, hold_out=replace(empty, plans=plans, outcome="no_incidents"))
    for language in LANGUAGES:
        assert "2023-01-01" in hold_out_lines(changed, language)[0]


@pytest.mark.browser
def test_the_page_colors_by_class_and_says_it(opened, tested_file, tested):
    watched = opened(tested_file)
    page = watched.page
    page.select_option("#layer-choice", "hotspot.circular_scan_incidents")
    texts = page.eval_on_selector_all("#legend .classes li", "all => all.map(one => one.innerText)")
    # High first, then low, then nothing found, then no data; a quarter of the blocks each.
    assert len(texts) == 4
    assert all("25" in text for text in texts)
    assert "99" in texts[0]
    dotted = page.eval_on_selector_all("#legend .swatch", "all => all.map(one => one.className)")
    assert [("dotted" in name, "missing" in name) for name in dotted] == [
        (False, False),
        (True, False),
        (False, False),
        (False, True),
    ]
    ids = page.evaluate("targeting.page.blockIds")
    held_classes = page.evaluate(
        """() => { const { painted } = targeting.page;
          return Array.from(painted.classes, (at) =>
            at < painted.colors.length ? painted.layer.classes[at].key : "no_data"); }"""
    )
    assert held_classes == tested.hotspots[1].classes[ids].tolist()
    said = page.evaluate("targeting.page.blockText(0)")
    assert said[1] in " ".join(texts) or held_classes[0] == "no_data"
    page.click("[data-tab=about]")
    for language, word in (("es", "¿Contiene lo que pasa después?"), ("en", "Does it hold")):
        page.click(f"[data-language={language}]")
        text = page.inner_text("#panel-body")
        assert word in text
        assert "2023-12-31" in text
    assert watched.requests == []
    assert watched.errors == []
    assert page.evaluate("[...targeting.words.state.missing]") == []
    assert page.evaluate("window.hacked") is None


@pytest.mark.browser
def test_dots_and_stripes_reach_the_canvas(opened, tested_file):
    page = opened(tested_file).page
    page.select_option("#layer-choice", "hotspot.local_moran_score")
    plain, dotted = (
        page.evaluate(
            """(color) => { const held = targeting.pattern(true, 2, color);
              const at = held.getContext("2d").getImageData(0, 0, held.width, held.height).data;
              return [...new Set(Array.from({length: at.length / 4}, (_, i) =>
                at.slice(4 * i, 4 * i + 3).join()))]; }""",
            color,
        )
        for color in (None, COLORS["low_95"])
    )
    assert len(dotted) > 1
    assert "91,147,196" in dotted  # the color of the class, #5b93c4
    assert "91,147,196" not in plain
