"""Answers to the exercises of chapter 10, tried by tests/chapters/test_checks.py. Names are those of the notebook."""


# %% ex-modern-pearson right: as squares, the batches together, and G with the whole bound
class Pearson:
    def _bound(self, critic, x, x_fake):
        real, fake = critic(torch.cat([x, x_fake])).split([len(x), len(x_fake)])
        return real.mean() + 1 - (1 + fake / 2).square().mean()

    def discriminator(self, critic, x, x_fake):
        return {"loss": -self._bound(critic, x, x_fake)}

    def generator(self, critic, x, x_fake):
        return {"loss": self._bound(critic, x, x_fake)}


# %% ex-modern-pearson right: with diagnostics, and G by a helper
def conjugate(t):
    return t + 0.25 * t * t


class Pearson:
    def discriminator(self, critic, x, x_fake):
        real, fake = critic(x), critic(x_fake)
        return {"loss": conjugate(fake).mean() - real.mean(), "real": real.mean(), "fake": fake.mean()}

    def generator(self, critic, x, x_fake):
        return {"loss": conjugate(critic(x_fake)).neg().mean()}


# %% ex-modern-pearson wrong: D lowers the bound
class Pearson:
    def discriminator(self, critic, x, x_fake):
        t = critic(x_fake)
        return {"loss": critic(x).mean() - (t + t**2 / 4).mean()}

    def generator(self, critic, x, x_fake):
        t = critic(x_fake)
        return {"loss": -(t + t**2 / 4).mean()}


# %% ex-modern-pearson wrong: f itself instead of its conjugate
class Pearson:
    def discriminator(self, critic, x, x_fake):
        return {"loss": (critic(x_fake) - 1).square().mean() - critic(x).mean()}

    def generator(self, critic, x, x_fake):
        return {"loss": -(critic(x_fake) - 1).square().mean()}


# %% ex-modern-pearson wrong: real and fake exchanged
class Pearson:
    def discriminator(self, critic, x, x_fake):
        t = critic(x)
        return {"loss": (t + t**2 / 4).mean() - critic(x_fake).mean()}

    def generator(self, critic, x, x_fake):
        return {"loss": critic(x_fake).mean()}


# %% ex-modern-pearson wrong: the mean first, the conjugate after it
class Pearson:
    def discriminator(self, critic, x, x_fake):
        t = critic(x_fake).mean()
        return {"loss": t + t**2 / 4 - critic(x).mean()}

    def generator(self, critic, x, x_fake):
        t = critic(x_fake)
        return {"loss": -(t + t**2 / 4).mean()}


# %% ex-modern-pearson wrong: G raises the bound
class Pearson:
    def discriminator(self, critic, x, x_fake):
        t = critic(x_fake)
        return {"loss": (t + t**2 / 4).mean() - critic(x).mean()}

    def generator(self, critic, x, x_fake):
        t = critic(x_fake)
        return {"loss": (t + t**2 / 4).mean()}


# %% ex-modern-pearson wrong: G as in the Wasserstein loss
class Pearson:
    def discriminator(self, critic, x, x_fake):
        t = critic(x_fake)
        return {"loss": (t + t**2 / 4).mean() - critic(x).mean()}

    def generator(self, critic, x, x_fake):
        return {"loss": -critic(x_fake).mean()}


# %% ex-modern-pearson wrong: G's mean first
class Pearson:
    def discriminator(self, critic, x, x_fake):
        t = critic(x_fake)
        return {"loss": (t + t**2 / 4).mean() - critic(x).mean()}

    def generator(self, critic, x, x_fake):
        t = critic(x_fake).mean()
        return {"loss": -(t + t**2 / 4)}


# %% ex-modern-pearson wrong: detached in both
class Pearson:
    def discriminator(self, critic, x, x_fake):
        t = critic(x_fake.detach())
        return {"loss": (t + t**2 / 4).mean() - critic(x).mean()}

    def generator(self, critic, x, x_fake):
        t = critic(x_fake.detach())
        return {"loss": -(t + t**2 / 4).mean()}


# %% ex-modern-pearson wrong: sums instead of means
class Pearson:
    def discriminator(self, critic, x, x_fake):
        t = critic(x_fake)
        return {"loss": (t + t**2 / 4).sum() - critic(x).sum()}

    def generator(self, critic, x, x_fake):
        t = critic(x_fake)
        return {"loss": -(t + t**2 / 4).sum()}


# %% ex-modern-half right: by the logarithm, as a tensor
def decay(h):
    return torch.exp(-torch.log(torch.tensor(2.0, dtype=torch.float64)) / h)


# %% ex-modern-half right: halves an interval
def decay(h):
    low, high = 0.0, 1.0
    for _ in range(60):
        d = (low + high) / 2
        low, high = (d, high) if d**h < 0.5 else (low, d)
    return d


# %% ex-modern-half wrong: the rule of thumb
def decay(h):
    return 1 - 1 / h


# %% ex-modern-half wrong: down to 1/e
def decay(h):
    return 2.718281828 ** (-1 / h)


# %% ex-modern-half wrong: one step more
def decay(h):
    return 0.5 ** (1 / (h + 1))


# %% ex-modern-half wrong: in a straight line
def decay(h):
    return 1 - 0.5 / h


# %% ex-modern-half wrong: what is left instead of the decay
def decay(h):
    return 0.5**h


# %% ex-modern-half wrong: its complement
def decay(h):
    return 1 - 0.5 ** (1 / h)


# %% ex-modern-half wrong: rounded to three digits
def decay(h):
    return round(0.5 ** (1 / h), 3)
