"""From a result to what people open: the page, the tables, the geographic files."""

from __future__ import annotations

from targeting.render.doubt import doubt_lines
from targeting.render.elements import BlocksLayer, FacilitiesLayer, PolygonsLayer
from targeting.render.held_out import hold_out_lines
from targeting.render.hotspots import hotspot_lines
from targeting.render.indicators import finding_lines
from targeting.render.intake import intake_record, write_intake
from targeting.render.outputs import check_folder, write_outputs
from targeting.render.page import TargetMap, write_page
from targeting.render.public import public_intake
from targeting.render.sureness import plan_lines
from targeting.render.terminal import head_lines, intake_lines

__all__ = [
    "BlocksLayer",
    "FacilitiesLayer",
    "PolygonsLayer",
    "TargetMap",
    "check_folder",
    "doubt_lines",
    "plan_lines",
    "finding_lines",
    "head_lines",
    "hold_out_lines",
    "hotspot_lines",
    "intake_lines",
    "intake_record",
    "public_intake",
    "write_intake",
    "write_outputs",
    "write_page",
]
