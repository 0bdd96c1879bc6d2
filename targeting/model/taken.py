"""What the sources take in: a city, its counts, and the account of every loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS

from targeting.model._checks import demand, frozen

# A check of all columns at once would take as much memory as a table of its own.
_COLUMNS_AT_ONCE = 16


@dataclass(frozen=True)
class Loss:
    """Rows that did not get through a step, and why.

    Parameters
    ----------
    layer : str
        Input layer the rows belong to, such as `incidents`.
    reason : str
        Stable code; the sentence is the message `loss.<reason>`.
    count : int
        How many rows.
    of : int
        Out of how many.
    examples : tuple of str
        Up to five keys or row numbers, smallest first.

    Examples
    --------
    >>> Loss("incidents", "zero-coordinates", 20, 4000).share
    0.005
    """

    layer: str
    reason: str
    count: int
    of: int
    examples: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        """Part of the rows, 0 to 1."""
        return self.count / self.of if self.of else 0.0


@dataclass(frozen=True)
class LayerReport:
    """What was read from one input: rows in, rows kept, coordinate systems, encoding, losses.

    Parameters
    ----------
    layer : str
        Name of the input in the study.
    file : str
        File name as the study writes it (never a full path).
    rows_read, rows_kept : int
        Before and after the losses.
    source, year : str
        From the study.
    crs_in, encoding : str
        As found; empty where it does not apply.
    losses : tuple of Loss
        Named and counted.
    notes : mapping
        Further figures, such as `match_share`.
    sha256 : str
        Hash of the input's bytes.
    """

    layer: str
    file: str
    rows_read: int
    rows_kept: int
    source: str = ""
    year: str = ""
    crs_in: str = ""
    encoding: str = ""
    losses: tuple[Loss, ...] = ()
    notes: Mapping[str, Any] = field(default_factory=dict)
    sha256: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "notes", frozen(self.notes))


@dataclass(frozen=True)
class IntakeReport:
    """The account of a whole intake: every layer, and what only shows when they are joined.

    Parameters
    ----------
    layers : tuple of LayerReport
        What was read from each input, and what was lost.
    city : mapping
        Figures of the city as a whole, such as `people_outside_blocks`.

    Examples
    --------
    >>> IntakeReport((LayerReport("blocks", "m.shp", 5, 5),)).losses
    ()
    """

    layers: tuple[LayerReport, ...] = ()
    city: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "city", frozen(self.city))

    @property
    def losses(self) -> tuple[Loss, ...]:
        """Every loss of every layer."""
        return tuple(loss for layer in self.layers for loss in layer.losses)


@dataclass(frozen=True)
class Counts:
    """Counts of a census by unit, each with the interval its mask leaves open.

    Parameters
    ----------
    value, low, high : DataFrame
        Same index (unit ids) and columns (the publisher's names). A masked cell has its bounds in
        `low` and `high` and their midpoint in `value`; a missing cell is NaN in all three.

    Examples
    --------
    >>> value = pd.DataFrame({"people": [120.0], "born_abroad": [1.5]}, index=["b1"])
    >>> low, high = value.assign(born_abroad=1.0), value.assign(born_abroad=2.0)  # masked: 1 or 2
    >>> Counts(value, low, high).reindex(pd.Index(["b1", "b2"])).high["born_abroad"].tolist()
    [2.0, nan]
    """

    value: pd.DataFrame
    low: pd.DataFrame
    high: pd.DataFrame

    def __post_init__(self) -> None:
        for other in (self.low, self.high):
            demand(self.value.index.equals(other.index), "counts: indexes differ")
            demand(self.value.columns.equals(other.columns), "counts: columns differ")
        tables = [f.to_numpy(float) for f in (self.value, self.low, self.high)]
        for first in range(0, tables[0].shape[1], _COLUMNS_AT_ONCE):
            value, low, high = (one[:, first : first + _COLUMNS_AT_ONCE] for one in tables)
            unknown = np.isnan(value)
            demand(bool(np.all((low <= value) | unknown)), "counts: a value is below its bound")
            demand(bool(np.all((high >= value) | unknown)), "counts: a value is above its bound")

    def reindex(self, index: pd.Index[Any]) -> Counts:
        """Return the counts for other units; unknown units are missing."""
        return Counts(*(f.reindex(index) for f in (self.value, self.low, self.high)))


@dataclass(frozen=True)
class Territory:
    """A city as the engine sees it: blocks, their areas, and what happens in them.

    Parameters
    ----------
    blocks : GeoDataFrame
        Index `block_id` (unique text, sorted). Columns `area_id`, `municipality_id` (text or
        missing), `population` (people; missing where unknown), `geometry` (valid polygons).
    areas : GeoDataFrame or None
        Index `area_id`; polygons of the coarser unit (AGEB).
    block_counts, area_counts : Counts or None
        Census counts by block and by area.
    area_table : DataFrame or None
        Published values by area (index `area_id`), such as the components of CONAPO's index.
    block_table : DataFrame or None
        Values by block that are no census counts (street environment, figures taken from
        rasters); index the blocks', missing where a block has none.
    incidents : GeoDataFrame or None
        Points in canonical order: `kind` (text), `block_id` (missing where not placed),
        `distance_m` to that block.
    incident_counts : DataFrame or None
        Incidents known only for a coarser unit, allocated to its blocks by population: `block_id`,
        `kind`, `count` (fractional). They are no points and no single event can be told from them.
    incident_coverage : Series of bool or None
        Index the blocks'; False where no source of incidents looks, so that none recorded does
        not mean none. Default: every block is covered.
    incident_kind_coverage : DataFrame of bool or None
        Index the blocks', a column for each kind some source knows; False where no source that
        knows the kind looks. Default: as `incident_coverage`, for every kind.
    incident_years : float or None
        Years the incidents stand for; None where their sources do not say or do not agree.
    incident_spans : DataFrame or None
        Days the sources of points cover, the first and the last included: `kind`,
        `municipality_id` (missing: everywhere), `start`, `end`. None where a source does not say.
    facilities : GeoDataFrame or None
        Index `facility_id`; `kind`, `name` (missing where the source has none), `source`,
        `sensitive` (bool), `capacity` (pupils, consulting rooms, beds or people, as its kind says;
        missing where unknown), `reference` (the register's own key, never published), `geometry`
        (points).
    facility_merges : DataFrame or None
        Records of facilities found in several sources and told once: `facility_id` (the one that
        stays), `kept_name`, `kept_reference` (its own), `kind`, `name`, `source`, `reference` (of
        the record merged into it), `distance_m`, `why` (`like_names`, `unnamed_nearby`,
        `by_third_record`). References are never published.
    places : GeoDataFrame or None
        Named polygons that are neither blocks nor areas (municipalities, localities, colonias):
        index `place_id`; `level`, `name`, `geometry`.
    street_axes : GeoDataFrame or None
        Center lines of streets: `kind`, `name`, `geometry`.
    barriers : GeoDataFrame or None
        Lines nobody crosses on foot: `kind`, `geometry`.
    crs : pyproj.CRS
        The one metric system of every layer.
    intake : IntakeReport
        What was read and what was lost.

    Examples
    --------
    >>> import shapely
    >>> blocks = gpd.GeoDataFrame(
    ...     {"area_id": "a1", "municipality_id": "m1", "population": [120.0, None]},
    ...     geometry=[shapely.box(0, 0, 80, 80), shapely.box(90, 0, 170, 80)],
    ...     index=["b1", "b2"], crs=32613)
    >>> city = Territory(blocks=blocks, crs=CRS.from_epsg(32613))
    >>> city.blocks["population"].isna().sum()  # missing is not zero
    np.int64(1)
    """

    blocks: gpd.GeoDataFrame
    crs: CRS
    areas: gpd.GeoDataFrame | None = None
    block_counts: Counts | None = None
    area_counts: Counts | None = None
    area_table: pd.DataFrame | None = None
    block_table: pd.DataFrame | None = None
    incidents: gpd.GeoDataFrame | None = None
    incident_counts: pd.DataFrame | None = None
    incident_coverage: pd.Series[bool] | None = None
    incident_kind_coverage: pd.DataFrame | None = None
    incident_years: float | None = None
    incident_spans: pd.DataFrame | None = None
    facilities: gpd.GeoDataFrame | None = None
    facility_merges: pd.DataFrame | None = None
    barriers: gpd.GeoDataFrame | None = None
    places: gpd.GeoDataFrame | None = None
    street_axes: gpd.GeoDataFrame | None = None
    intake: IntakeReport = field(default_factory=IntakeReport)

    def __post_init__(self) -> None:
        blocks = self.blocks
        demand(len(blocks) > 0, "a territory needs at least one block")
        demand(blocks.index.is_unique and blocks.index.is_monotonic_increasing, "block ids")
        demand({"area_id", "municipality_id", "population"} <= set(blocks.columns), "columns")
        demand(bool(blocks.geometry.is_valid.all()), "invalid block geometry")
        population = blocks["population"].to_numpy(float)
        demand(not bool((population < 0).any()), "negative population")
        demand(self.crs.is_projected, "the coordinate system must be metric")
        shapes = ("blocks", "areas", "incidents", "facilities", "barriers", "places", "street_axes")
        for name in shapes:
            layer = getattr(self, name)
            demand(layer is None or layer.crs == self.crs, f"{name}: other coordinates")
        if self.block_counts is not None:
            demand(self.block_counts.value.index.equals(blocks.index), "block counts: index")
        by_block = (self.block_table, self.incident_coverage, self.incident_kind_coverage)
        for aligned in by_block:
            demand(aligned is None or aligned.index.equals(blocks.index), "by block: index")
