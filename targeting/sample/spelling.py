"""The same name as different hands write it: accents, abbreviations, order, capitals."""

from __future__ import annotations

import unicodedata

MADE_MARK = " (inventado)"
SHORT = {
    "Escuela": "Esc.", "Primaria": "Prim.", "Secundaria": "Sec.", "Técnica": "Téc.",
    "General": "Gral.", "Preparatoria": "Prepa.", "Preescolar": "Preesc.", "Jardín": "Jard.",
    "Colegio": "Col.", "Instituto": "Inst.", "Universidad": "Univ.", "Bachilleres": "Bach.",
    "Hospital": "Hosp.", "Centro": "Ctro.", "Clínica": "Clín.", "Consultorio": "Cons.",
    "Médico": "Méd.", "Biblioteca": "Bib.", "Pública": "Púb.", "Parroquia": "Parr.",
    "Guardería": "Guard.", "Gimnasio": "Gim.", "Unidad": "Unid.", "Comunitario": "Comunit.",
    "Hacienda": "Hda.", "Ampliación": "Ampl.", "Jardines": "Jard.", "Bosques": "Bosq.",
    "Rinconada": "Rinc.", "Colinas": "Col.", "Número": "No.",
}  # fmt: skip
HEADS = (
    "Escuela Primaria", "Secundaria General", "Secundaria Técnica", "Jardín de Niños",
    "Centro de Salud", "Colegio de Bachilleres", "Biblioteca Pública", "Centro Comunitario",
    "Consultorio Médico", "Primaria", "Preescolar", "Preparatoria", "Colegio", "Instituto",
    "Hospital", "Clínica", "Templo", "Parroquia", "Iglesia", "Guardería", "Gimnasio",
)  # fmt: skip
"""Words that say what a place is, and that some write last."""
HANDS = ("same", "capitals", "short", "short_capitals", "head_last")


def plain(text: str) -> str:
    """Return the text without accents; ñ becomes n.

    Examples
    --------
    >>> plain("Jardín de Niños")
    'Jardin de Ninos'
    """
    apart = unicodedata.normalize("NFD", text)
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def shortened(text: str) -> str:
    """Return the text with its longer usual words cut short.

    Examples
    --------
    >>> shortened("Escuela Primaria 5 de Ejemplo")
    'Esc. Prim. 5 de Ejemplo'
    """
    return " ".join(SHORT.get(word, word) for word in text.split(" "))


def head_last(text: str) -> str:
    """Return the text with the words for what it is at the end.

    Examples
    --------
    >>> head_last("Jardín de Niños La Semilla 3")
    'La Semilla 3, Jardín de Niños'
    """
    for head in HEADS:
        if text.startswith(f"{head} "):
            return f"{text[len(head) + 1 :]}, {head}"
    return text


def rewritten(name: str, hand: str) -> str:
    """Return a name as one of `HANDS` writes it; the mark that it is made stays.

    Examples
    --------
    >>> rewritten("Secundaria Técnica 99 4 (inventado)", "short_capitals")
    'SEC. TEC. 99 4 (INVENTADO)'
    """
    bare = name.removesuffix(MADE_MARK)
    mark = name[len(bare) :]
    written = {
        "same": bare,
        "capitals": plain(bare).upper(),
        "short": shortened(bare),
        "short_capitals": plain(shortened(bare)).upper(),
        "head_last": head_last(bare),
    }[hand]
    return written + (mark.upper() if hand.endswith("capitals") else mark)
