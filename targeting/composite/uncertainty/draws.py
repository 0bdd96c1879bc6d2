"""Draws: every choice made by chance, kept so small that they can be made again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from targeting.compiled import njit
from targeting.composite.uncertainty.choices import FACTORS, refuse
from targeting.composite.uncertainty.evaluate import Plan, plan_of, scores, stated
from targeting.composite.uncertainty.model import Model
from targeting.composite.uncertainty.ranking import TIES, rank_rows
from targeting.problems import Problem, TargetingError

_BATCH_BYTES = 32_000_000
_SCORE_STEPS = 65_534
NO_SCORE = 65_535


@dataclass(frozen=True)
class Draws:
    """Draws of a composite: what was chosen in each, and what it came to.

    Blocks stand in the order of the values.

    Parameters
    ----------
    index : Index
        Block ids.
    plan : Plan
        Choices of each draw.
    ranks : ndarray of uint16 or uint32
        Draws by blocks: rank times `steps`, 1 the most urgent; 0 without a score.
    scores : ndarray of uint16
        Draws by blocks: score times 65,534; 65,535 without one.
    counts : ndarray of int64
        Blocks with a score, by draw.
    stated : ndarray of int64
        Ranks of the stated choices, times `steps`.
    stated_score : ndarray
        Their scores.
    steps : int
        1, or 2 where ranks may end in a half.
    model : Model, optional
        What the draws were made with; `draw_scores` needs it.
    """

    index: pd.Index
    plan: Plan
    ranks: np.ndarray
    scores: np.ndarray
    counts: np.ndarray
    stated: np.ndarray
    stated_score: np.ndarray
    steps: int
    model: Model | None = None

    def __len__(self) -> int:
        return len(self.plan)

    def top(self, share: float) -> np.ndarray:
        """Return which blocks are in the top share of each draw, eight blocks to a byte.

        Parameters
        ----------
        share : float
            Of the blocks with a score, at least one block.

        Returns
        -------
        ndarray of uint8
            Draws by bytes; `numpy.unpackbits(…, axis=1, count=blocks)` opens it.
        """
        lines = line_of(self.counts, share) * self.steps
        return np.packbits((self.ranks > 0) & (self.ranks <= lines[:, None]), axis=1)

    def as_arrays(self) -> dict[str, np.ndarray]:
        """Return everything but the model, ready for `numpy.savez_compressed`."""
        return {
            "index": np.asarray(self.index),
            "chance": np.array([self.plan.seed, self.plan.stream, self.steps], dtype=np.int64),
            "versions": self.plan.versions,
            "pick": self.plan.pick.astype(np.int16),
            "weights": self.plan.weights,
            "ranks": self.ranks,
            "scores": self.scores,
            "counts": self.counts,
            "stated": self.stated,
            "stated_score": self.stated_score,
        }


def draws_of(arrays: Mapping[str, np.ndarray], model: Model | None = None) -> Draws:
    """Return draws kept as arrays.

    Parameters
    ----------
    arrays : mapping
        What `Draws.as_arrays` gave.
    model : Model, optional
        What they were made with, made ready again.

    Returns
    -------
    Draws
    """
    seed, stream, steps = (int(number) for number in arrays["chance"])
    plan = Plan(
        seed, stream, arrays["versions"], arrays["pick"].astype(np.int64), arrays["weights"]
    )
    held = {name: arrays[name] for name in ("ranks", "scores", "counts", "stated", "stated_score")}
    return Draws(pd.Index(arrays["index"]), plan, **held, steps=steps, model=model)


def line_of(counts: np.ndarray, share: float) -> np.ndarray:
    """Return the last rank in the top share: the nearest whole number, at least 1.

    Whoever speaks of a top counts it here: draws, comparisons, changes and the terminal.
    """
    return np.maximum(1, np.rint(counts * share)).astype(np.int64)


def versions_of(draws: int, varied: tuple[str, ...]) -> np.ndarray:
    """Return the versions of draws in which the named choices vary together."""
    versions = np.full((draws, len(FACTORS)), -1, dtype=np.int64)
    for name in varied:
        versions[:, FACTORS.index(name)] = np.arange(draws)
    return versions


def draw(
    model: Model,
    *,
    draws: int = 1000,
    seed: int,
    vary: tuple[str, ...] | None = None,
    ties: str = "min",
    stream: int = 0,
) -> Draws:
    """Draw the choices of a composite, all together.

    Parameters
    ----------
    model : Model
        Alternatives.
    draws : int
        How many.
    seed : int
        Draw number i of a seed is the same however many are drawn, in any order of the blocks.
    vary : tuple of str, optional
        Those of `FACTORS` that vary. Default: all that can.
    ties : str
        `"min"`: blocks with equal scores share the best of their places; `"average"`: the middle.
    stream : int
        Another number gives other draws of the same seed.

    Returns
    -------
    Draws

    Raises
    ------
    TargetingError
        `nothing-varies`, `too-few-draws`; `no-scores` where the stated choices give none.
    """
    if draws < 1:
        raise refuse("too-few-draws", "draws", given=draws, least=1)
    varied = model.varied if vary is None else vary
    if not set(varied) & set(model.varied):
        raise refuse("nothing-varies", "draws")
    plan = plan_of(model, versions_of(draws, varied), seed=seed, stream=stream)
    return carry_out(model, plan, ties=ties)


def carry_out(model: Model, plan: Plan, *, ties: str = "min") -> Draws:
    """Return what the draws of a plan come to.

    Parameters
    ----------
    model : Model
    plan : Plan
        Choices of each draw.
    ties : str
        As for `draw`.

    Returns
    -------
    Draws
    """
    steps = TIES[ties]
    kind = np.uint16 if model.blocks * steps < 2**16 else np.uint32
    ranks = np.empty((len(plan), model.blocks), dtype=kind)
    rounded = np.empty((len(plan), model.blocks), dtype=np.uint16)
    counts = np.empty(len(plan), dtype=np.int64)
    for rows in batches(model, plan):
        found = scores(model, plan, rows)
        own, own_counts = np.empty(found.shape, dtype=kind), np.empty(len(rows), dtype=np.int64)
        rank_rows(found, steps, own, own_counts)
        _store(rows, own, found, model.place, ranks, rounded)
        counts[rows] = own_counts
    named, score = stated_ranks(model, steps)
    back = np.argsort(model.place)
    return Draws(model.index, plan, ranks, rounded, counts, named[back], score[back], steps, model)


def stated_ranks(model: Model, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Return ranks and scores of the stated choices, in the model's order; refuse if none has."""
    first = stated(model)[None, :]
    if np.isnan(first).all():
        raise TargetingError([Problem("no-scores", "composite.coverage_min")])
    named = np.empty(first.shape, dtype=np.int64)
    rank_rows(first, steps, named, np.empty(1, dtype=np.int64))
    return named[0], first[0]


@njit
def _store(
    rows: np.ndarray,
    ranks: np.ndarray,
    found: np.ndarray,
    place: np.ndarray,
    all_ranks: np.ndarray,
    all_scores: np.ndarray,
) -> None:
    """Put a batch into the order of the values."""
    for i in range(len(rows)):
        for block in range(len(place)):
            score = found[i, block]
            told = NO_SCORE if np.isnan(score) else int(score * _SCORE_STEPS + 0.5)
            all_ranks[rows[i], place[block]] = ranks[i, block]
            all_scores[rows[i], place[block]] = told


def batches(model: Model, plan: Plan) -> list[np.ndarray]:
    """Return draws in batches that share their parts as far as may be."""
    size = max(1, _BATCH_BYTES // (8 * max(1, model.blocks)))
    order = np.lexsort((*plan.pick.T, plan.data))
    return [order[begin : begin + size] for begin in range(0, len(order), size)]


def draw_scores(draws: Draws, number: int) -> np.ndarray:
    """Return the scores of one draw, made again.

    Parameters
    ----------
    draws : Draws
        With their model.
    number : int
        Which draw.

    Returns
    -------
    ndarray
        One number a block, in the order of the values; missing where too little weight has data.

    Raises
    ------
    TargetingError
        `draws-without-model`, `no-such-draw`.
    """
    if draws.model is None:
        raise refuse("draws-without-model", "draws")
    if not 0 <= number < len(draws):
        raise refuse("no-such-draw", "draws", given=number, last=len(draws) - 1)
    out = np.empty(draws.model.blocks)
    out[draws.model.place] = scores(draws.model, draws.plan, np.array([number]))[0]
    return out
