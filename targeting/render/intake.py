"""The intake report as files: whole in JSON, and readable in HTML, in both languages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pyproj import CRS

from targeting.model import IntakeReport, LayerReport, PublishSpec
from targeting.render.figures import public_notes
from targeting.render.intake_html import intake_html
from targeting.render.records import crs_name, plain
from targeting.render.rows import rows_of, slot

INTAKE_JSON, INTAKE_HTML = "intake.json", "intake.html"
# Read in its own system: the blocks go to it, not it to them.
_RASTERS = ("rasters", "population_raster")


def intake_record(
    report: IntakeReport,
    crs: CRS,
    *,
    title: Mapping[str, str] | None = None,
    language: str = "es",
    made: bool = False,
    publish: PublishSpec | None = None,
) -> dict[str, Any]:
    """Return the account of an intake, ready for JSON.

    Small counts of incidents are not told. Examples are row numbers and keys of the
    planner's own files: no coordinates, no contact data, nothing of what a row says.

    Parameters
    ----------
    report : IntakeReport
        What was read and what was lost.
    crs : pyproj.CRS
        The system every layer was brought to.
    title : mapping, optional
        Title of the study in `es` and `en`.
    language : str
        `"es"` or `"en"`: the language the HTML opens in.
    made : bool
        The data are invented.
    publish : PublishSpec, optional
        From which number on incidents are told. Default: five.

    Returns
    -------
    dict

    Examples
    --------
    >>> report = IntakeReport((LayerReport("blocks", "m.shp", 5, 5, crs_in="EPSG:6372"),))
    >>> record = intake_record(report, CRS.from_epsg(32613))
    >>> record["layers"][0]["crs_out"], record["layers"][0]["rows"]["read"]
    ('WGS 84 / UTM zone 13N (EPSG:32613)', 5)
    """
    out: dict[str, Any] = plain(
        {
            "title": dict(title or {}),
            "language": language,
            "made": made,
            "crs_out": crs_name(crs),
            "city": dict(report.city),
            "layers": [_layer(layer, crs, publish) for layer in report.layers],
        }
    )
    return out


def _layer(layer: LayerReport, crs: CRS, publish: PublishSpec | None) -> dict[str, Any]:
    rows = rows_of(layer)
    moved = layer.crs_in and slot(layer.layer) not in _RASTERS
    return {
        "layer": layer.layer,
        "file": layer.file,
        "source": layer.source,
        "year": layer.year,
        "crs_in": layer.crs_in,
        "crs_out": crs_name(crs) if moved else "",
        "encoding": layer.encoding,
        "sha256": layer.sha256,
        "rows": {"read": rows.read, "used": rows.used, "aside": rows.aside, "lost": rows.lost},
        "aside": [
            {"reason": one.reason, "count": one.count, "examples": one.examples}
            for one in rows.reasons
        ],
        "losses": [
            {
                "reason": loss.reason,
                "count": loss.count,
                "of": loss.of,
                "share": round(loss.share, 6),
                "examples": loss.examples,
            }
            for loss in rows.losses
        ],
        "notes": dict(sorted(public_notes(layer, publish).items())),
    }


def write_intake(record: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write the report whole, as JSON and as HTML.

    Parameters
    ----------
    record : mapping
        From `intake_record`.
    folder : Path
        Where the two files go; made when it does not exist.

    Returns
    -------
    list of Path
        `intake.html` and `intake.json`; the same record gives the same bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_intake_html(record, folder / INTAKE_HTML)
    write_intake_json(record, folder / INTAKE_JSON)
    return [folder / INTAKE_HTML, folder / INTAKE_JSON]


def write_intake_json(record: Mapping[str, Any], path: Path) -> None:
    """Write the report as JSON: codes, figures, and the keys and row numbers that are examples."""
    text = json.dumps(record, ensure_ascii=False, indent=2, allow_nan=False)
    path.write_bytes((text + "\n").encode("utf-8", "replace"))


def write_intake_html(record: Mapping[str, Any], path: Path) -> None:
    """Write the report as one HTML file in both languages: no script, no network, prints well."""
    path.write_bytes(intake_html(record).encode("utf-8", "replace"))
