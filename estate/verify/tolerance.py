"""How exactly a plan is held to its limits.

Rooms are compared within 1e-6 m2, hours within 1e-6 h, distances within 1e-9 km, shares
within 1e-9 and money within 0.005 GBP (half a penny); amounts that are large are compared
within 1e-9 of their size instead, because that is what double precision leaves of a sum
of a thousand terms.
"""

from __future__ import annotations

ROOM_M2 = 1e-6
HOURS = 1e-6
DISTANCE_KM = 1e-9
SHARE = 1e-9
MONEY_GBP = 0.005
RELATIVE = 1e-9


def exceeds(value: float, limit: float, tolerance: float) -> bool:
    """Tell whether a value is above its limit by more than the tolerance.

    Parameters
    ----------
    value, limit : float
        What is compared, in one unit.
    tolerance : float
        Least absolute tolerance, in the same unit.
    """
    return value - limit > max(tolerance, RELATIVE * max(abs(value), abs(limit)))
