"""The steps of a study, in order. Whatever computes belongs in a stage."""

from __future__ import annotations

from pathlib import Path

from targeting import compiled
from targeting.characterization import profile
from targeting.collecting import collected_seldom
from targeting.composite.checks import check_composite
from targeting.composite.doubting import doubt_of
from targeting.composite.effective import main_effects
from targeting.indicators import measure
from targeting.indicators.access import named_by_source
from targeting.model import (
    Result,
    SpotTest,
    Territory,
)
from targeting.pipeline.delineating import delineated, named, neighbors, settled
from targeting.pipeline.holding_out import held_out
from targeting.pipeline.reading import load
from targeting.pipeline.scoring import draws_of_study, scored
from targeting.pipeline.storing import stored
from targeting.pipeline.telling import Tell, silent
from targeting.pipeline.testing import hotspots_of
from targeting.problems import TargetingError
from targeting.render import check_folder, write_outputs
from targeting.study import Study


@collected_seldom()
def carry_out(study: Study, territory: Territory, *, tell: Tell = silent) -> Result:
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
    with compiled.compiling_told(lambda: tell("compile")):
        return _carried_out(study, territory, tell)


def _carried_out(study: Study, territory: Territory, tell: Tell) -> Result:
    tell("measure")
    values = measure(territory, study.indicators)
    tell("score")
    scores, ready = scored(study, territory, values)
    people = territory.blocks["population"]
    found = check_composite(values, study.indicators, study.weights, scores, people)
    effects = main_effects(scores.parts, scores.score, scores.weights)
    draws = draws_of_study(study, territory, ready, scores, tell)
    tell("link")
    links = neighbors(study, territory)
    tell("delineate")
    polygons = delineated(study, territory, scores, links)
    sure = settled(study, territory, scores, links, polygons.membership, draws, tell)
    plans = stored(study, territory, scores, links, polygons.membership, tell)
    spots: tuple[SpotTest, ...] = ()
    if study.hotspots:
        tell("spots")
        spots = hotspots_of(study, territory, values, scores, links)
    later = None
    if study.hold_out is not None:
        tell("hold-out")
        later = held_out(study, territory, links)
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
        links=links,
        stability=sure,
        hotspots=spots,
        hold_out=later,
        names=named(study, territory, polygons),
        plans=plans,
    )


@collected_seldom()
def run(
    path: Path,
    out: Path,
    data: Path | None = None,
    *,
    tell: Tell = silent,
    cache: Path | None = None,
    internal: bool = False,
    phone: bool = False,
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
    internal : bool
        Also write the page and the tables with exact values, for the office.
    phone : bool
        Also write `phone.html`, a light page for phones and slow lines.

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
    >>> [file.name for file in written][:2]
    ['index.html', 'targeting.gpkg']
    """
    unwritable = check_folder(out)
    if unwritable:
        raise TargetingError(unwritable)
    study, territory = load(path, data, tell=tell, cache=cache)
    result = carry_out(study, territory, tell=tell)
    tell("write")
    return result, write_outputs(result, out, internal=internal, phone=phone)
