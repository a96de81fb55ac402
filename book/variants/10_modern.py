"""Chapter 10: an objective from a divergence of one's own."""


def numbers(rng):
    family = rng.choice(["square", "logarithm", "reverse", "root"])
    c = rng.choice([n for n in range(5, 60) if n != 10]) / 10
    k = rng.choice([n for n in range(-20, 21) if n != 0]) / 10
    formula, conjugate, best, lowest, highest = {
        "square": ("(u - 1)^2", "k + s + s**2 / (4 * c)", "2 * c * (u - 1) + k", -2.0, 3.0),
        "logarithm": ("u \\log u", "k + c * torch.exp(s / c - 1)", "c * (torch.log(u) + 1) + k", -2.0, 2.0),
        "reverse": ("(-\\log u)", "k - c - c * torch.log(-s / c)", "-c / u + k", -3.0, -0.2),
        "root": ("(\\sqrt{u} - 1)^2", "k + c * s / (c - s)", "c * (1 - 1 / torch.sqrt(u)) + k", -2.0, 0.6),
    }[family]
    divergence = {
        "square": "c * (u - 1) ** 2",
        "logarithm": "c * u * torch.log(u)",
        "reverse": "-c * torch.log(u)",
        "root": "c * (torch.sqrt(u) - 1) ** 2",
    }[family]
    return {
        "CONST": c,
        "MOVE": k,
        "FORMULA": f"{c} \\, {formula} {k:+} \\, (u - 1)",
        "CONJUGATE": conjugate,
        "BEST": best,
        "DIVERGENCE": f"({divergence} + {k} * (u - 1))",
        "LOWEST": round(lowest * c + k, 2),
        "HIGHEST": round(highest * c + k, 2),
        "HIDDEN_SEED": rng.randrange(10**6),
    }


# %% [markdown] A divergence of your own
# Nowozin's bound in this chapter holds for every convex $f$ with $f(1) = 0$. Yours is $f(u) = FORMULA$.
#
# 1. Work out the convex conjugate, the largest value of $t u - f(u)$ over all $u > 0$, and write `conjugate(t)` for tensors. It is asked for $t$ between
#    LOWEST and HIGHEST.
# 2. Write `best(u)`: what the best $D$ answers where the data are $u$ times as dense as the fakes.
# 3. Write the class `Own` with the methods `discriminator(critic, x, x_fake)` and `generator(critic, x, x_fake)`. Each returns a dict with its `"loss"`: $D$
#    raises the bound, $G$ lowers it. `critic` gives values that the conjugate takes.

# %% solution
import torch


def conjugate(t):
    ### BEGIN SOLUTION
    c, k = CONST, MOVE
    s = t - k  # s = c g'(u) at the largest value, for f(u) = c g(u) + k (u - 1); solved for u and put in
    return CONJUGATE
    ### END SOLUTION


def best(u):
    ### BEGIN SOLUTION
    c, k = CONST, MOVE  # the slope f'(u)
    return BEST
    ### END SOLUTION


class Own:
    def discriminator(self, critic, x, x_fake):
        ### BEGIN SOLUTION
        return {"loss": conjugate(critic(x_fake)).mean() - critic(x).mean()}
        ### END SOLUTION

    def generator(self, critic, x, x_fake):
        ### BEGIN SOLUTION
        return {"loss": -conjugate(critic(x_fake)).mean()}
        ### END SOLUTION


# %% check
import torch

t = torch.linspace(LOWEST, HIGHEST, 7)
assert conjugate(t).shape == best(torch.ones(7)).shape == (7,), "a value for each of them"
assert set(Own().generator(lambda v: v, None, t)) >= {"loss"}, "a dict with the loss"

# %% hidden
import torch

torch.manual_seed(HIDDEN_SEED)
t = LOWEST + (HIGHEST - LOWEST) * torch.rand(9, dtype=torch.float64)
c, u = CONST, torch.logspace(-4, 4, 400_001, dtype=torch.float64)
f = DIVERGENCE
largest = torch.stack([(one * u - f).max() for one in t])
assert torch.allclose(conjugate(t), largest, atol=1e-3 * (1 + c)), "tu - f(u) has another largest value"
ratio = torch.rand(5, dtype=torch.float64) + torch.tensor([0.1, 0.4, 0.7, 1.0, 1.3], dtype=torch.float64)
shares = torch.rand(5, dtype=torch.float64) + 0.2
counts = (4000 * shares).round().long(), (4000 * shares * ratio).round().long()  # of fakes and of data at five places
q, p = (count.double() / count.sum() for count in counts)
u = p / q
answers = best(u).detach().requires_grad_()
x_fake, x = (torch.repeat_interleave(torch.arange(5), count) for count in counts)
loss = Own().discriminator(lambda v: answers[v], x, x_fake)["loss"]
(slope,) = torch.autograd.grad(loss, answers)
assert slope.abs().max() < 1e-5, "at the best answers the loss of D has no slope"
assert abs(-loss.item() - (q * DIVERGENCE).sum().item()) < 1e-4 * (1 + c), (
    "at the best D the bound is the divergence itself"
)
fakes = t.clone().requires_grad_()
(pull,) = torch.autograd.grad(Own().generator(lambda v: v, None, fakes)["loss"], fakes)
u = torch.logspace(-4, 4, 400_001, dtype=torch.float64)
at = torch.stack(
    [u[(one * u - DIVERGENCE).argmax()] for one in t]
)  # the slope of the largest value is the u that has it
assert torch.allclose(pull, -at / 9, rtol=1e-3, atol=1e-4), "G lowers the bound, through the fakes alone"

# %% wrong: the constant is forgotten
import torch


def conjugate(t):
    c, k = 1.0, MOVE
    s = t - k
    return CONJUGATE


def best(u):
    c, k = 1.0, MOVE
    return BEST


class Own:
    def discriminator(self, critic, x, x_fake):
        return {"loss": conjugate(critic(x_fake)).mean() - critic(x).mean()}

    def generator(self, critic, x, x_fake):
        return {"loss": -conjugate(critic(x_fake)).mean()}


# %% wrong: G raises the bound
# - {"loss": -conjugate(critic(x_fake)).mean()}
# + {"loss": conjugate(critic(x_fake)).mean()}

# %% wrong: the mean comes before the conjugate
# - conjugate(critic(x_fake)).mean() - critic(x).mean()
# + conjugate(critic(x_fake).mean()) - critic(x).mean()
