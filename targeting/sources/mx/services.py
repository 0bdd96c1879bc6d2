"""INEGI's layers of services: points and areas with GEOGRAFICO, TIPO and NOMBRE."""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from targeting.registry import register
from targeting.sources.facilities import NO_NAME, facility_layer, facility_names
from targeting.sources.files import VECTOR, require_format
from targeting.sources.kinds import choose_kinds
from targeting.sources.layer import Layer, drop, require_columns
from targeting.sources.points import read_points
from targeting.sources.text import fold, folded
from targeting.strict_yaml import read_yaml

KIND, TYPE, NAME = "GEOGRAFICO", "TIPO", "NOMBRE"


@cache
def services() -> dict[str, Any]:
    """Return the table of INEGI's words for services: `kinds` and `not_facilities`.

    Examples
    --------
    >>> services()["kinds"]["school"]
    ['ESCUELA']
    """
    text = (resources.files("targeting") / "sources" / "mx" / "services.yaml").read_text("utf-8")
    return dict(read_yaml(text, where="services.yaml"))


@register("reader")
def inegi_services(
    path: Path,
    *,
    layer: str | None = None,
    crs: str | None = None,
    encoding: str | None = None,
) -> Layer:
    """Read INEGI's services as facilities; an area becomes a point inside it.

    Parameters
    ----------
    path : Path
        Points (`sip`) or areas (`sia`) of the framework or of SCINCE.
    layer, crs, encoding : str, optional
        As for `polygons`.

    Returns
    -------
    Layer
        Columns `kind`, `name` (missing where it says NINGUNO), `geometry`. Median strips, water
        tanks and the like fall as `not-a-facility`; schools carry no level.

    Raises
    ------
    TargetingError
        `missing-column`, `no-kind-found` and what `read_vector` raises.
    """
    require_format(path, *VECTOR)
    read = read_points(path, columns={}, layer=layer, crs=crs, encoding=encoding)
    frame = read.frame.rename(
        columns={c: str(c).upper() for c in read.frame.columns if c != "geometry"}
    )
    require_columns(frame.columns, {"": KIND})
    table = services()
    other = folded(frame[KIND]).isin({fold(text) for text in table["not_facilities"]})
    if TYPE in frame.columns:
        other |= folded(frame[TYPE]).isin({fold(text) for text in table["not_facilities"]})
    losses = read.losses
    frame = drop(frame, other.to_numpy(), "not-a-facility", losses, of=read.rows_read)
    if not len(frame):
        return facility_layer(read, frame.assign(kind="", name=""), losses, {})
    frame, notes = choose_kinds(frame, KIND, table["kinds"], where="")
    notes.pop("texts_not_found", None)
    names = frame[NAME] if NAME in frame.columns else None
    frame = frame.assign(name=facility_names(names, frame, NO_NAME, frame[KIND]))
    return facility_layer(read, frame, losses, notes)
