"""`targeting judge` on a small made city: what a planner draws, and what can be wrong with it."""

import json
import re
from dataclasses import replace

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from targeting.cli import main
from targeting.i18n import LANGUAGES, catalogue
from targeting.pipeline import carry_out, load
from targeting.render import write_outputs
from targeting.sample import write_city
from targeting.sources.drawn import read_plan


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("city")
    write_city(place, blocks=500)
    return place


@pytest.fixture(scope="module")
def blocks(folder):
    return load(folder / "study.yaml")[1].blocks


@pytest.fixture(scope="module")
def circles(folder, blocks):
    """Two circles a planner might draw: one too small for the rules, one around a good part."""
    middle = shapely.centroid(shapely.union_all(blocks.geometry.array))
    farthest = blocks.geometry.iloc[int(shapely.distance(blocks.geometry.array, middle).argmax())]
    shapes = [shapely.buffer(middle, 700), shapely.buffer(shapely.centroid(farthest), 300)]
    file = folder / "circles.geojson"
    drawn = gpd.GeoDataFrame({"name": ["Centro", "Esquina"]}, geometry=shapes, crs=blocks.crs)
    drawn.to_crs("EPSG:4326").to_file(file)
    return file


@pytest.fixture(scope="module")
def own(folder):
    """What the engine itself draws, as `targeting run` writes it."""
    study, territory = load(folder / "study.yaml")
    study = replace(study, doubt=replace(study.doubt, draws=0, redraws=0))
    write_outputs(carry_out(study, territory), folder / "results")
    return folder / "results"


def judged(capsys, *given):
    assert main(["judge", *map(str, given), "--json", "--lang", "en"]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_engines_own_polygons_are_all_it_can_reach(folder, own, blocks, capsys):
    record = judged(capsys, folder, "--plan", own / "targeting.gpkg")
    assert record["keeps_all"]
    assert record["figures"]["engine_share"] == pytest.approx(1)
    assert record["internal"] is True
    (one,) = record["polygons"]
    assert one["objective"] == pytest.approx(one["engine_objective"], rel=1e-4)
    assert one["engine_polygon"] == 1
    # Whichever of its files is handed back, the plan is the same.
    plans = [
        read_plan(own / name, blocks, layer=layer).membership
        for name, layer in (
            ("targeting.gpkg", None),
            ("targeting.gpkg", "blocks"),
            ("polygons.parquet", None),
            ("blocks.parquet", None),
        )
    ]
    assert (plans[0] > 0).sum() == one["block_count"]
    for plan in plans[1:]:
        pd.testing.assert_series_equal(plan, plans[0])


def test_a_drawing_is_held_to_the_rules_of_the_study(folder, circles, blocks, capsys):
    record = judged(capsys, folder, "--plan", circles)
    center, corner = record["polygons"]
    assert center["polygon"] == "Centro"
    assert isinstance(center["block_count"], int)
    low = next(one for one in corner["broken"] if one["rule"] == "population_min")
    assert low["limit"] == 5000
    assert low["by"] == pytest.approx(5000 - corner["population"], abs=1e-3)
    assert not record["keeps_all"]
    assert 0 < record["figures"]["reached_share"] < 1
    reading = record["reading"]
    assert reading["blocks"] == center["block_count"] + corner["block_count"]
    assert reading["blocks"] + reading["outside"] == len(blocks)
    assert record["unserved"]["count"] == len(record["unserved"]["blocks"])
    people = [one["population"] for one in record["unserved"]["blocks"]]
    assert all(one is None or one >= 3 for one in people)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_judgment_in_words(folder, circles, language, tmp_path, capsys):
    out = tmp_path / "told.txt"
    given = ["judge", str(folder), "--plan", str(circles), "--out", str(out), "--lang", language]
    assert main(given) == 0
    assert str(out) in capsys.readouterr().out
    text = out.read_text("utf-8")
    assert not re.search(r"\{\w|\bnan\b|None", text)
    assert catalogue(language)["account.internal"] in text
    for word in ("Centro", "Esquina", "circles.geojson"):
        assert word in text
    # The table is as wide in every row.
    head = next(
        place
        for place, line in enumerate(text.splitlines())
        if line.startswith(catalogue(language)["judge.column-polygon"])
    )
    assert len({len(line) for line in text.splitlines()[head : head + 3]}) == 1


def test_the_bounds_of_another_method_are_its_own(folder, capsys):
    """Ward asks for no compactness where `grow` would ask for 0.25."""
    text = (folder / "study.yaml").read_text("utf-8")
    line = next(line for line in text.splitlines() if line.startswith("delineation:"))
    other = folder / "ward.yaml"
    ward = "delineation: {use: ward, population_min: 500, population_max: 5000}"
    other.write_text(text.replace(line, ward), "utf-8")
    study, territory = load(other)
    found = carry_out(replace(study, doubt=replace(study.doubt, draws=0)), territory)
    assert found.polygons.polygons["compactness"].min() < 0.25
    plan = folder / "ward.csv"
    found.polygons.membership.to_csv(plan)
    record = judged(capsys, other, "--plan", plan)
    assert record["keeps_all"]
    assert record["figures"]["engine_share"] == pytest.approx(1, rel=1e-4)


def test_what_is_wrong_with_a_plan_is_told_with_its_place(folder, blocks, tmp_path, capsys):
    away = tmp_path / "away.gpkg"
    shape = shapely.transform(blocks.geometry.iloc[0], lambda xy: xy + 40_000)
    gpd.GeoDataFrame(geometry=[shape], crs=blocks.crs).to_file(away)
    table = tmp_path / "table.csv"
    table.write_text("block_id,polygon\nnone,1\n", "utf-8")
    empty = tmp_path / "empty.csv"
    empty.write_text("", "utf-8")
    wanted = {
        away: "drawn-elsewhere",
        table: "drawn-unknown-blocks",
        empty: "empty-file",
        tmp_path / "nowhere.gpkg": "drawn-no-file",
        folder / "study.yaml": "missing-column",
    }
    for file, code in wanted.items():
        for language in LANGUAGES:
            assert main(["judge", str(folder), "--plan", str(file), "--lang", language]) == 2
            told = capsys.readouterr().err
            assert f"[{code}]" in told, file
            assert "--plan" in told


def test_the_plan_must_be_named(folder, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["judge", str(folder), "--lang", "es"])
    assert stop.value.code == 2
    assert "--plan" in capsys.readouterr().err


def test_languages_say_the_same_with_the_same_values():
    named = re.compile(r"\{(\w+)")
    for key, text in catalogue("es").items():
        if key.startswith(("judge.", "problem.drawn-")):
            assert sorted(named.findall(text)) == sorted(named.findall(catalogue("en")[key])), key
