"""The name of a polygon in the reader's language, and what the name rests on."""

from __future__ import annotations

import re
import unicodedata

from targeting.delineation.drawing.naming import SIDES
from targeting.i18n import say
from targeting.model import PolygonName
from targeting.render.figures import share_text

# Spanish «y» becomes «e» before the sound i: Independencia, Hidalgo; not Hierro or Iowa.
_SOUNDS_LIKE_I = re.compile(r"h?i(?![aeou])")


def polygon_name(name: PolygonName, language: str) -> str:
    """Return the name of a polygon.

    Parameters
    ----------
    name : PolygonName
        Its parts.
    language : str
        `"es"` or `"en"`.

    Returns
    -------
    str
        Text from outside (colonias, streets) is in it as it stands: escape it where it is shown.

    Examples
    --------
    >>> twin = PolygonName(3, ("Centro", "Hidalgo"), (0.6, 0.4), 0.0, told_by="part", told="west")
    >>> polygon_name(twin, "es"), polygon_name(twin, "en")
    ('Centro e Hidalgo (poniente)', 'Centro and Hidalgo (west)')
    """
    if not name.colonias:
        return say("polygon_name.none", language, number=name.number)
    text = name.colonias[0]
    if len(name.colonias) > 1:
        key = (
            "polygon_name.two_before_i" if _begins_with_i(name.colonias[1]) else "polygon_name.two"
        )
        text = say(key, language, first=text, second=name.colonias[1])
    if name.told_by == "street":
        return say("polygon_name.by_street", language, name=text, street=name.told)
    if name.told_by == "part":
        return say("polygon_name.by_part", language, name=text, part=_part(name.told, language))
    if name.told_by == "number":
        return say("polygon_name.by_number", language, name=text, number=name.told)
    return text


def _part(part: str, language: str) -> str:
    return say(f"polygon_name.part.{part}", language)


def _begins_with_i(text: str) -> bool:
    plain = unicodedata.normalize("NFD", text.strip().lower()).replace("\u0301", "")
    return _SOUNDS_LIKE_I.match(plain) is not None


def name_basis(name: PolygonName, language: str) -> str:
    """Return what a polygon's name rests on: who lives where, which streets bound it, what lacks.

    Parameters
    ----------
    name : PolygonName
        Its parts.
    language : str
        `"es"` or `"en"`.

    Returns
    -------
    str
        One to three sentences.

    Examples
    --------
    >>> one = PolygonName(1, ("Centro",), (0.755,), 0.0, {"north": "Juárez", "west": "Hidalgo"})
    >>> text = name_basis(one, "en").replace(chr(160), " ")
    >>> text.partition(". ")[0]
    'Of its residents, 75.5 % live in Centro'
    >>> text.partition(". ")[2]
    'It is bounded to the north by Juárez, to the west by Hidalgo.'
    """
    told = [_colonias(name, language)]
    if name.colonias and name.unplaced_share > 0:
        told.append(
            say("polygon_name.basis.unplaced", language, share=share_text(name.unplaced_share))
        )
    sides = [
        say(
            "polygon_name.basis.side",
            language,
            part=_part(side, language),
            street=name.streets[side],
        )
        for side in SIDES
        if side in name.streets
    ]
    if sides:
        told.append(say("polygon_name.basis.streets", language, streets=", ".join(sides)))
    else:
        told.append(say("polygon_name.basis.no_streets", language))
    return " ".join(told)


def _colonias(name: PolygonName, language: str) -> str:
    if not name.colonias:
        return say("polygon_name.basis.none", language)
    shares = [share_text(share) for share in name.shares]
    if len(name.colonias) == 1:
        return say("polygon_name.basis.one", language, share=shares[0], colonia=name.colonias[0])
    return say(
        "polygon_name.basis.two",
        language,
        share=shares[0],
        colonia=name.colonias[0],
        second_share=shares[1],
        second=name.colonias[1],
    )
