"""Indicators: the measures that fill the catalogue, each value with the interval its data leave."""

from targeting.indicators.access import count_within, nearest
from targeting.indicators.density import density_of_points
from targeting.indicators.exposure import rate_with_exposure
from targeting.indicators.measuring import Measured, measure
from targeting.indicators.rates import chance_of_high_rate, rate_of_points
from targeting.indicators.shares import block_value, handed_down, share
from targeting.indicators.shrinking import shrink_rates
from targeting.indicators.trend import trend_of_points

__all__ = [
    "Measured",
    "block_value",
    "chance_of_high_rate",
    "count_within",
    "density_of_points",
    "handed_down",
    "measure",
    "nearest",
    "rate_of_points",
    "rate_with_exposure",
    "share",
    "shrink_rates",
    "trend_of_points",
]
