"""Methods to compare with: crowds of urgent blocks, by density alone."""

from __future__ import annotations

from typing import Annotated, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from annotated_types import Ge, Gt, Le, Lt

from targeting.delineation.other_methods.clusters import (
    NO_CLUSTER,
    in_pieces,
    neediest,
    outside,
    urgent_blocks,
)
from targeting.delineation.prepared import Prepared
from targeting.model import CandidatePolygons, Links
from targeting.registry import register


@register("delineator")
def dbscan(
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
    reach_m: Annotated[float, Gt(0)] = 150.0,
    blocks_min: Annotated[int, Ge(1)] = 5,
) -> CandidatePolygons:
    """Gather urgent blocks that lie close together, and keep the neediest crowds that fit.

    DBSCAN (Ester, Kriegel, Sander and Xu 1996, A density-based algorithm for discovering clusters;
    scikit-learn's implementation) on the middles of the peopled blocks above the line. It knows no
    streets and no barriers: a crowd is split where the links do not hold it together. Crowds that
    break a bound are left out, so it is a measure to compare `grow` with.

    Parameters
    ----------
    blocks, score, links
        As in `grow`.
    polygons, population_min, population_max, area_max_km2, compactness_min : float
        As in `grow`.
    threshold_share, perimeter_price, need
        As in `grow`; blocks above the line are clustered whatever the need, and the price only
        enters the objective stated.
    reach_m : float
        How far apart the middles of two blocks may lie to count as close, in meters.
    blocks_min : int
        Close blocks, itself included, that make a block part of the inside of a crowd.

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
    >>> from targeting.delineation import street_links
    >>> shapes = shapely.box(*np.array([(i % 8 * 70, i // 8 * 70) for i in range(64)]).T,
    ...                      *np.array([(i % 8 * 70 + 60, i // 8 * 70 + 60) for i in range(64)]).T)
    >>> city = gpd.GeoDataFrame({"population": 100.0}, geometry=shapes, index=range(64))
    >>> hot = pd.Series([1.0 if i % 8 < 4 and i // 8 < 4 else 0.1 for i in range(64)])
    >>> found = dbscan(city, hot, street_links(city.geometry), population_min=1000, reach_m=100)
    >>> found.polygons[["population", "score"]].values.tolist()
    [[1600.0, 1.0]]
    """
    return neediest(
        blocks,
        score,
        links,
        lambda prepared: _dbscan(prepared, threshold_share, reach_m, blocks_min),
        polygons=polygons,
        population_min=population_min,
        population_max=population_max,
        area_max_km2=area_max_km2,
        compactness_min=compactness_min,
        threshold_share=threshold_share,
        perimeter_price=perimeter_price,
        need=need,
        wrong=[
            *outside("reach_m", reach_m, "> 0", fits=0 < reach_m < np.inf),
            *outside("blocks_min", blocks_min, "≥ 1", fits=blocks_min >= 1),
        ],
    )


@register("delineator")
def hdbscan(
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
    cluster_blocks_min: Annotated[int, Ge(2)] = 10,
    blocks_min: Annotated[int, Ge(1)] = 5,
    chosen: Literal["lasting", "smallest"] = "lasting",
) -> CandidatePolygons:
    """Gather urgent blocks as close together as each place has it, and keep the neediest that fit.

    HDBSCAN (Campello, Moulavi and Sander 2013, Density-based clustering based on hierarchical
    density estimates; scikit-learn's implementation) on the middles of the peopled blocks above the
    line: as `dbscan`, but how close is close follows from the data.

    Parameters
    ----------
    blocks, score, links
        As in `grow`.
    polygons, population_min, population_max, area_max_km2, compactness_min : float
        As in `grow`.
    threshold_share, perimeter_price, need
        As in `dbscan`.
    cluster_blocks_min : int
        Blocks of the smallest crowd.
    blocks_min : int
        Blocks around one, itself included, by which its density is told.
    chosen : str
        Crowds within crowds: `"lasting"` keeps those that hold together over most densities,
        `"smallest"` those without a crowd inside.

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
    >>> from targeting.delineation import street_links
    >>> corner = np.array([(i % 8 * 70, i // 8 * 70) for i in range(64)])
    >>> shapes = shapely.box(*corner.T, *(corner + 60).T)
    >>> city = gpd.GeoDataFrame({"population": 100.0}, geometry=shapes, index=range(64))
    >>> hot = (abs(corner - 245) > 130).all(axis=1)
    >>> found = hdbscan(city, pd.Series(hot * 0.9), street_links(city.geometry),
    ...                 population_min=300, cluster_blocks_min=4, blocks_min=2)
    >>> found.polygons["population"].tolist()
    [400.0, 400.0, 400.0, 400.0]
    """
    wrong = outside("blocks_min", blocks_min, "≥ 1", fits=blocks_min >= 1)
    wrong += outside("cluster_blocks_min", cluster_blocks_min, "≥ 2", fits=cluster_blocks_min >= 2)
    return neediest(
        blocks,
        score,
        links,
        lambda prepared: _hdbscan(
            prepared, threshold_share, cluster_blocks_min, blocks_min, chosen
        ),
        polygons=polygons,
        population_min=population_min,
        population_max=population_max,
        area_max_km2=area_max_km2,
        compactness_min=compactness_min,
        threshold_share=threshold_share,
        perimeter_price=perimeter_price,
        need=need,
        wrong=wrong,
    )


def _dbscan(
    prepared: Prepared, threshold_share: float, reach_m: float, blocks_min: int
) -> np.ndarray:
    """Return the crowd of each block, −1 for none."""
    from sklearn.cluster import DBSCAN

    label = np.full(len(prepared.score), NO_CLUSTER, dtype=np.int64)
    urgent = urgent_blocks(prepared, threshold_share)
    if len(urgent):
        label[urgent] = DBSCAN(eps=reach_m, min_samples=blocks_min).fit_predict(
            _middles(prepared, urgent)
        )
    return in_pieces(prepared, label)


def _hdbscan(
    prepared: Prepared,
    threshold_share: float,
    cluster_blocks_min: int,
    blocks_min: int,
    chosen: str,
) -> np.ndarray:
    """Return the crowd of each block, −1 for none."""
    from sklearn.cluster import HDBSCAN

    label = np.full(len(prepared.score), NO_CLUSTER, dtype=np.int64)
    urgent = urgent_blocks(prepared, threshold_share)
    if len(urgent) >= max(cluster_blocks_min, blocks_min):
        label[urgent] = HDBSCAN(
            min_cluster_size=cluster_blocks_min,
            min_samples=blocks_min,
            cluster_selection_method="eom" if chosen == "lasting" else "leaf",
            copy=True,
        ).fit_predict(_middles(prepared, urgent))
    return in_pieces(prepared, label)


def _middles(prepared: Prepared, blocks: np.ndarray) -> np.ndarray:
    """Return the middles of blocks, from the first of them: small numbers lose no digits."""
    middle = shapely.get_coordinates(shapely.centroid(prepared.shapes[blocks]))
    return np.asarray(middle - middle[0])
