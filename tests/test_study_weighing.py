"""Weights that a study has found for it: by judgment, by data, by the incidents themselves."""

from pathlib import Path

import pytest

from targeting.pipeline import carry_out, load
from targeting.problems import TargetingError

DATA = Path(__file__).parent.parent / "data"
STUDY = (DATA / "study.yaml").read_text("utf-8")


def carried(folder, old, new):
    path = folder / "study.yaml"
    assert old in STUDY
    path.write_text(STUDY.replace(old, new), "utf-8")
    study, territory = load(path, DATA)
    return study, territory, carry_out(study, territory)


def test_dimensions_by_judgment_and_a_group_by_its_data(tmp_path):
    judged = """weights:
  weigh: {use: ahp, judgments: {violence/marginalization: 1, violence/facilities: 2,
          marginalization/facilities: 2}}
"""
    head = STUDY[STUDY.index("weights:") : STUDY.index("  violence: {weight")]
    _, _, result = carried(tmp_path, head, judged)
    # Consistent judgments 1, 2, 2: by hand 0.4, 0.4, 0.2.
    assert result.scores.dimension_weights.tolist() == pytest.approx([0.4, 0.4, 0.2])
    assert result.scores.weighing["score"]["consistency_ratio"] == pytest.approx(0, abs=1e-9)


def test_weights_learned_from_the_incidents(tmp_path):
    # The part of violence is made of the incidents themselves: nothing foretells them better.
    _, _, result = carried(tmp_path, "weights:", "weights:\n  weigh: regression")
    assert result.scores.dimension_weights.idxmax() == "violence"
    assert result.scores.weighing["score"]["explained"] > 0


def test_parts_that_foretell_no_incidents_give_no_weights(tmp_path):
    # In the made city violence does not follow marginalization.
    old = "  marginalization:\n    weight: 4\n"
    with pytest.raises(TargetingError, match="foretells-nothing"):
        carried(tmp_path, old, f"{old}    weigh: regression\n")


def test_without_incidents_nothing_can_be_learned(tmp_path):
    import re

    text = STUDY.replace("  marginalization:\n", "  marginalization:\n    weigh: regression\n")
    text = re.sub(r"(?s)  incidents:\n.*?(?=  facilities:)", "", text, count=1)
    text = re.sub(r"  violence: .*\n", "", text)
    path = tmp_path / "study.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(TargetingError, match="no-outcome"):
        carry_out(*load(path, DATA))
