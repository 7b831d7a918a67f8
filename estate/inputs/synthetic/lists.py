"""What the invented estate is drawn from. Every figure here is made up to be plausible."""

from __future__ import annotations

from csv import DictReader
from functools import cache
from importlib.resources import files
from typing import NamedTuple

FRONT = ("benefits", "health", "social_care", "housing", "advice")
INDEPENDENT = "independent"


class Partner(NamedTuple):
    """A public body; `holding` gives the weights of freehold, leasehold, licence and PFI."""

    partner_id: str
    name: str
    budget_weight: float
    retention: float
    holding: tuple[float, float, float, float]
    hours: tuple[int, int]


PARTNERS = (
    Partner("council", "Tamebrook Council (invented)", 50, 1.0, (0.78, 0.18, 0.02, 0.02), (30, 50)),
    Partner(
        "nhs_community",
        "Colebrook Community NHS Trust (invented)",
        16,
        1.0,
        (0.52, 0.44, 0.0, 0.04),
        (37, 60),
    ),
    Partner("nhs_property", "Heartmoor NHS Estates (invented)", 12, 0.5, (0.62, 0.34, 0.0, 0.04), (37, 52)),
    Partner("police", "Eastmoor Police (invented)", 9, 1.0, (0.82, 0.18, 0.0, 0.0), (35, 84)),
    Partner("jobcentre", "Eastmoor Jobcentre Network (invented)", 7, 0.5, (0.1, 0.86, 0.0, 0.04), (37, 45)),
    Partner("voluntary", "Eastmoor Voluntary Alliance (invented)", 6, 1.0, (0.3, 0.45, 0.25, 0.0), (12, 30)),
)


class Profile(NamedTuple):
    """A sort of property: how many in 600, its area [m2 GIA], cost [GBP/m2/year], service mixes."""

    partner_id: str
    kind: str
    label: str
    scope: str
    weight: float
    gia_m2: float
    rate: float
    mixes: tuple[tuple[str, ...], ...]
    reason: str


@cache
def profiles() -> tuple[Profile, ...]:
    """Return the sorts of property of which an estate is drawn."""
    with files("estate.inputs").joinpath("synthetic_profiles.csv").open(encoding="utf-8") as handle:
        return tuple(
            Profile(
                row["partner_id"],
                row["kind"],
                row["label"],
                row["scope"],
                float(row["weight"]),
                float(row["gia_m2"]),
                float(row["rate_gbp_per_m2"]),
                tuple(tuple(mix.split("+")) for mix in row["mixes"].split("; ") if mix),
                row["reason"],
            )
            for row in DictReader(handle)
        )


class Service(NamedTuple):
    """A service; rates are per resident and year [visits], per FTE [m2]."""

    service_id: str
    name: str
    front: bool
    space_factor: float
    merge_factor: float
    merge_reach_km: float
    move_reach_km: float
    online: tuple[bool, int, float]
    year_round: bool
    digital: tuple[float, float]
    m2_per_fte: float
    visits_per_fte: float


SERVICES = (
    Service(
        "benefits",
        "Benefits and work",
        True,
        0.78,
        0.85,
        0.6,
        3.5,
        (True, 12_000, 2.0),
        True,
        (0.12, 0.3),
        16,
        900,
    ),
    Service(
        "health", "Community health", True, 0.85, 0.9, 0.6, 3.5, (False, 0, 0), True, (0.05, 0.12), 22, 1100
    ),
    Service(
        "social_care",
        "Social care and families",
        True,
        0.84,
        0.9,
        0.6,
        3.5,
        (False, 0, 0),
        True,
        (0.05, 0.1),
        24,
        500,
    ),
    Service(
        "housing", "Housing", True, 0.76, 0.85, 0.6, 3.5, (True, 10_000, 2.0), True, (0.1, 0.25), 15, 700
    ),
    Service(
        "advice",
        "Advice and information",
        True,
        0.75,
        0.85,
        0.6,
        3.0,
        (True, 8_000, 1.5),
        False,
        (0.1, 0.3),
        20,
        1300,
    ),
    Service(
        "back_office", "Back office", False, 0.74, 0.8, 0.6, 4.0, (False, 0, 0), True, (0.1, 0.25), 11, 0
    ),
)

#: Headings of running cost other than rent, with their shares of the rate.
HEADINGS = (
    ("business_rates", 0.14),
    ("insurance", 0.03),
    ("energy", 0.18),
    ("water", 0.02),
    ("hard_fm", 0.21),
    ("soft_fm", 0.22),
    ("security", 0.06),
    ("management", 0.06),
    ("other", 0.08),
)
EMPTY_HEADINGS = (("business_rates", 0.35), ("insurance", 0.15), ("hard_fm", 0.2), ("security", 0.3))


class Host(NamedTuple):
    """A sort of host: weight, room lent [m2], hours a week, window, weeks, services, fee [GBP/m2/year]."""

    kind: str
    label: str
    partner_id: str
    weight: float
    room: tuple[int, int]
    hours: tuple[int, int]
    window: tuple[str, str]
    term_weeks: int
    services: str
    fee: tuple[int, int]


HOSTS = (
    Host(
        "school",
        "Academy",
        INDEPENDENT,
        24,
        (50, 140),
        (16, 20),
        ("17:00", "21:00"),
        39,
        "advice;housing",
        (25, 60),
    ),
    Host(
        "gp_surgery",
        "Surgery",
        INDEPENDENT,
        14,
        (18, 45),
        (30, 45),
        ("08:30", "18:00"),
        52,
        "health;advice",
        (80, 150),
    ),
    Host(
        "post_office",
        "Post Office",
        INDEPENDENT,
        12,
        (8, 18),
        (40, 50),
        ("09:00", "17:30"),
        52,
        "advice;benefits",
        (90, 180),
    ),
    Host(
        "hall",
        "Parish Hall",
        "voluntary",
        10,
        (50, 120),
        (25, 45),
        ("09:00", "18:00"),
        52,
        "advice;social_care;housing",
        (30, 70),
    ),
)


class Brake(NamedTuple):
    """A legal or other brake: share of decided sites, effect and the ranges of its size."""

    brake: str
    share: float
    effect: str
    delay_years: tuple[float, float] = (0, 0)
    cost_gbp: tuple[int, int] = (0, 0)
    receipt_factor: tuple[float, float] = (1, 1)
    until_years: tuple[int, int] | None = None


BRAKES = (
    Brake("listed building", 0.03, "delay", (0.5, 2.0)),
    Brake("conservation area", 0.04, "delay", (0.5, 1.0)),
    Brake("asset of community value", 0.04, "delay", (0.5, 0.5)),
    Brake("restrictive covenant", 0.03, "receipt", receipt_factor=(0.4, 0.8)),
    Brake("playing field", 0.01, "receipt", receipt_factor=(0.5, 0.8)),
    Brake("grant clawback", 0.02, "cost", cost_gbp=(20_000, 120_000)),
    Brake("asbestos removal before sale", 0.03, "cost", cost_gbp=(15_000, 90_000)),
    Brake("charitable trust", 0.01, "lock"),
    Brake("tenancy", 0.02, "lock", until_years=(1, 6)),
    Brake("consultation", 0.02, "lock", until_years=(1, 3)),
)

STREET_FIRST = (  # noqa: SIM905  a list would take a screen
    "Alder Amber Anvil Barley Bellfounder Bramble Brassmaker Button Canal Carriage Chandler Cinder Clover "
    "Cooper Copper Cornmill Crucible Damson Drover Elder Ferrier Flint Foundry Gaslight Gilder Glazier "
    "Gorse Hammer Harebell Hawthorn Heron Hollow Ironmonger Juniper Kestrel Kiln Larch Lathe Linnet "
    "Lockkeeper Loom Maltings Medlar Millrace Nailmaker Orchard Osier Otter Penmaker Plover Quarry Quince "
    "Rivet Rowan Saddler Sandpit Skylark Spindle Tallow Tanner Teasel Thimble Tinplate Toll Turner "
    "Viaduct Wagon Walnut Weaver Wharf Willow"
).split()
STREET_LAST = ("Road", "Street", "Lane", "Green", "Grove", "Way", "Avenue", "Square", "Drive", "Cross")

#: standard_id, service, group, threshold [km], share, geography.
STANDARDS = (
    ("benefits_all", "benefits", "all", 1.6, 0.95, "overall"),
    ("benefits_deprived", "benefits", "most_deprived", 1.6, 0.98, "overall"),
    ("health_all", "health", "all", 1.6, 0.95, "overall"),
    ("health_no_car", "health", "no_car", 1.2, 0.95, "overall"),
    ("health_by_constituency", "health", "all", 1.6, 0.93, "zone"),
    ("social_care_all", "social_care", "all", 1.6, 0.95, "overall"),
    ("social_care_disabled", "social_care", "disabled", 1.4, 0.97, "overall"),
    ("housing_all", "housing", "all", 1.6, 0.93, "overall"),
    ("advice_all", "advice", "all", 1.2, 0.95, "overall"),
    ("advice_deprived", "advice", "most_deprived", 1.2, 0.98, "overall"),
)

#: Pair of services and the share of visits to the less visited of the two that need both.
LINKED_TRIPS = (
    ("advice", "benefits", 0.2),
    ("advice", "housing", 0.16),
    ("benefits", "housing", 0.14),
    ("advice", "health", 0.05),
    ("health", "social_care", 0.12),
    ("housing", "social_care", 0.07),
)

#: Fact of the areas, and how the generator drew it.
EVIDENCE = (
    ("population", "The population asked for, shared out at random"),
    ("deprivation", "Drawn: deprived in the west, less so in the east"),
    ("age", "Drawn: fewer are 65 and over where deprivation is high"),
    ("disability", "Drawn: more are disabled where deprivation is high"),
    ("car_availability", "Drawn: fewer have a car where deprivation is high"),
    ("rurality", "The eastern edge is rural"),
    ("travel", "Straight lines times circuity"),
    ("places", "Drawn around local centres"),
)
