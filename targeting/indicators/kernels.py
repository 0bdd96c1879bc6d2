"""Density of points around places: kernels in the plane and along a graph of blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import shapely
from scipy.sparse import csr_array

Kernel = Literal["quartic", "gaussian"]

# A normal distribution is cut off at so many bandwidths and scaled to sum to 1.
_CUT = 4.0
# Cells of the ground studied: so many to a reach, and no more than so many in all.
_FINE = 12
_CELLS = 2_000_000


@dataclass(frozen=True)
class Density:
    """Points per square meter around each place.

    Parameters
    ----------
    density : ndarray
        Sum of the weights per square meter.
    variance : ndarray
        Of that sum when the points are a Poisson process.
    """

    density: np.ndarray
    variance: np.ndarray


def reach_m(kernel: Kernel, bandwidth_m: float) -> float:
    """Return how far the kernel reaches: the bandwidth of a quartic one, four of a normal one."""
    return bandwidth_m if kernel == "quartic" else _CUT * bandwidth_m


def peak(kernel: Kernel, bandwidth_m: float) -> float:
    """Return the kernel's value at distance 0, per square meter.

    Examples
    --------
    >>> round(peak("quartic", 1.0), 4)  # 3/pi
    0.9549
    """
    if kernel == "quartic":
        return 3 / (np.pi * bandwidth_m**2)
    return float(1 / (2 * np.pi * bandwidth_m**2 * (1 - np.exp(-(_CUT**2) / 2))))


def kernel_density(
    places: np.ndarray,
    points: np.ndarray,
    weights: np.ndarray,
    *,
    bandwidth_m: float,
    kernel: Kernel = "quartic",
) -> Density:
    """Sum the kernels of all points at each place, exactly.

    Parameters
    ----------
    places, points : ndarray
        Two columns, in meters.
    weights : ndarray
        By point.
    bandwidth_m : float
        Distance at which a quartic kernel is 0; standard deviation of a normal one, which is cut
        off at four of them.
    kernel : str
        `"quartic"` or `"gaussian"`.

    Returns
    -------
    Density

    References
    ----------
    Silverman, B. W. (1986). Density estimation for statistics and data analysis. Chapman and Hall:
    kernel K2 of equation 4.5, which geographers call quartic.

    Examples
    --------
    >>> at, one = np.array([[0.0, 0.0], [50.0, 0.0]]), np.array([[0.0, 0.0]])
    >>> held = kernel_density(at, one, np.ones(1), bandwidth_m=100.0)
    >>> (held.density * 1e6).round(1).tolist()  # 3/(pi 0.1²) per km², times (1 − 0.25)²
    [95.5, 53.7]
    """
    from targeting.indicators._density_loops import add_near

    if len(points) == 0 or len(places) == 0:
        return Density(np.zeros(len(places)), np.zeros(len(places)))
    reach = reach_m(kernel, bandwidth_m)
    corner = points.min(axis=0)
    side = max(reach / 2, float(np.ptp(points, axis=0).max()) / 4000, 1e-9)
    cell = np.floor((points - corner) / side).astype(np.int64)
    columns, rows = (int(most) + 1 for most in cell.max(axis=0))
    code = cell[:, 1] * columns + cell[:, 0]
    order = np.argsort(code, kind="stable")
    starts = np.searchsorted(code[order], np.arange(columns * rows + 1))
    sigma = bandwidth_m if kernel == "gaussian" else 0.0
    sorted_points = np.ascontiguousarray((points - corner)[order])
    total, squares = add_near(
        np.ascontiguousarray(places - corner),
        sorted_points,
        np.asarray(weights, dtype=float)[order],
        starts,
        columns,
        side,
        reach,
        sigma,
    )
    top = peak(kernel, bandwidth_m)
    return Density(total * top, squares * top**2)


def mass_inside(
    points: np.ndarray,
    shapes: np.ndarray,
    *,
    bandwidth_m: float,
    kernel: Kernel = "quartic",
    margin_m: float = 25.0,
) -> np.ndarray:
    """Return the part of each point's kernel that lies on the ground studied, 0 to 1.

    A point near the edge of the city lends part of its kernel to ground nobody looked at. Divided
    by this part, the densities over the ground studied add up to the number of points.

    Parameters
    ----------
    points : ndarray
        Two columns, in meters.
    shapes : ndarray of polygons
        The blocks; the ground studied is what lies within the margin of one.
    bandwidth_m, kernel
        As for `kernel_density`.
    margin_m : float
        Half a wide street.

    Returns
    -------
    ndarray
        By point, on a grid of a twelfth of the kernel's reach; at least 0.05.

    References
    ----------
    Diggle, P. (1985). A kernel method for smoothing point process data. Journal of the Royal
    Statistical Society C 34(2), 138–147; Jones, M. C. (1993). Simple boundary correction for
    kernel density estimation. Statistics and Computing 3, 135–146.
    """
    from scipy.ndimage import map_coordinates

    reach = reach_m(kernel, bandwidth_m)
    west, south, east, north = shapely.total_bounds(shapes)
    width, height = east - west, north - south
    cell = max(reach / _FINE, float(np.sqrt(width * height / _CELLS)))
    rim = margin_m + cell
    corner, width, height = np.array([west, south]) - rim, width + 2 * rim, height + 2 * rim
    size = int(np.ceil(height / cell)), int(np.ceil(width / cell))
    studied = _ground(shapes, corner, cell, size, margin_m)
    around = int(np.ceil(reach / cell))
    far = np.hypot(*np.meshgrid(*[np.arange(-around, around + 1) * cell] * 2))
    if kernel == "quartic":
        shape = np.maximum(1 - (far / reach) ** 2, 0.0) ** 2
    else:
        shape = np.where(far < reach, np.exp(-(far**2) / (2 * bandwidth_m**2)), 0.0)
    held = _convolved(studied, shape / shape.sum())
    at = ((points - corner) / cell - 0.5).T[::-1]
    return np.asarray(np.clip(map_coordinates(held, at, order=1, mode="nearest"), 0.05, 1.0))


def _convolved(grid: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Sum of a grid under a kernel at every cell, as `scipy.signal.fftconvolve` does.

    Importing `scipy.signal` takes longer than everything computed here.
    """
    from scipy.fft import irfftn, next_fast_len, rfftn

    whole = np.array(grid.shape) + kernel.shape - 1
    padded = [next_fast_len(int(size), real=True) for size in whole]
    found = irfftn(rfftn(grid, padded) * rfftn(kernel, padded), padded)
    start = (np.array(kernel.shape) - 1) // 2
    rows, columns = (slice(at, at + size) for at, size in zip(start, grid.shape, strict=True))
    return np.asarray(found[rows, columns])


def _ground(
    shapes: np.ndarray, corner: np.ndarray, cell: float, size: tuple[int, int], margin_m: float
) -> np.ndarray:
    """Return a grid, 1 where the middle of the cell lies within the margin of a polygon."""
    from scipy.ndimage import distance_transform_edt

    from targeting.indicators._density_loops import wind

    parts = shapely.get_parts(shapes)
    rings, whose = shapely.get_rings(parts, return_index=True)
    first = np.r_[True, whose[1:] != whose[:-1]]
    corners, of = shapely.get_coordinates(rings, return_index=True)
    x, y = (corners - corner).T
    cross = x[:-1] * y[1:] - x[1:] * y[:-1]
    cross[of[1:] != of[:-1]] = 0.0
    twice = np.bincount(of[:-1], cross, minlength=len(rings))
    turns = np.where(twice > 0, 1, -1) * np.where(first, 1, -1)
    grid = np.zeros(size, dtype=np.int32)
    ends = np.searchsorted(of, np.arange(len(rings)), side="right")
    wind(grid, np.ascontiguousarray((corners - corner) / cell), ends, turns)
    inside = np.cumsum(-grid, axis=1) > 0
    far = distance_transform_edt(~inside) * cell
    # From the middle of a cell to that of one inside: half a cell to the edge, and across corners.
    return np.asarray(far <= margin_m + 0.75 * cell, dtype=float)


def graph_density(
    graph: csr_array,
    events: np.ndarray,
    squared: np.ndarray,
    area_m2: np.ndarray,
    *,
    bandwidth_m: float,
) -> Density:
    """Spread the events of each block along a graph of blocks: round a barrier, not across it.

    Parameters
    ----------
    graph : csr_array
        Lengths of the links between neighboring blocks, in meters; symmetric.
    events, squared : ndarray
        Sum of the events' weights by block, and of their squares.
    area_m2 : ndarray
        Of each block.
    bandwidth_m : float
        Length of the shortest path at which the quartic kernel is 0.

    Returns
    -------
    Density
        Density times area sums to the events.

    References
    ----------
    Okabe, A. and Sugihara, K. (2012). Spatial analysis along networks. Wiley, chapter 9: kernels on
    a network; here scaled, block by block, to sum to 1.

    Examples
    --------
    >>> line = csr_array(np.array([[0.0, 50.0, 0.0], [50.0, 0.0, 80.0], [0.0, 80.0, 0.0]]))
    >>> ha = np.full(3, 10_000.0)
    >>> four = np.array([4.0, 0.0, 0.0])
    >>> held = graph_density(line, four, four, ha, bandwidth_m=100.0)
    >>> (held.density * ha).round(2).tolist()  # shapes 1 and (1 − 0.25)²; 130 m is too far
    [2.56, 1.44, 0.0]
    """
    from targeting.indicators._density_loops import add_along

    density, variance = add_along(
        graph.indptr.astype(np.int64),
        graph.indices.astype(np.int64),
        np.asarray(graph.data, dtype=float),
        np.asarray(events, dtype=float),
        np.asarray(squared, dtype=float),
        np.asarray(area_m2, dtype=float),
        float(bandwidth_m),
    )
    return Density(density, variance)
