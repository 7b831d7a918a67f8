r"""A hub is step-free or carries the cost of becoming so, and is fit in whatever else is asked.

.. math::

    hub_{jt} = 0 \text{ where the site is not step-free and the cost of becoming so is not known}

Likewise where an accessible WC is asked for and neither the site has one nor the works put one in, and where
the site is not known to have the parking spaces, the way to a stop or the opening hours asked for.
With ``lending_too`` the same holds of places that lend room, which nobody adapts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from estate.config import Section

if TYPE_CHECKING:
    from estate.model.blocks import BlockProblem
    from estate.model.cash import Cash
    from estate.model.instance import Instance


class Options(Section):
    """Options of the rule ``fitness``."""

    require_step_free: bool = Field(default=True, description="False allows hubs of unknown fitness")
    require_accessible_wc: bool = Field(
        default=False, description="True asks for an accessible WC, there or put in by the works"
    )
    min_parking_spaces: int | None = Field(None, ge=0, description="Least parking spaces for visitors")
    max_stop_m: float | None = Field(None, ge=0, description="Farthest way to a stop of public transport [m]")
    min_hours_per_week: float | None = Field(
        None, ge=0, le=168, description="Least opening hours of the building [h/week]"
    )
    lending_too: bool = Field(
        default=False, description="True asks the same of places that lend room, as they stand"
    )


def add(problem: BlockProblem, inst: Instance, cash: Cash) -> None:
    """Add no rows: places that are not fit have no column (``instance.build_instance``)."""
    del problem, inst, cash
