"""What a study says of its page: the weightings it has a plan ready for."""

from __future__ import annotations

from typing import Any

from targeting.model import Node
from targeting.model.weighed import Weighting
from targeting.problems import Problem
from targeting.settings import checked, shown
from targeting.study_file.reading import Reading

PAGE_KEYS = ("weightings",)
# Each is a delineation more, and a column more in the page.
WEIGHTINGS_MAX = 24


def read_weightings(reading: Reading, weights: Node) -> tuple[Weighting, ...] | None:
    """Return the weightings a study lists; none for 0, None for `auto`."""
    section = reading.section("page")
    reading.known(section, PAGE_KEYS, "page")
    given = section.get("weightings", "auto")
    if given == "auto" or given is None:
        return None
    if not isinstance(given, bool) and given == 0:
        return ()
    if not isinstance(given, list):
        reading.wrong_type("page.weightings", given, "expected.weightings")
        return ()
    if len(given) > WEIGHTINGS_MAX:
        values = {"given": len(given), "expected": f"≤ {WEIGHTINGS_MAX}"}
        reading.problems.append(Problem("out-of-range", "page.weightings", values))
    known = tuple(child.key for child in weights.children)
    found = [
        _weighting(reading, one, known, f"page.weightings[{position}]")
        for position, one in enumerate(given)
    ]
    return tuple(one for one in found if one is not None)


def _weighting(
    reading: Reading, given: Any, known: tuple[str, ...], where: str
) -> Weighting | None:
    """Return one weighting; a dimension it does not name weighs nothing."""
    if not isinstance(given, dict):
        reading.wrong_type(where, given, "expected.mapping")
        return None
    reading.known(given, known, where)
    shares: dict[str, float] = dict.fromkeys(known, 0.0)
    told = len(reading.problems)
    for key in known:
        if key not in given:
            continue
        place = f"{where}.{key}"
        share = checked(float, given[key], place, reading.problems)
        if share is not None and share < 0:
            values = {"given": shown(given[key])}
            reading.problems.append(Problem("negative-weight", place, values))
        shares[key] = share or 0.0
    if len(reading.problems) > told:
        return None
    if not sum(shares.values()):
        reading.problems.append(Problem("zero-weights", where))
        return None
    return Weighting.of("stated", shares)
