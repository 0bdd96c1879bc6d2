"""The layers themselves: folium elements that anyone's map takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
from branca.element import Element, Figure
from folium.map import Layer
from folium.template import Template
from markupsafe import escape

from targeting.model import Result
from targeting.render.elements import records
from targeting.render.elements.packed import Packed
from targeting.render.inlined import inline, json_text, layer_scripts


class Text(Element):
    """Text that stands in a page exactly as it is (branca would read it as a template)."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def render(self, **kwargs: Any) -> str:
        """Return the text."""
        return self.text


class PackedLayer(Layer):
    """What the three layers share: data once in the page, scripts once for all of them."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = new targeting.elements.{{ this._name }}(
                {{ this.told() }},
                {{ this.data_id()|tojson }}
            );
        {% endmacro %}
        """
    )

    def __init__(
        self, packed: Packed, *, name: str, control: bool, show: bool, looks: dict[str, Any]
    ) -> None:
        # Leaflet's layer control writes names as markup: ours goes in as text.
        super().__init__(name=escape(name), overlay=True, control=control, show=show)
        self._name = type(self).__name__
        self.packed = packed
        self.record = packed.record | {"name": name} | looks

    def told(self) -> str:
        """Return the record as JSON that can stand in a script."""
        return json_text(self.record)

    def data_id(self) -> str:
        """Return the id of the element that holds the packed arrays."""
        return f"{self.get_name()}_data"

    def _get_self_bounds(self) -> list[list[float | None]]:
        return [list(one) for one in self.packed.bounds] or [[None, None], [None, None]]

    def render(self, **kwargs: Any) -> str:
        """Put the layer into its page, and what it needs, unless another layer brought it."""
        figure = self.get_root()
        if isinstance(figure, Figure):
            if getattr(figure, "draws_layers", False):
                setattr(figure, "uses_elements", True)  # noqa: B010
            else:
                text = inline("elements.css") + "".join(inline(one) for one in layer_scripts())
                figure.header.add_child(Text(text), name="targeting_layers")
            figure.html.add_child(
                Text(
                    f'<script type="application/octet-stream" id="{self.data_id()}">'
                    f"{self.packed.data}</script>"
                ),
                name=self.data_id(),
            )
        return str(super().render(**kwargs))  # type: ignore[no-untyped-call]


class BlocksLayer(PackedLayer):
    """Blocks on a canvas, colored by a score or any column of numbers.

    Thirty thousand blocks weigh about one megabyte and draw within a second, on any
    `folium.Map`: geometry is packed as whole pixels, colors are classes of equal parts of the
    blocks, and nothing is asked of the network.

    Parameters
    ----------
    data : Result or GeoDataFrame
        A study carried out (its public figures), or polygons in any coordinate system.
    column : str, optional
        Of a result: `"score"` (default), a dimension or an indicator. Of a table: a column of
        numbers; without it all blocks have one color.
    name : str
        As the layer control says it.
    tooltip : sequence of str, optional
        Columns shown under the pointer; texts are shown as text. Default: `column`.
    colors : sequence of str, optional
        From low to high. Default: the page's ramp.
    decimals : int, optional
        Decimals kept of the column. Default: as many as it has, six at most.
    reverse : bool
        Low values get the last color.
    opacity : float
        0 (clear) to 1.
    legend : bool
        Show the classes in a corner while the layer is on the map.
    control, show : bool
        As in `folium.map.Layer`.
    language : str
        `"es"` or `"en"`: how numbers are written.

    Raises
    ------
    TargetingError
        No coordinate system, other shapes than polygons, an unknown column or one of texts.

    Examples
    --------
    >>> import folium, geopandas, shapely
    >>> blocks = geopandas.GeoDataFrame(
    ...     {"need": [1.0, 2.5]}, crs=32613,
    ...     geometry=[shapely.box(0, 0, 80, 80), shapely.box(90, 0, 170, 80)])
    >>> city = folium.Map()
    >>> layer = BlocksLayer(blocks, "need", name="Need").add_to(city)
    >>> "targeting.elements.BlocksLayer" in city.get_root().render()
    True
    """

    def __init__(
        self,
        data: Result | gpd.GeoDataFrame,
        column: str | None = None,
        *,
        name: str = "BlocksLayer",
        tooltip: Sequence[str] | None = None,
        colors: Sequence[str] | None = None,
        decimals: int | None = None,
        reverse: bool = False,
        opacity: float = 1.0,
        legend: bool = True,
        control: bool = True,
        show: bool = True,
        language: str = "es",
    ) -> None:
        if isinstance(data, Result):
            packed = records.blocks_of_result(data, column, language)
        else:
            packed = records.blocks_of_frame(
                data,
                column,
                tooltip=tooltip,
                colors=colors,
                decimals=decimals,
                reverse=reverse,
                language=language,
            )
        looks = {"opacity": float(opacity), "legend": legend and bool(packed.record["caption"])}
        super().__init__(packed, name=name, control=control, show=show, looks=looks)


class PolygonsLayer(PackedLayer):
    """Outlines that show on every color, each with its number.

    Parameters
    ----------
    data : Result or GeoDataFrame
        A study carried out, or polygons in any coordinate system.
    label : str, optional
        Column written in the middle of each polygon. Default: the index.
    name, tooltip, control, show, language
        As in `BlocksLayer`.
    color : str
        Color of the line.

    Raises
    ------
    TargetingError
        No coordinate system, other shapes than polygons, an unknown column.

    Examples
    --------
    >>> import folium, geopandas, shapely
    >>> zones = geopandas.GeoDataFrame(geometry=[shapely.box(0, 0, 800, 800)], crs=32613)
    >>> PolygonsLayer(zones, name="Zones").add_to(folium.Map()).layer_name
    Markup('Zones')
    """

    def __init__(
        self,
        data: Result | gpd.GeoDataFrame,
        label: str | None = None,
        *,
        name: str = "PolygonsLayer",
        tooltip: Sequence[str] | None = None,
        color: str = "#1c1f26",
        control: bool = True,
        show: bool = True,
        language: str = "es",
    ) -> None:
        if isinstance(data, Result):
            packed = records.polygons_of_result(data, language)
        else:
            packed = records.polygons_of_frame(data, label, tooltip=tooltip, language=language)
        super().__init__(packed, name=name, control=control, show=show, looks={"color": color})


class FacilitiesLayer(PackedLayer):
    """Facilities on a canvas, a shape and a letter for each kind.

    Parameters
    ----------
    data : Result or GeoDataFrame
        A study carried out (never its sensitive kinds nor contacts), or points.
    kind, title : str, optional
        Columns with the kind and the name of each point; both are shown as text.
    name, control, show, language
        As in `BlocksLayer`.

    Raises
    ------
    TargetingError
        No coordinate system, other shapes than points, an unknown column.

    Examples
    --------
    >>> import folium, geopandas
    >>> clinics = geopandas.GeoDataFrame(
    ...     {"kind": ["clinic"], "title": ["Clinic <1>"]},
    ...     geometry=geopandas.points_from_xy([-103.4], [20.7]), crs=4326)
    >>> layer = FacilitiesLayer(clinics, "kind", "title").add_to(folium.Map())
    >>> layer.get_bounds()
    [[20.7, -103.4], [20.7, -103.4]]
    """

    def __init__(
        self,
        data: Result | gpd.GeoDataFrame,
        kind: str | None = None,
        title: str | None = None,
        *,
        name: str = "FacilitiesLayer",
        control: bool = True,
        show: bool = True,
        language: str = "es",
    ) -> None:
        if isinstance(data, Result):
            packed = records.facilities_of_result(data, language)
        else:
            packed = records.facilities_of_frame(data, kind, title, language)
        super().__init__(packed, name=name, control=control, show=show, looks={})
