"""What a change is made to, and what it must cross."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

from targeting.composite._rescoring import Scorer, methods_of, scorer
from targeting.composite.scoring import score, weighed
from targeting.composite.uncertainty.draws import line_of
from targeting.model import Indicator, MethodSpec, Node, Scores, Values
from targeting.registry import traits

# How far beyond the line counts as across: more than the last digits of a sum.
CLEAR = 1e-9


@dataclass(frozen=True)
class Line:
    """What a score is held against.

    Parameters
    ----------
    margin : callable
        Scores of the city and the position of a block to how far the block lies above the line.
    score : float, optional
        Where the line lies, when no block's score moves it.

    Examples
    --------
    >>> at_score(0.6).margin(np.array([0.5, 0.7]), 1).__round__(3)
    0.1
    """

    margin: Callable[[np.ndarray, int], float]
    score: float | None = None


def at_score(value: float) -> Line:
    """Return a line that stays where it is."""
    return Line(lambda scores, place: float(scores[place] - value), value)


def in_top(share: float) -> Line:
    """Return the line around the most urgent `share` of the blocks that have a score.

    Examples
    --------
    >>> in_top(0.5).margin(np.array([0.1, 0.5, 0.7, 0.8]), 1).__round__(3)
    -0.2
    """

    def margin(scores: np.ndarray, place: int) -> float:
        others = np.delete(scores, place)
        others = np.sort(others[~np.isnan(others)])[::-1]
        count = int(line_of(np.array([len(others) + 1]), share)[0])
        return float(scores[place] - others[count - 1]) if count <= len(others) else np.inf

    return Line(margin)


@dataclass(frozen=True)
class Recipe:
    """A composite that can be made again: what `score` was given.

    Parameters
    ----------
    values : Values
        Indicator values by block.
    indicators : sequence of Indicator
        Direction of each.
    weights : Node
        The tree as the study states it.
    settings : mapping
        The keyword arguments of `score`.
    prepare : callable, optional
        What is done to the values before, such as a treatment; it works on any of their columns.
    """

    values: Values
    indicators: Sequence[Indicator]
    weights: Node
    settings: Mapping[str, Any]
    prepare: Callable[[Values], Values] | None = None
    tree: Node = field(init=False)
    parts: pd.DataFrame = field(init=False)
    scores: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        flat = Values(self.values.value, self.values.value, self.values.value, self.values.origin)
        object.__setattr__(self, "values", flat)
        made = self.again()
        tree = made.tree or weighed(self.weights.scaled(), made.parts, *self.rules.values())[0]
        object.__setattr__(self, "tree", tree)
        object.__setattr__(self, "parts", made.parts)
        object.__setattr__(self, "scores", made.score.to_numpy(float))

    @property
    def aggregate(self) -> MethodSpec:
        """How groups that do not say otherwise become one."""
        found: MethodSpec = self.settings["aggregate"]
        return found

    def again(self, values: Values | None = None, weights: Node | None = None) -> Scores:
        """Score the city again, with other values or weights."""
        held = values or self.values
        ready = held if self.prepare is None else self.prepare(held)
        return score(ready, self.indicators, weights or self.weights, **self.settings)

    @property
    def rules(self) -> dict[str, Any]:
        """What `combine` needs beside parts and tree."""
        least = self.settings.get("coverage_min", 0.5)
        return {"aggregate": self.aggregate, "coverage_min": least}

    @property
    def table(self) -> np.ndarray:
        """Parts in the order of the tree's leaves; a fresh copy."""
        return self.parts[list(self.tree.leaves())].to_numpy(float, copy=True)

    @property
    def monotone(self) -> bool:
        """Whether no higher part ever gives a lower score."""
        specs = methods_of(self.tree, self.aggregate).values()
        return all("monotone" in traits("aggregator", spec.use).laws for spec in specs)

    def scorer(self, tree: Node) -> Scorer:
        """Return the plain way from parts to scores."""
        return scorer(tree, **self.rules)


@dataclass(frozen=True)
class NoChange:
    """There is no such change, and why.

    Parameters
    ----------
    key : str
        Group or indicator.
    reason : str
        `"missing"`: the block has no score, or no value. `"alone"`: the group has one child with
        data. `"weightless"`. `"out_of_reach"`: not even the extreme does. `"not_found"`: the
        search found none, which does not mean that there is none.
    margin : float
        How far from the line the extreme leaves it; missing where none was tried.
    """

    key: str
    reason: Literal["missing", "alone", "weightless", "out_of_reach", "not_found"]
    margin: float = float("nan")
