"""How far what is made agrees with what is published, column by column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from targeting.composite.columns import half_up
from targeting.published.record import Publishes
from targeting.published.taking import numbers, texts
from targeting.sources.text import fold

WORST = 5
_NEAR = 1e-9  # what rounding inside a machine may cost


@dataclass(frozen=True)
class ColumnAgreement:
    """One published column beside the one made.

    Parameters
    ----------
    name : str
        Heading in the table; of ranks nobody publishes, what they are ranks of.
    made : str
        Column made.
    kind : str
        `index`, `rank`, `class` or `part`.
    rows : int
        Units with a value on both sides.
    max_abs_diff : float
        Largest difference; missing of a class told in words.
    equal_share : float
        Share of the units, 0 to 1, that agree, those with a value on one side only counted as
        disagreeing.
    within : float or None
        Largest difference that counts as agreeing; None where the texts must be the same.
    agrees : bool
        `equal_share` is what the record says it is known to be, or more, and no unit is further
        apart than it says.
    worst : tuple of str
        Keys of the units furthest apart.
    only_published, only_made : tuple of str
        Keys of units with a value on one side only.
    """

    name: str
    made: str
    kind: str
    rows: int
    max_abs_diff: float
    equal_share: float
    within: float | None
    agrees: bool
    worst: tuple[str, ...] = ()
    only_published: tuple[str, ...] = ()
    only_made: tuple[str, ...] = ()

    def as_record(self) -> dict[str, Any]:
        """Return it as JSON takes it: units on one side only are counted, the first few named."""
        difference = None if np.isnan(self.max_abs_diff) else self.max_abs_diff
        return {
            "name": self.name,
            "made": self.made,
            "kind": self.kind,
            "rows": self.rows,
            "max_abs_diff": difference,
            "equal_share": self.equal_share,
            "within": self.within,
            "agrees": self.agrees,
            "worst": list(self.worst),
            "only_published": len(self.only_published),
            "only_published_keys": list(self.only_published[:WORST]),
            "only_made": len(self.only_made),
            "only_made_keys": list(self.only_made[:WORST]),
        }


def compare_column(
    entry: Publishes,
    heading: str,
    published: pd.Series,
    made: pd.Series,
    missing: tuple[float, ...],
) -> ColumnAgreement:
    """Compare a published column with the one made.

    Parameters
    ----------
    entry : Publishes
        What the record says of it.
    heading : str
        Its heading in the table.
    published, made : Series
        Same units.
    missing : tuple of float
        Numbers that mean there is none.

    Returns
    -------
    ColumnAgreement
    """
    if entry.labels:
        return _compare_words(entry, heading, texts(published), made)
    given, _ = numbers(published, missing)
    return _compare_numbers(entry, heading, given, made.astype(float))


def compare_ranks(
    entry: Publishes,
    heading: str,
    published: pd.Series,
    made: pd.Series,
    missing: tuple[float, ...],
) -> ColumnAgreement:
    """Compare the ranks of a published index with those of the one made, both rounded first.

    Only units that have both are ranked.
    """
    decimals = entry.ranked or 0
    given, ours = numbers(published, missing)[0], made.astype(float)
    both = given.notna() & ours.notna()
    ranks = []
    for values in (given[both], ours[both]):
        rounded = pd.Series(half_up(values.to_numpy(float), decimals), index=values.index)
        ranks.append(rounded.rank(method="min", ascending=False))
    as_rank = Publishes(made=entry.made, names=entry.names, kind="rank", agrees=entry.agrees)
    return _compare_numbers(as_rank, heading, ranks[0], ranks[1])


def _compare_numbers(
    entry: Publishes, heading: str, published: pd.Series[float], made: pd.Series[float]
) -> ColumnAgreement:
    both = (published.notna() & made.notna()).to_numpy()
    apart = (made - published).abs()
    # Half a unit of the last digit: one that falls on the half may be rounded either way.
    within = entry.tolerance
    if within is None:
        within = 0.5 * 10.0**-entry.decimals if entry.decimals is not None else _NEAR
    equal = (apart <= within * (1 + _NEAR) + 1e-12).to_numpy() & both
    return _agreement(entry, heading, published, made, apart, equal, within)


def _compare_words(
    entry: Publishes, heading: str, published: pd.Series, made: pd.Series
) -> ColumnAgreement:
    words = {code: {fold(one) for one in said} for code, said in entry.labels.items()}
    meant = {one: words.get(_code(one), set()) for one in made.dropna().unique().tolist()}
    told = {one: fold(str(one)) for one in published.dropna().unique().tolist()}
    pairs = zip(made.tolist(), published.tolist(), strict=True)
    equal = np.array([told.get(word, "") in meant.get(one, ()) for one, word in pairs], dtype=bool)
    equal &= (published.notna() & made.notna()).to_numpy()
    apart = pd.Series(np.nan, index=made.index)
    answer = _agreement(entry, heading, published, made, apart, equal, None)
    if entry.apart_max is None or not answer.agrees:
        return answer
    order = {word: place for place, said in enumerate(words.values()) for word in said}
    places = {code: place for place, code in enumerate(words)}
    there = (published.notna() & made.notna()).to_numpy() & ~equal
    far = [
        _code(ours) not in places
        or abs(order.get(told[word], np.inf) - places[_code(ours)]) > entry.apart_max
        for ours, word in zip(made[there].tolist(), published[there].tolist(), strict=True)
    ]
    return replace(answer, agrees=not any(far))


def _code(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float | np.number) else str(value)


def _agreement(
    entry: Publishes,
    heading: str,
    published: pd.Series,
    made: pd.Series,
    apart: pd.Series[float],
    equal: np.ndarray,
    within: float | None,
) -> ColumnAgreement:
    there, ours = published.notna().to_numpy(), made.notna().to_numpy()
    count = int((there | ours).sum())
    share = float(equal.sum() / count) if count else 1.0
    keys = made.index.astype(str)
    wrong = apart.where(~equal & there & ours)
    near = entry.apart_max is None or not (wrong > entry.apart_max * (1 + _NEAR) + 1e-12).any()
    worst = list(wrong.dropna().sort_values(ascending=False, kind="stable").index[:WORST])
    if not worst:
        worst = list(keys[~equal & there & ours][:WORST])
    return ColumnAgreement(
        name=heading,
        made=entry.made,
        kind=entry.kind,
        rows=int((there & ours).sum()),
        max_abs_diff=float(apart.max()) if apart.notna().any() else float("nan"),
        equal_share=share,
        within=within,
        agrees=share >= entry.agrees - 1e-12 and near and bool((there & ours).any()),
        worst=tuple(str(one) for one in worst),
        only_published=tuple(keys[there & ~ours]),
        only_made=tuple(keys[ours & ~there]),
    )


def share_of(columns: Sequence[ColumnAgreement], kind: str) -> float | None:
    """Return the share of units that agree over all columns of a kind; None without any."""
    chosen = [one for one in columns if one.kind == kind]
    counts = [one.rows + len(one.only_published) + len(one.only_made) for one in chosen]
    if not sum(counts):
        return None
    equal = sum(one.equal_share * n for one, n in zip(chosen, counts, strict=True))
    return float(equal / sum(counts))
