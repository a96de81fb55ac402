"""Answers to the exercises of chapter 8, tried by tests/chapters/test_checks.py. Names are those of the notebook."""


# %% ex-wasserstein-axes right: with the best weights
def worth(a, b):
    w = torch.where(a > b, 1.0, -1.0)
    return (w * (a - b)).sum()


# %% ex-wasserstein-axes right: a number, by the 1-norm of torch
def worth(a, b):
    return torch.linalg.vector_norm(a - b, ord=1).item()


# %% ex-wasserstein-axes right: both parts apart, in double precision
def worth(a, b):
    change = (a - b).double()
    return change.clamp(min=0).sum() - change.clamp(max=0).sum()


# %% ex-wasserstein-axes wrong: the Euclidean distance, that of the right critic
def worth(a, b):
    return (a - b).norm()


# %% ex-wasserstein-axes wrong: all weights are +1
def worth(a, b):
    return (a - b).sum()


# %% ex-wasserstein-axes wrong: the mean over the pixels
def worth(a, b):
    return (a - b).abs().mean()


# %% ex-wasserstein-axes wrong: the length of the weights times that of the difference
def worth(a, b):
    return 28 * (a - b).norm()


# %% ex-wasserstein-axes wrong: the largest pixel
def worth(a, b):
    return (a - b).abs().max()


# %% ex-wasserstein-free right: a linear layer
def free_critic(x_real, x_fake):
    layer = nn.Linear(x_real[0].numel(), 1, bias=False)
    w = x_real.flatten(1).mean(0) - x_fake.flatten(1).mean(0)
    with torch.no_grad():
        layer.weight.copy_(nn.functional.normalize(w, dim=0)[None])
    return nn.Sequential(nn.Flatten(), layer)


# %% ex-wasserstein-free right: zero in the middle between the two means
def free_critic(x_real, x_fake):
    here, there = x_real.mean(0), x_fake.mean(0)
    w = (here - there) / (here - there).square().sum().sqrt()
    return lambda x: ((x - (here + there) / 2) * w).sum((1, 2, 3))


# %% ex-wasserstein-free wrong: not of slope 1
def free_critic(x_real, x_fake):
    w = (x_real.mean(0) - x_fake.mean(0)).flatten()
    return lambda x: x.flatten(1) @ w


# %% ex-wasserstein-free wrong: likes fakes
def free_critic(x_real, x_fake):
    w = (x_fake.mean(0) - x_real.mean(0)).flatten()
    return lambda x: x.flatten(1) @ (w / w.norm())


# %% ex-wasserstein-free wrong: 1 a pixel instead of 1 in all
def free_critic(x_real, x_fake):
    w = (x_real.mean(0) - x_fake.mean(0)).flatten().sign()
    return lambda x: x.flatten(1) @ w


# %% ex-wasserstein-free wrong: any direction
def free_critic(x_real, x_fake):
    w = torch.randn(784, generator=torch.Generator().manual_seed(0))
    return lambda x: x.flatten(1) @ (w / w.norm())


# %% ex-wasserstein-free wrong: from one pair of images
def free_critic(x_real, x_fake):
    w = (x_real[0] - x_fake[0]).flatten()
    return lambda x: x.flatten(1) @ (w / w.norm())


# %% ex-wasserstein-free wrong: does not look at what it is given
def free_critic(x_real, x_fake):
    w = (x_test.mean(0) - x_made.mean(0)).flatten()
    return lambda x: x.flatten(1) @ (w / w.norm())


# %% ex-wasserstein-shift right: coordinate by coordinate, and a constant beside it
def shift_critic(c):
    w = -c / c.square().sum().sqrt()
    return lambda x: (x * w).sum(dim=1) + 3


# %% ex-wasserstein-shift right: one column
def shift_critic(c):
    layer = nn.Linear(len(c), 1)
    with torch.no_grad():
        layer.weight.copy_(-nn.functional.normalize(c, dim=0)[None])
    return layer


# %% ex-wasserstein-shift wrong: the other sign
def shift_critic(c):
    return lambda x: (x @ c) / c.norm()


# %% ex-wasserstein-shift wrong: not of slope 1
def shift_critic(c):
    return lambda x: -(x @ c)


# %% ex-wasserstein-shift wrong: the distance from the shift's end
def shift_critic(c):
    return lambda x: (x - c).norm(dim=1)


# %% ex-wasserstein-shift wrong: in the plane only
def shift_critic(c):
    return lambda x: -(x[:, 0] * c[0] + x[:, 1] * c[1]) / c.norm()


# %% ex-wasserstein-shift wrong: divided by the squared length
def shift_critic(c):
    return lambda x: -(x @ c) / c.square().sum()


# %% ex-wasserstein-box right: asks for the singular value
def stretch(n, c):
    return torch.linalg.svdvals(torch.full((n, n), c, dtype=torch.float64)).max()


def critical(n):
    return 1 / stretch(n, 1.0).item()


# %% ex-wasserstein-box right: tries the vector of ones, and halves an interval
def stretch(n, c):
    ones = torch.ones(n)
    return ((torch.full((n, n), c) @ ones).norm() / ones.norm()).item()


def critical(n):
    low, high = 0.0, 1.0
    while high - low > 1e-6:
        c = (low + high) / 2
        low, high = (c, high) if stretch(n, c) < 1 else (low, c)
    return low


# %% ex-wasserstein-box wrong: the length of one row
def stretch(n, c):
    return c * n**0.5


def critical(n):
    return 1 / n**0.5


# %% ex-wasserstein-box wrong: the sum of all weights
def stretch(n, c):
    return c * n * n


def critical(n):
    return 1 / n**2


# %% ex-wasserstein-box wrong: what random signs do
def stretch(n, c):
    return 2 * c * n**0.5


def critical(n):
    return 1 / (2 * n**0.5)


# %% ex-wasserstein-box wrong: the critical c is twice too large
def stretch(n, c):
    return n * c


def critical(n):
    return 2 / n


# %% ex-wasserstein-box wrong: for 32 inputs only
def stretch(n, c):
    return 32 * c


def critical(n):
    return 1 / 32
