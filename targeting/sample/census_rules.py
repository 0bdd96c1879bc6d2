"""How the made people live: shares of the census columns, and how want moves them.

Each share is near the total of Aguascalientes 2020 (INEGI, Censo de Población y Vivienda) among the
people or dwellings it is a part of; each slope is the change of its log-odds when true want grows
by one standard deviation, near the slope over AGEB of CONAPO's index there.
"""

from __future__ import annotations

Parts = tuple[tuple[str, tuple[tuple[str, float, float], ...]], ...]
"""Whole, and its parts: column, share of the whole, change of its log-odds with want."""

AGES = (
    # ages, share of the people, slope
    ("0-2", 0.0463, 0.13),
    ("3-4", 0.0340, 0.11),
    ("5", 0.0170, 0.10),
    ("6-7", 0.0345, 0.09),
    ("8-11", 0.0679, 0.09),
    ("12-14", 0.0517, 0.09),
    ("15-17", 0.0522, 0.08),
    ("18-24", 0.1271, 0.06),
    ("25-49", 0.3540, -0.02),
    ("50-59", 0.1059, -0.08),
    ("60-64", 0.0373, -0.10),
    ("65+", 0.0721, -0.10),
)
"""Ages that do not overlap; `YOUTH` says how much younger new neighborhoods are."""

YOUTH = (0.35, 0.33, 0.3, 0.28, 0.22, 0.12, 0.05, 0.0, 0.08, -0.35, -0.6, -0.75)
WOMEN = 0.5146

AGE_COLUMNS = {
    "P_0A2": ("0-2",),
    "P_3A5": ("3-4", "5"),
    "P_6A11": ("6-7", "8-11"),
    "P_8A14": ("8-11", "12-14"),
    "P_12A14": ("12-14",),
    "P_15A17": ("15-17",),
    "P_18A24": ("18-24",),
    "P_60YMAS": ("60-64", "65+"),
    "P_3YMAS": tuple(age for age, _, _ in AGES[1:]),
    "P_5YMAS": tuple(age for age, _, _ in AGES[2:]),
    "P_12YMAS": tuple(age for age, _, _ in AGES[5:]),
    "P_15YMAS": tuple(age for age, _, _ in AGES[6:]),
    "P_18YMAS": tuple(age for age, _, _ in AGES[7:]),
}
"""Columns with women and men; further age columns follow from them."""

PARTS_BY_SEX: Parts = (
    # whole, parts that exclude each other: (column, share, slope)
    ("POBTOT", (("PNACENT", 0.760, 0.35), ("PNACOE", 0.955, 0.0))),
    ("P_5YMAS", (("PRES2015", 0.944, 0.25), ("PRESOE15", 0.90, 0.0))),
    ("P_3YMAS", (("P3YM_HLI", 0.0030, 0.45),)),
    ("P3YM_HLI", (("P3HLINHE", 0.02, 0.4), ("P3HLI_HE", 0.98, 0.0))),
    ("POBTOT", (("POB_AFRO", 0.016, -0.2),)),
    ("P_3A5", (("P3A5_NOA", 0.38, 0.40),)),
    ("P_6A11", (("P6A11_NOA", 0.028, 0.60),)),
    ("P_12A14", (("P12A14NOA", 0.070, 0.85),)),
    ("P_15A17", (("P15A17A", 0.745, -0.60),)),
    ("P_18A24", (("P18A24A", 0.385, -0.50),)),
    ("P_8A14", (("P8A14AN", 0.016, 0.60),)),
    (
        "P_15YMAS",
        (
            ("P15YM_SE", 0.017, 0.80),
            ("P15PRI_IN", 0.041, 0.78),
            ("P15PRI_CO", 0.103, 0.65),
            ("P15SEC_IN", 0.030, 0.42),
            ("P15SEC_CO", 0.305, 0.42),
        ),
    ),
    ("P15YM_SE", (("P15YM_AN", 0.70, 0.2),)),
)

PARTS: Parts = (
    ("P3HLINHE", (("P5_HLI_NHE", 0.97, 0.0),)),
    ("P3HLI_HE", (("P5_HLI_HE", 0.97, 0.0),)),
    ("POBTOT", (("PHOG_IND", 0.0050, 0.40),)),
    ("POBTOT", (("PCON_DISC", 0.048, 0.28), ("PCON_LIMI", 0.130, 0.12))),
    ("PCON_DISC", (("PCDISC_MOT", 0.48, 0.05),)),
    ("PCON_DISC", (("PCDISC_VIS", 0.42, 0.0),)),
    ("PCON_DISC", (("PCDISC_LENG", 0.12, 0.0),)),
    ("PCON_DISC", (("PCDISC_AUD", 0.18, 0.0),)),
    ("PCON_DISC", (("PCDISC_MOT2", 0.17, 0.0),)),
    ("PCON_DISC", (("PCDISC_MEN", 0.18, 0.0),)),
    ("PCON_LIMI", (("PCLIM_CSB", 0.30, 0.1),)),
    ("PCON_LIMI", (("PCLIM_VIS", 0.63, 0.0),)),
    ("PCON_LIMI", (("PCLIM_HACO", 0.052, 0.1),)),
    ("PCON_LIMI", (("PCLIM_OAUD", 0.18, 0.0),)),
    ("PCON_LIMI", (("PCLIM_MOT2", 0.038, 0.0),)),
    ("PCON_LIMI", (("PCLIM_RE_CO", 0.21, 0.0),)),
    ("PDER_SS", (("PDER_IMSS", 0.750, -0.05),)),
    ("PDER_SS", (("PDER_ISTE", 0.080, -0.60),)),
    ("PDER_SS", (("PDER_ISTEE", 0.004, -0.30),)),
    ("PDER_SS", (("PAFIL_PDOM", 0.004, -0.20),)),
    ("PDER_SS", (("PDER_SEGP", 0.140, 0.65),)),
    ("PDER_SS", (("PDER_IMSSB", 0.002, 0.30),)),
    ("PDER_SS", (("PAFIL_IPRIV", 0.025, -0.90),)),
    ("PDER_SS", (("PAFIL_OTRAI", 0.004, -0.30),)),
    (
        "P_12YMAS",
        (("P12YM_SOLT", 0.368, 0.0), ("P12YM_CASA", 0.815, -0.1), ("P12YM_SEPA", 0.99, 0.0)),
    ),
    (
        "POBTOT",
        (
            ("PCATOLICA", 0.874, 0.10),
            ("PRO_CRIEVA", 0.470, 0.05),
            ("POTRAS_REL", 0.030, -0.4),
            ("PSIN_RELIG", 0.97, 0.0),
        ),
    ),
)
"""Later parts of one whole take their share of what the earlier ones left."""

AT_HOME: Parts = (
    ("VIVPARH_CV", (("VPH_PISOTI", 0.0070, 1.10), ("VPH_PISODT", 0.997, 0.0))),
    ("VIVPARH_CV", (("VPH_1DOR", 0.250, 0.45), ("VPH_2YMASD", 0.998, 0.0))),
    (
        "VIVPARH_CV",
        (("VPH_1CUART", 0.013, 1.0), ("VPH_2CUART", 0.062, 0.75), ("VPH_3YMASC", 0.997, 0.0)),
    ),
    ("VIVPARH_CV", (("VPH_S_ELEC", 0.0013, 0.90), ("VPH_C_ELEC", 0.998, 0.0))),
    ("VIVPARH_CV", (("VPH_AGUAFV", 0.0030, 1.00), ("VPH_AGUADV", 0.999, 0.0))),
    ("VPH_AGUADV", (("VPH_AEASP", 0.970, -0.10),)),
    ("VPH_AGUADV", (("VPH_TINACO", 0.760, -0.45),)),
    ("VPH_AGUADV", (("VPH_CISTER", 0.450, -0.75),)),
    ("VIVPARH_CV", (("VPH_NODREN", 0.0012, 0.90), ("VPH_DRENAJ", 0.998, 0.0))),
    ("VPH_DRENAJ", (("VPH_EXCSA", 0.998, -0.40),)),
    ("VPH_NODREN", (("VPH_LETR", 0.35, 0.1),)),
    ("VIVPARH_CV", (("VPH_REFRI", 0.964, -1.00),)),
    ("VIVPARH_CV", (("VPH_LAVAD", 0.884, -0.58),)),
    ("VIVPARH_CV", (("VPH_HMICRO", 0.672, -0.65),)),
    ("VIVPARH_CV", (("VPH_AUTOM", 0.630, -0.85),)),
    ("VIVPARH_CV", (("VPH_BICI", 0.195, 0.25),)),
    ("VIVPARH_CV", (("VPH_TV", 0.966, -0.42),)),
    ("VIVPARH_CV", (("VPH_CEL", 0.952, -0.75),)),
    ("VIVPARH_CV", (("VPH_INTER", 0.690, -0.85),)),
    ("VIVPARH_CV", (("VPH_STVP", 0.500, -0.30),)),
    ("VIVPARH_CV", (("VPH_SPMVPI", 0.300, -0.75),)),
    ("VIVPARH_CV", (("VPH_CVJ", 0.205, -0.50),)),
)

UNIONS = (
    # first, second, share of the second where the first is present / absent, neither
    ("VPH_AUTOM", "VPH_MOTO", 0.08, 0.12, "VPH_NDACMM"),
    ("VPH_TV", "VPH_RADIO", 0.84, 0.62, "VPH_SINRTV"),
    ("VPH_CEL", "VPH_TELEF", 0.46, 0.35, "VPH_SINLTC"),
    ("VPH_INTER", "VPH_PC", 0.72, 0.10, "VPH_SINCINT"),
)
"""Pairs of goods, and the dwellings that have neither."""

SCHOOL_YEARS = {"P15YM_SE": 0, "P15PRI_IN": 3, "P15PRI_CO": 6, "P15SEC_IN": 8, "P15SEC_CO": 9}
YEARS_BEYOND = (11, 16)
"""Years at school of those who went beyond secondary: between these, by how well off they are."""
