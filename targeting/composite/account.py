"""A block's account: what each indicator adds to its score, and where it stands in the city.

Where the score is a sum, the account is the sum's own terms. Where it is not (a geometric mean, a
product), an indicator's part is its Shapley value: what raising it from the baseline to what it is
adds to the score, as the mean over the orders in which the indicators may be raised.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from targeting.composite._coalitions import coalitions, games, orders, players
from targeting.composite._rescoring import Scorer, methods_of, scorer
from targeting.composite.scoring import Combined, combine
from targeting.model import MethodSpec, Node

How: TypeAlias = Literal["sum", "shapley", "sampled", "told"]
Baseline: TypeAlias = Literal["zero", "median"]

# Their value is a sum of a weight times each child's value, so a child's share can be shared on.
_SUMS = ("arithmetic", "owa", "dp2")
# Their value is a sum over children, but no child's share is in proportion to its value.
_SUMS_OF_LEAVES = ("lexicographic", "quadrants")
# A block's value depends on the other blocks: it cannot be asked of what is not there.
_AMONG_OTHERS = ("dp2", "copeland", "topsis", "vikor", "promethee")
_EXACT_MAX = 2**13
_ROWS_AT_ONCE = 200_000
_ORDERS = 512


@dataclass(frozen=True)
class Account:
    """What each indicator adds to the score of some blocks.

    Parameters
    ----------
    added : DataFrame
        Blocks by indicators; with `baseline` the columns sum to the score. A missing part adds 0;
        missing where there is no score.
    baseline : Series
        Score of a block whose known parts are all at the baseline.
    how : str
        `"sum"`: the terms of the score. `"shapley"`: every coalition was asked. `"sampled"`: a
        draw of the orders was. `"told"`: the score compares blocks, and no coalition can be
        asked; as its method tells it, in proportion to weight times part.
    error : DataFrame
        Standard error of what was drawn; 0 where nothing was.
    """

    added: pd.DataFrame
    baseline: pd.Series[float]
    how: How
    error: pd.DataFrame


def account(
    parts: pd.DataFrame,
    tree: Node,
    *,
    aggregate: MethodSpec,
    coverage_min: float = 0.5,
    baseline: Baseline = "zero",
    blocks: Sequence[str] | None = None,
    draws: int = _ORDERS,
    seed: int = 0,
) -> Account:
    """Tell what each indicator adds to the score.

    Parameters
    ----------
    parts : DataFrame
        Parts of the whole city by block, 0 to 1, 1 worst.
    tree : Node
        Weights, nothing left to weigh.
    aggregate : MethodSpec
        How groups that do not say otherwise become one.
    coverage_min : float
        A group is missing when less than this share of its weight has data.
    baseline : str
        What each part is raised from: `"zero"` urgency, or the `"median"` of the city.
    blocks : sequence of str, optional
        Default: all.
    draws : int
        Orders drawn where there are too many coalitions to ask each (more than 8,192), even.
    seed : int
        Of that draw.

    Returns
    -------
    Account

    References
    ----------
    Shapley (1953), A value for n-person games; Owen (1977), Values of games with a priori unions;
    Winter (1989), A value for cooperative games with levels structure of cooperation.

    Examples
    --------
    >>> parts = pd.DataFrame({"a": [0.75, 0.2], "b": [0.75, 0.0]}, index=["b1", "b2"])
    >>> tree = Node.of({"a": 1.0, "b": 1.0}).scaled()
    >>> account(parts, tree, aggregate=MethodSpec("arithmetic")).added.loc["b1"].tolist()
    [0.375, 0.375]
    >>> told = account(parts, tree, aggregate=MethodSpec("geometric"))
    >>> told.how, told.added.round(4).loc["b2"].tolist()
    ('shapley', [0.1056, 0.0])
    """
    tree = tree.scaled()
    wanted = list(parts.index) if blocks is None else list(blocks)
    leaves = list(tree.leaves())
    specs = methods_of(tree, aggregate)
    rules: dict[str, Any] = {"aggregate": aggregate, "coverage_min": coverage_min}
    city = combine(parts[leaves], tree, **rules)
    order = [column for column in parts.columns if column in leaves]
    how = _way(tree, specs, baseline)
    if how in ("sum", "told"):
        told = _as_told(city, order, wanted, how)
        if baseline == "zero" or how == "told":
            return told
        known = parts.loc[wanted, leaves]
        middle = parts[leaves].median().to_numpy(float)
        flat = pd.DataFrame(np.where(known.isna(), np.nan, middle), known.index, leaves)
        base = combine(flat, tree, **rules)
        return replace(told, added=told.added - base.contributions[order], baseline=base.value)
    # A group that compares blocks joins as one: nothing below it can be asked alone.
    whole = frozenset(key for key, spec in specs.items() if spec.use in _AMONG_OTHERS)
    names = list(players(tree, whole))
    held = pd.DataFrame({key: city.groups[key] if key in whole else parts[key] for key in names})
    raised = held.median() if baseline == "median" else pd.Series(0.0, index=held.columns)
    own = held.loc[wanted].to_numpy(float)
    start = np.where(np.isnan(own), np.nan, raised.to_numpy(float))
    run = scorer(_cut(tree, whole), **rules)
    if coalitions(tree, whole) <= _EXACT_MAX:
        gain, error = _asked(tree, whole, own, start, run), np.zeros_like(own)
    else:
        how = "sampled"
        gain, error = _sampled(orders(tree, draws, seed, whole), own, start, run)
    index = city.value.loc[wanted].index
    unknown = city.value.loc[wanted].isna().to_numpy()
    gain[unknown], error[unknown] = np.nan, np.nan
    added, doubt = (
        _shared_on(pd.DataFrame(table, index, names), tree, whole, city)[order]
        for table in (gain, error)
    )
    return Account(added, pd.Series(np.where(unknown, np.nan, run(start)), index), how, doubt)


def _way(tree: Node, specs: Mapping[str, MethodSpec], baseline: Baseline) -> How:
    """Tell how a score can be accounted for."""
    if all(_is_mean(spec) for spec in specs.values()):
        return "sum"
    sums = all(
        _is_mean(spec)
        or spec.use in _SUMS
        or (spec.use in _SUMS_OF_LEAVES and not any(one.children for one in _of(tree, key)))
        for key, spec in specs.items()
    )
    if sums and baseline == "zero":
        return "sum"
    return "told" if specs[tree.key].use in _AMONG_OTHERS else "shapley"


def _is_mean(spec: MethodSpec) -> bool:
    return spec.use == "arithmetic" or (
        spec.use == "power_mean" and spec.settings.get("exponent", 2.0) == 1
    )


def _of(tree: Node, key: str) -> tuple[Node, ...]:
    return next(node.children for node in tree.nodes() if node.key == key)


def _as_told(city: Combined, order: list[str], wanted: list[str], how: How) -> Account:
    """Return the terms of the score itself."""
    added = city.contributions.loc[wanted, order]
    known = city.value.loc[wanted].notna()
    nothing = added.mul(0.0)
    return Account(added, pd.Series(0.0, index=added.index).where(known), how, nothing)


def _cut(node: Node, whole: frozenset[str]) -> Node:
    """Return the tree with the groups of `whole` as leaves."""
    if node.key in whole:
        return replace(node, children=(), weigh=None, aggregate=None, coverage_min=None)
    return replace(node, children=tuple(_cut(child, whole) for child in node.children))


def _asked(
    tree: Node, whole: frozenset[str], own: np.ndarray, start: np.ndarray, run: Scorer
) -> np.ndarray:
    """Ask the score of every coalition."""
    place = {key: i for i, key in enumerate(players(tree, whole))}
    added = np.zeros_like(own)
    for game in games(tree, whole):
        gains = np.stack(list(game.gains.values()), axis=1)
        columns = [place[key] for key in game.gains]
        step = max(_ROWS_AT_ONCE // len(game.inside), 1)
        for begin in range(0, len(own), step):
            rows = slice(begin, begin + step)
            asked = np.where(game.inside, own[rows, None], start[rows, None])
            values = run(asked.reshape(-1, own.shape[1])).reshape(asked.shape[:2])
            added[rows, columns] = values @ gains
    return added


def _sampled(
    turns: np.ndarray, own: np.ndarray, start: np.ndarray, run: Scorer
) -> tuple[np.ndarray, np.ndarray]:
    """Ask along orders drawn by chance; return the mean gain of each player and its error."""
    count = own.shape[1]
    inside = np.zeros((len(turns), count + 1, count), dtype=bool)
    for step in range(count):
        inside[:, step + 1] = inside[:, step]
        inside[np.arange(len(turns)), step + 1, turns[:, step]] = True
    flat = inside.reshape(-1, count)
    added, error = np.zeros_like(own), np.zeros_like(own)
    for block in range(len(own)):
        values = run(np.where(flat, own[block], start[block])).reshape(inside.shape[:2])
        gain = np.empty((len(turns), count))
        np.put_along_axis(gain, turns, np.diff(values, axis=1), axis=1)
        pairs = gain.reshape(-1, 2, count).mean(axis=1)
        added[block] = pairs.mean(axis=0)
        error[block] = pairs.std(axis=0, ddof=1) / np.sqrt(len(pairs))
    return added, error


def _shared_on(
    table: pd.DataFrame, tree: Node, whole: frozenset[str], city: Combined
) -> pd.DataFrame:
    """Share what a group that joined as one adds among its leaves, as its method tells it."""
    columns: dict[str, pd.Series[float]] = {}
    below = {node.key: node for node in tree.nodes()}
    for key in table.columns:
        if key not in whole:
            columns[key] = table[key]
            continue
        leaves = list(below[key].leaves())
        told = city.contributions.loc[table.index, leaves]
        total = told.sum(axis=1)
        finals = pd.Series(below[key].final_weights())[leaves]
        for leaf in leaves:
            share = (told[leaf] / total.where(total > 0)).fillna(float(finals[leaf]))
            columns[leaf] = table[key] * share
    return pd.DataFrame(columns)


def standing(parts: pd.DataFrame, block: str, *, keys: Sequence[str] | None = None) -> pd.DataFrame:
    """Tell where a block stands in the city, indicator by indicator.

    Parameters
    ----------
    parts : DataFrame
        Of the whole city, 0 to 1, 1 worst; any numbers of which higher is worse will do.
    block : str
        Its id.
    keys : sequence of str, optional
        Columns. Default: all.

    Returns
    -------
    DataFrame
        Index the indicators the block has, worst beside the city first (ties in the order of the
        columns): `part`, `city` (median), `gap` (part less median), `rank` (1 is the worst of the
        city; equals share the best of their ranks), `of` (blocks with data), `rank_good` (1 is the
        best).

    Examples
    --------
    >>> parts = pd.DataFrame({"a": [0.1, 0.5, 0.9], "b": [0.2, 0.9, 0.3]}, index=list("xyz"))
    >>> standing(parts, "z")[["gap", "rank"]].round(2).to_dict("index")
    {'a': {'gap': 0.4, 'rank': 1}, 'b': {'gap': 0.0, 'rank': 2}}
    """
    table = parts if keys is None else parts[list(keys)]
    row = table.loc[block].astype(float)
    held = table.loc[:, row.notna().to_numpy()]
    own = row[held.columns]
    told = pd.DataFrame(
        {
            "part": own,
            "city": held.median(),
            "gap": own - held.median(),
            "rank": (held > own).sum().astype(int) + 1,
            "of": held.notna().sum().astype(int),
            "rank_good": (held < own).sum().astype(int) + 1,
        }
    )
    return told.sort_values("gap", ascending=False, kind="stable")
