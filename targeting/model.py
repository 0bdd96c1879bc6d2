"""The values that travel from stage to stage: frozen, checked once when made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS

from targeting.units import UNITS

if TYPE_CHECKING:
    from targeting.study import Study

DIMENSIONS = ("violence", "marginalization", "facilities")
NO_POLYGON = 0


def frozen(mapping: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a read-only copy of a mapping.

    Examples
    --------
    >>> dict(frozen({"a": 1}))
    {'a': 1}
    """
    return MappingProxyType(dict(mapping))


def _demand(condition: object, what: str) -> None:
    if not condition:
        raise ValueError(what)


@dataclass(frozen=True)
class MethodSpec:
    """A registered method by name, with the settings a study gives it.

    Parameters
    ----------
    use : str
        Name in the registry.
    settings : mapping
        Keyword-only arguments of the method; what is absent keeps its default.
    """

    use: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "settings", frozen(self.settings))


@dataclass(frozen=True)
class LayerSpec:
    """One input a study names: which file, who reads it, where it is from.

    Parameters
    ----------
    slot : str
        `blocks`, `areas`, `census`, `area_table`, `incidents`, `facilities`, `barriers` or
        `population_raster`. Facilities and barriers may come from several files.
    where : str
        Place in the study, such as `inputs.facilities[1]`: problems name it.
    file : str
        Path as the study writes it, relative to the data folder.
    reader : MethodSpec
        Registered reader and its settings.
    source, year : str
        Publisher and year, shown on the page.
    """

    slot: str
    where: str
    file: str
    reader: MethodSpec
    source: str = ""
    year: str = ""


@dataclass(frozen=True)
class Indicator:
    """One measured thing: with unit, direction, source and year.

    Parameters
    ----------
    key : str
        snake_case name; a name that holds a quantity says its unit.
    names : mapping
        Name in `es` and `en`.
    unit : str
        Key of `targeting.units.UNITS`.
    worse : str
        `"higher"` or `"lower"`: which end is more urgent.
    dimension : str
        One of `DIMENSIONS`.
    measure : str
        Registered measure that fills it.
    settings : mapping
        The measure's settings.
    source, year : str
        Who published the data, and for when.

    Examples
    --------
    >>> Indicator("no_internet_share", {"es": "Sin internet", "en": "No internet"}, "share",
    ...           "higher", "marginalization", "share").label("en")
    'No internet'
    """

    key: str
    names: Mapping[str, str]
    unit: str
    worse: str
    dimension: str
    measure: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    year: str = ""

    def __post_init__(self) -> None:
        _demand(self.key.isidentifier() and self.key == self.key.lower(), f"key {self.key!r}")
        _demand(bool(self.names.get("es")) and bool(self.names.get("en")), f"{self.key}: names")
        _demand(self.unit in UNITS, f"{self.key}: unit {self.unit!r}")
        _demand(self.worse in ("higher", "lower"), f"{self.key}: worse {self.worse!r}")
        _demand(self.dimension in DIMENSIONS, f"{self.key}: dimension {self.dimension!r}")
        object.__setattr__(self, "names", frozen(self.names))
        object.__setattr__(self, "settings", frozen(self.settings))

    def label(self, language: str) -> str:
        """Return the name in one language."""
        return self.names[language]


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
    >>> Loss("incidents", "zero-coordinates", 20, 4865).share
    0.004110996916752312
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
class Counts:
    """Counts of a census by unit, each with the interval its mask leaves open.

    Parameters
    ----------
    value, low, high : DataFrame
        Same index (unit ids) and columns (the publisher's names). A masked cell has its bounds in
        `low` and `high` and their midpoint in `value`; a missing cell is NaN in all three.
    """

    value: pd.DataFrame
    low: pd.DataFrame
    high: pd.DataFrame

    def __post_init__(self) -> None:
        for other in (self.low, self.high):
            _demand(self.value.index.equals(other.index), "counts: indexes differ")
            _demand(self.value.columns.equals(other.columns), "counts: columns differ")
        value, low, high = (f.to_numpy(float) for f in (self.value, self.low, self.high))
        known = ~np.isnan(value)
        _demand(bool(np.all(low[known] <= value[known])), "counts: a value is below its bound")
        _demand(bool(np.all(high[known] >= value[known])), "counts: a value is above its bound")

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
    incidents : GeoDataFrame or None
        Points in canonical order: `kind` (text), `block_id` (missing where not placed),
        `distance_m` to that block.
    facilities : GeoDataFrame or None
        Index `facility_id`; `kind`, `name` (missing where the source has none), `source`,
        `sensitive` (bool), `geometry` (points).
    barriers : GeoDataFrame or None
        Lines nobody crosses on foot: `kind`, `geometry`.
    crs : pyproj.CRS
        The one metric system of every layer.
    layers : tuple of LayerReport
        What was read and what was lost.
    """

    blocks: gpd.GeoDataFrame
    crs: CRS
    areas: gpd.GeoDataFrame | None = None
    block_counts: Counts | None = None
    area_counts: Counts | None = None
    area_table: pd.DataFrame | None = None
    incidents: gpd.GeoDataFrame | None = None
    facilities: gpd.GeoDataFrame | None = None
    barriers: gpd.GeoDataFrame | None = None
    layers: tuple[LayerReport, ...] = ()

    def __post_init__(self) -> None:
        blocks = self.blocks
        _demand(len(blocks) > 0, "a territory needs at least one block")
        _demand(blocks.index.is_unique and blocks.index.is_monotonic_increasing, "block ids")
        _demand({"area_id", "municipality_id", "population"} <= set(blocks.columns), "columns")
        _demand(bool(blocks.geometry.is_valid.all()), "invalid block geometry")
        population = blocks["population"].to_numpy(float)
        _demand(not bool((population < 0).any()), "negative population")
        _demand(self.crs.is_projected, "the coordinate system must be metric")
        for name in ("blocks", "areas", "incidents", "facilities", "barriers"):
            layer = getattr(self, name)
            _demand(layer is None or layer.crs == self.crs, f"{name}: other coordinates")
        if self.block_counts is not None:
            _demand(self.block_counts.value.index.equals(blocks.index), "block counts: index")

    @property
    def losses(self) -> tuple[Loss, ...]:
        """Every loss of every layer."""
        return tuple(loss for layer in self.layers for loss in layer.losses)


@dataclass(frozen=True)
class Values:
    """Indicator values by block, each with the interval its data leave open.

    Parameters
    ----------
    value, low, high : DataFrame
        Index block ids, one column an indicator, in the indicator's own unit. Missing stays
        missing in all three.
    origin : mapping
        Indicator key to `"block"` (measured there), `"area"` (handed down from the area around it)
        or `"shrunk"` (a small-number rate drawn towards its surroundings).
    losses : tuple of Loss
        What the measures could not use.
    """

    value: pd.DataFrame
    low: pd.DataFrame
    high: pd.DataFrame
    origin: Mapping[str, str]
    losses: tuple[Loss, ...] = ()

    def __post_init__(self) -> None:
        Counts(self.value, self.low, self.high)
        _demand(set(self.origin) == set(self.value.columns), "values: origin of each indicator")
        object.__setattr__(self, "origin", frozen(self.origin))


@dataclass(frozen=True)
class Scores:
    """The urgency of every block, and where it comes from.

    Parameters
    ----------
    score, low, high : Series
        Index block ids; 0 least urgent, 1 most; missing where too little weight has data.
    parts : DataFrame
        Normalized indicators, 0 to 1, 1 worst.
    dimensions : DataFrame
        Score of each dimension, 0 to 1.
    weights : Series
        Final weight of each indicator; they sum to 1.
    dimension_weights : Series
        Weight of each dimension; they sum to 1.
    contributions : DataFrame
        What each indicator adds to the score; the columns sum to the score.
    coverage : Series
        Share of the weight that has data, 0 to 1.
    """

    score: pd.Series[float]
    low: pd.Series[float]
    high: pd.Series[float]
    parts: pd.DataFrame
    dimensions: pd.DataFrame
    weights: pd.Series[float]
    dimension_weights: pd.Series[float]
    contributions: pd.DataFrame
    coverage: pd.Series[float]

    def __post_init__(self) -> None:
        index = self.score.index
        tables = (self.low, self.high, self.parts, self.dimensions, self.contributions)
        _demand(all(t.index.equals(index) for t in (*tables, self.coverage)), "scores: index")
        _demand(abs(float(self.weights.sum()) - 1) < 1e-9, "weights must sum to 1")
        _demand(abs(float(self.dimension_weights.sum()) - 1) < 1e-9, "weights must sum to 1")
        for table in (self.parts, self.dimensions):
            held = table.to_numpy(float)
            held = held[~np.isnan(held)]
            _demand(bool(((held >= 0) & (held <= 1)).all()), "a part lies outside 0 to 1")
        known = self.score.notna().to_numpy()
        added = self.contributions.sum(axis=1).to_numpy()
        _demand(
            bool(np.allclose(added[known], self.score.to_numpy()[known], atol=1e-9)),
            "contributions must sum to the score",
        )


@dataclass(frozen=True)
class Links:
    """Neighboring blocks: pairs that face each other across a street.

    Parameters
    ----------
    first, second : ndarray of int64
        Positions of the two blocks, `first < second`, sorted.
    gap_m : ndarray of float64
        Shortest distance between them.
    facing_m : ndarray of float64
        Length over which they face each other.
    dropped : mapping
        Candidate pairs left out, by reason (`barrier`, `third_block`).
    """

    first: np.ndarray
    second: np.ndarray
    gap_m: np.ndarray
    facing_m: np.ndarray
    dropped: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _demand(bool((self.first < self.second).all()), "links: first < second")
        object.__setattr__(self, "dropped", frozen(self.dropped))


@dataclass(frozen=True)
class CandidatePolygons:
    """Candidate intervention polygons: connected, disjoint, within every bound asked for.

    Parameters
    ----------
    membership : Series of int64
        Index block ids; number of the polygon a block is in, 0 for none.
    polygons : GeoDataFrame
        Index `polygon` 1 … K, from most urgent, ties by smallest block id. Columns `need`,
        `objective`, `score` (population-weighted mean), `population`, `area_km2`, `perimeter_m`,
        `compactness` (Polsby–Popper), `block_count`, `geometry`.
    reasons : DataFrame
        Index block ids; `code` (why in or out), `polygon` (the polygon the reason speaks of, 0 for
        none) and `margin` (how far the block's score lies from the line, negative when below).
    threshold : float
        Score at the line.
    notes : mapping
        Figures of the graph and the search (`link_count`, `component_count`, …).
    """

    membership: pd.Series[int]
    polygons: gpd.GeoDataFrame
    reasons: pd.DataFrame
    threshold: float
    notes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _demand(self.reasons.index.equals(self.membership.index), "reasons: index")
        _demand(bool(self.reasons["code"].notna().all()), "a block has no reason")
        numbers = sorted(set(self.membership.unique()) - {NO_POLYGON})
        _demand(numbers == list(self.polygons.index), "polygon numbers")
        _demand(numbers == list(range(1, len(numbers) + 1)), "polygons are numbered from 1")
        object.__setattr__(self, "notes", frozen(self.notes))


@dataclass(frozen=True)
class Profiles:
    """Each polygon beside the city, and the facilities inside it.

    Parameters
    ----------
    profile : DataFrame
        Columns `polygon`, `key` (an indicator, or `population`, `area_km2` …), `value`, `city`,
        `unit`, `covered_share` (share of the polygon's people with data).
    facilities : DataFrame
        One row a facility inside: `polygon`, `facility_id`, `kind`, `name`, `source`, `lon`, `lat`.
        Sensitive kinds are counted only, so they have no row here.
    facility_counts : DataFrame
        Columns `polygon`, `kind`, `count`, `city_count`, `nearest_m` (from the middle of the
        polygon); every kind of the city in every polygon, also with 0.
    """

    profile: pd.DataFrame
    facilities: pd.DataFrame
    facility_counts: pd.DataFrame


@dataclass(frozen=True)
class Result:
    """A study carried out: everything the maps, tables and the manifest are made from."""

    study: Study
    territory: Territory
    indicators: tuple[Indicator, ...]
    values: Values
    scores: Scores
    polygons: CandidatePolygons
    profiles: Profiles

    def __post_init__(self) -> None:
        index = self.territory.blocks.index
        _demand(self.scores.score.index.equals(index), "result: scores of other blocks")
        _demand(self.polygons.membership.index.equals(index), "result: polygons of other blocks")
        keys = [indicator.key for indicator in self.indicators]
        _demand(keys == list(self.values.value.columns), "result: values of other indicators")
