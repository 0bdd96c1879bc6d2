"""The page: one HTML file that opens from disk and asks the network for nothing.

HTML, CSS and JavaScript are the files in `assets/`; here they are joined and given data.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from pathlib import Path
from typing import Any

import folium
from branca.element import Figure, MacroElement
from folium.map import Layer
from folium.template import Template

from targeting.i18n import LANGUAGES, say
from targeting.model import Result
from targeting.render.elements import BlocksLayer, FacilitiesLayer, PolygonsLayer
from targeting.render.elements.guests import (
    guest_scripts,
    harmless,
    refuse_outside,
    style_attributes,
)
from targeting.render.elements.tiles import Tiles
from targeting.render.inlined import asset, json_text, page_template, policy
from targeting.render.packed_text import deflated
from targeting.render.plain import plain_tables
from targeting.render.public import protected
from targeting.render.scene import Scene, build_scene
from targeting.render.sharing import ground_of, picture_svg

# For readers without JavaScript: a third of the bytes of the picture for a report.
_PICTURE_WIDTH = 500
_PACKED = '<script type="application/octet-stream"'


def write_page(
    result: Result,
    path: Path,
    *,
    language: str | None = None,
    internal: bool = False,
    light: bool = False,
) -> None:
    """Write the page of a result; the same result gives the same bytes.

    Parameters
    ----------
    result : Result
        A study carried out.
    path : Path
        File to write.
    language : str, optional
        `"es"` or `"en"`: the language the page opens in. Default: the study's.
    internal : bool
        For the office: exact values, and a watermark that says so. Incident points, contacts and
        the places of protected facilities are in neither page.
    light : bool
        For phones and slow lines (see `build_scene`).
    """
    page = TargetMap(result, language=language, internal=internal, light=light)
    html = page.get_root().render()
    path.write_bytes(html.encode("utf-8"))


def _band() -> str:
    """Return what an internal page says of itself, in every language at once."""
    told = (f'<span lang="{code}">{say("page.internal.band", code)}</span>' for code in LANGUAGES)
    return f'<p class="internal-band" role="note">{" · ".join(told)}</p>'


class PageFigure(Figure):
    """The document around the map: `assets/page.html` in place of branca's bare page.

    Parameters
    ----------
    scene : Scene
        What the page shows.
    picture : str
        The map as SVG, for readers without JavaScript.
    """

    draws_layers = True  # the page brings the scripts that layers of ours need
    pictures_from: str | None = None  # the host of tiles, where they were asked for

    def __init__(self, scene: Scene, picture: str) -> None:
        super().__init__(height="720px")
        self.uses_elements = False
        self._id = "page"
        self.scene, self.picture = scene, picture
        self.header._children.clear()

    def render(self, **kwargs: Any) -> str:
        """Return the whole page as HTML; refuse what would need the network."""
        parts = (self.header, self.html, self.script)
        # Folium adds what it renders to these; put back, so that rendering again gives the same.
        before = [OrderedDict(part._children) for part in parts]
        self.uses_elements = False
        with harmless(self):
            for child in list(self._children.values()):
                child.render(**kwargs)
            head, body, script = (str(part.render(**kwargs)) for part in parts)
        for part, children in zip(parts, before, strict=True):
            part._children = children
        refuse_outside(self, head + body)
        scene = self.scene.record
        holes = {
            "map-head": head.strip(),
            "map": body.strip(),
            "map-script": f"{guest_scripts(self, script)}<script>\n{script.strip()}\n</script>",
            "plain": plain_tables(scene, self.scene.listed, self.picture),
            "data": (
                f'{_PACKED} id="targeting-scene">{deflated(json_text(scene).encode("utf-8"))}'
                f'</script>\n{_PACKED} id="targeting-data">{self.scene.data}</script>'
            ),
        }
        html = page_template().replace('<html lang="es">', f'<html lang="{scene["language"]}">', 1)
        if scene["mode"] == "internal":
            html = html.replace("<body>", f'<body class="internal">\n{_band()}', 1)
        html = re.sub("<!--(map-head|map|map-script|plain|data)-->", lambda m: holes[m[1]], html)
        rules = policy(html, style_attributes(body), pictures_from=self.pictures_from)
        meta = f'<meta http-equiv="Content-Security-Policy" content="{rules}">'
        return html.replace("<!--policy-->", meta, 1)


class TargetMap(folium.Map):
    """A folium map of a result that needs no network: everything it uses is in the file.

    It is a folium map: other folium elements may be added, and it shows itself in a notebook. What
    would bring a link to the network (tiles, jQuery, icon fonts) is refused when the page is made.

    Parameters
    ----------
    result : Result
        A study carried out.
    language : str, optional
        `"es"` or `"en"`. Default: the study's.
    internal : bool
        As for `write_page`.
    tiles : str, optional
        Address of a background of tiles, `https://…/{z}/{x}/{y}.png`. Default: none, and the page
        asks nothing of the network. With it the page asks that host alone, for pictures alone;
        without a network the background is absent and all else works.
    tiles_credit : str
        Whose map the tiles are, shown as text.
    """

    default_js: list[tuple[str, str]] = []
    default_css: list[tuple[str, str]] = []

    _template = Template(
        """
        {% macro html(this, kwargs) %}
            <div class="folium-map" id={{ this.get_name()|tojson }}></div>
        {% endmacro %}

        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = L.map({{ this.get_name()|tojson }}, {
                center: {{ this.location|tojson }},
                crs: L.CRS.{{ this.crs }},
                ...{{ this.options|tojavascript }}
            });
            L.control.scale({imperial: false, position: "bottomright"})
                .addTo({{ this.get_name() }});
            L.control.zoom({position: "bottomright"}).addTo({{ this.get_name() }});
        {% endmacro %}
        """
    )

    def __init__(
        self,
        result: Result,
        *,
        language: str | None = None,
        internal: bool = False,
        light: bool = False,
        tiles: str | None = None,
        tiles_credit: str = "",
    ) -> None:
        result = protected(result, internal=internal)
        super().__init__(
            tiles=None,
            zoom_control=False,
            attribution_control=False,
            max_zoom=20,
            min_zoom=3,
            zoom_snap=0.5,
            zoom_delta=1,
            wheel_px_per_zoom_level=90,
        )
        self._name, self._id = "TargetMap", "city"
        self.options |= {"max_zoom": 20, "min_zoom": 3}
        self.scene = build_scene(result, language=language, light=light)
        record = self.scene.record
        self.ground = ground_of(result, record, self.scene.blocks)
        self.picture = picture_svg(result, record, width=_PICTURE_WIDTH, ground=self.ground)
        figure = PageFigure(self.scene, self.picture)
        figure.add_child(self)
        self.background = None if tiles is None else Tiles(tiles, tiles_credit)
        if self.background is not None:
            figure.pictures_from = self.background.host
            self.background.add_to(self)
        self.blocks = _CityLayer("BlocksLayer", "blocks").add_to(self)
        self.polygons = _CityLayer("PolygonsLayer", "polygons").add_to(self)
        self.facilities = _CityLayer("FacilitiesLayer", "facilities").add_to(self)
        _Start(self).add_to(self)

    def save(self, outfile: Any, close_file: bool = True, **kwargs: Any) -> None:  # noqa: FBT001, FBT002
        """Write the page to a path or an open binary file; what is refused writes nothing."""
        data = self.get_root().render(**kwargs).encode("utf-8")
        if isinstance(outfile, str | Path):
            Path(outfile).write_bytes(data)
            return
        outfile.write(data)
        if close_file:
            outfile.close()


class _CityLayer(Layer):
    """A layer of the page itself, which fills it once its data are unpacked."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = new targeting.{{ this._name }}();
        {% endmacro %}
        """
    )

    def __init__(self, kind: str, identifier: str) -> None:
        # The page has its own switches: a guest layer control lists only guests.
        super().__init__(name=kind, overlay=True, control=False)
        self._name, self._id = kind, identifier


class _Start(MacroElement):
    """The line that starts the page, after every layer is made."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            targeting.start({
                map: {{ this.city.get_name() }},
                blocks: {{ this.city.blocks.get_name() }},
                polygons: {{ this.city.polygons.get_name() }},
                facilities: {{ this.city.facilities.get_name() }},
                tiles: {{ this.city.background.get_name() if this.city.background else "null" }}
            });
        {% endmacro %}
        """
    )

    def __init__(self, city: TargetMap) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name, self._id = "Start", "page"
        self.city = city


__all__ = [
    "BlocksLayer",
    "FacilitiesLayer",
    "PageFigure",
    "PolygonsLayer",
    "TargetMap",
    "asset",
    "json_text",
    "policy",
    "write_page",
]
