"""The figures of one polygon in words, for files without script."""

from __future__ import annotations

from typing import Any

from targeting.units import UNITS


def number(value: float | None, digits: int = 0) -> str:
    """Return a number as people in Mexico and the United States write it; a dash where missing.

    Examples
    --------
    >>> number(12345.678, 1), number(None)
    ('12,345.7', '–')
    """
    return "–" if value is None else f"{value:,.{digits}f}"


def points(share: float | None) -> str:
    """Return a share as points from 0 to 100.

    Examples
    --------
    >>> points(0.534)
    '53'
    """
    return "–" if share is None else f"{share * 100:.0f}"


def figure_rows(scene: dict[str, Any], polygon: dict[str, Any]) -> list[tuple[str, str]]:
    """Return score, dimensions, people, area and blocks of a polygon, each with its name.

    Parameters
    ----------
    scene : dict
        Record of the page's scene.
    polygon : dict
        One of its polygons.
    """
    words = scene["words"][scene["language"]]
    rows = [(words["word.score"], points(polygon.get("score")))]
    for one in scene["dimensions"]:
        key = f"dimension.{one['key']}"
        rows.append((words.get(key, one["key"]), points(polygon["dimensions"][one["key"]])))
    rows.append((words["word.population"], number(polygon["population"])))
    rows.append((words["plain.area"], number(polygon["area_km2"], 2)))
    rows.append((words["measure.block_count"], number(polygon["block_count"])))
    return rows


def facility_rows(scene: dict[str, Any], polygon: dict[str, Any]) -> list[tuple[str, str]]:
    """Return how many of each kind of facility are inside, or how far the nearest is.

    Parameters
    ----------
    scene : dict
        Record of the page's scene.
    polygon : dict
        One of its polygons.
    """
    language = scene["language"]
    words = scene["words"][language]
    rows = []
    for kind, held in zip(scene["kinds"], polygon["kinds"], strict=True):
        count = held["count"]
        text = words["facility.few"] if count is None else number(count)
        if count == 0 and held.get("nearest_m") is not None:
            far = f"{number(held['nearest_m'])} m"
            text = f"0. {words['facility.nearest'].replace('{distance}', far)}"
        rows.append((kind["names"][language], text))
    return rows


def profile_rows(scene: dict[str, Any], polygon: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return each measure of a polygon's profile, its value here and in the city.

    Parameters
    ----------
    scene : dict
        Record of the page's scene.
    polygon : dict
        One of its polygons.
    """
    language = scene["language"]
    words = scene["words"][language]
    names = {one["key"]: one["names"][language] for one in scene["indicators"]}
    rows = []
    for row in polygon["profile"]:
        key = row["key"]
        name = names.get(key) or words.get(f"measure.{key}") or words.get(f"dimension.{key}", key)
        scored = key not in names and row["unit"] == "index"
        here, city = (
            points(row[where]) if scored else _quantity(row[where], row["unit"], row["digits"])
            for where in ("value", "city")
        )
        rows.append((name, words["profile.withheld"] if row["withheld"] else here, city))
    return rows


def _quantity(value: float | None, unit: str, digits: int) -> str:
    if value is None:
        return "–"
    known = UNITS.get(unit)
    factor, sign = (known.factor, known.sign) if known else (1.0, "")
    return f"{number(value * factor, digits)} {sign}".strip()
