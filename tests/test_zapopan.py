"""Zapopan's real files, as they are, to a finished page. Nothing of it is kept."""

import json
from pathlib import Path

import pytest
import shapely

from targeting.pipeline import run
from tests.render.decoding import everything_in

STUDY = Path(__file__).parent / "studies" / "zapopan.yaml"
pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def zapopan(real_data, tmp_path_factory):
    out = tmp_path_factory.mktemp("zapopan")
    result, _ = run(STUDY, out, real_data / "zapopan")
    return result, out


def test_every_real_block_is_in(zapopan):
    result, _ = zapopan
    assert len(result.territory.blocks) == 12_513  # as many polygons as the file has
    # CONAPO 2010 counts 1,222,235 people in the AGEB of these blocks.
    assert result.territory.blocks["population"].sum() == pytest.approx(1_222_235, abs=1)


def test_every_row_of_the_incidents_is_accounted_for(zapopan):
    result, _ = zapopan
    layer = next(one for one in result.territory.intake.layers if one.layer == "incidents")
    lost = sum(loss.count for loss in layer.losses)
    assert layer.rows_read == 4_865
    assert layer.rows_kept + layer.notes["not_chosen"] + lost == 4_865
    assert "VEHICULO RECUPERADO" in layer.notes["not_chosen_texts"]


def test_polygons_are_places_and_cross_no_stream_or_rail(zapopan):
    result, _ = zapopan
    polygons = result.polygons.polygons
    assert 5 <= len(polygons) <= 10
    assert polygons["population"].between(5_000, 15_000).all()
    assert polygons["compactness"].min() >= 0.1
    lines = shapely.union_all(result.territory.barriers.geometry.array)
    blocks = result.territory.blocks.geometry
    for number in polygons.index:
        members = blocks[result.polygons.membership == number]
        parts = shapely.get_num_geometries(members.union_all().buffer(25).difference(lines))
        # Cut along every barrier, the blocks with their streets stay one piece (slivers aside).
        pieces = shapely.get_parts(members.union_all().buffer(25).difference(lines))
        big = [piece for piece in pieces if piece.area > 0.05 * members.area.sum()]
        assert parts >= 1
        assert len(big) == 1, number


def test_polygons_lie_where_the_layers_are_worst(zapopan):
    result, _ = zapopan
    table = result.profiles.profile.set_index(["polygon", "key"])
    for number in result.polygons.polygons.index:
        row = table.loc[(number, "score")]
        assert row["value"] > row["city"] + 0.1
    violence = [table.loc[(n, "violence"), "value"] for n in result.polygons.polygons.index]
    assert sum(violence) / len(violence) > 0.5  # rank: the city's middle


def test_the_page_holds_no_row_of_the_publishers(zapopan):
    _, out = zapopan
    page = everything_in(out / "index.html")
    assert "Zapopan" in page
    for word in ("JUZGADOS MUNICIPALES", "VILLAS DE GUADALUPE", "CASIANO TORRES"):
        assert word not in page
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    assert "shared" not in json.dumps(manifest)
