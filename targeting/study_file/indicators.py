"""The indicators a study file names: the catalogue's or its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from targeting.catalogue import catalogue
from targeting.facility_kinds import facility_kinds
from targeting.incident_kinds import kinds_given
from targeting.model import Indicator, LayerSpec, MethodSpec
from targeting.problems import Problem, unknown_name
from targeting.settings import method_spec
from targeting.study_file.reading import Reading

_REQUIRED = ("name", "dimension", "unit", "worse", "from", "measure")
_RECORD = (*_REQUIRED, "reader", "source", "year")


def read_indicator(
    reading: Reading, key: str, dimension: str, where: str, layers: Sequence[LayerSpec]
) -> Indicator | None:
    """Return an indicator the weights name at `where`; None when it is mistaken."""
    own, known = reading.section("indicators"), catalogue()
    if key not in known and key not in own:
        reading.problems.append(unknown_name(where, key, [*known, *own]))
        return None
    record: dict[str, Any] = dict(known.get(key, {}))
    if key in own:
        if not isinstance(own[key], dict):
            reading.wrong_type(f"indicators.{key}", own[key], "expected.mapping")
            return None
        reading.known(own[key], _RECORD, f"indicators.{key}")
        record.update(own[key])
    missing = [k for k in _REQUIRED if k not in record]
    for absent in missing:
        reading.problems.append(Problem("missing-key", f"indicators.{key}.{absent}"))
    if missing:
        return None
    if record["dimension"] != dimension:
        values = {"given": key, "expected": record["dimension"]}
        reading.problems.append(Problem("wrong-dimension", where, values))
        return None
    place = f"indicators.{key}.measure"
    measure = method_spec("measure", record["measure"], place, reading.problems)
    layer = _layer_of(reading, key, record, measure, where, layers)
    if measure is None or layer is None:
        return None
    _check_kinds(reading, measure, layer, f"{place}.kinds", layers)
    return _made(reading, key, record, measure, layer)


def _made(
    reading: Reading, key: str, record: Mapping[str, Any], measure: MethodSpec, layer: LayerSpec
) -> Indicator | None:
    try:
        return Indicator(
            key=key,
            names=record["name"],
            unit=record["unit"],
            worse=record["worse"],
            dimension=record["dimension"],
            measure=measure.use,
            settings=measure.settings,
            source=str(record.get("source", layer.source)),
            year=str(record.get("year", layer.year)),
        )
    except ValueError as error:
        values = {"given": key, "expected": str(error)}
        reading.problems.append(Problem("wrong-type", f"indicators.{key}", values))
        return None


def _layer_of(
    reading: Reading,
    key: str,
    record: Mapping[str, Any],
    measure: MethodSpec | None,
    where: str,
    layers: Sequence[LayerSpec],
) -> LayerSpec | None:
    """Return the input that fills an indicator: by its slot, its reader, its raster's name."""
    slot, reader, named = record["from"], record.get("reader"), None
    if slot == "rasters" and measure is not None:
        named = measure.settings.get("column")
    given = reading.section("inputs").get(slot)
    records = given if isinstance(given, list) else [given]

    def fits(use: Any, name: Any) -> bool:
        # The generic reader may hold any table.
        return (reader is None or use in (reader, "table")) and named in (None, name)

    told = [one for one in records if isinstance(one, dict)]
    if not any(fits(one.get("reader"), one.get("name")) for one in told):
        extra = {"reader": reader, "name": named}
        more = ", ".join(f"{k}: {v}" for k, v in extra.items() if v is not None)
        values = {"given": key, "slot": f"{slot} ({more})" if more else slot}
        reading.problems.append(Problem("indicator-without-layer", where, values))
    found = [
        one
        for one in layers
        if one.slot == slot and fits(one.reader.use, one.reader.settings.get("name"))
    ]
    return next(iter(sorted(found, key=lambda one: one.reader.use != reader)), None)


def _check_kinds(
    reading: Reading,
    measure: MethodSpec,
    layer: LayerSpec,
    where: str,
    layers: Sequence[LayerSpec],
) -> None:
    """Hold the kinds an indicator names to those its layer can give."""
    known: Mapping[str, Any] = facility_kinds()
    if layer.slot != "facilities":
        known = kinds_given([one.reader.settings for one in layers if one.slot == layer.slot])
    for kind in measure.settings.get("kinds", ()) if known else ():
        if kind not in known:
            reading.problems.append(unknown_name(where, kind, known))
        elif layer.slot == "facilities" and known[kind].sensitive:
            reading.problems.append(Problem("sensitive-kind", where, {"given": kind}))
