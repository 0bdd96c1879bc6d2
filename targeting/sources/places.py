"""Named places of any country: neighborhoods, districts, wards."""

from __future__ import annotations

from pathlib import Path

from targeting.registry import register
from targeting.sources.layer import Layer, require_columns
from targeting.sources.text import clean_keys, clean_names
from targeting.sources.vectors import polygon_layer, read_vector


@register("reader")
def places(
    path: Path,
    *,
    id: str,
    name: str,
    level: str = "neighborhood",
    id_width: int | None = None,
    layer: str | None = None,
    crs: str | None = None,
    encoding: str | None = None,
) -> Layer:
    """Read named polygons that are neither blocks nor areas, such as neighborhoods (colonias).

    Parameters
    ----------
    path : Path
        Any vector file of polygons.
    id : str
        Column of the place's id. Of several with one id the largest stays, the others are counted.
    name : str
        Column of its name.
    level : str
        What the places are, such as `neighborhood` or `municipality`.
    id_width : int, optional
        Characters of a whole id; shorter all-digit ids get their zeros back.
    layer, crs, encoding : str, optional
        As for `polygons`.

    Returns
    -------
    Layer
        Columns `id`, `level`, `name` (missing where it has none), `geometry`.

    Raises
    ------
    TargetingError
        `missing-column` and what `read_vector` raises.
    """
    read = read_vector(path, layer=layer, crs=crs, encoding=encoding)
    require_columns(read.frame.columns, {"id": id, "name": name})
    keys, padded = clean_keys(read.frame[id], id_width)
    frame = read.frame[["geometry"]].assign(
        id=keys, level=level, name=clean_names(read.frame[name].astype("str"))
    )
    return polygon_layer(read, frame, notes={"keys_padded": padded} if padded else {})
