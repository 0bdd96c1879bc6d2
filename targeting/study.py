"""Study: every input and every choice of one targeting exercise, strict and frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from targeting.model import Indicator, LayerSpec, MethodSpec


@dataclass(frozen=True)
class Study:
    """Every input and every choice of one targeting exercise.

    Equal studies over equal inputs give equal results. `study_file.read_study` makes one.

    Parameters
    ----------
    title : mapping
        Title in `es` and `en`.
    language : str
        First language of the page and of the messages.
    made : bool
        The data are invented; every output says so.
    municipalities : tuple of str
        Codes to keep; empty for all.
    crs : str or None
        Metric system to compute in; None lets the blocks decide.
    seed : int
        Seed of whatever is drawn by chance.
    layers : tuple of LayerSpec
        Inputs.
    match_min : float
        Share of keys that must match, 0 to 1.
    place_within_m : float
        How far from a block an incident may lie and still belong to it.
    population : MethodSpec
        Where the number of people comes from.
    indicators : tuple of Indicator
        Those with a weight, by dimension, in the study's order.
    weights : mapping
        Dimension to `(weight, {indicator: weight})`, as stated.
    normalize, aggregate : MethodSpec
        How values become parts, and parts a score.
    coverage_min : float
        Share of the weight that must have data for a block to get a score.
    streets : mapping
        Settings of the neighbor graph.
    delineation : MethodSpec
        How polygons are drawn.
    unplaced_max : float
        Share of a file's incidents that may have no place in the city, 0 to 1.
    years_apart_max : int
        How many years may lie between two inputs joined by key.
    """

    title: Mapping[str, str]
    language: str
    made: bool
    municipalities: tuple[str, ...]
    crs: str | None
    seed: int
    layers: tuple[LayerSpec, ...]
    match_min: float
    place_within_m: float
    population: MethodSpec
    indicators: tuple[Indicator, ...]
    weights: Mapping[str, tuple[float, Mapping[str, float]]]
    normalize: MethodSpec
    aggregate: MethodSpec
    coverage_min: float
    streets: Mapping[str, Any]
    delineation: MethodSpec
    unplaced_max: float = 0.2
    years_apart_max: int = 4

    def as_record(self) -> dict[str, Any]:
        """Return every input and choice, defaults included, ready for JSON."""
        return {
            "title": dict(self.title),
            "language": self.language,
            "made": self.made,
            "municipalities": list(self.municipalities),
            "crs": self.crs,
            "seed": self.seed,
            "match_min": self.match_min,
            "place_within_m": self.place_within_m,
            "unplaced_max": self.unplaced_max,
            "years_apart_max": self.years_apart_max,
            "inputs": [
                {
                    "slot": layer.slot,
                    "file": layer.file,
                    "reader": layer.reader.use,
                    "settings": plain(layer.reader.settings),
                    "source": layer.source,
                    "year": layer.year,
                    "match_min": layer.match_min,
                }
                for layer in self.layers
            ],
            "population": _method_record(self.population),
            "indicators": [
                {
                    "key": indicator.key,
                    "name": dict(indicator.names),
                    "dimension": indicator.dimension,
                    "unit": indicator.unit,
                    "worse": indicator.worse,
                    "measure": {"use": indicator.measure, **plain(indicator.settings)},
                    "source": indicator.source,
                    "year": indicator.year,
                }
                for indicator in self.indicators
            ],
            "weights": {
                dimension: {"weight": weight, "indicators": dict(inside)}
                for dimension, (weight, inside) in self.weights.items()
            },
            "composite": {
                "normalize": _method_record(self.normalize),
                "aggregate": _method_record(self.aggregate),
                "coverage_min": self.coverage_min,
            },
            "streets": plain(self.streets),
            "delineation": _method_record(self.delineation),
        }


def plain(value: Any) -> Any:
    """Return a value of a study as JSON knows it: dicts, lists and scalars.

    Examples
    --------
    >>> plain({"a": (1, 2)})
    {'a': [1, 2]}
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    return value


def _method_record(spec: MethodSpec) -> dict[str, Any]:
    return {"use": spec.use, **plain(spec.settings)}
