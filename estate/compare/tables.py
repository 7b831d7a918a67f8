"""The tables of a comparison: figures, inputs, sites, moves, money by partner and line, access."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from estate.compare.settled import NOT_SETTLED, least_gbp, open_gbp, settled, show
from estate.core.money import discount_factors
from estate.present.pooling import MIN_SITES
from estate.present.words import NOTHING_TO_PAY_BACK, nothing_to_pay_back, quantity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from estate.compare.runs import Run
    from estate.config import CompareSection

PLAN_PARTS = ("decision", "hub_option", "year", "exit_route")
FIGURE_COLUMNS = ("key", "label", "unit", "run", "value", "shown", "delta", "status", "words")
NOT_AN_INPUT = ("name", "title", "scenario", "audience", "output")
WITHHELD = "withheld: too few sites differ"
NOT_TOLD, NOT_THERE = "withheld from these readers", "not known"


def figures(runs: Sequence[Run], rules: CompareSection) -> pd.DataFrame:
    """Return one row for each headline and run: value, difference from the first run, status in words.

    Figures that only business as usual has, because they are withheld of every plan, are left out.
    Outside the council amounts of a run are withheld where it differs from another that is shown by
    so few sites that a subtraction would give away the figure of one.
    """
    base = runs[0]
    hidden = too_close(runs)
    searched = [run for run in runs if not run.given] or list(runs)
    keys = dict.fromkeys(key for run in searched for key in run.headlines)
    rows = []
    for key in keys:
        row = next(run.headlines[key] for run in runs if key in run.headlines)
        unit = str(row.get("unit", ""))
        for run in runs:
            value = run.headlines.get(key, {}).get("value")
            told = {"key": key, "label": row.get("label", key), "unit": unit, "run": run.name}
            if run.name in hidden and (unit.startswith("GBP") or "saving" in key or unit == "ratio"):
                told |= {"value": None, "shown": WITHHELD, "delta": None, "status": "", "words": ""}
            elif key not in run.headlines:
                gone = NOT_THERE if run.audience == "internal" else NOT_TOLD
                told |= {"value": None, "shown": gone, "delta": None, "status": "", "words": ""}
            else:
                shown = show(key, base, run, rules)
                named = run is not base or shown.status in {"red", "amber", "green"}
                told |= {"value": tidy(value, unit), "shown": _shown(run.headlines[key])}
                told |= {"delta": tidy(shown.delta, unit)}
                told |= {"status": shown.status if named else "", "words": shown.words if named else "base"}
            rows.append(told)
    return pd.DataFrame(rows, columns=list(FIGURE_COLUMNS))


def _shown(row: Mapping[str, Any]) -> str:
    """Return a headline in words, without its range."""
    if nothing_to_pay_back(row):
        return NOTHING_TO_PAY_BACK
    return quantity(row.get("value"), str(row.get("unit", "")))


def tidy(value: Any, unit: str) -> Any:  # noqa: ANN401 - part of a JSON value
    """Return a figure to a penny or the sixth place, so that nought is written as nought."""
    return round(value, 2 if unit.startswith("GBP") else 6) + 0.0 if isinstance(value, float) else value


def too_close(runs: Sequence[Run]) -> set[str]:
    """Return the runs whose amounts must not stand beside those of the others, outside the council."""
    if all(run.audience == "internal" for run in runs):
        return set()
    shown: list[Run] = []
    hidden: set[str] = set()
    for run in runs:
        apart = [len(changed_sites(one, run)) for one in shown]
        if all(count == 0 or count >= MIN_SITES for count in apart):
            shown.append(run)
        else:
            hidden.add(run.name)
    return hidden


def changed_sites(one: Run, other: Run) -> list[str]:
    """Return the sites that two plans treat otherwise."""
    ids = one.plan.index.union(other.plan.index)
    parts = [run.plan.reindex(ids)[list(PLAN_PARTS)].fillna("") for run in (one, other)]
    return [str(site) for site in ids[(parts[0] != parts[1]).any(axis=1)]]


def inputs(runs: Sequence[Run]) -> pd.DataFrame:
    """Return what differs in what was asked and read: kind, what, and a column for each run."""
    tables: list[tuple[str, list[Mapping[str, Any]]]] = [
        ("configuration", [_config(run) for run in runs]),
        ("input file", [run.record.get("input_hashes") or {} for run in runs]),
        ("assumption", [_assumptions(run) for run in runs]),
        ("version", [run.record.get("versions") or {} for run in runs]),
    ]
    rows = []
    for kind, found in tables:
        for name in sorted({name for values in found for name in values}):
            values = [values.get(name, "") for values in found]
            if any(value != values[0] for value in values):
                shown = [str(value)[:8] if kind == "input file" else _short(value) for value in values]
                rows.append([kind, name, *shown])
    return pd.DataFrame(rows, columns=["kind", "what", *(run.name for run in runs)])


def _config(run: Run) -> dict[str, Any]:
    found = dict(_leaves({k: v for k, v in run.config.items() if k not in NOT_AN_INPUT}))
    for edit in found.pop("edits", None) or []:
        rows = ", ".join(f"{name} {value}" for name, value in (edit.get("where") or {}).items())
        for name, value in edit["set"].items():
            how = f"times {value.get('multiply')}" if isinstance(value, dict) else value
            found[_short(f"{edit['table']}.{name} where {rows or 'any row'}")] = how
    return found


def _leaves(content: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - any plain data
    if isinstance(content, dict):
        for key, value in content.items():
            yield from _leaves(value, f"{prefix}.{key}" if prefix else str(key))
    else:
        yield prefix, content


def _assumptions(run: Run) -> dict[str, str]:
    table = run.table("assumptions.csv")
    return dict(zip(table["name"], table["value"], strict=True)) if len(table) else {}


def _short(value: object) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= 120 else f"{text[:117]}..."


def sites(runs: Sequence[Run]) -> pd.DataFrame:
    """Return one row for each site that some run treats otherwise than the first.

    Returns
    -------
    DataFrame
        site_id, name, easting, northing [m], and a column for each run in words.
    """
    base = runs[0]
    differ = sorted({site for run in runs[1:] for site in changed_sites(base, run)})
    rows = pd.DataFrame({"site_id": differ})
    for column in ("name", "easting", "northing"):
        merged = base.plan[column].reindex(differ)
        for run in runs[1:]:
            merged = merged.fillna(run.plan[column].reindex(differ))
        rows[column] = merged.to_numpy()
    for run in runs:
        plan = run.plan.reindex(differ)
        rows[run.name] = [_decision(row) for row in plan[list(PLAN_PARTS)].fillna("").to_dict("records")]
    return rows


def _decision(row: Mapping[Any, Any]) -> str:
    words = [row["decision"] or "not in this run", row["hub_option"], row["exit_route"], row["year"]]
    return " ".join(filter(None, words))


def moves(runs: Sequence[Run]) -> pd.DataFrame:
    """Return one row for each provision that some run moves otherwise than the first.

    Returns
    -------
    DataFrame
        provision_id, service, where it is today, and a column for each run in words.
    """
    found, about = {}, []
    for run in runs:
        table = run.table("moves.csv").set_index("provision_id")
        places = run.plan["name"].reindex(table["to_site_id"]).to_numpy()
        to = " to " + pd.Series(places, table.index).fillna("") + " (" + table["to_site_id"] + ")"
        found[run.name] = table["how"] + to.where(table["to_site_id"] != "", "") + " " + table["year"]
        today = run.plan["name"].reindex(table["from_site_id"]).to_numpy()
        about.append(pd.DataFrame({"service": run.services, "today": pd.Series(today, table.index)}))
    wide = pd.DataFrame(found).fillna("stays")[[run.name for run in runs]]
    every = pd.concat(about)
    every = every[~every.index.duplicated()].reindex(wide.index).fillna("")
    wide = pd.concat([every, wide], axis=1).rename_axis("provision_id")
    differ = wide[list(found)].ne(wide[runs[0].name], axis=0).any(axis=1)
    return wide[differ].sort_index().reset_index()


def money(runs: Sequence[Run], by: str) -> pd.DataFrame:
    """Return the net present saving on bills by partner or line [GBP], and its difference from the first run.

    A difference smaller than what the two searches leave open is not given.
    """
    hidden = too_close(runs)
    told = [run for run in runs if run.config and (run.folder / "cashflow.csv").is_file()]
    found = {run.name: _present(run, by) for run in told if run.name not in hidden}
    if runs[0].name not in found:
        return pd.DataFrame(columns=[by])
    wide = pd.DataFrame(found).fillna(0.0).sort_index()
    table = pd.DataFrame({by: wide.index})
    if by == "partner_id":
        table["partner"] = [_first(run.partners.get(name) for run in runs) or name for name in wide.index]
    base = wide[runs[0].name].to_numpy()
    table[f"{runs[0].name} [£]"] = base + 0.0
    for run in runs[1:]:
        if run.name not in found:
            continue
        values = wide[run.name].to_numpy()
        least = least_gbp(runs[0], run)
        delta = values - base
        proved = np.abs(delta) > (np.inf if least is None else least)
        table[f"{run.name} [£]"] = values + 0.0
        table[f"{run.name} less {runs[0].name} [£]"] = np.where(proved, delta, np.nan)
        table[f"{run.name}: in words"] = np.select([proved, delta == 0], ["differs", "same"], NOT_SETTLED)
    return table


def _first(found: Iterable[str | None]) -> str | None:
    return next(filter(None, found), None)


def _present(run: Run, by: str) -> pd.Series:
    """Return plan less business as usual, financial view, discounted, by partner or line [GBP]."""
    columns = ["year", "case", "view", "amount_gbp", by]
    cash = pd.read_csv(
        run.folder / "cashflow.csv", usecols=columns, dtype={by: str, "year": str}, keep_default_na=False
    )
    horizon = run.config["horizon"]
    factors = discount_factors(
        str(run.config["vintage"]), int(horizon["appraisal_years"]), str(run.config["timing"])
    )
    t = cash["year"].str.slice(0, 4)
    known = t.str.fullmatch(r"\d{4}") & cash["view"].isin(["both", "financial"])
    cash, t = cash[known], t[known].astype(int) - int(horizon["first_year"])
    sign = np.where(cash["case"] == "plan", 1.0, -1.0)
    factor = factors[t.clip(0, len(factors) - 1).to_numpy()]
    worth = pd.Series(cash["amount_gbp"].to_numpy(dtype=float) * sign * factor, index=cash.index)
    total: pd.Series = worth.groupby(cash[by]).sum()
    return total.round(2)


def access(runs: Sequence[Run]) -> pd.DataFrame:
    """Return the share of all residents within each standard's limit at the end, by run.

    The weight is the population of each area, whatever group the standard is for.
    """
    found = {}
    for run in runs:
        table = _reach(run)
        if len(table):
            found[run.name] = table
    if not found:
        return pd.DataFrame(columns=["standard_id", "service_id"])
    wide = pd.DataFrame(found).reset_index()
    for run in runs[1:]:
        if run.name in found and runs[0].name in found:
            proved = settled(runs[0], run) | (wide[run.name] == wide[runs[0].name])
            delta = wide[run.name] - wide[runs[0].name]
            wide[f"{run.name} less {runs[0].name} share"] = delta.where(proved)
            wide[f"{run.name}: in words"] = np.where(proved, "", NOT_SETTLED)
    return wide


def _reach(run: Run) -> pd.Series:
    from pyogrio import list_layers, read_dataframe

    path = run.folder / "estate.gpkg"
    rows = run.table("access.csv")
    if rows.empty or "areas" not in {str(layer[0]) for layer in list_layers(path)}:
        return pd.Series(dtype=float)
    areas = read_dataframe(path, layer="areas", columns=["area_id", "population"], read_geometry=False)
    people = areas.assign(area_id=areas["area_id"].astype(str)).set_index("area_id")["population"]
    last = rows[(rows["case"] == "plan") & (rows["standard_id"] != "")]
    last = last[last["year"] == last["year"].max()]
    weight = last["area_id"].map(people).astype(float)
    within = weight.where(last["within"] == "yes", 0.0)
    keys = [last["standard_id"], last["service_id"]]
    share: pd.Series = within.groupby(keys).sum() / weight.groupby(keys).sum()
    return share


def headed_in_words(table: pd.DataFrame, runs: Sequence[Run]) -> pd.DataFrame:
    """Return a table whose columns of runs are headed by what the runs are, not by their folders."""
    base = runs[0]
    heads: dict[str, str] = {}
    for run in runs:
        heads |= {f"{run.name}{tail}": f"{run.label}{tail}" for tail in ("", " [£]", ": in words")}
        for tail in (" [£]", " share"):
            heads[f"{run.name} less {base.name}{tail}"] = f"{run.label} less {base.label}{tail}"
    return table.rename(columns=heads)


def notes(runs: Sequence[Run]) -> list[str]:
    """Return what a reader must know before the first figure."""
    said = []
    base = runs[0]
    for run in runs[1:]:
        if not settled(base, run):
            left = open_gbp(base, run)
            open_to = "leave open what is not told to these readers"
            if left is not None:
                open_to = f"leave {quantity(left, 'GBP')} open"
            said.append(
                f"'{run.label}' and '{base.label}' are not proved to differ in what can be saved: "
                f"their searches {open_to}. Sites that they treat otherwise are undecided by this evidence; "
                "a smaller gap (solver.gap) and more time (solver.time_limit) may settle it."
            )
    said += [
        f"The runs differ in {what}: their totals are not of the same kind."
        for what in ("objective", "vintage", "timing", "horizon")
        if any(run.config.get(what) != base.config.get(what) for run in runs if run.config)
    ]
    if any(run.audience != "internal" for run in runs):
        said.append("Amounts are rounded, and some are withheld, as in the runs themselves.")
    return said
