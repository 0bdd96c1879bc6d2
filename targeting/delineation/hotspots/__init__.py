"""Hot spots: where values gather more than chance would have it, and since when."""

from targeting.delineation.hotspots.correcting import (
    benjamini_hochberg,
    benjamini_yekutieli,
    bonferroni,
    uncorrected,
)
from targeting.delineation.hotspots.emerging import (
    PATTERNS,
    EmergingSpots,
    emerging_spots,
    pattern_of,
)
from targeting.delineation.hotspots.local import getis_ord, local_moran
from targeting.delineation.hotspots.result import CLASSES, LEVELS, OUTCOMES, QUADRANTS, HotSpots
from targeting.delineation.hotspots.trend import mann_kendall

__all__ = [
    "CLASSES",
    "LEVELS",
    "OUTCOMES",
    "PATTERNS",
    "QUADRANTS",
    "EmergingSpots",
    "HotSpots",
    "benjamini_hochberg",
    "benjamini_yekutieli",
    "bonferroni",
    "emerging_spots",
    "getis_ord",
    "local_moran",
    "mann_kendall",
    "pattern_of",
    "uncorrected",
]
