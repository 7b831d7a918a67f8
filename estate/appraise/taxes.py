"""Value added tax on works that a partner cannot recover."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from estate.appraise.facts import number, text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from estate.core.types import Estate

VAT_LINE = "irrecoverable_vat"
TAXED = ("hub_capital", "fit_out", "it", "energy_upgrade")
"""Lines of which the tax is counted; all other costs are given as they are borne, tax included."""


def with_vat(blocks: Iterable[pd.DataFrame], estate: Estate) -> list[pd.DataFrame]:
    """Return posted rows with the tax on works beside them: a transfer, in the financial view alone.

    Parameters
    ----------
    blocks : iterable of DataFrame
        From `post`.
    estate : Estate
        Its partners say how much of the tax they cannot recover.
    """
    posted = list(blocks)
    partners = estate.tables["partners"]
    lost = number(partners["irrecoverable_vat_share"]) * estate.assumptions["vat_rate_share"]
    share = pd.Series(lost, index=text(partners["partner_id"]))
    if not share.any():
        return posted
    works = pd.concat([block[block["line"].isin(TAXED)] for block in posted], ignore_index=True)
    paid = works["amount_gbp"] * works["partner_id"].map(share).fillna(0.0)
    tax = works.assign(amount_gbp=paid, heading=works["line"], line=VAT_LINE, view="financial")
    return [*posted, tax[paid != 0]]
