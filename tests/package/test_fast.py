"""Fewer bits and compiled code: the same networks, the same files, nearly the same numbers."""

import dataclasses
import subprocess
import sys
from functools import partial

import pytest
import torch
from torch import nn
from torch.optim import Adam

from ganbook import cli
from ganbook.base.errors import InputError
from ganbook.models import conditional, mlp, with_labels
from ganbook.objectives import GradientPenalty, NonSaturating
from ganbook.training.precision import fast
from ganbook.training.recipes import Recipe
from ganbook.training.run import Run, read

# torch.compile asks x_fake, which is no leaf, for its gradient; a warning that only becomes an error here.
pytestmark = pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")

SMALL = Recipe(
    name="small",
    title="For tests",
    source="none",
    G=partial(mlp.Generator, z_dim=4, hidden=(16,), norm=True),
    D=partial(mlp.Discriminator, hidden=(16,), dropout=0.0),
    objective=NonSaturating(),
    opt_g=partial(Adam, lr=1e-3),
    opt_d=partial(Adam, lr=1e-3),
    m=16,
    steps=10,
    ema=0.5,
)


def weights(run):
    return torch.cat([p.detach().flatten() for net in (run.G, run.D) for p in net.parameters()])


def test_nothing_asked_nothing_changed():
    network = nn.Linear(2, 2)
    assert fast(network) is network


def test_products_are_taken_in_bfloat16_and_the_rest_is_float32():
    torch.manual_seed(0)
    D, x = mlp.Discriminator(hidden=(64,), dropout=0.0), torch.randn(8, 1, 28, 28)
    seen = []
    D.layers[1].register_forward_hook(lambda layer, inputs, out: seen.append(out.dtype))
    plain, half = D(x), fast(D, bf16=True)(x)
    assert seen == [torch.float32, torch.bfloat16]
    assert half.dtype == torch.float32 and all(p.dtype == torch.float32 for p in D.parameters())
    assert not torch.equal(plain, half) and torch.allclose(plain, half, atol=0.05)  # 8 bits: about 1 % of values near 1
    half.sum().backward()
    assert all(p.grad.dtype == torch.float32 for p in D.parameters())


def test_a_penalty_is_computed_in_float32():
    critic = nn.Sequential(nn.Linear(2, 1), nn.Flatten(0))
    with torch.no_grad():
        critic[0].weight.copy_(torch.tensor([[3.0, 4.0]]))
        critic[0].bias.fill_(0.0)
    x, x_fake = torch.randn(6, 2), torch.randn(6, 2)
    d = GradientPenalty(weight=10.0).discriminator(fast(critic, bf16=True), x, x_fake)
    assert d["loss"].dtype == torch.float32 and d["penalty"].item() == pytest.approx((5 - 1) ** 2)  # slope (3, 4)
    d["loss"].backward()
    # The penalty's gradient: 10 * 2 (5 - 1) w / 5, and the means of fake - real, rounded to bfloat16.
    expected = 16 * torch.tensor([[3.0, 4.0]]) + (x_fake - x).mean(0)
    assert torch.allclose(critic[0].weight.grad, expected, rtol=0.02)


def test_labels_go_through():
    G, y = conditional.Generator(z_dim=4, width=2), torch.arange(3)
    half = fast(G, bf16=True)
    assert half.z_dim == 4 and half.classes == 10
    assert with_labels(half, y)(torch.randn(3, 4)).shape == half(torch.randn(3, 4), y).shape == (3, 1, 28, 28)
    assert not hasattr(fast(mlp.Generator(), bf16=True), "classes")


@pytest.fixture
def eager(monkeypatch):
    """torch.compile as far as the C++ compiler, which would take a minute."""
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="aot_eager"))


@pytest.mark.parametrize("options", [{"bf16": True}, {"compiled": True}, {"bf16": True, "compiled": True}], ids=str)
def test_a_run_is_the_same_file_in_every_way_of_training_it(options, small_folder, tmp_path, eager):
    plain, other = Run(SMALL, folder=small_folder), Run(SMALL, folder=small_folder, **options)
    assert torch.equal(weights(plain), weights(other))
    start = weights(plain)
    rows = [[record.row() for record in run.train(4)] for run in (plain, other)]
    moved, apart = (weights(plain) - start).norm(), (weights(plain) - weights(other)).norm()
    assert apart < 0.2 * moved and (apart > 0 or "bf16" not in options)
    assert rows[0][-1] == pytest.approx(rows[1][-1], rel=0.05, abs=0.02)
    for name, run in (("plain", plain), ("other", other)):
        run.save(tmp_path / name)
    files = [read(tmp_path / name) for name in ("plain", "other")]
    for part in ("G", "D", "ema"):
        assert {k: (v.shape, v.dtype) for k, v in files[0][part].items()} == {
            k: (v.shape, v.dtype) for k, v in files[1][part].items()
        }
    back = Run.load(tmp_path / "other", folder=small_folder, recipe=SMALL)
    on = Run.load(tmp_path / "plain", folder=small_folder, recipe=SMALL, **options)
    assert torch.equal(weights(back), weights(other)) and next(back.train(1)).step == next(on.train(1)).step == 5


def test_bf16_continues_exactly(small_folder, tmp_path):
    whole, part = (Run(SMALL, folder=small_folder, bf16=True) for _ in range(2))
    list(whole.train(6)), list(part.train(3))
    part.save(tmp_path / "half")
    part = Run.load(tmp_path / "half", folder=small_folder, recipe=SMALL, bf16=True)
    list(part.train(3))
    assert torch.equal(weights(whole), weights(part))


def test_a_penalty_on_compiled_code_ends_in_a_sentence(small_folder, eager):
    steep = dataclasses.replace(SMALL, objective=GradientPenalty())
    with pytest.raises(InputError, match=r"differentiated twice.*Leave out --compile"):
        list(Run(steep, folder=small_folder, compiled=True).train(1))


class Full(NonSaturating):
    """An objective in which the memory of a GPU is used up."""

    def generator(self, critic, x, x_fake):
        raise torch.cuda.OutOfMemoryError("CUDA out of memory")


class Wrong(NonSaturating):
    """An objective whose products do not fit."""

    def generator(self, critic, x, x_fake):
        return {"loss": (critic(x_fake) @ torch.ones(3)).mean()}


class Raises(NonSaturating):
    """An objective that raises a RuntimeError by itself."""

    def discriminator(self, critic, x, x_fake):
        raise RuntimeError("no data on the server")


@pytest.mark.parametrize(
    ("objective", "said"),
    [(Full(), "out of memory"), (Wrong(), "size mismatch|inconsistent tensor size"), (Raises(), "on the server")],
    ids=lambda value: type(value).__name__,
)
def test_what_compilation_did_not_do_it_is_not_blamed_for(objective, said, small_folder, eager):
    faulty = dataclasses.replace(SMALL, objective=objective)
    with pytest.raises(RuntimeError, match=said) as caught:
        list(Run(faulty, folder=small_folder, compiled=True).train(1))
    assert not isinstance(caught.value, InputError)


def test_a_compiler_that_is_missing_is_a_sentence(small_folder, monkeypatch):
    def backend(graph, inputs):
        raise FileNotFoundError("g++")

    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend=backend))
    with pytest.raises(InputError, match=r"needs a C\+\+ compiler"):
        list(Run(SMALL, folder=small_folder, compiled=True).train(1))


def test_the_command_has_both(small_folder, tmp_path, eager):
    command = ["train", "d-linear", "--data", str(small_folder), "--out", str(tmp_path / "run"), "--device", "cpu"]
    assert cli.main([*command, "--steps", "2", "--bf16", "--compile"]) == 0
    assert cli.main([*command, "--steps", "3", "--resume"]) == 0
    assert read(tmp_path / "run" / cli.CHECKPOINT)["step"] == 3


def test_numbers_too_small_for_full_precision_are_0_in_every_thread():
    code = """if True:
        import torch
        from ganbook.base.devices import flush_denormals
        flush_denormals()
        torch.set_num_threads(2)
        torch.rand(4_000_000).exp()  # both threads have worked
        small = torch.full((4_000_000,), 1.5e-38) * 0.5
        print(int(small.count_nonzero()), torch.set_flush_denormal(True))
    """
    count, possible = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    if possible == "False":
        pytest.skip("this processor cannot")
    assert count == "0"
