"""What each dimension adds to the score of each block."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from targeting.model import Indicator, Scores


def by_dimension(scores: Scores, indicators: Sequence[Indicator]) -> pd.DataFrame:
    """Add up what the indicators of each dimension contribute to the score.

    Parameters
    ----------
    scores : Scores
        With the contribution of each indicator.
    indicators : sequence of Indicator
        Dimension of each.

    Returns
    -------
    DataFrame
        Index the blocks', a column a dimension, in the order of the indicators; the columns sum to
        the score.

    Examples
    --------
    >>> one = Indicator("a", {"es": "a", "en": "a"}, "share", "higher", "violence", "share")
    >>> two = Indicator("b", {"es": "b", "en": "b"}, "share", "higher", "violence", "share")
    >>> parts = pd.DataFrame({"a": [0.2], "b": [0.4]})
    >>> half = pd.Series({"a": 0.5, "b": 0.5})
    >>> total = (parts * half).sum(axis=1)
    >>> scores = Scores(total, total, total, parts, total.to_frame("violence"), half,
    ...                 pd.Series({"violence": 1.0}), parts * half, total * 0 + 1)
    >>> by_dimension(scores, [one, two]).round(2).to_dict("list")
    {'violence': [0.3]}
    """
    of = {one.key: one.dimension for one in indicators}
    added = scores.contributions
    table: pd.DataFrame = added.T.groupby(added.columns.map(of), sort=False).sum().T
    # An indicator without data adds nothing; a block without a score has no sum at all.
    return table.where(scores.score.notna())
