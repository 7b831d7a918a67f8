"""What the terminal says of a run, in plain words; first what is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estate.core.words import plural
from estate.present.access import access_lines
from estate.present.equality import equality_lines
from estate.present.serving import serving_lines
from estate.present.view import make_view
from estate.present.words import gbp, headline_words, is_missing, join_words, nothing_to_pay_back, share, text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from estate.core.result import Result
    from estate.present.view import View

MOST_NOTES = 8
NOT_SETTLED = 0.2
"""A gap larger than this share of the saving says little of the plan."""
_PAYBACKS = (
    ("payback_with_receipts", "with receipts"),
    ("payback_without_receipts", "without receipts"),
)


def summary_lines(result: Result) -> list[str]:
    """Return the summary of a run as plain lines, for the audience of its configuration.

    Returns
    -------
    list of str
        What is not known, what was decided on, what happens, what it saves and costs, who is
        farther away, and how good the plan is proved to be.
    """
    return view_lines(make_view(result, result.config.audience))


def view_lines(view: View) -> list[str]:
    """Return the summary of what an audience may read of a run."""
    head = view.header
    lines = ["What is not known", *unknown_lines(view)]
    if head.invented:
        lines.append("  - The estate is invented: no figure is about a real place.")
    status = f"{head.status[:1].lower()}{head.status[1:]}"
    lines += ["", f"{head.title}, {status}. Date of the data: {head.data_date}", *action_lines(view)]
    lines += ["", "What it saves and costs", *money_lines(view)]
    lines += ["", "Residents", *access_lines(view), *serving_lines(view), *equality_lines(view)]
    lines += ["", "How good the plan is", *proof_lines(view)]
    return lines


def unknown_lines(view: View, most: int = MOST_NOTES) -> list[str]:
    """Say what a reader must know before the first figure; of many notes the first `most`."""
    notes = [f"  - {note}" for note in view.notes[:most]]
    if len(view.notes) > most:
        notes.append(f"  - and {plural(len(view.notes) - most, 'more note')}, all in report.html")
    row = view.headline("assumed_cost_share")
    if row is not None and not is_missing(row.get("value")):
        notes.append(f"  - {share(row.get('value'))} of the running cost behind the saving is assumed.")
    if len(view.collect):
        notes.append(f"  - {plural(len(view.collect), 'fact')} most worth collecting: data_to_collect.csv.")
    return notes or ["  - Nothing was noted as missing."]


def action_lines(view: View) -> list[str]:
    """Say how many sites were decided on, close and open."""
    lines = [f"  {words}" for words in decided_words(view)]
    if len(view.hubs):
        names = join_words([text(name) for name in view.hubs["name"]], limit=8)
        room = float(view.hubs["room_nia_m2"].sum())
        verb = "opens" if len(view.hubs) == 1 else "open"
        lines.append(f"  {plural(len(view.hubs), 'hub')} {verb} with {room:,.0f} m2 of room: {names}.")
    else:
        lines.append("  No hub opens.")
    counts = view.moves["how"].value_counts()
    words = {"move": "move", "merge": "merge with the same service elsewhere", "online": "go online"}
    told = [f"{int(counts[how]):,} {said}" for how, said in words.items() if how in counts]
    lines.append(f"  Services: {join_words(told)}." if told else "  No service moves.")
    return lines


def decided_words(view: View) -> list[str]:
    """Say how many sites were decided on and of how many, surplus sites apart, and how many close."""
    sites = view.sites[view.sites["status"] == "existing"]
    decided, surplus = (int((sites["scope"] == scope).sum()) for scope in ("decide", "surplus"))
    of = f"of {len(sites):,} in the estate"
    if "part" in view.funnel:
        mine = view.funnel[view.funnel["part"] == "register"]
        of = f"of {int(mine['sites'].sum()):,} registered assets"
        if int(mine.loc[mine["step"] == "Decided", "sites"].sum()) != decided:
            of += " and of the other lists"
    verb = "is" if decided == 1 else "are"
    lines = [f"{plural(decided, 'site')} {of} {verb} decided on."]
    if surplus:
        verb = "stands" if surplus == 1 else "stand"
        lines.append(f"{plural(surplus, 'more site')} {verb} empty (surplus) and may be given up.")
    closes = int((sites["decision"] == "close").sum())
    all_of = f"these {decided + surplus:,}" if surplus else "them"
    return [*lines, f"{closes:,} of {all_of} close{'s' if closes == 1 else ''}."]


def money_lines(view: View) -> list[str]:
    """Say what is saved in the steady year, what it is worth, and when it has paid back."""
    saving, part = view.headline("saving_steady_gbp"), view.headline("saving_share")
    lines: list[str] = []
    if saving is not None:
        of = f", {share(part.get('value'))} of what the decided sites cost to run" if part is not None else ""
        lines.append(f"  Saving in {text(saving.get('year'))}: {headline_words(saving)}{of}.")
    for key in ("share_of_estate_decided", "npv_economic_gbp", "npv_financial_gbp"):
        row = view.headline(key)
        if row is not None:
            lines.append(f"  {text(row.get('label'))}: {headline_words(row)}.")
    lines += payback_words(view)
    peak = view.headline("peak_funding_gbp")
    if peak is not None:
        t = peak.get("t")
        by = "" if is_missing(t) else f", by the end of {view.horizon.label(int(str(t)))}"
        lines.append(f"  Most that must be found in advance: {headline_words(peak)}{by}.")
    return [*lines, *paying_words(view)] or ["  No figures for these readers."]


def paying_words(view: View) -> list[str]:
    """Say whether the purses can pay for the plan however receipts come, and what has no funding."""
    purses, lacks = (view.headline(key) for key in ("receipts_short_gbp", "unfunded_gbp"))
    lines = []
    if purses is not None:
        said = text(purses.get("note"))
        lines.append(f"  Whether the purses can pay: {said[:1].lower()}{said[1:]}.")
    if lacks is not None and text(lacks.get("year")):
        first = text(lacks.get("year"))
        lines.append(f"  Capital without funding: {headline_words(lacks)}, first in {first}.")
    return lines


def payback_words(view: View) -> list[str]:
    """Say when the plan has paid back, with receipts and without."""
    rows = [(words, view.headline(key)) for key, words in _PAYBACKS]
    known = [(words, row) for words, row in rows if row is not None]
    if known and all(nothing_to_pay_back(row) for _, row in known):
        return ["  Nothing has to be spent first: there is nothing to pay back."]
    at_once = [words for words, row in known if nothing_to_pay_back(row)]
    known = [(words, row) for words, row in known if words not in at_once]
    told = [f"{headline_words(row)} {words}" for words, row in known if not is_missing(row.get("value"))]
    never = [words for words, row in known if is_missing(row.get("value"))]
    lines = [f"  Nothing has to be paid back {join_words(at_once)}."] if at_once else []
    lines += [f"  Pays back in {join_words(told)}."] if told else []
    if never:
        lines.append(f"  Does not pay back within the years counted {' or '.join(never)}.")
    return lines


def proof_lines(view: View) -> list[str]:
    """Say how far the plan can be from the best, and what was checked."""
    lines = [f"  {words}" for words in gap_words(view.solution)]
    if len(view.checks) and "passed" in view.checks:
        good = int(view.checks["passed"].astype(str).str.lower().isin(["true", "yes"]).sum())
        lines.append(f"  {good} of {plural(len(view.checks), 'check')} passed.")
    return lines or ["  The plan was made by hand: nothing is proved of it."]


def gap_words(solution: Mapping[str, Any]) -> list[str]:
    """Say the gap in words, and why the search stopped."""
    if not solution:
        return []
    said = {
        "optimal": "No plan saves more than this one.",
        "within_gap": "",
        "time_limit": "The search stopped at its time limit: this is the best plan found by then.",
        "interrupted": "The search was stopped by hand: this is the best plan found by then.",
    }.get(str(solution.get("status")), "")
    if solution.get("stopped_by") == "doubt":
        said = "The solver contradicted itself: of this plan nothing is proved but that it keeps every rule."
    lines = [said] if said else []
    if "bound_gbp" in solution and solution.get("status") != "optimal":
        within = solution.get("gap_share_of_saving")
        apart = "" if is_missing(within) else f" (within {share(within)})"
        best, here = gbp(solution["bound_gbp"]), gbp(solution["objective_gbp"])
        if not is_missing(within) and float(str(within)) > NOT_SETTLED:
            return [*lines, f"This plan saves {here}; the best possible may be up to {best}: not settled."]
        lines.append(f"No plan can save more than {best}; this one saves {here}{apart}.")
    return lines


def funnel_lines(result: Result) -> list[str]:
    """Return the way from all registered assets to decided sites, one step a line."""
    return view_funnel(make_view(result, result.config.audience))


def view_funnel(view: View) -> list[str]:
    """Return the funnel of what an audience may read of a run."""
    if view.funnel.empty:
        return []
    rows = view.funnel[["step", "sites", "reason"]].itertuples(index=False, name=None)
    lines = []
    for step, sites, reason in rows:
        why = f": {text(reason)}" if text(reason) else ""
        lines.append(f"  {int(sites):>6,}  {text(step)}{why}")
    return lines
