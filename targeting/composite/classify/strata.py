"""Dalenius and Hodges' strata: equal shares of the cumulated square root of the frequency."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from annotated_types import Ge, Gt, Le

from targeting.composite.classify.result import Classes, cut, enough
from targeting.composite.fences import tukey_fences
from targeting.composite.normalize._applied import Array, place, refused
from targeting.registry import register

# Ways that are as good on paper are as good here, whatever the last bits of a root say.
_DUST = 1e-9
Rule = Literal["least_squares", "nearest", "floor"]


@dataclass(frozen=True)
class _Sorted:
    """Values in order, with the running sums that give any stratum's moments at once."""

    values: Array
    sums: Array
    squares: Array
    mean: float

    @classmethod
    def of(cls, values: Array) -> _Sorted:
        held = np.sort(values)
        mean = float(held.mean())
        centered = held - mean  # squares of large numbers would drown the variances
        return cls(
            held,
            np.concatenate(([0.0], np.cumsum(centered))),
            np.concatenate(([0.0], np.cumsum(centered**2))),
            mean,
        )


@register("classifier", laws=("rows", "missing", "ties"))
def dalenius_hodges(
    values: pd.Series[float],
    *,
    classes: Annotated[int, Ge(2), Le(12)] = 5,
    bins: Annotated[int, Ge(2)] | None = None,
    rule: Rule = "least_squares",
    winsorize_below: Annotated[float, Ge(0)] | None = None,
    target_variation: Annotated[float, Gt(0)] = 0.05,
    bins_min: Annotated[int, Ge(2)] = 5,
    bins_max: Annotated[int, Ge(2)] = 1000,
) -> Classes:
    """Strata that cut the cumulated square root of a histogram's frequencies into equal shares.

    The range is cut into `bins` equal bins, closed on their left; the square roots of their
    frequencies are cumulated, and each stratum should hold Q = total / classes of them.

    Parameters
    ----------
    values : Series
        One number per block; missing stays missing.
    classes : int
        How many strata.
    bins : int, optional
        Bins of the histogram. Default: the number from `bins_min` to `bins_max` (or the number of
        values, if smaller) whose strata leave the least coefficient of variation of the mean
        under Neyman's allocation. The coefficient needs a scale with a true 0, and a mean away
        from it: give the bins for standardized values.
    rule : str
        Where the strata end. `least_squares` (CONAPO since 2020): each stratum ends with the last
        bin that keeps it below Q or with the next one; of all such ways without an empty stratum
        the one with the least sum of squared differences from Q. `nearest` (CONEVAL): the bin
        whose cumulated sum lies nearest to h · Q. `floor` (CONAPO to 2015): the last bin whose
        cumulated sum does not pass h · Q.
    winsorize_below : float, optional
        First lift the values below the lower fence (so many hinge distances below the lower
        hinge) to the smallest value within it; CONAPO takes 1.5 for urban AGEB.
    target_variation : float
        Coefficient of variation that the sample of the search is sized for; no unit.
    bins_min, bins_max : int
        Ends of the search.

    Returns
    -------
    Classes
        Notes: `bins`, `variation` (of the mean, no unit), `floor` (the value lifted to, or None)
        and `bins_in_class`.

    Raises
    ------
    TargetingError
        `few-different-values`; `no-strata` when no number of bins gives strata that all hold
        something; `infinite-value`.

    Notes
    -----
    Dalenius and Hodges, “Minimum variance stratification”, *Journal of the American Statistical
    Association* 54, 1959; the search as in Baillargeon and Rivest, “The construction of stratified
    designs in R with the package stratification”, *Survey Methodology* 37, 2011.

    Examples
    --------
    >>> made = dalenius_hodges(pd.Series(range(20)), classes=2, bins=4)
    >>> made.bounds, made.notes["counts"]
    ((9.5,), (10, 10))
    """
    held = enough(values, classes)
    floor = None
    if winsorize_below is not None:
        fence, _ = tukey_fences(held, winsorize_below)
        floor = float(held[held >= fence].min())
        held = np.maximum(held, floor)
    ready = _Sorted.of(held)
    tried = [bins] if bins else range(min(bins_min, len(held)), min(bins_max, len(held)) + 1)
    best: tuple[float, int, Array, Array] | None = None
    for number in tried:
        found = _strata(ready, classes, number, rule)
        if found is None:
            continue
        bounds, ends = found
        variation = _variation(ready, bounds, target_variation)
        if best is None or variation < best[0]:
            best = (variation, number, bounds, ends)
    if best is None:
        raise refused("no-strata", place(values), given=bins or bins_max, classes=classes)
    variation, number, bounds, ends = best
    return cut(
        values,
        bounds,
        bins=number,
        variation=variation,
        floor=floor,
        bins_in_class=tuple(int(one) for one in np.diff(ends)),
    )


def _strata(ready: _Sorted, classes: int, bins: int, rule: Rule) -> tuple[Array, Array] | None:
    """Return the inner limits and the last bin of each stratum (with 0 first), or None."""
    held = ready.values
    edges = held[0] + (held[-1] - held[0]) * (np.arange(bins + 1) / bins)
    inner = np.searchsorted(held, edges[1:-1], side="left")
    counts = np.diff(np.concatenate(([0], inner, [len(held)])))
    running = np.concatenate(([0.0], np.cumsum(np.sqrt(counts))))
    share = running[-1] / classes
    if rule == "least_squares":
        ends = _least_squares(running, share, classes)
    else:
        aims = share * np.arange(1, classes)
        if rule == "floor":
            inside = np.searchsorted(running, aims, side="right") - 1
        else:
            inside = np.abs(running[1:, None] - aims[None, :]).argmin(axis=0) + 1
        ends = np.concatenate(([0], inside, [bins]))
    if ends is None or (np.diff(running[ends]) <= 0).any():
        return None
    return edges[ends[1:-1]], ends


def _least_squares(running: Array, share: float, classes: int) -> np.ndarray | None:
    """Return the ends of the best of the 2^(classes − 1) ways, the first where several are."""
    bins = len(running) - 1
    ways = np.zeros((1, 1), dtype=np.int64)
    for _ in range(classes - 1):
        last = ways[:, -1]
        # Bins that add something and stay below the share; empty ones at the start do not count.
        reached = np.searchsorted(running, running[last] + share, side="left")
        below = last + reached - np.searchsorted(running, running[last], side="right")
        both = np.stack([below, np.minimum(below + 1, bins)], axis=1)
        ways = np.concatenate([np.repeat(ways, 2, axis=0), both.reshape(-1, 1)], axis=1)
    ways = np.concatenate([ways, np.full((len(ways), 1), bins)], axis=1)
    sums = np.diff(running[ways], axis=1)
    full = (sums > 0).all(axis=1)
    if not full.any():
        return None
    misses = np.where(full, ((sums - share) ** 2).sum(axis=1), np.inf)
    best: np.ndarray = ways[int(np.argmax(misses <= misses.min() + _DUST * share**2))]
    return best


def _variation(ready: _Sorted, bounds: Array, target: float) -> float:
    """Return the mean's coefficient of variation in a sample by Neyman's allocation.

    The sample is sized for the target and each stratum's share rounded up; a stratum that should
    give more than it has is taken whole, from the highest down, and the rest allocated anew.
    """
    size = len(ready.values)
    edges = np.concatenate(([0], np.searchsorted(ready.values, bounds, side="left"), [size]))
    counts = np.diff(edges).astype(float)
    means = np.diff(ready.sums[edges]) / counts
    variances = np.maximum(np.diff(ready.squares[edges]) / counts - means**2, 0.0)
    weights = counts / size
    deviations = np.sqrt(variances)
    allowed = (target * ready.mean) ** 2
    some = np.ones(len(counts), dtype=bool)
    taken = counts.copy()
    while some.any():
        spread = (weights * deviations)[some].sum()
        if spread == 0:
            break
        total = spread**2 / (allowed + (weights * variances)[some].sum() / size)
        taken = counts.copy()
        taken[some] = np.ceil(total * (weights * deviations)[some] / spread)
        if (taken[some] <= counts[some]).all():
            break
        some[np.flatnonzero(some)[-1]] = False
    taken = np.clip(taken, 1.0, counts)
    error = (weights**2 * variances * (1.0 / taken - 1.0 / counts)).sum()
    return float(np.sqrt(error) / abs(ready.mean)) if ready.mean else float(np.sqrt(error))
