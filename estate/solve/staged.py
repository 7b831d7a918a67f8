"""Large models."""

from __future__ import annotations
from estate.solve.exact import solve_exact


def solve_staged(model, solver, clock):
    return solve_exact(model, solver, clock)
