"""Read a study file: every mistake told at once, and as much as can be understood kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le, Lt

from targeting import registry
from targeting.i18n import LANGUAGES
from targeting.model import DoubtSpec, Indicator, LayerSpec, MethodSpec, PublishSpec, frozen
from targeting.model.vintages import vintages_apart
from targeting.problems import Problem, TargetingError
from targeting.settings import keyword_settings
from targeting.strict_yaml import WrittenInt, read_yaml
from targeting.study import Study
from targeting.study_file.hotspots import read_hold_out, read_hotspots
from targeting.study_file.inputs import read_inputs
from targeting.study_file.page import read_weightings
from targeting.study_file.reading import Reading, Share
from targeting.study_file.weights import read_each, read_weights

# Fewer say nothing of a share of one in twenty.
DRAWS_MIN = 20
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
    "uncertainty",
    "hotspots",
    "hold_out",
    "publish",
    "page",
)


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
    r"""Read a study file.

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

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "study.yaml"
    ...     _ = file.write_text("title: A city\nlanguage: fr\n")
    ...     try:
    ...         read_study(file)
    ...     except TargetingError as error:
    ...         print(*(f"{one.where}: {one.code}" for one in error.problems), sep="\n")
    language: wrong-type
    inputs.blocks: missing-key
    weights: no-weights
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
    return _draft(Reading(raw))


def _nothing(problem: Problem) -> Draft:
    return Draft(None, (), (problem,), frozen({}))


def _draft(reading: Reading) -> Draft:
    raw, problems = reading.raw, reading.problems
    reading.known(raw, _TOP, "")
    fields = {
        "title": _title(reading),
        "language": reading.take(raw, "language", Literal["es", "en"], "es"),
        "made": reading.take(raw, "made", bool, default=False),
        "municipalities": _codes(reading, "municipalities"),
        "crs": reading.take(raw, "crs", str, None),
        "seed": reading.take(raw, "seed", Annotated[int, Ge(0)], 1),
        "match_min": reading.take(raw, "match_min", Share, 0.95),
        "place_within_m": reading.take(raw, "place_within_m", Annotated[float, Ge(0)], 50.0),
        "unplaced_max": reading.take(raw, "unplaced_max", Share, 0.2),
        "years_apart_max": reading.take(raw, "years_apart_max", Annotated[int, Ge(0)], 4),
    }
    layers = read_inputs(reading)
    problems += vintages_apart(layers, fields["years_apart_max"])
    people = raw.get("population", "census")
    fields["population"] = reading.method("population", people, "population")
    fields["weights"], fields["indicators"] = read_weights(reading, layers)
    fields.update(_composite(reading, fields["indicators"]))
    streets = registry.method("graph", "street_links")
    given = reading.section("streets")
    found = keyword_settings(streets, "streets", given, "streets", problems)
    fields["streets"] = frozen(found)
    fields["delineation"] = _delineation(reading, fields["seed"])
    fields["doubt"] = _doubt(reading)
    known = (layers, fields["seed"])
    fields["hotspots"] = read_hotspots(reading, fields["indicators"], *known)
    fields["hold_out"] = read_hold_out(reading, fields["delineation"], *known)
    fields["publish"] = _publish(reading)
    fields["weightings"] = read_weightings(reading, fields["weights"])
    _check_parts(reading, fields)
    study = None if problems else Study(layers=layers, **fields)
    wrong = {problem.where.split(".")[0].split("[")[0] for problem in problems}
    understood = {key: value for key, value in fields.items() if key not in wrong}
    return Draft(study, layers, tuple(problems), frozen(understood))


def _title(reading: Reading) -> Mapping[str, str]:
    title = reading.raw.get("title")
    if title is None:
        reading.problems.append(Problem("missing-key", "title"))
    elif isinstance(title, str) and title.strip():
        return MappingProxyType(dict.fromkeys(LANGUAGES, title.strip()))
    elif isinstance(title, dict) and title and set(title) <= set(LANGUAGES):
        first = next(iter(title.values()))
        if all(isinstance(text, str) for text in title.values()):
            return MappingProxyType({lang: title.get(lang, first) for lang in LANGUAGES})
    if title is not None:
        reading.wrong_type("title", title, "expected.title")
    return MappingProxyType({})


def _codes(reading: Reading, key: str) -> tuple[str, ...]:
    given = reading.raw.get(key, [])
    given = given if isinstance(given, list) else [given]
    codes = []
    for position, code in enumerate(given):
        where = f"{key}[{position}]"
        if isinstance(code, WrittenInt):
            reading.problems.append(Problem("unquoted-code", where, {"given": code.written}))
        elif isinstance(code, str):
            codes.append(code)
        else:
            reading.wrong_type(where, code, "expected.text")
    return tuple(codes)


def _composite(reading: Reading, indicators: Sequence[Indicator]) -> dict[str, Any]:
    section = reading.section("composite")
    known = ("treat", "normalize", "aggregate", "coverage_min", "within", "each")
    reading.known(section, known, "composite")
    normalize = section.get("normalize", "rank")
    aggregate = section.get("aggregate", "arithmetic")
    each = read_each(reading, section, indicators)
    treat = section.get("treat")
    within = Literal["city", "municipality"]
    return {
        "treat": treat and reading.method("treatment", treat, "composite.treat"),
        "normalize": reading.method("normalizer", normalize, "composite.normalize"),
        "aggregate": reading.method("aggregator", aggregate, "composite.aggregate"),
        "coverage_min": reading.take(section, "coverage_min", Annotated[float, Gt(0), Le(1)], 0.5),
        "within": reading.take(section, "within", within, "city"),
        "treat_each": frozen(each["treat"]),
        "normalize_each": frozen(each["normalize"]),
    }


def _check_parts(reading: Reading, fields: Mapping[str, Any]) -> None:
    """Refuse what gives no parts from 0 to 1, and to count with the ranks that grades are."""
    own = fields["normalize_each"]
    places = {"composite.normalize": fields["normalize"]}
    listed = fields["doubt"].normalize
    places |= {f"uncertainty.normalize[{i}]": spec for i, spec in enumerate(listed)}
    places |= {f"composite.each.{key}.normalize": spec for key, spec in own.items()}
    for place, spec in places.items():
        if spec.use and not registry.traits("normalizer", spec.use).unit:
            reading.problems.append(Problem("not-a-part", place, {"given": spec.use}))
    for one in fields["indicators"]:
        use = own.get(one.key, fields["normalize"]).use
        if one.unit == "grade" and use not in ("", "rank", "percentile"):
            values = {"given": one.key, "method": use}
            reading.problems.append(Problem("grade-not-ranked", "composite.normalize", values))
    doubt = fields["doubt"]
    if fields["within"] == "municipality" and (doubt.normalize or doubt.treat):
        reading.problems.append(Problem("doubt-within-groups", "uncertainty"))
    if fields["treat_each"] and doubt.treat:
        reading.problems.append(Problem("doubt-of-treatment", "uncertainty.treat"))


def _doubt(reading: Reading) -> DoubtSpec:
    section = reading.section("uncertainty")
    plain = DoubtSpec()
    hints: dict[str, Any] = {
        "draws": Annotated[int, Ge(0), Le(100_000)],
        "weights": Literal["stated", "within", "anywhere"],
        "weights_within": Annotated[float, Gt(0), Le(1)],
        "data": bool,
        "top_share": Annotated[float, Gt(0), Lt(1)],
        "sensitivity": Annotated[int, Ge(0), Le(10_000)],
        "redraws": Annotated[int, Ge(0), Le(10_000)],
    }
    kinds = {"normalize": "normalizer", "aggregate": "aggregator", "treat": "treatment"}
    reading.known(section, (*hints, *kinds), "uncertainty")
    given: dict[str, Any] = {
        key: reading.take(section, key, hint, getattr(plain, key)) for key, hint in hints.items()
    }
    if given["draws"] is not None and 0 < given["draws"] < DRAWS_MIN:
        values = {"given": given["draws"], "expected": f"0, ≥ {DRAWS_MIN}"}
        reading.problems.append(Problem("out-of-range", "uncertainty.draws", values))
    if given["sensitivity"] == 1:
        values = {"given": 1, "expected": "0, ≥ 2"}
        reading.problems.append(Problem("out-of-range", "uncertainty.sensitivity", values))
    for key, kind in kinds.items():
        listed = section.get(key, [])
        listed = listed if isinstance(listed, list) else [listed]
        given[key] = tuple(
            reading.method(kind, one, f"uncertainty.{key}[{position}]")
            for position, one in enumerate(listed)
        )
    if "draws" not in section and _judges_all(reading, given["aggregate"]):
        given["draws"] = 0
    return DoubtSpec(**given)


# They compare each block with all others, or solve for each: hundreds of draws take hours.
_SLOW = ("benefit_of_doubt", "copeland", "promethee")


def _judges_all(reading: Reading, listed: Sequence[MethodSpec]) -> bool:
    """Tell whether an aggregation is too slow to be repeated without being asked to."""

    def uses(held: Any) -> Iterator[str]:
        if isinstance(held, dict):
            given = held.get("aggregate")
            yield str(given.get("use") if isinstance(given, dict) else given)
            for value in held.values():
                yield from uses(value)

    stated = [*uses(reading.raw.get("weights")), *uses(reading.raw.get("composite"))]
    return any(use in _SLOW for use in [*stated, *(spec.use for spec in listed)])


def _publish(reading: Reading) -> PublishSpec:
    """Return the fewest that are told; never fewer people than 3, as the census itself does."""
    section = reading.section("publish")
    plain = PublishSpec()
    hints: dict[str, Any] = {
        "people_min": Annotated[int, Ge(plain.people_min), Le(1000)],
        "incidents_min": Annotated[int, Ge(3), Le(1000)],
    }
    reading.known(section, tuple(hints), "publish")
    given = {key: reading.take(section, key, hint, None) for key, hint in hints.items()}
    return PublishSpec(**{key: value for key, value in given.items() if value is not None})


def _delineation(reading: Reading, seed: int | None) -> MethodSpec:
    given = reading.raw.get("delineation", {})
    given = {"use": "grow", **given} if isinstance(given, dict) else {"use": given}
    if given["use"] in registry.names("delineator"):
        takes_seed = "seed" in registry.settings("delineator", given["use"])
        if takes_seed and "seed" not in given and seed is not None:
            given["seed"] = int(seed)
    return reading.method("delineator", given, "delineation")
