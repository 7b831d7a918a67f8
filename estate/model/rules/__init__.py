"""The register of rules: one file a rule, one line here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from estate.core.errors import ConfigError, Issue, say_refusal
from estate.model.rules import (
    access,
    affordability,
    assignment,
    brakes,
    capacity,
    capital,
    compatibility,
    counts,
    fitness,
    locks,
    materiality,
    opening,
    partnership,
    permission,
    reach,
    tenure,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

RULES: tuple[ModuleType, ...] = (
    assignment,
    opening,
    capacity,
    compatibility,
    permission,
    reach,
    access,
    tenure,
    brakes,
    fitness,
    locks,
    counts,
    materiality,
    capital,
    affordability,
    partnership,
)

ALWAYS_ON = frozenset(
    {
        "assignment",
        "opening",
        "capacity",
        "compatibility",
        "permission",
        "reach",
        "access",
        "tenure",
        "brakes",
        "fitness",
    }
)


def rule_name(rule: ModuleType) -> str:
    """Return the name of a rule: that of its file, its config key and its row prefix."""
    return rule.__name__.rsplit(".", 1)[-1]


def resolve_rules(rules: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Check the options of every rule and fill in their defaults.

    Parameters
    ----------
    rules : mapping
        ``{name: options}`` as the config gives them.

    Returns
    -------
    dict
        Every rule in force, with complete options; rules that are not in force are absent.

    Raises
    ------
    ConfigError
        For every unknown rule and option at once.
    """
    known = {rule_name(rule): rule for rule in RULES}
    issues = [
        Issue("config", None, f"rules.{name}", name, "is not a rule", f"use one of {', '.join(known)}")
        for name in rules
        if name not in known
    ]
    resolved: dict[str, dict[str, Any]] = {}
    for name, rule in known.items():
        if name not in rules and name not in ALWAYS_ON:
            continue
        try:
            options = rule.Options(**dict(rules.get(name) or {}))
        except ValidationError as error:
            issues += [
                Issue(
                    "config",
                    None,
                    ".".join(["rules", name, *(str(part) for part in detail["loc"])]),
                    repr(detail.get("input", "")) if detail["loc"] else "",
                    say_refusal(detail),
                    f"use the options of the rule: {', '.join(rule.Options.model_fields)}",
                )
                for detail in error.errors()
            ]
        else:
            resolved[name] = options.model_dump(mode="json")
    if issues:
        raise ConfigError("The rules of the configuration have problems:", issues)
    return resolved
