"""Runs and their checkpoints: exact continuation, and files that are whole or refused."""

import dataclasses
import os
import signal
import zipfile
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim import SGD, Adam

from ganbook.base import hashed_file
from ganbook.base.errors import DivergedError, GanbookWarning, InputError
from ganbook.data import Images
from ganbook.models import mlp
from ganbook.objectives import NonSaturating
from ganbook.training import recipes
from ganbook.training.recipes import Recipe
from ganbook.training.run import CHECKPOINT, FORMAT, Run, read

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


def test_the_folder_of_a_run_stands_for_its_checkpoint(run, tmp_path):
    run.save(tmp_path / CHECKPOINT)
    for folder in (tmp_path, str(tmp_path)):
        assert read(folder)["sha256"] == read(tmp_path / CHECKPOINT)["sha256"]
        assert load(folder).step == 5
    (tmp_path / "none").mkdir()
    for function in (load, read):
        with pytest.raises(InputError) as caught:
            function(tmp_path / "none")
        assert str(caught.value) == f"There is no checkpoint at {tmp_path / 'none' / CHECKPOINT}."


def test_a_missing_folder_is_a_sentence(run, tmp_path):
    with pytest.raises(InputError, match="There is no folder"):
        run.save(tmp_path / "missing" / "run.pt")


# ---- Networks, objectives and data of the user's own


class Plain:
    """An objective that is no dataclass, so its repr is an address in memory."""

    def __init__(self, weight=1.0):
        self.weight, self.inner = weight, NonSaturating()

    def discriminator(self, critic, x, x_fake):
        d = self.inner.discriminator(critic, x, x_fake)
        return {**d, "loss": self.weight * d["loss"]}

    def generator(self, critic, x, x_fake):
        return self.inner.generator(critic, x, x_fake)


def own_recipe(weight=1.0, width=8, slope=0.1, p=0.5, momentum=0.9):
    """What a notebook makes: local classes, lambdas, an objective as a plain class, PyTorch's optimisers."""

    class Own(nn.Module):
        def __init__(self, n_in, n_out, *last):
            super().__init__()
            self.z_dim, self.slope, self.drawn = n_in, slope, torch.rand(3)
            layers = [layer() for layer in last]
            self.net = nn.Sequential(nn.Linear(n_in, width), nn.Dropout(p), nn.Linear(width, n_out), *layers)

        def forward(self, x):
            h = self.net[0](x.flatten(1))
            return self.net[1:](torch.where(h > 0, h, self.slope * h))

    return Recipe(
        name="mine",
        title="Mine",
        source="a notebook",
        G=lambda: Own(4, 784, nn.Tanh, partial(nn.Unflatten, 1, (1, 28, 28))),
        D=partial(Own, 784, 1, partial(nn.Flatten, 0)),
        objective=Plain(weight),
        opt_g=lambda params: torch.optim.AdamW(params, lr=1e-3),
        opt_d=partial(SGD, lr=1e-2, momentum=momentum),
        m=16,
        steps=20,
    )


def test_a_recipe_from_a_notebook_is_saved_and_goes_on_exactly(small_folder, tmp_path):
    whole, part = (Run(own_recipe(), seed=2, folder=small_folder) for _ in range(2))
    list(whole.train(6)), list(part.train(3))
    part.save(tmp_path / "own.pt")
    again = Run.load(tmp_path / "own.pt", recipe=own_recipe(), folder=small_folder)
    list(again.train(3))
    for player in "GD":
        assert same(*(list(getattr(run, player).state_dict().values()) for run in (whole, again)))


def test_an_unknown_recipe_says_what_to_pass(tmp_path):
    Run(own_recipe()).save(tmp_path / "own.pt")
    with pytest.raises(InputError, match=r"run of 'mine'.*Run\.load\('.*own\.pt', recipe=\.\.\.\)"):
        Run.load(tmp_path / "own.pt")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"weight": 2.0}, r"objective.*weight=1\.0.*weight=2\.0"),
        ({"slope": 0.2}, r"G: slope was 0\.1 and is 0\.2"),
        ({"p": 0.1}, r"G: net\.1\.p was 0\.5 and is 0\.1"),
        ({"width": 9}, "parameters"),
        ({"momentum": 0.5}, "optimisers.*momentum=0.9.*momentum=0.5"),
    ],
    ids=str,
)
def test_the_weights_of_one_system_do_not_go_on_in_another(change, said, tmp_path):
    Run(own_recipe()).save(tmp_path / "own.pt")
    Run.load(tmp_path / "own.pt", recipe=own_recipe())
    with pytest.raises(InputError, match=said):
        Run.load(tmp_path / "own.pt", recipe=own_recipe(**change))


class Rolled(mlp.Generator):
    """The same layers in another class."""

    def forward(self, z):
        return super().forward(z).roll(1, -1)


OTHER_LAYERS = {
    r"D: layers\.2\.negative_slope was 0\.1 and is 0\.2": {"D": partial(mlp.Discriminator, (1, 28, 28), (8,), 0.2)},
    r"D: layers\.2 was LeakyReLU and is ReLU": {"D": partial(mlp.Discriminator, (1, 28, 28), (8,), 0.0)},
    r"D: layers\.3\.p was 0\.3 and is 0\.7": {"D": partial(mlp.Discriminator, (1, 28, 28), (8,), 0.1, 0.7)},
    r"D: layers\.5 is gone": {"D": partial(mlp.Discriminator, (1, 28, 28), (8,), 0.1, 0.0)},
    r"G: the network was Generator and is Rolled": {"G": partial(Rolled, hidden=(8,))},
}


@pytest.mark.parametrize("said", OTHER_LAYERS)
def test_layers_without_weights_are_compared_too(said, tmp_path):
    small = {"G": partial(mlp.Generator, hidden=(8,)), "D": partial(mlp.Discriminator, (1, 28, 28), (8,), 0.1)}
    recipe = dataclasses.replace(recipes.get("c-mlp"), **small)
    Run(recipe).save(tmp_path / "run.pt")
    with pytest.raises(InputError, match=said):
        Run.load(tmp_path / "run.pt", recipe=dataclasses.replace(recipe, **OTHER_LAYERS[said]))


def test_words_seed_and_length_of_a_recipe_are_free(checkpoint):
    other = {"title": "Better said", "source": "x", "changes": ("y",), "steps": 7, "seed": 9}
    assert Run.load(checkpoint, recipe=dataclasses.replace(TINY, **other)).step == 5


def test_a_file_that_does_not_name_its_layers_is_read_as_before(run, checkpoint, small_folder, tmp_path):
    content = hashed_file.read(checkpoint, format=FORMAT, kind="checkpoint")
    del content["networks"], content["sha256"]
    hashed_file.write(tmp_path / "old.pt", content, format=FORMAT)
    assert same(state(load(tmp_path / "old.pt", folder=small_folder)), state(run))


class Few:
    """Data that have batches and nothing else."""

    def __init__(self, n=64):
        self.images = Images(torch.arange(n * 784).view(n, 28, 28).byte())

    def batches(self, m, *, seed=0, start=0):
        return self.images.batches(m, seed=seed, start=start)


def test_data_of_ones_own_are_trained_on(small_folder):
    named, given = Run(TINY, folder=small_folder), Run(TINY, data=TINY.data(small_folder))
    list(named.train(3)), list(given.train(3))
    assert same(state(named), state(given))
    with pytest.raises(InputError, match="data or a folder"):
        Run(TINY, data=Few(), folder=small_folder)


def test_data_without_a_fingerprint_are_trained_on_and_resume_says_what_it_cannot_check(tmp_path):
    whole, part = Run(TINY, data=Few()), Run(TINY, data=Few())
    list(whole.train(3)), list(whole.train(3))  # the same object goes on without a word
    list(part.train(3))
    part.save(tmp_path / "run.pt")
    part = load(tmp_path / "run.pt", data=Few())
    with pytest.warns(GanbookWarning, match="after step 3 .* cannot be checked"):
        list(part.train(3))
    assert same(state(whole), state(part))
    with pytest.warns(GanbookWarning, match="cannot be checked"):  # and the other way round
        next(load(tmp_path / "run.pt").train(1))


# ---- Seeds


@pytest.mark.parametrize("seed", [np.int64(3), np.uint8(3), torch.tensor(3)], ids=repr)
def test_a_seed_is_its_number_whatever_its_type(seed, small_folder, tmp_path):
    plain, typed = (Run(TINY, seed=s, folder=small_folder) for s in (3, seed))
    assert same(state(plain), state(typed))
    list(plain.train(2)), list(typed.train(2))
    assert same(state(plain), state(typed)), "noise, order and dropout too"
    typed.save(tmp_path / "run.pt")
    assert type(read(tmp_path / "run.pt")["seed"]) is int and load(tmp_path / "run.pt").seed == 3


@pytest.mark.parametrize("seed", [3.0, True, "3", None, [3], float("nan")], ids=repr)
def test_a_seed_that_is_no_whole_number_is_refused(seed):
    with pytest.raises(InputError, match="seed as a whole number, such as seed=1, got"):
        Run(TINY, seed=seed)
    with pytest.raises(InputError, match="seed as a whole number, such as seed=1, got"):
        TINY.networks(seed)


def test_a_negative_seed_is_a_seed_like_any_other(tmp_path):
    Run(TINY, seed=-4).save(tmp_path / "run.pt")
    assert same(state(Run(TINY, seed=-4)), state(load(tmp_path / "run.pt")))
    assert not same(state(Run(TINY, seed=-4)), state(Run(TINY, seed=4)))


# ---- A cell that is run twice, or interrupted


def test_a_training_to_a_step_makes_what_is_missing_and_no_more(small_folder):
    run = Run(TINY, folder=small_folder)
    assert [r.step for r in run.train_to(3)] == [1, 2, 3]
    assert [r.step for r in run.train_to(3)] == [] == [r.step for r in run.train_to(2)]
    assert [r.step for r in run.train_to(5)] == [4, 5]
    whole = Run(TINY, folder=small_folder)
    list(whole.train(5))
    assert same(state(run), state(whole))


class Interrupted(NonSaturating):
    """Ctrl-C in the midst of chosen calls of the losses."""

    def __init__(self, *at):
        super().__init__()
        object.__setattr__(self, "at", list(at))
        object.__setattr__(self, "calls", 0)

    def _perhaps(self):
        object.__setattr__(self, "calls", self.calls + 1)
        if self.calls in self.at:
            signal.raise_signal(signal.SIGINT)

    def discriminator(self, critic, x, x_fake):
        self._perhaps()
        return super().discriminator(critic, x, x_fake)

    def generator(self, critic, x, x_fake):
        self._perhaps()
        return super().generator(critic, x, x_fake)


@pytest.mark.parametrize("at", [[1], [4], [7, 10], [20], [23]], ids=str)  # odd calls are D's, even ones G's
def test_a_cell_that_is_interrupted_goes_on_as_if_it_had_not_been(at, small_folder):
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a process started in the background ignores Ctrl-C
    whole = Run(TINY, folder=small_folder)
    expected = [record.row() for record in whole.train(12)]
    run, history = Run(dataclasses.replace(TINY, objective=Interrupted(*at)), folder=small_folder), []
    for _ in at:
        with pytest.raises(KeyboardInterrupt):
            history += run.train_to(12)
        assert history[-1].step == run.step == (run.recipe.objective.calls + 1) // 2
    history += run.train_to(12)
    assert [record.row() for record in history] == expected and same(state(run), state(whole))
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_who_handles_ctrl_c_in_another_way_keeps_it(small_folder):
    seen = []
    before = signal.signal(signal.SIGINT, lambda *_: seen.append(1))
    try:
        run = Run(dataclasses.replace(TINY, objective=Interrupted(2)), folder=small_folder)
        assert [r.step for r in run.train(2)] == [1, 2] and seen == [1]
    finally:
        signal.signal(signal.SIGINT, before)


class Breaks(Interrupted):
    """An error of the user's own code instead."""

    def _perhaps(self):
        object.__setattr__(self, "calls", self.calls + 1)
        if self.calls in self.at:
            raise ZeroDivisionError


class BreaksAsInput(Interrupted):
    """An error of the user's own code that ganbook finds."""

    def _perhaps(self):
        object.__setattr__(self, "calls", self.calls + 1)
        if self.calls in self.at:
            raise InputError("Expected something else.")


@pytest.mark.parametrize("opt_d", [TINY.opt_d, Adam, partial(Adam, fused=False), partial(torch.optim.RMSprop, lr=1e-3)])
@pytest.mark.parametrize("kind", [Breaks, BreaksAsInput])
def test_a_step_that_was_cut_off_is_no_place_to_go_on_from(kind, opt_d, small_folder, tmp_path):
    run = Run(dataclasses.replace(TINY, objective=kind(4), opt_d=opt_d), folder=small_folder)
    with pytest.raises((ZeroDivisionError, InputError)):  # D has moved, and G has not
        list(run.train(3))
    with pytest.raises(InputError, match=r"Step 2 .* cut off"):
        list(run.train(3))
    with pytest.raises(InputError, match=r"Step 2 .* cut off .* nothing was written"):
        run.save(tmp_path / "run.pt")
    assert not (tmp_path / "run.pt").exists()


@pytest.mark.parametrize("at", [2, 3])
def test_a_step_with_several_updates_of_d_is_cut_off_after_the_first_of_them(at, small_folder):
    run = Run(dataclasses.replace(TINY, objective=Breaks(at), k=2), folder=small_folder)
    with pytest.raises(ZeroDivisionError):  # in the second update of D, or in that of G
        list(run.train(1))
    with pytest.raises(InputError, match=r"Step 1 .* cut off"):
        list(run.train(1))


@pytest.mark.parametrize("kind", [Breaks, BreaksAsInput])
def test_a_step_that_moved_nothing_can_be_made_again(kind, small_folder):
    recipe = dataclasses.replace(TINY, G=partial(TINY.G, norm=False), D=partial(TINY.D, dropout=0.0))
    whole, run = (Run(recipe.change(objective=o), folder=small_folder) for o in (NonSaturating(), kind(3)))
    list(whole.train(3))
    with pytest.raises((ZeroDivisionError, InputError)):
        list(run.train(3))
    list(run.train_to(3))
    assert same(state(whole), state(run))


def test_a_start_that_was_refused_can_be_mended(small_folder):
    run = Run(TINY, data=Images(torch.zeros(64, 8, 8, dtype=torch.uint8)))
    with pytest.raises(InputError, match=r"\(16, 1, 8, 8\)"):
        next(run.train(1))
    run.data = TINY.data(small_folder)
    assert next(run.train(1)).step == 1
