"""Texts from outside that a spreadsheet shall take for texts."""

from __future__ import annotations

import numpy as np
import pandas as pd

_RISKY = tuple("=+-@\t\r\n") + ("＝", "＋", "－", "＠")


def whole_text(text: str) -> str:
    r"""Return a text without half letters (lone surrogates), which no file of UTF-8 can hold.

    Examples
    --------
    >>> whole_text("Ñandú"), whole_text("a\ud800b")
    ('Ñandú', 'a?b')
    """
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def safe_text(value: object) -> str:
    """Return a text no spreadsheet takes for a formula; missing becomes empty.

    Examples
    --------
    >>> safe_text("=1+1"), safe_text("Escuela"), safe_text(None)
    ("'=1+1", 'Escuela', '')
    """
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return ""
    text = whole_text(str(value)).replace("\0", "")
    return f"'{text}" if text.lstrip(" \u00a0\ufeff").startswith(_RISKY) else text
