"""Answers to the exercises of chapter 1, tried by tests/chapters/test_checks.py. Names are those of the notebook."""


# %% ex-noise-step right: the mean written out, gradients cleared first
def step(D, optimiser, x, y):
    optimiser.zero_grad()
    logits = D(x)
    loss = (F.softplus(logits) - y * logits).mean()
    loss.backward()
    optimiser.step()
    return float(loss)


# %% ex-noise-step right: by probabilities and BCELoss
def step(D, optimiser, x, y):
    for group in optimiser.param_groups:
        for p in group["params"]:
            p.grad = None
    loss = nn.BCELoss()(torch.sigmoid(D(x)), y.float())
    loss.backward()
    optimiser.step()
    return loss.detach().item()


# %% ex-noise-step wrong: no zero_grad
def step(D, optimiser, x, y):
    loss = F.binary_cross_entropy_with_logits(D(x), y.float())
    loss.backward()
    optimiser.step()
    return loss.item()


# %% ex-noise-step wrong: no step
def step(D, optimiser, x, y):
    loss = F.binary_cross_entropy_with_logits(D(x), y.float())
    optimiser.zero_grad()
    loss.backward()
    return loss.item()


# %% ex-noise-step wrong: clears the gradients it has just computed
def step(D, optimiser, x, y):
    loss = F.binary_cross_entropy_with_logits(D(x), y.float())
    loss.backward()
    optimiser.zero_grad()
    optimiser.step()
    return loss.item()


# %% ex-noise-step wrong: labels the other way round
def step(D, optimiser, x, y):
    loss = F.binary_cross_entropy_with_logits(D(x), 1 - y.float())
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()


# %% ex-noise-step wrong: logits taken for probabilities
def step(D, optimiser, x, y):
    loss = F.mse_loss(D(x), y.float())
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()


# %% ex-noise-step wrong: a sum instead of a mean
def step(D, optimiser, x, y):
    loss = F.binary_cross_entropy_with_logits(D(x), y.float(), reduction="sum")
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()


# %% ex-noise-step wrong: returns the tensor
def step(D, optimiser, x, y):
    loss = F.binary_cross_entropy_with_logits(D(x), y.float())
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss


# %% ex-noise-slope right: backward on a copy, with the gradients of D put back
def slope(D, x):
    before = [p.grad for p in D.parameters()]
    copy = x.clone().requires_grad_(True)
    D(copy).sum().backward()
    for p, grad in zip(D.parameters(), before):
        p.grad = grad
    return copy.grad


# %% ex-noise-slope right: one image at a time
def slope(D, x):
    found = []
    for image in x.detach().split(1):
        image = image.clone().requires_grad_()
        found += torch.autograd.grad(D(image).squeeze(), image)
    return torch.cat(found)


# %% ex-noise-slope wrong: of the probability
def slope(D, x):
    x = x.detach().requires_grad_()
    return torch.autograd.grad(torch.sigmoid(D(x)).sum(), x)[0]


# %% ex-noise-slope wrong: of the mean over the images
def slope(D, x):
    x = x.detach().requires_grad_()
    return torch.autograd.grad(D(x).mean(), x)[0]


# %% ex-noise-slope wrong: downwards
def slope(D, x):
    x = x.detach().requires_grad_()
    return -torch.autograd.grad(D(x).sum(), x)[0]


# %% ex-noise-slope wrong: leaves gradients in D
def slope(D, x):
    x = x.detach().requires_grad_()
    D(x).sum().backward()
    return x.grad


# %% ex-noise-slope wrong: marks the images of the caller
def slope(D, x):
    x.requires_grad_()
    return torch.autograd.grad(D(x).sum(), x)[0]


# %% ex-noise-reshape right: view
def rows(x):
    return x.view(len(x), -1)


def images(r):
    return r.view(-1, 1, 28, 28)


# %% ex-noise-reshape right: reshape with both sizes
def rows(x):
    return x.reshape(x.shape[0], 784)


def images(r):
    return r.reshape(r.shape[0], 1, 28, 28)


# %% ex-noise-reshape wrong: the batch is always 64
def rows(x):
    return x.view(64, 784)


def images(r):
    return r.view(64, 1, 28, 28)


# %% ex-noise-reshape wrong: merges the images too
def rows(x):
    return x.flatten()


def images(r):
    return r.view(-1, 1, 28, 28)


# %% ex-noise-reshape wrong: loses the channel
def rows(x):
    return x.flatten(1)


def images(r):
    return r.view(-1, 28, 28)


# %% ex-noise-reshape wrong: turns the images round
def rows(x):
    return x.flatten(1)


def images(r):
    return r.view(-1, 1, 28, 28).mT


# %% ex-noise-reshape wrong: one row after the other, copied
def rows(x):
    return torch.stack([image.flatten() for image in x])


def images(r):
    return torch.stack([row.view(1, 28, 28) for row in r])


# %% ex-noise-count right: the share of faint pixels among all inked ones
def statistic(images):
    faint = ((images > 0) & (images < 25)).flatten(1).sum(dim=1).float()
    return faint / (images > 0).flatten(1).sum(dim=1).clamp(min=1) - 0.2


# %% ex-noise-count right: a sum instead of a mean, any column of one number
def statistic(images):
    return ((images > 0) & (images <= 24)).sum(dim=(1, 2, 3)) / 784 - 35 / 784


# %% ex-noise-count wrong: the mean grey level
def statistic(images):
    return images.float().flatten(1).mean(dim=1) - 33.3


# %% ex-noise-count wrong: the sign is turned round
def statistic(images):
    return 35 - ((images > 0) & (images < 25)).flatten(1).sum(dim=1)


# %% ex-noise-count wrong: one number for the whole batch
def statistic(images):
    return ((images > 0) & (images < 25)).sum() / len(images) - 35


# %% ex-noise-count wrong: counts without a threshold
def statistic(images):
    return ((images > 0) & (images < 25)).flatten(1).sum(dim=1)
