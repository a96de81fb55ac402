"""Chapter 2: a round of the game by other rules."""


def numbers(rng):
    kind, factor = rng.choice([("sum", 1.0), ("mean", 0.5)])
    goal, sign, label = rng.choice(
        [
            ("The loss of $G$ is the non-saturating one: its fakes get the label 1.", 1.0, 1.0),
            (
                "The loss of $G$ is the saturating one of the value function: it makes $\\log(1 - D(G(z)))$ small.",
                -1.0,
                0.0,
            ),
        ]
    )
    return {
        "UPDATES_D": rng.randint(2, 6),
        "UPDATES_G": rng.randint(2, 4),
        "REAL": rng.randint(70, 97) / 100,
        "FAKE": rng.randint(1, 20) / 100,
        "KIND": kind,
        "FACTOR": factor,
        "GOAL": goal,
        "SIGN": sign,
        "WANTED": label,
        "HIDDEN_SEED": rng.randrange(10**6),
        "HIDDEN_M": rng.randint(3, 9),
    }


# %% [markdown] A round of the game
# Write `play(G, D, opt_g, opt_d, x, z)`. It plays one round. `x` is a list of UPDATES_D batches of real images, and `z` is a list
# with more batches of noise: one for each update.
#
# First $D$ makes UPDATES_D updates, each with the next batch of images and the next batch of noise. Then $G$ makes UPDATES_G updates
# with the batches of noise that are left. `D(x)` gives logits, and the two networks have any shape.
#
# - The loss of $D$ is the KIND of two mean cross-entropies. A real image has the label REAL, a fake the label FAKE.
# - GOAL
#
# The gradients that a network holds at the start of a round must not count.

# %% solution
import torch
import torch.nn.functional as F


def play(G, D, opt_g, opt_d, x, z):
    ### BEGIN SOLUTION
    bce = F.binary_cross_entropy_with_logits
    for images, noise in zip(x, z):
        real, fake = D(images), D(G(noise).detach())
        loss = FACTOR * (bce(real, torch.full_like(real, REAL)) + bce(fake, torch.full_like(fake, FAKE)))
        opt_d.zero_grad()
        loss.backward()
        opt_d.step()
    for noise in z[len(x) :]:
        fake = D(G(noise))
        loss = SIGN * bce(fake, torch.full_like(fake, WANTED))
        opt_g.zero_grad()
        loss.backward()
        opt_g.step()
    ### END SOLUTION


# %% check
import torch


def pair(seed):
    torch.manual_seed(seed)
    G, D = torch.nn.Linear(2, 3), torch.nn.Linear(3, 1)
    return G, D, torch.optim.SGD(G.parameters(), 0.1), torch.optim.SGD(D.parameters(), 0.1)


G_, D_, opt_g, opt_d = pair(0)
before = [network.weight.detach().clone() for network in (G_, D_)]
images, noise = torch.randn(UPDATES_D, 4, 3), torch.randn(UPDATES_D + UPDATES_G, 4, 2)
play(G_, D_, opt_g, opt_d, list(images), list(noise))
assert not torch.equal(G_.weight, before[0]), "G has not moved"
assert not torch.equal(D_.weight, before[1]), "D has not moved"

# %% hidden
import torch.nn.functional as F


def by_hand(G, D, x, z, rate=0.1):
    for images, noise in zip(x, z):
        real, fake = D(images), D(G(noise).detach())
        first = REAL * F.softplus(-real) + (1 - REAL) * F.softplus(real)
        second = FAKE * F.softplus(-fake) + (1 - FAKE) * F.softplus(fake)
        slopes = torch.autograd.grad(FACTOR * (first.mean() + second.mean()), list(D.parameters()))
        with torch.no_grad():
            for p, slope in zip(D.parameters(), slopes):
                p -= rate * slope
    for noise in z[len(x) :]:
        loss = F.softplus(-D(G(noise))).mean() if WANTED else -F.softplus(D(G(noise))).mean()
        slopes = torch.autograd.grad(loss, list(G.parameters()))
        with torch.no_grad():
            for p, slope in zip(G.parameters(), slopes):
                p -= rate * slope


G_, D_, opt_g, opt_d = pair(HIDDEN_SEED)
G_book, D_book, *_ = pair(HIDDEN_SEED)
for p in (*G_.parameters(), *D_.parameters()):
    p.grad = torch.ones_like(p)  # what an earlier round left
images, noise = torch.randn(UPDATES_D, HIDDEN_M, 3), torch.randn(UPDATES_D + UPDATES_G, HIDDEN_M, 2)
play(G_, D_, opt_g, opt_d, list(images), list(noise))
by_hand(G_book, D_book, list(images), list(noise))
for name, mine, book in (("D", D_, D_book), ("G", G_, G_book)):
    same = torch.allclose(mine.weight, book.weight, atol=1e-5) and torch.allclose(mine.bias, book.bias, atol=1e-5)
    assert same, f"after a round {name} has other weights than by the rules of this course"

# %% wrong: D makes one update less
# - in zip(x, z):
# + in zip(x[1:], z):

# %% wrong: no smoothed label
# - torch.full_like(real, REAL)
# + torch.ones_like(real)

# %% wrong: G holds the gradients of before
# -         opt_g.zero_grad()
# +

# %% wrong: the other loss of G
# - SIGN * bce(fake, torch.full_like(fake, WANTED))
# + -SIGN * bce(fake, torch.full_like(fake, 1 - WANTED))
