"""Headers of sheets in words."""

from __future__ import annotations

import pandas as pd


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
    names = [_words(str(c)) for c in shown.columns]
    # Excel's tables tell headers apart without case.
    seen: dict[str, int] = {}
    for i, name in enumerate(names):
        seen[name.lower()] = seen.get(name.lower(), 0) + 1
        names[i] = name if seen[name.lower()] == 1 else f"{name} {seen[name.lower()]}"
    shown.columns = pd.Index(names)
    return shown


def _words(name: str) -> str:
    for end, unit in (("_gbp_per_year", " [£ a year]"), ("_gbp", " [£]"), ("_km", " [km]"), ("_m2", " [m2]")):
        if name.endswith(end):
            return name.removesuffix(end).replace("_", " ").capitalize() + unit
    return name.replace("_", " ").capitalize()
