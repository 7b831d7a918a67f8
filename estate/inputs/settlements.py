"""Urban or rural, and the postcode district, of small areas."""

from __future__ import annotations

import numpy as np
import pandas as pd

OUTWARD = r"^\s*([A-Z]{1,2}[0-9][A-Z0-9]?)\s*[0-9][A-Z]{2}\s*$"
RURAL = r"^(?:rural|[def][12]$|r[a-z]{2}\d$)"
URBAN = r"^(?:urban|a1$|b1$|c[12]$|u[a-z]\d$)"


def rural_share(words: pd.Series) -> pd.Series:
    """Return 1 for rural and 0 for urban classes, blank for words of neither.

    Classes and codes are those of the Rural Urban Classification of small areas of 2011 (A1 to C2
    urban, D1 to F2 rural) and of 2021 (UN1, UF1 urban; RLN1 to RSF1 rural): Office for National
    Statistics and Defra. There, rural settlements have fewer than 10,000 residents, as in the access
    criteria of post offices.
    """
    text = words.str.strip().str.lower()
    text = text.str.replace(r"^(?:larger|smaller)\s+(?=rural)", "", regex=True)
    rural, urban = text.str.contains(RURAL, regex=True), text.str.contains(URBAN, regex=True)
    return pd.Series(np.where(rural, 1.0, np.where(urban, 0.0, np.nan)), index=words.index)


def rural_by_density(
    persons: pd.Series, density: pd.Series, pairs: pd.DataFrame, below_per_km2: float
) -> pd.Series:
    """Return 1 for areas with fewer persons per km2 than a limit, else 0; areas merged count as one.

    Parameters
    ----------
    persons, density : Series
        By old code [person], [person/km2].
    pairs : DataFrame
        old, new: one row a pair of codes.
    below_per_km2 : float
        Limit [person/km2].
    """
    old = pairs.assign(persons=pairs["old"].map(persons), density=pairs["old"].map(density))
    old = old.assign(km2=old["persons"] / old["density"].where(old["density"] > 0))
    summed = old.groupby("new")[["persons", "km2"]].sum(min_count=1)
    known = summed["km2"] > 0
    return (summed["persons"] / summed["km2"] < below_per_km2).astype(float).where(known)


def named(rural: pd.Series) -> pd.Series:
    """Return urban or rural by the share that is rural, blank where it is not known."""
    words = np.where(rural.isna(), "", np.where(rural >= 0.5, "rural", "urban"))
    return pd.Series(words, index=rural.index)


def districts(codes: pd.Series, postcodes: pd.Series) -> pd.Series:
    """Return the postcode district in which most postcodes of each area lie, for example M33."""
    outward = postcodes.str.upper().str.extract(OUTWARD, expand=False)
    table = pd.DataFrame({"code": codes, "district": outward}).dropna()
    counts = table.groupby(["code", "district"]).size().sort_values(ascending=False, kind="stable")
    most = counts.reset_index().drop_duplicates("code")
    return most.set_index("code")["district"]
