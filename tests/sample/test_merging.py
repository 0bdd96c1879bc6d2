"""Records of one place, from five made sources, become one facility; neighbors stay apart."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from targeting.model import Territory
from targeting.pipeline import load

# Source as the study of `data/` writes it, and as the truth does.
SOURCES = {
    "Escuelas inventadas": "schools",
    "Unidades de salud inventadas": "clinics",
    "Directorio inventado": "denue",
    "Servicios inventados": "services",
    "Mapa abierto inventado": "street_map",
}


def made_by(labels: pd.Series) -> pd.Series:
    """The truth's source of each label; a reader may say more after it, such as a license."""
    pattern = "|".join(SOURCES)
    return labels.str.extract(f"^({pattern})", expand=False).map(SOURCES)


@pytest.fixture(scope="module")
def territory(root: Path) -> Territory:
    return load(root / "data" / "study.yaml")[1]


@pytest.fixture(scope="module")
def truth(root: Path) -> pd.DataFrame:
    file = root / "data" / "truth" / "facilities_truth_99.csv"
    return pd.read_csv(file, dtype=str, keep_default_na=False)


@pytest.fixture(scope="module")
def merges(territory: Territory, truth: pd.DataFrame) -> pd.DataFrame:
    """The merged records with a name, and the place of the record that stays."""
    held = territory.facilities
    place = truth.set_index(["source", "record"])["place_id"]
    stays = pd.MultiIndex.from_arrays([made_by(held["source"]), held["reference"].astype(str)])
    place_of = pd.Series(place.reindex(stays).to_numpy(), index=held.index)
    merged = territory.facility_merges.copy()
    merged["place"] = place_of.reindex(merged["facility_id"]).to_numpy()
    merged["made_by"] = made_by(merged["source"])
    named = merged["name"].fillna("").str.contains("inventad", case=False)
    return merged[named & merged["place"].notna()]


def test_what_is_merged_is_one_place(merges: pd.DataFrame, truth: pd.DataFrame) -> None:
    known = set(zip(truth["source"], truth["name"], truth["place_id"], strict=True))
    told = list(zip(merges["made_by"], merges["name"], merges["place"], strict=True))
    wrong = [one for one in told if one not in known]
    assert len(told) > 600
    assert wrong == []


def test_nearly_all_schools_of_two_registers_are_told_once(
    merges: pd.DataFrame, truth: pd.DataFrame
) -> None:
    listed = truth[(truth["source"] == "schools") & (truth["note"] == "")]["place_id"]
    in_both = truth[(truth["source"] == "denue") & truth["place_id"].isin(listed)]
    in_both = in_both[in_both["name"].str.contains("inventado")]
    found = set(merges.loc[merges["made_by"] == "denue", "place"])
    assert len(in_both) > 250
    assert in_both["place_id"].isin(found).mean() >= 0.97


def test_schools_across_the_street_stay_two(territory: Territory, truth: pd.DataFrame) -> None:
    across = truth[truth["note"].str.startswith("another school")]
    held = set(territory.facilities["reference"].dropna().astype(str))
    merged = set(territory.facility_merges["name"].dropna())
    assert len(across) >= 4
    assert set(across["record"]) <= held
    assert not set(across["name"]) & merged
