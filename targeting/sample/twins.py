"""One place, several records: what the made directory, registers and street map share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from targeting.sample.city import CRS, City
from targeting.sample.facilities import near_void
from targeting.sample.facility_mix import HOSTILE_NAMES
from targeting.sample.files import write_table
from targeting.sample.places import beside
from targeting.sample.spelling import MADE_MARK, rewritten

SHIFT_M = 15.0
"""Records of one place lie up to so far from where the directory has it."""
ALONE_M = 150.0
"""A place only one register knows is so far, or farther, from any other of its kind."""
SOURCES = ("denue", "services", "schools", "clinics", "street_map")


@dataclass(frozen=True)
class Places:
    """The places of the city as the directory and INEGI's services have them.

    Parameters
    ----------
    table : DataFrame
        Index `place_id`. Columns `source`, `record` (id within the source), `code` (SCIAN class,
        or GEOGRAFICO of a service), `block_id` (empty for services), `name` (empty where nobody
        wrote one), `x`, `y` (meters).
    greens : dict
        Shape of the places that are green areas.
    """

    table: pd.DataFrame
    greens: Mapping[str, shapely.Polygon]


@dataclass
class Truth:
    """Which records are one place, gathered while the registers are written.

    Parameters
    ----------
    rows : list of dict
        A row per record.
    """

    rows: list[dict[str, object]] = field(default_factory=list)

    def add(
        self,
        source: str,
        records: Sequence[str],
        *,
        places: Sequence[str],
        names: Sequence[str],
        shift_m: np.ndarray,
        note: Sequence[str],
    ) -> None:
        """Take down the records of one source, aligned; no place where the record is none."""
        for record, place, name, shift, why in zip(
            records, places, names, shift_m, note, strict=True
        ):
            self.rows.append(
                {
                    "place_id": place,
                    "source": source,
                    "record": record,
                    "name": name,
                    "shift_m": round(float(shift), 2),
                    "note": why,
                }
            )

    def table(self) -> pd.DataFrame:
        """Return all records by place; those that are no place come last."""
        found = pd.DataFrame(self.rows)
        order = pd.DataFrame(
            {
                "none": found["place_id"] == "",
                "place": found["place_id"],
                "source": found["source"].map({name: i for i, name in enumerate(SOURCES)}),
                "record": found["record"],
            }
        )
        return found.loc[order.sort_values(list(order.columns)).index].reset_index(drop=True)


def known_places(
    denue: pd.DataFrame, points: gpd.GeoDataFrame, areas: gpd.GeoDataFrame, truth: Truth
) -> Places:
    """Return the places of the directory and of the services, numbered, and take them down.

    Parameters
    ----------
    denue : DataFrame
        `denue_table` of the city.
    points, areas : GeoDataFrame
        `service_points` and `service_areas`; median strips are no place.
    truth : Truth
        Gets a row per record.
    """
    back = pyproj.Transformer.from_crs("EPSG:6365", CRS, always_xy=True)
    x, y = back.transform(
        denue["longitud"].astype(float).to_numpy(), denue["latitud"].astype(float).to_numpy()
    )
    block = denue["cve_ent"] + denue["cve_mun"] + denue["cve_loc"] + denue["ageb"]
    directory = pd.DataFrame(
        {
            "source": "denue",
            "record": denue["id"].astype(str),
            "code": denue["codigo_act"],
            "block_id": block + denue["manzana"],
            "name": denue["nom_estab"],
            "x": np.round(x, 3),
            "y": np.round(y, 3),
        }
    )
    greens = areas[areas["GEOGRAFICO"] == "ÁREA VERDE"]
    held = [directory, _services(points, "99sip"), _services(greens, "99sia")]
    table = pd.concat(held, ignore_index=True)
    table["name"] = table["name"].where(~table["name"].isin(["NINGUNO", "NO APLICA"]), "")
    ids = [f"P{number:06d}" for number in range(1, len(table) + 1)]
    table.index = pd.Index(ids, name="place_id")
    for source, rows in table.groupby("source"):
        truth.add(
            str(source),
            rows["record"].tolist(),
            places=rows.index.tolist(),
            names=rows["name"].tolist(),
            shift_m=np.zeros(len(rows)),
            note=[""] * len(rows),
        )
    return Places(table, dict(zip(ids[len(ids) - len(greens) :], greens.geometry, strict=True)))


def _services(layer: gpd.GeoDataFrame, file: str) -> pd.DataFrame:
    middle = shapely.get_coordinates(shapely.point_on_surface(layer.geometry.to_numpy()))
    return pd.DataFrame(
        {
            "source": "services",
            "record": file + ":" + layer["OID"].astype(str).to_numpy(),
            "code": layer["GEOGRAFICO"].to_numpy(),
            "block_id": "",
            "name": layer["NOMBRE"].to_numpy(),
            "x": np.round(middle[:, 0], 3),
            "y": np.round(middle[:, 1], 3),
        }
    )


def shifted(xy: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return the places moved by up to `SHIFT_M`, and how far each was moved."""
    far = SHIFT_M * np.sqrt(rng.uniform(size=len(xy)))
    turn = rng.uniform(0.0, 2.0 * np.pi, len(xy))
    moved = xy + np.column_stack([np.cos(turn), np.sin(turn)]) * far[:, None]
    return np.round(moved, 3), far


def other_hands(
    names: Sequence[str], fallback: Sequence[str], hands: Sequence[str], rng: np.random.Generator
) -> list[str]:
    """Return every name in another hand; what was written down badly becomes the fallback."""
    pick = rng.integers(0, len(hands), len(names))
    bad = {name for name in HOSTILE_NAMES if name} | {""}
    return [
        rewritten(f"{plain}{MADE_MARK}" if name in bad else name, hands[p])
        for name, plain, p in zip(names, fallback, pick, strict=True)
    ]


def listed_again(
    here: pd.DataFrame, fallback: Sequence[str], hands: Sequence[str], rng: np.random.Generator
) -> pd.DataFrame:
    """Return places as another register lists them: moved a little, in another hand.

    Parameters
    ----------
    here : DataFrame
        Index place ids; `code`, `block_id`, `name`, `x`, `y`.
    fallback : sequence of str
        Names for those written down badly.
    hands : sequence of str
        Ways of writing, as `rewritten` knows them.
    rng : Generator

    Returns
    -------
    DataFrame
        `place_id`, `code`, `block_id`, `name`, `x`, `y`, `shift_m`, an empty `note`.
    """
    xy, far = shifted(here[["x", "y"]].to_numpy(), rng)
    return pd.DataFrame(
        {
            "place_id": here.index,
            "code": here["code"].to_numpy(),
            "block_id": here["block_id"].to_numpy(),
            "name": other_hands(here["name"].tolist(), fallback, hands, rng),
            "x": xy[:, 0],
            "y": xy[:, 1],
            "shift_m": far,
            "note": "",
        }
    )


def alone(
    city: City, taken: np.ndarray, count: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return places beside blocks, far from others of their kind and from the bare corner.

    Parameters
    ----------
    city : City
    taken : ndarray, shape (places, 2)
        Where places of the kind are.
    count : int
        How many are wanted; fewer where there is no room.
    rng : Generator

    Returns
    -------
    xy, block : ndarray
        Places, and the row of the block each is beside.
    """
    shapes = city.blocks.geometry.to_numpy()
    open_ = np.flatnonzero(~near_void(city, shapes) & (city.blocks["people"].to_numpy() > 0))
    rows = rng.choice(open_, size=min(6 * count + 20, len(open_)), replace=False)
    xy = beside(shapes[rows], rng.uniform(0.5, 4.5, len(rows)), rng)
    found: list[int] = []
    held = taken.reshape(-1, 2)
    for row in range(len(rows)):
        away = np.hypot(*(held - xy[row]).T)
        if not len(held) or away.min() >= ALONE_M:
            found.append(row)
            held = np.vstack([held, xy[row]])
        if len(found) == count:
            break
    return np.round(xy[found], 3), rows[found]


def write_truth_of_places(truth: Truth, folder: Path) -> list[Path]:
    """Write which records are one place."""
    return write_table(truth.table(), folder / "facilities_truth_99.csv")
