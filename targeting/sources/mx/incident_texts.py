"""What Mexican publishers call an incident, and the kind it is, from `incident_texts.yaml`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources

from targeting.sources.text import fold
from targeting.strict_yaml import read_yaml

LEAVE_OUT = "leave_out"


@dataclass(frozen=True)
class _Rule:
    kind: str
    has: re.Pattern[str]
    also: re.Pattern[str] | None
    but_not: re.Pattern[str] | None

    def fits(self, text: str) -> bool:
        return (
            bool(self.has.search(text))
            and (self.also is None or bool(self.also.search(text)))
            and (self.but_not is None or not self.but_not.search(text))
        )


@cache
def rules() -> tuple[_Rule, ...]:
    """Return the rules, in the order they are tried."""
    folder = resources.files("targeting") / "sources" / "mx"
    records = read_yaml((folder / "incident_texts.yaml").read_text("utf-8"), where="incident_texts")
    return tuple(
        _Rule(
            record["kind"],
            _words(record["has"]),
            _words(record["also"]) if "also" in record else None,
            _words(record["but_not"]) if "but_not" in record else None,
        )
        for record in records
    )


def _words(phrases: list[str]) -> re.Pattern[str]:
    ends = [re.escape(p.removesuffix("-")) + ("" if p.endswith("-") else r"\b") for p in phrases]
    return re.compile(rf"\b(?:{'|'.join(ends)})")


@cache
def kind_of(text: str) -> str | None:
    """Return the kind a publisher's text means, None where no rule knows it or it is left out.

    Examples
    --------
    >>> kind_of("LESIONES INTENCIONALES POR ARMA DE FUEGO"), kind_of("Homicidio culposo")
    ('injury_by_firearm', None)
    >>> kind_of("ROBO A NEGOCIO CON VIOLENCIA"), kind_of("Violación de correspondencia")
    ('robbery', None)
    """
    plain = " ".join(re.sub(r"[^a-z0-9]+", " ", fold(text)).split())
    for rule in rules():
        if rule.fits(plain):
            return None if rule.kind == LEAVE_OUT else rule.kind
    return None
