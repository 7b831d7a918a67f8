"""Lines of rules, conflicts and what mends them, in the user's words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from estate.core.errors import Issue
from estate.core.words import offer_words, pounds, saves
from estate.model.attainable import area_label, named_areas
from estate.model.closing import yearly_cost
from estate.model.rules.access import weights
from estate.solve.whynot.found import Relief, Words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from estate.config import Config
    from estate.core.types import Estate
    from estate.solve.whynot.found import Conflict, Mend
    from estate.solve.whynot.wide import Wide

NOT_ALONE = "loosening this alone is not enough"
NOT_TOLD = "whether loosening this alone is enough was not found out in the time given"
UNSURE = "would do was not found out in the time given"
BREAKS = ("earliest_break_date", "break_date", "last_break_date")


class Speaker:
    """Puts lines into words.

    Parameters
    ----------
    estate, config :
        As the user gave them.
    wide : Wide
        The model with its lines.
    """

    def __init__(self, estate: Estate, config: Config, wide: Wide) -> None:
        self.estate, self.config, self.wide = estate, config, wide
        self.horizon = config.horizon.horizon()
        sites = estate.tables["sites"]
        self.names = dict(zip(sites["site_id"].astype(str), sites["name"].astype(str), strict=True))
        self.rules: Mapping[str, Callable[..., Words]] = {
            "locks": self._locks,
            "counts": self._counts,
            "access": self._access,
            "capital": self._capital,
            "affordability": self._affordability,
            "partnership": self._partnership,
            "capacity": self._capacity,
            "compatibility": self._compatibility,
            "tenure": self._tenure,
            "brakes": self._brakes,
            "materiality": self._materiality,
            "fitness": self._fitness,
            "scope": self._scope,
            "fixed": self._fixed,
            "reach": self._reach,
            "permission": self._permission,
            "hubs_allowed": self._hubs_allowed,
        }

    def issue(self, line: int, conflict: Conflict, number: int) -> Issue:
        """Return a line of a conflict as an issue; `number` is that of the conflict, 0 for the only one."""
        words = self._words(line)
        relief = conflict.reliefs.get(line)
        alone = len(conflict.lines) == 1
        problem = words.says if alone else f"{words.says}, which cannot hold together with the others"
        if not conflict.proved:
            problem += " (not shown to be needed: the time ended)"
        place = f"conflict {number}, {words.place}" if number else words.place
        return Issue(place, None, words.about, "", problem, self._mend(words, relief))

    def _mend(self, words: Words, relief: Relief | None) -> str:
        if relief is not None and relief.enough is None and relief.surely:
            at_least = words.mend(replace(relief, beyond=relief.surely))
            return f"at the very least {at_least}; whether that is enough was not found out in the time given"
        if relief is None or relief.enough is None:
            return NOT_TOLD
        if not relief.enough:
            return NOT_ALONE
        less = "" if relief.least else words.less(relief)
        told = words.mend(relief) + (f"; whether {less} {UNSURE}" if less else "")
        if less == "less" and relief.surely:
            told += f", at the very least {words.mend(replace(relief, beyond=relief.surely))}"
        if relief.saving_gbp is None:
            return told
        return f"{told} (a plan is then possible; the best found {saves(relief.saving_gbp)})"

    def missed(self, line: int, beyond: float) -> Issue:
        """Return a limit that the plan found nearest to all rules misses, and by how much."""
        words = self._words(line)
        problem = f"{words.says}; a plan found misses only what is named here"
        return Issue(words.place, None, words.about, "", problem, words.mend(Relief(True, beyond)))

    def together(self, mend: Mend) -> Issue:
        """Return the smallest change of several lines at once as an issue."""
        told = []
        for line, relief in mend.reliefs.items():
            words = self._words(line)
            told.append(f"{words.place}{', ' if words.about else ''}{words.about}: {words.mend(relief)}")
        then = "" if mend.saving_gbp is None else f" (the best plan found then {saves(mend.saving_gbp)})"
        least = "nothing smaller is enough" if mend.least else f"whether less {UNSURE}"
        return Issue(
            "all together",
            None,
            "",
            "",
            f"a plan is possible when these give ({least}; each measured in parts of its own size)",
            "; and ".join(told) + then,
        )

    def _words(self, line: int) -> Words:
        rule, *parts = self.wide.lines[line].split("|")
        return self.rules[rule](*parts) if rule in self.rules else self._other(rule, *parts)

    # -- what each rule's lines are called -------------------------------------------------------

    def site(self, site_id: str) -> str:
        """Return a site's id with its name."""
        name = self.names.get(site_id, "")
        return f"{site_id} ({name})" if name and name != site_id else site_id

    def _years(self, relief: Relief, family: str) -> str:
        """Return the year in which the plan that is then possible uses what was barred."""
        block = self.wide.model.problem.blocks[family]
        inside = [c - block.offset for c in relief.used if 0 <= c - block.offset < len(block.keys)]
        return self.horizon.label(int(block.keys["year"].iloc[inside[0]])) if inside else ""

    def _locks(self, option: str, site_id: str) -> Words:
        says = {
            "keep": "must stay",
            "close": "must have closed by the last decision year",
            "hub": "must become a hub",
            "no_hub": "must not become a hub",
        }[option]
        site = self.estate.tables["sites"]
        status = str(site.loc[site["site_id"] == site_id, "status"].iloc[0])
        if option == "close" and status != "existing":
            says += f", but is not an existing site of the estate (status {status})"
        elif option == "hub" and site_id not in set(self.estate.tables["hub_options"]["site_id"]):
            says += ", but has no row in hub_options"
        return Words(
            f"rules.locks.{option}", self.site(site_id), says, lambda _: f"take {site_id} off locks.{option}"
        )

    def _counts(self, option: str) -> Words:
        value = int(self.config.rules["counts"][option])
        least = option.startswith("min")
        what = "hubs" if option.endswith("hubs") else "closures"
        says = f"asks for at {'least' if least else 'most'} {value} {what}"

        def enough(relief: Relief) -> int:
            step = int(np.ceil(relief.beyond - 1e-6))
            return value - step if least else value + step

        def less(relief: Relief) -> str:
            first = max(1.0, np.ceil(relief.surely - 1e-6))  # what was proved too little is not in doubt
            last = np.ceil(relief.beyond - 1e-6)
            sign = -1 if least else 1
            steps = sorted(sign * step for step in range(int(first), int(last)))
            between = [str(value + step) for step in steps]
            if not between:
                return ""
            return " or ".join(between) if len(between) < 3 else f"{between[0]} to {between[-1]}"

        return Words(f"rules.counts.{option}", "", says, lambda r: f"set {option} to {enough(r)}", less)

    def _access(self, standard_id: str, zone: str = "") -> Words:
        rows = self.estate.tables["standards"]
        row = rows[rows["standard_id"].astype(str) == standard_id].iloc[0]
        areas = self.estate.tables["areas"].sort_values("area_id", ignore_index=True)
        where = f"{row['geography'].replace('_', ' ')} {zone}" if zone else "all areas"
        if row["geography"] == "area":
            where = f"area {area_label(areas[areas['area_id'].astype(str) == zone].iloc[0])}"
        unit = "km" if row["metric"] == "km" else "minutes"
        share = self._asked_share(standard_id, zone)
        who = "residents" if row["group"] == "all" else f"residents ({row['group']})"
        says = (
            f"asks that {share:.1%} of {who} be within {row['threshold']:g} {unit} of {row['service_id']}"
            f"{offer_words(row)} ({row['basis']})"
        )

        def mend(relief: Relief) -> str:
            if row["geography"] == "area":
                return f"do not hold {where} to this standard, or let it be served {relief.beyond:.1%} less"
            told = f"lower the share to {max(0.0, share - relief.beyond):.1%}"
            weight = weights(str(row["group"]), areas, self.estate.assumptions)
            out = named_areas(areas, np.where(areas.index.isin(relief.short), weight, 0.0))
            return f"{told}, with no place within reach of {out}" if out else told

        return Words("standards", f"{standard_id} in {where}, service {row['service_id']}", says, mend)

    def _asked_share(self, standard_id: str, zone: str) -> float:
        """Return what the rows of this line ask: served share, always served residents included."""
        line = self.wide.lines.index(f"access|{standard_id}|{zone}")
        row = int(np.flatnonzero(self.wide.low == line)[0])
        part = self.wide.arrays.matrix[row]
        return float(self.wide.arrays.row_lower[row] + max(0.0, 1.0 - part.sum()))

    def _capital(self, purse: str, year: str) -> Words:
        label = self.horizon.label(int(year))
        whose = "all partners together" if purse == "pooled" else purse
        line = self.wide.lines.index(f"capital|{purse}|{year}")
        budget = float(self.wide.arrays.row_upper[self.wide.high == line][0])
        carried = self.config.rules["capital"]["carry_forward"]
        aside = "receipts and loans aside" if "debt" in self.wide.model.problem.blocks else "receipts aside"
        says = (
            f"lets {whose} spend at most {pounds(budget)} of capital by the end of {label}, {aside}"
            if carried
            else f"gives {whose} {pounds(budget)} of capital for {label}, which lapses; grants, loans and "
            "receipts aside"
        )
        return Words(
            "budgets",
            f"purse {purse}, to {label}",
            says,
            lambda relief: f"give {whose} {pounds(relief.beyond)} more by {label}",
        )

    def _affordability(self, which: str) -> Words:
        options = self.config.rules["affordability"]
        if which == "peak":
            peak = options["peak_funding_gbp"]
            return Words(
                "rules.affordability.peak_funding_gbp",
                "",
                f"lets cumulative cash fall to no less than -{pounds(peak)}",
                lambda relief: f"allow {pounds(peak + relief.beyond)}",
            )
        if which == "payback":
            label = self.horizon.label(options["payback_year"])
            how = " after discounting" if options["payback_test"] == "discounted" else ""
            return Words(
                "rules.affordability.payback_year",
                label,
                f"asks that the plan has paid back by {label}{how}",
                lambda relief: f"choose a later year, or accept to be {pounds(relief.beyond)} short then",
            )
        label = self.horizon.label(options["saving_year"])
        least = options["saving_gbp"]
        return Words(
            "rules.affordability.saving_gbp",
            label,
            f"asks for a running saving of at least {pounds(least)} in {label}",
            lambda relief: f"ask for {pounds(least - relief.beyond)}",
        )

    def _partnership(self, partner: str) -> Words:
        line = self.wide.lines.index(f"partnership|{partner}")
        floor = float(self.wide.arrays.row_lower[self.wide.low == line][0])
        says = f"asks for a net present saving of at least {pounds(floor)} for this partner"
        return Words(
            "partners.floor_npv_gbp",
            partner,
            says,
            lambda relief: f"lower the floor to {pounds(floor - relief.beyond)}",
        )

    def _capacity(self, site_id: str = "", what: str = "") -> Words:
        table, unit = ("host_terms", "hours a week") if what else ("hub_options, host_terms or sites", "m2")
        return Words(
            table,
            self.site(site_id),
            f"has no more {'hours' if what else 'room'} for what would have to come",
            lambda relief: f"make {relief.beyond:,.0f} {unit} more available at {site_id}",
        )

    def _compatibility(self, one: str, relation: str, other: str) -> Words:
        says = {
            "may_not_share": f"{one} and {other} may not share a place",
            "must_share": f"{one} must share a place with {other}",
        }.get(relation, f"{one} must be near {other}")
        return Words("compatibility", f"{one}, {other}", f"says that {says}", lambda _: "drop this pair")

    def _tenure(self, site_id: str) -> Words:
        rows = self.estate.tables["tenures"]
        row = rows[rows["site_id"] == site_id].iloc[0]
        dates = [f"{row['tenure']}"]
        for column, word in (("expiry", "ends"), *((name, "break") for name in BREAKS)):
            if pd.notna(row[column]):
                dates.append(f"{word} {pd.Timestamp(row[column]):%d %B %Y}")
        if pd.notna(row["notice_months"]) and row["notice_months"]:
            dates.append(f"notice {row['notice_months']:g} months")
        return Words(
            "tenures",
            self.site(site_id),
            f"lets the site be given up only when its tenure allows ({', '.join(dates)})",
            lambda relief: f"agree to leave in {self._years(relief, 'close')}, or plan for more years",
        )

    def _brakes(self, site_id: str) -> Words:
        rows = self.estate.tables["brakes"]
        rows = rows[(rows["site_id"] == site_id) & (rows["effect"] == "lock")]
        told = "; ".join(f"{row.brake}, {_until(row.until)}" for row in rows.itertuples())
        return Words(
            "brakes",
            self.site(site_id),
            f"bars closing ({told})",
            lambda relief: f"lift the lock by {self._years(relief, 'close')}",
        )

    def _materiality(self, name: str) -> Words:
        options, inst = self.config.rules["materiality"], self.wide.model.inst
        least = options["saving_gbp_per_year"]
        if name == "npv":
            worth = float(options["npv_gbp"])
            cheap = f" and costs less than {pounds(least)} a year" if options["enough"] == "either" else ""
            return Words(
                "rules.materiality.npv_gbp",
                "",
                "bars closing a site where that, with moving its services, saves less than "
                f"{pounds(worth)} in net present value{cheap if least > 0 else ''}",
                lambda relief: f"set npv_gbp to {np.floor(worth - relief.beyond):,.0f} or less",
            )
        cost = float(yearly_cost(inst.costs, inst.sites)[inst.sites["site_id"] == name].sum())
        says = f"bars closing a site that costs {pounds(cost)} a year, less than {pounds(least)}"
        mend = f"set saving_gbp_per_year to {np.floor(cost):,.0f} or less"
        return Words("rules.materiality", self.site(name), says, lambda _: mend)

    def _fitness(self, site_id: str) -> Words:
        site = self.estate.tables["sites"]
        site = site[site["site_id"] == site_id]
        if (site["step_free"] == "yes").any() or site["step_free_cost_gbp"].notna().any():
            return Words(
                "rules.fitness",
                self.site(site_id),
                "cannot be a hub: it is not known to be as fit as the rule fitness asks",
                lambda _: "fill in what is asked (WC, parking, stop, hours) in sites, or ask less",
            )
        says = "cannot be a hub: it is not step-free and the cost of becoming so is not known"
        place, mend = "sites.step_free_cost_gbp", "give the cost of becoming step-free"
        return Words(place, self.site(site_id), says, lambda _: mend)

    def _scope(self, site_id: str) -> Words:
        rows = self.estate.tables["sites"]
        scope = rows.loc[rows["site_id"] == site_id, "scope"].iloc[0]
        says = f"has scope {scope}, so that nothing is decided there"
        return Words("sites.scope", self.site(site_id), says, lambda _: "set its scope to decide")

    def _fixed(self, provision_id: str) -> Words:
        rows = self.estate.tables["provisions"].astype({"provision_id": str, "service_id": str})
        row = rows[rows["provision_id"] == provision_id].iloc[0]
        site, service = self.site(str(row["site_id"])), str(row["service_id"])
        return Words(
            "provisions.fixed_to_site",
            f"{provision_id} at {site}",
            f"holds the service {service} where it is",
            lambda _: "let it move",
        )

    def _reach(self, service: str) -> Words:
        limit = self.wide.model.inst.pairs
        inst = self.wide.model.inst
        number = inst.services.index(service)
        mine = limit[inst.provisions["service"].to_numpy()[limit["provision"]] == number]
        most = float(mine["limit"].max())

        def mend(relief: Relief) -> str:
            block = self.wide.model.problem.blocks["move"]
            used = block.keys.iloc[[c - block.offset for c in relief.used]]
            far = used.merge(inst.pairs, on=["provision", "place"])["km"].max()
            return f"allow moves of {np.ceil(far * 10) / 10:.1f} km"

        return Words("services.move_reach_km", service, f"may move at most {most:g} km", mend)

    def _permission(self, service: str, site_id: str) -> Words:
        return Words(
            "host_terms",
            self.site(site_id),
            f"may not take the service {service} (permitted services, transactions, weeks, days, times)",
            lambda _: f"let {site_id} take {service}",
        )

    def _hubs_allowed(self) -> Words:
        return Words("hubs_allowed", "", "bars every hub", lambda _: "set hubs_allowed to true")

    def _other(self, rule: str, *parts: str) -> Words:
        return Words(
            f"rules.{rule}", ", ".join(parts), "is asked", lambda relief: f"loosen it by {relief.beyond:,.4g}"
        )


def _until(value: Any) -> str:  # noqa: ANN401 - a date or none
    return "for good" if pd.isna(value) else f"until {pd.Timestamp(value):%d %B %Y}"
