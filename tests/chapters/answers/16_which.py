"""Answers to the exercises of chapter 16, tried by tests/chapters/test_checks.py. Names are those of the notebook."""


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


# %% ex-which-looks right: image and noise apart, and put together again at the smaller angle
def draw(net, z, looks):
    x, angles = z, torch.linspace(math.pi / 2, 0, looks + 1)
    for i in range(looks):
        phi, after = angles[i], angles[i + 1]
        with torch.no_grad():
            v = net(x, phi.repeat(len(x)))
        image, noise = phi.cos() * x - phi.sin() * v, phi.sin() * x + phi.cos() * v
        x = after.cos() * image + after.sin() * noise
    return x.clamp(-1, 1)


# %% ex-which-looks right: with the turn of the package
@torch.inference_mode()
def draw(net, z, looks):
    delta = torch.tensor(math.pi / 2 / looks)
    for left in reversed(range(1, looks + 1)):
        z = turn(z, net(z, torch.full((len(z),), left * delta.item())), -delta)
    return torch.clip(z, -1, 1)


# %% ex-which-looks wrong: twenty looks each time
def draw(net, z, looks):
    x, delta = z, torch.tensor(math.pi / 40)
    with torch.no_grad():
        for left in range(20, 0, -1):
            x = delta.cos() * x - delta.sin() * net(x, (left * delta).expand(len(x)))
    return x.clamp(-1, 1)


# %% ex-which-looks wrong: one look too few
def draw(net, z, looks):
    x, delta = z, torch.tensor(math.pi / 2 / looks)
    with torch.no_grad():
        for left in range(looks, 1, -1):
            x = delta.cos() * x - delta.sin() * net(x, (left * delta).expand(len(x)))
    return x.clamp(-1, 1)


# %% ex-which-looks wrong: from the image to the noise
def draw(net, z, looks):
    x, delta = z, torch.tensor(math.pi / 2 / looks)
    with torch.no_grad():
        for done in range(1, looks + 1):
            x = delta.cos() * x - delta.sin() * net(x, (done * delta).expand(len(x)))
    return x.clamp(-1, 1)


# %% ex-which-looks wrong: turns on instead of back
def draw(net, z, looks):
    x, delta = z, torch.tensor(math.pi / 2 / looks)
    with torch.no_grad():
        for left in range(looks, 0, -1):
            x = delta.cos() * x + delta.sin() * net(x, (left * delta).expand(len(x)))
    return x.clamp(-1, 1)


# %% ex-which-looks wrong: the angle after the turn
def draw(net, z, looks):
    x, delta = z, torch.tensor(math.pi / 2 / looks)
    with torch.no_grad():
        for left in range(looks, 0, -1):
            x = delta.cos() * x - delta.sin() * net(x, ((left - 1) * delta).expand(len(x)))
    return x.clamp(-1, 1)


# %% ex-which-looks wrong: the same angle in every look
def draw(net, z, looks):
    x, delta = z, torch.tensor(math.pi / 2 / looks)
    with torch.no_grad():
        for _ in range(looks):
            x = delta.cos() * x - delta.sin() * net(x, torch.full((len(x),), math.pi / 2))
    return x.clamp(-1, 1)


# %% ex-which-looks wrong: a straight step along the velocity
def draw(net, z, looks):
    x, delta = z, torch.tensor(math.pi / 2 / looks)
    with torch.no_grad():
        for left in range(looks, 0, -1):
            x = x - delta * net(x, (left * delta).expand(len(x)))
    return x.clamp(-1, 1)


# %% ex-which-looks wrong: one angle for all images
def draw(net, z, looks):
    x, delta = z, torch.tensor(math.pi / 2 / looks)
    with torch.no_grad():
        for left in range(looks, 0, -1):
            x = delta.cos() * x - delta.sin() * net(x, (left * delta)[None])
    return x.clamp(-1, 1)


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
