"""The intake report as a page: both languages in one file, a switch without any script."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from targeting.i18n import LANGUAGES, catalogue
from targeting.render.figures import (
    Figure,
    figures,
    label,
    layer_title,
    number_text,
    share_text,
    value_text,
)
from targeting.render.findings import findings
from targeting.render.page import asset, policy
from targeting.render.rows import slot


class Html(str):
    """Text that is markup already."""


def tag(name: str, *parts: object, **attributes: str) -> Html:
    """Return one element; every part that is not markup is escaped.

    Examples
    --------
    >>> tag("td", "<b>", class_="number")
    '<td class="number">&lt;b&gt;</td>'
    """
    about = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value
    )
    inside = "".join(part if isinstance(part, Html) else escape(str(part)) for part in parts)
    return Html(f"<{name}{about}>{inside}</{name}>")


def joined(parts: list[Html] | Iterator[Html]) -> Html:
    """Return elements after each other."""
    return Html("\n".join(parts))


def outside(text: str) -> Html:
    """Return text from a file: escaped, and its direction of writing kept to itself."""
    return tag("bdi", text)


def intake_html(record: Mapping[str, Any]) -> str:
    """Return the report as a whole HTML document.

    Parameters
    ----------
    record : mapping
        From `intake_record`.

    Returns
    -------
    str
        `assets/intake.html` with its style sheet and one article for each language.
    """
    html = asset("intake.html").replace(
        '<link rel="stylesheet" href="intake.css">', f"<style>\n{asset('intake.css')}</style>"
    )
    language = record["language"]
    html = html.replace('<html lang="es">', f'<html lang="{language}">', 1)
    html = html.replace(" checked>", ">").replace(f'id="{language}">', f'id="{language}" checked>')
    title = tag(
        "title", " · ".join(filter(None, (_say("title", language), _title(record, language))))
    )
    html = html.replace("<title>Intake</title>", title)
    # The policy goes in before any text from outside could look like a style sheet.
    html = html.replace(
        "<!--policy-->",
        f'<meta http-equiv="Content-Security-Policy" content="{policy(html)}">',
    )
    articles = joined([_article(record, one) for one in LANGUAGES])
    return html.replace("<!--articles-->", articles)


def _say(key: str, language: str, **values: Any) -> str:
    text = catalogue(language)[f"intake.{key}"]
    return text.format(**values) if values else text


def _title(record: Mapping[str, Any], language: str) -> str:
    return str(record["title"].get(language, ""))


def _article(record: Mapping[str, Any], language: str) -> Html:
    parts = [tag("h1", _say("title", language))]
    if _title(record, language):
        parts.append(tag("p", outside(_title(record, language)), class_="study"))
    if record["made"]:
        parts.append(tag("p", catalogue(language)["page.about.made"], class_="notice"))
    parts.append(tag("p", _say("lead", language)))
    parts += [_city(record, language), _findings(record, language), _overview(record, language)]
    parts += [_joins(record, language)]
    parts += [_layer(record, layer, language) for layer in record["layers"]]
    parts += [
        tag("h2", _say("reading", language)),
        tag("p", _say("reading_examples", language)),
        tag("p", _say("reading_privacy", language)),
    ]
    return tag("article", joined(parts), lang=language, class_=f"in-{language}")


def _city(record: Mapping[str, Any], language: str) -> Html:
    shown = figures(record["city"], language, of_city=True)
    pairs = [tag("div", tag("dt", one.label), tag("dd", one.text)) for one in shown]
    crs = tag("dd", outside(record["crs_out"]))
    pairs.append(tag("div", tag("dt", _say("crs_out", language)), crs, class_="wide"))
    return joined([tag("h2", _say("city", language)), tag("dl", joined(pairs), class_="city")])


def _overview(record: Mapping[str, Any], language: str) -> Html:
    titles = ("input", "year", "read", "used", "aside", "lost")
    head = tag("tr", *(tag("th", _say(f"column.{one}", language), scope="col") for one in titles))
    rows = []
    for layer in record["layers"]:
        name = _link(record, layer["layer"], language)
        counts = [tag("td", number_text(layer["rows"][one])) for one in titles[2:]]
        year = tag("td", layer["year"] or "–", class_="text")
        rows.append(tag("tr", tag("th", name, scope="row"), year, *counts))
    caption = tag("caption", _say("overview_caption", language))
    table = tag("table", caption, tag("thead", head), tag("tbody", joined(rows)), class_="overview")
    return joined([tag("h2", _say("overview", language)), table])


def _findings(record: Mapping[str, Any], language: str) -> Html:
    """Return what deserves a look; an input's name stands before its first finding only."""
    found = findings(record, language)
    title = tag("h2", _say("look", language))
    if not found:
        return joined([title, tag("p", _say("look.none", language))])
    groups: dict[str, list[Html]] = {}
    for one in found:
        groups.setdefault(one.layer, []).append(tag("li", one.text))
    items = [
        tag(
            "li",
            _link(record, layer, language) if layer else _say("look.city", language),
            tag("ul", joined(texts)),
        )
        for layer, texts in groups.items()
    ]
    return joined([title, tag("ul", joined(items), class_="findings")])


def _joins(record: Mapping[str, Any], language: str) -> Html:
    """Return the table of key matches both ways."""
    names = ("match_share", "blocks_match_share")
    rows = []
    for layer in record["layers"]:
        if not any(name in layer["notes"] for name in names):
            continue
        cells = [
            tag("td", value_text(name, layer["notes"][name], language))
            if name in layer["notes"]
            else tag("td", "–")
            for name in names
        ]
        rows.append(
            tag("tr", tag("th", _link(record, layer["layer"], language), scope="row"), *cells)
        )
    if not rows:
        return Html()
    titles = [_say(f"column.{one}", language) for one in ("input", *names)]
    return joined([tag("h2", _say("joins", language)), _table(titles, rows)])


def _anchor(layer: str, language: str) -> str:
    return f"{language}-{layer.replace('[', '-').replace(']', '')}"


def _link(record: Mapping[str, Any], layer: str, language: str) -> Html:
    return tag("a", _name(record, layer, language), href=f"#{_anchor(layer, language)}")


def _name(record: Mapping[str, Any], layer: str, language: str) -> str:
    """Return what an input is called; of several of a kind with its place among them."""
    title, place = layer_title(layer, language), layer.partition("[")[2][:-1]
    like = [one for one in record["layers"] if slot(one["layer"]) == slot(layer)]
    return f"{title} ({int(place) + 1})" if place.isdigit() and len(like) > 1 else title


def _layer(record: Mapping[str, Any], layer: Mapping[str, Any], language: str) -> Html:
    name = layer["layer"]
    parts = [
        tag("h2", _name(record, name, language), id=_anchor(name, language)),
        _facts(layer, language),
    ]
    parts += _rows(layer, language)
    if layer["losses"]:
        parts.append(_losses(layer, language))
    shown = figures(layer["notes"], language)
    if shown:
        parts.append(_figures(shown, language))
    return tag("section", joined(parts))


def _facts(layer: Mapping[str, Any], language: str) -> Html:
    unknown = _say("not_stated", language)
    pairs = {
        "file": tag("code", layer["file"]),
        "source": outside(layer["source"] or unknown),
        "year": outside(layer["year"] or unknown),
        "crs_in": outside(layer["crs_in"]),
        "crs_out": outside(layer["crs_out"]),
        "encoding": tag("code", layer["encoding"]),
        "in_study": tag("code", f"inputs.{layer['layer']}"),
        "sha256": tag("code", layer["sha256"]),
    }
    shown = [
        tag("div", tag("dt", _say(f"fact.{key}", language)), tag("dd", value))
        for key, value in pairs.items()
        if layer.get(key, unknown) or key in ("source", "year")
    ]
    return tag("dl", joined(shown), class_="facts")


def _rows(layer: Mapping[str, Any], language: str) -> list[Html]:
    rows = layer["rows"]
    counts = {key: number_text(count) for key, count in rows.items()}
    gone = [key for key in ("aside", "lost") if rows[key]]
    key = f"rows_{'_'.join(gone)}" if gone else "rows_all"
    out = [tag("p", _say(key, language, **counts), class_="rows")]
    if not layer["aside"]:
        return out
    body = []
    for one in layer["aside"]:
        texts = one["reason"] == "not_chosen"
        listed = _not_chosen(layer, language) if texts else _examples(one, language)
        reason = tag("th", label(one["reason"], language), listed, scope="row")
        body.append(tag("tr", reason, tag("td", number_text(one["count"]))))
    titles = [_say("column.why", language), _say("column.rows", language)]
    return [*out, tag("h3", _say("aside", language)), _table(titles, body)]


def _not_chosen(layer: Mapping[str, Any], language: str) -> Html:
    """Return the texts the study does not ask for, as far as the reader names them."""
    texts = layer["notes"].get("not_chosen_texts") or {}
    few = [
        tag("span", outside(str(text)), f" {value_text('count', count, language)}")
        for text, count in texts.items()
    ]
    if not few:
        return Html()
    return tag("p", f"{label('not_chosen_texts', language)}: ", Html(", ".join(few)))


def _table(titles: list[str], body: list[Html], **attributes: str) -> Html:
    head = tag("tr", *(tag("th", title, scope="col") for title in titles))
    return tag("table", tag("thead", head), tag("tbody", joined(body)), **attributes)


def _losses(layer: Mapping[str, Any], language: str) -> Html:
    body = []
    for one in layer["losses"]:
        body.append(
            tag(
                "tr",
                tag("th", label(one["reason"], language), _examples(one, language), scope="row"),
                tag("td", number_text(one["count"])),
                tag("td", number_text(one["of"])),
                tag("td", share_text(one["share"])),
            )
        )
    titles = [_say(f"column.{one}", language) for one in ("why", "count", "of", "share")]
    return joined([tag("h3", _say("lost", language)), _table(titles, body)])


def _examples(one: Mapping[str, Any], language: str) -> Html:
    """Return the keys or row numbers that stand for rows set aside or lost."""
    if not one["examples"]:
        return Html()
    few = outside(", ".join(str(example) for example in one["examples"]))
    more = " …" if one["count"] > len(one["examples"]) else ""
    return tag("p", f"{_say('examples', language)}: ", few, more)


def _figures(shown: list[Figure], language: str) -> Html:
    single = [
        tag("tr", tag("th", one.label, scope="row"), _cell(one.text))
        for one in shown
        if not one.rows
    ]
    parts = [tag("h3", _say("figures", language))]
    if single:
        titles = [_say("column.figure", language), _say("column.value", language)]
        parts.append(_table(titles, single, class_="figures"))
    tables = [_small_table(one) for one in shown if one.rows]
    if tables:
        parts.append(tag("div", joined(tables), class_="tables"))
    return joined(parts)


def _cell(text: str) -> Html:
    """Return a cell of a value: a number stays on its line, a text from a file may break."""
    if any(letter.isalpha() for letter in text):
        return tag("td", outside(text), class_="text")
    return tag("td", text)


def _small_table(one: Figure) -> Html:
    body = [
        tag(
            "tr",
            tag("th", outside(row[0]), scope="row"),
            *(_cell(text) for text in row[1:]),
        )
        for row in one.rows
    ]
    head = [tag("td", ""), *(tag("th", outside(title), scope="col") for title in one.titles)]
    top = tag("thead", tag("tr", *head)) if one.titles else ""
    caption = tag("caption", one.label)
    table = tag("table", caption, top, tag("tbody", joined(body)), class_="small")
    return tag("div", table, class_="scroll", tabindex="0", role="region", aria_label=one.label)
