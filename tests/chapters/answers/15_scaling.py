"""Answers to the exercises of chapter 15, tried by tests/chapters/test_checks.py. Names are those of the notebook."""


# %% ex-scaling-accumulate right: adds up what autograd returns
def accumulate(D, objective, x, x_fake, parts):
    size, total = len(x) // parts, 0
    for i in range(0, len(x), size):
        total = total + gradient(D, objective, x[i : i + size], x_fake[i : i + size])
    return total / parts


# %% ex-scaling-accumulate right: gradients set to None, divided at the end, as float32
def accumulate(D, objective, x, x_fake, parts):
    D.zero_grad(set_to_none=True)
    for piece, piece_fake in zip(x.split(len(x) // parts), x_fake.split(len(x) // parts)):
        d = objective.discriminator(D, piece, piece_fake)
        d["loss"].backward()
    return torch.nn.utils.parameters_to_vector(p.grad / parts for p in D.parameters())


# %% ex-scaling-accumulate wrong: the sum of the pieces' means
def accumulate(D, objective, x, x_fake, parts):
    D.zero_grad()
    for piece in zip(x.chunk(parts), x_fake.chunk(parts)):
        objective.discriminator(D, *piece)["loss"].backward()
    return torch.cat([p.grad.flatten() for p in D.parameters()]).cpu().double()


# %% ex-scaling-accumulate wrong: begins with what was left over
def accumulate(D, objective, x, x_fake, parts):
    for piece in zip(x.chunk(parts), x_fake.chunk(parts)):
        (objective.discriminator(D, *piece)["loss"] / parts).backward()
    return torch.cat([p.grad.flatten() for p in D.parameters()]).cpu().double()


# %% ex-scaling-accumulate wrong: only the last piece
def accumulate(D, objective, x, x_fake, parts):
    for piece in zip(x.chunk(parts), x_fake.chunk(parts)):
        D.zero_grad()
        (objective.discriminator(D, *piece)["loss"] / parts).backward()
    return torch.cat([p.grad.flatten() for p in D.parameters()]).cpu().double()


# %% ex-scaling-accumulate wrong: the whole batch at once
def accumulate(D, objective, x, x_fake, parts):
    return gradient(D, objective, x, x_fake)


# %% ex-scaling-accumulate wrong: one gradient at the end, of all pieces' losses
def accumulate(D, objective, x, x_fake, parts):
    pieces = zip(x.chunk(parts), x_fake.chunk(parts))
    loss = sum(objective.discriminator(D, *piece)["loss"] for piece in pieces) / parts
    return torch.cat([g.flatten() for g in torch.autograd.grad(loss, [*D.parameters()])]).cpu().double()


# %% ex-scaling-sync right: by the mean of the squares, as numbers
def together(means, variances):
    mean = means.mean().item()
    return mean, (variances + means**2).mean().item() - mean**2


# %% ex-scaling-sync right: as if each part had two values
def together(means, variances):
    values = torch.cat([means - variances.sqrt(), means + variances.sqrt()])
    return values.mean(), values.var(correction=0)


# %% ex-scaling-sync wrong: the mean of the variances
def together(means, variances):
    return means.mean(), variances.mean()


# %% ex-scaling-sync wrong: the variance of the means
def together(means, variances):
    return means.mean(), means.var(correction=0)


# %% ex-scaling-sync wrong: the unbiased variance of the means
def together(means, variances):
    return means.mean(), variances.mean() + means.var()


# %% ex-scaling-sync wrong: standard deviations averaged
def together(means, variances):
    return means.mean(), variances.sqrt().mean() ** 2 + means.var(correction=0)


# %% ex-scaling-sync wrong: squares of the means, without that of their mean
def together(means, variances):
    return means.mean(), (variances + means**2).mean()


# %% ex-scaling-sync wrong: the other way round
def together(means, variances):
    return variances.mean() + means.var(correction=0), means.mean()
