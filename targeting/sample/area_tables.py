"""Two more tables by AGEB: a grade of social lag like CONEVAL's, and households like AMAI's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from targeting.sample.chance import stream
from targeting.sample.city import City
from targeting.sample.files import write_table, write_workbook
from targeting.sample.names import STATE_NAME, locality_name, municipality_name

LAG_COLUMNS = (
    "Clave entidad", "Entidad federativa", "Clave municipio", "Municipio", "Clave localidad",
    "Localidad", "Folio AGEB", "Clave AGEB", "Población total", "Viviendas particulares habitadas",
    "Población de 15 años o más analfabeta", "Población de 6 a 14 años que no asiste a la escuela",
    "Población de 15 a 24 años que no asiste a la escuela",
    "Población de 15 años y más con educación básica incompleta",
    "Población sin derechohabiencia a servicios de salud", "Viviendas con hacinamiento",
    "Viviendas que no disponen de agua entubada de la red pública",
    "Viviendas que no disponen de excusado o sanitario", "Viviendas que no disponen de drenaje",
    "Viviendas que no disponen de energía eléctrica", "Viviendas con piso de tierra",
    "Viviendas que no disponen de lavadora", "Viviendas que no disponen de refrigerador",
    "Viviendas que no disponen de teléfono fijo", "Viviendas que no disponen de teléfono celular",
    "Viviendas que no disponen de computadora, laptop o tablet",
    "Viviendas que no disponen de internet", "Grado de rezago social",
)  # fmt: skip
"""The 28 columns, in CONEVAL's order; the eighth is the whole key."""
GRADES = ("Muy bajo", "Bajo", "Medio", "Alto", "Muy alto")
GRADE_SHARES = (0.24, 0.34, 0.24, 0.12, 0.06)
FEWEST_DWELLINGS = 3
TITLE = "Grado de rezago social a nivel AGEB urbana (DATOS INVENTADOS / MADE DATA)"

LEVELS = ("AB", "C+", "C", "C-", "D+", "D", "E")
HOUSEHOLD_COLUMNS = (
    "ENTIDAD", "NOMBRE ENTIDAD", "MUNICIPIO", "NOMBRE MUNICIPIO", "LOCALIDAD", "NOMBRE LOCALIDAD",
    "AGEB", *LEVELS, "NIVEL PREDOMINANTE", "VIVIENDAS", "TAMAÑO DE LOCALIDAD", "ENTIDAD_STR",
    "MUNICIPIO_STR", "LOCALIDAD_STR", "AGEB_STR", "CVEGEO",
)  # fmt: skip
NOT_TOLD = "N/D"
LEVEL_CUTS = (-1.5, -0.8, -0.25, 0.3, 0.9, 1.9)
"""True want of a household between one level and the next."""


def _sums(city: City) -> pd.DataFrame:
    sums: pd.DataFrame = city.census.groupby(city.blocks["area_id"].to_numpy()).sum()
    return sums


def lag_shares(counts: pd.DataFrame) -> pd.DataFrame:
    """Return the seventeen indicators, in percent, from the true counts of each unit."""
    c = counts.astype(float)
    homes = c["VIVPARH_CV"]
    young = c["P_15A17"] + c["P_18A24"]
    low = c["P15YM_SE"] + c["P15PRI_IN"] + c["P15PRI_CO"] + c["P15SEC_IN"]
    values = [
        c["P15YM_AN"] / c["P_15YMAS"],
        (c["P6A11_NOA"] + c["P12A14NOA"]) / (c["P_6A11"] + c["P_12A14"]),
        (young - c["P15A17A"] - c["P18A24A"]) / young,
        low / c["P_15YMAS"],
        c["PSINDER"] / c["POBTOT"],
        c["VPH_1DOR"] / homes,
        c["VPH_AGUAFV"] / homes,
        1.0 - c["VPH_EXCSA"] / homes,
        c["VPH_NODREN"] / homes,
        c["VPH_S_ELEC"] / homes,
        c["VPH_PISOTI"] / homes,
        *(1.0 - c[f"VPH_{name}"] / homes for name in ("LAVAD", "REFRI", "TELEF", "CEL", "PC")),
        1.0 - c["VPH_INTER"] / homes,
    ]
    return 100.0 * pd.DataFrame(dict(zip(LAG_COLUMNS[10:27], values, strict=True)))


def lag_table(city: City) -> pd.DataFrame:
    """Return the grade of social lag by AGEB, with the shares it rests on.

    The grade follows the mean rank of the shares; only it is published, no index.
    """
    sums = _sums(city)
    sums = sums[sums["TVIVHAB"] >= FEWEST_DWELLINGS]
    shares = lag_shares(sums).fillna(0.0).clip(0.0, 100.0)
    rank = shares.rank(pct=True).mean(axis=1).rank(method="first", pct=True)
    grade = np.searchsorted(np.cumsum(GRADE_SHARES)[:-1], rank.to_numpy() - 1e-9)
    ids = sums.index
    head = [
        ["99"] * len(ids),
        [STATE_NAME] * len(ids),
        list(ids.str[2:5]),
        [municipality_name(key[:5]) for key in ids],
        list(ids.str[5:9]),
        [locality_name(key[:9]) for key in ids],
        list(ids.str[9:13]),
        list(ids),
        sums["POBTOT"].tolist(),
        sums["TVIVHAB"].tolist(),
    ]
    table = pd.DataFrame(dict(zip(LAG_COLUMNS[:10], head, strict=True)))
    for name in shares.columns:
        table[name] = shares[name].round(2).to_numpy()
    table[LAG_COLUMNS[-1]] = np.array(GRADES, dtype=object)[grade]
    return table


def _lag_rows(table: pd.DataFrame) -> Iterator[Sequence[object]]:
    """Six rows above the data, as CONEVAL sets them: titles, groups, and the names last."""
    yield [TITLE]
    yield ["Estados Unidos Mexicanos, 2020. Ninguna cifra es real / no figure is real"]
    yield []
    yield [*[None] * 10, "Indicadores (porcentaje) / indicators (percent)"]
    groups: list[object] = [None] * len(LAG_COLUMNS)
    for place, text in ((10, "Educación"), (14, "Salud"), (15, "Vivienda"), (21, "Activos")):
        groups[place] = text
    yield groups
    yield LAG_COLUMNS
    yield from table.itertuples(index=False, name=None)


def household_table(city: City) -> pd.DataFrame:
    """Return households by socioeconomic level and AGEB; small counts are not told.

    As in the file the association's users pass on: numbers of the keys as decimals, and rows of
    nothing but `N/D` where hardly anybody lives.
    """
    rng = stream(city.seed, "area_tables")
    homes = city.census["TVIVPARHAB"].to_numpy()
    want = city.blocks["want"].to_numpy()
    edges = np.array([-np.inf, *LEVEL_CUTS, np.inf])
    spread = 0.9
    below = 1.0 / (1.0 + np.exp(-1.7 * (edges[None, :] - want[:, None]) / spread))
    drawn = rng.multinomial(homes, np.diff(below, axis=1))
    by_area = pd.DataFrame(drawn, columns=list(LEVELS), index=city.blocks["area_id"].to_numpy())
    counts = by_area.groupby(level=0).sum()
    ids = counts.index
    few = counts.sum(axis=1).to_numpy() < 20
    values = counts.to_numpy()
    shown = np.where(np.isin(values, (1, 2)) | few[:, None], NOT_TOLD, values.astype(str))
    main = np.array(LEVELS, dtype=object)[values.argmax(axis=1)]
    table = pd.DataFrame(
        {
            "ENTIDAD": "99.0",
            "NOMBRE ENTIDAD": STATE_NAME,
            "MUNICIPIO": [f"{int(key[2:5])}.0" for key in ids],
            "NOMBRE MUNICIPIO": [municipality_name(key[:5]) for key in ids],
            "LOCALIDAD": [f"{int(key[5:9])}.0" for key in ids],
            "NOMBRE LOCALIDAD": [locality_name(key[:9]) for key in ids],
            "AGEB": ids.str[9:13],
        }
    )
    table[list(LEVELS)] = shown
    table["NIVEL PREDOMINANTE"] = np.where(few, NOT_TOLD, main)
    table["VIVIENDAS"] = np.where(few, NOT_TOLD, values.sum(axis=1).astype(str))
    table["TAMAÑO DE LOCALIDAD"] = "100,000 a 499,999"
    table["ENTIDAD_STR"] = "99"
    table["MUNICIPIO_STR"] = [str(int(key[2:5])) for key in ids]
    table["LOCALIDAD_STR"] = [str(int(key[5:9])) for key in ids]
    table["AGEB_STR"] = table["AGEB"]
    table["CVEGEO"] = ids
    return table[list(HOUSEHOLD_COLUMNS)]


def write_area_tables(city: City, folder: Path) -> list[Path]:
    """Write the workbook of social lag and the CSV of households."""
    lag, homes = "GRS_AGEB_urbana_2020_inventado_99.xlsx", "nse_amai_ageb_inventado_99.csv"
    rows = _lag_rows(lag_table(city))
    return [
        *write_workbook(folder / lag, sheet="AGEB urbanas", rows=rows, about=TITLE),
        *write_table(household_table(city), folder / homes),
    ]
