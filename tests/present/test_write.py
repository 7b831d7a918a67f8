"""Files are written whole or not at all, hostile text is harmless, pages carry status and dates."""

from __future__ import annotations

import dataclasses
import json
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from made_up import make_result

from estate.core.errors import EstateError
from estate.core.result import CASHFLOW_COLUMNS, Result
from estate.present import write
from estate.present.csvs import harmless, safe_frame
from estate.present.report import html_table
from estate.present.view import make_view

FILES = {
    "access.csv",
    "assumptions.csv",
    "cashflow.csv",
    "cashflow.png",
    "data_to_collect.csv",
    "estate.gpkg",
    "funnel.csv",
    "map.png",
    "matches.csv",
    "moves.csv",
    "plan.csv",
    "report.html",
    "run.json",
    "summary.json",
    "workbook.xlsx",
    "travel.png",
    *(f"{name}.csv" for name in ("residents", "front_door", "online", "travel_change")),
    *(f"{name}.csv" for name in ("equality", "equality_standards", "equality_evidence")),
}
PUBLIC = FILES | {"financial.csv", "receipt_scenarios.csv", "saving_by_fund.csv"}
PARTNER = PUBLIC | {"liabilities.csv", "staff_saving.csv", "running_cost_by_heading.csv"}
PARTNER |= {"fitness.csv"}  # its counts would tell the public of a refuge
FILES_OF = {"public": PUBLIC, "partner": PARTNER, "internal": PARTNER | {"constraints.csv", "exits.csv"}}


def _no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = tuple(row for row in write.WRITERS if row[0] in {"tables", "json"})
    monkeypatch.setattr(write, "WRITERS", quick)


def test_all_files_of_the_contract_and_nothing_else(written: dict[str, Path]) -> None:
    for audience, folder in written.items():
        assert {path.name for path in folder.iterdir()} == FILES_OF[audience]
        assert not [p for p in folder.parent.iterdir() if p.name.startswith(".")]


def test_the_old_folder_is_kept_when_a_writer_fails(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("disc full")

    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "plan.csv").write_text("old", encoding="utf-8")
    _no_pictures(monkeypatch)
    monkeypatch.setattr(write, "WRITERS", (*write.WRITERS, ("broken", fail)))
    with pytest.raises(ValueError, match="disc full"):
        write.write_all(result, folder, "internal")
    assert (folder / "plan.csv").read_text(encoding="utf-8") == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def test_the_folder_is_replaced_as_a_whole(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _no_pictures(monkeypatch)
    folder = tmp_path / "deep" / "run"
    folder.mkdir(parents=True)
    (folder / "left_over.csv").write_text("old", encoding="utf-8")
    files = write.write_all(result, folder, "internal")
    assert not (folder / "left_over.csv").exists()
    assert "plan.csv" in {f.name for f in files}
    assert [p.name for p in folder.parent.iterdir()] == ["run"]


def test_a_folder_that_cannot_be_replaced_comes_back(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _no_pictures(monkeypatch)
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "plan.csv").write_text("old", encoding="utf-8")
    real = Path.rename

    def rename(self: Path, target: Path) -> Path:
        if Path(target) == folder and not str(self).endswith("-old"):
            raise PermissionError(13, "in use")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(EstateError, match="cannot be replaced"):
        write.write_all(result, folder, "internal")
    assert (folder / "plan.csv").read_text(encoding="utf-8") == "old"


def test_cells_that_look_like_formulas_are_harmless() -> None:
    words = pd.Series(["=1+1", "+44 121", "-cmd", "@x", "\tx", "fine", None, "a=b"])
    assert harmless(words).tolist() == ["'=1+1", "'+44 121", "'-cmd", "'@x", "'\tx", "fine", "", "a=b"]
    frame = safe_frame(
        pd.DataFrame({"n": [-1.5, 2.0], "mixed": pd.Series([-3, "=x"], dtype=object), "yes": [True, False]})
    )
    assert frame["n"].tolist() == [-1.5, 2.0]
    assert frame["mixed"].tolist() == [-3, "'=x"]
    assert frame["yes"].tolist() == ["yes", "no"]


def test_cash_flow_is_unrounded_and_complete(result: Result, written: dict[str, Path]) -> None:
    cash = pd.read_csv(written["internal"] / "cashflow.csv")
    assert tuple(cash.columns) == CASHFLOW_COLUMNS
    assert cash["amount_gbp"].tolist() == result.ledger["amount_gbp"].tolist()


def test_json_is_strict_and_says_status_and_dates(written: dict[str, Path]) -> None:
    for folder in written.values():
        summary = json.loads(
            (folder / "summary.json").read_text(encoding="utf-8"), parse_constant=pytest.fail
        )
        assert summary["status"] == "Proposed"
        assert summary["data_date"] == "1 April 2026"
        run = json.loads((folder / "run.json").read_text(encoding="utf-8"), parse_constant=pytest.fail)
        assert run["schema_version"] == "1.0"
        assert run["audience"] == folder.name


class _Page(HTMLParser):
    """Counts tags and keeps the text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_report_is_plain_and_escaped(result: Result, tmp_path: Path) -> None:
    sites = result.estate.tables["sites"].copy()
    sites["name"] = "<script>alert(1)</script>" + sites["name"]
    estate = dataclasses.replace(result.estate, tables={**result.estate.tables, "sites": sites})
    from estate.present.report import write_report

    write_report(make_view(dataclasses.replace(result, estate=estate), "internal"), tmp_path)
    page = _Page()
    page.feed((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert "script" not in page.tags
    assert "<script>alert(1)</script>" in "".join(page.words)
    text = " ".join(page.words)
    assert (
        text.index("From all registered property")
        < text.index("What is not known")
        < text.index("Headline figures")
    )
    assert "Status: Proposed" in text
    assert "1 April 2026" in text
    assert "Invented estate" in text


def test_html_cells_cannot_hold_markup() -> None:
    assert html_table(["<b>"], [("\"'&<i>",)]) == (
        '<table><thead><tr><th scope="col">&lt;b&gt;</th></tr></thead>'
        "<tbody><tr><td>&quot;&#x27;&amp;&lt;i&gt;</td></tr></tbody></table>"
    )


def test_an_estate_in_which_nothing_happens_is_written_too(tmp_path: Path) -> None:
    from estate.core.types import Plan

    run = make_result(12)
    ledger = run.ledger[(run.ledger["line"] == "running_cost") & (run.ledger["case"] == "bau")]
    both = pd.concat([ledger, ledger.assign(case="plan")], ignore_index=True)
    none = pd.DataFrame()
    idle = dataclasses.replace(
        run,
        plan=Plan.empty(),
        ledger=both,
        solution=None,
        summary={},
        access=none,
        partners=none,
        collect=none,
        run={},
    )
    files = write.write_all(idle, tmp_path / "idle", "public")
    assert {f.name for f in files} == PUBLIC


def test_the_page_calls_partners_in_a_hub_by_their_names(result, tmp_path):
    from estate.present.report import write_report

    write_report(make_view(result, "internal"), tmp_path)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    part = text.split("Hubs and who moves in</h2>")[1].split("</table>")[0]
    partners = result.estate.tables["partners"]
    told = [row.rsplit("<td>", 1)[-1].split("<")[0].split(", ") for row in part.split("</tr>")[1:-1]]
    words = {word for cell in told for word in cell if word}
    assert words
    assert words <= set(partners["name"])
