"""A method to compare with: the shortest tree between like neighbors, cut where it tells most."""

from __future__ import annotations

from typing import Annotated, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import scipy.sparse as sparse
from annotated_types import Ge, Gt, Le, Lt
from scipy.sparse.csgraph import depth_first_order, minimum_spanning_tree

from targeting.delineation.other_methods.clusters import by_component, neediest, outside
from targeting.model import CandidatePolygons, Links
from targeting.registry import register


@register("delineator")
def skater(
    blocks: gpd.GeoDataFrame,
    score: pd.Series[float],
    links: Links,
    *,
    polygons: Annotated[int, Ge(1)] = 10,
    population_min: Annotated[float, Gt(0)] = 5000.0,
    population_max: Annotated[float, Gt(0)] = 15000.0,
    area_max_km2: Annotated[float, Gt(0)] | None = 3.0,
    compactness_min: Annotated[float, Ge(0), Le(1)] = 0.0,
    threshold_share: Annotated[float, Gt(0), Lt(1)] = 0.2,
    perimeter_price: Annotated[float, Ge(0)] = 2.0,
    need: Literal["excess", "total"] = "excess",
    score_weight: Annotated[float, Ge(0)] = 1.0,
) -> CandidatePolygons:
    """Cut the shortest tree along the links into parts of like score and place, keep the neediest.

    SKATER (Assunção, Neves, Câmara and da Costa Freitas 2006, Efficient regionalization techniques
    for socio-economic geographical units using minimum spanning trees), as `ward` on score and
    position, each component of the graph on its own, in as many parts.

    Parameters
    ----------
    blocks, score, links
        As in `grow`.
    polygons, population_min, population_max, area_max_km2, compactness_min : float
        As in `grow`.
    threshold_share, perimeter_price, need
        As in `grow`; the price only enters the objective stated.
    score_weight : float
        As in `ward`.

    Returns
    -------
    CandidatePolygons
        Numbered as in `grow`.

    Raises
    ------
    TargetingError
        A setting means nothing, or two contradict each other.

    Examples
    --------
    >>> import shapely
    >>> from targeting.delineation import street_links
    >>> corner = np.array([(i % 8 * 70, i // 8 * 70) for i in range(64)])
    >>> shapes = shapely.box(*corner.T, *(corner + 60).T)
    >>> city = gpd.GeoDataFrame({"population": 100.0}, geometry=shapes, index=range(64))
    >>> hot = pd.Series([1.0 if i % 8 < 4 and i // 8 < 4 else 0.1 for i in range(64)])
    >>> found = skater(city, hot, street_links(city.geometry), population_min=1000,
    ...                population_max=2200)
    >>> found.polygons["score"].tolist()
    [1.0]
    """
    people = (population_min + population_max) / 2
    return neediest(
        blocks,
        score,
        links,
        lambda prepared: by_component(prepared, people, score_weight, cut_tree),
        polygons=polygons,
        population_min=population_min,
        population_max=population_max,
        area_max_km2=area_max_km2,
        compactness_min=compactness_min,
        threshold_share=threshold_share,
        perimeter_price=perimeter_price,
        need=need,
        wrong=outside("score_weight", score_weight, "≥ 0", fits=score_weight >= 0),
    )


def cut_tree(features: np.ndarray, links: sparse.csr_array, count: int) -> np.ndarray:
    """Cut the minimum spanning tree `count − 1` times where the sum of squares falls most.

    Parameters
    ----------
    features : ndarray
        A row a unit.
    links : csr_array
        Which are neighbors; connected.
    count : int
        Parts to make, at most as many as units.

    Returns
    -------
    ndarray of int64
        Part of each unit, 0 … count − 1.

    Examples
    --------
    >>> row = sparse.csr_array(np.diag([1.0, 1.0, 1.0], 1) + np.diag([1.0, 1.0, 1.0], -1))
    >>> cut_tree(np.array([[1.0], [1.2], [7.0], [7.1]]), row, 2).tolist()
    [0, 0, 1, 1]
    """
    size = len(features)
    order, below = _preorder(_shortest_tree(features, links))
    centered = features - features.mean(axis=0)
    parts = [(order, below)]
    best = [_best_cut(centered[order], below)]
    while len(parts) < min(count, size):
        at = max(range(len(best)), key=lambda place: (best[place][0], -place))
        nodes, under = parts[at]
        place = best[at][1]
        end = place + under[place]
        around = np.arange(len(nodes))
        above = (around < place) & (around + under > place)
        rest = np.r_[0:place, end : len(nodes)]
        less = (under - above * under[place])[rest]
        parts[at] = (nodes[rest], less)
        parts.append((nodes[place:end], under[place:end]))
        best[at] = _best_cut(centered[parts[at][0]], parts[at][1])
        best.append(_best_cut(centered[parts[-1][0]], parts[-1][1]))
    label = np.empty(size, dtype=np.int64)
    for number, (nodes, _) in enumerate(parts):
        label[nodes] = number
    return label


def _shortest_tree(features: np.ndarray, links: sparse.csr_array) -> sparse.csr_array:
    """Minimum spanning tree by distance of the features; of equal links the first is taken."""
    upper = sparse.triu(links, 1, format="coo")
    first, second = upper.coords
    order = np.lexsort((second, first))
    first, second = first[order], second[order]
    apart = np.sqrt(((features[first] - features[second]) ** 2).sum(axis=1))
    rank = np.empty(len(apart))
    rank[np.argsort(apart, kind="stable")] = np.arange(1, len(apart) + 1)
    whole = sparse.csr_array((rank, (first, second)), shape=links.shape)
    return minimum_spanning_tree(whole)


def _preorder(tree: sparse.csr_array) -> tuple[np.ndarray, np.ndarray]:
    """Order units so that each branch is one stretch, and tell how long the stretch of each is."""
    order, before = depth_first_order(tree, 0, directed=False)
    order = order.astype(np.int64)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    parent = place[before[order[1:]]]
    ancestor, depth = np.concatenate([[0], parent]), np.minimum(np.arange(len(order)), 1)
    while ancestor.any():  # twice as far up each time
        depth, ancestor = depth + depth[ancestor], ancestor[ancestor]
    length = np.ones(len(order), dtype=np.int64)
    by_depth = np.argsort(depth, kind="stable")
    cuts = np.searchsorted(depth[by_depth], np.arange(1, depth.max() + 1))
    for level in np.split(by_depth, cuts)[:0:-1]:
        np.add.at(length, parent[level - 1], length[level])
    return order, length


def _best_cut(features: np.ndarray, below: np.ndarray) -> tuple[float, int]:
    """How much the sum of squares falls at best, and which branch is cut off for it."""
    size = len(features)
    if size < 2:
        return -1.0, 0
    summed = np.vstack([np.zeros(features.shape[1]), np.cumsum(features, axis=0)])
    start = np.arange(1, size)
    branch = summed[start + below[1:]] - summed[start]
    rest = summed[-1] - branch
    many = below[1:]
    fall = (branch**2).sum(axis=1) / many + (rest**2).sum(axis=1) / (size - many)
    at = int(np.argmax(fall))
    return float(fall[at] - (summed[-1] ** 2).sum() / size), at + 1
