"""How far facilities are, and how many lie within their service radius; as the crow flies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from targeting.facility_kinds import facility_kinds
from targeting.indicators.measured import Measured, exact
from targeting.model import Indicator, Territory
from targeting.problems import Problem, TargetingError, unknown_name
from targeting.registry import register


@register("measure")
def nearest(territory: Territory, *, kinds: tuple[str, ...]) -> Measured:
    """Distance from each block to the nearest facility of any of the kinds.

    Parameters
    ----------
    territory : Territory
        With `facilities`.
    kinds : tuple of str
        Keys of the table of facility kinds.

    Returns
    -------
    Measured
        Meters in a straight line from a point inside the block; missing where the city's layers
        hold no such facility (nobody listed is not the same as none there).

    Raises
    ------
    TargetingError
        `unknown-name` for a kind that does not exist.
    """
    points = _points_of(territory, kinds)
    index = territory.blocks.index
    if len(points) == 0:
        return exact(pd.Series(np.nan, index=index), "block")
    distance, _ = cKDTree(points).query(_inner_points(territory))
    return exact(pd.Series(distance, index=index), "block")


@register("measure")
def count_within(
    territory: Territory, *, kinds: tuple[str, ...], radius_m: float | None = None
) -> Measured:
    """Count the facilities of the kinds whose service radius reaches the block.

    Parameters
    ----------
    territory : Territory
        With `facilities`.
    kinds : tuple of str
        Keys of the table of facility kinds.
    radius_m : float, optional
        One radius for all of them, in meters. Default: each kind's own norm.

    Returns
    -------
    Measured
        A count; missing everywhere when the city's layers hold no such facility.

    Raises
    ------
    TargetingError
        `unknown-name`, or `kind-without-norm` where no radius is given and a kind has no norm.
    """
    table = facility_kinds()
    if len(_points_of(territory, kinds)) == 0:
        return exact(pd.Series(np.nan, index=territory.blocks.index), "block")
    unnormed = [k for k in kinds if radius_m is None and table[k].norm_m is None]
    if unnormed:
        raise TargetingError(
            Problem("kind-without-norm", "count_within.radius_m", {"given": kind})
            for kind in unnormed
        )
    blocks = _inner_points(territory)
    total = np.zeros(len(blocks))
    for kind in kinds:
        points = _points_of(territory, (kind,))
        if len(points):
            radius = radius_m if radius_m is not None else table[kind].norm_m
            total += cKDTree(points).query_ball_point(blocks, radius, return_length=True)
    return exact(pd.Series(total, index=territory.blocks.index), "block")


def _points_of(territory: Territory, kinds: tuple[str, ...]) -> np.ndarray:
    unknown = [kind for kind in kinds if kind not in facility_kinds()]
    if unknown:
        raise TargetingError(unknown_name("kinds", kind, facility_kinds()) for kind in unknown)
    if territory.facilities is None:
        return np.empty((0, 2))
    chosen = territory.facilities[territory.facilities["kind"].isin(kinds)]
    return shapely.get_coordinates(chosen.geometry.to_numpy())


def _inner_points(territory: Territory) -> np.ndarray:
    return shapely.get_coordinates(shapely.point_on_surface(territory.blocks.geometry.to_numpy()))


def named_by_source(
    indicators: Sequence[Indicator], facilities: pd.DataFrame | None, years: Mapping[str, str]
) -> tuple[Indicator, ...]:
    """Return the indicators, those of facilities with the registers their facilities are from.

    Parameters
    ----------
    indicators : sequence of Indicator
        Those of a study. One of facilities names the first register; one whose source the study
        states itself keeps it.
    facilities : DataFrame or None
        `kind` and `source` of each facility.
    years : mapping
        Register to its year.

    Returns
    -------
    tuple of Indicator

    Examples
    --------
    >>> one = Indicator("clinic_distance_m", {"es": "a", "en": "a"}, "m", "higher", "facilities",
    ...                 "nearest", {"kinds": ("clinic",)}, "Schools", "2020")
    >>> held = pd.DataFrame({"kind": ["clinic", "school"], "source": ["Clinics", "Schools"]})
    >>> named_by_source([one], held, {"Schools": "2020", "Clinics": "2021"})[0].source
    'Clinics'
    """
    if facilities is None:
        return tuple(indicators)
    told = []
    for one in indicators:
        kinds = one.settings.get("kinds", ())
        if one.dimension != "facilities" or one.source not in years or not kinds:
            told.append(one)
            continue
        counts = facilities.loc[facilities["kind"].isin(kinds), "source"].value_counts()
        sources = sorted(counts.index.astype(str), key=lambda name: (-int(counts[name]), name))
        own = sorted({years[name] for name in sources if years.get(name)})
        if not sources:
            told.append(one)
            continue
        span = "–".join(dict.fromkeys(own[:1] + own[-1:]))
        told.append(replace(one, source="; ".join(sources), year=span))
    return tuple(told)
