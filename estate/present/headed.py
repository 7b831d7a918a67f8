"""Headers of sheets in words."""

from __future__ import annotations

import re

import pandas as pd

WORDS = {"bau": "business as usual", "npv": "net present saving"}
"""Short words of the files, as people say them."""
WHOLE = {"t": "Year t", "change": "Change, share"}
"""Headers that need more than their short words replaced."""


def headed(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table of a file with headers in words: units in brackets, no underscores."""
    shown = frame.reset_index(drop=True).copy()
    for name in shown.columns:
        if pd.api.types.is_bool_dtype(shown[name]):
            shown[name] = shown[name].map({True: "yes", False: "no"})
        elif pd.api.types.is_datetime64_any_dtype(shown[name]):
            shown[name] = shown[name].dt.strftime("%Y-%m-%d")
        elif shown[name].map(lambda v: isinstance(v, (list, dict, tuple))).any():
            shown[name] = shown[name].astype(str)
    if "case" in shown:
        shown["case"] = shown["case"].replace(WORDS)
    names = [_words(str(c)) for c in shown.columns]
    # Excel's tables tell headers apart without case.
    seen: dict[str, int] = {}
    for i, name in enumerate(names):
        seen[name.lower()] = seen.get(name.lower(), 0) + 1
        names[i] = name if seen[name.lower()] == 1 else f"{name} {seen[name.lower()]}"
    shown.columns = pd.Index(names)
    return shown


def _words(name: str) -> str:
    if name in WHOLE:
        return WHOLE[name]
    for end, unit in (("_gbp_per_year", " [£ a year]"), ("_gbp", " [£]"), ("_km", " [km]"), ("_m2", " [m2]")):
        if name.endswith(end):
            return _plain(name.removesuffix(end)) + unit
    return _plain(name)


def _plain(name: str) -> str:
    parted = re.sub(r"(?<=\d)_(?=\d)", ".", name).split("_")
    words = " ".join(WORDS.get(part, part) for part in parted)
    return words[:1].upper() + words[1:]
