"""How sure the ranking is, in columns, in a table and in sentences."""

from __future__ import annotations

import numpy as np
import pandas as pd

from targeting.composite.uncertainty.draws import line_of
from targeting.i18n import LANGUAGES, say
from targeting.model import DIMENSIONS, Result
from targeting.render.public import Grain
from targeting.render.safe import safe_text

# Finer would tell more of violence than the scores do.
_GRAIN = Grain(2, 5)
_OFTEN = 0.9


def doubt_columns(result: Result) -> dict[str, np.ndarray]:
    """Return what the draws say of each block, coarsened to 0.05.

    Parameters
    ----------
    result : Result
        A study carried out.

    Returns
    -------
    dict of ndarray
        `place_low`, `place_high`: share of the blocks with a score that are less urgent, in all but
        a tenth of the draws between the two; `top_share`: share of the draws in which the block is
        in the top. Nothing where the study draws none.
    """
    if result.doubt is None:
        return {}
    blocks = result.doubt.blocks
    scored = float(result.scores.score.notna().sum())
    spread = max(scored - 1, 1.0)
    known = result.scores.score.notna().to_numpy()

    def place(rank: str) -> np.ndarray:
        held = np.clip((scored - blocks[rank].to_numpy(float)) / spread, 0.0, 1.0)
        return np.where(known, _GRAIN.round(held), np.nan)

    top = np.where(known, _GRAIN.round(blocks["top_share"].to_numpy(float)), np.nan)
    return {"place_low": place("rank_high"), "place_high": place("rank_low"), "top_share": top}


def doubt_table(result: Result) -> pd.DataFrame:
    """Return what each choice changes when it alone is changed.

    Parameters
    ----------
    result : Result
        A study carried out.

    Returns
    -------
    DataFrame
        `choice`, `choice_es`, `choice_en`, `alternative`, `alternative_es`, `alternative_en`,
        `draws`, `rank_correlation` with the stated ranks, and the shares of the top that are new
        (`entering`) and lost (`leaving`).
    """
    columns = ["choice", *(f"choice_{language}" for language in LANGUAGES), "alternative"]
    columns += [*(f"alternative_{language}" for language in LANGUAGES), "draws"]
    columns += ["rank_correlation", "entering", "leaving"]
    if result.doubt is None:
        return pd.DataFrame(columns=columns)
    table = result.doubt.choices.copy()
    for language in LANGUAGES:
        table[f"choice_{language}"] = [
            say(f"doubt.choice.{choice}", language) for choice in table["choice"]
        ]
        table[f"alternative_{language}"] = [
            _named(result, str(one), language) for one in table["alternative"]
        ]
    for name in ("rank_correlation", "entering", "leaving"):
        table[name] = np.round(table[name].to_numpy(float), 2)
    return table[columns]


def cause_table(result: Result) -> pd.DataFrame:
    """Return which choice makes how much of the doubt, in the city and in each polygon.

    Parameters
    ----------
    result : Result
        A study carried out.

    Returns
    -------
    DataFrame
        `polygon` (0 for the whole city), `choice`, `choice_es`, `choice_en`, `first` (share of the
        variance the choice makes alone) and `total` (also together with others), to 0.01.
    """
    columns = ["polygon", "choice", *(f"choice_{language}" for language in LANGUAGES)]
    columns += ["first", "total"]
    if result.doubt is None or result.doubt.causes.empty:
        return pd.DataFrame(columns=columns)
    table = result.doubt.causes.copy()
    for language in LANGUAGES:
        table[f"choice_{language}"] = [
            say(f"doubt.choice.{choice}", language) for choice in table["choice"]
        ]
    for name in ("first", "total"):
        table[name] = np.round(table[name].to_numpy(float), 2)
    return table[columns]


def doubt_lines(result: Result, language: str) -> list[str]:
    """Return how sure the ranking is, in a few lines for the terminal.

    Parameters
    ----------
    result : Result
        A study carried out.
    language : str
        `"es"` or `"en"`.

    Returns
    -------
    list of str
        Empty where the study draws nothing.
    """
    doubt = result.doubt
    if doubt is None:
        return []
    share = doubt.blocks["top_share"].to_numpy(float)
    scored = doubt.blocks["rank"].notna().sum()
    top = int(line_of(np.array([scored]), doubt.top_share)[0])  # as the draws have it
    stated = (doubt.blocks["rank"] <= top).to_numpy()
    values = {
        "draws": doubt.draws,
        "top": doubt.top_share,
        "count": int(stated.sum()),
        "sure": int((stated & (share >= _OFTEN)).sum()),
    }
    key = "doubt.sure-ties" if values["count"] > top else "doubt.sure"
    lines = [say(key, language, **values)]
    table = doubt_table(result)
    # That a whole dimension decides much is what its weight says already.
    changes = table[~table["alternative"].isin(["", *DIMENSIONS])]
    if len(changes):
        most = changes.iloc[int(changes["leaving"].to_numpy(float).argmax())]
        choice = str(most[f"choice_{language}"])
        told = {"choice": choice[0].lower() + choice[1:], "what": most[f"alternative_{language}"]}
        lines.append(say("doubt.most", language, share=float(most["leaving"]), **told))
    return lines


def _named(result: Result, alternative: str, language: str) -> str:
    """Return an alternative with the name people know it by."""
    for indicator in result.indicators:
        if indicator.key == alternative:
            return safe_text(indicator.names[language])
    if alternative in DIMENSIONS:
        return say(f"page.dimension.{alternative}", language)
    return alternative
