"""Answers of people to questions of matching, and the buildings that follow from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from estate.core.errors import Issue
from estate.inputs.matching import MATCH_COLUMNS, NEAR_KM, REGISTER

if TYPE_CHECKING:
    from collections.abc import Hashable
    from pathlib import Path

DECISIONS = ("merge", "apart", "ask")


def apply_answers(
    matches: pd.DataFrame, records: pd.DataFrame, path: Path | None
) -> tuple[pd.DataFrame, list[Issue]]:
    """Put the decisions of a matches.csv that people have edited over the automatic ones.

    Parameters
    ----------
    matches : DataFrame
        As :func:`match_places` returns them.
    records : DataFrame
        All records.
    path : Path or None
        File with left_id, right_id and decision; None changes nothing.

    Returns
    -------
    DataFrame
        Matches; an answered pair has the rule ``answer``.
    list of Issue
        Ids that are not known and decisions that are no decisions.
    """
    if path is None:
        return matches, []
    answers, issues = _read_answers(path)
    known = dict(zip(records["record_id"], records["name"], strict=True))
    place_of = {
        pair: row for row, pair in enumerate(map(frozenset, matches[["left_id", "right_id"]].to_numpy()))
    }
    changed = matches.copy()
    added = []
    for row, answer in answers.iterrows():
        found, pair = (
            _faults(answer, known, path.name, row),
            frozenset((answer["left_id"], answer["right_id"])),
        )
        issues += found
        if found:
            continue
        if pair in place_of:
            at = changed.index[place_of[pair]]
            if changed.loc[at, "decision"] != answer["decision"]:
                changed.loc[at, ["rule", "reason"]] = ["answer", f"answered in {path.name}"]
            changed.loc[at, "decision"] = answer["decision"]
            if answer["decision"] != "ask":
                changed.loc[at, "rule"] = "answer"
        else:
            added.append(_answer_row(answer, known, path.name))
    return pd.concat([changed, pd.DataFrame(added, columns=list(MATCH_COLUMNS))]).reset_index(
        drop=True
    ) if added else changed, issues


def _read_answers(path: Path) -> tuple[pd.DataFrame, list[Issue]]:
    try:
        answers = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, ValueError):
        issue = Issue(path.name, None, "", "", "cannot be read", "start from the matches.csv of a run")
        return pd.DataFrame(columns=["left_id", "right_id", "decision"]), [issue]
    missing = [name for name in ("left_id", "right_id", "decision") if name not in answers]
    if missing:
        issues = [
            Issue(path.name, 1, name, "", "is missing", "start from the matches.csv of a run")
            for name in missing
        ]
        return pd.DataFrame(columns=["left_id", "right_id", "decision"]), issues
    answers = answers.apply(lambda column: column.str.strip())
    answers["decision"] = answers["decision"].str.lower()
    answers.index = pd.RangeIndex(2, 2 + len(answers))
    return answers, []


def _faults(answer: pd.Series, known: dict[str, str], table: str, row: Hashable) -> list[Issue]:
    at = int(str(row))
    issues = [
        Issue(
            table,
            at,
            column,
            str(answer[column])[:60],
            "is no record",
            "use the ids of the matches.csv of a run",
        )
        for column in ("left_id", "right_id")
        if answer[column] not in known
    ]
    if answer["decision"] not in DECISIONS:
        shown = str(answer["decision"])[:60]
        issues.append(Issue(table, at, "decision", shown, "is no decision", "write merge, apart or ask"))
    return issues


def _answer_row(answer: pd.Series, known: dict[str, str], table: str) -> dict[str, object]:
    return {
        "left_id": answer["left_id"],
        "left_name": known[answer["left_id"]],
        "right_id": answer["right_id"],
        "right_name": known[answer["right_id"]],
        "rule": "answer",
        "decision": answer["decision"],
        "reason": f"answered in {table}",
    }


def group_records(records: pd.DataFrame, matches: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put records that are one building, or may be, into groups.

    Clear pairs first, the closest first among equals. No pair that the importer found
    joins two assets of the register, and none joins what an answer keeps apart: such a
    pair is asked. Then every building with a question is counted with the nearest one it
    is asked about, without chains: what is counted with another takes none itself.

    Parameters
    ----------
    records : DataFrame
        record_id and source.
    matches : DataFrame
        Pairs with their decisions.

    Returns
    -------
    DataFrame
        record_id, group (number), primary (record that gives the site its id),
        unresolved (true where only a question ties the record to its group).
    DataFrame
        Matches; a decision that could not be carried out became ``ask``, a question that
        is settled by a clear pair became ``apart``, each with its reason.
    """
    ids = {name: row for row, name in enumerate(records["record_id"])}
    own = (records["source"] == REGISTER).to_numpy()
    out = matches.copy()
    edges = list(zip(out["left_id"].map(ids), out["right_id"].map(ids), strict=True))
    order = _order(out, [own[a] or own[b] for a, b in edges])
    joined = _join_clear(out, order, edges, own)
    clear = _components(joined, len(records))
    tied = _tie_asked(out, order, edges, clear, own)
    return _groups(records, own, clear, _components([*joined, *tied], len(records))), out


def _join_clear(
    out: pd.DataFrame, order: list[int], edges: list[tuple[int, int]], own: np.ndarray
) -> list[tuple[int, int]]:
    """Return the clear pairs that may be joined; the others of `out` turn into questions."""
    split = {frozenset(edges[row]) for row in range(len(out)) if _answered(out, row, "apart")}
    members = {row: {row} for row in range(len(own))}
    home = list(range(len(own)))
    joined = []
    for row in order:
        if out["decision"].iloc[row] != "merge":
            continue
        a, b = home[edges[row][0]], home[edges[row][1]]
        answered = _answered(out, row, "merge")
        why = "" if a == b else _hindrance(members[a], members[b], own, split, answered=answered)
        if why:
            out.loc[out.index[row], ["decision", "reason"]] = ["ask", why]
            continue
        joined.append(edges[row])
        if a != b:
            members[a] |= members.pop(b)
            for one in members[a]:
                home[one] = a
    return joined


def _tie_asked(
    out: pd.DataFrame, order: list[int], edges: list[tuple[int, int]], clear: np.ndarray, own: np.ndarray
) -> list[tuple[int, int]]:
    """Return the questions by which one building is counted with another until they are answered."""
    registered = set(clear[own])
    split = {
        frozenset(int(clear[end]) for end in edges[row])
        for row in range(len(out))
        if _answered(out, row, "apart")
    }
    houses: dict[int, set[int]] = {}
    guests: set[int] = set()
    tied = []
    for row in order:
        if out["decision"].iloc[row] != "ask":
            continue
        a, b = (int(clear[end]) for end in edges[row])
        if a in registered and b in registered:
            if a != b and not _answered(out, row, "ask"):
                settled = ["apart", "the record is merged with another asset of the register"]
                out.loc[out.index[row], ["decision", "reason"]] = settled
            continue
        holder, guest = (b, a) if b in registered else (a, b)
        house = houses.get(holder, {holder})
        kept_apart = any(frozenset((guest, other)) in split for other in house)
        if a == b or guest in houses or guest in guests or holder in guests or kept_apart:
            continue
        houses[holder] = house | {guest}
        guests.add(guest)
        tied.append(edges[row])
    return tied


def _order(matches: pd.DataFrame, registered: list[bool]) -> list[int]:
    """Return the pairs to look at: clear before asked, answers first, the register's first."""
    rank = matches["decision"].map({"merge": 0, "ask": 1, "apart": 2}).to_numpy()
    answered = np.where(matches["rule"] == "answer", 0, 1)
    # A metre weighs as much as a point of the name's likeness; no distance counts as 100 m.
    strength = matches["name_score"].fillna(0.0) - matches["km"].fillna(NEAR_KM) * 1000.0
    keys = [matches["right_id"], matches["left_id"], -strength]
    last = [~np.array(registered, dtype=bool), answered, rank]
    order = np.lexsort([*(np.asarray(key) for key in keys), *last])
    return [int(row) for row in order if rank[row] < 2]


def _answered(matches: pd.DataFrame, row: int, decision: str) -> bool:
    return bool(matches["rule"].iloc[row] == "answer" and matches["decision"].iloc[row] == decision)


def _hindrance(
    a: set[int], b: set[int], own: np.ndarray, split: set[frozenset[int]], *, answered: bool
) -> str:
    if any(pair & a and pair & b for pair in split):
        return "would join what an answer keeps apart"
    if not answered and any(own[row] for row in a) and any(own[row] for row in b):
        return "would join two assets of the register"
    return ""


def _groups(records: pd.DataFrame, own: np.ndarray, clear: np.ndarray, group: np.ndarray) -> pd.DataFrame:
    frame = pd.DataFrame(
        {"record_id": records["record_id"].to_numpy(), "group": group, "clear": clear, "own": own}
    )
    frame["order"] = np.arange(len(frame))
    first = frame.sort_values(["group", "own", "order"], ascending=[True, False, True]).drop_duplicates(
        "group"
    )
    lead = first.set_index("group")
    frame["primary"] = frame["group"].map(lead["record_id"])
    frame["unresolved"] = frame["clear"] != frame["group"].map(lead["clear"])
    return frame[["record_id", "group", "primary", "unresolved"]]


def _components(edges: list[tuple[int, int]], size: int) -> np.ndarray:
    ends = np.array(edges, dtype=int).reshape(-1, 2)
    graph = coo_matrix((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(size, size))
    return np.asarray(connected_components(graph, directed=False)[1])
