"""Amounts put together until no total gives away the figure of one site."""

from __future__ import annotations

import pandas as pd

MIN_SITES = 3
"""A published cell of protected amounts is fed by at least this many sites."""

SEVERAL = "several partners"


def pool_partners(site: pd.Series, partner: pd.Series, minimum: int = MIN_SITES) -> dict[str, str]:
    """Put partners with too few sites together.

    Parameters
    ----------
    site, partner : Series
        Site and partner of every protected amount.
    minimum : int
        Least number of sites behind a published total.

    Returns
    -------
    dict
        Partner to the name it is published under: itself, ``SEVERAL``, or "" where even all
        partners together have too few sites and nothing may be published.
    """
    sites = site.groupby(partner.fillna("").astype(str)).nunique().sort_values(kind="stable")
    if site.nunique() < minimum:
        return dict.fromkeys(sites.index, "")
    few = list(sites.index[sites < minimum])
    rest = [name for name in sites.index if name not in few]
    held = partner.fillna("").astype(str)
    # One partner with too few sites would be found by subtraction: take the next smallest too.
    while few and site[held.isin(few)].nunique() < minimum:
        few.append(rest.pop(0))
    return {name: SEVERAL if name in few else name for name in sites.index}


def pool_changes(changed: pd.DataFrame, shown: dict[str, str], minimum: int = MIN_SITES) -> dict[str, str]:
    """Put partners together until no published total changes in a year by a few sites alone.

    The difference of two years of a partner's total is what the sites save that close between
    them; with one such site it is that site's running cost. All partners together are told in any case.

    Parameters
    ----------
    changed : DataFrame
        partner, site, t: one row for every year in which what a site costs is not what it was.
    shown : dict
        Partner to the name it is published under so far.
    minimum : int
        Least number of sites behind a change that is published.

    Returns
    -------
    dict
        As `shown`, with more partners under ``SEVERAL``.
    """
    names = dict(shown)
    while len(set(names.values())) > 1:
        group = changed["partner"].map(names)
        counts = changed["site"].groupby([group, changed["t"]]).nunique()
        lonely = set(counts.index[counts < minimum].get_level_values(0))
        if not lonely:
            break
        if lonely == {SEVERAL}:  # it needs another to hide among: the one with the fewest changes
            others = group[group != SEVERAL].value_counts(ascending=True, sort=True)
            rest = sorted(set(names.values()) - {SEVERAL})
            lonely.add(str(others.index[0]) if len(others) else rest[0])
        names = {name: SEVERAL if label in lonely else label for name, label in names.items()}
    return names


def cohorts(first_year: pd.Series, minimum: int = MIN_SITES) -> pd.DataFrame:
    """Put sites into runs of years with enough sites each, by the year they first pay.

    Parameters
    ----------
    first_year : Series
        Index site, value the offset of the first year with an amount.
    minimum : int
        Least number of sites in a cohort.

    Returns
    -------
    DataFrame
        Index site; start and end: first and last year of its cohort.
    """
    counts = first_year.value_counts().sort_index()
    spans: list[list[int]] = []
    start, held = None, 0
    for year, sites in counts.items():
        start = int(str(year)) if start is None else start
        held += int(sites)
        if held >= minimum:
            spans.append([start, int(str(year))])
            start, held = None, 0
    if start is not None and spans:
        spans[-1][1] = int(counts.index[-1])
    table = pd.DataFrame({"start": first_year, "end": first_year}).astype(int)
    for low, high in spans:
        inside = first_year.between(low, high)
        table.loc[inside, ["start", "end"]] = [low, high]
    return table


def pool(rows: pd.DataFrame, labels: dict[int, str], minimum: int = MIN_SITES) -> pd.DataFrame:
    """Return protected cash flows without sites, every cell fed by enough of them.

    Partners with too few sites become ``SEVERAL``; years are put together until enough sites
    pay for the first time in them, and the amounts stand in the last of these years, so that
    the difference of two published years is never one site.

    Parameters
    ----------
    rows : DataFrame
        Cash flows of one case with site_id, partner_id, t, year and amount_gbp [GBP].
    labels : dict
        Name of each offset t.
    minimum : int
        Least number of sites behind a published cell.

    Returns
    -------
    DataFrame
        The same columns, site_id and provision_id blank; empty where too few sites exist.
    """
    rows = rows[rows["amount_gbp"].abs() > 0.0].copy()
    if rows.empty:
        return rows
    rows["partner_id"] = rows["partner_id"].map(pool_partners(rows["site_id"], rows["partner_id"], minimum))
    rows = rows[rows["partner_id"] != ""]
    parts = [_pool_partner(part, labels, minimum) for _, part in rows.groupby("partner_id")]
    return pd.concat(parts, ignore_index=True) if parts else rows


def _pool_partner(rows: pd.DataFrame, labels: dict[int, str], minimum: int) -> pd.DataFrame:
    spans = cohorts(rows.groupby("site_id")["t"].min(), minimum)
    start, end = rows["site_id"].map(spans["start"]), rows["site_id"].map(spans["end"])
    inside = rows["t"] <= end
    rows["t"] = rows["t"].where(~inside, end).astype(int)
    one = labels_of(rows["t"], labels)
    span = labels_of(start, labels) + " to " + labels_of(end, labels)
    rows["year"] = span.where(inside & (start != end), one)
    keys = [c for c in rows.columns if c not in {"site_id", "provision_id", "amount_gbp"}]
    cells = rows.groupby(keys, as_index=False, dropna=False).agg(
        amount_gbp=("amount_gbp", "sum"), sites=("site_id", "nunique")
    )
    # A view or fund of its own may still be one site: what is left alone is not published.
    return cells[cells["sites"] >= minimum].drop(columns="sites").assign(site_id="", provision_id="")


def labels_of(t: pd.Series, labels: dict[int, str]) -> pd.Series:
    """Name offsets by a dictionary of labels."""
    return t.astype(int).map(labels).astype(str)
