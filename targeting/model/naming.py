"""The parts of a polygon's name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True)
class PolygonName:
    """The parts of a polygon's name; the words around them are the reader's language.

    Parameters
    ----------
    number : int
        Of the polygon.
    colonias : tuple of str
        At most two, the one most of its people live in first; the second only where at least a
        fifth of them do. Empty where no colonia is known.
    shares : tuple of float
        Of the polygon's people who live in each of them.
    unplaced_share : float
        Of its people who live in blocks without a colonia or in one without a name.
    streets : mapping
        By side (`north`, `east`, `south`, `west`): the named street that runs along most of that
        side, where it runs along at least a quarter of it.
    told_by : str
        What tells it from the others with the same colonias: `""` (nothing is needed), `street`,
        `part` or `number`.
    told : str
        The street; the part of the compass; the number as text.

    Examples
    --------
    >>> PolygonName(1, ("Las Flores", "El Sol"), (0.6, 0.3), 0.1).told_by
    ''
    """

    number: int
    colonias: tuple[str, ...]
    shares: tuple[float, ...]
    unplaced_share: float
    streets: Mapping[str, str] = field(default_factory=dict)
    told_by: str = ""
    told: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "streets", MappingProxyType(dict(self.streets)))
