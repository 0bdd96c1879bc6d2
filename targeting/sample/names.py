"""Made names: nobody and no place is meant."""

from __future__ import annotations

import numpy as np
import pandas as pd

STATE_NAME = "Estado de Ejemplo (datos inventados)"
CITY_NAME = "Ciudad Ejemplo"
MADE = "(datos inventados)"

_FIRST = (
    "Lomas de", "Villas de", "Jardines de", "Prados de", "Colinas de", "Hacienda de", "Valle de",
    "Arboledas de", "Rinconada de", "Ampliación", "Bosques de", "Paseos de",
)  # fmt: skip
_LAST = (
    "la Invención", "El Ejemplo", "Los Supuestos", "La Hipótesis", "Las Muestras", "El Modelo",
    "La Prueba", "El Simulacro", "Los Números", "La Fábula", "El Ensayo", "La Maqueta",
    "Las Semillas",
)  # fmt: skip
STREETS = (
    "Calle del Ejemplo", "Calle Inventada", "Calle de la Muestra", "Privada del Ensayo",
    "Calle Número Par", "Calle Número Impar", "Calle del Supuesto", "Callejón de la Fábula",
)  # fmt: skip


def municipality_name(key: str) -> str:
    """Return the name of a municipality.

    Examples
    --------
    >>> municipality_name("99002")
    'Villa Ejemplo (datos inventados)'
    """
    number = int(key[2:])
    name = {1: CITY_NAME, 2: "Villa Ejemplo"}.get(number, f"Municipio Ejemplo {number}")
    return f"{name} {MADE}"


def locality_name(key: str) -> str:
    """Return the name of a locality.

    Examples
    --------
    >>> locality_name("990020002")
    'Los Ejemplos (datos inventados)'
    """
    return f"Los Ejemplos {MADE}" if key.endswith("2") else municipality_name(key[:5])


def colonias(area_ids: pd.Index[str]) -> pd.Series[str]:
    """Return the made neighborhood each area is in: two areas in a row share one."""
    number = np.arange(len(area_ids)) // 2
    first, last = number % len(_FIRST), number // len(_FIRST) % len(_LAST)
    round_ = number // (len(_FIRST) * len(_LAST))
    names = [
        f"{_FIRST[a]} {_LAST[b]}" + (f" {r + 1}" if r else "")
        for a, b, r in zip(first, last, round_, strict=True)
    ]
    return pd.Series(names, index=area_ids)
