"""Keep what was measured on a network under the hash of everything that it follows from."""

from __future__ import annotations

import hashlib
import json
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

VERSION = 2
"""Counted up whenever the way of measuring changes."""


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def content_key(files: Sequence[Path], facts: Mapping[str, Any], frames: Sequence[pd.DataFrame]) -> str:
    """Return the SHA-256 of files, settings and tables: what a measured distance follows from."""
    digest = hashlib.sha256(json.dumps({"version": VERSION, **facts}, sort_keys=True).encode())
    for file in files:
        digest.update(sha256(file).encode())
    for frame in frames:
        digest.update(frame.to_csv(index=False, lineterminator="\n").encode())
    return digest.hexdigest()


def read_cache(folder: Path, key: str, parts: Mapping[str, Sequence[str]]) -> dict[str, pd.DataFrame] | None:
    """Return the tables kept under a key, None where any is missing, damaged or of other columns."""
    from pyarrow import ArrowException, parquet

    found = {}
    for name, columns in parts.items():
        try:
            table = parquet.read_table(_path(folder, key, name), page_checksum_verification=True)
            frame = table.to_pandas()
        except (OSError, ValueError, ArrowException):
            return None
        if list(frame.columns) != list(columns) or (table.schema.metadata or {}).get(b"key") != key.encode():
            return None
        found[name] = frame
    return found


def write_cache(folder: Path, key: str, tables: Mapping[str, pd.DataFrame]) -> None:
    """Keep tables under a key; a folder that cannot be written to is no failure of the run."""
    import pyarrow as pa
    from pyarrow import parquet

    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        for name, frame in tables.items():
            table = pa.Table.from_pandas(frame, preserve_index=False)
            kept = table.replace_schema_metadata({**(table.schema.metadata or {}), b"key": key.encode()})
            with tempfile.NamedTemporaryFile(dir=folder, suffix=".part", delete=False) as handle:
                parquet.write_table(kept, handle, write_page_checksum=True)
            Path(handle.name).replace(_path(folder, key, name))


def _path(folder: Path, key: str, name: str) -> Path:
    return folder / f"{name}-{key[:32]}.parquet"
