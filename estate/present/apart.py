"""Runs shown side by side: no sum or difference of their totals may be the figure of a few sites."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.present.cash import BACKLOG, INVESTMENT, RECEIPTS, RESIDUAL, RUNNING, group_of
from estate.present.pooling import MIN_SITES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.core.types import Plan

ALL = "all"
TOTALS = (ALL, RUNNING, INVESTMENT, RECEIPTS, BACKLOG, RESIDUAL)
"""Totals that public readers are told: of everything, and of each group of amounts."""

NOTHING = "0"
_TOLERANCE = 1e-6


def gives_away(states: pd.DataFrame) -> bool:
    """Say whether totals of several runs can be put together into a figure of fewer than three sites.

    Each run tells a sum over its sites, to which a site adds what its state makes it add. As equations
    these sums are rows of a matrix with a column for each site and state. A combination of them in which
    only few sites are left is there just where the rank falls without the columns of these sites.

    Parameters
    ----------
    states : DataFrame
        Index site, a column a run; equal where a site adds the same.
    """
    codes = np.array([pd.factorize(row, use_na_sentinel=False)[0] for row in states.to_numpy(dtype=object)])
    if not codes.any():
        return False
    patterns, count = np.unique(codes, axis=0, return_counts=True)
    varies = patterns.max(axis=1) > 0
    patterns, count = patterns[varies], count[varies]
    grams = np.array([_gram(pattern) for pattern in patterns])
    # sites that vary alike cannot be told apart, so that three of them hide one another
    few: list[tuple[int, ...]] = [(int(i),) for i in np.flatnonzero(count < MIN_SITES)]
    few += combinations([int(i) for i in np.flatnonzero(count == 1)], MIN_SITES - 1)
    if not few:
        return False
    whole = grams.sum(axis=0)
    left = np.array([whole - grams[list(group)].sum(axis=0) for group in few])
    ranks = np.linalg.matrix_rank(left, tol=_TOLERANCE, hermitian=True)
    return bool((ranks < np.linalg.matrix_rank(whole, tol=_TOLERANCE, hermitian=True)).any())


def _gram(pattern: np.ndarray) -> np.ndarray:
    """Return what sites of one pattern add to the matrix times itself, runs less the first run."""
    one = np.eye(pattern.max() + 1)[pattern]
    apart = one[1:] - one[0]
    return np.asarray(apart @ apart.T)


def not_together(states: Mapping[str, pd.DataFrame]) -> set[str]:
    """Return the runs that must not be shown beside those before them.

    Parameters
    ----------
    states : mapping of str to DataFrame
        By run, in the order in which they are to be shown; index site, a column for each total told.
    """
    shown: list[str] = []
    for name, own in states.items():
        tried = [*shown, name]
        if not any(
            gives_away(pd.concat([states[run][total] for run in tried], axis=1).fillna(NOTHING))
            for total in own.columns
        ):
            shown.append(name)
    return set(states) - set(shown)


def states_of_plan(plan: Plan, home: Mapping[str, str]) -> pd.DataFrame:
    """Return what a plan does at each site and to its services, as text; a site it leaves alone is not there.

    Parameters
    ----------
    plan : Plan
        What happens.
    home : mapping of str to str
        Site of each provision.
    """
    said: dict[str, list[str]] = {}
    for kind, rows in plan.records().items():
        for row in rows:
            site = row["site_id"] if "site_id" in row else home.get(str(row["provision_id"]), "")
            said.setdefault(str(site), []).append(f"{kind} {sorted(row.items())}")
    return pd.DataFrame({ALL: {site: "; ".join(sorted(parts)) for site, parts in said.items()}}, dtype=object)


def states_of_money(ledger: pd.DataFrame) -> pd.DataFrame:
    """Return a mark for each site and total that is told: equal where all amounts are, to a penny.

    Parameters
    ----------
    ledger : DataFrame
        With business as usual and the plan.

    Returns
    -------
    DataFrame
        Index site, columns ``TOTALS``. Amounts of no site are not in it: nobody's secret.
    """
    ledger = ledger[ledger["site_id"].fillna("").astype(str) != ""]
    group = group_of(ledger["line"])
    group = group.where(group.isin(TOTALS), RUNNING)
    told = ledger[["partner_id", "line", "view", "case", "t"]].astype(str)
    told = told.assign(amount=(ledger["amount_gbp"].to_numpy() * 100).round())
    mark = pd.Series(pd.util.hash_pandas_object(told, index=False).to_numpy(), index=ledger.index)
    site = ledger["site_id"].astype(str)
    of = {name: mark[(group == name) | (name == ALL)].groupby(site).sum().astype(str) for name in TOTALS}
    return pd.DataFrame(of).fillna(NOTHING).rename_axis(index="site_id")
