"""Answers to the exercises of chapter 9, tried by tests/chapters/test_checks.py. Names are those of the notebook."""


# %% ex-wasserstein-line right: ranks instead of sorting
def w1(x, y):
    x, y = x.flatten(), y.flatten()
    return float((x[x.argsort()] - y[y.argsort()]).abs().sum() / len(x))


# %% ex-wasserstein-line right: by the area between the shares
def w1(x, y):
    t = torch.cat([x, y]).flatten().sort().values
    P, Q = ((points.flatten() <= t[:-1, None]).double().mean(1) for points in (x, y))
    return ((P - Q).abs() * t.diff()).sum().item()


# %% ex-wasserstein-line wrong: not sorted
def w1(x, y):
    return (x.flatten() - y.flatten()).abs().mean().item()


# %% ex-wasserstein-line wrong: the distance of the means
def w1(x, y):
    return abs((x.mean() - y.mean()).item())


# %% ex-wasserstein-line wrong: the sum
def w1(x, y):
    return (x.flatten().sort().values - y.flatten().sort().values).abs().sum().item()


# %% ex-wasserstein-line wrong: sorts along the wrong axis
def w1(x, y):
    return (x.sort(-1).values - y.sort(-1).values).abs().mean().item()


# %% ex-wasserstein-line wrong: squares
def w1(x, y):
    return (x.flatten().sort().values - y.flatten().sort().values).square().mean().sqrt().item()


# %% ex-wasserstein-slopes right: one image after another
def slopes(D, x):
    found = []
    for one in x:
        one = one[None].detach().requires_grad_()
        found.append(torch.autograd.grad(D(one).sum(), one, create_graph=True)[0].norm())
    return torch.stack(found)


# %% ex-wasserstein-slopes right: a root that has a gradient at 0
def slopes(D, x):
    x = x.detach().clone().requires_grad_()
    answers = D(x)
    (gradient,) = torch.autograd.grad(answers, x, torch.ones_like(answers), create_graph=True)
    return (gradient.square().flatten(1).sum(1) + 1e-12).sqrt()


# %% ex-wasserstein-slopes wrong: cannot be differentiated again
def slopes(D, x):
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(D(x).sum(), x)
    return gradient.flatten(1).norm(dim=1)


# %% ex-wasserstein-slopes wrong: one norm for the whole batch
def slopes(D, x):
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(D(x).sum(), x, create_graph=True)
    return gradient.norm().expand(len(x))


# %% ex-wasserstein-slopes wrong: over the channels, for each pixel
def slopes(D, x):
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(D(x).sum(), x, create_graph=True)
    return gradient.norm(dim=1)


# %% ex-wasserstein-slopes wrong: the gradient of the mean
def slopes(D, x):
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(D(x).mean(), x, create_graph=True)
    return gradient.flatten(1).norm(dim=1)


# %% ex-wasserstein-slopes wrong: the squared norm
def slopes(D, x):
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(D(x).sum(), x, create_graph=True)
    return gradient.flatten(1).square().sum(1)


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
