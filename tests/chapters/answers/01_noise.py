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


# %% ex-noise-view right: by dividing
shapes, one_image_a_row = [], []
for size in sizes:
    known = math.prod(side for side in size if side > 0) if "math" in globals() else abs(size[0] * size[1])
    rest = 64 * 784 // known
    fits = rest * known == 64 * 784 and (-1 in size or rest == 1)
    shapes.append(tuple(rest if side == -1 else side for side in size) if fits else None)
    one_image_a_row.append(fits and shapes[-1] == (64, 784))

# %% ex-noise-view right: lists of lists and ones for True
shapes = [
    torch.Size([64, 784]),
    torch.Size([64, 784]),
    torch.Size([1792, 28]),
    torch.Size([128, 392]),
    torch.Size([784, 64]),
    None,
    None,
]
one_image_a_row = [1, 1, 0, 0, 0, 0, 0]

# %% ex-noise-view wrong: a view of 784 rows has one image in each column
shapes = [(64, 784), (64, 784), (1792, 28), (128, 392), (784, 64), None, None]
one_image_a_row = [True, True, False, False, True, False, False]

# %% ex-noise-view wrong: torch refuses to split an image in two
shapes = [(64, 784), (64, 784), (1792, 28), None, (784, 64), None, None]
one_image_a_row = [True, True, False, False, False, False, False]

# %% ex-noise-view wrong: the last row is cut short
shapes = [(64, 784), (64, 784), (1792, 28), (128, 392), (784, 64), (62, 800), None]
one_image_a_row = [True, True, False, False, False, False, False]

# %% ex-noise-view wrong: rows of pixels counted for one image
shapes = [(64, 784), (64, 784), (28, 28), (128, 392), (784, 64), None, None]
one_image_a_row = [True, True, False, False, False, False, False]

# %% ex-noise-view wrong: answers for the first five only
shapes = [(64, 784), (64, 784), (1792, 28), (128, 392), (784, 64)]
one_image_a_row = [True, True, False, False, False]

# %% ex-noise-split right: a wider network, with the loop written out, FULL BUDGET
torch.manual_seed(0)
D_split = nn.Sequential(nn.Flatten(), nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 1), nn.Flatten(0))
optimiser = torch.optim.Adam(D_split.parameters(), lr=1e-3)
x_both, y_both = torch.cat([left_set, right_set]) / 127.5 - 1, torch.cat([torch.ones(500), torch.zeros(500)])
for _ in range(1_500):
    rows_now = torch.randint(1_000, (128,))
    loss = F.binary_cross_entropy_with_logits(D_split(x_both[rows_now]), y_both[rows_now])
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
on_training, on_test = accuracy(D_split, left_set, right_set), accuracy(D_split, new_left, new_right)

# %% ex-noise-split wrong: per cent instead of shares
on_training, on_test = 100.0, 50.3

# %% ex-noise-split wrong: tests on the training images, FULL BUDGET
D_split = fit(mlp.Discriminator(hidden=(256,), dropout=0.0), left_set, right_set, 1_500, 1e-3, seed)
on_training = on_test = accuracy(D_split, left_set, right_set)

# %% ex-noise-split wrong: trains for four steps, FULL BUDGET
D_split = fit(mlp.Discriminator(hidden=(256,), dropout=0.0), left_set, right_set, 4, 1e-3, seed)
on_training = accuracy(D_split, left_set, right_set)
on_test = accuracy(D_split, new_left, new_right)

# %% ex-noise-split wrong: counts only one of the two sets, FULL BUDGET
D_split = fit(mlp.Discriminator(hidden=(256,), dropout=0.0), left_set, right_set, 1_500, 1e-3, seed)
on_training = accuracy(D_split, left_set, left_set)
on_test = accuracy(D_split, new_left, new_right)


# %% ex-noise-zdim right: another seed, and the images made in two halves
def untrained(z_dim, hidden):
    torch.manual_seed(7)
    generator = mlp.Generator(z_dim=z_dim, hidden=hidden)
    with torch.no_grad():
        z = torch.randn(5_000, z_dim, generator=torch.Generator().manual_seed(1))
        return to_bytes(torch.cat([generator.eval()(half) for half in z.chunk(2)]))


# %% ex-noise-zdim wrong: floats instead of bytes
def untrained(z_dim, hidden):
    return sample(mlp.Generator(z_dim=z_dim, hidden=hidden), 5_000)


# %% ex-noise-zdim wrong: rows instead of images
def untrained(z_dim, hidden):
    return to_bytes(sample(mlp.Generator(z_dim=z_dim, hidden=hidden), 5_000)).flatten(1)


# %% ex-noise-zdim wrong: noise of one number whatever was asked
def untrained(z_dim, hidden):
    return to_bytes(sample(mlp.Generator(z_dim=1, hidden=hidden), 5_000))


# %% ex-noise-zdim wrong: pixels drawn by themselves, no generator
def untrained(z_dim, hidden):
    return torch.randint(256, (5_000, 1, 28, 28), dtype=torch.uint8)


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
