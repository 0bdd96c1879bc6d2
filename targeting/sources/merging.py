"""One facility that several registers list is told once: by kind, distance and name.

A pair is judged by its names, as record linkage does since Fellegi and Sunter (Journal of the
American Statistical Association 64, 1969), with words for names and a fixed threshold instead of
estimated weights: a planner can check every merge by eye in the listing.
"""

from __future__ import annotations

import difflib
import re
from functools import lru_cache
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from targeting.facility_kinds import facility_kinds
from targeting.sources.layer import content_ranks
from targeting.sources.text import fold

WITHIN_M = 60.0
UNNAMED_WITHIN_M = 25.0
LIKENESS_MIN = 0.6
MERGE_COLUMNS = (
    "facility_id",
    "kept_name",
    "kept_reference",
    "kind",
    "name",
    "source",
    "reference",
    "distance_m",
    "why",
)
# Why two records were taken for one: their names, their place, or a third record between them.
LIKE_NAMES, UNNAMED_NEARBY, BY_THIRD_RECORD = "like_names", "unnamed_nearby", "by_third_record"

# What names of one kind have in common says nothing about which one it is.
_PHRASES = re.compile(
    r"\b(jardin de ninos|jardin de infantes|centro de salud|casa de salud|medicina familiar|"
    r"telesecundaria|unidad deportiva|centro deportivo|centro comunitario|centro de "
    r"desarrollo comunitario|centro de desarrollo infantil|casa hogar|place of worship)\b"
)
_WORDS = frozenset(
    "a al an and at by c con de del e el en esc for in la las lo los no num numero of por s sc sn "
    "the u y alberca area biblioteca cancha capilla cecosama campo casa cbtis centro clinica col "
    "colegio comandancia consultorio dispensario doctor dr educacion educativo "
    "escuela espacio espacios estancia estado federal general gimnasio guarderia hospital iglesia "
    "infantil instituto jardin juegos kinder liceo lic maestro matutino medico mercado modulo "
    "municipal museo nocturno nuestra oficial oficina particular parque parroquia plaza plazoleta "
    "policia prepa preparatoria preescolar prescolar primaria privada prof profesor profesora "
    "publica publico recreativo santuario secundaria senora sra tecnica templo tiempo "
    "completo turno umf unid unidad urbana verde vespertino esc gral hosp jn prim sec tec "
    "bar cemetery center centre chapel church clinic college elementary garden high kindergarten "
    "library market middle nursery park playground police preschool primary public school "
    "secondary shelter sports square station temple".split()
)


class _Edge(NamedTuple):
    """Two records that may be one, best pairs first in the order of its fields."""

    unlikeness: float
    distance_m: float
    first: int
    second: int


class _Limits(NamedTuple):
    """How near, and how alike in name, two records of one facility are."""

    within_m: float
    likeness_min: float
    unnamed_within_m: float

    def why(self, first: tuple[str, ...], second: tuple[str, ...], distance_m: float) -> str:
        """Return why records with these words, so far apart, may be one; empty if they may not."""
        if not (first and second):
            return UNNAMED_NEARBY if distance_m <= self.unnamed_within_m else ""
        like = distance_m <= self.within_m and likeness(first, second) >= self.likeness_min
        return LIKE_NAMES if like else ""


@lru_cache(maxsize=200_000)
def own_words(name: str) -> tuple[str, ...]:
    """Return the words of a name that tell it from others of its kind, sorted.

    Examples
    --------
    >>> own_words("Escuela Primaria «Niños Héroes», turno vespertino")
    ('heroes', 'ninos')
    >>> own_words("JARDÍN DE NIÑOS")
    ()
    """
    bare = fold(name).replace("\ufffd", "")
    # What stands in brackets is a remark, unless nothing stands outside.
    outside = re.sub(r"\([^)]*\)", " ", bare)
    bare = outside if re.search(r"\w", outside) else bare
    plain = _PHRASES.sub(" ", re.sub(r"[^\w]+", " ", bare))
    words = {str(int(w)) if w.isdecimal() else w for w in plain.split() if w not in _WORDS}
    return tuple(sorted(words))


@lru_cache(maxsize=200_000)
def likeness(first: tuple[str, ...], second: tuple[str, ...]) -> float:
    """Return how alike two names are, 0 to 1, from their own words.

    Twice the words both have over the words of each (Dice), or the share of letters in common
    where that is more: a misspelled word is still the same. Names with different numbers are
    different: the secondary school 12 is not the 13.

    Examples
    --------
    >>> likeness(("benito", "juarez"), ("benito", "garcia", "juarez"))
    0.8
    >>> likeness(("12", "tecnica"), ("13", "tecnica"))
    0.0
    """
    if first > second:  # difflib is not symmetric
        return likeness(second, first)
    numbers = [{word for word in words if word.isdecimal()} for words in (first, second)]
    if all(numbers) and not numbers[0] & numbers[1]:
        return 0.0
    shared = 2 * len(set(first) & set(second)) / (len(first) + len(second))
    letters = difflib.SequenceMatcher(None, " ".join(first), " ".join(second), autojunk=False)
    return round(max(shared, letters.ratio() if letters.quick_ratio() > shared else 0.0), 6)


def merge_facilities(
    facilities: gpd.GeoDataFrame,
    *,
    within_m: float = WITHIN_M,
    likeness_min: float = LIKENESS_MIN,
    unnamed_within_m: float = UNNAMED_WITHIN_M,
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Tell each facility once that several registers list.

    Two records of different registers are one facility when their kinds can be the same, they
    are near, and their names are alike; without a name in one of them, when they are nearer
    still. The best pair merges first; two records of one register never become one, not by way
    of a third either. The record of the earlier register stays, and takes from the others the
    name, capacity or reference it lacks.

    Parameters
    ----------
    facilities : GeoDataFrame
        Points in metric coordinates, unique index; `kind`, `name`, `source`, and optionally
        `register` (number of the register, the better ones first; default: the sources in the
        order of the alphabet), `capacity`, `reference`.
    within_m : float
        Farthest distance of two records with like names, in meters.
    likeness_min : float
        Least likeness of two names, 0 to 1.
    unnamed_within_m : float
        Farthest distance when one of them has no name of its own, in meters.

    Returns
    -------
    merged : GeoDataFrame
        The records that stay, in their order and under their index.
    merges : DataFrame
        `MERGE_COLUMNS`, one row for each record merged into another: `facility_id` is the index
        of the one that stays, `kept_name` and `kept_reference` what that one's own register says;
        `kind`, `name`, `source` and `reference` are the merged record's own. `why` is
        `"like_names"`, `"unnamed_nearby"` (one of the two has no name of its own), or
        `"by_third_record"` (each is alike to another record, not to one another).

    Examples
    --------
    >>> table = gpd.GeoDataFrame(
    ...     {"kind": ["school", "primary_school"], "source": ["INEGI", "OSM"],
    ...      "name": ["PRIMARIA BENITO JUÁREZ", "Escuela Benito Juarez"]},
    ...     geometry=shapely.points([[0, 0], [30, 40]]), index=["a", "b"])
    >>> merged, merges = merge_facilities(table)
    >>> merged.index.tolist(), merges[["facility_id", "kind", "distance_m", "why"]].values.tolist()
    (['a'], [['a', 'primary_school', 50.0, 'like_names']])
    """
    register = _registers(facilities)
    words = [own_words(name) if isinstance(name, str) else () for name in facilities["name"]]
    limits = _Limits(within_m, likeness_min, unnamed_within_m)
    edges = _edges(facilities, register, words, limits)
    kept = _clusters(edges, register, facilities["kind"].tolist())
    gone = np.flatnonzero(kept != np.arange(len(facilities)))
    merges = _listed(facilities, kept, gone, words, limits)
    merged = _filled(facilities, kept, register)
    return merged.drop(index=facilities.index[gone]), merges


def _listed(
    facilities: gpd.GeoDataFrame,
    kept: np.ndarray,
    gone: np.ndarray,
    words: list[tuple[str, ...]],
    limits: _Limits,
) -> pd.DataFrame:
    """Return who was merged into whom, and why, as each record's own register tells it."""
    into = kept[gone]
    xy = shapely.get_coordinates(np.asarray(facilities.geometry.array, dtype=object))
    apart = np.hypot(*(xy[gone] - xy[into]).T)
    references = pd.Series(None, index=facilities.index, dtype="str")
    if "reference" in facilities.columns:
        references = facilities["reference"]
    why = [
        limits.why(words[one], words[other], distance_m) or BY_THIRD_RECORD
        for one, other, distance_m in zip(
            into.tolist(), gone.tolist(), apart.round(3).tolist(), strict=True
        )
    ]
    return pd.DataFrame(
        {
            "facility_id": facilities.index.to_numpy(object)[into],
            "kept_name": facilities["name"].array[into],
            "kept_reference": references.array[into],
            "kind": facilities["kind"].to_numpy(object)[gone],
            "name": facilities["name"].array[gone],
            "source": facilities["source"].to_numpy(object)[gone],
            "reference": references.array[gone],
            "distance_m": apart.round(1),
            "why": pd.array(why, dtype="str"),
        },
        index=facilities.index[gone],
        columns=list(MERGE_COLUMNS),
    )


def _registers(facilities: gpd.GeoDataFrame) -> np.ndarray:
    if "register" in facilities.columns:
        return np.asarray(facilities["register"], dtype=np.int64)
    return np.asarray(pd.factorize(facilities["source"], sort=True)[0], dtype=np.int64)


def _edges(
    facilities: gpd.GeoDataFrame,
    register: np.ndarray,
    words: list[tuple[str, ...]],
    limits: _Limits,
) -> list[_Edge]:
    """Return the pairs that may be one facility, the best first."""
    reach_m = max(limits.within_m, limits.unnamed_within_m)
    first, second, apart = _near(facilities, register, reach_m)
    # Ties go by what the records say, never by where they stand in a file.
    xy = shapely.get_coordinates(np.asarray(facilities.geometry.array, dtype=object))
    plain = pd.DataFrame(facilities.drop(columns=facilities.geometry.name))
    rank = content_ranks(plain.assign(x=xy[:, 0], y=xy[:, 1], register=register))
    edges = []
    for one, other, distance_m in zip(first.tolist(), second.tolist(), apart.tolist(), strict=True):
        why = limits.why(words[one], words[other], distance_m)
        if why == LIKE_NAMES:
            unlike = 1.0 - likeness(words[one], words[other])
            edges.append(_Edge(unlike, distance_m, one, other))
        elif why:
            # After every pair whose names speak for it.
            edges.append(_Edge(2.0, distance_m, one, other))
    return sorted(edges, key=lambda e: (e[0], e[1], *sorted((rank[e.first], rank[e.second]))))


def _near(
    facilities: gpd.GeoDataFrame, register: np.ndarray, reach_m: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the pairs of different registers and like kinds within reach, and how far apart."""
    xy = shapely.get_coordinates(np.asarray(facilities.geometry.array, dtype=object))
    table = facility_kinds()
    broader = {key: kind.broader or key for key, kind in table.items()}
    kinds = facilities["kind"].to_numpy(object)
    family = np.array([broader.get(kind, kind) for kind in kinds], dtype=object)
    found = [np.empty((0, 2), dtype=np.int64)]
    for one in sorted(set(family)):
        rows = np.flatnonzero(family == one)
        if len(np.unique(register[rows])) > 1:
            pairs = cKDTree(xy[rows]).query_pairs(reach_m, output_type="ndarray")
            found.append(rows[pairs])
    first, second = np.concatenate(found).T
    # Of one family: the same kind, or one of them the family itself.
    same = kinds[first] == kinds[second]
    same |= (kinds[first] == family[first]) | (kinds[second] == family[second])
    same &= register[first] != register[second]
    first, second = first[same], second[same]
    return first, second, np.hypot(*(xy[first] - xy[second]).T).round(3)


def _clusters(edges: list[_Edge], register: np.ndarray, kinds: list[str]) -> np.ndarray:
    """Return for each record the one that stays, joining best pairs first.

    No register stands twice in a cluster, and no two kinds that cannot be one: a register that
    does not tell levels apart joins no preschool to a primary school.
    """
    general = {kind.broader for kind in facility_kinds().values()}
    root = list(range(len(register)))
    registers: dict[int, set[int]] = {}
    exact: dict[int, set[str]] = {}
    for edge in edges:
        for row in (edge.first, edge.second):
            registers.setdefault(row, {int(register[row])})
            exact.setdefault(row, {kinds[row]} - general)

    def top(row: int) -> int:
        while root[row] != row:
            root[row] = root[root[row]]
            row = root[row]
        return row

    for edge in edges:
        one, other = top(edge.first), top(edge.second)
        if one == other or registers[one] & registers[other]:
            continue
        if len(exact[one] | exact[other]) > 1:
            continue
        if register[other] < register[one]:
            one, other = other, one
        root[other] = one
        registers[one] |= registers[other]
        exact[one] |= exact[other]
    return np.array([top(row) for row in range(len(register))], dtype=np.int64)


def _filled(
    facilities: gpd.GeoDataFrame, kept: np.ndarray, register: np.ndarray
) -> gpd.GeoDataFrame:
    """Return the table with what a record lacks taken from those merged into it, best first."""
    order = np.argsort(register, kind="stable")
    several = np.bincount(kept, minlength=len(kept))[kept] > 1
    order = order[several[order]]
    filled = facilities.copy()
    for column in ("name", "capacity", "reference"):
        if column not in facilities.columns or not len(order):
            continue
        values = facilities[column].iloc[order]
        first = values.groupby(kept[order]).first()
        place = facilities.columns.get_loc(column)
        lacking = filled[column].iloc[first.index].isna().to_numpy()
        filled.iloc[first.index[lacking], place] = first[lacking].to_numpy()
    return filled
