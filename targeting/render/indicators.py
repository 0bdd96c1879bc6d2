"""What each indicator weighs and what it decides, and what deserves a look before trusting it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from targeting.i18n import LANGUAGES, say
from targeting.model import Result
from targeting.render.safe import safe_text


def indicator_table(result: Result) -> pd.DataFrame:
    """Return what each indicator is, weighs and decides.

    Parameters
    ----------
    result : Result
        A study carried out.

    Returns
    -------
    DataFrame
        `indicator`, `name_es`, `name_en`, `dimension`, `unit`, `worse`, `source`, `year`, `origin`
        (measured in the block, or handed down from its area, …), `weight` (of the whole, 0 to 1)
        and `decides`: its share of what all indicators explain of the differences between blocks
        (main effects), to 0.01.
    """
    shares = result.effects.get("share", pd.Series(dtype=float))
    rows = []
    for one in result.indicators:
        share = float(shares.get(one.key, np.nan))
        rows.append(
            {
                "indicator": one.key,
                **{f"name_{lang}": safe_text(one.names[lang]) for lang in LANGUAGES},
                "dimension": one.dimension,
                "unit": one.unit,
                "worse": one.worse,
                "source": safe_text(one.source),
                "year": safe_text(one.year),
                "origin": result.values.origin[one.key],
                "weight": round(float(result.scores.weights[one.key]), 4),
                "decides": round(share, 2),
            }
        )
    return pd.DataFrame(rows)


def finding_lines(result: Result, language: str, *, notes: bool = False) -> list[str]:
    """Return what a planner should look at before trusting the score, the serious first.

    Parameters
    ----------
    result : Result
        A study carried out.
    language : str
        `"es"` or `"en"`.
    notes : bool
        Also what only informs.

    Returns
    -------
    list of str
        A heading and a line a finding; empty where there is none.
    """
    names = {one.key: one.names[language] for one in result.indicators}
    names |= {str(key): _dimension(str(key), language) for key in result.scores.dimensions}
    told = [
        say(one.key, language, **one.told(names))
        for one in result.findings
        if notes or one.severity != "note"
    ]
    if not told:
        return []
    return [say("checks.heading", language), *(f"  · {line}" for line in told)]


def _dimension(key: str, language: str) -> str:
    return say(f"page.dimension.{key}", language)
