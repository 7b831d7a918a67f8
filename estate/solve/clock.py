"""Time since the start, the outer limit, and who is told."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from estate.core.types import Progress

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Clock:
    """Time since the start, the outer limit, and what to tell."""

    limit: float
    progress: Callable[[Progress], None] | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    begun: float = field(default_factory=time.monotonic)
    log: list[str] = field(default_factory=list)
    before: float = 0.0
    """Seconds of the work of which this is a part."""

    def seconds(self) -> float:
        """Return the time since the start [s]."""
        return time.monotonic() - self.begun

    def left(self) -> float:
        """Return the time left [s], never negative."""
        return max(0.0, self.limit - self.seconds())

    def over(self) -> bool:
        """Return whether the user or the clock asks to stop."""
        return self.stop.is_set() or self.left() <= 0

    def part(self, seconds: float) -> Clock:
        """Return the clock of a part of the work, which begins now and ends in time [s] at the latest."""
        used = self.before + self.seconds()
        return Clock(min(seconds, self.left()), self.progress, self.stop, log=self.log, before=used)

    def tell(self, stage: str, incumbent: float | None = None, bound: float | None = None) -> None:
        """Report progress to whoever listens."""
        if self.progress is not None:
            self.progress(Progress(stage, incumbent, bound, self.before + self.seconds()))

    def note(self, text: str) -> None:
        """Add a line to the run's log."""
        self.log.append(f"{self.before + self.seconds():.1f} s: {text}")
