"""YAML as people write it: plain data only, every key once, the line of each key kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import yaml

from estate.core.errors import ConfigError, Issue

if TYPE_CHECKING:
    from pathlib import Path

LARGEST_BYTES = 1_000_000
RUN_TOGETHER = "has no space after its colon, so it is a key without a value"


def read_yaml(path: Path) -> tuple[dict[str, Any], dict[str, int]]:
    """Return the content of a YAML file and the line of every key, by dotted name.

    Keys left blank are dropped, so that they take their default. Only plain data are
    read; a key that comes twice and an alias (a short file could grow without limit)
    are refused.

    Raises
    ------
    ConfigError
        With every problem of the file.
    """
    try:
        content, lines, issues = _parse(path)
    except UnicodeDecodeError:
        issues = [_whole(path, "is not UTF-8 text", "save the file as UTF-8")]
    except RecursionError:
        issues = [_whole(path, "is nested too deeply", "keep to the keys of `estate schema`")]
    except yaml.YAMLError as error:
        issues = [_yaml_issue(error, path.name)]
    except ValueError as error:
        issues = [_whole(path, f"has a value that YAML cannot read ({error})", "put it in quotes")]
    else:
        if not isinstance(content, dict):
            problem = "is empty" if content is None else "is not a list of `key: value` lines"
            issues.append(_whole(path, problem, "start from the file that `estate init` writes"))
        if not issues:
            return _without_blanks(content), lines
    raise ConfigError("The configuration cannot be read:", issues)


def read_value(text: str) -> Any:  # noqa: ANN401 - any plain data
    """Return one value written as YAML, as ``--set key=value`` gives it.

    Raises
    ------
    ValueError
        If it is no plain YAML, or holds an alias.
    """
    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text, Loader=yaml.SafeLoader)):
            raise ValueError(text)
        _, issues = _walk(yaml.compose(text, Loader=yaml.SafeLoader), text)
        if any(issue.problem == RUN_TOGETHER for issue in issues):
            raise ValueError(text)
        return yaml.safe_load(text)
    except (RecursionError, yaml.YAMLError) as error:
        raise ValueError(text) from error


def _parse(path: Path) -> tuple[Any, dict[str, int], list[Issue]]:
    """Return the plain content, the line of every key, and what is wrong with the file."""
    if path.stat().st_size > LARGEST_BYTES:
        return {}, {}, [_whole(path, "is larger than 1 MB", "give the configuration, not a table")]
    text = path.read_bytes().decode("utf-8-sig")
    aliases = [
        Issue(path.name, token.start_mark.line + 1, "", f"*{token.value}", "is a YAML alias", "write it out")
        for token in yaml.scan(text, Loader=yaml.SafeLoader)
        if isinstance(token, yaml.AliasToken)
    ]
    if aliases:
        return {}, {}, aliases
    lines, issues = _walk(yaml.compose(text, Loader=yaml.SafeLoader), path.name)
    return yaml.safe_load(text), lines, issues


def _whole(path: Path, problem: str, remedy: str) -> Issue:
    return Issue(path.name, None, "", "", problem, remedy)


def _yaml_issue(error: yaml.YAMLError, name: str) -> Issue:
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or "is not YAML"
    line = None if mark is None else mark.line + 1
    remedy = "write `key: value`, indent with spaces, and put text with special characters in quotes"
    return Issue(name, line, "", "", f"is not readable YAML ({what})", remedy)


def _walk(node: yaml.Node | None, file: str) -> tuple[dict[str, int], list[Issue]]:
    """Return the line of every dotted key, and an issue for every key that comes twice."""
    lines: dict[str, int] = {}
    issues: list[Issue] = []
    todo: list[tuple[yaml.Node | None, str]] = [(node, "")]
    while todo:
        here, prefix = todo.pop()
        for key, line, child in _children(here):
            name = f"{prefix}{key}"
            if name in lines:
                remedy = f"keep one of the two (the other is in line {lines[name]})"
                issues.append(Issue(file, line, name, "", "comes twice", remedy))
            lines.setdefault(name, line)
            if ":" in key and isinstance(here, yaml.MappingNode) and _is_blank(child):
                before, _, after = key.partition(":")
                issues.append(Issue(file, line, name, "", RUN_TOGETHER, f"write {before}: {after}"))
            todo.append((child, f"{name}."))
    return lines, issues


def _is_blank(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _children(node: yaml.Node | None) -> Iterator[tuple[str, int, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield str(key.value), key.start_mark.line + 1, value
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield str(number), value.start_mark.line + 1, value


def _without_blanks(content: Mapping[Any, Any]) -> dict[str, Any]:
    """Drop keys left blank: they take their default; a rule left blank is in force.

    In scenarios a blank stays: it takes away what the configuration says.
    """
    kept: dict[str, Any] = {}
    for key, value in content.items():
        if key == "scenarios" and isinstance(value, Mapping):
            kept[key] = _with_text_keys(value)
        elif isinstance(value, Mapping):
            kept[str(key)] = _without_blanks(value)
        elif value is not None:
            kept[str(key)] = value
    rules = content.get("rules")
    if isinstance(rules, Mapping):
        kept["rules"] = {str(name): kept["rules"].get(str(name), {}) for name in rules}
    return kept


def _with_text_keys(content: Any) -> Any:  # noqa: ANN401 - any plain data
    if isinstance(content, Mapping):
        return {str(key): _with_text_keys(value) for key, value in content.items()}
    return content
