"""What may stand in a configuration: the JSON schema and the reference pages, made from the models."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from estate.config import Config
from estate.core.errors import ConfigError, Issue
from estate.core.reference import default_assumptions
from estate.core.tables import SPECS
from estate.model.rules import ALWAYS_ON, RULES, rule_name
from estate.settings import say_nearest, section_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

SCHEMA_URI = "https://json-schema.org/draft/2020-12/schema"


def config_schema() -> dict[str, Any]:
    """Return the JSON schema of a configuration, composed from its sections and the register of rules.

    Returns
    -------
    dict
        Draft 2020-12; every rule with its options, every assumption and table by name.
    """
    schema = Config.model_json_schema()
    definitions = schema.setdefault("$defs", {})
    properties = schema["properties"]
    rules: dict[str, Any] = {}
    for rule in RULES:
        name = rule_name(rule)
        options = rule.Options.model_json_schema()
        definitions.update(options.pop("$defs", {}))
        definitions[f"rule_{name}"] = {**options, "title": name, "description": rule_sentence(rule)}
        rules[name] = {"anyOf": [{"$ref": f"#/$defs/rule_{name}"}, {"type": "null"}]}
    properties["rules"].update(properties=rules, additionalProperties=False)
    properties["assumptions"].update(
        properties={
            row["name"]: {
                "type": "number",
                "default": row["value"],
                "description": f"{row['description']} [{row['unit']}]",
            }
            for row in default_assumptions().to_dict("records")
        },
        additionalProperties=False,
    )
    definitions["DataSection"]["properties"]["tables"]["propertyNames"] = {"enum": list(SPECS)}
    return {"$schema": SCHEMA_URI, **schema}


def rule_sentence(rule: ModuleType) -> str:
    """Return the first sentence of a rule's documentation."""
    return (inspect.getdoc(rule) or "").split("\n\n")[0].replace("\n", " ").strip()


def rule_rows() -> list[tuple[str, str, str]]:
    """Return name, whether it is always on, and first sentence of every rule."""
    return [
        (rule_name(rule), "always" if rule_name(rule) in ALWAYS_ON else "when named", rule_sentence(rule))
        for rule in RULES
    ]


def rules_reference() -> str:
    """Return the reference of the rules as Markdown: what each says, and its options."""
    parts = []
    for rule in RULES:
        name = rule_name(rule)
        when = "Always on." if name in ALWAYS_ON else "In force when the configuration names it."
        parts.append(f"#### {name}\n\n{rule_sentence(rule)} {when}\n")
        if rule.Options.model_fields:
            parts.append(f"{_table(rule.Options)}\n")
    return "\n".join(parts)


def config_reference() -> str:
    """Return the reference of the configuration as Markdown, section by section."""
    return "\n".join([f"#### Top level\n\n{_table(Config)}\n", *_sections(Config, "")])


def _sections(model: type[BaseModel], above: str) -> Iterator[str]:
    """Yield the reference of every section of a model, one kind of section once."""
    kinds: dict[type[BaseModel], list[str]] = {}
    for name, field in model.model_fields.items():
        kind = section_of(field.annotation)
        if kind is not None:
            kinds.setdefault(kind, []).append(f"{above}{name}")
    for kind, names in kinds.items():
        about = (inspect.getdoc(kind) or "").split("\n\n")[0]
        yield f"#### {', '.join(names)}\n\n{about}\n\n{_table(kind)}\n"
        yield from _sections(kind, f"{names[0]}.")


def assumptions_reference() -> str:
    """Return the default assumptions as a Markdown table."""
    lines = ["| assumption | value | range | unit | quality | what it is |", "|---|---|---|---|---|---|"]
    lines += [
        f"| `{row['name']}` | {row['value']:g} | {row['low']:g} to {row['high']:g} | {row['unit']} "
        f"| {row['quality']} | {row['description']} |"
        for row in default_assumptions().to_dict("records")
    ]
    return "\n".join(lines)


def refresh(page: str) -> str:
    """Return a page of the documentation with its made parts as they should be now.

    Parameters
    ----------
    page : str
        Markdown with parts between ``<!-- begin: config ... -->`` and ``<!-- end: config -->``,
        likewise for rules and assumptions.
    """
    parts = {"config": config_reference, "rules": rules_reference, "assumptions": assumptions_reference}
    for name, make in parts.items():
        begin = re.search(rf"<!-- begin: {name}\b[^>]*-->\n", page)
        end = page.find(f"<!-- end: {name} -->")
        if begin and end >= begin.end():
            page = f"{page[: begin.end()]}\n{make().strip()}\n\n{page[end:]}"
    return page


def dictionary_lines(table: str | None = None) -> list[str]:
    """Return the columns of one table of the data dictionary in words, or the names of all tables.

    Raises
    ------
    ConfigError
        If there is no table of that name.
    """
    if table is None:
        return [f"{name:<15} {', '.join(spec.names[:5])}, ..." for name, spec in SPECS.items()]
    if table not in SPECS:
        issue = Issue("dictionary", None, "", table, "is not a table", say_nearest(table, list(SPECS)))
        raise ConfigError("The table is not known:", [issue])
    lines = []
    for column in SPECS[table].columns:
        unit = f" [{column.unit}]" if column.unit else ""
        need = (
            "required"
            if column.required
            else f"default {column.default}"
            if column.default
            else "may be blank"
        )
        choices = f" Choices: {', '.join(column.allowed)}." if column.allowed else ""
        about = column.description.rstrip(".")
        lines.append(f"{column.name}{unit}: {column.type}, {need}. {about}.{choices}")
    return lines


def _table(model: type[BaseModel]) -> str:
    """Return the fields of a model as a Markdown table, sections left to their own."""
    schema = model.model_json_schema()
    lines = ["| key | default | may be | what it is |", "|---|---|---|---|"]
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            continue
        shape = schema["properties"][name]
        default = (
            "required" if field.is_required() else _code(_plain(field.get_default(call_default_factory=True)))
        )
        lines.append(f"| `{name}` | {default} | {_may_be(shape)} | {field.description or ''} |")
    return "\n".join(lines)


def _plain(value: Any) -> str:  # noqa: ANN401 - any default of any field
    if value is None or value in ("", (), {}, []):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _may_be(shape: dict[str, Any]) -> str:
    """Say in words which values a field takes."""
    if "$ref" in shape:
        return "section, see below"
    if "anyOf" in shape:
        return " or ".join(_may_be(part) for part in shape["anyOf"] if part.get("type") != "null")
    if "enum" in shape:
        return ", ".join(f"`{value}`" for value in shape["enum"])
    word = {
        "string": "text",
        "integer": "whole number",
        "boolean": "true or false",
        "array": "list",
        "object": "map",
    }
    text = (
        "path" if shape.get("format") == "path" else word.get(str(shape.get("type")), str(shape.get("type")))
    )
    low = shape.get("minimum", shape.get("exclusiveMinimum"))
    high = shape.get("maximum")
    if low is not None and high is not None:
        return f"{text}, {low:g} to {high:g}"
    if low is not None:
        return f"{text}, {'more than' if 'exclusiveMinimum' in shape else 'at least'} {low:g}"
    return text
