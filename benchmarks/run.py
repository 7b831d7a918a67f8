"""Runs jobs one after the other, each in its own process, and keeps every record: resumable."""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
import sys
import tempfile
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[1]
GRACE = 60.0
POLL = 0.2  # more often takes processor time from what is measured
PACKAGES = ("estate", "highspy", "numba", "numpy", "PuLP", "scipy", "spopt")


def versions() -> dict[str, str]:
    """Return the versions that a measurement depends on."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "absent"
    return found


def key_of(job: dict[str, Any]) -> str:
    """Return the name under which a job's record is kept."""
    text = json.dumps([job, versions()], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def measure(job: dict[str, Any], store: Path) -> dict[str, Any]:
    """Do a job, or read its record if it was done before with the same versions.

    A process that outlasts its limit by a minute is ended; its time is the limit then.
    """
    kept = store / f"{key_of(job)}.json"
    if kept.is_file():
        return dict(json.loads(kept.read_text(encoding="utf-8")))
    load = psutil.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "record.json"
        command = [sys.executable, "-m", "benchmarks.job", json.dumps(job), str(path)]
        record, peak = _watch(command, job["kill"] if "kill" in job else job["limit"] * 2 + GRACE, path)
    peak = max(peak, record.pop("peak_bytes", 0))
    record = {**record, "peak_mb": round(peak / 2**20), "load": load, "job": job}
    store.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(record, indent=1), encoding="utf-8")
    return record


def _watch(command: list[str], limit: float, path: Path) -> tuple[dict[str, Any], int]:
    """Run a process, note its greatest memory (with its children's), and end it at the limit."""
    begun = time.monotonic()
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    peak = 0
    watched = psutil.Process(process.pid)
    while process.poll() is None:
        peak = max(peak, _memory(watched))
        if time.monotonic() - begun > limit:
            for child in [*watched.children(recursive=True), watched]:
                child.kill()
            process.wait()
            return {"stopped": "limit", "seconds": limit}, peak
        time.sleep(POLL)
    if path.is_file():
        return dict(json.loads(path.read_text(encoding="utf-8"))), peak
    last = (process.stderr.read() if process.stderr else "").strip().splitlines()[-1:]
    return {"stopped": last[0] if last else f"exit {process.returncode}"}, peak


def _memory(process: psutil.Process) -> int:
    try:
        return sum(one.memory_info().rss for one in [process, *process.children(recursive=True)])
    except psutil.Error:
        return 0
