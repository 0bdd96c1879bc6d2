"""Words in the reader's language: every sentence a person sees comes from `locale/`."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

LANGUAGES = ("es", "en")


@cache
def catalogue(language: str) -> dict[str, str]:
    """All messages of one language, read from `locale/<language>/*.json`.

    Parameters
    ----------
    language : str
        `"es"` or `"en"`.

    Returns
    -------
    dict
        Message key to template. Two files may not define the same key.

    Raises
    ------
    ValueError
        The language is not one of ours, or a key is defined twice.

    Examples
    --------
    >>> "problem.unknown-name" in catalogue("es")
    True
    """
    if language not in LANGUAGES:
        raise ValueError(f"language must be one of {LANGUAGES}, not {language!r}")
    messages: dict[str, str] = {}
    folder = resources.files("targeting") / "locale" / language
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".json"):
            continue
        for key, text in json.loads(file.read_text(encoding="utf-8")).items():
            if key in messages:
                raise ValueError(f"message {key!r} is defined twice in locale/{language}")
            messages[key] = text
    return messages


def say(key: str, language: str, /, **values: Any) -> str:
    """One message, with its values filled in.

    Parameters
    ----------
    key : str
        Message key, such as `"problem.unknown-name"`.
    language : str
        `"es"` or `"en"`.
    **values
        What the template names in braces.

    Returns
    -------
    str
        The sentence. Braces in a template are placeholders; a literal one is doubled.

    Raises
    ------
    KeyError
        No such message, or a value the template needs is missing.

    Examples
    --------
    >>> say("word.population", "en")
    'population'
    """
    return catalogue(language)[key].format(**values)
