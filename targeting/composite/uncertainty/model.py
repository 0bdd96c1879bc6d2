"""The composite whose choices may vary, and its parts as far as there is room to keep them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from targeting.composite.kernels import Levels
from targeting.composite.uncertainty.choices import LISTED, Missing, Noise, Spread
from targeting.composite.uncertainty.tables import Table
from targeting.model import MethodSpec

Redraw: TypeAlias = Callable[[int], pd.DataFrame]
_KEPT_BYTES = 1_500_000_000
NOTHING = np.empty((0, 0))
NOTHING.flags.writeable = False


@dataclass(frozen=True)
class Means:
    """How the groups become one, in one alternative.

    Parameters
    ----------
    specs : tuple of MethodSpec
        Of each group.
    code, exponent : ndarray
        The same for the kernels; empty where a method is none of theirs.
    """

    specs: tuple[MethodSpec, ...]
    code: np.ndarray
    exponent: np.ndarray

    @property
    def compiled(self) -> bool:
        """Whether the kernels know every method."""
        return len(self.code) > 0

    @property
    def alike(self) -> bool:
        """Whether one mean holds in the whole tree, so that the tree is one weighted mean."""
        return self.compiled and len({*zip(self.code, self.exponent, strict=True)}) == 1


@dataclass(frozen=True)
class Model:
    """A composite whose choices may vary. The first alternative of each list is the stated one.

    Blocks stand in the model's own order: those with every value first, by id. `place` says where
    each is in the values' order.

    Parameters
    ----------
    index : Index
        Block ids, in the order of the values.
    place : ndarray of int64
        Row of the values each of the model's blocks is.
    unit : ndarray of int64
        Rank of each of the model's blocks among the ids: the number of its random stream.
    whole : int
        How many of the model's blocks have every value.
    levels : Levels
        The stated tree.
    spreads : list
        How each group's weights vary; None: not at all.
    treat, normalize, aggregate, missing : tuple
        The alternatives.
    means : tuple of Means
        The same as `aggregate`, group by group.
    least : tuple of ndarray
        Least coverage of each group, by alternative of `missing`.
    parts : callable
        Treatment and normalization, by number, to parts: leaves by blocks, 1 worst.
    noise : mapping
        Number of a leaf to how its value is drawn; empty where data do not vary.
    table : callable
        Treatment, normalization and leaf, by number, to the table of the part.
    value, low, high : ndarray
        Leaves by blocks; empty for a model of given parts.
    redraw : callable, optional
        Number of a draw to values that replace those of some indicators.
    kind : type
        Kind of number scores are computed in.
    """

    index: pd.Index
    place: np.ndarray
    unit: np.ndarray
    whole: int
    levels: Levels
    spreads: list[Spread | None]
    treat: tuple[Any, ...]
    normalize: tuple[Any, ...]
    aggregate: tuple[MethodSpec, ...]
    missing: tuple[Missing, ...]
    means: tuple[Means, ...]
    least: tuple[np.ndarray, ...]
    parts: Callable[[int, int], np.ndarray]
    noise: Mapping[int, Noise] = field(default_factory=dict)
    table: Callable[[int, int, int], Table] | None = None
    value: np.ndarray = field(default_factory=lambda: NOTHING)
    low: np.ndarray = field(default_factory=lambda: NOTHING)
    high: np.ndarray = field(default_factory=lambda: NOTHING)
    redraw: Redraw | None = None
    kind: type[np.floating[Any]] = np.float64
    kept: dict[Any, Any] = field(default_factory=dict, repr=False)

    @property
    def blocks(self) -> int:
        """Number of blocks."""
        return len(self.index)

    @property
    def varied(self) -> tuple[str, ...]:
        """Names of the choices that vary."""
        lists = {name: len(getattr(self, name)) > 1 for name in LISTED}
        some = any(
            spread is not None and len(self.levels.children(group)) > 1
            for group, spread in enumerate(self.spreads)
        )
        data = bool(self.noise) or self.redraw is not None
        every = {"weights": some, **lists, "data": data}
        return tuple(name for name, does in every.items() if does)

    def only(self, begin: int, end: int) -> Model:
        """Return the model of some of its blocks, against the same whole city, in float32."""
        part = slice(begin, end)

        def parts(treat: int, norm: int) -> np.ndarray:
            whole = self.keep(("parts", treat, norm), lambda: self.parts(treat, norm))
            return np.ascontiguousarray(whole[:, part])

        held = {name: getattr(self, name) for name in ("value", "low", "high")}
        return replace(
            self,
            index=self.index[self.place[part]],
            place=np.arange(len(self.place[part])),
            unit=self.unit[part],
            whole=int(np.clip(self.whole - begin, 0, len(self.place[part]))),
            parts=parts,
            kept={},
            kind=np.float32,
            **{name: one[:, part] if one.size else one for name, one in held.items()},
        )

    def keep(self, key: Any, make: Callable[[], Any]) -> Any:
        """Return what `make` gives, made once while there is room."""
        if key not in self.kept:
            made = make()
            size = sum(getattr(one, "nbytes", 0) for one in self.kept.values())
            while self.kept and size + getattr(made, "nbytes", 0) > _KEPT_BYTES:
                size -= getattr(self.kept.pop(next(iter(self.kept))), "nbytes", 0)
            self.kept[key] = made
        return self.kept[key]
