"""Blocks as an image: which class each pixel shows, and the image as a small PNG."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import numpy as np
import rasterio
from rasterio.io import MemoryFile

from targeting.render.rings import Rings

EMPTY = 0


def class_image(
    rings: Rings, classes: np.ndarray, box: Sequence[float], *, width: int
) -> np.ndarray:
    """Return the class each pixel's middle lies in.

    Every block is cut by the middle line of each row of pixels; between one crossing of its
    outline and the next it is inside (the even-odd rule, so that holes stay open). Then single
    empty pixels between blocks are closed: at the scale of a city a street is finer than a pixel,
    and would show as moiré.

    Parameters
    ----------
    rings : Rings
        Outlines of the blocks, y growing downward, closing vertices left out or not.
    classes : ndarray of int
        Class of each block, from 1.
    box : sequence of float
        Left, top, right and bottom of the image, in the unit of the blocks.
    width : int
        Pixels from left to right.

    Returns
    -------
    ndarray of uint8, shape (height, width)
        `EMPTY` where there is no block.

    Examples
    --------
    >>> import shapely
    >>> from targeting.render.rings import rings_of
    >>> square = rings_of(shapely.box([1], [1], [3], [3]))
    >>> class_image(square, np.array([7]), (0, 0, 4, 4), width=4).tolist()
    [[0, 0, 0, 0], [0, 7, 7, 0], [0, 7, 7, 0], [0, 0, 0, 0]]
    """
    left, top, right, bottom = box
    step = (right - left) / width
    height = max(int(np.ceil((bottom - top) / step)), 1)
    image = np.zeros((height, width), np.uint8)
    row, x, block = _crossings(rings, top, step, height)
    order = np.lexsort((x, row, block))
    row, x, block = row[order], x[order], block[order]
    # Crossings of one block and row come in pairs: in, out.
    first = np.ceil((x[0::2] - left) / step - 0.5).astype(np.int64)
    last = np.ceil((x[1::2] - left) / step - 0.5).astype(np.int64)
    first, last = np.clip(first, 0, width), np.clip(last, 0, width)
    length = last - first
    start = np.cumsum(length) - length
    column = np.arange(int(length.sum())) - np.repeat(start - first, length)
    image[np.repeat(row[0::2], length), column] = np.repeat(classes[block[0::2]], length)
    return closed(image)


def _crossings(
    rings: Rings, top: float, step: float, height: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row, place and block of each crossing of an outline with the middle line of a row."""
    x, y = rings.points[:, 0], (rings.points[:, 1] - top) / step - 0.5
    after = np.arange(1, rings.size + 1)
    starts = rings.starts()
    after[np.append(starts[1:], rings.size) - 1] = starts
    low, high = np.minimum(y, y[after]), np.maximum(y, y[after])
    # A line through a corner belongs to the edge above it: low <= row < high.
    begin = np.clip(np.ceil(low), 0, height).astype(np.int64)
    end = np.clip(np.ceil(high), 0, height).astype(np.int64)
    many = end - begin
    which = np.repeat(np.arange(rings.size), many)
    row = np.arange(int(many.sum())) - np.repeat(np.cumsum(many) - many - begin, many)
    other = after[which]
    share = (row - y[which]) / (y[other] - y[which])
    return row, x[which] + share * (x[other] - x[which]), rings.shape_of[rings.ring_of[which]]


def closed(image: np.ndarray) -> np.ndarray:
    """Return the image with single empty pixels between two full ones filled.

    Parameters
    ----------
    image : ndarray of uint8
        Classes, `EMPTY` where there is none.

    Examples
    --------
    >>> closed(np.array([[1, 0, 2, 0, 0, 3]], dtype=np.uint8)).tolist()
    [[1, 1, 2, 0, 0, 3]]
    """
    out = image.copy()
    for turned in (out, out.T):
        before, middle, after = turned[:-2], turned[1:-1], turned[2:]
        gap = (middle == EMPTY) & (before != EMPTY) & (after != EMPTY)
        middle[gap] = before[gap]
    return out


def png_address(image: np.ndarray, colors: Sequence[str]) -> str:
    """Return an image of classes as a `data:` address of a PNG with a palette.

    Parameters
    ----------
    image : ndarray of uint8
        Classes; `EMPTY` is see-through.
    colors : sequence of str
        Color of class 1, 2, … as `#rrggbb`.
    """
    palette = {EMPTY: (255, 255, 255, 0)}
    for place, color in enumerate(colors, start=1):
        red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
        palette[place] = (red, green, blue, 255)
    with MemoryFile() as file:
        about = {"driver": "PNG", "height": image.shape[0], "width": image.shape[1], "count": 1}
        about |= {"dtype": "uint8", "transform": rasterio.Affine.translation(0.5, 0.5)}
        with rasterio.Env(GDAL_PAM_ENABLED="NO"), file.open(**about) as held:
            held.write(image, 1)
            held.write_colormap(1, palette)
        data = bytes(file.getbuffer())
    return "data:image/png;base64," + base64.b64encode(data).decode("ascii")
