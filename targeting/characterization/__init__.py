"""What each polygon is like beside the city, and the facilities inside it."""

from targeting.characterization.facilities import facilities_inside, facility_counts
from targeting.characterization.profiles import profile

__all__ = ["facilities_inside", "facility_counts", "profile"]
