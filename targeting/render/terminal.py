"""The intake in the terminal: a line for each input, its losses, and the most telling figures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from targeting.i18n import say
from targeting.model import IntakeReport, LayerReport
from targeting.render.figures import (
    Figure,
    figure,
    figures,
    is_number,
    label,
    layer_title,
    number_text,
    public_notes,
    share_text,
    telling,
)
from targeting.render.rows import rows_of

_FIGURES, _EXAMPLES = 6, 3
_LEAST_TELLING = telling("")


def intake_lines(report: IntakeReport, language: str) -> list[str]:
    """Return the account of an intake in a few lines; the whole of it is in the files.

    Parameters
    ----------
    report : IntakeReport
        What was read and what was lost.
    language : str
        `"es"` or `"en"`.

    Returns
    -------
    list of str

    Examples
    --------
    >>> report = IntakeReport((LayerReport("blocks", "m.shp", 5, 4),))
    >>> intake_lines(report, "en")[:2]
    ['What went in:', '  Blocks (blocks): 4 of 5 rows used · m.shp']
    """
    lines = [say("cli.intake", language)]
    for layer in report.layers:
        lines += _layer(layer, language)
    shown = figures(report.city, language, zeros=False, of_city=True)
    if shown:
        lines.append("  " + say("intake.terminal.city", language))
        lines += [f"    · {_figure(one)}" for one in shown]
    return [_plain(line) for line in lines]


def _plain(line: str) -> str:
    """Return a line without what a text of a file could do to a terminal."""
    return "".join(
        letter if letter.isprintable() else " " if letter == "\u00a0" else "·" for letter in line
    )


def head_lines(report: IntakeReport, language: str) -> list[str]:
    """Return what a look at heads and keys tells: counts where the keys were read, else a word.

    Parameters
    ----------
    report : IntakeReport
        Rows are 0 where only the head of a file was read.
    language : str
        `"es"` or `"en"`.

    Returns
    -------
    list of str

    Examples
    --------
    >>> head_lines(IntakeReport((LayerReport("incidents", "i.csv", 0, 0),)), "en")[1]
    '  Incidents (incidents): opens, and has what the study asks of it · i.csv'
    """
    lines = [say("cli.intake", language)]
    for layer in report.layers:
        if layer.rows_read:
            lines += _layer(layer, language)
        else:
            title, word = layer_title(layer.layer, language), say("cli.check-head", language)
            lines.append(f"  {title} ({layer.layer}): {word} · {layer.file}")
    return [_plain(line) for line in lines]


def _layer(layer: LayerReport, language: str) -> Iterator[str]:
    rows = rows_of(layer)
    values: dict[str, Any] = {"used": number_text(rows.used), "read": number_text(rows.read)}
    values |= {"title": layer_title(layer.layer, language), "file": layer.file}
    yield "  " + say("intake.terminal.layer", language, layer=layer.layer, **values)
    for loss in rows.losses:
        counts = {"count": number_text(loss.count), "of": number_text(loss.of)}
        why = label(loss.reason, language)
        line = say(
            "intake.terminal.loss", language, why=why, share=share_text(loss.share), **counts
        )
        if loss.examples:
            few = ", ".join(loss.examples[:_EXAMPLES])
            few += " …" if loss.count > min(len(loss.examples), _EXAMPLES) else ""
            line += f" ({say('intake.terminal.examples', language, examples=few)})"
        yield f"    - {line}"
    notes = public_notes(layer)
    for one in rows.reasons:
        why = label(one.reason, language)
        texts = notes.get("not_chosen_texts") if one.reason == "not_chosen" else None
        if texts:
            why += f" ({figure('not_chosen_texts', texts, language).text})"
        line = say("intake.terminal.aside", language, count=number_text(one.count), why=why)
        yield f"    - {line}"
    # Tables and lists stay in the files.
    single = {name: held for name, held in notes.items() if is_number(held)}
    shown = figures(single, language, zeros=False)
    for told in [one for one in shown if telling(one.name) < _LEAST_TELLING][:_FIGURES]:
        yield f"    · {_figure(told)}"


def _figure(one: Figure) -> str:
    return f"{one.label}: {one.text}"
