"""The study file: read whole, every mistake told at once."""

from targeting.study_file.draft import Draft, draft_study, read_study

__all__ = ["Draft", "draft_study", "read_study"]
