"""What `targeting explain`, `compare` and `judge` do with the files they are given."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from targeting.explaining.accounts import block_accounts, refuse_unknown
from targeting.explaining.comparing import compare_results
from targeting.explaining.judging import judge_plan, judgment_lines
from targeting.explaining.plan_changes import plan_changes
from targeting.explaining.wording import account_lines, comparison_lines
from targeting.i18n import say
from targeting.model import Result
from targeting.pipeline import carry_out, load, neighbors
from targeting.problems import Problem, TargetingError
from targeting.sources.account import located
from targeting.sources.drawn import read_plan
from targeting.study import Study

Tell = Callable[[str], None]


def explain_file(
    path: Path,
    blocks: Sequence[str],
    *,
    language: str,
    tell: Tell,
    data: Path | None = None,
    cache: Path | None = None,
    baseline: Any = "zero",
    top: float | None = None,
    as_json: bool = False,
) -> str:
    """Return the accounts of some blocks of a study, in words or as JSON.

    Parameters
    ----------
    path : Path
        Study file.
    blocks : sequence of str
        Ids.
    language : str
        `"es"` or `"en"`.
    tell : callable
        Gets the name of each step as it starts.
    data, cache : Path, optional
        As for `pipeline.load`.
    baseline, top
        As for `block_accounts`.
    as_json : bool
        The record in place of the words.

    Returns
    -------
    str

    Raises
    ------
    TargetingError
        Every mistake of the study, or `no-such-block`.
    """
    _check_top(top)
    study, territory = load(path, data, tell=tell, cache=cache)
    refuse_unknown(territory.blocks.index, blocks)
    once = replace(study.doubt, redraws=0)
    lean = replace(study, hotspots=(), hold_out=None, doubt=once)
    result = carry_out(lean, territory, tell=tell)
    tell("explain")
    records = block_accounts(result, blocks, baseline=baseline, top=top)
    about = {"title": dict(result.study.title), "made": result.study.made, "internal": True}
    if as_json:
        return _json({**about, "line_top": top, "blocks": records})
    return "\n".join(account_lines(result, records, language, top=top))


def compare_files(
    before: Path,
    after: Path,
    *,
    language: str,
    tell: Tell,
    cache: Path | None = None,
    top: float = 0.1,
    as_json: bool = False,
) -> str:
    """Return what differs between the results of two studies, in words or as JSON.

    Parameters
    ----------
    before, after : Path
        Study files.
    language : str
        `"es"` or `"en"`.
    tell : callable
        Gets the name of each step as it starts.
    cache : Path, optional
        As for `pipeline.load`.
    top : float
        Share of the blocks that are the top.
    as_json : bool
        The record in place of the words.

    Returns
    -------
    str

    Raises
    ------
    TargetingError
        Every mistake of a study.
    """
    _check_top(top)
    first, second = (_carried_out(path, tell, cache) for path in (before, after))
    tell("compare")
    record = compare_results(first, second, top=top, names=(str(before), str(after)))
    record["plan"] = plan_changes(first, second, tell=tell)
    if as_json:
        return _json({"internal": True, **record})
    return "\n".join(comparison_lines(record, language))


def judge_file(
    path: Path,
    plan: Path,
    *,
    language: str,
    tell: Tell,
    layer: str | None = None,
    data: Path | None = None,
    cache: Path | None = None,
    as_json: bool = False,
) -> str:
    """Return what a plan made by hand is worth in a study, in words or as JSON.

    Parameters
    ----------
    path : Path
        Study file.
    plan : Path
        Polygons drawn, or a table of block and polygon.
    language : str
        `"es"` or `"en"`.
    tell : callable
        Gets the name of each step as it starts.
    layer : str, optional
        Layer of a plan that has several.
    data, cache : Path, optional
        As for `pipeline.load`.
    as_json : bool
        The record in place of the words.

    Returns
    -------
    str

    Raises
    ------
    TargetingError
        Every mistake of the study, or of the plan.
    """
    study, territory = load(path, data, tell=tell, cache=cache)
    try:
        drawn = read_plan(plan, territory.blocks, layer=layer)
    except TargetingError as error:
        raise TargetingError(located(error, "--plan")) from error
    study = _polygons_only(study)
    result = carry_out(study, territory, tell=tell)
    tell("judge")
    record = judge_plan(result, neighbors(study, territory), drawn, name=plan.name)
    if as_json:
        return _json({"internal": True, **record})
    return "\n".join(judgment_lines(record, language))


def hand_over(text: str, out: Path | None, language: str) -> str:
    """Return what goes to the screen: the text, or the word that it is in a file now.

    Parameters
    ----------
    text : str
        What was asked for.
    out : Path or None
        File to write; its folder must be there.
    language : str
        `"es"` or `"en"`.

    Returns
    -------
    str
    """
    if out is None:
        return text
    out.write_text(text + "\n", encoding="utf-8", newline="\n")
    return say("account.written", language, file=out)


def _carried_out(path: Path, tell: Tell, cache: Path | None) -> Result:
    """Carry out a study, its doubt left aside: nothing of it is compared."""
    study, territory = load(path, tell=tell, cache=cache)
    return carry_out(_polygons_only(study), territory, tell=tell)


def _polygons_only(study: Study) -> Study:
    """Return a study without what is told beside its polygons."""
    doubt = replace(study.doubt, draws=0, redraws=0)
    return replace(study, doubt=doubt, hotspots=(), hold_out=None)


def _check_top(top: float | None) -> None:
    if top is not None and not 0 < top < 1:
        values = {"given": top, "expected": "> 0, < 1"}
        raise TargetingError([Problem("out-of-range", "--top", values)])


def _json(record: dict[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False, indent=2, sort_keys=False, allow_nan=False)
