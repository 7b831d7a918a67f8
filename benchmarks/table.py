"""From records to one table (CSV and Markdown), a table of instances, and one chart."""

from __future__ import annotations

import csv
import math
import statistics
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = (
    *(
        "row",
        "program",
        "runs",
        "finished",
        "seconds_median",
        "seconds_least",
        "seconds_most",
        "cpu_seconds_median",
    ),
    *("gap_worst", "peak_mb", "extra_mb", "load"),
)
INSTANCE_COLUMNS = (
    *("instance", "problem", "capacity", "published", "program", "found", "bound", "gap", "seconds"),
    *("cpu_seconds", "status", "verified", "below_published"),
)


def line(row: str, program: str, records: list[dict[str, Any]]) -> dict[str, Any]:
    """Return one line of the table."""
    seconds = [r["seconds"] for r in records if r.get("seconds") is not None]
    cpu = [r["cpu_seconds"] for r in records if r.get("cpu_seconds") is not None]
    gaps = [r["gap"] for r in records if r.get("gap") is not None]
    return {
        "row": row,
        "program": program,
        "runs": len(records),
        "finished": sum("stopped" not in r for r in records),
        "seconds_median": _short(statistics.median(seconds)) if seconds else "",
        "seconds_least": _short(min(seconds)) if seconds else "",
        "seconds_most": _short(max(seconds)) if seconds else "",
        "cpu_seconds_median": _short(statistics.median(cpu)) if cpu else "",
        "gap_worst": f"{max(gaps):.2e}" if gaps else "",
        "peak_mb": max((r["peak_mb"] for r in records), default=""),
        "extra_mb": max((r["extra_mb"] for r in records if "extra_mb" in r), default=""),
        "load": _short(statistics.median(r["load"] for r in records)) if records else "",
    }


def _short(value: float) -> str:
    return f"{value:.3g}"


def each(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return one record for each published instance: those of a family are taken apart."""
    found = []
    for record in records:
        common = {"kind": record["job"]["kind"], "gap_asked": record["job"]["gap"]}
        alone = {key: value for key, value in record["job"].items() if key != "gap"} | record
        found += [{**one, **common} for one in record.get("instances", [alone])]
    return found


def instance_lines(program: str, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return one line for each published instance."""
    return [
        {
            "instance": r["file"],
            "problem": r["kind"],
            "capacity": r["capacity"],
            "published": r["best"],
            "program": program,
            "found": r.get("objective"),
            "bound": r.get("bound"),
            "gap": "" if r.get("gap") is None else f"{r['gap']:.2e}",
            "seconds": _short(r["seconds"]) if r.get("seconds") is not None else "",
            "cpu_seconds": _short(r["cpu_seconds"]) if r.get("cpu_seconds") is not None else "",
            "status": r.get("status", r.get("stopped", "")),
            "verified": "yes" if r.get("verified") else "no",
            "below_published": r.get("below", ""),
        }
        for r in each(records)
        if "file" in r
    ]


def compared(ours: list[dict[str, Any]], theirs: list[dict[str, Any]], limit: float) -> str:
    """Return the geometric mean of how much faster we are; unfinished counts as the limit."""

    def used(record: dict[str, Any]) -> float:
        gap = record.get("gap")  # spopt tells none
        proved = gap is not None and gap <= record["gap_asked"] * 1.001
        done = proved or record.get("status") == "optimal"
        return max(record.get("seconds", limit), 1e-3) if done else limit

    pairs = [(used(a), used(b)) for a, b in zip(each(ours), each(theirs), strict=False)]
    if not pairs:
        return ""
    mean = math.exp(statistics.fmean(math.log(b / a) for a, b in pairs))
    slower = [a - b for a, b in pairs if a > b * 1.05]
    worst = f", by {max(slower):.2f} s at most" if slower else ""
    return f"{len(pairs)} instances: geometric mean {mean:.1f}x by the clock, slower on {len(slower)}{worst}"


def beside(title: str, found: dict[str, list[dict[str, Any]]], limit: float) -> list[str]:
    """Return how much faster we are than each other program, in words."""
    ours = found.get("estate", [])
    others = {program: theirs for program, theirs in found.items() if program != "estate"}
    return [
        f"{title}, beside {program}: {compared(ours, theirs, limit)}"
        for program, theirs in others.items()
        if len(each(ours)) == len(each(theirs))
    ]


def agreed(found: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Return, for each kind of problem, what we and spopt found, seed by seed, in words."""
    notes = []
    for program, ours in found.items():
        kind = program.removeprefix("estate ")
        theirs = found.get(f"spopt + CBC {kind}", [])
        pairs = [
            f"{a['objective']:.7g} and {b['objective']:.7g} ({b['status']})"
            for a, b in zip(ours, theirs, strict=False)
            if a.get("objective") is not None and b.get("objective") is not None
        ]
        notes += [f"{kind}, estate and spopt: {'; '.join(pairs)}"] if pairs else []
    return notes


def write(
    folder: Path, lines: list[dict[str, Any]], instances: list[dict[str, Any]], notes: list[str]
) -> None:
    """Write table.csv, table.md and, if there are any, instances.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    _write_csv(folder / "table.csv", COLUMNS, lines)
    if instances:
        _write_csv(folder / "instances.csv", INSTANCE_COLUMNS, instances)
    text = ["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    text += ["| " + " | ".join(str(each[name]) for name in COLUMNS) + " |" for each in lines]
    text += ["", *[f"- {note}" for note in notes]]
    (folder / "table.md").write_text("\n".join(text) + "\n", encoding="utf-8")


def _write_csv(path: Path, columns: tuple[str, ...], lines: list[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)


def chart(path: Path, records: list[dict[str, Any]]) -> str:
    """Draw time and memory against size on logarithmic axes; return the slopes in words."""
    import matplotlib as mpl

    mpl.use("Agg")
    import numpy as np
    from matplotlib import pyplot as plt

    done = [r for r in records if r.get("cpu_seconds")]
    if len(done) < 2:
        return ""
    size = np.array([r["job"]["n"] for r in done], float)
    series = (
        ("processor time to a gap of 1% [s]", np.array([r["cpu_seconds"] for r in done]), "#1f5fa8", "o"),
        ("peak memory [MB]", np.array([r["peak_mb"] for r in done], float), "#b5481d", "s"),
    )
    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    told = []
    for name, value, colour, mark in series:
        tail = size >= 1000
        slope = np.polyfit(np.log(size[tail]), np.log(value[tail]), 1)[0] if tail.sum() > 1 else np.nan
        axes.loglog(
            size, value, marker=mark, color=colour, label=f"{name}, slope {slope:.2f} from 1,000 areas"
        )
        told.append(f"{name}: slope {slope:.2f} from 1,000 areas")
    axes.set_xlabel("areas (p-median, a fifth to two fifths as many sites, p = a tenth of them)")
    axes.set_ylabel("seconds, megabytes")
    axes.grid(visible=True, which="both", alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=150)
    plt.close(figure)
    return "; ".join(told)
