"""Open one input of a study: its reader, that reader's settings, and what the input needs of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd

from targeting import registry
from targeting.model import LayerSpec, MethodSpec
from targeting.problems import Problem, TargetingError, closest, unknown_name
from targeting.sources.account import Account, layer_name, located
from targeting.sources.depth import reads
from targeting.sources.files import fingerprint, parts
from targeting.sources.layer import Layer

# A file of services may hold none that is a facility, and none of its lines need be a barrier.
MAY_BE_EMPTY = ("facilities", "barriers", "street_axes")
# What a slot needs of its reader: whether it has shapes, and which columns. Incidents may be
# points, or counts of a coarser place.
_NEEDS: dict[str, tuple[tuple[bool, set[str]], ...]] = {
    "blocks": ((True, {"id", "area_id", "municipality_id"}),),
    "areas": ((True, {"id", "municipality_id"}),),
    "census": ((False, set()),),
    "area_table": ((False, set()),),
    "block_table": ((False, set()),),
    "places": ((True, {"id", "level", "name"}),),
    "incidents": ((True, {"kind", "date"}), (False, {"place", "kind", "count"})),
    "facilities": ((True, {"kind", "name"}),),
    "barriers": ((True, {"kind"}),),
    "street_axes": ((True, {"kind", "name"}),),
    "rasters": ((False, {"path", "band", "name", "statistic"}),),
    "population_raster": ((False, {"path", "band"}),),
}


def reader_extras(
    population: MethodSpec | None,
    census_columns: Collection[str] | None,
    municipalities: tuple[str, ...],
) -> dict[str, dict[str, Any]]:
    """Return what the intake tells readers that can use it, unless the study already does."""
    census: dict[str, Any] = {"municipalities": tuple(municipalities)}
    if census_columns is not None:
        counted = set()
        if population is not None and population.use == "census":
            default = registry.settings("population", "census")["column"].default
            counted = {population.settings.get("column", default)}
        census["columns"] = tuple(sorted({*census_columns, *counted}))
    own = {"municipalities": tuple(municipalities)}
    return {"census": census, "blocks": own, "areas": own}


def open_layer(
    spec: LayerSpec, folder: Path, extra: Mapping[str, Any], problems: list[Problem]
) -> Account | None:
    """Return one input as read, or None with its problems listed."""
    where = spec.where or layer_name(spec)
    if spec.reader.use not in registry.names("reader"):
        names = registry.names("reader")
        problems.append(unknown_name(f"{where}.reader", spec.reader.use, names))
        return None
    settings = _settings(spec, extra, where, problems)
    path = folder / spec.file
    if not path.exists():
        problems.append(Problem("missing-file", where, {"given": spec.file}))
        return None
    if settings is None:
        return None
    try:
        layer = registry.method("reader", spec.reader.use)(path, **settings)
        if not _fits(spec.slot, layer):
            values = {"given": spec.reader.use, "slot": spec.slot}
            raise TargetingError([Problem("reader-of-other-input", "reader", values)])
        held = len(layer.data) + sum(len(counts.value) for counts in layer.counts.values())
        if not held and spec.slot not in MAY_BE_EMPTY:
            raise TargetingError([Problem("no-rows-left", "", {"given": spec.file})])
        digest = fingerprint(layer.files or parts(path)) if reads("whole") else ""
        return Account(spec, layer, digest)
    except TargetingError as error:
        problems.extend(located(error, where))
    except OSError as error:
        values = {"given": spec.file, "detail": error.strerror or str(error)}
        problems.append(Problem("unreadable-file", where, values))
    return None


def named_twice(layers: Sequence[LayerSpec], folder: Path) -> list[Problem]:
    """Return the problem of each file a slot names twice, which would count everything twice.

    The same file read in another way (another layer, other rows) is another input.
    """
    seen: dict[tuple[Any, ...], str] = {}
    problems = []
    for spec in layers:
        where = spec.where or layer_name(spec)
        same = (spec.slot, (folder / spec.file).resolve(), repr(spec.reader))
        if same in seen:
            values = {"given": spec.file, "other": seen[same]}
            problems.append(Problem("input-twice", where, values))
        seen.setdefault(same, where)
    return problems


def same_content(accounts: Sequence[Account]) -> list[Problem]:
    """Return the problem of each file that is a copy of another one of its slot."""
    seen: dict[tuple[str, ...], Account] = {}
    problems = []
    for account in accounts:
        if not account.sha256:
            continue
        same = (account.spec.slot, account.sha256, repr(account.spec.reader))
        first = seen.setdefault(same, account)
        if first is not account and first.spec.file != account.spec.file:
            other = first.spec.where or first.name
            problems.append(account.problem("input-twice", other=other))
    return problems


def _fits(slot: str, layer: Layer) -> bool:
    """Tell whether a reader gave what a slot needs."""
    found = isinstance(layer.data, gpd.GeoDataFrame), set(layer.data.columns)
    return any(found[0] == shapes and columns <= found[1] for shapes, columns in _NEEDS[slot])


def _settings(
    spec: LayerSpec, extra: Mapping[str, Any], where: str, problems: list[Problem]
) -> dict[str, Any] | None:
    """Return the reader's settings, or None when the study names one it does not have."""
    known = registry.settings("reader", spec.reader.use)
    given = dict(spec.reader.settings)
    before = len(problems)
    for key in given:
        if key not in known:
            values = {"method": spec.reader.use, "given": key, "hint": closest(key, known) or "–"}
            values["known"] = ", ".join(sorted(known)) or "–"
            problems.append(Problem("unknown-setting", f"{where}.{key}", values))
    for key, parameter in known.items():
        if key not in given and parameter.default is parameter.empty:
            values = {"method": spec.reader.use, "given": key}
            problems.append(Problem("missing-setting", where, values))
    for key, value in extra.items():
        if key in known and not given.get(key):
            given[key] = value
    return given if len(problems) == before else None
