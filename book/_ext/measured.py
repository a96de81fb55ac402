"""What was measured, for pages of book/: from ganbook/assets/results and from the courses of the stored networks.

`{{ first_digits }}` in the preface; `{{ speed }}`, `{{ shares }}`, `{{ endurance }}`, `{{ imports }}`, `{{ peers }}`,
`{{ peers_curves }}` and `{{ machine }}` on the page of speed; `{{ answer_... }}` on the page of answers; `{{ ladder }}`
and `{{ ladder_... }}` on that of distances. No number of them is typed there.
"""

import base64
import io
import json
import math
import statistics
from pathlib import Path

from PIL import Image

OURS = ("conditional", "coded", "dcgan", "mlp")  # the book's recipes beside those that are copied
NEAR = (5, 20, 100, 300)  # distances d^2 of which a reader may want to know what has them


def table(heads: list[str], rows: list[list[str]], left: int = 2) -> str:
    """A table in Markdown; its first `left` columns are words, the others numbers."""
    lines = [heads, [*["---"] * left, *["---:"] * (len(heads) - left)], *rows]
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


def of_board(board: dict, name: str, seconds: float) -> list[dict]:
    """The runs of one of the board's GANs for so many seconds."""
    return board["variants"][name if seconds == board["cpu_seconds"] else f"{name}, {seconds:g} s"]


def seconds_to_digits(peers: dict, board: dict) -> dict[str, dict[float, list[float]]]:
    """Name -> seconds -> the distances of all seeds: the board's GANs, then the copied settings."""
    seconds = peers["cpu_seconds"]
    ours = {name: {s: [run["frechet"] for run in of_board(board, name, s)] for s in seconds} for name in OURS}
    theirs = {
        name: {s: [run["course"][i]["frechet"] for run in runs] for i, s in enumerate(seconds)}
        for name, runs in peers["variants"].items()
    }
    return ours | theirs


def peers(peers: dict, board: dict) -> str:
    """The table: distances after so many seconds, and how many steps the longest run had."""
    rows = seconds_to_digits(peers, board)
    steps = {name: runs[0]["course"][-1]["step"] for name, runs in peers["variants"].items()}
    longest = max(peers["cpu_seconds"])
    steps |= {name: of_board(board, name, longest)[0]["steps"] for name in OURS}
    heads = ["settings", *(f"d², {seconds:g} s" for seconds in peers["cpu_seconds"]), f"steps in {longest:g} s"]
    lines = [
        [
            name if name in peers["variants"] else f"`{name}`",
            *(median_and_range(found) for found in row.values()),
            f"{steps[name]:,}",
        ]
        for name, row in rows.items()
    ]
    return table(heads, lines, left=1)


def peers_curves(peers: dict, board: dict, picture: bytes) -> str:
    """The stored picture of the curves, with what it shows in words."""
    source = base64.b64encode(picture).decode()
    rows = seconds_to_digits(peers, board).items()
    said = "; ".join(f"{name} {', '.join(amount(statistics.median(d2)) for d2 in row.values())}" for name, row in rows)
    times = ", ".join(f"{seconds:g}" for seconds in peers["cpu_seconds"])
    ours, theirs = (len(next(iter(found["variants"].values()))) for found in (board, peers))
    seeds = f"{ours} seeds" if ours == theirs else f"the seeds: {ours} for the book's recipes, {theirs} for the others"
    return (
        f'<figure><img src="data:image/png;base64,{source}" width="720" alt="Curves of d² over seconds, both on '
        f'logarithmic axes. Medians after {times} seconds: {said}."><figcaption><p>Distance from the test images after '
        "so many seconds of one core: the book's recipes in colour, settings that are copied most in grey. Lower is "
        f"better. Lines are medians, and bands the range of {seeds}.</p></figcaption></figure>"
    )


def machine(bench: dict) -> str:
    seen = bench["machine"]
    return (
        f"{seen['processor']}, {seen['cores']} cores seen by the system, {bench['threads']} threads, PyTorch "
        f"{seen['torch']}, load {seen['load']} before the start"
    )


def first_digits(stored: dict) -> str:
    minutes = math.ceil(stored["seconds"] / 60)
    return f"{minutes} minutes on {stored['cores']} CPU cores (`{stored['command']}`)"


# ------------------------------------------------------------------------------------------- the page of answers

SYSTEMS = {
    "c-mlp": "the MLP pair of tutorial C, as published",
    "mlp": "the same kind of pair, repaired",
    "a-mlp": "the MLP pair of tutorial A",
    "a-dcgan": "the convolutional pair of tutorial A",
    "coded": "the best recipe without labels",
    "conditional": "the best recipe of the book",
}
MEASURES = {
    "frechet": ("d²", "any difference in mean or spread of the features"),
    "inception": ("Inception Score", "samples of no digit, missing digits"),
    "precision": ("precision", "bad samples"),
    "recall": ("recall", "missing variety"),
    "copying": ("copying score", "copies of training images"),
}
SETTINGS = {
    "sensitivity: as it is": "nothing",
    "sensitivity: beta_1 0.9": "Adam's β₁ is 0.9 instead of 0.5",
    "sensitivity: both rates x 16": "16 times both learning rates",
    "sensitivity: z 1": "a noise vector of one number",
    "healthy: D's rate x 4": "4 times the learning rate of D",
}
REPAIRS = {
    "published": "nothing",
    "published + BatchNorm in G": "BatchNorm in G",
    "published + Adam's settings": "another learning rate and β₁ for Adam",
}


def amount(value: float) -> str:
    return f"{value:,.0f}" if value >= 20 else f"{value:.1f}"


def median_and_range(values: list[float]) -> str:
    return f"{amount(statistics.median(values))} ({amount(min(values))} to {amount(max(values))})"


def trainings(course: dict) -> list[dict]:
    """Every training of a recipe for its full length, the one whose networks are stored first."""
    return [course, *course["more"]]


def ends(course: dict, key: str) -> list:
    """What was measured at the end of each training of a recipe."""
    return [run["quality"][key][-1] for run in trainings(course)]


def whole(shares: list[float], least: float) -> bool:
    """Whether all classes are there, each with at least the share `least` of the samples."""
    return min(shares) >= least


def scored(scores: dict, name: str, key: str) -> float:
    """A score of a stored network, the mean over draws with other noise."""
    return statistics.mean(draw["scores"][key]["value"] for draw in scores["rows"][name])


def real(scores: dict, key: str) -> float:
    """The same score of real digits."""
    return scores["rows"]["real"][0]["scores"][key]["floor"]


def answer_systems(courses: dict, scores: dict, least: float) -> str:
    lines = [
        [
            f"{words} ({name})",
            f"{course['steps']:,}",
            "; ".join(amount(d2) for d2 in ends(course, "frechet")),
            f"{sum(whole(shares, least) for shares in ends(course, 'shares'))} of {len(trainings(course))}",
            f"{scored(scores, name, 'recall'):.2f}",
        ]
        for name, words in SYSTEMS.items()
        for course in [courses[name]]
    ]
    last = ["real training digits", "", amount(real(scores, "frechet")), "", f"{real(scores, 'recall'):.2f}"]
    heads = ["recipe", "steps", "d², a training each", "all ten digits", "recall"]
    return table(heads, [*lines, last], left=1)


def answer_best(best: dict) -> str:
    """The recipe's own length of training: the mean distance of each seed, and the longest time."""
    length = statistics.median(row["steps"] for row in best["rows"])
    rows = [row for row in best["rows"] if row["steps"] == length]
    minutes = math.ceil(max(row["seconds"] for row in rows) / 60)
    found = ", ".join(amount(statistics.mean(row["average"])) for row in rows)
    return f"{found} in {len(rows)} trainings of at most {minutes} minutes of one core"


def answer_floor(scores: dict) -> str:
    return amount(real(scores, "frechet"))


def answer_recall(scores: dict) -> str:
    return f"{scored(scores, 'conditional', 'recall'):.2f}, for real digits {real(scores, 'recall'):.2f}"


def answer_collapse(courses: dict) -> str:
    """The training of `c-mlp` that lost most, and what became of it."""
    runs = trainings(courses["c-mlp"])
    run = max(runs, key=lambda run: max(run["quality"]["shares"][-1]))
    shares = run["quality"]["shares"][-1]
    most = max(shares)
    others = " and ".join(amount(one["quality"]["frechet"][-1]) for one in runs if one is not run)
    d2 = amount(run["quality"]["frechet"][-1])
    return (
        f"after the training from seed {run['seed']} the classifier reads {100 * most:.0f}\u00a0% of the samples as a "
        f"{shares.index(most)}. Its d² is {d2}. Trained from another seed it ends at {others}"
    )


def variants(rows: dict, names: dict[str, str], head: str) -> str:
    """A line for each of the variants `names` of a measurement: its distances, and how many runs lost a class."""
    lines = [
        [
            words,
            median_and_range([run["frechet"] for run in rows[name]]),
            f"{sum(run['lost'] for run in rows[name])} of {len(rows[name])}",
        ]
        for name, words in names.items()
    ]
    return table([head, "d², median (range)", "runs that lost a digit"], lines, left=1)


def answer_settings(failures: dict) -> str:
    return variants(failures["variants"], SETTINGS, "what was changed")


def answer_repairs(repairs: dict) -> str:
    return variants(repairs["variants"], REPAIRS, "repair")


def answer_scores(scores: dict) -> str:
    def number(key: str, value: float) -> str:
        return amount(value) if key == "frechet" else f"{value:.2f}"

    shown = ("conditional", "a-dcgan", "c-mlp")
    lines = [
        [
            f"**{words}**: {finds}",
            number(key, real(scores, key)),
            *(number(key, scored(scores, name, key)) for name in shown),
        ]
        for key, (words, finds) in MEASURES.items()
    ]
    return table(["measure, and what it finds", "real digits", *shown], lines, left=1)


def answers(courses: dict, scores: dict, failures: dict, repairs: dict, best: dict, coded: dict) -> dict[str, str]:
    return {
        "answer_best": answer_best(best),
        "answer_coded": answer_best(coded),
        "answer_floor": answer_floor(scores),
        "answer_recall": answer_recall(scores),
        "answer_n": f"{scores['n']:,}",
        "answer_systems": answer_systems(courses, scores, repairs["least_share"]),
        "answer_collapse": answer_collapse(courses),
        "answer_settings": answer_settings(failures),
        "answer_repairs": answer_repairs(repairs),
        "answer_scores": answer_scores(scores),
    }


# ---------------------------------------------------------------------------------------------- the page of distances


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


def ladder(stored: dict, sheet: Image.Image, shown: int = 4) -> str:
    """The picture of the ladder: some digits of each row, cut out of the stored sheet, and their distance."""
    kinds: dict[str, list[str]] = {}
    for i, row in enumerate(stored["rows"]):
        strip = io.BytesIO()
        sheet.crop((0, 29 * i, 29 * shown - 1, 29 * i + 28)).save(strip, "PNG", optimize=True)
        source = f"data:image/png;base64,{base64.b64encode(strip.getvalue()).decode()}"
        kinds.setdefault(row["kind"], []).append(
            f'<figure><img src="{source}" alt="{shown} digits, {damage(row)}" width="{29 * shown - 1}" height="28">'
            f"<figcaption><b>d² = {amount(row['scores']['frechet'])}</b><br>{damage(row)}</figcaption></figure>"
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
        lines.append([damage(row), amount(scores["frechet"]), f"{scores['kernel']:.1f}", *shares, copies])
    return table(heads, lines)


def ladder_near(stored: dict) -> str:
    """For some distances, what is near them, within a factor of 1.5."""
    lines = []
    for d2 in NEAR:
        near = [row for row in stored["rows"] if 1 / 1.5 < row["scores"]["frechet"] / d2 < 1.5]
        lines.append([f"{d2}", "; ".join(f"{damage(row)} ({amount(row['scores']['frechet'])})" for row in near)])
    return table(["d² near", "real digits that have it"], lines)


def ladder_few(stored: dict) -> str:
    """Distances of few and of many images: as they are, and for n to infinity."""
    sizes = sorted({row["n"] for row in stored["few"]})
    found = {(row["name"], row["n"]): row for row in stored["few"]}
    lines = []
    for name in dict.fromkeys(row["name"] for row in stored["few"]):
        rows = [found[name, n] for n in sizes]
        limits = ((row["limit"], row["error"], int(row["error"] < 1)) for row in rows)
        lines.append(["real digits" if name == "real" else name, "d²", *(amount(row["frechet"]) for row in rows)])
        lines.append(
            [
                "",
                "extrapolated",
                *(f"{d2:.{places}f}\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}{e:.{places}f}" for d2, e, places in limits),
            ]
        )
    return table(["images", "distance", *(f"n = {n:,}" for n in sizes)], lines)


# ---------------------------------------------------------------------------------------------------------------------


def read(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def everything(root: Path) -> dict[str, str]:
    """All that pages of the book in the folder `root` can name between two braces."""
    assets = root / "ganbook" / "assets"
    names = ("bench", "peers", "board", "first_digits", "scores", "failures", "repairs", "ladder", "best", "best_coded")
    bench, copied, board, first, scores, failures, repairs, rungs, best, coded = (
        read(assets / "results" / f"{n}.json") for n in names
    )
    courses = {name: read(assets / "weights" / "recipes" / f"{name}.json") for name in SYSTEMS}
    made = {make.__name__: make(bench) for make in (speed, shares, endurance, imports, machine)}
    curves = (assets / "results" / "peers.png").read_bytes()
    made |= {"peers": peers(copied, board), "peers_curves": peers_curves(copied, board, curves)}
    made |= {make.__name__: make(rungs) for make in (ladder_scores, ladder_near, ladder_few)}
    with Image.open(assets / "results" / "ladder.png") as sheet:
        made |= {"ladder": ladder(rungs, sheet.convert("L")), "first_digits": first_digits(first)}
    return made | answers(courses, scores, failures, repairs, best, coded)


def fill_in(app, config):
    made = everything(Path(app.srcdir))
    config.myst_substitutions = {**(config.myst_substitutions or {}), **made}


def setup(app):
    app.connect("config-inited", fill_in, priority=110)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
