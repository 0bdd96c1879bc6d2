"""What a study declares: methods, layers, indicators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from targeting.model._checks import demand, frozen
from targeting.units import UNITS

DIMENSIONS = ("violence", "marginalization", "facilities")


@dataclass(frozen=True)
class MethodSpec:
    """A registered method by name, with the settings a study gives it.

    Parameters
    ----------
    use : str
        Name in the registry.
    settings : mapping
        Keyword-only arguments of the method; what is absent keeps its default.

    Examples
    --------
    >>> MethodSpec("grow", {"polygons": 3}).settings["polygons"]
    3
    """

    use: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "settings", frozen(self.settings))


@dataclass(frozen=True)
class DoubtSpec:
    """Which choices of a study are drawn anew, to see how much of its answer they are.

    Parameters
    ----------
    draws : int
        How many times; 0 for never.
    weights : str
        `"stated"`: they stay; `"within"`: each within ± `weights_within` of itself; `"anywhere"`:
        any that sum to 1.
    weights_within : float
        0 to 1.
    normalize, aggregate : tuple of MethodSpec
        Alternatives beside the stated one, all as likely.
    treat : tuple of MethodSpec
        The same of treatments.
    data : bool
        Values are drawn within the intervals their data leave open.
    top_share : float
        What the top is: this share of the blocks with a score.
    sensitivity : int
        Draws of each of the two samples that tell which choice makes how much of the doubt; 0 for
        none.
    redraws : int
        How many of the draws the polygons are delineated under again; 0 for never.
    """

    draws: int = 500
    weights: str = "within"
    weights_within: float = 0.25
    normalize: tuple[MethodSpec, ...] = ()
    aggregate: tuple[MethodSpec, ...] = ()
    treat: tuple[MethodSpec, ...] = ()
    data: bool = True
    top_share: float = 0.1
    sensitivity: int = 64
    redraws: int = 6


@dataclass(frozen=True)
class HotSpotSpec:
    """A test of where values, or incidents, gather.

    Parameters
    ----------
    key : str
        Its name among the study's tests, such as `getis_ord_score`.
    kind : str
        `"hotspot"` (a test of values) or `"scan"` (of incidents), as in the registry.
    method : MethodSpec
        Registered test and its settings.
    of : str
        What a test of values looks at: `"score"`, a dimension or an indicator.
    kinds : tuple of str
        Incidents a scan counts; none for all that are violence.
    """

    key: str
    kind: str
    method: MethodSpec
    of: str = ""
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class HoldOutSpec:
    """Which incidents are kept out of a plan, to hold it to them.

    Parameters
    ----------
    start : str
        First day kept out, ISO.
    kinds : tuple of str
        Incidents that count; none for all that are violence.
    against : mapping
        Name to another delineator, its plan held to the same incidents.
    draws : int
        Sets of polygons of chance.
    """

    start: str
    kinds: tuple[str, ...] = ()
    against: Mapping[str, MethodSpec] = field(default_factory=dict)
    draws: int = 999

    def __post_init__(self) -> None:
        object.__setattr__(self, "against", frozen(self.against))


@dataclass(frozen=True)
class PublishSpec:
    """From which number on a count of people or of incidents may leave the office.

    Parameters
    ----------
    people_min : int
        Fewest people, or dwellings, that are told.
    incidents_min : int
        The same of incidents.

    Examples
    --------
    >>> PublishSpec().people_min, PublishSpec().incidents_min
    (3, 5)
    """

    people_min: int = 3
    incidents_min: int = 5


@dataclass(frozen=True)
class LayerSpec:
    """One input a study names: which file, who reads it, where it is from.

    Parameters
    ----------
    slot : str
        Which part of the territory it fills: `blocks`, `areas`, `census`, `area_table`,
        `block_table`, `incidents`, `facilities`, `barriers`, `places`, `street_axes`, `rasters` or
        `population_raster`. All but blocks, areas, census and the last may come from several files.
    where : str
        Place in the study, such as `inputs.facilities[1]`: problems name it.
    file : str
        Path as the study writes it, relative to the data folder.
    reader : MethodSpec
        Registered reader and its settings.
    source, year : str
        Publisher and year, shown on the page.
    match_min : float or None
        Share of this input's keys that must match, 0 to 1. None: the study's.
    """

    slot: str
    where: str
    file: str
    reader: MethodSpec
    source: str = ""
    year: str = ""
    match_min: float | None = None


@dataclass(frozen=True)
class Indicator:
    """One measured thing: with unit, direction, source and year.

    Parameters
    ----------
    key : str
        snake_case name; a name that holds a quantity says its unit.
    names : mapping
        Name in `es` and `en`.
    unit : str
        Key of `targeting.units.UNITS`.
    worse : str
        `"higher"` or `"lower"`: which end is more urgent.
    dimension : str
        One of `DIMENSIONS`.
    measure : str
        Registered measure that fills it.
    settings : mapping
        The measure's settings.
    source, year : str
        Who published the data, and for when.

    Examples
    --------
    >>> Indicator("no_internet_share", {"es": "Sin internet", "en": "No internet"}, "share",
    ...           "higher", "marginalization", "share").label("en")
    'No internet'
    """

    key: str
    names: Mapping[str, str]
    unit: str
    worse: str
    dimension: str
    measure: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    year: str = ""

    def __post_init__(self) -> None:
        demand(self.key.isidentifier() and self.key == self.key.lower(), f"key {self.key!r}")
        demand(bool(self.names.get("es")) and bool(self.names.get("en")), f"{self.key}: names")
        demand(self.unit in UNITS, f"{self.key}: unit {self.unit!r}")
        demand(self.worse in ("higher", "lower"), f"{self.key}: worse {self.worse!r}")
        demand(self.dimension in DIMENSIONS, f"{self.key}: dimension {self.dimension!r}")
        object.__setattr__(self, "names", frozen(self.names))
        object.__setattr__(self, "settings", frozen(self.settings))

    def label(self, language: str) -> str:
        """Return the name in one language."""
        return self.names[language]
