"""Read a study file: every mistake told at once, and as much as can be understood kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le

from targeting import registry
from targeting.catalogue import catalogue
from targeting.facility_kinds import facility_kinds
from targeting.i18n import LANGUAGES
from targeting.incident_kinds import kinds_given
from targeting.model import DIMENSIONS, Indicator, LayerSpec, MethodSpec, frozen
from targeting.model.vintages import vintages_apart
from targeting.problems import Problem, TargetingError, closest, unknown_name
from targeting.settings import checked, keyword_settings, method_spec, shown
from targeting.strict_yaml import WrittenInt, read_yaml
from targeting.study import Study

SLOTS = (
    "blocks",
    "areas",
    "census",
    "area_table",
    "block_table",
    "places",
    "incidents",
    "facilities",
    "barriers",
    "street_axes",
    "rasters",
    "population_raster",
)
ONE_FILE = ("blocks", "areas", "census", "population_raster")
SEVERAL = tuple(slot for slot in SLOTS if slot not in ONE_FILE)
Share = Annotated[float, Ge(0), Le(1)]
_TOP = (
    "title",
    "language",
    "made",
    "municipalities",
    "crs",
    "seed",
    "match_min",
    "place_within_m",
    "unplaced_max",
    "years_apart_max",
    "inputs",
    "population",
    "indicators",
    "weights",
    "composite",
    "streets",
    "delineation",
)
_REQUIRED = ("name", "dimension", "unit", "worse", "from", "measure")
_RECORD = (*_REQUIRED, "reader", "source", "year")


@dataclass(frozen=True)
class Draft:
    """A study as far as it can be understood, and everything that is wrong with it.

    Parameters
    ----------
    study : Study or None
        None when something is wrong.
    layers : tuple of LayerSpec
        The inputs that can be read all the same, so that their problems are told together.
    problems : tuple of Problem
        What is wrong.
    understood : mapping
        Fields of `Study` that could be read; a mistaken one is absent. The files are checked
        against these, so that one mistake does not hide or invent another.
    """

    study: Study | None
    layers: tuple[LayerSpec, ...]
    problems: tuple[Problem, ...]
    understood: Mapping[str, Any]


def read_study(path: Path) -> Study:
    """Read a study file.

    Parameters
    ----------
    path : Path
        YAML file.

    Returns
    -------
    Study

    Raises
    ------
    TargetingError
        Every mistake of the file, at once. Files it names are not opened here.
    """
    draft = draft_study(path)
    if draft.study is None:
        raise TargetingError(draft.problems)
    return draft.study


def draft_study(path: Path) -> Draft:
    """Read a study file as far as it can be understood; never raises for what stands in it."""
    if not path.is_file():
        return _nothing(Problem("missing-file", "study", {"given": path.name}))
    try:
        raw = read_yaml(path.read_text(encoding="utf-8-sig"), where=path.name)
    except TargetingError as error:
        return Draft(None, (), error.problems, frozen({}))
    except UnicodeDecodeError:
        return _nothing(Problem("not-utf8", path.name))
    if not isinstance(raw, dict):
        return _nothing(Problem("not-a-study", path.name))
    return _Reading(raw).draft()


def _nothing(problem: Problem) -> Draft:
    return Draft(None, (), (problem,), frozen({}))


class _Reading:
    """One pass over a study file that keeps going after a mistake."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self.raw = raw
        self.problems: list[Problem] = []
        self.layers: list[LayerSpec] = []

    def take(self, section: Mapping[str, Any], key: str, hint: Any, default: Any) -> Any:
        if key not in section:
            return default
        prefix = "" if section is self.raw else f"{self._name(section)}."
        return checked(hint, section[key], f"{prefix}{key}", self.problems)

    def _name(self, section: Mapping[str, Any]) -> str:
        return next((key for key, value in self.raw.items() if value is section), "?")

    def known(self, section: Mapping[str, Any], keys: tuple[str, ...], where: str) -> None:
        for key in section:
            if key not in keys:
                values = {"given": key, "hint": closest(key, keys), "known": ", ".join(keys)}
                place = f"{where}.{key}" if where else key
                self.problems.append(Problem("unknown-key", place, values))

    def section(self, key: str) -> Mapping[str, Any]:
        value = self.raw.get(key)
        if value is None:
            return {}
        if isinstance(value, dict):
            return value
        values = {"given": shown(value), "expected": "expected.mapping"}
        self.problems.append(Problem("wrong-type", key, values))
        return {}

    def method(self, kind: str, raw: Any, where: str) -> MethodSpec:
        spec = method_spec(kind, raw, where, self.problems)
        return spec or MethodSpec("")

    def draft(self) -> Draft:
        raw = self.raw
        self.known(raw, _TOP, "")
        fields = {
            "title": self.title(),
            "language": self.take(raw, "language", Literal["es", "en"], "es"),
            "made": self.take(raw, "made", bool, default=False),
            "municipalities": self.codes("municipalities"),
            "crs": self.take(raw, "crs", str, None),
            "seed": self.take(raw, "seed", Annotated[int, Ge(0)], 1),
            "match_min": self.take(raw, "match_min", Share, 0.95),
            "place_within_m": self.take(raw, "place_within_m", Annotated[float, Ge(0)], 50.0),
            "unplaced_max": self.take(raw, "unplaced_max", Share, 0.2),
            "years_apart_max": self.take(raw, "years_apart_max", Annotated[int, Ge(0)], 4),
        }
        self.inputs()
        self.problems += vintages_apart(self.layers, fields["years_apart_max"])
        fields["population"] = self.method(
            "population", raw.get("population", "census"), "population"
        )
        fields["weights"], fields["indicators"] = self.indicators()
        fields.update(self.composite())
        self.grades(fields["indicators"], fields["normalize"])
        streets = registry.method("graph", "street_links")
        given = self.section("streets")
        found = keyword_settings(streets, "streets", given, "streets", self.problems)
        fields["streets"] = frozen(found)
        fields["delineation"] = self.delineation(fields["seed"])
        layers = tuple(self.layers)
        study = None if self.problems else Study(layers=layers, **fields)
        return Draft(study, layers, tuple(self.problems), frozen(self.understood(fields)))

    def understood(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        wrong = {problem.where.split(".")[0].split("[")[0] for problem in self.problems}
        return {key: value for key, value in fields.items() if key not in wrong}

    def title(self) -> Mapping[str, str]:
        title = self.raw.get("title")
        if title is None:
            self.problems.append(Problem("missing-key", "title"))
        elif isinstance(title, str) and title.strip():
            return MappingProxyType(dict.fromkeys(LANGUAGES, title.strip()))
        elif isinstance(title, dict) and title and set(title) <= set(LANGUAGES):
            first = next(iter(title.values()))
            if all(isinstance(text, str) for text in title.values()):
                return MappingProxyType({lang: title.get(lang, first) for lang in LANGUAGES})
        if title is not None:
            values = {"given": shown(title), "expected": "expected.title"}
            self.problems.append(Problem("wrong-type", "title", values))
        return MappingProxyType({})

    def codes(self, key: str) -> tuple[str, ...]:
        given = self.raw.get(key, [])
        given = given if isinstance(given, list) else [given]
        codes = []
        for position, code in enumerate(given):
            where = f"{key}[{position}]"
            if isinstance(code, WrittenInt):
                self.problems.append(Problem("unquoted-code", where, {"given": code.written}))
            elif isinstance(code, str):
                codes.append(code)
            else:
                values = {"given": shown(code), "expected": "expected.text"}
                self.problems.append(Problem("wrong-type", where, values))
        return tuple(codes)

    def inputs(self) -> None:
        section = self.section("inputs")
        self.known(section, SLOTS, "inputs")
        if "blocks" not in section:
            self.problems.append(Problem("missing-key", "inputs.blocks"))
        for slot in SLOTS:
            if slot not in section:
                continue
            several = isinstance(section[slot], list) and slot in SEVERAL
            records = section[slot] if several else [section[slot]]
            for position, record in enumerate(records):
                where = f"inputs.{slot}[{position}]" if several else f"inputs.{slot}"
                self.layer(slot, where, record)

    def layer(self, slot: str, where: str, record: Any) -> None:
        if not isinstance(record, dict):
            values = {"given": shown(record), "expected": "expected.mapping"}
            self.problems.append(Problem("wrong-type", where, values))
            return
        before = len(self.problems)
        for key in ("file", "reader"):
            if key not in record:
                self.problems.append(Problem("missing-key", f"{where}.{key}"))
        texts = {key: record[key] for key in ("file", "source", "year") if key in record}
        own = {"match_min": record["match_min"]} if "match_min" in record else {}
        for key, share in own.items():
            own[key] = checked(Share, share, f"{where}.{key}", self.problems)
        for key, text in texts.items():
            if isinstance(text, bool) or not isinstance(text, (str, int)):
                values = {"given": shown(text), "expected": "expected.text"}
                self.problems.append(Problem("wrong-type", f"{where}.{key}", values))
        reader = None
        if isinstance(record.get("reader"), str):
            rest = {k: v for k, v in record.items() if k not in ("file", "reader", *texts, *own)}
            given = {"use": record["reader"], **rest}
            reader = method_spec("reader", given, where, self.problems)
        if reader is not None and len(self.problems) == before:
            words: dict[str, Any] = {key: shown(text) for key, text in texts.items()}
            self.layers.append(LayerSpec(slot=slot, where=where, reader=reader, **words, **own))

    def indicators(self) -> tuple[Mapping[str, Any], tuple[Indicator, ...]]:
        own = self.section("indicators")
        section = self.section("weights")
        self.known(section, DIMENSIONS, "weights")
        weights: dict[str, tuple[float, Mapping[str, float]]] = {}
        found: dict[str, Indicator] = {}
        for dimension in DIMENSIONS:
            if dimension not in section:
                continue
            weight, inside = self.dimension(dimension, section[dimension])
            for key in inside:
                if key in found:
                    place = f"weights.{dimension}.indicators.{key}"
                    self.problems.append(Problem("indicator-twice", place, {"given": key}))
                indicator = self.indicator(key, dimension, own)
                if indicator is not None:
                    found[key] = indicator
            weights[dimension] = (weight, frozen(inside))
        if not any(inside for _, inside in weights.values()):
            self.problems.append(Problem("no-weights", "weights"))
        elif not sum(weight for weight, _ in weights.values()):
            self.problems.append(Problem("zero-weights", "weights"))
        for dimension, (weight, held) in weights.items():
            if weight and held and not sum(held.values()):
                self.problems.append(Problem("zero-weights", f"weights.{dimension}"))
        used = {k: w for k, w in weights.items() if w[0] > 0 and w[1]}
        return frozen(used), tuple(i for i in found.values() if i.dimension in used)

    def dimension(self, dimension: str, record: Any) -> tuple[float, dict[str, float]]:
        where = f"weights.{dimension}"
        if not isinstance(record, dict):
            values = {"given": shown(record), "expected": "expected.mapping"}
            self.problems.append(Problem("wrong-type", where, values))
            return 0.0, {}
        self.known(record, ("weight", "indicators"), where)
        weight = self.weight(record.get("weight", 1), f"{where}.weight")
        inside = record.get("indicators", {})
        if not isinstance(inside, dict):
            values = {"given": shown(inside), "expected": "expected.mapping"}
            self.problems.append(Problem("wrong-type", f"{where}.indicators", values))
            return weight, {}
        return weight, {k: self.weight(w, f"{where}.indicators.{k}") for k, w in inside.items()}

    def weight(self, given: Any, where: str) -> float:
        weight = checked(float, given, where, self.problems)
        if weight is None:
            return 0.0
        if weight < 0:
            self.problems.append(Problem("negative-weight", where, {"given": shown(given)}))
            return 0.0
        return float(weight)

    def indicator(self, key: str, dimension: str, own: Mapping[str, Any]) -> Indicator | None:
        where = f"weights.{dimension}.indicators.{key}"
        known = catalogue()
        if key not in known and key not in own:
            self.problems.append(unknown_name(where, key, [*known, *own]))
            return None
        record: dict[str, Any] = dict(known.get(key, {}))
        if key in own:
            if not isinstance(own[key], dict):
                values = {"given": shown(own[key]), "expected": "expected.mapping"}
                self.problems.append(Problem("wrong-type", f"indicators.{key}", values))
                return None
            self.known(own[key], _RECORD, f"indicators.{key}")
            record.update(own[key])
        missing = [k for k in _REQUIRED if k not in record]
        for absent in missing:
            self.problems.append(Problem("missing-key", f"indicators.{key}.{absent}"))
        if missing:
            return None
        if record["dimension"] != dimension:
            values = {"given": key, "expected": record["dimension"]}
            self.problems.append(Problem("wrong-dimension", where, values))
            return None
        return self._indicator(key, record, where)

    def _indicator(self, key: str, record: Mapping[str, Any], where: str) -> Indicator | None:
        measure = method_spec(
            "measure", record["measure"], f"indicators.{key}.measure", self.problems
        )
        layer = self.layer_of(key, record, measure, where)
        if measure is None or layer is None:
            return None
        self.kinds(measure, layer, f"indicators.{key}.measure.kinds")
        try:
            return Indicator(
                key=key,
                names=record["name"],
                unit=record["unit"],
                worse=record["worse"],
                dimension=record["dimension"],
                measure=measure.use,
                settings=measure.settings,
                source=str(record.get("source", layer.source)),
                year=str(record.get("year", layer.year)),
            )
        except ValueError as error:
            values = {"given": key, "expected": str(error)}
            self.problems.append(Problem("wrong-type", f"indicators.{key}", values))
            return None

    def layer_of(
        self, key: str, record: Mapping[str, Any], measure: MethodSpec | None, where: str
    ) -> LayerSpec | None:
        """Return the input that fills an indicator: by its slot, its reader, its raster's name."""
        slot, reader, named = record["from"], record.get("reader"), None
        if slot == "rasters" and measure is not None:
            named = measure.settings.get("column")
        given = self.section("inputs").get(slot)
        records = given if isinstance(given, list) else [given]

        def fits(use: Any, name: Any) -> bool:
            # The generic reader may hold any table.
            return (reader is None or use in (reader, "table")) and named in (None, name)

        told = [one for one in records if isinstance(one, dict)]
        if not any(fits(one.get("reader"), one.get("name")) for one in told):
            extra = {"reader": reader, "name": named}
            more = ", ".join(f"{k}: {v}" for k, v in extra.items() if v is not None)
            values = {"given": key, "slot": f"{slot} ({more})" if more else slot}
            self.problems.append(Problem("indicator-without-layer", where, values))
        found = [
            one
            for one in self.layers
            if one.slot == slot and fits(one.reader.use, one.reader.settings.get("name"))
        ]
        return next(iter(sorted(found, key=lambda one: one.reader.use != reader)), None)

    def kinds(self, measure: MethodSpec, layer: LayerSpec, where: str) -> None:
        """Hold the kinds an indicator names to those its layer can give."""
        known: Mapping[str, Any] = facility_kinds()
        if layer.slot != "facilities":
            same = [one.reader.settings for one in self.layers if one.slot == layer.slot]
            known = kinds_given(same)
        for kind in measure.settings.get("kinds", ()) if known else ():
            if kind not in known:
                self.problems.append(unknown_name(where, kind, known))
            elif layer.slot == "facilities" and known[kind].sensitive:
                self.problems.append(Problem("sensitive-kind", where, {"given": kind}))

    def composite(self) -> dict[str, Any]:
        section = self.section("composite")
        self.known(section, ("normalize", "aggregate", "coverage_min"), "composite")
        return {
            "normalize": self.method(
                "normalizer", section.get("normalize", "rank"), "composite.normalize"
            ),
            "aggregate": self.method(
                "aggregator", section.get("aggregate", "arithmetic"), "composite.aggregate"
            ),
            "coverage_min": self.take(section, "coverage_min", Annotated[float, Gt(0), Le(1)], 0.5),
        }

    def grades(self, indicators: tuple[Indicator, ...], normalize: MethodSpec) -> None:
        """Refuse to count with ranks: grades are normalized by rank or not at all."""
        for one in indicators:
            if one.unit == "grade" and normalize.use not in ("", "rank"):
                values = {"given": one.key, "method": normalize.use}
                self.problems.append(Problem("grade-not-ranked", "composite.normalize", values))

    def delineation(self, seed: int | None) -> MethodSpec:
        given = self.raw.get("delineation", {})
        given = {"use": "grow", **given} if isinstance(given, dict) else {"use": given}
        if given["use"] in registry.names("delineator"):
            takes_seed = "seed" in registry.settings("delineator", given["use"])
            if takes_seed and "seed" not in given and seed is not None:
                given["seed"] = int(seed)
        return self.method("delineator", given, "delineation")
