"""How far from the best a plan can be at most, proven."""

from targeting.delineation.bound.bounding import upper_bound
from targeting.delineation.bound.certificate import Bound, Certificate, Moat, Piece
from targeting.delineation.bound.check import check_bound

__all__ = ["Bound", "Certificate", "Moat", "Piece", "check_bound", "upper_bound"]
