"""What is told of how sure the ranking is: coarse, in both languages, and nothing without draws."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from targeting.model import Doubt
from targeting.render.doubt import cause_table, doubt_columns, doubt_lines, doubt_table
from targeting.render.tables import block_table

CHOICES = pd.DataFrame(
    {
        "choice": ["weights", "without", "without", "aggregate"],
        "alternative": ["", "violence", "no_internet_share", "geometric"],
        "draws": [100, 1, 1, 1],
        "rank_shift": [1.0, 9.0, 2.0, 3.0],
        "rank_correlation": [0.991, 0.6412, 0.98, 0.97],
        "entering": [0.061, 0.5, 0.1, 0.2],
        "leaving": [0.061, 0.5, 0.1, 0.2],
    }
)


@pytest.fixture(scope="module")
def doubted(result):
    scores = result.scores.score
    rank = scores.rank(ascending=False, method="min")
    blocks = pd.DataFrame(
        {
            "rank": rank,
            "rank_low": np.maximum(rank - 3, 1),
            "rank_median": rank,
            "rank_high": rank + 3,
            "rank_shift": 1.0,
            "top_share": np.where(rank <= 2, 0.963, 0.512),
        },
        index=scores.index,
    )
    return replace(result, doubt=Doubt(blocks, CHOICES, 500, 0.1))


def test_places_are_coarse_and_hold_the_stated_one(doubted):
    columns = doubt_columns(doubted)
    known = doubted.scores.score.notna().to_numpy()
    for values in columns.values():
        assert np.isnan(values[~known]).all()
        steps = values[known] / 0.05
        np.testing.assert_allclose(steps, np.round(steps), atol=1e-9)
        assert ((values[known] >= 0) & (values[known] <= 1)).all()
    assert (columns["place_low"][known] <= columns["place_high"][known]).all()
    best = doubted.scores.score.to_numpy(float)
    assert columns["place_high"][np.nanargmax(best)] == 1.0
    # By hand: rank 1 may fall to rank 4 of n, so n − 4 of the n − 1 others are less urgent.
    n = known.sum()
    expected = np.floor((n - 4) / (n - 1) * 20 + 0.5) / 20
    assert columns["place_low"][np.nanargmax(best)] == pytest.approx(expected)
    assert {"place_low", "place_high", "top_share"} <= set(block_table(doubted).columns)


def test_choices_are_named_in_both_languages(doubted):
    table = doubt_table(doubted)
    assert table["alternative_es"].tolist()[1] == "Violencia"
    assert table["choice_en"].tolist() == [
        "Other weights",
        *["Without"] * 2,
        "Another way to combine",
    ]
    assert table["rank_correlation"].tolist() == [0.99, 0.64, 0.98, 0.97]


def test_the_lines_say_how_many_are_sure_and_what_changes_most(doubted):
    scored = int(doubted.scores.score.notna().sum())
    top = round(0.1 * scored)
    es, en = (doubt_lines(doubted, language) for language in ("es", "en"))
    sure = int((doubted.doubt.blocks["rank"] <= 2).sum())
    assert f"{sure:,} lo son en al menos 9 de cada 10 de 500" in es[0]
    assert f"of the {int((doubted.doubt.blocks['rank'] <= top).sum()):,} most urgent" in en[0]
    # Not the whole dimension of violence, which weighs much: that says nothing new.
    expected = "Lo que más cambia ese grupo: otra forma de combinar «geometric» (20% de sus"
    assert es[1].startswith(expected)
    assert "another way to combine “geometric”" in en[1]


def test_ties_at_the_end_of_the_top_are_told(doubted):
    table = doubted.doubt.blocks.copy()
    scored = table["rank"].notna()
    assert "(10%)" in doubt_lines(doubted, "en")[0]
    table.loc[scored, "rank"] = 1  # all the same score
    tied = replace(doubted, doubt=replace(doubted.doubt, blocks=table))
    told = doubt_lines(tied, "en")[0]
    assert f"of the {int(scored.sum()):,} blocks in the most urgent 10% (they are more" in told
    assert "porque muchas empatan" in doubt_lines(tied, "es")[0]


def test_without_draws_nothing_is_told(result):
    none = replace(result, doubt=None)
    assert doubt_columns(none) == {}
    assert doubt_lines(none, "es") == []
    assert doubt_table(none).empty


def test_causes_are_told_by_polygon_in_both_languages(doubted):
    causes = pd.DataFrame(
        {"polygon": [0, 1], "choice": ["weights", "data"], "first": [0.256, 0.5], "total": 0.7}
    )
    table = cause_table(replace(doubted, doubt=replace(doubted.doubt, causes=causes)))
    assert table["first"].tolist() == [0.26, 0.5]
    assert table["choice_es"].tolist()[0] == "Otros pesos"
    assert cause_table(doubted).empty
