"""How close incidents lie: their density around each block, where residents say little."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import numpy as np
import pandas as pd
import shapely
from annotated_types import Ge, Gt, Lt
from scipy.sparse import csr_array
from scipy.special import gammaincinv

from targeting.indicators.counting import (
    blocks_covered,
    kinds_known,
    severity_weights,
    violent_kinds,
    years_of_data,
)
from targeting.indicators.kernels import Density, Kernel, graph_density, kernel_density, mass_inside
from targeting.indicators.measured import Measured, exact
from targeting.indicators.recording import RecordedShares, as_if_all_recorded, recorded_shares
from targeting.indicators.shrinking import gamma_interval
from targeting.indicators.smoothing import nearest_blocks
from targeting.model import Loss, Territory
from targeting.registry import register

_KM2 = 1e6


@register("measure")
def density_of_points(
    territory: Territory,
    *,
    kinds: tuple[str, ...] = (),
    bandwidth_m: Annotated[float, Gt(0)] = 300.0,
    kernel: Kernel = "quartic",
    distance: Literal["straight", "blocks"] = "straight",
    edge: Literal["studied", "none"] = "studied",
    neighbors: Annotated[int, Ge(1)] = 8,
    per_year: bool = False,
    by_severity: bool = False,
    severity: Mapping[str, Annotated[float, Ge(0)]] | None = None,
    recorded_share: RecordedShares | None = None,
    recorded_in: RecordedShares | None = None,
    confidence: Annotated[float, Gt(0), Lt(1)] = 0.9,
) -> Measured:
    """Incidents per km² around the middle of each block, whoever lives there.

    Parameters
    ----------
    territory : Territory
        With `incidents` placed in blocks, `incident_counts` shared out among them, or both. What
        was shared out lies in the middle of its block.
    kinds : tuple of str
        Kinds that count. None named means all that are violence; by severity, all with a weight.
    bandwidth_m : float
        How far an incident counts: up to here with a quartic kernel; a standard deviation of a
        normal one, cut off at four.
    kernel : str
        `quartic` or `gaussian`; along blocks always quartic.
    distance : str
        `straight`: as the crow flies. `blocks`: along the shortest path from block to nearby block
        that crosses no barrier, each incident in the middle of its block; per km² of block.
    edge : str
        `studied`: what a kernel would lend to ground nobody looked at (farther than half a wide
        street from any block) goes to the ground studied, so that the densities add up to the
        incidents. `none`: it is lost; only in a straight line.
    neighbors : int
        Along blocks: how many nearest blocks each is linked to.
    per_year : bool
        Divide by the years the incidents stand for.
    by_severity : bool
        An incident counts as much as its kind weighs. A homicide weighs 10.
    severity : mapping, optional
        Kind to weight, in place of the table's; giving it asks for `by_severity`.
    recorded_share, recorded_in : mapping, optional
        A scenario: share of the incidents that is recorded, from the lowest to the highest, by kind
        and by area or municipality; see `recorded_shares`.
    confidence : float
        Probability the interval holds: for incidents that fall independently at this density. How
        much a kernel flattens is not in it.

    Returns
    -------
    Measured
        Per km² over the period of the data, or a year. Missing where no source that knows the
        kinds looks.

    Raises
    ------
    TargetingError
        `kind-without-severity`, `no-exposure`, and those of `recorded_shares`.

    See Also
    --------
    kernel_density, graph_density, mass_inside : the methods.
    """
    index = territory.blocks.index
    if territory.incidents is None and territory.incident_counts is None:
        return exact(pd.Series(np.nan, index=index), "smoothed")
    weights: Mapping[str, float] | None = None
    if by_severity or severity is not None:
        weights = severity_weights(kinds or kinds_known(territory), severity or {})
        kinds = tuple(kind for kind, weight in weights.items() if weight > 0)
    kinds = kinds or violent_kinds(kinds_known(territory))
    if recorded_share is not None or recorded_in is not None:
        shares = recorded_shares(territory, kinds, recorded_share or {}, recorded_in or {})

        def of_kind(kind: str) -> Measured:
            return density_of_points(
                territory,
                kinds=(kind,),
                bandwidth_m=bandwidth_m,
                kernel=kernel,
                distance=distance,
                edge=edge,
                neighbors=neighbors,
                per_year=per_year,
                confidence=confidence,
            )

        return as_if_all_recorded(of_kind, shares, weights)
    covered = blocks_covered(territory, kinds)
    points = _Points(territory, kinds, covered, weights or dict.fromkeys(kinds, 1.0))
    if distance == "blocks":
        held = _along_blocks(territory, points, covered, bandwidth_m, neighbors)
    else:
        held = _straight(territory, points, covered, bandwidth_m, kernel, edge)
    years = years_of_data(territory) if per_year else 1.0
    low, high = gamma_interval(held.density, held.variance, confidence)
    # With none near: what so much ground as the kernel covers would show, flat, with this chance.
    ground_m2 = _covers_m2(kernel if distance == "straight" else "quartic", bandwidth_m)
    none = gammaincinv(1.0, (1 + confidence) / 2) * points.usual_weight / ground_m2
    ends = (held.density, np.fmin(low, held.density), np.fmax(high, none))
    value, low_end, high_end = (
        pd.Series(np.where(covered, end * _KM2 / years, np.nan), index=index) for end in ends
    )
    return Measured(value, low_end, high_end, "smoothed", points.losses)


class _Points:
    """The incidents that count: where they lie, in which block, what they weigh."""

    def __init__(
        self,
        territory: Territory,
        kinds: tuple[str, ...],
        covered: np.ndarray,
        weights: Mapping[str, float],
    ) -> None:
        index = territory.blocks.index
        self.block, self.at = np.empty(0, dtype=np.int64), np.empty((0, 2))
        self.weight, self.square = np.empty(0), np.empty(0)
        if territory.incidents is not None:
            found = territory.incidents
            chosen = found[found["kind"].isin(kinds) & found["block_id"].notna()]
            weight = chosen["kind"].map(weights).to_numpy(float)
            at = shapely.get_coordinates(chosen.geometry.to_numpy())
            self._add(index.get_indexer(chosen["block_id"]), at, weight, weight**2)
        if territory.incident_counts is not None:
            shared = territory.incident_counts
            chosen = shared[shared["kind"].isin(kinds)]
            block = index.get_indexer(chosen["block_id"])
            weight, count = chosen["kind"].map(weights), chosen["count"]
            self._add(
                block,
                block_centers(territory)[block],
                (weight * count).to_numpy(float),
                (weight**2 * count).to_numpy(float),
            )
        seen = covered[self.block]
        self.losses: tuple[Loss, ...] = ()
        if not seen.all():
            out = self.block[~seen]
            examples = tuple(str(block) for block in index[np.unique(out)[:5]])
            self.losses = (Loss("incidents", "kinds-not-covered", len(out), len(seen), examples),)
        self.block, self.at = self.block[seen], self.at[seen]
        self.weight, self.square = self.weight[seen], self.square[seen]
        self.usual_weight = self.square.sum() / self.weight.sum() if seen.any() else 1.0

    def _add(
        self, block: np.ndarray, at: np.ndarray, weight: np.ndarray, square: np.ndarray
    ) -> None:
        here = block >= 0
        self.block = np.r_[self.block, block[here]]
        self.at = np.r_[self.at, at[here]]
        self.weight = np.r_[self.weight, weight[here]]
        self.square = np.r_[self.square, square[here]]


def block_centers(territory: Territory) -> np.ndarray:
    """Return the centroid of each block, two columns in meters."""
    return shapely.get_coordinates(shapely.centroid(territory.blocks.geometry.to_numpy()))


def barrier_free_graph(territory: Territory, *, neighbors: int = 8) -> csr_array:
    """Link each block to the nearest ones, where no barrier lies between their middles.

    Parameters
    ----------
    territory : Territory
        With `barriers` or without.
    neighbors : int
        How many nearest; a link one way is a link both ways.

    Returns
    -------
    csr_array
        Lengths of the links in meters, from middle to middle.

    Examples
    --------
    >>> import geopandas as gpd
    >>> blocks = gpd.GeoDataFrame(
    ...     {"area_id": "a1", "municipality_id": "m1", "population": 50.0},
    ...     geometry=[shapely.box(x, 0, x + 80, 80) for x in (0, 100, 200)],
    ...     index=["b1", "b2", "b3"], crs=32613)
    >>> river = gpd.GeoDataFrame({"kind": ["river"]}, crs=32613,
    ...     geometry=[shapely.LineString([(190, -50), (190, 150)])])
    >>> city = Territory(blocks=blocks, crs=blocks.crs, barriers=river)
    >>> barrier_free_graph(city, neighbors=1).toarray().tolist()
    [[0.0, 100.0, 0.0], [100.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """
    at = block_centers(territory)
    near = nearest_blocks(at, count=neighbors)
    links = near.maximum(near.T).tocoo()
    first, second = links.coords
    if territory.barriers is not None and len(territory.barriers):
        lines = np.asarray(shapely.linestrings(np.stack([at[first], at[second]], axis=1)))
        tree = shapely.STRtree(territory.barriers.geometry.to_numpy())
        crossed = np.unique(tree.query(lines, predicate="intersects")[0])
        first, second = np.delete(first, crossed), np.delete(second, crossed)
    # Two blocks with one middle are still two.
    length = np.maximum(np.hypot(*(at[first] - at[second]).T), 1e-3)
    return csr_array((length, (first, second)), shape=links.shape)


def _straight(
    territory: Territory,
    points: _Points,
    covered: np.ndarray,
    bandwidth_m: float,
    kernel: Kernel,
    edge: str,
) -> Density:
    places = block_centers(territory)
    inside = np.ones(len(points.weight))
    if edge == "studied" and len(points.weight):
        shapes = territory.blocks.geometry.to_numpy()[covered]
        inside = mass_inside(points.at, shapes, bandwidth_m=bandwidth_m, kernel=kernel)
    held = kernel_density(
        places, points.at, points.weight / inside, bandwidth_m=bandwidth_m, kernel=kernel
    )
    if np.array_equal(points.square, points.weight**2):
        return held
    root = np.sqrt(points.square) / inside
    spread = kernel_density(places, points.at, root, bandwidth_m=bandwidth_m, kernel=kernel)
    return Density(held.density, spread.variance)


def _along_blocks(
    territory: Territory,
    points: _Points,
    covered: np.ndarray,
    bandwidth_m: float,
    neighbors: int,
) -> Density:
    size = len(territory.blocks)
    events = np.bincount(points.block, points.weight, minlength=size)
    squared = np.bincount(points.block, points.square, minlength=size)
    # Nothing is lent to a block where nobody looks.
    area = np.where(covered, shapely.area(territory.blocks.geometry.to_numpy()), 0.0)
    graph = barrier_free_graph(territory, neighbors=neighbors)
    return graph_density(graph, events, squared, area, bandwidth_m=bandwidth_m)


def _covers_m2(kernel: Kernel, bandwidth_m: float) -> float:
    """Return the ground a kernel covers: of a flat one of the same variance of its sums."""
    if kernel == "quartic":
        return 5 * np.pi * bandwidth_m**2 / 9
    return 4 * np.pi * bandwidth_m**2
