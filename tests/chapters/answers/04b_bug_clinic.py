"""Answers to the exercises of chapter 4b, tried by tests/chapters/test_checks.py. Names are those of the notebook."""


# %% ex-bugs-moved right: a copy of the network
def moved(update, net):
    from copy import deepcopy

    old = list(deepcopy(net).parameters())
    update()
    new = list(net.parameters())
    change = sum((a - b).square().sum() for a, b in zip(new, old)) / sum(p.square().sum() for p in old)
    return change.sqrt().item()


# %% ex-bugs-moved right: clones, and the norm of their norms
def moved(update, net):
    old = [p.detach().clone() for p in net.parameters()]
    update()
    change = torch.stack([(p.detach() - o).norm() for p, o in zip(net.parameters(), old)]).norm()
    return (change / torch.stack([o.norm() for o in old]).norm()).item()


# %% ex-bugs-moved wrong: what is kept changes with the network
def moved(update, net):
    old = [p.detach() for p in net.parameters()]
    update()
    change = sum((p.detach() - o).square().sum() for p, o in zip(net.parameters(), old))
    return (change / sum(o.square().sum() for o in old)).sqrt().item()


# %% ex-bugs-moved wrong: running averages count as well
def moved(update, net):
    def weights():
        return torch.cat([value.flatten().float() for value in net.state_dict().values()])

    before = weights()
    update()
    return ((weights() - before).norm() / before.norm()).item()


# %% ex-bugs-moved wrong: not divided by the norm before
def moved(update, net):
    before = torch.cat([p.detach().flatten() for p in net.parameters()])
    update()
    return (torch.cat([p.detach().flatten() for p in net.parameters()]) - before).norm().item()


# %% ex-bugs-moved wrong: divided by the norm behind
def moved(update, net):
    before = torch.cat([p.detach().flatten() for p in net.parameters()])
    update()
    after = torch.cat([p.detach().flatten() for p in net.parameters()])
    return ((after - before).norm() / after.norm()).item()


# %% ex-bugs-moved wrong: calls the update twice
def moved(update, net):
    update()
    before = torch.cat([p.detach().flatten() for p in net.parameters()])
    update()
    return ((torch.cat([p.detach().flatten() for p in net.parameters()]) - before).norm() / before.norm()).item()


# %% ex-bugs-moved wrong: the change of the norm, and not the norm of the change
def moved(update, net):
    before = torch.cat([p.detach().flatten() for p in net.parameters()]).norm()
    update()
    return abs(torch.cat([p.detach().flatten() for p in net.parameters()]).norm() / before - 1).item()


# %% ex-bugs-three right: without detach, G's gradients zeroed between the two losses
def step(G, D, opt_g, opt_d, images, z):
    bce, one, zero = nn.BCEWithLogitsLoss(), torch.ones(len(images)), torch.zeros(len(images))
    opt_d.zero_grad()
    x = 2 * (images / 255).unsqueeze(1) - 1
    (bce(D(x), one) + bce(D(G(z)), zero)).backward()
    opt_d.step()
    opt_g.zero_grad()
    bce(D(G(z)), one).backward()
    opt_g.step()


# %% ex-bugs-three right: with the parts of the package
def step(G, D, opt_g, opt_d, images, z):
    x = images.view(-1, 1, 28, 28).float().sub(127.5).div(127.5)
    with torch.no_grad():
        x_fake = G(z)
    update(opt_d, NonSaturating().discriminator(D, x, x_fake)["loss"])
    update(opt_g, NonSaturating().generator(D, x, G(z))["loss"])


# %% ex-bugs-three right: everything zeroed at the start, with detach
def step(G, D, opt_g, opt_d, images, z):
    opt_g.zero_grad(), opt_d.zero_grad()
    real, x_fake = D(images[:, None] / 127.5 - 1), G(z)
    fake = D(x_fake.detach())
    (F.softplus(-real).mean() + F.softplus(fake).mean()).backward()
    opt_d.step()
    F.softplus(-D(x_fake)).mean().backward()
    opt_g.step()


# %% ex-bugs-three wrong: only the labels have been repaired
def step(G, D, opt_g, opt_d, images, z):
    opt_g.zero_grad(), opt_d.zero_grad()
    x = images[:, None] / 255
    x_fake = G(z)
    bce, one, zero = nn.BCEWithLogitsLoss(), torch.ones(len(z)), torch.zeros(len(z))
    (bce(D(x), one) + bce(D(x_fake), zero)).backward()
    opt_d.step()
    bce(D(G(z)), one).backward()
    opt_g.step()


# %% ex-bugs-three wrong: images still in [0, 1]
def step(G, D, opt_g, opt_d, images, z):
    opt_g.zero_grad(), opt_d.zero_grad()
    x = images[:, None] / 255
    x_fake = G(z)
    bce, one, zero = nn.BCEWithLogitsLoss(), torch.ones(len(z)), torch.zeros(len(z))
    (bce(D(x), one) + bce(D(x_fake.detach()), zero)).backward()
    opt_d.step()
    bce(D(G(z)), one).backward()
    opt_g.step()


# %% ex-bugs-three wrong: still no detach
def step(G, D, opt_g, opt_d, images, z):
    opt_g.zero_grad(), opt_d.zero_grad()
    x = images[:, None] / 127.5 - 1
    x_fake = G(z)
    bce, one, zero = nn.BCEWithLogitsLoss(), torch.ones(len(z)), torch.zeros(len(z))
    (bce(D(x), one) + bce(D(x_fake), zero)).backward()
    opt_d.step()
    bce(D(G(z)), one).backward()
    opt_g.step()


# %% ex-bugs-three wrong: still 128 labels
def step(G, D, opt_g, opt_d, images, z):
    opt_g.zero_grad(), opt_d.zero_grad()
    x = images[:, None] / 127.5 - 1
    x_fake = G(z)
    bce, one, zero = nn.BCEWithLogitsLoss(), torch.ones(128), torch.zeros(128)
    (bce(D(x), one) + bce(D(x_fake.detach()), zero)).backward()
    opt_d.step()
    bce(D(G(z)), one).backward()
    opt_g.step()


# %% ex-bugs-three wrong: detaches on the way to G, too
def step(G, D, opt_g, opt_d, images, z):
    x, x_fake = images[:, None] / 127.5 - 1, G(z).detach()
    bce, one, zero = nn.BCEWithLogitsLoss(), torch.ones(len(z)), torch.zeros(len(z))
    opt_d.zero_grad()
    (bce(D(x), one) + bce(D(x_fake), zero)).backward()
    opt_d.step()
    opt_g.zero_grad()
    bce(D(x_fake), one).backward()
    opt_g.step()


# %% ex-bugs-three wrong: nothing is zeroed, so the second step goes wrong
def step(G, D, opt_g, opt_d, images, z):
    x, x_fake = images[:, None] / 127.5 - 1, G(z)
    bce, one, zero = nn.BCEWithLogitsLoss(), torch.ones(len(z)), torch.zeros(len(z))
    (bce(D(x), one) + bce(D(x_fake.detach()), zero)).backward()
    opt_d.step()
    bce(D(x_fake), one).backward()
    opt_g.step()


# %% ex-bugs-three wrong: D keeps what G's loss left in it
def step(G, D, opt_g, opt_d, images, z):
    x, x_fake = images[:, None] / 127.5 - 1, G(z)
    bce, one, zero = nn.BCEWithLogitsLoss(), torch.ones(len(z)), torch.zeros(len(z))
    (bce(D(x), one) + bce(D(x_fake.detach()), zero)).backward()
    opt_d.step()
    opt_d.zero_grad()
    opt_g.zero_grad()
    bce(D(x_fake), one).backward()
    opt_g.step()


# %% ex-bugs-three wrong: G is paid for being found out
def step(G, D, opt_g, opt_d, images, z):
    x, x_fake = images[:, None] / 127.5 - 1, G(z)
    bce, one, zero = nn.BCEWithLogitsLoss(), torch.ones(len(z)), torch.zeros(len(z))
    opt_d.zero_grad()
    (bce(D(x), one) + bce(D(x_fake.detach()), zero)).backward()
    opt_d.step()
    opt_g.zero_grad()
    bce(D(x_fake), zero).backward()
    opt_g.step()


# %% ex-bugs-three wrong: the saturating game
def step(G, D, opt_g, opt_d, images, z):
    from ganbook.objectives import Saturating

    game, x, x_fake = Saturating(), images[:, None] / 127.5 - 1, G(z)
    update(opt_d, game.discriminator(D, x, x_fake.detach())["loss"])
    update(opt_g, game.generator(D, x, x_fake)["loss"])


# %% ex-bugs-three wrong: real and fake in one batch, which halves the loss of D
def step(G, D, opt_g, opt_d, images, z):
    x, x_fake = images[:, None] / 127.5 - 1, G(z)
    bce, one, zero = nn.BCEWithLogitsLoss(), torch.ones(len(z)), torch.zeros(len(z))
    opt_d.zero_grad()
    bce(D(torch.cat([x, x_fake.detach()])), torch.cat([one, zero])).backward()
    opt_d.step()
    opt_g.zero_grad()
    bce(D(x_fake), one).backward()
    opt_g.step()


# %% ex-bugs-detach right: with math
def slope(logit, average):
    s = 1 / (1 + math.exp(-logit))
    return 1.5 * s - 1 if average else 2 * s - 1


# %% ex-bugs-detach right: by autograd
def slope(logit, average):
    logit = torch.tensor(float(logit), requires_grad=True)
    d_loss = F.binary_cross_entropy_with_logits(logit, torch.tensor(0.0))
    g_loss = F.binary_cross_entropy_with_logits(logit, torch.tensor(1.0))
    return torch.autograd.grad(d_loss / (1 + average) + g_loss, logit)[0]


# %% ex-bugs-detach right: a difference quotient
def slope(logit, average):
    at = torch.tensor([logit - 1e-3, logit + 1e-3], dtype=torch.float64)
    loss = F.softplus(at) / (2 if average else 1) + F.softplus(-at)
    return (loss[1] - loss[0]).item() / 2e-3


# %% ex-bugs-detach wrong: G's own loss alone
def slope(logit, average):
    return torch.sigmoid(torch.as_tensor(logit)) - 1


# %% ex-bugs-detach wrong: the mean halves G's loss as well
def slope(logit, average):
    s = torch.sigmoid(torch.as_tensor(logit))
    return (2 * s - 1) / (2 if average else 1)


# %% ex-bugs-detach wrong: sum and mean exchanged
def slope(logit, average):
    s = torch.sigmoid(torch.as_tensor(logit))
    return (s if average else s / 2) + s - 1


# %% ex-bugs-detach wrong: the direction of the step instead of the slope
def slope(logit, average):
    s = torch.sigmoid(torch.as_tensor(logit))
    return 1 - s - (s / 2 if average else s)


# %% ex-bugs-detach wrong: takes the logit for a probability
def slope(logit, average):
    return (logit / 2 if average else logit) + logit - 1


# %% ex-bugs-detach wrong: the saturating loss of G
def slope(logit, average):
    s = torch.sigmoid(torch.as_tensor(logit))
    return (s / 2 if average else s) - s
