"""Incidents as publishers give them: dates, hours, cases, coordinates, kinds, periods."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from targeting.incident_kinds import incident_kinds
from targeting.model import MethodSpec
from targeting.problems import TargetingError
from targeting.sources import read_territory
from targeting.sources.coordinates import piled_up
from targeting.sources.dates import Period, read_dates, read_period, read_times
from targeting.sources.incidents import points
from targeting.sources.mx.incident_texts import kind_of, rules
from tests.sources import made

AT = {"x": "lon", "y": "lat"}


def codes(raised):
    return [one.code for one in raised.value.problems]


def written(tmp_path, head, *rows, end="\n", encoding="utf-8"):
    return made.write_text(tmp_path / "i.csv", end.join([head, *rows]) + end, encoding)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("03/01/2014", "2014-01-03 00:00:00"),
        ("3-1-2014", "2014-01-03 00:00:00"),
        ("2014-01-03", "2014-01-03 00:00:00"),
        ("2014-01-03T18:48:05", "2014-01-03 18:48:05"),
        ("2014-01-03 18:48:05.250", "2014-01-03 18:48:05"),
        ("03/01/2014 06:48 p. m.", "2014-01-03 18:48:00"),
        ("20140103", "2014-01-03 00:00:00"),
        ("03-ene-2014", "2014-01-03 00:00:00"),
        ("3 de enero de 2014", "2014-01-03 00:00:00"),
        ("03-Sept-2014", "2014-09-03 00:00:00"),
        ("41642", "2014-01-03 00:00:00"),  # days since 1899-12-30, as a spreadsheet counts
        ("41642.75", "2014-01-03 18:00:00"),
        ("2014-01", "2014-01-01 00:00:00"),
        ("ene-2014", "2014-01-01 00:00:00"),
    ],
)
def test_a_date_in_every_usual_form(text, day):
    read = read_dates(pd.Series([text]))
    assert str(read.dates.iloc[0]) == day
    assert read.unreadable == read.short_years == 0


@pytest.mark.parametrize("text", ["31/02/2014", "13/13/2014", "ayer", "2014", "99999", "3/1/20141"])
def test_what_is_no_date_is_counted(text):
    read = read_dates(pd.Series([text, "", "N/D", None]))
    assert read.dates.isna().all()
    assert read.unreadable == 1


def test_a_year_of_two_digits_is_refused():
    read = read_dates(pd.Series(["03/01/14", "3-ene-14", "03/01/2014"]))
    assert read.notes == {"two_digit_years": 2}
    assert read.dates.isna().tolist() == [True, True, False]


def test_the_month_may_come_first_when_the_study_says_so():
    read = read_dates(pd.Series(["12/31/2014", "01/02/2014"]), order="month-day")
    assert read.dates.dt.strftime("%d.%m").tolist() == ["31.12", "01.02"[3:] + ".01"]


@settings(deadline=None)
@given(st.dates(pd.Timestamp("1955-01-01").date(), pd.Timestamp("2099-12-31").date()))
def test_one_day_in_every_form_is_one_day(day):
    forms = ["%Y-%m-%d", "%d/%m/%Y", "%Y%m%d", "%d.%m.%Y", "%Y/%m/%d"]
    texts = [day.strftime(form) for form in forms]
    texts.append(str((pd.Timestamp(day) - pd.Timestamp("1899-12-30")).days))
    read = read_dates(pd.Series(texts))
    assert (read.dates == pd.Timestamp(day)).all()


@pytest.mark.parametrize(
    ("text", "minute"),
    [
        ("18:48:00", 1128),  # the four forms of San Pedro's file
        ("9:05:00", 545),
        ("19:14", 1154),
        ("7:15", 435),
        ("1848", 1128),
        ("715", 435),
        ("6:48 p.m.", 1128),
        ("12:10 a. m.", 10),
        ("12:10 PM", 730),
        ("0.75", 1080),
        ("18 hrs", 1080),
    ],
)
def test_an_hour_in_every_usual_form(text, minute):
    times, unreadable = read_times(pd.Series([text]))
    assert unreadable == 0
    assert times.dt.total_seconds().iloc[0] == 60 * minute


def test_an_hour_that_is_none():
    times, unreadable = read_times(pd.Series(["25:00", "13:00 p.m.", "noche", "", "N/D"]))
    assert times.isna().all()
    assert unreadable == 3


def test_date_and_hour_of_two_columns(tmp_path):
    path = written(tmp_path, "lon,lat,d,h", "-102,21,03/01/2014,6:48 p.m.", "-102,21,03/01/2014,x")
    read = points(path, **AT, date="d", time="h")
    assert read.data["date"].astype(str).tolist() == ["2014-01-03 18:48:00", "2014-01-03 00:00:00"]
    assert read.notes["hours_unreadable"] == 1


def test_the_period_is_said_or_found(tmp_path):
    rows = [f"-102,21,{day}" for day in ("2013-12-31", "2014-01-01", "2014-12-31 23:59", "", "x")]
    path = written(tmp_path, "lon,lat,d", *rows)
    read = points(path, **AT, date="d", start="2014-01-01", end="2014-12-31")
    assert [(loss.reason, loss.count, loss.examples) for loss in read.losses] == [
        ("no-date", 2, ("4", "5")),
        ("outside-period", 1, ("1",)),
    ]
    assert read.notes["exposure_years"] == pytest.approx(365 / 365.25, abs=1e-6)
    found = points(path, **AT, date="d")
    assert not found.losses
    assert (found.notes["first_date"], found.notes["last_date"]) == ("2013-12-31", "2014-12-31")
    assert found.notes["exposure_years"] == pytest.approx(366 / 365.25, abs=1e-6)
    assert "exposure_years" not in points(path, **AT).notes


def test_a_period_that_is_none():
    with pytest.raises(TargetingError) as raised:
        read_period("01/02/2014", "2014-02-30")
    assert codes(raised) == ["not-a-date", "not-a-date"]
    with pytest.raises(TargetingError) as raised:
        read_period("2014-02-01", "2014-01-01")
    assert codes(raised) == ["period-reversed"]
    # Months: the last one counts whole.
    months = read_dates(pd.Series(["2014-01", "2014-02"]))
    assert Period(None, None).years(months.dates, grain=months.grain) == round(59 / 365.25, 6)


def test_rows_are_kept_by_the_closing_code(tmp_path):
    rows = ["-102,21,ROBO,A", "-102,21,ROBO,D", "-102,21,ROBO,f", "-102,21,RUIDO,A"]
    path = written(tmp_path, "lon,lat,t,codigo_cierre", *rows)
    chosen = {"kind": "t", "kinds": {"robbery": ["robo"]}}
    read = points(path, **AT, **chosen, keep_where={"codigo_cierre": ["A"]})
    assert read.data.index.tolist() == [1]
    assert read.notes["not_chosen"] == 3  # two by the code, one by its kind
    assert read.notes["set_aside_where"] == {"D": 1, "f": 1}
    with pytest.raises(TargetingError) as raised:
        points(path, **AT, keep_where={"codigo_cierre": ["Z"]})
    assert codes(raised) == ["no-row-kept"]
    with pytest.raises(TargetingError) as raised:
        points(path, **AT, keep_where={"codigo": ["A"]})
    assert codes(raised) == ["missing-column"]


def test_a_case_of_several_rows(tmp_path):
    rows = ["-102,21,INJ,7", "-102,21,HOM,7", "-102,21,INJ,8", "-102,21,INJ,", "-102,21,INJ,"]
    path = written(tmp_path, "lon,lat,t,folio", *rows)
    kinds = {"kind": "t", "kinds": {"injury": ["inj"], "homicide": ["hom"]}}
    every = points(path, **AT, **kinds, case_id="folio")
    assert len(every.data) == 5
    assert every.notes["cases_of_several_rows"] == 1
    once = points(path, **AT, **kinds, case_id="folio", one_per_case=True)
    assert [(loss.reason, loss.examples) for loss in once.losses] == [("same-case", ("1",))]
    assert once.data["kind"].tolist() == ["homicide", "injury", "injury", "injury"]


def test_swapped_coordinates_are_counted_or_mended(tmp_path):
    good = [f"{-86.8 - i / 100},21.1" for i in range(5)]  # Cancún: both ways are places on Earth
    path = written(tmp_path, "lon,lat", *good, "21.1,-86.8", "20.6,-103.3")
    read = points(path, **AT)
    assert [(loss.reason, loss.examples) for loss in read.losses] == [
        ("swapped-coordinates", ("6", "7"))
    ]
    mended = points(path, **AT, repair_swapped=True)
    assert not mended.losses
    assert mended.notes["swapped_repaired"] == 2
    assert mended.data.geometry.x.max() < -86
    path = written(tmp_path, "lon,lat", "-103.3,20.6", "-103.4,20.7", "20.6,-103.3")
    with pytest.raises(TargetingError) as raised:
        points(path, x="lat", y="lon")  # the study names the columns the wrong way
    assert codes(raised) == ["coordinates-swapped"]


def test_swapped_meters(tmp_path):
    rows = [f"{672_000 + i},2296000" for i in range(5)]
    path = written(tmp_path, "x,y", *rows, "2296000,672001")
    read = points(path, x="x", y="y", crs="EPSG:32613")
    assert [loss.reason for loss in read.losses] == ["swapped-coordinates"]


def test_a_pile_on_one_place_is_told_without_the_place(tmp_path):
    rows = ["-102.1234,21.4321"] * 30 + [f"{-102 - i / 1000},21" for i in range(70)]
    read = points(written(tmp_path, "lon,lat", *rows), **AT)
    assert read.notes["piled_up_share"] == (0.3,)
    assert "102.1" not in str(read.notes)
    assert piled_up(gpd.GeoSeries([shapely.Point(0, 0)] * 9)) == ()  # nine are no pile


def test_lines_that_end_in_cr_alone_in_mac_roman(tmp_path):
    rows = ["-102,21,VIOLENCIA FAMILIAR,03/01/2014", "-102,21,RIÑA,03/01/2014"]
    path = written(tmp_path, "lon,lat,t,d", *rows, end="\r", encoding="mac-roman")
    read = points(path, **AT, kind="t", kinds="mexico", date="d")
    assert read.data["kind"].tolist() == ["domestic_violence", "aggression"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("HOMICIDIO DOLOSO", "homicide"),
        ("Feminicidio", "homicide"),
        ("HOMICIDIO POR ARMA DE FUEGO", "homicide"),
        ("OCCISO POR ARMA BLANCA", "homicide"),
        ("OCCISO POR CAUSAS NATURALES", None),
        ("HOMICIDIO CULPOSO POR TRÁNSITO VEHICULAR (ATROPELLADO)", None),
        ("TENTATIVA DE HOMICIDIO", "attempted_homicide"),
        ("LESIONES INTENCIONALES POR ARMA DE FUEGO", "injury_by_firearm"),
        ("Lesiones dolosas Con arma de fuego", "injury_by_firearm"),
        ("LESIONADOS POR ARMA BLANCA", "injury"),
        ("LESIONES CULPOSAS", None),
        ("DISPAROS DE ARMA DE FUEGO", "firearm_discharge"),
        ("ROBO A TRANSEUNTE EN VIA PUBLICA CON VIOLENCIA", "robbery"),
        ("ROBO A TRANSEUNTE EN VIA PUBLICA SIN VIOLENCIA", "theft"),
        ("ROBO A NEGOCIO CON Y SIN VIOLENCIA", "theft"),
        ("Robo de vehículo automotor Sin violencia", "vehicle_theft"),
        ("Robo de vehículo automotor Con violencia", "robbery"),
        ("ROBO CASA HABITACION", "burglary"),
        ("VIOLENCIA FAMILIAR", "domestic_violence"),
        ("Violencia de género en todas sus modalidades distinta a la violencia familiar", None),
        ("Violación simple", "sexual_violence"),
        ("VIOLACION A LOS REGLAMENTOS DE TRANSITO", None),
        ("VIOLACION LEY GENERAL DE SALUD", None),
        ("NARCOMENUDEO POSESION SIMPLE", "drug_dealing"),
        ("AMENAZAS", "threats"),
        ("EXTORSION", "extortion"),
        ("PLEITOS O RIniAS", "aggression"),
        ("VEHICULO RECUPERADO", None),
        ("CHOQUE", None),
    ],
)
def test_what_publishers_call_it(text, kind):
    assert kind_of(text) == kind


def test_every_rule_gives_a_kind_of_the_table():
    assert {rule.kind for rule in rules()} - {"leave_out"} == set(incident_kinds())


def test_the_table_of_mexican_texts_is_edited_in_the_study(tmp_path):
    rows = ["-102,21,ROBO REPARTIDOR", "-102,21,AMENAZAS", "-102,21,HOMICIDIO", "-102,21,CHOQUE"]
    path = written(tmp_path, "lon,lat,t", *rows)
    changes = {"robbery": ["robo repartidor"], "leave_out": ["Amenazas"]}
    read = points(path, **AT, kind="t", kinds="mexico", kind_changes=changes)
    assert read.data["kind"].tolist() == ["robbery", "homicide"]
    assert read.notes["texts_by_kind"] == {"homicide": "HOMICIDIO", "robbery": "ROBO REPARTIDOR"}
    assert read.notes["not_chosen_texts"] == {"AMENAZAS": 1, "CHOQUE": 1}
    for asked, code in (
        ({"kinds": "mexico"}, "kinds-need-a-column"),
        ({"kind": "t", "kind_changes": changes}, "changes-without-table"),
        (
            {"kind": "t", "kinds": "mexico", "kind_changes": {"injury": ["LESIONADO"]}},
            "kind-without-rows",
        ),
    ):
        with pytest.raises(TargetingError) as raised:
            points(path, **AT, **asked)
        assert codes(raised) == [code]


def city(tmp_path, *layers):
    made.write_blocks(tmp_path / "01m.shp")
    made.write_text(tmp_path / "census.csv", made.census_text())
    first = [
        made.spec("blocks", "01m.shp", "inegi_blocks"),
        made.spec("census", "census.csv", "inegi_census"),
    ]
    return read_territory([*first, *layers], tmp_path, population=MethodSpec("census"))


def test_what_a_file_does_not_cover_is_not_known(tmp_path):
    made.write_text(tmp_path / "i.csv", made.incident_text())
    other = made.spec("incidents", "i.csv", "points", covers=("01002",), **made.INCIDENT_SETTINGS)
    with pytest.raises(TargetingError) as raised:
        city(tmp_path, other)
    assert codes(raised) == ["covers-nothing"]
    own = made.spec("incidents", "i.csv", "points", covers=("01001",), **made.INCIDENT_SETTINGS)
    territory = city(tmp_path, own)
    assert territory.incident_coverage.all()
    assert set(territory.incident_kind_coverage.columns) == {"homicide", "robbery"}
    # 2019-12-31 to 2020-02-01 are 33 days.
    assert territory.incident_years == pytest.approx(33 / 365.25, abs=1e-6)
    days = [("01001", "2019-12-31", "2020-02-01")] * 2
    spans = territory.incident_spans
    assert spans["kind"].tolist() == ["homicide", "robbery"]
    assert [(row[1], str(row[2].date()), str(row[3].date())) for row in spans.to_numpy()] == days


def test_incidents_outside_the_coverage_fall(tmp_path):
    from targeting.sources.account import Account
    from targeting.sources.placing import take_incidents

    made.write_text(tmp_path / "i.csv", made.incident_text())
    territory = city(tmp_path, made.spec("incidents", "i.csv", "points", **made.INCIDENT_SETTINGS))
    blocks = territory.blocks.copy()
    blocks.loc[blocks.index[4:], "municipality_id"] = "01002"
    spec = made.spec("incidents", "i.csv", "points", covers=("01001",), **made.INCIDENT_SETTINGS)
    account = Account(spec, points(tmp_path / "i.csv", **made.INCIDENT_SETTINGS), "")
    taken = take_incidents([account], blocks, None, tolerance_m=50, reach_m=3000, match_min=0.95)
    assert taken.coverage.tolist() == [True] * 4 + [False] * 4
    lost = {loss.reason: loss.examples for loss in account.losses}
    assert lost["outside-coverage"] == ("3",)  # 30 m from a block of the other municipality
    assert account.kept + account.layer.notes["not_chosen"] + sum(
        loss.count for loss in account.losses
    ) == len(made.INCIDENTS)


def test_files_of_two_years_stand_for_two_years(tmp_path):
    for year in (2019, 2020):
        longitude, latitude = made.at(30, 30)
        row = f"HOM,01/06/{year},{longitude},{latitude}"
        made.write_text(tmp_path / f"{year}.csv", f"t,d,lon,lat\n{row}\n")

    def layer(year, position, **settings):
        return made.spec(
            "incidents",
            f"{year}.csv",
            "points",
            f"inputs.incidents[{position}]",
            **AT,
            kind="t",
            date="d",
            start=f"{year}-01-01",
            end=f"{year}-12-31",
            **settings,
        )

    both = {"kinds": {"homicide": ["HOM"]}}
    territory = city(tmp_path, layer(2019, 0, **both), layer(2020, 1, **both))
    assert territory.incident_years == pytest.approx((365 + 366) / 365.25, abs=1e-5)
    assert territory.incident_spans["municipality_id"].isna().all()  # everywhere
    assert territory.incident_spans["start"].dt.year.tolist() == [2019, 2020]
    # Two kinds of different years have no years in common to divide by.
    apart = city(tmp_path, layer(2019, 0, **both), layer(2020, 1, kinds={"robbery": ["HOM"]}))
    assert apart.incident_years is None


@pytest.mark.real
def test_zapopan_in_meters_and_degrees_is_the_same(real_data):
    path = real_data / "zapopan" / "delitos.csv"
    degrees = points(path, x="long", y="lat", date="fecha", kind="delito", kinds="mexico")
    meters = points(
        path, x="x", y="y", crs="EPSG:32613", date="fecha", kind="delito", kinds="mexico"
    )
    assert degrees.rows_read == meters.rows_read == 4_865
    for read in (degrees, meters):
        lost = sum(loss.count for loss in read.losses)
        assert len(read.data) + read.notes["not_chosen"] + lost == 4_865
        # January to March 2014: 90 days.
        assert read.notes["exposure_years"] == pytest.approx(90 / 365.25, abs=1e-5)
    there = degrees.data.to_crs("EPSG:32613").geometry.reindex(meters.data.index)
    assert there.distance(meters.data.geometry).max() < 0.1
    assert degrees.notes["kinds"]["theft"] == meters.notes["kinds"]["theft"] == 869


@pytest.mark.real
def test_the_hours_of_san_pedro(real_data):
    path = real_data / "monterrey" / "atropellos_spgg_2015-2019.csv"
    read = points(path, x="lon", y="lat", date="fecha", time="hora", kind="tipo_accidente")
    assert len(read.data) == 270
    assert "hours_unreadable" not in read.notes
    assert "dates_unreadable" not in read.notes
    assert read.data["date"].dt.hour.nunique() > 15
