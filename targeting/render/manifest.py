"""The manifest: what was read, chosen, lost and written."""

from __future__ import annotations

import platform
from importlib import metadata
from typing import Any

from targeting.delineation.links.adjacency import lone_blocks
from targeting.model import LayerReport, Loss, PublishSpec, Result
from targeting.render import public
from targeting.render.figures import public_notes
from targeting.render.records import plain

_PACKAGES = (
    "targeting",
    "branca",
    "folium",
    "geopandas",
    "numba",
    "numpy",
    "pandas",
    "pyarrow",
    "pydantic",
    "pyogrio",
    "pyproj",
    "rasterio",
    "scikit-learn",
    "scipy",
    "shapely",
)


def manifest(result: Result, outputs: dict[str, str]) -> dict[str, Any]:
    """Return what was read, chosen, lost and written: enough to tell whether a run is the same.

    Parameters
    ----------
    result : Result
        A study carried out.
    outputs : dict
        File name to sha256.

    Returns
    -------
    dict
        Ready for JSON; no clock and no path of this machine.
    """
    result = public.protected(result)
    record = {
        "study": result.study.as_record(),
        "seed": result.study.seed,
        "made": result.study.made,
        # Of the files: those in `internal` are for the office alone.
        "mode": "public",
        "internal": sorted(name for name in outputs if name.startswith("internal/")),
        "versions": {"python": platform.python_version(), **_versions()},
        "inputs": [_input(one, result.study.publish) for one in result.territory.intake.layers],
        "findings": [
            {"code": one.code, "severity": one.severity, "about": list(one.about)}
            for one in result.findings
        ],
        "losses_measuring": [_loss(loss) for loss in result.values.losses],
        "polygons": {
            "count": len(result.polygons.polygons),
            "threshold": public.line_points(result) / 100,
            "notes": dict(result.polygons.notes),
            "links": _link_record(result),
        },
        "hotspots": [
            {
                "test": one.spec.key,
                "outcome": one.outcome,
                "losses": [_loss(loss) for loss in one.losses],
            }
            for one in result.hotspots
        ],
        "losses_held_out": [
            _loss(loss) for loss in (() if result.hold_out is None else result.hold_out.losses)
        ],
        "outputs": [{"file": name, "sha256": digest} for name, digest in sorted(outputs.items())],
    }
    out: dict[str, Any] = plain(record)
    return out


def _versions() -> dict[str, str]:
    out = {}
    for name in _PACKAGES:
        try:
            out[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return out


def _input(layer: LayerReport, publish: PublishSpec) -> dict[str, Any]:
    return {
        "layer": layer.layer,
        "file": layer.file,
        "source": layer.source,
        "year": layer.year,
        "crs": layer.crs_in,
        "encoding": layer.encoding,
        "rows_read": layer.rows_read,
        "rows_kept": layer.rows_kept,
        "sha256": layer.sha256,
        "notes": public_notes(layer, publish),
        "losses": [_loss(loss) for loss in layer.losses],
    }


def _loss(loss: Loss) -> dict[str, Any]:
    return {"layer": loss.layer, "reason": loss.reason, "count": loss.count, "of": loss.of}


def _link_record(result: Result) -> dict[str, Any]:
    """Return what was left out of the links, and who stays alone."""
    links = result.links
    if links is None:
        return {}
    return {
        "dropped": dict(links.dropped),
        **dict(links.notes),
        "alone": lone_blocks(links, result.territory.blocks.index),
    }
