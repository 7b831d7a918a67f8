"""Records of several lists that may be one building: merged, kept apart, or asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, utils
from rapidfuzz.process import cpdist
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from estate.core.errors import Issue

if TYPE_CHECKING:
    from collections.abc import Hashable
    from pathlib import Path

REGISTER = "register"
NEAR_KM, HERE_KM, NAME_KM = 0.1, 0.03, 1.5
SAME_NAME, LIKE_NAME = 88.0, 60.0
RARE = 12
MATCH_COLUMNS = (
    "left_id",
    "left_name",
    "right_id",
    "right_name",
    "km",
    "name_score",
    "same_postcode",
    "same_uprn",
    "rule",
    "decision",
    "reason",
)
DECISIONS = ("merge", "apart", "ask")
_FULL_POSTCODE = r"[A-Z]{1,2}[0-9][A-Z0-9]? [0-9][A-Z]{2}"


def match_places(records: pd.DataFrame) -> pd.DataFrame:
    """Find the pairs of records that may be one building and decide what is clear.

    Pairs are looked for by UPRN, by postcode, within 100 m (a k-d tree), and by rare
    words of their names within 1.5 km or where a place is not known. Two assets of the
    register are never paired: the council has given each its own reference.

    Parameters
    ----------
    records : DataFrame
        record_id, source (``register`` or the name of a list), name, postcode, uprn,
        easting, northing [m], use_kind, land (true for land without a building), named.

    Returns
    -------
    DataFrame
        Columns ``MATCH_COLUMNS``; km is the straight line [km].
    """
    table = records.reset_index(drop=True)
    pairs = _candidates(table)
    if pairs.empty:
        return pd.DataFrame(columns=list(MATCH_COLUMNS))
    left, right = table.loc[pairs["left"]].reset_index(), table.loc[pairs["right"]].reset_index()
    evidence = _evidence(left, right)
    decided = _decide(evidence)
    frame = pd.DataFrame(
        {
            "left_id": left["record_id"],
            "left_name": left["name"],
            "right_id": right["record_id"],
            "right_name": right["name"],
            "km": evidence["km"].round(3),
            "name_score": evidence["score"].round(0),
            "same_postcode": evidence["same_postcode"].map({True: "yes", False: "no"}),
            "same_uprn": evidence["same_uprn"].map({True: "yes", False: "no"}),
            **decided,
        }
    )
    seen = (frame["rule"] != "far") | (frame["decision"] != "apart")
    return frame[seen].sort_values(["left_id", "right_id"], kind="stable").reset_index(drop=True)


def _candidates(table: pd.DataFrame) -> pd.DataFrame:
    found = [
        _same(table, table["uprn"].where(table["uprn"] != "")),
        _same(table, table["postcode"].where(table["postcode"].str.fullmatch(_FULL_POSTCODE))),
        _nearby(table),
        _same_words(table),
    ]
    pairs = pd.concat(found, ignore_index=True)
    pairs = pd.DataFrame(
        np.sort(pairs.to_numpy(dtype=int), axis=1), columns=["left", "right"]
    ).drop_duplicates()
    own = (table["source"] == REGISTER).to_numpy()
    # The register's record stands on the left, whatever the order of the records.
    turned = own[pairs["right"]] & ~own[pairs["left"]]
    pairs.loc[turned, ["left", "right"]] = pairs.loc[turned, ["right", "left"]].to_numpy()
    both = own[pairs["left"]] & own[pairs["right"]]
    return pairs[~both & (pairs["left"] != pairs["right"])].reset_index(drop=True)


def _same(table: pd.DataFrame, keys: pd.Series) -> pd.DataFrame:
    """Return pairs with the same key, at least one of them from a list."""
    rows = pd.DataFrame({"key": keys, "row": table.index}).dropna()
    lists = rows[(table["source"] != REGISTER).to_numpy()[rows["row"]]]
    both = lists.merge(rows, on="key", suffixes=("_a", "_b"))
    return both.loc[both["row_a"] != both["row_b"], ["row_a", "row_b"]].set_axis(["left", "right"], axis=1)


def _nearby(table: pd.DataFrame) -> pd.DataFrame:
    points = table[["easting", "northing"]].to_numpy(dtype=float)
    placed = np.isfinite(points).all(axis=1)
    own = placed & (table["source"] == REGISTER).to_numpy()
    rows_list, rows_own = np.flatnonzero(placed & ~own), np.flatnonzero(own)
    found = [np.empty((0, 2), dtype=int)]
    if len(rows_list):
        tree = cKDTree(points[rows_list])
        found.append(rows_list[tree.query_pairs(NEAR_KM * 1000.0, output_type="ndarray")])
        if len(rows_own):
            near = tree.sparse_distance_matrix(
                cKDTree(points[rows_own]), NEAR_KM * 1000.0, output_type="ndarray"
            )
            found.append(np.column_stack([rows_list[near["i"]], rows_own[near["j"]]]))
    return pd.DataFrame(np.vstack(found), columns=["left", "right"])


def _same_words(table: pd.DataFrame) -> pd.DataFrame:
    """Return pairs that share a word which few names have."""
    names = table["name"].where(table["named"]).dropna().map(utils.default_process)
    words = names.str.split().explode().reset_index()
    words.columns = pd.Index(["row", "word"])
    words = words[words["word"].str.len() >= 4].drop_duplicates()
    words = words[words.groupby("word")["row"].transform("size") <= RARE]
    return _same(table.loc[words["row"]].reset_index(drop=True), words["word"].reset_index(drop=True)).apply(
        lambda column: words["row"].to_numpy()[column.to_numpy(dtype=int)]
    )


def _evidence(left: pd.DataFrame, right: pd.DataFrame) -> pd.DataFrame:
    a, b = left["name"].map(utils.default_process).tolist(), right["name"].map(utils.default_process).tolist()
    # The mean of both: one alone takes "Sale Library" for "Sale Library (in Sale Waterside)" or misses it.
    score = (cpdist(a, b, scorer=fuzz.token_set_ratio) + cpdist(a, b, scorer=fuzz.token_sort_ratio)) / 2.0
    named = left["named"] & right["named"]
    easting, northing = left["easting"] - right["easting"], left["northing"] - right["northing"]
    same_uprn = (left["uprn"] != "") & (left["uprn"] == right["uprn"])
    return pd.DataFrame(
        {
            "km": np.hypot(easting.astype(float), northing.astype(float)) / 1000.0,
            "score": np.where(named, score, 0.0),
            "same_postcode": (left["postcode"] == right["postcode"])
            & left["postcode"].str.fullmatch(_FULL_POSTCODE),
            "same_uprn": same_uprn,
            "lone_uprn": same_uprn & ~left["shared_uprn"] & ~right["shared_uprn"],
            "same_kind": (left["use_kind"] == right["use_kind"]) & (left["use_kind"] != "other"),
            "same_list": left["source"] == right["source"],
            "land": left["land"] | right["land"],
        }
    )


def mark_shared_uprns(records: pd.DataFrame) -> pd.Series:
    """Say of every record whether its UPRN stands at several records of its own source."""
    return (records["uprn"] != "") & records.duplicated(["source", "uprn"], keep=False)


def _decide(evidence: pd.DataFrame) -> dict[str, object]:
    """Return rule, decision and reason of every pair; the first line that fits decides."""
    e = evidence
    near, here = e["km"] <= NEAR_KM, e["km"] <= HERE_KM
    unknown = e["km"].isna()
    same_name, like_name = e["score"] >= SAME_NAME, e["score"] >= LIKE_NAME
    post, kind, one = e["same_postcode"], e["same_kind"], e["same_list"]
    lines: list[tuple[pd.Series, str, str, str]] = [
        (e["land"], "land", "apart", "the asset is land without a building"),
        (e["lone_uprn"], "uprn", "merge", "same UPRN, which no other asset has"),
        (one & same_name & (e["km"] <= 0.3), "name", "merge", "one list, same name, parts of one place"),
        (one & post & (e["km"] <= 0.02), "distance", "merge", "one list, same postcode and same place"),
        (one & near, "list", "apart", "two entries of one list"),
        (one | (e["km"] > NAME_KM), "far", "apart", "far"),
        (
            same_name & (near | (post & unknown)),
            "name",
            "merge",
            "same name, and within 100 m or same postcode",
        ),
        (same_name & post & (e["km"] <= 0.3), "name", "merge", "same name and postcode"),
        (
            kind & post & (near | unknown) & like_name,
            "postcode",
            "merge",
            "same kind and postcode, like name",
        ),
        (kind & (e["km"] <= 0.06) & like_name, "distance", "merge", "same kind, within 60 m, like name"),
        (kind & (near | post), "postcode", "ask", "same kind, near or same postcode, another name"),
        (e["same_uprn"], "uprn", "ask", "same UPRN, but several assets have it"),
        (
            here & (post | (e["km"] <= 0.015)),
            "distance",
            "ask",
            "same place, other kind: one building with two uses?",
        ),
        (like_name & near, "distance", "ask", "like name, within 100 m"),
        (like_name & post & unknown, "postcode", "ask", "like name, same postcode"),
        (
            same_name & kind & (unknown | (e["km"] <= NAME_KM)),
            "name",
            "ask",
            "same name and kind; place differs or is not known",
        ),
        (near, "distance", "apart", "within 100 m, but other kind, other name"),
        (post, "postcode", "apart", "same postcode, but other kind, other name"),
    ]
    conditions = [line[0].to_numpy(dtype=bool) for line in lines]
    rule = np.select(conditions, [line[1] for line in lines], "far")
    decision = np.select(conditions, [line[2] for line in lines], "apart")
    return {
        "rule": rule,
        "decision": decision,
        "reason": np.select(conditions, [line[3] for line in lines], "far"),
    }


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

    Clear pairs first, the closest first among equals, then the pairs to ask. No pair
    that the importer found joins two assets of the register, and none joins what an
    answer keeps apart: such a pair is asked.

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
        Matches, decisions that could not be carried out turned into ``ask`` with the reason.
    """
    ids = {name: row for row, name in enumerate(records["record_id"])}
    own = (records["source"] == REGISTER).to_numpy()
    out = matches.copy()
    order = _order(out)
    edges = list(zip(out["left_id"].map(ids), out["right_id"].map(ids), strict=True))
    split = {frozenset(edges[row]) for row in range(len(out)) if _answered(out, row, "apart")}
    members = {row: {row} for row in range(len(records))}
    home = list(range(len(records)))
    joined: list[tuple[int, int]] = []
    asked: list[tuple[int, int]] = []
    for row in order:
        a, b = home[edges[row][0]], home[edges[row][1]]
        why = (
            ""
            if a == b
            else _hindrance(members[a], members[b], own, split, answered=_answered(out, row, "merge"))
        )
        if why:
            if out["decision"].iat[row] == "merge":
                out.loc[out.index[row], ["decision", "reason"]] = ["ask", why]
            continue
        (joined if out["decision"].iat[row] == "merge" else asked).append(edges[row])
        if a != b:
            members[a] |= members.pop(b)
            for one in members[a]:
                home[one] = a
    return _groups(records, own, joined, [*joined, *asked]), out


def _order(matches: pd.DataFrame) -> list[int]:
    rank = matches["decision"].map({"merge": 0, "ask": 1, "apart": 2}).to_numpy()
    answered = np.where(matches["rule"] == "answer", 0, 1)
    keys = [
        matches["right_id"],
        matches["left_id"],
        matches["km"].fillna(9.0),
        -matches["name_score"].fillna(0.0),
    ]
    order = np.lexsort([*(np.asarray(key) for key in keys), answered, rank])
    return [int(row) for row in order if rank[row] < 2]


def _answered(matches: pd.DataFrame, row: int, decision: str) -> bool:
    return bool(matches["rule"].iat[row] == "answer" and matches["decision"].iat[row] == decision)


def _hindrance(
    a: set[int], b: set[int], own: np.ndarray, split: set[frozenset[int]], *, answered: bool
) -> str:
    if any(pair & a and pair & b for pair in split):
        return "would join what an answer keeps apart"
    if not answered and any(own[row] for row in a) and any(own[row] for row in b):
        return "would join two assets of the register"
    return ""


def _groups(
    records: pd.DataFrame, own: np.ndarray, joined: list[tuple[int, int]], tied: list[tuple[int, int]]
) -> pd.DataFrame:
    size = len(records)
    clear, group = _components(joined, size), _components(tied, size)
    frame = pd.DataFrame(
        {"record_id": records["record_id"].to_numpy(), "group": group, "clear": clear, "own": own}
    )
    frame["order"] = np.arange(size)
    first = frame.sort_values(["group", "own", "order"], ascending=[True, False, True]).drop_duplicates(
        "group"
    )
    leader = frame["group"].map(first.set_index("group")["record_id"])
    frame["primary"] = leader
    frame["unresolved"] = frame["clear"] != frame["group"].map(first.set_index("group")["clear"])
    return frame[["record_id", "group", "primary", "unresolved"]]


def _components(edges: list[tuple[int, int]], size: int) -> np.ndarray:
    ends = np.array(edges, dtype=int).reshape(-1, 2)
    graph = coo_matrix((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(size, size))
    return np.asarray(connected_components(graph, directed=False)[1])
