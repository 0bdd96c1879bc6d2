"""How good the plan is, proven, and how sure: in columns, in a table, on the page, in sentences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from targeting.i18n import LANGUAGES, say
from targeting.model import Result
from targeting.render.public import Grain

# As coarse as the doubt of the ranking, and for the same reason.
_GRAIN = Grain(2, 5)
SURE_BREAKS = [5, 50, 90]


def sure_columns(result: Result) -> dict[str, np.ndarray]:
    """Return what the reruns say of each block, coarsened to 0.05.

    Parameters
    ----------
    result : Result
        A study carried out.

    Returns
    -------
    dict of ndarray
        `in_share` (share of the reruns with the block in a polygon), `band` (`core`, `contested`,
        `never`) and `steadiest_polygon` (its polygon in the plan of least regret, 0 for none).
        Nothing where the study reruns none.
    """
    held = result.stability
    if held is None:
        return {}
    return {
        "in_share": _GRAIN.round(held.blocks["in_share"].to_numpy(float)),
        "band": held.blocks["band"].to_numpy(object),
        "steadiest_polygon": held.steadiest.to_numpy(np.int64),
    }


def polygon_sureness(result: Result) -> pd.DataFrame:
    """Return how often each polygon comes back; without rows where nothing was rerun."""
    if result.stability is None:
        return pd.DataFrame(columns=["found_share", "kept_share", "core_share"])
    return result.stability.polygons.round(2)


def rerun_table(result: Result) -> pd.DataFrame:
    """Return every rerun of the delineation: what differed, and what it came to.

    Parameters
    ----------
    result : Result
        A study carried out.

    Returns
    -------
    DataFrame
        `kind`, `kind_es`, `kind_en`, `value`, `polygons`, `same_people_share`, `regret`, to 0.001.
    """
    names = [f"kind_{language}" for language in LANGUAGES]
    columns = ["kind", *names, "value", "polygons", "same_people_share", "regret"]
    if result.stability is None:
        return pd.DataFrame(columns=columns)
    table = result.stability.reruns.copy()
    for language in LANGUAGES:
        table[f"kind_{language}"] = [say(f"rerun.{kind}", language) for kind in table["kind"]]
    for name in ("same_people_share", "regret"):
        table[name] = np.round(table[name].to_numpy(float), 3)
    return table[columns]


def plan_record(result: Result) -> dict[str, Any]:
    """Return how good and how sure the plan is, for the page.

    Parameters
    ----------
    result : Result
        A study carried out.

    Returns
    -------
    dict
        `gap` (share, or None where the method proves none), `proven` (nothing better exists),
        `reruns`, `core_share` (of the people in polygons), `regret`, `least_regret`.
    """
    notes = result.polygons.notes
    gap = notes.get("gap_share")
    record: dict[str, Any] = {
        "gap": None if gap is None else round(float(gap), 4),
        "proven": bool(notes.get("proven", False)),
        "reruns": 0,
    }
    held = result.stability
    if held is None or held.reruns.empty:
        return record
    people = result.territory.blocks["population"].fillna(0.0).to_numpy(float)
    inside = result.polygons.membership.to_numpy() > 0
    core = (held.blocks["band"] == "core").to_numpy()
    total = float(people[inside].sum())
    return record | {
        "reruns": len(held.reruns),
        "core_share": round(float(people[inside & core].sum()) / total, 2) if total else 0.0,
        "same_share": round(float(held.reruns["same_people_share"].mean()), 2),
        "regret": _share(held.notes.get("own_regret_max")),
        "least_regret": _share(held.notes.get("least_regret_max")),
    }


def _share(value: Any) -> float | None:
    return None if value is None or not np.isfinite(value) else round(float(value), 3)


def plan_lines(result: Result, language: str) -> list[str]:
    """Return how good and how sure the plan is, in a few lines for the terminal.

    Parameters
    ----------
    result : Result
        A study carried out.
    language : str
        `"es"` or `"en"`.
    """
    record = plan_record(result)
    if result.polygons.polygons.empty:
        return []
    lines = []
    if record["proven"]:
        lines.append(say("plan.proven", language))
    elif record["gap"] is not None:
        lines.append(say("plan.gap", language, share=np.floor((1 - record["gap"]) * 1000) / 1000))
    if record["reruns"]:
        lines.append(
            say(
                "plan.reruns",
                language,
                count=record["reruns"],
                same=record["same_share"],
                core=record["core_share"],
            )
        )
    return lines
