"""How sure the polygons are: drawn again with other data, prices, bounds and seeds."""

from targeting.delineation.stability.reruns import stability

__all__ = ["stability"]
