"""What is sent beside the page: a picture, a sheet for each polygon, a file for phones, an index.

All of it is made from the scene, so that nothing leaves the office that the page does not show.
"""

from __future__ import annotations

from targeting.render.sharing.cities import write_index
from targeting.render.sharing.kml import write_kmz
from targeting.render.sharing.picture import ground_of, picture_svg
from targeting.render.sharing.printing import check_pictures, write_picture
from targeting.render.sharing.sheets import write_sheets

__all__ = [
    "check_pictures",
    "ground_of",
    "picture_svg",
    "write_index",
    "write_kmz",
    "write_picture",
    "write_sheets",
]
