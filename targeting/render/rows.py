"""Where the rows of an input went: used, set aside because nobody asks for them, or lost."""

from __future__ import annotations

from dataclasses import dataclass

from targeting.model import LayerReport, Loss

# Notes that count rows the study does not ask for.
SET_ASIDE = (
    "not_chosen",
    "other_municipalities",
    "without_blocks",
    "merged",
    "raster_not_compared",
)
# Losses that lose nothing the study could use.
_NOT_ASKED = (
    "not-a-facility",
    "no-school",
    "closed",
    "disused",
    "private-access",
    "rural-block",
    "other-edition",
    "outside-period",
    "place-without-blocks",
    "same-case",
    "second-shift",
)


@dataclass(frozen=True)
class Aside:
    """Rows set aside, by the name of a note or of a loss, with a few of their keys."""

    reason: str
    count: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rows:
    """Where the rows of a layer went; the parts add up to those read.

    Parameters
    ----------
    read, used, aside, lost : int
        In the file; taken into the study; set aside because the study does not ask for them;
        fallen.
    reasons : tuple of Aside
        What was set aside; `other_rows` are totals and the like.
    losses : tuple of Loss
        What fell, or is used without a value that is not known.
    """

    read: int
    used: int
    aside: int
    lost: int
    reasons: tuple[Aside, ...]
    losses: tuple[Loss, ...]


def slot(layer: str) -> str:
    """Return the kind of input of a layer's name.

    Examples
    --------
    >>> slot("facilities[1]")
    'facilities'
    """
    return layer.partition("[")[0]


def rows_of(layer: LayerReport) -> Rows:
    """Return where the rows of a layer went.

    Examples
    --------
    >>> report = LayerReport("census", "c.csv", 10, 6, notes={"other_municipalities": 1},
    ...                      losses=(Loss("census", "no-shape", 2, 10),))
    >>> rows = rows_of(report)
    >>> rows.aside, rows.lost, [one.reason for one in rows.reasons]
    (2, 2, ['other_municipalities', 'other_rows'])
    """
    gone = max(layer.rows_read - layer.rows_kept, 0)
    counts = {name: int(layer.notes.get(name) or 0) for name in SET_ASIDE}
    reasons = [Aside(name, count) for name, count in counts.items() if count]
    reasons += [
        Aside(loss.reason, loss.count, loss.examples)
        for loss in layer.losses
        if _not_asked(loss, layer)
    ]
    losses = tuple(loss for loss in layer.losses if not _not_asked(loss, layer))
    known = min(sum(one.count for one in reasons), gone)
    # Some losses are of a value (an unknown population) and drop no row.
    lost = min(sum(loss.count for loss in losses), gone - known)
    if gone - known - lost:
        reasons.append(Aside("other_rows", gone - known - lost))
    return Rows(layer.rows_read, layer.rows_kept, gone - lost, lost, tuple(reasons), losses)


def _not_asked(loss: Loss, layer: LayerReport) -> bool:
    """Tell a loss that is none: a file of a whole state holds more than the city.

    Not so for incidents: far from every block they may have the wrong coordinates.
    """
    elsewhere = loss.reason == "outside-city" and slot(layer.layer) != "incidents"
    return elsewhere or loss.reason in _NOT_ASKED
