"""What was measured, for the pages book/performance.md, book/ladder.md and book/preface.md, from the files in
ganbook/assets/results.

`{{ first_digits }}` in the preface; `{{ speed }}`, `{{ shares }}`, `{{ endurance }}`, `{{ imports }}`, `{{ quality }}`,
`{{ quality_goal }}` and `{{ machine }}` on the page of speed; `{{ ladder }}`, `{{ ladder_scores }}`,
`{{ ladder_near }}` and `{{ ladder_few }}` on that of distances. No number of them is typed there.
"""

import base64
import io
import json
import math
import statistics
from pathlib import Path

from PIL import Image

NEAR = (5, 20, 100, 300)  # distances d^2 of which a reader may want to know what has them


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
    lines = [
        [
            f"`{name}`",
            way.replace("plain", "plain loop", 1),
            ", ".join(never if row["seconds"] is None else f"{row['seconds']:.0f}" for row in runs),
            ", ".join(f"{row['course'][-1][1]:,}" for row in runs),
            ", ".join(f"{row['course'][-1][2]:.0f}" for row in runs),
        ]
        for (name, way), runs in rows.items()
    ]
    return table(["recipe", "loop", "CPU seconds, a seed each", "steps by then", "d² by then"], lines)


def quality_goal(stored: dict) -> str:
    floor = stored["floor"]["frechet"]
    return f"d² = {stored['settings']['floors'] * floor:.0f} (n = 10,000, floor {floor:.1f})"


def machine(bench: dict) -> str:
    seen = bench["machine"]
    return (
        f"{seen['processor']}, {seen['cores']} cores seen by the system, {bench['threads']} threads, PyTorch "
        f"{seen['torch']}, load {seen['load']} before the start"
    )


def first_digits(stored: dict) -> str:
    minutes = math.ceil(stored["seconds"] / 60)
    return f"{minutes} minutes on {stored['cores']} CPU cores (`{stored['command']}`)"


def damage(row: dict) -> str:
    """What was done to the digits of a row, in words, with the unit on the line of its number."""
    kind, strength = row["kind"], row["strength"]
    percent = f"{100 * strength:.1f}".removesuffix(".0") + "\N{NO-BREAK SPACE}%"
    pixels = f"{strength:g}\N{NO-BREAK SPACE}px"
    left_out = {0.5: "half of the nines left out", 1: "no nines", 2: "no eights, no nines", 4: "no sixes to nines"}
    return {
        "untouched": "untouched",
        "blurred": f"blurred by {pixels}",
        "turned": f"turned by up to {strength:g}°",
        "thinned": f"thinned by {pixels} a side",
        "speckled": f"{percent} of the pixels random",
        "dropped": left_out.get(strength, f"the last {strength:g} digits left out"),
        "copied": f"{percent} exact copies",
        "stored": f"{strength:,} stored images, dealt out",
    }[kind]


def squared(d2: float) -> str:
    return f"{d2:.0f}" if d2 >= 20 else f"{d2:.1f}"


def ladder(stored: dict, sheet: Image.Image, shown: int = 4) -> str:
    """The picture of the ladder: some digits of each row, cut out of the stored sheet, and their distance."""
    kinds: dict[str, list[str]] = {}
    for i, row in enumerate(stored["rows"]):
        strip = io.BytesIO()
        sheet.crop((0, 29 * i, 29 * shown - 1, 29 * i + 28)).save(strip, "PNG", optimize=True)
        source = f"data:image/png;base64,{base64.b64encode(strip.getvalue()).decode()}"
        kinds.setdefault(row["kind"], []).append(
            f'<figure><img src="{source}" alt="{shown} digits, {damage(row)}" width="{29 * shown - 1}" height="28">'
            f"<figcaption><b>d² = {squared(row['scores']['frechet'])}</b><br>{damage(row)}</figcaption></figure>"
        )
    return "\n".join(f'<div class="ladder">{"".join(figures)}</div>' for figures in kinds.values())


def ladder_scores(stored: dict) -> str:
    """The table of the ladder."""
    heads = ["damage", "d²", "kernel distance", "precision", "recall", "coverage", "certainty", "copies"]
    lines = []
    for row in stored["rows"]:
        scores = row["scores"]
        shares = [f"{scores[name]:.2f}" for name in ("precision", "recall", "coverage", "certainty")]
        copies = f"{100 * scores['copies']:.1f}".removesuffix(".0") + "\N{NO-BREAK SPACE}%"
        lines.append([damage(row), squared(scores["frechet"]), f"{scores['kernel']:.1f}", *shares, copies])
    return table(heads, lines)


def ladder_near(stored: dict) -> str:
    """For some distances, what is near them, within a factor of 1.5."""
    lines = []
    for d2 in NEAR:
        near = [row for row in stored["rows"] if 1 / 1.5 < row["scores"]["frechet"] / d2 < 1.5]
        lines.append([f"{d2}", "; ".join(f"{damage(row)} ({squared(row['scores']['frechet'])})" for row in near)])
    return table(["d² near", "real digits that have it"], lines)


def ladder_few(stored: dict) -> str:
    """Distances of few and of many images: as they are, and for n to infinity."""
    sizes = sorted({row["n"] for row in stored["few"]})
    found = {(row["name"], row["n"]): row for row in stored["few"]}
    lines = []
    for name in dict.fromkeys(row["name"] for row in stored["few"]):
        rows = [found[name, n] for n in sizes]
        limits = ((row["limit"], row["error"], int(row["error"] < 1)) for row in rows)
        lines.append(["real digits" if name == "real" else name, "d²", *(squared(row["frechet"]) for row in rows)])
        lines.append(
            [
                "",
                "extrapolated",
                *(f"{d2:.{places}f}\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}{e:.{places}f}" for d2, e, places in limits),
            ]
        )
    return table(["", "", *(f"n = {n:,}" for n in sizes)], lines)


def fill_in(app, config):
    folder = Path(app.srcdir) / "ganbook" / "assets" / "results"
    bench, seconds, first, rungs = (
        json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("bench", "quality", "first_digits", "ladder")
    )
    made = {make.__name__: make(bench) for make in (speed, shares, endurance, imports, machine)}
    made |= {make.__name__: make(seconds) for make in (quality, quality_goal)}
    made |= {make.__name__: make(rungs) for make in (ladder_scores, ladder_near, ladder_few)}
    with Image.open(folder / "ladder.png") as sheet:
        made |= {"ladder": ladder(rungs, sheet.convert("L")), "first_digits": first_digits(first)}
    config.myst_substitutions = {**(config.myst_substitutions or {}), **made}


def setup(app):
    app.connect("config-inited", fill_in, priority=110)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
