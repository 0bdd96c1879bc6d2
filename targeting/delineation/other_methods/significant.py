"""A method to compare with: what is significantly high, if it happens to fit."""

from __future__ import annotations

from typing import Annotated, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
from annotated_types import Ge, Gt, Le, Lt

from targeting.delineation.hotspots.local import Correction, getis_ord
from targeting.delineation.other_methods.clusters import NO_CLUSTER, in_pieces, neediest, outside
from targeting.delineation.prepared import Prepared
from targeting.model import CandidatePolygons, Links
from targeting.registry import register


@register("delineator", "hotspots")
def hotspot_polygons(
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
    significance: Annotated[float, Gt(0), Lt(1)] = 0.05,
    correction: Correction = "benjamini_hochberg",
    permutations: Annotated[int, Ge(1)] = 9999,
    seed: Annotated[int, Ge(0)] = 1,
) -> CandidatePolygons:
    """Keep the neediest connected groups of blocks among significantly high scores that fit.

    Getis and Ord's G* of the score, as in `getis_ord`. The test knows no bounds: groups too small
    or too large are left out, so it is a measure to compare `grow` with.

    Parameters
    ----------
    blocks, score, links
        As in `grow`.
    polygons, population_min, population_max, area_max_km2, compactness_min : float
        As in `grow`.
    threshold_share, perimeter_price, need
        As in `grow`; the price only enters the objective stated.
    significance : float
        Largest p-value, after the correction, of a block taken.
    correction, permutations, seed
        As in `getis_ord`.

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
    >>> corner = np.array([(i % 12 * 70, i // 12 * 70) for i in range(144)])
    >>> shapes = shapely.box(*corner.T, *(corner + 60).T)
    >>> city = gpd.GeoDataFrame({"population": 100.0}, geometry=shapes, index=range(144))
    >>> hot = pd.Series((corner < 300).all(axis=1) * 0.8)
    >>> found = hotspot_polygons(city, hot, street_links(city.geometry), population_min=1000)
    >>> found.polygons["score"].round(1).tolist()
    [0.8]
    """
    return neediest(
        blocks,
        score,
        links,
        lambda prepared: _significant(prepared, significance, correction, permutations, seed),
        polygons=polygons,
        population_min=population_min,
        population_max=population_max,
        area_max_km2=area_max_km2,
        compactness_min=compactness_min,
        threshold_share=threshold_share,
        perimeter_price=perimeter_price,
        need=need,
        wrong=[
            *outside("significance", significance, "> 0, < 1", fits=0 < significance < 1),
            *outside("permutations", permutations, "≥ 1", fits=permutations >= 1),
            *outside("seed", seed, "≥ 0", fits=seed >= 0),
        ],
    )


def _significant(
    prepared: Prepared,
    significance: float,
    correction: Correction,
    permutations: int,
    seed: int,
) -> np.ndarray:
    """Return the group of each significantly high block, −1 for the others."""
    found = getis_ord(
        pd.Series(prepared.score),
        prepared.links,
        correction=correction,
        permutations=permutations,
        seed=seed,
    ).blocks
    high = (found["p_adjusted"] <= significance) & (found["z"] > 0)
    return in_pieces(prepared, np.where(high.to_numpy(), 0, NO_CLUSTER))
