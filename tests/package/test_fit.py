"""Training one network by its own loss: repeatable, resumable, undisturbed, and it learns."""

import dataclasses
import json
import math
from functools import partial

import numpy as np
import pytest
import torch

from ganbook.base.errors import DivergedError, InputError
from ganbook.chapters.one_network import PLANS, Fit
from ganbook.data import Digits
from ganbook.models import dcgan, parameters
from ganbook.models.diffusion import Diffusion
from ganbook.models.sampling import sample
from ganbook.models.vae import VAE
from ganbook.training.scheduling import Falling

SMALL = {
    "vae": dataclasses.replace(PLANS["vae"], model=partial(VAE, 4, 8, 8), m=32),
    "diffusion": dataclasses.replace(PLANS["diffusion"], model=partial(Diffusion, 8, 2), m=32),
}


def weights(fit):
    return torch.cat([p.detach().flatten() for p in fit.G.parameters()])


@pytest.fixture(params=SMALL)
def fit(request, small_folder):
    return lambda seed=0: Fit(SMALL[request.param], seed=seed, folder=small_folder)


def test_two_trainings_of_two_steps_are_one_of_four_whoever_looks_on(fit):
    whole, parts = fit(), fit()
    records = list(whole.train(4))
    first = list(parts.train(2))
    sample(parts.sampler, 3)
    torch.randn(5)
    second = []
    for record in parts.train(2):
        second.append(record)
        parts.G.eval()  # and is not put back
    assert [r.row() for r in first + second] == [r.row() for r in records]
    assert torch.equal(weights(whole), weights(parts)) and whole.step == parts.step == 4


def test_the_seed_decides_the_weights_to_begin_with(fit):
    assert torch.equal(weights(fit(0)), weights(fit(0)))
    assert not torch.equal(weights(fit(0)), weights(fit(1)))


class Draws(VAE):
    """A model that tells what it drew."""

    def loss(self, x):
        return {**super().loss(x), "draw": torch.rand(())}


def test_each_step_of_each_seed_has_its_own_noise(small_folder):
    plan = dataclasses.replace(SMALL["vae"], model=partial(Draws, 4, 8, 8))
    draws = [[r["draw"] for r in Fit(plan, seed=seed, folder=small_folder).train(3)] for seed in (0, 1, 0)]
    assert len({*draws[0], *draws[1]}) == 6 and draws[0] == draws[2]


def test_the_global_random_state_is_left_as_it_was(fit):
    run = fit()
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    list(run.train(1))
    assert torch.equal(torch.rand(3), expected)


def test_it_learns_and_its_average_follows(fit):
    run = fit()
    losses = [record["loss"] for record in run.train(60)]
    assert sum(losses[-5:]) < 0.9 * sum(losses[:5])
    average = torch.cat([p.detach().flatten() for p in run.sampler.parameters()])
    start = torch.cat([p.detach().flatten() for p in run.recipe.networks(0)[0].parameters()])
    assert 0 < (average - start).norm() < (weights(run) - start).norm()


class Hopeless(VAE):
    """A model whose loss is not a number."""

    def loss(self, x):
        return {"loss": self(torch.zeros(len(x), self.z_dim)).mean() * math.nan}


def test_a_loss_that_is_no_number_is_reported(small_folder):
    plan = dataclasses.replace(SMALL["vae"], model=partial(Hopeless, 4, 8, 8))
    with pytest.raises(DivergedError, match="step 3"):
        list(Fit(plan, folder=small_folder).train(3))


def test_without_an_average_the_network_itself_is_drawn_from(small_folder):
    run = Fit(dataclasses.replace(SMALL["vae"], ema=0.0), folder=small_folder)
    assert run.sampler is run.G


def test_a_rate_that_falls_to_nothing_ends_the_movement(small_folder):
    plan = dataclasses.replace(SMALL["vae"], schedule={"lr": Falling(0.5)}, steps=4, ema=0.0)
    run, moved = Fit(plan, folder=small_folder), []
    for _ in range(2):
        list(run.train(2))
        moved.append(run.opt.param_groups[0]["lr"] / run.opt.param_groups[0]["initial_lr"])
    assert moved == [1.0, 0.5], "step 2 begins at a quarter of the way, step 4 at three quarters"
    with pytest.raises(InputError, match=r"step 5 was asked for.*replace\(plan, steps=5\)"):
        list(run.train(1))
    assert "Falling(after=0.5) over 4 steps" in plan.describe()["schedule"]["lr"]
    with pytest.raises(InputError, match="of lr alone, got one of ema"):
        dataclasses.replace(plan, schedule={"ema": Falling(0.5)})


@pytest.mark.parametrize("name", PLANS)
def test_plans_are_named_and_can_be_written_down(name):
    plan = PLANS[name]
    assert plan.name == name
    assert json.loads(json.dumps(plan.describe()))["parameters"] == parameters(plan.networks(0)[0])


def test_the_vae_has_about_as_many_parameters_as_a_pair():
    pair = parameters(dcgan.Generator(width=32)) + parameters(dcgan.Discriminator(width=24))
    (model,) = PLANS["vae"].networks(0)
    assert 0.75 < parameters(model) / pair < 1.25


def test_data_of_ones_own_are_fitted(small_folder):
    named, given = (Fit(SMALL["vae"], **of) for of in ({"folder": small_folder}, {"data": Digits(folder=small_folder)}))
    list(named.train(2)), list(given.train(2))
    assert torch.equal(weights(named), weights(given))
    with pytest.raises(InputError, match="data or a folder"):
        Fit(SMALL["vae"], data=Digits(folder=small_folder), folder=small_folder)


@pytest.mark.parametrize("seed", [2.0, True, "2"], ids=repr)
def test_a_seed_is_a_whole_number(seed):
    assert torch.equal(weights(Fit(SMALL["vae"], seed=np.int32(2))), weights(Fit(SMALL["vae"], seed=2)))
    with pytest.raises(InputError, match="whole number"):
        Fit(SMALL["vae"], seed=seed)
