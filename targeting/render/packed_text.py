"""Bytes as text that can stand anywhere in a page: deflated, five letters for four bytes.

The letters are those of ASCII that are seen and that neither HTML nor a template nor a string of
a script reads as anything: 85 of 94, without quotes, brackets of markup, braces, the ampersand
and the backslash. One byte in four is overhead, where base64 has one in three.
"""

from __future__ import annotations

import zlib

import numpy as np

LETTERS = "".join(chr(code) for code in range(33, 127) if chr(code) not in "\"&'<>\\`{}")
_BASE = len(LETTERS)
_WORD, _DIGITS = 4, 5
_CODES = np.frombuffer(LETTERS.encode("ascii"), np.uint8)
_PLACES = np.full(128, _BASE, np.uint8)
_PLACES[_CODES] = np.arange(_BASE)
_POWERS = _BASE ** np.arange(_DIGITS - 1, -1, -1, dtype=np.uint64)


def to_text(data: bytes) -> str:
    """Return bytes as letters: each four bytes, high one first, as a number of five digits.

    Of a last word of one, two or three bytes only two, three or four letters are written.

    Examples
    --------
    >>> to_text(b"")
    ''
    >>> len(to_text(b"12345678")), len(to_text(b"123456789"))
    (10, 12)
    """
    missing = -len(data) % _WORD
    words = np.frombuffer(data + b"\0" * missing, ">u4").astype(np.uint32)
    digits = np.empty((len(words), _DIGITS), np.uint8)
    for place in range(_DIGITS - 1, -1, -1):
        words, digit = np.divmod(words, np.uint32(_BASE))
        digits[:, place] = digit
    letters = _CODES[digits].tobytes().decode("ascii")
    return letters[: len(letters) - missing]


def from_text(text: str) -> bytes:
    """Return the bytes that `to_text` wrote.

    Raises
    ------
    ValueError
        A letter that is not of the 85, or a number of letters that no bytes have.

    Examples
    --------
    >>> from_text(to_text(b"any bytes"))
    b'any bytes'
    """
    missing = -len(text) % _DIGITS
    if not text.isascii():
        raise ValueError("not a text of packed bytes")
    held = np.frombuffer((text + LETTERS[-1] * missing).encode("ascii"), np.uint8)
    places = _PLACES[held]
    if missing == _DIGITS - 1 or (places == _BASE).any():
        raise ValueError("not a text of packed bytes")
    words = (places.reshape(-1, _DIGITS).astype(np.uint64) * _POWERS).sum(axis=1)
    data: bytes = words.astype(">u4").tobytes()
    return data[: len(data) - missing]


def deflated(*pieces: bytes) -> str:
    """Return bytes deflated (raw, RFC 1951) and written as text; read by `assets/unpack.js`.

    Each piece begins with a code of its own, and little memory makes deflate renew its code
    often, which suits short streams of different kinds: 7 % smaller than level 9 at once, in a
    third of its time.

    Parameters
    ----------
    pieces : bytes
        Read as one.

    Examples
    --------
    >>> len(deflated(bytes(10_000))) < 50
    True
    >>> inflated(deflated(b"one", b"two"))
    b'onetwo'
    """
    squeezed = zlib.compressobj(6, zlib.DEFLATED, -15, 5, zlib.Z_FILTERED)
    held = b"".join(squeezed.compress(one) + squeezed.flush(zlib.Z_BLOCK) for one in pieces)
    return to_text(held + squeezed.flush())


def inflated(text: str) -> bytes:
    """Return the bytes that `deflated` wrote.

    Examples
    --------
    >>> inflated(deflated(b"any bytes"))
    b'any bytes'
    """
    return zlib.decompress(from_text(text), -15)
