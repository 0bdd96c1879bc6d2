"""Why a block has its score, and why two results differ: what a planner asks of a result.

`accounts.block_accounts` and `comparing.compare_results` give records, `wording` says them, and
`commands` does both from study files.
"""
