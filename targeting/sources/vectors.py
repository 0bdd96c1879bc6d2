"""Vector files of any format: polygons and lines under the engine's names."""

from __future__ import annotations

import codecs
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from targeting.model import Loss
from targeting.problems import Problem, TargetingError, closest
from targeting.registry import register
from targeting.sources.depth import HEAD_ROWS, reads
from targeting.sources.files import VECTOR, Member, file_format, require_format, unreadable
from targeting.sources.layer import (
    Layer,
    content_ranks,
    drop,
    repeats,
    require_columns,
)
from targeting.sources.stated_crs import as_written, registered
from targeting.sources.text import clean_keys
from targeting.spatial import recognize_crs


@dataclass(frozen=True)
class VectorTable:
    """A vector layer as the file has it.

    Parameters
    ----------
    frame : GeoDataFrame
        The file's columns and `geometry`; the index counts the rows from 1.
    crs_in, encoding : str
        As found.
    """

    frame: gpd.GeoDataFrame
    crs_in: str
    encoding: str

    @property
    def rows_read(self) -> int:
        """Features in the file."""
        return len(self.frame)


def read_vector(
    source: Path | Member,
    *,
    layer: str | None = None,
    crs: str | None = None,
    encoding: str | None = None,
    where: str | None = None,
) -> VectorTable:
    """Read a vector layer.

    Parameters
    ----------
    source : Path or Member
        GeoPackage, shapefile, FlatGeobuf, GeoJSON, KML, GeoParquet; a shapefile may lie in a zip.
    layer : str, optional
        Layer of a file that has several. Default: the first.
    crs : str, optional
        Coordinate system, when the file does not say or says it wrong.
    encoding : str, optional
        Of a shapefile's texts, when it does not say. Default: Windows-1252.
    where : str, optional
        Condition in SQL that the rows must meet; GeoParquet is read whole.

    Returns
    -------
    VectorTable

    Raises
    ------
    TargetingError
        `missing-file`, `empty-file`, `wrong-format`, `unreadable-file`, `unknown-layer`, `no-crs`,
        `unknown-crs`, `coordinates-not-of-crs` or `empty-layer`.
    """
    member = source if isinstance(source, Member) else Member(source)
    path = member.container
    found = require_format(path, *VECTOR)
    frame, used = _read(member, found, layer, encoding, where)
    stated = frame.crs
    if crs is not None:
        frame = frame.set_crs(recognize_crs(crs), allow_override=True)
    elif stated is None:
        raise TargetingError([Problem("no-crs", "", {"given": path.name})])
    else:
        frame = frame.set_crs(recognize_crs(stated), allow_override=True)
    if not len(frame):
        raise TargetingError([Problem("empty-layer", "", {"given": path.name})])
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    refuse_other_coordinates(frame, path)
    return VectorTable(frame, _crs_name(stated), used)


def refuse_other_coordinates(frame: gpd.GeoDataFrame, path: Path) -> None:
    """Refuse a layer whose shapes cannot lie where its coordinate system says.

    Of degrees none may be possible; degrees in the place of meters are told by most of them lying
    where the projected system is used (a few may be 0, or of elsewhere).
    """
    bounds = shapely.bounds(np.asarray(frame.geometry.array, dtype=object))
    bounds = bounds[np.isfinite(bounds).all(axis=1)]
    if not len(bounds):
        return
    if frame.crs.is_geographic:
        wrong = bool((np.abs(bounds) > [360, 90, 360, 90]).any(axis=1).all())
    else:
        use = frame.crs.area_of_use
        wrong = use is not None and bool(
            np.mean(
                (bounds >= [use.west - 1, use.south - 1] * 2).all(axis=1)
                & (bounds <= [use.east + 1, use.north + 1] * 2).all(axis=1)
            )
            > 0.5
        )
    if wrong:
        example = ", ".join(f"{value:g}" for value in bounds[0, :2])
        values = {"given": path.name, "found": frame.crs.name, "example": example}
        raise TargetingError([Problem("coordinates-not-of-crs", "crs", values)])


def _read(
    member: Member,
    found: str,
    layer: str | None,
    encoding: str | None,
    where: str | None,
) -> tuple[gpd.GeoDataFrame, str]:
    path = member.container
    used = encoding or ""
    try:
        if found == "Parquet":
            with np.errstate(invalid="ignore"):
                frame = gpd.read_parquet(path)
            return _named(frame), ""
        if path.suffix.lower() in (".csv", ".tsv"):  # GDAL goes by the name
            raise _wrong(path, found, "expected.own-ending")
        options: dict[str, Any] = {"max_features": HEAD_ROWS} if reads("head") else {}
        if reads("keys"):
            options["read_geometry"] = False
        if where is not None:
            options["where"] = where
        if layer is not None:
            names = layer_names(member)
            if layer not in names:
                values = {"given": layer, "hint": closest(layer, names) or "–"}
                values["known"] = ", ".join(names)
                raise TargetingError([Problem("unknown-layer", "layer", values)])
            options["layer"] = layer
        if found == "Shapefile" and not used and not path.with_suffix(".cpg").exists():
            used = "cp1252"
        try:
            frame = _read_dataframe(member.source, used, options)
        except UnicodeDecodeError:
            if encoding is not None or used == "cp1252":
                raise
            used = "cp1252"  # the file says UTF-8 and is not
            frame = _read_dataframe(member.source, used, options)
    except TargetingError:
        raise
    except Exception as error:  # the libraries raise their own kinds for every broken file
        raise unreadable(path, error) from error
    if reads("keys"):
        stated = layer_info(member, layer)["crs"]
        frame = gpd.GeoDataFrame(frame, geometry=[None] * len(frame), crs=stated)
    if not isinstance(frame, gpd.GeoDataFrame):
        raise _wrong(path, "expected.no-shapes", "expected.shapes")
    return _named(frame), used


def _wrong(path: Path, found: str, expected: str) -> TargetingError:
    values = {"given": path.name, "found": found, "expected": expected}
    return TargetingError([Problem("wrong-format", "", values)])


def _read_dataframe(source: str, encoding: str, options: dict[str, Any]) -> Any:
    if encoding:
        plain = codecs.lookup(encoding).name
        options = options | {"encoding": plain.upper().replace("ISO8859", "ISO-8859")}
    with _quiet():
        with as_written():
            frame = pyogrio.read_dataframe(source, force_2d=True, **options)
        if not isinstance(frame, gpd.GeoDataFrame) or frame.crs is None:
            return frame
        return frame.set_crs(
            registered(frame.crs.srs, source, options.get("layer")), allow_override=True
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the libraries' warnings back: what is wrong with a file comes out as a problem."""
    with np.errstate(invalid="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        yield


def layer_names(member: Member) -> list[str]:
    """Return the names of the layers in a vector file; none when it cannot be opened."""
    if file_format(member.container) not in VECTOR:
        return []
    try:
        with _quiet():
            return [str(name) for name in pyogrio.list_layers(member.source)[:, 0]]
    except Exception:  # noqa: BLE001 (what is wrong comes out when it is read)
        return []


def layer_info(member: Member, layer: str | None = None) -> dict[str, Any]:
    """Return what a vector file says of itself; nothing when it cannot be opened.

    Returns
    -------
    dict
        `crs`, `fields`, `dtypes`, `features` (counted).
    """
    if file_format(member.container) not in VECTOR:
        return {}
    try:
        with _quiet():
            with as_written():
                info = pyogrio.read_info(member.source, layer=layer, force_feature_count=True)
            return dict(info, crs=registered(info["crs"], member.source, layer))
    except Exception:  # noqa: BLE001 (what is wrong comes out when it is read)
        return {}


def _named(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return frame if frame.geometry.name == "geometry" else frame.rename_geometry("geometry")


def _crs_name(crs: Any) -> str:
    """Return the name a file gives its coordinates, and the code it was recognized as."""
    if crs is None:
        return ""
    code = recognize_crs(crs).to_epsg()
    if code is None:
        return str(crs.name)
    return f"EPSG:{code}" if crs == recognize_crs(crs) else f"{crs.name} (EPSG:{code})"


def keep_shapes(
    frame: gpd.GeoDataFrame, kind: str, losses: list[Loss], *, of: int
) -> tuple[gpd.GeoDataFrame, int]:
    """Return rows whose geometry can be used, valid, and how many were repaired.

    Parameters
    ----------
    frame : GeoDataFrame
    kind : str
        `"polygon"`, `"line"` or `"point"`.
    losses : list of Loss
        Gets `no-geometry` and `wrong-geometry`.
    of : int
        Rows read.

    Examples
    --------
    >>> bow = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    >>> keep_shapes(gpd.GeoDataFrame(geometry=[bow]), "polygon", [], of=1)[1]
    1
    """
    if reads("keys"):
        return frame, 0
    shapes = np.asarray(frame.geometry.array, dtype=object)
    there = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    coordinates, owner = shapely.get_coordinates(shapes, return_index=True)
    there[owner[~np.isfinite(coordinates).all(axis=1)]] = False
    frame = drop(frame, ~there, "no-geometry", losses, of=of)
    shapes = np.asarray(frame.geometry.array, dtype=object)
    broken = ~shapely.is_valid(shapes)
    if broken.any():
        shapes = shapes.copy()
        shapes[broken] = shapely.make_valid(shapes[broken])
        mixed = shapely.get_type_id(shapes) == shapely.GeometryType.GEOMETRYCOLLECTION
        shapes[mixed] = [_polygons(shape) for shape in shapes[mixed]]
        frame = frame.set_geometry(gpd.array.from_shapely(shapes, crs=frame.crs))
    dimension = {"point": 0, "line": 1, "polygon": 2}[kind]
    other = shapely.get_dimensions(shapes) != dimension
    frame = drop(frame, other, "wrong-geometry", losses, of=of)
    return frame, int(broken.sum())


def _polygons(collection: shapely.Geometry) -> shapely.Geometry:
    pieces = shapely.get_parts(collection)
    flat = [p for piece in pieces for p in shapely.get_parts(piece)]
    return shapely.union_all([p for p in flat if p.geom_type == "Polygon"] or [collection])


@register("reader")
def polygons(
    path: Path,
    *,
    id: str,
    area_id: str | None = None,
    municipality_id: str | None = None,
    population: str | None = None,
    id_width: int | None = None,
    layer: str | None = None,
    crs: str | None = None,
    encoding: str | None = None,
) -> Layer:
    """Read blocks or areas of any country from any vector file.

    Parameters
    ----------
    path : Path
        GeoPackage, shapefile, FlatGeobuf, GeoJSON, KML or GeoParquet.
    id : str
        Column of the id of a block; of an area, when the layer holds areas.
    area_id : str, optional
        Column of the id of the area a block is in. Default: found by position.
    municipality_id : str, optional
        Column of the municipality's code.
    population : str, optional
        Column of the number of people.
    id_width : int, optional
        Characters of a whole id; shorter all-digit ids get their zeros back.
    layer : str, optional
        Layer of a file that has several.
    crs : str, optional
        Coordinate system, when the file does not say.
    encoding : str, optional
        Of a shapefile's texts.

    Returns
    -------
    Layer
        The file's columns, with `id`, `area_id`, `municipality_id`, `population` and `geometry`.

    Raises
    ------
    TargetingError
        `missing-column` and what `read_vector` raises.
    """
    read = read_vector(path, layer=layer, crs=crs, encoding=encoding)
    wanted = {
        "id": id,
        "area_id": area_id,
        "municipality_id": municipality_id,
        "population": population,
    }
    require_columns(read.frame.columns, wanted)
    frame = read.frame.copy()
    keys, padded = clean_keys(read.frame[id], id_width)
    frame["id"] = keys
    for name in ("area_id", "municipality_id"):
        column = wanted[name]
        frame[name] = clean_keys(read.frame[column])[0] if column else None
        frame[name] = frame[name].astype("str")
    if population is not None:
        frame["population"] = pd.to_numeric(read.frame[population], errors="coerce").astype(float)
    return polygon_layer(read, frame, notes={"keys_padded": padded} if padded else {})


def polygon_layer(
    read: VectorTable,
    frame: gpd.GeoDataFrame,
    *,
    notes: Mapping[str, Any],
    losses: Sequence[Loss] = (),
    files: tuple[Path, ...] = (),
) -> Layer:
    """Return a layer of polygons, each id once: of several the largest shape stays."""
    fallen = list(losses)
    of = read.rows_read
    frame = drop(frame, frame["id"].isna(), "no-key", fallen, of=of)
    frame, repaired = keep_shapes(frame, "polygon", fallen, of=of)
    if frame["id"].duplicated().any():
        shapes = np.asarray(frame.geometry.array, dtype=object)
        cells = pd.DataFrame(frame.drop(columns="geometry"))
        content = content_ranks(cells.assign(shape=shapely.to_wkb(shapes, hex=True)))
        order = np.lexsort((content, -shapely.area(shapes)))
        frame = frame.iloc[order]
        differs = repeats(frame["id"], content[order])[1]
        again = frame["id"].duplicated().to_numpy()
        same, other = again & ~differs, again & differs
        frame = drop(frame, same, "duplicate-key", fallen, of=of, label="id")
        frame = drop(frame, other[~same], "duplicate-shape-differs", fallen, of=of, label="id")
    frame = frame.sort_values("id", kind="stable").reset_index(drop=True)
    told = dict(notes) | ({"repaired_geometries": repaired} if repaired else {})
    return Layer(frame, of, tuple(fallen), read.crs_in, read.encoding, told, files=files)
