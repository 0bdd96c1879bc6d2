from __future__ import annotations

import base64
import hashlib
import re

import folium
import folium.plugins
import pytest

from targeting.problems import TargetingError
from targeting.render import TargetMap, write_page
from targeting.render.inlined import asset, inline
from tests.render.results import HOSTILE, make_result


@pytest.fixture(scope="module")
def html(page_file):
    return page_file.read_text(encoding="utf-8")


def test_it_is_a_folium_map(result):
    assert isinstance(TargetMap(result), folium.Map)


def test_the_same_result_gives_the_same_bytes(page_file, tmp_path):
    write_page(make_result(), tmp_path / "again.html")
    assert (tmp_path / "again.html").read_bytes() == page_file.read_bytes()


def test_rendering_twice_gives_the_same(result):
    root = TargetMap(result).get_root()
    assert root.render() == root.render()


def test_folium_save_writes_the_page(result, page_file, tmp_path):
    TargetMap(result).save(str(tmp_path / "saved.html"))
    assert (tmp_path / "saved.html").read_bytes() == page_file.read_bytes()


def test_it_opens_in_the_language_asked_for(result, tmp_path):
    write_page(result, tmp_path / "en.html", language="en")
    assert '<html lang="en">' in (tmp_path / "en.html").read_text(encoding="utf-8")


def test_nothing_is_linked(html):
    links = re.findall(r"""(?:src|href)\s*=\s*["']([^"']*)["']""", html.split("<script")[0])
    pictures = [link for link in links if link.startswith("data:image/png;base64,")]
    assert len(pictures) == 1  # for readers without JavaScript
    assert set(links) - set(pictures) <= {"data:,", "#panel-body"}
    assert not re.search(r"<script[^>]*\ssrc=", html)
    assert "jquery" not in html.lower()
    assert "url(images/" not in html


def test_the_license_of_leaflet_is_in_the_page(html):
    assert asset("leaflet/LICENSE").strip() in html


def test_the_policy_names_each_script_and_style(html):
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)[1]
    assert "default-src 'none'" in policy
    assert "connect-src 'none'" in policy
    assert "unsafe" not in policy
    for text in re.findall(r"<script>(.*?)</script>", html, re.DOTALL):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy


@pytest.mark.parametrize(
    "guest",
    [
        folium.TileLayer("OpenStreetMap"),
        folium.Marker([20, -103], icon=folium.Icon()),
        folium.plugins.Fullscreen(),
    ],
    ids=["tiles", "icon", "plugin"],
)
def test_a_guest_that_needs_the_network_is_refused(result, guest, tmp_path):
    city = TargetMap(result)
    guest.add_to(city)
    with pytest.raises(TargetingError) as caught:
        city.save(str(tmp_path / "never.html"))
    assert caught.value.problems[0].code == "page-outside-link"
    assert caught.value.text("es")


def test_a_guest_that_needs_nothing_may_stay(result):
    city = TargetMap(result)
    folium.PolyLine([[20, -103], [21, -103]]).add_to(city)
    assert "L.polyline" in city.get_root().render()


def test_links_of_one_map_do_not_leak_into_others(result):
    TargetMap(result)
    assert len(folium.Map.default_js) > 0


def test_without_scripts_there_are_the_polygons_and_their_facilities(html, result):
    plain = re.search(r"<noscript>(.*?)</noscript>", html, re.DOTALL)[1]
    assert plain.count("<h2>") == 2
    inside = result.profiles.facilities
    assert plain.count("<bdi>") == len(inside)
    assert "Refugio: " in plain
    for markup in ("<img", "<script", "<b>", "<!--"):
        assert markup not in plain


def test_no_hostile_name_stands_in_the_file_as_markup(html):
    body = html[html.index("<body") :]
    for name in HOSTILE:
        if "<" in name:
            assert name not in body


def test_page_html_names_files_that_exist():
    names = re.findall(r'(?:src|href)="([a-z/]+\.(?:js|css))"', asset("page.html"))
    assert len(names) >= 13
    for name in names:
        assert asset(name)


def test_lines_of_our_scripts_and_styles_can_be_cut_by_themselves():
    names = re.findall(r'(?:src|href)="([a-z_]+\.(?:js|css))"', asset("page.html"))
    for name in [*names, "elements.js", "elements.css"]:
        for line in asset(name).splitlines():
            assert line.count("`") % 2 == 0, (name, line)  # no text of several lines
            assert not line.endswith("\\"), (name, line)
            # What begins like a comment is one: no line within a text or an expression does.
            assert "*/" not in line or line.strip().endswith("*/") or name.endswith(".css"), line


def test_what_is_left_of_a_script_is_its_lines():
    held = asset("table.js")
    left = inline("table.js").removeprefix("<script>\n").removesuffix("</script>")
    bare = re.sub(r"/\*.*?\*/", "", held, flags=re.DOTALL)
    lines = [line.strip() for line in bare.splitlines()]
    assert left.splitlines() == [one for one in lines if one and not one.startswith("//")]
    assert len(left) < 0.85 * len(held)


def test_a_city_without_polygons_or_facilities_has_a_page(tmp_path):
    from tests.render.results import bare_result

    write_page(bare_result(), tmp_path / "bare.html")
    assert (tmp_path / "bare.html").stat().st_size > 100_000
