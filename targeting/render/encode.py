"""Packing: geometry and columns as small integers, deflated and written as text.

Geometry is Web-Mercator pixels of one zoom level (0.6 m at the equator, less elsewhere), each
vertex as the step from the one before. Rings start at their westernmost vertex, and those of few
vertices stand together, their second steps first, then their third ...: steps that are alike
lie side by side, and deflate finds them. Columns are whole numbers of a declared step; 0 means
missing. The page unpacks both with `assets/unpack.js`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from targeting.render.packed_text import deflated
from targeting.render.rings import (
    Rings,
    distinct,
    from_the_west,
    rings_of,
    side_by_side,
    steps_of,
    straight,
)

ZOOM = 18
_TILE = 256
_HALF_WORLD_M = 20037508.342789244
_SAMPLE = 1 << 15


def pixels(longitude_latitude_m: np.ndarray) -> np.ndarray:
    """Return Web-Mercator meters as whole pixels of the packing zoom, counted from the north-west.

    Parameters
    ----------
    longitude_latitude_m : ndarray
        EPSG:3857 coordinates, one row a point.

    Returns
    -------
    ndarray of int64
        Column and row of the pixel.

    Examples
    --------
    >>> pixels(np.array([[0.0, 0.0]])).tolist()
    [[33554432, 33554432]]
    """
    grid: np.ndarray = np.rint(_exact_pixels(longitude_latitude_m)).astype(np.int64)
    return grid


def _exact_pixels(held: np.ndarray) -> np.ndarray:
    per_meter = _TILE * 2**ZOOM / (2 * _HALF_WORLD_M)
    flipped = held * np.array([1.0, -1.0]) + _HALF_WORLD_M
    return np.asarray(flipped * per_meter)


def project(coordinates: np.ndarray, crs: pyproj.CRS) -> np.ndarray:
    """Return coordinates of a metric system as pixels of the packing zoom.

    Examples
    --------
    >>> project(np.array([[0.0, 0.0]]), pyproj.CRS(3857)).tolist()
    [[33554432, 33554432]]
    """
    grid: np.ndarray = np.rint(_project(coordinates, crs)).astype(np.int64)
    return grid


def _project(coordinates: np.ndarray, crs: pyproj.CRS) -> np.ndarray:
    """Return pixels before they are rounded."""
    if len(coordinates) == 0:
        return np.zeros((0, 2))
    x, y = _transformer(crs).transform(coordinates[:, 0], coordinates[:, 1])
    return _exact_pixels(np.column_stack([x, y]))


@lru_cache(8)
def _transformer(crs: pyproj.CRS) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(crs, 3857, always_xy=True)


def nearest_turn(steps: np.ndarray) -> np.ndarray:
    """Return steps from a pixel the short way around the world: nothing jumps at longitude 180.

    Examples
    --------
    >>> nearest_turn(np.array([[2**26 - 5, 7], [3, -2]])).tolist()
    [[-5, 7], [3, -2]]
    """
    world = _TILE << ZOOM
    out = np.array(steps, np.int64)
    out[..., 0] = (out[..., 0] + world // 2) % world - world // 2
    return out


def zigzag(values: np.ndarray) -> np.ndarray:
    """Return signed whole numbers as unsigned ones, small ones staying small.

    Examples
    --------
    >>> zigzag(np.array([0, -1, 1, -2])).tolist()
    [0, 1, 2, 3]
    """
    held = np.asarray(values, np.int64)
    return ((held << 1) ^ (held >> 63)).astype(np.uint64)


def varint(values: np.ndarray) -> bytes:
    """Return unsigned whole numbers seven bits a byte, the high bit saying that more follow.

    Examples
    --------
    >>> varint(np.array([1, 127, 128])).hex()
    '017f8001'
    """
    held = np.asarray(values, np.uint64)
    if held.size == 0:
        return b""
    sizes = np.ones(held.size, np.int64)
    for size in range(1, 10):
        sizes += held >= np.uint64(1 << (7 * size))
    ends = np.cumsum(sizes)
    starts = ends - sizes
    out = np.zeros(int(ends[-1]), np.uint8)
    for place in range(int(sizes.max())):
        has = sizes > place
        bits = (held[has] >> np.uint64(7 * place)) & np.uint64(0x7F)
        more = (sizes[has] > place + 1).astype(np.uint8) << 7
        out[starts[has] + place] = bits.astype(np.uint8) | more
    return out.tobytes()


def planes(values: np.ndarray) -> bytes:
    """Return unsigned whole numbers as all their lowest bytes, then all the next ones ...

    Examples
    --------
    >>> planes(np.array([1, 258])).hex()
    '01020001'
    """
    held = np.ascontiguousarray(values, "<u8")
    bytes_of = held.view(np.uint8).reshape(-1, 8)
    return bytes_of[:, : _width(held)].T.tobytes()


def _width(values: np.ndarray) -> int:
    top = int(values.max()) if values.size else 0
    return max(1, (top.bit_length() + 7) // 8)


def whole(values: np.ndarray, *, decimals: int, step: int = 1) -> np.ndarray:
    """Return numbers as whole steps of `step / 10**decimals`; missing stays missing (NaN).

    Examples
    --------
    >>> whole(np.array([0.253, np.nan]), decimals=2).tolist()
    [25.0, nan]
    """
    return np.rint(np.asarray(values, float) * (10.0**decimals / step) + 1e-9)


@dataclass
class Packer:
    """Collects named streams and writes them as one deflated text.

    Examples
    --------
    >>> packer = Packer()
    >>> packer.numbers("score", np.array([3.0, np.nan]), decimals=2)
    >>> packer.directory["score"]["type"], packer.directory["score"]["count"]
    ('planes', 2)
    """

    directory: dict[str, dict[str, Any]] = field(default_factory=dict)
    _streams: list[bytes] = field(default_factory=list)
    _at: int = 0

    def add(self, name: str, data: bytes, **about: Any) -> None:
        """Add one stream of bytes; `about` is what the page must know to read it."""
        if name in self.directory:
            raise ValueError(f"two streams are called {name!r}")
        self.directory[name] = {"at": self._at, "size": len(data), **about}
        self._streams.append(data)
        self._at += len(data)

    def numbers(self, name: str, values: np.ndarray, *, decimals: int = 0, step: int = 1) -> None:
        """Add a column of whole steps (see `whole`), NaN where missing."""
        held = np.asarray(values, float)
        known = ~np.isnan(held)
        base = int(held[known].min()) if known.any() else 0
        stored = np.zeros(held.size, np.int64)
        stored[known] = held[known].astype(np.int64) - base + 1
        about = {"count": held.size, "base": base, "decimals": decimals, "step": step}
        top = int(stored.max(initial=0))
        if top > 2**31 - 1:
            raise ValueError(f"{name}: too far apart for four bytes")
        # Neighbors in the file are neighbors in space: steps from one to the next may be smaller.
        sample = stored[:_SAMPLE]
        steps = np.diff(sample, prepend=0)
        if top < 1 << 30 and _squeezed(planes(zigzag(steps))) < 0.97 * _squeezed(planes(sample)):
            self.signed(name, np.diff(stored, prepend=0), kind="steps", **about)
        else:
            self.add(name, planes(stored), type="planes", width=_width(stored), **about)

    def signed(self, name: str, values: np.ndarray, *, kind: str = "signed", **about: Any) -> None:
        """Add whole numbers of either sign."""
        held = zigzag(values)
        self.add(name, planes(held), type=kind, width=_width(held), **{"count": held.size} | about)

    def keys(self, name: str, values: list[str]) -> None:
        """Add short texts (at least one).

        Those of one length that end in digits are a place in a list of beginnings and a number;
        others are what each shares with the one before, and its end.
        """
        plain = all(map(str.isascii, values))
        held = np.array(values if plain else [value.encode() for value in values], dtype=np.bytes_)
        width = held.dtype.itemsize
        letters = held.view(np.uint8).reshape(len(values), width)
        sizes = np.char.str_len(held).astype(np.int64)
        digits = np.all((letters >= ord("0")) & (letters <= ord("9")), axis=0)
        most = min(int(np.argmin(np.append(np.flip(digits), False))), 9, width - 1)
        if most and (sizes == width).all():
            sample = letters[:_SAMPLE]
            costs = [self._split_cost(sample, end) for end in range(1, most + 1)]
            self._split_keys(name, letters, 1 + int(np.argmin(costs)))
        else:
            self._front_keys(name, letters, sizes)

    @staticmethod
    def _split(letters: np.ndarray, end: int) -> tuple[list[bytes], np.ndarray, np.ndarray]:
        """Return the beginnings in use, the place of each key's, and the number at its end."""
        head = np.ascontiguousarray(letters[:, :-end]).view(f"S{letters.shape[1] - end}").ravel()
        codes, heads = pd.factorize(head)
        tail = (letters[:, -end:].astype(np.int64) - ord("0")) @ 10 ** np.arange(end)[::-1]
        return list(heads), codes, tail

    def _split_cost(self, letters: np.ndarray, end: int) -> int:
        heads, codes, tail = self._split(letters, end)
        steps = zigzag(np.diff(codes, prepend=0))
        return _squeezed(b"".join(heads)) + _squeezed(planes(steps)) + _squeezed(planes(tail))

    def _split_keys(self, name: str, letters: np.ndarray, end: int) -> None:
        heads, codes, tail = self._split(letters, end)
        self.texts(f"{name}.heads", [head.decode() for head in heads])
        self.signed(f"{name}.head", np.diff(codes, prepend=0))
        about = {"count": len(letters), "digits": end}
        self.add(name, planes(tail), type="numbered", width=_width(tail), **about)

    def _front_keys(self, name: str, letters: np.ndarray, sizes: np.ndarray) -> None:
        width = letters.shape[1]
        same = np.zeros(letters.shape, bool)
        same[1:] = letters[1:] == letters[:-1]
        shared = np.where(same.all(axis=1), width, np.argmin(same, axis=1))
        before = np.concatenate([[0], sizes[:-1]])
        shared = np.minimum(shared, np.minimum(sizes, before)).astype(np.int64)
        place = np.arange(width)
        ends = letters[(place >= shared[:, None]) & (place < sizes[:, None])]
        head = np.column_stack([shared, sizes - shared]).ravel()
        self.add(f"{name}.sizes", varint(head), type="varint", count=head.size)
        self.add(name, ends.astype(np.uint8).tobytes(), type="keys", count=len(sizes))

    def texts(self, name: str, values: list[str]) -> None:
        """Add texts of any length, in any script."""
        data = "\0".join(value.replace("\0", "") for value in values).encode("utf-8", "replace")
        self.add(name, data, type="texts", count=len(values))

    def shapes(self, name: str, geometry: gpd.GeoSeries, origin: np.ndarray) -> Rings:
        """Add polygons as rings of pixel steps from `origin`; holes turn the other way.

        Returns
        -------
        Rings
            What the page will unpack: whole pixels from `origin`, no vertex twice.
        """
        held = pixel_rings(geometry, origin)
        ring_counts = np.bincount(held.shape_of, minlength=len(geometry))
        self._rings(name, held.points, held.ring_of, ring_counts)
        return held

    def lines(self, name: str, geometry: gpd.GeoSeries, origin: np.ndarray) -> None:
        """Add lines of one or several parts, as `shapes` does, their ends left open.

        Parameters
        ----------
        name : str
            The page reads them with `data.lines(name)`.
        geometry : GeoSeries
            LineString or MultiLineString in any known system; empty ones have no part.
        origin : ndarray
            Column and row of the pixel that coordinates are counted from.

        Examples
        --------
        >>> streets = gpd.GeoSeries([shapely.LineString([(0, 0), (90, 0)])], crs=3857)
        >>> packer = Packer()
        >>> packer.lines("streets", streets, pixels(np.array([[0.0, 0.0]]))[0])
        >>> packer.directory["streets.points"]["count"]
        1
        """
        parts, owner = shapely.get_parts(geometry.to_numpy(), return_index=True)
        points, part_of = shapely.get_coordinates(parts, return_index=True)
        grid = nearest_turn(project(points, geometry.crs) - origin)
        keep = np.append(True, (grid[1:] != grid[:-1]).any(axis=1))[: len(grid)]
        keep |= np.append(True, part_of[1:] != part_of[:-1])[: len(grid)]
        part_counts = np.bincount(owner[np.unique(part_of)], minlength=len(geometry))
        part_of = np.unique(part_of, return_inverse=True)[1]
        self._rings(name, grid[keep], part_of[keep], part_counts)

    def _rings(
        self, name: str, grid: np.ndarray, ring_of: np.ndarray, ring_counts: np.ndarray
    ) -> None:
        """Add rings (or open lines), `ring_counts` of them to each shape."""
        point_counts = np.bincount(ring_of, minlength=int(ring_counts.sum()))
        self.add(f"{name}.rings", varint(ring_counts), type="varint", count=len(ring_counts))
        self.add(f"{name}.points", varint(point_counts), type="varint", count=len(point_counts))
        steps = steps_of(grid, ring_of)
        first, rest = side_by_side(point_counts)
        for axis, of in enumerate("xy"):
            self.signed(f"{name}.first.{of}", steps[first, axis])
            self.signed(f"{name}.{of}", steps[rest, axis])

    def spots(self, name: str, grid: np.ndarray, origin: np.ndarray) -> None:
        """Add points as pixel steps, each from the one before."""
        held = nearest_turn(grid - origin)
        steps = np.diff(held, axis=0, prepend=np.zeros((1, 2), np.int64))
        for axis, of in enumerate("xy"):
            self.signed(f"{name}.{of}", steps[:, axis])

    def text(self) -> str:
        """Return every stream as one text (see `targeting.render.packed_text`)."""
        return deflated(*self._pieces())

    def _pieces(self) -> Iterator[bytes]:
        """Give every stream, all its lowest bytes apart from all its next ones."""
        for about, data in zip(self.directory.values(), self._streams, strict=True):
            size = len(data) // about.get("width", 1)
            for at in range(0, len(data), max(size, 1)):
                yield data[at : at + size]


def pixel_rings(geometry: gpd.GeoSeries, origin: np.ndarray) -> Rings:
    """Return the outlines of polygons in whole pixels from `origin`, as the page draws them.

    Examples
    --------
    >>> square = gpd.GeoSeries([shapely.box(0, -1, 2, 0)], crs=3857)
    >>> pixel_rings(square, pixels(np.zeros((1, 2)))[0]).points.tolist()
    [[0, 0], [0, 2], [3, 2], [3, 0]]
    """
    held = rings_of(geometry.to_numpy())
    exact = _project(held.points, geometry.crs)
    keep = straight(exact, held.ring_of)
    exact, ring_of = exact[keep], held.ring_of[keep]
    grid = nearest_turn(np.rint(exact).astype(np.int64) - origin)
    keep = distinct(grid, ring_of)
    grid, ring_of = grid[keep], ring_of[keep]
    return Rings(from_the_west(grid, ring_of), ring_of, held.shape_of)


def _squeezed(data: bytes) -> int:
    return len(zlib.compress(data, 1))


def spatial_order(geometry: gpd.GeoSeries) -> np.ndarray:
    """Return positions along a Hilbert curve: neighbors in space become neighbors in the file.

    Examples
    --------
    >>> square = gpd.GeoSeries([shapely.box(0, 0, 1, 1)], crs=3857)
    >>> spatial_order(square).tolist()
    [0]
    """
    if len(geometry) < 2:
        return np.arange(len(geometry))
    along = geometry.hilbert_distance(level=16).to_numpy()
    return np.lexsort((np.arange(len(geometry)), along))
