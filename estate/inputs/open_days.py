"""Days of the week by name: read, made uniform, and what follows from them where it is blank."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from estate.core.week import named_hours, week_hours, week_text
from estate.inputs.check_serving import TIME

if TYPE_CHECKING:
    from estate.core.errors import Issue
    from estate.inputs.assume import Filling
    from estate.inputs.context import Context

OPEN = ("provisions", "host_terms")
"""Tables that say when something is open."""
COUNTED = ("open_days", "days_per_week", "weekly_hours")
MIDNIGHTS = ("00:00", "24:00")
"""What a host lends that tells one end of its window alone."""
WRITE_DAYS = "write for example Mon-Fri 09:00-17:00; Sat 10:00-13:00, each day once"


def with_days(typed: dict[str, pd.DataFrame]) -> None:
    """Write days by name in one way, and count from them the days and hours a week that are blank.

    A day without times has those of ``opens`` and ``closes``. What cannot be read stays for
    `days_by_name` to tell.
    """
    typed["standards"] = typed["standards"].assign(open_on=typed["standards"]["open_on"].map(_plain))
    for table in OPEN:
        rows = typed[table].assign(open_days=typed[table]["open_days"].map(_plain))
        read = rows["open_days"].map(lambda text: bool(text) and week_text(text) is not None)
        if read.any():
            counted = _counted(rows[read], MIDNIGHTS if table == "host_terms" else ("", ""))
            for column in COUNTED:  # rows of several files may share a number: by place, not by number
                rows.loc[read, column] = counted[column].to_numpy()
        typed[table] = rows


def fill_windows(filling: Filling) -> None:
    """Take ``opens`` and ``closes``, where both are blank, from the hours that all days named have in common.

    A host whose days have none lends at no time of every day: a service with core hours cannot go there.
    """
    for table in OPEN:
        rows = filling.tables[table]
        blank = (rows["opens"] == "") & (rows["closes"] == "") & rows["open_days"].str.contains(":")
        begins, ends = week_hours(rows["open_days"][blank])
        shut = np.isposinf(begins)
        lends = table == "host_terms"  # days at times not known limit nothing
        begins, ends = (np.where(np.isnan(x) & lends, y, x) for x, y in ((begins, 0.0), (ends, 24.0)))
        first, last = np.where(shut, -np.inf, begins).max(axis=1), np.where(shut, np.inf, ends).min(axis=1)
        none = ("24:00", "00:00") if lends else ("", "")
        common = [(_clock(a), _clock(z)) if a < z else none for a, z in zip(first, last, strict=True)]
        rows.loc[blank, ["opens", "closes"]] = np.array(common, dtype=object).reshape(-1, 2)


def _plain(text: str) -> str:
    plain = week_text(text)
    return text if plain is None else plain


def _counted(rows: pd.DataFrame, blank: tuple[str, str]) -> pd.DataFrame:
    """Fill in times of days, then days and hours a week.

    Parameters
    ----------
    rows : DataFrame
        Rows whose days can be read.
    blank : tuple of str
        What a blank beginning or end means where only the other is given.
    """
    windows = [_daily(*times, blank) for times in zip(rows["opens"], rows["closes"], strict=True)]
    weeks = pd.Series(map(_timed, rows["open_days"], windows), rows.index)
    days = weeks.str.count(";") + 1.0
    return rows.assign(
        open_days=weeks,
        days_per_week=rows["days_per_week"].fillna(days),
        weekly_hours=rows["weekly_hours"].fillna(named_hours(weeks)),
    )


def _daily(opens: str, closes: str, blank: tuple[str, str]) -> str:
    """Return the daily window of a row as it stands behind a day, "" where it has none that can be read."""
    times = [(one or other)[:5].zfill(5) for one, other in zip((opens, closes), blank, strict=True)]
    if not (opens or closes) or not all(TIME.fullmatch(one) for one in (opens, closes)):
        return ""
    return f" {times[0]}-{times[1]}" if "00:00" <= times[0] < times[1] else ""


def _timed(week: str, window: str) -> str:
    return "; ".join(entry if " " in entry else entry + window for entry in week.split("; "))


def _clock(hours: float) -> str:
    """Return hours from midnight as a time of day."""
    whole, minutes = divmod(round(hours * 60), 60)
    return f"{whole:02}:{minutes:02}"


def days_by_name(context: Context) -> list[Issue]:
    """Find days that cannot be read, and another number of them than is counted."""
    issues = []
    asked = context["standards"]
    bad = asked[asked["open_on"].map(lambda text: ":" in text or week_text(text) is None)]
    remedy = "write for example Sat, or Mon-Fri; a time of day stands in open_at"
    issues += context.issues("standards", bad, "open_on", "is not a list of days", remedy)
    for table in OPEN:
        rows = context[table]
        read = rows["open_days"].map(lambda text: week_text(text) is not None)
        issues += context.issues(table, rows[~read], "open_days", "is not a list of days", WRITE_DAYS)
        rows = rows[read & (rows["open_days"] != "")]
        named = rows["open_days"].str.count(";") + 1
        other = rows[rows["days_per_week"] != named]
        problem = "names another number of days than days_per_week"
        issues += context.issues(
            table, other, "open_days", problem, "correct one, or leave days_per_week blank"
        )
    return issues
