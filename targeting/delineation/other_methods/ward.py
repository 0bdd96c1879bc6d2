"""A method to compare with: cut the whole city into clusters, keep the neediest that fit."""

from __future__ import annotations

from typing import Annotated, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import scipy.sparse as sparse
from annotated_types import Ge, Gt, Le, Lt

from targeting.delineation.other_methods.clusters import by_component, neediest, outside
from targeting.model import CandidatePolygons, Links
from targeting.registry import register


@register("delineator")
def ward(
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
    """Cut the city into clusters of like score and place, and keep the neediest that fit.

    Ward's clustering along the links (Ward 1963, Hierarchical grouping to optimize an objective
    function; scikit-learn's implementation) on score and position, each component of the graph on
    its own, at the number of clusters that gives the middle of the population bounds on average.
    Clusters that break a bound or have no need are left out. It places every block with a score,
    so it is a measure to compare `grow` with, not a search for the best polygons.

    Parameters
    ----------
    blocks, score, links
        As in `grow`.
    polygons, population_min, population_max, area_max_km2, compactness_min : float
        As in `grow`.
    threshold_share, perimeter_price, need
        As in `grow`; the price only enters the objective stated.
    score_weight : float
        How far apart a standard deviation of the score puts two blocks, in widths of a cluster.

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
    >>> shapes = shapely.box(*np.array([(i % 8 * 70, i // 8 * 70) for i in range(64)]).T,
    ...                      *np.array([(i % 8 * 70 + 60, i // 8 * 70 + 60) for i in range(64)]).T)
    >>> city = gpd.GeoDataFrame({"population": 100.0}, geometry=shapes, index=range(64))
    >>> hot = pd.Series([1.0 if i % 8 < 4 and i // 8 < 4 else 0.1 for i in range(64)])
    >>> found = ward(city, hot, street_links(city.geometry), population_min=1000,
    ...              population_max=2200)
    >>> found.polygons[["population", "score"]].values.tolist()
    [[1600.0, 1.0]]
    """
    people = (population_min + population_max) / 2
    return neediest(
        blocks,
        score,
        links,
        lambda prepared: by_component(prepared, people, score_weight, _clusters),
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


def _clusters(features: np.ndarray, links: sparse.csr_array, count: int) -> np.ndarray:
    """Return the cluster of each block of a component."""
    from sklearn.cluster import AgglomerativeClustering

    near = sparse.csr_matrix(links)
    tree = AgglomerativeClustering(n_clusters=count, linkage="ward", connectivity=near)
    return np.asarray(tree.fit_predict(features))
