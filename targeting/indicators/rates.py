"""Rates of incidents on places with few people: drawn towards their surroundings, with bounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from annotated_types import Ge, Gt, Lt

from targeting.indicators.counting import (
    blocks_covered,
    events_by_block,
    kinds_known,
    severity_weights,
    unused_events,
    violent_kinds,
    years_of_data,
)
from targeting.indicators.exact_intervals import rate_interval, weighted_interval
from targeting.indicators.measured import Measured, exact
from targeting.indicators.recording import RecordedShares, as_if_all_recorded, recorded_shares
from targeting.indicators.shrinking import ShrunkRates, chance_above, gamma_interval, shrink_rates
from targeting.indicators.smoothing import (
    Smoothed,
    global_empirical_bayes,
    nearest_blocks,
    spatial_empirical_bayes,
)
from targeting.model import Territory
from targeting.registry import register

Smooth = Literal["hierarchical", "global", "spatial", "none"]
Interval = Literal["model", "exact", "mid-p"]


@register("measure")
def rate_of_points(
    territory: Territory,
    *,
    kinds: tuple[str, ...] = (),
    per: Annotated[float, Gt(0)] = 1000.0,
    per_year: bool = False,
    by_severity: bool = False,
    severity: Mapping[str, Annotated[float, Ge(0)]] | None = None,
    smooth: Smooth = "hierarchical",
    neighbors: Annotated[int, Ge(1)] = 8,
    interval: Interval | None = None,
    recorded_share: RecordedShares | None = None,
    recorded_in: RecordedShares | None = None,
    confidence: Annotated[float, Gt(0), Lt(1)] = 0.9,
) -> Measured:
    """Incidents per inhabitant of each block, drawn towards its area and its city.

    Incidents known only for a neighborhood or an area count as the intake shared them out among
    its blocks; the result then says `allocated`. Within the place they differ by nothing but the
    number of people, so the interval leaves out how unevenly they may really lie.

    Parameters
    ----------
    territory : Territory
        With `incidents` placed in blocks, `incident_counts` shared out among them, or both.
    kinds : tuple of str
        Kinds that count. None named means all the study's incidents have, but those that are no
        violence in `incident_kinds.yaml`, such as theft; by severity, all that have a weight.
    per : float
        Per so many people.
    per_year : bool
        Divide by the years the incidents stand for.
    by_severity : bool
        Weigh each kind by its severity: the sum of the kinds' rates, each drawn in by itself, times
        their weights. A homicide weighs 10.
    severity : mapping, optional
        Kind to weight, in place of the table's; giving it asks for `by_severity`.
    smooth : str
        `hierarchical`: towards the block's area, the area towards the city. `global`: towards the
        city. `spatial`: towards the blocks nearby. `none`: the raw rate.
    neighbors : int
        How many nearest inhabited blocks are nearby.
    interval : str, optional
        `model`: where the true rate lies when blocks differ within areas and areas within the city
        as the counts say. `exact`: from the block's own count alone (Garwood), nothing assumed.
        `mid-p`: the same, narrower. Default: `exact` for raw rates, `model` otherwise. By severity
        `exact` and `mid-p` are both the interval of a weighted sum (Fay and Feuer). The value
        always lies within: an end is moved to it where it does not.
    recorded_share, recorded_in : mapping, optional
        A scenario: share of the incidents that is recorded, from the lowest to the highest, by kind
        and by area or municipality; see `recorded_shares`.
    confidence : float
        Probability the interval holds.

    Returns
    -------
    Measured
        Rate over the period of the data, or a year. Missing where nobody lives (the incidents of
        such blocks are counted as a loss: without residents there is no rate) and where no source
        that knows the kinds looks: no data is not none.

    Raises
    ------
    TargetingError
        `kind-without-severity`: a kind has no weight in the table nor in the study. `no-exposure`:
        the sources do not say of how many years the incidents are, or do not agree. Those of
        `recorded_shares`.

    See Also
    --------
    shrink_rates, global_empirical_bayes, spatial_empirical_bayes : the methods.
    """
    blocks = territory.blocks
    if territory.incidents is None and territory.incident_counts is None:
        return exact(pd.Series(np.nan, index=blocks.index), "shrunk")
    weights = None
    if by_severity or severity is not None:
        weights = severity_weights(kinds or kinds_known(territory), severity or {})
        kinds = tuple(kind for kind, weight in weights.items() if weight > 0)
    kinds = kinds or violent_kinds(kinds_known(territory))
    if recorded_share is not None or recorded_in is not None:
        shares = recorded_shares(territory, kinds, recorded_share or {}, recorded_in or {})
        plain = partial(
            rate_of_points,
            territory,
            per=per,
            per_year=per_year,
            smooth=smooth,
            neighbors=neighbors,
            interval=interval,
            confidence=confidence,
        )
        return as_if_all_recorded(lambda kind: plain(kinds=(kind,)), shares, weights)
    covered = blocks_covered(territory, kinds)
    counts, allocated = events_by_block(territory, kinds)
    years = years_of_data(territory) if per_year else 1.0
    people = np.where(covered, blocks["population"].to_numpy(float) * years, np.nan)
    told = interval or ("exact" if smooth == "none" else "model")
    how = _How(territory, people, smooth, neighbors, confidence)
    if weights is None:
        rates = how.rates(counts)
        low, high = rates.low, rates.high
        if told != "model":
            method: Literal["mid-p", "garwood"] = "mid-p" if told == "mid-p" else "garwood"
            low, high = rate_interval(counts, people, confidence=confidence, method=method)
    else:
        own = {kind: events_by_block(territory, (kind,))[0] for kind in kinds}
        rates = _weighted(how, own, weights)
        low, high = rates.low, rates.high
        if told != "model":
            low, high = weighted_interval(own, weights, people, confidence=confidence)
    ends = rates.rate, np.fmin(low, rates.rate), np.fmax(high, rates.rate)
    value, low_end, high_end = (pd.Series(array * per, index=blocks.index) for array in ends)
    origin = "allocated" if allocated else "block" if smooth == "none" else "shrunk"
    losses = unused_events(territory, counts, covered)
    reliability = pd.Series(rates.reliability, index=blocks.index)
    return Measured(value, low_end, high_end, origin, losses, reliability)


@register("measure")
def chance_of_high_rate(
    territory: Territory,
    *,
    kinds: tuple[str, ...] = (),
    times: Annotated[float, Gt(0)] = 2.0,
) -> Measured:
    """Probability that the rate of incidents of a block is above so many times the city's.

    Parameters
    ----------
    territory : Territory
        As for `rate_of_points`.
    kinds : tuple of str
        Kinds that count, as for `rate_of_points`.
    times : float
        How many times the city's rate is high.

    Returns
    -------
    Measured
        0 to 1, without an interval: it is itself a statement of doubt. Missing as a rate is.

    See Also
    --------
    chance_above : the method.
    """
    blocks = territory.blocks
    if territory.incidents is None and territory.incident_counts is None:
        return exact(pd.Series(np.nan, index=blocks.index), "shrunk")
    kinds = kinds or violent_kinds(kinds_known(territory))
    covered = blocks_covered(territory, kinds)
    counts, allocated = events_by_block(territory, kinds)
    people = np.where(covered, blocks["population"].to_numpy(float), np.nan)
    rates = shrink_rates(counts, people, blocks["area_id"])
    chance = pd.Series(chance_above(rates, times), index=blocks.index)
    measured = exact(
        chance, "allocated" if allocated else "shrunk", unused_events(territory, counts, covered)
    )
    return replace(measured, reliability=pd.Series(rates.reliability, index=blocks.index))


@dataclass(frozen=True)
class _How:
    """What rates of any kind have in common."""

    territory: Territory
    people: np.ndarray
    smooth: Smooth
    neighbors: int
    confidence: float

    def rates(self, events: np.ndarray) -> ShrunkRates:
        """Return the rates, drawn in as asked, and the model's interval of the true ones."""
        areas = self.territory.blocks["area_id"]
        rates = shrink_rates(events, self.people, areas, confidence=self.confidence)
        if self.smooth == "hierarchical":
            return rates
        drawn = global_empirical_bayes(events, self.people)
        rate = drawn.rate
        if self.smooth == "spatial":
            drawn = self._towards_nearby(events)
            rate = drawn.rate
        elif self.smooth == "none":
            divisor = np.where(self.people > 0, self.people, np.nan)
            rate = events / divisor
        return replace(rates, rate=rate, reliability=drawn.weight)

    def _towards_nearby(self, events: np.ndarray) -> Smoothed:
        lived = np.flatnonzero(self.people > 0)
        centers = self.territory.blocks.geometry.iloc[lived].centroid
        positions = np.column_stack([centers.x, centers.y])
        nearby = nearest_blocks(positions, count=self.neighbors)
        drawn = spatial_empirical_bayes(events[lived], self.people[lived], nearby)
        whole = (np.full(len(self.people), np.nan) for _ in range(3))
        placed = []
        for one, held in zip(whole, (drawn.rate, drawn.mean, drawn.weight), strict=True):
            one[lived] = held
            placed.append(one)
        return Smoothed(*placed)


def _weighted(
    how: _How, counts: Mapping[str, np.ndarray], weights: Mapping[str, float]
) -> ShrunkRates:
    """Return the weighted sum of the kinds' rates, and an interval wide enough for two cases.

    Where the kinds lie apart, each by itself, their variances add up to that of the sum. Where they
    lie together, as violence does, that is too narrow: then the weighted sum is one count, of
    events as heavy as the city's are on average. The interval goes from the lower of the two low
    ends to the higher of the two high ones. A kind of which there was none adds nothing; where
    there was none of any, the upper end is the highest of the kinds'. The reliability is that of
    the kinds, each by its share of the variance.
    """
    nothing = np.where(how.people > 0, 0.0, np.nan)
    rate, mean, variance, highest, told, whole = (nothing.copy() for _ in range(6))
    city = 0.0
    for kind, events in counts.items():
        one, weight = how.rates(events), weights[kind]
        city += weight * one.city_rate
        rate += weight * one.rate
        mean += weight * one.mean
        variance += weight**2 * one.variance
        highest = np.fmax(highest, weight * one.high)
        signal = (weight * one.city_rate) ** 2 * (one.area_variance + one.block_variance)
        told += signal * one.reliability
        whole += signal
    low, high = gamma_interval(mean, variance, how.confidence)
    high = np.where(mean > 0, high, highest)
    together = np.sum([weights[kind] * y for kind, y in counts.items()], axis=0)
    squares = np.sum([weights[kind] ** 2 * y for kind, y in counts.items()], axis=0)
    lived = how.people > 0
    if together[lived].sum() > 0:
        heavy = squares[lived].sum() / together[lived].sum()
        one = how.rates(together / heavy)
        low, high = np.fmin(low, one.low * heavy), np.fmax(high, one.high * heavy)
    reliability = np.divide(told, whole, out=nothing.copy(), where=whole > 0)
    between = (float("nan"), float("nan"))
    return ShrunkRates(
        rate, np.fmin(low, rate), np.fmax(high, rate), city, *between, mean, variance, reliability
    )
