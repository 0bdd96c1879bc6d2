"""The made register of health units, in the layout of CLUES."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from targeting.sample.chance import stream
from targeting.sample.city import City
from targeting.sample.files import write_workbook
from targeting.sample.names import STATE_NAME, locality_name, municipality_name
from targeting.sample.places import lon_lat
from targeting.sample.twins import Places, Truth, alone, listed_again

SHEET = "CLUES_202011"
COLUMNS = (
    "ID", "CLUES", "NOMBRE DE LA ENTIDAD", "CLAVE DE LA ENTIDAD", "NOMBRE DEL MUNICIPIO",
    "CLAVE DEL MUNICIPIO", "NOMBRE DE LA LOCALIDAD", "CLAVE DE LA LOCALIDAD",
    "NOMBRE DE LA INSTITUCION", "CLAVE DE LA INSTITUCION", "NOMBRE TIPO ESTABLECIMIENTO",
    "CLAVE DEL TIPO ESTABLECIMIENTO", "NOMBRE DE TIPOLOGIA", "TOTAL DE CONSULTORIOS",
    "TOTAL DE CAMAS", "NOMBRE DE LA UNIDAD", "ESTATUS DE OPERACION", "NIVEL ATENCION",
    "LATITUD", "LONGITUD",
)  # fmt: skip
OUTPATIENT, INPATIENT, SUPPORT = "DE CONSULTA EXTERNA", "DE HOSPITALIZACION", "DE APOYO"
UNITS = {
    # class of the directory: share listed, institution, its key, type, typology, level, name
    "621111": (0.25, "SERVICIOS MEDICOS PRIVADOS", "SMP", OUTPATIENT, "CONSULTORIO", "PRIMER NIVEL",
               "Consultorio Médico"),
    "621112": (1.0, "SECRETARIA DE SALUD", "SSA", OUTPATIENT, "UNIDAD DE CONSULTA EXTERNA",
               "PRIMER NIVEL", "Clínica"),
    "621116": (0.9, "SECRETARIA DE SALUD", "SSA", OUTPATIENT, "URBANO", "PRIMER NIVEL",
               "Centro de Salud"),
    "622112": (1.0, "SECRETARIA DE SALUD", "SSA", INPATIENT, "HOSPITAL GENERAL", "SEGUNDO NIVEL",
               "Hospital"),
    "622111": (0.8, "SERVICIOS MEDICOS PRIVADOS", "SMP", INPATIENT, "HOSPITAL PRIVADO",
               "SEGUNDO NIVEL", "Sanatorio"),
}  # fmt: skip
OFFICE = (1.0, "SECRETARIA DE SALUD", "SSA", SUPPORT, "OFICINAS ADMINISTRATIVAS", "NO APLICA", "")
HANDS = ("capitals", "capitals", "short_capitals", "head_last")
OPERATING, CLOSED = "1", "2"
CLOSED_SHARE, UNSIGNED_SHARE = 0.35, 0.12


def clinics_table(city: City, places: Places, truth: Truth) -> pd.DataFrame:
    """Return the register: units of the directory under other names, and its usual flaws.

    More than a third of the rows are out of operation, some longitudes lack their minus sign, two
    units have no coordinates, one lies in the wrong hemisphere's desert, offices give no care.

    Parameters
    ----------
    city : City
    places : Places
        Where the directory has them.
    truth : Truth
        Gets a row per record.
    """
    rng = stream(city.seed, "registers").spawn(1)[0]
    here = places.table[places.table["code"].isin(UNITS)]
    share = here["code"].map({code: unit[0] for code, unit in UNITS.items()}).to_numpy()
    here = here[rng.uniform(size=len(here)) < share]
    fallback = [f"{UNITS[code][-1]} Sin Otro Nombre" for code in here["code"]]
    listed = listed_again(here, fallback, HANDS, rng)
    table = pd.concat([listed, *_others(city, places, listed, rng)], ignore_index=True)
    table = table.iloc[rng.permutation(len(table))].reset_index(drop=True)
    table["record"] = [f"99SSA{n:06d}" for n in range(1, len(table) + 1)]
    table["flaw"] = ""
    good = rng.permutation(table.index[table["note"] == ""])
    unsigned = max(2, round(UNSIGNED_SHARE * len(listed)))
    table.loc[good[:unsigned], "flaw"] = "no minus sign"
    table.loc[good[unsigned : unsigned + 2], "flaw"] = "no coordinates"
    table.loc[good[unsigned + 2 : unsigned + 3], "flaw"] = "far away"
    truth.add(
        "clinics",
        table["record"].tolist(),
        places=table["place_id"].tolist(),
        names=table["name"].tolist(),
        shift_m=table["shift_m"].to_numpy(),
        note=table["note"].where(table["note"] != "", table["flaw"]).tolist(),
    )
    return _published(table)


def _others(
    city: City, places: Places, listed: pd.DataFrame, rng: np.random.Generator
) -> list[pd.DataFrame]:
    """Return units only the register knows, units out of operation, and offices."""
    taken = places.table[places.table["code"].isin(UNITS)][["x", "y"]].to_numpy()
    closed = max(3, round(CLOSED_SHARE * len(listed) / (1.0 - CLOSED_SHARE)))
    parts = []
    for code, count, note in (("621116", 3, "only here"), ("621116", closed, "out of operation")):
        xy, block = alone(city, taken, count, rng)
        text = "UNIDAD NUEVA" if note == "only here" else "UNIDAD CERRADA"
        parts.append(
            pd.DataFrame(
                {
                    "place_id": [
                        f"C{n:03d}" if note == "only here" else "" for n in range(len(xy))
                    ],
                    "code": code,
                    "block_id": city.blocks.index.to_numpy()[block],
                    "name": [f"{text} {n + 1} (INVENTADA)" for n in range(len(xy))],
                    "x": xy[:, 0],
                    "y": xy[:, 1],
                    "shift_m": 0.0,
                    "note": note,
                }
            )
        )
    office = listed.iloc[:2].assign(place_id="", code="office", note="office, no care")
    office["name"] = [f"JURISDICCION SANITARIA {n} (INVENTADA)" for n in range(1, len(office) + 1)]
    return [*parts, office]


def _published(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows as the register has them."""
    of = [UNITS.get(code, OFFICE) for code in table["code"]]
    longitude, latitude = lon_lat(table[["x", "y"]].to_numpy())
    flaw, key = table["flaw"].to_numpy(), table["block_id"]
    longitude = np.where(flaw == "no minus sign", -longitude, longitude)
    latitude = np.where(flaw == "far away", latitude - 9.0, latitude)
    blank = flaw == "no coordinates"
    inpatient = np.array([unit[3] == INPATIENT for unit in of])
    held = {
        "ID": np.arange(1, len(table) + 1),
        "CLUES": table["record"],
        "NOMBRE DE LA ENTIDAD": STATE_NAME.upper(),
        "CLAVE DE LA ENTIDAD": "99",
        "NOMBRE DEL MUNICIPIO": [municipality_name(k[:5]).upper() for k in key],
        "CLAVE DEL MUNICIPIO": key.str[2:5],
        "NOMBRE DE LA LOCALIDAD": [locality_name(k[:9]).upper() for k in key],
        "CLAVE DE LA LOCALIDAD": key.str[5:9],
        "NOMBRE DE LA INSTITUCION": [unit[1] for unit in of],
        "CLAVE DE LA INSTITUCION": [unit[2] for unit in of],
        "NOMBRE TIPO ESTABLECIMIENTO": [unit[3] for unit in of],
        "CLAVE DEL TIPO ESTABLECIMIENTO": [
            {OUTPATIENT: "1", INPATIENT: "2", SUPPORT: "3"}[unit[3]] for unit in of
        ],
        "NOMBRE DE TIPOLOGIA": [unit[4] for unit in of],
        "TOTAL DE CONSULTORIOS": np.where(inpatient, 12, 3),
        "TOTAL DE CAMAS": np.where(inpatient, 60, 0),
        "NOMBRE DE LA UNIDAD": table["name"],
        "ESTATUS DE OPERACION": np.where(table["note"] == "out of operation", CLOSED, OPERATING),
        "NIVEL ATENCION": [unit[5] for unit in of],
        "LATITUD": np.where(blank, "", np.char.mod("%.6f", latitude)),
        "LONGITUD": np.where(blank, "", np.char.mod("%.6f", longitude)),
    }
    return pd.DataFrame(held)[list(COLUMNS)]


def write_clinics(city: City, places: Places, truth: Truth, folder: Path) -> list[Path]:
    """Write the register as a workbook whose cells are text, as published."""
    table = clinics_table(city, places, truth)
    rows = [COLUMNS, *table.astype(str).itertuples(index=False, name=None)]
    about = "Unidades de salud INVENTADAS / MADE health units"
    file = folder / "clues_inventado_99_202011.xlsx"
    return write_workbook(file, sheet=SHEET, rows=rows, about=about)
