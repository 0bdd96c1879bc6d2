"""One delineation to carry out again."""

from __future__ import annotations

from dataclasses import dataclass

from targeting.delineation.graph import City
from targeting.delineation.rules import Rules


@dataclass(frozen=True)
class Case:
    """A delineation to carry out again: what differs, by how much, and the city it is for."""

    kind: str
    value: float
    city: City
    rules: Rules
    seed: int
