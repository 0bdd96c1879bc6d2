"""The best plan there is, proven; and why there is none."""

from targeting.delineation.exact.solver import Exact, solve_exact

__all__ = ["Exact", "solve_exact"]
