"""What HiGHS has to be told so that its proofs are proofs, wherever it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

NO_AGGREGATOR = 1 << 12
"""Its option ``presolve_rule_off``: with this rule HiGHS 1.15 loses best plans of whole numbers
(``docs/decisions/0067-presolve-without-its-aggregator.md``)."""


def solver_unit(costs: NDArray[np.float64]) -> float:
    """Return the power of two in which the largest of these costs is at most 1, itself at least 1.

    Tolerances are absolute, and in large costs HiGHS gives up programmes in which it could not meet
    them. A power of two rounds no figure.
    """
    return float(2.0 ** np.ceil(np.log2(max(1.0, abs(costs).max(initial=1.0)))))
