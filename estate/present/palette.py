"""Colours that colour-blind readers tell apart (Okabe and Ito 2008), and one style for every figure."""

from __future__ import annotations

from typing import Any

BLACK = "#000000"
ORANGE = "#E69F00"
SKY = "#56B4E9"
GREEN = "#009E73"
YELLOW = "#F0E442"
BLUE = "#0072B2"
VERMILLION = "#D55E00"
PURPLE = "#CC79A7"
GREY = "#6B6B6B"
PALE = "#B9B9B9"
INK = "#222222"

DEPRIVATION = ("#c9c2d8", "#d6d0e1", "#e1ddea", "#ebe8f1", "#f5f4f8")
"""Light violet tints for deciles 1-2, 3-4, 5-6, 7-8 and 9-10 (1 = most deprived)."""

TRAVEL = ("#eaf1f8", "#bcd2e8", "#7fa9d1", "#3f77ae", "#123f75")
"""Light to dark blue for near to far: the order holds in grey and for colour-blind readers."""
FARTHER = ("#fbdcb8", "#f2a65a", "#cc6315", "#7a3206")
"""Light to dark orange for a little to much farther."""
NEARER, SAME, NOT_KNOWN = "#cfe8df", "#ffffff", "#d9d9d9"

STYLE: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": "#888888",
    "axes.linewidth": 0.8,
    "xtick.color": INK,
    "ytick.color": INK,
    "savefig.facecolor": "white",
    # Names from files are text, never mathematics: see ``literal``.
    "text.usetex": False,
}


def literal(words: str) -> str:
    """Return text that a figure draws as it stands (a dollar sign would start mathematics)."""
    return words.replace("$", r"\$")
