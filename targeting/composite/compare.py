"""Two results beside each other: who moves, who enters and leaves, and which choice did it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import factorial
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

from targeting.composite.uncertainty.draws import line_of
from targeting.model import NO_POLYGON

Evaluate: TypeAlias = Callable[[frozenset[str]], "pd.Series[float]"]
AVERAGED_MAX = 5


@dataclass(frozen=True)
class Comparison:
    """Two scorings of the same blocks.

    Parameters
    ----------
    blocks : DataFrame
        Index the blocks both have, in the order of the first: `score_before`, `score_after`,
        `score_change`, `rank_before`, `rank_after`, `rank_change` (above 0: more urgent than
        before), `top_before`, `top_after`. Ranks are among these blocks: 1 most urgent, equals
        share the best of their ranks, none without a score.
    only_before, only_after : tuple of str
        Blocks that one alone has, sorted.
    figures : mapping
        `blocks` both have, `scored` in both, `entering`, `leaving` and `staying` in the top,
        `rank_shift` (mean absolute), `rank_shift_max`, `rank_correlation` (Spearman),
        `score_correlation` (Pearson), `score_change` (mean), `appeared` and `vanished` (blocks with
        a score in one only).
    top : float
        Share of the blocks with a score that are its top.
    """

    blocks: pd.DataFrame
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]
    figures: Mapping[str, float]
    top: float


@dataclass(frozen=True)
class Attribution:
    """How much of a difference each choice brings about; the choices sum to all of it.

    Parameters
    ----------
    score, rank, top : DataFrame
        Blocks by choices: what each adds to the score, takes off the rank (above 0: more urgent)
        and adds to being in the top (1 enters, −1 leaves; averaged orders give shares). Score and
        rank are missing where a block has no score at some step; it is then not in the top.
    order : tuple of str
        The choices.
    averaged : bool
        Over all orders, not in the one given.
    figures : DataFrame
        Index the choices: `score_change` (mean), `score_shift` (mean absolute), `rank_shift` (mean
        absolute), `entering` and `leaving` (blocks: over the choices they sum to how many enter
        and leave; below 0 for a choice that holds them back).
    """

    score: pd.DataFrame
    rank: pd.DataFrame
    top: pd.DataFrame
    order: tuple[str, ...]
    averaged: bool
    figures: pd.DataFrame


def ranks(scores: pd.Series[float]) -> pd.Series[float]:
    """Return ranks, 1 the highest score; equals share the best of theirs, missing has none.

    Examples
    --------
    >>> ranks(pd.Series([0.2, 0.9, 0.9, None])).tolist()
    [3.0, 1.0, 1.0, nan]
    """
    # Sums of the same terms in another order differ in the last digits, and are equal.
    return scores.round(12).rank(ascending=False, method="min")


def in_top(scores: pd.Series[float], share: float) -> pd.Series[bool]:
    """Tell which blocks are among the most urgent `share` of those with a score.

    Where the line falls among equals, all of them are in.

    Examples
    --------
    >>> in_top(pd.Series([0.1, 0.4, 0.9, None]), 1 / 3).tolist()
    [False, False, True, False]
    """
    count = int(line_of(np.array([scores.notna().sum()]), share)[0])
    return ranks(scores) <= count


def compare(before: pd.Series[float], after: pd.Series[float], *, top: float = 0.1) -> Comparison:
    """Compare two scorings block by block.

    Parameters
    ----------
    before, after : Series
        Score by block id, higher more urgent.
    top : float
        Share of the blocks with a score that are the top, above 0 to 1.

    Returns
    -------
    Comparison

    Examples
    --------
    >>> before = pd.Series({"a": 0.9, "b": 0.5, "c": 0.1, "d": 0.3})
    >>> after = pd.Series({"a": 0.4, "b": 0.5, "c": 0.1, "e": 0.2})
    >>> made = compare(before, after, top=1 / 3)
    >>> made.blocks["rank_change"].tolist(), made.only_before, made.only_after
    ([-1.0, 1.0, 0.0], ('d',), ('e',))
    >>> made.figures["entering"], made.figures["leaving"]
    (1, 1)
    """
    both = before.index[before.index.isin(after.index)]
    first, second = before.loc[both].astype(float), after.loc[both].astype(float)
    table = pd.DataFrame(
        {
            "score_before": first,
            "score_after": second,
            "score_change": second - first,
            "rank_before": ranks(first),
            "rank_after": ranks(second),
            "rank_change": ranks(first) - ranks(second),
            "top_before": in_top(first, top),
            "top_after": in_top(second, top),
        }
    )
    return Comparison(
        blocks=table,
        only_before=_sorted(before.index.difference(both)),
        only_after=_sorted(after.index.difference(both)),
        figures=_figures(table),
        top=top,
    )


def _sorted(index: pd.Index) -> tuple[str, ...]:
    return tuple(sorted(str(key) for key in index))


def _figures(table: pd.DataFrame) -> dict[str, float]:
    known = table[table["score_change"].notna()]
    shift = known["rank_change"].abs()
    first, second = table["top_before"], table["top_after"]
    return {
        "blocks": len(table),
        "scored": len(known),
        "entering": int((second & ~first).sum()),
        "leaving": int((first & ~second).sum()),
        "staying": int((first & second).sum()),
        "rank_shift": float(shift.mean()),
        "rank_shift_max": float(shift.max()),
        "rank_correlation": _correlation(
            known["rank_before"].rank().to_numpy(float), known["rank_after"].rank().to_numpy(float)
        ),
        "score_correlation": _correlation(
            known["score_before"].to_numpy(float), known["score_after"].to_numpy(float)
        ),
        "score_change": float(known["score_change"].mean()),
        "appeared": int((table["score_before"].isna() & table["score_after"].notna()).sum()),
        "vanished": int((table["score_before"].notna() & table["score_after"].isna()).sum()),
    }


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    if len(first) < 2 or first.std() == 0 or second.std() == 0:
        return float("nan")
    return float(np.corrcoef(first, second)[0, 1])


def attribute(
    evaluate: Evaluate,
    choices: Sequence[str],
    *,
    top: float = 0.1,
    order: Literal["average", "given"] = "average",
) -> Attribution:
    """Tell how much of the difference between two results each choice brings about.

    The choices are switched from the first result's to the second's, one after the other, and
    what changes at each step is that choice's. It depends on the order; the average over all
    orders (the Shapley value of the choices) does not. Either sums to the whole difference.

    Parameters
    ----------
    evaluate : callable
        The choices that are the second's, the others being the first's, to the score by block. It
        is asked once for each set; only blocks that every answer has are told of.
    choices : sequence of str
        In order.
    top : float
        Share of the blocks that are the top.
    order : str
        `"given"`, or `"average"`: of up to five choices; more are taken in the order given.

    Returns
    -------
    Attribution

    Examples
    --------
    >>> base = pd.Series({"a": 0.2, "b": 0.6})
    >>> def scored(switched):
    ...     score = base + (0.1 if "data" in switched else 0.0)
    ...     return score * (0.5 if "weights" in switched else 1.0)
    >>> told = attribute(scored, ["data", "weights"])
    >>> told.score.round(3).loc["a"].tolist()
    [0.075, -0.125]
    """
    names = tuple(choices)
    averaged = order == "average" and len(names) <= AVERAGED_MAX
    if averaged:
        sets = [frozenset(s) for n in range(len(names) + 1) for s in combinations(names, n)]
    else:
        sets = [frozenset(names[:n]) for n in range(len(names) + 1)]
    answers = {one: evaluate(one).astype(float) for one in sets}
    both = answers[sets[0]].index
    for answer in answers.values():
        both = both[both.isin(answer.index)]
    kinds: dict[str, dict[frozenset[str], np.ndarray]] = {"score": {}, "rank": {}, "top": {}}
    for one, answer in answers.items():
        held = answer.loc[both]
        kinds["score"][one] = held.to_numpy(float)
        kinds["rank"][one] = -ranks(held).to_numpy(float)
        kinds["top"][one] = in_top(held, top).to_numpy(float)
    tables = {
        kind: pd.DataFrame(
            {name: _share(name, names, held, averaged=averaged) for name in names}, index=both
        )
        for kind, held in kinds.items()
    }
    return Attribution(**tables, order=names, averaged=averaged, figures=_by_choice(tables))


def _share(
    name: str,
    names: tuple[str, ...],
    held: Mapping[frozenset[str], np.ndarray],
    *,
    averaged: bool,
) -> np.ndarray:
    """Return what one choice changes, by block."""
    if not averaged:
        before = frozenset(names[: names.index(name)])
        return np.asarray(held[before | {name}] - held[before])
    count = len(names)
    total = np.zeros_like(held[frozenset()])
    for without in [one for one in held if name not in one]:
        chance = factorial(len(without)) * factorial(count - 1 - len(without)) / factorial(count)
        total = total + chance * (held[without | {name}] - held[without])
    return total


def _by_choice(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    moved = tables["top"].sum(axis=1)
    return pd.DataFrame(
        {
            "score_change": tables["score"].mean(),
            "score_shift": tables["score"].abs().mean(),
            "rank_shift": tables["rank"].abs().mean(),
            "entering": tables["top"][moved > 0.5].sum(),
            "leaving": -tables["top"][moved < -0.5].sum(),
        }
    )


def shared_members(before: pd.Series[int], after: pd.Series[int]) -> pd.DataFrame:
    """Count the blocks that go from each polygon to each.

    Parameters
    ----------
    before, after : Series
        Number of the polygon of each block, 0 for none; blocks that one alone has count as 0 in
        the other.

    Returns
    -------
    DataFrame
        Columns `before`, `after`, `blocks`; blocks in no polygon either time are left out.

    Examples
    --------
    >>> shared_members(pd.Series({"a": 1, "b": 1, "c": 0}), pd.Series({"a": 2, "b": 0, "c": 0}))
       before  after  blocks
    0       1      0       1
    1       1      2       1
    """
    every = before.index.union(after.index)
    table = pd.DataFrame(
        {
            "before": before.reindex(every, fill_value=NO_POLYGON),
            "after": after.reindex(every, fill_value=NO_POLYGON),
        }
    )
    table = table[(table != NO_POLYGON).any(axis=1)]
    counted = table.groupby(["before", "after"], sort=True).size()
    return counted.rename("blocks").reset_index()


def without_each(
    evaluate: Callable[[str], pd.Series[float]], stated: pd.Series[float], names: Sequence[str]
) -> pd.Series[float]:
    """Return how far the ranks move, on the mean, when each group or indicator is left out.

    Parameters
    ----------
    evaluate : callable
        What is left out to the score without it.
    stated : Series
        Score with all.
    names : sequence of str
        What to leave out, one at a time.

    Returns
    -------
    Series
        Mean absolute change of rank by name.

    Examples
    --------
    >>> parts = pd.DataFrame({"a": [0.1, 0.5, 0.9], "b": [0.9, 0.5, 0.3]}, index=list("xyz"))
    >>> without_each(lambda name: parts.drop(columns=name).mean(axis=1), parts.mean(axis=1),
    ...              ["a", "b"]).round(3).to_dict()
    {'a': 1.0, 'b': 0.333}
    """
    first = ranks(stated)
    moved = {name: (ranks(evaluate(name)) - first).abs().mean() for name in names}
    return pd.Series(moved, dtype=float)
