"""A scenario: what rates would be if every incident were recorded, by stated recording shares.

Most incidents leave no record, and how many do differs by kind and by place; surveys of victims say
by how much. A record divided by the share that is recorded is an estimate of all incidents, as good
as that share. It is never made unless a study states the shares.

References
----------
Biderman, A. D. and Reiss, A. J. (1967). On exploring the “dark figure” of crime. Annals of the
American Academy of Political and Social Science 374, 1–15. For Mexico: INEGI, Encuesta Nacional de
Victimización y Percepción sobre Seguridad Pública (ENVIPE), every year, its “cifra oculta”.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated

import numpy as np
import pandas as pd
from annotated_types import Gt, Le

from targeting.indicators.measured import Measured
from targeting.model import Loss, Territory
from targeting.problems import Problem, TargetingError, unknown_name

Share = Annotated[float, Gt(0), Le(1)]
# What a study states: kind, area or municipality to the lowest and the highest share recorded.
RecordedShares = Mapping[str, tuple[Share, Share]]
# The kinds a study does not name one by one.
OTHER = "other"


def recorded_shares(
    territory: Territory,
    kinds: Sequence[str],
    by_kind: RecordedShares,
    by_place: RecordedShares,
) -> dict[str, pd.DataFrame]:
    """Return the share of the incidents of each kind that is recorded in each block.

    Parameters
    ----------
    territory : Territory
        With blocks.
    kinds : sequence of str
        Kinds that count.
    by_kind : mapping
        Kind, or `other` for those not named, to the lowest and the highest share. Empty: all of
        every kind.
    by_place : mapping
        Area or municipality to the lowest and the highest share, which multiply those of the
        kinds. An area's counts before its municipality's; blocks of neither are recorded whole.

    Returns
    -------
    dict
        Kind to a table by block with columns `low`, `value` and `high`; `value` is the middle.

    Raises
    ------
    TargetingError
        `no-recorded-share`: a kind has none. `recorded-share-turned`: a lowest share is above its
        highest. `unknown-name`: a place that no block lies in.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import shapely
    >>> blocks = gpd.GeoDataFrame(
    ...     {"area_id": ["a1", "a2"], "municipality_id": "m1", "population": 50.0},
    ...     geometry=[shapely.box(0, 0, 80, 80), shapely.box(90, 0, 170, 80)],
    ...     index=["b1", "b2"], crs=32613)
    >>> city = Territory(blocks=blocks, crs=blocks.crs)
    >>> stated = recorded_shares(city, ["robbery"], {"robbery": (0.1, 0.2)}, {"a2": (0.5, 0.5)})
    >>> stated["robbery"].round(3).to_numpy().tolist()
    [[0.1, 0.15, 0.2], [0.05, 0.075, 0.1]]
    """
    problems = []
    for setting, stated in (("recorded_share", by_kind), ("recorded_in", by_place)):
        for name, (low, high) in stated.items():
            if low > high:
                given = {"given": f"{low:g}, {high:g}"}
                problems.append(Problem("recorded-share-turned", f"{setting}.{name}", given))
    if by_kind:
        for kind in kinds:
            if kind not in by_kind and OTHER not in by_kind:
                known = {"given": kind, "known": ", ".join(sorted(by_kind))}
                problems.append(Problem("no-recorded-share", "recorded_share", known))
    blocks = territory.blocks
    areas, municipalities = blocks["area_id"], blocks["municipality_id"]
    places = {str(one) for column in (areas, municipalities) for one in column.dropna().unique()}
    for place in by_place:
        if place not in places:
            problems.append(unknown_name(f"recorded_in.{place}", place, sorted(places)))
    if problems:
        raise TargetingError(problems)

    ends = [
        areas.map(one).fillna(municipalities.map(one)).fillna(1.0).to_numpy(float)
        for one in ({place: stated[end] for place, stated in by_place.items()} for end in (0, 1))
    ]
    shares = {}
    for kind in kinds:
        lowest, highest = by_kind.get(kind, by_kind.get(OTHER, (1.0, 1.0)))
        low, high = lowest * ends[0], highest * ends[1]
        middle = (lowest + highest) / 2 * (ends[0] + ends[1]) / 2
        columns = {"low": low, "value": middle, "high": high}
        shares[kind] = pd.DataFrame(columns, index=blocks.index)
    return shares


def as_if_all_recorded(
    of_kind: Callable[[str], Measured],
    shares: Mapping[str, pd.DataFrame],
    weights: Mapping[str, float] | None = None,
) -> Measured:
    """Add up the rates of the kinds, each divided by the share of it that is recorded.

    The low end takes the highest shares, the high end the lowest; chance adds to it, independent
    from kind to kind. How wrong a share is, is the same in all the blocks it is stated for: such an
    error lifts or lowers them together, and within one kind and place changes no rank.

    Parameters
    ----------
    of_kind : callable
        Takes a kind, gives what is recorded of it.
    shares : mapping
        As `recorded_shares` returns.
    weights : mapping, optional
        Kind to weight, such as its severity. Default: 1.

    Returns
    -------
    Measured
        Origin `scenario`.

    Examples
    --------
    >>> recorded = Measured(*(pd.Series([rate]) for rate in (1.0, 0.5, 2.0)), origin="shrunk")
    >>> stated = {"robbery": pd.DataFrame({"low": [0.1], "value": [0.2], "high": [0.3]})}
    >>> all_of_them = as_if_all_recorded(lambda kind: recorded, stated)
    >>> [end.round(2).item() for end in (all_of_them.low, all_of_them.value, all_of_them.high)]
    [1.67, 5.0, 20.0]
    """
    kinds = list(shares)
    measured = {kind: of_kind(kind) for kind in kinds}
    index = measured[kinds[0]].value.index
    value, least, most, below, above, told = (np.zeros(len(index)) for _ in range(6))
    whole = 0.0
    for kind, one in measured.items():
        weight = 1.0 if weights is None else weights[kind]
        stated = {end: shares[kind][end].to_numpy(float) for end in ("low", "value", "high")}
        middle = weight * one.value.to_numpy(float)
        value += middle / stated["value"]
        least += middle / stated["high"]
        most += middle / stated["low"]
        down = weight * (one.value - one.low).to_numpy(float) / stated["high"]
        up = weight * (one.high - one.value).to_numpy(float) / stated["low"]
        below += down**2
        above += up**2
        if one.reliability is not None:
            size = float(np.nan_to_num(middle / stated["value"]).mean()) ** 2
            told += one.reliability.fillna(0.0).to_numpy(float) * size
            whole += size
    reliability = told / whole if whole > 0 else told
    return Measured(
        pd.Series(value, index=index),
        pd.Series(np.maximum(least - np.sqrt(below), 0.0), index=index),
        pd.Series(most + np.sqrt(above), index=index),
        "scenario",
        added_losses([loss for one in measured.values() for loss in one.losses]),
        pd.Series(np.where(np.isnan(value), np.nan, reliability), index=index),
    )


def added_losses(losses: Sequence[Loss]) -> tuple[Loss, ...]:
    """Return losses of the same layer and reason as one.

    Examples
    --------
    >>> added_losses([Loss("incidents", "no-residents", 2, 9, ("b2",)),
    ...               Loss("incidents", "no-residents", 1, 4, ("b1",))])
    (Loss(layer='incidents', reason='no-residents', count=3, of=13, examples=('b1', 'b2')),)
    """
    together: dict[tuple[str, str], list[Loss]] = {}
    for loss in losses:
        together.setdefault((loss.layer, loss.reason), []).append(loss)
    return tuple(
        Loss(
            layer,
            reason,
            sum(one.count for one in found),
            sum(one.of for one in found),
            tuple(sorted({example for one in found for example in one.examples})[:5]),
        )
        for (layer, reason), found in together.items()
    )
