"""Official indices as records: data that the engine's bricks carry out on a bare table."""

from targeting.published.catalog import listing, published, published_ids
from targeting.published.comparing import ColumnAgreement
from targeting.published.record import Record
from targeting.published.record_file import read_record
from targeting.published.report import (
    listing_lines,
    read_columns,
    report_json,
    report_lines,
)
from targeting.published.reproducing import Reproduction, reproduce

__all__ = [
    "ColumnAgreement",
    "Record",
    "Reproduction",
    "listing",
    "listing_lines",
    "published",
    "published_ids",
    "read_columns",
    "read_record",
    "report_json",
    "report_lines",
    "reproduce",
]
