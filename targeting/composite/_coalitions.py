"""Coalitions of indicators that respect a tree: what each adds, over every order they may come in.

A leaf joins after some of its sisters, its group after some of the groups beside it, and so on up
the tree; no leaf of another group ever stands between two leaves of one. The mean over these
orders is the Shapley value of a flat tree, the Owen value of a tree of two levels and Winter's of
a deeper one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import factorial

import numpy as np

from targeting.model import Node


@dataclass(frozen=True)
class Game:
    """Every coalition that matters to the players of one group.

    Parameters
    ----------
    inside : ndarray of bool
        Coalitions by leaves of the whole tree.
    gains : mapping
        Leaf to a number for each coalition; the value of each coalition times it, added up, is
        what the leaf adds.
    """

    inside: np.ndarray
    gains: Mapping[str, np.ndarray]


def games(tree: Node, whole: frozenset[str] = frozenset()) -> Iterator[Game]:
    """Yield the games that tell what each leaf adds.

    Parameters
    ----------
    tree : Node
        Groups and leaves.
    whole : frozenset of str
        Groups that join or stay out as one, as if they were leaves.

    Examples
    --------
    >>> game, = games(Node.of({"a": 1.0, "b": 1.0}))
    >>> game.inside.tolist(), game.gains["a"].tolist()
    ([[False, False], [True, False], [False, True], [True, True]], [-0.5, 0.5, -0.5, 0.5])
    """
    order = players(tree, whole)
    place = {key: i for i, key in enumerate(order)}

    def below(node: Node, outer: np.ndarray, share: np.ndarray) -> Iterator[Game]:
        count = len(node.children)
        subsets = (np.arange(2**count)[:, None] >> np.arange(count)) & 1 == 1
        spans = [[place[key] for key in _under(child, whole)] for child in node.children]
        inside = np.repeat(outer, len(subsets), axis=0)
        tiled = np.tile(subsets, (len(outer), 1))
        for child, span in enumerate(spans):
            inside[:, span] = tiled[:, [child]]
        sizes = subsets.sum(axis=1)
        gains = {}
        for child, one in enumerate(node.children):
            if one.children and one.key not in whole:
                out = subsets[~subsets[:, child]]
                around = np.repeat(outer, len(out), axis=0)
                held = np.tile(out, (len(outer), 1))
                for other, span in enumerate(spans):
                    around[:, span] = held[:, [other]]
                yield from below(
                    one, around, np.outer(share, _chance(out.sum(axis=1), count)).ravel()
                )
                continue
            joined = subsets[:, child]
            gain = np.where(joined, _chance(sizes - 1, count), -_chance(sizes, count))
            gains[one.key] = np.outer(share, gain).ravel()
        if gains:
            yield Game(inside, gains)

    yield from below(tree, np.zeros((1, len(order)), dtype=bool), np.ones(1))


def players(tree: Node, whole: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """Return the leaves of a tree, groups of `whole` in place of theirs, in order."""
    return tuple(key for child in tree.children for key in _under(child, whole))


def coalitions(tree: Node, whole: frozenset[str] = frozenset()) -> int:
    """Return how many coalitions `games` would yield in all."""

    def below(node: Node, outer: int) -> int:
        count = len(node.children)
        inner = [child for child in node.children if child.children and child.key not in whole]
        own = outer * 2**count if len(inner) < count else 0
        return own + sum(below(child, outer * 2 ** (count - 1)) for child in inner)

    return below(tree, 1)


def orders(tree: Node, count: int, seed: int, whole: frozenset[str] = frozenset()) -> np.ndarray:
    """Return orders in which the players may come in, drawn by chance; each beside its reverse.

    Parameters
    ----------
    tree : Node
        Groups and leaves: leaves of a group come one after the other.
    count : int
        How many orders, an even number.
    seed : int
        Of the draw.
    whole : frozenset of str
        Groups that are one player.

    Returns
    -------
    ndarray of int64
        Orders by places; positions of `players`.

    Examples
    --------
    >>> orders(Node.of({"a": 1.0, "b": 1.0}), 2, seed=1).tolist()
    [[0, 1], [1, 0]]
    """
    place = {key: i for i, key in enumerate(players(tree, whole))}
    chance = np.random.default_rng(seed)

    def drawn(node: Node) -> list[int]:
        if not node.children or node.key in whole:
            return [place[node.key]]
        turns = chance.permutation(len(node.children))
        return [one for turn in turns for one in drawn(node.children[turn])]

    half = np.array([drawn(tree) for _ in range(count // 2)], dtype=np.int64)
    return np.stack([half, half[:, ::-1]], axis=1).reshape(-1, len(place))


def _under(node: Node, whole: frozenset[str]) -> tuple[str, ...]:
    if not node.children or node.key in whole:
        return (node.key,)
    return tuple(key for child in node.children for key in _under(child, whole))


def _chance(before: np.ndarray, count: int) -> np.ndarray:
    """Return the share of the orders of `count` in which just these come before a given one."""
    table = [factorial(k) * factorial(count - 1 - k) / factorial(count) for k in range(count)]
    held = np.zeros(len(before))
    fits = (before >= 0) & (before < count)
    held[fits] = np.array(table)[before[fits]]
    return held
