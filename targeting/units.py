"""Units a quantity may have, how people read them, and how many digits they get."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Unit:
    """One unit: its key, its sign for people, and digits after the decimal point.

    Shares run from 0 to 1 inside; `factor` makes the number people read.

    Examples
    --------
    >>> UNITS["share"].shown(0.254)
    '25.4 %'
    """

    key: str
    sign: str
    decimals: int
    factor: float = 1.0

    def shown(self, value: float) -> str:
        """Return the number with its sign, as people read it (decimal point)."""
        text = f"{value * self.factor:,.{self.decimals}f}"
        return f"{text} {self.sign}" if self.sign else text


UNITS: dict[str, Unit] = {
    unit.key: unit
    for unit in (
        Unit("share", "%", 1, 100.0),
        Unit("percent", "%", 1),
        Unit("per_1k", "/ 1,000", 1),
        Unit("per_1k_year", "/ 1,000", 1),
        Unit("per_100k", "/ 100,000", 0),
        Unit("per_km2", "/ km²", 0),
        Unit("per_km2_year", "/ km²", 0),
        Unit("count", "", 0),
        Unit("people", "", 0),
        Unit("index", "", 3),
        Unit("m", "m", 0),
        Unit("km2", "km²", 2),
        Unit("years", "", 1),
        Unit("radiance", "nW/cm²/sr", 1),
        # Ranks of an order: they may be compared, and are never averaged.
        Unit("grade", "", 1),
    )
}
