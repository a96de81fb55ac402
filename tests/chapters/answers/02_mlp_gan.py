"""Answers to the exercises of chapter 2, tried by tests/chapters/test_checks.py. Names are those of the notebook."""


# %% ex-mlp-updates right: fakes made without a graph, two backward passes, softplus
def update_D(G, D, opt_d, x, z):
    with torch.no_grad():
        x_fake = G(z)
    opt_d.zero_grad()
    loss_real = F.softplus(-D(x)).mean()
    loss_real.backward()
    loss_fake = F.softplus(D(x_fake)).mean()
    loss_fake.backward()
    opt_d.step()
    return loss_real.item() + loss_fake.item()


def update_G(G, D, opt_g, z):
    opt_g.zero_grad()
    loss = -F.logsigmoid(D(G(z))).mean()
    loss.backward()
    opt_g.step()
    return float(loss)


# %% ex-mlp-updates right: D's own gradients are cleared in both
bce = F.binary_cross_entropy_with_logits


def update_D(G, D, opt_d, x, z):
    real, fake = D(x), D(G(z).detach())
    loss = bce(real, torch.ones_like(real)) + bce(fake, torch.zeros_like(fake))
    opt_d.zero_grad()
    loss.backward()
    opt_d.step()
    return loss.item()


def update_G(G, D, opt_g, z):
    fake = D(G(z))
    loss = bce(fake, torch.ones_like(fake))
    G.zero_grad()
    D.zero_grad()
    loss.backward()
    opt_g.step()
    return loss.item()


# %% ex-mlp-updates wrong: no detach
bce = F.binary_cross_entropy_with_logits


def update_D(G, D, opt_d, x, z):
    real, fake = D(x), D(G(z))
    loss = bce(real, torch.ones_like(real)) + bce(fake, torch.zeros_like(fake))
    opt_d.zero_grad()
    loss.backward()
    opt_d.step()
    return loss.item()


def update_G(G, D, opt_g, z):
    fake = D(G(z))
    loss = bce(fake, torch.ones_like(fake))
    opt_g.zero_grad()
    loss.backward()
    opt_g.step()
    return loss.item()


# %% ex-mlp-updates wrong: D's labels swapped
bce = F.binary_cross_entropy_with_logits


def update_D(G, D, opt_d, x, z):
    real, fake = D(x), D(G(z).detach())
    loss = bce(real, torch.zeros_like(real)) + bce(fake, torch.ones_like(fake))
    opt_d.zero_grad()
    loss.backward()
    opt_d.step()
    return loss.item()


def update_G(G, D, opt_g, z):
    fake = D(G(z))
    loss = bce(fake, torch.ones_like(fake))
    opt_g.zero_grad()
    loss.backward()
    opt_g.step()
    return loss.item()


# %% ex-mlp-updates wrong: D learns from fakes only
bce = F.binary_cross_entropy_with_logits


def update_D(G, D, opt_d, x, z):
    real, fake = D(x), D(G(z).detach())
    loss = bce(fake, torch.zeros_like(fake))
    opt_d.zero_grad()
    loss.backward()
    opt_d.step()
    return loss.item()


def update_G(G, D, opt_g, z):
    fake = D(G(z))
    loss = bce(fake, torch.ones_like(fake))
    opt_g.zero_grad()
    loss.backward()
    opt_g.step()
    return loss.item()


# %% ex-mlp-updates wrong: D's loss is the mean of the two, not their sum
bce = F.binary_cross_entropy_with_logits


def update_D(G, D, opt_d, x, z):
    real, fake = D(x), D(G(z).detach())
    loss = bce(real, torch.ones_like(real)) + bce(fake, torch.zeros_like(fake))
    loss = loss / 2
    opt_d.zero_grad()
    loss.backward()
    opt_d.step()
    return loss.item()


def update_G(G, D, opt_g, z):
    fake = D(G(z))
    loss = bce(fake, torch.ones_like(fake))
    opt_g.zero_grad()
    loss.backward()
    opt_g.step()
    return loss.item()


# %% ex-mlp-updates wrong: old gradients stay in D
bce = F.binary_cross_entropy_with_logits


def update_D(G, D, opt_d, x, z):
    real, fake = D(x), D(G(z).detach())
    loss = bce(real, torch.ones_like(real)) + bce(fake, torch.zeros_like(fake))
    loss.backward()
    opt_d.step()
    return loss.item()


def update_G(G, D, opt_g, z):
    fake = D(G(z))
    loss = bce(fake, torch.ones_like(fake))
    opt_g.zero_grad()
    loss.backward()
    opt_g.step()
    return loss.item()


# %% ex-mlp-updates wrong: old gradients stay in G
bce = F.binary_cross_entropy_with_logits


def update_D(G, D, opt_d, x, z):
    real, fake = D(x), D(G(z).detach())
    loss = bce(real, torch.ones_like(real)) + bce(fake, torch.zeros_like(fake))
    opt_d.zero_grad()
    loss.backward()
    opt_d.step()
    return loss.item()


def update_G(G, D, opt_g, z):
    fake = D(G(z))
    loss = bce(fake, torch.ones_like(fake))
    loss.backward()
    opt_g.step()
    return loss.item()


# %% ex-mlp-updates wrong: G's update detaches
bce = F.binary_cross_entropy_with_logits


def update_D(G, D, opt_d, x, z):
    real, fake = D(x), D(G(z).detach())
    loss = bce(real, torch.ones_like(real)) + bce(fake, torch.zeros_like(fake))
    opt_d.zero_grad()
    loss.backward()
    opt_d.step()
    return loss.item()


def update_G(G, D, opt_g, z):
    fake = D(G(z).detach().requires_grad_())
    loss = bce(fake, torch.ones_like(fake))
    opt_g.zero_grad()
    loss.backward()
    opt_g.step()
    return loss.item()


# %% ex-mlp-updates wrong: G wants the label 0
bce = F.binary_cross_entropy_with_logits


def update_D(G, D, opt_d, x, z):
    real, fake = D(x), D(G(z).detach())
    loss = bce(real, torch.ones_like(real)) + bce(fake, torch.zeros_like(fake))
    opt_d.zero_grad()
    loss.backward()
    opt_d.step()
    return loss.item()


def update_G(G, D, opt_g, z):
    fake = D(G(z))
    loss = bce(fake, torch.zeros_like(fake))
    opt_g.zero_grad()
    loss.backward()
    opt_g.step()
    return loss.item()


# %% ex-mlp-updates wrong: G's parameters move in D's update
bce = F.binary_cross_entropy_with_logits


def update_D(G, D, opt_d, x, z):
    real, fake = D(x), D(G(z))
    loss = bce(real, torch.ones_like(real)) + bce(fake, torch.zeros_like(fake))
    opt_d.zero_grad()
    loss.backward()
    opt_d.step()
    torch.optim.SGD(G.parameters(), lr=0.1).step()
    return loss.item()


def update_G(G, D, opt_g, z):
    fake = D(G(z))
    loss = bce(fake, torch.ones_like(fake))
    opt_g.zero_grad()
    loss.backward()
    opt_g.step()
    return loss.item()


# %% ex-mlp-updates wrong: D moves in G's update
bce = F.binary_cross_entropy_with_logits


def update_D(G, D, opt_d, x, z):
    real, fake = D(x), D(G(z).detach())
    loss = bce(real, torch.ones_like(real)) + bce(fake, torch.zeros_like(fake))
    opt_d.zero_grad()
    loss.backward()
    opt_d.step()
    return loss.item()


def update_G(G, D, opt_g, z):
    fake = D(G(z))
    loss = bce(fake, torch.ones_like(fake))
    opt_g.zero_grad()
    loss.backward()
    opt_g.step()
    torch.optim.SGD(D.parameters(), lr=0.1).step()
    return loss.item()


# %% ex-mlp-updates wrong: the saturating loss
bce = F.binary_cross_entropy_with_logits


def update_D(G, D, opt_d, x, z):
    real, fake = D(x), D(G(z).detach())
    loss = bce(real, torch.ones_like(real)) + bce(fake, torch.zeros_like(fake))
    opt_d.zero_grad()
    loss.backward()
    opt_d.step()
    return loss.item()


def update_G(G, D, opt_g, z):
    fake = D(G(z))
    loss = -bce(fake, torch.zeros_like(fake))
    opt_g.zero_grad()
    loss.backward()
    opt_g.step()
    return loss.item()


# %% ex-mlp-updates wrong: a loss that is a tensor
bce = F.binary_cross_entropy_with_logits


def update_D(G, D, opt_d, x, z):
    real, fake = D(x), D(G(z).detach())
    loss = bce(real, torch.ones_like(real)) + bce(fake, torch.zeros_like(fake))
    opt_d.zero_grad()
    loss.backward()
    opt_d.step()
    return loss.detach()


def update_G(G, D, opt_g, z):
    fake = D(G(z))
    loss = bce(fake, torch.ones_like(fake))
    opt_g.zero_grad()
    loss.backward()
    opt_g.step()
    return loss.item()


# %% ex-mlp-updates wrong: G never moves
bce = F.binary_cross_entropy_with_logits


def update_D(G, D, opt_d, x, z):
    real, fake = D(x), D(G(z).detach())
    loss = bce(real, torch.ones_like(real)) + bce(fake, torch.zeros_like(fake))
    opt_d.zero_grad()
    loss.backward()
    opt_d.step()
    return loss.item()


def update_G(G, D, opt_g, z):
    fake = D(G(z))
    loss = bce(fake, torch.ones_like(fake))
    opt_g.zero_grad()
    loss.backward()
    return loss.item()


# %% ex-mlp-logit right: with pencil and paper
saturating = 1 / (1 + 2.718281828**5)
non_saturating = 1 - saturating

# %% ex-mlp-logit right: a difference quotient
step = 1e-3
at = torch.tensor([-5 - step, -5 + step], dtype=torch.float64)
saturating = abs(torch.diff(torch.log(1 - torch.sigmoid(at))).item()) / (2 * step)
non_saturating = abs(torch.diff(-torch.log(torch.sigmoid(at))).item()) / (2 * step)

# %% ex-mlp-logit wrong: with their signs
saturating, non_saturating = -0.0066929, -0.9933071

# %% ex-mlp-logit wrong: exchanged
saturating, non_saturating = 0.9933071, 0.0066929

# %% ex-mlp-logit wrong: for D's probability instead of its logit
saturating, non_saturating = 1 / (1 - 0.0066929), 1 / 0.0066929

# %% ex-mlp-logit wrong: the losses, not their gradients
saturating, non_saturating = 0.006715, 5.006715


# %% ex-mlp-output right: from the definition
def scaled_sigmoid(h):
    s = torch.sigmoid(h + h)
    return s - (1 - s)


# %% ex-mlp-output wrong: not stretched
def scaled_sigmoid(h):
    return torch.sigmoid(2 * h)


# %% ex-mlp-output wrong: without the factor inside
def scaled_sigmoid(h):
    return 2 * torch.sigmoid(h) - 1


# %% ex-mlp-output wrong: four times as steep
def scaled_sigmoid(h):
    return 2 * torch.sigmoid(4 * h) - 1


# %% ex-mlp-output wrong: upside down
def scaled_sigmoid(h):
    return 1 - 2 * torch.sigmoid(2 * h)
