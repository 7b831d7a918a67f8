"""The rows of the table, and the jobs behind each."""

from __future__ import annotations

from typing import Any

from benchmarks import instances

GAP = 1e-4
KINDS = {
    "UFL (uncapacitated)": "ufl",
    "CFLP (multi-source)": "cflp",
    "SSCFLP (single-source)": "sscflp",
    "p-median": "p-median",
    "p-center": "p-center",
    "capacitated p-median": "capacitated-p-median",
}
SPOPT = ("p-median", "p-center", "set-cover", "max-cover")
"""Kinds that PySAL spopt solves too."""
PEERS = tuple(f"orlib_pmed/pmed{number}.txt" for number in (1, 3, 5))
"""Published instances of 100 nodes, on which spopt ends within seconds."""
SHAPES = ("uniform", "clustered")
GROWTH = ((100, 40), (300, 100), (1000, 300), (3000, 800), (10000, 2500), (30000, 6000))


def invented(
    work: str, size: tuple[int, int], kind: str, shape: str, seeds: range, limit: float
) -> list[dict]:
    """Return one job a seed."""
    n, m = size
    common = {"work": work, "n": n, "m": m, "kind": kind, "shape": shape, "gap": GAP, "limit": limit}
    return [{**common, "seed": seed} for seed in seeds]


def build_jobs(seeds: range) -> dict[str, list[dict[str, Any]]]:
    """Return the three ways to build five million arcs."""
    common = {"work": "build", "n": 5000, "m": 1000, "limit": 600.0}
    return {
        route: [
            {**common, "route": route, "seed": seed} for seed in (seeds if route != "pulp" else seeds[:1])
        ]
        for route in ("raw", "blocks", "pulp")
    }


def small_jobs(seeds: range) -> dict[str, list[dict[str, Any]]]:
    """Return 650 x 400 beside other people's programs."""
    size, first = (650, 400), seeds[:1]
    jobs = {
        f"estate {kind} {shape}": invented("locate", size, kind, shape, seeds, 60.0)
        for kind in ("p-median", "ufl")
        for shape in SHAPES
    }
    jobs["HiGHS alone p-median uniform"] = invented("highs", size, "p-median", "uniform", first, 600.0)
    jobs["HiGHS alone ufl uniform"] = invented("highs", size, "ufl", "uniform", first, 600.0)
    jobs["spopt + CBC p-median uniform"] = invented("spopt_cbc", size, "p-median", "uniform", first, 600.0)
    for kind in ("p-median", "ufl"):
        jobs[f"PuLP + HiGHS {kind} uniform"] = invented("pulp_highs", size, kind, "uniform", first, 600.0)
    return jobs


def medium_jobs(seeds: range) -> dict[str, list[dict[str, Any]]]:
    """Return 2,000 x 600."""
    return {
        f"estate {kind} {shape}": invented("locate", (2000, 600), kind, shape, seeds, 60.0)
        for kind in ("p-median", "ufl")
        for shape in SHAPES
    }


def large_jobs(size: tuple[int, int], limit: float, seeds: range) -> dict[str, list[dict[str, Any]]]:
    """Return a size that others cannot do."""
    return {
        f"estate p-median {shape}": invented("locate", size, "p-median", shape, seeds[:2], limit)
        for shape in SHAPES
    }


def cases(only_sample: bool) -> list[dict[str, Any]]:
    """Return the published instances with what each came to, as its source prints it."""
    return [
        {
            "family": row["family"],
            "kind": KINDS[row["kind"]],
            "file": row["file"],
            "capacity": row["capacity"],
            "p": row["p"],
            "best": row["verified_value"] or row["optimum"],
            "digits": len(row["optimum"].partition(".")[2]),
            "verified": bool(row["verified"]),
        }
        for row in instances.published(only_sample)
    ]


def sample_jobs(limit: float) -> dict[str, list[dict[str, Any]]]:
    """Return the sample of published instances, each on its own: ours beside HiGHS alone."""
    jobs = [{"work": "instance", "gap": GAP, "limit": limit, **case} for case in cases(only_sample=True)]
    return {
        "estate": [{**job, "solver": "auto"} for job in jobs],
        "HiGHS alone": [{**job, "solver": "highs"} for job in jobs],
    }


def published_jobs(limit: float) -> dict[str, list[dict[str, Any]]]:
    """Return all published instances, one job a family and kind: ours, spopt's where it can, HiGHS alone."""
    families: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for case in cases(only_sample=False):
        families.setdefault((case["family"], case["kind"]), []).append(case)
    jobs = [
        {"work": "family", "family": name, "kind": kind, "instances": found, "gap": 0.0, "limit": limit}
        | {"kill": len(found) * (2 * limit + 10)}
        for (name, kind), found in families.items()
    ]
    return {
        "estate": [{**job, "solver": "auto"} for job in jobs],
        "spopt + CBC": [{**job, "solver": "spopt"} for job in jobs if job["kind"] in SPOPT],
        "HiGHS alone": [{**job, "solver": "highs"} for job in jobs],
    }


def spopt_jobs(seeds: range, limit: float) -> dict[str, list[dict[str, Any]]]:
    """Return every kind of problem that spopt knows too, at a size at which it ends."""
    return {
        f"{program} {kind}": [
            {"work": work, "n": 200, "m": 80, "kind": kind, "shape": "uniform", "gap": GAP}
            | {"limit": limit, "seed": seed}
            for seed in seeds
        ]
        for kind in SPOPT
        for program, work in (("estate", "textbook"), ("spopt + CBC", "spopt_cbc"))
    }


def peer_jobs(limit: float) -> dict[str, list[dict[str, Any]]]:
    """Return small published p-medians and p-centers, and covers of the same distances, by every program.

    Within the radius of the best p-center a set cover needs at most p sites, by definition; a maximal
    cover is asked for within half of that radius.
    """
    published = [case for case in cases(only_sample=False) if case["file"] in PEERS]
    published = [case for case in published if case["kind"] in SPOPT]
    covers = [
        {**case, "kind": kind, "best": "", "verified": False, "radius": float(case["best"]) * part}
        for case in published
        if case["kind"] == "p-center"
        for kind, part in (("set-cover", 1.0), ("max-cover", 0.5))
    ]
    jobs = [{"work": "instance", "gap": 0.0, "limit": limit, **case} for case in [*published, *covers]]
    programs = {"estate": "auto", "HiGHS alone": "highs", "spopt + CBC": "spopt"}
    return {name: [{**job, "solver": solver} for job in jobs] for name, solver in programs.items()}


def again_jobs(seeds: range) -> dict[str, list[dict[str, Any]]]:
    """Return 1,000 re-solves, and three by HiGHS anew."""
    common = {
        "work": "again",
        "n": 650,
        "m": 400,
        "shape": "uniform",
        "gap": GAP,
        "limit": 60.0,
        "seed": seeds[0],
    }
    return {
        "estate warm": [{**common, "times": 1000, "solver": "auto", "kill": 900.0}],
        "HiGHS anew": [{**common, "times": 3, "solver": "highs", "limit": 300.0, "kill": 900.0}],
    }


def growth_jobs(seeds: range) -> dict[str, list[dict[str, Any]]]:
    """Return growing sizes, to a gap of one per cent."""
    jobs = [invented("locate", size, "p-median", "uniform", seeds[:1], 120.0)[0] for size in GROWTH]
    return {"estate to 1%": [{**job, "gap": 0.01} for job in jobs]}


def rows(seeds: range, limit: float = 120.0) -> dict[str, tuple[str, dict[str, list[dict[str, Any]]]]]:
    """Return every row: its title and the jobs by program; the limit [s] is that of one instance."""
    england = {
        name: [{**job, "gap": 1e-3} for job in jobs]
        for name, jobs in large_jobs((33755, 10000), 60.0, seeds).items()
    }
    return {
        "build": ("five million arcs, built and handed to HiGHS", build_jobs(seeds)),
        "650x400": ("650 x 400, proven to 1e-4", small_jobs(seeds)),
        "2000x600": ("2,000 x 600, proven to 1e-4", medium_jobs(seeds)),
        "5000x1000": ("5,000 x 1,000, 60 s", large_jobs((5000, 1000), 60.0, seeds)),
        "20000x5000": ("20,000 x 5,000, 60 s", large_jobs((20000, 5000), 60.0, seeds)),
        "england": ("33,755 x 10,000, to 1e-3 or 60 s", england),
        "again": ("re-solves with other demand, 650 x 400", again_jobs(seeds)),
        "growth": ("growth, 100 to 30,000 areas, to 1%", growth_jobs(seeds)),
        "spopt": (f"beside spopt, 200 x 80, {limit:g} s", spopt_jobs(seeds, limit)),
        "peers": (f"published, beside HiGHS and spopt, {limit:g} s each", peer_jobs(limit)),
        "sample": (f"40 published instances, {limit:g} s each", sample_jobs(limit)),
        "published": (f"all published instances, {limit:g} s each", published_jobs(limit)),
    }
