"""Settings that are copied most: their networks, the seconds they get, and what is stored and shown of them."""

import dataclasses
import statistics

import measured
import pytest
import torch
from PIL import Image

from ganbook.chapters import results
from ganbook.models import parameters
from ganbook.models.sampling import sample
from tools.experiments import peers, trials
from tools.experiments.board import clock

PEERS = peers.peers()


@pytest.mark.parametrize("name", PEERS)
def test_every_peer_plays_and_draws_images_of_its_size(name, small_folder):
    recipe = dataclasses.replace(PEERS[name], m=16)
    run = trials.begun(recipe, 0, folder=small_folder)
    (record,) = run.train(1)
    assert all(value.isfinite() for value in record.values.values())
    x = sample(run.G, 4, seed=0)
    assert x.shape == (4, 1, recipe.size, recipe.size) and x.abs().max() <= 1


def test_the_networks_of_tensorflow_have_the_weights_that_its_page_counts():
    G, D = PEERS["DCGAN of TensorFlow"].networks(seed=0)
    assert (parameters(G), parameters(D)) == (2_305_472, 212_865)  # "Trainable params" of its two summaries


def test_batchnorm_of_the_copied_settings_hardly_normalises_a_weak_signal():
    """The 0.8 stands where eps stands: a signal of variance 0.01 keeps a ninth of its unit variance."""
    G, _ = PEERS["gan"].networks(seed=0)
    norm = next(layer for layer in G.modules() if isinstance(layer, torch.nn.BatchNorm1d))
    x = 0.1 * torch.randn(10_000, norm.num_features, generator=torch.Generator().manual_seed(0))
    assert norm.train()(x).std().item() == pytest.approx(0.1 / 0.81**0.5, rel=0.02)


def test_a_faster_machine_gives_a_peer_no_more_steps():
    board = {name: [10.0, 30.0, 20.0] for name in peers.OURS}
    slow = board | {"gan": [4.0, 6.0, 5.0]}
    fast = {name: [ms / 3 for ms in found] for name, found in slow.items()}
    at = peers.looks(slow["gan"], clock(slow, board))
    assert at == [1_000 * seconds / 5 for seconds in peers.BUDGETS]
    assert peers.looks(fast["gan"], clock(fast, board)) == at


def test_the_stored_curves_are_of_todays_settings_and_whole():
    stored, board = results.load("peers"), results.load("board")
    assert stored["cpu_seconds"] == board["budgets"] == list(peers.BUDGETS)
    assert stored["floor"]["frechet"] == board["floor"]["frechet"]
    for name, recipe in PEERS.items():
        at = peers.looks(stored["ms"][name], clock(stored["ms"], board["ms"]))
        assert stored["settings"][name] == {**trials.settings({"": recipe}), "looks": at}, name
        rows = stored["variants"][name]
        assert [row["seed"] for row in rows] == peers.SEEDS
        for row in rows:
            assert row["diverged"] or [look["step"] for look in row["course"]] == at
    with Image.open(results.FOLDER / "peers.png") as picture:
        assert picture.width > 600


def test_the_page_on_speed_shows_the_medians_of_both():
    stored, board = results.load("peers"), results.load("board")
    lines = {line.split("|")[1].strip(" `"): line for line in measured.peers(stored, board).splitlines()[2:]}
    assert lines.keys() == set(peers.OURS) | set(PEERS)
    last = statistics.median(row["course"][-1]["frechet"] for row in stored["variants"]["gan"])
    assert f"| {measured.amount(last)} (" in lines["gan"]
    first = statistics.median(row["frechet"] for row in board["variants"]["dcgan, 30 s"])
    assert lines["dcgan"].split("|")[2].startswith(f" {measured.amount(first)} (")
