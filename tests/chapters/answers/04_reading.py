"""Answers to the exercises of chapter 4, tried by tests/chapters/test_checks.py. Names are those of the notebook."""


# %% ex-reading-bands right: by bisection instead of algebra
def opinions(d_loss, g_loss, average):
    q = math.exp(-g_loss)
    total = d_loss * (2 if average else 1)
    low, high = 0.0, 1.0
    for _ in range(60):
        p = (low + high) / 2
        low, high = (p, high) if -math.log(p) - math.log(1 - q) > total else (low, p)
    return p, q


# %% ex-reading-bands right: with tensors
def opinions(d_loss, g_loss, average):
    q = torch.exp(torch.tensor(-g_loss, dtype=torch.float64))
    p = torch.exp(torch.tensor(-d_loss * (1 + average), dtype=torch.float64)) / (1 - q)
    return p, q


# %% ex-reading-bands wrong: takes the sum for the average and the average for the sum
def opinions(d_loss, g_loss, average):
    q = math.exp(-g_loss)
    total = d_loss if average else 2 * d_loss
    return math.exp(-(total + math.log(1 - q))), q


# %% ex-reading-bands wrong: forgets that fakes count in D's loss
def opinions(d_loss, g_loss, average):
    return math.exp(-d_loss), math.exp(-g_loss)


# %% ex-reading-bands wrong: exchanges the two opinions
def opinions(d_loss, g_loss, average):
    q = math.exp(-g_loss)
    total = 2 * d_loss if average else d_loss
    return q, math.exp(-(total + math.log(1 - q)))


# %% ex-reading-bands wrong: takes G's loss for the saturating one
def opinions(d_loss, g_loss, average):
    q = 1 - math.exp(-g_loss)
    total = 2 * d_loss if average else d_loss
    return math.exp(-(total + math.log(1 - q))), q


# %% ex-reading-sure right: one certain image more
real = torch.tensor([12.0, 12.0, 12.0, -0.05, -0.05, -0.1, -0.2, -0.3])

# %% ex-reading-sure wrong: the mean logit instead of the mean opinion
real = torch.tensor([50.0, -3.0, -3.0, -3.0, -3.0, -3.0, -3.0, -3.0])

# %% ex-reading-sure wrong: four right and four wrong
real = torch.tensor([9.0, 9.0, 9.0, 9.0, -0.1, -0.1, -0.1, -0.1])

# %% ex-reading-sure wrong: probabilities instead of logits
real = torch.tensor([0.99, 0.99, 0.99, 0.4, 0.4, 0.4, 0.4, 0.4])

# %% ex-reading-sure wrong: five numbers
real = torch.tensor([9.0, 9.0, -0.1, -0.1, -0.1])


# %% ex-reading-alarm right: with tensors
def verdict(norms):
    values = torch.tensor(list(norms.values()))
    if values.isnan().any():
        return "missing"
    if values.max() < 1e-6:
        return "zero"
    return "exploding" if values.max() > 1e3 else "nothing to see"


# %% ex-reading-alarm wrong: a comparison finds NaN
def verdict(norms):
    values = list(norms.values())
    if math.nan in [v * 1.0 for v in values]:
        return "missing"
    if max(values) < 1e-6:
        return "zero"
    return "exploding" if max(values) > 1e3 else "nothing to see"


# %% ex-reading-alarm wrong: one small layer is enough for zero
def verdict(norms):
    values = list(norms.values())
    if any(math.isnan(v) for v in values):
        return "missing"
    if any(v < 1e-6 for v in values):
        return "zero"
    return "exploding" if any(v > 1e3 for v in values) else "nothing to see"


# %% ex-reading-alarm wrong: every layer has to explode
def verdict(norms):
    values = list(norms.values())
    if any(math.isnan(v) for v in values):
        return "missing"
    if all(v < 1e-6 for v in values):
        return "zero"
    return "exploding" if all(v > 1e3 for v in values) else "nothing to see"


# %% ex-reading-alarm wrong: exactly zero only
def verdict(norms):
    values = list(norms.values())
    if any(math.isnan(v) for v in values):
        return "missing"
    if all(v == 0 for v in values):
        return "zero"
    return "exploding" if any(v > 1e3 for v in values) else "nothing to see"
