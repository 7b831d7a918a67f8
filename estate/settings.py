"""From a file to a checked configuration: every name resolved, every problem at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from estate.config import Config
from estate.core import tables, vintage
from estate.core.errors import ConfigError, Issue, say_refusal
from estate.core.portable import expand, named_folders, variable_remedy
from estate.core.reference import default_assumptions, standard_sets
from estate.core.yamlfile import read_value, read_yaml
from estate.model.rules import RULES, resolve_rules, rule_name

WORKBOOKS = frozenset({".xlsx", ".xlsm"})


@dataclass(frozen=True)
class _Source:
    """Where values came from, so that a problem is shown where it was written."""

    file: str
    lines: Mapping[str, int] = field(default_factory=dict)
    overridden: frozenset[str] = frozenset()

    def issue(self, key: str, value: object, problem: str, remedy: str) -> Issue:
        """Return a problem of the value under `key`."""
        shown = "" if value is None else _short(value)
        here = f"{key}."
        if any(here.startswith(f"{name}.") or f"{name}.".startswith(here) for name in self.overridden):
            return Issue("command line", None, key, shown, problem, remedy)
        line, part = self.lines.get(key), key
        while line is None and "." in part:
            part = part.rpartition(".")[0]
            line = self.lines.get(part)
        return Issue(self.file, line, key, shown, problem, remedy)


def load_config(
    path: Path | str, overrides: Mapping[str, Any] | None = None, shared: Path | None = None
) -> tuple[Config, Path]:
    """Read a configuration from YAML or from a workbook and check all of it.

    Parameters
    ----------
    path : Path or str
        A YAML file, or a workbook made by ``estate init --excel``.
    overrides : mapping, optional
        Values that replace those of the file, by dotted key (``solver.gap``); maps
        merge, lists and single values are replaced, None goes back to the default.
    shared : Path, optional
        Folder for ``${ESTATE_SHARED}`` in paths. Without it the environment variable
        of that name, else a folder ``shared`` beside the checkout, where there is one.

    Returns
    -------
    Config
        Complete, its rules resolved with all their options.
    Path
        Folder against which its relative paths are read.

    Raises
    ------
    ConfigError
        With every problem of the file.
    """
    path = Path(path)
    if not path.is_file():
        remedy = "give the path of a YAML file or workbook, or make one with `estate init`"
        raise ConfigError(
            "The configuration cannot be read:", [Issue(str(path), None, "", "", "is not a file", remedy)]
        )
    base = path.parent.resolve()
    raw, lines = _read_workbook(path) if path.suffix.lower() in WORKBOOKS else read_yaml(path)
    raw = _with_own_tables(merge(raw, _nest(overrides or {})), base)
    source = _Source(path.name, lines, frozenset(overrides or {}))
    folders, missing = named_folders(raw.get("data"), base, shared)
    issues = [source.issue("data", f"${{{name}}}", "is not set", variable_remedy(name)) for name in missing]
    config, problems = _validate(expand(raw, folders), folders, source)
    if config is None or issues or problems:
        raise ConfigError("The configuration has problems:", sorted({*issues, *problems}, key=_place))
    return config, base


def changed(config: Config, overrides: Mapping[str, Any], said_by: str) -> Config:
    """Return a loaded configuration with changes, checked as if it had been read so.

    Parameters
    ----------
    config : Config
        Complete.
    overrides : mapping
        As for `load_config`: by dotted key, or maps within maps.
    said_by : str
        Who asks for the changes, named where they are wrong.

    Raises
    ------
    ConfigError
        With every problem of the changes.
    """
    if not overrides:
        return config
    raw = merge(config.model_dump(mode="json"), _nest(overrides))
    source = _Source(said_by)
    made, issues = _validate(expand(raw, config.folders), config.folders, source)
    if made is None or issues:
        raise ConfigError("The changes of the configuration have problems:", sorted(set(issues), key=_place))
    return made


def recorded_config(record: Mapping[str, Any], base: Path, shared: Path | None = None) -> Config:
    """Return the configuration that ``run.json`` keeps, checked as if it had been read.

    Parameters
    ----------
    record : mapping
        ``config`` of ``run.json``.
    base : Path
        Folder against which its relative paths are read.
    shared : Path, optional
        As for `load_config`.

    Raises
    ------
    ConfigError
        With everything that this version of the program cannot take.
    """
    source = _Source("run.json")
    folders, missing = named_folders(record.get("data"), base, shared)
    issues = [source.issue("data", f"${{{name}}}", "is not set", variable_remedy(name)) for name in missing]
    config, problems = _validate(expand(dict(record), folders), folders, source)
    if config is None or issues or problems:
        raise ConfigError(
            "The recorded configuration has problems:", sorted({*issues, *problems}, key=_place)
        )
    return config


def merge(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return `base` with `changes`: maps merge deeply, the rest is replaced, None removes."""
    merged = dict(base)
    for key, value in changes.items():
        old = merged.get(key)
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping):
            merged[key] = merge(old if isinstance(old, Mapping) else {}, value)
        else:
            merged[key] = value
    return merged


def parse_assignments(texts: Sequence[str]) -> dict[str, Any]:
    """Read ``key=value`` texts of the command line; values are read as YAML.

    Raises
    ------
    ConfigError
        For every text without a key or with a value that is no YAML.
    """
    values: dict[str, Any] = {}
    issues = []
    for text in texts:
        key, sign, value = (part.strip() for part in text.partition("="))
        try:
            content = read_value(value)
        except ValueError:
            sign = ""
        if not sign or ".." in f".{key}.":
            issues.append(
                Issue(
                    "command line",
                    None,
                    "--set",
                    text,
                    "is not key=value, or a colon has no space after it",
                    "write for example --set solver.gap=0.02",
                )
            )
        else:
            values[key] = content
    if issues:
        raise ConfigError("The changes on the command line cannot be read:", issues)
    return values


def _nest(dotted: Mapping[str, Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for key, value in dotted.items():
        *parents, last = key.split(".")
        here = nested
        for parent in parents:
            inner = here.get(parent)
            here[parent] = here = inner if isinstance(inner, dict) else {}
        here[last] = value
    return nested


def _read_workbook(path: Path) -> tuple[dict[str, Any], dict[str, int]]:
    from estate.inputs.template import read_settings

    return dict(read_settings(path)), {}


def _validate(
    raw: Mapping[str, Any], folders: Mapping[str, str], source: _Source
) -> tuple[Config | None, list[Issue]]:
    issues = _unknown_names(raw, source)
    config = None
    try:
        config = Config.model_validate(dict(raw), context={"folders": folders})
    except ValidationError as error:
        issues += [_issue_of(Config, detail, source) for detail in error.errors()]
    rules = raw.get("rules")
    known = {rule_name(rule) for rule in RULES}
    if isinstance(rules, Mapping):
        chosen = {
            name: options for name, options in rules.items() if name in known and isinstance(options, Mapping)
        }
        try:
            resolved = resolve_rules(chosen)
        except ConfigError as error:
            issues += [_place_rule_issue(issue, source) for issue in error.issues]
            return None, issues
    else:
        resolved = resolve_rules({})
    return (None if config is None else config.model_copy(update={"rules": resolved})), issues


def _unknown_names(raw: Mapping[str, Any], source: _Source) -> list[Issue]:
    """Check names that are keys of open maps: rules, assumptions, tables, and the vintage."""
    data = raw.get("data")
    given_tables = data.get("tables") if isinstance(data, Mapping) else None
    open_maps: list[tuple[str, Any, list[str]]] = [
        ("rules", raw.get("rules"), [rule_name(rule) for rule in RULES]),
        ("assumptions", raw.get("assumptions"), default_assumptions()["name"].tolist()),
        ("data.tables", given_tables, list(tables.SPECS)),
    ]
    issues = [
        source.issue(f"{section}.{name}", None, "is not known", say_nearest(str(name), known))
        for section, given, known in open_maps
        if isinstance(given, Mapping)
        for name in given
        if name not in known
    ]
    return issues + _unknown_sets(raw.get("standards"), source) + _unknown_vintages(raw, source)


def _vintages(raw: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield key, table and vintage of every dated table that the configuration names."""
    section = raw.get("vintages")
    named = [("vintage", "discount_rates", raw.get("vintage"))]
    if isinstance(section, Mapping):
        tables_of = [table for table in vintage.COLUMNS if table != "discount_rates"]
        named += [(f"vintages.{table}", table, section.get(table)) for table in tables_of]
    yield from ((key, table, name) for key, table, name in named if isinstance(name, str))


def _unknown_vintages(raw: Mapping[str, Any], source: _Source) -> list[Issue]:
    """Find dated tables that are not known, and files of the user's that cannot be read."""
    issues = []
    for key, table, name in _vintages(raw):
        if not vintage.is_file(name):
            flat = table == "discount_rates" and vintage.one_rate(name) is not None
            if not flat and name not in (known := vintage.names(table)):
                words = f"is not a table of {table.replace('_', ' ')}"
                issues.append(source.issue(key, name, words, say_nearest(name, known)))
            continue
        try:
            vintage.read(table, name)
        except ConfigError as error:
            issues += error.issues
    return issues


def _with_own_tables(raw: dict[str, Any], base: Path) -> dict[str, Any]:
    """Return the configuration with its own dated tables as whole paths."""
    changes: dict[str, Any] = {}
    for key, _, name in _vintages(raw):
        if vintage.is_file(name):
            changes[key] = str((base / name).resolve())
    return merge(raw, _nest(changes))


def _unknown_sets(chosen: Any, source: _Source) -> list[Issue]:  # noqa: ANN401 - what a file may hold
    """Find ready-made standards that are not known."""
    known = list(dict.fromkeys(standard_sets()["set"]))
    listed = chosen if isinstance(chosen, list) else []
    names = [one.get("set") if isinstance(one, Mapping) else one for one in listed]
    return [
        source.issue(f"standards.{place}", name, "is no set of standards", say_nearest(name, known))
        for place, name in enumerate(names)
        if isinstance(name, str) and name not in known
    ]


def say_nearest(name: str, known: Sequence[str]) -> str:
    """Say which known name was probably meant, or list them."""
    close = tables.nearest(name, list(known))
    return f"did you mean {close}?" if close else f"use one of {', '.join(known)}"


def _issue_of(model: type[BaseModel], detail: Mapping[str, Any], source: _Source) -> Issue:
    """Turn one finding of pydantic into the user's words."""
    loc = [str(part) for part in detail["loc"] if part != "[key]"]
    key, kind = ".".join(loc), detail["type"]
    parent, name = _model_at(model, loc[:-1]), loc[-1] if loc else ""
    about = _description(parent, name)
    if kind == "extra_forbidden":
        return source.issue(
            key, None, "is not known", say_nearest(name, list(parent.model_fields) if parent else [])
        )
    if kind == "missing":
        return source.issue(key, None, "is missing", f"add `{name}:`{about}")
    value = None if isinstance(detail.get("input"), Mapping) else detail.get("input")
    return source.issue(key, value, say_refusal(detail), f"give a value that fits{about}")


def _model_at(model: type[BaseModel], loc: Sequence[str]) -> type[BaseModel] | None:
    here: type[BaseModel] | None = model
    for part in loc:
        if part.isdigit():  # a place in a list of sections
            continue
        found = here.model_fields.get(part) if here else None
        here = section_of(found.annotation) if found else None
    return here


def section_of(kind: Any) -> type[BaseModel] | None:  # noqa: ANN401 - any annotation
    """Return the section that an annotation holds, alone, optional or in a list."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind
    found = (section_of(part) for part in get_args(kind))
    return next((section for section in found if section), None)


def _description(model: type[BaseModel] | None, name: str) -> str:
    found = model.model_fields.get(name) if model else None
    return f" ({found.description})" if found and found.description else ""


def _place_rule_issue(issue: Issue, source: _Source) -> Issue:
    """Show the problem of a rule's option where it was written, with the nearest option."""
    _, rule, *rest = issue.column.split(".")
    options = next(list(found.Options.model_fields) for found in RULES if rule_name(found) == rule)
    placed = source.issue(issue.column, None, issue.problem, issue.remedy)
    if rest and rest[0] not in options:
        return replace(placed, problem="is not known", remedy=say_nearest(rest[0], options))
    return replace(placed, value=issue.value)


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _place(issue: Issue) -> tuple[str, int, str]:
    return issue.table, issue.row or 0, issue.column
