"""A sheet for each polygon: one static page to print, mail or read without JavaScript."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import Any

from targeting.model import Result
from targeting.render.inlined import asset, policy
from targeting.render.sharing.picture import Ground, ground_of, picture_svg
from targeting.render.sharing.tables import facility_rows, figure_rows, profile_rows

_WIDTH = 800
_Listed = list[dict[str, Any]]


def write_sheets(
    result: Result,
    scene: dict[str, Any],
    listed: _Listed,
    folder: Path,
    *,
    ground: Ground | None = None,
) -> list[str]:
    """Write a static page for each polygon, and one with all, a printed page after another.

    Parameters
    ----------
    result : Result
        A study carried out.
    scene : dict
        Record of the page's scene: the only numbers told.
    listed : list of dict
        Facilities inside polygons: `polygon`, `kind`, `name`.
    folder : Path
        Where the files go; made when it does not exist.
    ground : Ground, optional
        As for `picture_svg`.

    Returns
    -------
    list of str
        Names of the files, that with all polygons first; none where there is no polygon.
    """
    ground = ground_of(result, scene) if ground is None else ground
    sheets = {
        polygon["number"]: _sheet(result, scene, listed, polygon, ground)
        for polygon in scene["polygons"]
    }
    if not sheets:
        return []
    folder.mkdir(exist_ok=True)
    pages = {"all.html": "\n".join(sheets.values())}
    digits = max(2, len(str(max(sheets))))
    pages |= {f"{number:0{digits}d}.html": body for number, body in sheets.items()}
    for name, body in pages.items():
        (folder / name).write_bytes(_page(scene, body).encode("utf-8", "replace"))
    return list(pages)


def _page(scene: dict[str, Any], body: str) -> str:
    language = scene["language"]
    words = scene["words"][language]
    title = escape(scene["title"][language])
    made = f'<p class="made">{escape(words["page.made"])}</p>' if scene["made"] else ""
    head = f"<header><h1>{title}</h1>\n<p>{escape(words['page.subtitle'])}</p>{made}</header>"
    html = asset("sheet.html").replace('lang="es"', f'lang="{language}"', 1)
    style = f"<style>\n{asset('sheet.css')}</style>"
    html = html.replace('<link rel="stylesheet" href="sheet.css">', style)
    whole = f"{head}\n<main>\n{body}\n</main>\n{_foot(scene)}"
    holes = {"title": title, "body": whole}
    html = re.sub("<!--(title|body)-->", lambda hole: holes[hole[1]], html)
    rules = policy(html)
    meta = f'<meta http-equiv="Content-Security-Policy" content="{rules}">'
    return html.replace("<!--policy-->", meta, 1)


def _sheet(
    result: Result,
    scene: dict[str, Any],
    listed: _Listed,
    polygon: dict[str, Any],
    ground: Ground,
) -> str:
    language = scene["language"]
    words = scene["words"][language]
    number = polygon["number"]
    title = escape(words["polygon.title"].replace("{number}", str(number)))
    name = f": <bdi>{escape(polygon['name'][language])}</bdi>" if "name" in polygon else ""
    basis = polygon.get("name_basis", {}).get(language, "")
    parts = [f"<article>\n<h2>{title}{name}</h2>"]
    parts += [f'<p class="fine"><bdi>{escape(basis)}</bdi></p>'] if basis else []
    parts.append(_table("", [], figure_rows(scene, polygon)))
    parts.append(picture_svg(result, scene, focus=number, width=_WIDTH, ground=ground))
    parts.append(f"<h3>{escape(words['profile.title'])}</h3>")
    titles = [words["profile.measure"], words["profile.here"], words["word.city"]]
    parts.append(_table(words["sheet.profile"], titles, profile_rows(scene, polygon)))
    parts.append(f'<p class="fine">{escape(words["profile.note"])}</p>')
    parts.append(f"<h3>{escape(words['sheet.kinds'])}</h3>")
    parts.append(_table("", [], facility_rows(scene, polygon), about="facilities"))
    parts.append(_facilities(scene, [one for one in listed if one["polygon"] == number]))
    parts.append(f'<p class="fine">{escape(words["facility.note"])}</p>\n</article>')
    return "\n".join(parts)


def _table(caption: str, titles: list[str], rows: list[Any], *, about: str = "figures") -> str:
    head = "".join(f'<th scope="col">{escape(title)}</th>' for title in titles)
    told = f"<caption>{escape(caption)}</caption>" if caption else ""
    head = f"<thead><tr>{head}</tr></thead>" if titles else ""
    body = []
    for name, *values in rows:
        cells = "".join(f"<td>{escape(value)}</td>" for value in values)
        body.append(f'<tr><th scope="row"><bdi>{escape(name)}</bdi></th>{cells}</tr>')
    return f'<table class="{about}">{told}{head}<tbody>{"".join(body)}</tbody></table>'


def _facilities(scene: dict[str, Any], mine: _Listed) -> str:
    """Names of the facilities inside, a list for each kind that has any."""
    language = scene["language"]
    parts = []
    for kind in scene["kinds"]:
        names = [
            one["name"] or kind["unnamed"][language] for one in mine if one["kind"] == kind["key"]
        ]
        if names:
            items = "".join(f"<li><bdi>{escape(name)}</bdi></li>" for name in names)
            parts.append(f"<h3>{escape(kind['names'][language])}</h3>\n<ul>{items}</ul>")
    return "\n".join(parts)


def _foot(scene: dict[str, Any]) -> str:
    """Where the numbers are from, what they weigh, and how they can mislead."""
    language = scene["language"]
    words = scene["words"][language]
    rows = [
        (
            one["names"][language],
            f"{one['weight'] * 100:.1f}\u00a0%",
            str(one["year"] or "–"),
            one["source"] or "–",
        )
        for one in scene["indicators"]
    ]
    titles = [
        words["account.indicator"],
        words["about.weight"],
        words["layers.year"],
        words["layers.source"],
    ]
    warnings = [words[key] for key in _numbered(words, "mislead")]
    return "\n".join(
        [
            f"<footer>\n<h3>{escape(words['about.indicators'])}</h3>",
            _table(words["about.weights_caption"], titles, rows),
            f"<h3>{escape(words['about.mislead'])}</h3>",
            "<ul>" + "".join(f"<li>{escape(text)}</li>" for text in warnings) + "</ul>",
            f'<p class="fine">{escape(words["about.privacy_text"])}</p>\n</footer>',
        ]
    )


def _numbered(words: dict[str, str], start: str) -> list[str]:
    out: list[str] = []
    while f"{start}.{len(out) + 1}" in words:
        out.append(f"{start}.{len(out) + 1}")
    return out
