"""The made register of schools, in the columns derived from SIGED (SEP)."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from targeting.sample.chance import stream
from targeting.sample.city import City
from targeting.sample.files import write_table
from targeting.sample.names import STATE_NAME, locality_name, municipality_name
from targeting.sample.places import lon_lat
from targeting.sample.spelling import MADE_MARK, plain
from targeting.sample.twins import Places, Truth, alone, listed_again

COLUMNS = (
    "CVE_ENT", "NOM_ENT", "CVE_MUN", "NOM_MUN", "CVE_LOC", "NOM_LOC", "CVE_CT", "NOM_CT",
    "TIPO_EDUC", "NIVEL_EDUC", "SERV_EDUC", "PUB_O_PRIV", "TIPO_SOST", "X", "Y",
)  # fmt: skip


class Service(NamedTuple):
    """What a class of the directory is in the register: three letters of the key, level, name."""

    letters: str
    kind: str
    level: str
    service: str
    owner: str
    name: str


PUBLIC, PRIVATE = "PÚBLICO", "PRIVADO"
SERVICES = {
    "611111": Service("PJN", "BÁSICA", "PREESCOLAR", "GENERAL", PRIVATE, "Jardín de Niños"),
    "611112": Service("DJN", "BÁSICA", "PREESCOLAR", "GENERAL", PUBLIC, "Jardín de Niños"),
    "611121": Service("PPR", "BÁSICA", "PRIMARIA", "GENERAL", PRIVATE, "Colegio"),
    "611122": Service("DPR", "BÁSICA", "PRIMARIA", "GENERAL", PUBLIC, "Escuela Primaria"),
    "611132": Service("DES", "BÁSICA", "SECUNDARIA", "GENERAL", PUBLIC, "Secundaria General"),
    "611142": Service("DST", "BÁSICA", "SECUNDARIA", "TÉCNICA", PUBLIC, "Secundaria Técnica"),
    "611162": Service(
        "ECB", "MEDIA SUPERIOR", "BACHILLERATO", "BACHILLERATO GENERAL", PUBLIC, "Preparatoria"
    ),
    "611182": Service("DML", "ESPECIAL", "CAM", "CAM", PUBLIC, "CAM"),
    "611311": Service("PSU", "SUPERIOR", "LICENCIATURA", "LICENCIATURA", PRIVATE, "Universidad de"),
}
OFFICE = Service("FIZ", "OTROS", "OTROS", "SUPERVISIÓN", PUBLIC, "Supervisión Escolar Zona")
HANDS = ("capitals", "capitals", "capitals", "short_capitals", "head_last")
LISTED, SECOND_SHIFT, ONLY_HERE = 0.86, 0.12, 0.05
NEIGHBORS, OFFICES, WITHOUT_PLACE = 6, 4, 2
NEIGHBOR_M = (22.0, 38.0)
NEIGHBOR_NAMES = ("Maestra Fábula Inventada", "Profesor Supuesto Díaz", "Héroes del Simulacro")


def schools_table(city: City, places: Places, truth: Truth) -> pd.DataFrame:
    """Return the register; most of its schools are in the directory too, under another name.

    Besides: second shifts (one building, two keys), schools nobody else knows, a few primary
    schools across the street from another one, supervisors' offices (no school), and schools
    without coordinates.

    Parameters
    ----------
    city : City
    places : Places
        Where the directory has them.
    truth : Truth
        Gets a row per record.
    """
    rng = stream(city.seed, "registers")
    here = places.table[places.table["code"].isin(SERVICES)]
    here = here[rng.uniform(size=len(here)) < LISTED]
    fallback = [f"{SERVICES[code].name} Sin Otro Nombre" for code in here["code"]]
    listed = listed_again(here, fallback, HANDS, rng)
    again = listed[listed["code"].isin(["611122", "611132", "611112"])]
    again = again[rng.uniform(size=len(again)) < SECOND_SHIFT].assign(note="second shift")
    office = listed.iloc[rng.permutation(len(listed))[:OFFICES]].assign(
        place_id="", code="office", note="office, no school"
    )
    numbers = range(1, len(office) + 1)
    office["name"] = [f"SUPERVISION ESCOLAR ZONA {n} (INVENTADA)" for n in numbers]
    parts = [listed, again, _only_here(city, places, rng), _across(city, places, rng), office]
    table = pd.concat(parts, ignore_index=True)
    mixed = rng.permutation(len(table))
    table = table.iloc[mixed].reset_index(drop=True)
    table["record"] = _keys(table["code"])
    candidates = table.index[(table["place_id"] != "") & (table["note"] == "")]
    blank = rng.choice(candidates, WITHOUT_PLACE, replace=False)
    table.loc[blank, "note"] = "no coordinates"
    truth.add(
        "schools",
        table["record"].tolist(),
        places=table["place_id"].tolist(),
        names=table["name"].tolist(),
        shift_m=table["shift_m"].to_numpy(),
        note=table["note"].tolist(),
    )
    return _published(table)


def _only_here(city: City, places: Places, rng: np.random.Generator) -> pd.DataFrame:
    """Return a few schools of each common kind that stand alone."""
    parts = []
    for code in ("611112", "611122", "611132"):
        taken = places.table[places.table["code"].isin(SERVICES)][["x", "y"]].to_numpy()
        count = max(1, round(ONLY_HERE * (places.table["code"] == code).sum()))
        xy, block = alone(city, taken, count, rng)
        ids = [f"S{code[-3:]}{n:03d}" for n in range(1, len(xy) + 1)]
        names = [f"{SERVICES[code].name} Nueva Hipótesis {n}{MADE_MARK}" for n in range(len(xy))]
        parts.append(_rows(city, ids, code, names, xy, block, note="only here"))
    return pd.concat(parts, ignore_index=True)


def _across(city: City, places: Places, rng: np.random.Generator) -> pd.DataFrame:
    """Return primary schools close to another one, which are another place all the same."""
    near = places.table[places.table["code"] == "611122"]
    near = near.iloc[rng.permutation(len(near))[:NEIGHBORS]].sort_index()
    turn = rng.uniform(0.0, 2.0 * np.pi, len(near))
    reach = rng.uniform(*NEIGHBOR_M, len(near))
    away = np.column_stack([np.cos(turn), np.sin(turn)]) * reach[:, None]
    xy = np.round(near[["x", "y"]].to_numpy() + away, 3)
    block = city.blocks.index.get_indexer(near["block_id"])
    ids = [f"N{n:03d}" for n in range(1, len(near) + 1)]
    named = [NEIGHBOR_NAMES[n % len(NEIGHBOR_NAMES)] for n in range(len(near))]
    names = [f"{plain(text).upper()} {n} (INVENTADO)" for n, text in enumerate(named, start=1)]
    note = "another school, across the street"
    return _rows(city, ids, "611122", names, xy, block, note=note)


def _rows(
    city: City,
    ids: list[str],
    code: str,
    names: list[str],
    xy: np.ndarray,
    block: np.ndarray,
    *,
    note: str,
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "place_id": ids,
            "code": code,
            "block_id": city.blocks.index.to_numpy()[block],
            "name": names,
            "x": xy[:, 0],
            "y": xy[:, 1],
            "shift_m": 0.0,
            "note": note,
        }
    )


def _keys(codes: pd.Series[str]) -> list[str]:
    """Return keys of work centers: state, type, number and a letter (which checks nothing)."""
    number = codes.groupby(codes).cumcount() + 1
    letters = [SERVICES.get(code, OFFICE).letters for code in codes]
    return [
        f"99{kind}{n:04d}{'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[n * 7 % 26]}"
        for kind, n in zip(letters, number, strict=True)
    ]


def _published(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows as the register has them."""
    of = [SERVICES.get(code, OFFICE) for code in table["code"]]
    longitude, latitude = lon_lat(table[["x", "y"]].to_numpy())
    blank = (table["note"] == "no coordinates").to_numpy()
    key = table["block_id"]
    held = {
        "CVE_ENT": "99",
        "NOM_ENT": STATE_NAME.upper(),
        "CVE_MUN": key.str[2:5],
        "NOM_MUN": [municipality_name(k[:5]).upper() for k in key],
        "CVE_LOC": key.str[5:9],
        "NOM_LOC": [locality_name(k[:9]).upper() for k in key],
        "CVE_CT": table["record"],
        "NOM_CT": table["name"],
        "TIPO_EDUC": [s.kind for s in of],
        "NIVEL_EDUC": [s.level for s in of],
        "SERV_EDUC": [s.service for s in of],
        "PUB_O_PRIV": [s.owner for s in of],
        "TIPO_SOST": ["PARTICULAR" if s.owner == PRIVATE else "FEDERAL" for s in of],
        "X": np.where(blank, "", np.char.mod("%.6f", longitude)),
        "Y": np.where(blank, "", np.char.mod("%.6f", latitude)),
    }
    published = pd.DataFrame(held)[list(COLUMNS)]
    return published.sort_values("CVE_CT").reset_index(drop=True)


def write_schools(city: City, places: Places, truth: Truth, folder: Path) -> list[Path]:
    """Write the register as CSV, in latin-1."""
    file = folder / "escuelas_sep_inventadas_99.csv"
    return write_table(schools_table(city, places, truth), file, encoding="latin-1")
