"""The mapping file: what an importer of published registers cannot guess."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from estate.core.errors import ConfigError, InputError, Issue, say_refusal
from estate.core.reference import kinds
from estate.core.yamlfile import read_yaml

if TYPE_CHECKING:
    from pathlib import Path

SCOPES = ("decide", "keep", "surplus", "out")


class KindRule(BaseModel):
    """Assets whose text holds the words take the kind, before the importer's own table."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    words: str = Field(min_length=2, description="Words as they stand in the register, any case")
    column: str = Field("any", description="name, detail, purpose, tenure_detail or any")
    kind: str = Field(description="Kind of the table of kinds")
    scope: str = Field("", description="decide, keep, surplus or out; blank follows from the kind")
    reason: str = ""


class Mapping(BaseModel):
    """A mapping file, checked.

    Attributes
    ----------
    columns : dict
        ``{canonical name: header or list of headers}``.
    headers : tuple of str
        Headers from the left, of a file that has none or whose own say nothing; blank leaves a
        column out.
    kinds : tuple of KindRule
        First match wins.
    scopes : dict
        ``{kind: scope}`` for the buildings that the council occupies.
    sites : dict
        ``{asset: {column: value}}`` for single assets: kind, scope, scope_reason and
        any other column of the table of sites.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: dict[str, str | list[str]] = Field(default_factory=dict)
    headers: tuple[str, ...] = Field((), description="Headers from the left, where the file has none")
    header_row: int | None = Field(None, ge=1, description="Row of the headers as a spreadsheet shows it")
    crs: str = Field("", description="CRS of the coordinates, for example EPSG:27700 or EPSG:4326")
    kinds: tuple[KindRule, ...] = ()
    scopes: dict[str, str] = Field(default_factory=dict)
    sites: dict[str, dict[str, Any]] = Field(default_factory=dict)
    partner: str = "council"
    partner_name: str = ""


def read_mapping(path: Path | None) -> Mapping:
    """Read a mapping file; without one, return the mapping that says nothing.

    Raises
    ------
    InputError
        With every problem of the file.
    """
    if path is None:
        return Mapping()
    if not path.is_file():
        issue = Issue(str(path), None, "", "", "is not a file", "give the path of the mapping file")
        raise InputError("The mapping file cannot be read:", [issue])
    try:
        content, _ = read_yaml(path)
        mapping = Mapping.model_validate(content)
    except ConfigError as error:
        raise InputError("The mapping file cannot be read:", error.issues) from error
    except ValidationError as error:
        raise InputError("The mapping file has problems:", _issues_of(error, path.name)) from error
    issues = _unknown_names(mapping, path.name)
    if issues:
        raise InputError("The mapping file has problems:", issues)
    return mapping


def _issues_of(error: ValidationError, name: str) -> list[Issue]:
    return [
        Issue(
            name,
            None,
            ".".join(str(part) for part in detail["loc"]),
            str(detail.get("input", ""))[:60],
            say_refusal(detail),
            f"use the keys {', '.join(Mapping.model_fields)}",
        )
        for detail in error.errors()
    ]


def _unknown_names(mapping: Mapping, name: str) -> list[Issue]:
    known = set(kinds()["kind"])
    used = [("kinds", rule.kind) for rule in mapping.kinds] + [("scopes", kind) for kind in mapping.scopes]
    used += [(f"sites.{key}", str(row["kind"])) for key, row in mapping.sites.items() if "kind" in row]
    given = [("kinds", rule.scope) for rule in mapping.kinds if rule.scope]
    given += [(f"scopes.{kind}", scope) for kind, scope in mapping.scopes.items()]
    given += [(f"sites.{key}", str(row["scope"])) for key, row in mapping.sites.items() if "scope" in row]
    return [
        Issue(name, None, column, kind, "is not a kind", f"use one of {', '.join(sorted(known))}")
        for column, kind in used
        if kind not in known
    ] + [
        Issue(name, None, column, scope, "is not a scope", f"use one of {', '.join(SCOPES)}")
        for column, scope in given
        if scope not in SCOPES
    ]
