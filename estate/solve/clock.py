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

    def seconds(self) -> float:
        """Return the time since the start [s]."""
        return time.monotonic() - self.begun

    def left(self) -> float:
        """Return the time left [s], never negative."""
        return max(0.0, self.limit - self.seconds())

    def over(self) -> bool:
        """Return whether the user or the clock asks to stop."""
        return self.stop.is_set() or self.left() <= 0

    def tell(self, stage: str, incumbent: float | None = None, bound: float | None = None) -> None:
        """Report progress to whoever listens."""
        if self.progress is not None:
            self.progress(Progress(stage, incumbent, bound, self.seconds()))

    def note(self, text: str) -> None:
        """Add a line to the run's log."""
        self.log.append(f"{self.seconds():.1f} s: {text}")
