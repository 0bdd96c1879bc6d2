"""Crimes by municipality and month, in the layout of SESNSP: context, too coarse for a block."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from targeting.sample.chance import stream
from targeting.sample.city import City
from targeting.sample.files import write_table
from targeting.sample.incidents import YEAR
from targeting.sample.names import STATE_NAME, municipality_name

MONTHS = (
    "Enero", "Febrero", "Marzo", "Abril", "Mayo", "Junio", "Julio", "Agosto", "Septiembre",
    "Octubre", "Noviembre", "Diciembre",
)  # fmt: skip
COLUMNS = (
    "Año", "Clave_Ent", "Entidad", "Cve. Municipio", "Municipio", "Bien jurídico afectado",
    "Tipo de delito", "Subtipo de delito", "Modalidad", *MONTHS,
)  # fmt: skip
KINDS = {
    # text of the incidents: what is protected, type, subtype, manner
    "HOMICIDIO DOLOSO": ("La vida y la Integridad corporal", "Homicidio", "Homicidio doloso",
                         "Con arma de fuego"),
    "LESIONES DOLOSAS POR ARMA DE FUEGO": ("La vida y la Integridad corporal", "Lesiones",
                                           "Lesiones dolosas", "Con arma de fuego"),
    "LESIONES DOLOSAS POR ARMA BLANCA": ("La vida y la Integridad corporal", "Lesiones",
                                         "Lesiones dolosas", "Con arma blanca"),
    "LESIONES DOLOSAS": ("La vida y la Integridad corporal", "Lesiones", "Lesiones dolosas",
                         "No especificado"),
    "ROBO A PERSONA CON VIOLENCIA": ("El patrimonio", "Robo", "Robo a transeúnte en vía pública",
                                     "Con violencia"),
    "ROBO A NEGOCIO CON VIOLENCIA": ("El patrimonio", "Robo", "Robo a negocio", "Con violencia"),
    "ROBO DE VEHICULO": ("El patrimonio", "Robo", "Robo de vehículo automotor",
                         "Robo de coche de 4 ruedas Sin violencia"),
    "VIOLENCIA FAMILIAR": ("La familia", "Violencia familiar", "Violencia familiar",
                           "Violencia familiar"),
    "NARCOMENUDEO": ("La sociedad", "Narcomenudeo", "Narcomenudeo", "Narcomenudeo"),
}  # fmt: skip
REST = ("Otros bienes jurídicos afectados (del fuero común)", "Otros delitos del Fuero Común",
        "Otros delitos del Fuero Común", "Otros delitos del Fuero Común")  # fmt: skip
REPORTED = 0.6
"""Share of the incidents that become a folder of investigation."""
KNOWN_MONTHS = 4
"""Months of the second year that are not blank yet."""


def municipal_table(city: City, incidents: pd.DataFrame, block: np.ndarray) -> pd.DataFrame:
    """Return two years by municipality; the later months of the second are blank.

    Parameters
    ----------
    city : City
    incidents : DataFrame
        One row each, with `fecha` (day/month/year) and `delito`.
    block : ndarray of int
        Row of the block of each.
    """
    rng = stream(city.seed, "municipal")
    town = city.blocks["municipality_id"].to_numpy()[block]
    month = incidents["fecha"].str[3:5].astype(int).to_numpy() - 1
    kind = incidents["delito"].to_numpy()
    rows = []
    for year in (YEAR, YEAR + 1):
        for key in city.municipalities.index:
            base = (year, 99, STATE_NAME, int(key), municipality_name(key))
            for text, words in KINDS.items():
                told = np.bincount(month[(town == key) & (kind == text)], minlength=12)
                counts = rng.binomial(told, REPORTED)
                rows.append((*base, *words, *_shown(counts, year)))
            many = rng.poisson(1_150.0, len(MONTHS))
            rows.append((*base, *REST, *_shown(many, year)))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _shown(counts: np.ndarray, year: int) -> list[str]:
    """Return counts as text with thousands commas; blank where the month is yet to come."""
    known = len(MONTHS) if year == YEAR else KNOWN_MONTHS
    return [f"{n:,}" if place < known else "" for place, n in enumerate(counts.tolist())]


def write_municipal(
    city: City, incidents: tuple[pd.DataFrame, np.ndarray], folder: Path
) -> list[Path]:
    """Write the table as CSV, in latin-1."""
    file = folder / "sesnsp_municipal_inventado_99.csv"
    return write_table(municipal_table(city, *incidents), file, encoding="latin-1")
