"""Study: every input and every choice of one targeting exercise, strict and frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from targeting.model import (
    DoubtSpec,
    HoldOutSpec,
    HotSpotSpec,
    Indicator,
    LayerSpec,
    MethodSpec,
    Node,
    PublishSpec,
)
from targeting.model.weighed import Weighting


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
    weights : Node
        What is weighed against what, as stated: dimensions, groups, indicators.
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
    treat : MethodSpec or None
        What is done to extreme values before they become parts.
    treat_each, normalize_each : mapping
        Indicator to its own treatment, or normalizer.
    within : str
        `"city"`, or `"municipality"` when values are compared within each municipality only.
    doubt : DoubtSpec
        Which choices are drawn anew, to see how sure the answer is.
    hotspots : tuple of HotSpotSpec
        Tests of where values or incidents gather, beside the polygons.
    hold_out : HoldOutSpec or None
        Which incidents a plan made without them is held to.
    publish : PublishSpec
        From which number on a count may leave the office.
    weightings : tuple of Weighting or None
        Other weights of the dimensions the page has a plan ready for. None: those around the
        stated ones.
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
    weights: Node
    normalize: MethodSpec
    aggregate: MethodSpec
    coverage_min: float
    streets: Mapping[str, Any]
    delineation: MethodSpec
    unplaced_max: float = 0.2
    years_apart_max: int = 4
    treat: MethodSpec | None = None
    treat_each: Mapping[str, MethodSpec] = field(default_factory=dict)
    normalize_each: Mapping[str, MethodSpec] = field(default_factory=dict)
    within: str = "city"
    doubt: DoubtSpec = field(default_factory=DoubtSpec)
    hotspots: tuple[HotSpotSpec, ...] = ()
    hold_out: HoldOutSpec | None = None
    publish: PublishSpec = field(default_factory=PublishSpec)
    weightings: tuple[Weighting, ...] | None = None

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
            "weights": _tree_record(self.weights),
            "composite": {
                "treat": self.treat and _method_record(self.treat),
                "normalize": _method_record(self.normalize),
                "aggregate": _method_record(self.aggregate),
                "coverage_min": self.coverage_min,
                "within": self.within,
                "each": _each_record(treat=self.treat_each, normalize=self.normalize_each),
            },
            "streets": plain(self.streets),
            "delineation": _method_record(self.delineation),
            "uncertainty": {
                "draws": self.doubt.draws,
                "weights": self.doubt.weights,
                "weights_within": self.doubt.weights_within,
                "normalize": [_method_record(spec) for spec in self.doubt.normalize],
                "aggregate": [_method_record(spec) for spec in self.doubt.aggregate],
                "treat": [_method_record(spec) for spec in self.doubt.treat],
                "data": self.doubt.data,
                "top_share": self.doubt.top_share,
                "sensitivity": self.doubt.sensitivity,
                "redraws": self.doubt.redraws,
            },
            "hotspots": [_hotspot_record(spec) for spec in self.hotspots],
            "hold_out": self.hold_out and _hold_out_record(self.hold_out),
            "page": {"weightings": _weightings_record(self.weightings)},
            "publish": {
                "people_min": self.publish.people_min,
                "incidents_min": self.publish.incidents_min,
            },
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


def _tree_record(node: Node) -> dict[str, Any]:
    """Return a group as a study file writes it."""
    record: dict[str, Any] = {}
    for key in ("weigh", "aggregate"):
        spec = getattr(node, key)
        if spec is not None:
            record[key] = _method_record(spec)
    if node.coverage_min is not None:
        record["coverage_min"] = node.coverage_min
    groups = {child.key: _tree_record(child) for child in node.children if child.children}
    leaves = {child.key: child.weight for child in node.children if not child.children}
    if node.key == "score":
        return record | groups
    record = {"weight": node.weight, "indicators": leaves} | record
    return record | {"groups": groups} if groups else record


def _each_record(**methods: Mapping[str, MethodSpec]) -> dict[str, Any]:
    """Return the methods of single indicators as a study file writes them."""
    record: dict[str, Any] = {}
    for step, chosen in methods.items():
        for key, spec in chosen.items():
            record.setdefault(key, {})[step] = _method_record(spec)
    return record


def _hotspot_record(spec: HotSpotSpec) -> dict[str, Any]:
    looks_at = {"of": spec.of} if spec.kind == "hotspot" else {"kinds": list(spec.kinds)}
    return _method_record(spec.method) | looks_at


def _hold_out_record(spec: HoldOutSpec) -> dict[str, Any]:
    return {
        "from": spec.start,
        "kinds": list(spec.kinds),
        "against": [_method_record(one) for one in spec.against.values()],
        "draws": spec.draws,
    }


def _weightings_record(chosen: tuple[Weighting, ...] | None) -> str | list[dict[str, int]]:
    return "auto" if chosen is None else [dict(one.percent) for one in chosen]


def _method_record(spec: MethodSpec) -> dict[str, Any]:
    return {"use": spec.use, **plain(spec.settings)}
