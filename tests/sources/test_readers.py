"""One contract for all readers: whoever registers one says here what file it reads."""

from __future__ import annotations

import inspect
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from targeting import registry
from targeting.i18n import LANGUAGES, catalogue
from targeting.model import LayerSpec, MethodSpec
from targeting.problems import TargetingError
from targeting.sample import write_city
from targeting.sample.abroad import write_generic_city
from targeting.sources.layer import EXAMPLES, Layer
from targeting.sources.mx.scince import SENTINELS
from targeting.sources.opening import open_layer
from tests.sources import made

# Of whom nothing personal may pass: columns of DENUE, CLUES and SEP.
PRIVATE = ("raz_social", "telefono", "correo", "www", "director", "responsable", "calle", "rfc")
ASIDE = ("not_chosen", "other_municipalities")


@dataclass(frozen=True)
class Case:
    """A made file, how to read it, and the slot of a study it fills."""

    slot: str
    file: Callable[[Path], Path]
    settings: dict[str, Any] = field(default_factory=dict)


def given(file: str) -> Callable[[Path], Path]:
    return lambda folder: folder / file


def keyed(rows: list[str], name: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        return made.write_text(folder / name, "\n".join(rows) + "\n")

    return write


def shapes(name: str, columns: dict[str, list[str]], *, lines: bool = False):
    def write(folder: Path) -> Path:
        count = len(next(iter(columns.values())))
        boxes = [shapely.box(70 * i, 0, 70 * i + 60, 60) for i in range(count)]
        own = [shapely.LineString(box.exterior.coords[:2]) for box in boxes] if lines else boxes
        return made.write_shapefile(folder / name, pd.DataFrame(columns), own)

    return write


def colonias(folder: Path) -> Path:
    index = ["120.5", "118.2", "110.0"]
    columns = {"CVE_COL": ["010010001", "010010002", "010010003"], "COLONIA": ["A", "B", "C"],
               "CVE_MUN": ["01001"] * 3, "IM_2020": index, "GM_2020": ["Bajo"] * 3}  # fmt: skip
    return shapes("conapo_col.shp", columns)(folder)


MUNICIPAL = ("ANALF", "SBASC", "OVSDE", "OVSEE", "OVSAE", "OVPT", "VHAC", "PL_5000", "PO2SM")
LAG = (
    "Población de 15 años o más analfabeta", "Población de 6 a 14 años que no asiste a la escuela",
    "Población de 15 años y más con educación básica incompleta",
    "Población sin derechohabiencia a servicios de salud", "Viviendas con piso de tierra",
    "Viviendas que no disponen de excusado o sanitario", "Viviendas sin agua entubada",
    "Viviendas sin drenaje", "Viviendas sin energía eléctrica", "Viviendas sin lavadora",
    "Viviendas sin refrigerador",
)  # fmt: skip
KINDS = {"homicide": ("HOMICIDIO DOLOSO",), "robbery": ("ROBO A PERSONA CON VIOLENCIA",)}
PLACE = {"id": "CVE_COL", "name": "NOMBRE"}
INCIDENTS = {"x": "longitud", "y": "latitud", "date": "fecha", "kind": "delito", "kinds": KINDS}
BY_COLONIA = {"place": "colonia", "by": "place_name", "kind": "delito", "kinds": KINDS,
              "count": "total", "year_column": "anio"}  # fmt: skip
CASES = {
    "amai_areas": Case("area_table", given("census/nse_amai_ageb_inventado_99.csv")),
    "clues_health": Case("facilities", given("facilities/clues_inventado_99_202011.xlsx")),
    "conapo_areas": Case("area_table", given("census/IMU_2020_99.csv")),
    "conapo_municipalities": Case("area_table", keyed(
        [f"CVE_MUN,NOM_MUN,POB_TOT,{','.join(MUNICIPAL)},IM_2020,GM_2020,IMN_2020",
         f"01002,B,10,{','.join('5' * 9)},55.1,Alto,0.8",
         f"01001,A,20,{','.join('3' * 9)},58.2,Bajo,0.9"], "IMM_2020.csv")),
    "conapo_neighborhoods": Case("places", colonias),
    "coneval_areas": Case("area_table", given("census/GRS_AGEB_urbana_2020_inventado_99.xlsx")),
    "coneval_municipalities": Case("area_table", keyed(
        [f"Clave municipio,Grado de rezago social,Índice de rezago social,{','.join(LAG)}",
         f"01002,Alto,0.5,{','.join('5' * 11)}", f"01001,Bajo,-0.5,{','.join('3' * 11)}"],
        "irs_municipal.csv")),
    "denue": Case("facilities", given("facilities/denue_inegi_99_.csv")),
    "facilities": Case("facilities", given("abroad/facilities_made.geojson"), {
        "kind": "category", "kinds": {"library": ("Library",), "plaza": ("Square",)},
        "name": "name"}),
    "incident_table": Case(
        "incidents", given("incidents/incidentes_por_colonia_inventados_99.csv"), BY_COLONIA),
    "inegi_areas": Case("areas", given("boundaries/99a.shp")),
    "inegi_block_fronts": Case("street_axes", shapes(
        "01fm.shp", {"TIPOVIAL": ["Calle", "Avenida"], "NOMVIAL": ["Uno", "Dos"]}, lines=True)),
    "inegi_blocks": Case("blocks", given("boundaries/99m.shp")),
    "inegi_census": Case("census", given("census/ageb_mza_urbana_99_cpv2020_csv.zip")),
    "inegi_localities": Case("places", given("boundaries/99l.shp")),
    "inegi_municipalities": Case("places", given("boundaries/99mun.shp")),
    "inegi_rural_areas": Case("places", shapes("01ar.shp", {"CVEGEO": ["010010018", "010010003"]})),
    "inegi_services": Case("facilities", given("boundaries/99sia.shp")),
    "inegi_states": Case("places", shapes(
        "00ent.shp", {"CVEGEO": ["02", "01"], "NOMGEO": ["Dos", "Uno"]})),
    "inegi_street_axes": Case("street_axes", given("boundaries/99e.shp")),
    "inegi_street_environment": Case(
        "block_table", given("census/entorno_urbano_inventado_99.csv")),
    "lines": Case("barriers", given("boundaries/99sil.shp"), {
        "column": "GEOGRAFICO", "values": ("CORRIENTE DE AGUA",)}),
    "openstreetmap": Case("facilities", given("facilities/openstreetmap_inventado_99.osm.pbf")),
    "places": Case("places", given("boundaries/colonias_inventadas_99.gpkg"), PLACE),
    "points": Case("incidents", given("incidents/incidentes_inventados_99.csv"), INCIDENTS),
    "polygons": Case("blocks", given("abroad/blocks_made.fgb"), {
        "id": "block_code", "area_id": "district_code"}),
    "raster": Case("population_raster", given("rasters/ghs_pop_inventado_99.tif")),
    "raster_statistic": Case("rasters", given("rasters/luces_nocturnas_inventadas_99.tif"), {
        "name": "night_lights"}),
    "scince_areas": Case("area_table", keyed(
        ["CVEGEO,POB1,EDU1", "0100100010017,10,-6", "010010001006A,20,3"], "scince.csv")),
    "sep_schools": Case("facilities", given("facilities/escuelas_sep_inventadas_99.csv")),
    "table": Case("census", given("abroad/census_made.csv"), {"key": "block_code"}),
}  # fmt: skip
# A reader that only ever refuses, with the reason.
REFUSES = {"sesnsp_municipal": given("incidents/sesnsp_municipal_inventado_99.csv")}
READERS = sorted(CASES)


@pytest.fixture(scope="module")
def city(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("city")
    write_city(folder, blocks=500)
    write_generic_city(folder / "abroad", blocks=500)
    return folder


def read(name: str, path: Path) -> Layer:
    return registry.method("reader", name)(path, **CASES[name].settings)


def tried(name: str, path: Path, settings: dict[str, Any]) -> tuple[Layer | None, str]:
    """Return what is read, or what is said of why not, in both languages."""
    try:
        return registry.method("reader", name)(path, **settings), ""
    except TargetingError as error:
        return None, error.text("es") + error.text("en")


def kept(layer: Layer) -> int:
    """Rows of the file that are in the layer."""
    if layer.counts:
        levels = layer.notes["rows_by_level"]
        coarser = sum(levels[one] for one in ("state", "municipality", "locality"))
        return coarser + sum(len(one.value) for one in layer.counts.values())
    if "band" in layer.data.columns:
        return layer.rows_read  # cells are read when the blocks are known
    if "count" in layer.data.columns:
        return layer.data.index[layer.data["kind"].notna()].nunique()
    return len(layer.data)


def plain(layer: Layer) -> pd.DataFrame:
    """Return the rows as texts, in an order of their own."""
    frame = pd.DataFrame(layer.data).copy()
    if isinstance(layer.data, gpd.GeoDataFrame):
        frame["geometry"] = layer.data.geometry.to_wkb(hex=True)
    if frame.index.name is not None:
        frame = frame.reset_index()
    frame = frame.astype("str").fillna("")
    return frame.sort_values(list(frame.columns), ignore_index=True)


def shuffled(path: Path, folder: Path) -> Path | None:
    """Return a copy of the file with its rows in another order, None where that takes a library."""
    target = folder / path.name
    chance = np.random.default_rng(1)
    if path.suffix == ".csv":
        head, *rows = path.read_bytes().split(b"\n")
        rows = [row for row in rows if row.strip()]
        chance.shuffle(rows)
        target.write_bytes(b"\n".join([head, *rows, b""]))
    elif path.suffix in (".shp", ".gpkg", ".fgb", ".geojson"):
        frame = pyogrio.read_dataframe(path)
        pyogrio.write_dataframe(frame.iloc[chance.permutation(len(frame))], target)
        if path.suffix == ".shp":
            shutil.copy(path.with_suffix(".prj"), folder)
    else:
        return None
    return target


def test_every_registered_reader_has_a_file_here():
    assert set(registry.names("reader")) == CASES.keys() | REFUSES.keys()


@pytest.mark.parametrize("name", READERS)
class TestContract:
    """What a study may expect of any reader."""

    def test_fits_its_slot_and_is_shown_whole(self, name, city):
        case, problems = CASES[name], []
        spec = LayerSpec(
            case.slot, f"inputs.{case.slot}", str(case.file(city)), MethodSpec(name, case.settings)
        )
        account = open_layer(spec, Path("/"), {}, problems)
        assert account is not None, [problem.text("en") for problem in problems]
        assert len(account.sha256) == 64
        for language in LANGUAGES:
            for key in account.notes:
                assert f"note.{key}" in catalogue(language), key
            for loss in account.losses:
                assert f"loss.{loss.reason}" in catalogue(language), loss.reason

    def test_every_row_is_kept_lost_or_set_aside(self, name, city):
        layer = read(name, CASES[name].file(city))
        assert layer.rows_read > 0
        lost = sum(loss.count for loss in layer.losses)
        aside = sum(int(layer.notes.get(note, 0)) for note in ASIDE)
        assert kept(layer) + lost + aside == layer.rows_read
        for loss in layer.losses:
            assert 0 < loss.count <= loss.of <= layer.rows_read
            assert len(loss.examples) <= EXAMPLES
        reasons = [loss.reason for loss in layer.losses]
        assert len(set(reasons)) == len(reasons)

    def test_keys_are_texts_told_once_in_order(self, name, city):
        data = read(name, CASES[name].file(city)).data
        if isinstance(data, gpd.GeoDataFrame):
            assert data.crs is not None
            assert data.geometry.name == "geometry"
            if "stated_block" not in data.columns:  # a row may say its block and no point
                assert not shapely.is_missing(data.geometry.to_numpy()).any()
        if "id" in data.columns:
            keys = pd.Index(data["id"])
        elif data.index.name in ("key", "municipality_id"):
            keys = data.index
        else:
            return
        assert keys.is_unique
        assert keys.is_monotonic_increasing
        assert all(isinstance(key, str) and key for key in keys)

    def test_reads_the_same_twice_and_in_any_order(self, name, city, tmp_path):
        path = CASES[name].file(city)
        one = read(name, path)
        again = read(name, path)
        pd.testing.assert_frame_equal(pd.DataFrame(one.data), pd.DataFrame(again.data))
        assert one.losses == again.losses
        other = shuffled(path, tmp_path)
        if other is None:
            return
        mixed = read(name, other)
        pd.testing.assert_frame_equal(plain(one), plain(mixed))
        assert dict(one.notes) == dict(mixed.notes)
        told, told_mixed = (
            {loss.reason: (loss.count, loss.of) for loss in layer.losses} for layer in (one, mixed)
        )
        assert told == told_mixed

    def test_nothing_personal_passes(self, name, city):
        data = read(name, CASES[name].file(city)).data
        for column in data.columns:
            assert not str(column).lower().startswith(PRIVATE)

    def test_what_is_no_such_file_is_a_problem(self, name, tmp_path):
        empty = tmp_path / "empty.csv"
        empty.write_bytes(b"")
        other = tmp_path / "other.csv"
        other.write_bytes(b"%PDF-1.7 and no table")
        for path in (tmp_path / "nowhere.csv", empty, tmp_path / "folder", other):
            (tmp_path / "folder").mkdir(exist_ok=True)
            with pytest.raises(TargetingError) as raised:
                read(name, path)
            for problem in raised.value.problems:
                assert "{" not in problem.text("es") + problem.text("en")

    def test_odd_settings_are_problems_or_harmless(self, name, city):
        path = CASES[name].file(city)
        for setting, parameter in registry.settings("reader", name).items():
            if "str" not in str(parameter.annotation) or "Mapping" in str(parameter.annotation):
                continue
            for odd in ("", "no such thing", "1'9"):
                several = "tuple" in str(parameter.annotation)
                settings = CASES[name].settings | {setting: (odd,) if several else odd}
                layer, said = tried(name, path, settings)
                assert "{" not in said
                assert isinstance(layer, Layer) != bool(said)

    def test_columns_that_are_empty_or_twice(self, name, city, tmp_path):
        path = CASES[name].file(city)
        if path.suffix != ".csv":
            return
        head, *rows = path.read_text("latin-1").splitlines()
        blank = [head, *("," * head.count(",") for _ in rows)]
        double = [f"{head},{head}", *(f"{row},{row}" for row in rows)]
        short = [head.split(",")[-1], *(row.split(",")[-1] for row in rows)]
        for number, lines in enumerate((blank, double, short, [head])):
            other = tmp_path / f"{number}-{path.name}"
            other.write_text("\n".join(lines) + "\n", "latin-1")
            layer, said = tried(name, other, CASES[name].settings)
            assert "{" not in said
            if layer is None:
                assert said
                assert lines is not double
                continue
            lost = sum(loss.count for loss in layer.losses)
            aside = sum(int(layer.notes.get(note, 0)) for note in ASIDE)
            assert kept(layer) + lost + aside == layer.rows_read

    def test_tells_its_settings(self, name):
        text = inspect.getdoc(registry.method("reader", name)) or ""
        for setting in registry.settings("reader", name):
            assert setting in text, setting


@pytest.mark.parametrize("name", sorted(REFUSES))
def test_a_reader_that_refuses_says_why(name, city):
    with pytest.raises(TargetingError) as raised:
        registry.method("reader", name)(REFUSES[name](city))
    assert [problem.code for problem in raised.value.problems] == ["municipal-incidents"]


def test_a_code_of_scince_is_no_value(city):
    layer = read("scince_areas", CASES["scince_areas"].file(city))
    numbers = layer.data.select_dtypes("number").to_numpy(float)
    assert not np.isin(numbers, SENTINELS).any()
