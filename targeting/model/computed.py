"""What the stages compute: values, scores, links, polygons, profiles, the result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from targeting.model._checks import demand, frozen
from targeting.model.declared import Indicator
from targeting.model.finding import Finding
from targeting.model.naming import PolygonName
from targeting.model.taken import Counts, Loss, Territory
from targeting.model.tree import Node
from targeting.model.weighed import StoredPlan

if TYPE_CHECKING:
    from targeting.model.tested import HeldOut, SpotTest
    from targeting.study import Study

NO_POLYGON = 0


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
        or `"shrunk"` (a small-number rate drawn towards its surroundings) or `"allocated"` (such a
        rate of incidents known only for a coarser place) or `"smoothed"` (made of what lies around
        the block) or `"scenario"` (corrected by shares the study states).
    losses : tuple of Loss
        What the measures could not use.
    reliability : DataFrame
        Share of the variance between blocks that is signal and not chance, 0 to 1; a column for
        each indicator that tells it.
    basis : DataFrame
        What each value stands on, such as `residents` or `ground`; a column for each indicator
        where that differs from block to block.

    Examples
    --------
    >>> value = pd.DataFrame({"homicides_per_1k": [0.5, np.nan]}, index=["b1", "b2"])
    >>> values = Values(value, value - 0.2, value + 0.3, {"homicides_per_1k": "block"})
    >>> values.high["homicides_per_1k"].tolist()
    [0.8, nan]
    """

    value: pd.DataFrame
    low: pd.DataFrame
    high: pd.DataFrame
    origin: Mapping[str, str]
    losses: tuple[Loss, ...] = ()
    reliability: pd.DataFrame = field(default_factory=pd.DataFrame)
    basis: pd.DataFrame = field(default_factory=pd.DataFrame)

    def __post_init__(self) -> None:
        Counts(self.value, self.low, self.high)
        told = self.reliability
        demand(set(told.columns) <= set(self.value.columns), "values: reliability of an indicator")
        demand(told.empty or told.index.equals(self.value.index), "values: index of reliability")
        demand(set(self.origin) == set(self.value.columns), "values: origin of each indicator")
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
    groups : DataFrame
        Score of each group below a dimension, 0 to 1; without columns where there are none.
    weighing : mapping
        Group to what its weigher notes, where the weights were not stated.
    tree : Node, optional
        What was weighed against what, with the weights used.
    treated : DataFrame
        What was done to extreme values: one row an indicator that was treated.

    Examples
    --------
    >>> parts = pd.DataFrame({"homicides": [0.2, 1.0], "no_water": [0.4, 0.8]}, index=["b1", "b2"])
    >>> weights = pd.Series({"homicides": 0.75, "no_water": 0.25})
    >>> score = (parts * weights).sum(axis=1)
    >>> scores = Scores(
    ...     score, score, score, parts,
    ...     dimensions=parts.set_axis(["violence", "marginalization"], axis=1),
    ...     weights=weights,
    ...     dimension_weights=weights.set_axis(["violence", "marginalization"]),
    ...     contributions=parts * weights,
    ...     coverage=pd.Series(1.0, index=parts.index))
    >>> scores.score.round(2).tolist()
    [0.25, 0.95]
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
    groups: pd.DataFrame = field(default_factory=pd.DataFrame)
    weighing: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    tree: Node | None = None
    treated: pd.DataFrame = field(default_factory=pd.DataFrame)

    def __post_init__(self) -> None:
        index = self.score.index
        tables = (self.low, self.high, self.parts, self.dimensions, self.contributions)
        demand(all(t.index.equals(index) for t in (*tables, self.coverage)), "scores: index")
        demand(abs(float(self.weights.sum()) - 1) < 1e-9, "weights must sum to 1")
        demand(abs(float(self.dimension_weights.sum()) - 1) < 1e-9, "weights must sum to 1")
        for table in (self.parts, self.dimensions):
            held = table.to_numpy(float)
            held = held[~np.isnan(held)]
            demand(bool(((held >= 0) & (held <= 1)).all()), "a part lies outside 0 to 1")
        known = self.score.notna().to_numpy()
        added = self.contributions.sum(axis=1).to_numpy()
        demand(
            bool(np.allclose(added[known], self.score.to_numpy()[known], atol=1e-9)),
            "contributions must sum to the score",
        )


@dataclass(frozen=True)
class Doubt:
    """How sure the ranking is, when the choices of a study and its data are drawn anew.

    Parameters
    ----------
    blocks : DataFrame
        Index block ids. `rank` as stated (1 is the most urgent); `rank_low`, `rank_median` and
        `rank_high`: 5, 50 and 95 % of the draws lie at or below; `top_share`: share of the draws in
        which the block is in the top; `rank_shift`: mean distance from the stated rank.
    choices : DataFrame
        One row a choice changed by itself: `choice`, `alternative`, `rank_correlation` with the
        stated ranks, `rank_shift`, `entering` and `leaving` (shares of the top).
    draws : int
        How many.
    top_share : float
        What the top is: this share of the blocks with a score.
    causes : DataFrame
        One row a choice and place: `polygon` (0 for the whole city), `choice`, and its Sobol
        indices `first` (what it makes alone) and `total` (also together with others): shares of
        the variance of the blocks' ranks, or of a polygon's mean rank.
    """

    blocks: pd.DataFrame
    choices: pd.DataFrame
    draws: int
    top_share: float
    causes: pd.DataFrame = field(default_factory=pd.DataFrame)


@dataclass(frozen=True)
class Stability:
    """How sure the polygons are, when the city is delineated again with other data and choices.

    Parameters
    ----------
    blocks : DataFrame
        Index block ids. `in_share`: of all reruns, those with the block in a polygon;
        `draw_share`: of the draws of the scores only; `band`: `core` (in 90 % of the reruns),
        `contested`, `never` (in none).
    polygons : DataFrame
        Index `polygon`. `found_share`: of the reruns, those with a polygon that holds at least
        half its people; `kept_share`: mean share of its people in any polygon; `core_share`: share
        of its people in blocks of the core.
    reruns : DataFrame
        One row a rerun: `kind` (`draw`, `perimeter_price`, `population_bounds`, `seed`), `value`,
        `polygons`, `same_people_share` (of the people in either plan, those in both) and `regret`
        (what the study's own plan lacks of the best known there, as a share).
    steadiest : Series of int64
        Polygon of each block in the plan whose largest regret is smallest, 0 for none.
    notes : mapping
        `own_regret_max` and `least_regret_max`.
    """

    blocks: pd.DataFrame
    polygons: pd.DataFrame
    reruns: pd.DataFrame
    steadiest: pd.Series[int]
    notes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        demand(self.steadiest.index.equals(self.blocks.index), "stability: index")
        object.__setattr__(self, "notes", frozen(self.notes))


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
        Candidate pairs left out, by reason (`barrier`, `third_block`, `border`, `cut`).
    open_m : ndarray of float64, optional
        Length of each block's outline that faces no neighbor, by position.
    kind : ndarray of int8, optional
        What joins the two blocks: 0 a street (or a shared side), 1 the reach of a block that
        would be alone, 2 a bridge of the user's.
    notes : mapping
        Other counts: `attached`; `bridges` and of them `bridges_idle` (a link anyway),
        `bridges_over_barrier`, `bridges_over_border`; `cuts` and of them `cuts_idle` (no link to
        cut).
    hidden : ndarray of int64, shape (pairs, 2), optional
        Candidate pairs that only a barrier keeps apart, by position.
    outline_m : ndarray of float64, optional
        Length of each block's outline, by position, where it is not that of its convex hull.

    Examples
    --------
    >>> first, second = np.array([0]), np.array([1])
    >>> links = Links(first, second, gap_m=np.array([12.0]), facing_m=np.array([80.0]))
    >>> links.gap_m.tolist()
    [12.0]
    """

    first: np.ndarray
    second: np.ndarray
    gap_m: np.ndarray
    facing_m: np.ndarray
    dropped: Mapping[str, int] = field(default_factory=dict)
    open_m: np.ndarray | None = None
    kind: np.ndarray | None = None
    notes: Mapping[str, int] = field(default_factory=dict)
    hidden: np.ndarray | None = None
    outline_m: np.ndarray | None = None

    def __post_init__(self) -> None:
        demand(bool((self.first < self.second).all()), "links: first < second")
        known = self.kind is None or len(self.kind) == len(self.first)
        demand(known, "links: a kind for each pair")
        object.__setattr__(self, "dropped", frozen(self.dropped))
        object.__setattr__(self, "notes", frozen(self.notes))


@dataclass(frozen=True)
class Surroundings:
    """What a delineation may know beside blocks, scores and links; each part may be unknown.

    Parameters
    ----------
    parts : DataFrame, optional
        Index block ids; what each dimension adds to the score.
    axes : ndarray of geometry, optional
        Center lines of streets, in the blocks' coordinate system.
    barriers : ndarray of geometry, optional
        Lines nobody crosses, in the same.
    """

    parts: pd.DataFrame | None = None
    axes: np.ndarray | None = None
    barriers: np.ndarray | None = None


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

    Examples
    --------
    >>> membership = pd.Series([1, 0], index=["b1", "b2"])
    >>> table = gpd.GeoDataFrame({"score": [0.9]}, geometry=[None], index=[1])
    >>> reasons = pd.DataFrame(
    ...     {"code": ["in-high", "out-low"], "polygon": [1, 0], "margin": [0.3, -0.2]},
    ...     index=membership.index)
    >>> found = CandidatePolygons(membership, table, reasons, threshold=0.6)
    >>> found.reasons.loc["b2", "code"]
    'out-low'
    """

    membership: pd.Series[int]
    polygons: gpd.GeoDataFrame
    reasons: pd.DataFrame
    threshold: float
    notes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        demand(self.reasons.index.equals(self.membership.index), "reasons: index")
        demand(bool(self.reasons["code"].notna().all()), "a block has no reason")
        numbers = sorted(set(self.membership.unique()) - {NO_POLYGON})
        demand(numbers == list(self.polygons.index), "polygon numbers")
        demand(numbers == list(range(1, len(numbers) + 1)), "polygons are numbered from 1")
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
    """A study carried out: everything the maps, tables and the manifest are made from.

    `targeting.carry_out` makes one; its fields are what each stage gave.
    """

    study: Study
    territory: Territory
    indicators: tuple[Indicator, ...]
    values: Values
    scores: Scores
    polygons: CandidatePolygons
    profiles: Profiles
    doubt: Doubt | None = None
    findings: tuple[Finding, ...] = ()
    effects: pd.DataFrame = field(default_factory=pd.DataFrame)
    links: Links | None = None
    stability: Stability | None = None
    hotspots: tuple[SpotTest, ...] = ()
    hold_out: HeldOut | None = None
    names: tuple[PolygonName, ...] = ()
    plans: tuple[StoredPlan, ...] = ()

    def __post_init__(self) -> None:
        index = self.territory.blocks.index
        tested = all(test.classes.index.equals(index) for test in self.hotspots)
        demand(tested, "result: hot spots of other blocks")
        settled = self.stability is None or self.stability.blocks.index.equals(index)
        demand(settled, "result: stability of other blocks")
        stored = all(plan.membership.index.equals(index) for plan in self.plans)
        demand(stored, "result: stored plans of other blocks")
        known = self.doubt is None or self.doubt.blocks.index.equals(index)
        demand(known, "result: doubt of other blocks")
        demand(self.scores.score.index.equals(index), "result: scores of other blocks")
        demand(self.polygons.membership.index.equals(index), "result: polygons of other blocks")
        keys = [indicator.key for indicator in self.indicators]
        demand(keys == list(self.values.value.columns), "result: values of other indicators")
