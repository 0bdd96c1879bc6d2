"""Rates where few or none live: what else incidents are held against, by a stated rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import pandas as pd
import shapely
from annotated_types import Ge, Gt, Lt

from targeting.facility_kinds import facility_kinds
from targeting.indicators.counting import (
    blocks_covered,
    events_by_block,
    kinds_known,
    violent_kinds,
    years_of_data,
)
from targeting.indicators.measured import Measured, exact
from targeting.indicators.recording import RecordedShares, as_if_all_recorded, recorded_shares
from targeting.indicators.shrinking import ShrunkRates, shrink_rates
from targeting.model import Loss, Territory
from targeting.problems import Problem, TargetingError, closest, unknown_name
from targeting.registry import register
from targeting.spatial import place_points

# What the incidents of a block are held against.
RESIDENTS, PRESENT, GROUND, NOTHING = "residents", "present", "ground", "none"
# Ranks are matched on no fewer blocks than this.
_ENOUGH = 20
# A facility or a street so far from a block is still its own: half a wide street.
_BESIDE_M = 25.0


@register("measure")
def rate_with_exposure(
    territory: Territory,
    *,
    kinds: tuple[str, ...] = (),
    per: Annotated[float, Gt(0)] = 1000.0,
    per_year: bool = False,
    residents_min: Annotated[float, Ge(0)] = 30.0,
    present_column: str | None = None,
    present_each: Annotated[float, Gt(0)] = 1.0,
    present_at: Mapping[str, Annotated[float, Gt(0)]] | None = None,
    otherwise: Literal["area", "street", "none"] = "area",
    recorded_share: RecordedShares | None = None,
    recorded_in: RecordedShares | None = None,
    confidence: Annotated[float, Gt(0), Lt(1)] = 0.9,
) -> Measured:
    """Incidents per inhabitant, or per person present where few live; by rank where neither fits.

    The rule, block by block, the first that fits:

    1. At least `residents_min` people live there: incidents per resident.
    2. Residents and the people present at its workplaces, shops or facilities are together at
       least so many: incidents per person of both. Only where the study says who is present.
    3. Incidents per km² (or per km of street), which have no common unit with the others, so that
       they are compared by rank: a block gets the rate of the blocks of the first rule that rank
       as high by it. It never ranks above the worst of them, nor below the best.
    4. A count without a rate: missing, and its incidents are counted as a loss.

    Parameters
    ----------
    territory : Territory
        With `incidents`, `incident_counts`, or both.
    kinds : tuple of str
        Kinds that count. None named means all that are violence.
    per : float
        Per so many people.
    per_year : bool
        Divide by the years the incidents stand for.
    residents_min : float
        A block of fewer people is not judged by its residents.
    present_column : str, optional
        Column of the block table that counts workers, establishments or visitors.
    present_each : float
        People present for each one it counts, on the average of a day.
    present_at : mapping, optional
        Kind of facility to the people present at one, on the average of a day.
    otherwise : str
        The third rule: `area` (the block's), `street` (length of the street axes nearest to it) or
        `none`.
    recorded_share, recorded_in : mapping, optional
        A scenario: share of the incidents that is recorded; see `recorded_shares`.
    confidence : float
        Probability the interval holds.

    Returns
    -------
    Measured
        Rate over the period of the data, or a year. `basis` tells by block what it is held against:
        `residents`, `present`, `ground` or `none`.

    Raises
    ------
    TargetingError
        `missing-column`: the block table has no such column. `unknown-name`: no such kind of
        facility. `no-street-axes`: `street` was asked for and the study has none. `no-exposure`,
        and those of `recorded_shares`.

    References
    ----------
    Andresen, M. A. (2006). Crime measures and the spatial analysis of criminal activity. British
    Journal of Criminology 46(2), 258–285: people present in place of residents. Kolen, M. J. and
    Brennan, R. L. (2014). Test equating, scaling, and linking. Springer, 3rd ed., chapter 2: values
    of one scale for the same ranks on another.

    See Also
    --------
    shrink_rates : how each of the three is drawn in.
    """
    blocks = territory.blocks
    if territory.incidents is None and territory.incident_counts is None:
        return exact(pd.Series(np.nan, index=blocks.index), "shrunk")
    kinds = kinds or violent_kinds(kinds_known(territory))
    how = _Rule(
        residents_min,
        _present(territory, present_column, present_each, present_at or {}),
        _ground(territory, otherwise),
        confidence,
    )
    years = years_of_data(territory) if per_year else 1.0

    def of_kinds(*some: str) -> Measured:
        return _measured(territory, some, how, per / years)

    if recorded_share is None and recorded_in is None:
        return of_kinds(*kinds)
    shares = recorded_shares(territory, kinds, recorded_share or {}, recorded_in or {})
    return as_if_all_recorded(of_kinds, shares)


@dataclass(frozen=True)
class _Rule:
    """What the incidents of each block are held against."""

    residents_min: float
    present: np.ndarray | None
    ground: np.ndarray | None
    confidence: float

    def basis(self, people: np.ndarray) -> np.ndarray:
        """Return which rule each block falls under."""
        basis = np.full(len(people), NOTHING, dtype=object)
        if self.ground is not None:
            basis[self.ground > 0] = GROUND
        if self.present is not None:
            both = np.nan_to_num(people) + self.present
            basis[(self.present > 0) & (both >= max(self.residents_min, 1e-9))] = PRESENT
        basis[(people > 0) & (people >= self.residents_min)] = RESIDENTS
        return basis


def _measured(territory: Territory, kinds: tuple[str, ...], how: _Rule, per: float) -> Measured:
    index, areas = territory.blocks.index, territory.blocks["area_id"]
    people = territory.blocks["population"].to_numpy(float)
    covered = blocks_covered(territory, kinds)
    counts, allocated = events_by_block(territory, kinds)
    basis = np.where(covered, how.basis(people), NOTHING)
    held = np.where(basis == RESIDENTS, people, np.nan)
    if how.present is not None:
        held = np.where(basis == PRESENT, np.nan_to_num(people) + how.present, held)
    rates = shrink_rates(counts, held, areas, confidence=how.confidence)
    ends = [rates.low, rates.rate, rates.high]
    reliability = rates.reliability
    if how.ground is not None and (basis == GROUND).any():
        ground = np.where((basis == GROUND) | (basis == RESIDENTS), how.ground, np.nan)
        ground = np.where(ground > 0, ground, np.nan)
        close = shrink_rates(counts, ground, areas, confidence=how.confidence)
        ends, linked = _linked(ends, close, basis)
        basis = np.where((basis == GROUND) & ~linked, NOTHING, basis)
        reliability = np.where(basis == GROUND, close.reliability, reliability)
    low, value, high = (pd.Series(end * per, index=index) for end in ends)
    return Measured(
        value,
        low,
        high,
        "allocated" if allocated else "shrunk",
        _without_rate(territory, counts, covered, basis),
        pd.Series(reliability, index=index),
        basis=pd.Series(basis, index=index).where(covered, None).astype("str"),
    )


def _linked(
    ends: list[np.ndarray], close: ShrunkRates, basis: np.ndarray
) -> tuple[list[np.ndarray], np.ndarray]:
    """Give blocks the rate per person of those that rank as high per km²; tell which got one.

    The ranks are those among the blocks judged by their residents; between two of them, and where
    several have the same, the straight line between their quantiles.
    """
    known = (basis == RESIDENTS) & ~np.isnan(close.rate) & ~np.isnan(ends[1])
    taken = (basis == GROUND) & ~np.isnan(close.rate)
    if known.sum() < _ENOUGH:
        return ends, np.zeros(len(basis), dtype=bool)
    density, rate = np.sort(close.rate[known]), np.sort(ends[1][known])
    places, which = np.unique(density, return_inverse=True)
    middle = np.bincount(which, np.arange(len(density))) / np.bincount(which)
    linked = []
    for end, from_close in zip(ends, (close.low, close.rate, close.high), strict=True):
        rank = np.interp(from_close[taken], places, middle)
        one = end.copy()
        one[taken] = np.interp(rank, np.arange(len(rate)), rate)
        linked.append(one)
    return linked, taken


def _present(
    territory: Territory, column: str | None, each: float, at: Mapping[str, float]
) -> np.ndarray | None:
    """Return the people present in each block besides its residents; None where nobody says."""
    if column is None and not at:
        return None
    index = territory.blocks.index
    present, problems = np.zeros(len(index)), []
    if column is not None:
        table = territory.block_table
        names = [] if table is None else [str(name) for name in table.columns]
        if table is None or column not in names:
            values = {"given": column, "hint": closest(column, names)}
            values["known"] = ", ".join(names[:12]) or "–"
            problems.append(Problem("missing-column", "inputs.block_table", values))
        else:
            present += each * np.nan_to_num(table[column].to_numpy(float))
    problems += [
        unknown_name("present_at", kind, facility_kinds())
        for kind in at
        if kind not in facility_kinds()
    ]
    if problems:
        raise TargetingError(problems)
    facilities = territory.facilities
    if at and facilities is not None:
        chosen = facilities[facilities["kind"].isin(list(at))]
        block, _ = place_points(
            chosen.geometry.to_numpy(), territory.blocks.geometry, tolerance_m=_BESIDE_M
        )
        people = chosen["kind"].map(dict(at)).to_numpy(float)
        present += np.bincount(block[block >= 0], people[block >= 0], minlength=len(index))
    return present


def _ground(territory: Territory, otherwise: str) -> np.ndarray | None:
    """Return the area of each block in km², or the km of street at it; None for neither."""
    if otherwise == "none":
        return None
    shapes = territory.blocks.geometry.to_numpy()
    if otherwise == "area":
        return np.asarray(shapely.area(shapes) / 1e6)
    if territory.street_axes is None:
        raise TargetingError([Problem("no-street-axes", "otherwise", {"given": otherwise})])
    return _street_km(territory.street_axes.geometry.to_numpy(), shapes)


def _street_km(axes: np.ndarray, shapes: np.ndarray) -> np.ndarray:
    """Share the streets out, piece by piece, among the blocks they pass by."""
    lines = shapely.segmentize(shapely.get_parts(axes), _BESIDE_M)
    corners, line = shapely.get_coordinates(lines, return_index=True)
    same = line[1:] == line[:-1]
    start, end = corners[:-1][same], corners[1:][same]
    middles = shapely.points((start + end) / 2)
    length = np.hypot(*(end - start).T)
    piece, block = shapely.STRtree(shapes).query(middles, predicate="dwithin", distance=_BESIDE_M)
    sharing = np.bincount(piece, minlength=len(middles))
    return np.bincount(block, length[piece] / sharing[piece], minlength=len(shapes)) / 1000


def _without_rate(
    territory: Territory, counts: np.ndarray, covered: np.ndarray, basis: np.ndarray
) -> tuple[Loss, ...]:
    losses = []
    nothing = basis == NOTHING
    reasons = (("kinds-not-covered", ~covered), ("nothing-to-hold-against", covered & nothing))
    for reason, rows in reasons:
        lost = round(float(counts[rows].sum()))
        if lost:
            held = territory.blocks.index[rows & (counts > 0)]
            examples = tuple(str(block) for block in held[:5])
            losses.append(Loss("incidents", reason, lost, round(float(counts.sum())), examples))
    return tuple(losses)
