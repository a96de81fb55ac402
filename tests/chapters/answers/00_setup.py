"""Answers to the exercises of chapter 0, tried by tests/chapters/test_checks.py. Names are those of the notebook."""

# %% ex-setup-sevens right: sorts the positions by label
order = torch.sort(real.labels, stable=True)
positions = order.indices[order.values == 7][:16]

# %% ex-setup-sevens right: a mask over a range
positions = torch.arange(60_000)[real.labels == 7][:16]

# %% ex-setup-sevens wrong: sixteen random sevens
positions = (real.labels == 7).nonzero()[:, 0][torch.randperm(6_000, generator=torch.Generator().manual_seed(0))[:16]]

# %% ex-setup-sevens wrong: fifteen of them
positions = (real.labels == 7).nonzero()[:15, 0]

# %% ex-setup-sevens wrong: the positions keep their second dimension
positions = (real.labels == 7).nonzero()[:16]

# %% ex-setup-sevens wrong: counts classes from 1
positions = (real.labels == 6).nonzero()[:16, 0]

# %% ex-setup-epoch right: by hand
steps_in_epoch = len(real) // 32
minutes = seconds / steps * 20 * steps_in_epoch / 60

# %% ex-setup-epoch wrong: counts the test images too
steps_in_epoch = 70_000 // 32
minutes = 20 * steps_in_epoch * (seconds / steps) / 60

# %% ex-setup-epoch wrong: gives seconds
steps_in_epoch = real.steps_per_epoch(32)
minutes = 20 * steps_in_epoch * (seconds / steps)

# %% ex-setup-epoch wrong: one epoch instead of twenty
steps_in_epoch = real.steps_per_epoch(32)
minutes = steps_in_epoch * (seconds / steps) / 60

# %% ex-setup-epoch wrong: one image a step
steps_in_epoch = 60_000
minutes = 20 * steps_in_epoch * (seconds / steps) / 60
