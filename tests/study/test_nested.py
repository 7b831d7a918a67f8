"""Runs that allow every plan of another: said only where it is so, by every plan of tiny estates."""

from __future__ import annotations

import sys
from itertools import permutations
from pathlib import Path

import pytest

from estate.config import Config
from estate.model.rules import resolve_rules
from estate.study.nested import contains, terms_of

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "oracles"))

from enumerate import Enumeration
from random_cases import random_case, record
from tiny_estates import config_of


def said(looser, tighter):
    return contains(terms_of(config_of(looser)), terms_of(config_of(tighter)))


@pytest.mark.parametrize(
    ("looser", "tighter", "nested"),
    [
        ({}, {}, True),
        ({}, {"counts": {"max_hubs": 3}}, True),
        ({"counts": {"max_hubs": 3}}, {}, False),
        ({"counts": {"max_hubs": 3}}, {"counts": {"max_hubs": 2}}, True),
        ({"counts": {"max_hubs": 2}}, {"counts": {"max_hubs": 3}}, False),
        ({"counts": {"min_hubs": 1}}, {"counts": {"min_hubs": 2}}, True),
        ({"counts": {"min_hubs": 1}}, {"counts": {"max_hubs": 2}}, False),
        ({"locks": {"keep": ["A"]}}, {"locks": {"keep": ["A", "B"], "close": ["C"]}}, True),
        ({"locks": {"keep": ["A"]}}, {"locks": {"keep": ["B"]}}, False),
        ({}, {"partnership": {"floor_npv_gbp": 0.0}}, True),
        ({"partnership": {}}, {"partnership": {"floor_npv_gbp": -5.0}}, True),
        ({"materiality": {"saving_gbp_per_year": 1.0}}, {"materiality": {"saving_gbp_per_year": 2.0}}, True),
        # a second way to be worth it lets more close, not less
        (
            {"materiality": {"saving_gbp_per_year": 1.0}},
            {"materiality": {"saving_gbp_per_year": 2.0, "npv_gbp": 5.0}},
            False,
        ),
        ({}, {"capital": {}}, False),  # what borrowing costs may enter or leave with it
        ({"capital": {}}, {"capital": {"receipts": False}}, False),
        ({"affordability": {"payback_year": 9}}, {"affordability": {"payback_year": 8}}, True),
        ({"affordability": {"payback_year": 8}}, {"affordability": {"payback_year": 9}}, False),
        ({"affordability": {}}, {"affordability": {"payback_year": 8}}, False),  # then debt is counted
        (
            {"affordability": {"saving_year": 2, "saving_gbp": 5}},
            {"affordability": {"saving_year": 3, "saving_gbp": 9}},
            False,
        ),
    ],
)
def test_what_is_known_to_be_looser(looser, tighter, nested):
    assert said(looser, tighter) is nested


@pytest.mark.parametrize(
    ("changed", "nested"),
    [
        ({"title": "another", "solver": {"gap": 0.5}, "audience": "public"}, True),
        ({"hubs_allowed": False}, True),
        ({"edits": [{"table": "sites", "where": {"site_id": "A"}, "set": {"scope": "keep"}}]}, False),
        ({"assumptions": {"fees_share": 0.2}}, False),
        ({"vintage": "5%"}, False),
        ({"objective": "financial"}, False),
    ],
)
def test_whatever_changes_money_or_data_is_left_alone(changed, nested):
    plain, other = Config(name="one"), Config(name="two", **changed)
    assert contains(terms_of(plain), terms_of(other)) is nested
    assert contains(terms_of(other), terms_of(plain)) is (nested and "hubs_allowed" not in changed)


CHANGES = (
    {},
    {"counts": {"max_closures": 1}},
    {"counts": {"max_closures": 1, "max_hubs": 0}},
    {"counts": {"min_closures": 1}},
    {"partnership": {"floor_npv_gbp": -20_000.0}},
    {"partnership": {"floor_npv_gbp": 10_000.0}},
    {"materiality": {"saving_gbp_per_year": 20_000.0}},
    {"materiality": {"saving_gbp_per_year": 50_000.0}},
    {"affordability": {"payback_year": 3}},
    {"affordability": {"payback_year": 5}},
    {"locks": {"keep": ["S0"]}},
)


@pytest.mark.parametrize("seed", [11, 16, 22, 45, 52])
def test_no_plan_of_a_tighter_run_saves_more_than_all_of_a_looser_one(seed):
    estate, config = random_case(seed, attempt=record()[seed][0])
    always = {name: one for name, one in config.rules.items() if name in ("assignment", "access", "fitness")}
    sites = sorted(estate.tables["sites"]["site_id"])
    best = []
    for change in CHANGES:
        rules = {**change, **({"locks": {"keep": sites[:1]}} if "locks" in change else {})}
        made = config.model_copy(update={"rules": resolve_rules({**always, **rules})})
        best.append((terms_of(made), Enumeration(estate, made).best().value))
    pairs = [(a, b) for a, b in permutations(best, 2) if contains(a[0], b[0])]
    assert len(pairs) >= len(CHANGES)
    for (_, looser), (_, tighter) in pairs:
        if tighter is not None:
            assert looser is not None
            assert looser >= tighter - 0.01
