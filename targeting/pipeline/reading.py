"""A study and its files, read whole or looked at: every mistake told at once."""

from __future__ import annotations

from pathlib import Path

from targeting.collecting import collected_seldom
from targeting.delineation.settings import check_settings
from targeting.indicators import measure
from targeting.model import (
    IntakeReport,
    Territory,
)
from targeting.pipeline.holding_out import hold_out_problems
from targeting.pipeline.telling import Tell, silent
from targeting.problems import Problem, TargetingError
from targeting.sources import read_territory
from targeting.sources.cache import kept_territory
from targeting.sources.checking import check_inputs
from targeting.study import Study
from targeting.study_file import Draft, draft_study


@collected_seldom()
def load(
    path: Path, data: Path | None = None, *, tell: Tell = silent, cache: Path | None = None
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
    asked = draft.understood.get("hold_out")
    if asked is not None and territory is not None:
        problems += hold_out_problems(asked, territory)
    if problems or draft.study is None or territory is None:
        raise TargetingError(problems or [Problem("missing-key", "inputs.blocks")])
    return draft.study, territory


@collected_seldom()
def check(
    path: Path, data: Path | None = None, *, tell: Tell = silent
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


@collected_seldom()
def check_whole(
    path: Path, data: Path | None = None, *, tell: Tell = silent, cache: Path | None = None
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
