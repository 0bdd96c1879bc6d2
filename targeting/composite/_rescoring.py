"""The same parts scored many times over: by the compiled means where a tree has no other."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from targeting.composite.kernels import MEANS, groups_of, levels_of, tree_scores
from targeting.composite.scoring import combine
from targeting.model import MethodSpec, Node

Scorer = Callable[[np.ndarray], np.ndarray]


def methods_of(tree: Node, aggregate: MethodSpec) -> Mapping[str, MethodSpec]:
    """Return each group's own aggregator."""
    return {node.key: node.aggregate or aggregate for node in tree.nodes() if node.children}


def scorer(tree: Node, *, aggregate: MethodSpec, coverage_min: float) -> Scorer:
    """Return a function from parts (rows by the tree's leaves, in order) to scores.

    Parameters
    ----------
    tree : Node
        Scaled, nothing left to weigh.
    aggregate : MethodSpec
        How groups that do not say otherwise become one.
    coverage_min : float
        A group is missing when less than this share of its weight has data.

    Examples
    --------
    >>> run = scorer(Node.of({"a": 1.0, "b": 3.0}).scaled(), aggregate=MethodSpec("arithmetic"),
    ...              coverage_min=0.5)
    >>> run(np.array([[1.0, 0.0], [np.nan, 0.5]])).tolist()
    [0.25, 0.5]
    """
    leaves = list(tree.leaves())
    specs = methods_of(tree, aggregate)
    if all(spec.use in MEANS for spec in specs.values()):
        groups = groups_of(tree)
        levels = levels_of(tree)
        means = [specs[group.key].use for group in groups]
        exponents = [float(specs[group.key].settings.get("exponent", 2.0)) for group in groups]
        least = [
            coverage_min if group.coverage_min is None else group.coverage_min for group in groups
        ]

        def compiled(parts: np.ndarray) -> np.ndarray:
            return tree_scores(parts, levels, mean=means, exponent=exponents, coverage_min=least)

        return compiled

    def plain(parts: np.ndarray) -> np.ndarray:
        table = pd.DataFrame(parts, columns=leaves)
        whole = combine(table, tree, aggregate=aggregate, coverage_min=coverage_min)
        return whole.value.to_numpy(float)

    return plain
