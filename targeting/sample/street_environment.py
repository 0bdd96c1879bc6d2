"""Streets around each block, in the words of INEGI's "entorno urbano"."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from targeting.sample.chance import stream
from targeting.sample.city import City
from targeting.sample.files import write_table

LEVELS = ("Todas las vialidades", "Alguna vialidad", "Ninguna vialidad")
UNKNOWN = "No especificado"
FEATURES = {
    # column: log-odds of better streets in the average block, fall with want
    "RECUCALL_C": (2.1, 1.0),
    "BANQUETA_C": (1.3, 1.1),
    "GUARNICI_C": (1.5, 1.0),
    "ALUMPUB_C": (1.2, 0.9),
    "ARBOLES_C": (-0.2, 0.4),
    "DRENAJEP_C": (-1.4, 0.6),
}
"""Pavement, sidewalk, curb, street lighting, trees, storm drain."""
STEP = 2.2
"""Log-odds between all streets and any of them."""
UNKNOWN_SHARE, ABSENT_SHARE = 0.015, 0.01


def street_environment(city: City) -> pd.DataFrame:
    """Return the table by block: a text for each feature, worse where true want is higher.

    A few blocks were not visited and are missing; a few cells are not known.
    """
    rng = stream(city.seed, "street_environment")
    ids = city.blocks.index
    want = np.clip(city.blocks["want"].to_numpy(), -3.0, 3.5)
    table = pd.DataFrame({"CVEGEO": ids.to_numpy()})
    by_block = 0.5 * rng.normal(size=len(ids))
    for name, (base, fall) in FEATURES.items():
        odds = base - fall * want + by_block + rng.logistic(size=len(ids))
        level = np.where(odds > STEP / 2, 0, np.where(odds > -STEP / 2, 1, 2))
        texts = np.array(LEVELS, dtype=object)[level]
        texts[rng.uniform(size=len(ids)) < UNKNOWN_SHARE] = UNKNOWN
        table[name] = texts
    return table[rng.uniform(size=len(ids)) >= ABSENT_SHARE].reset_index(drop=True)


def write_street_environment(city: City, folder: Path) -> list[Path]:
    """Write the table as CSV."""
    return write_table(street_environment(city), folder / "entorno_urbano_inventado_99.csv")
