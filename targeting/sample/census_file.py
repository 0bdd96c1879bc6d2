"""The census file as INEGI publishes it: five kinds of rows, and masks by its rule."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from targeting.sample.census import means
from targeting.sample.census_columns import (
    COUNTS,
    DECIMALS,
    IDENTIFIERS,
    INDICATORS,
    NEVER_MASKED,
)
from targeting.sample.chance import stream
from targeting.sample.city import City
from targeting.sample.files import write_zip
from targeting.sample.names import STATE_NAME, locality_name, municipality_name

AREAS_AT_ONCE = 600
UNAVAILABLE = ("PROM_HNV", "GRAPROES", "GRAPROES_F", "GRAPROES_M", "P15A17A", "P18A24A")
"""Columns that read N/D in the few blocks without information."""
UNAVAILABLE_SHARE = 0.004
NOT_LIVED_IN = (
    "TVIVHAB", "TVIVPAR", "VIVPAR_HAB", "VIVPARH_CV", "TVIVPARHAB", "VIVPAR_DES", "VIVPAR_UT",
)  # fmt: skip
"""Masked in blocks that have dwellings and nobody in them."""


def census_rows(city: City) -> Iterator[pa.Table]:
    """Yield the published rows in the file's order, some areas at a time.

    Totals are sums of the true counts, and every row is masked by itself: cells of 1 or 2 read
    `*`; with one or two inhabited dwellings all but POBTOT, VIVTOT and TVIVHAB do.
    """
    areas = city.areas.index.to_numpy().astype(str)
    of_block = city.blocks["area_id"].to_numpy().astype(str)
    start = np.searchsorted(of_block, areas)
    values = city.census.to_numpy()
    sums = np.add.reduceat(values, start, axis=0, dtype=np.int64)
    totals = pd.DataFrame(sums, index=areas, columns=city.census.columns)
    lacking = _unavailable(city)
    places, towns = np.array([a[:9] for a in areas]), np.array([a[:5] for a in areas])
    yield _published(totals.sum().to_frame("99").T, "state", None)
    for town in np.unique(towns):
        yield _published(totals[towns == town].sum().to_frame(town).T, "municipality", None)
        for place in np.unique(places[towns == town]):
            mine = np.flatnonzero(places == place)
            yield _published(totals.iloc[mine].sum().to_frame(place).T, "locality", None)
            for first in range(0, len(mine), AREAS_AT_ONCE):
                rows = mine[first : first + AREAS_AT_ONCE]
                low = start[rows[0]]
                high = start[rows[-1] + 1] if rows[-1] + 1 < len(start) else len(values)
                blocks = _published(city.census.iloc[low:high], "block", lacking[low:high])
                own = _published(totals.iloc[rows], "area", None)
                both = pa.concat_tables([own, blocks])
                yield both.take(
                    pc.sort_indices(both, [("AGEB", "ascending"), ("MZA", "ascending")])
                )


def _unavailable(city: City) -> np.ndarray:
    rng = stream(city.seed, "unavailable")
    lived = city.blocks["people"].to_numpy() > 20
    lacking: np.ndarray = lived & (rng.uniform(size=len(lived)) < UNAVAILABLE_SHARE)
    return lacking


def _published(counts: pd.DataFrame, level: str, lacking: np.ndarray | None) -> pa.Table:
    """Return rows of one kind as the text INEGI publishes."""
    columns = _identifiers(counts.index.to_numpy().astype(str), level)
    dwellings = counts["TVIVHAB"].to_numpy()
    whole = (dwellings == 1) | (dwellings == 2)
    vacant = (dwellings == 0) & (counts["VIVTOT"].to_numpy() > 0)
    decimals = means(counts)
    for name in INDICATORS:
        if name in DECIMALS:
            shown = _plain(decimals[name].to_numpy())
            mask = whole
        else:
            value = counts[name].to_numpy()
            shown = pc.cast(pa.array(value.astype(np.int64)), pa.string())
            mask = np.zeros(len(value), bool) if name in NEVER_MASKED else whole
            if name not in NEVER_MASKED:
                mask = mask | (value == 1) | (value == 2)
            if name in NOT_LIVED_IN:
                mask = mask | vacant
        shown = pc.if_else(pa.array(mask), "*", shown)
        if lacking is not None and name in UNAVAILABLE:
            shown = pc.if_else(pa.array(lacking & ~whole), "N/D", shown)
        columns[name] = shown
    return pa.table(columns)


def _plain(values: np.ndarray) -> pa.Array:
    """Return two-decimal numbers as text, without trailing zeros."""
    text = np.char.mod("%.2f", values)
    trimmed = np.char.rstrip(np.char.rstrip(text, "0"), ".")
    return pa.array(np.where(values == 0, "0", trimmed).astype(object), pa.string())


def _identifiers(ids: np.ndarray, level: str) -> dict[str, pa.Array]:
    def part(start: int, end: int) -> list[str]:
        return [(key[start:end] or "0" * (end - start)) for key in ids]

    town = {key: municipality_name(key) for key in {i[:5] for i in ids} if len(key) == 5}
    place = {key: locality_name(key) for key in {i[:9] for i in ids} if len(key) == 9}
    of_level = {
        "state": "Total de la entidad",
        "municipality": "Total del municipio",
        "locality": "Total de la localidad urbana",
        "area": "Total AGEB urbana",
    }
    whole_state = f"Total de la entidad {STATE_NAME}"
    named = [of_level.get(level) or place[key[:9]] for key in ids]
    columns = {
        "ENTIDAD": part(0, 2),
        "NOM_ENT": [STATE_NAME] * len(ids),
        "MUN": part(2, 5),
        "NOM_MUN": [whole_state if level == "state" else town[key[:5]] for key in ids],
        "LOC": part(5, 9),
        "NOM_LOC": named,
        "AGEB": part(9, 13),
        "MZA": part(13, 16),
    }
    return {name: pa.array(columns[name], pa.string()) for name in IDENTIFIERS}


def _text(city: City) -> Iterator[bytes]:
    yield "\ufeff".encode() + ",".join((*IDENTIFIERS, *INDICATORS)).encode() + b"\n"
    options = csv.WriteOptions(include_header=False, quoting_style="none")
    for table in census_rows(city):
        out = pa.BufferOutputStream()
        csv.write_csv(table, out, options)
        yield out.getvalue().to_pybytes()


def _dictionary() -> Iterator[bytes]:
    yield "\ufeffNúm.,Mnemónico,Tipo,Rangos\n".encode()
    for number, name in enumerate((*IDENTIFIERS, *INDICATORS), start=1):
        kind, span = "clave o nombre", "texto"
        if name in COUNTS:
            kind, span = "cuenta", "0…n; * = confidencial; N/D = no disponible"
        elif name in DECIMALS:
            kind, span = "promedio o razón", "0.00…n; * = confidencial; N/D = no disponible"
        yield f"{number},{name},{kind},{span}\n".encode()


def write_census(city: City, folder: Path) -> list[Path]:
    """Write the census zip with INEGI's member names."""
    root = "ageb_mza_urbana_99_cpv2020"
    table = f"{root}/conjunto_de_datos/conjunto_de_datos_ageb_urbana_99_cpv2020.csv"
    words = f"{root}/diccionario_de_datos/diccionario_datos_ageb_urbana_99_cpv2020.csv"
    members = {words: _dictionary(), table: _text(city)}
    return write_zip(folder / f"{root}_csv.zip", members)
