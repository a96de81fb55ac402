"""Tables of measurements for the page book/performance.md, from the files in ganbook/assets/results.

`{{ speed }}`, `{{ shares }}`, `{{ endurance }}`, `{{ quality }}` and `{{ machine }}` on the page; no number of them is
typed there.
"""

import json
import statistics
from pathlib import Path


def table(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def case_name(case: dict) -> str:
    return f"`{case['recipe']}`, batch {case['batch']}"


def ratio(seen: dict) -> str:
    low, high = seen["quartiles"]
    noisy = ", too noisy to judge" if seen["too_noisy"] else ""
    return f"{seen['median']:.2f} ({low:.2f} to {high:.2f}{noisy})"


def speed(bench: dict) -> str:
    heads = ["recipe", "plain loop, images/s", "ganbook", "times the plain loop", "in bfloat16", "times the plain loop"]
    rows = []
    for case in bench["cases"]:
        rate = {way: f"{seen['median']:,.0f}" for way, seen in case["images_per_second"].items()}
        fast, half = (ratio(case["ratio"][way]) for way in ("ganbook", "ganbook, bfloat16"))
        rows.append([case_name(case), rate["plain"], rate["ganbook"], fast, rate["ganbook, bfloat16"], half])
    return table(heads, rows)


def shares(bench: dict) -> str:
    heads = ["recipe", "loop", "a step, ms", "data", "Adam", "products alone", "share of the peak"]
    rows = []
    for case in bench["cases"]:
        for way, ms in case["milliseconds"].items():
            share = f"{ms['products'] / ms['step']:.0%}".replace("%", " %")
            parts = [f"{ms[key]:.1f}" for key in ("step", "data", "adam", "products")]
            rows.append([case_name(case), way, *parts, share])
    return table(heads, rows)


def endurance(bench: dict) -> str:
    run = bench["endurance"]
    first, last = run["seconds"][0], run["seconds"][-1]
    memory = run["megabytes"]
    slow = max(run["seconds"]) / statistics.median(run["seconds"])
    return (
        f"{run['steps']:,} steps of `{run['recipe']}`: the first tenth took {first:.1f} s, the last {last:.1f} s, and the "
        f"slowest {slow:.2f} times the median. The most memory that the process had held was {memory[0]:,.0f} MB after "
        f"the first tenth and {memory[-1]:,.0f} MB after the last."
    )


def quality(stored: dict) -> str:
    heads = ["recipe", "loop", "CPU seconds, three seeds", "distance at the last look, floors"]
    rows: dict[tuple[str, str], list[dict]] = {}
    for row in stored["rows"]:
        rows.setdefault((row["recipe"], row["way"]), []).append(row)
    never = f"not in {stored['settings']['limit']:.0f}"
    floor = stored["floor"]["frechet"]
    return table(
        heads,
        [
            [
                f"`{name}`",
                way,
                ", ".join(never if row["seconds"] is None else f"{row['seconds']:.0f}" for row in runs),
                ", ".join(f"{row['course'][-1][2] / floor:.1f}" for row in runs),
            ]
            for (name, way), runs in rows.items()
        ],
    )


def machine(bench: dict) -> str:
    seen = bench["machine"]
    return (
        f"{seen['processor']}, {seen['cores']} cores seen by the system, {bench['threads']} threads, PyTorch "
        f"{seen['torch']}, load {seen['load']} before the start"
    )


def fill_in(app, config):
    folder = Path(app.srcdir) / "ganbook" / "assets" / "results"
    bench, stored = (json.loads((folder / f"{name}.json").read_text()) for name in ("bench", "quality"))
    made = {make.__name__: make(bench) for make in (speed, shares, endurance, machine)}
    config.myst_substitutions = {**(config.myst_substitutions or {}), **made, "quality": quality(stored)}


def setup(app):
    app.connect("config-inited", fill_in, priority=110)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
