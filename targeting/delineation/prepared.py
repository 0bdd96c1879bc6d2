"""From blocks and scores to the city the search works on, in an order nobody's rows decide."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from targeting.delineation.graph import City, build_city, reordered
from targeting.delineation.links.adjacency import canonical_order, outlines
from targeting.model import Links
from targeting.problems import Problem, TargetingError


@dataclass(frozen=True)
class Prepared:
    """The city in canonical order (west to east, south to north, then id).

    `order` holds the caller's position of each block; `price_per_m` is in need per meter.
    """

    order: np.ndarray
    ids: np.ndarray
    shapes: np.ndarray
    population: np.ndarray
    score: np.ndarray
    links: Links
    city: City
    tree: shapely.STRtree
    threshold: float
    price_per_m: float


def prepare(
    blocks: gpd.GeoDataFrame,
    score: pd.Series[float],
    links: Links,
    *,
    threshold_share: float,
    need: str,
    perimeter_price: float,
    colonia_cut_price: float = 0.0,
) -> Prepared:
    """Put everything in canonical order and weigh each block's need.

    Parameters
    ----------
    blocks : GeoDataFrame
        Index block ids; `population` and `geometry`; `colonia` where cutting one has a price.
    score : Series
        Same index; 0 least urgent, 1 most; missing where unknown.
    links : Links
        Neighbors by position in `blocks`.
    threshold_share, need, perimeter_price, colonia_cut_price
        As in `grow`.

    Returns
    -------
    Prepared

    Raises
    ------
    ValueError
        The scores are of other blocks, or a link points at no block.
    """
    if not blocks.index.equals(score.index) or not blocks.index.is_unique:
        raise ValueError("blocks and scores need the same index, each id once")
    if len(links.second) and int(links.second.max()) >= len(blocks):
        raise ValueError("a link points at no block")
    order = canonical_order(blocks.geometry)
    shapes = np.asarray(blocks.geometry.array)[order]
    population = blocks["population"].to_numpy(float, na_value=np.nan)[order]
    scores = score.to_numpy(float, na_value=np.nan)[order]
    outline = outlines(shapes) if links.outline_m is None else links.outline_m[order]
    weighed, threshold, price = weigh_need(
        scores,
        population,
        outline,
        threshold_share=threshold_share,
        need=need,
        perimeter_price=perimeter_price,
    )
    placed = reordered(links, np.argsort(order))
    people = np.nan_to_num(population)
    ground = np.asarray(shapely.area(shapes))
    colonia = _colonias(blocks, order) if colonia_cut_price > 0 else None
    city = build_city(weighed, people, ground, outline, placed, colonia, colonia_cut_price)
    return Prepared(
        order=order,
        ids=np.asarray(blocks.index)[order],
        shapes=shapes,
        population=population,
        score=scores,
        links=placed,
        city=city,
        tree=shapely.STRtree(shapes),
        threshold=threshold,
        price_per_m=price,
    )


def weigh_need(
    score: np.ndarray,
    population: np.ndarray,
    outline_m: np.ndarray,
    *,
    threshold_share: float,
    need: str,
    perimeter_price: float,
) -> tuple[np.ndarray, float, float]:
    """Return the need of each block, the score at the line and the price of a meter in need.

    Parameters
    ----------
    score, population, outline_m : ndarray
        Of each block; missing where unknown.
    threshold_share, need, perimeter_price
        As in `grow`.

    Examples
    --------
    >>> held, at, price = weigh_need(np.array([0.2, 0.8]), np.array([10.0, 5.0]),
    ...     np.array([100.0, 100.0]), threshold_share=0.3, need="excess", perimeter_price=2.0)
    >>> held.round(2).tolist(), at, round(price, 3)
    ([0.0, 3.0], 0.2, 0.06)
    """
    threshold = line(score, population, threshold_share) if need == "excess" else 0.0
    weighed = np.nan_to_num(population * (score - threshold))
    urgent = weighed > 0
    lone = float(np.median(weighed[urgent] / outline_m[urgent])) if urgent.any() else 0.0
    return weighed, threshold, perimeter_price * lone


def _colonias(blocks: gpd.GeoDataFrame, order: np.ndarray) -> np.ndarray:
    """Return a number for the colonia of each block, −1 where it is in none."""
    if "colonia" not in blocks:
        raise TargetingError([Problem("no-colonias", "delineation.colonia_cut_price")])
    codes, _ = pd.factorize(blocks["colonia"].to_numpy(object)[order], sort=False)
    return np.asarray(codes, dtype=np.int64)


def line(score: np.ndarray, population: np.ndarray, share: float) -> float:
    """Score above which nearest to `share` of the people live.

    Parameters
    ----------
    score, population : ndarray
        Of each block; blocks where either is missing do not count.
    share : float
        Of the people, 0 to 1.

    Returns
    -------
    float
        One of the scores; where two leave the share equally far, the higher. When all scores are
        equal nobody is above. Missing when no peopled block has a score.

    Examples
    --------
    >>> line(np.array([0.1, 0.4, 0.6, 0.9]), np.array([30.0, 30.0, 30.0, 10.0]), 0.4)
    0.4
    >>> line(np.array([0.5, 0.5]), np.array([10.0, 10.0]), 0.2)
    0.5
    """
    known = np.isfinite(score) & (np.nan_to_num(population) > 0)
    if not known.any():
        return float("nan")
    steps, step = np.unique(score[known], return_inverse=True)
    people = np.bincount(step, population[known])
    above = 1 - np.cumsum(people) / people.sum()
    off = np.abs(above - share)
    return float(steps[len(steps) - 1 - int(np.argmin(off[::-1]))])
