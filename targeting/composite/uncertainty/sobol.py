"""How much of the doubt each choice makes: Sobol indices of the choices.

Saltelli's design: two independent sets of draws A and B, and for each choice the set A with that
choice taken from B. First-order indices after Saltelli et al. (2010), total ones after Jansen
(1999), both as SALib has them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from targeting.compiled import njit
from targeting.composite.uncertainty.choices import FACTORS, LISTED, refuse
from targeting.composite.uncertainty.draws import _BATCH_BYTES, stated_ranks
from targeting.composite.uncertainty.evaluate import plan_of, scores
from targeting.composite.uncertainty.model import Model
from targeting.composite.uncertainty.ranking import TIES, rank_rows

_STREAM = 1


@dataclass(frozen=True)
class Sensitivity:
    """Which choices make the doubt.

    An index is a share of the variance over the draws: `first` is what a choice makes alone,
    `total` what it makes alone and together with others. Estimates: a small one may fall below 0.

    Parameters
    ----------
    choices : DataFrame
        Index the choices that vary; `first`, `total` of the mean absolute rank shift, each with the
        5 and 95 % ends of a bootstrap (`first_low`, `first_high`, `total_low`, `total_high`).
    blocks : DataFrame
        Index block ids; `rank_sd`, and `first_…`, `total_…` of each choice: of the block's rank.
        Missing for a block whose rank never moves, or that lacks a score in some draw.
    groups : DataFrame
        The same by label, of the mean rank of the label's blocks.
    """

    choices: pd.DataFrame
    blocks: pd.DataFrame
    groups: pd.DataFrame


def sobol_indices(
    first: np.ndarray, second: np.ndarray, crossed: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return first-order and total indices.

    Parameters
    ----------
    first, second : ndarray
        What the draws of A and of B came to; draws first, then any axes.
    crossed : ndarray
        Choices, then draws: A with one choice of B.

    Returns
    -------
    (ndarray, ndarray)
        Choices, then the other axes; missing where nothing varies.

    Examples
    --------
    >>> random = np.random.default_rng(1)
    >>> a, b = random.normal(size=(2, 4000, 2))
    >>> crossed = np.array([b[:, 0] + 2 * a[:, 1], a[:, 0] + 2 * b[:, 1]])
    >>> first, total = sobol_indices(a[:, 0] + 2 * a[:, 1], b[:, 0] + 2 * b[:, 1], crossed)
    >>> first.round(1).tolist(), total.round(1).tolist()
    ([0.2, 0.8], [0.2, 0.8])
    """
    a, b, ab = (np.asarray(one, dtype=float) for one in (first, second, crossed))
    both = np.concatenate([a, b])
    middle = (both.sum(axis=0) + ab.sum(axis=(0, 1))) / (len(both) + ab.shape[0] * ab.shape[1])
    variance = both.var(axis=0)
    variance = np.where(variance > 0, variance, np.nan)
    alone = ((b - middle) * (ab - a)).mean(axis=1) / variance
    total = 0.5 * ((a - ab) ** 2).mean(axis=1) / variance
    return np.asarray(alone), np.asarray(total)


@njit
def _gather(
    ranks: np.ndarray, stated: np.ndarray, choices: int, sums: np.ndarray, cross: np.ndarray
) -> None:
    """Add the runs of whole bases (A, B, then each choice's) to the sums of each block.

    `sums` by block: of A and B, of their squares, of all runs, and the runs without a score.
    `cross` by choice: of AB − A, of B (AB − A), of (A − AB)².
    """
    width = choices + 2
    for base in range(0, ranks.shape[0], width):
        for i in range(ranks.shape[1]):
            a = np.float64(np.int64(ranks[base, i]) - stated[i])
            b = np.float64(np.int64(ranks[base + 1, i]) - stated[i])
            if ranks[base, i] == 0 or ranks[base + 1, i] == 0:
                sums[3, i] += 1
            sums[0, i] += a + b
            sums[1, i] += a * a + b * b
            sums[2, i] += a + b
        for choice in range(choices):
            for i in range(ranks.shape[1]):
                a = np.float64(np.int64(ranks[base, i]) - stated[i])
                b = np.float64(np.int64(ranks[base + 1, i]) - stated[i])
                ab = np.float64(np.int64(ranks[base + 2 + choice, i]) - stated[i])
                if ranks[base + 2 + choice, i] == 0:
                    sums[3, i] += 1
                sums[2, i] += ab
                cross[choice, 0, i] += ab - a
                cross[choice, 1, i] += b * (ab - a)
                cross[choice, 2, i] += (a - ab) * (a - ab)


def sensitivity(
    model: Model,
    *,
    base: int = 128,
    seed: int,
    labels: pd.Series | None = None,
    resamples: int = 500,
    ties: str = "min",
) -> Sensitivity:
    """Say which choices make the doubt: of the whole ranking, of each block, of each polygon.

    Parameters
    ----------
    model : Model
    base : int
        Draws of A and of B; the composite is computed `base × (choices that vary + 2)` times.
    seed : int
        Another chance than the draws of `draw` with the same seed.
    labels : Series, optional
        Label of each block (a polygon's number): the mean rank of each label's blocks is judged
        too. Blocks without one, or with label 0, are in none.
    resamples : int
        Bootstrap samples of the interval of `choices`.
    ties : str
        As for `draw`.

    Returns
    -------
    Sensitivity

    Raises
    ------
    TargetingError
        `nothing-varies`, `too-few-draws`, `unknown-block`.
    """
    varied = model.varied
    if base < 2:
        raise refuse("too-few-draws", "base", given=base, least=2)
    if not varied:
        raise refuse("nothing-varies", "draws")
    design, shares = _design(base, varied), _shares(base, seed)
    plan = plan_of(model, design, seed=seed, stream=_STREAM, shares=shares)
    steps = TIES[ties]
    was, _ = stated_ranks(model, steps)
    sums, cross = np.zeros((4, model.blocks)), np.zeros((len(varied), 3, model.blocks))
    names, member = _members(model, labels)
    by_group = np.empty((len(plan), len(names)))
    shift = np.empty(len(plan))
    width = len(varied) + 2
    size = width * max(1, _BATCH_BYTES // (8 * width * max(1, model.blocks)))
    for begin in range(0, len(plan), size):
        rows = np.arange(begin, min(begin + size, len(plan)))
        found = scores(model, plan, rows)
        ranks = np.empty(found.shape, dtype=np.int32)
        rank_rows(found, steps, ranks, np.empty(len(rows), dtype=np.int64))
        _gather(ranks, was, len(varied), sums, cross)
        _means(ranks, was, member, by_group[rows[0] : rows[-1] + 1], shift[rows[0] : rows[-1] + 1])
    return Sensitivity(
        _of_choices(shift.reshape(base, width), varied, seed, resamples),
        _of_blocks(model, sums, cross, base, varied, steps),
        _of_groups(by_group.reshape(base, width, -1) / steps, names, varied),
    )


def _design(base: int, varied: tuple[str, ...]) -> np.ndarray:
    """Return versions of the factors: base by base A, B, then A with one choice of B."""
    places = [FACTORS.index(name) for name in varied]
    versions = np.full((base, len(varied) + 2, len(FACTORS)), -1, dtype=np.int64)
    first = 2 * np.arange(base)
    for i, place in enumerate(places):
        versions[:, :, place] = first[:, None]
        versions[:, 1, place] = first + 1
        versions[:, 2 + i, place] = first + 1
    return versions.reshape(-1, len(FACTORS))


def _shares(base: int, seed: int) -> np.ndarray:
    """Return where the alternatives of each version lie: evenly spread over all lists at once."""
    from scipy.stats import qmc  # a second to import, and used here alone

    random = np.random.Generator(
        np.random.Philox(np.random.SeedSequence(seed, spawn_key=(_STREAM, 2)))
    )
    points = qmc.Sobol(2 * len(LISTED), rng=random).random(2 ** int(np.ceil(np.log2(base))))
    return np.asarray(points[:base].reshape(2 * base, len(LISTED)))


def _members(model: Model, labels: pd.Series | None) -> tuple[pd.Index, np.ndarray]:
    """Return the labels, and each of the model's blocks' place among them; −1 for none."""
    if labels is None:
        return pd.Index([], name="label"), np.full(model.blocks, -1)
    strange = labels.index.difference(model.index)
    if len(strange):
        raise refuse("unknown-block", "labels", given=len(strange), example=str(strange[0]))
    own = labels.reindex(model.index[model.place])
    names = pd.Index(sorted({one for one in own.dropna() if one != 0}), name="label")
    return names, names.get_indexer(pd.Index(own))


@njit
def _means(
    ranks: np.ndarray, was: np.ndarray, member: np.ndarray, groups: np.ndarray, shift: np.ndarray
) -> None:
    """Mean rank of each group and mean absolute shift from the stated ranks, run by run."""
    count = np.empty(groups.shape[1])
    for run in range(ranks.shape[0]):
        groups[run, :] = 0.0
        count[:] = 0.0
        moved, both = 0.0, 0
        for i in range(ranks.shape[1]):
            if ranks[run, i] == 0:
                continue
            if was[i] > 0:
                moved += abs(np.float64(ranks[run, i]) - was[i])
                both += 1
            if member[i] >= 0:
                groups[run, member[i]] += ranks[run, i]
                count[member[i]] += 1.0
        shift[run] = moved / both if both else np.nan
        for group in range(len(count)):
            groups[run, group] = groups[run, group] / count[group] if count[group] else np.nan


def _of_choices(
    shift: np.ndarray, varied: tuple[str, ...], seed: int, resamples: int
) -> pd.DataFrame:
    first, total = sobol_indices(shift[:, 0], shift[:, 1], shift[:, 2:].T)
    random = np.random.Generator(
        np.random.Philox(np.random.SeedSequence(seed, spawn_key=(_STREAM, 1)))
    )
    base = len(shift)
    again = shift[random.integers(0, base, (resamples, base))]
    # Resamples as a last axis: draws first, choices first of all.
    turned = np.moveaxis(again, 0, -1)
    many = sobol_indices(turned[:, 0], turned[:, 1], np.moveaxis(turned[:, 2:], 1, 0))
    table = pd.DataFrame({"first": first, "total": total}, index=pd.Index(varied, name="choice"))
    for name, held in zip(("first", "total"), many, strict=True):
        low, high = np.quantile(held, (0.05, 0.95), axis=-1)
        table[f"{name}_low"], table[f"{name}_high"] = low, high
    return table


def _of_blocks(
    model: Model,
    sums: np.ndarray,
    cross: np.ndarray,
    base: int,
    varied: tuple[str, ...],
    steps: int,
) -> pd.DataFrame:
    """Return the indices of each block from its sums; the middle is taken out at the end."""
    runs = base * (len(varied) + 2)
    variance = np.maximum(sums[1] / (2 * base) - (sums[0] / (2 * base)) ** 2, 0.0)
    scored = sums[3] == 0
    columns = {"rank_sd": np.where(scored, np.sqrt(variance) / steps, np.nan)}
    divisor = np.where(scored & (variance > 0), variance, np.nan)
    middle = sums[2] / runs
    for i, name in enumerate(varied):
        columns[f"first_{name}"] = (cross[i, 1] - middle * cross[i, 0]) / base / divisor
    for i, name in enumerate(varied):
        columns[f"total_{name}"] = 0.5 * cross[i, 2] / base / divisor
    back = np.argsort(model.place)
    return pd.DataFrame({name: held[back] for name, held in columns.items()}, index=model.index)


def _of_groups(means: np.ndarray, names: pd.Index, varied: tuple[str, ...]) -> pd.DataFrame:
    first, total = sobol_indices(means[:, 0], means[:, 1], np.moveaxis(means[:, 2:], 1, 0))
    columns = {"rank_sd": np.concatenate([means[:, 0], means[:, 1]]).std(axis=0)}
    columns |= {f"first_{name}": first[i] for i, name in enumerate(varied)}
    columns |= {f"total_{name}": total[i] for i, name in enumerate(varied)}
    return pd.DataFrame(columns, index=names)
