"""Runs side by side: what differs in the inputs, in the plans, and in what follows."""

from estate.compare.session import compare_runs
from estate.compare.tables import too_close

__all__ = ["compare_runs", "too_close"]
