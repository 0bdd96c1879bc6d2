"""The inputs of a study file: which file fills which slot, and by which reader."""

from __future__ import annotations

from typing import Any

from targeting.model import LayerSpec
from targeting.problems import Problem
from targeting.settings import checked, method_spec, shown
from targeting.study_file.reading import Reading, Share

SLOTS = (
    "blocks",
    "areas",
    "census",
    "area_table",
    "block_table",
    "places",
    "incidents",
    "facilities",
    "barriers",
    "street_axes",
    "rasters",
    "population_raster",
)
ONE_FILE = ("blocks", "areas", "census", "population_raster")
SEVERAL = tuple(slot for slot in SLOTS if slot not in ONE_FILE)


def read_inputs(reading: Reading) -> tuple[LayerSpec, ...]:
    """Return the inputs that can be read, in the order of their slots."""
    section = reading.section("inputs")
    reading.known(section, SLOTS, "inputs")
    if "blocks" not in section:
        reading.problems.append(Problem("missing-key", "inputs.blocks"))
    layers = []
    for slot in SLOTS:
        if slot not in section:
            continue
        several = isinstance(section[slot], list) and slot in SEVERAL
        records = section[slot] if several else [section[slot]]
        for position, record in enumerate(records):
            where = f"inputs.{slot}[{position}]" if several else f"inputs.{slot}"
            layers.append(_layer(reading, slot, where, record))
    return tuple(layer for layer in layers if layer is not None)


def _layer(reading: Reading, slot: str, where: str, record: Any) -> LayerSpec | None:
    if not isinstance(record, dict):
        reading.wrong_type(where, record, "expected.mapping")
        return None
    problems = reading.problems
    before = len(problems)
    for key in ("file", "reader"):
        if key not in record:
            problems.append(Problem("missing-key", f"{where}.{key}"))
    texts = {key: record[key] for key in ("file", "source", "year") if key in record}
    own = {"match_min": record["match_min"]} if "match_min" in record else {}
    for key, share in own.items():
        own[key] = checked(Share, share, f"{where}.{key}", problems)
    for key, text in texts.items():
        if isinstance(text, bool) or not isinstance(text, (str, int)):
            reading.wrong_type(f"{where}.{key}", text, "expected.text")
    reader = None
    if isinstance(record.get("reader"), str):
        rest = {k: v for k, v in record.items() if k not in ("file", "reader", *texts, *own)}
        reader = method_spec("reader", {"use": record["reader"], **rest}, where, problems)
    if reader is None or len(problems) > before:
        return None
    words: dict[str, Any] = {key: shown(text) for key, text in texts.items()}
    return LayerSpec(slot=slot, where=where, reader=reader, **words, **own)
