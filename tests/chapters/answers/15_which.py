"""Answers to the exercises of chapter 15, tried by tests/chapters/test_checks.py. Names are those of the notebook."""


# %% ex-which-luck right: how often each is the smallest
def best_of(values, k):
    n, total = len(values), 0.0
    for i, value in enumerate(sorted(values)):
        total += value * math.comb(n - 1 - i, k - 1)
    return total / math.comb(n, k)


# %% ex-which-luck right: every order in which k can come out
def best_of(values, k):
    from itertools import permutations

    lowest = torch.tensor(list(permutations([float(value) for value in values], k))).amin(1)
    return lowest.double().mean().item()


# %% ex-which-luck wrong: the smallest of all, whatever k
def best_of(values, k):
    return min(values)


# %% ex-which-luck wrong: the mean of the k smallest
def best_of(values, k):
    return sum(sorted(values)[:k]) / k


# %% ex-which-luck wrong: one seed may be chosen twice
def best_of(values, k):
    from itertools import product

    lowest = [min(chosen) for chosen in product(values, repeat=k)]
    return sum(lowest) / len(lowest)


# %% ex-which-luck wrong: neighbours only
def best_of(values, k):
    lowest = [min(values[i : i + k]) for i in range(len(values) - k + 1)]
    return sum(lowest) / len(lowest)


# %% ex-which-luck wrong: equal seeds counted once
def best_of(values, k):
    lowest = [min(chosen) for chosen in set(combinations(sorted(values), k))]
    return sum(lowest) / len(lowest)


# %% ex-which-luck wrong: the best is the largest
def best_of(values, k):
    highest = [max(chosen) for chosen in combinations(values, k)]
    return sum(highest) / len(highest)


# %% ex-which-luck wrong: takes the values as they come for sorted
def best_of(values, k):
    n = len(values)
    return sum(value * math.comb(n - 1 - i, k - 1) for i, value in enumerate(values)) / math.comb(n, k)


# %% ex-which-noise right: drawn by the distribution, with a gradient left on s
def honest(model, n, seed):
    mean = sample(model, n, seed=seed)
    rng = torch.Generator().manual_seed(seed)
    grain = torch.empty_like(mean).normal_(generator=rng)
    return torch.clamp(mean + torch.exp(model.log_sd) * grain, min=-1, max=1)


# %% ex-which-noise right: an image at a time
def honest(model, n, seed):
    mean = sample(model, n, seed=seed)
    rng = torch.Generator().manual_seed(seed)
    s = math.exp(model.log_sd.item())
    grainy = [torch.normal(one, s, generator=rng) for one in mean]
    return torch.stack(grainy).clip(-1, 1)


# %% ex-which-noise wrong: the variance for the standard deviation
def honest(model, n, seed):
    mean = sample(model, n, seed=seed)
    rng = torch.Generator().manual_seed(seed)
    s = (2 * model.log_sd).exp().detach()
    return (mean + s * torch.randn(mean.shape, generator=rng)).clamp(-1, 1)


# %% ex-which-noise wrong: the logarithm for the standard deviation
def honest(model, n, seed):
    mean = sample(model, n, seed=seed)
    rng = torch.Generator().manual_seed(seed)
    return (mean + model.log_sd.detach() * torch.randn(mean.shape, generator=rng)).clamp(-1, 1)


# %% ex-which-noise wrong: one noise for all images
def honest(model, n, seed):
    mean = sample(model, n, seed=seed)
    rng = torch.Generator().manual_seed(seed)
    s = model.log_sd.detach().exp()
    return (mean + s * torch.randn(mean.shape[1:], generator=rng)).clamp(-1, 1)


# %% ex-which-noise wrong: one number for all pixels
def honest(model, n, seed):
    mean = sample(model, n, seed=seed)
    rng = torch.Generator().manual_seed(seed)
    s = model.log_sd.detach().exp()
    return (mean + s * torch.randn(n, 1, 1, 1, generator=rng)).clamp(-1, 1)


# %% ex-which-noise wrong: not clamped
def honest(model, n, seed):
    mean = sample(model, n, seed=seed)
    rng = torch.Generator().manual_seed(seed)
    s = model.log_sd.detach().exp()
    return mean + s * torch.randn(mean.shape, generator=rng)


# %% ex-which-noise wrong: another noise at each call
def honest(model, n, seed):
    mean = sample(model, n, seed=seed)
    return (mean + model.log_sd.detach().exp() * torch.randn_like(mean)).clamp(-1, 1)


# %% ex-which-noise wrong: noise on z
def honest(model, n, seed):
    rng = torch.Generator().manual_seed(seed)
    z = torch.randn(n, model.z_dim, generator=rng)
    s = model.log_sd.detach().exp()
    return sample(model, z=z + s * torch.randn(z.shape, generator=rng))


# %% ex-which-noise wrong: noise and no image
def honest(model, n, seed):
    mean = sample(model, n, seed=seed)
    rng = torch.Generator().manual_seed(seed)
    return (model.log_sd.detach().exp() * torch.randn(mean.shape, generator=rng)).clamp(-1, 1)


# %% ex-which-looks right: on copies, a few drawings at a time
def after(looks):
    from copy import deepcopy

    copied = deepcopy(runs["diffusion"].sampler)
    copied.steps = looks
    return float(frechet(judged(judge, sample(copied, z=z, chunk=10))[0], real))


seen |= {looks: after(looks) for looks in (10, 1, 3)}

# %% ex-which-looks right: as it was found, whatever happens
before = model.steps


def after(looks):
    model.steps = looks
    with torch.no_grad():
        return frechet(judged(judge, model(z))[0], real)


try:
    seen = {looks: after(looks) for looks in (1, 3, 10)}
finally:
    model.steps = before

# %% ex-which-looks wrong: twenty looks each time
seen = {looks: frechet(judged(judge, sample(model, z=z))[0], real) for looks in (1, 3, 10)}

# %% ex-which-looks wrong: new noise each time
for looks in (1, 3, 10):
    model.steps = looks
    seen[looks] = frechet(judged(judge, sample(model, len(z), seed=looks))[0], real)
model.steps = 20

# %% ex-which-looks wrong: one look too many
for looks in (1, 3, 10):
    model.steps = looks + 1
    seen[looks] = frechet(judged(judge, sample(model, z=z))[0], real)
model.steps = 20

# %% ex-which-looks wrong: in floors
for looks in (1, 3, 10):
    model.steps = looks
    seen[looks] = frechet(judged(judge, sample(model, z=z))[0], real) / frechet(features["real"], real)
model.steps = 20

# %% ex-which-looks wrong: draws before it sets the looks
for looks in (1, 3, 10):
    seen[looks] = frechet(judged(judge, sample(model, z=z))[0], real)
    model.steps = looks
model.steps = 20

# %% ex-which-looks wrong: leaves the model at ten
for looks in (1, 3, 10):
    model.steps = looks
    seen[looks] = frechet(judged(judge, sample(model, z=z))[0], real)


# %% ex-which-drift right: uniform numbers, cut down
def next_generation(known, rng):
    return known[(torch.rand(len(known), generator=rng) * len(known)).long().clamp(max=len(known) - 1)]


# %% ex-which-drift right: drawn with replacement by PyTorch
def next_generation(known, rng):
    return known[torch.multinomial(torch.ones(len(known)), len(known), replacement=True, generator=rng)]


# %% ex-which-drift wrong: without replacement
def next_generation(known, rng):
    return known[torch.randperm(len(known), generator=rng)]


# %% ex-which-drift wrong: from the originals again
def next_generation(known, rng):
    return torch.randint(100, (100,), generator=rng)


# %% ex-which-drift wrong: never the last one
def next_generation(known, rng):
    return known[torch.randint(len(known) - 1, (len(known),), generator=rng)]


# %% ex-which-drift wrong: each different one with the same chance
def next_generation(known, rng):
    left = known.unique()
    return left[torch.randint(len(left), (len(known),), generator=rng)]


# %% ex-which-drift wrong: without the generator
def next_generation(known, rng):
    return known[torch.randint(len(known), (len(known),))]


# %% ex-which-drift wrong: only a half is learned
def next_generation(known, rng):
    return known[torch.randint(len(known), (len(known) // 2,), generator=rng)]


# %% ex-which-drift wrong: neighbours stay together
def next_generation(known, rng):
    return known.roll(int(torch.randint(len(known), (1,), generator=rng)))
