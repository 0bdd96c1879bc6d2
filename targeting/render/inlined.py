"""Files of `assets/` as text inside a page, and the policy that lets exactly these run."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any

_SCRIPT = re.compile(r"<script(?P<about>[^>]*)>(?P<text>.*?)</script>", re.DOTALL)
_COMMENT_LINES = re.compile(r"^[ \t]*/\*.*?\*/[ \t]*$", re.DOTALL | re.MULTILINE)
_STYLE = re.compile(r"<style[^>]*>(?P<text>.*?)</style>", re.DOTALL)
# Scripts of page.html that only the page uses; what stands before `panel.js` draws layers.
_ONLY_PAGE = ("leaflet/leaflet.js", "rooms.js", "address.js")


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
def image(name: str) -> str:
    """Return a PNG of `assets/` as an address that holds the picture itself.

    Examples
    --------
    >>> image("leaflet/images/layers.png")[:26]
    'data:image/png;base64,iVBO'
    """
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


def inline(name: str) -> str:
    """Return a style sheet or a script of `assets/` as an element that holds its text.

    Examples
    --------
    >>> inline("rooms.js").startswith("<script>")
    True
    """
    text = asset(name)
    if name.endswith(".css"):
        folder = name.rpartition("/")[0]
        text = re.sub(r"url\((images/[^)]+)\)", lambda m: f"url({image(f'{folder}/{m[1]}')})", text)
        return f"<style>\n{lean(text)}</style>"
    text = re.sub(r"\n?//# sourceMappingURL=\S+\s*$", "\n", text)
    if name == "leaflet/leaflet.js":
        return f"<script>\n/*!\n{asset('leaflet/LICENSE')}*/\n{text}</script>"
    return f"<script>\n{lean(text)}</script>"


def lean(text: str) -> str:
    r"""Return a script or a style sheet without indentation and without lines of comments.

    A quarter of what we write by hand; names and lines stay, so that the page can still be read.
    No text of ours spans lines (tests hold the assets to that), so lines can be cut by themselves.

    Examples
    --------
    >>> lean("/* What it is,\n   and why. */\nif (a) {\n  // both\n  b(); // c\n}\n")
    'if (a) {\nb(); // c\n}\n'
    """
    text = _COMMENT_LINES.sub("", text)
    lines = (line.strip() for line in text.splitlines())
    return "".join(f"{line}\n" for line in lines if line and not line.startswith("//"))


@cache
def page_template() -> str:
    """Return page.html with its style sheets and scripts inside it."""
    html = asset("page.html")
    html = re.sub(r'<link rel="stylesheet" href="([^"]+)">', lambda m: inline(m[1]), html)
    return re.sub(r'<script src="([^"]+)"></script>', lambda m: inline(m[1]), html)


@cache
def layer_scripts() -> tuple[str, ...]:
    """Return the scripts a layer of ours needs on a map that is not our page, in their order.

    Examples
    --------
    >>> layer_scripts()[0], layer_scripts()[-1]
    ('inflate.js', 'elements.js')
    """
    names = re.findall(r'<script src="([^"]+)"></script>', asset("page.html"))
    drawing = names[: names.index("panel.js")]
    return (*(name for name in drawing if name not in _ONLY_PAGE), "elements.js")


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'"


def policy(
    html: str, style_attributes: Sequence[str] = (), *, pictures_from: str | None = None
) -> str:
    """Return the content security policy that lets exactly this page's scripts and styles run.

    Parameters
    ----------
    html : str
        The page, with a place for the policy.
    style_attributes : sequence of str
        Style attributes in markup that guests brought; ours has none.
    pictures_from : str, optional
        The one host that tiles were asked of.

    Examples
    --------
    >>> policy("<p>nothing runs</p>").split(";")[0]
    "default-src 'none'"
    """
    # Only a script with a type of its own (our data) is not run, and needs no hash.
    scripts = [_hash(m["text"]) for m in _SCRIPT.finditer(html) if "type=" not in m["about"]]
    styles = [_hash(m["text"]) for m in _STYLE.finditer(html)]
    if style_attributes:
        styles += ["'unsafe-hashes'", *sorted({_hash(text) for text in style_attributes})]
    return "; ".join(
        (
            "default-src 'none'",
            "script-src " + (" ".join(scripts) or "'none'"),
            "style-src " + (" ".join(styles) or "'none'"),
            "img-src data:" + (f" {pictures_from}" if pictures_from else ""),
            "connect-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
