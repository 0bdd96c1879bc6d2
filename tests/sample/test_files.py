"""What is written: the publishers' formats, the same bytes, and the files in `data/`."""

from __future__ import annotations

import hashlib
import struct
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyogrio
import pytest
import rasterio
from pyproj import CRS

from targeting.sample import City, write_city
from targeting.sample.facilities import DENUE_COLUMNS
from targeting.sample.files import INEGI_PRJ

LAYERS = {
    "99m": ["CVEGEO", "CVE_ENT", "CVE_MUN", "CVE_LOC", "CVE_AGEB", "CVE_MZA", "AMBITO", "TIPOMZA"],
    "99a": ["CVEGEO", "CVE_ENT", "CVE_MUN", "CVE_LOC", "CVE_AGEB"],
    "99l": ["CVEGEO", "CVE_ENT", "CVE_MUN", "CVE_LOC", "NOMGEO", "AMBITO"],
    "99mun": ["CVEGEO", "CVE_ENT", "CVE_MUN", "NOMGEO"],
    "99e": ["TIPOVIAL", "NOMVIAL"],
    "99sip": ["CONDICION", "GEOGRAFICO", "NOMBRE", "TIPO", "OID"],
    "99sia": ["CONDICION", "GEOGRAFICO", "NOMBRE", "TIPO", "OID"],
    "99sil": ["CONDICION", "GEOGRAFICO", "NOMBRE", "TIPO", "OID"],
}


def contents(folder: Path) -> dict[str, str]:
    """Hash of each file below a folder; of a zip or workbook, of each member (compression may
    differ)."""
    found = {}
    for file in sorted(folder.rglob("*")):
        name = file.relative_to(folder).as_posix()
        if file.suffix in (".zip", ".xlsx"):
            with zipfile.ZipFile(file) as held:
                for member in held.infolist():
                    key = f"{name}!{member.filename} {member.date_time}"
                    found[key] = hashlib.sha256(held.read(member)).hexdigest()
        elif file.is_file():
            found[name] = hashlib.sha256(file.read_bytes()).hexdigest()
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("city")
    written = write_city(place)
    assert sorted(written) == sorted(file for file in place.rglob("*") if file.is_file())
    return place


def test_data_holds_what_the_generator_writes(folder: Path, root: Path) -> None:
    """If this fails after a change of the generator: `targeting sample --out data`."""
    held = contents(root / "data")
    # The city abroad has a test of its own.
    held = {name: found for name, found in held.items() if not name.startswith("abroad/")}
    assert contents(folder) == held


def test_data_is_small(root: Path) -> None:
    assert sum(file.stat().st_size for file in (root / "data").rglob("*")) < 6_000_000


def test_the_same_bytes_twice(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_city(tmp_path / name, blocks=600, seed=3)
    one, two = (
        {
            f.relative_to(tmp_path / n): f.read_bytes()
            for f in (tmp_path / n).rglob("*")
            if f.is_file()
        }
        for n in ("one", "two")
    )
    assert one == two
    write_city(tmp_path / "other", blocks=600, seed=4)
    other = (tmp_path / "other" / "boundaries" / "99m.shp").read_bytes()
    assert other != (tmp_path / "one" / "boundaries" / "99m.shp").read_bytes()


def test_writing_again_replaces(tmp_path: Path) -> None:
    write_city(tmp_path, blocks=700, seed=3)
    write_city(tmp_path, blocks=600, seed=3)
    assert pyogrio.read_info(tmp_path / "boundaries" / "99m.shp")["features"] == 600


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_has_inegis_fields_and_projection(folder: Path, layer: str) -> None:
    file = folder / "boundaries" / f"{layer}.shp"
    info = pyogrio.read_info(file)
    assert list(info["fields"]) == LAYERS[layer]
    assert file.with_suffix(".prj").read_text() == INEGI_PRJ
    assert file.with_suffix(".cpg").read_text() == "ISO-8859-1"
    # The parameters are those of EPSG:6372, but the file does not say so.
    assert CRS(INEGI_PRJ).to_epsg() is None
    assert CRS(INEGI_PRJ).to_epsg(min_confidence=20) == 6372
    year, month, day = struct.unpack("3B", file.with_suffix(".dbf").read_bytes()[1:4])
    assert (year, month, day) == (121, 1, 25)
    assert pyogrio.read_dataframe(file).geometry.is_valid.all()


@pytest.mark.real
def test_projection_is_that_of_the_real_file(real_data: Path) -> None:
    assert (real_data / "juarez" / "agebs_2020.prj").read_text() == INEGI_PRJ


def test_accents_are_latin_1(folder: Path) -> None:
    names = pyogrio.read_dataframe(folder / "boundaries" / "99sil.shp")["GEOGRAFICO"]
    assert {"CORRIENTE DE AGUA", "VÍA FÉRREA"} <= set(names)
    assert "VÍA FÉRREA".encode("latin-1") in (folder / "boundaries" / "99sil.dbf").read_bytes()


def test_shapes_survive_the_file(folder: Path, city: City) -> None:
    read = pyogrio.read_dataframe(folder / "boundaries" / "99m.shp")
    assert read["CVEGEO"].tolist() == city.blocks.index.tolist()
    away = read.geometry.reset_index(drop=True).hausdorff_distance(
        city.blocks.geometry.set_crs(read.crs, allow_override=True).reset_index(drop=True)
    )
    assert away.max() < 1e-6
    joined = (
        read["CVE_ENT"] + read["CVE_MUN"] + read["CVE_LOC"] + read["CVE_AGEB"] + read["CVE_MZA"]
    )
    assert (joined == read["CVEGEO"]).all()


def test_directory_is_latin_1_with_denues_columns(folder: Path) -> None:
    raw = (folder / "facilities" / "denue_inegi_99_.csv").read_bytes()
    with pytest.raises(UnicodeDecodeError):
        raw.decode("utf-8")
    table = pd.read_csv(
        folder / "facilities" / "denue_inegi_99_.csv",
        dtype=str,
        encoding="latin-1",
        keep_default_na=False,
    )
    assert tuple(table.columns) == DENUE_COLUMNS
    assert len(DENUE_COLUMNS) == 42  # sources-mexico.md, section 1.6
    assert table["id"].is_unique
    assert {"624221", "623221", "624191", "722412"} <= set(table["codigo_act"])
    names = table["nom_estab"]
    assert names.str.contains("<24h>", regex=False).any()
    assert names.str.strip().eq("").any()
    plain = names[~names.str.strip().eq("")]
    assert plain.str.endswith("(inventado)").mean() > 0.95
    assert set(table["telefono"]) == {"", "0000000000"}
    assert set(table["correoelec"]) == {"", "inventado@ejemplo.invalid"}
    assert table["raz_social"].eq("").all()


def test_incidents_have_municipal_columns(folder: Path) -> None:
    file = folder / "incidents" / "incidentes_inventados_99.csv"
    table = pd.read_csv(file, dtype=str, keep_default_na=False)
    assert list(table.columns) == [
        "folio", "fecha", "hora", "delito", "colonia", "longitud", "latitud",
    ]  # fmt: skip
    dates = pd.to_datetime(table["fecha"], format="%d/%m/%Y")
    assert dates.dt.year.unique().tolist() == [2020]
    assert dates.dt.month.nunique() == 12


def test_raster_holds_the_people(folder: Path, city: City) -> None:
    with rasterio.open(folder / "rasters" / "ghs_pop_inventado_99.tif") as held:
        assert held.crs == "ESRI:54009"
        assert held.dtypes == ("float64",)
        assert held.nodata == -200
        assert held.res == (100.0, 100.0)
        assert held.compression.name.lower() == "lzw"
        people = held.read(1)
    assert (people == -200).any()
    assert people[people >= 0].sum() == pytest.approx(city.blocks["people"].sum(), rel=1e-6)


def test_truth_says_what_was_planted(folder: Path, city: City) -> None:
    truth = pd.read_csv(
        folder / "truth" / "truth_99.csv", dtype={"block_id": str}, keep_default_na=False
    ).set_index("block_id")
    assert truth.index.equals(city.blocks.index)
    assert (truth["corner"] == city.blocks["corner"]).all()
    assert np.allclose(truth["risk"], city.blocks["risk"])
    assert truth["violent_incidents"].sum() > 3_000


def test_every_folder_says_that_it_is_made(folder: Path) -> None:
    for place in (each for each in folder.iterdir() if each.is_dir()):
        assert "DATOS INVENTADOS" in (place / "LEEME.txt").read_text(encoding="utf-8")
