"""Lines: barriers nobody crosses on foot."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from targeting.model import Loss
from targeting.problems import Problem, TargetingError
from targeting.registry import register
from targeting.sources.kinds import choose_kinds
from targeting.sources.layer import Layer, against, require_columns
from targeting.sources.vectors import keep_shapes, read_vector


@register("reader")
def lines(
    path: Path,
    *,
    column: str | None = None,
    values: tuple[str, ...] | None = None,
    layer: str | None = None,
    crs: str | None = None,
    encoding: str | None = None,
) -> Layer:
    """Read barriers: lines nobody crosses on foot.

    Parameters
    ----------
    path : Path
        Any vector file of lines; of polygons (a lake) the outline is taken.
    column : str, optional
        Column that says what a line is.
    values : tuple of str, optional
        Texts of that column that are barriers, such as `CORRIENTE DE AGUA`; lines of other texts
        are not chosen. Default: every line.
    layer, crs, encoding : str, optional
        As for `polygons`.

    Returns
    -------
    Layer
        Columns `kind` and `geometry`.

    Raises
    ------
    TargetingError
        `missing-setting`, `missing-column`, `no-kind-found` and what `read_vector` raises.
    """
    if values is not None and column is None:
        missing = {"method": "lines", "given": "column"}
        raise TargetingError([Problem("missing-setting", "", missing)])
    read = read_vector(path, layer=layer, crs=crs, encoding=encoding)
    require_columns(read.frame.columns, {"column": column})
    wanted = None if values is None else {text: (text,) for text in values}
    frame, notes = choose_kinds(read.frame, column, wanted, where="values")
    losses: list[Loss] = []
    shapes = np.asarray(frame.geometry.array, dtype=object)
    areal = shapely.get_dimensions(shapes) == 2
    if areal.any():
        shapes = shapes.copy()
        shapes[areal] = shapely.boundary(shapes[areal])
        frame = frame.set_geometry(gpd.array.from_shapely(shapes, crs=frame.crs))
    frame, _ = keep_shapes(frame, "line", losses, of=len(frame))
    fallen = against(losses, read.rows_read - notes.get("not_chosen", 0))
    data = frame[["kind", "geometry"]]
    return Layer(data, read.rows_read, fallen, read.crs_in, read.encoding, notes)
