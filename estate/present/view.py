"""What one audience may read of a run: every writer works from this and from nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from estate.core.result import ACCESS_COLUMNS
from estate.core.words import plural
from estate.present import audience as rules
from estate.present.business import business_for
from estate.present.serving import serving_for
from estate.present.small_counts import public_headline
from estate.present.tables import hubs_table, moves_table, named, plan_table
from estate.present.why import reasons_for, without_prices
from estate.present.words import join_words, text

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping

    from estate.core.result import Result
    from estate.core.types import Horizon

_WITHHELD = {
    "both": "Receipts, and figures that contain them, are withheld: too few sales to hide a single one.",
    "economic": "Economic figures are withheld: too few sales by partners that pass receipts on.",
}
_ACCESS_PLACE = ("nearest_site_id", "distance_km", "minutes")


@dataclass(frozen=True)
class Header:
    """What stands on every page.

    Attributes
    ----------
    name, title : str
        Name of the run and its title in words.
    audience : str
        ``internal``, ``partner`` or ``public``.
    status : str
        ``Proposed``, or how many decisions have come further.
    data_date : str
        As-at date of the data, in words.
    made : str
        When the run was made; blank where the run does not say.
    invented : bool
        Whether the estate is made up.
    price_base : str
        Base of the prices, for example ``2027/28 prices``.
    source : str
        Where the data come from and who must be named for them; blank where the run does not say.
    """

    name: str
    title: str
    audience: str
    status: str
    data_date: str
    made: str
    invented: bool
    price_base: str
    source: str = ""

    def lines(self) -> list[str]:
        """Return the lines for the foot of a page."""
        dates = [f"Data: {self.data_date}", f"Made: {self.made}" if self.made else ""]
        first = " · ".join([f"Status: {self.status}", *filter(None, dates), f"For: {self.audience} readers"])
        more = [f"Source: {self.source}"] if self.source else []
        warning = ["Invented estate: no figure is about a real place."] if self.invented else []
        return [first, *more, *warning]


@dataclass(frozen=True)
class View:
    """A run as one audience may read it; see ``Result`` and ``tables`` for the columns.

    Attributes
    ----------
    header : Header
        What stands on every page.
    horizon : Horizon
        Years of the run.
    sites, moves, hubs : DataFrame
        ``tables.plan_table``, ``moves_table`` and ``hubs_table``, confidential places left out.
    cash : DataFrame
        Cash flows with t and group; pooled where the audience may not see sites.
    access, assumed, collect, funnel, matches, partners, checks, areas : DataFrame
        As in ``Result`` and ``Estate``.
    summary, run : mapping
        ``summary.json`` and ``run.json``.
    geometries : mapping
        areas and boundary.
    notes : tuple of str
        What a reader must know first.
    solution : mapping
        status, bound_gbp, objective_gbp and gap, blank for a plan made by hand.
    standards : DataFrame
        As in ``Estate``.
    services : mapping of str to str
        Name of every service.
    crs : str
        CRS of easting and northing.
    discounting : tuple of str
        Table of discount rates and timing.
    business : mapping of str to DataFrame
        Tables of the business case by the name of their file.
    reasons : mapping of str to DataFrame
        Why each site is decided as it is; empty where it was not asked for.
    deprived_urban_share : float
        Most deprived part of all areas ranked that counts as deprived: a definition, not a figure
        of this estate.
    fewest_people : int
        Least count of people that may be told, and to which others are rounded; 0 tells all [person].
    serving : mapping of str to DataFrame
        Tables of how residents are served by the name of their file.
    """

    header: Header
    horizon: Horizon
    sites: pd.DataFrame
    moves: pd.DataFrame
    hubs: pd.DataFrame
    cash: pd.DataFrame
    access: pd.DataFrame
    assumed: pd.DataFrame
    collect: pd.DataFrame
    funnel: pd.DataFrame
    matches: pd.DataFrame
    partners: pd.DataFrame
    checks: pd.DataFrame
    areas: pd.DataFrame
    summary: Mapping[str, Any]
    run: Mapping[str, Any]
    geometries: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    solution: Mapping[str, Any] = field(default_factory=dict)
    standards: pd.DataFrame = field(default_factory=pd.DataFrame)
    services: Mapping[str, str] = field(default_factory=dict)
    crs: str = "EPSG:27700"
    discounting: tuple[str, str] = ("green_book_2022", "year_end")
    business: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    reasons: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    serving: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    deprived_urban_share: float = float("nan")
    fewest_people: int = 0

    def headline(self, key: str) -> Mapping[str, Any] | None:
        """Return the headline of that key, or None where this audience has none."""
        rows: list[Mapping[str, Any]] = list(self.summary.get("headlines", []))
        return next((row for row in rows if row.get("key") == key), None)


def status_words(sites: pd.DataFrame) -> str:
    """Return how far the decisions on closures and hubs have come."""
    acted = sites.loc[sites["decision"].isin(["close", "hub"]), "state"]
    if acted.empty:
        return "No change proposed"
    further = acted[~acted.isin(["", "proposed"])].value_counts()
    if further.empty:
        return "Proposed"
    return "Proposed; of its actions " + join_words([f"{n} {state}" for state, n in further.items()])


def make_view(result: Result, audience: str) -> View:
    """Return what the audience may read of a run.

    Parameters
    ----------
    result : Result
        The run.
    audience : str
        ``internal``, ``partner`` or ``public``.

    Raises
    ------
    ConfigError
        If the audience is not known.
    """
    rules.check_audience(audience)
    labels = {t: result.horizon.label(t) for t in range(result.horizon.appraisal_years)}
    cash, withheld = rules.cash_for(result.ledger, audience, labels)
    site_rows, moves = plan_table(result), moves_table(result)
    hubs = hubs_table(result, site_rows, moves)
    notes = [*_held_notes(result, site_rows, audience), *result.estate.notes]
    if withheld:
        notes.append(_WITHHELD["both" if "financial" in withheld else "economic"])
    view = View(
        header=_header(result, audience, site_rows),
        horizon=result.horizon,
        sites=without_prices(site_rows, audience),
        moves=moves,
        hubs=hubs,
        cash=cash,
        access=result.access.reindex(columns=list(ACCESS_COLUMNS)) if result.access.empty else result.access,
        assumed=result.estate.assumed,
        collect=rules.collect_for(result.collect, audience),
        funnel=result.estate.funnel,
        matches=result.estate.matches,
        partners=_partners(result, audience, cash),
        checks=result.checks,
        areas=result.estate.tables["areas"],
        summary=_summary(result, audience, withheld),
        run=rules.run_for(result.run, audience, withheld=result.config.objective in withheld),
        geometries=result.estate.geometries,
        notes=tuple(notes),
        solution=_solution(result, withheld=result.config.objective in withheld),
        crs=str(getattr(getattr(result.config, "data", None), "crs", "EPSG:27700")),
        discounting=(result.config.vintage, result.config.timing),
        business=business_for(result.business, audience, withheld),
        reasons=reasons_for(result.reasons, audience),
        serving=serving_for(result, audience),
        deprived_urban_share=result.estate.assumptions.get("deprived_urban_share", float("nan")),
        fewest_people=result.config.fewest_people if audience == "public" else 0,
        standards=result.estate.tables["standards"],
        services=_service_names(result.estate.tables["services"]),
    )
    return _for_public(view, result) if audience == "public" else view


def _held_notes(result: Result, sites: pd.DataFrame, audience: str) -> list[str]:
    """Say which sites the plan closes and holds empty, because nobody gave their value.

    All readers find these routes in plan.csv; only the council is told of confidential places.
    """
    held = sites[(sites["decision"] == "close") & (sites["exit_route"] == "hold")]
    held = held[~held["site_id"].isin(result.estate.tables["valuations"]["site_id"])]
    if audience != "internal":
        held = held[~held["site_id"].isin(rules.confidential_sites(result.estate.tables["sites"]))]
    if held.empty:
        return []
    names = join_words([*named(held["name"], held["site_id"])])
    last = result.horizon.label(result.horizon.appraisal_years - 1)
    what = plural(len(held), "site closes and is", "sites close and are")
    return [f"{what} held empty to {last}, because no value is given: {names}. A value may change the plan."]


def _service_names(services: pd.DataFrame) -> dict[str, str]:
    return dict(zip(services["service_id"], named(services["name"], services["service_id"]), strict=True))


def _header(result: Result, audience: str, sites: pd.DataFrame) -> Header:
    config = result.config
    base = text(result.summary.get("price_base")) or f"{result.horizon.label(0)} prices"
    return Header(
        name=config.name,
        title=config.title or config.name.replace("_", " "),
        audience=audience,
        status=status_words(sites),
        data_date=config.data_date or "not given",
        source=config.source,
        made=text(result.run.get("made"))[:10],
        invented=config.invented,
        price_base=base,
    )


def _solution(result: Result, *, withheld: bool) -> dict[str, Any]:
    solution = result.solution
    if solution is None:
        return {}
    figures = {
        "bound_gbp": solution.bound_gbp,
        "objective_gbp": solution.objective_gbp,
        "gap_share_of_saving": solution.gap_share_of_saving,
    }
    return {"status": solution.status, "stopped_by": solution.stopped_by, **({} if withheld else figures)}


def _summary(result: Result, audience: str, withheld: frozenset[str]) -> dict[str, Any]:
    """Headlines for the audience; other parts of the summary are for internal readers."""
    rows = rules.headlines_for(list(result.summary.get("headlines", [])), audience, withheld)
    if audience == "internal":
        return {**result.summary, "headlines": rows}
    if audience == "public":
        rows = [public_headline(row, result.config.fewest_people) for row in rows]
    base = {k: result.summary[k] for k in ("price_base",) if k in result.summary}
    return {**base, "headlines": rows}


def _partners(result: Result, audience: str, cash: pd.DataFrame) -> pd.DataFrame:
    """Measures by partner; outside the council only of partners whose receipts are not pooled."""
    partners = result.partners
    if audience == "internal" or partners.empty:
        return partners
    sold = result.ledger[result.ledger["line"].isin(["receipt", "disposal_cost", "let_income"])]
    exposed = set(sold.loc[sold["amount_gbp"] != 0, "partner_id"]) - set(
        cash.loc[cash["t"] >= 0, "partner_id"]
    )
    own = cash[cash["line"].isin(["receipt", "disposal_cost", "let_income", "receipts"])]
    exposed |= set(sold.loc[sold["amount_gbp"] != 0, "partner_id"]) - set(own["partner_id"])
    hidden = partners["partner_id"].isin(exposed)
    numeric = [c for c in partners.columns if pd.api.types.is_numeric_dtype(partners[c])]
    rounded = (partners[numeric].astype(float) / rules.ROUND_GBP).round() * rules.ROUND_GBP
    money = [c for c in numeric if "gbp" in c]
    shown = partners.assign(**{c: rounded[c].mask(hidden) for c in money})
    others = [c for c in numeric if c not in money]
    return shown.assign(**{c: partners[c].astype(float).mask(hidden) for c in others})


def _for_public(view: View, result: Result) -> View:
    """Take every trace of confidential places out, and columns the public may not read."""
    raw = result.estate.tables["sites"]
    places, secrets = rules.confidential_sites(raw), rules.secret_words(raw)
    shown = view.sites[~view.sites["site_id"].isin(places)].reset_index(drop=True)
    shown = shown.assign(
        parent_site_id=shown["parent_site_id"].where(~shown["parent_site_id"].isin(places), "")
    )
    touched = view.moves["from_site_id"].isin(places) | view.moves["to_site_id"].isin(places)
    moves = view.moves[~touched].assign(cost_gbp=float("nan")).reset_index(drop=True)
    hubs = hubs_table(result, shown, moves)
    near = view.access["nearest_site_id"].astype(str).isin(places)
    access = view.access.assign(**{c: view.access[c].mask(near) for c in _ACCESS_PLACE})
    hidden = rules.hidden_columns("assumptions", view.assumed.columns, "public")
    notes = [rules.without_words(note, secrets) for note in view.notes]
    if places:
        notes.append(
            f"{plural(len(places), 'confidential place')} left out, of the lists, the map and the counts."
        )
    return replace(
        view,
        sites=rules.struck_out(shown, secrets).drop(columns="confidential"),
        moves=moves,
        hubs=hubs,
        access=access,
        assumed=rules.without_secrets(view.assumed, secrets).assign(**dict.fromkeys(hidden, "")),
        collect=rules.without_secrets(view.collect, secrets),
        funnel=rules.struck_out(view.funnel, secrets),
        matches=rules.without_secrets(view.matches, secrets),
        checks=rules.without_secrets(view.checks, secrets),
        summary=_recounted(_scrub(view.summary, secrets), shown, moves),
        run=_scrub(view.run, secrets),
        notes=tuple(notes),
        reasons={
            name: rules.struck_out(table, secrets)
            for name, table in reasons_for(result.reasons, "public", places).items()
        },
    )


def _recounted(summary: dict[str, Any], shown: pd.DataFrame, moves: pd.DataFrame) -> dict[str, Any]:
    """Count only what is shown: the difference would tell what happens to a confidential place."""
    existing = shown[shown["status"] == "existing"]
    counts = {
        "closures": int((shown["decision"] == "close").sum()),
        "hubs": int((shown["decision"] == "hub").sum()),
        "moves": len(moves),
        "decided_sites": int((existing["scope"] == "decide").sum()),
        "surplus_sites": int((existing["scope"] == "surplus").sum()),
    }
    rows = []
    for row in summary.get("headlines", []):
        count = counts.get(row.get("key"))
        parts = {"value": count, "numerator": count, "denominator": None}
        rows.append(row if count is None else {**row, **parts})
    return {**summary, "headlines": rows}


def _scrub(value: Any, secrets: re.Pattern[str] | None) -> Any:  # noqa: ANN401 (a JSON value of any shape)
    if isinstance(value, str):
        return rules.without_words(value, secrets)
    if isinstance(value, dict):
        return {key: _scrub(item, secrets) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_scrub(item, secrets) for item in value]
    return value
