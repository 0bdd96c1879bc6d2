"""Tables for readers without JavaScript: mail previews and the like see these."""

from __future__ import annotations

from html import escape
from typing import Any


def plain_tables(scene: dict[str, Any], listed: list[dict[str, Any]], picture: str) -> str:
    """Return title, picture, polygon table and facility lists as plain HTML.

    Parameters
    ----------
    scene : dict
        Record of the scene.
    listed : list of dict
        Facilities inside polygons: `polygon`, `kind`, `name`.
    picture : str
        The map as SVG (`targeting.render.sharing.picture_svg`).

    Returns
    -------
    str
        HTML; every text from outside is escaped.
    """
    language = scene["language"]
    words = scene["words"][language]
    parts = [f"<h1>{escape(scene['title'][language])}</h1>"]
    if scene["made"]:
        parts.append(f"<p><strong>{escape(words['page.made'])}</strong></p>")
    parts.append(f"<p>{escape(words['plain.note'])}</p>")
    parts.append(picture)
    parts.append(_polygon_table(scene, words))
    for polygon in scene["polygons"]:
        parts.append(_facility_list(scene, words, polygon, listed))
    return "\n".join(parts)


def _points(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:.0f}"


def _polygon_table(scene: dict[str, Any], words: dict[str, str]) -> str:
    names = [words[f"dimension.{one['key']}"] for one in scene["dimensions"]]
    titles = [
        words["ranking.number"],
        words["word.score"],
        *names,
        words["word.population"],
        words["plain.area"],
    ]
    rows = []
    for polygon in scene["polygons"]:
        cells = [
            str(polygon["number"]),
            _points(polygon.get("score")),
            *(_points(polygon["dimensions"][one["key"]]) for one in scene["dimensions"]),
            f"{polygon['population']:,.0f}",
            f"{polygon['area_km2']:.2f}",
        ]
        rows.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>")
    head = "".join(f"<th>{escape(title)}</th>" for title in titles)
    caption = escape(words["plain.table"])
    body = "\n".join(rows)
    return f"<table><caption>{caption}</caption><tr>{head}</tr>\n{body}</table>"


def _facility_list(
    scene: dict[str, Any],
    words: dict[str, str],
    polygon: dict[str, Any],
    listed: list[dict[str, Any]],
) -> str:
    number = polygon["number"]
    mine = [one for one in listed if one["polygon"] == number]
    items = []
    for kind, held in zip(scene["kinds"], polygon["kinds"], strict=True):
        name = escape(kind["names"][scene["language"]])
        inside = [
            one["name"] or kind["unnamed"][scene["language"]]
            for one in mine
            if one["kind"] == kind["key"]
        ]
        names = "".join(f"<li><bdi>{escape(text)}</bdi></li>" for text in inside)
        below = f"<ul>{names}</ul>" if names else ""
        count = words["facility.few"] if held["count"] is None else held["count"]
        items.append(f"<li>{name}: {count}{below}</li>")
    title = escape(words["polygon.title"].replace("{number}", str(number)))
    if "name" in polygon:
        title += f": <bdi>{escape(polygon['name'][scene['language']])}</bdi>"
    return f"<h2>{title}</h2>\n<ul>{''.join(items)}</ul>"
