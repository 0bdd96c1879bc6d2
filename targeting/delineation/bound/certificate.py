"""What the bound hands over so that anybody can recompute it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

EVERYWHERE = -1


def _nothing() -> np.ndarray:
    return np.empty(0)


@dataclass(frozen=True)
class Moat:
    """A place hard to leave: what its hot blocks count for may be lowered.

    A polygon with a lowered block either stays inside, and then the moat's own prices show what
    it is worth, or crosses cold blocks on its way out, whose losses make up for the lowering.

    Parameters
    ----------
    blocks : ndarray of int64
        Positions of its blocks.
    lowered : ndarray
        By how much each of these counts for less, in need.
    resident, ground, block, flow, outline, spread
        As in `Piece`, for one polygon inside; the flow along the links between its blocks.
    """

    blocks: np.ndarray
    lowered: np.ndarray
    resident: float = 0.0
    ground: float = 0.0
    block: float = 0.0
    flow: np.ndarray = field(default_factory=_nothing)
    outline: float = 0.0
    spread: float = 0.0


@dataclass(frozen=True)
class Piece:
    """Dual numbers for one component of the city, or for all.

    Parameters
    ----------
    resident : float
        Price of a resident, in need. Below 0 it says that people are wanted.
    ground, block : float
        Price of a square meter of ground and of a block, in need; never below 0.
    flow : ndarray
        Per link (as `City.neighbor`; of a component: only its own links, in the same order), what
        the first block hands to its neighbor, in need. Read as half of the difference of both
        directions, and never more than the shared border costs.
    start : int
        A block of the component meant; −1 for all components.
    moats : tuple of Moat
        Only where `start` is −1, and where no block is required; two that share a block: the
        later one does not count.
    outline, spread : float
        Price of a meter of outline on top of the asked one, and reward of a square meter, in need;
        both above 0 where compactness is asked for, else 0. A polygon round enough has ground for
        its outline, so that what it pays for being one makes up for the rest.
    """

    resident: float = 0.0
    ground: float = 0.0
    block: float = 0.0
    flow: np.ndarray = field(default_factory=_nothing)
    start: int = EVERYWHERE
    moats: tuple[Moat, ...] = ()
    outline: float = 0.0
    spread: float = 0.0


@dataclass(frozen=True)
class Certificate:
    """Dual numbers of a bound. Any numbers give a valid bound; good ones give a tight one.

    Parameters
    ----------
    pieces : tuple of Piece
        Each holds for any number of polygons in its component; the least counts.
    """

    pieces: tuple[Piece, ...] = ()


@dataclass(frozen=True)
class Bound:
    """No plan that keeps the rules is worth more than `value`.

    Parameters
    ----------
    value : float
        In need, like the objective; as `check_bound` finds it. Minus infinity when the components
        have no room for as many polygons as are asked for exactly.
    certificate : Certificate
        The dual numbers.
    """

    value: float
    certificate: Certificate

    def gap(self, worth: float) -> float:
        """Return how far below the bound a plan's worth is, as a share of the bound.

        Examples
        --------
        >>> Bound(200.0, Certificate()).gap(190.0)
        0.05
        """
        if self.value <= worth:
            return 0.0
        return (self.value - worth) / abs(self.value) if self.value else float("inf")
