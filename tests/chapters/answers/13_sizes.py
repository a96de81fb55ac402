"""Answers to the exercises of chapter 13, tried by tests/chapters/test_checks.py. Names are those of the notebook."""


# %% ex-sizes-seven right: larger kernels, a z of 64, and a rest that is given back
def ladder():
    up = [
        nn.ConvTranspose2d(64, 8, kernel_size=4, bias=False),
        nn.ConvTranspose2d(8, 8, kernel_size=5, stride=2, padding=2),
        nn.ConvTranspose2d(8, 8, kernel_size=3, stride=2, padding=1, output_padding=1),
        nn.ConvTranspose2d(8, 1, kernel_size=2, stride=2),
    ]
    down = [
        nn.Conv2d(1, 8, kernel_size=5, stride=2, padding=2),
        nn.Conv2d(8, 8, kernel_size=2, stride=2),
        nn.Conv2d(8, 8, kernel_size=3, stride=2, padding=1),
        nn.Conv2d(8, 1, kernel_size=4, bias=False),
    ]
    return up, down


# %% ex-sizes-seven right: in two loops, as networks, for images in colour
def ladder():
    kernels = ((4, 1, 0), (3, 2, 1), (4, 2, 1), (4, 2, 1))
    channels = zip((100, 8, 8, 8), (8, 8, 8, 3), kernels)
    up = [nn.ConvTranspose2d(a, b, *kernel) for a, b, kernel in channels]
    channels = zip((1, 8, 8, 8), (8, 8, 8, 3), kernels)
    down = [nn.Conv2d(b, a, *kernel) for a, b, kernel in channels]
    return nn.Sequential(*up), nn.Sequential(*down[::-1])


# %% ex-sizes-seven wrong: 4/2/1 everywhere
def ladder():
    up = [nn.ConvTranspose2d(100, 8, 4), *(nn.ConvTranspose2d(8, c, 4, 2, 1) for c in (8, 8, 1))]
    down = [*(nn.Conv2d(c, 8, 4, 2, 1) for c in (1, 8, 8)), nn.Conv2d(8, 1, 4)]
    return up, down


# %% ex-sizes-seven wrong: starts from seven
def ladder():
    up = [nn.ConvTranspose2d(100, 8, 7), nn.ConvTranspose2d(8, 8, 4, 2, 1), nn.ConvTranspose2d(8, 1, 4, 2, 1)]
    down = [nn.Conv2d(1, 8, 4, 2, 1), nn.Conv2d(8, 8, 4, 2, 1), nn.Conv2d(8, 1, 7)]
    return up, down


# %% ex-sizes-seven wrong: up is right, and 4/2/1 takes 7 to 3
def ladder():
    kernels = ((4, 1, 0), (3, 2, 1), (4, 2, 1), (4, 2, 1))
    up = [nn.ConvTranspose2d(a, b, *k) for a, b, k in zip((100, 8, 8, 8), (8, 8, 8, 1), kernels)]
    down = [nn.Conv2d(1, 8, 4, 2, 1), nn.Conv2d(8, 8, 4, 2, 1), nn.Conv2d(8, 8, 4, 2, 1), nn.Conv2d(8, 1, 3)]
    return up, down


# %% ex-sizes-seven wrong: halves the channels
def ladder():
    kernels, wide = ((4, 1, 0), (3, 2, 1), (4, 2, 1), (4, 2, 1)), (100, 32, 16, 8, 1)
    up = [nn.ConvTranspose2d(wide[i], wide[i + 1], *k) for i, k in enumerate(kernels)]
    wide = (1, 32, 16, 8, 1)
    down = [nn.Conv2d(wide[i + 1], wide[i], *k) for i, k in enumerate(kernels)][::-1]
    return up, down


# %% ex-sizes-seven wrong: activations between the layers
def ladder():
    kernels = ((4, 1, 0), (3, 2, 1), (4, 2, 1), (4, 2, 1))
    up, down = [], []
    for i, k in enumerate(kernels):
        up += [nn.ConvTranspose2d(100 if i == 0 else 8, 1 if i == 3 else 8, *k), nn.ReLU()]
        down = [nn.Conv2d(1 if i == 3 else 8, 1 if i == 0 else 8, *k), nn.ReLU(), *down]
    return up, down


# %% ex-sizes-seven wrong: the other order
def ladder():
    kernels = ((4, 1, 0), (3, 2, 1), (4, 2, 1), (4, 2, 1))
    up = [nn.ConvTranspose2d(a, b, *k) for a, b, k in zip((100, 8, 8, 8), (8, 8, 8, 1), kernels)]
    down = [nn.Conv2d(b, a, *k) for a, b, k in zip((1, 8, 8, 8), (8, 8, 8, 1), kernels)]
    return up, down


# %% ex-sizes-bias right: by hand, as a tensor
def kl_corrected(y, K=1000):
    p = torch.bincount(y, minlength=K) / len(y)
    p = p[p > 0]
    return (p * (p * K).log()).sum() - (K - 1) / (2 * len(y))


# %% ex-sizes-bias right: the entropy's bias the other way round
def kl_corrected(y, K=1000):
    entropy = torch.distributions.Categorical(class_shares(y, K)).entropy().item()
    return torch.tensor(float(K)).log().item() - (entropy + (K - 1) / (2 * len(y)))


# %% ex-sizes-bias wrong: nothing comes off
def kl_corrected(y, K=1000):
    return kl(class_shares(y, K), torch.full((K,), 1 / K))


# %% ex-sizes-bias wrong: it is added
def kl_corrected(y, K=1000):
    return kl(class_shares(y, K), torch.full((K,), 1 / K)) + (K - 1) / (2 * len(y))


# %% ex-sizes-bias wrong: cut off at 0
def kl_corrected(y, K=1000):
    return max(0.0, kl(class_shares(y, K), torch.full((K,), 1 / K)) - (K - 1) / (2 * len(y)))


# %% ex-sizes-bias wrong: K instead of K - 1
def kl_corrected(y, K=1000):
    return kl(class_shares(y, K), torch.full((K,), 1 / K)) - K / (2 * len(y))


# %% ex-sizes-bias wrong: always for 26,000 draws
def kl_corrected(y, K=1000):
    return kl(class_shares(y, K), torch.full((K,), 1 / K)) - (K - 1) / 52_000


# %% ex-sizes-bias wrong: the other direction
def kl_corrected(y, K=1000):
    return kl(torch.full((K,), 1 / K), class_shares(y, K)) - (K - 1) / (2 * len(y))


# %% ex-sizes-bias wrong: in bits
def kl_corrected(y, K=1000):
    return kl(class_shares(y, K), torch.full((K,), 1 / K)) / 0.6931 - (K - 1) / (2 * len(y))


# %% ex-sizes-bias wrong: zero times the logarithm of zero
def kl_corrected(y, K=1000):
    p = y.bincount(minlength=K).double() / len(y)
    return ((p * (p * K).log()).sum() - (K - 1) / (2 * len(y))).item()


# %% ex-sizes-rare right: mode by mode
def expected_modes(p, n):
    return sum(1 - (1 - share) ** n for share in p.tolist())


# %% ex-sizes-rare right: in single precision, by logarithms, as a tensor
def expected_modes(p, n):
    return -torch.expm1(n * torch.log1p(-p.float())).sum()


# %% ex-sizes-rare wrong: as if all were equal
def expected_modes(p, n):
    return len(p) * (1 - (1 - 1 / len(p)) ** n)


# %% ex-sizes-rare wrong: a mode is reached if one draw of it is expected
def expected_modes(p, n):
    return (n * p).clamp(max=1).sum().item()


# %% ex-sizes-rare wrong: n draws of one and the same mode
def expected_modes(p, n):
    return (1 - p.double() ** n).sum().item()


# %% ex-sizes-rare wrong: one try instead of the expectation
def expected_modes(p, n):
    return len(torch.multinomial(p.float(), n, replacement=True).unique())


# %% ex-sizes-rare wrong: Poisson's approximation, for two draws
def expected_modes(p, n):
    return (1 - torch.exp(-n * p.double())).sum().item()


# %% ex-sizes-rare wrong: the chance that all are reached
def expected_modes(p, n):
    return (1 - (1 - p.double()) ** n).prod().item()
