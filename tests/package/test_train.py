"""The loop: it is Algorithm 1, it converges where the answer is known, and looking at it changes nothing."""

import itertools
from contextlib import nullcontext, suppress
from copy import deepcopy
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from ganbook.base import seeds
from ganbook.base.errors import DivergedError, GanbookWarning, InputError
from ganbook.models import mlp
from ganbook.models.sampling import sample
from ganbook.objectives import NonSaturating
from ganbook.training import loop
from ganbook.training.loop import train, update


class Normal:
    """Points (m, 2) from N(mean, 0.5^2 I), for which a linear generator can be right."""

    mean = torch.tensor([2.0, -1.0])

    def batches(self, m, *, seed=0, start=0):
        for t in itertools.count(start):
            points = torch.randn(m, 2, generator=seeds.generator("normal", seed, t))
            yield self.mean + 0.5 * points, torch.zeros(m, dtype=torch.long)


def pair(dropout=0.0, seed=0):
    """A linear generator and a small discriminator for points, with their optimisers."""
    torch.manual_seed(seed)
    G = nn.Linear(2, 2)
    G.z_dim = 2
    D = mlp.Discriminator(image=(2,), hidden=(16,), slope=0.2, dropout=dropout)
    adam = [torch.optim.Adam(net.parameters(), lr=1e-2, betas=(0.5, 0.9)) for net in (G, D)]
    return G, D, {"opt_g": adam[0], "opt_d": adam[1]}


def weights(*networks):
    return torch.cat([p.detach().flatten() for net in networks for p in net.parameters()])


def exhaust(records):
    return list(records)[-1]


def test_update_descends_the_gradient_of_its_own_player_only():
    G, D, _ = pair()
    loss = D(G(torch.randn(8, 2))).square().sum()
    expected = [
        p - 0.1 * g for p, g in zip(G.parameters(), torch.autograd.grad(loss, G.parameters(), retain_graph=True))
    ]
    before = weights(D)
    update(torch.optim.SGD(G.parameters(), lr=0.1), loss)
    for p, q in zip(G.parameters(), expected):
        assert torch.allclose(p, q)
    assert torch.equal(weights(D), before) and all(p.grad is None for p in D.parameters())


def test_update_does_not_add_to_the_last_gradient():
    G, _, _ = pair()
    optimiser = torch.optim.SGD(G.parameters(), lr=0.0)
    for _ in range(2):
        update(optimiser, G(torch.ones(1, 2)).sum())
    assert torch.equal(G.bias.grad, torch.ones(2))


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("reuse_fakes", [False, True])
def test_one_step_is_algorithm_1_written_out(k, reuse_fakes):
    """The loop against its plain transcript, with labels, cross-entropy, detach and SGD."""
    G, D, _ = pair()
    sgd = {"opt_g": torch.optim.SGD(G.parameters(), lr=0.1), "opt_d": torch.optim.SGD(D.parameters(), lr=0.1)}
    exhaust(train(G, D, NonSaturating(), Normal(), **sgd, steps=2, m=8, k=k, seed=4, reuse_fakes=reuse_fakes))

    G2, D2, _ = pair()
    opt_g, opt_d = (torch.optim.SGD(net.parameters(), lr=0.1) for net in (G2, D2))
    bce, one, zero = nn.BCEWithLogitsLoss(), torch.ones(8), torch.zeros(8)
    data = Normal().batches(8, seed=4)
    for step in (1, 2):
        rng = seeds.generator("noise", 4, step)
        for _ in range(k):
            z = torch.randn(8, 2, generator=rng)
            x, _ = next(data)
            opt_d.zero_grad()
            (bce(D2(x), one) + bce(D2(G2(z).detach()), zero)).backward()
            opt_d.step()
        if not reuse_fakes:
            z = torch.randn(8, 2, generator=rng)
        opt_g.zero_grad()
        bce(D2(G2(z)), one).backward()
        opt_g.step()
    assert torch.allclose(weights(G, D), weights(G2, D2), atol=1e-6)


def test_records_say_what_happened():
    G, D, players = pair()
    records = list(train(G, D, NonSaturating(), Normal(), **players, steps=3, m=8, k=2))
    assert [r.step for r in records] == [1, 2, 3] and [r.images for r in records] == [16, 32, 48]
    row = records[-1].row()
    assert row.keys() == {"step", "images", "d_loss", "d_real", "d_fake", "d_accuracy", "g_loss", "g_fake"}
    assert all(isinstance(value, int | float) for value in row.values())
    assert not any(v.requires_grad for v in records[-1].values.values())


def test_steps_are_made_one_by_one_as_the_records_are_taken():
    G, D, players = pair()
    records = train(G, D, NonSaturating(), Normal(), **players, steps=100, m=8)
    before = weights(G, D)
    next(records)
    after = weights(G, D)
    assert not torch.equal(before, after)
    records.close()
    assert torch.equal(weights(G, D), after)


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_same_seed_same_weights_and_another_seed_others(dropout):
    ends = []
    for seed in (1, 1, 2):
        G, D, players = pair(dropout)
        exhaust(train(G, D, NonSaturating(), Normal(), **players, steps=20, m=8, seed=seed))
        ends.append(weights(G, D))
    assert torch.equal(ends[0], ends[1]) and not torch.equal(ends[0], ends[2])


def test_looking_drawing_and_other_randomness_leave_training_bit_identical():
    ends = []
    for disturb in (False, True):
        G, D, players = pair(dropout=0.5)
        for _ in train(G, D, NonSaturating(), Normal(), **players, steps=20, m=8):
            if disturb:
                torch.rand(7), sample(G, 5), torch.manual_seed(0)
        ends.append(weights(G, D))
    assert torch.equal(*ends)


def test_training_leaves_global_randomness_alone():
    G, D, players = pair(dropout=0.5)
    torch.manual_seed(9)
    expected = torch.rand(3)
    torch.manual_seed(9)
    exhaust(train(G, D, NonSaturating(), Normal(), **players, steps=3, m=8))
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("k", [1, 2])
def test_start_continues_exactly(k):
    whole, parts = pair(dropout=0.5), pair(dropout=0.5)
    exhaust(train(*whole[:2], NonSaturating(), Normal(), **whole[2], steps=10, m=8, k=k))
    for start in (0, 5):
        exhaust(train(*parts[:2], NonSaturating(), Normal(), **parts[2], steps=5, m=8, k=k, start=start))
    assert torch.equal(weights(*whole[:2]), weights(*parts[:2]))


def test_without_an_optimiser_the_generator_stays_as_it_is():
    G, D, players = pair()
    g, d = weights(G), weights(D)
    record = exhaust(train(G, D, NonSaturating(), Normal(), opt_g=None, opt_d=players["opt_d"], steps=5, m=8))
    assert torch.equal(weights(G), g) and not torch.equal(weights(D), d)
    assert "g_loss" not in record.row()


def modes(*networks):
    return [module.training for network in networks for module in network.modules()]


def test_networks_that_come_in_evaluation_mode_are_put_in_training_mode():
    G, D, players = pair(dropout=0.5)
    G.eval()
    D.eval()
    next(train(G, D, NonSaturating(), Normal(), **players, steps=1, m=8))
    assert all(modes(G, D))


def deep_pair(frozen=()):
    """Images, BatchNorm in G and dropout in D; `frozen` layers of G are in evaluation mode."""
    torch.manual_seed(0)
    G = mlp.Generator(z_dim=4, hidden=(8, 8), image=(2,), norm=True)
    D = mlp.Discriminator(image=(2,), hidden=(16,), slope=0.2, dropout=0.5)
    for i in frozen:
        G.layers[i].eval()
    return G, D, {f"opt_{name}": torch.optim.Adam(net.parameters(), lr=1e-2) for name, net in (("g", G), ("d", D))}


def state(*networks):
    return torch.cat([value.double().flatten() for net in networks for value in net.state_dict().values()])


@torch.no_grad()
def diagnose(G, D):
    """A helper as a reader writes one: it forgets to put the networks back."""
    z = torch.randn(50, 4)
    return D.eval()(G.eval()(z)).mean()


def freeze_and_forget(G, D):
    for layer in (*G.layers, *D.layers):
        layer.eval()


def look_with_an_error(G, D):
    hook = D.register_forward_hook(lambda *_: 1 / 0)
    with suppress(ZeroDivisionError):
        D.eval()(torch.zeros(2, 2))
    hook.remove()


LOOKS = {
    "G.eval()": lambda G, D: G.eval(),
    "D.eval()": lambda G, D: D.eval(),
    "a helper that draws": diagnose,
    "every layer by itself": freeze_and_forget,
    "samples": lambda G, D: sample(G, 5),
    "a copy": lambda G, D: deepcopy((G, D)),
    "randomness": lambda G, D: (torch.manual_seed(3), torch.rand(2), np.random.seed(0)),
    "gradients of its own": lambda G, D: D(G(torch.randn(3, 4))).sum().backward() if not G.training else G.eval(),
    "no gradients from now on": lambda G, D: torch.set_grad_enabled(False),
    "an error": look_with_an_error,
    "layers that were frozen, thawed": lambda G, D: G.train(),
}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("frozen", [(), (1,), (1, 4)])
def test_looking_never_changes_a_training(look, frozen):
    ends = []
    for looking in (False, True):
        G, D, players = deep_pair(frozen)
        for _ in train(G, D, NonSaturating(), Normal(), **players, steps=6, m=8, k=2):
            if looking:
                LOOKS[look](G, D)
        torch.set_grad_enabled(True)
        ends.append(state(G, D))
    assert torch.equal(*ends)


def test_a_layer_that_is_frozen_on_purpose_stays_as_it_is_and_the_others_do_not():
    G, D, players = deep_pair(frozen=(1,))
    statistics = [G.layers[i].running_mean.clone() for i in (1, 4)]
    exhaust(train(G, D, NonSaturating(), Normal(), **players, steps=3, m=8))
    assert not G.layers[1].training and G.layers[4].training
    assert torch.equal(G.layers[1].running_mean, statistics[0])
    assert not torch.equal(G.layers[4].running_mean, statistics[1])


def test_a_layer_that_refuses_training_mode_is_not_put_in_it():
    class Frozen(nn.BatchNorm1d):
        def train(self, mode=True):
            return super().train(False)

    G, D, players = deep_pair()
    G.layers[1] = Frozen(8)
    players["opt_g"] = torch.optim.Adam(G.parameters())
    G.eval()
    exhaust(train(G, D, NonSaturating(), Normal(), **players, steps=2, m=8))
    assert not G.layers[1].training and G.layers[4].training and (G.layers[1].running_mean == 0).all()


def test_everything_is_drawn_on_the_device_of_d(monkeypatch):
    """Without a second device: what asks for one is written down, and answered on the CPU."""
    G, D, players = pair(dropout=0.5)
    asked, data = [], iter([*itertools.islice(Normal().batches(8), 2)])

    def answered(function):
        def call(*args, device=None, **named):
            asked.append(device)
            return function(*args, **named)

        return call

    there = torch.device("cuda", 1)
    for name in ("randn", "zeros"):
        monkeypatch.setattr(torch, name, answered(getattr(torch, name)))
    monkeypatch.setattr(seeds, "generator", answered(seeds.generator))
    monkeypatch.setattr(seeds, "global_draws", lambda *parts, device: asked.append(device) or nullcontext())
    monkeypatch.setattr(loop, "device_of", lambda network: there if network is D else None)
    monkeypatch.setattr(loop, "minibatches", lambda *_, device, **__: asked.append(device) or data)
    exhaust(train(G, D, NonSaturating(), None, **players, steps=2, m=8))
    assert asked == [there] * len(asked) and len(asked) == 1 + 1 + 2 * 4  # batches, health; seed, draws, z and z a step


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_a_training_on_a_gpu_moves_a_loaders_images_there():
    G, D, _ = pair(dropout=0.5)
    G.cuda()
    D.cuda()
    opts = {"opt_g": torch.optim.SGD(G.parameters(), 0.1), "opt_d": torch.optim.SGD(D.parameters(), 0.1)}
    exhaust(train(G, D, NonSaturating(), [torch.randn(8, 2)], **opts, steps=3))
    assert weights(G, D).is_cuda


# ---- What train returns


def test_a_training_that_nobody_asks_for_a_step_says_so():
    def forgotten():
        G, D, players = pair()
        train(G, D, NonSaturating(), Normal(), **players, steps=3, m=8)

    with pytest.warns(GanbookWarning, match="no record taken from it, so nothing was trained"):
        forgotten()


@pytest.mark.parametrize("use", [next, list, lambda records: records.close(), lambda records: next(iter(records))])
@pytest.mark.parametrize("steps", [1, 3])
def test_a_training_that_was_used_says_nothing(use, steps):
    G, D, players = pair()
    use(train(G, D, NonSaturating(), Normal(), **players, steps=steps, m=8))
    train(G, D, NonSaturating(), Normal(), **players, steps=0, m=8)  # and one without steps has nothing to say


def test_a_training_tells_how_far_it_is():
    G, D, players = pair()
    records = train(G, D, NonSaturating(), Normal(), **players, steps=5, m=8)
    assert repr(records) == "<a training of 5 steps, none made so far; to make them: for record in train(...): ...>"
    for record in itertools.islice(records, 2):
        assert f"{record.step} made so far" in repr(records)
    for record in records:
        if record.step == 4:
            break
    assert records.made == 4 and [r.step for r in records] == [5] and list(records) == []
    assert repr(records) == "<a training of 5 steps, all made>"


WRONG = [1e2, 100.0, 2.5, True, "3", None, -1, np.float32(2), torch.tensor(2.0), float("nan"), float("inf"), [2], 1j]


@pytest.mark.parametrize("name", ["steps", "m", "k", "start", "seed"])
@pytest.mark.parametrize("value", WRONG, ids=repr)
def test_a_number_that_is_not_whole_or_too_small_is_refused_at_the_call(name, value):
    G, D, players = pair()
    if (name, value) == ("seed", -1):
        return
    with pytest.raises(InputError, match=rf"Expected {name}"):
        train(G, D, NonSaturating(), Normal(), **players, **{"steps": 1, "m": 8} | {name: value})


@pytest.mark.parametrize("kind", [np.int64, np.uint8, np.int32, torch.tensor])
def test_whole_numbers_of_other_libraries_are_those_of_python(kind):
    ends = []
    for of in (int, kind):
        G, D, players = pair(dropout=0.5)
        numbers = {name: of(value) for name, value in {"steps": 3, "m": 8, "k": 2, "seed": 5, "start": 4}.items()}
        record = exhaust(train(G, D, NonSaturating(), Normal(), **players, **numbers))
        ends.append((weights(G, D), record.step, record.images))
        assert type(record.step) is int and type(record.images) is int
    assert torch.equal(ends[0][0], ends[1][0]) and ends[0][1:] == ends[1][1:] == (7, 112)


@pytest.mark.parametrize("loss", [0.5, None, [1.0], torch.ones(2, requires_grad=True), torch.ones(())], ids=repr)
def test_update_refuses_what_is_no_loss(loss):
    p = nn.Parameter(torch.ones(2))
    with pytest.raises(InputError, match="Expected a loss that is one number"):
        update(torch.optim.SGD([p], lr=0.1), loss)


@pytest.mark.parametrize("make", [torch.optim.SGD, partial(torch.optim.AdamW, weight_decay=0.1)])
def test_update_refuses_a_loss_of_other_parameters_and_moves_none(make):
    p, q = (nn.Parameter(torch.ones(2)) for _ in range(2))
    optimiser = make([p], lr=0.1)
    update(optimiser, p.sum())  # moments that would move p on
    before = p.detach().clone()
    for loss in (q.sum(), (p.detach() * q).sum()):
        with pytest.raises(InputError, match="depends on none of them"):
            update(optimiser, loss)
    assert torch.equal(p, before) and q.grad is None


def test_update_moves_what_the_loss_depends_on_and_leaves_the_rest():
    used, unused, frozen = (nn.Parameter(torch.ones(2)) for _ in range(3))
    frozen.requires_grad_(False)
    update(torch.optim.SGD([used, unused, frozen], lr=0.5), (used * frozen).sum())
    assert used.tolist() == [0.5, 0.5] and unused.tolist() == frozen.tolist() == [1, 1]


@pytest.mark.parametrize("where", ["d", "g"])
def test_a_loss_that_is_not_finite_ends_in_a_sentence(where):
    class Broken(NonSaturating):
        def discriminator(self, critic, x, x_fake):
            d = super().discriminator(critic, x, x_fake)
            return d | {"loss": d["loss"] * float("inf")} if where == "d" else d

        def generator(self, critic, x, x_fake):
            g = super().generator(critic, x, x_fake)
            return g | {"loss": g["loss"] * float("nan")} if where == "g" else g

    for steps, made in ((250, 100), (30, 30)):
        G, D, players = pair()
        seen = []
        with pytest.raises(DivergedError, match=f"between step 1 and {made}"):
            for record in train(G, D, Broken(), Normal(), **players, steps=steps, m=8):
                seen.append(record.step)
        assert len(seen) == made - 1


def test_data_that_do_not_fit_end_in_a_sentence(digits):
    G, D = mlp.Generator(hidden=(8,), image=(1, 16, 16)), mlp.Discriminator(hidden=(8,))
    opt = torch.optim.SGD(D.parameters(), lr=0.1)
    with pytest.raises(InputError, match=r"\(4, 1, 28, 28\) and G makes \(4, 1, 16, 16\)"):
        next(train(G, D, NonSaturating(), digits, opt_g=None, opt_d=opt, steps=1, m=4))

    class Bytes:
        def batches(self, m, *, seed=0, start=0):
            yield torch.full((m, 1, 28, 28), 255.0), torch.zeros(m)

    before = weights(D)
    with pytest.raises(InputError, match=r"\[-1, 1\].*255"):
        next(train(mlp.Generator(hidden=(8,)), D, NonSaturating(), Bytes(), opt_g=None, opt_d=opt, steps=1, m=4))
    assert torch.equal(weights(D), before)


def test_an_interrupted_step_leaves_no_trace_in_the_global_generator(digits):
    class Interrupted(NonSaturating):
        def discriminator(self, critic, x, x_fake):
            raise KeyboardInterrupt

    G, D, players = pair(dropout=0.5)
    state = torch.get_rng_state()
    with suppress(KeyboardInterrupt):
        next(train(G, D, Interrupted(), Normal(), **players, steps=1, m=4))
    assert torch.equal(torch.get_rng_state(), state)
