"""The city as the search sees it: people, need and outline of each block, and its links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sparse
from scipy.sparse.csgraph import connected_components

from targeting.model import Links

CORNERS = 4
MARGIN_MAX_M = 10.0
# Part of the outline before no neighbor that is on the outline of a polygon in the end: the rest
# looks on parks, dead ends and barriers inside it (measured on drawn ground; see build_city).
OPEN_SHARE = 0.75
BLOCKS_MAX = 2**31


class City(NamedTuple):
    """Arrays by block position; links in rows (`starts`) of neighbors.

    `need` may be negative; `area` is m² with half of the streets around; `outline` is the length
    in meters a lone block adds to a polygon's perimeter; `facing` the length two neighbors save.
    `priced_outline` and `priced_facing` are the same in meters *to be paid*: longer where a link
    joins two blocks of one colonia and cutting a colonia has a price; else the very same arrays.
    """

    need: np.ndarray
    population: np.ndarray
    area: np.ndarray
    outline: np.ndarray
    starts: np.ndarray
    neighbor: np.ndarray
    facing: np.ndarray
    priced_outline: np.ndarray
    priced_facing: np.ndarray


class Limits(NamedTuple):
    """What every polygon must keep, and what a meter of perimeter costs (in need)."""

    population_min: float
    population_max: float
    area_max_m2: float
    compactness_min: float
    price_per_m: float
    blocks_min: int = 1
    blocks_max: int = BLOCKS_MAX

    @classmethod
    def of(cls, asked: Mapping[str, Any], price_per_m: float) -> Limits:
        """Return the limits that settings of `grow` ask for.

        Examples
        --------
        >>> asked = {"population_min": 1, "population_max": 9, "compactness_min": 0.2,
        ...          "area_max_km2": None, "blocks_min": 1, "blocks_max": 5}
        >>> Limits.of(asked, 0.5).area_max_m2
        inf
        """
        area, most = asked["area_max_km2"], asked["blocks_max"]
        return cls(
            population_min=asked["population_min"],
            population_max=asked["population_max"],
            area_max_m2=np.inf if area is None else area * 1e6,
            compactness_min=asked["compactness_min"],
            price_per_m=price_per_m,
            blocks_min=asked["blocks_min"],
            blocks_max=BLOCKS_MAX if most is None else most,
        )


def build_city(
    need: np.ndarray,
    population: np.ndarray,
    area_m2: np.ndarray,
    outline_m: np.ndarray,
    links: Links,
    together: np.ndarray | None = None,
    cut_price: float = 0.0,
) -> City:
    """Return the city for the search.

    A block's ground is its own area, half of the street before each neighbor it faces, a quarter
    of a crossing at each of four corners, and half a typical street before the open part of its
    outline. Its outline is an open part, which no neighbor can hide, and the rest, shared among
    its neighbors as they face it; two neighbors hide the mean of what they give each other. Of the
    open part three quarters count: drawn perimeters are then 0.97 of these on Zapopan's blocks and
    1.02 on a made city (medians of 37 groups; 0.83 and 0.97 if all of it counted).

    Parameters
    ----------
    need, population, area_m2, outline_m : ndarray
        Of each block, by position.
    links : Links
        Neighbors by position.
    together : ndarray of int64, optional
        Colonia of each block, −1 for none.
    cut_price : float
        How much dearer a meter of outline is between two blocks of one colonia: 1 doubles it.

    Examples
    --------
    >>> two = Links(np.array([0]), np.array([1]), np.array([10.0]), np.array([50.0]))
    >>> city = build_city(np.ones(2), np.ones(2), np.full(2, 2500.0), np.full(2, 200.0), two)
    >>> city.neighbor.tolist(), city.area.tolist()
    ([1, 0], [3412.5, 3412.5])
    """
    count = len(need)
    one = np.concatenate([links.first, links.second])
    two = np.concatenate([links.second, links.first])
    facing = np.tile(links.facing_m, 2)
    order = np.lexsort((two, one))
    starts = np.concatenate([[0], np.cumsum(np.bincount(one, minlength=count))])
    whole = np.bincount(one, facing, minlength=count)
    opened = np.maximum(outline_m - whole, 0.0) if links.open_m is None else links.open_m
    street = np.bincount(one, np.tile(links.facing_m * links.gap_m, 2), minlength=count)
    width = np.divide(street, whole, out=np.zeros(count), where=whole > 0)
    faced = (outline_m - opened) * (1 + CORNERS * width / np.maximum(outline_m, 1.0))
    per_meter = np.divide(faced, whole, out=np.zeros(count), where=whole > 0)
    corners = CORNERS * (width / 2) ** 2
    facing *= (per_meter[one] + per_meter[two]) / 2
    shared = np.bincount(one, facing, minlength=count)
    # Areas that share their sides have no parks or dead ends between them: all of it counts.
    open_share = OPEN_SHARE if links.outline_m is None else 1.0
    outline, saved = open_share * opened + shared, facing[order]
    paid_outline, paid_saved = outline, saved
    if together is not None and cut_price > 0:
        same = (together[one] == together[two]) & (together[one] >= 0)
        dearer = facing * cut_price * same
        paid_outline = outline + np.bincount(one, dearer, minlength=count)
        paid_saved = saved + dearer[order]
    return City(
        need=np.ascontiguousarray(need, dtype=np.float64),
        population=np.ascontiguousarray(population, dtype=np.float64),
        area=area_m2 + street / 2 + corners + open_share * opened * margin(links),
        outline=outline,
        starts=starts.astype(np.int64),
        neighbor=two[order].astype(np.int64),
        facing=saved,
        priced_outline=paid_outline,
        priced_facing=paid_saved,
    )


def margin(links: Links) -> float:
    """Half the typical street: the median gap between blocks that face each other, halved.

    At most 10 m; 0 where most of them touch or none faces another.

    Examples
    --------
    >>> margin(Links(np.array([0]), np.array([1]), np.array([12.0]), np.array([50.0])))
    6.0
    """
    gaps = links.gap_m[links.facing_m > 0]
    return min(float(np.median(gaps)) / 2, MARGIN_MAX_M) if len(gaps) else 0.0


def matrix(city: City) -> sparse.csr_array:
    """Links as a sparse matrix of ones."""
    count = len(city.need)
    ones = np.ones(len(city.neighbor))
    return sparse.csr_array((ones, city.neighbor, city.starts), shape=(count, count))


def reordered(links: Links, place: np.ndarray) -> Links:
    """Return the links with every position `i` replaced by `place[i]`, sorted again.

    Examples
    --------
    >>> links = Links(np.array([0]), np.array([1]), np.array([9.0]), np.array([5.0]))
    >>> reordered(links, np.array([2, 0])).first.tolist()
    [0]
    """
    one, two = place[links.first], place[links.second]
    first, second = np.minimum(one, two), np.maximum(one, two)
    order = np.lexsort((second, first))
    hidden = None if links.hidden is None else place[links.hidden]
    return replace(
        links,
        first=first[order],
        second=second[order],
        gap_m=links.gap_m[order],
        facing_m=links.facing_m[order],
        open_m=None if links.open_m is None else links.open_m[np.argsort(place)],
        kind=None if links.kind is None else links.kind[order],
        hidden=hidden,
        outline_m=None if links.outline_m is None else links.outline_m[np.argsort(place)],
    )


def measure(city: City, block: np.ndarray, number: np.ndarray, count: int) -> dict[str, np.ndarray]:
    """Need, people, area, graph perimeter and meters to be paid of groups 0 … count − 1.

    Parameters
    ----------
    city : City
        All blocks.
    block, number : ndarray
        Blocks, and the group each is in (a block may be in several groups if rows repeat it only
        once per group).
    count : int
        How many groups.
    """
    size = len(city.need)
    member = sparse.csr_array((np.ones(len(block)), (number, block)), shape=(count, size))
    links = matrix(city)
    links.data = city.facing
    inner = np.asarray((member @ links).multiply(member).sum(axis=1)).ravel()
    perimeter = priced = member @ city.outline - inner
    if city.priced_facing is not city.facing:
        links.data = city.priced_facing
        inner = np.asarray((member @ links).multiply(member).sum(axis=1)).ravel()
        priced = member @ city.priced_outline - inner
    return {
        "need": member @ city.need,
        "population": member @ city.population,
        "area_m2": member @ city.area,
        "perimeter_m": perimeter,
        "priced_m": priced,
    }


def components(city: City) -> np.ndarray:
    """Return the connected component of each block, 0 the one with most blocks."""
    _, label = connected_components(matrix(city), directed=False)
    size = np.bincount(label)
    place = np.empty(len(size), dtype=np.int64)
    place[np.argsort(-size, kind="stable")] = np.arange(len(size))
    return np.asarray(place[label])
