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
    label,
    layer_title,
    loss_text,
    number_text,
    public_notes,
    rows_of,
    share_text,
    telling,
)

_FIGURES, _EXAMPLES, _LONGEST = 5, 3, 3
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
    shown = figures(report.city, language, most=_LONGEST, as_given=True)
    if shown:
        lines.append("  " + say("intake.terminal.city", language))
        lines += [f"    · {_figure(one)}" for one in shown]
    return lines


def _layer(layer: LayerReport, language: str) -> Iterator[str]:
    rows = rows_of(layer)
    values: dict[str, Any] = {"used": number_text(rows.used), "read": number_text(rows.read)}
    values |= {"title": layer_title(layer.layer, language), "file": layer.file}
    yield "  " + say("intake.terminal.layer", language, layer=layer.layer, **values)
    for loss in layer.losses:
        counts = {"count": number_text(loss.count), "of": number_text(loss.of)}
        why = loss_text(loss, language)
        line = say(
            "intake.terminal.loss", language, why=why, share=share_text(loss.share), **counts
        )
        if loss.examples:
            few = ", ".join(loss.examples[:_EXAMPLES])
            few += " …" if loss.count > min(len(loss.examples), _EXAMPLES) else ""
            line += f" ({say('intake.terminal.examples', language, examples=few)})"
        yield f"    - {line}"
    notes = public_notes(layer)
    for reason, count in rows.reasons:
        why = label(reason, language)
        texts = notes.get("not_chosen_texts") if reason == "not_chosen" else None
        if texts:
            why += f" ({figure('not_chosen_texts', texts, language).text})"
        line = say("intake.terminal.aside", language, count=number_text(count), why=why)
        yield f"    - {line}"
    shown = figures(notes, language, most=_LONGEST, zeros=False)
    for one in [one for one in shown if telling(one.name) < _LEAST_TELLING][:_FIGURES]:
        yield f"    · {_figure(one)}"


def _figure(one: Figure) -> str:
    return f"{one.label}: {one.text}"
