"""From a built model to a plan with a certificate: engines, bounds and reading the answer."""

from estate.solve.run import solve_estate

__all__ = ["solve_estate"]
