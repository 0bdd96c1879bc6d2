"""Doubt of whole countries: block by block in pieces, ranks to 1/65,536 of the city.

Two rounds: the first counts how the scores of each draw lie, in 65,536 classes between 0 and 1; the
second reads each score's rank off these counts (a straight line within a class), a piece of the
blocks at a time. Nothing is kept of the draws but their choices.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from targeting.compiled import njit
from targeting.composite.uncertainty.choices import LISTED, refuse
from targeting.composite.uncertainty.draws import batches, line_of, stated_ranks, versions_of
from targeting.composite.uncertainty.evaluate import Plan, plan_of, scores
from targeting.composite.uncertainty.model import Model
from targeting.composite.uncertainty.ranking import quantiles
from targeting.composite.uncertainty.summary import FIGURES, SHARES, check_top, figures, tally

CLASSES = 65_536
_STEPS = 65_534
_PIECE = 65_536


@njit
def _count(found: np.ndarray, rows: np.ndarray, counts: np.ndarray) -> None:
    """Count the scores of a piece, by draw and class."""
    for i in range(len(rows)):
        own = counts[rows[i]]
        for score in found[i]:
            if not np.isnan(score):
                own[min(int(score * CLASSES), CLASSES - 1)] += np.uint32(1)


@njit
def _read(
    found: np.ndarray, rows: np.ndarray, above: np.ndarray, blocks: int, out: np.ndarray
) -> None:
    """Put the ranks of a piece, as 1 to 65,535 of the city, into `out`; 0 without a score."""
    scale = _STEPS / blocks
    for i in range(len(rows)):
        own = above[rows[i]]
        for block in range(found.shape[1]):
            score = found[i, block]
            if np.isnan(score):
                out[rows[i], block] = 0
                continue
            place = score * CLASSES
            cell = min(int(place), CLASSES - 1)
            higher = np.float64(own[cell + 1])
            rank = higher + (cell + 1 - place) * (np.float64(own[cell]) - higher)
            out[rows[i], block] = int(rank * scale) + 1


def stream(
    model: Model,
    *,
    draws: int = 1000,
    seed: int,
    vary: tuple[str, ...] | None = None,
    top_share: float = 0.1,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Say how sure each block's rank is, without keeping the ranks of every draw.

    Parameters
    ----------
    model : Model
    draws, seed, vary
        As for `draw`, and the same draws.
    top_share : float
        What the top is: a share of the blocks with a score.

    Returns
    -------
    (DataFrame, DataFrame)
        Blocks and draws, as in `Uncertainty`; ranks are to 1/65,536 of the number of blocks (less
        finely where many scores crowd in 1/65,536), and no quantiles of the score are given.

    Raises
    ------
    TargetingError
        `nothing-varies`, `too-few-draws`, `share-outside`.
    """
    check_top(top_share)
    if draws < 1:
        raise refuse("too-few-draws", "draws", given=draws, least=1)
    varied = model.varied if vary is None else vary
    if not set(varied) & set(model.varied):
        raise refuse("nothing-varies", "draws")
    plan = plan_of(model, versions_of(draws, varied), seed=seed, stream=0)
    counts = np.zeros((draws, CLASSES + 1), dtype=np.uint32)
    for piece, _ in _pieces(model):
        for rows in batches(piece, plan):
            _count(scores(piece, plan, rows), rows, counts)
    scored = counts.sum(axis=1, dtype=np.int64)
    # From here on how many lie in a class or above it.
    np.cumsum(counts[:, ::-1], axis=1, out=counts[:, ::-1])
    return _second(model, plan, counts, scored, top_share)


def _pieces(model: Model) -> Iterator[tuple[Model, slice]]:
    for begin in range(0, model.blocks, _PIECE):
        end = min(begin + _PIECE, model.blocks)
        yield model.only(begin, end), slice(begin, end)


def _second(
    model: Model, plan: Plan, above: np.ndarray, scored: np.ndarray, top_share: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    exact, score = stated_ranks(model, 1)
    known = exact > 0
    place = model.blocks / _STEPS
    was = np.where(known, (exact - 0.5) / place, -1.0).astype(np.int64) + 1
    counts = (scored, np.array([known.sum()]))
    lines, own = ((line_of(n, top_share) / place).astype(np.int64) + 1 for n in counts)
    sums = np.zeros((4, model.blocks), dtype=np.int64)
    told = np.zeros((len(plan), 11), dtype=np.int64)
    at = np.empty((len(SHARES), model.blocks))
    for piece, part in _pieces(model):
        ranks = np.empty((len(plan), piece.blocks), dtype=np.uint16)
        for rows in batches(piece, plan):
            _read(scores(piece, plan, rows), rows, above, model.blocks, ranks)
        tally(ranks, was[part], lines, int(own[0]), sums[:, part], told)
        quantiles(ranks, np.array(SHARES), 0, at[:, part])
    # A stored rank is the middle of its step.
    with np.errstate(invalid="ignore", divide="ignore"):
        columns = {
            "rank": np.where(known, exact, np.nan),
            "rank_low": (at[0] - 0.5) * place + 0.5,
            "rank_median": (at[1] - 0.5) * place + 0.5,
            "rank_high": (at[2] - 0.5) * place + 0.5,
            "rank_mean": (sums[0] / sums[2] - 0.5) * place + 0.5,
            "rank_shift": np.where(known, sums[1] / sums[2] * place, np.nan),
            "score": score,
            "top_share": sums[3] / len(plan),
            "scored_share": sums[2] / len(plan),
        }
    back = np.argsort(model.place)
    blocks = pd.DataFrame({name: held[back] for name, held in columns.items()}, index=model.index)
    by_draw = pd.DataFrame(plan.pick, columns=list(LISTED)).rename_axis("draw")
    found = figures(told, 1 / place)
    return blocks, by_draw.assign(**{name: found[:, i] for i, name in enumerate(FIGURES)})
