"""A plan made without the latest incidents, held to them: whether it holds what happens next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from targeting.delineation.plans import predictive_accuracy, split_by_date
from targeting.indicators import measure
from targeting.indicators.counting import blocks_covered
from targeting.indicators.spans import covered_between, longest_span
from targeting.model import HeldOut, HoldOutSpec, Links, Loss, Scores, Territory
from targeting.pipeline.delineating import delineated
from targeting.pipeline.scoring import scored
from targeting.pipeline.testing import kinds_counted, shared_out
from targeting.problems import Problem, TargetingError
from targeting.study import Study

_DAY = pd.Timedelta(days=1)
# Lengths that differ by less are the same: the files' own years are compared as coarsely.
_SAME = 0.02
_WHERE = "hold_out"


def held_out(study: Study, territory: Territory, links: Links) -> HeldOut | None:
    """Make the plan of a study again from the incidents before a day, and hold it to the rest.

    What is measured, scored and delineated again knows nothing of that day or any later one: the
    incidents from then on, those without a date and those known only for a coarser place (which
    have none) are left out, and the years and days the sources cover end the day before. Weights
    that a study learns from incidents are learned anew. Everything else is the study's.

    Parameters
    ----------
    study : Study
        Every choice; nothing is done where it holds nothing out.
    territory : Territory
        With all incidents.
    links : Links
        Which blocks are neighbors.

    Returns
    -------
    HeldOut or None

    Raises
    ------
    TargetingError
        What the incidents before the day cannot carry, or `hold_out_problems`.
    """
    spec = study.hold_out
    if spec is None:
        return None
    problems = hold_out_problems(spec, territory)
    if problems:
        raise TargetingError(problems)
    day = pd.Timestamp(spec.start)
    kinds = kinds_counted(territory, spec.kinds)
    before = cut_before(territory, day)
    try:
        scores = scored(study, before, measure(before, study.indicators))[0]
        chosen = delineated(study, before, scores, links).membership
        others = {
            name: _membership(study, before, scores, links, use)
            for name, use in spec.against.items()
        }
    except TargetingError as error:
        told = [replace(one, where=f"{_WHERE} ({one.where})") for one in error.problems]
        raise TargetingError(told) from error
    points = territory.incidents
    assert points is not None
    known, last = _looked_at(territory, kinds, day)
    index = territory.blocks.index
    covered = pd.Series(known, index=index)
    split = split_by_date(points, day, index, kinds=kinds, last=last, covered=covered)
    people = territory.blocks["population"]
    found = predictive_accuracy(
        chosen, split.after, people, links, others=others, draws=spec.draws, seed=study.seed
    )
    losses = (*split.losses, *_without_place(territory, kinds))
    shown_last = str(last.date())
    return HeldOut(spec, found.outcome, found.plans, shown_last, losses, found.notes)


def hold_out_problems(spec: HoldOutSpec, territory: Territory) -> list[Problem]:
    """Tell what keeps incidents from being held out: none, none with a date, none on a side.

    Parameters
    ----------
    spec : HoldOutSpec
        What the study asks for.
    territory : Territory
        With its incidents.
    """
    points = territory.incidents
    kinds = kinds_counted(territory, spec.kinds)
    chosen = None if points is None else points[points["kind"].isin(kinds)]
    if chosen is None or chosen.empty:
        return [Problem("hold-out-no-incidents", _WHERE, {"given": ", ".join(kinds) or "–"})]
    days = pd.DatetimeIndex(chosen["date"].dropna() if "date" in chosen else [])
    if days.empty:
        return [Problem("hold-out-no-dates", _WHERE)]
    later = days >= pd.Timestamp(spec.start)
    if later.all() or not later.any():
        first, last = (str(day.date()) for day in (days.min(), days.max()))
        values = {"given": spec.start, "first": first, "last": last}
        return [Problem("hold-out-one-side", f"{_WHERE}.from", values)]
    return []


def cut_before(territory: Territory, day: pd.Timestamp) -> Territory:
    """Return a territory whose sources of incidents know nothing of a day or any later one.

    Parameters
    ----------
    territory : Territory
        With dated incidents.
    day : Timestamp
        First day left out. Incidents without a date, and those known only for a coarser place,
        are left out too; where such incidents were shared out nobody is taken to look.

    Returns
    -------
    Territory
    """
    points = territory.incidents
    assert points is not None
    changes: dict[str, Any] = {"incidents": points[points["date"] < day], "incident_counts": None}
    changes |= _coverage_of_points(territory)
    spans = territory.incident_spans
    if spans is not None:
        kept = spans[spans["start"] < day]
        last = kept["end"].where(kept["end"] < day, day - _DAY)
        changes["incident_spans"] = kept.assign(end=last).reset_index(drop=True)
    if territory.incident_years:
        changes["incident_years"] = _years_before(territory, day)
    return replace(territory, **changes)


def _coverage_of_points(territory: Territory) -> dict[str, Any]:
    """Return where points are looked for: not where incidents were shared out instead."""
    shared, by_kind = territory.incident_counts, territory.incident_kind_coverage
    if shared is None or shared.empty:
        return {}
    index = territory.blocks.index
    kinds = sorted(str(kind) for kind in shared["kind"].unique())
    if by_kind is not None:
        known = by_kind.copy()
        for kind in known.columns.intersection(kinds):
            known[kind] &= ~shared_out(territory, (str(kind),))
        return {"incident_kind_coverage": known}
    whole = blocks_covered(territory, ()) & ~shared_out(territory, tuple(kinds))
    return {"incident_coverage": pd.Series(whole, index=index)}


def _years_before(territory: Territory, day: pd.Timestamp) -> float | None:
    """Return the years the incidents before a day stand for; None where sources do not agree."""
    assert territory.incident_years is not None
    spans = _spans(territory)
    start, end = (spans[name].to_numpy("datetime64[D]") for name in ("start", "end"))
    whole = (end - start).astype(float) + 1.0
    left = np.minimum(end, day.to_datetime64().astype("datetime64[D]") - 1) - start
    days = pd.DataFrame({"whole": whole, "left": np.maximum(left.astype(float) + 1.0, 0.0)})
    # Several files of one kind and place follow each other: their days add up.
    of_each = [spans[name].fillna("").to_numpy() for name in ("kind", "municipality_id")]
    sums = days.groupby(of_each).sum()
    parts = (sums["left"] / sums["whole"]).to_numpy(float)
    if not len(parts) or parts.max() - parts.min() > _SAME or parts.min() <= 0:
        return None
    return round(territory.incident_years * float(parts.mean()), 6)


def _spans(territory: Territory) -> pd.DataFrame:
    """Return the days the sources cover; of those that do not say, from first to last incident."""
    if territory.incident_spans is not None:
        return territory.incident_spans
    assert territory.incidents is not None
    days = territory.incidents["date"].dropna().dt.normalize()
    return pd.DataFrame(
        {"kind": [""], "municipality_id": [""], "start": [days.min()], "end": [days.max()]}
    )


def _looked_at(
    territory: Territory, kinds: tuple[str, ...], day: pd.Timestamp
) -> tuple[np.ndarray, pd.Timestamp]:
    """Return where sources look from a day on, and up to which day they all do."""
    points = territory.incidents
    assert points is not None
    last = points["date"].max().normalize()
    known = blocks_covered(territory, kinds) & ~shared_out(territory, kinds)
    together = longest_span(territory, kinds)
    if together is not None and together[1] >= day:
        last = together[1]
    later = covered_between(territory, kinds, day, last)
    return (known & later if later.any() else known), last


def _membership(
    study: Study, before: Territory, scores: Scores, links: Links, use: Any
) -> pd.Series[int]:
    return delineated(replace(study, delineation=use), before, scores, links).membership


def _without_place(territory: Territory, kinds: Sequence[str]) -> tuple[Loss, ...]:
    """Return the incidents known only for a coarser place: they have no day."""
    shared = territory.incident_counts
    if shared is None:
        return ()
    count = round(float(shared.loc[shared["kind"].isin(kinds), "count"].sum()))
    return (Loss("incidents", "hold-out-shared", count, count),) if count else ()
