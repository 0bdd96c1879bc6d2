"""Incidents by neighborhood or area: any layout, matched with care, shared out, conserved."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.model import MethodSpec
from targeting.problems import TargetingError
from targeting.sources import read_territory
from targeting.sources.account import Account
from targeting.sources.allocating import allocate_incidents
from targeting.sources.incident_tables import incident_table
from targeting.sources.incidents import points
from targeting.sources.layer import Layer
from targeting.sources.mx.sesnsp import sesnsp_context, sesnsp_municipal
from targeting.sources.places import places
from tests.sources import made


def codes(raised):
    return [one.code for one in raised.value.problems]


def table(tmp_path, text, encoding="utf-8", **settings):
    path = made.write_text(tmp_path / "t.csv", text, encoding)
    return incident_table(path, **({"place": "colonia", "by": "place_name"} | settings))


def rows(layer):
    data = layer.data[layer.data["kind"].notna()]
    return [tuple(row) for row in data[["place", "kind", "count"]].itertuples(index=False)]


def test_a_row_an_incident(tmp_path):
    text = "colonia,delito,fecha\nCentro,ROBO,01/02/2020\n,ROBO,02/02/2020\nTule,CHOQUE,\n"
    read = table(tmp_path, text, kind="delito", kinds={"robbery": ["robo"]}, date="fecha")
    assert rows(read) == [("Centro", "robbery", 1.0)]
    assert [(one.reason, one.count, one.of) for one in read.losses] == [("no-place", 1, 2)]
    # Tule occurs in the file: somebody looked there.
    assert read.data[read.data["kind"].isna()]["place"].tolist() == ["Tule"]


def test_counts_in_a_column(tmp_path):
    text = "colonia;n\nCentro;1,200\nTule;\nRosas;-3\nLomas;0\n"
    read = table(tmp_path, text, count="n", all_of_kind="robbery")
    assert rows(read) == [("Centro", "robbery", 1200.0), ("Lomas", "robbery", 0.0)]
    # A blank is not known; it is not zero.
    assert [(one.reason, one.examples) for one in read.losses] == [("no-count", ("2", "3"))]
    assert read.notes["incidents_by_kind"] == {"robbery": 1200.0}


def test_a_column_a_kind(tmp_path):
    text = "colonia,hom,fem,rob\nCentro,2,1,5\nTule,,,\nRosas,1,,0\n"
    columns = {"homicide": ["hom", "fem"], "robbery": ["rob"]}
    read = table(tmp_path, text, count_columns=columns)
    assert read.notes["incidents_by_kind"] == {"homicide": 4.0, "robbery": 5.0}
    assert [(one.reason, one.examples) for one in read.losses] == [("no-count", ("2",))]
    assert read.notes["cells_set_aside"] == 4  # three of Tule, one of Rosas


def test_a_column_a_month(tmp_path):
    text = "colonia,tipo,anio,ENE,FEB,MAR\nCentro,HOM,2020,1,2,\nTule,HOM,2019,4,0,5\n"
    asked = {"kind": "tipo", "month_columns": ("ENE", "FEB", "MAR"), "year_column": "anio"}
    read = table(tmp_path, text, **asked)
    data = read.data.sort_values(["date", "place"])
    assert [(str(d)[:7], n) for d, n in zip(data["date"], data["count"], strict=True)] == [
        ("2019-01", 4),
        ("2019-02", 0),
        ("2019-03", 5),
        ("2020-01", 1),
        ("2020-02", 2),
    ]
    # From January 2019 to the end of February 2020: 365 + 31 + 29 days.
    assert read.notes["exposure_years"] == pytest.approx(425 / 365.25, abs=1e-6)
    year = table(tmp_path, text, **asked, start="2020-01-01", end="2020-12-31")
    assert year.notes["incidents_by_kind"] == {"HOM": 3.0}
    assert [(one.reason, one.examples) for one in year.losses] == [("outside-period", ("2",))]
    with pytest.raises(TargetingError) as raised:
        table(tmp_path, text, **(asked | {"year_column": None}))
    assert codes(raised) == ["missing-setting"]


def test_a_year_is_all_a_row_says(tmp_path):
    text = "colonia,anio,n\nCentro,2019,1\nTule,2020,2\n"
    read = table(tmp_path, text, count="n", year_column="anio")
    assert read.data["date"].astype(str).tolist() == ["2019-01-01", "2020-01-01"]
    assert read.notes["exposure_years"] == pytest.approx((365 + 366) / 365.25, abs=1e-6)
    one = table(tmp_path, text, count="n", year_column="anio", start="2020-01-01")
    assert [(loss.reason, loss.examples) for loss in one.losses] == [("outside-period", ("1",))]


def test_settings_that_say_a_thing_twice(tmp_path):
    with pytest.raises(TargetingError) as raised:
        table(tmp_path, "colonia,n\na,1\n", count="n", month_columns=("n",))
    assert codes(raised) == ["said-twice"]
    with pytest.raises(TargetingError) as raised:
        table(tmp_path, "colonia,n\na,1\n", count="m", kind="tipo")
    assert codes(raised) == ["missing-column", "missing-column"]


# West and east of the made city: blocks 001-004 of AGEB 0017 (10, 20, 30, 40 people) and of 006A
# (100, 0, 50, 4); and a place without blocks, one without people, and two of one name.
WEST, EAST = shapely.box(-5, -5, 135, 135), shapely.box(135, -5, 275, 135)
EMPTY = shapely.box(135, 65, 205, 135)  # block 006A-002, nobody lives there
FAR = shapely.box(150, 60, 152, 64)  # street: no block's inner point


def city(tmp_path, text, shapes, *, match_min=0.95, population="census", **settings):
    made.write_blocks(tmp_path / "01m.shp")
    made.write_text(tmp_path / "census.csv", made.census_text())
    made.write_text(tmp_path / "t.csv", text)
    layers = [
        made.spec("blocks", "01m.shp", "inegi_blocks"),
        made.spec("census", "census.csv", "inegi_census"),
    ]
    if shapes:
        frame = gpd.GeoDataFrame(
            {"clave": [str(i) for i in range(len(shapes))], "nombre": [name for name, _ in shapes]},
            geometry=[made.shape(one) for _, one in shapes],
            crs=made.LCC,
        )
        pyogrio.write_dataframe(frame, tmp_path / "p.gpkg")
        layers.append(made.spec("places", "p.gpkg", "places", id="clave", name="nombre"))
    given = {"place": "colonia", "by": "place_name", "count": "n", "all_of_kind": "robbery"}
    layers.append(made.spec("incidents", "t.csv", "incident_table", **(given | settings)))
    return read_territory(layers, tmp_path, population=MethodSpec("census"), match_min=match_min)


def by_block(territory):
    counts = territory.incident_counts
    return dict(zip(counts["block_id"], counts["count"].round(9), strict=True))


def account(territory):
    return next(one for one in territory.intake.layers if one.layer == "incidents")


def test_incidents_are_shared_out_by_people(tmp_path):
    text = "colonia,n\nCOL. EL PONIENTE,10\n"
    territory = city(tmp_path, text, [("El Poniente", WEST), ("Oriente", EAST)])
    west = made.BLOCKS[:4]
    assert by_block(territory) == dict(zip(west, [1.0, 2.0, 3.0, 4.0], strict=True))
    # Nobody says anything of the other neighborhood: not none, but no data.
    assert territory.incident_coverage.tolist() == [True] * 4 + [False] * 4
    notes = account(territory).notes
    assert notes["allocated"] == 10
    assert dict(notes["names_matched"]) == {"COL. EL PONIENTE": "El Poniente"}
    assert territory.incidents is None


def test_absent_places_are_none_only_when_the_study_says_so(tmp_path):
    shapes = [("El Poniente", WEST), ("Oriente", EAST)]
    territory = city(tmp_path, "colonia,n\nEl Poniente,10\n", shapes, absent="zero")
    assert territory.incident_coverage.all()
    covered = city(tmp_path, "colonia,n\nEl Poniente,10\n", shapes[:1], covers=("01001",))
    assert covered.incident_coverage.all()


def test_a_place_where_nobody_lives_is_shared_out_by_area_and_one_without_blocks_is_lost(tmp_path):
    text = "colonia,n\nBaldío,3\nGlorieta,2\nOriente,154\n"
    shapes = [("Baldío", EMPTY), ("Glorieta", FAR), ("Oriente", EAST)]
    territory = city(tmp_path, text, shapes)
    assert by_block(territory) == {
        made.BLOCKS[4]: 100.0,
        made.BLOCKS[5]: 3.0,  # in the smaller of the two places it is in
        made.BLOCKS[6]: 50.0,
        made.BLOCKS[7]: 4.0,
    }
    report = account(territory)
    assert report.notes["allocated_by_area"] == 3
    assert [(one.reason, one.examples) for one in report.losses] == [
        ("place-without-blocks", ("Glorieta",))
    ]
    assert report.rows_kept + 1 == report.rows_read == 3


def test_places_where_only_other_things_happened_were_looked_at(tmp_path):
    text = "colonia,delito,n\nEl Poniente,ROBO,10\nOriente,CHOQUE,5\nNorte,CHOQUE,6\nNorte,RIÑA,1\n"
    shapes = [("El Poniente", WEST), ("Oriente", EAST), ("Norte", EMPTY)]
    asked = {"all_of_kind": None, "kind": "delito", "kinds": {"robbery": ["ROBO"]}}
    territory = city(tmp_path, text, shapes, **asked)
    assert sum(by_block(territory).values()) == pytest.approx(10)
    assert territory.incident_coverage.all()


def test_the_incidents_of_places_without_blocks_are_counted(tmp_path):
    shapes = [("Glorieta", FAR), ("Oriente", EAST)]
    report = account(city(tmp_path, "colonia,n\nGlorieta,2\nOriente,154\n", shapes))
    assert report.notes["incidents_without_blocks"] == 2
    assert report.notes["allocated"] == 154
    whole = account(city(tmp_path, "colonia,n\nOriente,154\n", shapes))
    assert "incidents_without_blocks" not in whole.notes


def test_names_nobody_can_tell_are_listed_and_not_guessed(tmp_path):
    text = "colonia,n\nEl Poniente,90\nCentro,7\nNowhere,3\n"
    shapes = [("El Poniente", WEST), ("Centro", EMPTY), ("Centro", shapely.box(205, 0, 275, 135))]
    with pytest.raises(TargetingError) as raised:
        city(tmp_path, text, shapes)
    assert codes(raised) == ["places-unmatched"]
    assert raised.value.problems[0].values["examples"] == "Centro, Nowhere"
    territory = city(tmp_path, text, shapes, match_min=0.9, absent="zero")
    report = account(territory)
    assert {one.reason: (one.count, one.examples) for one in report.losses} == {
        "name-unmatched": (1, ("Nowhere",)),
        "name-ambiguous": (1, ("Centro",)),
    }
    assert report.notes["incidents_unmatched"] == 10
    assert report.notes["incidents_matched_share"] == 0.9
    # Seven happened in one of the two: neither has none, whatever `absent` says.
    assert territory.incident_coverage.tolist() == [True] * 4 + [False] * 4


def test_the_municipality_tells_places_of_one_name_apart():
    blocks = gpd.GeoDataFrame(
        {"area_id": "a", "municipality_id": ["M1", "M2"], "population": [5.0, 5.0]},
        geometry=[shapely.box(0, 0, 10, 10), shapely.box(100, 0, 110, 10)],
        index=pd.Index(["b1", "b2"], name="block_id"),
        crs=6372,
    )
    shapes = gpd.GeoDataFrame(
        {
            "level": ["neighborhood", "neighborhood", "municipality", "municipality"],
            "name": ["Centro", "Centro", "San Nicolás de los Garza", "Apodaca"],
        },
        geometry=[shapely.box(x, -5, x + 20, 15) for x in (-5, 95, -5, 95)],
        index=["neighborhood:1", "neighborhood:2", "municipality:M1", "municipality:M2"],
        crs=6372,
    )
    data = pd.DataFrame(
        {
            "place": "CENTRO",
            "municipality": ["SAN NICOLAS DE LOS GARZA", "M2", None],
            "kind": "robbery",
            "date": pd.NaT,
            "count": [4.0, 6.0, 1.0],
        },
        index=[1, 2, 3],
    )
    spec = made.spec("incidents", "t.csv", "incident_table", place="c", by="place_name")
    held = Account(spec, Layer(data, 3), "")
    given = allocate_incidents(held, blocks, shapes, match_min=0.5)
    assert dict(zip(given.counts["block_id"], given.counts["count"], strict=True)) == {
        "b1": 4.0,
        "b2": 6.0,
    }
    assert [(one.reason, one.count) for one in held.losses] == [("name-ambiguous", 1)]


def test_by_area_and_by_id(tmp_path):
    text = f"colonia,n\n{made.AREAS[0]},10\n{made.AREAS[1]},0\n0109900010099,1\n"
    territory = city(tmp_path, text, None, by="area_id", match_min=0.5)
    assert sum(by_block(territory).values()) == pytest.approx(10)
    assert territory.incident_coverage.all()
    assert [(one.reason, one.examples) for one in account(territory).losses] == [
        ("no-such-place", ("0109900010099",))
    ]
    shapes = [("Oriente", EAST), ("El Poniente", WEST)]
    territory = city(tmp_path, "colonia,n\n1,10\n", shapes, by="place_id")
    assert set(by_block(territory)) == set(made.BLOCKS[:4])
    assert account(territory).notes["incidents_matched_share"] == 1
    with pytest.raises(TargetingError) as raised:
        city(tmp_path, text, None)
    assert codes(raised) == ["no-places-of-level"]


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.sampled_from("ab"), st.integers(0, 50)),
        min_size=1,
        max_size=12,
    ),
    st.randoms(use_true_random=False),
)
def test_sharing_out_conserves_and_knows_no_order(cells, chance):
    people = [3.0, 0.0, np.nan, 7.0, 0.0, 0.0]
    blocks = gpd.GeoDataFrame(
        {"area_id": list("AABBCC"), "municipality_id": "M", "population": people},
        geometry=[shapely.box(i, 0, i + 0.5 + i / 10, 1) for i in range(6)],
        index=pd.Index([f"b{i}" for i in range(6)], name="block_id"),
        crs=6372,
    )
    names = ["A", "B", "C", "D", "E"]  # D and E are not on the map

    def taken(order):
        data = pd.DataFrame(
            {
                "place": [names[c[0]] for c in order],
                "municipality": None,
                "kind": [c[1] for c in order],
                "date": pd.NaT,
                "count": [float(c[2]) for c in order],
            },
            index=range(1, len(order) + 1),
        )
        spec = made.spec("incidents", "t.csv", "incident_table", place="c", by="area_id")
        return allocate_incidents(
            Account(spec, Layer(data, len(data)), ""), blocks, None, match_min=0.0
        )

    first = taken(cells)
    known = [c for c in cells if c[0] < 3]
    for kind in "ab":
        total = first.counts.loc[first.counts["kind"] == kind, "count"].sum()
        assert total == pytest.approx(sum(n for _, k, n in known if k == kind))
    assert (first.counts["count"] > 0).all()
    listed = {names[c[0]] for c in cells}
    assert first.covered.tolist() == [area in listed for area in blocks["area_id"]]
    shuffled = list(cells)
    chance.shuffle(shuffled)
    again = taken(shuffled)
    pd.testing.assert_frame_equal(first.counts, again.counts)


MONTHS = "Enero,Febrero,Marzo,Abril,Mayo,Junio,Julio,Agosto,Septiembre,Octubre,Noviembre,Diciembre"
SESNSP = (
    "Año,Clave_Ent,Entidad,Cve. Municipio,Municipio,Bien jurídico afectado,Tipo de delito,"
    f"Subtipo de delito,Modalidad,{MONTHS}\n"
    '2023,8,Chihuahua,8037,Juárez,La vida,Homicidio,Homicidio doloso,Con arma de fuego,"1,060",2,,'
    ",,,,,,,,\n"
    "2023,8,Chihuahua,8037,Juárez,La vida,Feminicidio,Feminicidio,Con arma blanca,1,0,,,,,,,,,,\n"
    "2023,8,Chihuahua,8037,Juárez,El patrimonio,Robo,Robo a negocio,Con violencia,5,6,,,,,,,,,,\n"
    "2023,8,Chihuahua,8037,Juárez,La vida,Homicidio,Homicidio culposo,Otro,9,9,,,,,,,,,,\n"
    "2023,8,Chihuahua,8019,Chihuahua,La vida,Homicidio,Homicidio doloso,Otro,3,3,,,,,,,,,,\n"
)


def test_municipal_totals_are_no_incidents_of_blocks(tmp_path):
    path = made.write_text(tmp_path / "IDM_NM_dic23.csv", SESNSP, "latin-1")
    for read in (
        lambda: sesnsp_municipal(path),
        lambda: points(path, x="lon", y="lat"),
        lambda: points(path),
        lambda: incident_table(path, place="Municipio", by="place_name"),
    ):
        with pytest.raises(TargetingError) as raised:
            read()
        assert codes(raised) == ["municipal-incidents"]
    other = made.write_text(tmp_path / "o.csv", "a,b\n1,2\n")
    with pytest.raises(TargetingError) as raised:
        sesnsp_municipal(other)
    assert codes(raised) == ["missing-column"]


def test_municipal_totals_are_context(tmp_path):
    path = made.write_text(tmp_path / "IDM_NM_dic23.csv", SESNSP, "latin-1")
    found = sesnsp_context(path, "08037")
    by_month = found.set_index(["month", "kind"])["count"]
    assert by_month[(1, "homicide")] == 1061  # 1,060 and a femicide; involuntary ones left out
    assert by_month[(2, "homicide")] == 2
    assert by_month[(1, "robbery")] == 5
    assert by_month[3].isna().all()  # not yet published, which is not zero
    assert set(found["kind"]) == {"homicide", "robbery"}
    with pytest.raises(TargetingError) as raised:
        sesnsp_context(path, "19039")
    assert codes(raised) == ["municipality-not-found"]


@pytest.mark.real
def test_the_colonias_of_monterrey(real_data):
    read = places(real_data / "monterrey" / "colonias_imc2020.gpkg", id="CVE_COL", name="COLONIA")
    assert read.rows_read == 3_409
    lost = {one.reason: one.count for one in read.losses}
    assert lost["duplicate-shape-differs"] + lost.get("duplicate-key", 0) == 273
    assert len(read.data) == 3_409 - 273


@pytest.mark.real
def test_a_table_of_the_colonias_of_monterrey(real_data, tmp_path):
    path = real_data / "monterrey" / "colonias_imc2020.gpkg"
    read = places(path, id="CVE_COL", name="COLONIA")
    frame = pyogrio.read_dataframe(path, read_geometry=False).drop_duplicates("CVE_COL")
    frame = frame[frame["CVE_MUN"] == "19039"]
    # The same names as an office would write them: capitals, no accents, `COL.` in front.
    import unicodedata

    bare = frame["COLONIA"].map(
        lambda name: unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().upper()
    )
    named = read.data.set_index("id")["name"]
    from targeting.sources.name_matching import match_names

    own = named[named.index.str.startswith("19039")]
    match = match_names(("COL. " + bare).set_axis(frame["CVE_COL"]), own)
    right = match["place_id"] == match.index
    wrong = match["place_id"].notna() & ~right
    assert wrong.sum() == 0
    assert right.mean() > 0.9
