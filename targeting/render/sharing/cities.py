"""One page for several cities: a card for each, with its picture and a link to its map."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd

from targeting.i18n import catalogue
from targeting.problems import Problem, TargetingError
from targeting.render.inlined import asset, policy
from targeting.render.sharing.tables import number

PAGE, PICTURE, RECORD, POLYGONS = "index.html", "map.svg", "manifest.json", "polygons.parquet"


def write_index(folders: Sequence[Path], path: Path, *, language: str = "es") -> None:
    """Write a page that leads to the maps of several cities.

    Parameters
    ----------
    folders : sequence of Path
        Folders of results, in the order shown.
    path : Path
        File to write. Links are relative to it: the folders move with it.
    language : str
        `"es"` or `"en"`.

    Raises
    ------
    TargetingError
        `not-results`: a folder holds no results; each is named. Nothing is written then.
    """
    lacking = [
        (
            folder,
            [name for name in (PAGE, PICTURE, RECORD, POLYGONS) if not (folder / name).is_file()],
        )
        for folder in folders
    ]
    problems = [
        Problem("not-results", str(folder), {"given": ", ".join(names)})
        for folder, names in lacking
        if names
    ]
    if problems:
        raise TargetingError(problems)
    words = catalogue(language)
    cards = "\n".join(_card(folder, path.parent, language) for folder in folders)
    title = escape(words["page.cities.title"])
    body = [
        f"<main>\n<h1>{title}</h1>",
        f"<p>{escape(words['page.cities.lead'])}</p>",
        f'<ul class="cities">\n{cards}\n</ul>',
        f'<p class="fine">{escape(words["page.cities.note"])}</p>\n</main>',
    ]
    html = asset("sheet.html").replace('lang="es"', f'lang="{language}"', 1)
    style = f"<style>\n{asset('cities.css')}</style>"
    html = html.replace('<link rel="stylesheet" href="sheet.css">', style)
    html = html.replace("<!--title-->", title).replace("<!--body-->", "\n".join(body))
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy(html)}">'
    draft = path.with_name(f".{path.name}.draft")
    draft.write_bytes(html.replace("<!--policy-->", meta, 1).encode("utf-8", "replace"))
    draft.replace(path)


def _card(folder: Path, start: Path, language: str) -> str:
    words = catalogue(language)
    record: dict[str, Any] = json.loads((folder / RECORD).read_text("utf-8"))
    table = pd.read_parquet(folder / POLYGONS, columns=["population"])
    title = escape(str(record["study"]["title"][language]))
    made = f'<span class="made">{escape(words["page.page.made"])}</span>' if record["made"] else ""
    years = sorted({str(one["year"]) for one in record["inputs"] if one.get("year")})
    told = words["page.cities.told"]
    people = number(float(table["population"].sum(skipna=True)))
    for name, value in (("count", str(len(table))), ("people", people)):
        told = told.replace("{" + name + "}", value)
    span = years[0] if len(years) == 1 else " – ".join(years[:: max(len(years) - 1, 1)])
    dated = words["page.cities.years"].replace("{years}", span or "–")
    link = quote(Path(os.path.relpath(folder / PAGE, start)).as_posix())
    picture = base64.b64encode((folder / PICTURE).read_bytes()).decode("ascii")
    words_of_picture = escape(words["page.cities.picture"])
    return (
        f"<li>{made}\n<h2>{title}</h2>\n"
        f'<img alt="{words_of_picture}" src="data:image/svg+xml;base64,{picture}">\n'
        f'<p>{escape(told)}</p>\n<p class="fine">{escape(dated)}</p>\n'
        f'<a href="{escape(link)}">{escape(words["page.cities.open"])}'
        f'<span class="fine"> ({title})</span></a></li>'
    )
