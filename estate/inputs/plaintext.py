"""Text files in any of the encodings in which spreadsheets write them."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from estate.core.errors import InputError, Issue

if TYPE_CHECKING:
    from pathlib import Path

_MARKS = (  # the mark of UTF-32 begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NOUGHTS, _STRAY = 0.3, 0.1
"""Noughts among every second byte of UTF-16 at least; among all bytes of a text with strays at most."""


def read_text(path: Path) -> str:
    """Return the text of a file: UTF-8, UTF-16 or UTF-32, else Windows-1252.

    Raises
    ------
    InputError
        If it is a workbook or a web page under another name, or no text at all.
    """
    content = path.read_bytes()
    if content.startswith(b"PK\x03\x04"):
        raise _refusal(path, "is a workbook named as a CSV", "name it .xlsx, or export a CSV")
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), _without_mark(content))
    if not encoding:
        raise _refusal(path, "is not text", "export a CSV")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = content.decode("cp1252" if encoding == "utf-8-sig" else encoding, errors="replace")
    if text.lstrip()[:200].casefold().startswith(("<!doctype", "<html", "<?xml", "<head")):
        raise _refusal(path, "is a web page, not a CSV", "download the file itself: the address gave a page")
    return text


def _without_mark(content: bytes) -> str:
    """Guess the encoding of a file without a mark, by which of its bytes are nought; "" for no text."""
    if b"\x00" not in content:
        return "utf-8-sig"
    for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        there, elsewhere = content[first::2], content[1 - first :: 2]
        if there.count(0) > _NOUGHTS * len(there) and not elsewhere.count(0):
            return encoding
    return "" if content.count(0) > _STRAY * len(content) else "utf-8-sig"


def _refusal(path: Path, problem: str, remedy: str) -> InputError:
    return InputError(f"{path.name} cannot be read:", [Issue(path.name, None, "", "", problem, remedy)])
