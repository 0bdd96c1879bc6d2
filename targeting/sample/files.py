"""Files in the publishers' formats, with the same bytes every time."""

from __future__ import annotations

import datetime
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

INEGI_PRJ = (
    'PROJCS["MEXICO_ITRF_2008_LCC",GEOGCS["GCS_ITRF_2008",DATUM["D_ITRF_2008",'
    'SPHEROID["GRS_1980",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],'
    'UNIT["Degree",0.0174532925199433]],PROJECTION["Lambert_Conformal_Conic"],'
    'PARAMETER["False_Easting",2500000.0],PARAMETER["False_Northing",0.0],'
    'PARAMETER["Central_Meridian",-102.0],PARAMETER["Standard_Parallel_1",17.5],'
    'PARAMETER["Standard_Parallel_2",29.5],PARAMETER["Latitude_Of_Origin",12.0],'
    'UNIT["Meter",1.0]]'
)
"""As INEGI writes it: no EPSG number, so a reader must know it by its parameters."""

DAY = (2021, 1, 25)
"""Day the files say they were written: a clock would change their bytes."""


def write_shapefile(table: gpd.GeoDataFrame, path: Path) -> list[Path]:
    """Write a shapefile as INEGI does: latin-1, its own projection text.

    Parameters
    ----------
    table : GeoDataFrame
        Columns become fields, in order; coordinates in INEGI's LCC.
    path : Path
        Where; ends in `.shp`.

    Returns
    -------
    list of Path
        The five files.
    """
    import pyogrio

    parts = [path.with_suffix(end) for end in (".shp", ".shx", ".dbf", ".prj", ".cpg")]
    for part in parts:
        part.unlink(missing_ok=True)
    pyogrio.write_dataframe(
        table, path, driver="ESRI Shapefile", encoding="ISO-8859-1", layer_options={"RESIZE": "YES"}
    )
    parts[3].write_text(INEGI_PRJ, encoding="ascii", newline="")
    parts[4].write_text("ISO-8859-1", encoding="ascii", newline="")
    with parts[2].open("r+b") as dbf:
        dbf.seek(1)
        dbf.write(bytes([DAY[0] - 1900, DAY[1], DAY[2]]))
    return parts


def write_geopackage(table: gpd.GeoDataFrame, path: Path, *, layer: str, about: str) -> list[Path]:
    """Write one layer as GeoPackage, without dates of today.

    Parameters
    ----------
    table : GeoDataFrame
        Columns become fields.
    path : Path
        Where; ends in `.gpkg`.
    layer, about : str
        Name of the layer, and what its metadata say about it.

    Returns
    -------
    list of Path
        The file.
    """
    import pyogrio

    path.unlink(missing_ok=True)
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    day = datetime.date(*DAY).isoformat()
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": f"{day}T00:00:00.000Z"})
    try:
        pyogrio.write_dataframe(
            table,
            path,
            layer=layer,
            driver="GPKG",
            dataset_options={"VERSION": "1.3"},
            layer_options={"SPATIAL_INDEX": "NO", "DESCRIPTION": about},
        )
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})
    return [path]


def write_workbook(
    path: Path, *, sheet: str, rows: Iterable[Sequence[object]], about: str
) -> list[Path]:
    """Write an Excel workbook of one sheet, without dates of today.

    Parameters
    ----------
    path : Path
        Where; ends in `.xlsx`.
    sheet : str
        Name of the sheet.
    rows : iterable of sequence
        Cells row by row; text stays text (no formulas), None is an empty cell.
    about : str
        Title and comment in the workbook's properties.

    Returns
    -------
    list of Path
        The file.
    """
    import xlsxwriter

    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        made = datetime.datetime(*DAY, tzinfo=datetime.UTC)
        book.set_properties({"title": about, "comments": about, "created": made})
        page = book.add_worksheet(sheet)
        for number, row in enumerate(rows):
            page.write_row(number, 0, row)
    return [path]


def write_grid(
    grid: np.ndarray,
    path: Path,
    *,
    crs: str,
    corner: tuple[float, float],
    cell: float,
    nodata: float,
    about: str,
) -> list[Path]:
    """Write one band as GeoTIFF.

    Parameters
    ----------
    grid : ndarray
        Values, north at the top; their type is that of the file.
    path : Path
        Where; ends in `.tif`.
    crs : str
        Coordinate system.
    corner : tuple of float
        West and north edge, in units of the system.
    cell : float
        Side of a cell, in units of the system.
    nodata : float
        Value of cells without data.
    about : str
        Description of the band.

    Returns
    -------
    list of Path
        The file.
    """
    import rasterio
    from rasterio.transform import from_origin

    path.unlink(missing_ok=True)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=grid.shape[1],
        height=grid.shape[0],
        count=1,
        dtype=str(grid.dtype),
        nodata=nodata,
        crs=crs,
        transform=from_origin(*corner, cell, cell),
        compress="lzw",
    ) as out:
        out.write(grid, 1)
        if about:
            out.set_band_description(1, about)
    return [path]


def write_table(
    table: pd.DataFrame, path: Path, *, encoding: str = "utf-8", separator: str = ","
) -> list[Path]:
    """Write a CSV with plain line ends; missing cells are empty."""
    with path.open("w", encoding=encoding, newline="") as out:
        table.to_csv(out, index=False, sep=separator, lineterminator="\n")
    return [path]


def write_zip(path: Path, members: Mapping[str, Iterator[bytes]]) -> list[Path]:
    """Write a zip whose members come in pieces, without dates of today."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as out:
        for name, pieces in members.items():
            member = zipfile.ZipInfo(name, date_time=(*DAY, 0, 0, 0))
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system = 3
            member.external_attr = 0o644 << 16
            with out.open(member, "w", force_zip64=True) as held:
                for piece in pieces:
                    held.write(piece)
    return [path]


def write_note(path: Path, text: str) -> list[Path]:
    """Write a LEEME text."""
    path.write_text(text, encoding="utf-8", newline="\n")
    return [path]
