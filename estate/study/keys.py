"""What a result follows from, as one hash: work, configuration, inputs and versions."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from estate.inputs.sources import sha256
from estate.record import STUDY_KEYS, program_hash, versions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from estate.config import Config
    from estate.study.job import Job


def job_key(job: Job, config: Config, base: Path) -> str:
    """Return the hash of all that the answer of a job follows from.

    Parameters
    ----------
    job : Job
        Its work and parameters.
    config : Config
        The configuration of the job, overrides and all.
    base : Path
        Folder against which its relative paths are read.
    """
    told = {
        "work": f"{job.work.__module__}:{job.work.__qualname__}",
        "parameters": dict(job.parameters),
        "config": {k: v for k, v in config.portable(base).items() if k not in STUDY_KEYS},
        "inputs": input_hashes(config, base),
        "versions": versions(),
        "program": program_hash(),
    }
    return hashlib.sha256(_plain(told)).hexdigest()


def _plain(told: Mapping[str, Any]) -> bytes:
    return json.dumps(told, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def input_hashes(config: Config, base: Path) -> dict[str, str]:
    """Return the SHA-256 of every file that the data section names, or that lies in a folder it names."""
    found = {}
    data = config.data.model_dump(mode="json")
    (data["network"] or {}).pop("cache", None)  # grows while a study runs; follows from the rest
    for text in _texts(data):
        path = base / text
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
        for file in inside:
            if file.is_file():
                found[f"{Path(text).name}/{file.name}"] = _hash_of(file)
    return found


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401 - any plain data
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from _texts(part)
    elif isinstance(value, str) and value:
        yield value


def _hash_of(file: Path) -> str:
    """Return the hash of a file, worked out anew only where its size or its time has changed."""
    seen = file.stat()
    return _hash_once(file, seen.st_size, seen.st_mtime_ns)


@lru_cache(maxsize=4096)
def _hash_once(file: Path, _size: int, _mtime_ns: int) -> str:
    return sha256(file)
