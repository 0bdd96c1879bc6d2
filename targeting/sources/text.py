"""Texts and codes as publishers write them, compared as people read them."""

from __future__ import annotations

import codecs
import difflib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from targeting.problems import Problem, TargetingError

_PIECE_BYTES = 1 << 18
MISSING_TEXTS = ("", "na", "n/a", "n/d", "nan", "null", "none", "s/d")


def require_utf8(data: bytes) -> None:
    """Refuse bytes that are no UTF-8, without a second copy of a big file.

    Raises
    ------
    UnicodeDecodeError

    Examples
    --------
    >>> require_utf8("Peñón".encode())
    """
    decoder, view = codecs.getincrementaldecoder("utf-8")(), memoryview(data)
    for start in range(0, len(data), _PIECE_BYTES):
        decoder.decode(view[start : start + _PIECE_BYTES])
    decoder.decode(b"", final=True)


def fold(text: str) -> str:
    """Return a text without accents, case or doubled spaces, for comparing.

    Examples
    --------
    >>> fold("  Lesión por  ARMA de fuego ")
    'lesion por arma de fuego'
    """
    if text.isascii():  # nothing to take off
        return " ".join(text.casefold().split())
    plain = unicodedata.normalize("NFKD", text)
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join(bare.casefold().split())


def folded(texts: pd.Series[str]) -> pd.Series[str]:
    """Return each text folded; missing becomes an empty text.

    Examples
    --------
    >>> folded(pd.Series(["Ñandú", None])).tolist()
    ['nandu', '']
    >>> folded(pd.Series([None, None], dtype="str")).tolist()
    ['', '']
    """
    codes, different = pd.factorize(texts)  # each text is folded once
    plain = pd.array([*(fold(str(text)) for text in different), ""], dtype="str")
    return pd.Series(plain.take(codes), index=texts.index, name=texts.name)


def texts_of(kinds: Mapping[str, Sequence[str]], where: str = "kinds") -> dict[str, str]:
    """Return the kind of each folded text.

    Parameters
    ----------
    kinds : mapping
        Kind to the texts that mean it.
    where : str
        Setting, for the problem.

    Raises
    ------
    TargetingError
        `text-in-two-kinds`: a text is listed twice under different kinds.

    Examples
    --------
    >>> texts_of({"robbery": ["ROBO PERSONA", "Robo a persona"]})
    {'robo persona': 'robbery', 'robo a persona': 'robbery'}
    """
    found: dict[str, str] = {}
    problems = []
    for kind, texts in kinds.items():
        for text in texts:
            key = fold(text)
            if found.setdefault(key, kind) != kind:
                values = {"given": text, "first": found[key], "second": kind}
                problems.append(Problem("text-in-two-kinds", where, values))
    if problems:
        raise TargetingError(problems)
    return found


def require_rows(kinds: Mapping[str, Sequence[str]], texts: pd.Series[str]) -> None:
    """Refuse kinds none of whose texts is in the file: a misspelling would count as none at all.

    Parameters
    ----------
    kinds : mapping
        Kind to the texts that mean it.
    texts : Series of text
        The file's.

    Raises
    ------
    TargetingError
        `kind-without-rows` for each such kind, with the file's texts most like those given.

    Examples
    --------
    >>> require_rows({"robbery": ["ROBO", "ASALTO"]}, pd.Series(["Robo", "CHOQUE"]))
    """
    written: dict[str, str] = {}
    for text in sorted(texts.dropna().astype(str).unique()):
        written.setdefault(fold(text), text.strip())
    problems = []
    for kind, own in kinds.items():
        plain = [fold(text) for text in own]
        if any(text in written for text in plain):
            continue
        near = [n for text in plain for n in difflib.get_close_matches(text, sorted(written))]
        values = {
            "given": ", ".join(str(text) for text in own) or "–",
            "hint": ", ".join(written[text] for text in dict.fromkeys(near)) or "–",
        }
        problems.append(Problem("kind-without-rows", f"kinds.{kind}", values))
    if problems:
        raise TargetingError(problems)


def clean_names(names: pd.Series[str], none: Iterable[str] = ()) -> pd.Series[str]:
    """Return names with single spaces; those that say there is none become missing.

    Parameters
    ----------
    names : Series of text
    none : iterable of str
        Texts that mean "no name", such as `NINGUNO`.

    Examples
    --------
    >>> clean_names(pd.Series(["NINGUNO", " Escuela  Juárez"]), ["ninguno"]).isna().tolist()
    [True, False]
    """
    tidy = names.astype("str").str.replace(r"\s+", " ", regex=True).str.strip()
    empty = {fold(text) for text in none} | set(MISSING_TEXTS)
    return tidy.mask(folded(tidy).isin(empty))


def clean_keys(keys: pd.Series[str], width: int | None = None) -> tuple[pd.Series[str], int]:
    """Return keys as text, with the zeros a spreadsheet took put back.

    Parameters
    ----------
    keys : Series
        Text or whole numbers.
    width : int, optional
        Number of characters of a whole key; shorter keys of digits (and perhaps a last letter, in
        capitals) get zeros in front.

    Returns
    -------
    keys : Series of text
        Missing where there is none.
    padded : int
        How many got zeros back.

    Examples
    --------
    >>> keys, padded = clean_keys(pd.Series(["1001000010017", "'010010001006a"]), 13)
    >>> keys.tolist(), padded
    (['1001000010017', '010010001006A'], 0)
    >>> clean_keys(pd.Series([8037]), 5)
    (0    08037
    dtype: str, 1)
    """
    text = keys.astype("str").str.strip().str.lstrip("'")
    text = text.str.replace(r"\.0+$", "", regex=True)
    text = text.mask(text == "")
    if width is None:
        return text, 0
    text = text.str.upper()
    digits = text.str.fullmatch(r"\d+[A-Z]?", na=False).astype(bool)
    short = text.str.len().lt(width) & digits
    return text.mask(short, text.str.zfill(width)), int(short.sum())
