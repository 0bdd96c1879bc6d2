"""A composite made ready to be computed again and again: parts of every alternative, once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from targeting.composite.kernels import MEANS, Levels, coded, groups_of, levels_of
from targeting.composite.uncertainty.choices import (
    BY_ORIGIN,
    Missing,
    Noise,
    Spread,
    check_missing,
    check_spread,
    refuse,
    spread_of,
)
from targeting.composite.uncertainty.model import NOTHING, Means, Model, Redraw
from targeting.composite.uncertainty.tables import Table, table_of
from targeting.model import Indicator, MethodSpec, Node, Values
from targeting.problems import Problem, TargetingError, unknown_name
from targeting.registry import method, traits


def prepare(
    values: Values,
    indicators: Sequence[Indicator],
    tree: Node | Mapping[str, Any],
    *,
    normalize: Sequence[MethodSpec] = (MethodSpec("minmax"),),
    aggregate: Sequence[MethodSpec] = (MethodSpec("arithmetic"),),
    treat: Sequence[MethodSpec | None] = (None,),
    missing: Sequence[Missing] = (Missing(),),
    weights: Spread | Mapping[str, Spread] | None = None,
    data: bool | Mapping[str, Noise] = False,
    redraw: Redraw | None = None,
    normalize_each: Mapping[str, MethodSpec] | None = None,
    reference: pd.DataFrame | None = None,
) -> Model:
    """Make a composite ready for draws.

    Parameters
    ----------
    values : Values
        Indicator values by block, with their intervals.
    indicators : sequence of Indicator
        Direction of each.
    tree : Node or mapping
        The stated weights. A group's own method and least coverage stay as they are.
    normalize, aggregate : sequence of MethodSpec
        Alternatives, the stated one first; all as likely.
    treat : sequence of MethodSpec or None
        Alternatives; None leaves the values as they are.
    missing : sequence of Missing
        Alternatives.
    weights : Around, Within or Anywhere, or a mapping of group to one of them
        How weights vary. Default: not at all.
    data : bool or mapping of indicator to Noise
        Which values are drawn within their intervals; True: all, as their origin says.
    redraw : callable, optional
        Number of a draw to a table of values, index block ids, columns some of the indicators:
        what a measure gives when its inputs are drawn anew (places of incidents moved at random).
    normalize_each : mapping, optional
        Indicator to its own normalizer, the same in every alternative.
    reference : DataFrame, optional
        Values whose ends and ranks hold. Default: the values.

    Returns
    -------
    Model

    Raises
    ------
    TargetingError
        `no-alternatives`, `bad-spread`, `share-outside`, `not-a-part`, `no-direction`,
        `unknown-name`, `block-twice`.
    """
    levels = levels_of(tree)
    _check(values, indicators, levels, normalize, aggregate, treat, missing, weights, data)
    place, unit, whole = _order(values, levels)
    keys = list(levels.names[: levels.leaves])
    value, low, high = (
        np.ascontiguousarray(getattr(values, name)[keys].to_numpy(float)[place].T)
        for name in ("value", "low", "high")
    )
    worse = {one.key: one.worse == "higher" for one in indicators}
    source = _Source(
        values.value.index[place],
        keys,
        value,
        np.array([worse[key] for key in keys]),
        tuple(treat),
        tuple(normalize),
        normalize_each or {},
        reference,
        np.array([np.nanmin(a) if np.isfinite(a).any() else np.nan for a in low]),
        np.array([np.nanmax(a) if np.isfinite(a).any() else np.nan for a in high]),
    )
    groups = groups_of(tree)
    open_ = data is not False or redraw is not None
    return Model(
        index=values.value.index,
        place=place,
        unit=unit,
        whole=whole,
        levels=levels,
        spreads=[spread_of(weights, group.key) for group in groups],
        treat=tuple(treat),
        normalize=tuple(normalize),
        aggregate=tuple(aggregate),
        missing=tuple(missing),
        means=tuple(means_of(groups, spec) for spec in aggregate),
        least=tuple(least_of(groups, rule.coverage_min) for rule in missing),
        parts=source.parts,
        noise=_noise(values, keys, data, low, high),
        table=source.table,
        value=value if open_ else NOTHING,
        low=low if open_ else NOTHING,
        high=high if open_ else NOTHING,
        redraw=redraw,
    )


def of_parts(
    parts: Mapping[tuple[int, int], pd.DataFrame],
    tree: Node | Mapping[str, Any],
    *,
    aggregate: Sequence[MethodSpec] = (MethodSpec("arithmetic"),),
    missing: Sequence[Missing] = (Missing(),),
    weights: Spread | Mapping[str, Spread] | None = None,
) -> Model:
    """Make a composite ready whose parts were made elsewhere.

    Parameters
    ----------
    parts : mapping
        Numbers of a treatment and a normalization to blocks by indicators, 0 to 1, 1 worst. (0, 0)
        is the stated one; every pair must be there, with the same blocks.
    tree, aggregate, missing, weights
        As for `prepare`.

    Returns
    -------
    Model
        Its data do not vary.
    """
    levels, groups = levels_of(tree), groups_of(tree)
    keys = list(levels.names[: levels.leaves])
    first = parts[0, 0]
    gaps = np.logical_or.reduce([one[keys].isna().any(axis=1).to_numpy() for one in parts.values()])
    place, unit, whole = _placed(first.index, gaps)
    held = {
        pair: np.ascontiguousarray(one[keys].to_numpy(float)[place].T)
        for pair, one in parts.items()
    }
    treats, norms = (range(1 + max(pair[i] for pair in parts)) for i in (0, 1))
    return Model(
        index=first.index,
        place=place,
        unit=unit,
        whole=whole,
        levels=levels,
        spreads=[spread_of(weights, group.key) for group in groups],
        treat=tuple(treats),
        normalize=tuple(norms),
        aggregate=tuple(aggregate),
        missing=tuple(missing),
        means=tuple(means_of(groups, spec) for spec in aggregate),
        least=tuple(least_of(groups, rule.coverage_min) for rule in missing),
        parts=lambda treat, norm: held[treat, norm],
    )


def means_of(groups: Sequence[Node], spec: MethodSpec) -> Means:
    """Return the methods of all groups where `spec` holds for those that say nothing."""
    specs = tuple(group.aggregate or spec for group in groups)
    if any(one.use not in MEANS for one in specs):
        return Means(specs, np.empty(0, dtype=np.int64), np.empty(0))
    code, exponent = coded(
        [one.use for one in specs],
        [float(one.settings.get("exponent", 2.0)) for one in specs],
        len(groups),
    )
    return Means(specs, code, exponent)


def least_of(groups: Sequence[Node], coverage_min: float) -> np.ndarray:
    """Return the least coverage of each group."""
    return np.array(
        [coverage_min if group.coverage_min is None else group.coverage_min for group in groups]
    )


@dataclass(frozen=True)
class _Source:
    """Where parts and tables are made from."""

    ids: pd.Index
    keys: list[str]
    value: np.ndarray
    higher: np.ndarray
    treat: tuple[MethodSpec | None, ...]
    normalize: tuple[MethodSpec, ...]
    normalize_each: Mapping[str, MethodSpec]
    reference: pd.DataFrame | None
    least: np.ndarray
    most: np.ndarray

    def treated(self, treat: int, leaf: int) -> tuple[pd.Series, pd.Series | None]:
        """Return an indicator's treated values, and the reference's."""
        own = pd.Series(self.value[leaf], index=self.ids, name=self.keys[leaf])
        whole = None if self.reference is None else self.reference[self.keys[leaf]]
        spec = self.treat[treat]
        if spec is None:
            return own, whole
        function = method("treatment", spec.use)
        if whole is not None:
            whole = function(whole, **spec.settings).values
        return function(own, **spec.settings).values, whole

    def normalizer(
        self, norm: int, leaf: int, city: pd.Series
    ) -> Callable[[pd.Series], np.ndarray]:
        """Return the function from treated values to parts."""
        spec = self.normalize_each.get(self.keys[leaf], self.normalize[norm])
        function = method("normalizer", spec.use)

        def part(values: pd.Series) -> np.ndarray:
            found: np.ndarray = function(values, city, **spec.settings).to_numpy(float)
            return found if self.higher[leaf] else 1.0 - found

        return part

    def parts(self, treat: int, norm: int) -> np.ndarray:
        """Return the parts of one treatment and one normalization."""
        out = np.empty_like(self.value)
        for leaf in range(len(self.keys)):
            own, whole = self.treated(treat, leaf)
            city = own if whole is None else whole
            out[leaf] = self.normalizer(norm, leaf, city)(own)
        return out

    def table(self, treat: int, norm: int, leaf: int) -> Table:
        """Return the table of one indicator's part."""
        own, whole = self.treated(treat, leaf)
        part = self.normalizer(norm, leaf, own if whole is None else whole)
        known = ~np.isnan(self.value[leaf])
        return table_of(
            self.value[leaf][known],
            own.to_numpy(float)[known],
            lambda asked: part(pd.Series(asked)),
            (float(self.least[leaf]), float(self.most[leaf])),
        )


def _placed(index: pd.Index, gaps: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Return the model's order of blocks, the rank of their ids, and how many have no gap."""
    if index.has_duplicates:
        raise refuse("block-twice", "values", given=str(index[index.duplicated()][0]))
    by_id = np.argsort(index.to_numpy(), kind="stable")
    unit = np.empty(len(index), dtype=np.int64)
    unit[by_id] = np.arange(len(index))
    place = by_id[np.argsort(gaps[by_id], kind="stable")]
    return place, unit[place], int((~gaps).sum())


def _order(values: Values, levels: Levels) -> tuple[np.ndarray, np.ndarray, int]:
    keys = list(levels.names[: levels.leaves])
    return _placed(values.value.index, values.value[keys].isna().any(axis=1).to_numpy())


def _noise(
    values: Values,
    keys: list[str],
    data: bool | Mapping[str, Noise],  # noqa: FBT001 - a choice, not a switch of behavior
    low: np.ndarray,
    high: np.ndarray,
) -> dict[int, Noise]:
    if data is False:
        return {}
    named = {key: BY_ORIGIN[values.origin[key]] for key in keys} if data is True else dict(data)
    return {
        leaf: named[key]
        for leaf, key in enumerate(keys)
        if key in named and (high[leaf] > low[leaf]).any()
    }


def _check(
    values: Values,
    indicators: Sequence[Indicator],
    levels: Levels,
    normalize: Sequence[MethodSpec],
    aggregate: Sequence[MethodSpec],
    treat: Sequence[MethodSpec | None],
    missing: Sequence[Missing],
    weights: Spread | Mapping[str, Spread] | None,
    data: bool | Mapping[str, Noise],  # noqa: FBT001
) -> None:
    """Refuse wrong choices, all at once."""
    problems = check_missing(tuple(missing))
    lists = {"normalize": normalize, "aggregate": aggregate, "treat": treat, "missing": missing}
    for name, held in lists.items():
        if not held:
            problems.append(Problem("no-alternatives", f"uncertainty.{name}"))
    for spec in normalize:
        if not traits("normalizer", spec.use).unit:
            problems.append(Problem("not-a-part", "uncertainty.normalize", {"given": spec.use}))
    if isinstance(weights, Mapping):
        groups = levels.names[levels.leaves :]
        problems += [_unknown("weights", name, groups) for name in weights if name not in groups]
        for name, one in weights.items():
            problems += check_spread(one, f"uncertainty.weights.{name}")
    elif weights is not None:
        problems += check_spread(weights, "uncertainty.weights")
    directions = {one.key for one in indicators}
    for key in levels.names[: levels.leaves]:
        if key not in values.value.columns:
            problems.append(_unknown("tree", key, values.value.columns))
        elif key not in directions:
            problems.append(Problem("no-direction", f"uncertainty.tree.{key}", {"given": key}))
    if isinstance(data, Mapping):
        problems += [
            _unknown("data", key, values.value.columns)
            for key in data
            if key not in values.value.columns
        ]
    if problems:
        raise TargetingError(problems)


def _unknown(where: str, given: str, known: Sequence[str] | pd.Index) -> Problem:
    return unknown_name(f"uncertainty.{where}", given, [str(name) for name in known])
