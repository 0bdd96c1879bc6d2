"""From clusters of any method to polygons: those with need that fit, the neediest first."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import scipy.sparse as sparse
import shapely
from scipy.sparse.csgraph import connected_components

from targeting.delineation.checking import check_polygons
from targeting.delineation.drawing.ground import places
from targeting.delineation.graph import components, matrix
from targeting.delineation.prepared import Prepared, line, prepare
from targeting.delineation.result import polygons_of, roundness
from targeting.delineation.settings import check_settings
from targeting.model import CandidatePolygons, Links
from targeting.problems import Problem, TargetingError

NO_CLUSTER = -1


def neediest(
    blocks: gpd.GeoDataFrame,
    score: pd.Series[float],
    links: Links,
    clusters: Callable[[Prepared], np.ndarray],
    *,
    polygons: int,
    population_min: float,
    population_max: float,
    area_max_km2: float | None,
    compactness_min: float,
    threshold_share: float,
    perimeter_price: float,
    need: str,
    wrong: Sequence[Problem] = (),
) -> CandidatePolygons:
    """Make clusters, leave out those without need or beyond a bound, and keep the neediest.

    Parameters
    ----------
    blocks, score, links
        As in `grow`.
    clusters : callable
        From the prepared city to the cluster of each block in canonical order, −1 for none; the
        blocks of a cluster are connected (`in_pieces`).
    polygons, population_min, population_max, area_max_km2, compactness_min : float
        As in `grow`.
    threshold_share, perimeter_price, need
        As in `grow`; the price only enters the objective stated.
    wrong : sequence of Problem
        Of the method's own settings.

    Returns
    -------
    CandidatePolygons
        Numbered as in `grow`.

    Raises
    ------
    TargetingError
        Every setting that means nothing or contradicts another.
    """
    _refuse(
        wrong,
        polygons=polygons,
        population_min=population_min,
        population_max=population_max,
        area_max_km2=area_max_km2,
        compactness_min=compactness_min,
        threshold_share=threshold_share,
        perimeter_price=perimeter_price,
        need=need,
    )
    prepared = prepare(
        blocks,
        score,
        links,
        threshold_share=threshold_share,
        need=need,
        perimeter_price=perimeter_price,
    )
    label = clusters(prepared)
    area_max_m2 = np.inf if area_max_km2 is None else area_max_km2 * 1e6
    fitting, ground = _fitting(
        prepared, label, population_min, population_max, area_max_m2, compactness_min
    )
    spare = np.zeros(len(blocks), dtype=bool)
    for extra in fitting[polygons:]:
        spare[extra] = True
    found = polygons_of(
        prepared,
        fitting[:polygons],
        ground[:polygons],
        blocks=blocks,
        spare=spare,
        notes={"polygons_asked": polygons, "cluster_count": int(label.max(initial=-1)) + 1},
    )
    check_polygons(
        found,
        blocks,
        links,
        polygons=polygons,
        population_min=population_min,
        population_max=population_max,
        area_max_km2=area_max_km2,
        compactness_min=compactness_min,
    )
    return found


def outside(name: str, given: float, expected: str, *, fits: bool) -> list[Problem]:
    """Return the problem of a setting out of its range, or none.

    Examples
    --------
    >>> [problem.where for problem in outside("reach_m", -1.0, "> 0", fits=False)]
    ['delineation.reach_m']
    """
    if fits:
        return []
    told = {"given": f"{given:g}", "expected": expected}
    return [Problem("out-of-range", f"delineation.{name}", told)]


def urgent_blocks(prepared: Prepared, threshold_share: float) -> np.ndarray:
    """Return the peopled blocks above the line, whatever the need: what is clustered."""
    at = line(prepared.score, prepared.population, threshold_share)
    return np.flatnonzero((prepared.score > at) & (prepared.city.population > 0))


def by_component(
    prepared: Prepared,
    people: float,
    score_weight: float,
    cut: Callable[[np.ndarray, sparse.csr_array, int], np.ndarray],
) -> np.ndarray:
    """Cut every component of the graph into clusters of so many people on average.

    Parameters
    ----------
    prepared : Prepared
        The city; blocks without a score are in no cluster.
    people : float
        Of a cluster, on average.
    score_weight : float
        How far apart a standard deviation of the score puts two blocks, in widths of a cluster.
    cut : callable
        From features, links and the number of clusters to the cluster of each block.
    """
    label = np.full(len(prepared.score), NO_CLUSTER, dtype=np.int64)
    known = np.flatnonzero(np.isfinite(prepared.score))
    if not len(known):
        return label
    links = matrix(prepared.city)[known][:, known]
    size = np.maximum(prepared.city.population[known], 0.0)
    width = np.sqrt(prepared.city.area[known].sum() * people / max(size.sum(), 1.0))
    spread = float(prepared.score[known].std()) or 1.0
    features = np.column_stack(
        [
            prepared.score[known] / spread * score_weight,
            shapely.get_coordinates(shapely.centroid(prepared.shapes[known])) / width,
        ]
    )
    component = components(
        prepared.city._replace(
            need=prepared.city.need[known], starts=links.indptr, neighbor=links.indices
        )
    )
    used = 0
    for part in range(int(component.max()) + 1):
        mine = np.flatnonzero(component == part)
        count = int(np.clip(round(size[mine].sum() / people), 1, len(mine)))
        found = np.zeros(len(mine), dtype=np.int64)
        if count > 1:
            found = cut(features[mine], sparse.csr_array(links[mine][:, mine]), count)
        label[known[mine]] = used + found
        used += count
    return label


def in_pieces(prepared: Prepared, label: np.ndarray) -> np.ndarray:
    """Split clusters that the links do not connect; numbered by their first block.

    Parameters
    ----------
    prepared : Prepared
        The city.
    label : ndarray of int64
        Cluster of each block, −1 for none.
    """
    one, two = prepared.links.first, prepared.links.second
    same = (label[one] == label[two]) & (label[one] >= 0)
    ones = np.ones(int(same.sum()))
    graph = sparse.csr_array((ones, (one[same], two[same])), shape=(len(label), len(label)))
    _, piece = connected_components(graph, directed=False)
    placed = np.flatnonzero(label >= 0)
    _, first, which = np.unique(piece[placed], return_index=True, return_inverse=True)
    number = np.empty(len(first), dtype=np.int64)
    number[np.argsort(first)] = np.arange(len(first))
    found = np.full(len(label), NO_CLUSTER, dtype=np.int64)
    found[placed] = number[which]
    return found


def _refuse(
    wrong: Sequence[Problem],
    *,
    polygons: int,
    population_min: float,
    population_max: float,
    area_max_km2: float | None,
    compactness_min: float,
    threshold_share: float,
    perimeter_price: float,
    need: str,
) -> None:
    """Refuse the common settings and the method's own in one list."""
    try:
        check_settings(
            polygons=polygons,
            population_min=population_min,
            population_max=population_max,
            area_max_km2=area_max_km2,
            compactness_min=compactness_min,
            threshold_share=threshold_share,
            perimeter_price=perimeter_price,
            need=need,
        )
    except TargetingError as error:
        raise TargetingError([*error.problems, *wrong]) from None
    if wrong:
        raise TargetingError(wrong)


def _fitting(
    prepared: Prepared,
    label: np.ndarray,
    population_min: float,
    population_max: float,
    area_max_m2: float,
    compactness_min: float,
) -> tuple[list[np.ndarray], np.ndarray]:
    """Clusters with need that keep every bound, neediest first, and their places."""
    placed = np.flatnonzero(label >= 0)
    order = placed[np.argsort(label[placed], kind="stable")]
    groups = np.split(order, np.flatnonzero(np.diff(label[order])) + 1) if len(order) else []
    people = [float(prepared.city.population[group].sum()) for group in groups]
    need = [float(prepared.city.need[group].sum()) for group in groups]
    groups = [
        groups[at]
        for at in sorted(range(len(groups)), key=lambda at: (-need[at], at))
        if need[at] > 0 and population_min <= people[at] <= population_max
    ]
    ground = places(prepared.shapes, groups, prepared.links, prepared.tree)
    keeps = (shapely.area(ground) <= area_max_m2) & (roundness(ground) >= compactness_min)
    return [group for group, kept in zip(groups, keeps, strict=True) if kept], ground[keeps]
