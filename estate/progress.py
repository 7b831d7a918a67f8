"""What people see while they wait: stage, best plan, bound, gap, time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self

from rich.live import Live
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from types import TracebackType

    from rich.console import Console

    from estate.core.types import Progress
    from estate.study.job import StudyProgress

SECONDS_BETWEEN_LINES = 10.0
_HEADINGS = ("stage", "best plan saves", "no plan saves more than", "gap", "time")


def cells(progress: Progress) -> tuple[str, str, str, str, str]:
    """Return stage, incumbent, bound, gap and time of one report, in words."""
    best, bound = progress.incumbent_gbp, progress.bound_gbp
    gap = "" if best is None or bound is None or bound < 1.0 else f"{max(0.0, bound - best) / bound:.1%}"
    return progress.stage, _money(best), _money(bound), gap, f"{progress.seconds:.0f} s"


def _money(amount: float | None) -> str:
    # Zero is added so that what rounds to nothing has no sign.
    return "" if amount is None else f"£{round(amount / 1e6, 2) + 0.0:,.2f}m"


class _OnTerminal:
    """Something shown in place on a terminal while it lasts; elsewhere there is nothing to leave behind.

    Parameters
    ----------
    console : Console
        Where to write, standard error by custom.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, transient=True) if console.is_terminal else None

    def __enter__(self) -> Self:
        """Begin to show."""
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the terminal as it was."""
        if self._live:
            self._live.stop()


class Reporter(_OnTerminal):
    """Shows progress: a live table on a terminal, plain lines elsewhere."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._rows: dict[str, tuple[str, str, str, str, str]] = {}
        self._said = ("", 0.0)

    def __call__(self, progress: Progress) -> None:
        """Show one report."""
        row = cells(progress)
        self._rows[progress.stage.partition(":")[0]] = row
        if self._live:
            self._live.update(self._table())
            return
        stage, when = self._said
        now = time.monotonic()
        if progress.stage != stage or now - when >= SECONDS_BETWEEN_LINES:
            self._said = (progress.stage, now)
            words = [f"{name} {cell}" for name, cell in zip(_HEADINGS[1:4], row[1:4], strict=True) if cell]
            self._console.print(Text(", ".join([row[0], *words, row[4]])), soft_wrap=True)

    def _table(self) -> Table:
        table = Table(box=None, pad_edge=False)
        for number, heading in enumerate(_HEADINGS):
            table.add_column(
                heading, justify="right" if number else "left", style="dim" if not number else ""
            )
        for row in self._rows.values():
            table.add_row(*(Text(cell) for cell in row))
        return table


class StudyReporter(_OnTerminal):
    """Shows how far a study is, and how long the rest will take."""

    def __call__(self, progress: StudyProgress) -> None:
        """Show one report."""
        line = Text(progress.note or study_line(progress))
        if self._live and not progress.note:
            self._live.update(line)
        else:
            self._console.print(line, soft_wrap=True)


def study_line(progress: StudyProgress) -> str:
    """Return one report of a study in words."""
    parts = [f"{progress.ended} of {progress.total} done"]
    if progress.kept:
        parts.append(f"{progress.kept} of them kept from before")
    if progress.failed:
        parts.append(f"{progress.failed} without a plan")
    parts.append(f"{_minutes(progress.seconds)} so far")
    if progress.seconds_left:
        parts.append(left_words(progress))
    if progress.most_seconds:
        parts.append(
            f"searches last at most {_minutes(progress.most_seconds)} by their time limits (reading, writing"
            " come on top; a run without a plan, or looked at again, may take as long once more)"
        )
    return ", ".join(parts) + (f" (last: {progress.last})" if progress.last else "")


def left_words(progress: StudyProgress) -> str:
    """Say how long the rest of a study will take."""
    return f"about {_minutes(progress.seconds_left or 0.0)} left"


def _minutes(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
