"""Weights for use elsewhere: safetensors, read by the library itself and by hand."""

import json
import struct
from functools import partial

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from test_run import TINY
from torch import nn

from ganbook import cli
from ganbook.base.errors import DivergedError, InputError
from ganbook.models.sampling import sample
from ganbook.training import pretrained, recipes
from ganbook.training.run import Run


@pytest.fixture
def run(small_folder):
    run = Run(TINY, seed=3, folder=small_folder)
    list(run.train(2))
    return run


def test_what_is_exported_is_the_generator_to_sample_from_bit_for_bit(run, tmp_path):
    run.export(tmp_path / "g.safetensors")
    G, _ = TINY.networks(seed=0)
    G.load_state_dict(load_file(tmp_path / "g.safetensors"))  # the two lines of the documentation
    assert torch.equal(sample(G, 5), sample(run.sampler, 5)) and not torch.equal(sample(G, 5), sample(run.G, 5))
    with safe_open(tmp_path / "g.safetensors", "pt") as file:
        about = file.metadata()
    assert (about["step"], about["seed"], about["format"]) == ("2", "3", "pt")
    assert json.loads(about["recipe"]) == json.loads(json.dumps(TINY.describe()))


def test_the_file_is_what_the_format_says(run, tmp_path):
    """Eight bytes of length, a header in JSON, then the numbers: no library is needed to read it."""
    run.export(tmp_path / "g.safetensors")
    content = (tmp_path / "g.safetensors").read_bytes()
    (n,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + n])
    for name, value in run.sampler.state_dict().items():
        first, last = header[name]["data_offsets"]
        assert content[8 + n + first : 8 + n + last] == value.contiguous().numpy().tobytes()


class Tied(nn.Module):
    """Two layers that share their weights, in memory the other way round."""

    z_dim = 4

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 4)
        self.b.weight = self.a.weight
        self.last = nn.Parameter(torch.rand(784, 4).t())

    def forward(self, z):
        return (self.b(self.a(z)) @ self.last).tanh().view(-1, 1, 28, 28)


@pytest.mark.parametrize("G", [Tied, partial(recipes.get("a-dcgan").G, width=2)], ids=["tied", "channels last"])
def test_weights_that_are_shared_or_lie_in_another_order_are_exported(G, tmp_path):
    run = Run(TINY.change(G=G, ema=0.0))
    run.export(tmp_path / "g.safetensors")
    other = G()
    other.load_state_dict(load_file(tmp_path / "g.safetensors"))
    for name, value in run.G.state_dict().items():
        assert torch.equal(other.state_dict()[name], value), name


def test_an_export_that_fails_leaves_the_file_as_it_was(run, tmp_path):
    path = tmp_path / "g.safetensors"
    run.export(path)
    before = path.read_bytes()
    with pytest.raises(InputError, match="There is no folder"):
        run.export(tmp_path / "no" / "g.safetensors")
    with torch.no_grad():
        next(run.sampler.parameters()).fill_(float("inf"))
    with pytest.raises(DivergedError, match="nothing was written"):
        run.export(path)
    assert path.read_bytes() == before and [p.name for p in tmp_path.iterdir() if p.is_file()] == [path.name]


def test_the_command_exports_runs_and_stored_networks(tmp_path, small_folder, capsys):
    path = tmp_path / "g.safetensors"
    assert cli.main(["export", "d-linear", "--out", str(path)]) == 0
    G, _ = recipes.get("d-linear").networks(seed=0)
    G.load_state_dict(load_file(path))
    assert torch.equal(sample(G, 4), sample(pretrained.load("d-linear").G, 4))
    shared = ["--device", "cpu", "--data", str(small_folder), "--steps", "2"]
    assert cli.main(["train", "d-linear", "--out", str(tmp_path / "run"), *shared]) == 0
    assert cli.main(["export", str(tmp_path / "run"), "--out", str(path)]) == 0
    G.load_state_dict(load_file(path))
    assert torch.equal(sample(G, 4), sample(Run.load(tmp_path / "run" / cli.CHECKPOINT).sampler, 4))
    capsys.readouterr()
    assert cli.main(["export", "no-such-run", "--out", str(path)]) == 2
    assert "no stored network" in capsys.readouterr().err
