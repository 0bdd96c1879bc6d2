"""Scan statistics: the places with more cases than their people expect, wherever they lie."""

from targeting.delineation.scan.circular import circular_scan
from targeting.delineation.scan.flexible import flexible_scan
from targeting.delineation.scan.result import ScanClusters

__all__ = ["ScanClusters", "circular_scan", "flexible_scan"]
