"""From parts to one number, and what each part adds to it."""

from targeting.composite.aggregate.means import arithmetic, geometric, harmonic, power_mean
from targeting.composite.aggregate.result import Aggregate

__all__ = ["Aggregate", "arithmetic", "geometric", "harmonic", "power_mean"]
