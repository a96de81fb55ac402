"""The loop: it is Algorithm 1, it converges where the answer is known, and looking at it changes nothing."""

import itertools
from contextlib import suppress

import pytest
import torch
from torch import nn

from ganbook.base import seeds
from ganbook.base.errors import DivergedError, InputError
from ganbook.models import mlp
from ganbook.models.sampling import sample
from ganbook.objectives import NonSaturating
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


def test_training_puts_the_networks_in_training_mode_and_works_on_their_device():
    G, D, players = pair(dropout=0.5)
    G.eval(), D.eval()
    next(train(G, D, NonSaturating(), Normal(), **players, steps=1, m=8))
    assert G.training and D.training


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
