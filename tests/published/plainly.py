"""The recipes of published indices once more, written plainly: what the engine is held against.

Nothing here imports the package. Loops over rows, no pandas ranking: slow and easy to read.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction


def half_up(value: Fraction, decimals: int) -> float:
    """Round an exact fraction, a half upwards."""
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return float(exact.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP))


def average_ranks(ranks: Sequence[float]) -> list[float]:
    """Rank of each number, 1 the smallest, equal ones their mean."""
    return [
        sum(other < own for other in ranks) + (sum(other == own for other in ranks) + 1) / 2
        for own in ranks
    ]


def transformed(ranks: Sequence[float], *, with_itself: bool) -> list[float]:
    """Exponential transformation of ranks, 1 the most deprived (c = 23)."""
    count = len(ranks)
    shares = [(count - rank + (1 if with_itself else 0)) / count for rank in ranks]
    return [-23 * math.log(1 - share * (1 - math.exp(-100 / 23))) for share in shares]


def ranked_down(values: Sequence[float]) -> list[int]:
    """Place of each value, 1 the highest, equal ones the smallest number."""
    return [1 + sum(other > own for other in values) for own in values]


def percent_rank(values: Sequence[float | None]) -> list[Fraction | None]:
    """PERCENTRANK.INC: share of the others that lie below."""
    known = [value for value in values if value is not None]
    return [
        None if own is None else Fraction(sum(v < own for v in known), len(known) - 1)
        for own in values
    ]


def positive_percentile(values: Sequence[float | None]) -> list[float | None]:
    """Percent of the values above 0 that lie at or below; 0 for 0 (CalEnviroScreen)."""
    positive = [value for value in values if value is not None and value > 0]
    found: list[float | None] = []
    for own in values:
        if own is None:
            found.append(None)
        elif own == 0:
            found.append(0.0)
        else:
            found.append(100 * sum(v <= own for v in positive) / len(positive))
    return found


def known_mean(
    values: Sequence[float | None], weights: Sequence[float], least: int
) -> float | None:
    """Weighted mean of what is known, when at least so many are."""
    pairs = [(v, w) for v, w in zip(values, weights, strict=True) if v is not None]
    if len(pairs) < least:
        return None
    return sum(v * w for v, w in pairs) / sum(w for _, w in pairs)
