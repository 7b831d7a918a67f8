"""Money of the day, worked out for the check alone; optimiser and ledger have `estate.core.money`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from estate.core.vintage import read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from estate.core.types import Horizon


def money_of_the_day(vintage: str, horizon: Horizon, growth: float) -> NDArray[np.float64]:
    """Return pounds of each year for a pound of the first (docs/model.md, section 7).

    Parameters
    ----------
    vintage : str
        Deflators: a name, or a CSV file of one's own.
    horizon : Horizon
        Its first year, and the years appraised.
    growth : float
        Growth of prices after the last year of the table [share/year].
    """
    table = read("deflators", vintage)
    known = dict(zip(table["year"].tolist(), table["index"].tolist(), strict=True))
    years = range(horizon.first_year, horizon.first_year + horizon.appraisal_years)
    index = [_index(known, year, growth) for year in years]
    return np.array([level / index[0] for level in index])


def _index(known: Mapping[float, float], year: int, growth: float) -> float:
    """Return the index of a year: as known, grown on from the last, or on a straight line between two."""
    last = max(known)
    if year in known:
        return known[year]
    if year > last:
        return float(known[last] * (1 + growth) ** (year - last))
    before, after = max(y for y in known if y < year), min(y for y in known if y > year)
    return known[before] + (known[after] - known[before]) * (year - before) / (after - before)
