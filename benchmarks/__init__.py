"""Measurements: our engines beside others, in the same run."""
