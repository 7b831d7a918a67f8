"""`estate appraise flows.csv`: any invest-to-save stream, low, central and high, without a configuration."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.appraise.measures import measure_flows
from estate.appraise.summary import flow_rows
from estate.core.errors import ConfigError, Issue
from estate.core.folders import written_whole
from estate.core.money import discount_factors
from estate.core.result import SCHEMA_VERSION
from estate.inputs.flows import CASES, Stream, read_flows
from estate.pipeline import refuse_foreign
from estate.present.csvs import write_records, write_table
from estate.present.stream import live_stream, write_stream
from estate.present.view import Header
from estate.record import versions

if TYPE_CHECKING:
    from estate.appraising import Changes


@dataclass(frozen=True)
class StreamOptions:
    """What the command line says of a stream.

    Attributes
    ----------
    first_year, years : int or None
        Year 0 and number of years; else those of the file.
    vintage, timing : str
        Table of discount rates or one rate such as ``5%``; ``year_end`` or ``mid_year``.
    deflators : str
        Price index for amounts in other prices.
    inflation : float
        Growth of prices after its last year [share/year].
    """

    first_year: int | None = None
    years: int | None = None
    vintage: str = "green_book_2022"
    timing: str = "year_end"
    deflators: str = "hmt_2025_12"
    inflation: float = 0.02


def appraise_stream(path: Path, options: StreamOptions, out: Path | None = None) -> list[str]:
    """Measure a stream and write measures, cash flow, workbook and chart.

    Parameters
    ----------
    path : Path
        Table of flows; `estate.inputs.flows.flow_spec` has its columns.
    options : StreamOptions
        Years, discounting and prices.
    out : Path, optional
        Folder in which the results get a folder of their own; else ``out``.

    Returns
    -------
    list of str
        What to tell.

    Raises
    ------
    ConfigError, InputError
        With every problem.
    """
    stream = read_flows(path, options.first_year, options.years, options.deflators, options.inflation)
    measured = stream_measures(stream, options)
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", path.resolve().parent.name + "_" + path.stem).strip("_")[:48]
    folder = (out or Path("out")) / (name or "flows")
    refuse_foreign(folder)
    with written_whole(folder) as made:
        _write(made, path, (stream, measured), options)
    return [*_lines(measured), _years(stream), "", f"All files are in {folder}."]


def appraise_one(
    flows: Path | None,
    plan: Path | None,
    changes: Changes,
    asked: tuple[int | None, int | None, str, float],
    out: Path | None,
) -> list[str]:
    """Do what `appraise_stream` does for the options of the command line.

    Raises
    ------
    ConfigError
        If there is nothing to value or two things, or an option is meant for plans.
    """
    given = dict(changes.sets)
    vintage = str(given.pop("vintage", StreamOptions.vintage))
    wrong = given or changes.receipts or changes.delay_years or any(changes.levers.values())
    if flows is None or plan is not None or wrong:
        remedy = "give a table of flows, or --plan FOLDER; levers of flows stand in their workbook"
        problem = "goes with --plan alone" if wrong else "needs one thing to value"
        issue = Issue("command line", None, "appraise", "", problem, remedy)
        raise ConfigError("Nothing was valued:", [issue])
    first_year, years, timing, inflation = asked
    options = StreamOptions(first_year, years, vintage, timing, inflation=inflation)
    return appraise_stream(flows, options, out)


def stream_measures(stream: Stream, options: StreamOptions) -> pd.DataFrame:
    """Return case, view, receipts, measure, value (blank where undefined) and reason."""
    span = stream.horizon.appraisal_years
    factors = discount_factors(options.vintage, span, options.timing)
    rows = stream.rows
    t = rows["t"].to_numpy(dtype=np.int64)
    found = []
    for case in CASES:
        gbp = rows[case].to_numpy(dtype=np.float64)
        for view in ("economic", "financial"):
            for receipts in ("with", "without"):
                keep = ((rows["view"] == "both") | (view == "economic")).to_numpy(dtype=bool)
                keep = keep & ((rows["line"] != "receipt").to_numpy(dtype=bool) | (receipts == "with"))
                yearly = np.bincount(t, weights=np.where(keep, gbp, 0.0), minlength=span).astype(np.float64)
                head = {"case": case, "view": view, "receipts": receipts}
                found += [{**head, **row} for row in flow_rows(measure_flows(yearly, factors))]
        found += _ratio(rows, gbp, factors, case)
    return pd.DataFrame(found).astype({"value": "float64"})


def _ratio(rows: pd.DataFrame, gbp: np.ndarray, factors: np.ndarray, case: str) -> list[dict[str, object]]:
    """Return benefits, costs and their ratio, economic view: what is invested is the cost."""
    worth = gbp * factors[rows["t"].to_numpy(dtype=np.int64)]
    spent = (rows["line"] == "investment").to_numpy(dtype=bool)
    benefits, costs = float(worth[~spent].sum()), -float(worth[spent].sum())
    head = {"case": case, "view": "economic", "receipts": "with"}
    ratio = benefits / costs if costs > 0 else None
    why = "" if ratio is not None else "undefined: nothing is spent"
    return [
        {**head, "measure": "benefits_gbp", "value": benefits, "reason": ""},
        {**head, "measure": "costs_gbp", "value": costs, "reason": ""},
        {**head, "measure": "benefit_cost_ratio", "value": ratio, "reason": why},
    ]


def _write(folder: Path, path: Path, found: tuple[Stream, pd.DataFrame], options: StreamOptions) -> None:
    stream, measured = found
    horizon = stream.horizon
    made = datetime.now(UTC).isoformat(timespec="seconds")
    base = f"{horizon.label(0)} prices"
    title = f"{path.resolve().parent.name.replace('_', ' ').capitalize()}: {path.name}"
    header = Header(path.stem, title, "internal", "Proposed", "date not given", made[:10], False, base)
    unit = measured["measure"].map(_unit)
    write_table(measured.assign(unit=unit, price_base=base), folder / "measures.csv")
    rows = stream.rows.assign(year=[horizon.label(int(t)) for t in stream.rows["t"]])
    named = {case: f"{case}_gbp" for case in CASES}
    write_table(rows.rename(columns=named).drop(columns="t"), folder / "cashflow.csv")
    record = {
        "schema_version": SCHEMA_VERSION,
        "made": made,
        "input_hashes": {path.name: stream.sha256},
        "versions": versions(),
        "options": vars(options),
        "audience": "internal",
    }
    write_records(record, folder / "run.json")
    told = {"title": title, "price_base": base, "measures": measured.to_dict("records")}
    write_records(told, folder / "summary.json")
    live = live_stream(stream.rows, horizon, (options.vintage, options.timing))
    write_stream(folder, header, live, stream.given, measured)


def _unit(measure: str) -> str:
    for ending, unit in (("_gbp", "GBP"), ("_years", "year"), ("_t", "year t"), ("_last", "year t")):
        if measure.endswith(ending):
            return unit
    return {"irr": "share/year", "benefit_cost_ratio": "ratio"}.get(measure, "count")


def _years(stream: Stream) -> str:
    """Say which years are counted, and what comes last: one year that is wrong makes them longer."""
    horizon = stream.horizon
    count = horizon.appraisal_years
    span = f"{horizon.label(0)} to {horizon.label(count - 1)}"
    years = "year is" if count == 1 else "years are"
    return f"{count} {years} counted, {span}; the last money is {stream.last}."


def _lines(measured: pd.DataFrame) -> list[str]:
    """Say the main measures: low, central, high."""
    lines = ["Measure: low, central, high"]
    names = {
        "npv_gbp": "Net present value",
        "benefit_cost_ratio": "Benefit-cost ratio",
        "irr": "Internal rate of return",
        "payback_years": "Payback",
        "discounted_payback_years": "Discounted payback",
        "equivalent_annual_gbp": "Equivalent annual value",
        "peak_funding_gbp": "Peak funding",
    }
    for view in ("economic", "financial"):
        part = measured[(measured["view"] == view) & (measured["receipts"] == "with")]
        for name, label in names.items():
            rows = part[part["measure"] == name].set_index("case")
            if len(rows):
                said = [_say(rows.loc[[case]].iloc[0], name) for case in CASES]
                lines.append(f"  {label}, {view}: {'; '.join(said)}")
    return lines


def _say(row: pd.Series, name: str) -> str:
    value = float(row["value"])
    if np.isnan(value):
        return str(row["reason"])
    if name == "irr":
        return f"{value:.2%}"
    return f"£{value:,.0f}" if name.endswith("_gbp") else f"{value:.2f}"
