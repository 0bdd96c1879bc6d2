"""Files made in the page: the numbers it shows, outlines within half a meter, no formula."""

from __future__ import annotations

import csv
import io
import json

import geopandas as gpd
import numpy as np
import pytest
import shapely

from targeting.render import public
from tests.render.results import HOSTILE

pytestmark = pytest.mark.browser


def download(page, words: str) -> tuple[str, str]:
    """Press the button of these words; the file's name and text."""
    with page.expect_download() as held:
        page.get_by_role("button", name=words, exact=True).click()
    path = held.value.path()
    return held.value.suggested_filename, path.read_bytes().decode("utf-8")


def table(text: str) -> tuple[list[dict[str, str]], list[str]]:
    """Rows by title, and the notes below them."""
    assert text.startswith("\ufeff")
    lines = list(csv.reader(io.StringIO(text[1:])))
    titles = lines[0]
    rows = [dict(zip(titles, line, strict=True)) for line in lines[1:] if len(line) == len(titles)]
    return rows, [line[0] for line in lines[1:] if len(line) == 1]


def test_the_blocks_of_a_polygon_are_those_of_the_page(page, result):
    page.evaluate("targeting.page.choosePolygon(1)")
    name, text = download(page, "Manzanas (CSV)")
    assert name == "manzanas-poligono-1.csv"
    rows, notes = table(text)
    member = result.polygons.membership
    assert sorted(row["Manzana"] for row in rows) == sorted(member.index[member == 1])
    assert any("inventado" in note for note in notes)
    assert any(note.startswith("Fuentes: ") and "Censo inventado" in note for note in notes)
    for row in rows:
        key = row["Manzana"]
        page.evaluate(
            "(key) => targeting.page.chooseBlock(targeting.page.blockIds.indexOf(key))", key
        )
        total = page.inner_text("[data-total]")
        assert row["Puntaje (0 a 100)"] == ("" if total == "–" else total)
        level = page.inner_text("tr[data-indicator=incidents_per_1k] td:nth-child(2)")
        told = row["Incidentes por cada 1,000 habitantes (nivel de 1 a 10)"]
        assert level == (f"nivel {told} de 10" if told else "sin dato")
        share = page.inner_text("tr[data-indicator=no_internet_share] td:nth-child(2)")
        told = row["Viviendas sin internet (%)"]
        if share == "No se dice":  # of very few people: known, and not told
            assert told == share
        elif told:
            assert share.replace("\u00a0", "") == f"{told}%"
        elif low := row["Viviendas sin internet: al menos (%)"]:
            high = row["Viviendas sin internet: a lo más (%)"]
            assert share.replace("\u00a0", " ") == f"entre {low} y {high} %"
        else:
            assert share == "sin dato"
        people = row["Habitantes"]
        text = page.inner_text("#panel-body")
        assert (f"{people} habitante" in text) or (people in ("muy pocos", ""))
        if people == "muy pocos":
            assert public.population(result.territory.blocks.loc[[key], "population"])[1].all()


def shapes(text: str, crs) -> gpd.GeoDataFrame:
    held = json.loads(text)
    assert held["notes"]
    frame = gpd.GeoDataFrame.from_features(held["features"], crs=4326)
    for shape in frame.geometry:
        for part in shapely.get_parts(shape):
            assert shapely.is_ccw(part.exterior)  # RFC 7946
            assert not any(shapely.is_ccw(ring) for ring in part.interiors)
    return frame.to_crs(crs)


def test_outlines_are_within_half_a_meter_with_holes_and_parts(page, result):
    page.click("[data-tab=filter]")
    name, text = download(page, "Manzanas (GeoJSON)")
    assert name == "manzanas-filtradas.geojson"
    frame = shapes(text, result.territory.crs).set_index("block")
    real = result.territory.blocks.geometry.loc[frame.index]
    assert len(frame) == 100
    far = shapely.hausdorff_distance(frame.geometry.to_numpy(), real.to_numpy())
    assert far.max() <= 0.5
    holes = shapely.get_num_interior_rings(frame.geometry.to_numpy())
    assert holes.sum() == 1  # the yard
    assert (frame.geometry.geom_type == "MultiPolygon").sum() == 1
    areas = np.abs(frame.area - real.area)
    assert areas.max() < 0.02 * real.area.min()
    page.evaluate("targeting.page.home()")
    name, text = download(page, "Polígonos (GeoJSON)")
    frame = shapes(text, result.territory.crs).set_index("polygon")
    real = result.polygons.polygons.geometry.loc[frame.index]
    assert shapely.hausdorff_distance(frame.geometry.to_numpy(), real.to_numpy()).max() <= 0.5


def test_a_filtered_selection_is_what_remains(page, result):
    page.evaluate("targeting.page.filter.read('w~2')")
    page.click("[data-tab=filter]")
    _, text = download(page, "Manzanas (CSV)")
    rows, _ = table(text)
    member = result.polygons.membership
    assert sorted(row["Manzana"] for row in rows) == sorted(member.index[member == 2])


def test_the_table_of_polygons_is_the_table_shown(page):
    page.click('[data-language="en"]')
    page.click("[data-sort=population]")
    name, text = download(page, "Polygons (CSV)")
    assert name == "polygons.csv"
    rows, notes = table(text)
    assert any("made" in note.lower() for note in notes)
    shown = page.evaluate(
        """[...document.querySelectorAll(".ranking tbody tr[data-number]")].map((row) =>
          [row.dataset.number, ...[...row.cells].slice(1).map((cell) => cell.innerText.trim())])"""
    )
    titles = list(rows[0])
    for row, (number, score, violence, marginalization, facilities, people) in zip(
        rows, shown, strict=True
    ):
        assert row[titles[0]] == number
        told = [row[title] for title in titles[2:7]]
        assert told == [score, violence, marginalization, facilities, people.replace(",", "")]
        assert "," not in "".join(told)  # numbers have no thousands mark


def test_no_cell_is_a_formula_and_names_come_back_whole(page, result):
    seen = []
    for number in (1, 2):
        page.evaluate("(n) => targeting.page.choosePolygon(n)", number)
        name, text = download(page, "Equipamiento dentro (CSV)")
        assert name == f"equipamiento-poligono-{number}.csv"
        for row in table(text)[0]:
            for cell in row.values():
                assert not cell.startswith(("=", "+", "@", "\t", "\r"))
            assert not row["Nombre"].startswith("-")
            seen.append(row["Nombre"])
            assert float(row["Longitud"]) < 0 < float(row["Latitud"])
    inside = result.profiles.facilities
    named = {name for name in inside["name"].dropna()}
    guarded = {f"'{name}" if name[0] in "=+-@\t\r" else name for name in named}
    assert guarded <= set(seen)
    shelters = result.territory.facilities
    shelters = shelters[shelters["kind"] == "shelter"]
    assert not set(shelters["name"].dropna()) & set(seen)


def test_every_formula_start_is_guarded(page):
    cells = [
        "=1",
        "+1",
        "-1",
        "@a",
        "\ta",
        "\rb",
        'a "b"',
        "a,b",
        "a;b",
        "a\nb",
        "plain",
        HOSTILE[6],
    ]
    made = page.evaluate("(cells) => cells.map(targeting.downloads.cell)", cells)
    back = [next(csv.reader(io.StringIO(cell, newline="")))[0] for cell in made]
    expected = [f"'{cell}" if cell[0] in "=+-@\t\r" else cell for cell in cells]
    assert back == expected
    assert page.evaluate("[-1.5, 0, null].map(targeting.downloads.cell)") == ["-1.5", "0", ""]


def test_moved_weights_are_told_in_the_file(page):
    page.evaluate(
        "targeting.page.columns.set('score', {column: targeting.page.data.column('score')})"
    )
    page.evaluate("targeting.page.home()")
    _, text = download(page, "Polígonos (CSV)")
    assert any("pesos que se movieron" in note for note in table(text)[1])
