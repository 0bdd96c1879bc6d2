"""Which facilities the made city has: how many for 1,000 blocks, and what they are called.

About 160 for 1,000 blocks as measured in Zapopan (45 % schools, 21 % squares, 15 % temples, 9 %
sport, 5 % health, 3 % markets), and beside them the shops, bars and offices only DENUE lists.
"""

from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    """One kind of establishment: SCIAN code and class, how many per 1,000 blocks, names.

    `role` is `service` (its absence is a need) or `context`.
    """

    code: str
    text: str
    per_1k: float
    names: tuple[str, ...]
    role: str


SERVICE, CONTEXT = "service", "context"

ESTABLISHMENTS = (
    Kind("611111", "Escuelas de educación preescolar del sector privado", 7.0,
         ("Jardín de Niños La Semilla", "Kínder Ejemplo"), SERVICE),
    Kind("611112", "Escuelas de educación preescolar del sector público", 18.0,
         ("Jardín de Niños Niños del Ejemplo", "Preescolar La Muestra"), SERVICE),
    Kind("611121", "Escuelas de educación primaria del sector privado", 4.0,
         ("Colegio Ejemplo", "Instituto Inventado"), SERVICE),
    Kind("611122", "Escuelas de educación primaria del sector público", 22.0,
         ("Escuela Primaria 5 de Ejemplo", "Primaria Maestros del Supuesto"), SERVICE),
    Kind("611132", "Escuelas de educación secundaria general del sector público", 7.0,
         ("Secundaria General 99",), SERVICE),
    Kind("611142", "Escuelas de educación secundaria técnica del sector público", 4.0,
         ("Secundaria Técnica 99",), SERVICE),
    Kind("611162", "Escuelas de educación media superior del sector público", 4.0,
         ("Preparatoria Ejemplo", "Colegio de Bachilleres Inventado"), SERVICE),
    Kind("611171", "Escuelas del sector privado que combinan diversos niveles de educación", 2.5,
         ("Colegio Varios Niveles",), SERVICE),
    Kind("611182", "Escuelas del sector público de educación para necesidades especiales", 0.8,
         ("CAM Ejemplo",), SERVICE),
    Kind("611311", "Escuelas de educación superior del sector privado", 1.6,
         ("Universidad de Ejemplo",), CONTEXT),
    Kind("621111", "Consultorios de medicina general del sector privado", 4.5,
         ("Consultorio Médico Ejemplo",), SERVICE),
    Kind("621112", "Clínicas de consultorios médicos del sector público", 0.2,
         ("Clínica Ejemplo",), SERVICE),
    Kind("621116", "Clínicas de consultorios médicos del sector público", 3.0,
         ("Centro de Salud Ejemplo", "Unidad de Medicina Familiar 99"), SERVICE),
    Kind("622112", "Hospitales generales del sector público", 0.5, ("Hospital Ejemplo",), CONTEXT),
    Kind("622111", "Hospitales generales del sector privado", 0.5, ("Sanatorio Ejemplo",), CONTEXT),
    Kind("813210", "Asociaciones y organizaciones religiosas", 24.0,
         ("Templo del Ejemplo", "Parroquia de la Muestra", "Iglesia La Fábula"), CONTEXT),
    Kind("624411", "Guarderías del sector privado", 3.0, ("Guardería Pasitos de Ejemplo",),
         SERVICE),
    Kind("624412", "Guarderías del sector público", 2.0, ("Estancia Infantil Ejemplo",), SERVICE),
    Kind("519122", "Bibliotecas y archivos del sector público", 1.4,
         ("Biblioteca Pública Ejemplo",), SERVICE),
    Kind("624112", "Servicios de orientación y trabajo social del sector público", 1.4,
         ("Centro Comunitario Ejemplo", "DIF Ejemplo"), SERVICE),
    Kind("713943", "Centros de acondicionamiento físico del sector privado", 3.2,
         ("Gimnasio Ejemplo",), SERVICE),
    Kind("713944", "Centros de acondicionamiento físico del sector público", 0.8,
         ("Unidad Deportiva Ejemplo",), SERVICE),
    Kind("931410", "Impartición de justicia y mantenimiento de la seguridad y el orden público",
         0.9, ("Módulo de Policía Ejemplo", "Comandancia Ejemplo"), CONTEXT),
    Kind("931210", "Administración pública en general", 1.2, ("Oficinas Municipales",), CONTEXT),
    Kind("624191", "Agrupaciones de autoayuda para alcohólicos y personas con otras adicciones",
         1.8, ("Grupo Ejemplo AA",), CONTEXT),
    Kind("623221", "Residencias del sector privado para el cuidado de personas con problemas de "
         "trastorno mental y adicción", 0.9, ("Casa de Recuperación Ejemplo",), CONTEXT),
    Kind("624221", "Refugios temporales comunitarios del sector privado", 0.5,
         ("Refugio Ejemplo",), CONTEXT),
    Kind("722412", "Bares, cantinas y similares", 8.0,
         ("Bar El Supuesto", "Cantina La Hipótesis"), CONTEXT),
    Kind("461211", "Comercio al por menor de vinos y licores", 2.5, ("Vinos El Ensayo",), CONTEXT),
    Kind("461212", "Comercio al por menor de cerveza", 5.0, ("Depósito La Prueba",), CONTEXT),
    Kind("461110", "Comercio al por menor en tiendas de abarrotes, ultramarinos y misceláneas",
         40.0, ("Abarrotes Lupita", 'Abarrotes "El Güero" <24h>', "Miscelánea L'Ñ & Hnos."),
         CONTEXT),
    Kind("522452", "Casas de empeño", 1.0, ("Empeños Ejemplo; «rápido»",), CONTEXT),
)  # fmt: skip

SERVICE_POINTS = (
    # GEOGRAFICO, TIPO, CONDICION, per 1,000 blocks, role
    ("PLAZA", "NO APLICA", "NO APLICA", 33.0, SERVICE),
    ("INSTALACIÓN DEPORTIVA O RECREATIVA", "DIVERSO", "NO APLICA", 13.0, SERVICE),
    ("INSTALACIÓN DEPORTIVA O RECREATIVA", "OTRO", "NO APLICA", 1.5, SERVICE),
    ("MERCADO", "NO APLICA", "NO APLICA", 5.0, CONTEXT),
    ("PALACIO DE GOBIERNO", "NO APLICA", "NO APLICA", 0.8, CONTEXT),
    ("CEMENTERIO", "NO APLICA", "NO APLICA", 0.8, CONTEXT),
    ("TANQUE DE AGUA", "TANQUE ELEVADO", "EN OPERACIÓN", 2.0, CONTEXT),
)

HOSTILE_NAMES = ("", "  ", "SIN NOMBRE", "<b>Papelería</b>", "=1+1 Novedades", "Tortillería 'La Ñ'")
"""Names as they turn up in real directories; a page must show them as plain text."""
