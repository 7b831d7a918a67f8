"""Textbook problems of location, solved with a certificate."""

from __future__ import annotations

from estate.locate.problem import Answer, Effort, Problem, SideRule, make_problem
from estate.locate.solving import solve

__all__ = ["Answer", "Effort", "Problem", "SideRule", "make_problem", "solve"]
