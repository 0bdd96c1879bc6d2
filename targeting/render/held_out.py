"""How well a plan holds what happens after it was made: in a table, on the page, in sentences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from targeting.i18n import LANGUAGES, catalogue, say
from targeting.model import HeldOut, Result
from targeting.render import public

CHOSEN = "chosen"
_SHARES = ("hit_share", "size_share", "efficiency", "percentile")
_TIMES = ("accuracy", "chance_mean", "chance_low", "chance_high")


def hold_out_table(result: Result) -> pd.DataFrame:
    """Return how each plan made without the latest incidents holds them.

    Parameters
    ----------
    result : Result
        A study carried out.

    Returns
    -------
    DataFrame
        `plan` (`chosen` is the study's own method), `plan_es`, `plan_en`, `start` and `last` (the
        days held out), `incidents` (all of them), `hit_share` (those inside), `people_share`,
        `accuracy` (the first over the second), `efficiency` (beside the most that blocks with as
        many people hold), `chance_mean`, `chance_low` and `chance_high` (accuracy of polygons of
        chance: mean, 5 and 95 %), `percentile` (of chance that holds less) and `p`. To 0.01; empty
        for a plan of fewer than 1,000 people, or that holds, or leaves out, fewer incidents than
        may be told.
    """
    names = [f"plan_{language}" for language in LANGUAGES]
    columns = ["plan", *names, "start", "last", "incidents", "hit_share", "people_share"]
    columns += ["accuracy", "efficiency", *_TIMES[1:], "percentile", "p"]
    held = result.hold_out
    if held is None:
        return pd.DataFrame(columns=columns)
    table = held.plans.reset_index()
    for language in LANGUAGES:
        table[f"plan_{language}"] = [plan_name(held, one, language) for one in table["plan"]]
    figures = [*_SHARES, *_TIMES, "p"]
    inside = table["hit_share"].to_numpy(float) * _incidents(held)
    few = table["size"] < public.VIOLENCE_PEOPLE_FLOOR
    least = result.study.publish.incidents_min
    few |= (inside + 1e-9 < least) | (_incidents(held) - inside + 1e-9 < least)
    table["p"] = [public.coarse_p(one) for one in table["p"]]
    table[figures] = table[figures].astype(float).round(2).mask(few)
    table = table.assign(start=held.spec.start, last=held.last, incidents=_incidents(held))
    return table.rename(columns={"size_share": "people_share"})[columns]


def plan_name(held: HeldOut, plan: str, language: str) -> str:
    """Return the name of a plan: the study's own, or the method it was made by."""
    if plan == CHOSEN:
        return say("hold_out.plan.chosen", language)
    key = f"page.method.{held.spec.against[plan].use}"
    return f"{catalogue(language)[key]} ({plan})" if key in catalogue(language) else plan


def hold_out_record(result: Result) -> dict[str, Any] | None:
    """Return the same for the page; None where nothing is held out.

    Parameters
    ----------
    result : Result
        A study carried out.
    """
    held = result.hold_out
    if held is None:
        return None
    table = hold_out_table(result)
    plans = [
        {
            "names": {language: row[f"plan_{language}"] for language in LANGUAGES},
            **{name: _told(row[name]) for name in ("hit_share", "people_share", *_TIMES)},
        }
        for row in table.to_dict("records")
    ]
    return {
        "start": held.spec.start,
        "last": held.last,
        "incidents": _incidents(held),
        "lost": int(sum(loss.count for loss in held.losses if loss.reason != "hold-out-period")),
        "plans": plans,
    }


def hold_out_lines(result: Result, language: str) -> list[str]:
    """Return the same in a few lines for the terminal.

    Parameters
    ----------
    result : Result
        A study carried out.
    language : str
        `"es"` or `"en"`.
    """
    held = hold_out_record(result)
    if held is None:
        return []
    days = {"start": held["start"], "last": held["last"], "incidents": held["incidents"]}
    own, *others = held["plans"]
    if own["accuracy"] is None:
        return [say("hold_out.line_none", language, **days)]
    lines = [say("hold_out.line", language, **days, **_values(own))]
    for plan in others:
        key = "hold_out.line_other" if plan["accuracy"] is not None else "hold_out.line_other_none"
        lines.append("  " + say(key, language, plan=plan["names"][language], **_values(plan)))
    return lines


def _values(plan: dict[str, Any]) -> dict[str, float]:
    ends = {name: plan[f"chance_{name}"] for name in ("low", "high")}
    told = {name: np.nan if value is None else value for name, value in ends.items()}
    return told | {
        "hits": plan["hit_share"],
        "people": plan["people_share"],
        "accuracy": plan["accuracy"],
    }


def _incidents(held: HeldOut) -> int:
    return int(held.notes.get("incidents", 0))


def _told(value: Any) -> float | None:
    return None if not np.isfinite(value) else float(value)
