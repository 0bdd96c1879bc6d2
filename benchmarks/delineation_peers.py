"""What peers make of the same city: the same blocks, links, need and bounds.

A partitioner needs one component: the fewest, shortest extra links join the components for it,
and its parts are cut along the true links again. Parts that keep the bounds stay, the best K of
them are the plan. *Default*: parts of the middle size, ranked by mean need of a resident.
*Tuned*: three sizes × two edge weights × two ranks, and the outcome that captures most is kept
after it is seen, which nobody could do without knowing the answer: it favors the peer.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from delineation_city import AREA_MAX_M2, PEOPLE, Made, told, user

MIDDLE = 2_000.0
SIZES = (1_600.0, 2_000.0, 2_500.0)
RANKS = ("density", "need")
WARD_MAX = 70_000
SKATER_MAX = 2_500
MAXP_MAX = 6_000
ESDA_MAX = 70_000
METERS = 10.0
SPREAD = 0.05
QUIET = True


def peers_of(made: Made, city: Any, rules: Any, *, quick: bool) -> dict[str, Any]:
    """Return what every peer captures with its default recipe, and the partitioners tuned."""
    peers: dict[str, Callable[[Bench], dict[str, Any]]] = {
        "METIS": lambda bench: partitioned(bench, metis),
        "KaHIP": lambda bench: partitioned(bench, kahip),
    }
    size = len(made.score)
    if size <= WARD_MAX:
        peers["Ward"] = ward_default
    if size <= ESDA_MAX and not quick:
        peers["esda Gi*"] = esda_spots
    if size <= MAXP_MAX and not quick:
        peers["pygeoda max-p"] = pygeoda_max_p
    if size <= SKATER_MAX and not quick:
        peers["spopt SKATER"] = spopt_skater
    bench = Bench(made, city, rules)
    found = {}
    for name, work in peers.items():
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found[name] = work(bench)
        except ImportError as error:
            found[name] = {"missing": error.name}
    return found


class Bench:
    """A city, and its links joined to one component."""

    def __init__(self, made: Made, city: Any, rules: Any) -> None:
        self.made, self.city, self.rules = made, city, rules
        self.one, self.two, self.facing = joined(made, city)

    def rows(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return joined links in rows of neighbors: starts, neighbors, length faced."""
        count = len(self.made.score)
        one = np.concatenate([self.one, self.two])
        two = np.concatenate([self.two, self.one])
        order = np.lexsort((two, one))
        starts = np.concatenate([[0], np.cumsum(np.bincount(one, minlength=count))])
        return starts, two[order], np.tile(self.facing, 2)[order]

    def plan(self, label: np.ndarray, rank: str) -> tuple[dict[str, float], float]:
        """Judge the best K parts that keep the bounds; and the share of parts that do."""
        groups, fit = feasible(self.made, self.city, self.rules, label)
        return told(self.city, self.rules, self.ranked(groups, rank)), fit

    def best(self, label: np.ndarray, rank: str) -> list[np.ndarray]:
        """Return the best K parts that keep the bounds."""
        return self.ranked(feasible(self.made, self.city, self.rules, label)[0], rank)

    def ranked(self, groups: list[np.ndarray], rank: str) -> list[np.ndarray]:
        """Return the best K groups, by need or by mean need of a resident."""
        need = np.array([self.city.need[group].sum() for group in groups])
        people = np.array([self.city.population[group].sum() for group in groups])
        key = need if rank == "need" else need / np.maximum(people, 1)
        best = np.argsort(-key, kind="stable")[: self.rules.polygons]
        return [groups[n] for n in best]


def joined(made: Made, city: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Links, and the shortest further ones that make one component of the city."""
    import scipy.sparse as sparse
    from scipy.sparse.csgraph import minimum_spanning_tree
    from scipy.spatial import Delaunay

    from targeting.delineation.graph import components

    links, part = made.links, components(city)
    corner = Delaunay(made.xy).simplices
    pairs = np.concatenate([corner[:, [0, 1]], corner[:, [1, 2]], corner[:, [2, 0]]])
    pairs = pairs[part[pairs[:, 0]] != part[pairs[:, 1]]]
    away = np.hypot(*(made.xy[pairs[:, 0]] - made.xy[pairs[:, 1]]).T)
    side = np.sort(part[pairs], axis=1)
    order = np.lexsort((away, side[:, 1], side[:, 0]))
    _, first = np.unique(side[order], axis=0, return_index=True)
    pairs, side, away = pairs[order][first], side[order][first], away[order][first]
    count = int(part.max()) + 1
    tree = minimum_spanning_tree(
        sparse.csr_array((away, (side[:, 0], side[:, 1])), shape=(count, count))
    ).tocoo()
    number = {(one, two): at for at, (one, two) in enumerate(side.tolist())}
    kept = [number[pair] for pair in zip(tree.row.tolist(), tree.col.tolist(), strict=True)]
    extra = pairs[np.array(kept, dtype=int)]
    return (
        np.concatenate([links.first, extra[:, 0]]).astype(np.int64),
        np.concatenate([links.second, extra[:, 1]]).astype(np.int64),
        np.concatenate([links.facing_m, np.zeros(len(extra))]),
    )


def feasible(
    made: Made, city: Any, rules: Any, label: np.ndarray
) -> tuple[list[np.ndarray], float]:
    """Cut parts along the true links; return those that keep the bounds, and their share (%)."""
    import scipy.sparse as sparse
    from scipy.sparse.csgraph import connected_components

    links = made.links
    same = (label[links.first] == label[links.second]) & (label[links.first] >= 0)
    ones = np.ones(int(same.sum()))
    count = len(label)
    graph = sparse.csr_array((ones, (links.first[same], links.second[same])), shape=(count, count))
    _, piece = connected_components(graph, directed=False)
    piece = np.where(label >= 0, piece, -1)
    many = int(piece.max()) + 1
    placed = np.flatnonzero(piece >= 0)
    people = np.bincount(piece[placed], city.population[placed], minlength=many)
    area = np.bincount(piece[placed], city.area[placed], minlength=many)
    fits = (people >= PEOPLE[0]) & (people <= PEOPLE[1]) & (area <= AREA_MAX_M2)
    inside = placed[fits[piece[placed]]]
    order = inside[np.argsort(piece[inside], kind="stable")]
    cuts = np.flatnonzero(np.diff(piece[order])) + 1
    groups = np.split(order, cuts) if len(order) else []
    parts = len(np.unique(label[label >= 0]))
    return groups, 100 * len(groups) / max(parts, 1)


# ------------------------------------------------------------------------ METIS and KaHIP


def metis(bench: Bench, parts: int, weights: np.ndarray | None) -> np.ndarray:
    """Return the part of each block by METIS, balanced by people."""
    import pymetis

    starts, neighbor, _ = bench.rows()
    people = np.maximum(bench.made.population, 0).astype(np.int64)
    options = pymetis.Options(seed=1)
    done = pymetis.part_graph(
        parts,
        pymetis.CSRAdjacency(starts.astype(np.int32), neighbor.astype(np.int32)),
        vweights=people.astype(np.int32),
        eweights=None if weights is None else weights.astype(np.int32),
        options=options,
    )
    return np.asarray(done[1])


def kahip(bench: Bench, parts: int, weights: np.ndarray | None) -> np.ndarray:
    """Return the part of each block by KaHIP (eco), balanced by people."""
    import kahip as peer

    starts, neighbor, _ = bench.rows()
    people = np.maximum(bench.made.population, 0).astype(int)
    edges = np.ones(len(neighbor), dtype=int) if weights is None else weights.astype(int)
    _, label = peer.kaffpa(
        people.tolist(),
        starts.tolist(),
        edges.tolist(),
        neighbor.tolist(),
        parts,
        SPREAD,
        QUIET,
        1,
        peer.ECO,
    )
    return np.asarray(label)


def partitioned(
    bench: Bench, cut: Callable[[Bench, int, np.ndarray | None], np.ndarray]
) -> dict[str, Any]:
    """Judge a partitioner: the default recipe, and the best of twelve."""
    people = float(bench.made.population.sum())
    faced = np.maximum(np.rint(bench.rows()[2] / METERS), 1)
    best: dict[str, Any] | None = None
    default: dict[str, Any] = {}
    whole, worth = 0.0, -np.inf
    for size in SIZES:
        for weights in (None, faced):
            parts = max(round(people / size), 2)
            label, spent = user(lambda p=parts, w=weights: cut(bench, p, w))
            whole += spent
            for rank in RANKS:
                judged, fit = bench.plan(label, rank)
                judged = judged | {"seconds": spent, "fit": fit}
                worth = max(worth, judged["worth"])
                if size == MIDDLE and weights is None and rank == "density":
                    default = judged
                if best is None or judged["need"] > best["need"]:
                    best = judged
    assert best is not None
    return {"default": default, "tuned": best | {"seconds": whole, "worth": worth}}


# ------------------------------------------------------------------------ clusters and hot spots


def ward_parts(bench: Bench, people: float, weight: float) -> np.ndarray:
    """Return Ward's clusters of score and place along the links (scikit-learn)."""
    import scipy.sparse as sparse
    from sklearn.cluster import AgglomerativeClustering

    made = bench.made
    count = len(made.score)
    parts = max(round(float(made.population.sum()) / people), 2)
    width = np.sqrt(float(np.ptp(made.xy, axis=0).prod()) / parts)
    features = np.column_stack([weight * made.score / made.score.std(), made.xy / width])
    graph = sparse.coo_array((np.ones(len(bench.one)), (bench.one, bench.two)), (count, count))
    graph = (graph + graph.T).tocsr()
    return np.asarray(
        AgglomerativeClustering(parts, connectivity=graph, linkage="ward").fit_predict(features)
    )


def ward_default(bench: Bench) -> dict[str, Any]:
    """Judge Ward on score and place at the middle size."""
    import sklearn.cluster  # noqa: F401  its import is not the peer's work

    label, spent = user(lambda: ward_parts(bench, MIDDLE, 1.0))
    judged, fit = bench.plan(label, "density")
    return {"default": judged | {"seconds": spent, "fit": fit}}


def connected_hot(bench: Bench, hot: np.ndarray) -> dict[str, Any]:
    """Judge connected hot blocks as polygons."""
    judged, fit = bench.plan(pieces(bench, hot), "density")
    return judged | {"fit": fit}


def pieces(bench: Bench, hot: np.ndarray) -> np.ndarray:
    """Return the connected group of each hot block, −1 for the others."""
    import scipy.sparse as sparse
    from scipy.sparse.csgraph import connected_components

    links, count = bench.made.links, len(hot)
    same = hot[links.first] & hot[links.second]
    ones = np.ones(int(same.sum()))
    graph = sparse.csr_array((ones, (links.first[same], links.second[same])), shape=(count, count))
    return np.where(hot, connected_components(graph, directed=False)[1], -1)


def esda_spots(bench: Bench) -> dict[str, Any]:
    """Judge groups of blocks where esda's G* of the score is significant at 0.05."""
    import esda
    from libpysal.weights import W

    links, count = bench.made.links, len(bench.made.score)
    near: dict[int, list[int]] = {number: [] for number in range(count)}
    for one, two in zip(links.first.tolist(), links.second.tolist(), strict=True):
        near[one].append(two)
        near[two].append(one)
    weights = W(near, silence_warnings=True, id_order=list(range(count)))
    settings = {"star": True, "permutations": 999, "n_jobs": 1, "seed": 1}
    settings["keep_simulations"] = False
    esda.G_Local(bench.made.score, weights, **settings | {"permutations": 9})
    found, spent = user(lambda: esda.G_Local(bench.made.score, weights, **settings))
    hot = (found.p_sim < 0.05) & (found.Zs > 0)
    return {"default": connected_hot(bench, hot) | {"seconds": spent}}


def pygeoda_max_p(bench: Bench) -> dict[str, Any]:
    """Judge pygeoda's greedy max-p regions with a population floor."""
    import geopandas as gpd
    import pygeoda

    made = bench.made
    table = gpd.GeoDataFrame(
        {"score": made.score, "people": made.population},
        geometry=gpd.points_from_xy(*made.xy.T),
    )
    starts, neighbor, _ = bench.rows()
    lines = [f"0 {len(made.score)} made id"]
    for number in range(len(made.score)):
        mine = neighbor[starts[number] : starts[number + 1]]
        lines += [f"{number} {len(mine)}", " ".join(map(str, mine))]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "links.gal"
        file.write_text("\n".join(lines) + "\n")
        weights = pygeoda.read_gal(str(file), [str(n) for n in range(len(made.score))])
    source = pygeoda.open(table)
    score, people = source["score"], source["people"]
    found, spent = user(lambda: pygeoda.maxp_greedy(weights, [score], people, PEOPLE[0]))
    label = np.asarray(found["Clusters"]) - 1
    judged, fit = bench.plan(label, "density")
    return {"default": judged | {"seconds": spent, "fit": fit}}


def spopt_skater(bench: Bench) -> dict[str, Any]:
    """Judge spopt's SKATER at the middle size."""
    import geopandas as gpd
    from libpysal.weights import W
    from spopt.region import Skater

    made = bench.made
    count = len(made.score)
    starts, neighbor, _ = bench.rows()
    near = {n: neighbor[starts[n] : starts[n + 1]].tolist() for n in range(count)}
    table = gpd.GeoDataFrame({"score": made.score}, geometry=gpd.points_from_xy(*made.xy.T))
    weights = W(near, silence_warnings=True, id_order=list(range(count)))
    parts = max(round(float(made.population.sum()) / MIDDLE), 2)
    model = Skater(table, weights, ["score"], n_clusters=parts, floor=5)
    _, spent = user(model.solve)
    judged, fit = bench.plan(np.asarray(model.labels_), "density")
    return {"default": judged | {"seconds": spent, "fit": fit}}


def best_of(found: dict[str, Any], recipe: str) -> tuple[str, dict[str, Any]] | None:
    """Return the peer that captures most with a recipe."""
    offered: Iterator[tuple[str, dict[str, Any]]] = (
        (name, one[recipe]) for name, one in found.items() if recipe in one
    )
    return max(offered, key=lambda one: one[1]["need"], default=None)
