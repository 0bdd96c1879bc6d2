"""The best plan there is, proven; and why there is none."""

from targeting.delineation.exact.asked import Clash
from targeting.delineation.exact.conflict import Conflict, conflict
from targeting.delineation.exact.solver import Exact, solve_exact

__all__ = ["Clash", "Conflict", "Exact", "conflict", "solve_exact"]
