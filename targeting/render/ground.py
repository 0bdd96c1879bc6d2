"""What a pixel of the packed grid is in the city's own meters."""

from __future__ import annotations

import numpy as np

from targeting.model import Result
from targeting.render.encode import nearest_turn, project

_REACH_M = 5000.0


def meters_of_pixels(result: Result) -> list[list[float]]:
    """Return the matrix that turns a step in pixels into meters of the study's system.

    Web Mercator stretches, and by a little more northwards than eastwards on the true figure of
    the earth; a national projection has a scale and a north of its own. Over one city both are
    a matrix, so that distances the page measures are the engine's.

    Parameters
    ----------
    result : Result
        A study carried out.

    Returns
    -------
    list of list of float
        Two rows: meters eastwards and northwards, each of a pixel to the right and one downwards.
    """
    left, bottom, right, top = result.territory.blocks.total_bounds
    middle = np.array([(left + right) / 2, (bottom + top) / 2])
    ends = middle + _REACH_M * np.array([[-1, 0], [1, 0], [0, -1], [0, 1]])
    grid = project(ends, result.territory.crs)
    steps = nearest_turn(grid[1::2] - grid[::2]).astype(float)
    pixels_of_meters = steps.T / (2 * _REACH_M)
    return [[float(v) for v in row] for row in np.linalg.inv(pixels_of_meters)]
