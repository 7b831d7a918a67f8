"""Which rules conflict, when no plan satisfies them all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estate.core.errors import Issue
from estate.model.formulation import build_model
from estate.solve.highs import load, run, scaled

if TYPE_CHECKING:
    from estate.config import Config
    from estate.core.types import Estate
    from estate.solve.clock import Clock

ALWAYS = ("assignment", "opening")
REMEDY = {
    "capacity": "allow more room at hubs or hosts",
    "compatibility": "loosen which services may not or must share",
    "permission": "let hosts take more services",
    "reach": "allow longer moves",
    "access": "lower a standard, or hold it at today's level (basis: target_or_today)",
    "tenure": "allow more time, or a break in the lease",
    "brakes": "lift a lock, or choose a later year",
    "fitness": "give the cost of becoming step-free",
    "locks": "unlock a site",
    "counts": "ask for fewer or allow more hubs or closures",
    "materiality": "lower the least saving of a closure",
    "capital": "raise a budget, a grant or the borrowing allowed",
    "affordability": "allow more funding, a later payback or a smaller saving",
    "partnership": "lower a partner's floor",
}


def conflicting_rules(estate: Estate, config: Config, clock: Clock) -> list[Issue]:
    """Find a smallest set of rules that cannot hold together, by leaving rules out one by one.

    Every rule named is needed for the conflict: without it the others can hold.

    Returns
    -------
    list of Issue
        One for each rule of the conflict.
    """
    kept = [name for name in config.rules if name not in ALWAYS]
    for name in list(kept):
        clock.tell(f"looking for the conflict: without {name}")
        trial = [rule for rule in kept if rule != name]
        if not clock.stop.is_set() and not _feasible(estate, config, trial):
            kept = trial
    return [
        Issue("rules", None, name, "", "cannot hold together with the other rules named here", REMEDY[name])
        for name in kept
    ]


def _feasible(estate: Estate, config: Config, names: list[str]) -> bool:
    rules = {name: options for name, options in config.rules.items() if name in names or name in ALWAYS}
    model = build_model(estate, config.model_copy(update={"rules": rules}))
    arrays, _ = scaled(model.problem.arrays())
    answer = run(load(arrays, {"time_limit": 30.0, "mip_rel_gap": 1e9}))
    return answer.status != "infeasible"
