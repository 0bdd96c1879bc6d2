from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from targeting.i18n import LANGUAGES, catalogue
from targeting.render.packed_text import inflated
from targeting.render.page import json_text
from targeting.render.plain import plain_tables
from targeting.render.scene import build_scene, class_breaks
from tests.render.packed import read_column
from tests.render.results import make_result


@pytest.fixture(scope="module")
def scene(result):
    return build_scene(result)


@pytest.fixture(scope="module")
def raw(scene):
    return inflated(scene.data)


def column(scene, raw, name):
    return read_column(scene.record["data"], raw, name)


def test_the_record_is_plain_json(scene):
    assert json.loads(json_text(scene.record)) == json.loads(json.dumps(scene.record))


def test_every_layer_has_unit_year_and_source(scene):
    indicators = {one["key"]: one for one in scene.record["indicators"]}
    for layer in scene.record["layers"]:
        if layer["group"] == "indicator":
            one = indicators[layer["key"]]
            assert one["unit"]
            assert one["year"]
            assert one["source"]


def test_layers_are_score_dimensions_indicators(scene):
    groups = [layer["group"] for layer in scene.record["layers"]]
    assert groups == ["score"] + ["dimension"] * 3 + ["indicator"] * 4


def test_violence_ships_levels_not_rates(scene, raw):
    shipped = column(scene, raw, "value.incidents_per_1k")
    assert set(shipped[~np.isnan(shipped)]) <= set(range(1, 11))
    assert "low.incidents_per_1k" not in scene.record["data"]


def test_violence_parts_and_dimension_ship_in_steps_of_five(scene, raw):
    for name in ("part.incidents_per_1k", "dimension.violence"):
        shipped = column(scene, raw, name)
        assert (shipped[~np.isnan(shipped)] % 5 == 0).all()


def test_points_add_up_to_the_shipped_score(scene, raw, result):
    total = column(scene, raw, "score")
    parts = [column(scene, raw, f"points.{one.key}") for one in result.indicators]
    known = ~np.isnan(total)
    assert known.sum() == 99  # one block of the hundred has no data at all
    assert np.array_equal(np.nansum(parts, axis=0)[known], total[known])


def test_nobody_learns_of_a_block_of_two_people(scene, raw):
    people, few = column(scene, raw, "population"), column(scene, raw, "few")
    assert np.nansum(few) == 2  # blocks of 1 and 2 people
    assert np.isnan(people[few == 1]).all()
    assert np.nanmin(people[people > 0]) == 3


def test_a_masked_share_ships_its_interval_and_no_middle(scene, raw, result):
    low = column(scene, raw, "low.no_internet_share")
    high = column(scene, raw, "high.no_internet_share")
    value = column(scene, raw, "value.no_internet_share")
    masked = ~np.isnan(low)
    frames = result.values
    wide = (frames.high - frames.low)["no_internet_share"] > 0
    assert masked.sum() == wide.sum() > 0
    assert np.isnan(value[masked]).all()
    assert (low[masked] < high[masked]).all()


def test_sensitive_places_are_counted_and_nowhere_else(scene, raw, result):
    kinds = scene.record["kinds"]
    at = next(i for i, kind in enumerate(kinds) if kind["key"] == "shelter")
    assert kinds[at]["sensitive"]
    counts = result.profiles.facility_counts.set_index("kind").loc["shelter", "count"]
    assert kinds[at]["city"] == (10 if (counts >= 3).all() else None)  # every sixth of sixty
    facilities = result.territory.facilities
    assert scene.record["facilities"]["count"] == (facilities["kind"] != "shelter").sum()
    for name in facilities.loc[facilities["kind"] == "shelter", "name"].dropna():
        assert name.encode() not in raw
    for polygon in scene.record["polygons"]:
        assert polygon["kinds"][at]["nearest_m"] is None


def test_a_place_without_a_name_is_called_by_its_kind(scene):
    for kind in scene.record["kinds"]:
        assert set(kind["unnamed"]) == {"es", "en"}
        assert kind["unnamed"]["en"].startswith("Unnamed ")


def test_fewer_than_three_sensitive_places_are_not_counted(scene, result):
    at = [kind["key"] for kind in scene.record["kinds"]].index("shelter")
    counts = result.profiles.facility_counts
    real = counts[counts["kind"] == "shelter"].set_index("polygon")["count"]
    assert (real < 3).any()
    for polygon in scene.record["polygons"]:
        count = real[polygon["number"]]
        assert polygon["kinds"][at]["count"] == (count if count >= 3 else None)


@pytest.mark.parametrize(("count", "told"), [(0, None), (1, None), (2, None), (3, 3)])
def test_three_sensitive_places_are_told(result, count, told):
    counts = result.profiles.facility_counts
    counts = counts.assign(count=counts["count"].mask(counts["kind"] == "shelter", count))
    changed = replace(result, profiles=replace(result.profiles, facility_counts=counts))
    built = build_scene(changed)
    at = [kind["key"] for kind in built.record["kinds"]].index("shelter")
    assert [one["kinds"][at]["count"] for one in built.record["polygons"]] == [told, told]
    plain = plain_tables(built.record, built.listed, "")
    assert plain.count("Refugio: menos de 3") == (2 if told is None else 0)


def test_a_small_polygon_withholds_violence_with_a_word(result):
    small = result.polygons.polygons.assign(population=[999.0, 1000.0])
    changed = replace(result, polygons=replace(result.polygons, polygons=small))
    for polygon, hidden in zip(build_scene(changed).record["polygons"], (True, False), strict=True):
        rows = {row["key"]: row for row in polygon["profile"]}
        assert rows["incidents_per_1k"]["withheld"] is hidden
        assert (rows["incidents_per_1k"]["value"] is None) is hidden
        assert rows["no_internet_share"]["value"] is not None


def test_figures_of_polygons_and_city_are_coarse(scene):
    for held in (scene.record["city"], *scene.record["polygons"]):
        assert held["population"] % 10 == 0
        assert held["score"] == round(held["score"], 2)
    for dimension in scene.record["dimensions"]:
        assert dimension["city"] == round(dimension["city"], 2)
    for polygon in scene.record["polygons"]:
        assert polygon["dimensions"]["violence"] * 20 == pytest.approx(
            round(polygon["dimensions"]["violence"] * 20), abs=1e-9
        )
        rows = {row["key"]: row for row in polygon["profile"]}
        assert rows["population"]["value"] == polygon["population"]
        assert rows["area_km2"]["city"] is None
        assert {key for key, row in rows.items() if not row["compared"]} == {
            "population",
            "area_km2",
            "block_count",
        }
        for row in rows.values():
            assert row["value"] == round(row["value"], 2)
            assert row["covered"] == round(row["covered"], 2)


def test_the_spread_ships_in_steps_of_five_and_holds_the_score(scene, raw):
    low, total, high = (column(scene, raw, name) for name in ("score.low", "score", "score.high"))
    held = ~np.isnan(low)
    assert held.sum() > 50
    assert (low[held] % 5 == 0).all()
    assert (high[held] % 5 == 0).all()
    assert (low[held] <= total[held]).all()
    assert (total[held] <= high[held]).all()


def test_every_kind_is_in_every_polygon(scene):
    for polygon in scene.record["polygons"]:
        assert len(polygon["kinds"]) == len(scene.record["kinds"])


def test_the_same_result_gives_the_same_scene(result):
    one, two = build_scene(result), build_scene(make_result())
    assert one.data == two.data
    assert json_text(one.record) == json_text(two.record)


def test_class_breaks_keep_equal_values_together():
    values = np.array([0.0] * 50 + [1.0] * 30 + [2.0] * 20)
    assert class_breaks(values) == [1, 2]
    assert class_breaks(np.full(3, 5.0)) == []
    assert class_breaks(np.full(3, np.nan)) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_page_words_are_in_both_languages_with_the_same_blanks(language):
    import re

    ours = {k: v for k, v in catalogue(language).items() if k.startswith("page.")}
    other = catalogue("en" if language == "es" else "es")
    for key, text in ours.items():
        assert sorted(re.findall(r"{\w+}", text)) == sorted(re.findall(r"{\w+}", other[key])), key


@pytest.mark.parametrize("kind", ["normalizer", "aggregator", "delineator", "population"])
def test_every_method_a_study_may_name_has_words(kind):
    from targeting.registry import names

    for name in names(kind):
        assert f"page.method.{name}" in catalogue("es"), name


def test_every_reason_a_delineator_gives_has_a_sentence():
    from targeting.delineation.reasons.codes import CODES

    assert CODES
    for code in CODES:
        assert f"reason.{code}" in catalogue("es"), code


def test_words_do_not_call_people_or_places_dangerous():
    for language in LANGUAGES:
        text = " ".join(v for k, v in catalogue(language).items() if k.startswith("page.")).lower()
        for word in ("peligro", "danger", "crimin", "hot spot", "foco rojo", "zona roja"):
            assert word not in text
