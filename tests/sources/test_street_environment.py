"""The street environment by block: an order from none to all, in words or codes."""

from __future__ import annotations

import zipfile

import numpy as np
import pandas as pd
import pytest

from targeting.problems import TargetingError
from targeting.sources import read_territory
from targeting.sources.mx.street_environment import THEMES, inegi_street_environment
from tests.sources import made

BLOCKS = list(made.BLOCKS)
ALL, SOME, NONE = "Todas las vialidades", "Alguna vialidad", "Ninguna vialidad"


def write(path, head, rows):
    lines = [",".join(head), *(",".join(str(cell) for cell in row) for row in rows)]
    return made.write_text(path, "\n".join(lines) + "\n", "utf-8-sig")


def test_words_become_ranks_and_the_rest_is_counted(tmp_path):
    answers = [ALL, SOME, NONE, "No especificado", "Conjunto habitacional", "No aplica", "", "Otra"]
    rows = zip(BLOCKS, answers, strict=True)
    read = inegi_street_environment(write(tmp_path / "e.csv", ["CVEGEO", "ALUMPUB_C"], rows))
    lighting = read.data["street_lighting"].tolist()
    assert lighting[:3] == [1.0, 0.5, 0.0]
    assert np.isnan(lighting[3:]).all()
    assert dict(read.notes["answers_told"]) == {"street_lighting": 3}
    assert dict(read.notes["answers_not_told"]) == {"street_lighting": 4}
    assert dict(read.notes["answers_unknown"]) == {"street_lighting": 1}


def test_codes_one_to_three_and_what_is_no_answer(tmp_path):
    codes = [1, 2, 3, 7, 8, 9, 4, "1.0"]
    rows = zip(BLOCKS, codes, strict=True)
    read = inegi_street_environment(write(tmp_path / "e.csv", ["CVEGEO", "RECUCALL_C"], rows))
    values = read.data["street_pavement"]
    assert values.dropna().tolist() == [1.0, 0.5, 0.0, 1.0]
    assert dict(read.notes["answers_not_told"]) == {"street_pavement": 3}
    assert dict(read.notes["answers_unknown"]) == {"street_pavement": 1}  # the 4


def test_of_code_and_words_the_words_are_read(tmp_path):
    head = ["CVEGEO", "BANQUETA_C", "BANQUETA_D"]
    read = inegi_street_environment(write(tmp_path / "e.csv", head, [(BLOCKS[0], 1, NONE)]))
    assert read.data["sidewalks"].tolist() == [0.0]


def test_restrictions_are_read_in_words_only(tmp_path):
    head = ["CVEGEO", "ACESOPER_C", "ACESOAUT_C"]
    rows = [
        (BLOCKS[0], "Restricción en todas las vialidades", 1),
        (BLOCKS[1], "Restricción en ninguna vialidad", 3),
    ]
    read = inegi_street_environment(write(tmp_path / "e.csv", head, rows))
    assert read.data["restricted_to_people"].tolist() == [1.0, 0.0]
    assert read.data["restricted_to_cars"].isna().all()
    assert dict(read.notes["answers_unknown"]) == {"restricted_to_cars": 2}


def test_keys_of_parts_and_keys_without_their_zero(tmp_path):
    head = ["ENT", "MUN", "LOC", "AGEB", "MZA", "ARBOLES_C"]
    rows = [(1, 1, 1, "006A", 2, SOME), (1, 1, 1, 17, 1, ALL)]
    read = inegi_street_environment(write(tmp_path / "e.csv", head, rows))
    assert read.data["trees"].to_dict() == {
        "0100100010017001": 1.0,
        "010010001006A002": 0.5,
    }
    short = write(tmp_path / "f.csv", ["CVEGEO", "ARBOLES_C"], [(BLOCKS[0][1:], ALL)])
    read = inegi_street_environment(short)
    assert read.data.index.tolist() == [BLOCKS[0]]
    assert read.notes["keys_padded"] == 1


def test_out_of_the_zip_and_for_every_theme(tmp_path):
    head = ["CVEGEO", *(f"{theme}_C" for theme in THEMES)]
    text = write(tmp_path / "conjunto.csv", head, [(BLOCKS[0], *[SOME] * len(THEMES))])
    with zipfile.ZipFile(tmp_path / "inv.zip", "w") as archive:
        archive.write(text, "conjunto_de_datos/conjunto.csv")
        archive.writestr("diccionario_de_datos/dicc.csv", "a,b\n1,2\n")
    data = inegi_street_environment(tmp_path / "inv.zip").data.drop(columns="municipality_id")
    assert data.columns.tolist() == list(THEMES.values())
    assert (data == 0.5).all(axis=None)


def test_out_of_the_layer_of_blocks_itself(tmp_path):
    frame = pd.DataFrame({"CVEGEO": BLOCKS[:2], "ALUMPUB_C": [1, 3], "BANQUETA_C": [SOME, NONE]})
    shapes = [made.SHAPES[key] for key in BLOCKS[:2]]
    made.write_shapefile(tmp_path / "inv" / "inv_01.shp", frame, shapes)
    for path in (tmp_path / "inv" / "inv_01.shp", tmp_path / "inv"):
        data = inegi_street_environment(path).data
        assert data.index.tolist() == BLOCKS[:2]
        assert data["street_lighting"].tolist() == [1.0, 0.0]
        assert data["sidewalks"].tolist() == [0.5, 0.0]


def test_a_file_without_themes_or_without_keys(tmp_path):
    with pytest.raises(TargetingError) as error:
        inegi_street_environment(write(tmp_path / "a.csv", ["CVEGEO", "POBTOT"], [(BLOCKS[0], 3)]))
    assert [problem.code for problem in error.value.problems] == ["no-theme-found"]
    with pytest.raises(TargetingError) as error:
        inegi_street_environment(write(tmp_path / "b.csv", ["A", "ALUMPUB_C"], [(1, ALL)]))
    assert [problem.values["given"] for problem in error.value.problems] == ["CVEGEO"]


def test_blocks_get_their_row_and_the_match_is_told_both_ways(tmp_path):
    made.write_blocks(tmp_path / "01m.shp")
    rows = [(key, ALL) for key in BLOCKS[:7]]
    write(tmp_path / "e.csv", ["CVEGEO", "ALUMPUB_C"], rows)
    layers = [
        made.spec("blocks", "01m.shp", "inegi_blocks"),
        made.spec("block_table", "e.csv", "inegi_street_environment"),
    ]
    with pytest.raises(TargetingError) as error:
        read_territory(layers, tmp_path)
    assert [problem.code for problem in error.value.problems] == ["keys-unmatched"]
    territory = read_territory(layers, tmp_path, match_min=0.8)
    assert territory.block_table.index.tolist() == sorted(BLOCKS)
    assert territory.block_table["street_lighting"].isna().sum() == 1
    report = territory.intake.layers[-1]
    assert report.notes["match_share"] == 1.0
    assert report.notes["blocks_match_share"] == 0.875  # 7 of 8
    assert report.notes["blocks_without_row_examples"] == [BLOCKS[7]]
