"""A background of tiles from one server, only where it is asked for by name."""

from __future__ import annotations

import re

from branca.element import MacroElement
from folium.template import Template
from markupsafe import escape

from targeting.problems import Problem, TargetingError

_ADDRESS = re.compile(r"https://(?P<host>(?:\{s\}\.)?[A-Za-z0-9.-]+(?::\d+)?)/\S*")


def tile_host(address: str) -> str:
    """Return the one source of pictures that a page with these tiles may ask.

    Parameters
    ----------
    address : str
        `https://…` with `{z}`, `{x}` and `{y}`, perhaps `{s}` before the host.

    Returns
    -------
    str
        As a content security policy writes it.

    Raises
    ------
    TargetingError
        Not such an address.

    Examples
    --------
    >>> tile_host("https://{s}.tiles.example/{z}/{x}/{y}.png")
    'https://*.tiles.example'
    """
    found = _ADDRESS.fullmatch(address)
    if found is None or not all(f"{{{axis}}}" in address for axis in "zxy"):
        raise TargetingError([Problem("page-tiles-address", "page.tiles", {"given": address})])
    return "https://" + found["host"].replace("{s}", "*")


class Tiles(MacroElement):
    """Tiles below everything else; without a network they are absent and the page is whole.

    Parameters
    ----------
    address : str
        As for `tile_host`.
    credit : str
        Whose map it is, shown in the corner as text.
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = L.tileLayer({{ this.address|tojson }}, {
                maxZoom: 20,
                maxNativeZoom: 19,
                attribution: {{ this.credit|string|tojson }}
            }).addTo({{ this._parent.get_name() }});
            L.control.attribution({prefix: false, position: "bottomleft"})
                .addTo({{ this._parent.get_name() }})
                .addAttribution({{ this.credit|string|tojson }});
        {% endmacro %}
        """
    )

    def __init__(self, address: str, credit: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name, self._id = "Tiles", "page"
        self.host = tile_host(address)
        self.address = address
        # Leaflet writes credits as markup.
        self.credit = escape(credit)
