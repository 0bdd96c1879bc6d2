"""Every file of a study: written in a draft inside the folder, then moved, file by file."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio

from targeting.i18n import say
from targeting.model import Result
from targeting.problems import Problem, TargetingError
from targeting.render import public
from targeting.render.doubt import cause_table, doubt_table
from targeting.render.held_out import hold_out_table
from targeting.render.hotspots import hotspot_table
from targeting.render.indicators import indicator_table
from targeting.render.intake import INTAKE_HTML, INTAKE_JSON, intake_record, write_intake
from targeting.render.manifest import manifest
from targeting.render.neighbors import neighbors_svg
from targeting.render.page import TargetMap, write_page
from targeting.render.safe import whole_text
from targeting.render.scene import class_breaks
from targeting.render.sharing import picture_svg, write_kmz, write_sheets
from targeting.render.style import block_style, polygon_style
from targeting.render.sureness import rerun_table
from targeting.render.tables import (
    block_table,
    facility_count_table,
    facility_merge_table,
    facility_table,
    polygon_table,
)

GEOPACKAGE = "targeting.gpkg"
MANIFEST = "manifest.json"
INTERNAL = ("internal/internal.html", "internal/blocks.parquet", "internal/polygons.parquet")
PHONE, SHEETS = "phone.html", "sheets"
# Files carry no clock: the same study gives the same bytes on any day.
_INSTANT = "2000-01-01T00:00:00.000Z"
_STYLES_TABLE = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  f_table_catalog TEXT(256), f_table_schema TEXT(256), f_table_name TEXT(256),
  f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
  useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30), update_time DATETIME
)
"""


def write_outputs(
    result: Result, folder: Path, *, internal: bool = False, phone: bool = False
) -> list[Path]:
    """Write the page, the tables and the manifest of a result.

    Parameters
    ----------
    result : Result
        A study carried out.
    folder : Path
        Where the files go; made when it does not exist.
    internal : bool
        Also write `internal/`: the page and the tables with exact values, for the office. All
        other files are for the public either way.
    phone : bool
        Also write `phone.html`, a light page for phones and slow lines.

    Returns
    -------
    list of Path
        The files, the page first and the manifest last. The folder is not touched until all are
        made; then they are replaced one by one, so that a failure at that point (a file open in
        another program) can leave new files beside old ones.

    Raises
    ------
    TargetingError
        The folder or a file in it cannot be written.

    Examples
    --------
    >>> from targeting.pipeline import carry_out, load
    >>> from targeting.sample import write_city
    >>> city = Path(tempfile.mkdtemp())
    >>> files = write_city(city, blocks=500)
    >>> result = carry_out(*load(city / "study.yaml"))
    >>> [path.name for path in write_outputs(result, city / "maps")][:2]
    ['index.html', 'targeting.gpkg']
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=folder))
        try:
            names = _write_all(result, draft, internal=internal, phone=phone)
            for name in names:
                (folder / name).parent.mkdir(exist_ok=True)
                (draft / name).replace(folder / name)
            _clear(folder, names)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        # Only a move has a second name: before it, what cannot be written is the folder.
        place = Path(os.fsdecode(error.filename2)) if error.filename2 else folder
        raise TargetingError([_unwritable(place, _why(error))]) from error
    return [folder / name for name in names]


def _clear(folder: Path, names: list[str]) -> None:
    """Take away what an earlier run wrote and this one was not asked for, or has no polygon for."""
    sheets = [f"{SHEETS}/{one.name}" for one in (folder / SHEETS).glob("[0-9]*.html")]
    for name in {*INTERNAL, PHONE, *sheets} - set(names):
        (folder / name).unlink(missing_ok=True)
    with suppress(OSError):
        (folder / INTERNAL[0]).parent.rmdir()


def check_folder(folder: Path) -> list[Problem]:
    """Tell what would keep a folder from being written, before anything is computed.

    Parameters
    ----------
    folder : Path
        Where `write_outputs` shall write. Nothing is made.

    Returns
    -------
    list of Problem
        Empty when the folder, or the nearest one above it that exists, takes new files.

    Examples
    --------
    >>> check_folder(Path(tempfile.gettempdir()) / "a" / "b")
    []
    """
    place = folder.absolute()
    while not os.path.lexists(place) and place != place.parent:
        place = place.parent
    if not place.is_dir():
        return [_unwritable(place, "expected.output_folder")]
    if not os.access(place, os.W_OK | os.X_OK):
        return [_unwritable(place, "expected.output_allowed")]
    return []


def _unwritable(place: Path, detail: str) -> Problem:
    return Problem("unwritable", "--out", {"given": place.name or str(place), "detail": detail})


def _why(error: OSError) -> str:
    if isinstance(error, FileExistsError | NotADirectoryError | IsADirectoryError):
        return "expected.output_folder" if not error.filename2 else "expected.output_file"
    if isinstance(error, PermissionError):
        return "expected.output_allowed"
    if error.errno == errno.ENOSPC:
        return "expected.output_space"
    return error.strerror or str(error)


def _write_internal(result: Result, folder: Path) -> list[str]:
    """Write what is for the office alone, in a folder of its own; return the names."""
    held = public.protected(result, internal=True)
    (folder / INTERNAL[0]).parent.mkdir()
    write_page(held, folder / INTERNAL[0])
    block_table(held).to_parquet(folder / INTERNAL[1], index=False, compression="zstd")
    polygon_table(held).to_parquet(folder / INTERNAL[2], index=False, compression="zstd")
    return list(INTERNAL)


def _write_all(result: Result, folder: Path, *, internal: bool, phone: bool) -> list[str]:
    apart = _write_internal(result, folder) if internal else []
    result = public.protected(result)
    if phone:
        write_page(result, folder / PHONE, light=True)
        apart.append(PHONE)
    blocks, polygons = block_table(result), polygon_table(result)
    page = TargetMap(result)
    page.save(folder / "index.html")
    write_geopackage(result, blocks, polygons, folder / GEOPACKAGE)
    blocks.to_parquet(folder / "blocks.parquet", index=False, compression="zstd")
    polygons.to_parquet(folder / "polygons.parquet", index=False, compression="zstd")
    _write_csv(facility_table(result), folder / "facilities_by_polygon.csv")
    _write_csv(facility_count_table(result), folder / "facility_counts.csv")
    _write_csv(facility_merge_table(result), folder / "facility_merges.csv")
    _write_csv(indicator_table(result), folder / "indicators.csv")
    _write_csv(doubt_table(result), folder / "doubt.csv")
    _write_csv(cause_table(result), folder / "doubt_causes.csv")
    _write_csv(rerun_table(result), folder / "reruns.csv")
    _write_csv(hotspot_table(result), folder / "hotspots.csv")
    _write_csv(hold_out_table(result), folder / "hold_out.csv")
    if result.links is not None:
        (folder / "neighbors.svg").write_text(_neighbors(result), encoding="utf-8", newline="\n")
    write_intake(_intake(result), folder)
    names = [
        "index.html",
        GEOPACKAGE,
        *apart,
        *_share(result, page, folder),
        "blocks.parquet",
        "polygons.parquet",
        "facilities_by_polygon.csv",
        "facility_counts.csv",
        "facility_merges.csv",
        "indicators.csv",
        "doubt.csv",
        "doubt_causes.csv",
        "reruns.csv",
        "hotspots.csv",
        "hold_out.csv",
        *(["neighbors.svg"] if result.links is not None else []),
        INTAKE_HTML,
        INTAKE_JSON,
    ]
    record = manifest(result, {name: _sha256(folder / name) for name in names})
    text = json.dumps(record, ensure_ascii=False, indent=2, sort_keys=True, allow_nan=False)
    (folder / MANIFEST).write_bytes((text + "\n").encode("utf-8", "replace"))
    return [*names, MANIFEST]


def _share(result: Result, page: TargetMap, folder: Path) -> list[str]:
    """Write what is sent beside the page; return the names."""
    scene = page.scene
    picture = picture_svg(result, scene.record, ground=page.ground)
    (folder / "map.svg").write_text(picture, encoding="utf-8", newline="\n")
    write_kmz(result, scene.record, folder / "polygons.kmz")
    sheets = write_sheets(result, scene.record, scene.listed, folder / SHEETS, ground=page.ground)
    return ["map.svg", "polygons.kmz", *(f"{SHEETS}/{name}" for name in sheets)]


def _neighbors(result: Result) -> str:
    """Return the picture of who is whose neighbor, in the study's language."""
    study, territory, links = result.study, result.territory, result.links
    assert links is not None
    barriers = None if territory.barriers is None else territory.barriers.geometry
    language = study.language
    title = whole_text(study.title[language])
    return neighbors_svg(territory.blocks.geometry, links, barriers, title=title, language=language)


def _intake(result: Result) -> dict[str, Any]:
    study, territory = result.study, result.territory
    return intake_record(
        territory.intake,
        territory.crs,
        title=study.title,
        language=study.language,
        made=study.made,
        publish=study.publish,
    )


def _write_csv(table: pd.DataFrame, path: Path) -> None:
    # With a byte order mark Excel reads the accents.
    path.write_bytes(
        table.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig", "replace")
    )


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@contextmanager
def _fixed_clock() -> Iterator[None]:
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _INSTANT})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})


def write_geopackage(
    result: Result, blocks: gpd.GeoDataFrame, polygons: gpd.GeoDataFrame, path: Path
) -> None:
    """Write the layers `blocks` and `polygons` with their QGIS styles; no clock in the file.

    Parameters
    ----------
    result : Result
        For the classes and the language of the styles.
    blocks, polygons : GeoDataFrame
        Public tables.
    path : Path
        A new file.
    """
    with _fixed_clock():
        pyogrio.write_dataframe(
            blocks,
            path,
            layer="blocks",
            driver="GPKG",
            promote_to_multi=True,
            dataset_options={"VERSION": "1.3"},  # what QGIS 3.22 knows
        )
        pyogrio.write_dataframe(
            polygons,
            path,
            layer="polygons",
            driver="GPKG",
            promote_to_multi=True,
            geometry_type="MultiPolygon",
            append=False,
        )
    _, total = public.shown_points(result)
    missing = say("page.legend.missing", result.study.language)
    styles = {
        "blocks": block_style(class_breaks(total), missing=missing),
        "polygons": polygon_style(),
    }
    with closing(sqlite3.connect(path)) as file, file:
        file.execute(_STYLES_TABLE)
        file.execute(
            "INSERT INTO gpkg_contents"
            " (table_name, data_type, identifier, description, last_change)"
            " VALUES ('layer_styles', 'attributes', 'layer_styles', '', ?)",
            (_INSTANT,),
        )
        file.executemany(
            "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name,"
            " f_geometry_column, styleName, styleQML, useAsDefault, description, owner,"
            " update_time)"
            " VALUES ('', '', ?, 'geom', ?, ?, 1, '', '', ?)",
            [(layer, layer, style, _INSTANT) for layer, style in styles.items()],
        )
