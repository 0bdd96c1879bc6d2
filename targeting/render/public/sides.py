"""On which side of the line a block lies is told where it tells nothing of single incidents."""

from __future__ import annotations

import numpy as np
import pandas as pd

from targeting.composite.scoring import combine
from targeting.model import Indicator, Result, Scores
from targeting.render.public.grouping import incidents_by_block

# The line and the parts are told to two decimals: within as much a side is not sure.
_ROUNDED = 0.01
_LINE_ROUNDED = 0.005
_DRAWN = ("shrunk", "smoothed", "allocated")
# How much a part may move with one incident where the measure is no rate.
_PART_UNKNOWN = 0.1
_INSIDE = ("chosen", "bridge")
_OUTSIDE = (
    "below_line",
    "isolated",
    "polygon_limit",
    "full",
    "separation",
    "barrier",
    "not_worth",
)


def side_untold(result: Result, told: Scores) -> np.ndarray:
    """Mark the blocks whose side of the line is not told.

    They are those that one incident more, or one less, would move to the other side: there the side
    would give the number of incidents. Of rates drawn towards their surroundings it is enough that
    none and one lie on different sides (`first_settles`). And those whose own score lies on the
    other side than the score that is told.

    Parameters
    ----------
    result : Result
        A study carried out, exact.
    told : Scores
        The scores that are told.

    Returns
    -------
    ndarray of bool
    """
    above = result.scores.score.to_numpy(float) - result.polygons.threshold
    up, down = one_incident(result)
    with np.errstate(invalid="ignore"):
        crossed = np.where(above > 0, above - down <= _ROUNDED, above + up >= -_ROUNDED)
        other = np.sign(told.score.to_numpy(float) - result.polygons.threshold) != np.sign(above)
    violent = any(one.dimension == "violence" for one in result.indicators)
    crossed &= (up > 0) | (down > 0)
    crossed |= first_settles(result)
    return np.asarray((crossed | other) & violent & ~np.isnan(above))


def one_incident(result: Result) -> tuple[np.ndarray, np.ndarray]:
    """Return by how much the score of each block would rise, or fall, with one incident.

    An incident adds `per` / people to a raw rate; from the value to the part it goes along the
    city's own values. For rates drawn towards their surroundings see `first_settles`.
    """
    scores = result.scores
    up, down = np.zeros(len(scores.score)), np.zeros(len(scores.score))
    coverage = np.maximum(scores.coverage.to_numpy(float), 1e-9)
    # Of a power mean, a high part moves the score by more than its weight.
    times = 1.0 if result.study.aggregate.use == "arithmetic" else 2.0
    for one in result.indicators:
        if one.dimension != "violence" or scores.weights.get(one.key, 0.0) <= 0:
            continue
        if result.values.origin[one.key] in _DRAWN:
            continue
        weight = times * float(scores.weights[one.key]) / coverage
        more, less = _part_moves(result, one)
        up += np.nan_to_num(weight * more)
        down += np.nan_to_num(weight * less)
    return up, down


def first_settles(result: Result) -> np.ndarray:
    """Mark the blocks that without an incident lie below the line, and with one above it.

    There the side alone would tell whether any happened. It takes a rate that is drawn towards its
    surroundings: what it is drawn towards is close to the means of groups, which are told. Whether
    a block is marked follows from its other data, and says nothing of its incidents.
    """
    scores, study = result.scores, result.study
    tree = scores.tree or study.weights.scaled()
    out = np.zeros(len(scores.score), bool)
    for one in result.indicators:
        if one.dimension != "violence" or result.scores.weights.get(one.key, 0.0) <= 0:
            continue
        ends = parts_with(result, one)
        if ends is None or result.values.origin[one.key] != "shrunk":
            continue
        none, first = (
            combine(
                scores.parts.assign(**{one.key: held}),
                tree,
                aggregate=study.aggregate,
                coverage_min=study.coverage_min,
            ).value.to_numpy(float)
            - result.polygons.threshold
            for held in ends
        )
        with np.errstate(invalid="ignore"):
            out |= (none <= _LINE_ROUNDED) & (first >= -_LINE_ROUNDED) & (first > none)
    return out


def parts_with(result: Result, indicator: Indicator) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the part each block would have with no incident, and with one.

    None where incidents have no block of their own.
    """
    counts = incidents_by_block(result, indicator)
    if counts is None or result.values.origin[indicator.key] in ("smoothed", "allocated"):
        return None
    part = result.scores.parts[indicator.key].to_numpy(float)
    value = result.values.value[indicator.key].to_numpy(float)
    step, known = value_with(result, indicator), ~np.isnan(value) & ~np.isnan(part)
    if step is None or not known.any():
        moved = [part + _PART_UNKNOWN * (total - counts) for total in (0.0, 1.0)]
        return np.clip(moved[0], 0.0, 1.0), np.clip(moved[1], 0.0, 1.0)
    order = np.argsort(value[known], kind="stable")
    values, parts = value[known][order], part[known][order]
    ends = [np.interp(value + (total - counts) * step, values, parts) for total in (0.0, 1.0)]
    return np.where(known, ends[0], part), np.where(known, ends[1], part)


def value_with(result: Result, indicator: Indicator) -> np.ndarray | None:
    """Return by how much one incident raises the value of each block; None of no rate."""
    step = _value_step(result, indicator)
    shrunk = result.values.origin[indicator.key] == "shrunk"
    if step is not None and shrunk and indicator.key in result.values.reliability:
        own = result.values.reliability[indicator.key].to_numpy(float)
        step = step * np.where(np.isnan(own), 1.0, own)
    return step


def _value_step(result: Result, indicator: Indicator) -> np.ndarray | None:
    """Return by how much one incident raises the raw rate of each block; None of no rate."""
    per = indicator.settings.get("per")
    if not isinstance(per, int | float):
        return None
    people = result.territory.blocks["population"].to_numpy(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        step = np.where(people > 0, float(per) / people, np.nan)
    if indicator.settings.get("per_year"):
        step = step / (result.territory.incident_years or 1.0)
    return np.asarray(step)


def _part_moves(result: Result, indicator: Indicator) -> tuple[np.ndarray, np.ndarray]:
    value = result.values.value[indicator.key].to_numpy(float)
    part = result.scores.parts[indicator.key].to_numpy(float)
    known = ~np.isnan(value) & ~np.isnan(part)
    step = _value_step(result, indicator)
    if step is None or not known.any():
        moved = np.where(known, _PART_UNKNOWN, 0.0)
        return moved, moved
    order = np.argsort(value[known], kind="stable")
    values, parts = value[known][order], part[known][order]
    ends = [np.interp(value + sign * step, values, parts) for sign in (1.0, -1.0)]
    moves = [np.where(known, np.abs(end - part), 0.0) for end in ends]
    # Whichever end is worse, either may lie across the line.
    return np.maximum(moves[0], 0.0), np.maximum(moves[1], 0.0)


def told_reasons(reasons: pd.DataFrame, untold: np.ndarray) -> pd.DataFrame:
    """Return the reasons without those that would tell the side where it is not told."""
    code = reasons["code"].astype(str)
    outside = untold & code.isin(_OUTSIDE).to_numpy()
    code = code.mask(untold & code.isin(_INSIDE), "inside_untold").mask(outside, "outside_untold")
    told = reasons.assign(code=code)
    # Only a block above the line is asked which polygon it might join, and why it may not.
    if "polygon" in told:
        told["polygon"] = told["polygon"].mask(outside, 0)
    if "limit" in told:
        told["limit"] = told["limit"].mask(outside, "")
    return told
