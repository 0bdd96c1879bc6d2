"""From a result to what people open: the page, the tables, the geographic files."""

from __future__ import annotations

from targeting.render.outputs import check_folder, write_outputs
from targeting.render.page import TargetMap, write_page

__all__ = ["TargetMap", "check_folder", "write_outputs", "write_page"]
