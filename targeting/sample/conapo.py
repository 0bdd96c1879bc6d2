"""Marginalization by AGEB in the shape of CONAPO's table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from targeting.sample.chance import stream
from targeting.sample.city import City
from targeting.sample.files import write_table
from targeting.sample.names import STATE_NAME, locality_name, municipality_name

COMPONENTS = (
    "P6A14NAE", "SBASC", "PSDSS", "OVSDE", "OVSEE", "OVSAE", "OVPT", "OVHAC", "OVSREF", "OVSINT",
    "OVSCEL",
)  # fmt: skip
SCALE = 128.0143
"""Published ratio of IM_2020 to IMN_2020."""
CUTS = (115.212, 118.6095, 121.157, 123.705)
GRADES = ("Muy alto", "Alto", "Medio", "Bajo", "Muy bajo")
MEDIAN, SPREAD = 122.2, 2.4
FEWEST_DWELLINGS = 20
LEFT_OUT = 0.03


def components(counts: pd.DataFrame) -> pd.DataFrame:
    """Return CONAPO's eleven components, in percent, from the true counts of each unit.

    Dwellings stand in for their occupants, whom the block file does not count by service.
    """
    c = counts.astype(float)
    homes = c["VIVPARH_CV"]
    low = c["P15YM_SE"] + c["P15PRI_IN"] + c["P15PRI_CO"] + c["P15SEC_IN"]
    crowded = c["VPH_1DOR"] * np.clip(c["OCUPVIVPAR"] / c["TVIVPARHAB"] / 7.5, 0.0, 1.0)
    shares = {
        "P6A14NAE": (c["P6A11_NOA"] + c["P12A14NOA"]) / (c["P_6A11"] + c["P_12A14"]),
        "SBASC": low / c["P_15YMAS"],
        "PSDSS": c["PSINDER"] / c["POBTOT"],
        "OVSDE": c["VPH_NODREN"] / homes,
        "OVSEE": c["VPH_S_ELEC"] / homes,
        "OVSAE": c["VPH_AGUAFV"] / homes,
        "OVPT": c["VPH_PISOTI"] / homes,
        "OVHAC": crowded / homes,
        "OVSREF": 1.0 - c["VPH_REFRI"] / homes,
        "OVSINT": 1.0 - c["VPH_INTER"] / homes,
        "OVSCEL": 1.0 - c["VPH_CEL"] / homes,
    }
    return 100.0 * pd.DataFrame(shares)


def distance_index(values: np.ndarray, *, rounds: int = 20) -> np.ndarray:
    """Return a DP2 distance from the worst value of each component: higher is better off.

    Components enter by how well they follow the distance itself, each for what the earlier ones do
    not explain (Pena Trapero 1977), until the order settles.

    Parameters
    ----------
    values : ndarray, shape (units, components)
        Percentages, higher is worse.
    rounds : int
        Most rounds of reordering.
    """
    spread = values.std(axis=0)
    used = np.flatnonzero(spread > 0)
    steps = (values.max(axis=0) - values)[:, used] / spread[used]
    index: np.ndarray = steps.sum(axis=1)
    for _ in range(rounds):
        follow = np.array([abs(np.corrcoef(step, index)[0, 1]) for step in steps.T])
        order = np.argsort(-np.round(follow, 9), kind="stable")
        weight = np.ones(len(order))
        for place in range(1, len(order)):
            known = np.column_stack([np.ones(len(steps)), steps[:, order[:place]]])
            target = steps[:, order[place]]
            fitted = known @ np.linalg.lstsq(known, target, rcond=None)[0]
            rest = ((target - fitted) ** 2).sum() / ((target - target.mean()) ** 2).sum()
            weight[order[place]] = rest
        again = steps @ weight
        if np.allclose(again, index):
            break
        index = again
    return index


def conapo_table(city: City) -> pd.DataFrame:
    """Return the table by AGEB; small ones and a few others are missing, as at CONAPO."""
    sums = city.census.groupby(city.blocks["area_id"].to_numpy()).sum()
    rng = stream(city.seed, "conapo")
    kept = rng.uniform(size=len(sums)) >= LEFT_OUT
    sums = sums[kept & (sums["TVIVHAB"].to_numpy() >= FEWEST_DWELLINGS)]
    values = components(sums).round(6)
    index = distance_index(values.to_numpy())
    low, middle, high = np.quantile(index, (0.25, 0.5, 0.75))
    score = MEDIAN + SPREAD * 1.349 * (index - middle) / (high - low)
    score = np.clip(score, 53.5, SCALE - 0.05)
    grade = np.array(GRADES)[np.searchsorted(CUTS, score)]
    ids = sums.index
    table = pd.DataFrame(
        {
            "CVE_AGEB": ids,
            "ENT": "99",
            "NOM_ENT": STATE_NAME,
            "MUN": ids.str[2:5],
            "NOM_MUN": [municipality_name(key[:5]) for key in ids],
            "LOC": ids.str[5:9],
            "NOM_LOC": [locality_name(key[:9]) for key in ids],
            "AGEB": ids.str[9:13],
            "POB_TOTAL": sums["POBTOT"].astype(float).to_numpy(),
            "ANIO": 2020,
        }
    )
    for name in COMPONENTS:
        table[name] = values[name].to_numpy()
    table["IM_2020"] = np.round(score, 6)
    table["GM_2020"] = grade
    table["IMN_2020"] = np.round(score / SCALE, 9)
    return table


def write_conapo(city: City, folder: Path) -> list[Path]:
    """Write the table as `IMU_2020_99.csv`."""
    return write_table(conapo_table(city), folder / "IMU_2020_99.csv")
