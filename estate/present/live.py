"""Cells that a spreadsheet works out again: a cash flow from which worth and payback follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from estate.core import vintage
from estate.core.levers import LEVERS
from estate.core.money import discount_factors
from estate.present.cash import GROUP_LABEL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from estate.present.view import View

FIRST_ROW = 3
"""Row of the headers of every table, counted from 0: title and status stand above."""

ASSUMPTIONS, FACTORS, LEDGER = "Assumptions", "Discount factors", "Ledger by year"
FINANCIAL, ECONOMIC, PARTNERS = "Cash flow by year", "Cash flow economic", "Cash flow by partner"
SHEET_OF = {"financial": FINANCIAL, "economic": ECONOMIC}
MID_YEAR, CASE = "mid_year", "case"
NEGLIGIBLE_GBP = 1e-7
"""Changes smaller than this are rounding of sums, not cash [GBP]."""


@dataclass(frozen=True)
class Live:
    """A cell with a formula (blank for a plain value), what it came to in the run, and its format."""

    formula: str
    value: float | str
    look: str = ""


@dataclass(frozen=True)
class Entry:
    """A cell that the reader may change; it has a name, and everything else follows."""

    name: str
    value: float
    most: float = 1.0
    least: float = 0.0
    whole: bool = False


@dataclass(frozen=True)
class LiveCash:
    """Changes of cash from which every live sheet is made.

    Attributes
    ----------
    rows : DataFrame
        t, year, partner, line, group (a label), economic and financial (1 or 0), and the amounts
        of each case [GBP], a saving positive.
    cases : tuple of str
        Columns of `rows` with amounts: the plan alone, or low, central and high.
    labels : tuple of str
        Name of every year.
    vintage, timing : str
        Discount rates, and when in the year money is discounted.
    """

    rows: pd.DataFrame
    cases: tuple[str, ...]
    labels: tuple[str, ...]
    vintage: str
    timing: str

    @property
    def span(self) -> int:
        """Number of years."""
        return len(self.labels)

    @property
    def chosen(self) -> str:
        """The case that is shown first."""
        return "central" if "central" in self.cases else self.cases[0]

    def groups(self, view: str) -> list[str]:
        """Return the groups that occur in a view, in their order."""
        there = list(dict.fromkeys(self.rows.loc[self.rows[view] == 1, "group"]))
        known = [label for label in GROUP_LABEL.values() if label in there]
        return known + [group for group in there if group not in known]

    def bands(self) -> pd.DataFrame:
        """Return the discount rates that the years need: from_year, to_year, rate, source."""
        bands = vintage.read("discount_rates", self.vintage)
        return bands[bands["from_year"] < max(self.span, 2)].reset_index(drop=True)

    def factors(self) -> NDArray[np.float64]:
        """Return the discount factor of every year."""
        return discount_factors(self.vintage, self.span, self.timing)

    def yearly(self, view: str, group: str | None = None, partner: str | None = None) -> NDArray[np.float64]:
        """Return yearly cash of a view, a group or a partner [GBP]."""
        keep = self.rows[view] == 1
        if group is not None:
            keep &= self.rows["group"] == group
        if partner is not None:
            keep &= self.rows["partner"] == partner
        rows = self.rows[keep]
        weights = rows[self.chosen].to_numpy(dtype=float)
        t = rows["t"].to_numpy(dtype=np.int64)
        return np.asarray(np.bincount(t, weights=weights, minlength=self.span), dtype=float)


def live_of(view: View) -> LiveCash:
    """Return the changes of a plan against business as usual, as the audience may read them."""
    cash = view.cash
    signed = np.where(cash["case"] == "plan", 1.0, -1.0) * cash["amount_gbp"].to_numpy(dtype=float)
    flat = cash[["t", "partner_id", "line", "group", "view"]].assign(plan=signed)
    rows = flat.groupby(["t", "partner_id", "line", "group", "view"], as_index=False)["plan"].sum()
    rows = rows[rows["plan"].abs() > NEGLIGIBLE_GBP].reset_index(drop=True)
    labels = tuple(view.horizon.label(t) for t in range(view.horizon.appraisal_years))
    rows["year"] = [labels[int(t)] for t in rows["t"]]
    rows["partner"] = rows["partner_id"].map(partner_names(view)).fillna(rows["partner_id"])
    rows["group"] = rows["group"].map(GROUP_LABEL).fillna(rows["group"])
    rows["economic"] = (rows["view"] != "financial").astype(int)
    rows["financial"] = (rows["view"] != "economic").astype(int)
    return LiveCash(rows, ("plan",), labels, *view.discounting)


def partner_names(view: View) -> dict[str, str]:
    """Return a name of its own for every partner."""
    known = view.sites.drop_duplicates("partner_id").set_index("partner_id")["partner"]
    ids = dict.fromkeys([*known.index, *view.cash["partner_id"]])
    names = {one: str(known.get(one, one)) or "Not named" for one in ids}
    twice = pd.Series(list(names.values())).value_counts()
    return {one: (name if twice[name] == 1 else f"{name} ({one})")[:120] for one, name in names.items()}


def column_letter(position: int) -> str:
    """Return the letter of a column counted from 0."""
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def cells(sheet: str, frame_columns: list[str], header: str, count: int) -> str:
    """Return the address of a column of a table, for a formula on another sheet."""
    letter = column_letter(frame_columns.index(header))
    first = FIRST_ROW + 2
    return f"'{sheet}'!${letter}${first}:${letter}${first + count - 1}"


def still(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table with what its formulas came to, for readers who get no formulas."""
    kept = frame.copy()
    for name in kept.columns:
        if kept[name].map(lambda cell: isinstance(cell, Live)).any():
            values = kept[name].map(lambda cell: cell.value if isinstance(cell, Live) else cell)
            kept[name] = pd.to_numeric(values, errors="coerce") if name != "Year" else values
    return kept


def entries(live: LiveCash) -> list[dict[str, Any]]:
    """Return the rows of the assumptions that are live: discount rates, timing, case, levers."""
    rows = []
    for i, band in enumerate(live.bands().to_dict("records"), start=1):
        last = min(int(band["to_year"]), live.span - 1)
        first = max(int(band["from_year"]), 1)
        what = f"Discount rate of years {first} to {last}"
        entry = Entry(f"discount_rate_{i}", float(band["rate"]))
        rows.append(_entry_row(entry, what, "share a year", str(band["source"]), "green"))
    mid = Entry(MID_YEAR, float(live.timing == "mid_year"), whole=True)
    rows.append(_entry_row(mid, "Money is discounted at mid-year (1) or year end (0)", "0 or 1", "", "green"))
    if len(live.cases) > 1:
        at = float(live.cases.index(live.chosen) + 1)
        told = ", ".join(f"{i} {case}" for i, case in enumerate(live.cases, start=1))
        entry = Entry(CASE, at, float(len(live.cases)), 1.0, whole=True)
        rows.append(_entry_row(entry, f"Case: {told}", "number", "", ""))
    for lever in LEVERS:
        if live.rows["line"].isin(lever.lines).any():
            entry = Entry(lever.name, 0.0, lever.most)
            rows.append(_entry_row(entry, f"{lever.label}. {lever.meaning}", "share", "what if", ""))
    return rows


def _entry_row(entry: Entry, what: str, unit: str, source: str, quality: str) -> dict[str, Any]:
    blank = {"Low": np.nan, "High": np.nan}
    row = {"Assumption": entry.name, "What it is": what, "Value": entry, "Unit": unit, **blank}
    return {**row, "Quality": quality, "Impact": "red", "Source": source, "Changes this workbook": "yes"}


def factor_table(live: LiveCash) -> pd.DataFrame:
    """Return the discount factors by year, each from the one before: ``DF(t) = DF(t-1) / (1 + r)``."""
    bands, factors = live.bands(), live.factors()
    ends = discount_factors(live.vintage, live.span, "year_end")
    rows: list[dict[str, Any]] = []
    for t, label in enumerate(live.labels):
        row = FIRST_ROW + 2 + t
        band = int(np.searchsorted(bands["from_year"].to_numpy(), t, side="right"))
        rate = Live(f"=discount_rate_{band}", float(bands["rate"].iloc[band - 1]), "rate")
        end = Live("=1" if t == 0 else f"=D{row - 1}/(1+C{row})", float(ends[t]))
        used = f"=IF({MID_YEAR}=1,D{row - 1}/SQRT(1+C{row}),D{row})" if t else "=1"
        rows.append(
            {
                "Year": label,
                "Year t": t,
                "Rate share": rate,
                "Year-end factor": end,
                "Discount factor": Live(used, float(factors[t])),
            }
        )
    return pd.DataFrame(rows)


AMOUNT = {"plan": "As planned [£]", "low": "Low [£]", "central": "Central [£]", "high": "High [£]"}
LEDGER_HEAD = ["Year", "Year t", "Partner", "Line", "Group", "Economic", "Financial"]
NOW = "Now [£]"


def ledger_columns(live: LiveCash) -> list[str]:
    """Return the headers of the ledger by year."""
    return [*LEDGER_HEAD, *(AMOUNT[case] for case in live.cases), NOW]


def ledger_table(live: LiveCash) -> pd.DataFrame:
    """Return every change by year, partner and line: as planned, and as the assumptions make it now."""
    rows = live.rows
    named = {"Year": "year", "Year t": "t", "Partner": "partner", "Line": "line", "Group": "group"}
    table = pd.DataFrame({head: rows[name].to_numpy() for head, name in named.items()})
    table["Economic"], table["Financial"] = rows["economic"].to_numpy(), rows["financial"].to_numpy()
    for case in live.cases:
        table[AMOUNT[case]] = rows[case].to_numpy(dtype=float)
    first = len(LEDGER_HEAD)
    letters = [column_letter(first + i) for i in range(len(live.cases))]
    factor = _factor_words(rows["line"])
    formulas = [
        Live(f"={_amount_words(letters, row)}{times}", float(value))
        for row, (times, value) in enumerate(zip(factor, rows[live.chosen], strict=True), start=FIRST_ROW + 2)
    ]
    table[NOW] = pd.Series(formulas, dtype=object)
    return table


def _amount_words(letters: list[str], row: int) -> str:
    parts = [f"{letter}{row}" for letter in letters]
    return parts[0] if len(parts) == 1 else f"CHOOSE({CASE},{','.join(parts)})"


def _factor_words(line: pd.Series) -> list[str]:
    words = pd.Series("", index=line.index, dtype=object)
    for lever in LEVERS:
        touched = line.isin(lever.lines)
        words[touched] += f"*(1{'+' if lever.sign > 0 else '-'}{lever.name})"
    return words.tolist()


def summed(live: LiveCash, t_cell: str, **where: str) -> str:
    """Return the formula that adds up the ledger by year where columns have values.

    Parameters
    ----------
    live : LiveCash
        The changes.
    t_cell : str
        Address of the year t on the sheet of the formula.
    **where : str
        Header of the ledger (in lower case) to the criterion, as a formula writes it.
    """
    columns, count = ledger_columns(live), max(len(live.rows), 1)
    tests = [f"{cells(LEDGER, columns, 'Year t', count)},{t_cell}"]
    for header, criterion in where.items():
        tests.append(f"{cells(LEDGER, columns, header.capitalize(), count)},{criterion}")
    return f"=SUMIFS({cells(LEDGER, columns, NOW, count)},{','.join(tests)})"


def quoted(words: str) -> str:
    """Return text as a criterion of a formula that matches it and nothing else."""
    safe = "".join(f"~{letter}" if letter in "*?~" else letter for letter in words)
    return '"=' + safe.replace('"', '""') + '"'
