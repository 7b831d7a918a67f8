"""Runs side by side: what differs in the inputs, in the plans, and in what follows."""

from estate.compare.session import compare_runs

__all__ = ["compare_runs"]
