"""The made city as an extract of OpenStreetMap: nodes, ways and a park with a pond."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
import pyproj
import shapely

from targeting.sample.chance import stream
from targeting.sample.city import CRS, City
from targeting.sample.facilities import near_void
from targeting.sample.spelling import MADE_MARK
from targeting.sample.twins import Places, Truth, other_hands, shifted

Tags = Mapping[str, str]

TAGS: Mapping[str, tuple[float, str, Tags]] = {
    # class of the directory, or of a service: share mapped, name where there is none, tags
    "611111": (0.5, "Jardín de Niños", {"amenity": "kindergarten"}),
    "611112": (0.5, "Jardín de Niños", {"amenity": "kindergarten"}),
    "611121": (0.6, "Colegio", {"amenity": "school", "isced:level": "1"}),
    "611122": (0.7, "Escuela Primaria", {"amenity": "school", "isced:level": "1"}),
    "611132": (0.7, "Secundaria General", {"amenity": "school", "isced:level": "2"}),
    "611142": (0.7, "Secundaria Técnica", {"amenity": "school", "isced:level": "2"}),
    "611162": (0.7, "Preparatoria", {"amenity": "school", "isced:level": "3"}),
    "611311": (0.8, "Universidad", {"amenity": "university"}),
    "621111": (0.2, "Consultorio", {"amenity": "doctors"}),
    "621116": (0.6, "Centro de Salud", {"amenity": "clinic"}),
    "622112": (0.9, "Hospital", {"amenity": "hospital"}),
    "622111": (0.7, "Sanatorio", {"amenity": "hospital"}),
    "813210": (0.5, "Templo", {"amenity": "place_of_worship", "religion": "christian"}),
    "519122": (0.6, "Biblioteca", {"amenity": "library"}),
    "624112": (0.4, "Centro Comunitario", {"amenity": "community_centre"}),
    "624411": (0.3, "Guardería", {"amenity": "childcare"}),
    "713943": (0.4, "Gimnasio", {"leisure": "fitness_centre"}),
    "713944": (0.6, "Unidad Deportiva", {"leisure": "sports_centre"}),
    "931410": (0.6, "Policía", {"amenity": "police"}),
    "722412": (0.4, "Bar", {"amenity": "bar"}),
    "461211": (0.4, "Vinos", {"shop": "alcohol"}),
    "461110": (0.25, "Abarrotes", {"shop": "convenience"}),
    "PLAZA": (0.4, "", {"place": "square"}),
    "INSTALACIÓN DEPORTIVA O RECREATIVA": (0.5, "", {"leisure": "pitch", "sport": "soccer"}),
    "MERCADO": (0.6, "Mercado", {"amenity": "marketplace"}),
    "CEMENTERIO": (0.8, "Panteón", {"landuse": "cemetery"}),
    "ÁREA VERDE": (0.6, "", {"leisure": "park"}),
}
AS_BUILDING = ("611122", "611132", "611142", "622112")
"""Classes mapped as an outline rather than a point, half of the time."""
HALF_BUILDING_M = (11.0, 8.0)
HANDS = ("same", "same", "capitals", "short", "head_last")
VAGUE_SHARE = 0.06
"""Mapped by what they are and not by their name: `Escuela Primaria`."""
MADE = {"source": "datos inventados / made data"}
FIRST_NODE, FIRST_WAY, FIRST_RELATION = 990_000_001, 99_000_001, 9_900_001
PROGRAM = "targeting sample (datos inventados / made data)"


@dataclass
class _Map:
    """Objects of the extract, numbered as they come."""

    nodes: list[tuple[int, tuple[float, float], Tags]] = field(default_factory=list)
    ways: list[tuple[int, list[int], Tags]] = field(default_factory=list)
    relations: list[tuple[int, list[tuple[str, int, str]], Tags]] = field(default_factory=list)

    def node(self, place: tuple[float, float], tags: Tags) -> int:
        number = FIRST_NODE + len(self.nodes)
        self.nodes.append((number, place, tags))
        return number

    def way(self, xy: np.ndarray, tags: Tags) -> int:
        """Add a way over new nodes; a ring ends at its first node."""
        closed = len(xy) > 3 and bool((xy[0] == xy[-1]).all())
        places = _lon_lat(xy[:-1] if closed else xy)
        held = [self.node(place, {}) for place in places]
        number = FIRST_WAY + len(self.ways)
        self.ways.append((number, [*held, held[0]] if closed else held, tags))
        return number

    def relation(self, members: list[tuple[str, int, str]], tags: Tags) -> int:
        number = FIRST_RELATION + len(self.relations)
        self.relations.append((number, members, tags))
        return number


@cache
def _to_degrees() -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)


def _lon_lat(xy: np.ndarray) -> list[tuple[float, float]]:
    x, y = _to_degrees().transform(xy[:, 0], xy[:, 1])
    return list(zip(np.round(x, 7).tolist(), np.round(y, 7).tolist(), strict=True))


def street_map(city: City, places: Places, truth: Truth) -> _Map:
    """Draw the extract: places of the directory and of the services, avenues, river, a few parks.

    Parameters
    ----------
    city : City
    places : Places
        Where the directory and the services have them.
    truth : Truth
        Gets a row per record of a place.
    """
    rng = stream(city.seed, "street_map")
    drawn = _Map()
    share = {code: held[0] for code, held in TAGS.items()}
    here = places.table[places.table["code"].isin(TAGS)]
    here = here[rng.uniform(size=len(here)) < here["code"].map(share).to_numpy()]
    xy, far = shifted(here[["x", "y"]].to_numpy(), rng)
    fallback = [TAGS[code][1] or "Sin Nombre" for code in here["code"]]
    names = other_hands(here["name"].tolist(), fallback, HANDS, rng)
    vague = rng.uniform(size=len(here)) < VAGUE_SHARE
    names = [
        f"{word}{MADE_MARK}" if short else name
        for name, word, short in zip(names, fallback, vague, strict=True)
    ]
    nameless = np.array([not TAGS[code][1] for code in here["code"]])
    nameless &= (here["name"] == "").to_numpy()
    building = rng.uniform(size=len(here)) < 0.5
    single = _lon_lat(xy)
    records = []
    for row, (place, code) in enumerate(zip(here.index, here["code"], strict=True)):
        tags = {**TAGS[code][2], **MADE}
        if not nameless[row]:
            tags["name"] = names[row]
        if place in places.greens:
            shape = shapely.affinity.translate(
                places.greens[place], *(xy[row] - here[["x", "y"]].to_numpy()[row])
            )
            records.append(_area(drawn, shape, tags, with_pond=not drawn.relations))
        elif code in AS_BUILDING and building[row]:
            wide, deep = HALF_BUILDING_M
            east, north = xy[row]
            shape = shapely.box(east - wide, north - deep, east + wide, north + deep)
            records.append(_area(drawn, shape, {**tags, "building": "yes"}, with_pond=False))
        else:
            records.append(f"node/{drawn.node(single[row], tags)}")
    shown = ["" if without else name for without, name in zip(nameless, names, strict=True)]
    truth.add(
        "street_map",
        records,
        places=here.index.tolist(),
        names=shown,
        shift_m=far,
        note=[""] * len(here),
    )
    _only_here(city, drawn, truth)
    _lines(city, drawn)
    return drawn


def _area(drawn: _Map, shape: shapely.Polygon, tags: Tags, *, with_pond: bool) -> str:
    """Add an area; with a pond it becomes a relation of an outer and an inner ring."""
    outer = np.round(shapely.get_coordinates(shape.exterior), 3)
    pond = shapely.affinity.scale(shape, 0.35, 0.35, origin=shape.point_on_surface())
    if not with_pond or not shape.contains(pond):
        return f"way/{drawn.way(outer, tags)}"
    ring = drawn.way(outer, MADE)
    hole = drawn.way(
        np.round(shapely.get_coordinates(pond.exterior), 3), {"natural": "water", **MADE}
    )
    members = [("w", ring, "outer"), ("w", hole, "inner")]
    return f"relation/{drawn.relation(members, {'type': 'multipolygon', **tags})}"


def _only_here(city: City, drawn: _Map, truth: Truth) -> None:
    """Add parks no other source has, in the open places INEGI's layer leaves out."""
    open_ = city.plan.voids[1::2]
    open_ = open_[~near_void(city, open_)][::3]
    records = []
    for number, shape in enumerate(open_, start=1):
        tags = {"leisure": "park", "name": f"Parque del Ensayo {number} (inventado)", **MADE}
        records.append(_area(drawn, shape, tags, with_pond=False))
    truth.add(
        "street_map",
        records,
        places=[f"O{number:03d}" for number in range(1, len(open_) + 1)],
        names=[f"Parque del Ensayo {number} (inventado)" for number in range(1, len(open_) + 1)],
        shift_m=np.zeros(len(open_)),
        note=["only here"] * len(open_),
    )


def _lines(city: City, drawn: _Map) -> None:
    tags: dict[str, Sequence[tuple[str, str]]] = {
        "river": [("waterway", "river"), ("name", "Río Ejemplo (inventado)")],
        "rail": [("railway", "rail")],
        "avenue": [("highway", "primary")],
    }
    number = 0
    for kind, line in zip(city.lines["kind"], city.lines.geometry, strict=True):
        held = {**dict(tags[kind]), **MADE}
        if kind == "avenue":
            number += 1
            held["name"] = f"Avenida Ejemplo {number} (inventada)"
        drawn.way(np.round(shapely.get_coordinates(line), 3), held)


def write_street_map(city: City, places: Places, truth: Truth, folder: Path) -> list[Path]:
    """Write the extract as `.osm.pbf`: uncompressed, without users, versions and times."""
    import osmium
    from osmium.osm import mutable

    drawn = street_map(city, places, truth)
    path = folder / "openstreetmap_inventado_99.osm.pbf"
    path.unlink(missing_ok=True)
    plain = osmium.io.File(str(path), "pbf,pbf_compression=none,add_metadata=none")
    header = osmium.io.Header()
    header.set("generator", PROGRAM)
    corners = np.asarray(shapely.box(*city.blocks.total_bounds).exterior.coords)
    west_south, east_north = _lon_lat(np.array([corners.min(axis=0), corners.max(axis=0)]))
    header.add_box(osmium.osm.Box(*west_south, *east_north))
    writer = osmium.SimpleWriter(plain, header=header)
    try:
        for number, place, tags in drawn.nodes:
            writer.add_node(mutable.Node(id=number, location=place, tags=tags))
        for number, nodes, tags in drawn.ways:
            writer.add_way(mutable.Way(id=number, nodes=nodes, tags=tags))
        for number, members, tags in drawn.relations:
            writer.add_relation(mutable.Relation(id=number, members=members, tags=tags))
    finally:
        writer.close()
    return [path]
