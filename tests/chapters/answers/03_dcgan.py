"""Answers to the exercises of chapter 3, tried by tests/chapters/test_checks.py. Names are those of the notebook."""


# %% ex-dcgan-generator right: a class, in a loop, with another stride where it has no effect
def generator():
    class Mine(nn.Module):
        def __init__(self):
            super().__init__()
            shapes = ((64, 256, 3, 1), (256, 128, 4, 1), (128, 64, 3, 2), (64, 1, 4, 2))
            self.steps = nn.ModuleList()
            for number, (before, behind, kernel, stride) in enumerate(shapes):
                self.steps.append(nn.ConvTranspose2d(before, behind, kernel, stride))
                if number < 3:
                    self.steps.append(nn.BatchNorm2d(behind))

        def forward(self, z):
            h = z[:, :, None, None]
            for step in self.steps:
                h = step(h)
                if isinstance(step, nn.BatchNorm2d):
                    h = torch.relu(h)
            return torch.tanh(h)

    return Mine()


# %% ex-dcgan-generator wrong: stride 2 everywhere
def generator():
    return nn.Sequential(
        nn.Unflatten(1, (64, 1, 1)),
        *(nn.ConvTranspose2d(64, 256, 3, 2), nn.BatchNorm2d(256), nn.ReLU()),
        *(nn.ConvTranspose2d(256, 128, 4, 2), nn.BatchNorm2d(128), nn.ReLU()),
        *(nn.ConvTranspose2d(128, 64, 3, 2), nn.BatchNorm2d(64), nn.ReLU()),
        *(nn.ConvTranspose2d(64, 1, 4, 2), nn.Tanh()),
    )


# %% ex-dcgan-generator wrong: ends in a sigmoid
def generator():
    return nn.Sequential(
        nn.Unflatten(1, (64, 1, 1)),
        *(nn.ConvTranspose2d(64, 256, 3, 2), nn.BatchNorm2d(256), nn.ReLU()),
        *(nn.ConvTranspose2d(256, 128, 4, 1), nn.BatchNorm2d(128), nn.ReLU()),
        *(nn.ConvTranspose2d(128, 64, 3, 2), nn.BatchNorm2d(64), nn.ReLU()),
        *(nn.ConvTranspose2d(64, 1, 4, 2), nn.Sigmoid()),
    )


# %% ex-dcgan-generator wrong: without BatchNorm
def generator():
    return nn.Sequential(
        nn.Unflatten(1, (64, 1, 1)),
        *(nn.ConvTranspose2d(64, 256, 3, 2), nn.ReLU()),
        *(nn.ConvTranspose2d(256, 128, 4, 1), nn.ReLU()),
        *(nn.ConvTranspose2d(128, 64, 3, 2), nn.ReLU()),
        *(nn.ConvTranspose2d(64, 1, 4, 2), nn.Tanh()),
    )


# %% ex-dcgan-generator wrong: BatchNorm at the output, too
def generator():
    return nn.Sequential(
        nn.Unflatten(1, (64, 1, 1)),
        *(nn.ConvTranspose2d(64, 256, 3, 2), nn.BatchNorm2d(256), nn.ReLU()),
        *(nn.ConvTranspose2d(256, 128, 4, 1), nn.BatchNorm2d(128), nn.ReLU()),
        *(nn.ConvTranspose2d(128, 64, 3, 2), nn.BatchNorm2d(64), nn.ReLU()),
        *(nn.ConvTranspose2d(64, 1, 4, 2), nn.BatchNorm2d(1), nn.Tanh()),
    )


# %% ex-dcgan-generator wrong: ReLU before BatchNorm
def generator():
    return nn.Sequential(
        nn.Unflatten(1, (64, 1, 1)),
        *(nn.ConvTranspose2d(64, 256, 3, 2), nn.ReLU(), nn.BatchNorm2d(256)),
        *(nn.ConvTranspose2d(256, 128, 4, 1), nn.ReLU(), nn.BatchNorm2d(128)),
        *(nn.ConvTranspose2d(128, 64, 3, 2), nn.ReLU(), nn.BatchNorm2d(64)),
        *(nn.ConvTranspose2d(64, 1, 4, 2), nn.Tanh()),
    )


# %% ex-dcgan-generator wrong: z is not unflattened
def generator():
    return nn.Sequential(
        *(nn.ConvTranspose2d(64, 256, 3, 2), nn.BatchNorm2d(256), nn.ReLU()),
        *(nn.ConvTranspose2d(256, 128, 4, 1), nn.BatchNorm2d(128), nn.ReLU()),
        *(nn.ConvTranspose2d(128, 64, 3, 2), nn.BatchNorm2d(64), nn.ReLU()),
        *(nn.ConvTranspose2d(64, 1, 4, 2), nn.Tanh()),
    )


# %% ex-dcgan-count right: builds it and counts
def count_up(c_in, c_out, k, norm):
    layers = [nn.ConvTranspose2d(c_in, c_out, k)] + [nn.BatchNorm2d(c_out)] * norm
    return parameters(nn.Sequential(*layers))


# %% ex-dcgan-count wrong: without the biases
def count_up(c_in, c_out, k, norm):
    return k * k * c_in * c_out + (2 * c_out if norm else 0)


# %% ex-dcgan-count wrong: one kernel for each output channel
def count_up(c_in, c_out, k, norm):
    return k * k * c_out + c_out + (2 * c_out if norm else 0)


# %% ex-dcgan-count wrong: running averages counted
def count_up(c_in, c_out, k, norm):
    return k * k * c_in * c_out + c_out + (4 * c_out if norm else 0)


# %% ex-dcgan-count wrong: the bias of the other side
def count_up(c_in, c_out, k, norm):
    return k * k * c_in * c_out + c_in + (2 * c_out if norm else 0)


# %% ex-dcgan-32 right: kernels of 2, one more layer
def generator32():
    return nn.Sequential(
        nn.Unflatten(1, (64, 1, 1)),
        nn.ConvTranspose2d(64, 64, 2, 1),
        nn.ReLU(),
        nn.ConvTranspose2d(64, 64, 2, 2),
        nn.ReLU(),
        nn.ConvTranspose2d(64, 32, 2, 2),
        nn.ReLU(),
        nn.ConvTranspose2d(32, 16, 2, 2),
        nn.ReLU(),
        nn.ConvTranspose2d(16, 1, 2, 2),
        nn.Tanh(),
    )


# %% ex-dcgan-32 wrong: kernel 3 with stride 2
def generator32():
    return nn.Sequential(
        nn.Unflatten(1, (64, 1, 1)),
        nn.ConvTranspose2d(64, 64, 4),
        nn.ReLU(),
        nn.ConvTranspose2d(64, 32, 3, 2, 1, output_padding=1),
        nn.ReLU(),
        nn.ConvTranspose2d(32, 16, 4, 2, 1),
        nn.ReLU(),
        nn.ConvTranspose2d(16, 1, 4, 2, 1),
        nn.Tanh(),
    )


# %% ex-dcgan-32 wrong: ends at 28
def generator32():
    return nn.Sequential(
        nn.Unflatten(1, (64, 1, 1)),
        nn.ConvTranspose2d(64, 64, 7),
        nn.ReLU(),
        nn.ConvTranspose2d(64, 32, 4, 2, 1),
        nn.ReLU(),
        nn.ConvTranspose2d(32, 1, 4, 2, 1),
        nn.Tanh(),
    )


# %% ex-dcgan-32 wrong: no tanh
def generator32():
    return nn.Sequential(
        nn.Unflatten(1, (64, 1, 1)),
        nn.ConvTranspose2d(64, 64, 4),
        nn.BatchNorm2d(64),
        nn.ConvTranspose2d(64, 32, 4, 2, 1),
        nn.BatchNorm2d(32),
        nn.ConvTranspose2d(32, 16, 4, 2, 1),
        nn.BatchNorm2d(16),
        nn.ConvTranspose2d(16, 1, 4, 2, 1),
        nn.BatchNorm2d(1),
    )


# %% ex-dcgan-32 wrong: z is not unflattened
def generator32():
    return nn.Sequential(
        nn.ConvTranspose2d(64, 64, 4),
        nn.ReLU(),
        nn.ConvTranspose2d(64, 32, 4, 2, 1),
        nn.ReLU(),
        nn.ConvTranspose2d(32, 16, 4, 2, 1),
        nn.ReLU(),
        nn.ConvTranspose2d(16, 1, 4, 2, 1),
        nn.Tanh(),
    )
