"""What was measured, for the pages book/performance.md and book/preface.md, from the files in ganbook/assets/results.

`{{ first_digits }}` in the preface; `{{ speed }}`, `{{ shares }}`, `{{ endurance }}`, `{{ imports }}`, `{{ quality }}`
and `{{ machine }}` on the page of speed. No number of them is typed there.
"""

import json
import math
import statistics
from pathlib import Path


def table(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---", "---", *["---:"] * (len(heads) - 2)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def by_case(bench: dict, heads: list[str], row, without: str = "none") -> str:
    """A line for each way of each case: `row(case, way)` gives its figures; the case is named at its first way.

    without: a word; ways that have it are left out.
    """
    lines = []
    for case in bench["cases"]:
        for i, way in enumerate(way for way in case["images_per_second"] if without not in way):
            name = f"`{case['recipe']}`, batch {case['batch']}" if i == 0 else ""
            lines.append([name, f"{way} loop" if way == "plain" else way, *row(case, way)])
    return table(["recipe", "loop", *heads], lines)


def speed(bench: dict) -> str:
    def row(case: dict, way: str) -> list[str]:
        rate = f"{case['images_per_second'][way]['median']:,.0f}"
        if way == "plain":
            return [rate, "1"]
        ratio = case["ratio"][way]
        low, high = ratio["quartiles"]
        noisy = ", too noisy to judge" if ratio["too_noisy"] else ""
        return [rate, f"{ratio['median']:.2f} ({low:.2f} to {high:.2f}{noisy})"]

    return by_case(bench, ["images/s", "times the plain loop (quartiles)"], row)


def shares(bench: dict) -> str:
    def row(case: dict, way: str) -> list[str]:
        ms = case["milliseconds"][way]
        parts = [f"{ms[key]:.1f}" for key in ("step", "data", "masks", "adam", "products")]
        return [*parts, f"{100 * ms['products'] / ms['step']:.0f} %"]

    return by_case(
        bench, ["a step, ms", "images", "masks", "Adam", "products alone", "share of the peak"], row, "reused"
    )


def endurance(bench: dict) -> str:
    run = bench["endurance"]
    first, last = run["seconds"][0], run["seconds"][-1]
    memory = run["megabytes"]
    slow = max(run["seconds"]) / statistics.median(run["seconds"])
    return (
        f"{run['steps']:,} steps of `{run['recipe']}`: the first tenth took {first:.1f} s, the last {last:.1f} s, and "
        f"the slowest {slow:.2f} times the median. The most memory that the process had held was {memory[0]:,.0f} MB "
        f"after the first tenth and {memory[-1]:,.0f} MB after the last."
    )


def imports(bench: dict) -> str:
    took = bench["imports"]
    return f"{took['ganbook']['median']:.2f} s to the {took['torch']['median']:.1f} s of `import torch`"


def quality(stored: dict) -> str:
    rows: dict[tuple[str, str], list[dict]] = {}
    for row in stored["rows"]:
        rows.setdefault((row["recipe"], row["way"]), []).append(row)
    never = f"not in {stored['settings']['limit']:.0f}"
    floor = stored["floor"]["frechet"]
    lines = [
        [
            f"`{name}`",
            way.replace("plain", "plain loop", 1),
            ", ".join(never if row["seconds"] is None else f"{row['seconds']:.0f}" for row in runs),
            ", ".join(f"{row['course'][-1][1]:,}" for row in runs),
            ", ".join(f"{row['course'][-1][2] / floor:.1f}" for row in runs),
        ]
        for (name, way), runs in rows.items()
    ]
    return table(["recipe", "loop", "CPU seconds, a seed each", "steps by then", "floors"], lines)


def machine(bench: dict) -> str:
    seen = bench["machine"]
    return (
        f"{seen['processor']}, {seen['cores']} cores seen by the system, {bench['threads']} threads, PyTorch "
        f"{seen['torch']}, load {seen['load']} before the start"
    )


def first_digits(stored: dict) -> str:
    minutes = math.ceil(stored["seconds"] / 60)
    return f"{minutes} minutes on {stored['cores']} CPU cores (`{stored['command']}`)"


def fill_in(app, config):
    folder = Path(app.srcdir) / "ganbook" / "assets" / "results"
    bench, seconds, first = (
        json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("bench", "quality", "first_digits")
    )
    made = {make.__name__: make(bench) for make in (speed, shares, endurance, imports, machine)}
    made |= {"quality": quality(seconds), "first_digits": first_digits(first)}
    config.myst_substitutions = {**(config.myst_substitutions or {}), **made}


def setup(app):
    app.connect("config-inited", fill_in, priority=110)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
