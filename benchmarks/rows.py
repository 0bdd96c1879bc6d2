"""One row a figure, the same shape in every benchmark."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Row:
    """One figure: what was measured, beside its peer and its target.

    Parameters
    ----------
    case, metric : str
        Which input, and what of it.
    value : float or None
        None where it could not be measured here.
    unit : str
        Unit of the value.
    peer, peer_value
        What it is compared with in the same run, if anything.
    target : float or None
        Upper bound; lower where `at_least`.
    at_least : bool
        Whether more is better.
    """

    case: str
    metric: str
    value: float | None
    unit: str
    peer: str | None = None
    peer_value: float | None = None
    target: float | None = None
    at_least: bool = False

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without a target or a value."""
        if self.target is None or self.value is None:
            return None
        if self.at_least:
            return self.value >= self.target
        return self.value <= self.target


def show(rows: Sequence[Row], *, as_json: bool) -> None:
    """Print the rows as a table, or as JSON."""
    if as_json:
        print(json.dumps([asdict(row) | {"met": row.met} for row in rows], indent=1))
        return
    head = ("case", "metric", "value", "unit", "peer", "target", "met")
    lines = [head]
    for row in rows:
        peer = "" if row.peer is None else f"{row.peer}: {row.peer_value:g}"
        target = "" if row.target is None else f"{'≥' if row.at_least else '≤'} {row.target:g}"
        met = {None: "", True: "yes", False: "NO"}[row.met]
        value = "–" if row.value is None else f"{row.value:,.2f}"
        lines.append((row.case, row.metric, value, row.unit, peer, target, met))
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)))
