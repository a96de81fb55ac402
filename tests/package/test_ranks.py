"""Several processes train as one: the same weights, one writer, and an end in a sentence when one of them dies.

torchrun runs this file as well: `main` below, on each of two ranks.
"""

import contextlib
import dataclasses
import io
import os
import shutil
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from filelock import FileLock
from torch import nn
from torch.optim import SGD, Adam, RMSprop

from ganbook import cli
from ganbook.base import distributed
from ganbook.base.errors import InputError
from ganbook.chapters.failures import Mirrored
from ganbook.data import Digits
from ganbook.data.mixtures import ring
from ganbook.models import mlp, spectral
from ganbook.objectives import (
    GradientPenalty,
    Hinge,
    InstanceNoise,
    LeastSquares,
    NonSaturating,
    Relativistic,
    Saturating,
    ZeroCentred,
)
from ganbook.objectives.augmentation import Augmented
from ganbook.training import recipes
from ganbook.training.recipes import Recipe
from ganbook.training.run import Run, read

STEPS = 20
SETTINGS = ("--device", "cpu", "--steps", "30", "--save-every", "10", "--log-every", "1")
PLAIN = partial(SGD, lr=0.05, momentum=0.5)
POINTS = {"image": (2,), "hidden": (16,)}


class Labelled(nn.Module):
    """A network of points that takes one of eight labels."""

    classes = 8

    def __init__(self, n_in: int, net: nn.Module) -> None:
        super().__init__()
        self.z_dim, self.net = n_in, net

    def forward(self, x, y):
        return self.net(torch.cat([x, F.one_hot(y, self.classes).float()], dim=1))


class Points:
    """Points on a ring, with the fingerprint that a Run asks for."""

    fingerprint = "ring"
    batches = staticmethod(ring().batches)


class Remembers(nn.Module):
    """Lets everything through, and remembers what it drew the first time, as a layer with dropout draws."""

    def forward(self, x):
        self.drawn = getattr(self, "drawn", torch.rand(4))
        return x


def recipe(objective, *, G=None, D=None, opt_g=PLAIN, opt_d=PLAIN, **more):
    """A small pair for points in the plane, unless G and D say otherwise."""
    G = G or partial(mlp.Generator, z_dim=4, slope=0.2, **POINTS)
    D = D or partial(mlp.Discriminator, slope=0.2, dropout=0.0, **POINTS)
    shared = {"title": "For tests", "source": "none", "m": 12, "steps": STEPS}
    return Recipe(name="tiny", G=G, D=D, objective=objective, opt_g=opt_g, opt_d=opt_d, **shared | more)


def labelled(n_in, network):
    return Labelled(n_in, network(n_in + Labelled.classes))


# Every kind of draw and of penalty, and no layer that looks at its whole batch.
EQUAL = {
    "minimax, with an average of G": recipe(Saturating(joint=True), ema=0.9),
    "one step of G for two of D": recipe(LeastSquares(), k=2, reuse_fakes=True),
    "WGAN-GP": recipe(GradientPenalty(), k=2, opt_d=partial(SGD, lr=0.01)),
    "R1 and R2, paired": recipe(ZeroCentred(Relativistic(), r1=1.0, r2=0.5)),
    "instance noise and R1": recipe(InstanceNoise(ZeroCentred(Hinge(), r1=0.5), sigma=0.3)),
    "clipped": recipe(NonSaturating(), opt_d=partial(RMSprop, lr=0.01), opt_g=partial(Adam, lr=1e-3), clip=0.1),
    "labels": recipe(
        NonSaturating(),
        G=partial(labelled, 4, lambda n: mlp.Generator(n, slope=0.2, **POINTS)),
        D=partial(labelled, 2, lambda n: mlp.Discriminator((n,), (16,), slope=0.2, dropout=0.0)),
    ),
    "images, rotated, with spectral normalisation": recipe(
        Hinge(),
        G=partial(mlp.Generator, z_dim=4, hidden=(16,)),
        D=partial(spectral.Discriminator, width=2),
        rotate=20.0,
    ),
}
EQUAL["images, augmented"] = dataclasses.replace(
    EQUAL["images, rotated, with spectral normalisation"], objective=Augmented(NonSaturating(), p=0.5)
)
EQUAL["images, mirrored"] = dataclasses.replace(
    EQUAL["images, rotated, with spectral normalisation"], objective=Mirrored(NonSaturating(), 0.5, fakes=True)
)
# Everything that has a state, BatchNorm and dropout included.
TINY = recipe(
    NonSaturating(),
    G=partial(mlp.Generator, z_dim=4, hidden=(8,), norm=True),
    D=lambda: nn.Sequential(Remembers(), mlp.Discriminator(hidden=(8,), dropout=0.5)),
    opt_g=partial(Adam, lr=1e-3),
    rotate=10.0,
    ema=0.5,
)


def command(out: Path) -> list[str]:
    """`ganbook train tiny`, a checkpoint every 10 steps."""
    return ["train", "tiny", *SETTINGS, "--out", str(out)]


def trained(r: Recipe) -> dict:
    """What STEPS steps leave: every number with a state, and the records."""
    run = Run(r, seed=3)
    run.data = Digits("test", rotate=r.rotate) if r.rotate else Points()
    rows = [record.row() for record in run.train(STEPS)]
    nets = [v for net in (run.G, run.D, run.ema) if net for v in net.state_dict().values()]
    moments = [
        v
        for opt in (run.opt_g, run.opt_d)
        for s in opt.state_dict()["state"].values()
        for v in s.values()
        if isinstance(v, torch.Tensor)
    ]
    return {"state": torch.cat([v.detach().double().flatten() for v in nets + moments]), "rows": rows, "run": run}


def main(out: Path) -> None:
    """What a rank does: train every case, call what ranks have, and leave a file that tells of it."""
    torch.set_num_threads(1)
    recipes.RECIPES["tiny"] = TINY
    if len(sys.argv) > 2:
        sys.exit(cli.main(sys.argv[2:]))
    with distributed.joined("cpu") as device:
        assert cli.main([*command(out / "broken"), "--resume"]) == 0
        assert cli.main(command(out / "whole")) == 0
        told = {"device": device, "count": distributed.count(), "mine": distributed.local_shard(torch.arange(6))}
        told["cases"] = {name: trained(r) for name, r in EQUAL.items()}
        tiny = told["tiny"] = trained(TINY)
        told["drawn"] = tiny["run"].D[0].drawn
        told["weights"] = torch.cat(
            [p.detach().flatten() for net in (tiny["run"].G, tiny["run"].D) for p in net.parameters()]
        )
        told["mean"] = tiny["run"].G.layers[1].running_mean
        tiny["run"].save(out / f"saved by {distributed.rank()}.pt")
        told["anyone"] = [distributed.anyone(False), distributed.anyone(distributed.rank() == 1)]
        told["shared"] = distributed.shared(lambda: f"seen by {distributed.rank()}")
        for name, call in {
            "uneven": lambda: next(Run(dataclasses.replace(TINY, m=7)).train(1)),
            "refused": lambda: distributed.shared(partial(read, out / f"no file for {distributed.rank()}")),
        }.items():
            with pytest.raises(InputError) as caught:
                call()
            told[name] = str(caught.value)
        recipes.RECIPES["odd"] = dataclasses.replace(TINY, m=7)
        with contextlib.redirect_stderr(io.StringIO()) as said:
            status = cli.main(["train", "odd", *SETTINGS, "--out", str(out / "odd")])
        told["odd"] = status, said.getvalue()
        for case in (tiny, *told["cases"].values()):
            del case["run"]
        torch.save(told, out / f"{distributed.rank()}.pt")


def torchrun(*command, n=2, check=True) -> subprocess.CompletedProcess:
    """Start `command` on n ranks and wait; stdout and stderr of the result are what they said."""
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={n}"]
    env = os.environ | {"OMP_NUM_THREADS": "1"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([*launcher, *map(str, command)], env=env, text=True, **pipes) as process:
        try:
            said = process.communicate(timeout=300)
        except subprocess.TimeoutExpired:
            process.terminate()  # torchrun then ends its ranks; killed, it would leave them behind
            raise
    assert not check or process.returncode == 0, said[1]
    return subprocess.CompletedProcess(process.args, process.returncode, *said)


@pytest.fixture(scope="module")
def told(tmp_path_factory, testrun_uid):
    """What two ranks tell, and the folder they wrote to; started once, however many processes run the tests.

    Two others were there before: one of them died, which leaves `broken`, and a copy of that.
    """
    out = tmp_path_factory.getbasetemp().parent / f"ranks {testrun_uid}"
    with FileLock(f"{out}.lock"):
        if not out.exists():
            out.mkdir()
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("DIES_AFTER", "17")
                ended = torchrun(__file__, out, *command(out / "broken"), check=False)
            (out / "ended").write_text(f"{ended.returncode}\n{ended.stderr}")
            shutil.copytree(out / "broken", out / "left")
            torchrun(__file__, out)
    return [torch.load(out / f"{rank}.pt", weights_only=False) for rank in (0, 1)], out


@pytest.mark.parametrize("name", EQUAL)
def test_two_ranks_are_one_process(told, name):
    """Weights, averages, moments of the optimisers and every scalar of every record, after 20 steps."""
    alone = trained(EQUAL[name])
    (first, second), _ = told
    still = partial(SGD, lr=0.0)
    start = trained(dataclasses.replace(EQUAL[name], opt_g=still, opt_d=still))
    moved = (alone["rows"][-1]["d_loss"], start["rows"][-1]["d_loss"])
    assert abs(moved[0] - moved[1]) > 1e-3, "these steps do too little to compare"
    for each in (first, second):
        case = each["cases"][name]
        assert torch.allclose(case["state"], alone["state"], atol=1e-5, rtol=1e-4)
        for row, expected in zip(case["rows"], alone["rows"], strict=True):
            assert row.keys() == expected.keys() and row == pytest.approx(expected, rel=1e-4, abs=1e-5)
    assert torch.equal(first["cases"][name]["state"], second["cases"][name]["state"])


def test_ranks_stay_equal_where_they_cannot_be_one_process(told):
    (first, second), _ = told
    assert torch.equal(first["weights"], second["weights"]) and first["tiny"]["rows"] == second["tiny"]["rows"]
    assert not torch.equal(first["mean"], second["mean"]), "BatchNorm sees each rank's own part"
    assert not torch.equal(first["drawn"], second["drawn"]), "dropout must not drop the same units on every rank"
    alone = trained(TINY)["run"]
    assert torch.equal(first["drawn"], alone.D[0].drawn)


def test_the_parts_make_the_whole_and_all_agree(told):
    (first, second), _ = told
    assert first["count"] == second["count"] == 2
    assert torch.cat([first["mine"], second["mine"]]).tolist() == list(range(6))
    assert first["anyone"] == second["anyone"] == [False, True]
    assert first["shared"] == second["shared"] == "seen by 0"
    assert first["refused"] == second["refused"] and "no file for 0" in first["refused"]
    assert first["uneven"] == second["uneven"] and "7 cannot be shared out evenly among 2 ranks" in first["uneven"]


def test_only_rank_0_writes_and_its_running_statistics_are_kept(told):
    (first, _), out = told
    assert [path.name for path in out.glob("saved*")] == ["saved by 0.pt"]
    kept = read(out / "saved by 0.pt")
    assert torch.equal(kept["G"]["layers.1.running_mean"], first["mean"])


def test_alone_everything_is_given_back():
    x = torch.arange(6.0)
    distributed.average([x])
    torch.manual_seed(1)
    expected = torch.rand(3, 1)
    torch.manual_seed(1)
    assert torch.equal(distributed.shared_draw(torch.rand, (3, 1), x.device), expected)
    assert torch.equal(distributed.local_shard(x), torch.arange(6.0)) and (distributed.rank(), distributed.count()) == (
        0,
        1,
    )
    assert distributed.own("dropout") == "dropout" and distributed.anyone(True) and not distributed.anyone(False)
    with distributed.joined("cpu") as device:
        assert device == torch.device("cpu") and distributed.count() == 1


def test_a_rank_that_dies_ends_the_run_in_a_sentence_and_resume_repairs_it_exactly(told):
    _, out = told
    whole, left, resumed = out / "whole", out / "left", out / "broken"
    code, *lines = (out / "ended").read_text().splitlines()
    said = [line for line in lines if line.startswith("ganbook")]
    assert int(code) != 0 and len(said) == 1 and "--resume" in said[0] and "SIGKILL" in "\n".join(lines)
    assert read(left / cli.CHECKPOINT)["step"] == 10
    assert {path.name for path in left.iterdir()} == {cli.CHECKPOINT, cli.HISTORY, cli.SAMPLES}
    for name in (cli.HISTORY, cli.SAMPLES):
        assert (resumed / name).read_bytes() == (whole / name).read_bytes(), name
    assert read(resumed / cli.CHECKPOINT)["sha256"] == read(whole / cli.CHECKPOINT)["sha256"]


def test_a_batch_that_cannot_be_shared_out_is_refused_before_anything_is_written(told):
    ranks, out = told
    for status, said in (rank["odd"] for rank in ranks):
        assert status != 0 and "A batch of 7 cannot be shared out evenly among 2 ranks" in said
    assert not (out / "odd").exists()


def mortal(train):
    """Run.train that, on rank 1, ends without a word after the step in DIES_AFTER."""

    def until(self, steps):
        for record in train(self, steps):
            if distributed.rank() == 1 and record.step == int(os.environ["DIES_AFTER"]):
                os.kill(os.getpid(), signal.SIGKILL)
            yield record

    return until


if __name__ == "__main__":
    if "DIES_AFTER" in os.environ:
        Run.train = mortal(Run.train)
    main(Path(sys.argv[1]))
