"""Incidents by block: which kinds count, where somebody looks, what no rate is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from targeting.incident_kinds import incident_kinds
from targeting.model import Loss, Territory
from targeting.problems import Problem, TargetingError


def severity_weights(kinds: Sequence[str], severity: Mapping[str, float]) -> dict[str, float]:
    """Return the weight of each kind: the study's, else that of `incident_kinds.yaml`.

    Parameters
    ----------
    kinds : sequence of str
        Kinds that count.
    severity : mapping
        Kind to weight, as the study says.

    Returns
    -------
    dict

    Raises
    ------
    TargetingError
        `kind-without-severity`: a kind has none, or all have 0.

    Examples
    --------
    >>> severity_weights(["homicide", "graffiti"], {"graffiti": 0.5})
    {'homicide': 10.0, 'graffiti': 0.5}
    """
    table = {kind: one.weight for kind, one in incident_kinds().items()}
    known = table | {str(kind): float(weight) for kind, weight in severity.items()}
    absent = [kind for kind in kinds if kind not in known]
    if absent or not any(known[kind] for kind in kinds):
        shown = absent or list(kinds)
        values = {"given": ", ".join(shown[:12]) or "–", "known": ", ".join(sorted(table))}
        raise TargetingError([Problem("kind-without-severity", "severity", values)])
    return {kind: known[kind] for kind in kinds}


def kinds_known(territory: Territory) -> tuple[str, ...]:
    """Return every kind the study's sources know."""
    found: set[str] = set()
    if territory.incident_kind_coverage is not None:
        found.update(str(kind) for kind in territory.incident_kind_coverage.columns)
    for table in (territory.incidents, territory.incident_counts):
        if table is not None:
            found.update(str(kind) for kind in table["kind"].dropna().unique())
    return tuple(sorted(found))


def violent_kinds(kinds: tuple[str, ...]) -> tuple[str, ...]:
    """Return the kinds that are violence; a kind the table does not know is what a study says."""
    table = incident_kinds()
    return tuple(kind for kind in kinds if kind not in table or table[kind].violent) or kinds


def blocks_covered(territory: Territory, kinds: tuple[str, ...]) -> np.ndarray:
    """Tell in which blocks somebody looks for every kind; none named means all."""
    by_kind = territory.incident_kind_coverage
    if by_kind is not None:
        known = by_kind.reindex(columns=list(kinds), fill_value=False) if kinds else by_kind
        return np.asarray(known.to_numpy(bool).all(axis=1))
    if territory.incident_coverage is not None:
        return territory.incident_coverage.to_numpy(bool)
    return np.ones(len(territory.blocks), dtype=bool)


def years_of_data(territory: Territory) -> float:
    """Return the years the incidents stand for.

    Raises
    ------
    TargetingError
        `no-exposure`: the sources do not say, or do not agree.
    """
    if not territory.incident_years:
        raise TargetingError([Problem("no-exposure", "per_year")])
    return float(territory.incident_years)


def events_by_block(territory: Territory, kinds: tuple[str, ...]) -> tuple[np.ndarray, bool]:
    """Return the incidents of each block, and whether any were shared out to it."""
    index = territory.blocks.index
    counts = np.zeros(len(index))
    points, shared = territory.incidents, territory.incident_counts
    if points is not None:
        chosen = points if not kinds else points[points["kind"].isin(kinds)]
        found = index.get_indexer(chosen["block_id"].dropna())
        counts += np.bincount(found[found >= 0], minlength=len(index))
    if shared is None:
        return counts, False
    chosen = shared if not kinds else shared[shared["kind"].isin(kinds)]
    found = index.get_indexer(chosen["block_id"])
    more = chosen["count"].to_numpy(float)[found >= 0]
    counts += np.bincount(found[found >= 0], more, minlength=len(index))
    return counts, bool(more.sum() > 0)


def unused_events(
    territory: Territory, counts: np.ndarray, covered: np.ndarray
) -> tuple[Loss, ...]:
    """Return the incidents no rate is made of: nobody lives there, or not all kinds are known."""
    blocks = territory.blocks
    nobody = ~(blocks["population"].to_numpy(float) > 0)
    losses = []
    for reason, unused in (("no-residents", nobody), ("kinds-not-covered", ~nobody & ~covered)):
        rows = (counts > 0) & unused
        lost = round(float(counts[rows].sum()))
        if lost:
            total = round(float(counts.sum()))
            losses.append(Loss("incidents", reason, lost, total, tuple(blocks.index[rows][:5])))
    return tuple(losses)


def violence_by_block(territory: Territory) -> np.ndarray | None:
    """Return the violent incidents of each block, missing where nobody looks; None without any."""
    if territory.incidents is None and territory.incident_counts is None:
        return None
    kinds = violent_kinds(kinds_known(territory))
    counts, _ = events_by_block(territory, kinds)
    return np.where(blocks_covered(territory, kinds), counts, np.nan)
