"""Two libraries, one of which may merge into the other: small enough to work out by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

NOTHING_ELSE_COSTS = {
    "decommissioning_gbp_per_m2": 0,
    "vacant_holding_gbp_per_m2_per_year": 0,
    "host_fit_out_gbp_per_m2": 0,
    "double_running_months": 0,
}
TABLES = {
    "partners": "partner_id,name\ncouncil,The council\n",
    "services": "service_id,name,merge_factor,merge_reach_km\nlibrary,Library,0.8,5\n",
    "sites": (
        "site_id,name,partner_id,kind,scope,easting,northing,gia_m2\n"
        "A,North library,council,library,decide,410000,287000,500\n"
        "B,South library,council,library,decide,411000,287000,500\n"
    ),
    "running_costs": "site_id,heading,gbp_per_year\nA,all_running_costs,100000\nB,all_running_costs,150000\n",
    "provisions": "provision_id,site_id,service_id,room_nia_m2\nPA,A,library,100\nPB,B,library,100\n",
    "tenures": "site_id,tenure\nA,freehold\nB,freehold\n",
}


def write_two_libraries(folder: Path, extra: str = "") -> Path:
    """Write the tables and a configuration, and return the path of the configuration."""
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    for name, text in TABLES.items():
        (folder / "tables" / f"{name}.csv").write_text(text, encoding="utf-8", newline="\n")
    assumed = "".join(f"  {name}: {value}\n" for name, value in NOTHING_ELSE_COSTS.items())
    where = f"data: {{folder: tables}}\noutput: {folder.as_posix()}/out\n"
    text = f"name: libraries\n{where}assumptions:\n{assumed}{extra}"
    path = folder / "libraries.yaml"
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def hand_npv(yearly_gbp: float, years: int = 35) -> float:
    """Discount by hand: 3.5% to year 30, 3.0% from then on (Green Book 2022, table of long-term rates)."""
    factor, worth = 1.0, 0.0
    for t in range(years):
        factor /= 1.0 if t == 0 else 1.035 if t <= 30 else 1.03
        worth += yearly_gbp * factor
    return worth
