"""Records of several lists that may be one building: merged, kept apart, or asked."""

from __future__ import annotations

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, utils
from rapidfuzz.process import cpdist
from scipy.spatial import cKDTree

REGISTER = "register"
NEAR_KM, HERE_KM, NAME_KM = 0.1, 0.03, 1.5
SAME_NAME, CLOSE_NAME, LIKE_NAME = 88.0, 65.0, 60.0
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
Line = tuple[pd.Series, str, str, str]
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
    return pd.DataFrame(pairs[~both & (pairs["left"] != pairs["right"])].reset_index(drop=True))


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
    rows = words["row"].to_numpy()
    pairs = _same(table.loc[words["row"]].reset_index(drop=True), words["word"].reset_index(drop=True))
    return pd.DataFrame({side: rows[pairs[side].to_numpy(dtype=int)] for side in ("left", "right")})


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
    lines = [*_plain_lines(evidence), *_building_lines(evidence)]
    conditions = [line[0].to_numpy(dtype=bool) for line in lines]
    names = ("rule", "decision", "reason")
    return {
        name: np.select(conditions, [line[at] for line in lines], "apart" if name == "decision" else "far")
        for at, name in enumerate(names, start=1)
    }


def _plain_lines(e: pd.DataFrame) -> list[Line]:
    """Return what is decided by land, UPRN, one list alone, or distance."""
    same_name, post, one = e["score"] >= SAME_NAME, e["same_postcode"], e["same_list"]
    stray = ~one & same_name & post & (e["km"] > NAME_KM)
    return [
        (e["land"], "land", "apart", "the asset is land without a building"),
        (e["lone_uprn"], "uprn", "merge", "same UPRN, which no other asset has"),
        (one & same_name & (e["km"] <= 0.3), "name", "merge", "one list, same name, parts of one place"),
        (one & post & (e["km"] <= 0.02), "distance", "merge", "one list, same postcode and same place"),
        (one & (e["km"] <= NEAR_KM), "list", "apart", "two entries of one list"),
        (e["same_uprn"], "uprn", "ask", "same UPRN, but several assets have it"),
        (stray, "name", "ask", "same name and postcode, places far apart"),
        (one | (e["km"] > NAME_KM), "far", "apart", "far"),
    ]


def _building_lines(e: pd.DataFrame) -> list[Line]:
    """Return what is decided by name, kind, postcode and distance together."""
    near, here, unknown = e["km"] <= NEAR_KM, e["km"] <= HERE_KM, e["km"].isna()
    same, close, like = (e["score"] >= score for score in (SAME_NAME, CLOSE_NAME, LIKE_NAME))
    post, kind = e["same_postcode"], e["same_kind"]
    kin = kind & post & (near | unknown) & like
    two_uses = here & (post | (e["km"] <= 0.02))
    placeless = same & kind & (unknown | (e["km"] <= NAME_KM))
    named = same & (near | (post & unknown))
    return [
        (named, "name", "merge", "same name, and within 100 m or same postcode"),
        (same & post & (e["km"] <= 0.3), "name", "merge", "same name and postcode"),
        (kin, "postcode", "merge", "same kind and postcode, like name"),
        (kind & (e["km"] <= 0.06) & like, "distance", "merge", "same kind, within 60 m, like name"),
        (kind & (near | post), "postcode", "ask", "same kind, near or same postcode, another name"),
        (two_uses, "distance", "ask", "same place, other kind: one building with two uses?"),
        (close & near, "distance", "ask", "like name, within 100 m"),
        (like & post & unknown, "postcode", "ask", "like name, same postcode"),
        (placeless, "name", "ask", "same name and kind; place differs or is not known"),
        (near, "distance", "apart", "within 100 m, but other kind, other name"),
        (post, "postcode", "apart", "same postcode, but other kind, other name"),
    ]
