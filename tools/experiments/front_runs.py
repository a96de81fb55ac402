"""How often does the front page's training collapse? Trains it from twenty seeds in headless Chromium:
python -m tools.experiments.front_runs

Each run gets 60 seconds of one core's time with the scripts and the digits of the page. Then 2,000 samples are enlarged
to 28 x 28 and judged against as many test images that were reduced to 14 x 14 and enlarged in the same way; so are the
samples of PyTorch's twin (tools/site/front_twin.py) after as many steps. 45 minutes on one core. Writes
ganbook/assets/results/front_runs.json after each run, those of the page first. What stands there with the same settings
is not repeated, so the command can be stopped and continued.
"""

import argparse
import base64
import json
import re
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch
from playwright.sync_api import Page, sync_playwright
from torch import Tensor

from ganbook.base import seeds
from ganbook.base.files import replace
from ganbook.evaluation.reference import look
from ganbook.metrics.frechet import frechet
from ganbook.metrics.neighbours import prdc
from tools.experiments.sizes import STORE, sized
from tools.experiments.trials import LEAST
from tools.site import chromium, front_digits, front_twin

SEEDS = sized(20, 1)
MARKS = sized((10.0, 60.0), (0.5, 1.0))  # CPU seconds at which a run is looked at
N = sized(2_000, 200)  # samples judged
FEW = 0.25  # coverage below which a run counts as collapsed
JSON = STORE / "front_runs.json"
SCRIPTS = ("random", "inflate", "network", "product", "layers", "trainer", "front_digits")

BEGIN = """async (seed) => {
  const { images, white } = ganbook.frontDigits, bytes = await ganbook.inflate(images);
  const digits = Uint8Array.from({length: 2 * bytes.length}, (_, i) => (bytes[i >> 1] >> (i % 2 ? 0 : 4)) & 15);
  const { rate } = ganbook.PLAN;
  window.trainer = new ganbook.Trainer({digits, white}, {rateD: rate, rateG: rate, update: "both"}, seed);
}"""
# As the worker does: training in slices of 80 milliseconds, and after each a look at the sixteen digits.
SLICES = """(slices) => {
  for (let i = 0; i < slices; i++) {
    const end = performance.now() + 80;
    while (performance.now() < end && trainer.alive) trainer.round();
    trainer.look();
  }
  return [trainer.step, trainer.alive];
}"""
SAMPLE = """(n) => {
  const z = Float32Array.from(new ganbook.Random(424242).normals(n * ganbook.PLAN.noise));
  const bytes = new Uint8Array(trainer.sample(z, n).buffer);
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
}"""


def settings() -> dict:
    """What stored rows must agree with to be kept."""
    return {
        **front_twin.PLAN,
        "images": front_digits.COUNT,
        "seconds": MARKS[-1],
        "marks": list(MARKS),
        "n": N,
        "least_share": LEAST,
        "least_coverage": FEW,
    }


# ------------------------------------------------------------------------------------------------------------- judging


def some(split: str, first: int = 0) -> Tensor:
    """N images of a split as the page sees them, drawn once for all from those after `first`."""
    x = front_digits.images(split)[first:]
    return x[torch.randperm(len(x), generator=seeds.generator("front", N))[:N]]


@cache
def real() -> Tensor:
    """The judge's features of N test images."""
    return look(some("test")).features


def judged(x: Tensor) -> dict:
    """What the judge makes of N samples x (N, 1, 14, 14): squared distance, coverage, classes, and whether it is lost.

    collapsed: a class has less than a share of LEAST, or the samples cover less than FEW of the real images.
    """
    features, p = look(x)
    shares = (p.argmax(1).bincount(minlength=10) / len(x)).tolist()
    coverage = prdc(real(), features).coverage
    return {
        "d2": round(frechet(features, real()), 2),
        "coverage": round(coverage, 4),
        "shares": [round(share, 4) for share in shares],
        "collapsed": min(shares) < LEAST or coverage < FEW,
    }


def failures() -> dict[str, dict]:
    """What must not pass: noise, blank paper, one digit N times."""
    rng = seeds.generator("front failures", 0)
    return {
        "noise": judged(2 * torch.rand(N, 1, 14, 14, generator=rng) - 1),
        "a blank page": judged(torch.full((N, 1, 14, 14), -1.0)),
        "one digit": judged(some("test")[:1].repeat(N, 1, 1, 1)),
    }


# ------------------------------------------------------------------------------------------------------------ training


@contextmanager
def browser() -> Iterator[Page]:
    """An empty page with the scripts of the front page's worker."""
    with sync_playwright() as playwright:
        program = playwright.chromium.launch(executable_path=chromium.find(), args=[*chromium.FLAGS])
        page = program.new_context(offline=True).new_page()
        for name in SCRIPTS:
            page.add_script_tag(path=front_digits.PATH.with_name(f"{name}.js"))
        yield page
        program.close()


def in_the_page(page: Page, seed: int) -> dict:
    """Train in the page until the last of MARKS; returns a row, with what was seen at each mark."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return next(entry["value"] for entry in metrics if entry["name"] == "ThreadTime")

    page.evaluate(BEGIN, seed)
    course, trained, step = [], 0.0, 0
    for mark in MARKS:
        while trained < mark:
            before = spent()
            step, alive = page.evaluate(SLICES, max(1, min(10, round((mark - trained) / 0.1))))
            trained += spent() - before
            if not alive:
                return {"seed": seed, "steps": step, "diverged": True, "collapsed": True, "course": course}
        raw = bytearray(base64.b64decode(page.evaluate(SAMPLE, N)))
        x = torch.frombuffer(raw, dtype=torch.float32).view(N, 1, front_digits.SIDE, front_digits.SIDE)
        course.append({"seconds": round(trained, 1), "step": step, **judged(x)})
    session.detach()
    last = {name: value for name, value in course[-1].items() if name not in ("step", "seconds")}
    for look_ in course[:-1]:
        del look_["shares"], look_["collapsed"]  # of a training that goes on
    return {"seed": seed, "steps": step, "diverged": False, **last, "course": course[:-1]}


def in_pytorch(seed: int, steps: int) -> dict:
    """Train the twin for so many steps on the same images; returns what the judge makes of it."""
    m, noise = int(front_twin.PLAN["m"]), int(front_twin.PLAN["noise"])
    torch.manual_seed(seed)
    twin, rng = front_twin.Twin(*front_twin.networks()), seeds.generator("front twin", seed)
    images = front_digits.images("train", front_digits.COUNT)
    for _ in range(steps):
        x = images[torch.randint(len(images), (m,), generator=rng)]
        twin.step(x, lambda: torch.randn(m, noise, generator=rng))
    with torch.no_grad():
        return judged(twin.settled(torch.randn(256, noise, generator=rng))(torch.randn(N, noise, generator=rng)))


def summary(rows: list[dict]) -> dict:
    """Medians over the seeds of what is there, and how many collapsed."""
    twins = [row["pytorch"] for row in rows if "pytorch" in row]
    found: dict[str, dict] = {}
    for place, some_ in (("page", rows), ("pytorch", twins)):
        found[place] = {"runs": len(some_), "collapsed": sum(row["collapsed"] for row in some_)}
        for name in ("steps", "d2", "coverage"):
            if values := [row[name] for row in some_ if name in row]:
                found[place][name] = statistics.median(values)
    return found


def main() -> None:
    """Make the runs that are missing, and write after each."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    torch.set_num_threads(1)
    stored = json.loads(JSON.read_text()) if JSON.exists() else {}
    rows = {row["seed"]: row for row in stored["rows"]} if stored.get("settings") == settings() else {}
    report = {
        "command": "python -m tools.experiments.front_runs",
        "settings": settings(),
        "floor": judged(some("train", front_digits.COUNT)),
        "failures": failures(),
    }

    def keep(row: dict) -> None:
        rows[row["seed"]] = row
        found = [rows[seed] for seed in sorted(rows)]
        text = json.dumps({**report, "median": summary(found), "rows": found}, indent=1)
        text = re.sub(r"\[[^][{}]+\]", lambda found: json.dumps(json.loads(found[0])), text)  # a list on one line
        with replace(JSON) as file:
            file.write(f"{text}\n".encode())
        print(f"seed {row['seed']}: {row['steps']:,} steps, {row.get('d2')}, {row.get('pytorch')}", flush=True)

    with browser() as page:
        for seed in range(SEEDS):
            if seed not in rows:
                keep(in_the_page(page, seed))
    for row in list(rows.values()):
        if not row["diverged"] and "pytorch" not in row:
            keep({**row, "pytorch": {"steps": row["steps"], **in_pytorch(row["seed"], row["steps"])}})


if __name__ == "__main__":
    main()
