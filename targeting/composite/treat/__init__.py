"""Far values pulled in, skewed ones straightened, and every change told."""

from targeting.composite.treat.result import Treated, TreatedTable
from targeting.composite.treat.shape import is_skewed, skew_and_kurtosis
from targeting.composite.treat.table import treat
from targeting.composite.treat.transform import box_cox, log, log_from_lowest, none
from targeting.composite.treat.winsorize import (
    winsorize_fences,
    winsorize_points,
    winsorize_share,
    winsorize_skew,
)

__all__ = [
    "Treated",
    "TreatedTable",
    "box_cox",
    "is_skewed",
    "log",
    "log_from_lowest",
    "none",
    "skew_and_kurtosis",
    "treat",
    "winsorize_fences",
    "winsorize_points",
    "winsorize_share",
    "winsorize_skew",
]
