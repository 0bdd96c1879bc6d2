"""Names of neighborhoods: read as people write them, and never guessed."""

import re
from collections import Counter

import numpy as np
import pandas as pd
import pyogrio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from targeting.sources.name_matching import edits, match_names, slips

PLACES = pd.Series(
    {
        "01": "Santa María 1a Sección",
        "02": "Santa María 2a Sección",
        "03": "El Tule",
        "04": "Bellavista",
        "05": "Lomas del Sol",
        "06": "Centro",
        "07": "Centro",
        "08": "Unidad Habitacional Lázaro Cárdenas",
        "09": "Juan XXIII",
        "10": "5 de Mayo",
        "11": "General Anaya",
        "12": "Residencial Anáhuac",
        "13": "Anáhuac",
        "14": "Infonavit Casas Grandes",
        "15": "Hacienda Peñuelas",
    }
)


@pytest.mark.parametrize(
    ("written", "place", "how"),
    [
        ("BELLAVISTA", "04", "same"),
        ("  juan   xxiii ", "09", "same"),
        ("STA. MARIA PRIMERA SECC.", "01", "words"),
        ("Sta Ma. II Sector", "02", "words"),
        ("JUAN 23", None, "unmatched"),  # XXIII is beyond the table; it is left alone
        ("Cinco de Mayo", "10", "words"),
        ("Gral. Anaya", "11", "words"),
        ("U.H. LAZARO CARDENAS", "08", "core"),
        ("Col. Lazaro Cardenas", "08", "core"),
        ("Fracc. Lomas de Sol", "05", "core"),
        ("TULE EL", "03", "core"),
        ("CASAS GRANDES INFONAVIT", "14", "order"),
        ("Bella Vista", "04", "joined"),
        ("VEYABISTA", "04", "sound"),
        ("Asienda Penuelas", "15", "sound"),
        ("Infonavit Casas Grnades", "14", "spelling"),
        ("ANAHUAC", "13", "same"),
        ("Fracc. Anahuac", "13", "core"),
        ("CENTRO", None, "ambiguous"),
        ("Col. Centro", None, "ambiguous"),
        ("Lomas del Sur", None, "unmatched"),  # short words must be equal
        ("Santa Marta 1a Sección", None, "unmatched"),  # another saint
        ("Santa María 3a Sección", None, "unmatched"),  # another number
        ("Villa de las Flores", None, "unmatched"),
        ("", None, "unmatched"),
    ],
)
def test_a_name_finds_its_place_or_none(written, place, how):
    match = match_names(pd.Series([written]), PLACES).iloc[0]
    assert (match["place_id"], match["how"]) == (place, how)


@pytest.mark.parametrize(
    ("first", "second", "count"),
    [
        ("puesta sol", "puerta sol", None),  # both in Zapopan
        ("casita", "casitas", 1),
        ("porvenir", "porbenir", 1),
        ("guadalupana", "guadaulpnaa", 2),
        ("cerro azul", "cerro azul norte", None),
        ("etapa 1", "etapa 12", None),
    ],
)
def test_slips_of_the_pen(first, second, count):
    assert slips(first, second) == slips(second, first) == count


def test_a_slip_that_leads_to_two_places_leads_to_none():
    places = pd.Series({"a": "Jardines Universidad", "b": "Jardines Universidas"})
    match = match_names(pd.Series(["Jardines Universidax"]), places).iloc[0]
    assert match["how"] == "ambiguous"


@pytest.mark.parametrize(
    ("first", "second", "count"),
    [("", "", 0), ("abc", "acb", 1), ("abc", "ab", 1), ("kitten", "sitting", 3), ("ca", "abc", 3)],
)
def test_edits_counted_by_hand(first, second, count):
    assert edits(first, second) == edits(second, first) == count


@given(st.text("abc ", max_size=8), st.text("abc ", max_size=8))
def test_laws_of_edits(first, second):
    count = edits(first, second)
    assert (count == 0) == (first == second)
    assert abs(len(first) - len(second)) <= count <= max(len(first), len(second))
    found = slips(first, second)
    assert found is None or found <= 2


def test_the_order_of_places_and_names_changes_nothing():
    names = pd.Series(["CENTRO", "TULE EL", "Veyabista", "5 de mayo", "otra"])
    first = match_names(names, PLACES)
    turned = match_names(names[::-1], PLACES[::-1]).sort_index()
    pd.testing.assert_frame_equal(first, turned)


@pytest.mark.real
def test_no_name_of_juarez_is_taken_for_another(real_data):
    frame = pyogrio.read_dataframe(real_data / "juarez" / "colonias.geojson", read_geometry=False)
    names = frame["NOMBRE"].astype("str")
    match = match_names(names, names)
    # Names that occur once find themselves; repeated ones find nothing.
    plain = names.str.split().str.join(" ")
    once = ~plain.duplicated(keep=False) & names.notna()
    found = match["place_id"][once & (match["how"] != "ambiguous")]
    assert (found == found.index).all()
    assert match["place_id"][plain.duplicated(keep=False)].isna().all()
    assert plain.duplicated().sum() >= 80


@pytest.mark.real
def test_one_letter_lost_is_found_again_or_left_but_never_wrong(real_data):
    frame = pyogrio.read_dataframe(
        real_data / "monterrey" / "colonias_imc2020.gpkg", read_geometry=False
    )
    own = frame[frame["CVE_MUN"] == "19039"].drop_duplicates("CVE_COL")
    names = own.set_index("CVE_COL")["COLONIA"]
    chance = np.random.default_rng(3)
    damaged = names.map(lambda name: _without_a_letter(name, chance))
    match = match_names(damaged, names)
    held = match["place_id"].notna()
    right = (match["place_id"] == match.index) | (
        names.reindex(match["place_id"]).map(_bare).to_numpy() == damaged.map(_bare).to_numpy()
    )
    assert right[held].mean() >= 0.99
    assert right[held].sum() / len(names) >= 0.5
    assert Counter(match["how"])["spelling"] > 100


def _without_a_letter(name, chance):
    spots = [m.start() for m in re.finditer(r"[A-Za-z]", name)]
    cut = int(chance.choice(spots))
    return name[:cut] + name[cut + 1 :]


def _bare(name):
    return re.sub(r"\W+", "", str(name).casefold())


@pytest.mark.real
def test_the_colonias_of_zapopans_incidents(real_data):
    folder = real_data / "zapopan"
    given = pd.read_csv(folder / "delitos.csv", lineterminator="\r")["colonia"].astype("str")
    table = pd.read_csv(folder / "Colonias.csv", lineterminator="\r", encoding="mac-roman")
    names = table.set_index("IdColonia")["NomColonia"].astype("str")
    match = match_names(given, names)
    held = match["place_id"].notna()
    # Four in five rows name a colonia of the city's own directory, as the police write it.
    assert held.mean() > 0.8
    assert (match["how"] == "same").mean() < 0.77  # letters and case alone find fewer
    pairs = pd.DataFrame({"given": given[held], "place": names[match["place_id"][held]].to_numpy()})
    assert "PUESTA DEL SOL" not in set(pairs["given"])
    assert ("LINDAVISTA", "Linda Vista") in set(pairs.itertuples(index=False, name=None))
