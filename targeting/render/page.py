"""The page: one HTML file that opens from disk and asks the network for nothing.

HTML, CSS and JavaScript are the files in `assets/`; here they are joined and given data.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import OrderedDict
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import folium
from branca.element import CssLink, Element, Figure, JavascriptLink, MacroElement
from folium.map import Layer
from folium.template import Template

from targeting.model import Result
from targeting.problems import Problem, TargetingError
from targeting.render.plain import plain_tables
from targeting.render.scene import Scene, build_scene

_NEEDS_JQUERY = (folium.Popup, folium.Icon)
_SCRIPT = re.compile(r"<script(?P<about>[^>]*)>(?P<text>.*?)</script>", re.DOTALL)
_STYLE = re.compile(r"<style[^>]*>(?P<text>.*?)</style>", re.DOTALL)
_OUTSIDE = re.compile(r"""(?:src|href)\s*=\s*["']?((?:https?:)?//[^"'\s>]+)""", re.IGNORECASE)


def write_page(result: Result, path: Path, *, language: str | None = None) -> None:
    """Write the page of a result; the same result gives the same bytes.

    Parameters
    ----------
    result : Result
        A study carried out.
    path : Path
        File to write.
    language : str, optional
        `"es"` or `"en"`: the language the page opens in. Default: the study's.
    """
    html = TargetMap(result, language=language).get_root().render()
    path.write_bytes(html.encode("utf-8"))


@cache
def asset(name: str) -> str:
    """Return one file of `assets/` as text.

    Examples
    --------
    >>> asset("page.html").startswith("<!DOCTYPE html>")
    True
    """
    folder = resources.files("targeting.render") / "assets"
    return folder.joinpath(*name.split("/")).read_text(encoding="utf-8")


@cache
def _image(name: str) -> str:
    data = (resources.files("targeting.render") / "assets").joinpath(*name.split("/")).read_bytes()
    return "data:image/png;base64," + base64.b64encode(data).decode("ascii")


def json_text(value: Any) -> str:
    r"""Return JSON that can stand inside a script element: no `<`, `>`, `&` nor line separators.

    Examples
    --------
    >>> json_text({"name": "</script>"})
    '{"name":"\\u003c/script\\u003e"}'
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    # A lone surrogate cannot be written as UTF-8.
    return text.encode("utf-8", "replace").decode("utf-8")


def _inline(match: re.Match[str]) -> str:
    """Return a link to a style sheet or a script of ours as its text."""
    name = match["name"]
    text = asset(name)
    if name.endswith(".css"):
        folder = name.rpartition("/")[0]
        text = re.sub(
            r"url\((images/[^)]+)\)", lambda m: f"url({_image(f'{folder}/{m[1]}')})", text
        )
        return f"<style>\n{text}</style>"
    text = re.sub(r"\n?//# sourceMappingURL=\S+\s*$", "\n", text)
    if name == "leaflet/leaflet.js":
        text = f"/*!\n{asset('leaflet/LICENSE')}*/\n{text}"
    return f"<script>\n{text}</script>"


@cache
def _template() -> str:
    """Return page.html with its style sheets and scripts inside it."""
    html = asset("page.html")
    html = re.sub(r'<link rel="stylesheet" href="(?P<name>[^"]+)">', _inline, html)
    return re.sub(r'<script src="(?P<name>[^"]+)"></script>', _inline, html)


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'"


def policy(html: str) -> str:
    """Return the content security policy that lets exactly this page's scripts and styles run.

    Examples
    --------
    >>> policy("<p>nothing runs</p>").split(";")[0]
    "default-src 'none'"
    """
    # Only a script with a type of its own (our data) is not run, and needs no hash.
    scripts = [_hash(m["text"]) for m in _SCRIPT.finditer(html) if "type=" not in m["about"]]
    styles = [_hash(m["text"]) for m in _STYLE.finditer(html)]
    return "; ".join(
        (
            "default-src 'none'",
            "script-src " + (" ".join(scripts) or "'none'"),
            "style-src " + (" ".join(styles) or "'none'"),
            "img-src data:",
            "connect-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


class PageFigure(Figure):
    """The document around the map: `assets/page.html` in place of branca's bare page.

    Parameters
    ----------
    scene : Scene
        What the page shows.
    """

    def __init__(self, scene: Scene) -> None:
        super().__init__(height="720px")
        self._id = "page"
        self.scene = scene
        self.header._children.clear()

    def render(self, **kwargs: Any) -> str:
        """Return the whole page as HTML; refuse what would need the network."""
        parts = (self.header, self.html, self.script)
        # Folium adds what it renders to these; put back, so that rendering again gives the same.
        before = [OrderedDict(part._children) for part in parts]
        for child in list(self._children.values()):
            child.render(**kwargs)
        head, body, script = (str(part.render(**kwargs)) for part in parts)
        for part, children in zip(parts, before, strict=True):
            part._children = children
        _refuse_outside(self, head + body)
        scene = self.scene.record
        holes = {
            "map-head": head.strip(),
            "map": body.strip(),
            "map-script": f"<script>\n{script.strip()}\n</script>",
            "plain": plain_tables(scene, self.scene.listed),
            "data": (
                f'<script type="application/json" id="targeting-scene">{json_text(scene)}'
                '</script>\n<script type="application/octet-stream" id="targeting-data">'
                f"{self.scene.data}</script>"
            ),
        }
        html = _template().replace('<html lang="es">', f'<html lang="{scene["language"]}">', 1)
        html = re.sub("<!--(map-head|map|map-script|plain|data)-->", lambda m: holes[m[1]], html)
        meta = f'<meta http-equiv="Content-Security-Policy" content="{policy(html)}">'
        return html.replace("<!--policy-->", meta, 1)


def _elements(element: Element) -> list[Element]:
    found = [element]
    for child in element._children.values():
        found += _elements(child)
    return found


def _refuse_outside(figure: Figure, html: str) -> None:
    """Raise when an element would bring a link that is not in the file."""
    guests = []
    for element in _elements(figure):
        links = [url for _, url in getattr(element, "default_js", [])]
        links += [url for _, url in getattr(element, "default_css", [])]
        if isinstance(element, folium.TileLayer):
            links.append(str(element.tiles))
        if isinstance(element, JavascriptLink | CssLink):
            links.append(str(element.url))
        if isinstance(element, _NEEDS_JQUERY):
            links.append("jQuery, Bootstrap")
        guests += [(type(element).__name__, link) for link in links]
    known = {link for _, link in guests}
    guests += [("HTML", url) for url in _OUTSIDE.findall(html) if url not in known]
    if guests:
        raise TargetingError(
            Problem("page-outside-link", f"page.{name}", {"given": link})
            for name, link in sorted(set(guests))
        )


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

    def __init__(self, result: Result, *, language: str | None = None) -> None:
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
        PageFigure(build_scene(result, language=language)).add_child(self)
        self.blocks = BlocksLayer().add_to(self)
        self.polygons = PolygonsLayer().add_to(self)
        self.facilities = FacilitiesLayer().add_to(self)
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
    """A layer the page fills once its data are unpacked."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = new targeting.{{ this._name }}();
        {% endmacro %}
        """
    )

    def __init__(self, identifier: str) -> None:
        super().__init__(name=type(self).__name__, overlay=True)
        self._name, self._id = type(self).__name__, identifier


class BlocksLayer(_CityLayer):
    """Blocks on a canvas, colored by score, dimension or indicator."""

    def __init__(self) -> None:
        super().__init__("blocks")


class PolygonsLayer(_CityLayer):
    """Candidate polygons: outline and number."""

    def __init__(self) -> None:
        super().__init__("polygons")


class FacilitiesLayer(_CityLayer):
    """Facilities on a canvas, a shape and a letter for each kind."""

    def __init__(self) -> None:
        super().__init__("facilities")


class _Start(MacroElement):
    """The line that starts the page, after every layer is made."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            targeting.start({
                map: {{ this.city.get_name() }},
                blocks: {{ this.city.blocks.get_name() }},
                polygons: {{ this.city.polygons.get_name() }},
                facilities: {{ this.city.facilities.get_name() }}
            });
        {% endmacro %}
        """
    )

    def __init__(self, city: TargetMap) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name, self._id = "Start", "page"
        self.city = city
