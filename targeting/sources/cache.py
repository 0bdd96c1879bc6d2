"""Keep the intake of a study, and find it again when not a byte of its inputs has changed.

What is kept holds single incidents and masked counts: it lies in the user's own cache folder,
readable by nobody else, and never beside the results.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from pyproj import CRS

from targeting.model import Counts, IntakeReport, LayerReport, LayerSpec, Loss, Territory
from targeting.sources.files import fingerprint, parts
from targeting.sources.territory import read_territory

KEPT_MAX = 6
_INDEX = "index.json"
_LIBRARIES = ("geopandas", "pandas", "numpy", "pyproj", "shapely", "pyogrio", "rasterio")
# Rooms the intake does not run through.
_APART = ("render", "sample", "composite", "delineation", "characterization", "locale")


def kept_territory(
    layers: Sequence[LayerSpec], folder: Path, kept: Path, **settings: Any
) -> tuple[Territory, bool]:
    """Read the inputs of a study, or take what an earlier run made of the same bytes.

    Parameters
    ----------
    layers : sequence of LayerSpec
        The inputs.
    folder : Path
        Folder their paths start from.
    kept : Path
        Folder of what is kept; made when it does not exist.
    **settings
        As for `read_territory`.

    Returns
    -------
    territory : Territory
        Equal either way.
    found : bool
        It was taken from an earlier run.

    Raises
    ------
    TargetingError
        As `read_territory`. An intake with problems is never kept.
    """
    name = intake_key(layers, folder, settings)
    place = kept / name if name else None
    if place is not None:
        territory = _recall(place)
        if territory is not None:
            return territory, True
    territory = read_territory(layers, folder, **settings)
    # A file may have changed while it was being read.
    if place is not None and intake_key(layers, folder, settings) == name:
        _keep(territory, place)
    return territory, False


def intake_key(
    layers: Sequence[LayerSpec], folder: Path, settings: Mapping[str, Any]
) -> str | None:
    """Return a name for everything an intake depends on: files, settings, program, libraries.

    Returns
    -------
    str or None
        None when a file is not there: such an intake has nothing to keep.
    """
    inputs = []
    for layer in layers:
        path = folder / layer.file
        files = parts(path) if path.exists() else ()
        if not files:
            return None
        try:
            inputs.append([_plain(layer), fingerprint(files)])
        except OSError:
            return None
    record = {"program": _program(), "inputs": inputs, "settings": _plain(dict(settings))}
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()[:40]


@cache
def _program() -> list[str]:
    """Return the fingerprint of the code an intake runs through, and its libraries' versions."""
    root = resources.files("targeting")
    with resources.as_file(root) as folder:
        digest = hashlib.sha256()
        for path in sorted(folder.rglob("*")):
            inside = path.relative_to(folder)
            if path.suffix in (".py", ".yaml") and inside.parts[0] not in _APART:
                digest.update(inside.as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    versions = [f"{name} {metadata.version(name)}" for name in _LIBRARIES]
    return [digest.hexdigest(), *versions, f"geos {shapely.geos_version_string}"]


def _plain(value: Any) -> Any:
    """Return a value as JSON knows it."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list, set, frozenset)):
        return [_plain(item) for item in (sorted(value) if isinstance(value, set) else value)]
    return value.item() if hasattr(value, "item") else value


def _keep(territory: Territory, place: Path) -> None:
    """Write a territory under a temporary name, then give it its own; no matter when it fails."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=place.parent))
    except OSError:
        return
    try:
        _write(territory, draft)
        if not place.exists():
            draft.rename(place)
        _forget(place.parent)
    except (OSError, ValueError, TypeError):
        pass
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _write(territory: Territory, folder: Path) -> None:
    record: dict[str, Any] = {}
    for field in dataclasses.fields(territory):
        value = getattr(territory, field.name)
        if isinstance(value, CRS):
            record[field.name] = {"crs": value.to_wkt()}
        elif isinstance(value, IntakeReport):
            record[field.name] = {"intake": _plain(value)}
        elif isinstance(value, Counts):
            for part in ("value", "low", "high"):
                _write_frame(getattr(value, part), folder / f"{field.name}-{part}")
            record[field.name] = {"counts": field.name}
        elif isinstance(value, pd.Series):
            _write_frame(value.to_frame("held"), folder / field.name)
            record[field.name] = {"series": field.name, "name": value.name}
        elif isinstance(value, pd.DataFrame):
            _write_frame(value, folder / field.name)
            record[field.name] = {"frame": field.name}
        else:
            record[field.name] = {"plain": value}
    digests = {path.name: fingerprint([path]) for path in sorted(folder.iterdir())}
    text = json.dumps({"fields": record, "files": digests})
    (folder / _INDEX).write_text(text, encoding="utf-8")


def _write_frame(frame: pd.DataFrame, path: Path) -> None:
    columns = {"columns": list(frame.columns)} if not len(frame.columns) else {}
    if columns:
        frame = frame.assign(nothing=0)
    frame.to_parquet(path.with_suffix(".parquet"), compression="zstd")


def _recall(place: Path) -> Territory | None:
    """Return what is kept there, or None when there is nothing, or it is not what was written."""
    try:
        index = json.loads((place / _INDEX).read_text(encoding="utf-8"))
        for name, digest in index["files"].items():
            if fingerprint([place / name]) != digest:
                return None
        fields = {name: _taken(held, place) for name, held in index["fields"].items()}
        territory = Territory(**fields)
        os.utime(place)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return territory


def _taken(held: Mapping[str, Any], place: Path) -> Any:
    ((kind, value), *_) = held.items()
    if kind == "crs":
        return CRS.from_wkt(value)
    if kind == "intake":
        layers = [
            LayerReport(**{**layer, "losses": tuple(_loss(loss) for loss in layer["losses"])})
            for layer in value["layers"]
        ]
        return IntakeReport(**{**value, "layers": tuple(layers)})
    if kind == "counts":
        return Counts(*(_read_frame(place / f"{value}-{p}") for p in ("value", "low", "high")))
    if kind == "series":
        return _read_frame(place / value)["held"].rename(held["name"])
    return _read_frame(place / value) if kind == "frame" else value


def _loss(record: Mapping[str, Any]) -> Loss:
    return Loss(**{**record, "examples": tuple(record["examples"])})


def _read_frame(path: Path) -> pd.DataFrame:
    file = path.with_suffix(".parquet")
    import pyarrow.parquet as pa_parquet

    has_shapes = b"geo" in (pa_parquet.read_schema(file).metadata or {})
    frame = gpd.read_parquet(file) if has_shapes else pd.read_parquet(file)
    return frame.drop(columns="nothing", errors="ignore")


def _forget(folder: Path) -> None:
    """Remove the intakes used longest ago."""
    kept = [path for path in folder.iterdir() if (path / _INDEX).is_file()]
    kept.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in kept[KEPT_MAX:]:
        shutil.rmtree(path, ignore_errors=True)
