"""SCINCE 2010: numbers below zero are codes, never values."""

import numpy as np
import pytest

from targeting.model import MethodSpec
from targeting.problems import TargetingError
from targeting.sources import read_territory
from targeting.sources.mx.scince import scince_areas
from tests.sources import made

TEXT = f"""CVEGEO,NOM,VIV0,EDU1,EDU1_R,FEC1_R
{made.AREAS[0]},Centro,40,-6,-6,2.1
{made.AREAS[1]},Norte,9,3,12.5,-8
0100100010999,Sur,1,-9,-9,-9
0100500010010,Otro,7,-5,x,1.5
"""


def test_codes_become_missing_and_are_counted(tmp_path):
    read = scince_areas(made.write_text(tmp_path / "scince.csv", TEXT))
    assert read.data["EDU1"].tolist()[1] == 3
    # By key: 0017, 006A, 0999, and the municipality 005.
    assert np.isnan(read.data["EDU1"]).tolist() == [True, False, True, True]
    assert np.isnan(read.data["FEC1_R"]).tolist() == [False, True, True, False]
    assert (read.data[["VIV0", "EDU1", "EDU1_R", "FEC1_R"]].min() >= 0).all()
    assert read.data["NOM"].tolist() == ["Centro", "Norte", "Sur", "Otro"]
    assert read.notes["sentinels"] == {"-6": 2, "-8": 1, "-9": 3}
    assert read.notes["cells"] == 16
    assert read.notes["rows_with_mask"] == 1
    assert read.notes["wholly_masked_rows"] == 0
    assert read.notes["negative_cells"] == 1  # -5 is no code
    assert read.notes["unreadable_cells"] == 1


def test_an_area_masked_whole_is_counted(tmp_path):
    text = f"CVEGEO,EDU1,EDU2\n{made.AREAS[0]},-6,-6\n{made.AREAS[1]},-6,5\n"
    notes = scince_areas(made.write_text(tmp_path / "scince.csv", text)).notes
    assert (notes["rows_with_mask"], notes["wholly_masked_rows"]) == (2, 1)


def test_columns_and_municipalities_of_choice(tmp_path):
    path = made.write_text(tmp_path / "scince.csv", TEXT.replace("CVEGEO", "cvegeo"))
    read = scince_areas(path, columns=("VIV0",), municipalities=("01001",))
    assert read.data["VIV0"].tolist() == [40, 9, 1]
    assert read.notes["other_municipalities"] == 1
    with pytest.raises(TargetingError) as raised:
        scince_areas(made.write_text(tmp_path / "x.csv", "CLAVE,VIV0\n1,2\n"), columns=("VIV1",))
    assert [one.values["given"] for one in raised.value.problems] == ["CVEGEO", "VIV1"]


def test_scince_fills_the_table_of_areas(tmp_path):
    layers = made.write_city(tmp_path)
    kept = "\n".join(TEXT.splitlines()[:3]) + "\n"
    layers[3] = made.spec("area_table", "scince.csv", "scince_areas")
    made.write_text(tmp_path / "scince.csv", kept)
    city = read_territory(layers, tmp_path, population=MethodSpec("census"))
    assert city.area_table["VIV0"].to_dict() == {made.AREAS[0]: 40, made.AREAS[1]: 9}
    assert np.isnan(city.area_table.loc[made.AREAS[0], "EDU1"])
