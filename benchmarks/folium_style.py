"""What a style function of folium costs the browser, by number of features.

python benchmarks/folium_style.py            # 1,000 to 32,000 features
python benchmarks/folium_style.py --quick    # 1,000 and 4,000

folium writes the style of every feature into one `switch` of strings, which the browser searches
from the top for each feature: twice the features, four times the work. Beside it: the style in the
features (`properties.style`), folium with the switch replaced by a table (`docs/folium.md`), and
`BlocksLayer`. Same squares, same six colors; Leaflet on a canvas in Chromium.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(1, str(Path(__file__).resolve().parent.parent))

import folium
import geopandas as gpd
import numpy as np
import shapely
from folium.template import Template
from page_tab import open_tab
from rows import Row, show

from targeting.render import BlocksLayer

SIZES = (1_000, 2_000, 4_000, 8_000, 16_000, 32_000)
QUICK = (1_000, 4_000)
COLORS = ("#e8efc6", "#b3d9b8", "#73b7ac", "#418f9f", "#35608b", "#362e69")

_SWITCH_START = "switch({{ this.feature_identifier }}) {"
TABLE = """
            const styles = [
                {%- for style in this.style_map if style != 'default' %} {{ style }}, {%- endfor %}
            ];
            const numbers = new Map([
                {%- for style, ids in this.style_map.items() if style != 'default' %}
                {%- set number = loop.index0 %}
                {%- for id in ids %} [{{ id|tojson }}, {{ number }}], {%- endfor %}
                {%- endfor %}
            ]);
            const {{ this.get_name() }}_styler = (feature) => {
                const number = numbers.get({{ this.feature_identifier }});
                return number === undefined ? {{ this.style_map['default'] }} : styles[number];
            };
"""


class TabledGeoJson(folium.GeoJson):
    """folium.GeoJson that looks a style up in a table instead of a switch."""

    @staticmethod
    def source() -> str:
        """Return folium's template with its style switch replaced by the table."""
        from inspect import getsource

        text = getsource(folium.GeoJson)
        text = text[text.index("_template = Template(") :]
        text = text[text.index('"""') + 3 :]
        text = text[: text.index('"""')]
        start = text.index("function {{ this.get_name() }}_styler")
        end = text.index("{%- endif %}", start)
        assert _SWITCH_START in text[start:end]
        return text[:start] + "{" + TABLE.replace("const {{", "var {{") + "}\n" + text[end:]


TabledGeoJson._template = Template(TabledGeoJson.source())


def make(count: int) -> gpd.GeoDataFrame:
    """Squares of 80 m on a lattice, each with a number."""
    side = int(np.ceil(np.sqrt(count)))
    row, column = np.divmod(np.arange(count), side)
    left, bottom = 670_000 + column * 92.0, 2_290_000 + row * 92.0
    shapes = shapely.box(left, bottom, left + 80, bottom + 80)
    need = (row * 37 + column * 101) % 600 / 100
    return gpd.GeoDataFrame({"need": need}, geometry=shapes, crs=32613)


def _style(feature: dict[str, Any]) -> dict[str, Any]:
    color = COLORS[int(feature["properties"]["need"])]
    return {"fillColor": color, "color": "#888888", "weight": 0.3, "fillOpacity": 0.8}


def _map(table: gpd.GeoDataFrame) -> folium.Map:
    west, south, east, north = table.to_crs(4326).total_bounds
    held = folium.Map([(south + north) / 2, (west + east) / 2], tiles=None, prefer_canvas=True)
    held.fit_bounds([[south, west], [north, east]])
    return held


def as_users_write_it(table: gpd.GeoDataFrame) -> folium.Map:
    """Return a map with a style function."""
    held = _map(table)
    folium.GeoJson(table.to_crs(4326), style_function=_style).add_to(held)
    return held


def in_the_features(table: gpd.GeoDataFrame) -> folium.Map:
    """Return a map whose features carry their style."""
    held = _map(table)
    data = table.to_crs(4326).__geo_interface__
    for feature in data["features"]:
        feature["properties"]["style"] = _style(feature)
    folium.GeoJson(data).add_to(held)
    return held


def tabled(table: gpd.GeoDataFrame) -> folium.Map:
    """Return a map with a style function and the table of the fix."""
    held = _map(table)
    TabledGeoJson(table.to_crs(4326), style_function=_style).add_to(held)
    return held


def packed(table: gpd.GeoDataFrame) -> folium.Map:
    """Return a map with a layer of ours."""
    held = _map(table)
    BlocksLayer(table, "need", legend=False).add_to(held)
    return held


ROUTES: dict[str, Callable[[gpd.GeoDataFrame], folium.Map]] = {
    "style_function": as_users_write_it,
    "properties.style": in_the_features,
    "table for switch": tabled,
    "BlocksLayer": packed,
}


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under 50 s")
    parser.add_argument("--json", action="store_true", help="rows as JSON")
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for count in QUICK if options.quick else SIZES:
            table = make(count)
            for name, route in ROUTES.items():
                file = Path(folder) / "map.html"
                route(table).save(str(file))
                tab = open_tab(file)
                case = f"{count:,} features, {name}"
                rows.append(Row(case, "tab CPU", tab.cpu_s, "s"))
                rows.append(Row(case, "open to drawn", tab.drawn_s, "s"))
                rows.append(Row(case, "file", file.stat().st_size / 1e6, "MB"))
    show(rows, as_json=options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
