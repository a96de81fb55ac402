"""Answers to the exercises of chapter 1, tried by tests/chapters/test_checks.py. Names are those of the notebook."""


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
x_both, y_both = to_floats(torch.cat([left_set, right_set])), torch.cat([torch.ones(500), torch.zeros(500)])
for _ in range(1_500):
    rows_now = torch.randint(1_000, (128,))
    loss = F.binary_cross_entropy_with_logits(D_split(x_both[rows_now]), y_both[rows_now])
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
on_training = (share_of_digits(D_split, left_set) + 1 - share_of_digits(D_split, right_set)) / 2
on_test = (share_of_digits(D_split, new_left) + 1 - share_of_digits(D_split, new_right)) / 2

# %% ex-noise-split wrong: per cent instead of shares
on_training, on_test = 100.0, 50.3

# %% ex-noise-split wrong: tests on the training images, FULL BUDGET
sets = [left_set, right_set, left_set, right_set]
D_split, on_test = learned_judge(sets, (256,), 0.0, seed=0, steps=budget(1_500))
on_training = (share_of_digits(D_split, left_set) + 1 - share_of_digits(D_split, right_set)) / 2

# %% ex-noise-split wrong: trains for four steps, FULL BUDGET
sets = [left_set, right_set, new_left, new_right]
D_split, on_test = learned_judge(sets, (256,), 0.0, seed=0, steps=4)
on_training = (share_of_digits(D_split, left_set) + 1 - share_of_digits(D_split, right_set)) / 2

# %% ex-noise-split wrong: counts only one of the two sets, FULL BUDGET
sets = [left_set, right_set, new_left, new_right]
D_split, on_test = learned_judge(sets, (256,), 0.0, seed=0, steps=budget(1_500))
on_training = (share_of_digits(D_split, left_set) + share_of_digits(D_split, right_set)) / 2


# %% ex-noise-zdim right: another seed, and the images made in two halves
def untrained(z_dim, hidden):
    with seeds.global_draws("weights", 7, device=torch.device("cpu")):
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
