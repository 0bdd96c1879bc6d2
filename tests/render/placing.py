"""What the tests of packing and drawing share: places in whole pixels, and unpacking."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
from pyproj import CRS

from targeting.render.encode import Packer, pixels

MERCATOR = CRS.from_epsg(3857)
# Meters of Web Mercator in one pixel of the packing zoom: the world is 256 * 2**18 pixels wide.
PIXEL_M = 2 * 20037508.342789244 / (256 * 2**18)
# A whole pixel near 20.6 N, 103.3 W.
CENTER = np.rint(np.array([-11_500_000.0, 2_350_000.0]) / PIXEL_M) * PIXEL_M


def origin_of(geometry: gpd.GeoSeries) -> np.ndarray:
    """Pixel of the north-west corner."""
    left, _, _, top = geometry.to_crs(MERCATOR).total_bounds
    return pixels(np.array([[left, top]]))[0]


def unpack(page, packer: Packer) -> None:
    """Make the packed data `window.data`."""
    page.evaluate(
        "async ([text, directory]) => { window.data = await targeting.unpack(text, directory); }",
        [packer.text(), packer.directory],
    )
