"""The command, as a user meets it: what it writes, what it says, how it ends."""

import dataclasses
import io
import itertools
import json
import math
import os
import re
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
import torch
from PIL import Image

import ganbook
from ganbook import cli
from ganbook.data import Digits
from ganbook.models import dcgan
from ganbook.models.sampling import sample
from ganbook.objectives import GradientPenalty, NonSaturating
from ganbook.training import recipes
from ganbook.training.run import Run, read


@pytest.fixture
def out(tmp_path):
    return tmp_path / "run"


@pytest.fixture
def train(small_folder, out):
    """Call `ganbook train` on a small set of images, 3 steps unless told otherwise; gives the exit status."""

    def call(*more, recipe="c-mlp", steps=3):
        shared = ["--data", str(small_folder), "--out", str(out), "--steps", str(steps), "--device", "cpu"]
        return cli.main(["train", recipe, *shared, *more])

    return call


def lines(out):
    return [json.loads(line) for line in (out / cli.HISTORY).read_text().splitlines()]


def test_train_writes_checkpoint_history_and_samples(train, out):
    assert train("--log-every", "1") == 0
    assert read(out / cli.CHECKPOINT)["step"] == 3
    history = lines(out)
    assert [row["step"] for row in history] == [1, 2, 3]
    assert history[0].keys() >= {"d_loss", "g_loss", "d_real", "d_fake", "images"}
    assert (out / cli.SAMPLES).read_bytes().startswith(b"\x89PNG")
    assert {p.name for p in out.iterdir()} == {cli.CHECKPOINT, cli.HISTORY, cli.SAMPLES}


def test_what_was_read_is_said_on_a_line_of_its_own(train, small_folder, capsys):
    assert train() == 0
    assert repr(Digits(folder=small_folder)) in re.split(r"[\r\n]", capsys.readouterr().err)


def test_resume_is_the_same_as_never_having_stopped(train, out, tmp_path):
    assert train(steps=6) == 0
    whole, history = read(out / cli.CHECKPOINT), lines(out)
    out.rename(tmp_path / "whole")
    assert train(steps=4) == 0
    assert train("--resume", steps=6) == 0
    again = read(out / cli.CHECKPOINT)
    for name in ("G", "D"):
        assert all(torch.equal(whole[name][key], again[name][key]) for key in whole[name])
    assert lines(out)[-1] == history[-1]


def test_a_run_that_was_killed_before_its_last_samples_is_completed(train, out):
    train()
    before, history = (out / cli.CHECKPOINT).read_bytes(), lines(out)
    (out / cli.SAMPLES).unlink()
    assert train("--resume") == 0
    assert (out / cli.SAMPLES).exists() and lines(out) == history
    assert read(out / cli.CHECKPOINT)["step"] == 3 and len((out / cli.CHECKPOINT).read_bytes()) == len(before)


def test_resume_drops_lines_that_the_checkpoint_does_not_know(train, out):
    train("--log-every", "1", steps=2)
    with open(out / cli.HISTORY, "a", encoding="utf-8") as file:  # as a crash after step 3 leaves it
        file.write('{"step": 3, "d_loss": 9}\n{"step": 4, "d_l')
    train("--resume", "--log-every", "1", steps=4)
    assert [row["step"] for row in lines(out)] == [1, 2, 3, 4]
    assert all(row["d_loss"] != 9 for row in lines(out))


def refused(status, capsys, *words):
    """The command ended with status 2 and one sentence or two that hold `words`, and no traceback."""
    said = capsys.readouterr().err
    assert status == 2
    assert said.count("\n") == 1 and said.startswith("ganbook: ") and "Traceback" not in said
    for word in words:
        assert word in said


def test_an_unknown_recipe_is_refused(train, capsys, out):
    refused(train(recipe="dcgn"), capsys, "'dcgn'", "a-dcgan")
    assert not out.exists()


def test_a_folder_with_a_run_is_not_overwritten(train, capsys, out):
    train()
    before = (out / cli.CHECKPOINT).read_bytes()
    capsys.readouterr()
    refused(train(), capsys, "holds a run already", "--resume")
    assert (out / cli.CHECKPOINT).read_bytes() == before


def test_resume_asks_for_the_same_run(train, capsys):
    refused(train("--resume"), capsys, "no checkpoint")
    train("--seed", "5")
    capsys.readouterr()
    refused(train("--resume", "--seed", "6", steps=9), capsys, "seed 5")
    refused(train("--resume", recipe="a-mlp", steps=9), capsys, "c-mlp")
    refused(train("--resume", steps=2), capsys, "3 steps already", "--steps 2")


def test_missing_and_damaged_data_are_refused(train, capsys, small_folder, out):
    images = small_folder / "train-images-idx3-ubyte.gz"
    images.write_bytes(images.read_bytes()[:100])
    refused(train(), capsys, str(images))
    images.unlink()
    refused(train(), capsys, "Expected train-images-idx3-ubyte", "Copy what is missing")
    assert not (out / cli.CHECKPOINT).exists()


def test_damaged_and_foreign_checkpoints_are_refused(train, capsys, out):
    train()
    path = out / cli.CHECKPOINT
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    capsys.readouterr()
    refused(train("--resume", steps=9), capsys, str(path), "damaged")
    torch.save({"model": torch.zeros(2)}, path)
    refused(train("--resume", steps=9), capsys, str(path), "not a checkpoint")
    refused(cli.main(["sample", str(out), "--out", str(out / "x.png")]), capsys, "not a checkpoint")


def test_fewer_images_than_a_minibatch_are_trained_on_with_the_m_that_the_message_names(out, capsys, tmp_path):
    few = ["train", "c-mlp", "--data", str(oblong(tmp_path / "few")), "--out", str(out), "--device", "cpu"]
    assert cli.main([*few, "--steps", "2"]) == 2
    words = re.search(r"\(to the command (--m 3)\)", capsys.readouterr().err)[1].split()
    assert cli.main([*few, "--steps", "2", *words]) == 0
    assert cli.main([*few, "--steps", "4", "--resume"]) == 0, "a checkpoint knows its m"
    content = read(out)
    assert (json.loads(content["recipe"])["batch"], content["step"], lines(out)[-1]["images"]) == (3, 4, 12)
    assert cli.main(["sample", str(out), "--out", str(tmp_path / "x.png"), "--n", "2", "--device", "cpu"]) == 0
    capsys.readouterr()
    refused(cli.main([*few, "--steps", "9", "--resume", "--m", "2"]), capsys, "has m 3, not 2", "Leave out --m")


def test_the_help_of_data_names_every_set_of_the_package(capsys, monkeypatch):
    monkeypatch.setitem(cli.NAMED, "bars", Digits)
    for command in ("train", "evaluate"):
        with pytest.raises(SystemExit):
            cli.main([command, "--help"])
        said = " ".join(capsys.readouterr().out.split())
        assert "fashion, bars" in said, command


def test_an_output_folder_that_cannot_be_made_is_refused(train, capsys, out):
    out.write_text("a file is in the way")
    refused(train(), capsys, str(out))


@pytest.mark.skipif(sys.platform != "linux", reason="needs a folder that even root cannot write to")
def test_a_read_only_folder_is_refused(capsys, small_folder):
    place = ["--data", str(small_folder), "--out", "/proc/self"]
    refused(cli.main(["train", "c-mlp", *place, "--device", "cpu"]), capsys, "cannot be written")


def test_an_absent_device_is_refused(train, capsys):
    refused(train("--device", "gpu"), capsys, "Expected a device")


@pytest.mark.parametrize("arguments", [["--steps", "0"], ["--steps", "-3"], ["--steps", "many"], ["--wrong"]])
def test_wrong_arguments_end_with_status_2(train, capsys, arguments):
    with pytest.raises(SystemExit) as end:
        train(*arguments)
    assert end.value.code == 2 and arguments[0] in capsys.readouterr().err


def test_diverging_ends_with_status_1_and_keeps_the_last_good_checkpoint(train, capsys, out, monkeypatch):
    train(steps=2)
    good = read(out / cli.CHECKPOINT)
    capsys.readouterr()

    def broken(self, critic, x, x_fake):
        return {"loss": critic(x_fake).mean() * float("nan")}

    monkeypatch.setattr(NonSaturating, "generator", broken)
    assert train("--resume", "--save-every", "1", steps=9) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("ganbook: ") and "finite" in said
    kept = read(out / cli.CHECKPOINT)
    assert kept["step"] == 2 and all(torch.equal(good["G"][key], kept["G"][key]) for key in good["G"])


def test_ctrl_c_finishes_the_step_saves_and_can_be_continued(small_folder, out, tmp_path):
    shared = ["--data", str(small_folder), "--device", "cpu", "--save-every", "100000", "--log-every", "1"]
    command = [sys.executable, "-m", "ganbook", "train", "c-noise", *shared]
    env = os.environ | {"OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [*command, "--out", out, "--steps", "100000"], stderr=subprocess.PIPE, text=True, env=env
    )
    deadline = time.time() + 60
    while not (out / cli.CHECKPOINT).exists() and time.time() < deadline:
        time.sleep(0.05)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 130 and "Traceback" not in said and "--resume" in said
    step = read(out / cli.CHECKPOINT)["step"]
    assert step > 0 and lines(out)[-1]["step"] == step
    for folder, first in ((out, ["--resume"]), (tmp_path / "whole", [])):
        assert cli.main([*command[3:], "--out", str(folder), "--steps", str(step + 5), *first]) == 0
    ends = [read(folder / cli.CHECKPOINT) for folder in (out, tmp_path / "whole")]
    assert all(torch.equal(ends[0]["D"][key], ends[1]["D"][key]) for key in ends[0]["D"])


def test_sample_draws_from_a_folder_or_a_file(train, out, capsys, tmp_path):
    train()
    for source in (out, out / cli.CHECKPOINT):
        assert cli.main(["sample", str(source), "--out", str(tmp_path / "x.png"), "--n", "5", "--device", "cpu"]) == 0
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")
    capsys.readouterr()
    refused(cli.main(["sample", str(out), "--out", str(tmp_path / "no" / "x.png")]), capsys, "There is no folder")
    refused(cli.main(["sample", str(tmp_path / "no"), "--out", str(tmp_path / "x.png")]), capsys, "no checkpoint")


def test_recipes_as_json_and_as_text(capsys):
    assert cli.main(["recipes", "--json"]) == 0
    described = json.loads(capsys.readouterr().out)
    keys = {"name", "source", "changes", "parameters", "optimisers", "batch", "z", "k", "steps"}
    assert len(described) >= 7 and all(keys <= r.keys() for r in described)
    assert cli.main(["recipes"]) == 0
    text = capsys.readouterr().out
    assert all(r["name"] in text and f"{r['parameters']['G']:,}" in text for r in described)


def test_evaluate_compares_with_the_images_of_the_run_in_a_table_or_one_json_object(
    train, small_folder, out, capsys, tmp_path
):
    assert train() == 0
    capsys.readouterr()
    few = ["--data", str(small_folder), "--n", "100", "--device", "cpu"]
    assert cli.main(["evaluate", str(out), *few, "--out", str(tmp_path / "scores.json")]) == 0
    said = capsys.readouterr().out
    assert "c-mlp, seed 0, step 3" in said and "100 of 300 real images, on the features of\na random network" in said
    assert cli.main(["evaluate", str(out / cli.CHECKPOINT), *few, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((tmp_path / "scores.json").read_text())
    assert printed["n"] == 100 and printed["step"] == 3 and printed["scores"]["frechet"]["floor"] > 0
    assert cli.main(["evaluate", str(out), *few[:2], "--device", "cpu", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["n"] == 150, "half of the images"


def test_evaluate_judges_only_what_was_trained_on_mnist(train, small_folder, out, capsys, tmp_path, monkeypatch):
    assert train() == 0
    capsys.readouterr()
    few = ["--n", "100", "--device", "cpu"]
    refused(cli.main(["evaluate", str(out), *few]), capsys, "other images than MNIST", "--data")
    refused(cli.main(["evaluate", str(out), *few, "--data", "fashion"]), capsys, "other images than those in fashion")
    shared = ["--out", str(tmp_path / "mnist"), "--steps", "2", "--device", "cpu"]
    assert cli.main(["train", "c-mlp", *shared]) == 0
    capsys.readouterr()
    monkeypatch.setattr(cli, "evaluate", lambda G, data, n, seed: Scores())  # test_evaluate.py has the real one
    assert cli.main(["evaluate", str(tmp_path / "mnist"), *few]) == 0
    said = capsys.readouterr()
    assert Scores.LINE in said.out
    assert said.err == (
        "Drawing 100 samples of c-mlp, to compare them with 100 test images and with all 60,000 training images ...\n"
    )


def test_evaluate_compares_colour_with_colour_only(train, small_folder, out, capsys, monkeypatch):
    nets = {"G": partial(dcgan.Generator, width=2, channels=3), "D": partial(dcgan.Discriminator, width=2, channels=3)}
    colour = dataclasses.replace(recipes.get("a-dcgan"), name="colour", channels=3, m=16, **nets)
    monkeypatch.setitem(recipes.RECIPES, "colour", colour)
    assert train(recipe="colour", steps=1) == 0
    capsys.readouterr()
    refused(cli.main(["evaluate", str(out)]), capsys, "stacked digits")
    refused(cli.main(["evaluate", str(out), "--data", str(small_folder)]), capsys, "grey images", "colour")


def test_sample_draws_with_a_stored_network(capsys, tmp_path):
    assert cli.main(["sample", "d-linear", "--out", str(tmp_path / "x.png"), "--n", "5", "--device", "cpu"]) == 0
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")
    said = capsys.readouterr().out
    assert said.startswith("5 images after step ") and "d-linear" in said


@pytest.mark.parametrize("name", ["digits.jpg", "digits", "png"])
def test_a_picture_that_would_be_no_png_is_refused_before_a_network_is_read(name, capsys, tmp_path):
    path = tmp_path / name
    refused(cli.main(["sample", "no-network", "--out", str(path)]), capsys, f"a name that ends in .png, got {path}.")
    assert not path.exists()


def test_evaluate_knows_the_stored_networks_and_says_so(capsys):
    refused(cli.main(["evaluate", "no-such-run"]), capsys, "no stored network")
    refused(cli.main(["evaluate", "d-linear", "--n", "7", "--device", "cpu"]), capsys, "100 to 10,000")


# ---- A start that is refused


def oblong(folder):
    """Grey pictures, of which three are fewer than a batch."""
    folder.mkdir()
    for i in range(3):
        Image.new("L", (28, 28), 100 * i).save(folder / f"{i}.png")
    return folder


class Shapeless(NonSaturating):
    """An objective that a first step finds out about."""

    def discriminator(self, critic, x, x_fake):
        return {"loss": critic(x)}


PLACES = "run", "run/in/folders", "there"


class NoNumber(NonSaturating):
    """An objective whose loss is not a number."""

    def generator(self, critic, x, x_fake):
        return {"loss": critic(x_fake).mean() * math.nan}


REFUSED = {  # what is odd -> options, changes of the recipe, words of the sentence
    "a folder that is missing": (["--data", "no-such-folder"], {}, "no-such-folder"),
    "fewer images than a batch": (["--data", "few"], {}, "batch size m"),
    "a network for other images": ([], {"size": 16}, "(32, 1, 16, 16)"),
    "an objective that gives no scalar": ([], {"objective": Shapeless()}, "dict of scalar tensors"),
    "a device that is not there": (["--device", "cuda:7"], {}, "cuda:7"),
    "a penalty that compiled code cannot give": (["--compile"], {"objective": GradientPenalty()}, "--compile"),
    "a loss that is no number": ([], {"objective": NoNumber()}, "finite"),
    "ranks that torchrun did not start": (["--device", "cpu"], {}, "torchrun"),
}


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")
@pytest.mark.parametrize(("what", "place"), list(zip(REFUSED, itertools.cycle(PLACES))))
def test_a_start_that_is_refused_leaves_nothing_and_stands_in_the_way_of_nothing(
    what, place, small_folder, tmp_path, monkeypatch, capsys
):
    more, changes, said = REFUSED[what]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="aot_eager"))
    oblong(tmp_path / "few")
    (tmp_path / "there").mkdir()
    before = sorted(tmp_path.rglob("*"))
    command = ["train", "c-mlp", "--out", place, "--steps", "1", "--data", str(small_folder), "--device", "cpu"]
    with monkeypatch.context() as patch:
        patch.setitem(recipes.RECIPES, "c-mlp", dataclasses.replace(recipes.get("c-mlp"), **changes))
        if "torchrun" in said:
            patch.setenv("WORLD_SIZE", "2")
        assert cli.main([*command, *more]) in (1, 2)
    assert said in capsys.readouterr().err.splitlines()[-1]
    assert sorted(tmp_path.rglob("*")) == before
    assert cli.main(command) == 0 and (tmp_path / place / cli.CHECKPOINT).exists()


def test_a_first_save_that_finds_no_room_leaves_nothing(small_folder, tmp_path, monkeypatch, capsys):
    def full(content, file):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(torch, "save", full)
        before = sorted(tmp_path.rglob("*"))
        shared = ["--steps", "9", "--data", str(small_folder), "--device", "cpu"]
        assert cli.main(["train", "c-mlp", "--out", str(tmp_path / "a" / "b"), *shared]) == 2
    assert "No space left" in capsys.readouterr().err and sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "set_to",
    [
        {"WORLD_SIZE": "2"},
        {"WORLD_SIZE": "2", "RANK": "0"},
        {"WORLD_SIZE": "two"},
        {"WORLD_SIZE": "2", "RANK": "x", "MASTER_ADDR": "localhost", "MASTER_PORT": "1"},
        {"WORLD_SIZE": "2", "RANK": "", "MASTER_ADDR": "localhost", "MASTER_PORT": "1"},
    ],
    ids=str,
)
def test_half_of_what_torchrun_sets_is_a_sentence(set_to, train, out, capsys, monkeypatch):
    for name, value in set_to.items():
        monkeypatch.setenv(name, value)
    assert train() == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "torchrun" in said and "WORLD_SIZE" in said and not out.exists()


# ---- Consoles, and results that must not get lost


class Scores:
    """Stands for what `evaluate` finds, which takes long."""

    LINE = "Fréchet distance → 3.2 × the floor, 数字"

    def as_dict(self):
        return {"n": 3}

    def table(self):
        return self.LINE


@pytest.mark.parametrize("encoding", ["cp932", "ascii", "latin-1"])
def test_every_console_can_say_the_results(encoding, tmp_path, monkeypatch):
    screens = {name: io.TextIOWrapper(io.BytesIO(), encoding=encoding) for name in ("stdout", "stderr")}
    for name, screen in screens.items():
        monkeypatch.setattr(sys, name, screen)
    monkeypatch.setattr(cli, "evaluate", lambda G, data, n, seed: Scores())
    out = tmp_path / "größe 数字.json"
    assert cli.main(["evaluate", "d-linear", "--device", "cpu", "--out", str(out)]) == 0
    assert cli.main(["recipes"]) == 0
    assert cli.main(["sample", "数é", "--out", "x.png"]) == 2
    for screen in screens.values():
        screen.flush()
    said, complained = (screen.buffer.getvalue().decode(encoding) for screen in screens.values())
    assert "no stored network" in complained
    assert "3.2" in said and "Radford" in said and json.loads(out.read_text())["n"] == 3


def test_scores_that_cannot_be_written_are_said_all_the_same(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(cli, "evaluate", lambda G, data, n, seed: Scores())
    for more in ([], ["--json"]):
        assert cli.main(["evaluate", "d-linear", "--device", "cpu", "--out", str(tmp_path / "no" / "x"), *more]) == 2
        said = capsys.readouterr()
        assert "There is no folder" in said.err and ('"n": 3' if more else Scores.LINE) in said.out


@pytest.mark.parametrize("words", [["recipes"], ["recipes", "--json"], ["--help"], ["train", "--help"]], ids=" ".join)
def test_a_closed_pipe_ends_the_command_without_a_word(words, monkeypatch, capsys):
    read_end, write_end = os.pipe()
    os.close(read_end)  # as head does when it has seen enough
    monkeypatch.setattr(recipes, "RECIPES", {"d-linear": recipes.get("d-linear")})
    with os.fdopen(write_end, "w") as pipe:  # whose end would raise if something were left to print, as Python's does
        monkeypatch.setattr(sys, "stdout", pipe)
        assert cli.main(words) == 141
    assert capsys.readouterr().err == ""


def test_a_file_that_fails_speaks_of_a_checkpoint_only_where_there_is_one(train, out, capsys, monkeypatch):
    def full(*args, **settings):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(json, "dumps", full)
        refused(cli.main(["recipes", "--json"]), capsys, "A file cannot be read or written ([Errno 28]", "device).\n")
    assert train() == 0
    monkeypatch.setattr(cli, "_write", full)
    capsys.readouterr()
    refused(train("--resume"), capsys, "No space left", str(out), "--resume")


def test_version_and_help_do_nothing_else(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for words in (["--version"], ["--help"], *([name, "--help"] for name in ("recipes", "train", "sample", "export"))):
        with pytest.raises(SystemExit) as end:
            cli.main(words)
        assert end.value.code == 0
        said = capsys.readouterr().out
        assert said == f"ganbook {ganbook.__version__}\n" if "--version" in words else said.startswith("usage: ganbook")
    assert list(tmp_path.iterdir()) == []


def test_the_package_and_its_distribution_have_one_version():
    project = (Path(ganbook.__file__).parents[1] / "pyproject.toml").read_text()
    assert f'version = "{ganbook.__version__}"' in project


@pytest.mark.parametrize("labels", [{3, 7}, {0}, {1, 2, 9}])
def test_a_run_on_some_digits_is_sampled_and_scored_over_these(labels, tmp_path, monkeypatch, capsys):
    data = Digits("train").where(labels=labels)
    run = Run(recipes.get("conditional"), data=data)
    assert run.counts == {}, "no step was made"
    list(run.train(1))
    run.save(tmp_path / cli.CHECKPOINT)
    assert Run.load(tmp_path / cli.CHECKPOINT).counts == data.counts
    asked, scored = [], []
    monkeypatch.setattr(cli, "sample", lambda G, n, *, seed, y: asked.append(y) or sample(G, n, seed=seed, y=y))
    assert cli.main(["sample", str(tmp_path), "--n", "7", "--device", "cpu", "--out", str(tmp_path / "x.png")]) == 0
    assert asked[0].tolist() == [sorted(labels)[i % len(labels)] for i in range(7)]
    monkeypatch.setattr(cli, "evaluate", lambda G, **given: scored.append(given) or Scored())
    assert cli.main(["evaluate", str(tmp_path), "--n", "100", "--device", "cpu"]) == 0
    assert scored[0]["data"].counts == data.counts and scored[0]["n"] == 100


def test_a_run_on_a_part_that_the_command_cannot_know_is_refused(tmp_path, capsys):
    run = Run(recipes.get("conditional"), data=Digits("train").subset(slice(500)))
    list(run.train(1))
    run.save(tmp_path / cli.CHECKPOINT)
    refused(cli.main(["evaluate", str(tmp_path), "--device", "cpu"]), capsys, "evaluate(run.sampler, data=...)")


class Scored:
    def as_dict(self):
        return {}

    def table(self):
        return ""
