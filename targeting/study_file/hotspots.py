"""The tests of hot spots and the hold-out a study file asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any

from annotated_types import Ge, Le

from targeting import registry
from targeting.incident_kinds import incident_kinds, kinds_given
from targeting.model import HoldOutSpec, HotSpotSpec, Indicator, LayerSpec, MethodSpec
from targeting.problems import Problem, unknown_name
from targeting.settings import checked, shown
from targeting.study import plain
from targeting.study_file.reading import Reading

SCORE = "score"
FAMILIES = ("hotspot", "scan")
_HOLD_OUT = ("from", "kinds", "against", "draws")
# A longer name says less than the table does.
_KINDS_IN_KEY = 2


def read_hotspots(
    reading: Reading,
    indicators: Sequence[Indicator],
    layers: Sequence[LayerSpec],
    seed: int | None,
) -> tuple[HotSpotSpec, ...]:
    """Return the tests of hot spots a study asks for, in its order.

    Parameters
    ----------
    reading : Reading
        The study file.
    indicators : sequence of Indicator
        Those of the study: a test may look at one, at its dimension, or at the score.
    layers : sequence of LayerSpec
        Inputs; a scan needs incidents.
    seed : int or None
        The study's: of a test that is given none.
    """
    listed = reading.raw.get("hotspots")
    if listed is None:
        return ()
    if not isinstance(listed, list):
        reading.wrong_type("hotspots", listed, "expected.list")
        return ()
    found: list[HotSpotSpec] = []
    for position, raw in enumerate(listed):
        where = f"hotspots[{position}]"
        given = raw if isinstance(raw, dict) else {"use": raw}
        kind = _family(reading, given, where)
        if kind is None:
            continue
        looks_at = "of" if kind == "hotspot" else "kinds"
        rest = {key: value for key, value in given.items() if key != looks_at}
        method = _seeded(reading, kind, rest, seed, where)
        if kind == "hotspot":
            of = _of(reading, given.get("of", SCORE), indicators, f"{where}.of")
            spec = HotSpotSpec("", kind, method, of=of)
        else:
            kinds = _kinds(reading, given.get("kinds", []), layers, where)
            spec = HotSpotSpec("", kind, method, kinds=kinds)
        found.append(spec)
    return _keyed(found)


def read_hold_out(
    reading: Reading,
    delineation: MethodSpec,
    layers: Sequence[LayerSpec],
    seed: int | None,
) -> HoldOutSpec | None:
    """Return which incidents a plan made without them is held to; None where none is asked for.

    Parameters
    ----------
    reading : Reading
        The study file.
    delineation : MethodSpec
        The study's own: a method it is held against takes the same bounds unless told otherwise.
    layers, seed
        As in `read_hotspots`.
    """
    if reading.raw.get("hold_out") is None:
        return None
    section = reading.section("hold_out")
    if not isinstance(reading.raw["hold_out"], dict):
        return None
    reading.known(section, _HOLD_OUT, "hold_out")
    start = section.get("from")
    if start is None:
        reading.problems.append(Problem("missing-key", "hold_out.from"))
    elif not _is_day(start):
        values = {"given": shown(start)}
        reading.problems.append(Problem("not-a-date", "hold_out.from", values))
    kinds = _kinds(reading, section.get("kinds", []), layers, "hold_out")
    against = section.get("against", [])
    against = against if isinstance(against, list) else [against]
    named: dict[str, MethodSpec] = {}
    for position, raw in enumerate(against):
        given = dict(raw) if isinstance(raw, dict) else {"use": raw}
        where = f"hold_out.against[{position}]"
        spec = _seeded(reading, "delineator", given, seed, where, like=delineation.settings)
        named[_free(spec.use, named)] = spec
    draws = reading.take(section, "draws", Annotated[int, Ge(0), Le(100_000)], 999)
    return HoldOutSpec(str(start), kinds, named, draws)


def _family(reading: Reading, given: Mapping[str, Any], where: str) -> str | None:
    """Return the kind of method a test is; None, told, where there is none of that name."""
    use = given.get("use")
    if not isinstance(use, str):
        reading.wrong_type(where, use if "use" in given else given, "expected.method")
        return None
    for kind in FAMILIES:
        if use in registry.names(kind):
            return kind
    known = [name for kind in FAMILIES for name in registry.names(kind)]
    reading.problems.append(unknown_name(where, use, known))
    return None


def _seeded(
    reading: Reading,
    kind: str,
    given: Mapping[str, Any],
    seed: int | None,
    where: str,
    like: Mapping[str, Any] | None = None,
) -> MethodSpec:
    """Return a method; what it is not given is taken from another one's settings, and the seed."""
    use = given.get("use")
    filled = dict(given)
    if isinstance(use, str) and use in registry.names(kind):
        takes = registry.settings(kind, use)
        before = {**(like or {}), **({} if seed is None else {"seed": int(seed)})}
        # Settings are checked as if they stood in the file.
        filled = {key: plain(before[key]) for key in takes if key in before} | filled
    return reading.method(kind, filled, where)


def _of(reading: Reading, given: Any, indicators: Sequence[Indicator], where: str) -> str:
    dimensions = dict.fromkeys(one.dimension for one in indicators)
    known = [SCORE, *dimensions, *(one.key for one in indicators)]
    if not isinstance(given, str):
        reading.wrong_type(where, given, "expected.text")
    elif given not in known:
        reading.problems.append(unknown_name(where, given, known))
    return str(given)


def _kinds(
    reading: Reading, given: Any, layers: Sequence[LayerSpec], where: str
) -> tuple[str, ...]:
    """Return the kinds of incidents to count, held to those the inputs can give."""
    if "incidents" not in reading.section("inputs"):
        reading.problems.append(Problem("no-incidents-input", where))
    kinds = checked(tuple[str, ...], given, f"{where}.kinds", reading.problems) or ()
    known = kinds_given([one.reader.settings for one in layers if one.slot == "incidents"])
    for kind in kinds if known else ():
        if kind not in known:
            reading.problems.append(unknown_name(f"{where}.kinds", kind, known))
    return tuple(dict.fromkeys(kinds))


def _keyed(found: Sequence[HotSpotSpec]) -> tuple[HotSpotSpec, ...]:
    """Return the tests with a name each, told apart by what they look at, then by number."""
    keyed: dict[str, HotSpotSpec] = {}
    for spec in found:
        few = 0 < len(spec.kinds) <= _KINDS_IN_KEY and set(spec.kinds) <= set(incident_kinds())
        what = spec.of or ("_".join(spec.kinds) if few else "incidents")
        key = _free(f"{spec.method.use}_{what}", keyed)
        keyed[key] = HotSpotSpec(key, spec.kind, spec.method, spec.of, spec.kinds)
    return tuple(keyed.values())


def _free(name: str, taken: Mapping[str, Any]) -> str:
    """Return the name, with a number where it is taken.

    Examples
    --------
    >>> _free("ward", {}), _free("ward", {"ward": 1})
    ('ward', 'ward_2')
    """
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free


def _is_day(given: Any) -> bool:
    try:
        date.fromisoformat(given)
    except (TypeError, ValueError):
        return False
    return len(given) == len("2023-01-31")
