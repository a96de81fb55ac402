"""Answers to the exercises of chapter 11, tried by tests/chapters/test_checks.py. Names are those of the notebook."""


# %% ex-conditional-year right: one image at a time
def write(G, text, seed=0):
    z = fixed_noise(G, 1, seed=seed)
    drawn = [sample(G, z=z, y=torch.tensor([int(character)], device=z.device)) for character in text]
    return torch.cat(drawn)


# %% ex-conditional-year right: all ten digits, then those of the text
def write(G, text, seed=0):
    z = torch.randn(G.z_dim, generator=torch.Generator().manual_seed(seed)).to(device)
    digits_of_hand = sample(G, z=z.repeat(10, 1))
    return digits_of_hand[[int(character) for character in text]]


# %% ex-conditional-year right: past the front door, with one-hot rows
def write(G, text, seed=0):
    z = fixed_noise(G, 3, seed=seed)[2]
    hot = F.one_hot(torch.tensor([ord(character) - ord("0") for character in text], device=device), 10)
    with torch.no_grad():
        return G.eval().net(torch.cat([z.expand(len(text), -1), hot.float()], dim=1))


# %% ex-conditional-year wrong: another hand for each character
def write(G, text, seed=0):
    y = torch.tensor([int(character) for character in text], device=device)
    return sample(G, z=fixed_noise(G, len(text), seed=seed), y=y)


# %% ex-conditional-year wrong: forgets to ask
def write(G, text, seed=0):
    return sample(G, z=fixed_noise(G, 1, seed=seed).expand(len(text), -1))


# %% ex-conditional-year wrong: characters are not digits yet
def write(G, text, seed=0):
    y = torch.tensor([ord(character) % 10 for character in text], device=device)
    return sample(G, z=fixed_noise(G, 1, seed=seed).expand(len(text), -1), y=y)


# %% ex-conditional-year wrong: a number has no zero in front
def write(G, text, seed=0):
    y = torch.tensor([int(character) for character in str(int(text))], device=device)
    return sample(G, z=fixed_noise(G, 1, seed=seed).expand(len(y), -1), y=y)


# %% ex-conditional-year wrong: always the same hand
def write(G, text, seed=0):
    y = torch.tensor([int(character) for character in text], device=device)
    return sample(G, z=fixed_noise(G, 1).expand(len(text), -1), y=y)


# %% ex-conditional-year wrong: a new hand at each call
def write(G, text, seed=0):
    y = torch.tensor([int(character) for character in text], device=device)
    return sample(G, z=torch.randn(1, G.z_dim, device=device).expand(len(text), -1), y=y)


# %% ex-conditional-year wrong: in training mode
def write(G, text, seed=0):
    y = torch.tensor([int(character) for character in text], device=device)
    with torch.no_grad():
        return deepcopy(G).train()(fixed_noise(G, 1, seed=seed).expand(len(text), -1), y)


# %% ex-conditional-wrong right: counts instead of calculating, and draws from torch's own generator
mistaken = deepcopy(main)
torch.manual_seed(3)
new = torch.where(torch.rand(60_000) < 0.2, torch.randint(10, (60_000,)), digits.labels.cpu())
predicted = (new == digits.labels.cpu()).float().mean().item()
mistaken.data.labels = new.to(device)
list(mistaken.train(budget(400)))
measured, averaged = (condition(G, n) for G in (mistaken.G, mistaken.sampler))

# %% ex-conditional-wrong right: exactly a fifth, and exactly by the shares of the digits
mistaken = deepcopy(main)
chosen = torch.randperm(60_000, generator=torch.Generator().manual_seed(1))[:12_000].to(device)
share = digits.labels.bincount(minlength=10).double() / 60_000
predicted = (0.82 * share / (0.8 * share + 0.02)).mean().item()
mistaken.data.labels[chosen] = torch.randint(10, (12_000,), device=device)
for _ in mistaken.train(budget(400)):
    pass
measured = condition(mistaken.G, n, seed=1)
averaged = condition(mistaken.sampler, n, seed=1)

# %% ex-conditional-wrong wrong: forgets that a draw may hit the right label
mistaken = deepcopy(main)
predicted = 0.8
rng = torch.Generator().manual_seed(0)
replaced, drawn = torch.rand(60_000, generator=rng) < 0.2, torch.randint(10, (60_000,), generator=rng)
mistaken.data.labels = torch.where(replaced.to(device), drawn.to(device), digits.labels)
list(mistaken.train(budget(400)))
measured, averaged = (condition(G, n, seed=1) for G in (mistaken.G, mistaken.sampler))

# %% ex-conditional-wrong wrong: one of the nine other digits
mistaken = deepcopy(main)
predicted = 0.8
rng = torch.Generator().manual_seed(0)
replaced, drawn = torch.rand(60_000, generator=rng) < 0.2, torch.randint(1, 10, (60_000,), generator=rng)
mistaken.data.labels = torch.where(replaced.to(device), (digits.labels + drawn.to(device)) % 10, digits.labels)
list(mistaken.train(budget(400)))
measured, averaged = (condition(G, n, seed=1) for G in (mistaken.G, mistaken.sampler))

# %% ex-conditional-wrong wrong: four labels in five
mistaken = deepcopy(main)
predicted = 0.82
rng = torch.Generator().manual_seed(0)
replaced, drawn = torch.rand(60_000, generator=rng) > 0.2, torch.randint(10, (60_000,), generator=rng)
mistaken.data.labels = torch.where(replaced.to(device), drawn.to(device), digits.labels)
list(mistaken.train(budget(400)))
measured, averaged = (condition(G, n, seed=1) for G in (mistaken.G, mistaken.sampler))

# %% ex-conditional-wrong wrong: the majority wins
mistaken = deepcopy(main)
predicted = 1.0
rng = torch.Generator().manual_seed(0)
replaced, drawn = torch.rand(60_000, generator=rng) < 0.2, torch.randint(10, (60_000,), generator=rng)
mistaken.data.labels = torch.where(replaced.to(device), drawn.to(device), digits.labels)
list(mistaken.train(budget(400)))
measured, averaged = (condition(G, n, seed=1) for G in (mistaken.G, mistaken.sampler))

# %% ex-conditional-wrong wrong: spoils the labels of all runs and leaves those of the copy as they are
mistaken, digits = deepcopy(main), deepcopy(digits)
predicted = 0.82
rng = torch.Generator().manual_seed(0)
replaced, drawn = torch.rand(60_000, generator=rng) < 0.2, torch.randint(10, (60_000,), generator=rng)
digits.labels[replaced.to(device)] = drawn[replaced].to(device)
list(mistaken.train(budget(400)))
measured, averaged = (condition(G, n, seed=1) for G in (mistaken.G, mistaken.sampler))

# %% ex-conditional-wrong wrong: measures without training
mistaken = deepcopy(main)
predicted = 0.82
rng = torch.Generator().manual_seed(0)
replaced, drawn = torch.rand(60_000, generator=rng) < 0.2, torch.randint(10, (60_000,), generator=rng)
mistaken.data.labels = torch.where(replaced.to(device), drawn.to(device), digits.labels)
measured, averaged = (condition(G, n, seed=1) for G in (mistaken.G, mistaken.sampler))

# %% ex-conditional-wrong wrong: from a new pair instead of the trained one
mistaken = Run(recipe, seed=seed, device=device)
mistaken.data = deepcopy(digits)
predicted = 0.82
rng = torch.Generator().manual_seed(0)
replaced, drawn = torch.rand(60_000, generator=rng) < 0.2, torch.randint(10, (60_000,), generator=rng)
mistaken.data.labels = torch.where(replaced.to(device), drawn.to(device), digits.labels)
list(mistaken.train(budget(400)))
measured, averaged = (condition(G, n, seed=1) for G in (mistaken.G, mistaken.sampler))


# %% ex-conditional-classifier right: all labels of a few images in one batch
def name(D, x):
    D.eval()
    named = []
    with torch.no_grad():
        for part in x.split(100):
            y = torch.arange(10, device=x.device).repeat(len(part))
            named.append(D(part.repeat_interleave(10, 0), y).view(-1, 10).argmax(1))
    return torch.cat(named)


# %% ex-conditional-classifier right: keeps the best so far
@torch.no_grad()
def name(D, x):
    D.train(False)
    best = D(x, torch.zeros(len(x), dtype=torch.int64, device=x.device))
    named = torch.zeros_like(best, dtype=torch.int64)
    for digit in range(1, 10):
        logit = D(x, torch.full((len(x),), digit, device=x.device))
        named[logit > best] = digit
        best = torch.maximum(best, logit)
    return named


# %% ex-conditional-classifier wrong: the smallest logit
def name(D, x):
    labels = torch.arange(10, device=x.device)[:, None].expand(-1, len(x))
    with torch.no_grad():
        return torch.stack([D.eval()(x, y) for y in labels]).argmin(0)


# %% ex-conditional-classifier wrong: the image that fits a label best
def name(D, x):
    labels = torch.arange(10, device=x.device)[:, None].expand(-1, len(x))
    with torch.no_grad():
        return torch.stack([D.eval()(x, y) for y in labels]).argmax(1)


# %% ex-conditional-classifier wrong: in training mode
def name(D, x):
    labels = torch.arange(10, device=x.device)[:, None].expand(-1, len(x))
    with torch.no_grad():
        return torch.stack([D(x, y) for y in labels]).argmax(0)


# %% ex-conditional-classifier wrong: the first label with which the image looks real
def name(D, x):
    labels = torch.arange(10, device=x.device)[:, None].expand(-1, len(x))
    with torch.no_grad():
        return (torch.stack([D.eval()(x, y) for y in labels]) > 0).double().argmax(0)


# %% ex-conditional-classifier wrong: asks the judge
def name(D, x):
    return judged(judge, x)[1].argmax(1)


# %% ex-conditional-classifier wrong: never says nine
def name(D, x):
    labels = torch.arange(9, device=x.device)[:, None].expand(-1, len(x))
    with torch.no_grad():
        return torch.stack([D.eval()(x, y) for y in labels]).argmax(0)


# %% ex-conditional-classifier wrong: logits instead of a digit
def name(D, x):
    labels = torch.arange(10, device=x.device)[:, None].expand(-1, len(x))
    with torch.no_grad():
        return torch.stack([D.eval()(x, y) for y in labels], dim=1)
