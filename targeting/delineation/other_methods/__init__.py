"""Methods to compare with: clusters of any kind, those kept that have need and fit."""
