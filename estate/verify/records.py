"""Plain records of the tables, as the check reads them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from estate.verify.cells import Week

ROUTES_THAT_NEED_FREEHOLD = frozenset({"sell", "let", "transfer"})
LEASED = frozenset({"leasehold", "licence"})


@dataclass(frozen=True, slots=True)
class Cost:
    """One row of running costs; memo headings are not kept."""

    heading: str
    view: str
    gbp: float
    fixed_share: float
    cashable_share: float
    stepped_share: float = 0.0


@dataclass(frozen=True, slots=True)
class Tenure:
    """How a site is held; years are those in which the dates take effect."""

    tenure: str = "freehold"
    expiry: int | None = None
    breaks: frozenset[int] = frozenset()
    notice_years: int = 0
    break_penalty_gbp: float = 0.0
    market_rent_gbp: float | None = None
    dilapidations_gbp: float | None = None
    landlord: str = ""
    review: int | None = None
    review_every: int | None = None
    review_basis: str = "upward"
    review_growth: float = 0.0
    repairs: str = "full"


@dataclass(frozen=True, slots=True)
class Brake:
    """One legal or other brake."""

    brake: str
    effect: str
    until: int | None
    delay_years: float
    cost_gbp: float
    receipt_factor: float


@dataclass(frozen=True, slots=True)
class Valuation:
    """What one exit route brings and costs."""

    receipt_gbp: float = 0.0
    probability: float = 1.0
    years_to_sell: float = 0.0
    disposal_cost_share: float = 0.0
    let_income_gbp: float = 0.0
    holding_gbp: float | None = None
    premium_gbp: float = 0.0
    tenanted: bool = False


@dataclass(frozen=True, slots=True)
class HubOption:
    """One size in which a site may become a hub."""

    site_id: str
    option: str
    room_m2: float
    capital_gbp: float
    running_gbp: float
    lead_years: int
    profile: tuple[float, ...]
    lead_partner: str
    cures_share: float
    life_years: int
    energy_kwh: float = 0.0
    adds_wc: bool = False
    purchase_gbp: float = 0.0
    stamp_duty_gbp: float = 0.0


@dataclass(frozen=True, slots=True)
class HostTerms:
    """On what terms a site lends room."""

    room_m2: float
    hours: float
    term_weeks: float
    permitted: frozenset[str]
    fee_gbp_per_m2: float
    days: float = 7.0
    opens: float = 0.0
    closes: float = 24.0
    transactions: frozenset[str] = frozenset()
    week: Week = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Provision:
    """One partner's delivery of one service at one site."""

    provision_id: str
    site_id: str
    service_id: str
    partner: str
    room_m2: float
    fte: float
    visits: float
    hours: float
    digital_share: float
    fixed: bool
    redundancy_gbp: float = 0.0
    days: float = 5.0
    opens: float | None = None
    closes: float | None = None
    week: Week = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Service:
    """What the public or staff come for."""

    service_id: str
    name: str
    space_factor: float = 1.0
    merge_factor: float = 0.8
    merge_reach_km: float = 0.0
    move_reach_km: float | None = None
    online_allowed: bool = False
    online_setup_gbp: float = 0.0
    online_gbp_per_visit: float = 0.0
    year_round: bool = True
    front_office: bool = True
    transactions: frozenset[str] = frozenset()
    core_opens: float | None = None
    core_closes: float | None = None
    outreach_days: float | None = None


@dataclass(frozen=True, slots=True)
class Partner:
    """A public body."""

    partner_id: str
    name: str
    in_plan: bool = True
    floor_gbp: float | None = None
    retention: float = 1.0
    vat_lost_share: float = 0.0
    pays_stamp_duty: bool = True


@dataclass(frozen=True, slots=True)
class Site:
    """A property with all that its side tables say of it."""

    site_id: str
    name: str
    partner: str
    in_plan: bool
    scope: str
    status: str
    place: tuple[float, float] | None
    gia_m2: float
    nia_m2: float
    step_free: str
    step_free_cost_gbp: float | None
    income_gbp: float
    compensation_gbp: float = 0.0
    energy_kwh: float = 0.0
    upgrade_gbp: float = 0.0
    relief_months: float = 0.0
    energy_band: str = ""
    tenure: Tenure = Tenure()
    costs: tuple[Cost, ...] = ()
    brakes: tuple[Brake, ...] = ()
    valuations: dict[str, Valuation] = field(default_factory=dict, hash=False)
    options: dict[str, HubOption] = field(default_factory=dict, hash=False)
    terms: HostTerms | None = None
    backlog: tuple[tuple[int, float], ...] = ()
    provisions: tuple[str, ...] = ()
    accessible_wc: str = "unknown"
    parking_spaces: float | None = None
    stop_m: float | None = None
    open_hours: float | None = None

    @property
    def existing(self) -> bool:
        """Whether the site stands today and its partner takes part in the plan."""
        return self.status == "existing" and self.in_plan

    @property
    def may_close(self) -> bool:
        """Whether the plan may close the site at all."""
        return self.existing and self.scope in {"decide", "surplus"}

    @property
    def may_be_hub(self) -> bool:
        """Whether a hub may stand here: a candidate, or an existing site that is decided or kept."""
        return self.status == "candidate" or (self.existing and self.scope in {"decide", "keep"})

    @property
    def lends(self) -> bool:
        """Whether the site lends room: terms are given, and it is a host or stands today."""
        return self.terms is not None and (self.status == "host" or self.existing)

    @property
    def routes(self) -> frozenset[str]:
        """Exit routes that are open to the site."""
        freehold = self.tenure.tenure == "freehold"
        listed = frozenset(self.valuations)
        open_to = listed if freehold else listed - ROUTES_THAT_NEED_FREEHOLD
        return open_to or frozenset({"hold" if freehold else "surrender"})


@dataclass(frozen=True, slots=True)
class Closing:
    """A site closes at the start of a year by a route."""

    site_id: str
    year: int
    route: str


@dataclass(frozen=True, slots=True)
class Opening:
    """A hub option opens at the start of a year."""

    site_id: str
    option: str
    year: int


@dataclass(frozen=True, slots=True)
class Leaving:
    """A provision leaves its site at the start of a year."""

    provision_id: str
    how: str
    to_site: str
    to_option: str
    to_provision: str
    year: int


Decision = Closing | Opening | Leaving
