"""The account of one input while it is being taken in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from targeting import registry
from targeting.model import LayerReport, LayerSpec, Loss
from targeting.problems import Problem, TargetingError
from targeting.sources.layer import Layer, examples


@dataclass
class Account:
    """One input: what its reader gave, and what the intake has done with it since.

    Parameters
    ----------
    spec : LayerSpec
        What the study says.
    layer : Layer
        What the reader gave.
    sha256 : str
        Hash of its files.
    kept : int
        Rows that made it so far.
    losses : list of Loss
    notes : dict
    """

    spec: LayerSpec
    layer: Layer
    sha256: str
    kept: int = 0
    losses: list[Loss] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.kept = len(self.layer.data)
        self.losses = [replace(loss, layer=self.name) for loss in self.layer.losses]
        self.notes = dict(self.layer.notes)

    @property
    def chosen(self) -> int:
        """Rows the study asked for: all but those not chosen."""
        return self.layer.rows_read - int(self.layer.notes.get("not_chosen", 0))

    @property
    def settings(self) -> dict[str, Any]:
        """Settings of the reader: its defaults, and what the study says."""
        known = registry.settings("reader", self.spec.reader.use)
        defaults = {key: one.default for key, one in known.items() if one.default is not one.empty}
        return defaults | dict(self.spec.reader.settings)

    @property
    def name(self) -> str:
        """Name of the input in reports: its place in the study without `inputs.`."""
        return layer_name(self.spec)

    def lose(
        self, reason: str, labels: Iterable[Any], *, of: int, count: int | None = None
    ) -> None:
        """Note rows that fall here; labels are their keys."""
        keys = list(labels)
        count = len(keys) if count is None else count
        if count:
            self.losses.append(Loss(self.name, reason, count, of, examples(keys)))

    def problem(self, code: str, **values: Any) -> Problem:
        """Return a problem of this input."""
        given = {"given": self.spec.file} | values
        return Problem(code, self.spec.where or self.name, given)

    def report(self) -> LayerReport:
        """Return the finished report."""
        return LayerReport(
            layer=self.name,
            file=self.spec.file,
            rows_read=self.layer.rows_read,
            rows_kept=self.kept,
            source=self.spec.source,
            year=self.spec.year,
            crs_in=self.layer.crs_in,
            encoding=self.layer.encoding,
            losses=tuple(self.losses),
            notes=self.notes,
            sha256=self.sha256,
        )


def layer_name(spec: LayerSpec) -> str:
    """Return the short name of an input.

    Examples
    --------
    >>> from targeting.model import MethodSpec
    >>> layer_name(LayerSpec("facilities", "inputs.facilities[1]", "a.csv", MethodSpec("denue")))
    'facilities[1]'
    """
    return spec.where.removeprefix("inputs.") or spec.slot


def located(error: TargetingError, where: str) -> list[Problem]:
    """Return the problems a reader raised, each with its place in the study.

    Examples
    --------
    >>> error = TargetingError([Problem("missing-column", "x", {"given": "lon", "hint": "–",
    ...                                                         "known": "–"})])
    >>> located(error, "inputs.incidents")[0].where
    'inputs.incidents.x'
    """
    return [
        Problem(one.code, f"{where}.{one.where}" if one.where else where, one.values)
        for one in error.problems
    ]
