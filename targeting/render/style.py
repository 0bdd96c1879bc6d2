"""QGIS styles (QML), so that the GeoPackage opens looking like the page."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

RAMP = ("#e8efc6", "#b3d9b8", "#73b7ac", "#418f9f", "#35608b", "#362e69")


def ramp(count: int) -> list[str]:
    """Return `count` colors of the page's ramp, its two ends always among them.

    Examples
    --------
    >>> ramp(2)
    ['#e8efc6', '#362e69']
    """
    if count == 1:
        return [RAMP[3]]
    # Halves go up, as in the page's Math.round.
    return [RAMP[int(at * (len(RAMP) - 1) / (count - 1) + 0.5)] for at in range(count)]


def _rgba(color: str) -> str:
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    return f"{red},{green},{blue},255"


def _layer(parent: ET.Element, kind: str, **settings: str) -> None:
    layer = ET.SubElement(
        parent, "layer", {"class": kind, "enabled": "1", "locked": "0", "pass": "0"}
    )
    options = ET.SubElement(layer, "Option", {"type": "Map"})
    for name, value in settings.items():
        ET.SubElement(options, "Option", {"name": name, "type": "QString", "value": value})


def _symbol(parent: ET.Element, name: str) -> ET.Element:
    about = {"name": name, "type": "fill", "alpha": "1", "clip_to_extent": "1", "force_rhr": "0"}
    return ET.SubElement(parent, "symbol", about)


def _document(*, labeled: str = "0") -> ET.Element:
    return ET.Element(
        "qgis",
        {"version": "3.22.0", "styleCategories": "Symbology|Labeling", "labelsEnabled": labeled},
    )


def _text(root: ET.Element) -> str:
    ET.indent(root)
    start = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
    return start + ET.tostring(root, encoding="unicode") + "\n"


def block_style(breaks: Sequence[int], *, missing: str) -> str:
    """Return the style of the blocks: by score in the page's classes, no score drawn apart.

    Parameters
    ----------
    breaks : sequence of int
        Hundredths of the score at which the next class begins.
    missing : str
        Label of blocks without a score.

    Returns
    -------
    str
        A QML document.
    """
    root = _document()
    renderer = ET.SubElement(
        root, "renderer-v2", {"type": "RuleRenderer", "symbollevels": "0", "enableorderby": "0"}
    )
    rules = ET.SubElement(renderer, "rules", {"key": "targeting"})
    symbols = ET.SubElement(renderer, "symbols")
    lows, highs = [None, *breaks], [*breaks, None]
    colors = ramp(len(lows))
    for at in reversed(range(len(lows))):
        low, high = lows[at], highs[at]
        # Half a step between classes: a score of two decimals is never on the line itself.
        tests = [f'"score" > {(low - 0.5) / 100:.3f}'] if low is not None else []
        tests += [f'"score" < {(high - 0.5) / 100:.3f}'] if high is not None else []
        test = " AND ".join(tests or ['"score" IS NOT NULL'])
        text = f"{low or 0} – {100 if high is None else high - 1}"
        about = {"key": f"class{at}", "symbol": str(at), "filter": test, "label": text}
        ET.SubElement(rules, "rule", about)
    about = {"key": "missing", "symbol": "missing", "filter": '"score" IS NULL', "label": missing}
    ET.SubElement(rules, "rule", about)
    for at, color in enumerate(colors):
        _layer(
            _symbol(symbols, str(at)),
            "SimpleFill",
            color=_rgba(color),
            style="solid",
            outline_style="no",
        )
    gray = _symbol(symbols, "missing")
    _layer(gray, "SimpleFill", color=_rgba("#dcdcd8"), style="solid", outline_style="no")
    _layer(gray, "SimpleFill", color=_rgba("#a3a39e"), style="b_diagonal", outline_style="no")
    return _text(root)


def polygon_style() -> str:
    """Return the style of the polygons: an outline with a pale edge, and the number.

    Returns
    -------
    str
        A QML document.
    """
    root = _document(labeled="1")
    about = {"type": "singleSymbol", "symbollevels": "0", "enableorderby": "0"}
    renderer = ET.SubElement(root, "renderer-v2", about)
    symbol = _symbol(ET.SubElement(renderer, "symbols"), "0")
    for color, width in (("#ffffff", "1.2"), ("#1c1f26", "0.6")):
        _layer(
            symbol,
            "SimpleFill",
            style="no",
            color=_rgba(color),
            outline_color=_rgba(color),
            outline_style="solid",
            outline_width=width,
            outline_width_unit="MM",
        )
    settings = ET.SubElement(ET.SubElement(root, "labeling", {"type": "simple"}), "settings")
    style = ET.SubElement(
        settings,
        "text-style",
        {
            "fieldName": "polygon",
            "isExpression": "0",
            "fontSize": "11",
            "fontSizeUnit": "Point",
            "fontWeight": "75",
            "textColor": _rgba("#1c1f26"),
            "textOpacity": "1",
        },
    )
    ET.SubElement(
        style,
        "text-buffer",
        {
            "bufferDraw": "1",
            "bufferSize": "1.2",
            "bufferSizeUnits": "MM",
            "bufferColor": _rgba("#ffffff"),
            "bufferOpacity": "1",
        },
    )
    ET.SubElement(settings, "placement", {"placement": "1", "centroidInside": "1"})
    return _text(root)
