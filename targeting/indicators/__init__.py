"""Indicators: the measures that fill the catalogue, each value with the interval its data leave."""

from targeting.indicators.access import count_within, nearest
from targeting.indicators.measuring import Measured, measure
from targeting.indicators.rates import rate_of_points, shrink_rates
from targeting.indicators.shares import block_value, handed_down, share

__all__ = [
    "Measured",
    "block_value",
    "count_within",
    "handed_down",
    "measure",
    "nearest",
    "rate_of_points",
    "share",
    "shrink_rates",
]
