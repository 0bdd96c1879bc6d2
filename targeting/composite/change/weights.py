"""The nearest weights of a group that take a block across a line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

from targeting.composite._rescoring import methods_of
from targeting.composite.change._nearest import nearest, searched
from targeting.composite.change.recipe import CLEAR, Line, NoChange, Recipe
from targeting.composite.kernels import MEANS, coded, forward
from targeting.composite.scoring import combine
from targeting.model import MethodSpec, Node
from targeting.problems import TargetingError

Norm: TypeAlias = Literal["l1", "l2"]
_HALVINGS = 60
_TURNS = 20
_STEEP = 1e6  # a part of 1 outweighs all others in a geometric mean, however little it weighs


@dataclass(frozen=True)
class WeightChange:
    """Other weights of one group that take a block across the line.

    Parameters
    ----------
    key : str
        The group.
    before, after : Series
        Weight of each child; both sum to 1.
    distance : float
        Between them.
    exact : bool
        No nearer ones do. Else the nearest that a search found.
    score, margin : float
        Of the block, the whole city scored again.
    """

    key: str
    before: pd.Series[float]
    after: pd.Series[float]
    distance: float
    exact: bool
    score: float
    margin: float


def change_weights(
    recipe: Recipe,
    block: str,
    group: str,
    line: Line,
    *,
    norm: Norm = "l2",
    digits: int | None = None,
) -> WeightChange | NoChange:
    """Find the nearest weights of one group that take a block across the line.

    For the means (arithmetic, power, geometric, harmonic) and a line that stays, they are exact:
    on the scale of the mean the condition is a half-space, and the nearest point of it on the
    simplex follows in closed form but for one number. Else rays to and from every child's corner
    are searched, and where the line moves with the city, half-spaces are tried in turn.

    Parameters
    ----------
    recipe : Recipe
        The composite.
    block : str
        Its id.
    group : str
        Name of the group, the whole included.
    line : Line
        What to cross, from whichever side the block is on.
    norm : str
        How distance is told: root of the squares, or sum of the moves.
    digits : int, optional
        Tell weights to so many decimals (up to two more where none cross): the first such weights
        on the way beyond that do. Default: as they are found.

    Returns
    -------
    WeightChange or NoChange

    Examples
    --------
    >>> from targeting.model import Indicator
    >>> from targeting.composite.change import at_score
    >>> from targeting.model import Values
    >>> some = [Indicator(key, {"es": key, "en": key}, "index", "higher", "violence", "x")
    ...         for key in "ab"]
    >>> held = pd.DataFrame({"a": [0.0, 0.4, 1.0], "b": [0.0, 0.8, 1.0]}, index=list("xyz"))
    >>> made = Recipe(Values(held, held, held, dict.fromkeys("ab", "block")), some,
    ...               Node.of({"a": 1.0, "b": 1.0}),
    ...               {"normalize": MethodSpec("minmax"), "aggregate": MethodSpec("arithmetic")})
    >>> change_weights(made, "y", "score", at_score(0.7)).after.round(6).to_dict()
    {'a': 0.25, 'b': 0.75}
    """
    place = int(recipe.parts.index.get_loc(block))  # type: ignore[arg-type]
    node = next(one for one in recipe.tree.nodes() if one.key == group)
    before = pd.Series({child.key: child.weight for child in node.children}, dtype=float)
    now = line.margin(recipe.scores, place)
    if not np.isfinite(now):
        return NoChange(group, "missing")
    city = combine(recipe.parts, recipe.tree, **recipe.rules)
    values = [city.groups if child.children else recipe.parts for child in node.children]
    held = np.array(
        [table[child.key].iloc[place] for table, child in zip(values, node.children, strict=True)]
    )
    if (~np.isnan(held)).sum() < 2:
        return NoChange(group, "alone")
    up = now <= 0
    spec = methods_of(recipe.tree, recipe.aggregate)[group]

    sign = 1.0 if up else -1.0
    parts = recipe.table[place]
    start = before.to_numpy(float)

    short = _short(recipe.tree, group)
    leaves = list(short.leaves())
    table = np.column_stack(
        [(city.groups if key in city.groups else recipe.parts)[key] for key in leaves]
    )

    def scored(weights: np.ndarray) -> np.ndarray:
        return recipe.scorer(_with_weights(short, group, weights))(table)

    def margin(weights: np.ndarray) -> float:
        try:
            return sign * line.margin(scored(weights), place)
        except TargetingError:  # such as an order that equal weights do not give
            return np.nan

    def level_at(weights: np.ndarray) -> float:
        """Return where the line lies, on the scale of the score."""
        scores = scored(weights)
        return float(scores[place]) - line.margin(scores, place)

    def towards(level: float) -> np.ndarray | None:
        """Return the nearest weights that give the block this score."""
        needed = _needed(recipe, group, parts, level + sign * CLEAR, up=up)
        return None if needed is None else nearest(start, _leaning(held, needed, spec, up=up), norm)

    mean = spec.use in MEANS and recipe.monotone
    exact = line.score is not None and mean
    if exact:
        found = towards(float(line.score or 0.0))
    else:
        first = float(recipe.scores[place]) - now
        tried = _in_turn(towards, level_at, first) if mean else []
        found = searched(start, margin, norm, clear=CLEAR, tried=tried)
    if found is None:
        return NoChange(group, "out_of_reach" if exact else "not_found")
    if digits is not None:
        found = _rounded(start, found, margin, digits)
        if found is None:
            return NoChange(group, "not_found")
    again = recipe.again(weights=_with_weights(recipe.tree, group, found)).score.to_numpy(float)
    left = line.margin(again, place)
    if not sign * left > 0:
        return NoChange(group, "not_found", left)
    after = pd.Series(found, index=before.index)
    distance = float(np.linalg.norm(found - start, 1 if norm == "l1" else 2))
    return WeightChange(group, before, after, distance, exact, float(again[place]), left)


def _short(tree: Node, group: str) -> Node:
    """Return the tree with every group that the weights of one do not change as a leaf."""

    def holds(node: Node) -> bool:
        return any(one.key == group for one in node.nodes())

    def cut(node: Node) -> Node:
        children = tuple(
            cut(child) if node.key != group and holds(child) else Node(child.key, child.weight)
            for child in node.children
        )
        return replace(node, children=children)

    return cut(tree)


def _rounded(
    start: np.ndarray, found: np.ndarray, margin: Callable[[np.ndarray], float], digits: int
) -> np.ndarray | None:
    """Return weights in whole steps, a little beyond those found; in finer ones if need be."""
    for unit in (10**digits, 10 ** (digits + 1), 10 ** (digits + 2)):
        for beyond in np.linspace(1.0, 1.5, 26):
            ahead = np.clip(start + beyond * (found - start), 0.0, None)
            steps = ahead / ahead.sum() * unit
            whole = np.floor(steps + 1e-9)
            lacking = round(unit - whole.sum())
            whole[np.argsort(-(steps - whole), kind="stable")[:lacking]] += 1
            if margin(whole / unit) >= CLEAR:
                return np.asarray(whole / unit)
    return None


def _with_weights(tree: Node, group: str, weights: np.ndarray) -> Node:
    """Return the tree with other weights of one group's children."""

    def again(node: Node) -> Node:
        children = tuple(again(child) for child in node.children)
        if node.key != group:
            return replace(node, children=children)
        pairs = zip(children, weights, strict=True)
        given = tuple(replace(child, weight=float(weight)) for child, weight in pairs)
        return replace(node, children=given, weigh=None)

    # Weights a hair from 0 would keep a group that carries nothing.
    return again(tree).scaled()


def _needed(
    recipe: Recipe, group: str, parts: np.ndarray, level: float, *, up: bool
) -> float | None:
    """Return the group's value, nearest to its own, at which a block's score reaches the level."""
    tree = recipe.tree
    if group == tree.key:
        return level if 0 <= level <= 1 else None

    def cut(node: Node) -> Node:
        if node.key == group:
            return Node(node.key, node.weight)
        return replace(node, children=tuple(cut(child) for child in node.children))

    short = cut(tree)
    run = recipe.scorer(short)
    place = {key: i for i, key in enumerate(tree.leaves())}
    row = np.array([[parts[place[key]] if key in place else 0.0 for key in short.leaves()]])
    at = short.leaves().index(group)

    def score_at(value: float) -> float:
        row[0, at] = value
        return float(run(row)[0])

    def beyond(value: float) -> bool:
        return score_at(value) >= level if up else score_at(value) <= level

    if not beyond(1.0 if up else 0.0):
        return None
    near, far = (0.0, 1.0) if up else (1.0, 0.0)
    for _ in range(_HALVINGS):
        middle = (near + far) / 2
        near, far = (near, middle) if beyond(middle) else (middle, far)
    return far


def _leaning(held: np.ndarray, needed: float, spec: MethodSpec, *, up: bool) -> np.ndarray:
    """Return what each child's weight is worth to a mean that shall reach a value."""
    code, exponent = coded(spec.use, float(spec.settings.get("exponent", 2.0)), 1)
    sign = -1.0 if spec.use == "geometric" else 1.0  # it is told by the logarithm of well-being
    scale = np.array([sign * forward(part, code[0], exponent[0]) for part in (*held, needed)])
    gain = np.clip(scale[:-1] - scale[-1], -_STEEP, _STEEP)
    return np.where(np.isnan(held), 0.0, gain if up else -gain)


def _in_turn(
    towards: Callable[[float], np.ndarray | None],
    level_at: Callable[[np.ndarray], float],
    level: float,
) -> list[np.ndarray]:
    """Follow a line that moves with the city: the nearest weights for where it lies, again."""
    tried: list[np.ndarray] = []
    for _ in range(_TURNS):
        found = towards(level)
        if found is None:
            break
        tried.append(found)
        level = level_at(found)
        if not np.isfinite(level):
            break
    return tried[-1:]
