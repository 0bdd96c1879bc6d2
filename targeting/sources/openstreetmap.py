"""OpenStreetMap: the facilities of an extract (`.osm.pbf` or `.osm`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from itertools import islice
from pathlib import Path
from typing import Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from targeting.model import Loss
from targeting.problems import Problem, TargetingError
from targeting.registry import register
from targeting.sources.depth import HEAD_ROWS, reads
from targeting.sources.facilities import NO_NAME, facility_layer, facility_names, require_kinds
from targeting.sources.files import file_format, unreadable
from targeting.sources.layer import Layer, examples
from targeting.sources.points import PointTable
from targeting.sources.tables import to_numbers
from targeting.strict_yaml import read_yaml

ATTRIBUTION = "© OpenStreetMap contributors, ODbL 1.0 (openstreetmap.org/copyright)"
_NAMES = ("name", "name:es", "official_name")
_CAPACITIES = ("capacity", "capacity:beds", "beds")


@dataclass(frozen=True)
class Rule:
    """What tags make a kind.

    Parameters
    ----------
    kind : str
        Kind of facility.
    tags : mapping
        Key to the values of which it must have one.
    """

    kind: str
    tags: Mapping[str, tuple[str, ...]]

    def fits(self, tags: Mapping[str, str]) -> bool:
        """Tell whether an object has every tag."""
        return all(tags.get(key) in values for key, values in self.tags.items())


@cache
def _table() -> dict[str, Any]:
    text = (resources.files("targeting") / "sources" / "openstreetmap.yaml").read_text("utf-8")
    return dict(read_yaml(text, where="openstreetmap.yaml"))


@cache
def rules() -> tuple[Rule, ...]:
    """Return the rules of `openstreetmap.yaml`, in order.

    Examples
    --------
    >>> rules()[0].kind
    'addiction_care'
    """
    found = []
    for record in _table()["kinds"]:
        tags = {
            key: (values,) if isinstance(values, str) else tuple(values)
            for key, values in record["tags"].items()
        }
        found.append(Rule(record["kind"], tags))
    return tuple(found)


@cache
def _keys() -> tuple[str, ...]:
    """Return the key every rule begins with, each once."""
    return tuple(dict.fromkeys(next(iter(rule.tags)) for rule in rules()))


def kind_of_tags(tags: Mapping[str, str]) -> str | None:
    """Return the kind of facility of an object's tags, or None.

    Examples
    --------
    >>> kind_of_tags({"amenity": "school", "isced:level": "1"})
    'primary_school'
    >>> kind_of_tags({"disused:amenity": "school"}) is None
    True
    """
    kind = next((rule.kind for rule in rules() if rule.fits(tags)), None)
    if kind == "school":
        levels = _table()["levels"]
        return str(levels.get(tags.get("isced:level", "").strip(), kind))
    return kind


@dataclass
class _Found:
    """What the extract holds, by reference (`way/12`)."""

    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    shapes: dict[str, str] = field(default_factory=dict)
    of_other_kinds: Counter[str] = field(default_factory=Counter)
    private: list[str] = field(default_factory=list)
    disused: list[str] = field(default_factory=list)

    def take(self, reference: str, tags: dict[str, str]) -> bool:
        """Keep an object's tags if it is a facility; tell whether its shape is wanted."""
        kind = kind_of_tags(tags)
        if kind is None:
            key = next(key for key in _keys() if key in tags)
            self.of_other_kinds[f"{key}={tags[key]}"] += 1
            return False
        if "yes" in (tags.get("disused"), tags.get("abandoned"), tags.get("demolished")):
            self.disused.append(reference)
            return False
        closed = tags.get("access") in ("private", "no")
        if closed and kind not in _table()["private_counts"]:
            self.private.append(reference)
            return False
        self.tags[reference] = tags | {"kind": kind}
        return True


@register("reader")
def openstreetmap(path: Path) -> Layer:
    """Read the facilities of an OpenStreetMap extract.

    Tags become kinds by `openstreetmap.yaml`. Nodes are points; closed ways and multipolygon
    relations, holes and all, become a point inside them.

    Parameters
    ----------
    path : Path
        `.osm.pbf`, or `.osm` (XML), also compressed.

    Returns
    -------
    Layer
        Columns `kind`, `name`, `capacity` (tag `capacity`, or `beds`), `reference` (such as
        `way/12`), `geometry`. Objects of other kinds are not chosen: their most frequent tags
        are named. What is private or disused falls, and so does what the extract cuts. The
        notes carry the attribution the license asks for.

    Raises
    ------
    TargetingError
        `empty-file`, `wrong-format`, `unreadable-file`, `no-facility-found`.
    """
    require_kinds(sorted({rule.kind for rule in rules()} | set(_table()["levels"].values())))
    encoded = _osm_format(path)
    found = _Found()
    try:
        _walk(path, encoded, found)
    except (RuntimeError, ValueError, OSError) as error:  # the library's own for broken extracts
        raise unreadable(path, error) from error
    others = sum(found.of_other_kinds.values())
    ranked = sorted(found.of_other_kinds.items(), key=lambda pair: (-pair[1], pair[0]))[:10]
    left_out = len(found.private) + len(found.disused)
    if not found.tags and not left_out and not reads("head"):
        known = ", ".join(text for text, _ in ranked) or "–"
        raise TargetingError(
            [Problem("no-facility-found", "", {"given": path.name, "known": known})]
        )
    rows_read = len(found.tags) + left_out + others
    losses = [
        Loss("", "private-access", len(found.private), rows_read, examples(found.private)),
        Loss("", "disused", len(found.disused), rows_read, examples(found.disused)),
    ]
    # The head of an extract has no areas: nothing is known of what is cut.
    cut = [] if reads("head") else sorted(set(found.tags) - set(found.shapes))
    losses.append(Loss("", "cut-by-extract", len(cut), rows_read, examples(cut)))
    losses = [loss for loss in losses if loss.count]
    notes: dict[str, Any] = {"attribution": ATTRIBUTION, "not_chosen": others}
    if ranked:
        notes["not_chosen_texts"] = dict(ranked)
    table = PointTable(_frame(found), rows_read, "EPSG:4326", "", losses)
    return facility_layer(table, table.frame, table.losses, notes)


def _osm_format(path: Path) -> str:
    """Return the format the library is to read, from the file's first bytes."""
    kind = file_format(path)
    if kind == "empty":
        raise TargetingError([Problem("empty-file", "", {"given": path.name})])
    head = b""
    if kind != "folder":
        with path.open("rb") as file:
            head = file.read(1024)
    if b"OSMHeader" in head[:64]:
        return "pbf"
    if b"<osm" in head:
        return "osm"
    if head.startswith((b"\x1f\x8b", b"BZh")) and ".osm" in path.name.lower():
        return "osm.gz" if head.startswith(b"\x1f\x8b") else "osm.bz2"
    found = {"folder": "expected.folder", "?": "expected.binary"}.get(kind, kind)
    values = {"given": path.name, "found": found, "expected": "OpenStreetMap (.osm.pbf, .osm)"}
    raise TargetingError([Problem("wrong-format", "", values)])


def _walk(path: Path, encoded: str, found: _Found) -> None:
    """Go through the extract once for relations and once for everything, in order."""
    import osmium

    source = osmium.io.File(str(path), encoded)
    wanted = osmium.filter.KeyFilter(*_keys())
    objects = osmium.FileProcessor(source).with_filter(wanted)
    if not reads("head"):
        objects = objects.with_areas(osmium.filter.KeyFilter(*_keys()))
    factory = osmium.geom.WKBFactory()
    few = HEAD_ROWS if reads("head") else None
    for one in cast("Iterable[Any]", islice(objects, few)):
        tags = dict(one.tags)
        if one.is_node():
            reference = f"node/{one.id}"
            if found.take(reference, tags) and one.location.valid():
                found.shapes[reference] = factory.create_point(one)
        elif one.is_area():
            # A relation may come after the area the library has made of it.
            if kind_of_tags(tags) is not None:
                way = one.from_way()
                reference = f"{'way' if way else 'relation'}/{one.orig_id()}"
                found.shapes[reference] = factory.create_multipolygon(one)
        elif one.is_way():
            reference = f"way/{one.id}"
            if found.take(reference, tags) and not one.is_closed() and _whole(one.nodes):
                found.shapes[reference] = factory.create_linestring(one)
        else:
            found.take(f"relation/{one.id}", tags)


def _whole(nodes: Iterable[Any]) -> bool:
    """Tell whether the extract has every node of a way."""
    places = [node.location.valid() for node in nodes]
    return len(places) > 1 and all(places)


def _frame(found: _Found) -> gpd.GeoDataFrame:
    """Return the facilities with a shape, in the order of their references."""
    held = found.shapes.keys() & found.tags.keys()
    references = sorted(held, key=lambda one: (one.split("/")[0], int(one.split("/")[1])))
    tags = [found.tags[reference] for reference in references]
    index = pd.Index(references, dtype="str")

    def first(keys: tuple[str, ...]) -> pd.Series[Any]:
        texts = [next((own[key] for key in keys if own.get(key)), None) for own in tags]
        return pd.Series(texts, index=index, dtype="str")

    shapes = shapely.from_wkb([found.shapes[reference] for reference in references])
    frame = gpd.GeoDataFrame(
        {"kind": pd.Series([own["kind"] for own in tags], index=index, dtype="str")},
        geometry=gpd.GeoSeries(np.asarray(shapes, dtype=object), index=index, crs=4326),
    )
    frame["name"] = facility_names(first(_NAMES), frame, NO_NAME)
    frame["capacity"] = to_numbers(first(_CAPACITIES))[0]
    frame["reference"] = pd.Series(references, index=index, dtype="str")
    return frame
