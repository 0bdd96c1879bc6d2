"""A study file to begin with, naming what was fetched."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyogrio

from targeting.sources.fetched import Wanted
from targeting.sources.mx.cutting import Cut

STUDY = "study.yaml"
_INPUTS = (
    # slot, download, layer of the framework, reader
    ("blocks", "framework", "m", "inegi_blocks"),
    ("areas", "framework", "a", "inegi_areas"),
    ("census", "census", "", "inegi_census"),
    ("area_table", "conapo", "", "conapo_areas"),
    ("places", "framework", "l", "inegi_localities"),
    ("facilities", "denue", "", "denue"),
    ("facilities", "framework", "sip", "inegi_services"),
    ("facilities", "framework", "sia", "inegi_services"),
    ("street_axes", "framework", "e", "inegi_street_axes"),
)
# Without this column a layer cannot be read: editions differ.
_NEEDED = {"sip": "GEOGRAFICO", "sia": "GEOGRAFICO", "l": "NOMGEO", "e": "NOMVIAL"}
_HEAD = """\
# {title}: un estudio para empezar / a study to begin with
# Lo escribió `targeting fetch`; desde ahora es de usted. / `targeting fetch` wrote it; it is yours.
#   targeting check {study}
#   targeting run {study}
title: "{title}"
language: es
municipalities: ["{code}"]     # entre comillas / in quotes

inputs:                        # rutas desde esta carpeta / paths from this folder
"""
_INCIDENTS = """\
  # Los hechos de violencia los pone usted: quite los «#» y ponga sus columnas y sus textos.
  # You bring the incidents: take the “#” away and put in your own columns and texts.
  # incidents:
  #   file: incidentes.csv
  #   reader: points
  #   x: longitud
  #   y: latitud
  #   crs: EPSG:4326
  #   date: fecha
  #   kind: delito
  #   kinds:                     # solo cuentan los textos que aquí se nombran / only these count
  #     homicide: [HOMICIDIO DOLOSO]
  #     robbery: [ROBO A PERSONA CON VIOLENCIA]
  #   source: "¿Quién los registró? / Who recorded them?"
  #   year: 2024
"""
_WEIGHTS = """\
population: census

# Pesos para empezar, no una recomendación: decídalos con su comunidad. Aún falta la violencia.
# Weights to begin with, not a recommendation: decide them with your community. Violence is lacking.
weights:
  # violence: {weight: 4, indicators: {violent_incidents_per_1k: 1}}
"""
_MARGINALIZATION = (
    "no_basic_education_share",
    "no_internet_share",
    "no_health_affiliation_share",
)
_FACILITIES = ("school_distance_m", "health_center_distance_m")


def write_study(
    code: str, cuts: Sequence[Cut], wanted: Sequence[Wanted], into: Path
) -> tuple[Path, bool]:
    """Write a study that names the fetched files; one that is there stays.

    Parameters
    ----------
    code : str
        The municipality.
    cuts : sequence of Cut
        Its files.
    wanted : sequence of Wanted
        What they are, for source and year.
    into : Path
        Folder of the study.

    Returns
    -------
    (Path, bool)
        The study file, and whether it was written now.
    """
    path = into / STUDY
    text = study_text(code, cuts, wanted, into)
    try:
        with path.open("x", encoding="utf-8", newline="\n") as out:
            out.write(text)
    except FileExistsError:
        return path, False
    return path, True


def study_text(code: str, cuts: Sequence[Cut], wanted: Sequence[Wanted], into: Path) -> str:
    """Return the text of the study."""
    words = {one.key: one for one in wanted}
    lines: dict[str, list[str]] = {}
    for slot, key, layer, reader in _INPUTS:
        for cut in cuts:
            if (cut.key, cut.layer) == (key, layer) and _readable(cut):
                file = cut.file.relative_to(into).as_posix()
                source, year = words[key].source, words[key].year or cut.date[:4]
                if not words[key].year:
                    source += f" ({cut.date})"
                lines.setdefault(slot, []).append(
                    f'{{file: "{file}", reader: {reader}, source: "{source}", year: {year}}}'
                )
    inputs = ""
    for slot, records in lines.items():
        if slot == "facilities":
            inputs += f"  {slot}:\n" + "".join(f"    - {record}\n" for record in records)
        else:
            inputs += f"  {slot}: {records[0]}\n"
    title = _title(code, cuts)
    head = _HEAD.format(title=title, code=code, study=(into / STUDY).as_posix())
    marginalization = [
        *_MARGINALIZATION,
        *(["conapo_marginalization"] if "area_table" in lines else []),
    ]
    weights = _WEIGHTS + _dimension("marginalization", marginalization)
    if "facilities" in lines:
        weights += _dimension("facilities", _FACILITIES)
    return f"{head}{inputs}{_INCIDENTS}\n{weights}"


def _readable(cut: Cut) -> bool:
    """Whether a layer has the column its reader needs."""
    needed = _NEEDED.get(cut.layer)
    if needed is None:
        return True
    return needed in {str(name).upper() for name in pyogrio.read_info(cut.file)["fields"]}


def _dimension(name: str, indicators: Sequence[str]) -> str:
    return f"  {name}:\n    weight: 1\n    indicators:\n" + "".join(
        f"      {indicator}: 1\n" for indicator in indicators
    )


def _title(code: str, cuts: Sequence[Cut]) -> str:
    """Return the municipality's name, when the framework has it, and its code."""
    for cut in cuts:
        if cut.layer == "mun":
            table = pyogrio.read_dataframe(cut.file, read_geometry=False)
            if "NOMGEO" in table.columns and len(table):
                name = str(table["NOMGEO"].iloc[0]).translate({34: None, 92: None})
                return f"{' '.join(name.split())} ({code})"
    return code
