"""Whether incidents became more or fewer: by area, drawn towards the city, with bounds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated

import numpy as np
import pandas as pd
from annotated_types import Ge, Gt, Lt

from targeting.indicators.counting import kinds_known, violent_kinds
from targeting.indicators.measured import Measured, exact
from targeting.indicators.spans import covered_between, longest_span
from targeting.model import Loss, Territory
from targeting.problems import Problem, TargetingError
from targeting.registry import register

DAYS_A_YEAR = 365.25
# Changes of an area beside the city's are looked for up to a factor of e³, about 20.
_REACH = 3.0
_POINTS = 401
_SPREADS = np.linspace(0.04, 1.48, 19)
_LIKELY_SPREAD = 0.5
_CENTERS = np.linspace(-4.0, 4.0, 13)


@dataclass(frozen=True)
class Trends:
    """How rates changed.

    Parameters
    ----------
    ratio, low, high : ndarray
        How many times the rate of a step before, and the ends of the interval; 1 is no change.
    reliability : ndarray
        Share of the variance of the true changes that the counts tell, 0 to 1.
    together : float
        The change of all counts together.
    spread : float
        Standard deviation of the logarithm of the true ratios.
    """

    ratio: np.ndarray
    low: np.ndarray
    high: np.ndarray
    reliability: np.ndarray
    together: float
    spread: float


@register("measure")
def trend_of_points(
    territory: Territory,
    *,
    kinds: tuple[str, ...] = (),
    before: tuple[str, str] | None = None,
    after: tuple[str, str] | None = None,
    minimum: Annotated[int, Ge(1)] = 10,
    confidence: Annotated[float, Gt(0), Lt(1)] = 0.9,
) -> Measured:
    """How many times the rate of a year before the incidents are, or that of an earlier period.

    A block alone has too few incidents to tell a change; the blocks of an area share one, drawn
    towards the city's by as much as the area's counts leave it open.

    Parameters
    ----------
    territory : Territory
        With `incidents` that have a `date`. Incidents shared out from coarser places have none.
    kinds : tuple of str
        Kinds that count, as for `rate_of_points`.
    before, after : tuple of two dates, optional
        First and last day of each period, such as `["2018-01-01", "2019-12-31"]`. Default: the
        change from year to year over the whole years up to the last day the sources cover.
    minimum : int
        An area with fewer incidents in the periods together has no trend.
    confidence : float
        Probability the interval holds.

    Returns
    -------
    Measured
        1 is no change, 2 twice as many, 0.5 half. Missing where the sources do not cover all days
        of the periods for all the kinds, where they cover less than two years and no periods are
        named, and in areas with fewer incidents than the minimum.

    Raises
    ------
    TargetingError
        `not-a-date`, `period-reversed`, `one-period-only`, `periods-overlap`.

    See Also
    --------
    trends : the method.
    """
    windows = _windows(before, after)
    blocks, points = territory.blocks, territory.incidents
    nothing = exact(pd.Series(np.nan, index=blocks.index), "shrunk")
    if points is None or "date" not in points:
        return nothing
    kinds = kinds or violent_kinds(kinds_known(territory))
    windows = windows or _years(longest_span(territory, kinds))
    if not windows:
        return nothing
    covered = np.all([covered_between(territory, kinds, *window) for window in windows], axis=0)
    chosen = points[points["kind"].isin(kinds)]
    counts = _by_block(chosen, blocks.index, windows) * covered[:, None]
    area = _areas(blocks)
    in_area = np.zeros((area.max() + 1, len(windows)))
    np.add.at(in_area, area, counts)
    enough = (in_area.sum(axis=1) >= minimum) & (np.bincount(area, covered) > 0)
    if not enough.any():
        return nothing
    found = trends(in_area[enough], _lengths(windows), confidence=confidence)
    losses = _losses(chosen, counts, enough[area], blocks.index)
    ends = []
    for one in (found.ratio, found.low, found.high, found.reliability):
        whole = np.full(len(enough), np.nan)
        whole[enough] = one
        ends.append(pd.Series(np.where(covered, whole[area], np.nan), index=blocks.index))
    return Measured(ends[0], ends[1], ends[2], "shrunk", losses, ends[3])


def trends(counts: np.ndarray, lengths: np.ndarray, *, confidence: float = 0.9) -> Trends:
    """Return how the rate of each place changed from one period to the next.

    Given how many events a place had in all, how they fall on the periods depends on its change
    alone: the place's own level, people or reporting included, drops out (log-linear Poisson
    regression with a level for each place). The logarithms of the changes are normal around the
    city's; that mean and their spread are not taken as known but added up over a grid. Prior: the
    mean is flat, the spread half-normal of scale 0.5.

    Parameters
    ----------
    counts : ndarray
        Events, a row a place and a column a period, in order of time.
    lengths : ndarray
        Length of each period, all in one unit.
    confidence : float
        Probability the interval holds.

    Returns
    -------
    Trends

    References
    ----------
    Przyborowski, J. and Wilenski, H. (1940). Homogeneity of results in testing samples from Poisson
    series. Biometrika 31(3/4), 313–323: two counts given their sum. McCullagh, P. and Nelder, J. A.
    (1989). Generalized Linear Models, 2nd ed., Chapman and Hall, section 6.4: several counts.
    Gelman, A. (2006). Prior distributions for variance parameters in hierarchical models. Bayesian
    Analysis 1(3), 515–534: the spread's prior.

    Examples
    --------
    >>> counts = np.tile([[20.0, 40.0]], (30, 1))  # twice as many everywhere
    >>> trends(counts, np.ones(2)).ratio[0].round(1)
    np.float64(2.0)
    """
    time = np.arange(counts.shape[1], dtype=float)
    whole = _slope(counts.sum(axis=0), time, lengths)
    slopes = whole + np.linspace(-_REACH, _REACH, _POINTS)
    log = np.log(np.exp(np.outer(slopes, time - time.mean())) @ lengths)
    total = counts.sum(axis=1)
    place = np.outer(counts @ (time - time.mean()), slopes) - np.outer(total, log)
    place = np.exp(place - place.max(axis=1, keepdims=True))
    information = _information(counts, whole, time, lengths)
    after, spread, reliability = _added_up(place, slopes, information)
    mean = after @ slopes
    ends = _quantiles(after, slopes, confidence)
    return Trends(
        ratio=np.exp(mean),
        low=np.exp(np.fmin(ends[0], mean)),
        high=np.exp(np.fmax(ends[1], mean)),
        reliability=reliability,
        together=float(np.exp(whole)),
        spread=spread,
    )


def _slope(counts: np.ndarray, time: np.ndarray, lengths: np.ndarray) -> float:
    """Return the slope of one row of counts that is most likely, within the reach."""
    low, high, total = -_REACH, _REACH, counts.sum()
    for _ in range(60):
        middle = (low + high) / 2
        share = lengths * np.exp(middle * (time - time.mean()))
        expected = total * (share @ time) / share.sum()
        low, high = (middle, high) if expected < counts @ time else (low, middle)
    return (low + high) / 2


def _information(
    counts: np.ndarray, slope: float, time: np.ndarray, lengths: np.ndarray
) -> np.ndarray:
    """Return how much the counts of each place tell of its slope: one over the variance."""
    share = lengths * np.exp(slope * (time - time.mean()))
    share = share / share.sum()
    return np.asarray(counts.sum(axis=1) * (share @ time**2 - (share @ time) ** 2))


def _added_up(
    place: np.ndarray, slopes: np.ndarray, information: np.ndarray
) -> tuple[np.ndarray, float, np.ndarray]:
    """Return each place's distribution over the slopes, the spread, and the reliability."""
    middle = slopes[len(slopes) // 2]
    logs, mixes = [], []
    for spread in _SPREADS:
        weight = 1 / (spread**2 + 1 / np.maximum(information, 1e-12))
        centers = middle + _CENTERS / np.sqrt(weight.sum()) * 1.5
        prior = np.exp(-0.5 * ((slopes[:, None] - centers) / spread) ** 2)
        prior /= prior.sum(axis=0)
        told = (
            np.log(np.maximum(place @ prior, 1e-300)).sum(axis=0)
            - 0.5 * (spread / _LIKELY_SPREAD) ** 2
        )
        logs.append(told + np.log(centers[1] - centers[0]))
        mixes.append(prior)
    weights = np.exp(np.array(logs) - np.max(logs))
    weights /= weights.sum()
    priors = np.concatenate(mixes, axis=1)
    scaled = weights.ravel() / np.maximum(place @ priors, 1e-300)
    after = place * (scaled @ priors.T)
    after /= after.sum(axis=1, keepdims=True)
    by_spread = weights.sum(axis=1)
    variances = _SPREADS**2
    told = variances**2 / (variances + 1 / np.maximum(information, 1e-12)[:, None])
    reliability = (told @ by_spread) / (variances @ by_spread)
    return after, float(np.sqrt(variances @ by_spread)), np.clip(reliability, 0.0, 1.0)


def _quantiles(
    after: np.ndarray, slopes: np.ndarray, confidence: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends that leave out equal tails; within a step of the grid straight lines."""
    step = slopes[1] - slopes[0]
    below = np.cumsum(after, axis=1)
    ends = []
    for share in ((1 - confidence) / 2, (1 + confidence) / 2):
        at = np.argmax(below >= share, axis=1)
        rows = np.arange(len(after))
        part = (below[rows, at] - share) / after[rows, at]
        ends.append(slopes[at] + step * (0.5 - part))
    return ends[0], ends[1]


def _windows(
    before: tuple[str, str] | None, after: tuple[str, str] | None
) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    """Return the two periods a study names, or none."""
    if before is None and after is None:
        return []
    problems, windows = [], []
    for where, given in (("before", before), ("after", after)):
        if given is None:
            problems.append(Problem("one-period-only", where))
            continue
        days = []
        for text in given:
            try:
                days.append(pd.Timestamp(date.fromisoformat(text)))
            except ValueError:
                problems.append(Problem("not-a-date", where, {"given": text}))
        if len(days) == 2 and days[0] > days[1]:
            values = {"given": given[0], "expected": given[1]}
            problems.append(Problem("period-reversed", where, values))
        windows.append((days[0], days[-1]) if days else None)
    if not problems and windows[0] and windows[1] and windows[0][1] >= windows[1][0]:
        values = {"given": str(windows[0][1].date()), "expected": str(windows[1][0].date())}
        problems.append(Problem("periods-overlap", "before", values))
    if problems:
        raise TargetingError(problems)
    return [window for window in windows if window is not None]


def _years(
    span: tuple[pd.Timestamp, pd.Timestamp] | None,
) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    """Return the whole years up to the last day of a span, from the first; none if under two."""
    if span is None:
        return []
    first, last = span
    windows: list[tuple[pd.Timestamp, pd.Timestamp]] = []
    end = last + pd.Timedelta(days=1)
    while True:
        start = end - pd.DateOffset(years=1)
        if start < first:
            break
        windows.insert(0, (start, end - pd.Timedelta(days=1)))
        end = start
    return windows if len(windows) >= 2 else []


def _lengths(windows: list[tuple[pd.Timestamp, pd.Timestamp]]) -> np.ndarray:
    return np.array([((end - start).days + 1) / DAYS_A_YEAR for start, end in windows])


def _by_block(
    points: pd.DataFrame,
    index: pd.Index[str],
    windows: list[tuple[pd.Timestamp, pd.Timestamp]],
) -> np.ndarray:
    """Return the events of each block and period."""
    at = index.get_indexer(pd.Index(points["block_id"]))
    days = points["date"]
    counts = np.zeros((len(index), len(windows)))
    for column, (start, end) in enumerate(windows):
        inside = ((days >= start) & (days < end + pd.Timedelta(days=1))).to_numpy() & (at >= 0)
        counts[:, column] = np.bincount(at[inside], minlength=len(index))
    return counts


def _areas(blocks: pd.DataFrame) -> np.ndarray:
    """Return the code of each block's area; a block without one is an area of its own."""
    known = pd.factorize(blocks["area_id"], sort=True)[0]
    alone = known < 0
    return np.where(alone, known.max() + np.cumsum(alone), known)


def _losses(
    chosen: pd.DataFrame, counts: np.ndarray, enough: np.ndarray, index: pd.Index[str]
) -> tuple[Loss, ...]:
    losses = []
    total = len(chosen)
    undated = int(chosen["date"].isna().sum())
    if undated:
        losses.append(Loss("incidents", "no-date", undated, total))
    few = counts.sum(axis=1) * ~enough
    if few.any():
        examples = tuple(str(block) for block in index[few > 0][:5])
        losses.append(Loss("incidents", "too-few-for-a-trend", int(few.sum()), total, examples))
    return tuple(losses)
