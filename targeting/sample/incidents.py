"""Incidents of one year in the made city, as a municipality writes them down."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from targeting.sample.chance import smooth_field, stream
from targeting.sample.city import City
from targeting.sample.colonias import colonia_of_blocks
from targeting.sample.files import write_table
from targeting.sample.places import beside, inside, lon_lat
from targeting.sample.plan import ORIGIN
from targeting.sample.plants import DECOY

VIOLENT_PER_RESIDENT = 0.008
"""Violent incidents by resident and year where risk is 1: some 3,300 a year in 5,000 blocks, and
as many again, about, in the two violent corners and their likes."""

OTHER_PER_RESIDENT = 0.011
AMBIENT_PEOPLE = 2.0
"""People about in every block beside its residents: empty blocks have incidents too."""

BLOCK_SHAPE, FLAT_SHAPE = 3.0, 12.0
"""Shape of the gamma law that makes blocks differ beyond their true risk (mean 1)."""

DECOY_DRAWS = 400
"""The decoy's year is the most crowded of so many honest draws at average risk: chance, chosen."""

INSIDE_SHARE = 0.365
OPEN_SHARE, OPEN_TRIES = 0.05, 12
ZERO_SHARE, BLANK_SHARE, FAR_SHARE = 0.004, 0.006, 0.028
SHARED_SHARE = 0.04
TWICE_SHARE = 0.002
YEAR = 2020

VIOLENT = {
    "HOMICIDIO DOLOSO": 0.035,
    "LESIONES DOLOSAS POR ARMA DE FUEGO": 0.06,
    "LESIONES DOLOSAS POR ARMA BLANCA": 0.05,
    "LESIONES DOLOSAS": 0.14,
    "ROBO A PERSONA CON VIOLENCIA": 0.24,
    "ROBO A NEGOCIO CON VIOLENCIA": 0.14,
    "VIOLENCIA FAMILIAR": 0.335,
}
OTHER = {
    "ROBO DE VEHICULO": 0.16,
    "VEHICULO RECUPERADO": 0.09,
    "ROBO A CASA HABITACION": 0.10,
    "ROBO A NEGOCIO SIN VIOLENCIA": 0.08,
    "ROBO A INTERIOR DE VEHICULO": 0.06,
    "ROBO DE MOTOCICLETA": 0.03,
    "ALTERAR EL ORDEN PUBLICO": 0.11,
    "INGERIR BEBIDAS ALCOHOLICAS EN LA VIA PUBLICA": 0.08,
    "RUIDO EXCESIVO": 0.06,
    "DAÑO EN LAS COSAS": 0.05,
    "AMENAZAS": 0.03,
    "NARCOMENUDEO": 0.03,
    "FRAUDE": 0.02,
    "ABUSO DE CONFIANZA": 0.01,
    "CHOQUE DE UNIDAD": 0.03,
    "LESIONES CULPOSAS POR HECHO DE TRANSITO": 0.025,
    "HOMICIDIO CULPOSO POR HECHO DE TRANSITO": 0.005,
    "PERSONA ENFERMA": 0.01,
    "INCENDIO": 0.015,
    "APOYO A OTRAS CORPORACIONES": 0.005,
}


def violent_by_block(city: City) -> np.ndarray:
    """Return the violent incidents of each block: gamma-Poisson over its true risk."""
    rng = stream(city.seed, "incidents")
    table = city.blocks
    about = table["people"].to_numpy() + AMBIENT_PEOPLE
    expected = VIOLENT_PER_RESIDENT * about * table["risk"].to_numpy()
    shape = BLOCK_SHAPE if city.plants else FLAT_SHAPE
    count: np.ndarray = rng.poisson(expected * rng.gamma(shape, 1.0 / shape, len(table)))
    decoy = np.flatnonzero(table["corner"].to_numpy() == DECOY)
    if len(decoy):
        chance = stream(city.seed, "decoy")
        law = VIOLENT_PER_RESIDENT * table["people"].to_numpy()[decoy]
        draws = np.minimum(chance.poisson(law, (DECOY_DRAWS, len(decoy))), 1)
        count[decoy] = draws[draws.sum(axis=1).argmax()]
    return count


def _other_by_block(city: City, rng: np.random.Generator) -> np.ndarray:
    table = city.blocks
    busy = np.exp(-((np.hypot(*city.xy.T) / (0.35 * city.plan.radius_m)) ** 2))
    level = 1.0 + 1.6 * busy + 0.25 * smooth_field(city.xy, rng, length_m=1200.0)
    about = 0.6 * table["people"].to_numpy() + 25.0
    quiet = np.where(table["corner"].to_numpy() == DECOY, 0.1, 1.0)
    mean = OTHER_PER_RESIDENT * about * np.clip(level, 0.2, None) * quiet
    count: np.ndarray = rng.poisson(mean * rng.gamma(2.0, 0.5, len(table)))
    return count


def incident_table(city: City) -> pd.DataFrame:
    """Return the year's incidents in the file's columns, with its flaws."""
    return incidents_and_blocks(city)[0]


def incidents_and_blocks(city: City) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the year's incidents, and the row of the block each happened in.

    A file's flaws: most points stand in the street, some have no place or the place 0, 0 or one
    far away, some share a point, a few rows come twice.
    """
    violent = violent_by_block(city)
    rng = stream(city.seed, "places")
    other = _other_by_block(city, rng)
    rows = np.arange(len(city.blocks))
    block = np.concatenate([np.repeat(rows, violent), np.repeat(rows, other)])
    total = int(violent.sum())
    kind = np.concatenate([_texts(VIOLENT, total, rng), _texts(OTHER, len(block) - total, rng)])
    x, y = _lon_lat(city, block, rng)
    day = rng.integers(0, 366, len(block))
    date = pd.Series(pd.Timestamp(YEAR, 1, 1) + pd.to_timedelta(day, unit="D"))
    minute = np.floor(1440.0 * rng.beta(2.0, 1.4, len(block))).astype(int)
    table = pd.DataFrame(
        {
            "fecha": date.dt.strftime("%d/%m/%Y"),
            "hora": [f"{m // 60:02d}:{m % 60:02d}" for m in minute],
            "delito": kind,
            "colonia": np.char.upper(colonia_of_blocks(city).astype(str))[block].astype(object),
            "longitud": x,
            "latitud": y,
        }
    )
    order = np.lexsort((block, minute, day))
    table = table.iloc[order].reset_index(drop=True)
    table.insert(0, "folio", [f"INV-{YEAR}-{n:07d}" for n in range(1, len(table) + 1)])
    twice = np.sort(rng.choice(len(table), max(1, round(TWICE_SHARE * len(table))), replace=False))
    repeated = np.sort(np.concatenate([np.arange(len(table)), twice]))
    return table.iloc[repeated].reset_index(drop=True), block[order][repeated]


def _texts(shares: dict[str, float], count: int, rng: np.random.Generator) -> np.ndarray:
    weight = np.array(list(shares.values()))
    texts: np.ndarray = rng.choice(
        np.array(list(shares), dtype=object), count, p=weight / weight.sum()
    )
    return texts


def _lon_lat(
    city: City, block: np.ndarray, rng: np.random.Generator
) -> tuple[list[str], list[str]]:
    """Return longitude and latitude as text, in the street as a rule."""
    total = len(block)
    shapes = city.blocks.geometry.to_numpy()[block]
    where = rng.uniform(size=total)
    gap = rng.uniform(0.2, 2.6, total)
    within = (where < INSIDE_SHARE)[:, None]
    xy = np.where(within, inside(shapes, rng), beside(shapes, gap, rng))
    _into_the_open(city, xy, shapes, np.flatnonzero(where > 1.0 - OPEN_SHARE), rng)
    neighbor = np.r_[False, block[1:] == block[:-1]]
    share = SHARED_SHARE / max(float(neighbor.mean()), SHARED_SHARE)
    shared = np.flatnonzero(neighbor & (rng.uniform(size=total) < 0.6 * share))
    xy[shared] = xy[shared - 1]
    fate = rng.permutation(total)
    far = fate < FAR_SHARE * total
    reach = city.plan.radius_m * rng.uniform(1.7, 2.6, total)
    angle = rng.uniform(0.0, 2.0 * np.pi, total)
    away = np.column_stack([np.cos(angle), np.sin(angle)]) * reach[:, None] + ORIGIN
    longitude, latitude = lon_lat(np.where(far[:, None], away, xy))
    zero = fate >= (1.0 - ZERO_SHARE) * total
    blank = ~zero & (fate >= (1.0 - ZERO_SHARE - BLANK_SHARE) * total)

    def text(values: np.ndarray) -> list[str]:
        shown = np.where(zero, "0", np.char.mod("%.7f", values))
        return [str(value) for value in np.where(blank, "", shown)]

    return text(longitude), text(latitude)


def _into_the_open(
    city: City,
    xy: np.ndarray,
    shapes: np.ndarray,
    rows: np.ndarray,
    rng: np.random.Generator,
) -> None:
    """Move some points to squares and avenues, 10 to 24 m from every block, where there is room."""
    tree = shapely.STRtree(city.blocks.geometry.to_numpy())
    for _ in range(OPEN_TRIES):
        tried = beside(shapes[rows], rng.uniform(10.5, 24.0, len(rows)), rng)
        close = tree.query(shapely.points(tried), predicate="dwithin", distance=10.0)[0]
        free = np.ones(len(rows), dtype=bool)
        free[close] = False
        xy[rows[free]] = tried[free]
        rows = rows[~free]


def write_incidents(table: pd.DataFrame, folder: Path) -> list[Path]:
    """Write the incidents as CSV."""
    return write_table(table, folder / "incidentes_inventados_99.csv")
