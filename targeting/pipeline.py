"""The steps of a study, in order. Whatever computes belongs in a stage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from targeting.characterization import profile
from targeting.composite import score
from targeting.composite.checks import check_composite
from targeting.composite.doubting import doubt_of, drawn
from targeting.composite.effective import main_effects
from targeting.composite.treating import treated_values
from targeting.composite.uncertainty import Draws
from targeting.composite.weigh import Outcome
from targeting.delineation import street_links
from targeting.delineation.settings import check_settings
from targeting.indicators import measure
from targeting.indicators.access import named_by_source
from targeting.indicators.counting import violence_by_block
from targeting.model import (
    CandidatePolygons,
    IntakeReport,
    Links,
    Result,
    Scores,
    Territory,
    Values,
)
from targeting.problems import Problem, TargetingError
from targeting.registry import method
from targeting.render import check_folder, write_outputs
from targeting.sources import read_territory
from targeting.sources.cache import kept_territory
from targeting.sources.checking import check_inputs
from targeting.study import Study
from targeting.study_file import Draft, draft_study

Tell = Callable[[str], None]


def _silent(step: str) -> None:
    """Say nothing about a step."""


def load(
    path: Path, data: Path | None = None, *, tell: Tell = _silent, cache: Path | None = None
) -> tuple[Study, Territory]:
    """Read a study and every file it names.

    Parameters
    ----------
    path : Path
        Study file.
    data : Path, optional
        Folder its paths start from. Default: the study's own.
    tell : callable
        Gets the name of each step as it starts.
    cache : Path, optional
        Folder where intakes are kept: one of the same bytes and choices is not read again. It
        holds single incidents; nobody else should read it. Default: nothing is kept.

    Returns
    -------
    (Study, Territory)

    Raises
    ------
    TargetingError
        Every mistake in the study *and* in the files it names, in one list.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> from targeting.sample import write_city
    >>> folder = Path(mkdtemp())
    >>> files = write_city(folder, blocks=500)
    >>> study, territory = load(folder / "study.yaml")
    >>> study.title["en"], len(territory.blocks)
    ('Example City (made data)', 500)
    """
    tell("read")
    draft = draft_study(path)
    problems = list(draft.problems)
    territory = None
    if draft.layers:
        try:
            territory, kept = _territory(draft, data or path.parent, cache)
            if kept:
                tell("kept")
        except TargetingError as error:
            problems += _untold(error, problems)
    problems += _contradictions(draft)
    if problems or draft.study is None or territory is None:
        raise TargetingError(problems or [Problem("missing-key", "inputs.blocks")])
    return draft.study, territory


def check(
    path: Path, data: Path | None = None, *, tell: Tell = _silent
) -> tuple[Study, IntakeReport]:
    """Look at a study, the heads of its files and the keys that join them: seconds on any city.

    Parameters
    ----------
    path : Path
        Study file.
    data : Path, optional
        Folder its paths start from. Default: the study's own.
    tell : callable
        Gets the name of each step as it starts.

    Returns
    -------
    (Study, IntakeReport)
        What is not joined by key was looked at only, so its rows are not counted.

    Raises
    ------
    TargetingError
        Every mistake that shows there, in one list.
    """
    tell("look")
    draft = draft_study(path)
    problems = list(draft.problems)
    report = IntakeReport()
    if draft.layers:
        known = draft.understood
        try:
            report = check_inputs(
                draft.layers,
                data or path.parent,
                population=known.get("population"),
                municipalities=known.get("municipalities", ()),
                match_min=known.get("match_min", 0.0),
                census_columns=None if draft.study is None else _census_columns(draft.study),
            )
        except TargetingError as error:
            problems += _untold(error, problems)
    problems += _contradictions(draft)
    if problems or draft.study is None:
        raise TargetingError(problems or [Problem("missing-key", "inputs.blocks")])
    return draft.study, report


def check_whole(
    path: Path, data: Path | None = None, *, tell: Tell = _silent, cache: Path | None = None
) -> tuple[Study, Territory]:
    """Read a study and its files, and measure its indicators: all that can be wrong, told.

    Parameters
    ----------
    path : Path
        Study file.
    data : Path, optional
        Folder its paths start from. Default: the study's own.
    tell : callable
        Gets the name of each step as it starts.
    cache : Path, optional
        As for `load`.

    Returns
    -------
    (Study, Territory)

    Raises
    ------
    TargetingError
        Every mistake, in one list.
    """
    study, territory = load(path, data, tell=tell, cache=cache)
    tell("measure")
    measure(territory, study.indicators)
    return study, territory


def _untold(error: TargetingError, problems: list[Problem]) -> list[Problem]:
    """Return the problems of the files that the draft has not told; it tells of absent blocks."""
    told = [*problems, Problem("missing-key", "inputs.blocks")]
    return [problem for problem in error.problems if problem not in told]


def _contradictions(draft: Draft) -> tuple[Problem, ...]:
    """Return what the settings of the delineation say against each other."""
    if "delineation" not in draft.understood:
        return ()
    try:
        check_settings(**draft.understood["delineation"].settings)
    except TargetingError as error:
        return error.problems
    return ()


def _territory(draft: Draft, folder: Path, cache: Path | None) -> tuple[Territory, bool]:
    """Read the files, held to what could be understood of the study; tell if they were kept."""
    known = draft.understood
    settings = dict(
        population=known.get("population"),
        crs=known.get("crs"),
        municipalities=known.get("municipalities", ()),
        match_min=known.get("match_min", 0.0),
        tolerance_m=known.get("place_within_m", 50.0),
        unplaced_max=known.get("unplaced_max", 1.0),
        census_columns=None if draft.study is None else _census_columns(draft.study),
    )
    if cache is None:
        return read_territory(draft.layers, folder, **settings), False
    return kept_territory(draft.layers, folder, cache, **settings)


def _census_columns(study: Study) -> tuple[str, ...]:
    """Name the census columns the study's indicators read: the others need not be kept."""
    columns: set[str] = set()
    for indicator in study.indicators:
        for setting in ("numerator", "denominator"):
            columns.update(indicator.settings.get(setting, ()))
    return tuple(sorted(columns))


def carry_out(study: Study, territory: Territory, *, tell: Tell = _silent) -> Result:
    """Compute a study over its territory.

    Parameters
    ----------
    study : Study
        Every choice.
    territory : Territory
        Every input.
    tell : callable
        Gets the name of each step as it starts.

    Returns
    -------
    Result

    Raises
    ------
    TargetingError
        What the inputs cannot carry.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> from targeting.sample import write_city
    >>> folder = Path(mkdtemp())
    >>> files = write_city(folder, blocks=500)
    >>> result = carry_out(*load(folder / "study.yaml"))
    >>> bool(result.polygons.reasons["code"].notna().all())
    True
    """
    tell("measure")
    values = measure(territory, study.indicators)
    tell("score")
    scores, ready = scored(study, territory, values)
    people = territory.blocks["population"]
    found = check_composite(values, study.indicators, study.weights, scores, people)
    effects = main_effects(scores.parts, scores.score, scores.weights)
    draws = _draws(study, territory, ready, scores, tell)
    tell("link")
    links = neighbors(study, territory)
    tell("delineate")
    polygons = delineated(study, territory, scores, links)
    doubt = None
    if draws is not None:
        tell("doubt")
        doubt = doubt_of(draws, study.doubt, labels=polygons.membership)
    tell("characterize")
    profiles = profile(territory, study.indicators, values, scores, polygons)
    years = {one.source: one.year for one in study.layers if one.slot == "facilities"}
    indicators = named_by_source(study.indicators, territory.facilities, years)
    return Result(
        study,
        territory,
        indicators,
        values,
        scores,
        polygons,
        profiles,
        doubt=doubt,
        findings=found,
        effects=effects,
    )


def neighbors(study: Study, territory: Territory) -> Links:
    """Return which blocks of a territory are neighbors, as the study says."""
    barriers = None if territory.barriers is None else territory.barriers.geometry
    return street_links(territory.blocks.geometry, barriers, **study.streets)


def delineated(
    study: Study, territory: Territory, scores: Scores, links: Links
) -> CandidatePolygons:
    """Return the polygons of a study, drawn by the method and the settings it states."""
    delineate = method("delineator", study.delineation.use)
    found: CandidatePolygons = delineate(
        territory.blocks, scores.score, links, **study.delineation.settings
    )
    return found


def score_settings(study: Study, territory: Territory) -> dict[str, Any]:
    """Return what `composite.score` is told beside values, indicators and weights."""
    within = territory.blocks["municipality_id"] if study.within == "municipality" else None
    return {
        "normalize": study.normalize,
        "aggregate": study.aggregate,
        "coverage_min": study.coverage_min,
        "normalize_each": study.normalize_each,
        "groups": within,
        "outcome": _outcome(study, territory),
    }


def scored(study: Study, territory: Territory, values: Values) -> tuple[Scores, Values]:
    """Return the scores, and the values they are made of: treated where the study says so.

    Parameters
    ----------
    study : Study
        Every choice.
    territory : Territory
        Of the blocks.
    values : Values
        As measured.
    """
    ready, treated = treated_values(values, study.treat, study.treat_each)
    told = score_settings(study, territory)
    scores = score(ready, study.indicators, study.weights, **told)
    # What each draw treats anew is not treated twice.
    again = study.treat is not None and not study.treat_each and study.within == "city"
    return replace(scores, treated=treated), values if again else ready


def _outcome(study: Study, territory: Territory) -> Outcome | None:
    """Return what weights can be learned from, where the study learns any."""
    uses = {node.weigh.use for node in study.weights.nodes() if node.weigh is not None}
    counts = violence_by_block(territory) if "regression" in uses else None
    if counts is None:
        return None
    centers = territory.blocks.geometry.centroid
    people = territory.blocks["population"].to_numpy(float)
    return Outcome(counts, people, centers.x.to_numpy(), centers.y.to_numpy())


def _draws(
    study: Study, territory: Territory, values: Values, scores: Scores, tell: Tell
) -> Draws | None:
    if not study.doubt.draws:
        return None
    tell("draw")
    return drawn(
        values,
        study.indicators,
        scores,
        study.doubt,
        seed=study.seed,
        normalize=study.normalize,
        aggregate=study.aggregate,
        coverage_min=study.coverage_min,
        treat=None if study.treat_each else study.treat,
        normalize_each=study.normalize_each,
        grouped=study.within == "municipality",
        areas=territory.blocks["area_id"],
    )


def run(
    path: Path,
    out: Path,
    data: Path | None = None,
    *,
    tell: Tell = _silent,
    cache: Path | None = None,
) -> tuple[Result, list[Path]]:
    """Carry out a study file and write its maps and tables.

    Parameters
    ----------
    path : Path
        Study file.
    out : Path
        Folder for the outputs; made when it does not exist.
    data : Path, optional
        Folder the study's paths start from. Default: the study's own.
    tell : callable
        Gets the name of each step as it starts.
    cache : Path, optional
        As for `load`.

    Returns
    -------
    (Result, list of Path)
        What was computed, and the files written.

    Raises
    ------
    TargetingError
        Every mistake, in one list. Then nothing has been written.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> from targeting.sample import write_city
    >>> folder = Path(mkdtemp())
    >>> files = write_city(folder, blocks=500)
    >>> result, written = run(folder / "study.yaml", folder / "results")
    >>> sorted(file.name for file in written)[:2]
    ['blocks.parquet', 'doubt.csv']
    """
    unwritable = check_folder(out)
    if unwritable:
        raise TargetingError(unwritable)
    study, territory = load(path, data, tell=tell, cache=cache)
    result = carry_out(study, territory, tell=tell)
    tell("write")
    return result, write_outputs(result, out)
