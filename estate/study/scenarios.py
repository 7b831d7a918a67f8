"""Named changes of a configuration, put together, and every combination of a matrix."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

from estate.core.errors import ConfigError, Issue
from estate.inputs.edits import unknown_names
from estate.settings import changed, say_nearest
from estate.study.job import job_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from estate.config import Config

BASE = "base"
BUILT_IN = (BASE, "bau", "do-minimum")
"""The configuration as it stands, business as usual, and only what is decided already."""

NOT_A_SCENARIO = (*BUILT_IN, "study", "compare")
FIXED = ("name", "scenario", "scenarios", "matrices", "compare", "output", "audience")
"""Keys that a scenario may not change: what the study is, and who reads it."""

COUNTED = {"min": "at least", "max": "at most"}


def scenario_config(config: Config, names: Sequence[str]) -> tuple[Config, list[str]]:
    """Return the configuration with scenarios applied, later ones over earlier ones.

    Parameters
    ----------
    config : Config
        With ``scenarios``.
    names : sequence of str
        Names of scenarios, or ``base`` alone.

    Returns
    -------
    Config
        Complete and checked, named after the scenarios.
    list of str
        Where one scenario hides what another says.

    Raises
    ------
    ConfigError
        For every name that is not known and everything a scenario may not say.
    """
    check_scenarios(config, names)
    overrides, notes = _combined(config, [name for name in names if name != BASE])
    return changed(config, overrides, _said_by(names)), notes


def scenario_overrides(config: Config, names: Sequence[str]) -> dict[str, Any]:
    """Return what scenarios change, as overrides by dotted key; see `scenario_config`."""
    return _combined(config, names)[0]


def names_in(text: str) -> list[str]:
    """Return the names in a list with commas; one without any is a slip, not a wish for all.

    Raises
    ------
    ConfigError
        If it names nothing.
    """
    names = [part.strip() for part in text.split(",") if part.strip()]
    if not names:
        remedy = "name one, or leave the option out"
        issue = Issue("--scenario", None, "", text, "names no scenario", remedy)
        raise ConfigError("The scenarios have problems:", [issue])
    return names


def check_scenarios(config: Config, names: Sequence[str]) -> None:
    """Refuse names that are not known, repeated, or cannot be combined, and scenarios that are wrong.

    Raises
    ------
    ConfigError
        With every problem at once.
    """
    known = [BASE, *config.scenarios]
    issues = [
        Issue("--scenario", None, "", name, "is not a scenario", say_nearest(name, known))
        for name in names
        if name not in known and name not in BUILT_IN
    ]
    alone = [name for name in names if name in BUILT_IN]
    if alone and len(names) > 1:
        problem = "cannot be combined with others"
        issues.append(Issue("--scenario", None, "", alone[0], problem, "give it alone, or leave it out"))
    issues += [
        Issue("--scenario", None, "", name, "is named twice", "name it once")
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]
    for name in dict.fromkeys(names):
        issues += _wrong(config, name) if name in config.scenarios else []
    if issues:
        raise ConfigError("The scenarios have problems:", issues)


def matrix_cells(config: Config) -> dict[str, dict[str, Any]]:
    """Return the overrides of every cell of every matrix, by the name of the cell.

    An axis is a dotted key with its values, or ``scenario`` with names of scenarios.

    Raises
    ------
    ConfigError
        For empty axes, scenarios that are not known, and axes that hide one another.
    """
    cells: dict[str, dict[str, Any]] = {}
    issues: list[Issue] = []
    for matrix, axes in config.matrices.items():
        issues += _wrong_axes(config, matrix, axes)
        for values in product(*axes.values()) if not issues else ():
            name, overrides = _cell(config, matrix, dict(zip(axes, values, strict=True)), axes)
            cells[name] = overrides
    if issues:
        raise ConfigError("The matrices have problems:", issues)
    return cells


def _cell(
    config: Config, matrix: str, values: Mapping[str, Any], axes: Mapping[str, list[Any]]
) -> tuple[str, dict[str, Any]]:
    """Return name and overrides of one cell."""
    parts = [matrix]
    for key, value in values.items():
        plain = isinstance(value, (str, int, float, bool)) and len(str(value)) <= 30
        shown = str(value) if plain else f"{axes[key].index(value) + 1}"
        parts.append(shown if key == "scenario" else f"{key.rpartition('.')[2]}={shown}")
    name = job_name(*parts)
    chosen = str(values.get("scenario", BASE))
    overrides, _ = _combined(config, [] if chosen == BASE else [chosen])
    overrides |= {key: value for key, value in values.items() if key != "scenario"}
    told = zip(values.items(), parts[1:], strict=True)
    said = [_axis_words(config, key, value, short) for (key, value), short in told]
    title = f"{config.title or config.name}: {'; '.join(filter(None, said)) or name}"
    return name, {**overrides, "scenario": name, "title": title[:200], "scenarios": None, "matrices": None}


def _axis_words(config: Config, key: str, value: object, shown: str) -> str:
    """Return one value of an axis in a planner's words; blank for the base, which changes nothing."""
    if key == "scenario":
        return "" if value == BASE else str(config.scenarios[str(value)].get("title") or value)
    rule, _, option = key.rpartition(".")
    side, _, counted = option.partition("_")
    if rule == "rules.counts" and side in COUNTED and isinstance(value, int):
        return f"{COUNTED[side]} {value} {counted.removesuffix('s') if value == 1 else counted}"
    told = {"True": "yes", "False": "no"}.get(shown, shown)
    if isinstance(value, (dict, list)):
        told = f"choice {shown}"
    return f"{option.replace('_', ' ')} {told}"


def _wrong_axes(config: Config, matrix: str, axes: Mapping[str, list[Any]]) -> list[Issue]:
    issues = []
    for key, values in axes.items():
        place = f"matrices.{matrix}.{key}"
        if not values:
            issues.append(Issue("config", None, place, "", "has no values", "give a list of values"))
        issues += [
            Issue("config", None, place, str(value), "comes twice", "give each value once")
            for number, value in enumerate(values)
            if value in values[:number]
        ]
        issues += [
            Issue("config", None, place, "", f"is set by the axis {other} as well", "take one of them out")
            for other in axes
            if key.startswith(f"{other}.")
        ]
        if key.split(".")[0] in FIXED and key != "scenario":
            issues.append(Issue("config", None, place, "", "cannot be an axis", "vary other keys"))
    chosen = [str(name) for name in axes.get("scenario", []) if name != BASE]
    for name in chosen:
        if name not in config.scenarios:
            remedy = say_nearest(name, [BASE, *config.scenarios])
            issues.append(
                Issue("config", None, f"matrices.{matrix}.scenario", name, "is not a scenario", remedy)
            )
            continue
        said = {key for key, _ in _leaves(config.scenarios[name])}
        for key in axes:
            if any(one == key or one.startswith(f"{key}.") or key.startswith(f"{one}.") for one in said):
                problem = f"is set by the scenario {name} as well, which would hide it"
                remedy = "take it out of the scenario, or the scenario out of the matrix"
                issues.append(Issue("config", None, f"matrices.{matrix}.{key}", "", problem, remedy))
    return issues


def _wrong(config: Config, name: str) -> list[Issue]:
    """Return what one scenario may not say, and everything else that is wrong with it."""
    place = f"scenarios.{name}"
    content = config.scenarios[name]
    issues = []
    if name in NOT_A_SCENARIO:
        issues.append(Issue("config", None, place, "", "is a name that is taken", "name it otherwise"))
    if job_name(name) != name or len(name) > 64:
        remedy = "use letters, digits, _ and -"
        issues.append(Issue("config", None, place, "", "is not a name for a scenario", remedy))
    if not content:
        issues.append(Issue("config", None, place, "", "changes nothing", "say what it changes"))
    issues += [
        Issue("config", None, f"{place}.{key}", "", "cannot be changed by a scenario", "take it out")
        for key in content
        if key in FIXED
    ]
    known = config.model_dump(mode="json")
    issues += [
        Issue("config", None, f"{place}.{key}", "", "takes away what is not there", "correct the name")
        for key, value in _leaves(content)
        if value is None and not _is_there(known, key)
    ]
    if issues:
        return issues
    try:
        made = changed(config, _combined(config, [name])[0], f"scenario {name}")
    except ConfigError as error:
        return list(error.issues)
    for number, edit in enumerate(made.edits[len(config.edits) :]):
        issues += unknown_names(edit, f"{place}.edits.{number}")
    return issues


def _is_there(known: Mapping[str, Any], key: str) -> bool:
    here: Any = known
    for part in key.split("."):
        if not isinstance(here, dict) or part not in here:
            return False
        here = here[part]
    return True


def _leaves(content: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every single value of nested maps with its dotted key, but for title and edits."""
    for key, value in content.items():
        name = f"{prefix}{key}"
        if name in {"title", "edits"}:
            continue
        if isinstance(value, dict) and value:
            yield from _leaves(value, f"{name}.")
        else:
            yield name, value


def _combined(config: Config, names: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    """Return the overrides of several scenarios, and where one hides what another says.

    Edits of tables are made one after the other; everything else that is said later replaces
    what was said before.
    """
    overrides: dict[str, Any] = {}
    notes: list[str] = []
    edits = [edit.model_dump(mode="json") for edit in config.edits]
    said: dict[str, tuple[str, Any]] = {}
    titles = []
    for name in names:
        content = config.scenarios[name]
        titles.append(str(content.get("title") or name))
        edits += list(content.get("edits") or [])
        for key, value in _leaves(content):
            before = said.get(key)
            if before and before[1] != value:
                notes.append(f"{name} sets {key}, which {before[0]} sets as well: that of {name} counts.")
            said[key] = (name, value)
            overrides = {k: v for k, v in overrides.items() if not k.startswith(f"{key}.")} | {key: value}
    if names:
        title = f"{config.title or config.name}: {'; '.join(titles)}"
        overrides |= {"scenario": "+".join(names), "title": title[:200]}
    if edits:
        overrides["edits"] = edits
    return {**overrides, "scenarios": None, "matrices": None}, notes


def _said_by(names: Sequence[str]) -> str:
    return f"scenario {','.join(names)}" if names else "config"
