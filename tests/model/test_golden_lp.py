"""The rows of every rule, on an estate that can be checked by eye, against files that were.

``ESTATE_WRITE_GOLDEN=1`` writes them anew; read what has changed before it is kept.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import pytest
from lp_text import lp_text
from tiny import CASES, with_rule, without_rule

from estate.model.rules import RULES, rule_name

GOLDEN = Path(__file__).parents[1] / "golden"


@cache
def text_of(name: str) -> str:
    filters = CASES[name].filters
    return lp_text(with_rule(name), without_rule(name) if filters else None, filters)


@pytest.mark.parametrize("name", [rule_name(rule) for rule in RULES])
def test_the_rows_of_a_rule_are_those_that_were_checked(name):
    path, text = GOLDEN / f"{name}.lp", text_of(name)
    if os.environ.get("ESTATE_WRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8", newline="\n")
    assert text == path.read_text(encoding="utf-8")


def test_every_rule_says_something():
    for name in CASES:
        text = text_of(name)
        assert "(no rows)" not in text or "barred\n" in text
        if "barred" in text:
            assert text.split("barred\n")[1].strip(), f"{name} bars nothing in its case"
