"""Runs and their checkpoints: exact continuation, and files that are whole or refused."""

import dataclasses
import os
import zipfile
from functools import partial

import pytest
import torch
from torch.optim import SGD, Adam

from ganbook.base.errors import DivergedError, InputError
from ganbook.models import mlp
from ganbook.objectives import NonSaturating
from ganbook.training import recipes
from ganbook.training.recipes import Recipe
from ganbook.training.run import Run, read

# Small, but with everything that has a state: BatchNorm, dropout, Adam, momentum, rotation, an average of G.
TINY = Recipe(
    name="tiny",
    title="For tests",
    source="none",
    G=partial(mlp.Generator, z_dim=4, hidden=(8,), norm=True),
    D=partial(mlp.Discriminator, hidden=(8,), dropout=0.5),
    objective=NonSaturating(),
    opt_g=partial(Adam, lr=1e-3),
    opt_d=partial(SGD, lr=1e-2, momentum=0.5),
    m=16,
    steps=100,
    rotate=10.0,
    ema=0.5,
)
load = partial(Run.load, recipe=TINY)


@pytest.fixture
def run(small_folder):
    run = Run(TINY, seed=3, folder=small_folder)
    list(run.train(5))
    return run


@pytest.fixture
def checkpoint(run, tmp_path):
    run.save(tmp_path / "run.pt")
    return tmp_path / "run.pt"


def state(run):
    nets = [v for net in (run.G, run.D, run.ema) for v in net.state_dict().values()]
    moments = [v for opt in (run.opt_g, run.opt_d) for s in opt.state_dict()["state"].values() for v in s.values()]
    return [v.clone() for v in nets + moments]


def same(a, b):
    return len(a) == len(b) and all(torch.equal(u, v) for u, v in zip(a, b))


def test_one_hundred_steps_are_fifty_saved_loaded_and_fifty_more(small_folder, tmp_path):
    whole, part = (Run(TINY, seed=1, folder=small_folder) for _ in range(2))
    records = list(whole.train(100))
    list(part.train(50))
    part.save(tmp_path / "half.pt")
    torch.rand(11)  # what happens in between does not matter
    part = load(tmp_path / "half.pt", folder=small_folder)
    last = list(part.train(50))[-1]
    assert same(state(whole), state(part))
    assert records[-1].row() == last.row()


@pytest.mark.parametrize("name", recipes.RECIPES)
def test_every_recipe_continues_exactly(name, tmp_path):
    recipe = dataclasses.replace(recipes.get(name), m=4)
    whole, part = Run(recipe), Run(recipe)
    list(whole.train(2))
    list(part.train(1))
    part.save(tmp_path / "run.pt")
    again = Run.load(tmp_path / "run.pt", recipe=recipe)
    assert again.step == 1
    list(again.train(1))
    weights = ([*r.G.state_dict().values(), *r.D.state_dict().values()] for r in (whole, again))
    assert same(*weights)


def test_the_average_is_the_one_of_the_formula_and_is_what_is_sampled(small_folder):
    run = Run(TINY, folder=small_folder)
    expected = None
    for _ in run.train(6):  # w_avg <- 0.5 w_avg + 0.5 w, from the first step's w; BatchNorm's statistics like weights
        now = {key: v.clone().double() for key, v in run.G.state_dict().items()}
        expected = now if expected is None else {key: 0.5 * expected[key] + 0.5 * now[key] for key in now}
    averaged = run.sampler.state_dict()
    for key in averaged:
        if averaged[key].is_floating_point():
            assert torch.allclose(averaged[key].double(), expected[key], atol=1e-6), key
            assert not torch.equal(averaged[key], run.G.state_dict()[key]), key
    assert Run(dataclasses.replace(TINY, ema=0.0)).sampler.__class__ is mlp.Generator


def test_keeping_an_average_changes_nothing_in_the_training(small_folder):
    kept, plain = (Run(dataclasses.replace(TINY, ema=ema), folder=small_folder) for ema in (0.9, 0.0))
    list(kept.train(5)), list(plain.train(5))
    assert same(list(kept.G.state_dict().values()), list(plain.G.state_dict().values()))


def test_loading_gives_back_everything(run, checkpoint, small_folder):
    again = load(checkpoint, folder=small_folder)
    assert (again.step, again.seed) == (5, 3)
    assert same(state(run), state(again))
    assert [type(o) for o in (again.opt_g, again.opt_d)] == [torch.optim.Adam, torch.optim.SGD]


def test_a_run_stopped_by_its_reader_can_be_saved_and_continued(small_folder, tmp_path):
    whole, part = (Run(TINY, folder=small_folder) for _ in range(2))
    list(whole.train(6))
    for record in part.train(100):
        if record.step == 4:
            break
    part.save(tmp_path / "run.pt")
    part = load(tmp_path / "run.pt", folder=small_folder)
    list(part.train(2))
    assert same(state(whole), state(part))


def test_seeds_differ_and_weights_do_not_depend_on_the_past():
    a, b, c = (Run(TINY, seed=seed) for seed in (0, 0, 1))
    assert same(state(a), state(b)) and not same(state(a), state(c))


def test_a_cut_or_changed_file_is_refused_wherever_it_is_hit(checkpoint, tmp_path):
    whole = checkpoint.read_bytes()
    for i in range(0, len(whole), len(whole) // 60):
        for name, content in (("cut", whole[:i]), ("flipped", whole[:i] + bytes([whole[i] ^ 0x10]) + whole[i + 1 :])):
            path = tmp_path / f"{name}.pt"
            path.write_bytes(content)
            try:
                read(path)
            except InputError as error:
                assert str(path) in str(error)
            else:  # a byte that says nothing of the content, such as padding between the records of the zip file
                assert name == "flipped"
                assert same(list(read(path)["G"].values()), list(read(checkpoint)["G"].values()))


def test_a_weight_that_was_changed_in_place_is_noticed(checkpoint, tmp_path):
    content = torch.load(checkpoint, weights_only=True)
    content["D"]["layers.1.bias"][0] += 1e-3
    torch.save(content, tmp_path / "other.pt")
    with pytest.raises(InputError, match="does not match its hash"):
        read(tmp_path / "other.pt")


def test_foreign_files_are_refused(tmp_path):
    torch.save({"weights": torch.zeros(3)}, tmp_path / "foreign.pt")
    torch.save(torch.zeros(3), tmp_path / "tensor.pt")
    (tmp_path / "text.pt").write_text("hello")
    (tmp_path / "empty.pt").touch()
    with zipfile.ZipFile(tmp_path / "zip.pt", "w") as z:
        z.writestr("a.txt", "hello")
    for name in ("foreign", "tensor", "text", "empty", "zip"):
        with pytest.raises(InputError, match=f"{name}.pt .*checkpoint of ganbook"):
            read(tmp_path / f"{name}.pt")
    with pytest.raises(InputError, match="no checkpoint at"):
        read(tmp_path / "missing.pt")
    with pytest.raises(InputError, match="Is a directory"):
        read(tmp_path)


class Malicious:
    def __reduce__(self):
        return os.mkdir, ("should-not-exist",)


def test_code_in_a_checkpoint_is_not_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"format": Malicious()}, "evil.pt")
    with pytest.raises(InputError):
        read("evil.pt")
    assert not (tmp_path / "should-not-exist").exists()


def test_another_version_of_the_recipe_is_refused(checkpoint):
    with pytest.raises(InputError, match="differ in batch"):
        Run.load(checkpoint, recipe=dataclasses.replace(TINY, m=8))
    with pytest.raises(InputError, match=r"'tiny', which is not one of .* recipe=\.\.\."):
        Run.load(checkpoint)


def test_other_images_are_refused(checkpoint):
    run = load(checkpoint)  # without the folder: MNIST instead of the small set
    with pytest.raises(InputError, match="other images"):
        next(run.train(1))


def test_a_failed_save_keeps_the_last_good_checkpoint(run, checkpoint, monkeypatch):
    good = checkpoint.read_bytes()

    def full(content, file):
        file.write(b"half a file")
        raise OSError(28, "No space left on device")

    list(run.train(1))
    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(InputError, match="cannot be written"):
        run.save(checkpoint)
    assert checkpoint.read_bytes() == good
    assert [p.name for p in checkpoint.parent.glob("*.part")] == []


def test_weights_that_are_not_finite_are_not_saved(run, checkpoint):
    good = checkpoint.read_bytes()
    with torch.no_grad():
        run.D.layers[1].bias[0] = float("nan")
    with pytest.raises(DivergedError, match="nothing was written"):
        run.save(checkpoint)
    assert checkpoint.read_bytes() == good


def test_a_missing_folder_is_a_sentence(run, tmp_path):
    with pytest.raises(InputError, match="cannot be written"):
        run.save(tmp_path / "missing" / "run.pt")
