"""Guests: folium's own elements on our page, with their texts made harmless and no network.

Folium writes texts into its scripts as template literals and hands them to Leaflet as markup,
which runs what stands in them; here the few templates that do so are replaced while our page is
made. What needs a file that is not in the page is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from typing import Any

import folium
from branca.element import CssLink, Element, Figure, Html, IFrame, JavascriptLink
from folium.template import Template

from targeting.problems import Problem, TargetingError
from targeting.render.elements.layers import PackedLayer
from targeting.render.inlined import image, inline, json_text

_OUTSIDE = re.compile(r"""(?:src|href)\s*=\s*["']?((?:https?:)?//[^"'\s>]+)""", re.IGNORECASE)
_LOADED = re.compile(r"""\ssrc\s*=\s*["']?((?:https?:)?//[^"'\s>]+)""", re.IGNORECASE)
_HANDLER = re.compile(r"""<[^>]+\s(on\w+)\s*=""", re.IGNORECASE)
_STYLE_ATTRIBUTE = re.compile(r"""<[^>]+\sstyle\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_MARKERS = re.compile(r"L\.(?:marker|Marker|geoJson|geoJSON)\b")

_POPUP = Template(
    """
    var {{ this.get_name() }} = L.popup({{ this.options|tojavascript }});
    {% for element in this.html._children.values() %}
        {{ this.get_name() }}.setContent(targeting.guests.markup(
            {{ element.render(**kwargs)|replace("\\\\`", "`")|tojson }}));
    {% endfor %}
    {{ this._parent.get_name() }}.bindPopup({{ this.get_name() }})
    {% if this.show %}.openPopup(){% endif %};
    """
)
_TOOLTIP = Template(
    """
    {% macro script(this, kwargs) %}
        {{ this._parent.get_name() }}.bindTooltip(
            targeting.guests.markup({{ this.text|tojson }}, {{ this.style|default("")|tojson }}),
            {{ this.options|tojavascript }}
        );
    {% endmacro %}
    """
)
_TABLE = """
    {% macro script(this, kwargs) %}
        {{ this._parent.get_name() }}.bindWHAT(
            targeting.guests.table({
                fields: {{ this.fields|list|tojson }},
                aliases: {{ this.aliases|list|tojson }},
                labels: {{ this.labels|tojson }},
                localize: {{ this.localize|tojson }}
            }),
            {{ this.OPTIONS|tojavascript }}
        );
    {% endmacro %}
    """
# Names become text: ours are escaped already (`markupsafe.Markup`), others here.
_CONTROL = Template(
    """
    {% macro script(this, kwargs) %}
        var {{ this.get_name() }} = L.control.layers(
            {
                {%- for name, layer in this.base_layers.items() %}
                {{ name|e|string|tojson }}: {{ layer }},
                {%- endfor %}
            },
            {
                {%- for name, layer in this.overlays.items() %}
                {{ name|e|string|tojson }}: {{ layer }},
                {%- endfor %}
            },
            {{ this.options|tojavascript }}
        ).addTo({{ this._parent.get_name() }});
        {%- if this.draggable %}
        new L.Draggable({{ this.get_name() }}.getContainer()).enable();
        {%- endif %}
    {% endmacro %}
    """
)
_HARMLESS: tuple[tuple[type[Element], Template], ...] = (
    (folium.Popup, _POPUP),
    (folium.Tooltip, _TOOLTIP),
    (
        folium.GeoJsonTooltip,
        Template(_TABLE.replace("WHAT", "Tooltip").replace("OPTIONS", "tooltip_options")),
    ),
    (
        folium.GeoJsonPopup,
        Template(_TABLE.replace("WHAT", "Popup").replace("OPTIONS", "popup_options")),
    ),
    (folium.LayerControl, _CONTROL),
)


def elements_of(element: Element) -> list[Element]:
    """Return an element and all it holds, a popup's content included."""
    found = [element]
    parts = list(element._children.values())
    if isinstance(element, folium.Popup):
        parts += element.html._children.values()
    for child in parts:
        found += elements_of(child)
    return found


@contextmanager
def harmless(figure: Figure) -> Iterator[None]:
    """Replace, for as long as the page is made, the templates that would run their texts."""
    changed: list[tuple[Element, Any]] = []
    for element in elements_of(figure):
        for kind, template in _HARMLESS:
            # A subclass with a template of its own knows what it does.
            if isinstance(element, kind) and type(element)._template is kind._template:
                changed.append((element, element.__dict__.get("_template")))
                element._template = template
    try:
        yield
    finally:
        for element, before in changed:
            if before is None:
                del element.__dict__["_template"]
            else:
                element._template = before


def guest_scripts(figure: Figure, script: str) -> str:
    """Return the scripts that guests need, nothing for a page without guests."""
    parts = []
    if getattr(figure, "uses_elements", False):
        parts += [inline("elements.css"), inline("elements.js")]
    if "targeting.guests." in script or _MARKERS.search(script) or "L.divIcon" in script:
        parts.append(inline("guests.js"))
    if _MARKERS.search(script):
        folder = "leaflet/images/"
        pictures = {
            "iconUrl": image(folder + "marker-icon.png"),
            "iconRetinaUrl": image(folder + "marker-icon-2x.png"),
            "shadowUrl": image(folder + "marker-shadow.png"),
        }
        parts.append(f"<script>\ntargeting.guests.icons({json_text(pictures)});\n</script>")
    return "\n".join(parts)


def style_attributes(html: str) -> list[str]:
    """Return the style attributes of a guest's own markup: the policy must name each.

    Examples
    --------
    >>> style_attributes('<div style="top: 10px">a &lt; b</div>')
    ['top: 10px']
    """
    return [unescape(one or other) for one, other in _STYLE_ATTRIBUTE.findall(html)]


def _addresses(element: Element) -> list[tuple[str, str]]:
    """Return what an element would ask the network for, and what to do instead."""
    if isinstance(element, PackedLayer):
        return []
    links = [url for _, url in getattr(element, "default_js", [])]
    links += [url for _, url in getattr(element, "default_css", [])]
    if isinstance(element, JavascriptLink | CssLink):
        links.append(str(element.url))
    found = [(link, "expected.page_plugin") for link in links]
    if isinstance(element, folium.Icon) and type(element) is folium.Icon:
        found.append(("Leaflet.awesome-markers, Font Awesome", "expected.page_icon"))
    if isinstance(element, IFrame):
        found.append(("iframe", "expected.page_frame"))
    if isinstance(element, Html) and element.script:
        found += [(url, "expected.page_picture") for url in _LOADED.findall(str(element.data))]
    if isinstance(element, folium.Tooltip):
        found += [(url, "expected.page_picture") for url in _LOADED.findall(element.text)]
    if isinstance(element, folium.GeoJson) and not getattr(element, "embed", True):
        found.append((str(element.embed_link), "expected.page_embed"))
    tiles = isinstance(element, folium.TileLayer | folium.WmsTileLayer)
    for place in ("tiles", "url", "icon_url", "shadow_url"):
        held = getattr(element, place, None) or getattr(element, "options", None) or {}
        link = held.get(place, "") if isinstance(held, dict) else held
        text = str(link)
        if isinstance(link, str) and not isinstance(element, JavascriptLink | CssLink) and text:
            outside = re.match(r"(?:https?:)?//", text) or (tiles and place == "tiles")
            if outside:
                found.append((text, "expected.page_tiles" if tiles else "expected.page_picture"))
    return found


def refuse_outside(figure: Figure, html: str) -> None:
    """Raise when a guest would bring what is not in the file.

    Parameters
    ----------
    figure : Figure
        The page.
    html : str
        What the guests put into its head and body.

    Raises
    ------
    TargetingError
        Every such guest by name, what it asks for, and what to do.
    """
    guests = set()
    for element in elements_of(figure):
        for link, todo in _addresses(element):
            guests.add((type(element).__name__, link, todo))
    known = {link for _, link, _ in guests}
    guests |= {
        ("HTML", url, "expected.page_plugin") for url in _OUTSIDE.findall(html) if url not in known
    }
    guests |= {("HTML", name, "expected.page_handler") for name in _HANDLER.findall(html)}
    if guests:
        raise TargetingError(
            Problem("page-outside-link", f"page.{name}", {"given": link, "todo": todo})
            for name, link, todo in sorted(guests)
        )
