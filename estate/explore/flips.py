"""What one input would have to be for another decision to be as good: money of the ledger, line by line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.appraise.ledger import build_ledger
from estate.core.money import discount_factors
from estate.core.reference import headings

if TYPE_CHECKING:
    from collections.abc import Callable

    from estate.config import Config
    from estate.core.types import Estate, Plan

FLIP_COLUMNS = ("site_id", "input", "about", "unit", "now", "flips_at", "change_share")
KEYS = ["site_id", "provision_id", "line", "part"]
LEAST = 1.0
"""A part of the difference smaller than this [GBP] flips nothing."""

RENT, MARKET = "rent", "market rent"
FARTHEST = 10.0
APRIL = 4
"""An input that would have to be more than so many times what it is, is not told."""


def worth(estate: Estate, config: Config, plan: Plan) -> pd.Series:
    """Return what every line is worth, plan less business as usual, by site and provision.

    Returns
    -------
    Series
        Index ``KEYS``, part being ``rent``, ``market rent`` (after the lease has ended) or blank;
        present value [GBP] in the view of the objective.
    """
    ledger = build_ledger(estate, config, plan)
    factors = discount_factors(config.vintage, config.horizon.appraisal_years, config.timing)
    rows = ledger[ledger["view"].isin(["both", config.objective])]
    sign = np.where(rows["case"] == "plan", 1.0, -1.0)
    value = rows["amount_gbp"].to_numpy(dtype=float) * sign * factors[rows["t"].to_numpy(dtype=int)]
    rent = (rows["heading"] == RENT) | (rows["line"] == "rent_between_partners")
    later = rent & (rows["t"] >= rows["site_id"].map(_market_from(estate, config)))
    part = np.select([later, rent], [MARKET, RENT], "")
    return rows[KEYS[:3]].assign(part=part, value=value).groupby(KEYS)["value"].sum()


def _market_from(estate: Estate, config: Config) -> pd.Series:
    """Return from which year t the rent of a site is no longer that of its running costs."""
    rows = estate.tables["tenures"]
    rows = rows[rows["market_rent_gbp_per_year"].notna() & rows["tenure"].ne("freehold")]
    rent = estate.tables["running_costs"].query("heading == @RENT").groupby("site_id")["gbp_per_year"].sum()
    rises = rows["market_rent_gbp_per_year"] > rows["site_id"].map(rent)
    held = rows["review_basis"].eq("market") | (rows["review_basis"].eq("upward") & rises)
    year = _takes_effect(rows["expiry"], config)
    reviewed = _takes_effect(rows["review_date"].where(held), config)
    first = np.fmin(year.to_numpy(dtype=float), reviewed.to_numpy(dtype=float))
    return pd.Series(first, index=rows["site_id"].to_numpy())


def _takes_effect(dates: pd.Series, config: Config) -> pd.Series:
    """Return the year t of dates, the next one where it is not 1 April (docs/model.md section 1)."""
    when = pd.to_datetime(dates)
    year = when.dt.year - (when.dt.month < APRIL) - config.horizon.first_year
    return year + ~((when.dt.month == APRIL) & (when.dt.day == 1))


@dataclass(frozen=True)
class Input:
    """An input with the lines of the ledger that grow in proportion to it.

    Attributes
    ----------
    name, unit : str
        In words.
    lines : tuple of str
        Lines of the ledger.
    where : str
        ``site``: lines at the site; ``provision``: of the provisions that are there today; ``hub``:
        at every site that becomes a hub in one of the two plans, one by one.
    now : callable
        From estate and site to the value in force.
    parts : tuple of str
        Of rent and market rent, those that grow with it.
    """

    name: str
    unit: str
    lines: tuple[str, ...]
    where: str
    now: Callable[[Estate, str], float]
    parts: tuple[str, ...] = ("", RENT, MARKET)


def _sum(table: str, column: str, *, rent: bool = False) -> Callable[[Estate, str], float]:
    def now(estate: Estate, site_id: str) -> float:
        rows = estate.tables[table]
        mine = rows["site_id"] == site_id
        if "heading" in rows:  # memo headings are no cost of anything
            mine &= rows["heading"].isin(headings().query("view != 'memo'")["heading"])
        if rent:
            mine &= rows["heading"] == RENT
        return float(pd.to_numeric(rows.loc[mine, column]).fillna(0.0).sum())

    return now


def _most(table: str, column: str) -> Callable[[Estate, str], float]:
    def now(estate: Estate, site_id: str) -> float:
        rows = estate.tables[table]
        found = pd.to_numeric(rows.loc[rows["site_id"] == site_id, column]).max()
        return 0.0 if pd.isna(found) else float(found)

    return now


def _none(_: Estate, _site: str) -> float:
    """Return no value: the input is told as a change alone."""
    return np.nan


WORKS = ("hub_capital", "lifecycle", "residual_value")
MOVING = ("move", "it", "fit_out", "redundancy", "excess_travel")
LEASE = ("dilapidations", "break_penalty", "surrender_premium", "tenant_compensation")
RUNS, RENTS = ("running_cost", "double_running"), ("rent_between_partners",)
INPUTS = (
    Input("running cost", "GBP/year", (*RUNS, *RENTS, "empty_rates"), "site",
          _sum("running_costs", "gbp_per_year"), ("", RENT)),
    Input("rent", "GBP/year", (*RUNS, *RENTS), "site",
          _sum("running_costs", "gbp_per_year", rent=True), (RENT,)),
    Input("income", "GBP/year", ("income",), "site", _most("sites", "income_gbp_per_year")),
    Input("receipt", "GBP", ("receipt", "disposal_cost"), "site", _most("valuations", "receipt_gbp")),
    Input("income once let", "GBP/year", ("let_income",), "site",
          _most("valuations", "let_income_gbp_per_year")),
    Input("backlog", "GBP", ("backlog",), "site", _sum("backlog", "backlog_gbp")),
    Input("energy used", "kWh/year", ("carbon",), "site", _most("sites", "energy_kwh_per_year")),
    Input("cost of leaving the lease", "", LEASE, "site", _none),
    Input("cost of holding it empty", "", ("vacant_holding",), "site", _none),
    Input("cost of moving its services", "", MOVING, "provision", _none),
    Input("cost of serving its users online", "", ("online",), "provision", _none),
    Input("travel of its visitors", "", ("resident_travel", "income_weighting"), "provision", _none),
    Input("cost of works", "GBP", WORKS, "hub", _most("hub_options", "capital_gbp")),
    Input("running cost as a hub", "GBP/year", ("hub_running",), "hub",
          _most("hub_options", "running_cost_gbp_per_year")),
)  # fmt: skip
"""Every input that is looked at, in the order in which they are told."""


def _works_share(estate: Estate, config: Config) -> dict[str, float]:
    """Return the share of a hub's capital that is its works, and not step-free works beside them."""
    rows = estate.tables["hub_options"].merge(estate.tables["sites"], on="site_id", suffixes=("", "_site"))
    ramp = pd.to_numeric(rows["step_free_cost_gbp"]).where(rows["step_free"] != "yes", 0.0).fillna(0.0)
    if not config.rules.get("fitness", {}).get("require_step_free", True):
        ramp *= 0.0
    capital = rows["capital_gbp"].astype(float)
    share = (capital / (capital + ramp)).where(capital + ramp > 0, 1.0)
    return dict(zip(rows["site_id"], share, strict=True))


def flips(run: tuple[Estate, Config], site_id: str, price_gbp: float, apart: pd.Series) -> pd.DataFrame:
    """Return the value of each input at which the plan and another are worth the same.

    Lines that grow with an input change the difference between two plans in proportion, so at the
    value given the other plan is as good: the decision flips there at the latest, all else equal. A
    third plan may overtake both earlier.

    Parameters
    ----------
    run : tuple of Estate and Config
        Conformed tables, and the run.
    site_id : str
        The site that the other plan decides otherwise.
    price_gbp : float
        What the plan is worth more than the other [GBP].
    apart : Series
        `worth` of the plan less that of the other.

    Returns
    -------
    DataFrame
        ``FLIP_COLUMNS``, the smallest change first: about (the site), now and flips_at in the unit
        (blank for a bundle of costs), change_share [share].
    """
    estate, config = run
    levels = {name: apart.index.get_level_values(name) for name in KEYS}
    homes = estate.tables["provisions"]
    mine = set(homes.loc[homes["site_id"] == site_id, "provision_id"].astype(str))
    rows = []
    grows = np.where(
        levels["line"] == "hub_capital", levels["site_id"].map(_works_share(estate, config)), 1.0
    )
    for one in INPUTS:
        chosen = levels["line"].isin(one.lines)
        chosen &= levels["part"].isin(one.parts)
        if one.where == "provision":
            chosen &= levels["provision_id"].isin(mine)
            abouts = [site_id]
        else:
            abouts = [site_id] if one.where == "site" else sorted(set(levels["site_id"][chosen]))
        for about in abouts:
            here = chosen if one.where == "provision" else chosen & np.asarray(levels["site_id"] == about)
            now = one.now(estate, about)
            part = float((apart.to_numpy() * grows)[here].sum())
            share = 1 - price_gbp / part if abs(part) > LEAST else np.nan
            if 0 <= share <= FARTHEST and now != 0:
                rows.append((site_id, one.name, about, one.unit, now, now * share, share - 1))
    found = pd.DataFrame(rows, columns=list(FLIP_COLUMNS))
    order = np.argsort(found["change_share"].abs().to_numpy(dtype=float), kind="stable")
    return found.iloc[order].reset_index(drop=True)
