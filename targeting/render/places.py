"""Named places of the city, such as its colonias: which one each block lies in, for the search."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from targeting.delineation.drawing.labels import place_of
from targeting.model import Result
from targeting.render.encode import Packer


def pack_places(packer: Packer, result: Result, order: np.ndarray) -> list[dict[str, Any]]:
    """Pack the name of every place that holds a block, and the place of every block.

    A colonia in two parts, or two with one name in one municipality's list, is told once a record
    of the user's own layer: what has an id of its own is a place of its own.

    Parameters
    ----------
    packer : Packer
        Gets a column `place.<level>` (its number, missing where a block lies in none) and the
        texts `place.<level>.name`.
    result : Result
        A study carried out.
    order : ndarray
        Order of the blocks in the page.

    Returns
    -------
    list of dict
        One record for each level (`neighborhood`, `locality`, …), by name: `level` and `count`.
        Empty where the study has no such layer.
    """
    places = result.territory.places
    if places is None:
        return []
    named = places[places["name"].notna().to_numpy(bool)]
    out = []
    for level in sorted(named["level"].dropna().astype(str).unique()):
        held = place_of(result.territory.blocks.geometry, named, level).iloc[order]
        used = named.loc[named.index.isin(held.dropna().unique()), "name"].astype(str)
        used = used.sort_index()
        number = pd.Series(np.arange(len(used), dtype=float), index=used.index)
        packer.numbers(f"place.{level}", held.map(number).to_numpy(float))
        packer.texts(f"place.{level}.name", used.tolist())
        out.append({"level": level, "count": len(used)})
    return out
