"""Answers to the exercises of chapter 8, tried by tests/chapters/test_checks.py. Names are those of the notebook."""


# %% ex-failures-spread right: over pixels in a row each
def spread(x):
    return float(x.flatten(1).std(0, correction=0).mean())


# %% ex-failures-spread right: by hand
def spread(x):
    away = x - x.mean(0, keepdim=True)
    return (away.square().sum(0) / (len(x) - 1)).sqrt().mean().item()


# %% ex-failures-spread wrong: over all numbers at once
def spread(x):
    return x.std().item()


# %% ex-failures-spread wrong: within each image
def spread(x):
    return x.std((1, 2, 3)).mean().item()


# %% ex-failures-spread wrong: of the mean grey of each image
def spread(x):
    return x.mean((1, 2, 3)).std().item()


# %% ex-failures-spread wrong: the variance
def spread(x):
    return x.var(0).mean().item()


# %% ex-failures-spread wrong: a tensor
def spread(x):
    return x.std(0).mean()


# %% ex-failures-momentum right: the other player is healed
def one_sided(player):
    collapsed = GALLERY["collapse"].failed
    if player == "G":
        return replace(collapsed, opt_d=SMALL.opt_d)
    return replace(collapsed, opt_g=SMALL.opt_g)


# %% ex-failures-momentum right: with new optimisers and a name of its own
def one_sided(player):
    lr = SMALL.opt_g.keywords["lr"]
    first = {"G": 0.5, "D": 0.5, player: 0.9}
    opts = {
        f"opt_{name.lower()}": partial(torch.optim.Adam, lr=lr, betas=(beta, 0.999)) for name, beta in first.items()
    }
    return replace(SMALL, name=f"momentum for {player}", changes=("one player only",), **opts)


# %% ex-failures-momentum right: a function of its own
def one_sided(player):
    def slow(params):
        return torch.optim.Adam(params, lr=4e-4, betas=(0.9, 0.999))

    return SMALL.change(**{f"opt_{player.lower()}": slow})


# %% ex-failures-momentum wrong: both players
def one_sided(player):
    slow = partial(SMALL.opt_g, betas=(0.9, 0.999))
    return replace(SMALL, opt_g=slow, opt_d=slow)


# %% ex-failures-momentum wrong: the other player
def one_sided(player):
    word = "opt_d" if player == "G" else "opt_g"
    return replace(SMALL, **{word: partial(getattr(SMALL, word), betas=(0.9, 0.999))})


# %% ex-failures-momentum wrong: PyTorch's usual rate comes along
def one_sided(player):
    return replace(SMALL, **{f"opt_{player.lower()}": torch.optim.Adam})


# %% ex-failures-momentum wrong: the second beta changes too
def one_sided(player):
    word = f"opt_{player.lower()}"
    return replace(SMALL, **{word: partial(getattr(SMALL, word), betas=(0.9, 0.99))})


# %% ex-failures-momentum wrong: a shorter training
def one_sided(player):
    word = f"opt_{player.lower()}"
    return replace(SMALL, steps=300, **{word: partial(getattr(SMALL, word), betas=(0.9, 0.999))})


# %% ex-failures-momentum wrong: always G
def one_sided(player):
    return replace(SMALL, opt_g=partial(SMALL.opt_g, betas=(0.9, 0.999)))


# %% ex-failures-momentum wrong: from another pair of the gallery
def one_sided(player):
    first = {"opt_g": SMALL.opt_g, "opt_d": SMALL.opt_d}
    first[f"opt_{player.lower()}"] = partial(SMALL.opt_g, betas=(0.9, 0.999))
    return replace(GALLERY["dead G"].healthy, **first)


# %% ex-failures-period right: by the frequencies themselves, each image by itself
def at_period(x, n):
    energy = torch.fft.fft2(x).abs() ** 2
    energy[..., 0, 0] = 0
    along = [(torch.fft.fftfreq(size).abs() - 1 / n).abs() < 1e-6 for size in x.shape[-2:]]
    chosen = along[0][:, None] | along[1]
    return ((energy * chosen).sum((1, 2, 3)) / energy.sum((1, 2, 3))).mean()


# %% ex-failures-period right: takes the waves away and sees what is gone
def at_period(x, n):
    def without(v):
        basis = torch.arange(v.shape[-1], dtype=torch.float64) * (2 * torch.pi / n)
        waves = torch.stack([basis.cos(), basis.sin()])
        waves = waves[waves.norm(dim=1) > 1e-6]
        waves = waves / waves.norm(dim=1, keepdim=True)
        return v - v @ waves.T @ waves

    x = (x - x.mean((2, 3), keepdim=True)).double()
    rest = without(without(x).mT)
    return 1 - (rest.square().sum() / x.square().sum()).item()


# %% ex-failures-period wrong: along rows only
def at_period(x, n):
    energy = torch.fft.fft2(x - x.mean((2, 3), keepdim=True)).abs().square().mean((0, 1))
    w = energy.shape[1]
    return (energy[:, list({w // n, w - w // n})].sum() / energy.sum()).item()


# %% ex-failures-period wrong: along columns only
def at_period(x, n):
    energy = torch.fft.fft2(x - x.mean((2, 3), keepdim=True)).abs().square().mean((0, 1))
    h = energy.shape[0]
    return (energy[list({h // n, h - h // n})].sum() / energy.sum()).item()


# %% ex-failures-period wrong: without the negative frequency
def at_period(x, n):
    energy = torch.fft.fft2(x - x.mean((2, 3), keepdim=True)).abs().square().mean((0, 1))
    h, w = energy.shape
    high = energy[h // n].sum() + energy[:, w // n].sum() - energy[h // n, w // n]
    return (high / energy.sum()).item()


# %% ex-failures-period wrong: a frequency instead of a period
def at_period(x, n):
    energy = torch.fft.fft2(x - x.mean((2, 3), keepdim=True)).abs().square().mean((0, 1))
    chosen = torch.zeros_like(energy, dtype=torch.bool)
    chosen[[n, -n]] = True
    chosen[:, [n, -n]] = True
    return (energy[chosen].sum() / energy.sum()).item()


# %% ex-failures-period wrong: every multiple of the frequency
def at_period(x, n):
    energy = torch.fft.fft2(x - x.mean((2, 3), keepdim=True)).abs().square().mean((0, 1))
    h, w = energy.shape
    chosen = torch.zeros_like(energy, dtype=torch.bool)
    chosen[h // n :: h // n] = True
    chosen[:, w // n :: w // n] = True
    return (energy[chosen].sum() / energy.sum()).item()


# %% ex-failures-period wrong: the mean counts
def at_period(x, n):
    energy = torch.fft.fft2(x).abs().square().mean((0, 1))
    h, w = energy.shape
    chosen = torch.zeros_like(energy, dtype=torch.bool)
    chosen[[h // n, h - h // n]] = True
    chosen[:, [w // n, w - w // n]] = True
    return (energy[chosen].sum() / energy.sum()).item()


# %% ex-failures-period wrong: the crossings twice
def at_period(x, n):
    energy = torch.fft.fft2(x - x.mean((2, 3), keepdim=True)).abs().square().mean((0, 1))
    h, w = energy.shape
    rows, columns = {h // n, h - h // n}, {w // n, w - w // n}
    return ((sum(energy[i].sum() for i in rows) + sum(energy[:, j].sum() for j in columns)) / energy.sum()).item()


# %% ex-failures-period wrong: for square pictures only
def at_period(x, n):
    energy = torch.fft.fft2(x - x.mean((2, 3), keepdim=True)).abs().square().mean((0, 1))
    at = list({len(energy) // n, len(energy) - len(energy) // n})
    chosen = torch.zeros_like(energy, dtype=torch.bool)
    chosen[at] = True
    chosen[:, at] = True
    return (energy[chosen].sum() / energy.sum()).item()
