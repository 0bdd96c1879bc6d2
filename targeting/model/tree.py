"""What is weighed against what: a tree of groups whose leaves are indicators."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import inf
from typing import Any

from targeting.model._checks import demand
from targeting.model.declared import MethodSpec

Weights = Mapping[str, Any]


@dataclass(frozen=True)
class Node:
    """An indicator, or a group of indicators and groups.

    Parameters
    ----------
    key : str
        Key of the indicator, or name of the group; each once in a tree.
    weight : float
        Beside its sisters, 0 or more.
    children : tuple of Node
        Empty for an indicator.
    weigh : MethodSpec, optional
        How the children are weighed. Default: as their weights say.
    aggregate : MethodSpec, optional
        How the children become one. Default: as in the rest of the tree.
    coverage_min : float, optional
        The group is missing when less than this share of its weight has data. Default: as in the
        rest of the tree.

    Examples
    --------
    >>> tree = Node.of({"violence": (1.0, {"rate": 1.0}), "need": (1.0, {"a": 1.0, "b": 3.0})})
    >>> tree.final_weights()
    {'rate': 0.5, 'a': 0.125, 'b': 0.375}
    """

    key: str
    weight: float = 1.0
    children: tuple[Node, ...] = ()
    weigh: MethodSpec | None = None
    aggregate: MethodSpec | None = None
    coverage_min: float | None = None

    def __post_init__(self) -> None:
        fits = 0 <= self.weight < inf
        demand(fits, f"{self.key}: the weight {self.weight} is not a number of 0 or more")
        keys = [node.key for node in self.nodes()]
        demand(len(keys) == len(set(keys)), f"{self.key}: a name stands twice in the tree")

    @classmethod
    def of(cls, weights: Weights, key: str = "score", weight: float = 1.0) -> Node:
        """Return the tree of nested mappings.

        Parameters
        ----------
        weights : mapping
            Name to weight for an indicator, to `(weight, mapping)` for a group.
        key : str
            Name of the whole.
        weight : float
            Its own weight.

        Returns
        -------
        Node
        """
        children = tuple(
            cls.of(value[1], name, float(value[0]))
            if isinstance(value, (tuple, list))
            else cls(name, float(value))
            for name, value in weights.items()
        )
        return cls(key, weight, children)

    def nodes(self) -> Iterator[Node]:
        """Yield this node and all below it, parents first."""
        yield self
        for child in self.children:
            yield from child.nodes()

    def leaves(self) -> tuple[str, ...]:
        """Return the keys of the indicators, in order."""
        return tuple(node.key for node in self.nodes() if not node.children and node is not self)

    def groups(self) -> tuple[str, ...]:
        """Return the names of the groups below this one, parents first."""
        return tuple(node.key for node in self.nodes() if node.children and node is not self)

    def scaled(self) -> Node:
        """Return the tree whose weights sum to 1 among sisters; groups of weight 0 fall."""
        total = sum(child.weight for child in self.children)
        kept = tuple(
            replace(child.scaled(), weight=child.weight / total)
            for child in self.children
            if child.weight > 0 or not child.children
        )
        return replace(self, children=kept)

    def final_weights(self) -> dict[str, float]:
        """Return what each indicator weighs in the whole; they sum to 1."""

        def below(node: Node, share: float) -> Iterator[tuple[str, float]]:
            total = sum(child.weight for child in node.children)
            for child in node.children:
                own = share * child.weight / total if total else 0.0
                if child.children:
                    yield from below(child, own)
                else:
                    yield child.key, own

        return dict(below(self, 1.0))
