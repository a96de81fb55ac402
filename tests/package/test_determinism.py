"""The same seed gives the same bits in another process, on the same machine with the same number of threads."""

import json
import os
import subprocess
import sys
from pathlib import Path

CODE = """
import dataclasses, json
from ganbook.base import hashed_file
from ganbook.training import recipes
from ganbook.data import find
from ganbook.chapters.one_network import PLANS, Fit
from ganbook.training.run import Run
from ganbook.models.sampling import sample

made = {}
for name in ("c-mlp", "a-dcgan", "conditional", "goodfellow-2014"):  # dropout, rotation, labels and average, momentum
    run = Run(dataclasses.replace(recipes.get(name), m=8), seed=5)
    run.data = find("fashion", rotate=run.recipe.rotate)
    records = [record.row() for record in run.train(2)]
    state = {key: part.state_dict() for key, part in run._parts().items()}
    made[name] = records, hashed_file._digest([state, sample(run.sampler, 3)])
fit = Fit(dataclasses.replace(PLANS["vae"], m=8), folder="fashion")
made["vae"] = [record.row() for record in fit.train(2)], hashed_file._digest(fit.sampler.state_dict())
print(json.dumps(made))
"""


def made(hash_seed):
    env = os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True, env=env)
    return json.loads(done.stdout)


def test_two_fresh_processes_make_the_same_bits():
    assert made("0") == made("1")
