"""Values drawn within the interval their data leave open, and the parts they come to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtri

from targeting.compiled import njit
from targeting.composite.uncertainty.chance import fill_uniform, key_of
from targeting.composite.uncertainty.choices import Noise, refuse
from targeting.composite.uncertainty.model import Model
from targeting.composite.uncertainty.tables import Table, look_up

SHAPES = {"uniform": 0, "normal": 1, "gamma": 2, "beta": 3}
_GRID = 4096


@njit
def _normal_quantile(share: float, table: np.ndarray, tail: np.ndarray) -> Any:
    """Return the standard normal quantile, by straight lines between close nodes."""
    side = min(share, 1.0 - share)
    if side > 1.0 / 64.0:
        place = side * (len(table) - 1) * 2.0
        cell = min(int(place), len(table) - 2)
        found = table[cell] + (place - cell) * (table[cell + 1] - table[cell])
    else:
        # The tails by the logarithm of the share, 2⁻³³ the least there is.
        place = (np.log2(side) + 33.0) / 27.0 * (len(tail) - 1)
        cell = min(max(int(place), 0), len(tail) - 2)
        found = tail[cell] + (place - cell) * (tail[cell + 1] - tail[cell])
    return found if share < 0.5 else -found


@njit
def spread_out(
    share: np.ndarray,
    shape: int,
    middle: np.ndarray,
    down: np.ndarray,
    up: np.ndarray,
    table: np.ndarray,
    tail: np.ndarray,
    out: np.ndarray,
) -> None:
    """Fill `out` with the quantiles `share` of each block's distribution."""
    for i in range(len(share)):
        if shape == 0:
            out[i] = middle[i] + share[i] * up[i]
            continue
        steps = _normal_quantile(share[i], table, tail)
        drawn = middle[i] + steps * (down[i] if steps < 0 else up[i])
        if shape == 1:
            out[i] = drawn
        elif shape == 2:
            out[i] = drawn * drawn * drawn if drawn > 0.0 else 0.0
        else:
            out[i] = 1.0 / (1.0 + np.exp(-drawn))


@dataclass(frozen=True)
class Drawer:
    """What an indicator's values are drawn with: the blocks that vary, middle and both sides."""

    at: np.ndarray
    unit: np.ndarray
    shape: int
    middle: np.ndarray
    down: np.ndarray
    up: np.ndarray

    @property
    def nbytes(self) -> int:
        """Room it takes."""
        return sum(a.nbytes for a in (self.at, self.unit, self.middle, self.down, self.up))


def drawer_of(model: Model, leaf: int) -> Drawer:
    """Return what an indicator's values are drawn with."""
    noise = model.noise[leaf]
    low, value, high = model.low[leaf], model.value[leaf], model.high[leaf]
    at = np.flatnonzero(high > low)
    low, value, high = low[at], value[at], high[at]
    unit = _units(model, noise, at)
    if noise.shape == "uniform":
        return Drawer(at, unit, 0, low, low, high - low)
    low, value, high = (_SCALES[noise.shape](one) for one in (low, value, high))
    reach = float(ndtri(0.5 + noise.confidence / 2))
    return Drawer(
        at, unit, SHAPES[noise.shape], value, (value - low) / reach, (high - value) / reach
    )


def _units(model: Model, noise: Noise, at: np.ndarray) -> np.ndarray:
    if noise.units is None:
        return np.asarray(model.unit[at])
    labels = noise.units.reindex(model.index[model.place])
    if labels.isna().any():
        raise refuse("no-group", "data.units", given=int(labels.isna().sum()))
    # Numbered by label, so that the order of the rows changes nothing.
    _, code = np.unique(labels.to_numpy().astype(str), return_inverse=True)
    return np.asarray(code.astype(np.int64)[at])


def _logit(share: np.ndarray) -> np.ndarray:
    held = np.clip(share, 1e-9, 1 - 1e-9)
    return np.asarray(np.log(held / (1 - held)))


_SCALES: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "normal": np.asarray,
    "gamma": np.cbrt,
    "beta": _logit,
}


def _normal_tables() -> tuple[np.ndarray, np.ndarray]:
    table = np.linspace(0.0, 0.5, _GRID + 1)
    table[0] = 1e-300
    tail = 2.0 ** (np.linspace(0.0, 27.0, _GRID + 1) - 33.0)
    return np.asarray(ndtri(table)), np.asarray(ndtri(tail))


def drawn_values(
    model: Model, leaf: int, *, seed: int, stream: int, number: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return an indicator's drawn values.

    Parameters
    ----------
    model : Model
    leaf : int
        Number of the indicator.
    seed, stream, number : int
        Which chance.

    Returns
    -------
    (ndarray, ndarray)
        The model's blocks whose value is open, and their values.
    """
    return _values(model, leaf, number, key_of(seed, stream), {})


def _values(
    model: Model, leaf: int, number: int, key: np.ndarray, drawn: dict[Any, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return drawn values; `drawn` holds this draw's numbers, four indicators at a time."""
    drawer: Drawer = model.keep(("drawer", leaf), lambda: drawer_of(model, leaf))
    table, tail = model.keep("normal", _normal_tables)
    four, own = leaf // 4, model.noise[leaf].units is not None
    place = (four, leaf if own else -1)
    if place not in drawn:
        units = drawer.unit if own else model.unit
        drawn[place] = np.empty((4, len(units)))
        fill_uniform(units, four, number, key, drawn[place])
    share = drawn[place][leaf % 4]
    if not own and len(drawer.at) < len(share):
        share = share[drawer.at]
    out = np.empty(len(drawer.at))
    spread_out(share, drawer.shape, drawer.middle, drawer.down, drawer.up, table, tail, out)
    return drawer.at, out


def drawn_parts(
    model: Model,
    parts: np.ndarray,
    treat: int,
    norm: int,
    seed: int,
    stream: int,
    number: int,
) -> np.ndarray:
    """Return the parts of one draw of the data; what does not vary stays as in `parts`."""
    out = parts.copy()
    key, drawn = key_of(seed, stream), dict[Any, np.ndarray]()
    for leaf in sorted(model.noise):
        at, values = _values(model, leaf, number, key, drawn)
        _put(model, (treat, norm, leaf), at, values, out[leaf])
    if model.redraw is not None:
        anew = model.redraw(number)
        ids = model.index[model.place]
        for name in anew.columns:
            leaf = model.levels.names.index(name)
            values = anew[name].reindex(ids).to_numpy(float)
            at = np.flatnonzero(~np.isnan(values) & ~np.isnan(model.value[leaf]))
            _put(model, (treat, norm, leaf), at, values[at], out[leaf])
    return out


def _put(
    model: Model, which: tuple[int, int, int], at: np.ndarray, values: np.ndarray, out: np.ndarray
) -> None:
    make = model.table
    assert make is not None
    table: Table = model.keep(("table", *which), lambda: make(*which))
    look_up(values, at, table.rows, table.guide, out)
