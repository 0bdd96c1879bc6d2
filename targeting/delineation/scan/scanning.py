"""What both scans share: the best window of each center, replicates, clusters apart."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.special import xlogy
from tqdm import tqdm

from targeting.delineation.scan.prepared import Scanned
from targeting.delineation.scan.result import COLUMNS, ScanClusters
from targeting.delineation.scan.windows import Windows
from targeting.problems import Problem, TargetingError

LANES = 64
# Ratios this near to each other are the same: the smaller window is taken, then the first.
SAME_RATIO = 1e-9
DIGITS = 9
EULER = 0.5772156649015329

Rates = Literal["high", "low", "both"]
Members = Callable[[int, int], np.ndarray]
Sizes = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Rule:
    """Which windows may be a cluster: the side of their rate, and the fewest cases of a high one.

    Parameters
    ----------
    total : float
        All cases.
    rates : str
        `high`, `low` or `both`.
    cases_min : int
        Fewest cases of a window with a high rate.
    """

    total: float
    rates: Rates
    cases_min: int

    def ceilings(self, expected: np.ndarray, usable: np.ndarray) -> np.ndarray:
        """Return what the square of too many cases, and of too few, is multiplied with at most.

        See `raise_best`; 0 on a side that does not count.
        """
        rest = self.total - expected
        fits = usable & (rest > 0)
        inner = np.divide(1.0, expected, out=np.zeros(len(expected)), where=fits)
        outer = np.divide(1.0, rest, out=np.zeros(len(expected)), where=fits)
        high = (inner / 2 + outer) * (self.rates != "low")
        return np.stack([high, (inner + outer / 2) * (self.rates != "high")])

    def ratio(self, sums: np.ndarray, usable: np.ndarray) -> np.ndarray:
        """Return the log-likelihood ratio of each window; 0 where it may not be a cluster."""
        cases, expected = sums
        high, low = cases > expected, cases < expected
        may = usable & ((high & (cases >= self.cases_min)) if self.rates != "low" else False)
        may |= usable & (low if self.rates != "high" else False)
        return np.where(may & (expected < self.total), poisson_ratio(sums, self.total), 0.0)


def poisson_ratio(sums: np.ndarray, total: float) -> np.ndarray:
    """Kulldorff's log-likelihood ratio of windows with some cases and expected cases.

    Kulldorff, M. (1997), A spatial scan statistic, Communications in Statistics: Theory and
    Methods 26, equation of the Poisson model.

    Parameters
    ----------
    sums : ndarray, shape (2, windows)
        Cases and expected cases inside.
    total : float
        All cases, which are also all expected ones.

    Examples
    --------
    Twice as many as expected in half of the city, all of them:

    >>> poisson_ratio(np.array([[10.0], [5.0]]), 10.0).round(6).tolist()  # 10 ln 2
    [6.931472]
    """
    cases, expected = sums
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = xlogy(cases, cases / expected)
        outside = xlogy(total - cases, (total - cases) / (total - expected))
    return np.asarray(inside + outside)


@dataclass
class Best:
    """The best window of each center: its ratio, tag, and sums."""

    ratio: np.ndarray
    tag: np.ndarray
    sums: np.ndarray
    windows: int = 0

    @classmethod
    def none(cls, count: int) -> Best:
        """Return a table without any window."""
        return cls(np.zeros(count), np.zeros(count, dtype=np.int64), np.zeros((2, count)))

    def add(self, given: Windows, rule: Rule, size: Sizes) -> None:
        """Take the best window of each of the centers; of like ones the smallest, then the first.

        Parameters
        ----------
        given : Windows
            All windows of the centers.
        rule : Rule
            Which may be a cluster.
        size : callable
            Number of blocks of a window by its tag.
        """
        self.windows += int(given.usable.sum())
        ratio = rule.ratio(given.sums, given.usable)
        count = np.diff(given.start)
        some = count > 0
        if not some.any():
            return
        top = np.repeat(np.maximum.reduceat(ratio, given.start[:-1][some]), count[some])
        near = np.flatnonzero((ratio >= top - SAME_RATIO) & (top > 0))
        owner = np.repeat(given.center, count)[near]
        order = np.lexsort((near, size(given.steps[3][near]), owner))
        first = np.ones(len(near), dtype=bool)
        first[1:] = np.diff(owner[order]) > 0
        chosen = near[order[first]]
        center = owner[order[first]]
        self.ratio[center] = ratio[chosen]
        self.tag[center] = given.steps[3][chosen]
        self.sums[:, center] = given.sums[:, chosen]


def replicated(scanned: Scanned, replicates: int, seed: int) -> np.ndarray:
    """Share all cases out by chance, in proportion to the expected ones, many times over.

    Parameters
    ----------
    scanned : Scanned
        The blocks.
    replicates : int
        How many.
    seed : int
        Of the chance.

    Returns
    -------
    ndarray of float32, shape (groups, blocks, lanes)
        Cases of each block; the lanes beyond the last replicate are empty.
    """
    chance = np.random.default_rng(seed)
    size = len(scanned.place)
    share = scanned.values[1] / scanned.values[1].sum()
    groups = -(-replicates // LANES)
    counts = np.zeros((groups, size, LANES), dtype=np.float32)
    for group in range(groups):
        wanted = min(LANES, replicates - group * LANES)
        counts[group, :, :wanted] = chance.multinomial(int(scanned.total), share, size=wanted).T
    return counts


def raise_by(given: Windows, rule: Rule, counts: np.ndarray, best: np.ndarray) -> None:
    """Raise the best ratio of each replicate by these windows.

    Parameters
    ----------
    given : Windows
        Of some centers.
    rule : Rule
        Which may be a cluster.
    counts, best : ndarray
        Of the replicates, in groups and lanes; `best` is raised in place.
    """
    from targeting.delineation.scan._kernels import raise_best

    expected = np.ascontiguousarray(given.sums[1])
    single = np.vstack([expected, rule.ceilings(expected, given.usable)]).astype(np.float32)
    raise_best(
        np.ascontiguousarray(given.start),
        np.ascontiguousarray(given.steps),
        expected,
        single,
        counts,
        best,
        rule.total,
        float(rule.cases_min),
    )


def looked_through(chunks: Iterable[Windows]) -> Iterator[Windows]:
    """Return the windows, with a bar where it takes long."""
    yield from tqdm(chunks, desc="scan", delay=2, disable=None, leave=False)


def clusters_of(
    scanned: Scanned,
    best: Best,
    drawn: np.ndarray,
    size: Sizes,
    members: Members,
    *,
    cases: pd.Series[float],
    notes: Mapping[str, Any],
) -> ScanClusters:
    """Take the best windows in turn, each that shares no block with one taken before.

    Every center has one candidate, its best window, and a window no more likely than the best of
    every replicate is no cluster: SaTScan's report of secondary clusters without overlap.

    Parameters
    ----------
    scanned : Scanned
        The blocks.
    best : Best
        The best window of each center.
    drawn : ndarray
        Highest ratio of each replicate; empty without replicates.
    size : callable
        Number of blocks of windows by their tags.
    members : callable
        Blocks of a window by its center and tag.
    cases : Series
        As given, for its index.
    notes : mapping
        What the method notes.
    """
    number = np.zeros(len(scanned.place), dtype=np.int64)
    least = float(drawn.min(initial=np.inf)) if len(drawn) else 0.0
    rows: list[dict[str, Any]] = []
    ids = cases.index.to_numpy()[scanned.place]
    for center in np.lexsort((size(best.tag), -best.ratio.round(DIGITS))):
        ratio = float(best.ratio[center])
        if ratio <= max(least, 0.0):
            break
        if number[center]:
            continue
        blocks = members(int(center), int(best.tag[center]))
        if number[blocks].any():
            continue
        number[blocks] = len(rows) + 1
        row = _described(scanned, blocks, center, best.sums[:, center])
        rows.append({**row, "center": ids[center], **_chances(ratio, drawn)})
    placed = np.zeros(len(cases), dtype=np.int64)
    placed[scanned.place] = number
    membership = pd.Series(placed, index=cases.index, name="cluster")
    index = pd.RangeIndex(1, len(rows) + 1, name="cluster")
    told = {
        "case_count": scanned.total,
        "cases_left_out": scanned.cases_left_out,
        "population": float(scanned.population.sum()),
        "block_count": len(scanned.place),
        "window_count": best.windows,
    }
    return ScanClusters(
        pd.DataFrame(rows, index=index, columns=list(COLUMNS)),
        membership,
        _outcome(scanned, best),
        scanned.losses,
        {**told, **notes},
    )


def _outcome(scanned: Scanned, best: Best) -> str:
    if not len(scanned.place):
        return "no_blocks"
    if not scanned.total:
        return "no_cases"
    return "scanned" if best.windows else "no_windows"


def _described(
    scanned: Scanned, blocks: np.ndarray, center: int, sums: np.ndarray
) -> dict[str, Any]:
    inside, expected = float(sums[0]), float(sums[1])
    outside, rest = scanned.total - inside, scanned.total - expected
    ratio = inside / expected
    apart = scanned.points[blocks] - scanned.points[center]
    return {
        "radius_m": float(np.hypot(apart[:, 0], apart[:, 1]).max()),
        "block_count": len(blocks),
        "population": float(scanned.population[blocks].sum()),
        "cases": inside,
        "expected": expected,
        "rate_ratio": ratio,
        "relative_risk": ratio / (outside / rest) if outside else math.inf,
        "side": "high" if inside > expected else "low",
    }


def _chances(ratio: float, drawn: np.ndarray) -> dict[str, float]:
    """P-values of a ratio: its rank, and the tail of a Gumbel distribution with equal moments."""
    found = {"log_likelihood_ratio": ratio, "p": math.nan, "p_gumbel": math.nan}
    if len(drawn):
        found["p"] = (1 + int((drawn >= ratio - SAME_RATIO).sum())) / (1 + len(drawn))
    if len(drawn) > 1 and drawn.std() > 0:
        scale = float(drawn.std(ddof=1)) * math.sqrt(6) / math.pi
        middle = float(drawn.mean()) - EULER * scale
        found["p_gumbel"] = -math.expm1(-math.exp(-(ratio - middle) / scale))
    return found


def refuse_outside(**given: tuple[float | str, bool, str]) -> None:
    """Refuse settings out of their range, all in one list.

    Parameters
    ----------
    **given : tuple
        By setting: the value, whether it fits, and what would.

    Raises
    ------
    TargetingError
        `out-of-range` for each that does not fit.
    """
    problems = [
        Problem("out-of-range", name, {"given": str(value), "expected": expected})
        for name, (value, fits, expected) in given.items()
        if not fits
    ]
    if problems:
        raise TargetingError(problems)
