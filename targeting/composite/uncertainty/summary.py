"""What the draws say of every block, and of the choices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from targeting.compiled import njit
from targeting.composite.uncertainty.choices import LISTED, Missing, Noise, Spread, refuse
from targeting.composite.uncertainty.draws import (
    _SCORE_STEPS,
    NO_SCORE,
    Draws,
    draw,
    line_of,
)
from targeting.composite.uncertainty.model import Redraw
from targeting.composite.uncertainty.prepared import prepare
from targeting.composite.uncertainty.ranking import quantiles
from targeting.model import Indicator, MethodSpec, Node, Values

SHARES = (0.05, 0.5, 0.95)
_TILE = 512


@dataclass(frozen=True)
class Uncertainty:
    """How sure the ranking of each block is.

    Parameters
    ----------
    blocks : DataFrame
        Index block ids. `rank`, `score`: of the stated choices. `rank_low`, `rank_median`,
        `rank_high`: 5, 50 and 95 % of the draws lie at or below (1 is the most urgent);
        `score_low`, `score_median`, `score_high` the same of the score, to 1/65,534. `rank_mean`,
        `rank_shift`: mean rank and mean absolute distance from the stated rank. `top_share`: share
        of the draws in which the block is in the top; `scored_share`: in which it has a score.
    draws : DataFrame
        One row a draw: the alternatives taken, `rank_shift` (mean over the blocks),
        `rank_correlation` with the stated ranks, `entering` (share of the draw's top that was not
        in the stated one) and `leaving` (share of the stated top that is not in the draw's).
    top_share : float
        What the top is: a share of the blocks with a score.
    made : Draws
        The draws themselves.
    """

    blocks: pd.DataFrame
    draws: pd.DataFrame
    top_share: float
    made: Draws


@njit
def _tally_row(
    ranks: np.ndarray,
    stated: np.ndarray,
    lines: tuple[int, int],
    sums: np.ndarray,
    told: np.ndarray,
) -> None:
    """Add up a few blocks of one draw, in whole numbers: their order changes no sum."""
    none = np.int64(0)
    entered, left, top, first, both, shift = none, none, none, none, none, none
    sum_a, sum_b, cross, square_a, square_b = none, none, none, none, none
    line, stated_line = np.int64(lines[0]), np.int64(lines[1])
    for i in range(len(ranks)):
        rank, was = np.int64(ranks[i]), stated[i]
        scored, known = np.int64(rank > 0), np.int64(was > 0)
        inside, before = scored & np.int64(rank <= line), known & np.int64(was <= stated_line)
        a, b = rank * known, was * scored
        moved = abs(a - b)
        entered += inside & (1 - before)
        left += before & (1 - inside)
        top += inside
        first += before
        both += scored & known
        shift += moved
        sum_a += a
        sum_b += b
        cross += a * b
        square_a += a * a
        square_b += b * b
        sums[0, i] += rank
        sums[1, i] += moved
        sums[2, i] += scored
        sums[3, i] += inside
    told[:6] += np.array([both, shift, entered, left, top, first])
    told[6:] += np.array([sum_a, sum_b, cross, square_a, square_b])


@njit
def tally(
    ranks: np.ndarray,
    stated: np.ndarray,
    lines: np.ndarray,
    stated_line: int,
    sums: np.ndarray,
    told: np.ndarray,
) -> None:
    """Add up by block and by draw.

    `sums` by block: ranks, shifts, scored draws, draws in the top. `told` by draw: blocks with both
    ranks, shifts, entered, left, in the top, in the stated top, and the five sums of a correlation.
    """
    for begin in range(0, ranks.shape[1], _TILE):
        end = min(begin + _TILE, ranks.shape[1])
        for row in range(ranks.shape[0]):
            _tally_row(
                ranks[row, begin:end],
                stated[begin:end],
                (lines[row], stated_line),
                sums[:, begin:end],
                told[row],
            )


FIGURES = ("rank_shift", "rank_correlation", "entering", "leaving")


def figures(told: np.ndarray, step: float) -> np.ndarray:
    """Return `FIGURES` of each draw from its sums; a rank is stored times `step`."""
    both, shift, entered, left, top, first, a, b, cross, aa, bb = told.T.astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = (aa - a * a / both) * (bb - b * b / both)
        correlation = (cross - a * b / both) / np.sqrt(np.where(spread > 0, spread, np.nan))
        return np.column_stack([shift / both / step, correlation, entered / top, left / first])


def told_of(draws: Draws, top_share: float) -> tuple[np.ndarray, np.ndarray]:
    """Return sums by block (ranks, shifts, scored, in the top) and figures by draw."""
    check_top(top_share)
    sums = np.zeros((4, draws.ranks.shape[1]), dtype=np.int64)
    told = np.zeros((len(draws), 11), dtype=np.int64)
    lines = line_of(draws.counts, top_share) * draws.steps
    own = line_of(np.array([(draws.stated > 0).sum()]), top_share)[0] * draws.steps
    tally(draws.ranks, draws.stated.astype(np.int64), lines, int(own), sums, told)
    return sums, figures(told, draws.steps)


def check_top(top_share: float) -> None:
    """Refuse a top that is no share."""
    if not 0 < top_share < 1:
        raise refuse("share-outside", "top_share", given=f"{top_share:g}")


def summarize(draws: Draws, *, top_share: float = 0.1) -> Uncertainty:
    """Say how sure each block's rank is.

    Parameters
    ----------
    draws : Draws
    top_share : float
        What the top is: this share of the blocks with a score.

    Returns
    -------
    Uncertainty
    """
    sums, told = told_of(draws, top_share)
    shares = np.array(SHARES)
    rank, score = np.empty((3, len(draws.index))), np.empty((3, len(draws.index)))
    quantiles(draws.ranks, shares, 0, rank)
    quantiles(draws.scores, shares, NO_SCORE, score)
    rank /= draws.steps
    score /= _SCORE_STEPS
    scored = np.where(sums[2] > 0, sums[2], np.nan)
    known = draws.stated > 0
    blocks = pd.DataFrame(
        {
            "rank": np.where(known, draws.stated / draws.steps, np.nan),
            "rank_low": rank[0],
            "rank_median": rank[1],
            "rank_high": rank[2],
            "rank_mean": sums[0] / scored / draws.steps,
            "rank_shift": np.where(known, sums[1] / scored / draws.steps, np.nan),
            "score": draws.stated_score,
            "score_low": score[0],
            "score_median": score[1],
            "score_high": score[2],
            "top_share": sums[3] / len(draws),
            "scored_share": sums[2] / len(draws),
        },
        index=draws.index,
    )

    choices = pd.DataFrame(draws.plan.pick, columns=list(LISTED)).rename_axis("draw")
    by_draw = choices.assign(**{name: told[:, i] for i, name in enumerate(FIGURES)})
    return Uncertainty(blocks, by_draw, top_share, draws)


def uncertainty(
    values: Values,
    indicators: Sequence[Indicator],
    tree: Node | Mapping[str, Any],
    *,
    seed: int,
    draws: int = 1000,
    weights: Spread | Mapping[str, Spread] | None = None,
    normalize: Sequence[MethodSpec] = (MethodSpec("minmax"),),
    aggregate: Sequence[MethodSpec] = (MethodSpec("arithmetic"),),
    treat: Sequence[MethodSpec | None] = (None,),
    missing: Sequence[Missing] = (Missing(),),
    data: bool | Mapping[str, Noise] = False,
    redraw: Redraw | None = None,
    normalize_each: Mapping[str, MethodSpec] | None = None,
    reference: pd.DataFrame | None = None,
    top_share: float = 0.1,
    ties: str = "min",
) -> Uncertainty:
    """Draw the choices of a composite and say how sure each block's rank is.

    Saisana, Saltelli and Tarantola (2005), J. R. Stat. Soc. A 168, 307–323.

    Parameters
    ----------
    values, indicators, tree, weights, normalize, aggregate, treat, missing, data, redraw,
    normalize_each, reference
        As for `prepare`: the first alternative of each list is the stated one.
    seed, draws, ties
        As for `draw`.
    top_share : float
        What the top is: this share of the blocks with a score.

    Returns
    -------
    Uncertainty

    Examples
    --------
    >>> from targeting.composite.uncertainty import Anywhere
    >>> one = Indicator("a", {"es": "a", "en": "a"}, "share", "higher", "violence", "share")
    >>> two = Indicator("b", {"es": "b", "en": "b"}, "share", "higher", "violence", "share")
    >>> held = pd.DataFrame({"a": [0.0, 0.4, 1.0], "b": [0.0, 1.0, 0.9]}, index=["x", "y", "z"])
    >>> values = Values(held, held, held, {"a": "block", "b": "block"})
    >>> found = uncertainty(values, [one, two], {"a": 1.0, "b": 1.0}, seed=1, draws=200,
    ...                     weights=Anywhere(), top_share=0.34)
    >>> found.blocks[["rank", "rank_low", "rank_high"]].astype(int).values.tolist()
    [[3, 3, 3], [2, 1, 2], [1, 1, 2]]
    """
    model = prepare(
        values,
        indicators,
        tree,
        normalize=normalize,
        aggregate=aggregate,
        treat=treat,
        missing=missing,
        weights=weights,
        data=data,
        redraw=redraw,
        normalize_each=normalize_each,
        reference=reference,
    )
    return summarize(draw(model, draws=draws, seed=seed, ties=ties), top_share=top_share)
