"""The coordinate system a shapefile states: searched for in the register once for each text.

GDAL compares what a `.prj` file says with the whole register, at every opening: a tenth of a
second for each of a dozen files that all say the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyogrio

_SEARCH = "USE_OSR_FIND_MATCHES"
_found: dict[str, str] = {}


@contextmanager
def as_written() -> Iterator[None]:
    """Open shapefiles without the search: their system comes as the file writes it."""
    before = pyogrio.get_gdal_config_option(_SEARCH)
    pyogrio.set_gdal_config_options({_SEARCH: False})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({_SEARCH: before})


def registered(written: Any, source: str, layer: str | None = None) -> Any:
    """Return a system as GDAL recognizes it.

    Parameters
    ----------
    written : str or None
        As a file read under `as_written` has it.
    source : str
        That file, as GDAL is to open it.
    layer : str, optional
        Layer of a file that has several. Default: the first.
    """
    if not written:
        return written
    if written not in _found:
        _found[written] = str(pyogrio.read_info(source, layer=layer)["crs"] or written)
    return _found[written]
