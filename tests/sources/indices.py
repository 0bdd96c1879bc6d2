"""Tables of CONAPO, CONEVAL and AMAI in their publishers' layouts, with made figures."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import shapely
import xlsxwriter

from targeting.sources.mx.amai import LEVELS
from targeting.sources.mx.conapo import COMPONENTS, MUNICIPALITY_COMPONENTS
from tests.sources import made


def workbook(path, rows, sheets=("Hoja1",)):
    """Write rows to the last sheet; the sheets before it hold a title only."""
    with xlsxwriter.Workbook(path) as book:
        for name in sheets:
            page = book.add_worksheet(name)
            cells = rows if name == sheets[-1] else [["Contenido"]]
            for at, row in enumerate(cells):
                page.write_row(at, 0, ["" if cell is None else cell for cell in row])
    return path


IMM_HEAD = ["CVE_ENT", "NOM_ENT", "CVE_MUN", "NOM_MUN", "POB_TOT", "ANIO"]
IMM_HEAD += [*MUNICIPALITY_COMPONENTS, "IM_2020", "GM_2020", "IMN_2020"]


def imm_rows(*, reverse=False, count=12):
    """Municipalities of state 01; the more lack schooling (SBASC), the lower the index."""
    rows = []
    for n in range(1, count + 1):
        components = [n, 5.0 * n, 0, 0, 0, 0, 0, 0, 0]
        index = 40.0 + (n if reverse else -n)
        rows.append(["01", "A", f"01{n:03d}", "M", 1000 * n, 2020, *components, index, "Alto", 0.5])
    return rows


def imm_csv(path, rows):
    lines = [",".join(str(cell) for cell in row) for row in (IMM_HEAD, *rows)]
    return made.write_text(path, "\n".join(lines) + "\n")


def colonias(path, rows):
    """Write colonias: key, name, index, SBASC or None, side of the square in meters."""
    frame = pd.DataFrame(
        {
            "CVE_COL": [row[0] for row in rows],
            "COLONIA": [row[1] for row in rows],
            "CVE_MUN": [row[0][:5] for row in rows],
            "POBTOT": 470.5,
            "IM_2020": [row[2] for row in rows],
            "GM_2020": "Bajo",
            **{name: [row[3] for row in rows] for name in COMPONENTS},
        }
    )
    shapes = [shapely.box(100 * n, 0, 100 * n + row[4], row[4]) for n, row in enumerate(rows)]
    gpd.GeoDataFrame(frame, geometry=shapes, crs=6372).to_file(path)
    return path


# CONEVAL's 17 headings in its order, as the reference lists them: how each is told apart.
LAG_HEADS = [
    "Población de 15 años o más analfabeta",
    "Población de 6 a 14 años que no asiste a la escuela",
    "Población de 15 a 24 años que no asiste a la escuela",
    "Población de 15 años y más con educación básica incompleta",
    "Población sin derechohabiencia a servicios de salud",
    "Viviendas con hacinamiento",
    "Viviendas que no disponen de agua entubada de la red pública",
    "Viviendas que no disponen de excusado o sanitario",
    "Viviendas que no disponen de drenaje",
    "Viviendas que no disponen de energía eléctrica",
    "Viviendas con piso de tierra",
    "Viviendas que no disponen de lavadora",
    "Viviendas que no disponen de refrigerador",
    "Viviendas que no disponen de teléfono fijo",
    "Viviendas que no disponen de teléfono celular",
    "Viviendas que no disponen de computadora",
    "Viviendas que no disponen de internet",
]
LAG_KEYS = ["Clave entidad", "Entidad federativa", "Clave municipio", "Municipio"]
LAG_KEYS += ["Clave localidad", "Localidad", "Folio AGEB", "Clave AGEB", "Población total"]
LAG_KEYS += ["Viviendas particulares habitadas"]


def lag_row(area, first, grade):
    """One row: the indicators count up from `first`, so that each column has its own value."""
    cells = [first + n for n in range(17)]
    if grade is None:
        cells = ["*"] * 17
    keys = [area[:2], "A", area[2:5], "B", area[5:9], "C", area[9:], area, 100, 30]
    return [*keys, *cells, grade or "*"]


def lag_rows(*data, blank=2):
    """Six rows of header as CONEVAL has them, or more; then the data, then its notes."""
    groups = [None] * 10 + ["Indicadores de rezago social (porcentaje)"]
    head = [*LAG_KEYS, *[None] * 17, "Grado de rezago social"]
    names = [*[None] * 10, *LAG_HEADS]
    above = [["Grado de rezago social a nivel AGEB urbana, 2020"]] + [[]] * blank
    notes = [[], ["Nota 1: se calcula con 15 años y más"], ["Fuente: CONEVAL"]]
    return [*above, groups, head, names, *data, *notes]


AMAI_HEAD = ["AGEB", *LEVELS, "NIVEL PREDOMINANTE", "VIVIENDAS", "TAMAÑO DE LOCALIDAD", "CVEGEO"]


def amai_csv(path, rows):
    """Write rows of counts by level, the total, the size of the locality, and the key."""
    lines = [",".join(AMAI_HEAD)]
    for *levels, total, size, key in rows:
        cells = [key[9:], *levels, "C", total, f'"{size}"', key]
        lines.append(",".join(str(cell) for cell in cells))
    return made.write_text(path, "\n".join(lines) + "\n")


BIG, SMALL = "1,000,000 y mas", "1 a 249"
ND = "N/D"
