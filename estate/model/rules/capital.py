"""Spend to date within budgets, grants, borrowing and recycled receipts."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from estate.config import Section


class Options(Section):
    """Options of the rule ``capital``."""

    purses: Literal["pooled", "separate"] = Field("pooled", description="One purse, or one a partner")
    recycle_share: float = Field(0.5, ge=0, le=1, description="Part of a receipt that may be spent again")
    recycle_lag_years: int = Field(1, ge=0, description="Years from receipt to use")
    receipts: bool = Field(default=True, description="False plans as if no sale ever completes")
