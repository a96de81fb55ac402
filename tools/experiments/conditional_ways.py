"""Three ways to give a network the label, from two more seeds: python -m tools.experiments.conditional_ways [--workers
2]

Chapter 11 trains the three pairs from seed 0. Here the same pairs are trained from the next seeds, and judged as there:
G itself on the way, the average of its weights at the end. Five minutes of one core. Writes
ganbook/assets/results/conditional_ways.json. What stands in the file with the same settings is not repeated.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace as changed
from functools import partial

import torch
from torch import nn
from torch.optim import Adam

from ganbook.evaluation.distance import frechet_distance
from ganbook.evaluation.reference import look
from ganbook.models import conditional
from ganbook.models.sampling import sample
from ganbook.objectives import NonSaturating
from ganbook.training.recipes import Recipe
from ganbook.training.run import Run
from tools.experiments.sizes import sized
from tools.experiments.trials import Table, settings

STEPS, EVERY = sized((800, 100), (4, 2))
SEEDS = sized([1, 2], [1])
N, N_LOOK = sized((3_000, 200), (200, 50))  # samples judged at the end, and on the way


def ways() -> dict[str, Recipe]:
    """Name -> recipe, as chapter 11 has them."""
    projection = Recipe(
        name="conditional",
        title="Conditional DCGAN",
        source="Mirza and Osindero (2014), eq. 2; Miyato and Koyama (2018), eq. 3",
        G=partial(conditional.Generator, width=32),
        D=partial(conditional.Projection, width=24),
        objective=NonSaturating(),
        opt_g=partial(Adam, lr=1e-3, betas=(0.5, 0.99)),
        opt_d=partial(Adam, lr=4e-4, betas=(0.5, 0.99)),
        m=64,
        steps=STEPS,
        reuse_fakes=True,
        ema=0.99,
    )
    return {
        "concatenation": changed(projection, D=partial(conditional.Discriminator, width=24)),
        "projection": projection,
        "with conditional BN": changed(projection, G=partial(conditional.Generator, width=32, by_label=True)),
    }


def obeyed(G: nn.Module, n: int, seed: int) -> float:
    """The accuracy of the condition: the share of n samples that the judge names as asked."""
    named = look(sample(G, n, seed=seed)).p.argmax(1)
    return round((named == torch.arange(n) % 10).double().mean().item(), 4)


def measure(recipe: Recipe, seed: int) -> tuple[dict, list]:
    """Train from one seed on one thread; returns the row of the table, and no samples, since there is no sheet."""
    torch.set_num_threads(1)
    run = Run(recipe, seed=seed)
    course = [[0, obeyed(run.G, N_LOOK, seed=2)]]
    for record in run.train(recipe.steps):
        if record.step % EVERY == 0:
            course.append([record.step, obeyed(run.G, N_LOOK, seed=2)])
    d2 = round(frechet_distance(run.sampler, n=N).value, 2)
    row = {"seed": seed, "steps": run.step, "obeyed": obeyed(run.sampler, N, seed=1), "frechet": d2, "course": course}
    return row, []


def main() -> None:
    """Run what is missing, a process a core, and write after each run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=2, help="processes, one thread each (default: 2)")
    args = parser.parse_args()
    recipes = ways()
    table = Table("conditional_ways", None, {name: settings({"": recipe}) for name, recipe in recipes.items()})
    table.report |= {"command": "python -m tools.experiments.conditional_ways", "steps": STEPS, "judged": N}
    with ProcessPoolExecutor(args.workers) as pool:
        table.fill(pool, {name: (partial(measure, recipe), SEEDS) for name, recipe in recipes.items()})
    table.keep()


if __name__ == "__main__":
    main()
